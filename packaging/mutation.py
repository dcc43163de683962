"""Mutation testing of what decides and of what is signed: `make mutation`, apart from the other checks.

    python packaging/mutation.py [--sample 600] [--seed 1] [--same RESULTS] [--jobs 2] [--out FOLDER] [MODULE.py …]

mutmut makes the mutants, of functions alone; here they are run. All tests but those of windows, processes and files are
collected once. One pass notes which tests run which function that is to be mutated, and how long each takes. For each
mutant a process is forked, in which the code of the function is exchanged, and the tests that run it meet the mutant,
module by module, the own one first, until one fails. Results are added to ``results.jsonl`` in the folder, mutant by
mutant: a second run goes on where the first one stopped. ``--same`` takes the mutants of another run's results, to
compare two states of the tests.

Left out, because no test of behaviour can or should tell them apart: decorators (sizes of caches, frozen, slots),
``__slots__``, prose (texts with a space in them, which people read), ``strict=`` of `zip`, which is an assertion, names
and bounds of generics (``type …``), and what is worked out while modules are imported, before any test.
"""

import argparse
import difflib
import gc
import json
import os
import pickle
import random
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import libcst as cst
import libcst.matchers as m
import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("policy", "evaluate", "access", "diff", "attack_paths", "checks", "review", "export/evidence")
"""Where mutants are made."""
_NOT_RUN = (
    "gui",
    "crash",
    "hostile",
    "collect",
    "project",
    "work",
    "benchmarks",
    "sample_account",
    "sample_organization",
)
"""Folders of tests that no mutant meets: windows and processes take too long."""
MOST_SECONDS = 60
"""Of processor, for one mutant: tests that would take longer together are left out, the slowest modules first."""
MOST_BYTES = 6 << 30


type Function = tuple[str, str, int]
"""File, qualified name, first line."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function."""

    path: Path
    original: cst.CSTNode
    mutated: cst.CSTNode


@dataclass(slots=True)
class Change:
    """A mutant as text: what differs, where, and what it is compiled to."""

    path: Path
    difference: tuple[str, ...]
    function: str
    """The qualified name of the function or method."""
    first: int
    """Its first line, in the unchanged text."""
    code: CodeType
    live: list[FunctionType] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its name in the results."""
        return f"{self.path} {self.function} {' '.join(self.difference)}"


# ── making mutants ───────────────────────────────────────────────────────────────────────────────────────────────────


def mutants_of(path: Path) -> tuple[cst.Module, list[Mutant]]:
    """Return a module's syntax tree and every mutant of it."""
    module, mutations, _, _ = create_mutations(str(path), (ROOT / path).read_text(encoding="utf-8"))
    excluded = _excluded(module)
    kept = [one for one in mutations if id(one.original_node) not in excluded and not _is_prose(one.original_node)]
    kept = [one for one in kept if not _only_strict_changes(one.original_node, one.mutated_node)]
    inside = [one for one in kept if one.contained_by_top_level_function is not None]
    return module, [Mutant(path, one.original_node, one.mutated_node) for one in inside]


def _excluded(module: cst.Module) -> set[int]:
    """Return the ids of nodes below decorators, parameters, ``__slots__`` and declarations of types."""
    tops = [
        *m.findall(module, m.Decorator()),
        *m.findall(module, m.Parameters()),
        *m.findall(module, m.TypeAlias()),
        *m.findall(module, m.TypeParameters()),
        *m.findall(module, m.Assign(targets=[m.AssignTarget(target=m.Name("__slots__"))])),
    ]
    return {id(node) for top in tops for node in _below(top)}


def _below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _below(child)


def _is_prose(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleString) and " " in node.value.strip("\"'")


def _only_strict_changes(original: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    if isinstance(original, cst.Call) and isinstance(mutated, cst.Call):
        return _without_strict(original) == _without_strict(mutated)
    return False


def _without_strict(call: cst.Call) -> list[tuple[str, str]]:
    printer = cst.Module([])
    return [
        (argument.keyword.value if argument.keyword else "", printer.code_for_node(argument.value))
        for argument in call.args
        if argument.keyword is None or argument.keyword.value != "strict"
    ] + [("", printer.code_for_node(call.func))]


def change_of(module: cst.Module, mutant: Mutant) -> Change | None:
    """Return a mutant as text; None where it changes no function, or cannot be compiled."""
    before = module.code
    after: str = module.deep_replace(mutant.original, mutant.mutated).code  # type: ignore[arg-type]
    name = str(ROOT / mutant.path)
    try:
        new = dict(_functions(compile(after, name, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError):
        return None
    old = dict(_functions(compile(before, name, "exec", dont_inherit=True)))
    changed = [key for key in old if key in new and old[key] != new[key]]
    if len(changed) != 1:
        return None
    key = changed[0]
    return Change(mutant.path, difference(before, after), key[0], old[key].co_firstlineno, new[key])


def _functions(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Yield the functions of a module and the methods of its classes, by name and place among those of that name."""
    counts: Counter[str] = Counter()
    for one in code.co_consts:
        if isinstance(one, CodeType) and one.co_flags & 2:  # CO_NEWLOCALS: a function, not the body of a class
            yield (one.co_qualname, counts[one.co_qualname]), one
            counts[one.co_qualname] += 1
        elif isinstance(one, CodeType):
            yield from _functions(one)


def difference(before: str, after: str) -> tuple[str, ...]:
    """Return the changed lines, as a diff shows them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(line.strip() for line in lines if not line.startswith(("---", "+++", "@@")))


def drawn(paths: Sequence[Path], sample: int, seed: int, same: frozenset[str]) -> list[Change]:
    """Return as many mutants as asked for, from each folder in proportion to how many it has; or those named."""
    trees: dict[Path, cst.Module] = {}
    mutants: defaultdict[str, list[Mutant]] = defaultdict(list)
    for path in paths:
        if not same or any(key.startswith(f"{path} ") for key in same):
            trees[path], found = mutants_of(path)
            mutants[_folder(path)] += found
    total = sum(map(len, mutants.values()))
    say(f"{total:,} mutants in {len(trees)} modules")
    pick = random.Random(seed)  # noqa: S311 - a sample, not a secret
    changes: dict[str, Change] = {}
    for found in mutants.values():
        wanted = len(found) if same or not sample else -(-sample * len(found) // total)
        pick.shuffle(found)
        of_folder = 0
        for mutant in found:
            if of_folder == wanted:
                break
            change = change_of(trees[mutant.path], mutant)
            if change and change.key not in changes and (not same or change.key in same):
                changes[change.key] = change
                of_folder += 1
    return list(changes.values())


def _folder(path: Path) -> str:
    return next(folder for folder in FOLDERS if path.is_relative_to(Path("iamdesk", folder)))


# ── which tests run which functions ───────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Trace:
    """Which tests run the functions that are mutated, how long each takes, and which fail as they are."""

    tests: defaultdict[Function, set[int]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[int, float] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)


class Tracer:
    """Runs tests and notes the functions that each runs; what a module's first test sets up, all its tests run."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = changes
        self._ran: set[Function] = set()

    def run(self, items: Sequence[pytest.Item], numbers: Sequence[int]) -> Trace:
        """Run these of the tests, in their order."""
        trace = Trace()
        of_module: defaultdict[Path, list[int]] = defaultdict(list)
        for number in numbers:
            of_module[items[number].path].append(number)
        watch = sys.monitoring
        watch.use_tool_id(watch.COVERAGE_ID, "mutation")
        watch.register_callback(watch.COVERAGE_ID, watch.events.PY_START, self._starts)
        for code in {function.__code__ for change in self._changes for function in change.live}:
            watch.set_local_events(watch.COVERAGE_ID, code, watch.events.PY_START)
        items[0].config.pluginmanager.register(self)
        for at, number in enumerate(numbers):
            self._ran = set()
            self._set_up: set[Function] = set()
            started = time.process_time()
            following = items[numbers[at + 1]] if at + 1 < len(numbers) else None
            reports = runtestprotocol(items[number], log=False, nextitem=following)
            trace.seconds[number] = time.process_time() - started
            if any(report.failed for report in reports):
                trace.failed.append(number)
            for function in self._ran:
                trace.tests[function].add(number)
            if of_module[items[number].path][0] == number:
                for function in self._set_up:
                    trace.tests[function].update(of_module[items[number].path])
        return trace

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """What ran until now belongs to fixtures."""
        self._set_up = set(self._ran)

    def _starts(self, code: CodeType, _offset: int) -> None:
        self._ran.add((code.co_filename, code.co_qualname, code.co_firstlineno))


# ── running mutants ──────────────────────────────────────────────────────────────────────────────────────────────────


class Children:
    """Runs functions side by side, each in a forked process, and hands on what they return."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._running: dict[int, tuple[int, Callable[[Any], None]]] = {}

    def run(self, work: Callable[[], Any], done: Callable[[Any], None], seconds: int) -> None:
        """Start one; ``done`` is called with its result, ``"time"`` or ``"crash"``."""
        while len(self._running) >= self._jobs:
            self._collect()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))  # of processor: machines are shared
            resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            signal.alarm(10 * seconds)
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - whatever a mutant raises outside a test, it is told
                result = f"crash: {type(error).__name__}"
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(pickle.dumps(result))
            os._exit(0)
        os.close(writing)
        self._running[child] = (reading, done)

    def finish(self) -> None:
        """Wait for all."""
        while self._running:
            self._collect()

    def _collect(self) -> None:
        # Read before waiting: a child with a long result ends only when it is read.
        child = next(iter(self._running))
        if len(self._running) > 1:
            import select

            ready, _, _ = select.select([reading for reading, _ in self._running.values()], [], [])
            child = next(one for one, (reading, _) in self._running.items() if reading in ready)
        reading, done = self._running.pop(child)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        ended = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM)
        done(pickle.loads(said) if said else "time" if ended else "crash")  # noqa: S301 - from a child of this process


class Plugin:
    """Takes the place of pytest's loop: all tests are collected, none of the program has run."""

    def __init__(self, options: argparse.Namespace, changes: list[Change]) -> None:
        self._options = options
        self._changes = changes
        self._children = Children(options.jobs)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Trace, then run every mutant."""
        items = session.items
        self._find_live()
        say(f"{sum(not change.live for change in self._changes)} mutants are of functions that no test loads")
        gc.collect()
        gc.freeze()  # no child looks through what all share
        trace = self._trace(items)
        say(f"{len(trace.seconds):,} tests, {sum(trace.seconds.values()):,.0f} s, {len(trace.failed)} fail as they are")
        for number in trace.failed:
            say(f"  {items[number].nodeid}")
        log = self._options.out / "results.jsonl"
        results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        known = {one["mutant"] for one in results}
        to_run = [change for change in self._changes if change.key not in known]
        say(f"{len(known):,} known, {len(to_run):,} to run")
        started = time.monotonic()
        with log.open("a", encoding="utf-8") as stream:

            def note(change: Change, tests: int, killer: str | None) -> None:
                result = {"mutant": change.key, "folder": _folder(change.path), "killer": killer, "tests": tests}
                results.append(result)
                stream.write(json.dumps(result) + "\n")
                stream.flush()

            for number, change in enumerate(to_run):
                chosen = self._tests_of(change, items, trace)
                self._children.run(
                    lambda change=change, chosen=chosen: _killer(change, [items[one] for one in chosen]),
                    lambda killer, change=change, chosen=chosen: note(change, len(chosen), killer),
                    3 * MOST_SECONDS,
                )
                if number % 50 == 49:
                    say(f"{number + 1:,} of {len(to_run):,} after {time.monotonic() - started:,.0f} s")
            self._children.finish()
        wanted = {change.key for change in self._changes}
        for line in report([one for one in results if one["mutant"] in wanted]):
            say(line)
        return True

    def _find_live(self) -> None:
        functions: defaultdict[tuple[str, str], list[FunctionType]] = defaultdict(list)
        gc.unfreeze()  # tests/conftest.py freezes what was collected
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(ROOT / "iamdesk")):
                functions[one.__code__.co_filename, one.__code__.co_qualname].append(one)
        for change in self._changes:
            alive = functions[str(ROOT / change.path), change.function]
            change.live = [one for one in alive if one.__code__.co_firstlineno == change.first]

    def _trace(self, items: Sequence[pytest.Item]) -> Trace:
        by_module: defaultdict[Path, list[int]] = defaultdict(list)
        for number, item in enumerate(items):
            by_module[item.path].append(number)
        traces: list[Trace] = []
        for share in range(self._options.jobs):
            numbers = [one for path in sorted(by_module)[share :: self._options.jobs] for one in by_module[path]]
            self._children.run(
                lambda numbers=numbers: Tracer(self._changes).run(items, numbers), traces.append, 3 * 3600
            )
        self._children.finish()
        whole = Trace()
        for trace in traces:
            if isinstance(trace, str):
                sys.exit(f"the tests cannot be traced: {trace}")
            for function, numbers in trace.tests.items():
                whole.tests[function] |= numbers
            whole.seconds |= trace.seconds
            whole.failed += trace.failed
        return whole

    def _tests_of(self, change: Change, items: Sequence[pytest.Item], trace: Trace) -> list[int]:
        """Return the tests that run a function: by module, the own one and quick ones first."""
        codes = [function.__code__ for function in change.live]
        functions = [(code.co_filename, code.co_qualname, code.co_firstlineno) for code in codes]
        found = {test for function in functions for test in trace.tests.get(function, ())}
        found -= set(trace.failed)
        seconds: Counter[Path] = Counter()
        for number in found:
            seconds[items[number].path] += trace.seconds[number]  # type: ignore[assignment]
        own = f"test_{change.path.stem}.py"
        chosen: list[Path] = []
        for path in sorted(seconds, key=lambda path: (path.name != own, seconds[path])):
            if not chosen or sum(seconds[one] for one in chosen) + seconds[path] <= MOST_SECONDS:
                chosen.append(path)
        turn = {path: place for place, path in enumerate(chosen)}
        return sorted((one for one in found if items[one].path in turn), key=lambda one: (turn[items[one].path], one))


def _killer(change: Change, items: Sequence[pytest.Item]) -> str | None:
    """Return the test that kills a mutant; None where it survives. Changes this process for good."""
    for function in change.live:
        function.__code__ = change.code
    for at, item in enumerate(items):
        following = items[at + 1] if at + 1 < len(items) else None
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            return item.nodeid
    return None


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


def report(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield one line a folder: mutants, killed, by time, survivors that no test runs."""
    by_folder: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in results:
        word = "survived" if one["killer"] is None else "time" if one["killer"] == "time" else "killed"
        for folder in (one["folder"], "all"):
            by_folder[folder][word] += 1
            by_folder[folder]["not run"] += one["tests"] == 0
    for folder, counts in sorted(by_folder.items(), key=lambda item: (item[0] == "all", item[0])):
        dead = counts["killed"] + counts["time"]
        total = dead + counts["survived"]
        say_run = f"{counts['time']} by time, {counts['not run']} run by no test"
        yield f"{folder:<16} {total:5} mutants {dead:5} killed ({say_run}) {100 * dead / total:6.1f} %"


def main() -> None:
    """Run mutants and print the score of each folder."""
    parser = argparse.ArgumentParser(description="Mutation testing: how many deliberate faults the tests find.")
    parser.add_argument("--sample", type=int, default=600, help="how many mutants, at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--same", type=Path, help="the results of another run: its mutants, as far as they exist here")
    parser.add_argument("--jobs", type=int, default=2, help="how many run side by side")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("modules", nargs="*", type=Path, help="only these files")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    options.out = options.out.absolute()
    options.out.mkdir(parents=True, exist_ok=True)
    same = options.same.read_text(encoding="utf-8").splitlines() if options.same else []
    keys = frozenset(json.loads(line)["mutant"] for line in same)
    paths = options.modules or [
        path.relative_to(ROOT) for folder in FOLDERS for path in sorted((ROOT / "iamdesk" / folder).rglob("*.py"))
    ]
    changes = drawn(paths, options.sample, options.seed, keys)
    # Failures count, not their smallest example.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", hypothesis.settings.get_profile("ci"), phases=phases)
    tests = sorted(str(path) for path in (ROOT / "tests").iterdir() if path.name not in _NOT_RUN)
    folders = [
        path for path in tests if Path(path).name.startswith("test_") or (Path(path).is_dir() and "__" not in path)
    ]
    words = ["-q", "-c", os.devnull, f"--rootdir={ROOT}", "--import-mode=importlib", "-p", "no:cacheprovider"]
    words += [f"-pno:{name}" for name in ("pytest-qt", "xdist", "pytest_cov", "terminalreporter", "faulthandler")]
    sys.exit(pytest.main([*words, "--hypothesis-profile=mutation", *folders], [Plugin(options, changes)]))


def say(line: str) -> None:
    """Print a line at once."""
    os.write(_OUT, (line + "\n").encode())


_OUT = os.dup(1)
"""Where this prints, whatever pytest captures."""


if __name__ == "__main__":
    main()
