"""The command line as a person meets it: what it is given, its two streams, its exit status."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iamdesk.api import Workbench
from iamdesk.resource_files import sample_snapshot

from ..opened import share_equal_snapshots, share_findings
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
    share_equal_snapshots(monkeypatch)
    share_findings(monkeypatch)

    def run(*arguments: str | Path, given: str | bytes = b"") -> subprocess.CompletedProcess[str]:
        content = given.encode() if isinstance(given, str) else given
        return run_here([str(argument) for argument in arguments], monkeypatch, content)

    return run


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
def sample_review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of the sample. Not to be changed: what changes it copies it."""
    path = tmp_path_factory.mktemp("made") / "q3.iamreview"
    Workbench().open_snapshot(sample_snapshot()).create_review(path, "Third quarter")
    return path


@pytest.fixture(scope="session")
def organization() -> Path:
    return sample_snapshot().parent / "acme-organization"
