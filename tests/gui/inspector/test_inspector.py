import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request, SessionPolicy
from iamdesk.explain.decision import StatementExplanation, StatementRole
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.inspector.inspector import Inspector
from iamdesk.gui.inspector.policy_list import _ENTRY
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.viewmodel.tree_builder import NodeKind

ACCOUNT = "arn:aws:iam::111122223333"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
PETRA = f"{ACCOUNT}:user/finance/petra.novak"
VERA = f"{ACCOUNT}:user/contractors/vera.ivanova"
DEPLOY = f"{ACCOUNT}:role/ci/GitHubActionsDeploy"
BASELINE = f"{ACCOUNT}:policy/engineering/EngineerBaseline"
QUESTION = Request(PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x")


@pytest.fixture
def inspector(qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession) -> Inspector:
    made = Inspector(session, jobs)
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    return made


def ask(qtbot: QtBot, session: Session, request: Request = QUESTION) -> tuple[StatementExplanation, ...]:
    with qtbot.waitSignal(session.evaluated, timeout=20_000):
        session.ask(request)
    assert session.decision is not None
    return session.decision.statements


def tab_texts(inspector: Inspector) -> list[str]:
    tabs = inspector.tabs
    return [tabs.tabText(index).replace("&", "") for index in range(tabs.count()) if tabs.isTabVisible(index)]


def test_it_says_what_to_do_while_nothing_is_selected(inspector: Inspector) -> None:
    assert inspector.subject is None
    assert "Select" in inspector._empty.text()


def test_a_user_is_shown_with_true_counts(session: Session, inspector: Inspector, sample: SnapshotSession) -> None:
    session.select(INES)
    subject = sample.subject(INES)
    assert subject is not None
    assert inspector.header.title.full_text() == "ines.costa"
    assert inspector.header.arn.full_text() == INES
    assert tab_texts(inspector) == ["Summary", "Access", f"Policies {len(subject.policies)}", "Details", "JSON"]
    assert inspector.policies.list.topLevelItemCount() == len(subject.policies)
    assert "ines.costa" in inspector.json.text.toPlainText()


def listed(inspector: Inspector) -> set[str]:
    """The keys of the policies in the list."""
    rows = inspector.policies.list
    return {row.data(0, _ENTRY).key for row in rows._items()}


def test_the_policies_of_another_principal_are_not_listed(
    qtbot: QtBot, session: Session, inspector: Inspector, sample: SnapshotSession
) -> None:
    """The result of one principal marks and adds nothing where another one is selected."""
    asked = ask(qtbot, session, Request(INES, "s3:GetObject", "arn:aws:s3:::acme-payroll/x"))
    assert {line.policy_key for line in asked}
    for other in (PETRA, DEPLOY):
        session.select(other)
        subject = sample.subject(other)
        assert subject is not None
        assert listed(inspector) == {one.key for one in subject.policies}
        assert inspector.policies.reader.text.bands == ()
    session.select(INES)
    assert {line.policy_key for line in asked} <= listed(inspector)


def test_the_first_policy_is_open_at_once(session: Session, inspector: Inspector, sample: SnapshotSession) -> None:
    session.select(INES)
    view = inspector.findChild(QPlainTextEdit, "policyView")
    assert view is not None
    policy = sample.policy(sample.subject(INES).policies[0].key)  # type: ignore[union-attr]
    assert policy is not None
    assert view.toPlainText() == policy.document.text.text


def test_a_role_shows_whom_it_trusts(session: Session, inspector: Inspector, sample: SnapshotSession) -> None:
    session.select(DEPLOY)
    assert "Trust" in tab_texts(inspector)
    subject = sample.subject(DEPLOY)
    assert subject is not None
    assert inspector.trust.sentences.count() == len(subject.trusted) > 0
    policy = sample.policy(trust_policy_key(DEPLOY))
    assert policy is not None
    assert inspector.trust.reader.text.toPlainText() == policy.document.text.text


def test_gaps_stand_in_a_bar_and_in_the_facts(session: Session, inspector: Inspector) -> None:
    session.select(VERA)
    as_evaluated = "The AWS managed policy SystemAdministrator is not captured. The version that AWS published by "
    assert as_evaluated in inspector.missing_data.text
    assert inspector.facts.facts.findItems(as_evaluated, Qt.MatchFlag.MatchContains, 0)
    session.select(INES)
    assert inspector.missing_data.isHidden()


def test_badges_decided_later_appear(session: Session, inspector: Inspector) -> None:
    session.select(INES)
    chips = [inspector.header._badges.itemAt(row).widget() for row in range(inspector.header._badges.count())]
    assert [chip.accessibleName() for chip in chips] == ["administrator"]


def test_versions_can_be_read_and_the_one_in_force_comes_first(session: Session, inspector: Inspector) -> None:
    session.select(BASELINE)
    versions = inspector.policies.reader.versions
    assert not versions.isHidden()
    words = [versions.itemText(row) for row in range(versions.count())]
    assert [word for word in words if "default version" in word] == ["v2, default version"]
    assert versions.currentText() == "v2, default version"
    before = inspector.policies.reader.text.toPlainText()
    other = words.index("v3")
    versions.setCurrentIndex(other)
    versions.activated.emit(other)
    assert inspector.policies.reader.text.toPlainText() != before
    assert versions.currentText() == "v3"


def test_an_answer_opens_the_boundary_that_lets_nothing_through(
    qtbot: QtBot, session: Session, inspector: Inspector
) -> None:
    """No statement of it decides; that of AdministratorAccess, which allows, would be looked at in vain."""
    elena = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
    session.select(elena)
    with qtbot.waitSignal(session.evaluated):
        session.ask(Request(elena, "iam:CreateUser", "arn:aws:iam::111122223333:user/engineering/new.hire"))
    current = inspector.policies.list.current_entry()
    assert current is not None
    assert current.name == "EngineeringLeadBoundary"
    assert '"Statement"' in inspector.policies.reader.text.toPlainText()


def test_an_answer_opens_its_weightiest_statement(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(PETRA)
    first = ask(qtbot, session)[0]
    reader = inspector.policies.reader
    assert reader.name.full_text() == first.policy_name
    assert first.span is not None
    assert reader.text.textCursor().blockNumber() + 1 == first.span.start_line
    assert reader.text.band_at(first.span.start_line) is not None
    assert first.sentence in reader.note.text()


def test_an_answer_about_somebody_selects_them_where_nobody_was(
    qtbot: QtBot, session: Session, inspector: Inspector
) -> None:
    ask(qtbot, session)
    assert session.subject_key == PETRA
    assert inspector.subject is not None


def test_every_statement_of_an_answer_can_be_shown(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(PETRA)
    lines = ask(qtbot, session)
    assert {line.part for line in lines} >= {StatementRole.DEPENDS, StatementRole.NEAR_MISS}
    for line in lines:
        session.show_statement(line)
        text = inspector.policies.reader.text
        assert line.span is not None
        band = text.band_at(line.span.start_line)
        assert band is not None
        assert line.sentence in band.sentence
        assert band.letter == {StatementRole.DEPENDS: "?", StatementRole.NEAR_MISS: "×"}[line.part]


def test_bands_of_one_policy_do_not_show_in_another(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(PETRA)
    lines = ask(qtbot, session)
    spoken_of = {line.policy_key for line in lines}
    other = next(entry for entry in inspector.subject.policies if entry.key not in spoken_of)  # type: ignore[union-attr]
    assert inspector.policies.list.go_to(other.key)
    assert inspector.policies.reader.text.bands == ()


def test_a_policy_that_only_the_answer_brings_is_listed_and_read(
    qtbot: QtBot, session: Session, inspector: Inspector
) -> None:
    session.select(INES)
    own = inspector.policies.list.topLevelItemCount()
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    lines = ask(
        qtbot,
        session,
        Request(INES, "s3:GetObject", "arn:aws:s3:::a/b", session_policies=(SessionPolicy("mine", document),)),
    )
    line = next(line for line in lines if line.policy_name == "mine")
    session.show_statement(line)
    assert inspector.policies.list.topLevelItemCount() > own
    assert inspector.policies.reader.text.toPlainText() == line.document.text.text
    assert inspector.policies.reader.text.bands[0].letter == "D"
    session.clear_result()
    session.select(PETRA)
    entries = inspector.policies.list
    assert "mine" not in [entries.topLevelItem(row).text(0) for row in range(entries.topLevelItemCount())]


def test_statements_are_walked_by_the_commands(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(PETRA)
    ask(qtbot, session)
    commands = inspector.commands()
    text = inspector.policies.reader.text
    starts = {band.first_line for band in text.bands}
    assert len(starts) > 1
    seen = set()
    for _ in starts:
        commands["actionNextStatement"]()
        seen.add(text.textCursor().blockNumber() + 1)
    assert seen == starts
    commands["actionPreviousStatement"]()
    assert text.textCursor().blockNumber() + 1 in starts


def test_the_tab_that_was_chosen_stays(session: Session, inspector: Inspector) -> None:
    session.select(INES)
    assert inspector.tabs.currentWidget() is inspector.page
    inspector.tabs.setCurrentWidget(inspector.json)
    session.select(PETRA)
    assert inspector.tabs.currentWidget() is inspector.json
    session.select(BASELINE)
    assert inspector.tabs.currentWidget() is inspector.policies, "of policies, nothing was chosen yet"
    session.select(DEPLOY)
    inspector.tabs.setCurrentWidget(inspector.trust)
    session.select(INES)
    assert inspector.tabs.currentWidget() is inspector.page, "a user has no trust"


def test_members_lead_to_themselves(
    qtbot: QtBot, session: Session, inspector: Inspector, sample: SnapshotSession
) -> None:
    group = next(node.key for node in sample.outline.nodes if node.kind is NodeKind.GROUP and node.text == "Finance")
    session.select(group)
    model = inspector.facts.links.model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names[0].startswith("Members: ")
    assert "petra.novak" in names
    index = model.index(names.index("petra.novak"), 0)
    with qtbot.waitSignal(session.key_shown) as shown:
        inspector.facts.links.activated.emit(index)
    assert shown.args == [PETRA]


def test_facts_are_copied_whole_as_rows(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(INES)
    facts = inspector.facts.facts
    inspector.tabs.setCurrentWidget(inspector.facts)
    inspector.activateWindow()
    qtbot.waitUntil(inspector.isActiveWindow)
    facts.setFocus()
    facts.selectAll()
    qtbot.keyClick(facts, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert any(line.startswith("Created\t") for line in copied)


def test_the_arn_is_copied_whole(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(INES)
    with qtbot.waitSignal(session.announced):
        inspector.header.copy_button.click()
    assert QGuiApplication.clipboard().text() == INES


def test_find_opens_in_the_text_that_is_seen(session: Session, inspector: Inspector) -> None:
    session.select(INES)
    inspector.commands()["actionFindInPolicy"]()
    assert inspector.policies.reader.find_bar.isVisible()
    inspector.tabs.setCurrentWidget(inspector.json)
    inspector.find_in_text()
    assert inspector.json.find_bar.isVisible()


def test_zoom_is_one_for_all_texts(session: Session, inspector: Inspector) -> None:
    session.select(DEPLOY)
    seen: list[int] = []
    inspector.zoomed.connect(seen.append)
    inspector.commands()["actionZoomIn"]()
    sizes = {view.font().pointSizeF() for view in inspector._texts()}
    assert len(sizes) == 1
    assert inspector.zoom == 1
    inspector.commands()["actionZoomReset"]()
    assert inspector.zoom == 0
    assert set(seen) == {0, 1}


def test_a_key_that_is_not_in_the_snapshot_says_so(session: Session, inspector: Inspector) -> None:
    session.select(f"{ACCOUNT}:user/<b>nobody</b>")
    assert inspector.subject is None
    assert inspector._empty.text() == f"The snapshot does not contain {ACCOUNT}:user/<b>nobody</b>."


def test_closing_empties_it(session: Session, inspector: Inspector) -> None:
    session.select(INES)
    session.close()
    assert inspector.subject is None
    assert inspector.policies.reader.text.toPlainText() == ""
    assert inspector.policies.list.topLevelItemCount() == 0


def test_every_row_of_the_sample_can_be_inspected(
    session: Session, inspector: Inspector, sample: SnapshotSession
) -> None:
    for key in sample.outline.rows_by_key:
        session.select(key)
        assert inspector.subject is not None, key
        assert inspector.subject.key == key


def test_a_policy_is_read_without_a_list_of_itself(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(BASELINE)
    assert inspector.policies.list.isHidden()
    assert inspector.policies.reader.name.full_text() == "EngineerBaseline"
    ask(qtbot, session)
    assert not inspector.policies.list.isHidden(), "the answer brings others"
    session.select(INES)
    assert not inspector.policies.list.isHidden()


def shown_policy(inspector: Inspector) -> tuple[str, str, str]:
    """Return the title, the name above the text, and the text."""
    reader = inspector.policies.reader
    return inspector.header.title.full_text(), reader.name.full_text(), reader.text.toPlainText()


def test_a_policy_opened_after_a_question_shows_its_own_text(
    qtbot: QtBot, session: Session, inspector: Inspector, sample: SnapshotSession
) -> None:
    asked = Request(PETRA, "s3:GetObject", "arn:aws:s3:::acme-payroll/*")
    policies = [key for key in sample.outline.rows_by_key.beginning_with(f"{ACCOUNT}:policy/") if sample.policy(key)]
    assert len(policies) > 10
    for statement in ask(qtbot, session, asked):
        for key in policies:
            session.show_statement(statement)
            session.show_key(key)
            view = sample.policy(key)
            assert view is not None
            name = key.rpartition("/")[2]
            assert shown_policy(inspector) == (name, name, view.document.text.text)


def test_a_principal_opened_after_a_question_about_another_shows_its_own_policy(
    qtbot: QtBot, session: Session, inspector: Inspector
) -> None:
    lines = ask(qtbot, session)
    session.show_statement(lines[0])
    for key in (VERA, INES, DEPLOY):
        session.show_key(key)
        assert inspector.subject is not None
        current = inspector.policies.list.current_entry()
        assert current is not None
        assert current.key in {line.key for line in inspector.subject.policies}
        assert inspector.policies.reader.name.full_text() == current.name


def test_an_answer_about_somebody_outside_the_tree_leaves_the_policy_that_is_read(
    qtbot: QtBot, session: Session, inspector: Inspector
) -> None:
    session.select(BASELINE)
    before = shown_policy(inspector)
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    stranger = f"{ACCOUNT}:root"
    lines = ask(
        qtbot,
        session,
        Request(stranger, "s3:GetObject", "arn:aws:s3:::a/b", session_policies=(SessionPolicy("mine", document),)),
    )
    assert lines
    assert shown_policy(inspector) == before


def test_what_carries_no_policies_has_no_tab_for_them(session: Session, inspector: Inspector) -> None:
    session.select("111122223333")
    assert tab_texts(inspector) == ["Details", "JSON"]
    assert inspector.tabs.currentWidget() is inspector.facts
    session.select(INES)
    assert inspector.tabs.currentWidget() is inspector.page


def test_a_reader_without_a_document_shows_no_empty_lists(session: Session, inspector: Inspector) -> None:
    session.select(VERA)
    assert inspector.policies.reader.diagnostics.isHidden()
    assert inspector.policies.reader.note.isHidden()


def test_the_head_tells_how_old_a_role_is_and_when_it_was_last_used(session: Session, inspector: Inspector) -> None:
    session.select("arn:aws:iam::111122223333:role/deploy/deploy")
    told = inspector.header.ages.full_text()
    assert told.startswith("Created 17 Jan 2022 (4 years before the snapshot) · Last used 30 Sep 2026")
    session.select("111122223333")
    assert not inspector.header.ages.isVisibleTo(inspector.header)
