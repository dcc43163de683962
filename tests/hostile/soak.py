"""One process for a long time: memory, open files and threads stay as they are after thousands of snapshots.

    python -m tests.hostile.soak [--opens 2000] [--requests 20000] [--reviews 500] [--picture FILE.svg]     `make soak`

Each snapshot has names, patterns and conditions of its own: a cache by content without a bound grows. Each is opened,
searched, asked, some are checked; requests have resources and values of their own; each review is created, decided,
exported in part, closed. Prints a table and draws the curve; the exit status is 1 where something grew.
"""

import argparse
import contextlib
import csv
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import Request
from iamdesk.export.evidence.write import write_package
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.review_file import ReviewFile

from .mutated import DETAILS, whole, written

ACCOUNT = "111122223333"
SAMPLES = 40
"""Of each kind of work."""
GROWTH = 8.0
"""Megabytes of memory between the second quarter and the last one that are no growth, but the allocator's."""
_ANA = Reviewer("Ana Moreno", "ana")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process holds at one moment."""

    work: str
    done: int
    seconds: float
    megabytes: float
    files: int
    threads: int


def now_held(work: str, done: int, begun: float) -> Sample:
    """Return what the process holds now, garbage collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    return Sample(work, done, time.monotonic() - begun, megabytes, files, threading.active_count())


def varied(number: int) -> dict[str, Any]:
    """Return a bundle with names, patterns and conditions of its own."""
    files = json.loads(json.dumps(whole()).replace("alice", f"alice{number}").replace("data", f"data{number}"))
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [f"s3:Get{'*' * (number % 3 + 1)}Object{number}*", "dynamodb:*"],
                "Resource": f"arn:aws:s3:::bucket-{number}-*/x",
                "Condition": {
                    "IpAddress": {"aws:SourceIp": f"10.{number >> 8 & 255}.{number & 255}.0/24"},
                    "StringLike": {"aws:PrincipalTag/team": f"team-{number}-*"},
                },
            }
        ],
    }
    for user in files[DETAILS]["UserDetailList"]:
        user.setdefault("UserPolicyList", []).append({"PolicyName": f"own{number}", "PolicyDocument": document})
    return dict(files)


def opens(folder: Path, number: int) -> None:
    """Open a snapshot, and do what a user does with it."""
    session = Workbench().open_snapshot(written(varied(number), folder / f"bundle{number}"))
    session.search(f"alice{number}")
    (user, *_) = (one.arn for account in session.snapshot.accounts for one in account.users)
    session.ask(Request(user, "s3:GetObject", f"arn:aws:s3:::bucket-{number}-a/x", {"aws:SourceIp": "10.0.0.1"}))
    if number % 10 == 0:
        list(session.findings())
        list(session.who_can(action="s3:GetObject", resource=f"arn:aws:s3:::bucket-{number}-a/x"))


def requests(session: SnapshotSession, user: str) -> Callable[[int], None]:
    """Return a function that makes a request of its own for each number."""

    def one(number: int) -> None:
        resource = f"arn:aws:s3:::bucket-{number}/{number}"
        values = {"aws:SourceIp": f"10.{number >> 8 & 255}.{number & 255}.1", f"aws:RequestTag/t{number}": f"{number}"}
        session.ask(Request(user, ("s3:GetObject", "s3:PutObject", "iam:PassRole")[number % 3], resource, values))

    return one


def reviews(session: SnapshotSession, folder: Path) -> Callable[[int], None]:
    """Return a function that makes, decides and closes a review for each number."""

    def one(number: int) -> None:
        path = folder / f"{number}.iamreview"
        session.create_review(path, f"Review {number}", {})
        with ReviewFile.open(path) as review:
            ids = list(review.ids)
            review.record(dict.fromkeys(ids, ItemDecision(ReviewDecision.KEEP, f"needed {number}")), _ANA)
            if number % 25 == 0:
                write_package(review, folder / f"{number}.zip", evaluator=None, generated_at=datetime.now(UTC))
                (folder / f"{number}.zip").unlink()
        path.unlink()

    return one


def samples(work: str, times: int, one: Callable[[int], None]) -> Iterator[Sample]:
    """Do something so many times, and yield what the process holds now and then."""
    begun = time.monotonic()
    every = max(1, times // SAMPLES)
    for number in range(1, times + 1):
        one(number)
        if number % every == 0 or number == times:
            yield now_held(work, number, begun)


def grown(found: Sequence[Sample]) -> str:
    """Return what grew from the second quarter to the last one, in words; empty if nothing."""
    quarter = max(1, len(found) // 4)
    before, after = found[quarter : 2 * quarter] or found[:1], found[-quarter:]
    told = []
    memory = median(one.megabytes for one in after) - median(one.megabytes for one in before)
    if memory > GROWTH:
        told.append(f"memory by {memory:.1f} MB")
    if max(one.files for one in after) > max(one.files for one in before):
        told.append("open files")
    if max(one.threads for one in after) > max(one.threads for one in before):
        told.append("threads")
    return ", ".join(told)


def picture(found: Sequence[Sample]) -> str:
    """Return the memory over the work as an SVG picture."""
    wide, high, left, top = 720, 260, 60, 30
    works = list(dict.fromkeys(one.work for one in found))
    most = max(one.megabytes for one in found) * 1.1
    span = (wide - left) / len(works)
    lines = []
    for at, work in enumerate(works):
        own = [one for one in found if one.work == work]
        places = " ".join(
            f"{left + span * (at + one.done / own[-1].done):.1f},{top + high * (1 - one.megabytes / most):.1f}"
            for one in own
        )
        middle = left + span * (at + 0.5)
        lines.append(f'<polyline points="{places}" fill="none" stroke="#1f6feb" stroke-width="2"/>')
        label = f"{own[-1].done:,} {work}"
        lines.append(f'<text x="{middle:.0f}" y="{top + high + 20}" text-anchor="middle">{escape(label)}</text>')
        if at:
            edge = left + span * at
            lines.append(f'<line x1="{edge:.0f}" y1="{top}" x2="{edge:.0f}" y2="{top + high}" stroke="#ccc"/>')
    for step in range(5):
        megabytes = most * step / 4
        y = top + high * (1 - step / 4)
        lines.append(f'<line x1="{left}" y1="{y:.0f}" x2="{wide}" y2="{y:.0f}" stroke="#eee"/>')
        lines.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{megabytes:.0f} MB</text>')
    files = f"open files {found[0].files} to {found[-1].files}, threads {found[0].threads} to {found[-1].threads}"
    title = f'<text x="{left}" y="18">Memory of one process; {files}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide + 20} {top + high + 40}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{title}{''.join(lines)}</svg>\n"
    )


def main() -> None:
    """Work for a long time, and print what grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--opens", type=int, default=2000)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--reviews", type=int, default=500)
    parser.add_argument("--picture", type=Path, default=Path("build/soak.svg"))
    given = parser.parse_args()
    found: list[Sample] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        folder = Path(place)

        def opened(number: int) -> None:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                opens(Path(own), number)

        session = Workbench().open_snapshot(written(varied(0), folder / "kept"))
        user = next(one.arn for account in session.snapshot.accounts for one in account.users)
        print(f"{'work':<10}{'done':>8}{'seconds':>9}{'MB':>8}{'files':>7}{'threads':>9}", flush=True)
        works = (
            ("opens", given.opens, opened),
            ("requests", given.requests, requests(session, user)),
            ("reviews", given.reviews, reviews(session, folder)),
        )
        for work, times, one in works:
            own = []
            for sample in samples(work, times, one):
                own.append(sample)
                print(
                    f"{sample.work:<10}{sample.done:>8,}{sample.seconds:>9.0f}{sample.megabytes:>8.1f}"
                    f"{sample.files:>7}{sample.threads:>9}",
                    flush=True,
                )
            found += own
            told = grown(own)
            print(f"-- {work}: " + (f"grew: {told}" if told else "flat"), flush=True)
            failed = failed or bool(told)
    given.picture.parent.mkdir(parents=True, exist_ok=True)
    given.picture.write_text(picture(found), encoding="utf-8")
    with contextlib.suppress(OSError), given.picture.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [one.work, one.done, f"{one.seconds:.1f}", f"{one.megabytes:.1f}", one.files, one.threads] for one in found
        )
    print(f"curve: {given.picture}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
