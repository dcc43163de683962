"""What would turn an answer around, in the window: told after the answer, each change with its links."""

import json
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.explain.decision import StatementRole
from iamdesk.explain.suggestions import Change, Changes, Removal
from iamdesk.gui.ask.suggestion_list import SuggestionList
from iamdesk.gui.widgets.link_button import LinkButton

from .conftest import ACCOUNT, ANA, NORA, PAYROLL, AskWindow, decision, statement
from .test_request_bar import evaluated, find

ELENA = f"{ACCOUNT}:user/engineering/elena.petrov"
NEW = f"{ACCOUNT}:user/engineering/new.hire"
LEAD_BOUNDARY = f"{ACCOUNT}:policy/boundaries/EngineeringLeadBoundary"


def told(qtbot: QtBot, window: AskWindow, request: Request) -> SuggestionList:
    """Ask, and wait for what comes after the answer."""
    evaluated(qtbot, window, request)
    qtbot.waitUntil(window.answer.changes.isVisible)
    return window.answer.changes


def words(changes: SuggestionList) -> list[str]:
    return [label.text() for label in changes.findChildren(QLabel) if label.isVisible() and label.text()]


def link(changes: SuggestionList, text: str) -> LinkButton:
    return next(one for one in changes.findChildren(LinkButton) if one.isVisible() and text in one.shown)


def test_a_denied_answer_tells_what_to_add_and_where(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(ELENA, "iam:CreateUser", NEW))

    assert words(changes) == [
        "Changes that would allow this",
        f"Add an Allow for iam:CreateUser on {NEW} to the permissions boundary EngineeringLeadBoundary.",
    ]


def test_a_click_copies_the_statement(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(ELENA, "iam:CreateUser", NEW))

    with qtbot.waitSignal(ask_window.session.announced):
        QTest.mouseClick(link(changes, "Copy statement"), Qt.MouseButton.LeftButton)
    assert json.loads(QApplication.clipboard().text()) == {
        "Effect": "Allow",
        "Action": "iam:CreateUser",
        "Resource": NEW,
    }


def test_a_click_shows_the_policy_to_add_to(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(ELENA, "iam:CreateUser", NEW))

    with qtbot.waitSignal(ask_window.session.key_shown) as shown:
        QTest.keyClick(link(changes, "Show the policy"), Qt.Key.Key_Return)
    assert shown.args == [LEAD_BOUNDARY]


def test_a_click_shows_the_statement_to_remove(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(NORA, "s3:GetObject", PAYROLL, {"aws:MultiFactorAuthPresent": "true"}))

    assert "Changes that would deny this in any context" in words(changes)
    with qtbot.waitSignal(ask_window.session.statement_shown) as shown:
        QTest.mouseClick(link(changes, "PayrollReadWrite, statement 1"), Qt.MouseButton.LeftButton)
    (line,) = shown.args
    assert (line.policy_name, line.index) == ("PayrollReadWrite", 0)


def test_more_ways_open_on_a_button(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(ANA, "s3:DeleteObject", PAYROLL))

    assert len(words(changes)) == 5  # the title, two ways, what to know of each
    more = next(
        one for one in changes.findChildren(QPushButton) if one.isVisible() and one.text() == "Show 2 more changes"
    )
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sum("RegionLock" in text for text in words(changes)) == 2)


def test_where_nothing_turns_it_around_it_says_so(qtbot: QtBot, ask_window: AskWindow) -> None:
    changes = told(qtbot, ask_window, Request(ANA, "sts:GetCallerIdentity", "*"))

    assert words(changes) == ["No policy change alters the decision: the call needs no permission."]


def test_changes_of_another_answer_never_stay(qtbot: QtBot, ask_window: AskWindow) -> None:
    told(qtbot, ask_window, Request(ELENA, "iam:CreateUser", NEW))
    with qtbot.waitSignal(ask_window.session.evaluated):
        ask_window.session.ask(Request(ANA, "s3:DeleteObject", PAYROLL))

    assert not ask_window.answer.changes.isVisible()
    qtbot.waitUntil(ask_window.answer.changes.isVisible)
    assert not any("iam:CreateUser" in text for text in words(ask_window.answer.changes))


def test_leaving_a_layer_out_tells_the_changes_of_that_answer(qtbot: QtBot, ask_window: AskWindow) -> None:
    request = Request(ELENA, "iam:CreateUser", NEW, without=frozenset({PolicyType.PERMISSIONS_BOUNDARY}))
    changes = told(qtbot, ask_window, request)

    assert words(changes)[0] == "Changes that would deny this"


def test_the_copied_answer_holds_the_changes(qtbot: QtBot, ask_window: AskWindow) -> None:
    told(qtbot, ask_window, Request(ELENA, "iam:CreateUser", NEW))
    QTest.mouseClick(find(ask_window, QToolButton, "copyAnswer"), Qt.MouseButton.LeftButton)

    assert "\nChanges that would allow this\n  1. Add an Allow for iam:CreateUser" in QApplication.clipboard().text()


def test_hostile_names_in_changes_are_text(qtbot: QtBot) -> None:
    shown = SuggestionList()
    qtbot.addWidget(shown)
    line = replace(statement(StatementRole.DECIDES), policy_name="<b>x</b>\u202e&y")
    change = Change((Removal(line, whole_policy=False),), (), EvalDecision.IMPLICIT_DENY, (), f"Remove {line.name}.")
    shown.show_changes(Changes(EvalDecision.ALLOWED, (change,), ""), lambda _key: False)
    shown.show()

    assert "Remove <b>x</b>\\u202e&y, statement 1 (ReadOnly)." in words(shown)
    assert link(shown, "\\u202e").accessibleName() == "Show <b>x</b>\\u202e&y, statement 1 (ReadOnly)"


def test_an_answer_made_elsewhere_gets_its_changes_too(qtbot: QtBot, ask_window: AskWindow) -> None:
    """A finding's evidence comes answered: what would turn it around is looked for all the same."""
    ask_window.session.show_decision(decision(EvalDecision.ALLOWED, request=Request(ANA, "s3:DeleteObject", PAYROLL)))

    qtbot.waitUntil(ask_window.answer.changes.isVisible)


def test_an_answer_for_the_members_of_a_group_has_no_changes(qtbot: QtBot, ask_window: AskWindow) -> None:
    """What a group can do opens to answers that nobody can ask as a question."""
    made = decision(EvalDecision.ALLOWED, request=Request(f"{ACCOUNT}:group/Finance", "ec2:RunInstances", "*"))
    ask_window.session.show_decision(made)

    qtbot.waitUntil(lambda: ask_window.answer.notes.findChild(QPushButton, "askAlsoNeeded") is not None)
    assert not ask_window.answer.changes.isVisible()
