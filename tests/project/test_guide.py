"""The README and the user guide are true: links lead somewhere, and each command that they show runs on the sample."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iamdesk.api import Workbench

from ..each_case import each_case
from ..opened import share_equal_snapshots, share_findings
from ..terminal import run_here

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "resources" / "help").glob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def relative(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def shown_commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                if line.startswith("iamdesk "):
                    yield relative(page), line.partition("  #")[0].strip()


OPEN_THE_WINDOW = {"iamdesk", "iamdesk snapshot.json"}
COMMANDS = sorted(
    (page, command)
    for page, command in set(shown_commands())
    # What asks AWS is run against a server in tests/collect; the self-test is held by a test of its own.
    if command not in OPEN_THE_WINDOW and not command.startswith(("iamdesk collect ", "iamdesk --self-test"))
)


@each_case("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]

    missing = [target for target in targets if not (page.parent / target.partition("#")[0]).exists()]
    # A link to a heading leads to one.
    lost = [
        target
        for target in targets
        if "#" in target and target.partition("#")[2] not in anchors((page.parent / target.partition("#")[0]), page)
    ]

    assert missing == []
    assert lost == []


def anchors(target: Path, page: Path) -> set[str]:
    """What the headings of a page are linked by; of the page itself where the link names no other."""
    file = target if target.is_file() else page
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("script", "made"),
    [("checks_page.py", "checks.md"), ("filters_page.py", "filters.md"), ("layers_picture.py", "images/layers.svg")],
)
def test_what_is_made_from_the_code_is_as_the_code_has_it(script: str, made: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / script, "--print"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert done.stdout == (ROOT / "resources" / "help" / made).read_text(encoding="utf-8"), "run `make guide`"


def test_every_page_of_the_guide_is_reached_from_its_index() -> None:
    help_folder = ROOT / "resources" / "help"
    index = (help_folder / "index.md").read_text(encoding="utf-8")

    assert {page.name for page in help_folder.glob("*.md")} - {"index.md"} == set(_LINK.findall(index))


def test_guide_shows_every_command() -> None:
    from iamdesk.cli import COMMANDS as KNOWN

    shown = {shlex.split(command)[1] for _, command in shown_commands() if command not in OPEN_THE_WINDOW}
    told = (ROOT / "resources" / "help" / "command-line.md").read_text(encoding="utf-8")

    assert set(KNOWN) - {"simulate"} <= shown
    assert all(f"`iamdesk {name} " in told for name in KNOWN)


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of the sample, and its pack: what the page about reviews goes on with."""
    from iamdesk.export.evidence.write import write_package

    folder = tmp_path_factory.mktemp("evidence")
    opened = Workbench().open_snapshot(ROOT / "resources" / "samples" / "acme-prod.json")
    opened.create_review(folder / "q3.iamreview", "Third quarter")
    desk = Workbench.open_review(folder / "q3.iamreview")
    write_package(desk.file, folder / "review-q3", evaluator=opened.evaluator)
    desk.close()
    kept = folder / "remediation-kept"
    kept.mkdir()
    (kept / "remediation-20261125T100000Z.log").touch()  # of a run that had nothing to revoke
    (folder / "tickets-export.csv").write_text("id,state\n", encoding="utf-8")  # the review changes nothing
    return folder


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[f"{page}: {command[:60]}" for page, command in COMMANDS])
def test_shown_command_runs_on_the_sample(
    page: str, command: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(command)
    if "q3" in command:
        shutil.copytree(request.getfixturevalue("evidence"), tmp_path, dirs_exist_ok=True)
    sample = ROOT / "resources" / "samples" / "acme-prod.json"
    (tmp_path / "resources" / "samples").mkdir(parents=True)
    shutil.copy(sample, tmp_path / "resources" / "samples")
    for beside in (
        sample.with_name("what-if.json"),
        sample.with_name("bucket-policy.json"),
        *sample.parent.glob("*.csv"),
    ):
        shutil.copy(beside, tmp_path / "resources" / "samples")
    shutil.copytree(sample.parent / "acme-organization", tmp_path / "resources" / "samples" / "acme-organization")
    shutil.copy(sample, tmp_path / "snapshot.json")
    if "--remove" in words:  # from the file that the command shown before it wrote
        until = datetime.now(UTC).date() + timedelta(30)
        Workbench.suppress(tmp_path / "accepted.json", ["0123456789abcdef0123"], "Ana", "on our list", until)

    monkeypatch.chdir(tmp_path)
    if "--screenshot" in words:  # a window of its own
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    else:
        share_equal_snapshots(monkeypatch)
        share_findings(monkeypatch)
        done = run_here(words[1:], monkeypatch)

    # The sample has findings, so that `--fail-on` has something to fail on.
    assert done.returncode == (1 if "--fail-on" in words else 0), (page, done.stderr)
    assert "Traceback" not in done.stderr


def test_shown_case_is_as_it_says(tmp_path: Path) -> None:
    guide = (ROOT / "resources" / "help" / "command-line.md").read_text(encoding="utf-8")
    (cases,) = re.findall(r"^```json\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-m", "iamdesk", "simulate", "-"],
        input=cases,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert '"ok": true' in done.stdout
