"""The question bar over the real sample account, by keyboard and mouse."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request, SessionPolicy
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.gui.ask.context_editor import ValueEditor
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.widgets.completing_field import AutocompleteEdit

from .conftest import ACCOUNT, ANA, NORA, PAYROLL, AskWindow

NARROW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}


def find[W: QWidget](window: AskWindow, kind: type[W], name: str) -> W:
    found = window.window.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def type_into(window: AskWindow, name: str, text: str) -> QLineEdit:
    field = find(window, QLineEdit, name)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def ask_by_keys(window: AskWindow, principal: str, action: str, resource: str) -> None:
    type_into(window, "askPrincipal", principal)
    type_into(window, "askAction", action)
    field = type_into(window, "askResource", resource)
    QTest.keyClick(field, Qt.Key.Key_Return)


def evaluated(qtbot: QtBot, window: AskWindow, request: Request) -> EvaluationResult:
    with qtbot.waitSignal(window.session.evaluated):
        window.session.ask(request)
    assert window.session.decision is not None
    return window.session.decision


def test_the_names_of_the_window_are_those_that_scripts_hold_on_to(ask_window: AskWindow) -> None:
    for kind, name in (
        (QLineEdit, "askPrincipal"),
        (QLineEdit, "askAction"),
        (QLineEdit, "askResource"),
        (QWidget, "askContext"),
        (QPushButton, "askButton"),
    ):
        assert ask_window.bar.findChild(kind, name) is not None, name


@pytest.mark.parametrize("last", ["askPrincipal", "askAction", "askResource"])
def test_enter_asks_from_any_field(qtbot: QtBot, ask_window: AskWindow, last: str) -> None:
    for name, text in (("askPrincipal", ANA), ("askAction", "s3:DeleteObject"), ("askResource", PAYROLL)):
        type_into(ask_window, name, text)
    field = find(ask_window, QLineEdit, last)
    field.setFocus()
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert ask_window.session.request == Request(ANA, "s3:DeleteObject", PAYROLL)


def test_a_name_is_enough_for_a_principal(qtbot: QtBot, ask_window: AskWindow) -> None:
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_by_keys(ask_window, "nora.lindqvist", "s3:GetObject", PAYROLL)
    assert ask_window.session.request == Request(NORA, "s3:GetObject", PAYROLL)
    assert find(ask_window, QLineEdit, "askPrincipal").text() == NORA


@pytest.mark.parametrize(
    ("action", "resource", "asked"),
    [
        ("delete object", "payroll", ("s3:DeleteObject", "arn:aws:s3:::acme-payroll/*")),
        ("pass role", "reporting", ("iam:PassRole", f"{ACCOUNT}:role/service/reporting")),
        ("s3:GetObject", PAYROLL, ("s3:GetObject", PAYROLL)),
    ],
)
def test_names_are_enough_for_action_and_resource(
    qtbot: QtBot, ask_window: AskWindow, action: str, resource: str, asked: tuple[str, str]
) -> None:
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_by_keys(ask_window, NORA, action, resource)
    assert ask_window.session.request == Request(NORA, *asked)


def test_of_several_names_one_is_chosen_from_the_list(qtbot: QtBot, ask_window: AskWindow) -> None:
    ask_by_keys(ask_window, NORA, "object tag", PAYROLL)
    qtbot.waitUntil(lambda: ask_window.bar.message.text.startswith("object tag can mean several things"))
    field = find(ask_window, AutocompleteEdit, "askAction")
    qtbot.waitUntil(lambda: field.popup is not None)
    assert ask_window.session.request is None


def test_nobody_of_that_name_is_said_under_the_question_without_a_box(qtbot: QtBot, ask_window: AskWindow) -> None:
    with qtbot.waitSignal(ask_window.session.request_failed) as failed:
        ask_by_keys(ask_window, "nobody-at-all", "s3:GetObject", PAYROLL)
    assert failed.args == [ask_window.bar.message.text, False]
    assert ask_window.bar.message.isVisible()
    assert ask_window.bar.message.text


@pytest.mark.parametrize(
    ("texts", "cursor"),
    [
        (("", "", PAYROLL), "askPrincipal"),
        ((ANA, "", PAYROLL), "askAction"),
        ((ANA, "s3:GetObject", ""), "askResource"),
        ((ANA, "s3:GetObject", "arn:aws:s3:::${BucketName}/x"), "askResource"),
    ],
)
def test_an_open_field_gets_the_cursor_instead_of_an_answer(
    qtbot: QtBot, ask_window: AskWindow, texts: tuple[str, str, str], cursor: str
) -> None:
    for name, text in zip(("askPrincipal", "askAction", "askResource"), texts, strict=True):
        find(ask_window, QLineEdit, name).setText(text)
    with qtbot.assertNotEmitted(ask_window.session.request_asked):
        QTest.mouseClick(find(ask_window, QPushButton, "askButton"), Qt.MouseButton.LeftButton)
    assert find(ask_window, QLineEdit, cursor).hasFocus()
    assert ask_window.bar.message.isVisible()


def test_suggestions_come_best_first_from_the_snapshot(qtbot: QtBot, ask_window: AskWindow) -> None:
    field = type_into(ask_window, "askAction", "s3:getob")
    assert isinstance(field, AutocompleteEdit)
    qtbot.waitUntil(lambda: bool(field.offered))
    assert field.offered[0].value == "s3:GetObject"
    assert field.offered[0].detail.startswith("Read")
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "s3:GetObject"


def test_a_template_is_filled_in_part_by_part_and_asked(qtbot: QtBot, ask_window: AskWindow) -> None:
    find(ask_window, QLineEdit, "askPrincipal").setText(ANA)
    find(ask_window, QLineEdit, "askAction").setText("s3:GetObject")
    field = type_into(ask_window, "askResource", "object arn")
    assert isinstance(field, AutocompleteEdit)
    qtbot.waitUntil(lambda: any(row.value == "arn:aws:s3:::${BucketName}/${ObjectName}" for row in field.offered))
    place = [row.value for row in field.offered].index("arn:aws:s3:::${BucketName}/${ObjectName}")
    for _ in range(place + 1):
        QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClicks(field, "acme-payroll")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    QTest.keyClicks(field, "2026/09.csv")
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert ask_window.session.request == Request(ANA, "s3:GetObject", PAYROLL)


def test_an_action_without_a_resource_shows_a_star_and_another_clears_it(qtbot: QtBot, ask_window: AskWindow) -> None:
    resource = find(ask_window, QLineEdit, "askResource")
    action = type_into(ask_window, "askAction", "s3:ListAllMyBuckets")
    QTest.keyClick(action, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: resource.text() == "*")
    action = type_into(ask_window, "askAction", "s3:GetObject")
    QTest.keyClick(action, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: resource.text() == "")


def test_a_star_that_was_typed_stays(qtbot: QtBot, ask_window: AskWindow) -> None:
    resource = type_into(ask_window, "askResource", "*")
    for action in ("s3:ListAllMyBuckets", "s3:GetObject"):
        field = type_into(ask_window, "askAction", action)
        QTest.keyClick(field, Qt.Key.Key_Tab)
        qtbot.waitUntil(lambda: not ask_window.session._jobs.running)
    assert resource.text() == "*"


def test_answers_appear_as_one_clicks_through_principals(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(ANA, "s3:GetObject", PAYROLL))
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_window.session.select(NORA)
    assert ask_window.session.request == Request(NORA, "s3:GetObject", PAYROLL)


def test_a_selected_policy_or_group_leaves_the_question_alone(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(ANA, "s3:GetObject", PAYROLL))
    with qtbot.assertNotEmitted(ask_window.session.request_asked):
        ask_window.session.select(f"{ACCOUNT}:policy/RegionLock")
        ask_window.session.select(f"{ACCOUNT}:group/engineering/Engineers")
    assert ask_window.bar.principal.text() == ANA


def test_a_principal_alone_is_taken_but_nothing_is_asked(qtbot: QtBot, ask_window: AskWindow) -> None:
    with qtbot.assertNotEmitted(ask_window.session.request_asked):
        ask_window.session.select(NORA)
    assert ask_window.bar.principal.text() == NORA


def test_the_bar_shows_every_question_of_the_window_and_keeps_its_rest(qtbot: QtBot, ask_window: AskWindow) -> None:
    whole = Request(
        NORA,
        "s3:GetObject",
        PAYROLL,
        context={"aws:SourceIp": "203.0.113.7"},
        resource_account="111122223333",
        session_policies=(SessionPolicy("narrow", NARROW),),
        unknown_context=MissingContextMode.ABSENT,
        without=frozenset({PolicyType.SCP}),
    )
    evaluated(qtbot, ask_window, whole)
    assert ask_window.bar.request() == whole
    assert ask_window.bar.context_button.text() == "Context 1"
    assert "1 condition key provided" in ask_window.bar.context_button.accessibleName()


def test_what_belongs_to_one_resource_or_principal_goes_with_it(qtbot: QtBot, ask_window: AskWindow) -> None:
    narrow = (SessionPolicy("narrow", NARROW),)
    request = Request(NORA, "s3:GetObject", PAYROLL, resource_account="111122223333", session_policies=narrow)
    evaluated(qtbot, ask_window, request)
    type_into(ask_window, "askResource", "arn:aws:s3:::other/x")
    assert ask_window.bar.request().resource_account is None
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_window.session.select(ANA)
    assert ask_window.bar.request().session_policies is None


def test_a_draft_fills_what_it_names_and_goes_to_the_first_open_field(ask_window: AskWindow) -> None:
    ask_window.session.draft(action="s3:GetObject", resource=PAYROLL)
    assert (ask_window.bar.principal.text(), ask_window.bar.action.text()) == ("", "s3:GetObject")
    assert ask_window.bar.principal.hasFocus()


def test_the_context_opens_below_and_a_value_answers_again_at_once(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked = evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL))
    assert asked.decision is EvalDecision.CONDITIONAL
    QTest.mouseClick(find(ask_window, QWidget, "askContext"), Qt.MouseButton.LeftButton)
    table = ask_window.bar.context.table
    assert table.isVisible()
    assert [row.key for row in ask_window.bar.context.model.rows][:2] == ["aws:SourceIp", "aws:MultiFactorAuthPresent"]
    for place, value in ((0, "203.0.113.7"), (1, "true")):
        table.setCurrentIndex(table.model().index(place, 0))
        QTest.keyClick(table, Qt.Key.Key_Return)
        (editor,) = [one for one in table.findChildren(ValueEditor) if one.isVisible()]
        QTest.keyClicks(editor, value)
        with qtbot.waitSignal(ask_window.session.evaluated):
            QTest.keyClick(editor, Qt.Key.Key_Return)
    assert ask_window.session.decision is not None
    assert ask_window.session.decision.decision is EvalDecision.ALLOWED
    assert ask_window.bar.context_button.text() == "Context 2"


def test_closing_the_snapshot_empties_the_question(qtbot: QtBot, ask_window: AskWindow) -> None:
    evaluated(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL, context={"aws:SourceIp": "203.0.113.7"}))
    ask_window.session.close()
    bar = ask_window.bar
    assert [field.text() for field in (bar.principal, bar.action, bar.resource)] == ["", "", ""]
    assert bar.context_button.text() == "Context"
    assert not bar.ask_button.isEnabled()


def test_without_a_snapshot_nothing_can_be_asked(qtbot: QtBot, empty_window: AskWindow) -> None:
    assert not empty_window.bar.ask_button.isEnabled()
    with qtbot.assertNotEmitted(empty_window.session.request_asked):
        empty_window.bar.ask()


def test_tab_walks_the_sentence(ask_window: AskWindow) -> None:
    bar = ask_window.bar
    bar.principal.setFocus()
    walked: list[Any] = []
    for _ in range(4):
        QTest.keyClick(ask_window.window.focusWidget(), Qt.Key.Key_Tab)
        walked.append(ask_window.window.focusWidget())
    assert walked == [bar.action, bar.resource, bar.context_button, bar.ask_button]


def test_every_field_has_a_name_in_both_palettes(ask_window: AskWindow) -> None:
    for dark in (False, True):
        ask_window.window.setPalette(palette_for(dark))
        for widget in ask_window.bar.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                assert widget.accessibleName(), widget


def test_the_commands_are_those_of_the_menu(qtbot: QtBot, ask_window: AskWindow) -> None:
    commands = ask_window.bar.commands()
    ask_window.session.select(NORA)
    commands["actionAskAboutSubject"]()
    assert ask_window.bar.action.hasFocus()
    ask_window.session.draft(NORA, "s3:GetObject", PAYROLL)
    with qtbot.waitSignal(ask_window.session.evaluated):
        commands["actionAsk"]()
    ask_window.answer.statements.setFocus()
    commands["actionQuestion"]()
    assert ask_window.bar.principal.hasFocus()


def test_white_space_at_the_end_of_a_resource_is_asked_and_shown(qtbot: QtBot, ask_window: AskWindow) -> None:
    type_into(ask_window, "askPrincipal", NORA)
    type_into(ask_window, "askAction", "s3:GetObject")
    field = type_into(ask_window, "askResource", f"{PAYROLL} ")
    with qtbot.waitSignal(ask_window.session.evaluated):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert ask_window.session.decision is not None
    assert ask_window.session.decision.request.resource == f"{PAYROLL} "
    assert field.text() == f"{PAYROLL} "
    assert ask_window.bar.is_unedited
    assert f"{PAYROLL}\\u0020" in ask_window.bar.message.text


def test_an_action_on_objects_is_asked_on_the_objects_of_a_bucket(qtbot: QtBot, ask_window: AskWindow) -> None:
    bucket = "arn:aws:s3:::acme-payroll"
    bar, session = ask_window.bar, ask_window.session
    with qtbot.waitSignal(session.evaluated):
        ask_by_keys(ask_window, ANA, "s3:GetObject", bucket)
    assert bar.resource.text() == session.request.resource == f"{bucket}/*"
    assert bar.message.text == f"s3:GetObject does not act on {bucket}. It is evaluated on {bucket}/* instead."
    with qtbot.waitSignal(session.evaluated):
        ask_by_keys(ask_window, ANA, "s3:ListBucket", bucket)
    assert session.request == Request(ANA, "s3:ListBucket", bucket)


def test_an_unknown_action_is_refused_and_can_be_evaluated_anyway(qtbot: QtBot, ask_window: AskWindow) -> None:
    bar, session = ask_window.bar, ask_window.session
    with qtbot.waitSignal(session.request_failed):
        ask_by_keys(ask_window, ANA, "s3:GetObjct", "arn:aws:s3:::acme-payroll/x")
    assert session.decision is None
    assert "Did you mean s3:GetObject?" in bar.message.text
    with qtbot.waitSignal(session.evaluated):
        bar.message._button.click()
    assert session.request is not None
    assert session.request.unknown_action


def test_who_can_takes_no_use_case(qtbot: QtBot, ask_window: AskWindow) -> None:
    asked: list[object] = []
    ask_window.session.who_can_asked.connect(asked.append)
    ask_window.bar.principal.clear()
    ask_window.bar.action.setText("empty a bucket")
    ask_window.bar.resource.setText("arn:aws:s3:::acme-payroll")
    ask_window.bar.ask()
    qtbot.waitUntil(lambda: "s3:DeleteObject" in ask_window.bar.message.text)
    assert not asked
    assert ask_window.bar.action.text() == "empty-bucket"


def test_a_use_case_on_objects_is_asked_on_them_and_may_be_typed_in_words(qtbot: QtBot, ask_window: AskWindow) -> None:
    bucket = "arn:aws:s3:::acme-payroll"
    session = ask_window.session
    with qtbot.waitSignal(session.use_case_evaluated):
        ask_by_keys(ask_window, NORA, "read object", bucket)
    assert session.use_case is not None
    assert session.use_case.use_case.name == "read-object"
    assert session.use_case.request.request.resource == ask_window.bar.resource.text() == f"{bucket}/*"
    assert f"It is evaluated on {bucket}/* instead." in ask_window.bar.message.text


def test_without_a_principal_it_lists_who_can(qtbot: QtBot, ask_window: AskWindow) -> None:
    session = ask_window.session
    with qtbot.waitSignal(session.who_can_asked) as asked:
        ask_by_keys(ask_window, " ", "s3:DeleteObject", PAYROLL)
    assert asked.args is not None
    assert (asked.args[0].action, asked.args[0].resource) == ("s3:DeleteObject", PAYROLL)
    with qtbot.assertNotEmitted(session.who_can_asked):
        find(ask_window, QLineEdit, "askResource").clear()
        ask_window.bar.ask()
    assert ask_window.bar.message.text == "Enter a principal, or action and resource alone to list who can."


def test_tab_takes_a_suggestion_and_goes_to_the_next_field_alone(qtbot: QtBot, ask_window: AskWindow) -> None:
    """It went on to the field after the next."""
    field = type_into(ask_window, "askPrincipal", "nora")
    assert isinstance(field, AutocompleteEdit)
    qtbot.waitUntil(lambda: bool(field.offered))
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == NORA
    assert ask_window.window.focusWidget() is find(ask_window, QLineEdit, "askAction")
