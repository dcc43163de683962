"""The lock files hold what `pyproject.toml` asks for, each file by its hash: `make` installs nothing else."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = {
    "run": [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]],
    "dev": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
        *PROJECT["dependency-groups"]["build"],
    ],
}


def locked(name: str) -> dict[str, Version]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry)
        assert match is not None, f"{entry.splitlines()[0]} is not pinned"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), f"{match[1]} has no hash"
        found[canonicalize_name(match[1])] = Version(match[2])
    return found


@pytest.mark.parametrize("name", WANTED)
def test_what_the_project_asks_for_is_locked(name: str) -> None:
    versions = locked(name)
    for wanted in map(Requirement, WANTED[name]):
        version = versions.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is not locked: run `make lock`"
        assert wanted.specifier.contains(version), f"{wanted.name} {version} is locked: run `make lock`"


def test_what_runs_is_what_is_tested() -> None:
    run, dev = locked("run"), locked("dev")
    assert {name: dev.get(name) for name in run} == run


def test_a_lock_names_no_place_to_get_packages_from() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^--(?!hash)", text, re.MULTILINE)


def test_make_installs_from_the_lock() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    environment = (ROOT / "packaging" / "environment.sh").read_text(encoding="utf-8")
    assert '--require-hashes --requirement "packaging/requirements/${extra:-run}.txt"' in environment
    for name in WANTED:
        assert f"packaging/requirements/{name}.txt" in makefile, "a new lock makes the environment anew"
