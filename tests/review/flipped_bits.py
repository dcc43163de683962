"""Flip bits in review files and open each: `python tests/review/flipped_bits.py FOLDER TIMES SEED`.

Each open works and gives the equal content, or raises the one error that offers recovery; and what recovery then writes
opens. Prints as JSON how often which came about, and what went wrong; status 1 where anything did.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import EvidenceRecord, Head, ReviewFile
from iamdesk.review.session import ReviewSession

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = Head("r-1", "Third quarter", "ab" * 32, "acme.json", NOW, "cd" * 32, {"standards": "SOC 2", "period": "Q3"})
ANA = Reviewer("Ana", "ana")
SIZES = (0, 3, 40, 400)
"""Lines of the files: one has none, one is of many pages."""


def make(path: Path, size: int) -> None:
    """Write a review with everything that a review can hold; one line is longer than a page."""
    members = [
        PopulationEntry(f"arn:aws:iam::111122223333:user/{at}", "111122223333", "user", at % 5 > 0)
        for at in range(size)
    ]
    evidence = {2: {"x": "y" * 9000}}
    lines = [
        ReviewItem("111122223333", f"arn:{at}", "user", EntitlementType.GROUP, f"g{at}", f"ß{at}", evidence.get(at, {}))
        for at in range(size)
    ]
    findings = [{"finding_id": f"f{at}", "title": "t" * 50} for at in range(size // 2)]
    with ReviewFile.create(path, HEAD, members, lines, findings) as review:
        for at in range(0, size, 20):  # many at once: each act waits for the disk
            half = lines[at : at + 20 : 2]
            review.record(
                {line.line_id: ItemDecision(ReviewDecision.KEEP, f"reason {at}") for line in half}, ANA, lambda: NOW
            )
        later = ItemDecision(ReviewDecision.EXCEPT, "later", "Ben", date(2099, 1, 1))
        review.record(dict.fromkeys((one["finding_id"] for one in findings[::3]), later), ANA, lambda: NOW)
        for at in range(min(size, 3)):
            count = len([*review.journal()])
            review.note_package(
                EvidenceRecord(NOW.isoformat(), f"pack {at}", f"{at:064x}", review.journal_sha256, count, "")
            )


def content(path: Path, *, writable: bool) -> Any:
    """Read all that a review holds, as the window does."""
    with ReviewFile.open(path, writable=writable) as review:
        desk = ReviewSession(review)
        return (
            desk.head,
            desk.lines,
            desk.population,
            desk.findings,
            list(review.journal()),
            review.packages(),
            review.item_states.counts(),
            review.finding_states.counts(),
            [review.decided(line_id) for line_id in review.ids],
        )


def flipped(whole: bytes, chance: random.Random) -> bytes:
    """One bit in two of three files, up to twenty in the others; the first page as often as all others."""
    changed = bytearray(whole)
    for _ in range(chance.choice((1, 1, chance.randrange(2, 20)))):
        place = chance.randrange(len(whole)) if chance.random() < 0.5 else chance.randrange(min(len(whole), 4096))
        changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def run(folder: Path, times: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how often which came about, and what went wrong."""
    chance = random.Random(seed)
    wholes: list[tuple[bytes, Any]] = []
    for size in SIZES:
        path = folder / f"whole-{size}.iamreview"
        make(path, size)
        wholes.append((path.read_bytes(), content(path, writable=False)))
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(times):
        which = number % len(wholes)
        whole, expected = wholes[which]
        for outcome, problem in _tried(folder, flipped(whole, chance), expected, writable=chance.random() < 0.5):
            seen[outcome] += 1
            if problem:
                wrong.append(f"{number} (of {SIZES[which]} lines): {problem}")
    return seen, wrong


def _tried(folder: Path, damaged: bytes, expected: Any, *, writable: bool) -> Iterator[tuple[str, str]]:
    path, into = folder / "flipped.iamreview", folder / "new.iamreview"
    for one in (path, into, *folder.glob("flipped.iamreview-*")):
        one.unlink(missing_ok=True)
    path.write_bytes(damaged)
    try:
        found = content(path, writable=writable)
    except DamagedReviewError:
        yield "damaged", "" if path.read_bytes() == damaged else "opening changed the damaged file"
    except BaseException as error:  # noqa: BLE001 - whatever it is, nobody can recover by it
        yield "raised", f"{type(error).__name__}: {error}"
    else:
        yield "sound", "" if found == expected else "opens with other content"
        return
    if [one.name for one in folder.glob("flipped.iamreview-*")]:
        yield "beside", "SQLite left files beside the damaged one"
    try:
        recover(path, into)
        content(into, writable=True)
    except ReviewError as error:
        yield "lost", "" if "no intact part of a review" in str(error) else f"not recovered: {error}"
    except BaseException as error:  # noqa: BLE001
        yield "raised", f"recovering: {type(error).__name__}: {error}"
    else:
        yield "recovered", ""


if __name__ == "__main__":
    counted, told = run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"counted": counted, "wrong": told[:50]}, indent=1))
    sys.exit(bool(told))
