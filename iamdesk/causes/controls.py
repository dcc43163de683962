"""Findings by control: each control of a standard passed, failed or cannot tell, on which population.

The mapping is data: the controls that each check names, and ``resources/data/finding-controls.json``.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from iamdesk.causes.types import Control, ControlStatus
from iamdesk.checks.check import Check
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.checks.registry import RunScope, checks
from iamdesk.resource_files import resources

_WHOLE = ("CMP-01", "CMP-02", "CMP-08", "CMP-10")
"""Checks of whether the snapshot has all that it should: without it, no control has passed."""
_NUMBER = re.compile(r"\d+")


class Tally(NamedTuple):
    """What findings have to have in common to count together."""

    check_id: str
    state: State
    severity: Severity
    is_suppressed: bool

    @classmethod
    def of(cls, finding: Finding) -> "Tally":
        """Return that of a finding."""
        return cls(finding.check_id, finding.state, finding.severity, finding.suppression is not None)


def controls(counts: Mapping[Tally, int], scope: RunScope) -> tuple[Control, ...]:
    """Return every control that a check covers, by standard and number.

    Args:
        counts: Numbers of findings.
        scope: What the checks ran over.
    """
    by_check: dict[str, list[tuple[Tally, int]]] = defaultdict(list)
    for tally, count in counts.items():
        by_check[tally.check_id].append((tally, count))
    partial = [check_id for check_id in _WHOLE if any(_is_grave(tally) for tally, _ in by_check[check_id])]
    return tuple(
        _control(control_id, of_control, by_check, partial, scope)
        for control_id, of_control in sorted(_mapping().items(), key=lambda one: _order(one[0]))
    )


def _is_grave(tally: Tally) -> bool:
    return not tally.is_suppressed and tally.severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


def _control(
    control_id: str,
    of_control: tuple[Check, ...],
    by_check: Mapping[str, list[tuple[Tally, int]]],
    partial: list[str],
    scope: RunScope,
) -> Control:
    failed = unknown = exceptions = 0
    for check in of_control:
        for tally, count in by_check.get(check.id, ()):
            if tally.is_suppressed:
                exceptions += count
            elif tally.state is State.INCONCLUSIVE:
                unknown += count
            elif tally.severity is not Severity.INFO:
                failed += count
    not_run = tuple(check.id for check in of_control if scope.skipped[check.id])
    status = ControlStatus.PASSED
    if failed:
        status = ControlStatus.FAILED
    elif unknown or not_run or partial:
        status = ControlStatus.INCONCLUSIVE
    standard = _standard(control_id)
    kinds = dict.fromkeys(check.over.name for check in of_control)
    return Control(
        id=control_id.removeprefix(standard["prefix"]).strip(),
        standard=standard["name"],
        source=_data()["controls"][control_id]["source"],
        basis=standard["basis"],
        status=status,
        check_ids=tuple(check.id for check in of_control),
        population=tuple((kind, scope.population[kind]) for kind in kinds),
        failed=failed,
        unknown=unknown,
        exceptions=exceptions,
        skipped=not_run,
        incomplete=tuple(partial),
    )


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((resources() / "data" / "finding-controls.json").read_text(encoding="utf-8"))
    return found


@cache
def _mapping() -> dict[str, tuple[Check, ...]]:
    more: dict[str, list[str]] = _data()["more"]
    found: dict[str, list[Check]] = defaultdict(list)
    for check in checks():
        for control in dict.fromkeys((*check.standards, *more.get(check.id, ()))):
            found[control].append(check)
    return {control: tuple(some) for control, some in found.items()}


def _standard(control_id: str) -> dict[str, str]:
    standards: list[dict[str, str]] = _data()["standards"]
    return next(one for one in standards if control_id.startswith(f"{one['prefix']} "))


def _order(control_id: str) -> tuple[int, list[tuple[str, int]]]:
    """Return the sort key of a control: numbers in it by their value."""
    place = _data()["standards"].index(_standard(control_id))
    numbers = [int(one) for one in _NUMBER.findall(control_id)]
    words = _NUMBER.split(control_id)
    return place, list(zip(words, [*numbers, -1], strict=True))
