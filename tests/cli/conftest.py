"""The command line as a person meets it: what it is given, its two streams, its exit status."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iamdesk.api import Workbench
from iamdesk.resource_files import sample_snapshot

from ..opened import share_equal_snapshots, share_equal_statements, share_findings
from ..terminal import run_here

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has no display and sets nothing special."""
    ours = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_LOGGING_RULES", "PYTHONUNBUFFERED"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {"HOME": str(tmp_path)}


@pytest.fixture
def iamdesk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs iamdesk in an empty folder; `given` is its standard input. In this process: a start takes half a second."""
    monkeypatch.chdir(tmp_path)
    return _runs_here(monkeypatch)


@pytest.fixture(scope="session")
def run_once() -> Run:
    """As `iamdesk`, for what is made once and copied: in whatever folder, so that all paths are whole."""

    def run(*arguments: str | Path, given: str | bytes = b"") -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as patch:
            return _runs_here(patch)(*arguments, given=given)

    return run


def _runs_here(patch: pytest.MonkeyPatch) -> Run:
    share_equal_snapshots(patch)
    share_findings(patch)
    share_equal_statements(patch)

    def run(*arguments: str | Path, given: str | bytes = b"") -> subprocess.CompletedProcess[str]:
        content = given.encode() if isinstance(given, str) else given
        return run_here([str(argument) for argument in arguments], patch, content)

    return run


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of a person who signs. Not to be changed."""
    path = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, timeout=60)
    return path


@pytest.fixture
def process(tmp_path: Path, environment: dict[str, str]) -> Run:
    """As `iamdesk`, in a process of its own, without a display."""

    def run(*arguments: str | Path, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "iamdesk", *map(str, arguments)],
            input=given,
            capture_output=True,
            cwd=tmp_path,
            env=environment | more,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def sample() -> Path:
    return sample_snapshot()


@pytest.fixture(scope="session")
def sample_review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A review of the sample. Not to be changed: what changes it copies it."""
    path = tmp_path_factory.mktemp("made") / "q3.iamreview"
    with pytest.MonkeyPatch.context() as patch:
        share_equal_snapshots(patch)
        share_findings(patch)
        Workbench().open_snapshot(sample_snapshot()).create_review(path, "Third quarter")
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before, "a test changed the review that all share"


@pytest.fixture(scope="session")
def organization() -> Path:
    return sample_snapshot().parent / "acme-organization"
