"""Mutation testing of the policy language and the evaluator: `make mutation`, apart from the other checks.

    python packaging/mutation.py [--sample 1500] [--seed 1] [--jobs 2] [--out build/mutation] [MODULE.py …]

mutmut makes the mutants; here they are run. Each mutant lives in a process of its own, forked from one that has loaded
pytest and the libraries but nothing of iamdesk, so that tables and caches are built by the mutated code, too. A mutant
first meets the conformance corpus, then the tests of its module, and dies at the first that fails. Results are added to
``results.jsonl`` in the folder, mutant by mutant: a second run goes on where the first one stopped.

Left out, because no test of behaviour can or should tell them apart: decorators (sizes of caches, frozen, slots),
``__slots__``, prose (texts with a space in them, which people read), ``strict=`` of `zip`, which is an assertion, and
names and bounds of generics (``type …``).
"""

import argparse
import difflib
import gc
import importlib.abc
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, override

import hypothesis.strategies  # noqa: F401 - loaded once, for all
import libcst as cst
import libcst.matchers as m
import pytest
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("iamdesk/policy", "iamdesk/evaluate")
MOST_SECONDS = 180
MOST_BYTES = 3 << 30

_UNKNOWNS = ("tests/evaluate/test_solver.py",)
_ENUMERATING = frozenset({"unknowns", "domains", "samples", "witnesses", "value_lists", "condition_tests"})


_SLOW = frozenset(
    {
        "test_hostile_documents.py",
        "test_managed_policies.py",
        "test_properties.py",
        "test_text.py",
        "test_unknowns.py",
        "test_what_can.py",
        "test_who_can.py",
        "test_why.py",
    }
)
"""Files that a mutant of another module does not meet: they take long."""

_LAST = frozenset({"test_access_points.py", "test_effort.py"})
"""Files that hold a test of several seconds: most mutants are dead before them."""


def tests_of(module: Path) -> list[tuple[str, ...]]:
    """Return the tests that a mutant of a module meets after the corpus: groups of files, its own first."""
    own = f"tests/{module.parent.name}/test_{module.stem}.py"
    folders = (f"tests/{module.parent.name}", "tests/evaluate", "tests/query")
    files = [str(path.relative_to(ROOT)) for folder in folders for path in sorted((ROOT / folder).glob("test_*.py"))]
    files.append("tests/explain/test_explanation.py")
    quick = [file for file in dict.fromkeys(files) if Path(file).name not in _SLOW or file == own != _UNKNOWNS[0]]
    quick.sort(key=lambda file: (file != own, Path(file).name in _LAST))
    return [tuple(quick), _UNKNOWNS] if module.stem in _ENUMERATING else [tuple(quick)]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module."""

    path: Path
    number: int
    """Its place among the mutants of the module."""
    original: cst.CSTNode
    mutated: cst.CSTNode

    @property
    def key(self) -> str:
        """Its name in the results."""
        return f"{self.path}#{self.number}"


# ── making mutants ───────────────────────────────────────────────────────────────────────────────────────────────────


def mutants_of(path: Path) -> tuple[cst.Module, list[Mutant]]:
    """Return a module's syntax tree and every mutant of it."""
    module, mutations, _, _ = create_mutations(str(path), (ROOT / path).read_text(encoding="utf-8"))
    excluded = _excluded(module)
    kept = [one for one in mutations if id(one.original_node) not in excluded and not _is_prose(one.original_node)]
    kept = [one for one in kept if not _only_strict_changes(one.original_node, one.mutated_node)]
    return module, [Mutant(path, number, one.original_node, one.mutated_node) for number, one in enumerate(kept)]


def _excluded(module: cst.Module) -> set[int]:
    """Return the ids of nodes below decorators, ``__slots__`` and declarations of types."""
    tops = [
        *m.findall(module, m.Decorator()),
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


# ── running one ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Impostor(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Loads a mutated text in the place of one module."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        self._name, self._path, self._text = name, path, text

    @override
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return itself as the loader of its module."""
        return importlib.util.spec_from_loader(name, self, origin=str(self._path)) if name == self._name else None

    @override
    def get_source(self, fullname: str) -> str:
        """Return the mutated text."""
        return self._text

    @override
    def get_code(self, fullname: str) -> CodeType:
        """Return the mutated code."""
        return compile(self._text, str(self._path), "exec", dont_inherit=True)


_DESELECTED = ("test_no_json_value_makes_it_fail", "test_size_does_not_hurt", "test_no_statement_makes_it_fail")
_PYTEST = (
    "-x",
    "-q",
    "-c",
    os.devnull,
    f"--rootdir={ROOT}",
    "--import-mode=importlib",
    "--hypothesis-profile=ci",
    "-k",
    " and ".join(f"not {name}" for name in _DESELECTED),
)
"""Without the plugins for the window, for coverage and so on, which are not needed and take longer than the tests."""


def killer_of(path: Path, text: str, groups: int) -> str | None:
    """Return what kills a mutant; None where it survives. Changes this process for good."""
    name = ".".join(path.with_suffix("").parts)
    sys.meta_path.insert(0, Impostor(name, ROOT / path, text))
    corpus = _corpus_fails()
    if corpus is not None:
        return corpus
    for group in tests_of(path)[:groups]:
        if pytest.main([*_PYTEST, *group]) != pytest.ExitCode.OK:
            return f"tests: {', '.join(group[:1])} …"
    return None


def _corpus_fails() -> str | None:
    try:
        from tests.conformance import test_corpus

        for one in test_corpus.CASES:
            test_corpus.check_answer(one)
        for one in test_corpus.CASES:
            test_corpus.check_answer_with_unknown_context(one)
    except BaseException as error:  # noqa: BLE001 - whatever a mutant raises, it is found out
        return f"corpus: {type(error).__name__}"
    return None


def _in_child(path: Path, text: str, groups: int, pipe: int) -> None:
    """Run one mutant in this forked process and write what kills it to the pipe; never returns."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 5))  # of processor: machines are shared
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    killer: str | None = "out of memory"
    with suppress(MemoryError):
        killer = killer_of(path, text, groups)
    os.write(pipe, json.dumps(killer).encode())
    os._exit(0)


class Runner:
    """Runs mutants side by side, each in a process of its own."""

    def __init__(self, jobs: int, groups: int) -> None:
        self._jobs = jobs
        self._groups = groups
        self._running: dict[int, tuple[int, Callable[[str | None], None]]] = {}

    def run(self, path: Path, text: str, done: Callable[[str | None], None]) -> None:
        """Start a mutant; ``done`` is called with what kills it."""
        while len(self._running) >= self._jobs:
            self._collect()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _in_child(path, text, self._groups, writing)
        os.close(writing)
        self._running[child] = (reading, done)

    def finish(self) -> None:
        """Wait for all."""
        while self._running:
            self._collect()

    def _collect(self) -> None:
        child, status = os.wait()
        reading, done = self._running.pop(child)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            done("time")
        else:
            done(json.loads(told) if told else "crash")


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


def chosen(by_module: dict[Path, list[Mutant]], sample: int, seed: int) -> list[Mutant]:
    """Return as many mutants as asked for, from each module in proportion to how many it has; 0 is all."""
    total = sum(map(len, by_module.values()))
    pick = random.Random(seed)  # noqa: S311 - a sample, not a secret
    found: list[Mutant] = []
    for mutants in by_module.values():
        count = len(mutants) if not sample else min(len(mutants), -(-sample * len(mutants) // total))
        found += pick.sample(mutants, count)
    pick.shuffle(found)
    return found


def difference(before: str, after: str) -> list[str]:
    """Return the changed lines, as a diff shows them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++"))]


def report(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield one line a module: mutants, killed, by time, survivors."""
    by_module: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in results:
        word = "survived" if one["killer"] is None else "time" if one["killer"] == "time" else "killed"
        by_module[one["module"]][word] += 1
        by_module["all"][word] += 1
    for module, counts in sorted(by_module.items(), key=lambda item: (item[0] == "all", item[0])):
        total = counts.total()
        dead = total - counts["survived"]
        score = 100 * dead / total
        yield f"{module:<40} {total:5} mutants {dead:5} killed ({counts['time']} by time) {score:6.1f} %"


def main() -> None:
    """Run mutants and print the score of each module."""
    parser = argparse.ArgumentParser(description="Mutation testing of the policy language and the evaluator.")
    parser.add_argument("--sample", type=int, default=1500, help="how many mutants, at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many run side by side")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--quick", action="store_true", help="without the tests that try values, which take longest")
    parser.add_argument("--again", action="store_true", help="run what survived once more: there are more tests now")
    parser.add_argument("modules", nargs="*", type=Path, help="only these files")
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTEST_PLUGINS"] = "_hypothesis_pytestplugin"
    sys.path.insert(0, str(ROOT))
    paths = options.modules or [path for room in ROOMS for path in sorted(Path(room).glob("*.py"))]
    trees: dict[Path, cst.Module] = {}
    by_module: dict[Path, list[Mutant]] = {}
    for path in paths:
        trees[path], by_module[path] = mutants_of(path)
    total = sum(map(len, by_module.values()))
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out / "results.jsonl"
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    groups = 1 if options.quick else 2
    # What survived fewer tests is run again; a later line of the file counts in the place of an earlier one.
    latest = {one["mutant"]: one for one in results}.values()
    results = [one for one in latest if one["killer"] is not None or (one["groups"] >= groups and not options.again)]
    known = {one["mutant"] for one in results}
    # What survived comes first, whether or not the sample still holds it: it says soonest what new tests are worth.
    once_more = {one["mutant"] for one in latest} - known
    to_run = [one for mutants in by_module.values() for one in mutants if one.key in once_more]
    sample = chosen(by_module, options.sample, options.seed)
    to_run += [one for one in sample if one.key not in known | once_more]
    say(f"{total:,} mutants in {len(paths)} modules; {len(known):,} known, {len(to_run):,} to run")
    check_unchanged(sorted({one.path for one in to_run}), options.jobs, groups)
    # The syntax trees of all mutants are millions of objects: no child looks through them for garbage.
    gc.freeze()
    runner = Runner(options.jobs, groups)
    started = time.monotonic()
    with log.open("a", encoding="utf-8") as stream:

        def note(one: Mutant, changes: list[str], killer: str | None) -> None:
            result = {"mutant": one.key, "module": str(one.path), "killer": killer, "groups": groups, "change": changes}
            results.append(result)
            stream.write(json.dumps(result) + "\n")
            stream.flush()

        for number, one in enumerate(to_run):
            before = trees[one.path].code
            after = trees[one.path].deep_replace(one.original, one.mutated).code  # type: ignore[arg-type]
            changes = difference(before, after)
            runner.run(one.path, after, lambda killer, one=one, changes=changes: note(one, changes, killer))
            if number % 100 == 99:
                say(f"{number + 1:,} of {len(to_run):,} after {time.monotonic() - started:,.0f} s")
        runner.finish()
    for line in report(results):
        say(line)


def check_unchanged(paths: Sequence[Path], jobs: int, groups: int) -> None:
    """End the program where the tests fail without any mutant: nothing could be learned."""
    wrong: list[str] = []
    runner = Runner(jobs, groups)
    # One module for each different choice of tests is enough.
    for path in {frozenset(file for group in tests_of(path) for file in group): path for path in paths}.values():
        text = path.read_text(encoding="utf-8")
        runner.run(path, text, lambda killer, path=path: wrong.append(f"{path}: {killer}") if killer else None)
    runner.finish()
    if wrong:
        sys.exit("unchanged, these are killed, too: " + "; ".join(wrong))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
