"""``iamdesk simulate``: evaluate self-contained test cases, one JSON object per line in and out, in the same order."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from iamdesk.api import CaseError, Workbench
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.errors import fail
from iamdesk.cli.json_input import JsonError, parse
from iamdesk.cli.output import echo, echo_err, echo_json
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvalDecision
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.memory import collector_seldom
from iamdesk.progress import Cancelled
from iamdesk.work.tasks import results

_LARGE = 8 << 20
"""Size in bytes of a file (some 7,000 test cases) from which other processes save time: a process takes a second to
start, and this one evaluates 2,000 test cases per second."""
_BATCH = 250


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of one line."""

    result: dict[str, Any]
    """The object that is printed."""
    is_case: bool
    """Whether the line is a JSON object."""
    is_met: bool
    """False if the test case has an expected decision and its result is another decision or an error."""


def simulate(
    cases: Annotated[
        Path,
        typer.Argument(
            metavar="CASES.jsonl", help="Test cases, one per line; - reads standard input.", show_default=False
        ),
    ],
    unknown_context: options.UnknownKeys = MissingContextMode.ABSENT,
    unknown_action: options.UnknownAction = False,
    output_format: options.OutputFormat = options.Format.JSON,
) -> None:
    """Evaluate self-contained test cases.

    Each line of the input is a JSON object with a request and its policies; each line of the output is its result.
    """
    seen: Counter[str] = Counter()
    with collector_seldom(), _opened(cases) as lines, work.executor_for(_is_large(cases)) as executor:
        for outcome in outcomes(lines, unknown_context, executor, unknown_action=unknown_action):
            if output_format is options.Format.JSON:
                echo_json(outcome.result, indent=None)
            else:
                for line in _lines(outcome.result):
                    echo(line)
            sys.stdout.flush()  # for programs that send one test case at a time
            seen.update(lines=1, cases=outcome.is_case, unmet=not outcome.is_met)
    if seen["lines"] and not seen["cases"]:
        fail(f"{cases} contains no test case: expected one JSON object per line")
    if seen["unmet"]:
        echo_err(f"{seen['unmet']:,} of {seen['lines']:,} test cases are not as expected")
        raise typer.Exit(1)


def _opened(cases: Path) -> BinaryIO:
    if str(cases) == "-":
        return sys.stdin.buffer
    try:
        return cases.open("rb")
    except OSError as error:
        fail(f"the test cases {cases} cannot be read: {error.strerror}")


def _is_large(cases: Path) -> bool:
    """Return whether other processes save time: never for standard input."""
    return str(cases) != "-" and cases.is_file() and cases.stat().st_size >= _LARGE


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines of a file."""

    first: int
    """Line number of the first one, from 1."""
    lines: tuple[bytes, ...]
    unknown_context: MissingContextMode
    unknown_action: bool = False


def outcomes(
    lines: Iterable[bytes],
    unknown_context: MissingContextMode,
    executor: Executor | None = None,
    *,
    unknown_action: bool = False,
) -> Iterator[CaseResult]:
    """Evaluate each line that is not empty: one at a time, or in batches with an executor."""
    size = 1 if executor is None else _BATCH
    batches = (
        Batch(1 + number * size, found, unknown_context, unknown_action)
        for number, found in enumerate(batched(lines, size))
    )
    for found in results(evaluate_batch, batches, executor):
        yield from found


def evaluate_batch(batch: Batch, _cancelled: Cancelled) -> list[CaseResult]:
    """Evaluate a batch of lines; called in the worker."""
    workbench = Workbench()
    return [
        _outcome(workbench, number, line, batch)
        for number, line in enumerate(batch.lines, start=batch.first)
        if line.strip()
    ]


def _outcome(workbench: Workbench, number: int, line: bytes, batch: Batch) -> CaseResult:
    case: Any = None
    try:
        case = parse(line)
        if not isinstance(case, dict):
            raise CaseError("expected a JSON object")
        expected = _expected(case)
        evaluated = workbench.evaluate_case(case, batch.unknown_context, unknown_action=batch.unknown_action)
        result = {"id": case.get("id"), **to_evaluation_result(evaluated)}
    except (JsonError, CaseError) as error:
        case = error.value if isinstance(error, JsonError) else case
        is_case = isinstance(case, dict)
        result = {"id": case.get("id") if is_case else None, "error": f"line {number}: {error}"}
        return CaseResult(result, is_case, is_met=not (is_case and case.get("expected") is not None))
    if expected is None:
        return CaseResult(result, is_case=True, is_met=True)
    result["expected"] = expected.value
    result["ok"] = result["EvalDecision"] == expected.value
    return CaseResult(result, is_case=True, is_met=result["ok"])


def _expected(case: dict[str, Any]) -> EvalDecision | None:
    expected = case.get("expected")
    if expected is None:
        return None
    if expected not in tuple(EvalDecision):
        raise CaseError(f"`expected` is {expected!r}: expected one of {', '.join(EvalDecision)}")
    return EvalDecision(expected)


def _lines(result: dict[str, Any]) -> Iterator[str]:
    yield _text(result)
    yield from (f"  {remark}" for remark in result.get("Remarks", ()))


def _text(result: dict[str, Any]) -> str:
    name = "(no id)" if result["id"] is None else str(result["id"])
    if "error" in result:
        return f"{name}: error: {result['error']}"
    decision = f"{name}: {result['EvalDecision']}"
    if "ok" not in result:
        return decision
    return f"{decision} ok" if result["ok"] else f"{decision} NOT OK, expected {result['expected']}"
