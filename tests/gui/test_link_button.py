"""A link without room on one line takes two before it is cut."""

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.widgets.link_button import LinkButton


def test_a_long_link_takes_two_lines(qtbot: QtBot) -> None:
    card = QWidget()
    qtbot.addWidget(card)
    link = LinkButton("Snapshot-Abdeckung: erfasste und fehlende Daten", lambda: None)
    QVBoxLayout(card).addWidget(link)
    card.resize(link.sizeHint().width() * 2, 200)
    card.show()
    one = link.height()
    assert link._lines(link.width()) == (link.shown,)
    card.resize(link.sizeHint().width() * 3 // 4, 200)
    qtbot.waitUntil(lambda: link.height() > one)
    assert " ".join(link._lines(link.width() - 1)) == link.shown, "nothing is cut"
    assert "…" in link._lines(40)[0], "no room even on two lines"
