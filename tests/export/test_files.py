"""A report reaches the disk whole or not at all."""

import os
import stat
import sys

import pytest

from iamdesk.export.files import ExportError, write_whole


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "report.csv"
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert names_in(tmp_path) == ["report.csv"]


def test_the_file_has_the_rights_of_any_new_file(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    write_whole(tmp_path / "report", b"")
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_a_link_points_to_is_written(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link.csv").symlink_to(real / "report.csv")
    write_whole(tmp_path / "link.csv", b"x")
    assert (real / "report.csv").read_bytes() == b"x"
    assert (tmp_path / "link.csv").is_symlink()


@pytest.mark.parametrize("name", ["", "missing/report.csv"])
def test_a_folder_or_a_missing_folder_gives_one_sentence(tmp_path, name):
    with pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
        write_whole(tmp_path / name, b"x")
    assert str(tmp_path) in str(caught.value)
    assert names_in(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "report.csv"
    target.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space left on device"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert names_in(tmp_path) == ["report.csv"]
