"""What is committed names no folder of the machine on which it was written."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE_PATH = re.compile(rb"(?<![\w.~$}/-])/(?:work|root|home/[a-z]+)/[\w.-]+")
ALLOWED = {
    "tests/project/test_no_machine_paths.py",
}


def tracked_files() -> list[str]:
    if shutil.which("git") is None:
        pytest.skip("no git to ask")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_names_a_folder_of_the_machine() -> None:
    found = {
        name: sorted({match.decode() for match in MACHINE_PATH.findall((ROOT / name).read_bytes())})
        for name in tracked_files()
        if name not in ALLOWED and Path(name).suffix not in {".png", ".xz", ".gz"}
    }

    assert {name: paths for name, paths in found.items() if paths} == {}


@pytest.mark.parametrize("text", [b'open("/work/main/x")', b"cd /root/.pyenv", b" /home/ana/file"])
def test_pattern_knows_machine_paths(text: bytes) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", [b"arn:aws:s3:::acme-home/home/ana/notes", b"https://x/work/y", b"user/work/ana"])
def test_pattern_leaves_arns_and_addresses_alone(text: bytes) -> None:
    assert not MACHINE_PATH.search(text)
