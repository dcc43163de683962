"""Another principal beside the one that is shown: found, told by shape and word, filtered, exported, taken away."""

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.export.access.comparison import Difference
from iamdesk.gui.access.heatmap_pair import paint_sign
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.core.session import Session

from .conftest import FINANCE, INES, NORA, Answers

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def compared(qtbot: QtBot, nora: AccessTab) -> AccessTab:
    nora.compare_bar.compare_with(INES)
    qtbot.waitUntil(lambda: nora.map.is_comparing, timeout=20_000)
    return nora


def test_a_name_that_one_bears_is_enough(qtbot: QtBot, nora: AccessTab) -> None:
    QTest.mouseClick(nora.compare_button, Qt.MouseButton.LeftButton)
    assert nora.compare_bar.field.hasFocus()
    QTest.keyClicks(nora.compare_bar.field, "ines.costa")
    QTest.keyClick(nora.compare_bar.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: nora.map.is_comparing, timeout=20_000)
    assert nora.compare_bar.other == INES
    assert "ines.costa" in nora._summary.text()


def test_every_cell_says_in_words_how_the_two_differ(compared: AccessTab) -> None:
    model = compared.map
    kinds = set()
    for place in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(place, column)
            found, cell = model.difference(index), model.cell(index)
            if cell is None or found is None:
                continue
            kinds.add(found.kind)
            heard = str(index.data(Qt.ItemDataRole.AccessibleTextRole))
            assert "nora.lindqvist: " in heard
            assert "ines.costa: " in heard
            assert ("no difference" in heard) is (found.kind is Difference.SAME)
            if column:
                assert str(index.data()).endswith(f"({found.kind.value})")
    assert {Difference.LESS, Difference.PERHAPS} <= kinds


def test_services_that_only_the_other_can_use_are_there(compared: AccessTab) -> None:
    only_theirs = [row for row in compared.map.shown if row.is_empty]
    assert only_theirs
    for row in only_theirs:
        other = compared.map.other_row(row)
        assert other is not None
        assert not other.is_empty


def test_only_differences(qtbot: QtBot, nora: AccessTab, session: Session) -> None:
    nora.compare_bar.compare_with(NORA)
    qtbot.waitUntil(lambda: nora.map.is_comparing, timeout=20_000)
    every = len(nora.map.shown)
    nora.compare_bar.only.setChecked(True)
    left = nora.map.shown
    assert 0 < len(left) < every, "what hangs on resources or conditions may differ, the rest is the same"
    indexes = [nora.map.index(place, 0) for place in range(len(left))]
    assert {found.kind for at in indexes if (found := nora.map.difference(at)) is not None} == {Difference.PERHAPS}
    session.close()
    assert not nora.map.is_comparing


def test_escape_takes_the_other_away(compared: AccessTab) -> None:
    compared.compare_bar.only.setChecked(True)
    compared.compare_bar.field.setFocus()
    QTest.keyClick(compared.compare_bar.field, Qt.Key.Key_Escape)
    assert not compared.map.is_comparing
    assert not compared.compare_bar.isVisible()
    assert "ines" not in compared._summary.text()
    assert all(not row.is_empty for row in compared.map.shown)


def test_another_subject_is_compared_with_the_same(qtbot: QtBot, compared: AccessTab, session: Session) -> None:
    opened = session.snapshot
    assert opened is not None
    subject = opened.subject(FINANCE)
    assert subject is not None
    compared.show_subject(subject)
    qtbot.waitUntil(lambda: compared.map.map is not None, timeout=20_000)
    assert compared._summary.text().startswith("Finance can perform")
    assert "ines.costa" in compared._summary.text()


def test_the_line_above_the_list_names_the_difference(qtbot: QtBot, compared: AccessTab) -> None:
    place = compared.map.place_of("iam")
    assert place is not None
    compared.table.go_to(place, 1)
    qtbot.waitUntil(lambda: "ines.costa can perform" in compared._behind.full_text(), timeout=5_000)


def test_copying_and_csv_hold_both(qtbot: QtBot, compared: AccessTab, prompts: Answers, tmp_path: Path) -> None:
    compared.table.setFocus()
    QTest.keyClick(compared.table, Qt.Key.Key_C, CONTROL)
    assert " | " in QApplication.clipboard().text().splitlines()[1]
    prompts.save_to = tmp_path / "differences.csv"
    compared.export_map()
    qtbot.waitUntil(prompts.save_to.exists, timeout=10_000)
    rows = list(csv.DictReader(io.StringIO(prompts.save_to.read_text(encoding="utf-8-sig"))))
    assert {row["compared_with"] for row in rows} == {INES}


def test_without_a_map_nothing_is_compared(access: AccessTab) -> None:
    access.begin_comparing()
    assert not access.compare_bar.isVisible()


def test_shapes_differ_without_colour(qapp: QApplication) -> None:
    palette = QPalette(qapp.palette())
    pictures = {}
    for kind in Difference:
        image = QImage(24, 24, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        paint_sign(painter, QRectF(0, 0, 24, 24).center(), kind, palette)
        painter.end()
        grey = image.convertToFormat(QImage.Format.Format_Mono)
        pictures[kind] = bytes(grey.constBits())
    assert len(set(pictures.values())) == len(Difference)
