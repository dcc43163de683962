"""A report reaches the disk whole or not at all; what is no regular file is never replaced."""

import os
import socket
import stat
import subprocess
import sys
import threading

import pytest

from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.progress import WorkCancelled


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "report.csv"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert names_in(tmp_path) == ["report.csv"]


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path):
    old, new = f".report.csv.{'a' * 12}.part", f".report.csv.{'b' * 12}.part"
    others = [".report.csv.part", f".other.csv.{'a' * 12}.part", ".report.csv.notes.part", new]
    for name in (old, *others):
        (tmp_path / name).write_bytes(b"")
        if name != new:
            os.utime(tmp_path / name, (1, 1))
    folder = tmp_path / f".report.csv.{'c' * 8}.part"
    folder.mkdir()
    (folder / "mine").touch()
    os.utime(folder, (1, 1))
    write_atomic(tmp_path / "report.csv", b"x")
    assert sorted(names_in(tmp_path)) == sorted(["report.csv", folder.name, *others])


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_a_link_points_to_is_written(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link.csv").symlink_to(real / "report.csv")
    write_atomic(tmp_path / "link.csv", b"x")
    assert (real / "report.csv").read_bytes() == b"x"
    assert (tmp_path / "link.csv").is_symlink()


@pytest.mark.parametrize("name", ["", "missing/report.csv"])
def test_a_folder_or_a_missing_folder_gives_one_sentence(tmp_path, name):
    with pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
        write_atomic(tmp_path / name, b"x")
    assert str(tmp_path) in str(caught.value)
    assert names_in(tmp_path) == []


def test_pieces_that_end_early_leave_the_old_file(tmp_path):
    path = tmp_path / "rows.json"
    path.write_bytes(b"old")

    def pieces():
        yield b"["
        raise WorkCancelled

    with pytest.raises(WorkCancelled):
        write_atomic(path, pieces())
    assert [one.name for one in tmp_path.iterdir()] == ["rows.json"]
    assert path.read_bytes() == b"old"


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "report.csv"
    target.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space left on device"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert names_in(tmp_path) == ["report.csv"]


posix = pytest.mark.skipif(sys.platform == "win32", reason="devices are files there under other names")


def kind_of(path):
    found = path.lstat()
    return stat.S_IFMT(found.st_mode), found.st_ino, found.st_rdev


def link_to(path):
    link = path.with_name("link.csv")
    link.symlink_to(path)
    return link


@posix
@pytest.mark.parametrize("way", [lambda path: path, link_to], ids=["named", "by a link"])
def test_a_fifo_is_written_to_and_stays_one(tmp_path, way):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    was = kind_of(fifo)
    content = b"x" * 300_000  # more than a pipe holds
    ours = os.open(fifo, os.O_RDWR)  # both ends: no waiting for the writer
    write = threading.Thread(target=write_atomic, args=(way(fifo), content))
    write.start()
    got = b""
    while len(got) < len(content):
        got += os.read(ours, 1 << 16)
    write.join()
    os.close(ours)
    assert got == content
    assert kind_of(fifo) == was


@posix
def test_a_fifo_that_nobody_reads_is_refused_and_stays(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    was = kind_of(fifo)
    with pytest.raises(ExportError, match="no process reads"):
        write_atomic(fifo, b"x")
    assert kind_of(fifo) == was
    assert names_in(tmp_path) == ["fifo"]


@posix
@pytest.mark.parametrize("way", [lambda path: path, link_to], ids=["named", "by a link"])
def test_a_device_is_written_to_and_stays_one(tmp_path, way):
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # what /dev/null is
    except OSError:
        pytest.skip("only an administrator makes devices")
    was = kind_of(device)
    try:
        write_atomic(way(device), b"x")
    except ExportError as error:
        assert "Permission denied" in str(error) or "not permitted" in str(error)  # noqa: PT017 - mounted without devices
    assert kind_of(device) == was


@posix
def test_a_terminal_is_written_to(tmp_path):
    ours, theirs = os.openpty()
    try:
        write_atomic(tmp_path.joinpath(os.ttyname(theirs)), b"hello")
        assert os.read(ours, 100) == b"hello"
    finally:
        os.close(ours)
        os.close(theirs)


@posix
def test_a_socket_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        was = kind_of(tmp_path / "s")
        with pytest.raises(ExportError, match="is not a file"):
            write_atomic(tmp_path / "s", b"x")
        assert kind_of(tmp_path / "s") == was


@posix
@pytest.mark.parametrize("mode", ["w", "a"])
def test_standard_output_by_its_name_goes_behind_what_is_printed(tmp_path, mode):
    out = tmp_path / "out.txt"
    out.write_text("before\n")
    was = kind_of(out)
    said = "from pathlib import Path; from iamdesk.export.files.atomic_write import write_atomic; print('one'); "
    said += "write_atomic(Path('/dev/stdout'), b'two\\n'); print('three')"
    with out.open(mode) as stream:
        subprocess.run([sys.executable, "-c", said], stdout=stream, check=True)
    assert out.read_text() == ("before\n" if mode == "a" else "") + "one\ntwo\nthree\n"
    assert kind_of(out) == was
