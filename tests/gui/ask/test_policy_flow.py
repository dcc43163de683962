"""The layers as gates in a row: the same rows, marks and words as the list, and files of them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult, PolicyTypeResult
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.ask.policy_flow_drawing import gates_of, least_gate_width, row_words
from iamdesk.gui.widgets.icons import Mark

from .conftest import ANA, PAYROLL, AskWindow, decision

ALLOWED, FORBIDDEN, SILENT = EvalDecision.ALLOWED, EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY


def layers(**outcomes: EvalDecision | None) -> tuple[PolicyTypeResult, ...]:
    return tuple(
        PolicyTypeResult(PolicyType[name], outcome, name, f"{name} says") for name, outcome in outcomes.items()
    )


def reached(answer: EvaluationResult) -> list[bool]:
    return [gate.is_reached for gate in gates_of(answer)]


def test_gates_bear_the_marks_and_words_of_the_list() -> None:
    answer = decision(
        SILENT, layers=layers(SCP=None, IDENTITY=SILENT, SESSION=ALLOWED, PERMISSIONS_BOUNDARY=EvalDecision.CONDITIONAL)
    )
    assert [gate.mark for gate in gates_of(answer)] == [None, Mark.IMPLICIT_DENY, Mark.ALLOWED, Mark.CONDITIONAL]
    assert [gate.result for gate in gates_of(answer)] == ["not applicable", "does not allow", "allows", "depends"]
    assert "IDENTITY: does not allow. IDENTITY says" in row_words(answer)


def test_what_is_left_out_says_so() -> None:
    request = replace(Request(ANA, "s3:GetObject", PAYROLL), without=frozenset({PolicyType.SCP}))
    answer = decision(request=request, layers=layers(SCP=FORBIDDEN, IDENTITY=ALLOWED))
    assert [(gate.result, gate.mark) for gate in gates_of(answer)] == [("left out", None), ("allows", Mark.ALLOWED)]


@pytest.mark.parametrize(
    ("decision_text", "outcomes", "blocked_by", "expected"),
    [
        (ALLOWED, {"RESOURCE": ALLOWED, "IDENTITY": SILENT, "SESSION": None}, (), [True, True, True]),
        (FORBIDDEN, {"SCP": FORBIDDEN, "IDENTITY": ALLOWED}, ("scp",), [True, False]),
        (FORBIDDEN, {"IDENTITY": FORBIDDEN, "SESSION": ALLOWED}, (), [True, False]),
        (SILENT, {"IDENTITY": ALLOWED, "PERMISSIONS_BOUNDARY": SILENT, "SESSION": ALLOWED},
         (PolicyType.PERMISSIONS_BOUNDARY.value,), [True, True, False]),
        (SILENT, {"RESOURCE": SILENT, "IDENTITY": ALLOWED, "PERMISSIONS_BOUNDARY": SILENT},
         (PolicyType.PERMISSIONS_BOUNDARY.value,), [True, True, True]),
        (SILENT, {"SCP": ALLOWED, "IDENTITY": EvalDecision.CONDITIONAL, "SESSION": None}, (), [True, True, False]),
        (EvalDecision.CONDITIONAL, {"IDENTITY": EvalDecision.CONDITIONAL, "SESSION": None}, (), [True, True]),
    ],
)  # fmt: skip
def test_the_line_breaks_behind_the_gate_that_stops(
    decision_text: EvalDecision,
    outcomes: dict[str, EvalDecision | None],
    blocked_by: tuple[str, ...],
    expected: list[bool],
) -> None:
    assert reached(decision(decision_text, layers=layers(**outcomes), blocked_by=blocked_by)) == expected


def test_they_are_made_when_wanted_and_follow_the_answer(ask_window: AskWindow) -> None:
    panel = ask_window.answer
    assert panel.gates is None
    ask_window.session.show_decision(decision())
    QTest.mouseClick(panel.draw_button, Qt.MouseButton.LeftButton)
    assert panel.gates is not None
    assert panel.gates.isVisible()
    assert [gate.title for gate in panel.gates.gates] == [line.title for line in decision().layers]
    ask_window.session.show_decision(decision(FORBIDDEN, layers=layers(SCP=FORBIDDEN)))
    assert [gate.mark for gate in panel.gates.gates] == [Mark.EXPLICIT_DENY]
    assert "SCP: denies." in panel.gates.accessibleDescription()
    QTest.mouseClick(panel.draw_button, Qt.MouseButton.LeftButton)
    assert not panel.gates.isVisible()
    assert not panel.export_button.isVisible()


def test_keys_walk_the_gates_leave_out_and_copy(qtbot: QtBot, ask_window: AskWindow) -> None:
    panel = ask_window.answer
    ask_window.session.show_decision(decision())
    panel.draw_diagram(True)
    gates = panel.gates
    assert gates is not None
    gates.setFocus()
    gates.setCurrentIndex(gates.model().index(0, 0))
    QTest.keyClick(gates, Qt.Key.Key_Right)
    assert gates.currentIndex().row() == 1
    QTest.keyClick(gates, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Identity policies\tallows\tpayroll-rw, statement 1 allows it"
    with qtbot.waitSignal(ask_window.session.request_asked) as asked:
        QTest.keyClick(gates, Qt.Key.Key_Space)
    assert asked.args is not None
    assert asked.args[0].without == frozenset({PolicyType.IDENTITY})


def test_the_picture_is_saved_as_svg_and_png(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window
    window.session.show_decision(decision())
    for suffix in (".svg", ".png"):
        path = tmp_path / f"layers{suffix}"
        monkeypatch.setattr(window.prompts, "file_to_save", lambda *_, path=path: path)
        window.menus.actions["actionExportLayers"].trigger()
        qtbot.waitUntil(path.exists, timeout=10_000)
    svg = (tmp_path / "layers.svg").read_bytes()
    assert QSvgRenderer(svg).isValid()
    assert b"Identity policies: allows." in svg, "the picture in words is its description"
    assert b"<path" in svg
    assert b"<image" not in svg, "marks are drawn, not pixels"
    image = QImage(str(tmp_path / "layers.png"))
    assert image.width() > image.height() > 100
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colours) > 5


def test_the_choice_comes_back(open_window: MainWindow) -> None:
    window = open_window
    assert window.settings.draws_diagram is False
    window.menus.actions["actionDrawLayers"].trigger()
    window.workspace.keep(window.settings)
    assert window.settings.draws_diagram is True


def test_all_gates_are_in_one_row(qtbot: QtBot, ask_window: AskWindow) -> None:
    panel = ask_window.answer
    ask_window.session.show_decision(decision(layers=layers(**dict.fromkeys(PolicyType.__members__, SILENT))))
    panel.draw_diagram(True)
    gates = panel.gates
    assert gates is not None

    def rects() -> list[QRect]:
        return [gates.visualRect(gates.model().index(row, 0)) for row in range(len(gates.gates))]

    for width in (2000, 700, 300):
        gates.setFixedWidth(width)
        qtbot.waitUntil(lambda width=width: gates.viewport().width() == width and gates.height() > 0)
        qtbot.waitUntil(lambda: len({one.top() for one in rects()}) == 1)
        assert gates.is_narrow is (width < 2000)
        shown = rects()
        assert all(one.width() >= int(least_gate_width(gates.font())) for one in shown)
        assert all(first.right() < second.left() for first, second in pairwise(shown))
        assert shown[0].bottom() <= gates.viewport().rect().bottom()
