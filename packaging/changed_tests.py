"""Which tests a change touches: `make test-changed` runs them.

    python packaging/changed_tests.py [SINCE]      SINCE: a commit, HEAD unless told; what is not committed counts, too

Prints test files, the nearest first. Of a module: the tests of its folder that carry its name, those that import it,
and those that import what imports it. Of a helper of tests: who imports it; of a conftest.py: its folder. Of another
file: the tests that name it, and those of the modules that do. grimp, which the import rules stand on, reads the
imports: nothing has to run first, and what a fixture made for another test is not missed, as a trace would miss it.
"""

import argparse
import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent


def changed_files(since: str) -> list[Path]:
    """Return what differs from a commit, and what git does not know yet, relative to the root."""
    commands = (["git", "diff", "--name-only", since], ["git", "ls-files", "--others", "--exclude-standard"])
    printed = (subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True) for words in commands)  # noqa: S603
    return [Path(line) for output in printed for line in output.stdout.splitlines()]


class Tests:
    """The test files, by what they import and by the texts that they hold."""

    def __init__(self) -> None:
        self._graph = grimp.build_graph("iamdesk", cache_dir=str(ROOT / ".import_linter_cache"))
        self._texts = {
            path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))
        }
        self._importers: defaultdict[str, set[Path]] = defaultdict(set)
        for path, text in self._texts.items():
            for name in _imports(path, ast.parse(text)):
                self._importers[name].add(path)

    def touched_by(self, changed: Path) -> Iterator[Path]:
        """Yield the test files that a changed file touches, the nearest first."""
        if changed in self._texts:
            yield from self._reached_by([changed])
        elif changed.suffix == ".py" and changed.parts[0] == "iamdesk":
            yield from self._of_module(changed)
        else:
            yield from (path for path, text in self._texts.items() if _is_test(path) and changed.name in text)
            for module in sorted((ROOT / "iamdesk").rglob("*.py")):
                if changed.name in module.read_text(encoding="utf-8"):
                    yield from self._of_module(module.relative_to(ROOT))

    def _of_module(self, path: Path) -> Iterator[Path]:
        room = Path("tests", *path.parts[1:-1])
        yield from (other for other in self._texts if other.name == f"test_{path.stem}.py" and room in other.parents)
        name = _name_of(path)
        yield from self._reached_by(sorted(self._importers[name]))
        if name in self._graph.modules:
            for importer in sorted(self._graph.find_modules_that_directly_import(name)):
                yield from self._reached_by(sorted(self._importers[importer]))

    def _reached_by(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Yield the tests among files, those that import a helper among them, and those below a conftest."""
        left = list(paths)
        seen = set(left)
        while left:
            path = left.pop(0)
            if _is_test(path):
                yield path
                continue
            below = [other for other in self._texts if path.name == "conftest.py" and other.is_relative_to(path.parent)]
            reached = {*self._importers[_name_of(path)], *filter(_is_test, below)} - seen
            seen |= reached
            left += sorted(reached)


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_")


def _name_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the names of modules, and of what may be one, that a file imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module or "")))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def main() -> None:
    """Print the test files."""
    parser = argparse.ArgumentParser(description="Print the test files that a change touches, the nearest first.")
    parser.add_argument("since", nargs="?", default="HEAD", help="the commit that the change began with (HEAD)")
    changed = changed_files(parser.parse_args().since)
    tests = Tests()
    touched = dict.fromkeys(path for file in changed for path in tests.touched_by(file) if (ROOT / path).exists())
    sys.stderr.write(f"{len(changed)} files changed, {len(touched)} test files\n")
    sys.stdout.writelines(f"{path}\n" for path in touched)


if __name__ == "__main__":
    main()
