"""How long the evidence of a large review takes, and how much memory: 200,000 lines, or as many as are asked for.

    python tests/benchmarks/bench_evidence.py [LINES]

Making, deciding, writing and verifying each run in a process of their own, so that each peak is its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

LINES = 200_000
_PER_HOLDER = 10
_TYPES = (EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY, EntitlementType.GROUP)


def lines(count: int) -> Iterator[ReviewItem]:
    """Yield lines that weigh as much as real ones do."""
    for at in range(count):
        holder = at // _PER_HOLDER
        power = {
            "actions": 800 + holder % 900,
            "by_level": {
                "Read": 400,
                "Write": 300 + holder % 900,
                "List": 80,
                "Tagging": 10,
                "Permissions management": 10,
            },
            "by_reach": {"allowed": 500, "conditional": 300 + holder % 900},
            "reach_sha256": f"{holder:064x}",
        }
        yield ReviewItem(
            f"{111122223333 + holder % 40}",
            f"arn:aws:iam::{111122223333 + holder % 40}:role/team-{holder % 97}/application-{holder}",
            "role",
            _TYPES[at % 3],
            f"arn:aws:iam::{111122223333 + holder % 40}:policy/application-{at}",
            f"application-{at}",
            {
                "holder": power,
                "holder_class": "machine",
                "administration": {"reaches": "is" if holder % 400 == 0 else "no", "steps": None},
                "limited_by": ["p-boundary", "p-guardrail"],
                "conditions": ["aws:principalorgid", "aws:sourceip"],
                "last_used": "2026-08-04T01:00:00+00:00",
                "last_used_basis": "role last used",
                "owner": f"team-{holder % 97}",
                "document_sha256": f"{at:064x}",
            },
        )


def make(path: Path, count: int) -> None:
    """Make the review."""
    head = Head("r-bench", "Large", "ab" * 32, "large.zip", datetime(2026, 11, 24, tzinfo=UTC))
    members = (
        PopulationEntry(f"arn:{at}", "111122223333", "role", in_scope=True) for at in range(count // _PER_HOLDER)
    )
    ReviewFile.create(path, head, members, lines(count)).close()


def decide(path: Path) -> None:
    """Decide on every line, ten thousand at a time."""
    with ReviewFile.open(path) as review:
        ids = [line.line_id for line in review.each_line()]
        for start in range(0, len(ids), 10_000):
            choice = (ReviewDecision.KEEP, ReviewDecision.REVOKE)[start // 10_000 % 5 == 4]
            review.record(
                dict.fromkeys(ids[start : start + 10_000], ItemDecision(choice, "checked")), Reviewer("Ana", "ana")
            )


def write(path: Path) -> None:
    """Write the pack."""
    with ReviewFile.open(path, writable=False) as review:
        write_package(review, path.with_name("pack"), evaluator=None)


def check(path: Path) -> None:
    """Verify the pack; its snapshot is not at hand."""
    failed = [one for one in verify(path.with_name("pack")) if one.outcome is Outcome.FAILED]
    if failed:
        raise SystemExit(f"{failed[0].name}: {failed[0].sentence}")


def main(words: list[str]) -> None:
    """Run one step, or all of them in processes of their own."""
    if words and words[0] in ("make", "decide", "write", "verify"):
        path = Path(words[1])
        begin = time.perf_counter()
        if words[0] == "make":
            make(path, int(words[2]))
        elif words[0] == "decide":
            decide(path)
        elif words[0] == "write":
            write(path)
        else:
            check(path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{words[0]:<8} {time.perf_counter() - begin:7.1f} s   peak {peak:,} MiB", flush=True)
        return
    count = int(words[0]) if words else LINES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.iamreview"
        for step in ("make", "decide", "write", "verify"):
            subprocess.run([sys.executable, __file__, step, str(path), str(count)], check=True)
        print(f"{count:,} lines, review {path.stat().st_size / 2**20:,.0f} MiB")
        for file in sorted((path.with_name("pack")).iterdir()):
            if file.is_file():
                print(f"  {file.name:<24} {file.stat().st_size / 2**20:8.1f} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
