"""`packaging/find_python.sh` believes a Python only when it runs."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "find_python.sh"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make is for Linux and macOS")


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def find(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT)],
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    for name in ("python3.14", "python3.13"):
        fake(tmp_path, name, "echo 'command not found' >&2; exit 127")
    fake(tmp_path, "python3.12", f'exec {sys.executable} "$@"')

    found = find(tmp_path)

    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).samefile(sys.executable)


def test_a_python_that_is_too_old_is_named_in_one_line(tmp_path: Path) -> None:
    fake(tmp_path, "old", "exit 1")

    found = find(tmp_path, PYTHON="old")

    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1
    assert "3.12" in found.stderr
    assert "old" in found.stderr


def test_the_python_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    fake(tmp_path, "python3.14", "exit 1")

    found = find(tmp_path, PYTHON=sys.executable)

    assert Path(found.stdout.strip()).samefile(sys.executable)
