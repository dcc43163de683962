"""Review files that were edited on purpose: opening reveals each edit, or it is one that only a signature reveals."""

import contextlib
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from iamdesk.errors import DamagedReviewError
from iamdesk.export.evidence.checkpoint import sign_checkpoint, verify_checkpoint
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.journal import Origin
from iamdesk.review.review_file import EvidenceRecord, Head, ReviewFile, TakenEntry

from .forger import PREPARER, STRANGER, Forger, Forgery

ANA = Reviewer("Ana Moreno", "ana", frozenset({"arn:12"}))
BEN, CARA = Reviewer("Ben", "ben"), Reviewer("Cara", "cara")
CREATED = datetime(2026, 11, 20, 8, 45, tzinfo=UTC)
LINES = [
    ReviewItem(
        "111122223333", f"arn:{at}", "user", EntitlementType.GROUP, f"g{at}", f"g{at}",
        {"actions": ["s3:GetObject"], "effect": {"alone": 3 + at, "status": "proved"}},
    )
    for at in range(12)
]  # fmt: skip
MEMBERS = [
    PopulationEntry(f"arn:{at}", "111122223333", "user", at != 7, "service-linked" if at == 7 else "")
    for at in range(13)
]
FINDINGS = [
    {"finding_id": f"f{at}", "subject_arn": f"arn:{at}", "severity": "high", "title": f"t{at}"} for at in range(6)
]
KEEP = ItemDecision(ReviewDecision.KEEP)
EXCEPTION = ItemDecision(ReviewDecision.EXCEPT, "migration", "Chloé", date(2026, 12, 31))


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("honest") / "r.iamreview"
    head = Head(
        "r-1", "Q3", "12" * 32, "a.json", CREATED, "34" * 32, {"period_end": "2026-09-30", "standards": "SOC 2"}
    )
    clock = iter(CREATED + timedelta(minutes=15 + at) for at in range(100))
    ids = [one.line_id for one in LINES]
    steps = [
        (ids[0], KEEP, ANA),
        (ids[1], ItemDecision(ReviewDecision.REVOKE, "left"), ANA),
        (ids[2], KEEP, ANA),
        (ids[3], EXCEPTION, ANA),
        (ids[4], KEEP, ANA),
        (ids[4], ItemDecision(ReviewDecision.KEEP, second="Ben"), BEN),
        ("f0", ItemDecision(ReviewDecision.FIX), ANA),
        ("f1", ItemDecision(ReviewDecision.FALSE_POSITIVE, "misread"), ANA),
        ("f2", EXCEPTION, BEN),
        (ids[5], ItemDecision(ReviewDecision.MODIFY, "less"), ANA),
        (ids[2], ItemDecision(ReviewDecision.REVOKE, "after all"), ANA),
        (ids[6], KEEP, BEN),
    ]
    with ReviewFile.create(path, head, MEMBERS, LINES, FINDINGS) as review:
        for item, decision, reviewer in steps:
            review.record({item: decision}, reviewer, lambda: next(clock))
        note(review, next(clock), "pack-1")
        assigned: list[tuple[EventKind, dict[str, object]]] = [
            (EventKind.ASSIGN, {"rules": "all to Ana"}), (EventKind.DELEGATE, {"to": "Ben", "reason": "leave"})
        ]  # fmt: skip
        review.append([], assigned, CARA, lambda: next(clock))
        origin = Origin("r-1.1", 1, next(clock).isoformat(timespec="milliseconds"), "56" * 32)
        taken = TakenEntry(ids[7], KEEP, "Ana Moreno", "ana", origin)
        merged = {"part": "r-1.1", "entries": 1, "agreed": [], "signed_by": ""}
        review.append([taken], [(EventKind.MERGE, merged)], CARA, lambda: next(clock))
        note(review, next(clock), "pack-2")
    return path


def note(review: ReviewFile, moment: datetime, name: str) -> None:
    entries, events = [*review.journal()], review.events()
    last_event = events[-1].sha256 if events else ""
    written = moment.isoformat(timespec="seconds")
    review.note_package(EvidenceRecord(written, name, "78" * 32, review.journal_sha256, len(entries), last_event))


def is_found(honest: Path, forgery: Forgery, tmp_path: Path) -> bool:
    path = Path(shutil.copy(honest, tmp_path / "r.iamreview"))
    before = path.read_bytes()
    with contextlib.closing(Forger(path)) as forger:
        forgery.do(forger)
    assert path.read_bytes() != before, "it changed nothing"
    try:
        ReviewFile.open(path, writable=False).close()
    except DamagedReviewError:
        return True
    return False


def test_honest_file_opens_also_sealed_anew_by_a_forger_who_changes_nothing(honest: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(honest, tmp_path / "r.iamreview"))
    with contextlib.closing(Forger(path)) as forger:
        forger.rewrite()
    ReviewFile.open(path).close()


@pytest.mark.parametrize("forgery", STRANGER, ids=lambda one: one.name)
def test_edit_of_a_stranger_is_found(honest: Path, forgery: Forgery, tmp_path: Path) -> None:
    assert is_found(honest, forgery, tmp_path)


@pytest.mark.parametrize("forgery", PREPARER, ids=lambda one: one.name)
def test_edit_with_every_hash_made_anew_is_found_or_only_by_a_signature(
    honest: Path, forgery: Forgery, tmp_path: Path
) -> None:
    assert is_found(honest, forgery, tmp_path) == forgery.is_seen


# Checkpoints


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, "-C", ""], check=True)
    return path


@pytest.fixture(scope="session")
def checkpoint(honest: Path, key: Path) -> Path:
    return sign_checkpoint(honest, "Cara", key=key)[0]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
@pytest.mark.parametrize("forgery", [one for one in PREPARER if not one.is_seen], ids=lambda one: one.name)
def test_signed_checkpoint_shows_what_the_file_does_not(
    honest: Path, checkpoint: Path, forgery: Forgery, tmp_path: Path
) -> None:
    path = Path(shutil.copy(honest, tmp_path / "r.iamreview"))
    with contextlib.closing(Forger(path)) as forger:
        forgery.do(forger)
    outcomes = [one.outcome for one in verify_checkpoint(path, checkpoint, None)]
    assert outcomes[0] is Outcome.PASSED, "its own signature is valid"
    assert Outcome.FAILED in outcomes[1:]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_checkpoint_holds_while_the_review_goes_on_and_is_of_its_signer(
    honest: Path, checkpoint: Path, key: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(honest, tmp_path / "r.iamreview"))
    known = tmp_path / "known"
    known.write_text("Cara " + key.with_suffix(".pub").read_text(encoding="utf-8"), encoding="utf-8")
    with ReviewFile.open(path) as review:
        review.record({LINES[11].line_id: KEEP}, BEN)
    assert [one.outcome for one in verify_checkpoint(path, checkpoint, known)] == [Outcome.PASSED, Outcome.PASSED]
    known.write_text("Dora " + key.with_suffix(".pub").read_text(encoding="utf-8"), encoding="utf-8")
    assert next(verify_checkpoint(path, checkpoint, known)).outcome is Outcome.FAILED
    forged = tmp_path / "forged.json"
    forged.write_bytes(checkpoint.read_bytes().replace(b'"journal_entries":13', b'"journal_entries":12'))
    assert next(verify_checkpoint(path, forged, None)).outcome is Outcome.FAILED
    forged.write_bytes(checkpoint.read_bytes() + b" ")
    with pytest.raises(ExportError, match="is not a checkpoint"):
        list(verify_checkpoint(path, forged, None))
