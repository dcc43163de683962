"""Names that want to be markup, paths that want to be images, marks that turn text around: all of it stays text."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow

EVIL = '<img src="/etc/x.png"><b>&R\u202ecod.exe</b>'
VERTICAL = Qt.Orientation.Vertical
ACCOUNT = "arn:aws:iam::111122223333"


@pytest.fixture
def evil_window(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": EVIL, "Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{EVIL}/*"}],
    }
    snapshot = {
        "UserDetailList": [
            {
                "Arn": f"{ACCOUNT}:user/{EVIL}",
                "UserName": EVIL,
                "UserId": EVIL,
                "Path": f"/{EVIL}/",
                "GroupList": [EVIL],
                "Tags": [{"Key": EVIL, "Value": EVIL}],
                "UserPolicyList": [{"PolicyName": EVIL, "PolicyDocument": document}],
                "AttachedManagedPolicies": [{"PolicyName": EVIL, "PolicyArn": f"{ACCOUNT}:policy/{EVIL}"}],
            },
            {"Arn": EVIL, "UserName": 7},
        ],
        "GroupDetailList": [{"Arn": f"{ACCOUNT}:group/{EVIL}", "GroupName": EVIL, "Path": "/"}],
        "RoleDetailList": [
            {
                "Arn": f"{ACCOUNT}:role/{EVIL}",
                "RoleName": EVIL,
                "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"AWS": EVIL}}},
            }
        ],
        "Policies": [],
    }
    path = tmp_path / "<i>evil.json"
    path.write_text(json.dumps(snapshot), encoding="utf-8")
    window.show()
    window.open_path(path)
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    return window


def test_no_label_is_rich_and_no_text_turns_around(qtbot: QtBot, evil_window: MainWindow) -> None:
    opened = evil_window.session.snapshot
    assert opened is not None
    for key in opened.outline.rows_by_key:
        evil_window.session.show_key(key)
        inspector = evil_window.workspace.inspector
        for tab in range(inspector.tabs.count()):
            inspector.tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        check(evil_window)


def check(window: MainWindow) -> None:
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLabel):
            assert widget.textFormat() is Qt.TextFormat.PlainText
            assert "\u202e" not in widget.text()
        if isinstance(widget, QAbstractButton):
            assert "\u202e" not in widget.text()
        tip = widget.toolTip()
        assert "<img" not in tip
        assert "\u202e" not in tip
        assert "\u202e" not in widget.accessibleName()
    assert "\u202e" not in window.windowTitle()
    model = window.workspace.navigator.model

    def walk(parent: object) -> None:
        for row in range(model.rowCount(parent)):  # type: ignore[arg-type]
            index = model.index(row, 0, parent)  # type: ignore[arg-type]
            for role in (
                Qt.ItemDataRole.DisplayRole,
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
            ):
                assert "\u202e" not in str(index.data(role))
            assert "<img" not in str(index.data(Qt.ItemDataRole.ToolTipRole))
            walk(index)

    from PySide6.QtCore import QModelIndex

    walk(QModelIndex())


def test_the_map_of_everybody_shows_names_as_text(qtbot: QtBot, evil_window: MainWindow) -> None:
    evil_window.interior.show_access_matrix()
    panel = evil_window.workspace.access_matrix
    qtbot.waitUntil(lambda: panel.is_settled, timeout=20_000)
    model = panel.model
    named = [row for row, line in enumerate(model.lines) if "cod.exe" in line.title]
    assert len(named) == 2
    for row in named:
        panel.table.go_to(row, 0)
        check(evil_window)
        for column in range(model.columnCount()):
            for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                told = (str(model.index(row, column).data(role)), str(model.headerData(row, VERTICAL, role)))
                assert not any("\u202e" in text for text in told)
                assert role is not Qt.ItemDataRole.ToolTipRole or not any("<img" in text for text in told)
    assert "\u202e" not in panel.table.copied_text()
    assert not panel.grab().isNull()


def test_the_broken_entry_is_there(evil_window: MainWindow) -> None:
    opened = evil_window.session.snapshot
    assert opened is not None
    assert opened.snapshot.accounts[0].broken
    assert evil_window.overview.problems.count() == len(opened.snapshot.problems) > 0


def test_everything_can_be_painted(evil_window: MainWindow) -> None:
    opened = evil_window.session.snapshot
    assert opened is not None
    evil_window.session.show_key(f"{ACCOUNT}:user/{EVIL}")
    assert not evil_window.grab().isNull()
    evil_window.interior.show_overview()
    assert not evil_window.grab().isNull()
