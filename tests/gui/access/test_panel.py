"""Who can, over the real sample account: equal to asking one by one, by keyboard and mouse."""

import csv
import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvalDecision
from iamdesk.gui.ask.request_bar import RequestBar
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.who_can.details import details_of
from iamdesk.gui.who_can.model import WhoCanModel
from iamdesk.gui.who_can.panel import WhoCanPanel
from iamdesk.gui.who_can.rows import FIELDS, Column, PrincipalRow, WhoCanFilter, WhoCanRow
from iamdesk.resource_files import sample_snapshot
from iamdesk.viewmodel.tree_builder import NodeKind
from tests.filter_fields import assert_fields_fit

from .conftest import ACCOUNT, ACTION, NORA, PAYROLL, Answers

OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


def type_question(bar: RequestBar, action: str, resource: str) -> None:
    """Type a question and press Enter, as a user does who lets no suggestion in."""
    for field, text in ((bar.action, action), (bar.resource, resource)):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        field.close_popup()
    QTest.keyClick(bar.resource, Qt.Key.Key_Return)


def row_of(panel: WhoCanPanel, principal: str) -> WhoCanRow:
    return next(row for row in panel.model.rows if row.principal == principal)


def test_the_rows_are_those_whose_single_answer_is_open(evaluated: WhoCanPanel, sample: SnapshotSession) -> None:
    kinds = {NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE}
    principals = [node.key for node in sample.outline.nodes if node.kind in kinds]
    principals.append(f"{ACCOUNT}:root")
    single = {one: sample.ask(Request(one, ACTION, PAYROLL)) for one in principals}
    expected = {one: answer.decision for one, answer in single.items() if answer.decision in OPEN}
    assert len(expected) > 15
    assert {row.principal: row.access.decision for row in evaluated.model.rows} == expected
    table = evaluated.findChild(QTableView, "whoCanTable")
    assert isinstance(table, QTableView)
    assert table.model().rowCount() == len(expected)
    assert evaluated.title == f"Who can {len(expected)}"
    for row in evaluated.model.rows:
        told = details_of(single[row.principal])
        assert row.texts[Column.HOW] == told.how
        assert row.texts[Column.WHEN] == told.when


def test_an_action_on_objects_is_asked_on_the_objects_of_a_bucket(
    qtbot: QtBot, who_can: WhoCanPanel, bar: RequestBar
) -> None:
    bucket = "arn:aws:s3:::acme-payroll"
    with qtbot.waitSignal(who_can.search.ended, timeout=20_000):
        type_question(bar, ACTION, bucket)
    assert who_can.asked is not None
    assert who_can.asked.resource == f"{bucket}/*"
    assert who_can.model.rows
    assert f"{ACTION} does not act on {bucket}. It is evaluated on {bucket}/* instead." in who_can.missing.text()
    with qtbot.waitSignal(who_can.search.ended, timeout=20_000):
        type_question(bar, "s3:ListBucket", bucket)
    assert who_can.asked == Request("", "s3:ListBucket", bucket)


def test_a_row_says_through_what_and_under_which_conditions(evaluated: WhoCanPanel) -> None:
    texts = row_of(evaluated, NORA).texts
    assert texts[Column.DECISION] == "Depends"
    assert texts[Column.PRINCIPAL] == "nora.lindqvist"
    assert texts[Column.KIND] == "user"
    assert texts[Column.HOW] == "PayrollReadWrite through group Finance"
    assert "aws:MultiFactorAuthPresent is true" in texts[Column.WHEN]
    root = row_of(evaluated, f"{ACCOUNT}:root")
    assert root.texts[Column.KIND] == "root user"
    assert "root user has full access" in root.texts[Column.HOW]


def test_allowed_comes_first_and_every_column_sorts_both_ways(evaluated: WhoCanPanel) -> None:
    model = evaluated.model
    ranks = [OPEN.index(row.access.decision) for row in model.shown]
    assert ranks == sorted(ranks)
    for column in Column:
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            evaluated.table.sortByColumn(column, order)
            keys = [row.sort_key(column) for row in model.shown]
            assert keys == sorted(keys, reverse=order is Qt.SortOrder.DescendingOrder)


def test_who_can_is_asked_by_typing_and_enter(qtbot: QtBot, who_can: WhoCanPanel, bar: RequestBar) -> None:
    type_question(bar, "iam:PassRole", "*")
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert who_can.asked is not None
    assert (who_can.asked.action, who_can.asked.resource) == ("iam:PassRole", "*")
    assert who_can.model.rows


def test_an_action_without_resource_is_asked_on_a_star(qtbot: QtBot, who_can: WhoCanPanel, bar: RequestBar) -> None:
    bar.action.setFocus()
    QTest.keyClicks(bar.action, "s3:ListAllMyBuckets")
    bar.action.close_popup()
    QTest.keyClick(bar.action, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert who_can.asked is not None
    assert who_can.asked.resource == "*"


def test_a_wildcard_in_the_resource_is_the_point_question_with_it(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, sample: SnapshotSession
) -> None:
    session.ask_who_can(Request("", ACTION, "arn:aws:s3:::acme-payroll/*"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert who_can.model.rows
    for row in who_can.model.rows:
        answer = sample.ask(Request(row.principal, ACTION, "arn:aws:s3:::acme-payroll/*"))
        assert answer.decision is row.access.decision


def test_a_half_question_waits_for_the_other_half(who_can: WhoCanPanel, session: Session, bar: RequestBar) -> None:
    session.ask_who_can(Request("", "", "*"))
    assert bar.resource.text() == "*"
    assert who_can.asked is None
    bar.ask_who_else()
    assert bar.action.hasFocus()
    session.ask_who_can(Request("", ACTION, ""))
    bar.ask_who_else()
    assert bar.resource.hasFocus()
    assert who_can.asked is None
    assert "an action, a resource, or both" in bar.message.text


def test_the_request_bar_keeps_the_question_while_rows_are_explained(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, bar: RequestBar
) -> None:
    bar.principal.setFocus()
    QTest.keyClicks(bar.principal, "who can delete object on payroll?")
    bar.principal.close_popup()
    QTest.keyClick(bar.principal, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: who_can.is_complete and session.decision is not None, timeout=20_000)
    assert [field.text() for field in bar._fields] == ["", "s3:DeleteObject", "arn:aws:s3:::acme-payroll/*"]
    first = who_can.table.current_row()
    assert first is who_can.model.shown[0], "its result is shown at once"
    assert session.request == first.access.request
    who_can.table.setFocus()
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        QTest.keyClick(who_can.table, Qt.Key.Key_Down)
    second = who_can.model.shown[1]
    assert session.request == second.access.request
    assert session.subject_key == second.principal
    assert bar.principal.text() == ""
    assert bar.is_unedited
    session.select(NORA)
    assert bar.principal.text() == NORA, "a selection elsewhere is entered"


def test_without_action_the_button_lists_who_can_do_what(qtbot: QtBot, who_can: WhoCanPanel, bar: RequestBar) -> None:
    bar.resource.setText("arn:aws:s3:::acme-payroll")
    bar.who_else_button.click()
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert who_can.asked == Request("", "", "arn:aws:s3:::acme-payroll")
    assert "Who can do what on arn:aws:s3:::acme-payroll" in who_can._holds_for.full_text()


def test_enter_asks_for_the_full_answer_and_selects_the_principal(
    qtbot: QtBot, evaluated: WhoCanPanel, session: Session
) -> None:
    place = evaluated.model.place_of(NORA)
    assert place is not None
    evaluated.table.go_to(place)
    evaluated.table.setFocus()
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        QTest.keyClick(evaluated.table, Qt.Key.Key_Return)
    assert session.decision is not None
    assert session.decision.request.principal == NORA
    assert session.decision.decision is EvalDecision.CONDITIONAL
    assert session.subject_key == NORA
    assert evaluated.table.hasFocus()


def test_one_click_shows_the_result_of_a_row(qtbot: QtBot, evaluated: WhoCanPanel, session: Session) -> None:
    place = evaluated.model.place_of(NORA)
    assert place is not None
    index = evaluated.model.index(place, Column.PRINCIPAL)
    evaluated.table.scrollTo(index)
    middle = evaluated.table.visualRect(index).center()
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        QTest.mouseClick(evaluated.table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert session.decision is not None
    assert session.decision.request.principal == NORA


def test_the_context_of_a_question_comes_along_and_can_be_dropped(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, bar: RequestBar
) -> None:
    given = {"aws:MultiFactorAuthPresent": "true", "aws:SourceIp": "203.0.113.20"}
    session.ask_who_can(Request(NORA, ACTION, PAYROLL, context=given))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert row_of(who_can, NORA).access.decision is EvalDecision.ALLOWED
    current = who_can.table.current_row()
    assert current is not None
    assert current.principal == NORA
    assert bar.context.context == given
    assert who_can._holds_for.full_text().endswith("with 2 context values")
    bar.principal.clear()
    bar.context.clear()
    with qtbot.waitSignal(who_can.search.ended):
        bar.ask()
    assert row_of(who_can, NORA).access.decision is EvalDecision.CONDITIONAL
    assert "context" not in who_can._holds_for.full_text()


def test_words_and_answers_filter_together_and_escape_clears(qtbot: QtBot, evaluated: WhoCanPanel) -> None:
    everybody = len(evaluated.model.rows)
    evaluated.text.setFocus()
    QTest.keyClicks(evaluated.text, "group finance")
    qtbot.waitUntil(lambda: evaluated.model.rowCount() == 3)
    evaluated.decisions.buttons[EvalDecision.ALLOWED].setFocus()
    QTest.keyClick(evaluated.decisions.buttons[EvalDecision.ALLOWED], Qt.Key.Key_Space)
    assert evaluated.model.rowCount() == 0
    assert f"None of the {everybody} principals" in evaluated._nothing.text()
    evaluated.text.setFocus()
    QTest.keyClick(evaluated.text, Qt.Key.Key_Escape)
    allowed = evaluated.model.count(EvalDecision.ALLOWED)
    qtbot.waitUntil(lambda: 0 < evaluated.model.rowCount() == allowed)
    assert all(row.access.decision is EvalDecision.ALLOWED for row in evaluated.model.shown)
    QTest.keyClick(evaluated.text, Qt.Key.Key_Escape)
    assert evaluated.table.hasFocus()
    assert evaluated.title == f"Who can {allowed} of {everybody}"
    evaluated.clear_filter()
    assert evaluated.model.rowCount() == everybody
    assert evaluated.title == f"Who can {everybody}"


def test_counts_stand_on_the_buttons_in_words(evaluated: WhoCanPanel, sample: SnapshotSession) -> None:
    counts = Counter(row.decision for row in sample.who_can(action=ACTION, resource=PAYROLL, context={}))
    names = [button.accessibleName() for button in evaluated.decisions.buttons.values()]
    allowed, depends = counts[EvalDecision.ALLOWED], counts[EvalDecision.CONDITIONAL]
    assert names == [f"Allowed: {allowed} principals", f"Depends: {depends} principals"]


def test_rows_are_there_before_their_answers_are_in_words(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_tell = threading.Event()
    real = sample.who_can
    everybody = len(list(real(action=ACTION, resource=PAYROLL, context={})))

    class Slow:
        def __init__(self, access: Any) -> None:
            self.principal, self.decision, self.who, self._access = (
                access.principal,
                access.decision,
                access.who,
                access,
            )
            self.request = access.request

        @property
        def explanation(self) -> Any:
            assert may_tell.wait(20)
            return self._access.explanation

    def slow(**asked: Any) -> Iterator[Any]:
        yield from map(Slow, real(**asked))

    monkeypatch.setattr(sample, "who_can", slow)
    session.ask_who_can(Request("", ACTION, PAYROLL))
    qtbot.waitUntil(lambda: who_can.model.rowCount() == everybody)
    assert {row.texts[Column.HOW] for row in who_can.model.rows} == {"…"}
    assert not who_can.export_button.isEnabled()
    may_tell.set()
    qtbot.waitUntil(lambda: who_can.is_complete)
    assert "…" not in {row.texts[Column.HOW] for row in who_can.model.rows}


def test_a_cancelled_search_says_so_and_can_be_taken_up_again(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, sample: SnapshotSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = sample.who_can

    def stuck(**asked: Any) -> Iterator[Any]:
        rows = list(real(**asked))
        yield from rows[:5]
        assert goes_on.wait(20)
        yield from rows[5:]

    monkeypatch.setattr(sample, "who_can", stuck)
    session.ask_who_can(Request("", ACTION, PAYROLL))
    qtbot.waitUntil(lambda: who_can.model.rowCount() == 5)
    (job,) = [job for job in session._jobs.running if job.topic == "who can"]
    job.cancel()
    assert "canceled" in who_can.message.text
    assert not who_can.export_button.isEnabled()
    goes_on.set()
    monkeypatch.setattr(sample, "who_can", real)
    with qtbot.waitSignal(who_can.search.ended):
        who_can.message._button.click()
    assert who_can.model.rowCount() == len(list(real(action=ACTION, resource=PAYROLL, context={})))
    assert who_can.is_complete


def test_a_newer_question_takes_the_place_of_one_on_its_way(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, sample: SnapshotSession
) -> None:
    session.ask_who_can(Request("", ACTION, PAYROLL))
    session.ask_who_can(Request("", "iam:PassRole", "*"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    expected = {row.principal for row in sample.who_can(action="iam:PassRole", resource="*", context={})}
    assert {row.principal for row in who_can.model.rows} == expected


def test_a_malformed_question_is_said_in_one_sentence(qtbot: QtBot, who_can: WhoCanPanel, session: Session) -> None:
    with qtbot.waitSignal(who_can.search.ended):
        session.ask_who_can(Request("", "no action", PAYROLL))
    qtbot.waitUntil(lambda: "no action" in who_can.message.text)
    assert who_can.title == "Who can"


def test_nobody_is_an_answer(qtbot: QtBot, who_can: WhoCanPanel, session: Session) -> None:
    session.ask_who_can(Request("", "sts:AssumeRole", "arn:aws:iam::999988887777:role/theirs"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    if not who_can.model.rows:
        assert "No user, role or root user" in who_can._nothing.text()


def test_the_table_says_which_question_it_answers(evaluated: WhoCanPanel, bar: RequestBar) -> None:
    assert evaluated._holds_for.full_text() == f"Who can {ACTION} on {PAYROLL}"
    bar.action.setText("s3:PutObject")
    assert evaluated._holds_for.isVisible()
    assert evaluated._holds_for.full_text() == f"Who can {ACTION} on {PAYROLL}"


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_everybody_is_exported_whatever_the_filter_shows(
    qtbot: QtBot, evaluated: WhoCanPanel, session: Session, prompts: Answers, tmp_path: Any, suffix: str
) -> None:
    prompts.save_to = tmp_path / f"who{suffix}"
    evaluated.model.show_only(WhoCanFilter(typed=FIELDS.read("finance")))
    with qtbot.waitSignal(session.announced, timeout=20_000):
        evaluated.export_button.click()
    assert prompts.suggested[0].name == "acme-prod-who-can.csv"
    if suffix == ".json":
        rows = json.loads(prompts.save_to.read_text(encoding="utf-8"))
        found = {row["Principal"]: row["EvalDecision"] for row in rows}
    else:
        table = list(csv.DictReader(prompts.save_to.read_text(encoding="utf-8-sig").splitlines()))
        found = {row["principal"]: row["decision"] for row in table}
        assert session.snapshot is not None
        about = {(row["query"], row["snapshot_sha256"], row["rows_total"]) for row in table}
        assert about == {(evaluated.command(), session.snapshot.sha256, str(len(table)))}
    assert found == {row.principal: row.access.decision.value for row in evaluated.model.rows}


def test_a_file_of_another_kind_is_refused(evaluated: WhoCanPanel, prompts: Answers, tmp_path: Any) -> None:
    prompts.save_to = tmp_path / "who.txt"
    evaluated.export()
    assert ".csv or .json" in evaluated.message.text
    assert not prompts.save_to.exists()


def test_copied_rows_are_what_is_seen(evaluated: WhoCanPanel) -> None:
    place = evaluated.model.place_of(NORA)
    assert place is not None
    evaluated.table.go_to(place)
    QTest.keyClick(evaluated.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    cells = QApplication.clipboard().text().split("\t")
    assert cells[:3] == ["Depends", "nora.lindqvist", "user"]
    assert cells[-1] == NORA


def test_the_context_menu_leads_on(evaluated: WhoCanPanel, session: Session, qtbot: QtBot) -> None:
    row = row_of(evaluated, NORA)
    actions = {action.text(): action for action in evaluated.table.menu_for(row).actions()}
    with qtbot.waitSignal(session.key_shown, check_params_cb=lambda key: key == NORA):
        actions["&Show this principal"].trigger()
    with qtbot.waitSignal(session.access_shown, check_params_cb=lambda key: key == NORA):
        actions["E&ffective permissions"].trigger()
    actions["Copy A&RN"].trigger()
    assert QApplication.clipboard().text() == NORA


def test_the_model_keeps_qts_rules(qtbot: QtBot, evaluated: WhoCanPanel) -> None:
    tester = QAbstractItemModelTester(evaluated.model)
    rows = list(evaluated.model.rows)
    evaluated.model.show_only(WhoCanFilter(typed=FIELDS.read("role")))
    evaluated.model.sort(Column.HOW, Qt.SortOrder.DescendingOrder)
    evaluated.model.clear()
    evaluated.model.extend(rows[:10])
    evaluated.model.extend(rows[10:])
    evaluated.model.set_details([(row, details_of(row.access.explanation)) for row in rows])
    evaluated.model.settle()
    assert evaluated.model.rowCount() > 0
    del tester


def test_both_palettes_are_followed(evaluated: WhoCanPanel) -> None:
    model: WhoCanModel = evaluated.model
    index = model.index(0, Column.DECISION)
    model.repaint(palette_for(dark=False))
    light = model.data(index, Qt.ItemDataRole.ForegroundRole).color().name()
    model.repaint(palette_for(dark=True))
    assert model.data(index, Qt.ItemDataRole.ForegroundRole).color().name() != light


def test_closing_the_snapshot_empties_the_panel(evaluated: WhoCanPanel, session: Session, bar: RequestBar) -> None:
    session.close()
    assert evaluated.model.rowCount() == 0
    assert evaluated.title == "Who can"
    assert not evaluated._holds_for.isVisible()
    assert bar.action.text() == ""
    assert not bar.who_else_button.isEnabled()


# Every action that fits, and external callers

SITE = "arn:aws:s3:::acme-org-website/*"


@pytest.fixture
def organization(qtbot: QtBot, who_can: WhoCanPanel, session: Session) -> SnapshotSession:
    """The sample organization is open, which has policies of resources."""
    opened = Workbench().open_snapshot(sample_snapshot().parent / "acme-organization")
    session.open(opened)
    qtbot.waitUntil(lambda: session.snapshot is opened)
    return opened


def ask_all(qtbot: QtBot, panel: WhoCanPanel, session: Session, resource: str) -> None:
    session.ask_who_can(Request("", "", resource))
    qtbot.waitUntil(lambda: panel.is_complete, timeout=20_000)


def test_without_an_action_each_principal_has_all_that_it_can_do(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, organization: SnapshotSession
) -> None:
    ask_all(qtbot, who_can, session, SITE)
    expected = organization.access_to_resource(SITE, {})
    assert [row.principal for row in who_can.model.rows] == [one.who.principal for one in expected]
    assert who_can.title == f"Who can {len(expected)}"
    first = who_can.model.shown[0]
    assert first.is_external
    assert first.texts[:3] == ("Allowed", "*.amazonaws.com", "any AWS service")
    assert first.texts[Column.HOW] == "Read 1"
    root = row_of(who_can, f"{ACCOUNT}:root")
    assert root.texts[Column.HOW] == "List 3, Read 16, Write 16, Tagging 5, Permissions management 4"
    index = who_can.model.index(0, Column.PRINCIPAL)
    spoken = who_can.model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Principal: *.amazonaws.com, 1 action, closed, any AWS service"
    icons = [
        who_can.model.data(who_can.model.index(place, Column.PRINCIPAL), Qt.ItemDataRole.DecorationRole).cacheKey()
        for place in (0, 1)
    ]
    assert icons[0] != icons[1]


def test_a_principal_opens_to_its_actions_and_each_to_its_answer(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, organization: SnapshotSession
) -> None:
    del organization
    ask_all(qtbot, who_can, session, SITE)
    closed = who_can.model.rowCount()
    place = who_can.model.place_of(f"{ACCOUNT}:root")
    assert place is not None
    who_can.table.go_to(place)
    who_can.table.setFocus()
    QTest.keyClick(who_can.table, Qt.Key.Key_Right)
    assert who_can.model.rowCount() == closed + 44
    below = who_can.model.shown[place + 1]
    assert below.texts[Column.PRINCIPAL].startswith("s3:")
    qtbot.waitUntil(lambda: not who_can.model.unexplained, timeout=20_000)
    assert "root user has full access" in below.texts[Column.HOW]
    for column in Column:
        for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
            who_can.table.sortByColumn(column, order)
            at = who_can.model.place_of(f"{ACCOUNT}:root")
            assert at is not None
            run = who_can.model.shown[at + 1 : at + 45]
            assert {who_can.model.owner(row) for row in run} == {who_can.model.shown[at]}
    who_can.table.sortByColumn(Column.DECISION, Qt.SortOrder.AscendingOrder)
    at = who_can.model.shown.index(below)
    who_can.table.go_to(at)
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        QTest.keyClick(who_can.table, Qt.Key.Key_Return)
    assert session.decision is not None
    assert session.decision.request.action == below.texts[Column.PRINCIPAL]
    QTest.keyClick(who_can.table, Qt.Key.Key_Left)
    assert who_can.model.rowCount() == closed
    current = who_can.table.current_row()
    assert current is not None
    assert current.principal == f"{ACCOUNT}:root"


def test_words_of_an_action_find_who_can_do_it(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, organization: SnapshotSession
) -> None:
    ask_all(qtbot, who_can, session, SITE)
    who_can.model.show_only(WhoCanFilter(typed=FIELDS.read("deleteobjecttagging")))
    able = {
        one.who.principal
        for one in organization.access_to_resource(SITE, {})
        if "s3:DeleteObjectTagging" in [action.action for action in one.allowed]
    }
    assert {row.principal for row in who_can.model.shown} == able
    assert able < {row.principal for row in who_can.model.rows}


def test_every_action_is_exported(
    qtbot: QtBot,
    who_can: WhoCanPanel,
    session: Session,
    organization: SnapshotSession,
    prompts: Answers,
    tmp_path: Any,
) -> None:
    ask_all(qtbot, who_can, session, SITE)
    prompts.save_to = tmp_path / "who.json"
    with qtbot.waitSignal(session.announced, timeout=20_000):
        who_can.export_button.click()
    rows = json.loads(prompts.save_to.read_text(encoding="utf-8"))
    found = {(row["Principal"], row["EvalActionName"]) for row in rows}
    assert found == {(one.principal, one.request.action) for one in organization.who_can(resource=SITE, context={})}
    assert who_can.command().endswith(f"--resource '{SITE}'")
    assert "--action" not in who_can.command()


def test_an_external_row_opens_to_the_answer_for_whom_it_stands(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, organization: SnapshotSession
) -> None:
    del organization
    session.ask_who_can(Request("", "sts:AssumeRole", "arn:aws:iam::111122223333:role/report"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    (row,) = who_can.model.rows
    assert row.texts[:3] == ("Allowed", "ec2.amazonaws.com", "AWS service")
    assert "&Show this principal" not in [action.text() for action in who_can.table.menu_for(row).actions()]
    with qtbot.waitSignal(session.evaluated, check_params_cb=lambda answer: answer is not None):
        who_can.explain(row)
    assert session.decision is not None
    assert session.decision.request.principal == "ec2.amazonaws.com"


def test_what_is_not_captured_of_a_resource_is_said_beside_the_rows(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session
) -> None:
    session.ask_who_can(Request("", "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT.split(':')[4]}:q"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert who_can.missing.isVisible()
    assert who_can.missing.text().endswith("The resource policy is not captured.")
    session.ask_who_can(Request("", "s3:ListAllMyBuckets", "*"))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    assert not who_can.missing.isVisible()


def test_rows_that_open_keep_qts_rules(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session, organization: SnapshotSession
) -> None:
    del organization
    ask_all(qtbot, who_can, session, SITE)
    tester = QAbstractItemModelTester(who_can.model)
    for row in list(who_can.model.rows):
        assert isinstance(row, PrincipalRow)
        who_can.model.toggle(row)
    who_can.model.sort(Column.HOW, Qt.SortOrder.DescendingOrder)
    who_can.model.show_only(WhoCanFilter(frozenset({EvalDecision.ALLOWED}), FIELDS.read("role")))
    who_can.model.settle()
    (shown, *_) = (row for row in who_can.model.shown if isinstance(row, PrincipalRow))
    who_can.model.toggle(shown)
    who_can.model.clear()
    del tester


def test_fields_filter_principals(evaluated: WhoCanPanel) -> None:
    assert_fields_fit(FIELDS, evaluated.model.rows)
    every = len(evaluated.model.shown)
    evaluated.text.show_filter("decision:allowed kind:role")
    roles = {row.principal for row in evaluated.model.shown}
    assert roles
    assert all(":role/" in arn for arn in roles)
    evaluated.text.show_filter("-kind:role")
    assert not roles & {row.principal for row in evaluated.model.shown}
    evaluated.clear_filter()
    assert len(evaluated.model.shown) == every


def test_what_only_depends_is_counted_apart(qtbot: QtBot, evaluated: WhoCanPanel, session: Session) -> None:
    granted, depending = (sum(row.access.decision is decision for row in evaluated.model.rows) for decision in OPEN)
    assert granted
    assert depending
    with qtbot.waitSignal(session.announced, timeout=20_000) as said:
        evaluated.run()
    assert said.args == [f"{granted} principals can perform {ACTION} on {PAYROLL}. For {depending} more, it depends."]


def test_actions_that_only_depend_are_counted_in_their_row(
    qtbot: QtBot, who_can: WhoCanPanel, session: Session
) -> None:
    ask_all(qtbot, who_can, session, PAYROLL)
    rows = [row for row in who_can.model.rows if row.mark is EvalDecision.CONDITIONAL]
    assert rows
    for row in rows:
        assert row.texts[Column.HOW]
        assert row.texts[Column.WHEN] == "all of them depend"
