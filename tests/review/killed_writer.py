"""Kills a process that decides, again and again, and looks at what it left. Run by ``test_store.py``.

    python killed_writer.py FOLDER TIMES SEED

Prints one JSON object: how many times nothing that was told as saved was lost and the file was sound.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path
from time import monotonic

from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

REVIEWER = Reviewer("Ana", "ana")


def write(path: Path, told: int, round_number: int) -> None:
    """Decide for ever, a few lines at a time; each time, tell what has been saved."""
    with ReviewFile.open(path) as review:
        ids = [line.line_id for line in review.lines]
        count = 0
        while True:
            some = [ids[(count + step) % len(ids)] for step in range(3)]
            choice = (ReviewDecision.KEEP, ReviewDecision.REVOKE, ReviewDecision.MODIFY)[count % 3]
            decision = ItemDecision(choice, f"round {round_number}, number {count}")
            change = review.record(dict.fromkeys(some, decision), REVIEWER)
            os.write(told, b"".join(f"{entry.number} {entry.sha256}\n".encode() for entry in change.entries))
            count += 1


def main(folder: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    path = folder / "killed.iamreview"
    lines = [
        ReviewItem("111122223333", f"arn:{at}", "user", EntitlementType.GROUP, f"g{at}", f"g{at}", {})
        for at in range(50)
    ]
    from datetime import UTC, datetime

    ReviewFile.create(path, Head("r", "t", "0" * 64, "s.json", datetime.now(UTC)), (), lines).close()
    sound = entries = 0
    for number in range(times):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            write(path, writing, number)
        os.close(writing)
        first = os.read(reading, 1)  # it has begun
        end = monotonic() + chance.random() * 0.02
        while monotonic() < end:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = first
        while piece := os.read(reading, 1 << 16):
            told += piece
        os.close(reading)
        saved = [line.split() for line in told.decode().splitlines(keepends=True) if line.endswith("\n")]
        with ReviewFile.open(path) as review:
            kept = {str(entry.number): entry.sha256 for entry in review.journal()}
            sound += all(kept.get(place) == digest for place, digest in saved) and not review.damages()
            entries = len(kept)
    print(json.dumps({"sound": sound, "times": times, "entries": entries}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
