"""Dishonest parts of a review: what only looks like a decision of the reviewer is rejected."""

import contextlib
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.review.assignment import read_rules
from iamdesk.review.coordination import (
    assign_review,
    delegate_part,
    kept_in_parts,
    list_conflicts,
    part_files,
    progress_of_parts,
    resolve_conflict,
    split_review,
)
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.review_file import ReviewFile

from ..terminal import run_here
from .forger import Forger
from .test_parts import (
    ANA,
    BEN,
    CARA,
    DORA,
    KEEP,
    PROD,
    REVOKE,
    decide,
    decisions,
    merged,
    of,
    parts,
    review,
    rules,
)

__all__ = ["parts", "review", "rules"]
SIGNS = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
COLUMNS = ("number", "moment", "reviewer", "account", "line_id", "line_sha256", "before", "after", "previous")
type Terminal = Callable[..., str]
type Sign = Callable[[Path, str, Path], str]
type Merge = Callable[[Path, Path, int], str]


@pytest.fixture
def iamdesk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Runs iamdesk in the folder of the review, and returns what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object, status: int) -> str:
        done = run_here([str(word) for word in words], monkeypatch)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    return run


def forge(path: Path, number: int, do: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite an entry of a journal, and compute all hashes after it anew."""
    with contextlib.closing(Forger(path)) as forger:
        forger.rewrite(lambda entries: do(entries[number - 1]))


def change_head(path: Path, name: str, value: str) -> None:
    """Change the head, and seal everything anew."""
    with contextlib.closing(Forger(path)) as forger:
        forger.sql("UPDATE head SET value = ? WHERE name = ?", value, name)
        forger.rewrite()


def test_forged_decision_before_overwrites_nothing(review: Path, parts: dict[str, Path]) -> None:
    """A part that claims to have seen the review's newer decision would replace it without a conflict."""
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(review, CARA, {of(PROD, 0): REVOKE})
    forge(parts["Ana"], 2, lambda one: one.update(before={"choice": "revoke", "comment": REVOKE.comment} | EMPTY))
    with pytest.raises(DamagedReviewError, match="journal entry 2: It does not follow the decision before it"):
        merged(review, parts["Ana"])
    assert decisions(review)[of(PROD, 0)] == REVOKE


EMPTY = {"owner": "", "expiry": None}


def test_second_approval_in_another_name_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    forge(parts["Ana"], 2, lambda one: one["after"].update(second="Ben"))
    with pytest.raises(DamagedReviewError, match="a second approval must be in the reviewer's own name"):
        merged(review, parts["Ana"])
    assert decisions(review)[of(PROD, 0)] == UNDECIDED


def test_decider_of_a_decision_that_the_part_began_with_cannot_be_changed(review: Path, parts: dict[str, Path]) -> None:
    """Ben decided it in the review; as Zoe's it could be approved by Ben."""
    forge(parts["Ana"], 1, lambda one: one.update(reviewer="Zoe"))
    decide(parts["Ana"], BEN, {of(PROD, 3): replace(KEEP, second="Ben")})
    with pytest.raises(ReviewError, match="entry 1 of its journal differs"):
        merged(review, parts["Ana"])


def test_decision_in_the_future_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 1): KEEP})
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    later = datetime.now(UTC) + timedelta(days=3)
    forge(parts["Ana"], 3, lambda one: one.update(moment=later.isoformat(timespec="milliseconds")))
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 1)]


def test_decision_before_the_split_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    earlier = datetime.now(UTC) - timedelta(days=3)
    forge(parts["Ana"], 2, lambda one: one.update(moment=earlier.isoformat(timespec="milliseconds")))
    with pytest.raises(DamagedReviewError, match="is before that of the entry before it"):
        merged(review, parts["Ana"])


def test_time_that_is_none_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    forge(parts["Ana"], 2, lambda one: one.update(moment="never"))
    with pytest.raises(DamagedReviewError, match="Its time, never"):
        merged(review, parts["Ana"])


def test_ticket_of_a_part_is_not_lost(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 3): replace(KEEP, ticket="SEC-1")})
    decide(parts["Ana"], ANA, {of(PROD, 0): replace(KEEP, ticket="SEC-2")})
    decide(parts["Ana"], ANA, {of(PROD, 1): replace(KEEP, ticket="SEC-3")})
    decide(review, CARA, {of(PROD, 0): KEEP})
    decide(review, CARA, {of(PROD, 1): replace(KEEP, ticket="OPS-1")})
    assert merged(review, parts["Ana"]) == [(2, 0, 1, 0)]
    now = decisions(review)
    assert [now[of(PROD, at)].ticket for at in (3, 0, 1)] == ["SEC-1", "SEC-2", "OPS-1"]
    with ReviewFile.open(review, writable=False) as file:
        found = [file.decided(of(PROD, at)) for at in (3, 0)]
    assert [one.reviewer for one in found if one] == ["Ben", "Cara"]


def test_conflict_ends_when_the_part_agrees(review: Path, parts: dict[str, Path]) -> None:
    """Else the coordinator could take a decision that its reviewer has withdrawn."""
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(review, CARA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    assert merged(review, parts["Ana"]) == [(0, 1, 0, 0)]
    assert list_conflicts(review) == ()
    with pytest.raises(ReviewError, match="no open conflict"):
        resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason="x")


def test_decision_taken_from_a_conflict_is_of_who_decided(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(parts["Ana"], BEN, {of(PROD, 0): replace(REVOKE, second="Ben")})
    decide(review, CARA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    (conflict,) = list_conflicts(review)
    assert conflict.there_by == "Ana"
    resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason="x")
    with ReviewFile.open(review, writable=False) as file:
        decided = file.decided(of(PROD, 0))
    assert decided is not None
    assert decided.reviewer == "Ana"
    assert decisions(review)[of(PROD, 0)].second == "Ben"
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]


def test_nobody_approves_their_own_decision_through_a_conflict(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(parts["Ana"], BEN, {of(PROD, 0): replace(REVOKE, second="Ben")})
    decide(review, BEN, {of(PROD, 0): REVOKE})
    assert merged(review, parts["Ana"]) == [(0, 0, 1, 0)]
    with pytest.raises(ReviewError, match="must come from another reviewer"):
        resolve_conflict(review, of(PROD, 0), CARA, part_id="", takes_part=True, reason="x")


def test_reviewer_can_replace_the_decision_of_somebody_else(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 1)]
    decide(parts["Ana"], ANA, {of(PROD, 0): replace(KEEP, ticket="SEC-1")})
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 1)]  # a ticket on Dora's decision is none of Ana's
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    assert merged(review, parts["Ana"]) == [(1, 0, 0, 0)]
    with ReviewFile.open(review, writable=False) as file:
        assert [entry.reviewer for entry in file.journal() if entry.line_id == of(PROD, 0)] == ["Ana"]
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 0)]


def test_renamed_part_in_a_folder_is_merged(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    renamed = parts["Ana"].rename(parts["Ana"].with_name("Ana (1).iamreview"))
    shutil.copy(review, parts["Ana"].with_name("whole.iamreview"))
    broken = parts["Ana"].with_name("x.iamreview")
    broken.write_bytes(b"\0" * 5000)
    assert set(part_files(review, [renamed.parent])) == {renamed, parts["Dora"], broken}


@pytest.mark.parametrize(("name", "value"), [("due", "2030-01-01"), ("reviewer", "Zoe"), ("backup", "Zoe")])
def test_changed_head_of_a_part_is_refused(review: Path, parts: dict[str, Path], name: str, value: str) -> None:
    change_head(parts["Ana"], f"detail.part_{name}", value)
    with pytest.raises(ReviewError, match="reviewer, backup or due day was changed"):
        merged(review, parts["Ana"])


def test_name_in_another_unicode_form_is_the_same_person(review: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("reviewer\n" + unicodedata.normalize("NFD", "José  Núñez"), encoding="utf-8")
    assign_review(review, read_rules(tmp_path / "rules.csv"), CARA)
    (part,) = split_review(review, tmp_path / "parts", CARA)
    decide(tmp_path / "parts" / part.file, Reviewer("josé núñez", "j"), {of(PROD, 0): KEEP})
    assert merged(review, tmp_path / "parts" / part.file) == [(1, 0, 0, 0)]


def test_delegation_without_a_name_delegates_to_nobody(review: Path, parts: dict[str, Path]) -> None:
    with ReviewFile.open(parts["Ana"]) as file:
        file.append([], [(EventKind.DELEGATE, {"reason": "x"})], ANA)
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    assert merged(review, parts["Ana"]) == [(0, 0, 0, 1)]


def test_forged_exception_without_reason_is_refused(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    forge(parts["Ana"], 2, lambda one: one["after"].update(choice="except"))
    with pytest.raises(ReviewError):
        merged(review, parts["Ana"])


# Before and after


def rules_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_conflict_is_listed_with_the_decision_of_now(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): REVOKE})
    decide(review, CARA, {of(PROD, 0): KEEP})
    merged(review, parts["Ana"])
    decide(review, BEN, {of(PROD, 0): replace(KEEP, comment="later")})
    (conflict,) = list_conflicts(review)
    assert (conflict.here.comment, conflict.here_by) == ("later", "Ben")


def test_part_is_not_assigned_again(review: Path, parts: dict[str, Path], rules: Path) -> None:
    """Decisions that come back into a part could not be merged into the review."""
    with pytest.raises(ReviewError, match="delegate it"):
        assign_review(parts["Ana"], read_rules(rules), ANA)


def test_assigning_again_says_what_stays_in_parts(
    review: Path, parts: dict[str, Path], tmp_path: Path, iamdesk: Terminal
) -> None:
    assert kept_in_parts(review) == 0
    again = rules_file(tmp_path, "account,reviewer,due\n111122223333,Zoe,\n,Dora,\n")
    told = iamdesk("review", "assign", review, "--rules", again, status=0)
    assert "5 items in parts of other reviewers" in told


def test_each_backup_and_due_day_counts(review: Path, tmp_path: Path) -> None:
    text = "account,reviewer,backup,due\n111122223333,Ana,Ben,2026-12-20\n,Ana,Zoe,2026-12-01\n"
    assign_review(review, read_rules(rules_file(tmp_path, text)), CARA)
    made = split_review(review, tmp_path / "parts", CARA)
    assert {(one.file, one.backup, str(one.due), len(one.items)) for one in made} == {
        ("Ana.iamreview", "Ben", "2026-12-20", 5),
        ("Ana-2.iamreview", "Zoe", "2026-12-01", 5),
    }


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("CON", "_CON.iamreview"),
        ("nul.txt", "_nul.txt.iamreview"),
        ("Cono", "Cono.iamreview"),
        ("..", "reviewer.iamreview"),
        ("\U00020000" * 90, "\U00020000" * 40 + ".iamreview"),
    ],
)
def test_name_of_a_reviewer_is_a_file_everywhere(review: Path, tmp_path: Path, name: str, file: str) -> None:
    assign_review(review, read_rules(rules_file(tmp_path, f"reviewer\n{name}\n")), CARA)
    (part,) = split_review(review, tmp_path / "parts", CARA)
    assert part.file == file


def test_only_a_line_end_ends_a_rule(tmp_path: Path) -> None:
    found = read_rules(rules_file(tmp_path, "account,reviewer\n111122223333,Ana\u2028Mallory\n"))
    assert [(one.account, one.reviewer) for one in found.rules] == [("111122223333", "Ana\u2028Mallory")]


def test_progress_counts_the_parts_of_the_review_once(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    shutil.copy(parts["Ana"], parts["Ana"].with_name("Ana (1).iamreview"))
    change_head(parts["Dora"], "detail.part_due", "2030-01-01")
    found, _ = progress_of_parts(parts["Ana"].parent, review, date(2026, 12, 5))
    assert sum(one.items for one in found if not one.problem) == 5
    assert sorted(one.problem.partition(" of ")[0] for one in found if one.problem) == [
        "it is another copy",
        "it is not a part",
        "the file is missing",
    ]


# With signatures


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key for each of three persons, and beside them the list of who has which."""
    folder = tmp_path_factory.mktemp("keys")
    found = {name: folder / f"key-{name}" for name in ("Ana", "Ben", "Dora")}
    for path in found.values():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    known = [f"{name} {path.with_suffix('.pub').read_text()}" for name, path in found.items()]
    (folder / "signers").write_text("".join(known))
    return found


@pytest.fixture
def sign(iamdesk: Terminal) -> Sign:
    return lambda part, name, key: iamdesk("review", "sign", part, "--name", name, "--key", key, status=0)


@pytest.fixture
def merge(iamdesk: Terminal, keys: dict[str, Path]) -> Merge:
    words = ("--require-signature", "--allowed-signers", keys["Ana"].with_name("signers"))
    return lambda review, part, status: iamdesk("review", "merge", review, part, *words, status=status)


@SIGNS
def test_signature_shows_the_decisions_of_its_signer_only(
    review: Path, parts: dict[str, Path], keys: dict[str, Path], sign: Sign, merge: Merge
) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(parts["Ana"], BEN, {of(PROD, 1): REVOKE})
    sign(parts["Ana"], "Dora", keys["Dora"])
    told = merge(review, parts["Ana"], 1)
    assert "Ana decided it, but Dora signed" in told
    assert "Ben decided it, but Dora signed" in told
    assert "0 decisions merged" in told
    sign(parts["Ana"], "Ana", keys["Dora"])
    assert "Dora" in merge(review, parts["Ana"], 2)
    sign(parts["Ana"], "Ben", keys["Ben"])
    assert "Ana decided it, but Ben signed" in merge(review, parts["Ana"], 1)
    assert (decisions(review)[of(PROD, 0)], decisions(review)[of(PROD, 1)]) == (UNDECIDED, REVOKE)
    sign(parts["Ana"], "Ana", keys["Ana"])
    assert "1 decision merged" in merge(review, parts["Ana"], 0)


@SIGNS
def test_delegation_counts_if_the_reviewer_signed_it(
    review: Path, parts: dict[str, Path], keys: dict[str, Path], sign: Sign, merge: Merge
) -> None:
    delegate_part(parts["Ana"], "Dora", ANA, "")  # anybody can type Ana's name
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    sign(parts["Ana"], "Dora", keys["Dora"])
    assert "Dora decided and signed it, but the reviewer did not" in merge(review, parts["Ana"], 1)
    sign(parts["Ana"], "Ana", keys["Ana"])
    assert "1 decision merged" in merge(review, parts["Ana"], 0)


@SIGNS
def test_delegation_added_after_signing_breaks_the_signature(
    review: Path, parts: dict[str, Path], keys: dict[str, Path], sign: Sign, merge: Merge
) -> None:
    decide(parts["Ana"], DORA, {of(PROD, 0): KEEP})
    sign(parts["Ana"], "Ana", keys["Ana"])
    with ReviewFile.open(parts["Ana"]) as file:
        file.append([], [(EventKind.DELEGATE, {"to": "Dora", "reason": ""})], ANA)
    assert "signed another" in merge(review, parts["Ana"], 2)
    assert decisions(review)[of(PROD, 0)] == UNDECIDED


@SIGNS
def test_signature_of_another_part_or_state_is_refused(
    review: Path, parts: dict[str, Path], keys: dict[str, Path], sign: Sign, merge: Merge
) -> None:
    sign(parts["Ana"], "Ana", keys["Ana"])
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    assert "signed another" in merge(review, parts["Ana"], 2)
    name = "{}.iamreview.signoff.json"
    shutil.copy(parts["Ana"].with_name(name.format("Ana")), parts["Dora"].with_name(name.format("Dora")))
    assert "signed another" in merge(review, parts["Dora"], 2)


@SIGNS
def test_signature_without_known_keys_is_required_in_vain(
    review: Path, parts: dict[str, Path], keys: dict[str, Path], sign: Sign, iamdesk: Terminal
) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    sign(parts["Ana"], "Ana", keys["Dora"])
    told = iamdesk("review", "merge", review, parts["Ana"], "--require-signature", status=2)
    assert "--allowed-signers" in told
    assert decisions(review)[of(PROD, 0)] == UNDECIDED
    assert "key not compared" in iamdesk("review", "merge", review, parts["Ana"], status=0)


def test_broken_part_does_not_hide_what_was_merged(review: Path, parts: dict[str, Path], iamdesk: Terminal) -> None:
    decide(parts["Ana"], ANA, {of(PROD, 0): KEEP})
    decide(parts["Dora"], DORA, {"f-444455556666": ItemDecision(ReviewDecision.FIX, "soon")})
    change_head(parts["Ana"], "detail.part_due", "2030-01-01")
    told = iamdesk("review", "merge", review, "parts", status=2)
    assert "due day was changed" in told
    assert "Dora: 1 decision merged" in told
