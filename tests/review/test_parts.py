"""A review among many reviewers: assigned, decided in parts, merged; nothing is lost, nothing is overwritten."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.export.evidence.signers import Signer, signers_of
from iamdesk.export.evidence.signing import Role
from iamdesk.review.assignment import Subject, assign, read_managers, read_rules
from iamdesk.review.coordination import (
    assign_review,
    delegate_part,
    hand_back_part,
    list_conflicts,
    merge_parts,
    part_files,
    progress_of_parts,
    resolve_conflict,
    split_review,
)
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind, broken_event
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.journal import broken_at
from iamdesk.review.merge import PartSigner
from iamdesk.review.parts import part_sha256
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import Head, ReviewFile
from iamdesk.review.scope import PrincipalClass

from ..some_of import some_of
from .forger import Forger

KEEP = ItemDecision(ReviewDecision.KEEP, "needed")
REVOKE = ItemDecision(ReviewDecision.REVOKE, "not needed")
PROD, DEV = "111122223333", "444455556666"
CARA = Reviewer("Cara", "cara")
ANA, BEN, DORA = Reviewer("Ana", "ana"), Reviewer("Ben", "ben"), Reviewer("Dora", "dora")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def item(account: str, number: int, tier: int = 3) -> ReviewItem:
    return ReviewItem(
        account,
        f"arn:aws:iam::{account}:user/u{number}",
        "user",
        EntitlementType.MANAGED_POLICY,
        f"arn:p{number}",
        f"p{number}",
        {"effect": {"tier": tier}},
    )


ITEMS = tuple(item(account, number) for account in (PROD, DEV) for number in range(4))
FINDINGS = tuple(
    {"finding_id": f"f-{account}", "account_id": account, "subject_arn": f"arn:aws:iam::{account}:user/u1"}
    for account in (PROD, DEV)
)
POPULATION = tuple(PopulationEntry(one.holder_arn, one.account_id, "user", in_scope=True) for one in ITEMS)
RULES = "account,reviewer,backup,due\n111122223333,Ana,Ben,2026-12-01\n444455556666,Dora,,\n"


def of(account: str, number: int) -> str:
    return ITEMS[(0 if account == PROD else 4) + number].line_id


@pytest.fixture
def review(tmp_path: Path) -> Path:
    path = tmp_path / "q4.iamreview"
    head = Head("r-1", "Fourth quarter", "ab" * 32, "acme.json", NOW)
    ReviewFile.create(path, head, POPULATION, ITEMS, FINDINGS).close()
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.csv"
    path.write_text(RULES)
    return path


@pytest.fixture
def parts(review: Path, rules: Path, tmp_path: Path) -> dict[str, Path]:
    with ReviewFile.open(review) as file:
        file.record({of(PROD, 3): KEEP}, BEN)
    assign_review(review, read_rules(rules), CARA)
    return {part.reviewer: tmp_path / "parts" / part.file for part in split_review(review, tmp_path / "parts", CARA)}


def decide(path: Path, reviewer: Reviewer, decisions: dict[str, ItemDecision]) -> None:
    with ReviewFile.open(path) as file:
        file.record(decisions, reviewer)


def decisions(path: Path) -> dict[str, ItemDecision]:
    with ReviewFile.open(path, writable=False) as file:
        assert file.damages() == ()
        ids = (*file.ids, *(str(one["finding_id"]) for one in file.findings()))
        return {one: file.decision(one) for one in ids}


def merged(review: Path, *paths: Path) -> list[tuple[int, int, int, int]]:
    """Entries taken, items agreed, conflicts and refused items of each part."""
    done = []
    for one in merge_parts(review, [(path, None) for path in paths], CARA):
        if isinstance(one, ReviewError):
            raise one
        done.append(one)
    return [(one.taken, one.agreed, len(one.conflicts), len(one.refused)) for one in done]


# Assigned


class Known:
    def units(self, account_id: str) -> tuple[str, ...]:
        return ("ou-1", "Production") if account_id == PROD else ()

    def tags(self, arn: str) -> dict[str, str]:
        return {"team": "data"} if arn.endswith("u1") else {}

    def manager(self, arn: str) -> str:
        return "Mia" if arn.endswith("u2") else ""


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        ("account=111122223333", {"u0", "u1", "u2"}),
        ("account=999999999999", set()),
        ("ou=Production", {"u0", "u1", "u2"}),
        ("ou=ou-1", {"u0", "u1", "u2"}),
        ("ou=Sandbox", set()),
        ("tag=team", {"u1"}),
        ("tag=team=data", {"u1"}),
        ("tag=team=web", set()),
        ("class=user", {"u0", "u1", "u2"}),
        ("class=role", set()),
        ("tier=0", {"u0"}),
        ("manager=Mia", {"u2"}),
        ("reviewer=@manager", {"u2"}),
        ("tag=team;tier=0", set()),
    ],
)
def test_rule_is_for_the_items_that_fit_every_cell(tmp_path: Path, row: str, fits: set[str]) -> None:
    cells = {"reviewer": "Ana"} | dict(cell.split("=", 1) for cell in row.split(";"))
    path = tmp_path / "rules.csv"
    path.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    subjects = [
        Subject(f"u{number}", PROD, f"arn:aws:iam::{PROD}:user/u{number}", PrincipalClass.USER, number)
        for number in range(3)
    ]
    found = assign(subjects, read_rules(path).rules, Known())
    assert set(found.reviewers) == fits
    assert set(found.unassigned) == {"u0", "u1", "u2"} - fits
    expected = "Mia" if row == "reviewer=@manager" else "Ana"
    assert {one.reviewer for one in found.reviewers.values()} <= {expected}


def test_first_rule_that_fits_counts(review: Path, tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("account,reviewer\n111122223333,Ana\n,Ben\n111122223333,Dora\n")
    found = assign_review(review, read_rules(path), CARA)
    assert {one.reviewer for one in found.reviewers.values()} == {"Ana", "Ben"}
    assert len(found.reviewers) == len(ITEMS) + len(FINDINGS)
    assert found.unassigned == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "rules.csv, row 1: the file contains no rule"),
        ("reviewer\n", "rules.csv, row 1: the file contains no rule"),
        ("acount,reviewer\n1,Ana\n", "rules.csv, row 1: unknown column `acount`"),
        ("reviewer,reviewer\nAna,Ben\n", "rules.csv, row 1: the column `reviewer` occurs twice"),
        ("account,reviewer\n111122223333,\n", "rules.csv, row 2: the rule names no reviewer"),
        ("class,reviewer\nhuman,Ana\n", "rules.csv, row 2: unknown class `human`"),
        ("tier,reviewer\n6,Ana\n", "rules.csv, row 2: `6` is not a tier"),
        ("tier,reviewer\n\n1,Ana\nx,Ben\n", "rules.csv, row 4: `x` is not a tier"),
        ("due,reviewer\n1.12.2026,Ana\n", "rules.csv, row 2: `1.12.2026` is not a date"),
        ("reviewer\nAna,Ben\n", "rules.csv, row 2: it has more cells than headings"),
        ('reviewer\n"Ana\n', "rules.csv, row 2: it is not a CSV file"),
    ],
)
def test_wrong_rules_are_one_sentence_with_the_row(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(text)
    with pytest.raises(ReviewError, match=sentence.replace("(", r"\(")):
        read_rules(path)


def test_rules_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReviewError, match="it is not a CSV file in UTF-8"):
        read_rules(path)
    with pytest.raises(ReviewError, match="cannot be read"):
        read_rules(tmp_path / "none.csv")


def test_two_managers_of_one_principal_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("principal,manager\nu1,Mia\nu1,Max\n")
    with pytest.raises(ReviewError, match="row 3: u1 has two managers"):
        read_managers(path)


# Split


def test_parts_are_together_the_review(review: Path, parts: dict[str, Path]) -> None:
    assert {name: path.name for name, path in parts.items()} == {"Ana": "Ana.iamreview", "Dora": "Dora.iamreview"}
    found = [decisions(path) for path in parts.values()]
    assert set(found[0]) & set(found[1]) == set()
    assert {**found[0], **found[1]} == decisions(review)
    with ReviewFile.open(parts["Ana"], writable=False) as part, ReviewFile.open(review, writable=False) as whole:
        decided = part.decided(of(PROD, 3))
        assert decided == whole.decided(of(PROD, 3))
        assert decided is not None
        assert decided.reviewer == "Ben"
        assert part.head.split_at == whole.journal_sha256
        assert next(part.journal()).previous == part.head.genesis
        outside = [one for one in part.population() if not one.in_scope]
        assert {one.account_id for one in outside} == {DEV}


def test_items_are_in_one_part_only(review: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="everything that is assigned is in parts already"):
        split_review(review, tmp_path / "again", CARA)
    assert not (tmp_path / "again").exists()


def test_split_needs_an_assignment(review: Path, tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="nothing is assigned yet"):
        split_review(review, tmp_path / "parts", CARA)


def test_split_leaves_a_file_that_is_there(review: Path, rules: Path, tmp_path: Path) -> None:
    assign_review(review, read_rules(rules), CARA)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "Dora.iamreview").write_text("mine")
    with pytest.raises(ReviewError, match=r"Dora\.iamreview already exists"):
        split_review(review, tmp_path / "parts", CARA)
    assert [one.name for one in (tmp_path / "parts").iterdir()] == ["Dora.iamreview"]
    assert (tmp_path / "parts" / "Dora.iamreview").read_text() == "mine"


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b", "x\nSubject: y", "=cmd()", "Ana\u202e"])
def test_name_of_a_reviewer_is_no_path(review: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(f'reviewer\n"{name}"\n')
    assign_review(review, read_rules(path), CARA)
    (part,) = split_review(review, tmp_path / "parts", CARA)
    assert [one.name for one in (tmp_path / "parts").iterdir()] == [part.file]
    assert "/" not in part.file
    assert part.file.isprintable()
    assert not part.file.startswith(".")


# Merged


def test_decisions_come_back_with_who_and_when(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(parts["Dora"], DORA, {"f-444455556666": ItemDecision(ReviewDecision.FIX, "soon")})
    assert merged(review, *parts.values()) == [(2, 0, 0, 0), (1, 0, 0, 0)]
    with ReviewFile.open(review, writable=False) as file, ReviewFile.open(parts["Ana"], writable=False) as part:
        assert file.decision(of(PROD, 0)) == REVOKE
        assert file.decision("f-444455556666").choice is ReviewDecision.FIX
        assert file.decided(of(PROD, 0)) == part.decided(of(PROD, 0))
        origins = [entry.origin for entry in file.journal() if entry.origin]
        assert [one.review_id for one in origins] == ["r-1.1", "r-1.1", "r-1.2"]
        assert origins[0].sha256 == next(one.sha256 for one in part.journal() if one.origin is None)
        assert broken_at(file.journal(), file.head.genesis) is None
        assert broken_event(file.events()) is None


def test_merging_again_changes_nothing(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    before = review.read_bytes()
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]
    assert review.read_bytes() == before
    decide(parts["Ana"], ANA, {of(PROD, 1): KEEP})
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 0)]


def test_same_decision_in_both_is_no_conflict(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(review, CARA, {of(PROD, 0): KEEP})
    assert merged(review, parts["Ana"]) == [(0, 1, 0, 0)]
    decide(review, CARA, {of(PROD, 0): REVOKE})
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]  # what was compared once is not compared again


def test_two_opinions_are_a_conflict_and_both_are_kept(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE, of(PROD, 1): REVOKE, of(PROD, 2): REVOKE})
    decide(review, CARA, {of(PROD, 0): KEEP, of(PROD, 1): KEEP})
    assert merged(review, parts["Ana"]) == [(1, 0, 2, 0)]
    assert decisions(review)[of(PROD, 0)] == KEEP
    found = {one.item_id: one for one in list_conflicts(review)}
    assert found[of(PROD, 0)].there == REVOKE
    assert (found[of(PROD, 0)].here_by, found[of(PROD, 0)].there_by) == ("Cara", "Ana")
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]
    assert resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason="agreed") == REVOKE
    assert resolve_conflict(review, of(PROD, 1), CARA, part_id="", takes_part=False, reason="agreed") == KEEP
    assert list_conflicts(review) == ()
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]
    with ReviewFile.open(review, writable=False) as file:
        decided = file.decided(of(PROD, 0))
        assert decided is not None
        assert decided.reviewer == "Ana"
        assert [one.kind for one in file.events()].count(EventKind.RESOLVE) == 2


def test_resolving_needs_a_conflict_and_a_reason(review: Path, parts: dict[str, Path]) -> None:
    with pytest.raises(ReviewError, match="there is no open conflict"):
        resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason="x")
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(review, CARA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    with pytest.raises(ReviewError, match="requires a name and a reason"):
        resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason=" ")


def test_decision_that_the_review_had_is_changed_by_its_part(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 3): REVOKE})
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 0)]
    assert decisions(review)[of(PROD, 3)] == REVOKE


# Who may decide


def test_who_is_not_assigned_is_refused_until_it_is_delegated(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    decide(parts["Ana"], BEN, {of(PROD, 1): KEEP})
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 1)]  # Ben is the backup
    assert decisions(review)[of(PROD, 0)].choice is ReviewDecision.UNDECIDED
    with pytest.raises(ReviewError, match="assigned to Ana, not to Dora"):
        delegate_part(parts["Ana"], "Dora", DORA, "")
    delegate_part(parts["Ana"], "Dora", ANA, "on leave")
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 1)]  # it was decided before
    decide(parts["Ana"], DORA, {of(PROD, 0): REVOKE, of(PROD, 2): REVOKE})
    hand_back_part(parts["Ana"], DORA, "done")
    assert merged(review, parts["Ana"]) == [(2, 0, 0, 0)]  # what was decided before is replaced
    with pytest.raises(ReviewError, match="Dora is not a delegate"):
        hand_back_part(parts["Ana"], DORA, "again")


def test_decision_after_handing_back_is_refused(review: Path, parts: dict[str, Path]) -> None:
    delegate_part(parts["Ana"], "Dora", ANA, "")
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    hand_back_part(parts["Ana"], DORA, "")
    later = datetime.now(UTC) + timedelta(seconds=1)
    with ReviewFile.open(parts["Ana"]) as file:
        file.record({of(PROD, 1): KEEP}, DORA, lambda: later)
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 1)]


# Parts that are not what was split off


def change(path: Path, *statements: tuple[str, tuple[str, ...]]) -> None:
    with sqlite3.connect(path) as other:
        for statement, values in statements:
            other.execute(statement, values)
    other.close()


def forge(path: Path, do: Callable[[dict[str, Any]], object], number: int) -> None:
    """Rewrite an entry of a journal and all hashes after it, as somebody does who knows how."""
    with contextlib.closing(Forger(path)) as forger:
        forger.rewrite(lambda entries: do(entries[number - 1]))


def test_part_of_another_review_is_refused(review: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.iamreview"
    head = Head("r-2", "Other", "ab" * 32, "acme.json", NOW)
    ReviewFile.create(other, head, POPULATION, ITEMS, FINDINGS).close()
    with pytest.raises(ReviewError, match=r"Ana\.iamreview: it is not a part of r-2"):
        merged(other, parts["Ana"])
    with pytest.raises(ReviewError, match="it is not a part of r-1"):
        merged(review, other)


def test_damaged_part_is_refused_whole(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP, of(PROD, 1): KEEP})
    before = review.read_bytes()
    change(parts["Ana"], ("UPDATE journal SET reviewer = ? WHERE number = 2", ("Ben",)))
    with pytest.raises(DamagedReviewError):
        merged(review, parts["Ana"])
    assert review.read_bytes() == before


def test_part_with_other_items_is_refused(review: Path, parts: dict[str, Path]) -> None:
    change(parts["Ana"], ("DELETE FROM lines WHERE line_id = ?", (of(PROD, 0),)))
    with contextlib.closing(Forger(parts["Ana"])) as forger:
        forger.rewrite()
    with pytest.raises(ReviewError, match="its items are not those that were split off"):
        merged(review, parts["Ana"])


def test_rewritten_start_of_a_part_is_refused(review: Path, parts: dict[str, Path]) -> None:
    def reverse(value: dict[str, object]) -> None:
        value["after"] = {"choice": "revoke", "comment": "", "owner": "", "expiry": None}

    forge(parts["Ana"], reverse, 1)
    with pytest.raises(ReviewError, match="entry 1 of its journal differs from the review"):
        merged(review, parts["Ana"])


def test_part_that_was_rewritten_after_it_was_merged_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])

    def reverse(value: dict[str, object]) -> None:
        value["after"] = {"choice": "revoke", "comment": "no", "owner": "", "expiry": None}

    forge(parts["Ana"], reverse, 2)
    with pytest.raises(ReviewError, match="merged before were changed or removed"):
        merged(review, parts["Ana"])
    assert decisions(review)[of(PROD, 0)] == KEEP


def test_forged_choice_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})

    def invent(value: dict[str, object]) -> None:
        value["after"] = {"choice": "fix", "comment": "x", "owner": "", "expiry": None}

    forge(parts["Ana"], invent, 2)
    with pytest.raises(DamagedReviewError, match="journal entry 2: It is against the rules"):
        merged(review, parts["Ana"])


# How far


def test_progress_lists_every_part(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Dora"], DORA, {of(DEV, 0): KEEP})
    delegate_part(parts["Ana"], "Zoe", ANA, "")
    found, unassigned = progress_of_parts(parts["Ana"].parent, review, date(2026, 12, 2))
    assert [(one.reviewer, one.items, one.decided, one.open) for one in found] == [("Ana", 5, 1, 4), ("Dora", 5, 1, 4)]
    assert [one.is_overdue(date(2026, 12, 2)) for one in found] == [True, False]
    assert [one.is_overdue(date(2026, 12, 1)) for one in found] == [False, False]
    assert found[0].delegates == ("Zoe",)
    assert unassigned == 0


def test_progress_tells_what_is_missing_or_unreadable(review: Path, parts: dict[str, Path]) -> None:
    parts["Dora"].unlink()
    (parts["Ana"].parent / "x.iamreview").write_text("no")
    found, _ = progress_of_parts(parts["Ana"].parent, review, date(2026, 12, 2))
    assert {one.file: bool(one.problem) for one in found} == {
        "Ana.iamreview": False,
        "x.iamreview": True,
        "Dora.iamreview": True,
    }


def test_parts_in_a_folder_are_those_of_the_review(review: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    shutil.copy(review, parts["Ana"].parent / "whole.iamreview")
    assert set(part_files(review, [parts["Ana"].parent])) == set(parts.values())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReviewError, match="it contains no part of the review"):
        part_files(review, [tmp_path / "empty"])


# Kept


def test_a_part_of_a_recovered_review_begins_with_its_own_items(review: Path, rules: Path, tmp_path: Path) -> None:
    with ReviewFile.open(review) as file:
        file.record({of(PROD, 3): KEEP}, BEN)
        begins = file.head.journal_start
    again = recover(review, tmp_path / "again.iamreview").path
    with ReviewFile.open(again, writable=False) as file:
        assert (file.head.has_genesis, file.head.journal_start) == (False, begins)
    assign_review(again, read_rules(rules), CARA)
    for part in split_review(again, tmp_path / "parts", CARA):
        with ReviewFile.open(tmp_path / "parts" / part.file) as file:
            assert file.head.has_genesis
            assert file.head.journal_start == file.head.genesis != begins
            assert file.damages() == ()


def test_recovered_review_keeps_origins_and_events(review: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    told = recover(review, tmp_path / "again.iamreview")
    assert told.lost == ()
    with ReviewFile.open(told.path, writable=False) as again, ReviewFile.open(review, writable=False) as old:
        assert list(again.journal()) == list(old.journal())
        assert again.events() == old.events()
    told = recover(parts["Ana"], tmp_path / "part.iamreview")
    assert (told.lost, told.detached) == ((), 0)


DECISION = st.sampled_from([KEEP, REVOKE, replace(KEEP, comment="later"), ItemDecision()])


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["review", "Ana", "Dora", "merge"]), st.integers(0, 7), DECISION), max_size=25
    )
)
@settings(max_examples=some_of(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_decision_is_lost_or_overwritten(
    acts: list[tuple[str, int, ItemDecision]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After merging, each item has the part's decision, or the review's, and where they differ there is a conflict."""
    place = tmp_path_factory.mktemp("parts")
    path, rules = place / "q4.iamreview", place / "rules.csv"
    ReviewFile.create(path, Head("r-1", "Q4", "ab" * 32, "acme.json", NOW), POPULATION, ITEMS).close()
    rules.write_text(RULES)
    assign_review(path, read_rules(rules), CARA)
    there = {part.reviewer: place / part.file for part in split_review(path, place, CARA)}
    for where, number, decision in acts:
        if where == "merge":
            merged(path, *there.values())
            continue
        item_id = ITEMS[number].line_id
        own = "Ana" if number < 4 else "Dora"
        if where == "review":
            decide(path, CARA, {item_id: decision})
        elif where == own:
            decide(there[own], Reviewer(own, "x"), {item_id: decision})
    before = decisions(path)
    merged(path, *there.values())
    after = decisions(path)
    in_parts = {**decisions(there["Ana"]), **decisions(there["Dora"])}
    open_ones = {one.item_id for one in list_conflicts(path)}
    for item_id, decision in after.items():
        assert decision in (before[item_id], in_parts[item_id])
        if decision != before[item_id]:
            assert decision == in_parts[item_id]
    with ReviewFile.open(path, writable=False) as file:
        told = {entry.origin.sha256 for entry in file.journal() if entry.origin}
        told |= {one for event in file.events() for one in event.details.get("agreed", ())}
        in_conflict = [event for event in file.events() if event.kind is EventKind.CONFLICT]
        told |= {one for event in in_conflict for one in event.details["entries"]}
    for part in there.values():
        with ReviewFile.open(part, writable=False) as file:
            assert {entry.sha256 for entry in file.journal() if entry.origin is None} <= told
    assert open_ones <= set(after)


# Signed


def test_who_has_to_sign_the_package(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(parts["Dora"], DORA, {"f-444455556666": ItemDecision(ReviewDecision.FIX, "soon")})
    with ReviewFile.open(parts["Ana"], writable=False) as part:
        sha256 = part_sha256(part)
        signer = PartSigner("ana", "SHA256:abc", sha256, {"name": "ana", "manifest_sha256": sha256})
    merge_parts(review, [(parts["Ana"], signer), (parts["Dora"], None)], CARA)
    decide(review, CARA, {of(DEV, 0): KEEP, of(PROD, 1): KEEP})
    decide(review, CARA, {of(PROD, 1): ItemDecision()})
    decide(review, BEN, {of(DEV, 0): replace(KEEP, second="Ben")})
    with ReviewFile.open(review, writable=False) as file:
        wanted = signers_of(file)
    assert set(wanted) == {
        Signer("Dora", Role.REVIEWER),
        Signer("Cara", Role.REVIEWER),
        Signer("Ben", Role.REVIEWER),  # before the review was split
        Signer("Ben", Role.SECOND_REVIEWER),
    }, "Ana signed her part"


def test_nobody_has_to_sign_for_a_decision_that_was_taken_back(review: Path) -> None:
    decide(review, CARA, {of(DEV, 0): KEEP})
    decide(review, BEN, {of(DEV, 0): replace(KEEP, second="Ben")})
    decide(review, DORA, {of(DEV, 0): REVOKE})
    with ReviewFile.open(review, writable=False) as file:
        assert signers_of(file) == (Signer("Dora", Role.REVIEWER),)
