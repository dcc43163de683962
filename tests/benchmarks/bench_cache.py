"""How much a second opening could gain from a cache: the best there is (pickle, no checks) against reading again.

    PYTHONPATH=. python tests/benchmarks/bench_cache.py

A cache is found by the digest of the files, so that these are read to their end either way. The figures and what was
made of them stand in ARCHITECTURE.md, "No cache".
"""

import gc
import hashlib
import json
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from account import Size, make_account
from bench_organization import make_accounts, make_bundle

from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.tree_builder import build_outline


def best_of(work: Callable[[], object], times: int = 3) -> float:
    """Return the least time of some runs, in seconds, with the collector off."""
    taken = []
    for _ in range(times):
        gc.collect()
        gc.disable()
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
        gc.enable()
    return min(taken)


def digests(root: Path) -> list[str]:
    files = [root] if root.is_file() else [file for file in root.rglob("*") if file.is_file()]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def measure(name: str, path: Path) -> None:
    snapshot = load_snapshot(path)
    kept = pickle.dumps((snapshot, build_outline(snapshot)), 5)
    del snapshot
    again = best_of(lambda: build_outline(load_snapshot(path)))
    hashing, unpickling = best_of(lambda: digests(path)), best_of(lambda: pickle.loads(kept))  # noqa: S301 - our own
    print(
        f"{name}: opening {again:.2f} s; digests {hashing:.2f} s + cache {unpickling:.2f} s, "
        f"{len(kept) / 1e6:,.0f} MB: {again / (hashing + unpickling):.1f} times as fast; "
        f"longest pause {unpickling * 1000:,.0f} ms"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "account.json").write_text(json.dumps(make_account(Size()), indent=4))
        measure("one account", root / "account.json")
        for name, make, number in (("four accounts", make_accounts, 4), ("20,000 small files", make_bundle, 20_000)):
            (root / name).mkdir()
            measure(name, make(root / name, number))


if __name__ == "__main__":
    main()
