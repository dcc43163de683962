"""`packaging/try_debian.sh` where nobody can make a fresh Debian: the package is tried as it is, nothing is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "try_debian.sh"
TOOLS = ("sh", "dpkg-deb", "tar", "rm", "mktemp", "realpath", "id", "umount", "env", "tail")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("dpkg-deb") is None, reason="makes a Debian package"
)


ROOT = hasattr(os, "getuid") and os.getuid() == 0


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("fails", [False, pytest.param(True, marks=pytest.mark.skipif(not ROOT, reason="not root"))])
def test_the_trial_ends_with_its_own_status_and_leaves_no_folder(tmp_path: Path, status: int, fails: bool) -> None:
    tree, places, tools = tmp_path / "tree", tmp_path / "places", tmp_path / "tools"
    for folder in (tree / "DEBIAN", tree / "usr" / "bin", places, tools):
        folder.mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: iamdesk\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: a trial\n"
    )
    program = tree / "usr" / "bin" / "iamdesk"
    program.write_text(f'#!/bin/sh\necho "tested $1"\nexit {status}\n')
    program.chmod(0o755)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tree, tmp_path / "a.deb"], check=True, capture_output=True
    )
    for tool in TOOLS:  # no debootstrap among them
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    if fails:  # as without a network
        (tools / "debootstrap").write_text('#!/bin/sh\necho "E: Failed getting release file"\nexit 1\n')
        (tools / "debootstrap").chmod(0o755)
    done = subprocess.run(
        ["sh", str(SCRIPT), str(tmp_path / "a.deb")],
        env={"PATH": str(tools), "TMPDIR": str(places), "NOT_TRIED": str(tmp_path / "not-tried")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = (tmp_path / "not-tried").read_text()
    assert told.startswith("installing it in a fresh Debian (")
    assert not fails or "Failed getting release file" in told
    assert "tested --self-test" in done.stdout
    assert (done.returncode, list(places.iterdir())) == (status, []), done.stderr
