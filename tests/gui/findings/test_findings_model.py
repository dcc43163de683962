import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from iamdesk.checks.finding import Severity, State
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.findings.fields import FIELDS
from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.rows import SEVERITIES, Column, FindingFilter, FindingRow, Grouping, Tally, groups_of
from iamdesk.i18n import choose, phrase

from .conftest import ACCOUNT, finding


def row(number: int, severity: Severity = Severity.HIGH, **changes: object) -> FindingRow:
    return FindingRow(finding(number, severity, **changes))


def shown(model: FindingsModel) -> list[str]:
    return [one.finding.subject_name for one in model.shown]


@pytest.fixture
def model(qtbot: QtBot) -> FindingsModel:
    return FindingsModel(palette_for(dark=False))


def test_findings_stand_worst_first_however_they_come(model: FindingsModel) -> None:
    severities = [Severity.LOW, Severity.CRITICAL, Severity.INFO, Severity.HIGH, Severity.MEDIUM]
    for number, severity in enumerate(severities):
        model.extend([row(number, severity)])
    assert [one.finding.severity for one in model.shown] == list(SEVERITIES)


@pytest.fixture
def german() -> Iterator[None]:
    choose("de")
    yield
    choose("en")


@pytest.mark.usefixtures("german")
def test_a_policy_is_named_as_the_window_speaks_and_found_by_that() -> None:
    name = phrase("trust policy of {name}", name="etl")
    one = row(
        1,
        subject_name=name,
        subject_kind="trust policy",
        sentence=phrase(
            "{role} names itself in its trust policy, so its sessions can be renewed indefinitely.", role="etl"
        ),
    )
    assert one.text(Column.SUBJECT) == "Vertrauensrichtlinie von etl  Vertrauensrichtlinie"
    assert one.text(Column.SENTENCE) == (
        "etl nennt sich selbst in der Vertrauensrichtlinie; ihre Sitzungen lassen sich also endlos erneuern."
    )
    assert FindingFilter(typed=FIELDS.read("von nennt")).accepts(one)
    assert one.finding.subject_name == "trust policy of etl"


@given(st.lists(st.sampled_from(SEVERITIES), max_size=30), st.sampled_from(list(Column)), st.booleans())
def test_batches_and_one_piece_give_the_same_order(
    severities: list[Severity], column: Column, descending: bool
) -> None:
    rows = [row(number, severity) for number, severity in enumerate(severities)]
    order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
    whole, batched = FindingsModel(palette_for(dark=False)), FindingsModel(palette_for(dark=False))
    for one in (whole, batched):
        one.sort(column, order)
    whole.extend(rows)
    shuffled = rows[:]
    random.Random(7).shuffle(shuffled)
    for start in range(0, len(shuffled), 4):
        batched.extend(shuffled[start : start + 4])
    assert shown(whole) == shown(batched)


def test_who_holds_a_row_keeps_its_finding_when_more_come(model: FindingsModel) -> None:
    model.extend([row(1, Severity.LOW), row(2, Severity.HIGH)])
    held = QPersistentModelIndex(model.index(1, Column.SUBJECT))
    model.extend([row(3, Severity.CRITICAL), row(4, Severity.MEDIUM)])
    assert held.row() == 3
    assert str(held.data()).startswith("user-1")


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (FindingFilter(), ["user-1", "user-2", "user-3"]),
        (FindingFilter(severities=frozenset({Severity.LOW})), ["user-2"]),
        (FindingFilter(only_inconclusive=True), ["user-3"]),
        (FindingFilter(check_id="TRU-01"), ["user-2"]),
        (FindingFilter(typed=FIELDS.read("USER-2 anyone")), ["user-2"]),
        (FindingFilter(typed=FIELDS.read("user-2 nothing")), []),
        (FindingFilter(typed=FIELDS.read("   ")), ["user-1", "user-2", "user-3"]),
        (FindingFilter(typed=FIELDS.read("cannot tell")), ["user-3"]),
        (FindingFilter(typed=FIELDS.read(":user/user-1")), ["user-1"]),
    ],
)
def test_the_filter_shows_what_fits_in_every_part(
    model: FindingsModel, chosen: FindingFilter, names: list[str]
) -> None:
    model.extend(
        [
            row(1, Severity.CRITICAL),
            row(2, Severity.LOW, check_id="TRU-01", sentence="Anyone can assume user-2."),
            row(3, Severity.INFO, state=State.INCONCLUSIVE),
        ]
    )
    model.show_only(chosen)
    assert shown(model) == names
    assert chosen.shows_everything == (len(names) == 3)


def test_what_comes_later_is_filtered_too_and_counted_all_the_same(model: FindingsModel) -> None:
    model.show_only(FindingFilter(severities=frozenset({Severity.HIGH})))
    model.extend([row(1, Severity.HIGH), row(2, Severity.LOW)])
    model.extend([row(3, Severity.LOW)])
    assert shown(model) == ["user-1"]
    assert model.counts.total == 3
    assert model.counts.by_severity[Severity.LOW] == 2


def test_counts_name_each_check_with_its_number() -> None:
    tally = Tally()
    tally.add([row(1), row(2)])
    tally.add([row(3, check_id="TRU-01", title="Trust", state=State.INCONCLUSIVE)])
    counts = tally.counts
    assert counts.checks == (("ADM-01", "Administrator", 2), ("TRU-01", "Publicly assumable role", 1))
    assert (counts.total, counts.inconclusive) == (3, 1)


def test_a_finding_has_mark_word_and_sentence(model: FindingsModel) -> None:
    model.extend([row(1, state=State.INCONCLUSIVE)])
    texts = [model.index(0, column).data() for column in range(model.columnCount())]
    assert texts == [
        "High",
        "ADM-01  Administrator",
        "user-1  user",
        "user-1 may do everything.",
        "cannot tell",
        "111122223333",
        "",
    ]
    assert not model.index(0, Column.SEVERITY).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert not model.index(0, Column.STATE).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert model.index(0, Column.SUBJECT).data(Qt.ItemDataRole.AccessibleTextRole) == "Subject: user-1  user"


def test_hostile_names_are_text(model: FindingsModel) -> None:
    model.extend([row(1, subject_name="<b>x</b>\u202e", subject_key="<img src=x>")])
    assert model.index(0, Column.SUBJECT).data() == "<b>x</b>\\u202e  user"
    assert "&lt;img" in model.index(0, Column.SUBJECT).data(Qt.ItemDataRole.ToolTipRole)


def test_the_model_is_sound(qtmodeltester: ModelTester, model: FindingsModel) -> None:
    qtmodeltester.check(model)
    model.extend([row(number, severity) for number, severity in enumerate(SEVERITIES)])
    model.extend([row(9, Severity.CRITICAL)])
    model.sort(Column.SENTENCE, Qt.SortOrder.DescendingOrder)
    model.show_only(FindingFilter(typed=FIELDS.read("user-9")))
    model.repaint(palette_for(dark=True))
    qtmodeltester.check(model)
    model.clear()


def test_a_row_keeps_little_beside_its_finding() -> None:
    findings = [finding(number) for number in range(500)]
    FindingRow(findings[0])  # what all rows of a check share is there now
    tracemalloc.start()
    try:
        rows = [FindingRow(one) for one in findings]
        taken = tracemalloc.get_traced_memory()[0] / len(rows)
    finally:
        tracemalloc.stop()
    assert taken < 600  # thirty thousand of them: 18 MB


def test_a_few_rows_go_to_their_places_without_sorting_all(
    model: FindingsModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = list(range(2000))
    random.Random(3).shuffle(numbers)
    rows = [row(number) for number in numbers]
    model.extend(rows[:1990])
    held = QPersistentModelIndex(model.index(700, Column.SUBJECT))
    name = model.shown[700].finding.subject_name
    asked: list[FindingRow] = []
    key_of = model.sort_key
    monkeypatch.setattr(model, "sort_key", lambda one: (asked.append(one), key_of(one))[1])
    model.extend(rows[1990:])
    assert len(asked) < 200
    assert shown(model) == [one.finding.subject_name for one in sorted(rows, key=key_of)]
    assert model.shown[held.row()].finding.subject_name == name


def test_an_inline_policy_counts_with_its_holder() -> None:
    own = finding(1)
    inline = finding(2, subject_key=f"{own.subject_key}#inline/extra", subject_kind="inline policy")
    trust = finding(3, subject_key=f"{ACCOUNT}:role/a/b#trust", subject_kind="trust policy")
    resource = finding(4, subject_key="arn:aws:s3:::x#policy", subject_kind="resource policy")
    groups = {one.key: one for one in groups_of([own, inline, trust, resource], Grouping.SUBJECT)}
    assert groups[own.subject_key].count == 2
    assert groups[f"{ACCOUNT}:role/a/b"].text == "b  role"
    assert groups["arn:aws:s3:::x#policy"].count == 1
