"""Compare what two checkouts print about the same snapshots, byte for byte but for times.

    python tests/same.py OLD NEW [--accounts 50] [--seed N] [--snapshot PATH]... [--pair BEFORE AFTER]...
    python tests/same.py OLD --keep DIGESTS        what OLD prints, for a later comparison:
    python tests/same.py DIGESTS NEW               with the same options

Each checkout is asked by its own command line: can, who-can, what-can, describe, external-access, paths, findings,
review items with their effects, diff and simulate, as JSON. The snapshots are the samples, accounts drawn by a seed,
and those given; drawn accounts are compared in pairs. What differs is printed by command, with the first place, and
the exit status is 1. Checkouts are asked in turn, each snapshot in a process of its own, ``--jobs`` at a time.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_QUESTIONS = 12
"""Drawn questions of each kind about a snapshot."""


# ── asking one checkout, in a process of its own ─────────────────────────────────────────────────────────────────────


def _ask(snapshots: list[str], seed: int) -> None:
    """Print a line for each question about a snapshot, or about a pair of them: its words, status and output."""
    for words in _of_pair(*snapshots) if len(snapshots) > 1 else _about(snapshots[0], seed):
        status, output = _run(words)
        print(json.dumps([words, status, _TIME.sub(b"TIME", output).decode()]), file=sys.__stdout__)


def _of_pair(old: str, new: str) -> Iterator[list[str]]:
    yield ["diff", old, new, "--format", "json"]
    yield ["diff", new, old, "--format", "json"]


def _about(snapshot: str, seed: int) -> Iterator[list[str]]:
    if snapshot.endswith(".jsonl"):
        yield ["simulate", snapshot]
        return
    for command in ("external-access", "paths", "findings"):
        yield [command, snapshot, "--format", "json"]
    draw = random.Random(f"{seed} {Path(snapshot).name}")
    principals, actions, resources = (sorted(found) for found in _named(snapshot))
    for _ in range(_QUESTIONS):
        action, principal = draw.choice(actions), draw.choice(principals)
        resource = draw.choice([*_of_service(resources, action), "*"])
        yield ["can", snapshot, *_asked(principal=principal, action=action, resource=resource), "--changes"]
        yield ["who-can", snapshot, *_asked(action=action, resource=resource)]
    for principal in draw.sample(principals, min(len(principals), _QUESTIONS)):
        yield ["describe", snapshot, principal, "--format", "json"]
        yield ["what-can", snapshot, *_asked(principal=principal)]
        yield ["paths", snapshot, "--from", principal, "--format", "json"]
    for resource in draw.sample(resources, min(len(resources), 3)):
        yield ["describe", snapshot, resource, "--format", "json"]
        yield ["who-can", snapshot, *_asked(resource=resource)]
    with TemporaryDirectory() as folder:
        review = str(Path(folder, "review.iamreview"))
        yield ["review", "new", snapshot, "-o", review]
        yield ["review", "entitlements", review, "--effects", "--format", "json"]
        yield ["review", "findings", review, "--format", "json"]


def _asked(**options: str) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", value)] + ["--format", "json"]


def _of_service(resources: list[str], action: str) -> list[str]:
    service = action.partition(":")[0].lower()
    return [one for one in resources if one.split(":")[2] == service] or resources


def _named(snapshot: str) -> tuple[set[str], set[str], set[str]]:
    """Return the principals, the actions and the resources without wildcards that a snapshot's files name."""
    principals, actions, resources = {"anonymous"}, {"s3:GetObject", "iam:PassRole", "sts:AssumeRole"}, set[str]()
    path = Path(snapshot)
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        text = file.read_text(encoding="utf-8")
        principals.update(re.findall(r'"(?:Arn|arn)": ?"(arn:aws:iam::\d{12}:(?:user|role)/[^"]+)"', text))
        actions.update(one for one in re.findall(r'"([a-z0-9-]{2,20}:[A-Z][A-Za-z]+)"', text))
        resources.update(re.findall(r'"(arn:aws:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12})?:[^"*?$\\]+)"', text))
    return principals, actions, resources


def _run(words: list[str]) -> tuple[int, bytes]:
    from iamdesk.cli import main

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            main([*words])
        except SystemExit as end:
            status = int(end.code or 0)
    return status, out.buffer.getvalue()  # type: ignore[attr-defined]


type Answer = tuple[int, str]
"""Exit status, and what was printed."""


# ── comparing two ────────────────────────────────────────────────────────────────────────────────────────────────────


def _answers(checkout: Path, inputs: list[str], options: argparse.Namespace) -> dict[str, Answer]:
    """Return what a checkout prints, by the words of the question."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, __file__, "--ask", "--seed", str(options.seed)]

    def ask(snapshots: str) -> str:
        words = [*command, *snapshots.split("\n")]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{checkout} {snapshots}: {done.stderr[-2000:]}")
        return done.stdout

    with ThreadPoolExecutor(options.jobs) as pool:
        lines = [line for printed in pool.map(ask, inputs) for line in printed.splitlines()]
    found = {}
    for line in lines:
        words, status, output = json.loads(line)
        key = " ".join(Path(word).name if word.startswith("/") else word for word in words)
        found[key] = (status, output)
    return found


def _inputs(folder: Path, checkout: Path, options: argparse.Namespace) -> list[str]:
    """Return the snapshots to ask about, one or two (old and new) in each; draw accounts into a folder."""
    samples = checkout / "resources/samples"
    found = [str(samples / "acme-prod.json"), str(samples / "acme-organization"), *map(str, options.snapshots)]
    drawn = []
    for number in range(options.accounts):
        path = folder / f"drawn-{options.seed + number}.json"
        size = ["--users", "8", "--roles", "16", "--groups", "4", "--policies", "8"]
        maker = [sys.executable, str(checkout / "tests/benchmarks/account.py"), *size, "--compact"]
        subprocess.run([*maker, "--seed", str(options.seed + number), str(path)], check=True, capture_output=True)
        drawn.append(str(path))
    pairs = [*zip(drawn[::2], drawn[1::2], strict=False), *options.pairs]
    return [*found, *drawn, *("\n".join(map(str, pair)) for pair in pairs)]


def _digest(answer: Answer) -> str:
    return hashlib.sha256(json.dumps(answer).encode()).hexdigest()


def _first_difference(old: Any, new: Any, at: str = "") -> str:
    if type(old) is type(new) and isinstance(old, dict):
        keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
        if not keys:
            return f"{at}: the order of keys"
        return _first_difference(old.get(keys[0]), new.get(keys[0]), f"{at}.{keys[0]}")
    if type(old) is type(new) and isinstance(old, list) and len(old) == len(new):
        place = next(place for place, (one, other) in enumerate(zip(old, new, strict=True)) if one != other)
        return _first_difference(old[place], new[place], f"{at}[{place}]")
    return f"{at}: {json.dumps(old)[:300]} -> {json.dumps(new)[:300]}"


def _is_same(old: Answer | str | None, new: Answer | None) -> bool:
    return new is not None and old == (_digest(new) if isinstance(old, str) else new)


def _explain(old: Answer | str | None, new: Answer | None) -> str:
    if old is None or new is None:
        return "asked of one of them only"
    if isinstance(old, str):
        return "another digest"
    if old[0] != new[0]:
        return f"exit status {old[0]} -> {new[0]}"
    with contextlib.suppress(ValueError):
        return _first_difference(json.loads(old[1]), json.loads(new[1]))
    return _first_difference(old[1].splitlines(), new[1].splitlines())


def _whole(text: str) -> Path:
    return Path(text).resolve()


def main() -> int:
    """Compare two checkouts; return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="a checkout, or the digests that --keep has written")
    parser.add_argument("new", type=Path, nargs="?", help="the checkout to compare with it")
    parser.add_argument("--keep", type=Path, help="the file for the digests of what OLD prints")
    parser.add_argument("--snapshot", type=_whole, action="append", default=[], dest="snapshots")
    parser.add_argument("--pair", type=_whole, action="append", nargs=2, default=[], dest="pairs")
    parser.add_argument("--accounts", type=int, default=50, help="how many accounts are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if (options.new is None) != (options.keep is not None):
        parser.error("give two checkouts, or one and --keep")
    with TemporaryDirectory() as name:
        is_kept = options.old.is_file()
        inputs = _inputs(Path(name), (options.new if is_kept else options.old).resolve(), options)
        if is_kept:
            old: Mapping[str, Answer | str] = json.loads(options.old.read_text(encoding="utf-8"))
        else:
            old = _answers(options.old.resolve(), inputs, options)
        if options.keep is not None:
            kept = {words: _digest(answer) for words, answer in old.items()}
            options.keep.write_text(json.dumps(kept, indent=0), encoding="utf-8")
            return 0
        new = _answers(options.new.resolve(), inputs, options)
    differing = [words for words in {**old, **new} if not _is_same(old.get(words), new.get(words))]
    asked = Counter(words.split()[0] for words in new)
    wrong = Counter(words.split()[0] for words in differing)
    for command, count in sorted(asked.items()):
        print(f"{command:16} {count:6} asked {wrong[command]:6} differ")
    for words in differing:
        print(f"{words}\n    {_explain(old.get(words), new.get(words))}")
    return bool(differing)


if __name__ == "__main__":
    if "--ask" in sys.argv:
        _ask(sys.argv[sys.argv.index("--seed") + 2 :], int(sys.argv[sys.argv.index("--seed") + 1]))
    else:
        sys.exit(main())
