import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

import iamdesk.gui
from iamdesk.gui.core.plain_text import (
    ElidedLabel,
    menu_text,
    message,
    plain_label,
    tooltip_text,
    visible,
    visible_lines,
)

GUI = Path(iamdesk.gui.__file__).parent


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("alice", "alice"),
        ("inv\u202egpj.exe", "inv\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("a\nb\tc", "a\\u000ab\\u0009c"),
        ("\x00\x1b[31m", "\\u0000\\u001b[31m"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("Zoë Ångström 測試 – “ok”", "Zoë Ångström 測試 – “ok”"),
    ],
)
def test_unseen_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_breaks_stay_where_lines_are_wanted() -> None:
    assert visible_lines("a\nb\u2028c") == "a\nb\\u2028c"


@pytest.mark.parametrize("text", ["<b>x</b>", "<img src='/etc/x.png'>", "&lt;", "role/<s>dev</s>", "a & b"])
def test_labels_show_markup_as_text(qtbot: QtBot, text: str) -> None:
    label = plain_label(text)
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == text


@pytest.mark.parametrize("text", ["<img src=x>", "<b>\u202ebold</b>", "a\nb & c", '"q"', "  two  spaces"])
def test_tooltips_say_the_text_and_nothing_else(text: str) -> None:
    document = QTextDocument()
    document.setHtml(tooltip_text(text))
    assert document.toPlainText().split() == visible_lines(text).split()
    assert document.resource(QTextDocument.ResourceType.ImageResource.value, "x") is None


def test_an_empty_tooltip_stays_empty() -> None:
    assert tooltip_text("") == ""


def test_menu_text_keeps_every_ampersand() -> None:
    assert menu_text("R&D \u202e") == "R&&D \\u202e"


def test_boxes_are_plain_and_do_not_block(qtbot: QtBot) -> None:
    box = message(None, QMessageBox.Icon.Warning, "t<b>", "<i>x</i>", "more")
    qtbot.addWidget(box)
    assert box.textFormat() is Qt.TextFormat.PlainText
    assert box.text() == "<i>x</i>"
    box.close()


def test_a_long_line_is_whole_in_tooltip_and_accessible_name(qtbot: QtBot) -> None:
    arn = "arn:aws:iam::111122223333:role/" + "deep/" * 40 + "<b>"
    label = ElidedLabel(arn)
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.grab()
    assert label.accessibleName() == arn
    assert label.toolTip() == tooltip_text(arn)
    label.resize(6000, 20)
    label.grab()
    assert label.toolTip() == ""


def test_a_buddy_gives_its_field_a_mnemonic(qtbot: QtBot) -> None:
    field = QLineEdit()
    label = plain_label("&Action", buddy=field)
    qtbot.addWidget(label)
    qtbot.addWidget(field)
    assert label.buddy() is field


def test_no_other_module_makes_labels_boxes_or_tooltips() -> None:
    bare = re.compile(
        r"\bQLabel\s*\(|\bQMessageBox\.(?!Icon)|\bQMessageBox\s*\(|\.setToolTip\(|\.setWhatsThis\(|\bQToolTip\.|import.*\bQToolTip\b"
    )
    found = [
        f"{path.relative_to(GUI)}: {line.strip()}"
        for path in sorted(GUI.rglob("*.py"))
        if path.name != "plain_text.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if bare.search(line)
    ]
    assert found == []
