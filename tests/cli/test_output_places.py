"""Whatever a command writes: a FIFO or a device that is named as its place is never replaced by a file."""

import json
import os
import sys
from pathlib import Path

import pytest

from iamdesk.resource_files import sample_snapshot

from .conftest import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no FIFOs")


COMMANDS = {
    "findings": ("findings", "SNAPSHOT", "-o", "PLACE"),
    "findings by a link": ("findings", "SNAPSHOT", "-o", "LINK"),
    "what-if": ("what-if", "SNAPSHOT", "EDITS", "--commands", "PLACE"),
    "suppress": ("suppress", "PLACE", "a" * 16, "--owner", "A", "--reason", "r", "--until", "2099-01-01"),
    "review new": ("review", "new", "SNAPSHOT", "-o", "PLACE"),
    "review recover": ("review", "recover", "REVIEW", "-o", "PLACE"),
    "export": ("export", "REVIEW", "-o", "PLACE"),
    "export, one file": ("export", "REVIEW", "--snapshot", "SNAPSHOT", "--format", "json", "-o", "PLACE"),
    "export, one file by a link": ("export", "REVIEW", "--snapshot", "SNAPSHOT", "--format", "csv", "-o", "LINK"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_no_file_is_never_replaced(name: str, iamdesk: Run, sample_review: Path, tmp_path: Path) -> None:
    place = tmp_path / "fifo"
    os.mkfifo(place)
    link = tmp_path / "link"
    link.symlink_to(place)
    edits = tmp_path / "edits.json"
    user = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
    edits.write_text(
        json.dumps([{"do": "detach-policy", "subject": user, "detail": "arn:aws:iam::aws:policy/AdministratorAccess"}])
    )
    given = {"SNAPSHOT": sample_snapshot(), "PLACE": place, "LINK": link, "EDITS": edits, "REVIEW": sample_review}
    done = iamdesk(*(given.get(word, word) for word in COMMANDS[name]))
    assert place.is_fifo()
    assert link.is_symlink()
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert str(place if "LINK" not in COMMANDS[name] else link) in done.stderr or place.name in done.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == ["edits.json", "fifo", "link"]
