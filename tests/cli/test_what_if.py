"""``iamdesk what-if``: tried, told, and written as commands that do nothing by themselves."""

import json
import subprocess
from pathlib import Path

from .conftest import Run

ANA = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def changes(folder: Path, *listed: object) -> Path:
    path = folder / "changes.json"
    path.write_text(json.dumps(listed))
    return path


def test_what_a_change_does_is_told_and_its_command_written(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    before = sample.read_bytes()
    script = tmp_path / "do it.sh"
    file = changes(tmp_path, {"do": "attach-policy", "subject": ANA, "detail": READ})

    done = iamdesk("what-if", sample, file, "--commands", script)

    assert done.returncode == 0, done.stderr
    assert "Access of 1 principal changed" in done.stdout
    assert "AmazonS3ReadOnlyAccess was attached to user/engineering/ana.moreno." in done.stdout
    assert sample.read_bytes() == before
    dry = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert dry.stdout == (
        "would run, in 111122223333: aws iam attach-user-policy --user-name ana.moreno --policy-arn "
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\n"
    )


def test_json_is_that_of_a_comparison(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    file = changes(tmp_path, {"do": "attach-policy", "subject": ANA, "detail": READ})

    told = json.loads(iamdesk("what-if", sample, file, "--format", "json").stdout)

    assert (told["DiffVersion"], told["Counts"]["Gained"]) == ("iamdesk-diff/1", 1)
    assert told["New"]["Name"] == "acme-prod.json with 1 change"


def test_what_cannot_be_done_ends_with_status_2(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    file = changes(tmp_path, {"do": "detach-policy", "subject": ANA, "detail": READ})

    done = iamdesk("what-if", sample, file)

    assert (done.returncode, done.stdout) == (2, "")
    assert "changes.json: change 1:" in done.stderr
