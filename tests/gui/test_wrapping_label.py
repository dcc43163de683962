import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from iamdesk.gui.widgets.wrapping_label import FlowLabel, draw_flow, flow_height

ARN = "arn:aws:iam::111122223333:role/" + "very-long-name" * 20


def lines(text: str, width: int, most: int = 0) -> int:
    font = QFont()
    return round(flow_height(text, font, width, most) / flow_height("x", font, width))


def inked_rows(text: str, width: int, most: int = 0) -> set[int]:
    image = QImage(width + 200, 400, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    draw_flow(painter, QRect(0, 0, width, 400), text, QFont(), most)
    painter.end()
    outside = any(image.pixel(x, y) != 0xFFFFFFFF for x in range(width + 2, width + 200) for y in range(400))
    assert not outside, "the text leaves its place"
    return {y for y in range(400) if any(image.pixel(x, y) != 0xFFFFFFFF for x in range(width))}


@pytest.mark.parametrize("width", [90, 200, 400])
def test_an_arn_breaks_inside_its_place(qtbot: QtBot, width: int) -> None:
    assert lines(ARN, width) > 3
    assert inked_rows(ARN, width)


def test_a_limit_of_lines_ends_in_the_place_it_allows(qtbot: QtBot) -> None:
    assert lines(ARN, 200, 2) == 2
    assert max(inked_rows(ARN, 200, 2)) <= flow_height("x", QFont(), 200) * 2
    assert flow_height("", QFont(), 200) == 0


def test_a_label_takes_the_height_of_its_text_and_no_width(qtbot: QtBot) -> None:
    label = FlowLabel(ARN)
    qtbot.addWidget(label)
    assert label.heightForWidth(120) > label.heightForWidth(400) > label.fontMetrics().height()
    assert label.minimumSizeHint().width() < 120
    label.setText("one\ntwo")
    assert label.heightForWidth(400) > label.fontMetrics().height() * 1.5


def test_code_is_set_apart_only_where_it_is_asked_for_and_closed(qtbot: QtBot) -> None:
    plain, code, open_ = FlowLabel("use `x`"), FlowLabel("use `x`", code=True), FlowLabel("use `x", code=True)
    for label in (plain, code, open_):
        qtbot.addWidget(label)
        label.resize(200, 30)
    assert plain._text() == ("use `x`", ())
    assert code._text() == ("use x", ((4, 1),))
    assert open_._text() == ("use `x", ())
    assert not code.grab().toImage().isNull()


def test_hostile_text_is_written_out(qtbot: QtBot) -> None:
    label = FlowLabel("<b>a</b>\u202eb")
    qtbot.addWidget(label)
    assert label.text() == "<b>a</b>\\u202eb"
    assert flow_height("a\nb", QFont(), 400) == flow_height("a", QFont(), 400)
