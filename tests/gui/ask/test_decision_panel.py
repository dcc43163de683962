"""The answer panel: over the real sample account end to end, and over answers made by hand for the rare states."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListView, QPushButton, QToolButton, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain import messages
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementExplanation, StatementRole
from iamdesk.gui.ask import decision_notes
from iamdesk.gui.ask.decision_card import DecisionCard
from iamdesk.gui.ask.policy_type_list import PolicyTypeModel
from iamdesk.gui.ask.statement_list import StatementModel
from iamdesk.gui.core.theme import colour, palette_for
from iamdesk.gui.widgets.icons import MARK_COLOURS, Mark
from iamdesk.use_cases.types import UseCaseRequest

from .conftest import ACCOUNT, ANA, NORA, PAYROLL, AskWindow, assumption, decision, statement
from .test_request_bar import ask_by_keys, evaluated, find


def decision_text(window: AskWindow) -> str:
    return find(window, QLabel, "verdict").text()


def texts(view: QListView) -> list[str]:
    model = view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def row_with(view: QListView, text: str) -> int:
    return next(row for row, shown in enumerate(texts(view)) if text in shown)


def show(window: AskWindow, made: EvaluationResult) -> None:
    window.session.show_decision(made)


@pytest.mark.parametrize(
    ("principal", "action", "resource", "begins"),
    [
        ("nora.lindqvist", "s3:GetObject", PAYROLL, "Depends on aws:SourceIp"),
        ("ana.moreno", "s3:DeleteObject", PAYROLL, "Denied · implicit deny"),
        (f"{ACCOUNT}:root", "iam:ListUsers", "*", "Allowed"),
    ],
)
def test_a_question_typed_is_answered_in_words(
    qtbot: QtBot, ask_window: AskWindow, principal: str, action: str, resource: str, begins: str
) -> None:
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_by_keys(ask_window, principal, action, resource)
    assert decision_text(ask_window).startswith(begins)
    assert ask_window.session.decision is not None
    assert find(ask_window, QLabel, "verdictSentence").text() == ask_window.session.decision.sentence
    assert find(ask_window, QLabel, "answerScope").text() == "In acme-prod.json"


def test_a_click_on_a_statement_shows_it_in_its_policy(qtbot: QtBot, ask_window: AskWindow) -> None:
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_by_keys(ask_window, "nora.lindqvist", "s3:GetObject", PAYROLL)
    view = find(ask_window, QListView, "statementList")
    assert texts(view)[0] == "Depends on context (2)"
    place = view.visualRect(view.model().index(row_with(view, "RequireMfa"), 0)).center()
    with qtbot.waitSignal(ask_window.session.statement_shown) as shown:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    (line,) = shown.args
    assert isinstance(line, StatementExplanation)
    assert (line.policy_key, line.index) == (f"{ACCOUNT}:policy/RequireMfa", 0)
    span = line.span
    assert span is not None
    assert '"DenyAllExceptListedIfNoMFA"' in "\n".join(
        line.document.text.text.split("\n")[span.start_line - 1 : span.end_line]
    )


def test_the_keyboard_walks_statements_and_enter_shows_one(qtbot: QtBot, ask_window: AskWindow) -> None:
    show(ask_window, decision())
    view = find(ask_window, QListView, "statementList")
    view.setFocus()
    assert view.currentIndex().row() == 1
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 3
    with qtbot.waitSignal(ask_window.session.statement_shown, check_params_cb=lambda line: line.index == 1):
        QTest.keyClick(view, Qt.Key.Key_Return)


def test_statements_stand_in_groups_with_their_counts(ask_window: AskWindow) -> None:
    parts = (
        StatementRole.DECIDES,
        StatementRole.DECIDES,
        StatementRole.TOOK_PART,
        StatementRole.DEPENDS,
        StatementRole.NEAR_MISS,
    )
    show(ask_window, decision(statements=tuple(statement(part, sentence=part.value) for part in parts)))
    assert [text for text in texts(ask_window.answer.statements) if text.endswith(")")] == [
        "Deciding (2)",
        "Contributing (1)",
        "Depends on context (1)",
        "Near misses (1)",
    ]


def test_a_statement_tells_its_effect_source_and_place_to_assistive_tools(ask_window: AskWindow) -> None:
    show(ask_window, decision())
    index = ask_window.answer.statements.model().index(1, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == (
        "Allow, payroll-rw, statement 1 (ReadOnly), inline policy of group finance. Allows s3:GetObject on *."
    )
    assert index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "Deciding, 1 of 1"


def test_a_layer_is_left_out_by_its_box_and_the_verdict_says_so(qtbot: QtBot, ask_window: AskWindow) -> None:
    elena = f"{ACCOUNT}:user/engineering/elena.petrov"
    before = evaluated(qtbot, ask_window, Request(elena, "iam:CreateUser", f"{ACCOUNT}:user/x"))
    assert before.blocked_by == ("permissions-boundary",)
    assert decision_text(ask_window).startswith("Denied")
    view = find(ask_window, QListView, "layerList")
    row = row_with(view, "Permissions boundary")
    view.setFocus()
    view.setCurrentIndex(view.model().index(row, 0))
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert decision_text(ask_window) == "Allowed (without the permissions boundary)"
    assert view.model().index(row, 0).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    box = view.visualRect(view.model().index(row, 0)).topLeft() + QPoint(12, 11)
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert decision_text(ask_window).startswith("Denied")
    assert view.currentIndex().row() == row


def test_a_click_beside_the_box_only_selects(qtbot: QtBot, ask_window: AskWindow) -> None:
    show(ask_window, decision())
    view = find(ask_window, QListView, "layerList")
    place = view.visualRect(view.model().index(1, 0)).center()
    with qtbot.assertNotEmitted(ask_window.session.request_asked):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert view.currentIndex().row() == 1


def test_a_layer_that_is_not_in_play_has_no_box(ask_window: AskWindow) -> None:
    show(ask_window, decision())
    model = ask_window.answer.policy_types.rows
    assert model.index(0).data(Qt.ItemDataRole.CheckStateRole) is None
    assert model.decision_words(0) == "not applicable"
    assert not model.setData(model.index(0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)


def test_what_would_allow_it_is_filled_in_by_one_button(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL, context={"aws:UserAgent": "curl"}))
    button = ask_window.answer.notes.findChildren(QPushButton, "askWithCondition")[0]
    assert "aws:MultiFactorAuthPresent is true" in button.accessibleName()
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert decision_text(ask_window) == "Allowed"
    assert ask_window.session.request is not None
    assert ask_window.session.request.context == {
        "aws:UserAgent": "curl",
        "aws:SourceIp": "203.0.113.1",
        "aws:MultiFactorAuthPresent": "true",
    }
    assert ask_window.bar.context_button.text() == "Context 3"


def test_many_notes_open_on_a_button(ask_window: AskWindow) -> None:
    show(ask_window, decision(assumptions=tuple(assumption(f"note {number}") for number in range(5))))
    notes = ask_window.answer.notes

    def shown() -> list[str]:
        return [label.text() for label in notes.findChildren(QLabel) if label.text().startswith("note")]

    visible = [label for label in notes.findChildren(QLabel) if label.isVisible() and label.text().startswith("note")]
    assert len(visible) == 3
    (more,) = [one for one in notes.findChildren(QPushButton) if one.text() == "Show 2 more assumptions"]
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    assert set(shown()) == {f"note {number}" for number in range(5)}


def test_the_answer_is_copied_with_its_statements_and_the_command(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    with qtbot.waitSignal(ask_window.session.announced):
        QTest.mouseClick(find(ask_window, QToolButton, "copyAnswer"), Qt.MouseButton.LeftButton)
    text = QApplication.clipboard().text()
    assert text.startswith("Depends on aws:SourceIp")
    assert "RequireMfa, statement 1 (DenyAllExceptListedIfNoMFA)" in text
    assert "\niamdesk can " in text
    ask_window.answer.copy_command()
    assert QApplication.clipboard().text().startswith("iamdesk can ")
    assert {"actionCopyAnswer", "actionForgetAnswer"} <= set(ask_window.answer.commands())


def test_an_older_answer_greys_out_while_a_new_one_takes_long(
    qtbot: QtBot, ask_window: AskWindow, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    may_answer = threading.Event()
    real = sample.ask

    def slow(request: Request) -> EvaluationResult:
        assert may_answer.wait(10)
        return real(request)

    monkeypatch.setattr(sample, "ask", slow)
    ask_window.session.ask(Request(ANA, "s3:GetObject", PAYROLL))
    assert not ask_window.answer.is_stale
    qtbot.waitUntil(lambda: ask_window.answer.is_stale)
    with qtbot.waitSignal(ask_window.session.evaluated):
        may_answer.set()
    assert not ask_window.answer.is_stale
    assert "ana.moreno" in find(ask_window, QLabel, "verdictSentence").text()


def test_a_stale_result_is_grey_all_over_after_the_panel_grew(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    ask_window.window.resize(1600, 1000)
    panel = ask_window.answer
    panel._veil.cover()
    ask_window.window.resize(1900, 1200)
    qtbot.waitUntil(lambda: panel._veil.size() == panel._body.size())
    assert panel._veil.width() > 1


def test_a_quick_answer_never_greys(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    evaluated(qtbot, ask_window, Request(ANA, "s3:GetObject", PAYROLL))
    assert not ask_window.answer._slow.isActive()
    assert not ask_window.answer.is_stale


def test_a_question_that_cannot_be_asked_leaves_no_old_answer(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    with qtbot.waitSignal(ask_window.session.request_failed) as failed:
        ask_window.session.ask(Request(f"{ACCOUNT}:user/nobody", "s3:GetObject", PAYROLL))
    shown = [label.text() for label in ask_window.answer.findChildren(QLabel) if label.isVisible()]
    assert shown == [f"No result. {failed.args[0]}"]
    assert ask_window.answer.statements.model().rowCount() == 0


def test_an_empty_panel_says_what_would_fill_it(empty_window: AskWindow, sample: SnapshotSession) -> None:
    def said() -> str:
        return " ".join(label.text() for label in empty_window.answer.findChildren(QLabel) if label.isVisible())

    assert "Open a snapshot" in said()
    empty_window.session.open(sample)
    assert "Fill in the request bar" in said()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("state", list(EvalDecision))
def test_each_verdict_is_painted_in_its_colour_in_both_palettes(
    ask_window: AskWindow, state: EvalDecision, dark: bool
) -> None:
    palette = palette_for(dark)
    ask_window.window.setPalette(palette)
    show(ask_window, decision(state))
    label = find(ask_window, QLabel, "verdict")
    image = label.grab().toImage()
    wanted = colour(MARK_COLOURS[Mark(state)], palette).rgb()
    seen = {image.pixel(x, y) for x in range(image.width()) for y in range(0, image.height(), 2)}
    assert wanted in seen


def test_a_changed_palette_recolours_the_verdict(ask_window: AskWindow) -> None:
    show(ask_window, decision())
    label = find(ask_window, QLabel, "verdict")
    for dark in (True, False):
        palette = palette_for(dark)
        ask_window.window.setPalette(palette)
        assert label.palette().windowText().color() == colour(MARK_COLOURS[Mark.ALLOWED], palette)


def test_hostile_names_are_painted_as_text_and_widen_nothing(ask_window: AskWindow) -> None:
    name = "<img src='/etc/x.png'>\u202e" + "a" * 500
    show(
        ask_window,
        decision(sentence=name, statements=(statement(StatementRole.DECIDES, policy_name=name, sentence=name),)),
    )
    assert "\\u202e" in find(ask_window, QLabel, "verdictSentence").text()
    assert "\u202e" not in texts(ask_window.answer.statements)[1]
    assert "<img" in ask_window.answer.statements.model().index(1, 0).data(Qt.ItemDataRole.DisplayRole)
    assert ask_window.answer.minimumSizeHint().width() < 500


@pytest.mark.parametrize("width", [260, 420, 900])
def test_the_panel_paints_at_any_width(ask_window: AskWindow, width: int) -> None:
    show(ask_window, decision())
    ask_window.answer.setFixedWidth(width)
    image = ask_window.answer.grab().toImage()
    assert image.width() == width
    view = ask_window.answer.statements
    for row in range(view.model().rowCount()):
        assert view.visualRect(view.model().index(row, 0)).width() <= view.viewport().width()


def test_rows_are_copied_as_tsv(ask_window: AskWindow) -> None:
    show(ask_window, decision())
    for view, row, copied in (
        (ask_window.answer.statements, 1, "Allow\tpayroll-rw, statement 1 (ReadOnly)\tinline policy of group finance"),
        (ask_window.answer.policy_types, 1, "Identity policies\tallows\tpayroll-rw, statement 1 allows it"),
    ):
        view.setFocus()
        view.setCurrentIndex(view.model().index(row, 0))
        QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.clipboard().text().startswith(copied)


def test_the_models_are_sound(qtmodeltester: ModelTester) -> None:
    layers, statements = PolicyTypeModel(), StatementModel()
    made = decision()
    layers.fill(made)
    statements.fill(made)
    qtmodeltester.check(layers)
    qtmodeltester.check(statements)
    layers.fill(replace(made, request=replace(made.request, without=frozenset({PolicyType.IDENTITY}))))
    statements.fill(None)


def test_everything_that_takes_the_keyboard_has_a_name(ask_window: AskWindow) -> None:
    show(ask_window, decision(EvalDecision.CONDITIONAL, conditions=({"aws:SourceIp": "203.0.113.7"},)))
    for widget in ask_window.answer.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget


def test_an_answer_is_greyed_out_while_the_question_is_another(qtbot: QtBot, ask_window: AskWindow) -> None:
    bar, panel, session = ask_window.bar, ask_window.answer, ask_window.session
    bar.edited.connect(panel.hold_for)
    bar.resource.setText("arn:aws:s3:::acme-home")
    assert not panel.is_stale, "there is no answer to grey out"
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    assert not panel.is_stale
    bar.resource.setText(f"{PAYROLL}x")
    assert panel.is_stale
    assert "the request has changed" in panel._body.accessibleDescription()
    bar.resource.setText(PAYROLL)
    assert not panel.is_stale
    assert panel._body.accessibleDescription() == ""
    bar.action.setText("s3:PutObject")
    assert panel.is_stale
    with qtbot.waitSignal(session.evaluated, timeout=20_000):
        bar.ask()
    assert not panel.is_stale


def test_a_compound_answer_is_greyed_out_too(qtbot: QtBot, ask_window: AskWindow) -> None:
    bar, panel, session = ask_window.bar, ask_window.answer, ask_window.session
    bar.edited.connect(panel.hold_for)
    with qtbot.waitSignal(session.use_case_evaluated, timeout=20_000):
        session.evaluate_use_case(UseCaseRequest(Request(NORA, "read-object", PAYROLL)))
    assert not panel.is_stale
    bar.resource.setText("arn:aws:s3:::other/x")
    assert panel.is_stale
    bar.resource.setText(PAYROLL)
    assert not panel.is_stale


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_the_edge_of_the_card_stands_where_lines_begin(qtbot: QtBot, direction: Qt.LayoutDirection) -> None:
    card = DecisionCard()
    qtbot.addWidget(card)
    card.setLayoutDirection(direction)
    card.show_words(Mark.ALLOWED, "Allowed", "ana may do it.", "", "")
    card.resize(300, 100)
    image = card.grab().toImage()
    sides = [image.pixelColor(x, image.height() // 2) for x in (2, image.width() - 3)]
    edge = colour(MARK_COLOURS[Mark.ALLOWED], card.palette())
    is_mirrored = direction is Qt.LayoutDirection.RightToLeft
    assert [side == edge for side in sides] == [not is_mirrored, is_mirrored]


@pytest.mark.parametrize(("word", "rule"), sorted(decision_notes._REFUSALS.items()))
def test_what_aws_refuses_whatever_policies_say_opens_its_rule(ask_window: AskWindow, word: str, rule: str) -> None:
    asked: list[str] = []
    notes = ask_window.answer.notes
    notes.rule_asked.connect(asked.append)
    show(ask_window, decision(decision_text=EvalDecision.IMPLICIT_DENY, blocked_by=(word,)))
    (button,) = notes.findChildren(QPushButton, "openRule")
    button.click()
    assert (button.text(), asked) == (f"Why? Rule {rule}", [rule])


def test_every_refusal_has_its_rule() -> None:
    assert set(decision_notes._REFUSALS) == set(messages.REFUSALS)
