"""Controls that go on two rows where one has no room for them."""

from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows


def test_without_room_the_second_group_goes_below(qtbot: QtBot) -> None:
    field, words = QLineEdit(), [QLabel(text) for text in ("every access level", "the broadest access first")]
    rows = OneOrTwoRows([(field, 1)], [(one, 0) for one in words], 4)
    qtbot.addWidget(rows)
    rows.show()
    rows.resize(1000, 60)
    assert rows.is_one_row
    assert field.y() == words[0].y() or abs(field.geometry().center().y() - words[0].geometry().center().y()) < 6
    least = sum(one.sizeHint().width() for one in words) + 4
    assert rows.minimumSizeHint().width() <= least
    rows.resize(least + 2, 80)
    assert not rows.is_one_row
    qtbot.waitUntil(lambda: words[0].y() > field.y())
    assert all(one.width() >= one.sizeHint().width() for one in words)
    rows.resize(1000, 60)
    assert rows.is_one_row
