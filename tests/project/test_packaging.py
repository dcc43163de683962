"""What installers are made from: the parts that can be looked at without building one (`make package` does)."""

import configparser
import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from iamdesk.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "packaging" / "linux"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
REVIEW = "application/vnd.iamdesk.review"


def run(script: str, *arguments: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SOURCE_DATE_EPOCH": "1790000000"}
    command = [sys.executable, str(ROOT / "packaging" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_desktop_entry_opens_reviews_and_snapshots() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(LINUX / "iamdesk.desktop")
    entry = parser["Desktop Entry"]
    assert entry["Exec"] == "iamdesk %f"
    assert {REVIEW, "application/json", "application/zip"} <= set(entry["MimeType"].split(";"))


def test_metainfo_names_this_version_and_the_desktop_entry() -> None:
    tree = ET.parse(LINUX / "io.github.iamdesk.iamdesk.metainfo.xml")  # noqa: S314 - our own file
    assert next(one.get("version") for one in tree.iter("release")) == VERSION
    assert tree.findtext("launchable") == "iamdesk.desktop"
    assert tree.findtext("project_license") == "Apache-2.0"


def test_mime_type_of_reviews() -> None:
    tree = ET.parse(LINUX / "iamdesk-mime.xml")  # noqa: S314 - our own file
    names = {name.tag.rpartition("}")[2]: name for name in tree.getroot()[0]}
    assert tree.getroot()[0].get("type") == REVIEW
    assert names["glob"].get("pattern") == "*.iamreview"


def test_man_page_tells_every_command_and_is_the_same_again() -> None:
    page = run("man_page.py")
    for command in COMMANDS:
        assert f".SS iamdesk {command.replace('-', chr(92) + '-')}" in page, command
    assert page == run("man_page.py")


def test_icons_of_every_desktop(tmp_path: Path) -> None:
    run("icons.py", str(tmp_path / "icons"))
    icons = tmp_path / "icons"
    assert (icons / "iamdesk.ico").read_bytes()[:4] == b"\0\0\1\0"
    assert (icons / "iamdesk.icns").read_bytes()[:4] == b"icns"
    for png in icons.rglob("*.png"):
        content = png.read_bytes()
        size = int(png.parent.parent.name.split("x")[0])
        assert int.from_bytes(content[16:20]) == int.from_bytes(content[20:24]) == size


@pytest.mark.parametrize("name", ["GPL-3.0.txt", "LGPL-3.0.txt"])
def test_texts_of_qts_licences_are_whole(name: str) -> None:
    text = (ROOT / "packaging" / "licences" / name).read_text()
    assert "Version 3, 29 June 2007" in text
    assert len(text) > 7000
