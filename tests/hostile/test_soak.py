"""A short run of the soak, and that it sees what grows."""

import sys
from pathlib import Path

import pytest

from . import soak
from .soak import Sample, grown, picture, samples

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process holds is read from /proc")


def sample(done: int, megabytes: float, files: int = 5, threads: int = 1) -> Sample:
    return Sample("opens", done, 0.0, megabytes, files, threads)


def test_growth_is_seen() -> None:
    assert grown([sample(at, 100.0) for at in range(40)]) == ""
    assert grown([sample(at, 100.0 + at) for at in range(40)]) == "memory by 20.0 MB"
    assert grown([sample(at, 100.0, files=at, threads=at) for at in range(40)]) == "open files, threads"


def test_an_open_leaves_no_file_or_thread(tmp_path: Path) -> None:
    def opened(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        soak.opens(folder, number)

    found = list(samples("opens", 8, opened))
    assert {(one.files, one.threads) for one in found[2:]} == {(found[-1].files, found[-1].threads)}
    assert picture(found).startswith("<svg")
