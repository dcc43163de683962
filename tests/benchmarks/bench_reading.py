"""How fast a large account opens, how long the longest pause of other threads is, and how much memory it takes.

    PYTHONPATH=. python tests/benchmarks/bench_reading.py [--rounds 5] [--roles 5000 …]

The yardstick is pydantic's own ``model_validate_json`` over the whole file, with the collector off, in the same run:
it does less (no digest, no repeated keys, no places) and stops every other thread until it is done.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from account import Size, make_account, spell_documents

from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.model import GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.snapshot.reader import load_snapshot


class WholeAccount(AwsModel):
    """The whole file as one model: what the yardstick reads."""

    user_detail_list: tuple[UserDetail, ...]
    group_detail_list: tuple[GroupDetail, ...]
    role_detail_list: tuple[RoleDetail, ...]
    policies: tuple[ManagedPolicyDetail, ...]


def yardstick(path: Path) -> WholeAccount:
    gc.disable()
    try:
        return WholeAccount.model_validate_json(path.read_bytes())
    finally:
        gc.enable()


def seconds(work: Callable[[Path], object], path: Path) -> float:
    gc.collect()
    start = time.perf_counter()
    result = work(path)
    taken = time.perf_counter() - start
    del result
    gc.unfreeze()
    return taken


@contextmanager
def heartbeat(gaps: list[float]) -> Iterator[None]:
    """Note how long a thread that wants to run every millisecond was kept from it."""
    done = threading.Event()

    def beat() -> None:
        last = time.perf_counter()
        while not done.wait(0.001):
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def peak_megabytes(path: Path) -> float:
    """Return the peak memory of a fresh process that opens the file, as the system tells it; 0 where it does not."""
    code = (
        "import sys; from pathlib import Path; from iamdesk.snapshot.reader import load_snapshot;"
        "snapshot = load_snapshot(sys.argv[1]); status = Path('/proc/self/status');"
        "print(status.read_text() if status.exists() else '')"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True).stdout
    return next((int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, number in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    account = make_account(Size(options.users, options.roles, options.groups, options.policies))
    texts = {
        "as the CLI prints it": json.dumps(account, indent=4),
        "compact": json.dumps(account, separators=(",", ":")),
        "documents URL-encoded": json.dumps(spell_documents(account, "url"), indent=4),
    }
    del account
    with tempfile.TemporaryDirectory() as folder:
        for layout, text in texts.items():
            path = Path(folder) / "account.json"
            path.write_text(text, encoding="utf-8")
            ours: list[float] = []
            theirs: list[float] = []
            gaps: list[float] = []
            for _ in range(options.rounds):
                theirs.append(seconds(yardstick, path))
                ours.append(seconds(load_snapshot, path))
            with heartbeat(gaps):
                snapshot = load_snapshot(path)
            del snapshot
            gc.unfreeze()
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(
                f"{layout} ({path.stat().st_size / 1e6:.0f} MB): load_snapshot {statistics.median(ours):.3f} s, "
                f"whole model {statistics.median(theirs):.3f} s, ratio {ratio:.2f}; "
                f"longest pause {max(gaps) * 1000:.0f} ms; peak {peak_megabytes(path):.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
