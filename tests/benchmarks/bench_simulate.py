"""How long `iamdesk simulate` takes for 20,000 generated cases, in one process, as a user starts it.

    python tests/benchmarks/bench_simulate.py [--cases 20000] [--seed 1]

The yardstick, in the same run: reading the same lines with ``json.loads`` and writing the same answers with
``json.dumps``, which nothing can do without.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from cases import cases


def simulate(path: Path, mode: str) -> tuple[float, float, list[bytes]]:
    """Return the seconds by the clock, the seconds of processor, and the lines that were printed."""
    command = [sys.executable, "-m", "iamdesk", "simulate", str(path), "--unknown-context", mode]
    before = os.times()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        subprocess.run(command, check=True, stdout=printed)
        taken = time.perf_counter() - started
        after = os.times()
        printed.seek(0)
        lines = printed.readlines()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return taken, spent, lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for case in cases(options.cases, options.seed):
                stream.write(json.dumps(case) + "\n")
        print(f"{options.cases:,} cases, {path.stat().st_size / 1e6:.1f} MB")
        for mode in ("absent", "unknown"):
            taken, spent, lines = simulate(path, mode)
            answers = [json.loads(line) for line in lines]
            if len(answers) != options.cases:
                sys.exit(f"{len(answers):,} answers for {options.cases:,} cases")
            words = Counter(answer.get("EvalDecision", "error") for answer in answers)
            told = ", ".join(f"{word} {count / len(answers):.1%}" for word, count in words.most_common())
            print(f"simulate --unknown-context {mode:<8} {taken:6.2f} s ({spent:.2f} s of processor): {told}")
            if mode == "absent":
                started = time.perf_counter()
                for line in path.read_bytes().splitlines():
                    json.loads(line)
                for answer in answers:
                    json.dumps(answer)
                print(f"the yardstick, json alone: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
