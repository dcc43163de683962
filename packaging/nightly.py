"""All slow proofs, one after the other, with one table at the end: `make nightly`.

    python packaging/nightly.py [--again] [NAME …]

Each is a command of the Makefile, and prints into ``build/nightly/NAME.log``. What passed is kept in
``build/nightly/passed.json`` with the commit it passed on: a second run at the same commit goes on with what is left,
unless ``--again`` is given. The exit status is 1 where one failed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "nightly"

PROOFS = {
    "test": "everything that make test checks",
    "proofs": "properties on all their examples",
    "cluster": "a Dask cluster with real processes",
    "attack": "engine against the second evaluator",
    "attack-bulk": "bulk evaluator against the engine",
    "attack-diff": "changes that diff calls unchanged",
    "attack-window": "panels against what they name",
    "crash": "power cuts in every write",
    "fuzz": "wrong inputs of every kind",
    "soak": "2,000 snapshots in one process",
    "mutation": "deliberate faults that no test finds",
    "package": "what is installed, tried",
}
"""The commands of the Makefile, the quickest first, and what each proves."""


def main() -> None:
    """Run what has not passed at this commit; print the table."""
    parser = argparse.ArgumentParser(description="Run all slow proofs, and print one table.")
    parser.add_argument("--again", action="store_true", help="run what has passed at this commit, too")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(PROOFS)}")
    options = parser.parse_args()
    unknown = set(options.names) - PROOFS.keys()
    if unknown:
        parser.error(f"no such proof: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    state = FOLDER / "passed.json"
    commit = _commit()
    kept = json.loads(state.read_text(encoding="utf-8")) if state.exists() and not options.again else {}
    passed: dict[str, float] = kept.get("seconds", {}) if kept.get("commit") == commit else {}
    rows: list[tuple[str, str, float]] = []
    for name in options.names or PROOFS:
        if name in passed:
            rows.append((name, "passed before", passed[name]))
            continue
        _say(f"{name}: {PROOFS[name]} …")
        started = time.monotonic()
        status = _run(name)
        seconds = time.monotonic() - started
        rows.append((name, "passed" if status == 0 else f"FAILED ({status}), see {name}.log", seconds))
        if status == 0:
            passed[name] = seconds
            state.write_text(json.dumps({"commit": commit, "seconds": passed}, indent=1), encoding="utf-8")
    _say("")
    for name, outcome, seconds in rows:
        _say(f"{name:<14} {PROOFS[name]:<40} {seconds / 60:7.1f} min  {outcome}")
    sys.exit(any("FAILED" in outcome for _, outcome, _ in rows))


def _commit() -> str:
    """Return the commit, marked where files differ from it: what passed then says nothing about it."""
    words = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    return f"{found} {time.time_ns()}" if found.endswith("-dirty") else found


def _run(name: str) -> int:
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL")}
    with (FOLDER / f"{name}.log").open("w", encoding="utf-8") as log:
        words = ["make", "--no-print-directory", name]
        return subprocess.run(words, cwd=ROOT, stdout=log, stderr=log, env=environment, check=False).returncode  # noqa: S603


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
