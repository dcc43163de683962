"""One test for many cases: it walks them all, and fails with each that failed, its name and what was not so.

What takes microseconds costs pytest a thousand times that as a test of its own.
"""

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

_TESTS = str(Path(__file__).parent)

type Case = Callable[[str], AbstractContextManager[None]]


@contextmanager
def collected_failures() -> Iterator[Case]:
    """Give ``case``: what fails in ``with case(name):`` is collected, and fails the test after the last case.

    A test that comes to no case at all fails, too, and so does a case that would be skipped.
    """
    __tracebackhide__ = True
    walked = 0
    failures: list[str] = []

    @contextmanager
    def case(name: str) -> Iterator[None]:
        nonlocal walked
        walked += 1
        try:
            yield
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001 - each is reported below
            failures.append(f"[{name}] {_description_of(error)}")

    yield case
    assert walked, "no case was walked"
    if failures:
        raise AssertionError("\n".join([f"{len(failures)} of {walked} cases failed:", *failures]))


def _description_of(error: BaseException) -> str:
    """Return where a test failed, its line, and what was expected and got."""
    frames = traceback.extract_tb(error.__traceback__)
    in_tests = next(frame for frame in reversed(frames) if frame.filename.startswith(_TESTS))
    places = [in_tests] if isinstance(error, AssertionError) or in_tests is frames[-1] else [in_tests, frames[-1]]
    lines = [f"{Path(place.filename).name}:{place.lineno}: {place.line}" for place in places]
    return "\n".join([*lines, f"{type(error).__name__}: {error}"]).replace("\n", "\n    ")


def each_case[Test: Callable[..., None]](
    names: str | Sequence[str], values: Iterable[Any], ids: Callable[[Any], Any] | Iterable[object] | None = None
) -> Callable[[Test], Callable[..., None]]:
    """Walk in one test what `pytest.mark.parametrize`, with the same arguments, makes a test each of.

    Fixtures with the scope of a function are shared by all cases.
    """
    parameters = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = [tuple(value) if len(parameters) > 1 else (value,) for value in values]
    labels = _labels(cases, ids)

    def fold(test: Test) -> Callable[..., None]:
        @wraps(test)
        def walk(**fixtures: Any) -> None:
            __tracebackhide__ = True
            with collected_failures() as case:
                for label, arguments in zip(labels, cases, strict=True):
                    with case(label):
                        test(**fixtures, **dict(zip(parameters, arguments, strict=True)))

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in parameters]
        walk.__signature__ = signature.replace(parameters=left)  # from it pytest knows the fixtures
        return walk

    return fold


def each_row[Test: Callable[..., None]](table: str) -> Callable[[Test], Callable[..., None]]:
    """Walk a table that is written as text: in its first row the test's parameters, ``|`` between columns.

    Each cell is given as text. A last column ``why`` says what a row is there for: it is no parameter, and a row may
    leave it out.
    """
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    has_reasons = head[-1] == "why"
    names = head[:-1] if has_reasons else head
    full = [row if len(row) == len(head) or not has_reasons else [*row, ""] for row in rows]
    labels = [dict(zip(head, row, strict=True)).get("why") or " | ".join(row) for row in full]
    values = [tuple(row[: len(names)]) for row in full]
    return each_case(names, values if len(names) > 1 else [value for (value,) in values], labels)


def _labels(cases: Sequence[tuple[Any, ...]], ids: Callable[[Any], Any] | Iterable[object] | None) -> list[str]:
    if ids is None:
        return ["-".join(str(argument)[:70] for argument in arguments) for arguments in cases]
    if callable(ids):
        return ["-".join(str(ids(argument)) for argument in arguments) for arguments in cases]
    return [str(label) for label in ids]
