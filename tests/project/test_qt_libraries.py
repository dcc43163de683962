"""`packaging/qt_libraries.sh` names the packages of the libraries that Qt lacks, or installs them."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "qt_libraries.sh"
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for libraries as Linux does")


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def look(folder: Path, want: str = "window") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), want],
        env={"PATH": f"{folder}:/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lacking(folder: Path, *libraries: str) -> None:
    """Have the linker miss these until `installed` stands in the folder."""
    missing = "\n".join(f"echo '	{library} => not found'" for library in libraries)
    fake(folder, "ldd", f"[ -e {folder}/installed ] && exit 0\n{missing}")


def test_nothing_is_said_when_nothing_lacks(tmp_path: Path) -> None:
    fake(tmp_path, "ldd", "echo '	libEGL.so.1 => /usr/lib/libEGL.so.1 (0x1)'")

    done = look(tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_may_not_install_is_told_the_packages_in_one_line(tmp_path: Path) -> None:
    lacking(tmp_path, *PACKAGES)
    fake(tmp_path, "id", "echo 1000")

    done = look(tmp_path)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    told = done.stderr.partition("apt-get install ")[2].split()
    assert sorted(told) == sorted(PACKAGES.values())
    assert all(library in done.stderr for library in PACKAGES)


def test_root_installs_what_lacks(tmp_path: Path) -> None:
    lacking(tmp_path, "libxcb-cursor.so.0")
    fake(tmp_path, "id", "echo 0")
    fake(
        tmp_path,
        "apt-get",
        f'echo "$@" >>{tmp_path}/asked; case "$*" in *libxcb-cursor0*) touch {tmp_path}/installed;; esac',
    )

    done = look(tmp_path)

    assert done.returncode == 0
    assert "libxcb-cursor0" in (tmp_path / "asked").read_text()


def test_an_installation_that_fails_is_told(tmp_path: Path) -> None:
    lacking(tmp_path, "libEGL.so.1")
    fake(tmp_path, "id", "echo 0")
    fake(tmp_path, "apt-get", "echo 'no network' >&2; exit 100")

    done = look(tmp_path, "offscreen")

    assert done.returncode == 1
    assert "no network" in done.stderr
    assert "libegl1" in done.stderr
