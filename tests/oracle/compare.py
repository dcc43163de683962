"""Hold the engine against the second evaluator on many random test cases, and say where they differ.

usage: python -m tests.oracle.compare [--cases N] [--seed N] [--show N]
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.simulate.test_cases import evaluate_case

from .evaluator import decide
from .generator import case
from .unknown import faults, unknown_case

AS_IT_IS = {"expected": "allowed"}
"""A case whose decision its author states is evaluated as it is."""


def difference(made: dict[str, Any]) -> tuple[str, str] | None:
    """Return what the engine and the second evaluator decide, where they differ."""
    ours, theirs = evaluate_case(AS_IT_IS | made).decision.value, decide(made)
    return None if ours == theirs else (ours, theirs)


def shrink(made: dict[str, Any]) -> dict[str, Any]:
    """Return a smaller test case on which both still differ: policies, statements, elements and keys are left out."""
    while True:
        smaller = next((one for one in _smaller(made) if _differs(one)), None)
        if smaller is None:
            return made
        made = smaller


def _differs(made: dict[str, Any]) -> bool:
    try:
        return difference(made) is not None
    except (KeyError, TypeError, AttributeError, CaseError):  # left out too much
        return False


def _smaller(node: Any) -> Iterator[Any]:
    """Yield copies of a JSON value with one part of it left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in _NEEDED:
                yield {other: one for other, one in node.items() if other != key}
            yield from ({**node, key: one} for one in _smaller(value))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            if len(node) > 1 or not isinstance(value, str):
                yield node[:at] + node[at + 1 :]
            yield from ([*node[:at], one, *node[at + 1 :]] for one in _smaller(value))


_NEEDED = frozenset(
    {
        *("principal", "action", "resource", "resource_account", "document", "Statement", "Effect"),
        *("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"),
    }
)
"""Keys without which a test case or statement is another one."""


def main() -> int:
    """Compare, print counts and the first differences; exit status 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("--unknown", action="store_true", help="with condition keys unknown, against all their values")
    asked = parser.parse_args()
    if asked.unknown:
        return _with_unknown(asked.cases, asked.seed, asked.show)
    draw = random.Random(asked.seed)
    decisions: Counter[str] = Counter()
    differing: list[dict[str, Any]] = []
    for _ in range(asked.cases):
        made = case(draw)
        decisions[decide(made)] += 1
        found = difference(made)
        if found is not None:
            differing.append(made)
    print(f"{asked.cases} test cases, seed {asked.seed}: {dict(decisions)}; {len(differing)} differences")
    for one in differing[: asked.show]:
        ours, theirs = difference(shrink(one)) or ("", "")
        print(f"iamdesk: {ours}; second evaluator: {theirs}\n{json.dumps(shrink(one))}")
    return 1 if differing else 0


def _with_unknown(count: int, seed: int, show: int) -> int:
    draw = random.Random(seed)
    decisions: Counter[str] = Counter()
    wrong = []
    for _ in range(count):
        made, unknown = unknown_case(draw)
        decisions[evaluate_case(AS_IT_IS | made, MissingContextMode.UNKNOWN).decision.value] += 1
        found = faults(made, unknown)
        if found:
            wrong.append((found, unknown, made))
    print(f"{count} cases with unknown keys, seed {seed}: {dict(decisions)}; {len(wrong)} wrong")
    for found, unknown, made in wrong[:show]:
        print(f"{found}\n  unknown: {unknown}\n  {json.dumps(made)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
