"""`make audit` says what it found, and never takes a database that did not answer for one that knows of nothing."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from iamdesk.components import Component

ROOT = Path(__file__).resolve().parents[2]
NONE = '{"dependencies": [{"name": "six", "version": "1.0", "vulns": []}]}'
ONE = '{"dependencies": [{"name": "six", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}]}'


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (NONE, 0, "run.txt: no known vulnerabilities"),
        (ONE, 1, "run.txt: 1 known vulnerabilities\n  six 1.0: PYSEC-1, mended in 1.1"),
        ("", 3, "run.txt: not asked, the database did not answer"),
    ],
    ids=["nothing", "a vulnerability", "no answer"],
)
def test_what_it_says(answer: str, status: int, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "run.txt").write_text("six==1.0\n")
    tool = tmp_path / "pip-audit"
    write = f"printf %s '{answer}' >\"$last\"" if answer else "echo cannot resolve pypi.org >&2"
    tool.write_text(f"#!/bin/sh\nfor last; do :; done\n{write}\nexit {min(status, 1)}\n")
    tool.chmod(0o755)
    words = [sys.executable, str(ROOT / "packaging" / "audit.py"), str(tool), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert (done.returncode, said in done.stdout) == (status, True), done.stdout + done.stderr
    assert "licences: " in done.stdout


def test_each_licence_is_one_that_we_may_ship() -> None:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "packaging" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    parts = [
        Component("a", "1", licence, "pkg:pypi/a@1")
        for licence in (
            "MIT",
            "LGPL-3.0-only OR GPL-2.0-only",
            "GPL-3.0-only",
            "",
            "Proprietary",
            "BSD license",
        )
    ]
    assert [line.partition(": ")[2] for line in audit.unknown_licences(tuple(parts))] == [
        "GPL-3.0-only",
        "no licence told",
        "Proprietary",
    ]
