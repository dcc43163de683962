"""CONTRIBUTING.md names files and things of the code that exist: renaming one renames it there, too.

The code that its recipes print is run by the tests of each kind (`tests.recipes`).
"""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)))
EXAMPLES = {"iamdesk/export/findings/tsv_file.py", "iamdesk/snapshot/resource_services/schemas.py"}
"""What the recipes write."""
_FILE = re.compile(r"[\w./-]+\.(?:py|md|json|sh|po)")
_NAME = re.compile(r"(?:\w+\.)*(_?[a-z]+(?:_[a-z]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+)(?:=|\(\))?")


def _files(suffix: str) -> list[Path]:
    folders = ("iamdesk", "tests", "packaging", "resources")
    return [path for folder in folders for path in (ROOT / folder).rglob(f"*{suffix}")]


def test_every_file_that_is_named_exists() -> None:
    files = {name for name in NAMED if _FILE.fullmatch(name)} - EXAMPLES
    assert len(files) > 25
    paths = {name for name in files if "/" in name}
    assert {name for name in paths if not (ROOT / name).exists() and not (ROOT / "iamdesk" / name).exists()} == set()
    known = {path.name for path in _files("")}
    assert [name for name in files if "/" not in name and name not in known] == []
    assert not any((ROOT / name).exists() for name in EXAMPLES)


def test_every_name_of_the_code_exists() -> None:
    names = {found.group(1) for name in NAMED if (found := _NAME.fullmatch(name)) is not None}
    assert len(names) > 12
    code = "\n".join(path.read_text(encoding="utf-8") for path in _files(".py"))
    words = set(re.findall(r"\w+", code))
    assert names - words == set()
