"""Compound questions in the window: asked by plain words, answered part by part, each part opens."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListView, QPushButton, QToolButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.app.navigation_history import History
from iamdesk.gui.ask.parts_list import PartsModel
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult

from .conftest import ACCOUNT, NORA, PAYROLL, AskWindow
from .test_decision_panel import decision_text, row_with, texts
from .test_request_bar import ask_by_keys, evaluated, find, type_into

ELENA = f"{ACCOUNT}:user/engineering/elena.petrov"
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:report"
DEPLOY = f"{ACCOUNT}:role/GitHubActionsDeploy"
BUILD = UseCaseRequest(Request(ELENA, "create-function", FUNCTION))


def asked(qtbot: QtBot, window: AskWindow, question: UseCaseRequest) -> UseCaseResult:
    with qtbot.waitSignal(window.session.use_case_evaluated) as signal:
        window.session.evaluate_use_case(question)
    (answer,) = signal.args
    assert isinstance(answer, UseCaseResult)
    return answer


def test_a_need_is_found_by_plain_words_and_asked_by_enter(qtbot: QtBot, ask_window: AskWindow) -> None:
    field = type_into(ask_window, "askAction", "read object")
    assert isinstance(field, AutocompleteEdit)
    qtbot.waitUntil(lambda: bool(field.offered))
    assert (field.offered[0].value, field.offered[0].label) == ("read-object", "Read an object")
    with qtbot.waitSignal(ask_window.session.use_case_evaluated):
        ask_by_keys(ask_window, "nora.lindqvist", "read-object", PAYROLL)

    assert decision_text(ask_window) == "Depends on aws:SourceIp and aws:MultiFactorAuthPresent"
    assert find(ask_window, QLabel, "verdictSentence").text().startswith("Whether nora.lindqvist can read an object")
    assert [text.partition(".")[0] for text in texts(find(ask_window, QListView, "needParts"))] == [
        "s3:GetObject: depends on aws:SourceIp and aws:MultiFactorAuthPresent",
        "kms:Decrypt: not evaluated",
    ]


def test_resources_are_suggested_for_what_the_need_is_about(qtbot: QtBot, ask_window: AskWindow) -> None:
    find(ask_window, QLineEdit, "askAction").setText("read-object")
    field = type_into(ask_window, "askResource", "payroll")
    assert isinstance(field, AutocompleteEdit)
    qtbot.waitUntil(lambda: bool(field.offered))
    assert any("acme-payroll" in one.value for one in field.offered)


def test_a_part_opens_to_its_whole_answer_and_back_leads_to_all(qtbot: QtBot, ask_window: AskWindow) -> None:
    answer = asked(qtbot, ask_window, BUILD)
    view = find(ask_window, QListView, "needParts")
    place = view.visualRect(view.model().index(0, 0)).center()
    with qtbot.waitSignal(ask_window.session.evaluated, check_params_cb=lambda found: found is not None):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))

    assert ask_window.session.decision is answer.parts[0].decision
    assert find(ask_window, QLineEdit, "askAction").text() == "lambda:CreateFunction"
    back = find(ask_window, LinkButton, "backToNeed")
    assert back.isVisible()
    with qtbot.waitSignal(ask_window.session.use_case_evaluated):
        QTest.keyClick(back, Qt.Key.Key_Return)
    assert not back.isVisible()
    assert find(ask_window, QLineEdit, "askAction").text() == "create-function"


def test_another_question_has_no_way_back(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, BUILD)
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))

    assert not find(ask_window, LinkButton, "backToNeed").isVisible()


def test_what_else_it_works_on_is_named_in_a_field_and_asked_again(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, BUILD)
    assert decision_text(ask_window) == "Depends on the role that is passed"
    field = find(ask_window, QLineEdit, "needInput-role")
    field.setFocus()
    QTest.keyClicks(field, DEPLOY)
    with qtbot.waitSignal(ask_window.session.use_case_evaluated):
        QTest.keyClick(field, Qt.Key.Key_Return)

    assert decision_text(ask_window) == "Denied · not every action is allowed"
    assert field.text() == DEPLOY
    assert "iam:PassRole: denied" in texts(find(ask_window, QListView, "needParts"))[1]


def test_enter_on_a_part_that_waits_goes_to_its_field(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, BUILD)
    view = find(ask_window, QListView, "needParts")
    view.setFocus()
    assert view.currentIndex().row() == 0
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)

    assert find(ask_window, QLineEdit, "needInput-role").hasFocus()


def test_asking_again_keeps_what_was_named(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, UseCaseRequest(BUILD.request, {"role": DEPLOY}))
    with qtbot.waitSignal(ask_window.session.use_case_evaluated) as again:
        QTest.mouseClick(find(ask_window, QPushButton, "askButton"), Qt.MouseButton.LeftButton)

    assert again.args[0].request.inputs == {"role": DEPLOY}


def test_another_need_has_other_fields(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, BUILD)
    asked(qtbot, ask_window, UseCaseRequest(Request(NORA, "read-object", PAYROLL)))

    assert list(ask_window.answer.use_case.inputs) == ["key"]
    asked(
        qtbot,
        ask_window,
        UseCaseRequest(Request(ELENA, "pull-image", "arn:aws:ecr:eu-west-1:111122223333:repository/a")),
    )
    assert ask_window.answer.use_case.inputs == {}


def test_a_call_that_hands_a_role_over_says_so_and_one_click_asks_all(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(ELENA, "ec2:RunInstances", "*"))
    qtbot.waitUntil(lambda: ask_window.answer.notes.findChild(QPushButton, "askAlsoNeeded") is not None)
    notes = [label.text() for label in ask_window.answer.notes.findChildren(QLabel)]
    assert any(
        text.startswith("Also needs iam:PassRole on the role that is passed to ec2.amazonaws.com.") for text in notes
    )
    button = ask_window.answer.notes.findChildren(QPushButton, "askAlsoNeeded")[-1]
    with qtbot.waitSignal(ask_window.session.use_case_evaluated):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    view = find(ask_window, QListView, "needParts")
    assert row_with(view, "iam:PassRole: not evaluated") == 1
    assert "role" in ask_window.answer.use_case.inputs
    assert decision_text(ask_window) == "Allowed"


def test_a_need_that_cannot_be_asked_says_why(qtbot: QtBot, ask_window: AskWindow) -> None:
    with qtbot.waitSignal(ask_window.session.request_failed) as failed:
        ask_window.session.evaluate_use_case(UseCaseRequest(BUILD.request, {"role": "deploy"}))

    assert [label.text() for label in ask_window.answer.findChildren(QLabel) if label.isVisible()] == [
        f"No result. {failed.args[0]}"
    ]


def test_the_answer_is_copied_with_its_command(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, UseCaseRequest(BUILD.request, {"role": DEPLOY}))
    with qtbot.waitSignal(ask_window.session.announced):
        QTest.mouseClick(find(ask_window, QToolButton, "copyAnswer"), Qt.MouseButton.LeftButton)

    text = QApplication.clipboard().text()
    assert text.startswith("Denied · not every action is allowed\n")
    assert text.endswith(f"--use-case create-function --resource {FUNCTION} --on role={DEPLOY}\n")
    ask_window.answer.copy_command()
    assert QApplication.clipboard().text().startswith("iamdesk can ")


def test_the_window_forgets_the_single_answer_while_it_shows_a_compound_one(
    qtbot: QtBot, ask_window: AskWindow
) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    with qtbot.waitSignals([ask_window.session.evaluated, ask_window.session.use_case_evaluated]):
        ask_window.session.evaluate_use_case(BUILD)

    assert ask_window.session.decision is None
    assert ask_window.session.use_case is not None
    ask_window.session.clear_result()
    assert ask_window.session.use_case is None
    assert not find(ask_window, QListView, "needParts").isVisible()


def test_back_in_history_asks_the_compound_question_again(qtbot: QtBot, ask_window: AskWindow) -> None:
    history = History(ask_window.session)
    asked(qtbot, ask_window, BUILD)
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    with qtbot.waitSignal(ask_window.session.use_case_evaluated) as again:
        history.back()

    assert again.args[0].request.request.action == "create-function"


def test_context_is_part_of_a_compound_question(qtbot: QtBot, ask_window: AskWindow) -> None:
    context = {"aws:SourceIp": "203.0.113.7", "aws:MultiFactorAuthPresent": "true"}
    answer = asked(qtbot, ask_window, UseCaseRequest(Request(NORA, "read-object", PAYROLL, context)))

    assert answer.decision == "allowed"
    assert ask_window.bar.context_button.text() == "Context 2"


def test_parts_tell_themselves_to_assistive_tools(
    qtbot: QtBot, ask_window: AskWindow, qtmodeltester: ModelTester
) -> None:
    answer = asked(qtbot, ask_window, BUILD)
    model = PartsModel()
    model.fill(answer)
    qtmodeltester.check(model)
    index = model.index(1)

    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == (
        "iam:PassRole: not evaluated. Not provided: the role that is passed (role)."
    )
    assert index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "Part 2 of 2"


@pytest.mark.parametrize("dark", [False, True])
def test_a_compound_answer_is_painted_in_both_palettes(qtbot: QtBot, ask_window: AskWindow, dark: bool) -> None:
    asked(qtbot, ask_window, BUILD)
    ask_window.window.setPalette(palette_for(dark))
    picture = ask_window.answer.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)
    }

    assert len(colours) > 10


def test_a_row_is_copied_as_text(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked(qtbot, ask_window, BUILD)
    view = find(ask_window, QListView, "needParts")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    assert QApplication.clipboard().text() == f"lambda:CreateFunction\tallowed\ton {FUNCTION}"


def test_the_shown_part_is_the_one_that_was_answered(qtbot: QtBot, ask_window: AskWindow) -> None:
    answer = asked(qtbot, ask_window, BUILD)
    part = answer.parts[0].decision
    assert isinstance(part, EvaluationResult)
    ask_window.session.show_decision(part)

    assert find(ask_window, QLabel, "verdictSentence").text() == part.sentence


def test_services_that_take_roles_are_offered_for_iam_passedtoservice(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(ELENA, "iam:PassRole", DEPLOY))
    panel = ask_window.bar.context
    panel._new_key.setText("iam:PassedToService")
    panel.add_key()
    row = next(row for row in panel.model.rows if row.key == "iam:PassedToService")

    assert {"ec2.amazonaws.com", "ecs-tasks.amazonaws.com"} <= set(row.suggestions)


def test_who_else_takes_no_use_case(qtbot: QtBot, ask_window: AskWindow) -> None:
    """The message makes the panel narrower in a moment when its page just fits: it has to find a size."""
    asked(qtbot, ask_window, UseCaseRequest(Request(NORA, "read-object", PAYROLL)))
    ask_window.bar.ask_who_else()

    qtbot.waitUntil(lambda: "s3:GetObject" in ask_window.bar.message.text)
    assert ask_window.bar.action.text() != "s3:GetObject"
