"""What the fuzzer found stays mended; a few inputs of each kind are tried anew; and the fuzzer sees a fault."""

import random
from pathlib import Path

import pytest

from . import fuzz
from .fuzz import SUFFIXES, Inputs, made, wrong

FOUND = sorted(path for path in Path(__file__).with_name("found").glob("*") if path.name != "README.md")
DRAWN = 4


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", SUFFIXES)
def test_wrong_inputs_end_in_a_sentence(kind: str, inputs: Inputs, tmp_path: Path) -> None:
    for number in range(DRAWN):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / f"input{SUFFIXES[kind]}"
        made(kind, random.Random(f"test {number}"), inputs, path)
        assert wrong(kind, inputs, path) == ""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_is_mended(path: Path, inputs: Inputs) -> None:
    assert wrong(path.name.partition("-")[0], inputs, path) == ""


def test_a_fault_is_seen(inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_words: list[str]) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(fuzz, "run_command", fails)
    path = tmp_path / "input.json"
    made("details", random.Random(0), inputs, path)
    assert "KeyError: 'a fault'" in wrong("details", inputs, path)
