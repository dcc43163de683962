"""What installers are made from: the parts that can be looked at without building one (`make package` does)."""

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from iamdesk.cli import COMMANDS
from iamdesk.components import installed, legal_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import check_bill  # noqa: E402 - these scripts stand in a folder of their own
import legal  # noqa: E402

BILL = legal_of(installed())
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
    text = (ROOT / "resources" / "licences" / name).read_text()
    assert "Version 3, 29 June 2007" in text
    assert len(text) > 7000


def test_the_bill_of_materials_is_as_cyclonedx_has_it() -> None:
    assert check_bill.troubles(BILL.bill) == ""
    held = json.loads(BILL.bill)
    refs = {held["metadata"]["component"]["bom-ref"], *(one["bom-ref"] for one in held["components"])}
    assert {name for one in held["dependencies"] for name in (one["ref"], *one["dependsOn"])} == refs
    del held["components"][0]["name"]
    assert "name" in check_bill.troubles(json.dumps(held)), "it would be found"


def test_every_package_that_is_needed_is_in_it_with_its_licence() -> None:
    rows = {name.lower().replace("_", "-"): licence for name, _version, licence in BILL.rows()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["collect"]):
        assert re.split(r"[<>=]", requirement)[0].lower() in rows
    assert {"jinja2", "markupsafe", "botocore", "shiboken6", "python"} <= set(rows), "and what these need"
    assert "pytest" not in rows
    assert "babel" not in rows
    assert [name for name, licence in rows.items() if licence in ("", "unknown")] == []


def test_the_texts_of_all_licences_are_there() -> None:
    for name, version, _licence in BILL.rows():
        assert BILL.place(name, version) >= 0, name
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in BILL.texts
    assert "Copyright" in BILL.texts[BILL.place("Jinja2", dict(row[:2] for row in BILL.rows())["Jinja2"]) :][:1000]


def test_libraries_of_the_system_are_named_with_their_licence(tmp_path: Path) -> None:
    if not Path("/usr/bin/dpkg-query").exists():
        pytest.skip("no Debian")
    internal = tmp_path / "_internal"
    internal.mkdir()
    for library in ("libz.so.1", "libz.so.1", "nobody-has-this.so"):
        (internal / library).touch()
    (found,) = legal.of_the_system(tmp_path)
    assert found.name.startswith("zlib1g")
    assert "Zlib" in found.licence
    assert found.texts


def test_differences_of_two_builds_are_told_by_member(tmp_path: Path) -> None:
    for build, said in (("one", "1"), ("other", "2")):
        folder = tmp_path / build
        folder.mkdir()
        with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
            wheel.writestr(zipfile.ZipInfo("same.py"), "x = 0")
            wheel.writestr(zipfile.ZipInfo("version.py"), said)
        (folder / "same.txt").write_text("same")
    (tmp_path / "one" / "more.txt").write_text("")
    command = [sys.executable, ROOT / "packaging" / "differences.py", tmp_path / "one", tmp_path / "other"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.whl: differs",
        "a.whl > version.py: differs",
        "more.txt: only in the first",
        "3 files, of which 2 differ",
    ]
    command[-1] = tmp_path / "one"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith("of which 0 differ\n")
