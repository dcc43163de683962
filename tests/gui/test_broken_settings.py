"""A settings file that somebody else has written: the window opens, works, and writes a good one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QHeaderView, QLabel
from pytestqt.qtbot import QtBot

from iamdesk.gui import create_main_window
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.text_size import USUAL, apply_text_size
from iamdesk.resource_files import sample_snapshot

CHECKPOINTS = ("every", "folder", "key", "on_closing")
KEYS = {
    "window": ("compact", "geometry", "arrangement", "scheme", "language", "text_size"),
    "review": (
        "reviewer",
        "signing_key",
        "allowed_signers",
        "timestamp_authorities",
        *(f"checkpoint_{one}" for one in CHECKPOINTS),
    ),
    "ask": ("contexts",),
    "findings": ("check_settings",),
    "notes": ("folder",),
    "keep": ("layout", "recent", "reopens_last"),
    "policy": ("zoom", "in_words"),
    "answer": ("draws_layers",),
    "files": ("recent",),
    "work": ("workers", "scheduler", "memory_mb"),
    "columns": ("findingsHeader", "policyListHeader", "whoCanHeader", "chosen\\findingsTable"),
    "filters": ("recent\\findingsFilter", "saved\\findingsFilter"),
}
VALUES = {
    "words": "purple, green",
    "numbers": "99999999999999999999",
    "negative": "-2147483649",
    "bytes": "@ByteArray(\\xff\\0\\0\\x1\\xd9\\xd0\\xcb\\0\\x3)",
    "variant": "@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x8Nothing\\0)",
    "invalid": "@Invalid()",
    "list": 'a, @ByteArray(x), "/no/such/file", ../..',
    "controls": '"\\x0\\x1b[2J\\x202e"',
    "rich": "<img src=/etc/passwd>",
}


def opens(qtbot: QtBot, qapp: QApplication, path: Path) -> None:
    size = qapp.font().pointSizeF()
    window = create_main_window(sample_snapshot(), settings_path=path)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    assert window.pages.currentWidget() is window.overview
    assert window.workspace.navigator.tree.isVisible()
    assert size * 0.8 <= qapp.font().pointSizeF() <= size * 2.5
    assert all(header.count() for header in window.workspace.findings.findChildren(QHeaderView))
    window.windows.show_settings()
    window.close()
    apply_text_size(qapp, USUAL)


@pytest.mark.qt_log_ignore("^QVariant::load: unknown user type", "^This plugin does not support propagateSizeHints")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_every_setting_may_be_nonsense(qtbot: QtBot, qapp: QApplication, tmp_path: Path, value: str) -> None:
    # A file of check settings that cannot be read is said in the place of findings: it is not left aside.
    groups = {group: keys for group, keys in KEYS.items() if group != "findings"}
    lines = [line for group, keys in groups.items() for line in (f"[{group}]", *(f"{key}={value}" for key in keys))]
    (tmp_path / "s.ini").write_text("\n".join(lines))
    opens(qtbot, qapp, tmp_path / "s.ini")
    kept = Settings(tmp_path / "s.ini")
    assert not kept.geometry.isEmpty()


@pytest.mark.parametrize("content", [b"", os.urandom(4096), b"[window\n\0\0=\n[[[", b"\xff\xfe[window]"])
def test_the_file_may_be_no_settings_at_all(qtbot: QtBot, qapp: QApplication, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.ini").write_bytes(content)
    opens(qtbot, qapp, tmp_path / "s.ini")


def test_its_place_may_be_taken_or_closed(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "s.ini").mkdir()
    opens(qtbot, qapp, tmp_path / "s.ini")
    (tmp_path / "file").write_text("")
    opens(qtbot, qapp, tmp_path / "file" / "s.ini")


def test_these_are_all_settings_that_there_are() -> None:
    text = (Path(__file__).parents[2] / "iamdesk" / "gui" / "core" / "settings.py").read_text(encoding="utf-8")
    for group, keys in KEYS.items():
        if group not in ("columns", "filters"):
            assert all(f'"{group}/{key}"' in text for key in keys), group
    known = {f"{group}/{key}" for group, keys in KEYS.items() for key in keys}
    named = {part for part in text.split('"') if "/" in part and part.replace("/", "").replace("_", "").isalpha()}
    assert {name for name in named if name.count("/") == 1} <= known | {"filters/recent"}


def test_a_file_of_check_settings_that_is_none_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "s.ini").write_text("[findings]\ncheck_settings=/no/such/file\n")
    window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.session.snapshot is not None and not window.jobs.running, timeout=60_000)
    window.workspace.findings.run()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert any("/no/such/file" in label.text() for label in window.findChildren(QLabel))


OTHER_WINDOW = """
import sys
from pathlib import Path
from iamdesk.gui.core.settings import Settings
settings = Settings(Path(sys.argv[1]))
settings.recent
print("there", flush=True)
sys.stdin.readline()
settings.remember(Path(sys.argv[2]))
settings.save()
"""


def test_two_windows_forget_nothing_of_each_other(tmp_path: Path) -> None:
    """Each writes what it has changed, and keeps what the other has."""
    file, here, there = tmp_path / "s.ini", tmp_path / "a.json", tmp_path / "b.json"
    for path in (here, there):
        path.write_text("{}")
    settings = Settings(file)
    command = [sys.executable, "-c", OTHER_WINDOW, file, there]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "there\n"
        settings.reviewer = "Ana"
        settings.remember(here)
        settings.save()
        other.communicate("go on\n")
    settings.policy_zoom = 2
    settings.save()
    assert settings.recent == (there, here)
    assert (settings.reviewer, settings.policy_zoom) == ("Ana", 2)
