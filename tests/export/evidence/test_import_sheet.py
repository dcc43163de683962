"""A filled sheet comes back: rows by id and hash, what was edited elsewhere refused and listed."""

import csv
import shutil
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest

from iamdesk.api import SnapshotSession
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.import_sheet import ReadBack, fill_in, read_back
from iamdesk.export.evidence.write import write_data
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.events import EventKind
from iamdesk.review.people import read_people
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.session import ReviewSession

from .conftest import ANA, BEN, NOW


def read(path: Path, review: ReviewFile) -> ReadBack:
    return read_back(path, EvidenceContext(review, None, NOW))


def sheets_of(review: ReviewFile, folder: Path) -> Path:
    """Write the data of a package: the statements, which take as long again, are of no use here."""
    folder.mkdir()
    write_data(folder, EvidenceContext(review, None, NOW))
    return folder


def filled_csv(
    pack: Path, changes: dict[int, dict[str, str]], mark: str = ",", name: str = "03_entitlements.csv"
) -> Path:
    with (pack / name).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for at, cells in changes.items():
        rows[at] |= cells
    path = pack.parent / "filled.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=mark)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("name", ["03_entitlements.csv", "04_findings.csv", "review.xlsx"])
def test_untouched_sheet_says_nothing_new(pack: Path, review: ReviewFile, name: str) -> None:
    found = read(pack / name, review)
    assert found.decisions == {}
    assert found.refused == []
    lines, findings = len(review), len(review.finding_states.known)
    assert found.unchanged == {"03": lines, "04": findings, "re": lines + findings}[name[:2]]


@pytest.mark.parametrize("mark", [",", ";"])
def test_filled_csv_is_taken_row_by_row(pack: Path, review: ReviewFile, mark: str) -> None:
    path = filled_csv(
        pack,
        {
            6: {"decision": "Revoke", "decision_reason": "left"},
            13: {
                "decision": "except",
                "decision_reason": "m",
                "exception_owner": "Ben",
                "exception_expiry": "2099-01-01",
            },
        },
        mark,
    )
    found = read(path, review)
    ids = [line.line_id for line in review.lines]
    assert found.refused == []
    assert found.decisions == {
        ids[6]: ItemDecision(ReviewDecision.REVOKE, "left"),
        ids[13]: ItemDecision(ReviewDecision.EXCEPT, "m", "Ben", date(2099, 1, 1)),
    }


def test_filled_book_is_taken_and_formulas_are_text(pack: Path, review: ReviewFile) -> None:
    book = openpyxl.load_workbook(pack / "review.xlsx")
    sheet = book["Entitlements"]
    place = {cell.value: cell.column for cell in sheet[1]}
    row = 8  # the seventh line, undecided
    sheet.cell(row, place["decision"], "keep")
    sheet.cell(row, place["decision_reason"], "=1+1")
    sheet.cell(row + 7, place["decision"], "except")
    sheet.cell(row + 7, place["decision_reason"], "m")
    sheet.cell(row + 7, place["exception_owner"], "Ben")
    sheet.cell(row + 7, place["exception_expiry"], datetime(2099, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    path = pack.parent / "filled.xlsx"
    book.save(path)
    found = read(path, review)
    ids = [line.line_id for line in review.lines]
    assert found.refused == []
    assert found.decisions[ids[6]] == ItemDecision(ReviewDecision.KEEP, "=1+1")
    assert found.decisions[ids[13]].expiry == date(2099, 1, 1)
    assert found.unchanged == len(review) + len(review.finding_states.known) - 2


@pytest.mark.parametrize("spelled", ["{:d}", "{:.5E}"])
def test_account_that_a_spreadsheet_took_for_a_number_is_no_edit(pack: Path, review: ReviewFile, spelled: str) -> None:
    account = int(review.lines[6].account_id)
    path = filled_csv(pack, {6: {"account_id": spelled.format(account), "decision": "keep"}})
    found = read(path, review)
    assert found.refused == []
    assert list(found.decisions) == [review.lines[6].line_id]
    another = filled_csv(pack, {6: {"account_id": spelled.format(account * 2), "decision": "keep"}})
    assert [one.why for one in read(another, review).refused] == ["protected cells were edited: account_id"]


@pytest.mark.parametrize("column", ["holder_arn", "line_sha256", "effective_summary", "reaches_admin", "last_used_utc"])
def test_edited_protected_cell_is_refused_and_named(pack: Path, review: ReviewFile, column: str) -> None:
    path = filled_csv(pack, {6: {column: "2020-01-01 something else", "decision": "keep"}})
    found = read(path, review)
    assert found.decisions == {}
    (refused,) = found.refused
    assert refused.row == 8
    assert refused.why == f"protected cells were edited: {column}"


OPEN_COLUMNS = {"decision", "decision_reason", "compensating_control", "ticket"} | {
    *("exception_owner", "exception_expiry", "owner_id", "expiry_utc")
}
MAY_DIFFER = {"review_status", "decision_sha256", "standing_sha256", "second_reviewer", "state"} | {
    *("reviewer_name", "reviewer_account", "reviewed_utc", "decided_by", "decided_account", "decided_utc")
}


@pytest.fixture(scope="module")
def with_people(sample: SnapshotSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of the sample with a list of people that names one of its users, and beside it the package `made`."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "hr.csv").write_text("id,user,name,status\n17,ben.okafor,Ben Okafor,active\n", encoding="utf-8")
    people = read_people(folder / "hr.csv", ["name"], NOW.date())
    path = folder / "people.iamreview"
    sample.create_review(path, "With people", people=people)
    with ReviewFile.open(path, writable=False) as review:
        sheets_of(review, folder / "made")
    return path


@pytest.mark.parametrize(
    ("kind", "name"),
    [("csv", "03_entitlements.csv"), ("csv", "04_findings.csv"), ("xlsx", "Entitlements"), ("xlsx", "Findings")],
)
def test_every_cell_that_is_not_open_is_protected(with_people: Path, tmp_path: Path, kind: str, name: str) -> None:
    """One row per column: its cell forged, and the row decided. Another row is forged nowhere."""
    made = Path(shutil.copytree(with_people.with_name("made"), tmp_path / "made"))
    with ReviewFile.open(with_people, writable=False) as review:
        if kind == "csv":
            with (made / name).open(encoding="utf-8-sig", newline="") as file:
                headings = next(csv.reader(file))
        else:
            book = openpyxl.load_workbook(made / "review.xlsx")
            headings = [cell.value for cell in book[name][1]]
        id_column = "finding_id" if "finding_id" in headings else "line_id"
        choice = "fix" if id_column == "finding_id" else "keep"
        closed = [one for one in headings if one not in OPEN_COLUMNS | MAY_DIFFER]
        assert id_column == "finding_id" or {"tier", "gives", "used", "person_name", "employment_status"} <= set(closed)
        changes = {at: {"decision": choice, column: "forged"} for at, column in enumerate(closed)}
        changes[len(closed)] = {"decision": choice, "review_status": "complete"}
        if kind == "csv":
            path = filled_csv(made, changes, name=name)
        else:
            for at, cells in changes.items():
                for column, text in cells.items():
                    book[name].cell(at + 2, headings.index(column) + 1).value = text
            path = tmp_path / "filled.xlsx"
            book.save(path)
        found = read(path, review)
        assert len(found.decisions) == 1
        told = {one.row: one.why for one in found.refused}
    assert told.pop(closed.index(id_column) + 2).startswith("the review has no ")
    assert told == {
        at + 2: f"protected cells were edited: {column}" for at, column in enumerate(closed) if column != id_column
    }


@pytest.mark.parametrize("column", ["tier", "reaches_admin"])
def test_sheet_without_a_column_or_with_two_is_refused(pack: Path, review: ReviewFile, column: str) -> None:
    for change, why in (("note", f"the column {column} is missing"), (f'{column}","{column}', f"{column} twice")):
        text = (pack / "03_entitlements.csv").read_text(encoding="utf-8-sig")
        path = pack.parent / "changed.csv"
        path.write_text(text.replace(f'"{column}"', f'"{change}"', 1), encoding="utf-8")
        with pytest.raises(ExportError, match=why):
            read(path, review)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"line_id": "f" * 32}, "no entitlement with this line_id"),
        ({"decision": "maybe"}, "`maybe` is not a valid decision"),
        ({"decision": "except", "decision_reason": "m"}, "an exception requires an owner"),
        (
            {"decision": "except", "decision_reason": "m", "exception_owner": "B", "exception_expiry": "soon"},
            "`soon` is not a date",
        ),
        (
            {"decision": "except", "decision_reason": "m", "exception_owner": "B", "exception_expiry": "2020-01-31"},
            "an exception must end today or later, not on 2020-01-31",
        ),
    ],
)
def test_row_that_cannot_stand_is_refused(pack: Path, review: ReviewFile, cells: dict[str, str], why: str) -> None:
    found = read(filled_csv(pack, {6: cells}), review)
    (refused,) = found.refused
    assert why in refused.why
    assert found.decisions == {}


def test_line_that_stands_twice_is_refused(pack: Path, review: ReviewFile) -> None:
    ids = [line.line_id for line in review.lines]
    found = read(filled_csv(pack, {7: {"line_id": ids[6]}}), review)
    assert any("twice" in one.why for one in found.refused)


def test_line_that_is_decided_twice_is_not_decided(pack: Path, review: ReviewFile) -> None:
    ids = [line.line_id for line in review.lines]
    path = filled_csv(pack, {6: {"decision": "keep"}})
    row = next(one for one in path.read_text(encoding="utf-8-sig").splitlines() if ids[6] in one)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(row.replace(",keep,", ",revoke,") + "\r\n")
    found = read(path, review)
    assert found.decisions == {}
    assert [(one.row, "twice" in one.why) for one in found.refused] == [(8, True), (len(ids) + 2, True)]


def test_rows_that_agree_on_an_item_are_one_decision(pack: Path, review: ReviewFile) -> None:
    """A copy that was not filled in, or decides the same, contradicts nothing; a third one that differs does."""
    ids = [line.line_id for line in review.lines]
    plain = next(
        one for one in (pack / "03_entitlements.csv").read_text(encoding="utf-8-sig").splitlines() if ids[6] in one
    )
    path = filled_csv(pack, {6: {"decision": "keep"}})
    row = next(one for one in path.read_text(encoding="utf-8-sig").splitlines() if ids[6] in one)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(f"{row}\r\n{plain}\r\n")
    found = read(path, review)
    assert (list(found.decisions), found.refused) == ([ids[6]], [])
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(row.replace(",keep,", ",revoke,") + "\r\n" + row + "\r\n")
    found = read(path, review)
    assert found.decisions == {}
    assert {one.subject_id for one in found.refused} == {ids[6]}


def test_cell_in_another_encoding_is_refused(pack: Path, review: ReviewFile) -> None:
    path = filled_csv(pack, {6: {"decision": "revoke", "decision_reason": "für nichts"}, 13: {"decision": "keep"}})
    path.write_bytes(path.read_bytes().replace("für nichts".encode(), b"f\xfcr nichts"))
    found = read(path, review)
    assert [(one.row, one.why) for one in found.refused] == [(8, "a cell is not in UTF-8: save the sheet as CSV UTF-8")]
    assert len(found.decisions) == 1


def test_empty_file_is_no_sheet(tmp_path: Path, review: ReviewFile) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ExportError, match="the column review_id is missing"):
        read(tmp_path / "empty.csv", review)


@pytest.mark.parametrize("name", ["02_population.csv", "01_statement.pdf"])
def test_another_file_is_one_sentence(pack: Path, review: ReviewFile, name: str) -> None:
    with pytest.raises(ExportError, match=r"column .+ is missing"):
        read(pack / name, review)


def test_broken_book_is_one_sentence(tmp_path: Path, review: ReviewFile) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(ExportError, match="cannot be read as a workbook"):
        read(path, review)


def test_findings_come_back_by_csv_and_by_book(pack: Path, review: ReviewFile) -> None:
    ids = list(review.finding_states.known)
    left = [at for at, one in enumerate(ids) if review.decision(one).choice is ReviewDecision.UNDECIDED]
    accept = {"decision": "except", "decision_reason": "m", "owner_id": "Ben", "expiry_utc": "2099-01-01"}
    changes = {
        left[0]: accept,
        left[1]: {"decision": "keep"},
        left[2]: {"decision": "false_positive"},
        left[3]: {"decision": "fix", "severity": "none"},
    }
    found = read(filled_csv(pack, changes, name="04_findings.csv"), review)
    assert found.decisions == {ids[left[0]]: ItemDecision(ReviewDecision.EXCEPT, "m", "Ben", date(2099, 1, 1))}
    told = {one.subject_id: one.why for one in found.refused}
    assert (
        told[ids[left[1]]]
        == "`keep` is not a valid decision for this finding: expected undecided, fix, false_positive, except, reset"
    )
    assert told[ids[left[2]]] == "a false positive requires a reason"
    assert told[ids[left[3]]] == "protected cells were edited: severity"

    book = openpyxl.load_workbook(pack / "review.xlsx")
    sheet = book["Findings"]
    place = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(left[0] + 2, place["decision"], "fix")
    book["Entitlements"].cell(8, 2, "another review")
    path = pack.parent / "filled.xlsx"
    book.save(path)
    found = read(path, review)
    assert found.decisions == {ids[left[0]]: ItemDecision(ReviewDecision.FIX)}
    assert [(one.sheet, one.row) for one in found.refused] == [("Entitlements", 8)]


# What a row says, and what it does not

OPEN = ("decision", "decision_reason", "exception_owner", "exception_expiry", "ticket")


def filled(pack: Path, kind: str, changes: dict[int, dict[str, str]]) -> Path:
    """Fill rows of the entitlements in, as CSV or as a workbook."""
    if kind == "csv":
        return filled_csv(pack, changes)
    book = openpyxl.load_workbook(pack / "review.xlsx")
    sheet = book["Entitlements"]
    place = {cell.value: cell.column for cell in sheet[1]}
    for at, cells in changes.items():
        for name, text in cells.items():
            sheet.cell(at + 2, place[name]).value = text or None
    path = pack.parent / "filled.xlsx"
    book.save(path)
    return path


def ids_with(review: ReviewFile, choice: ReviewDecision) -> list[tuple[int, str]]:
    return [(at, one) for at, one in enumerate(review.ids) if review.decision(one).choice is choice]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_empty_row_says_nothing_and_reset_clears(pack: Path, review: ReviewFile, kind: str) -> None:
    (emptied, one), (cleared, other), (retyped, third) = ids_with(review, ReviewDecision.KEEP)[:3]
    changes = {emptied: dict.fromkeys(OPEN, ""), cleared: {"decision": "Reset"}, retyped: {"decision": "undecided"}}
    found = read(filled(pack, kind, changes), review)
    assert found.decisions == {other: ItemDecision()}
    assert [(row.subject_id, row.is_conflict) for row in found.refused] == [(third, False)]
    assert "enter `reset` to clear" in found.refused[0].why
    assert one not in found.decisions


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_filled_sheet_never_wipes_what_others_decided_meanwhile(pack: Path, review: ReviewFile, kind: str) -> None:
    """Ana and Ben take the same sheet; Ben's decisions are in the review when Ana's sheet comes back."""
    waiting = ids_with(review, ReviewDecision.UNDECIDED)
    revoked = ids_with(review, ReviewDecision.REVOKE)
    (clash, one), (_, two), (emptied, three), (agreed, four), (own, five) = waiting[:5]
    by_ben = ItemDecision(ReviewDecision.REVOKE, "left the team")
    keep = ItemDecision(ReviewDecision.KEEP, "needed")
    for line_id, wanted in ((one, by_ben), (two, by_ben), (three, by_ben), (four, keep), (revoked[0][1], keep)):
        review.record({line_id: wanted}, BEN)
    review.record({revoked[1][1]: ItemDecision(ReviewDecision.REVOKE, "another reason")}, BEN)
    before = {line_id: (review.decision(line_id), review.decided(line_id)) for line_id in review.ids}
    typed = {"decision": "keep", "decision_reason": "needed"}
    changes = {
        **dict.fromkeys((clash, agreed, own), typed),
        emptied: dict.fromkeys(OPEN, ""),
        revoked[1][0]: {"decision": "modify", "decision_reason": "narrow it"},
    }
    saved, refused = fill_in(ReviewSession(review), filled(pack, kind, changes), ANA)

    assert saved == 1
    assert review.decision(five) == keep
    after = {line_id: (review.decision(line_id), review.decided(line_id)) for line_id in review.ids}
    assert {line_id for line_id in after if after[line_id] != before[line_id]} == {five}
    assert {row.subject_id for row in refused} == {one, revoked[1][1]}
    assert all(row.is_conflict for row in refused)
    told = {row.subject_id: row.why for row in refused}
    assert "now Revoke, by Ben Okafor on " in told[one]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_ticket_is_kept_from_sheet_to_sheet_and_decides_nothing(
    pack: Path, review: ReviewFile, tmp_path: Path, kind: str
) -> None:
    seconded = next(iter(review.ids))
    (revoked, one), (waiting, two) = (
        ids_with(review, ReviewDecision.REVOKE)[0],
        ids_with(review, ReviewDecision.UNDECIDED)[0],
    )
    changes = {at: {"ticket": "IAM-7"} for at in (0, revoked, waiting)}
    assert fill_in(ReviewSession(review), filled(pack, kind, changes), BEN) == (3, [])
    assert review.decision(seconded).second == BEN.name
    assert [review.decided(one_id).reviewer for one_id in (seconded, one)] == [ANA.name] * 2  # type: ignore[union-attr]
    assert review.decided(two) is None

    again = sheets_of(review, tmp_path / "again")
    with (again / "07_remediation.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["ticket"] for row in csv.DictReader(file) if row["line_id"] == one} == {"IAM-7"}
    found = read(again / ("review.xlsx" if kind == "xlsx" else "03_entitlements.csv"), review)
    assert (found.decisions, found.refused) == ({}, [])
    ReviewSession(review).record({two: ItemDecision(ReviewDecision.KEEP)}, ANA)
    assert review.decision(two) == ItemDecision(ReviewDecision.KEEP, ticket="IAM-7")
    found = read(filled(again, kind, {revoked: {"ticket": "reset"}}), review)
    assert found.decisions == {one: ItemDecision(ReviewDecision.REVOKE, '=HYPERLINK("x")')}


@pytest.mark.parametrize("comment", ["  spaces  ", "two\nlines", "'quoted", "a\u202eb", "=1+1", "x" * 40_000])
def test_untouched_cells_are_known_however_they_are_spelled(review: ReviewFile, tmp_path: Path, comment: str) -> None:
    (at, one) = ids_with(review, ReviewDecision.KEEP)[0]
    review.record({one: ItemDecision(ReviewDecision.KEEP, comment)}, ANA)
    made = sheets_of(review, tmp_path / "made")
    for kind, name in (("csv", "03_entitlements.csv"), ("xlsx", "review.xlsx")):
        found = read(made / name, review)
        assert (found.decisions, found.refused) == ({}, []), kind
        if len(comment) > 32_767:
            continue  # a workbook cannot hold it
        found = read(filled(made, kind, {at: {"ticket": "T"}}), review)
        assert found.decisions == {one: ItemDecision(ReviewDecision.KEEP, comment, ticket="T")}, kind


def test_compensating_control_is_taken_and_a_sheet_with_it_is_untouched(
    pack: Path, review: ReviewFile, tmp_path: Path
) -> None:
    exception = {"decision": "except", "decision_reason": "m", "exception_owner": "Ben"}
    cells = {**exception, "exception_expiry": "2099-01-01", "compensating_control": "'=weekly review"}
    found = read(
        filled_csv(pack, {6: cells, 13: {"compensating_control": "without a decision", "decision": ""}}), review
    )
    wanted = ItemDecision(ReviewDecision.EXCEPT, "m", "Ben", date(2099, 1, 1), compensating="=weekly review")
    assert found.decisions == {review.lines[6].line_id: wanted}
    (refused,) = found.refused
    assert "the row has no decision" in refused.why
    review.record(found.decisions, ANA, lambda: NOW)
    again = sheets_of(review, tmp_path / "again")
    for name in ("03_entitlements.csv", "review.xlsx"):
        assert read(again / name, review).decisions == {}
    with (again / "05_exceptions.csv").open(encoding="utf-8-sig", newline="") as file:
        controls = [row["compensating_control"] for row in csv.DictReader(file)]
    assert controls.count("'=weekly review") == 1


def test_an_imported_sheet_is_one_act_that_the_journal_names(pack: Path, review: ReviewFile) -> None:
    rows = {at: {"decision": "keep", "decision_reason": f"reason {at}"} for at in (6, 7, 8, 9, 10, 11)}
    path = filled_csv(pack, rows)
    before = len(list(review.journal()))
    saved, refused = fill_in(ReviewSession(review), path, BEN)
    assert (saved, refused) == (6, [])
    made = list(review.journal())[before:]
    assert len({entry.moment for entry in made}) == 1
    event = review.events()[-1]
    assert (event.kind, event.actor, event.moment) == (EventKind.FILL, BEN.name, made[0].moment)
    assert dict(event.details) == {
        "sheet": "filled.csv",
        "sha256": sha256(path.read_bytes()).hexdigest(),
        "decisions": 6,
    }
    assert list(review.damages()) == []

    care = EvidenceContext(review, None, NOW).care
    assert [(one.sheet, one.decisions) for one in care.imports] == [("filled.csv", 6)]
    assert not any(one.reviewer == BEN.name and one.second == made[0].moment[:19] for one in care.at_once)
    assert fill_in(ReviewSession(review), path, BEN)[0] == 0
    assert review.events()[-1] == event, "nothing was saved: no act"


def test_a_ticket_on_an_item_that_others_decided_meanwhile_is_a_conflict(pack: Path, review: ReviewFile) -> None:
    """The decision's cell is as exported: nothing was to be cleared."""
    at, one = ids_with(review, ReviewDecision.UNDECIDED)[0]
    review.record({one: ItemDecision(ReviewDecision.KEEP, "needed")}, ANA)
    saved, refused = fill_in(ReviewSession(review), filled_csv(pack, {at: {"ticket": "IAM-7"}}), BEN)
    assert saved == 0
    assert [(row.subject_id, row.is_conflict) for row in refused] == [(one, True)]
    assert "now Keep, by Ana" in refused[0].why
    saved, refused = fill_in(ReviewSession(review), filled_csv(pack, {at: {"decision_reason": "not needed"}}), BEN)
    assert (saved, "`undecided` clears nothing" in refused[0].why) == (0, True)


@pytest.mark.parametrize("last", ["revoke", "reset"])
def test_each_of_several_rows_that_contradict_each_other_is_listed(
    pack: Path, review: ReviewFile, tmp_path: Path, last: str
) -> None:
    at, one = ids_with(review, ReviewDecision.UNDECIDED)[0]
    path = filled_csv(pack, {at: {"decision": "keep", "decision_reason": "needed"}})
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    decided = rows[at + 1]
    other = [last if cell == "keep" else cell for cell in decided]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], decided, decided, decided, other])
    saved, refused = fill_in(ReviewSession(review), path, BEN)
    assert (saved, [row.row for row in refused]) == (0, [2, 3, 4, 5])
    assert {row.subject_id for row in refused} == {one}
