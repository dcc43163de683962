"""With large text on a small screen, no dialog is larger than the screen, and open windows follow."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QHeaderView, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.text_size import apply_text_size
from iamdesk.gui.denial.denial_dialog import DenialDialog
from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow
from iamdesk.gui.external_access.rows import Column
from iamdesk.gui.review.new_review_dialog import NewReviewDialog
from iamdesk.gui.tables.rows_table import RowsTable


@pytest.fixture
def large_text(qapp: QApplication) -> Iterator[None]:
    apply_text_size(qapp, 200)
    yield
    apply_text_size(qapp, 100)


@pytest.mark.usefixtures("large_text")
@pytest.mark.parametrize("kind", [DenialDialog, ExternalAccessWindow, NewReviewDialog])
def test_no_dialog_is_larger_than_the_screen(qtbot: QtBot, window: MainWindow, kind: type[QDialog]) -> None:
    dialog: QDialog
    if kind is NewReviewDialog:
        dialog = NewReviewDialog("New review", "Review", [("111122223333", "acme")])
    elif kind is DenialDialog:
        dialog = DenialDialog(window.session, window.jobs, window)
    else:
        dialog = ExternalAccessWindow(window.session, window.jobs, window)
    qtbot.addWidget(dialog)
    dialog.show()
    room = dialog.screen().availableGeometry()
    assert dialog.width() <= room.width()
    assert dialog.height() <= room.height()
    for table in dialog.findChildren(RowsTable):
        least = table.fontMetrics().averageCharWidth() * 20
        assert table.columnWidth(Column.CAN_DO) >= least, "the column that takes the rest can be read"
    for box in dialog.findChildren(QDialogButtonBox):
        for button in box.buttons():
            place = button.mapTo(dialog, button.rect().bottomRight())
            assert dialog.rect().contains(place), button.text()


def test_a_headline_follows_the_text_size_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    headline, plain = QLabel("administrator"), QLabel("text")
    font = headline.font()
    font.setPointSizeF(font.pointSizeF() * 1.5)
    font.setBold(True)
    headline.setFont(font)
    for label in (headline, plain):
        qtbot.addWidget(label)
        label.show()
    usual = headline.font().pointSizeF()
    apply_text_size(qapp, 200)
    qapp.processEvents()
    try:
        assert headline.testAttribute(Qt.WidgetAttribute.WA_SetFont)
        assert headline.font().pointSizeF() == pytest.approx(usual * 2, rel=0.01)
        assert plain.font().pointSizeF() * 1.5 == pytest.approx(headline.font().pointSizeF(), rel=0.01)
    finally:
        apply_text_size(qapp, 100)
    assert headline.font().pointSizeF() == pytest.approx(usual, rel=0.01)


@pytest.mark.usefixtures("large_text")
def test_nothing_is_wider_than_a_narrow_result(qtbot: QtBot, open_window: MainWindow) -> None:
    session, panel = open_window.session, open_window.workspace.result
    open_window.resize(1366, 768)
    ana = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
    session.ask(Request(ana, "s3:GetObject", "arn:aws:s3:::acme-payroll/a"))
    qtbot.waitUntil(lambda: session.decision is not None and not open_window.jobs.running, timeout=60_000)
    open_window.interior.show_perspective("perspectiveExplore")
    open_window.interior.stack.show_panel("answerDock")
    (area,) = [one for one in panel.findChildren(QScrollArea) if one.isAncestorOf(panel.policy_types)]
    content = area.widget()
    assert content is not None
    qtbot.waitUntil(lambda: content.isVisible() and content.width() > 0)
    assert content.minimumSizeHint().width() <= area.viewport().width()
    assert content.width() <= area.viewport().width()
    (button, *_others) = panel.notes.findChildren(QPushButton, "openRule")
    assert button.mapTo(content, button.rect().bottomRight()).x() <= area.viewport().width()


@pytest.mark.usefixtures("large_text")
def test_no_number_of_the_overview_is_cut(qtbot: QtBot, open_window: MainWindow) -> None:
    chart = open_window.overview.risks
    metrics = chart.fontMetrics()
    widest = max(metrics.horizontalAdvance(bar.words) for bar in chart.bars)
    least = chart.minimumSizeHint().width()
    assert least >= widest + metrics.height() * 5 // 2, "with room for the mark"


@pytest.mark.usefixtures("large_text")
def test_titles_of_columns_are_whole(qtbot: QtBot, open_window: MainWindow) -> None:
    tables, interactive = open_window.findChildren(RowsTable), QHeaderView.ResizeMode.Interactive
    assert tables
    for table in tables:
        header = table.horizontalHeader()
        for column in range(header.count()):
            if not header.isSectionHidden(column) and header.sectionResizeMode(column) is interactive:
                title = table.rows_model.titles[column]
                assert header.sectionSize(column) >= header.fontMetrics().horizontalAdvance(title), title
