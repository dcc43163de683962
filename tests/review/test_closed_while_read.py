"""A review is closed while other threads read it: they are told, and nothing crashes or hangs."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head

READ_AND_CLOSE = """
import sys, threading
from pathlib import Path
from iamdesk.errors import ReviewError
from iamdesk.review.review_file import ReviewFile

for _ in range(150):
    review = ReviewFile.open(Path(sys.argv[1]), writable=False, checked=False)
    begun = threading.Event()

    def read():
        begun.set()
        try:
            while True:
                review.packs()
                list(review.lines)
        except ReviewError:
            pass

    threads = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    review.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
print("closed")
"""


def test_threads_that_read_are_told(tmp_path: Path) -> None:
    """In a process of its own: SQLite crashed it."""
    path = tmp_path / "q.iamreview"
    items = [
        ReviewItem(
            "111122223333",
            f"arn:aws:iam::111122223333:user/{number}",
            "user",
            EntitlementType.MANAGED_POLICY,
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "ReadOnlyAccess",
            {},
        )
        for number in range(300)
    ]
    ReviewFile.create(path, Head("r-1", "Q", "ab" * 32, "a.json", datetime.now(UTC)), [], items, []).close()
    done = subprocess.run(
        [sys.executable, "-c", READ_AND_CLOSE, path], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr[-2000:]
