"""An answer with unknown context against all the answers that it stands for, worked out one by one.

Every assignment of values to a few condition keys (absent, each value in reach, several values) is decided by itself,
in strict mode, and compared with the one answer in unknown mode: its word, and its smallest sets of values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

from iamdesk.evaluate.context import given_facts
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, evaluate
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.unknown_context.solver import MAX_SETS
from iamdesk.simulate.test_cases import evaluate_case, trace_case

type Value = str | tuple[str, ...] | None
"""Of one key: a value, several values, or None where the key is absent."""
type Assignment = Mapping[str, Value]
type Reach = Mapping[str, Sequence[str | tuple[str, ...]]]
"""By key, the values to try. They have to show all that can happen: more is not known to the oracle."""
type Test = tuple[str, str, Sequence[str]]
"""Operator, key and the values that a policy lists."""
type Statement = tuple[str, Sequence[Test]]
"""An effect and the tests of its condition."""

CASE: dict[str, Any] = {
    "principal": "arn:aws:iam::111122223333:user/ana",
    "action": "s3:ListBucket",
    "resource": "arn:aws:s3:::b",
    "resource_account": "111122223333",
}


def policy_of(statements: Sequence[Statement]) -> Any:
    """Return a policy with these statements on everything of S3."""
    written = []
    for effect, tests in statements:
        condition: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in tests:
            condition.setdefault(operator, {})[key] = list(values)
        written.append({"Effect": effect, "Action": "s3:*", "Resource": "*", "Condition": condition})
    return {"Version": "2012-10-17", "Statement": written}


def case_of(document: Any, context: Assignment) -> dict[str, Any]:
    """Return the evaluation of whether a user with one policy may do `CASE`."""
    return {
        **CASE,
        "context": {key: list(value) if isinstance(value, tuple) else value for key, value in context.items()},
        "identity_policies": [{"name": "p", "document": document}],
    }


def ask(document: Any, context: Assignment) -> EvaluationTrace:
    """Ask with what is not given unknown."""
    return trace_case(case_of(document, context), MissingContextMode.UNKNOWN)


def strict_request(document: Any) -> EvaluationRequest:
    """Return the request with what is not given absent: the policy is read once for all the contexts to try."""
    return trace_case(case_of(document, {}), MissingContextMode.ABSENT).request


def strict(request: EvaluationRequest, assignment: Assignment) -> str:
    """Ask with what is not given absent."""
    given = given_facts({key: value for key, value in assignment.items() if value is not None})
    return evaluate(replace(request, context=replace(request.context, given=given))).decision.value


def assignments(reach: Reach) -> Iterator[dict[str, Value]]:
    """Yield every way in which the keys can be absent or have values in reach."""
    for values in product(*([None, *values] for values in reach.values())):
        yield dict(zip(reach, values, strict=True))


def check(document: Any, reach: Reach, are_linked: bool = False) -> bool:
    """Hold all that the answer in unknown mode says to every assignment; return whether it says that it told all.

    ``are_linked``: whether keys are compared with each other, so that a value does not stand for others like it.
    """
    trace = ask(document, {})
    request = strict_request(document)
    words = {tuple(one.values()): strict(request, one) for one in assignments(reach)}
    told = {word == "allowed" for word in words.values()}
    match trace.decision.value:
        case "allowed":
            assert told == {True}
        case "explicitDeny":
            assert set(words.values()) == {"explicitDeny"}
        case "implicitDeny":
            assert told == {False}
        case _:
            assert told == {True, False} or not trace.is_exact
            _check_conditional(document, reach, words, trace, are_linked)
    return trace.is_exact


def _check_conditional(
    document: Any, reach: Reach, words: Mapping[tuple[Value, ...], str], trace: EvaluationTrace, are_linked: bool
) -> None:
    answer = evaluate_case(case_of(document, {}), MissingContextMode.UNKNOWN)
    allowed = {values: word == "allowed" for values, word in words.items()}
    oracle = _Oracle(document, strict_request(document), reach, allowed, are_linked)
    for sets, wanted in ((answer.conditions, True), (answer.denials, False)):
        check_smallest(document, sets, wanted, trace.is_exact)
        for one in sets:
            assert oracle.said_of(one) == {wanted}, f"not enough: {one}"
        if trace.is_exact and len(sets) < MAX_SETS:
            for values, word in allowed.items():
                assert word is not wanted or oracle.is_covered(values, sets), f"no set for {values}"
    if trace.is_exact:
        can_change = {key for number, key in enumerate(reach) if _can_change(number, allowed)}
        assert set(answer.missing_context_values) == can_change


def check_smallest(document: Any, sets: Sequence[Assignment], wanted: bool, is_exact: bool) -> None:
    """Each set is enough for the engine itself; with one value less it is not; none holds another."""
    for one in sets:
        assert _is_enough(ask(document, one), wanted), one
        for left_out in one if is_exact else ():
            fewer = {key: value for key, value in one.items() if key != left_out}
            assert not _is_enough(ask(document, fewer), wanted), f"more than needed: {one}"
    for one, two in combinations(sets, 2):
        assert not one.items() <= two.items()


def _is_enough(trace: EvaluationTrace, wanted: bool) -> bool:
    return (trace.decision == "allowed") if wanted else trace.decision in ("explicitDeny", "implicitDeny")


@dataclass
class _Oracle:
    """Knows the answer for every assignment."""

    document: Any
    request: EvaluationRequest
    reach: Reach
    allowed: Mapping[tuple[Value, ...], bool]
    are_linked: bool
    _doing: dict[tuple[str, Value], tuple[bool, ...]] = field(default_factory=dict)
    _enough: dict[tuple[tuple[str, Value], ...], bool | None] = field(default_factory=dict)

    def said_of(self, one: Assignment) -> set[bool]:
        """Return what is said of all assignments in which the keys of a set are as the set has them."""
        rest = {key: values for key, values in self.reach.items() if key not in one}
        return {self._word({key: one.get(key, others.get(key)) for key in self.reach}) for others in assignments(rest)}

    def is_covered(self, values: tuple[Value, ...], sets: Sequence[Assignment]) -> bool:
        """Return whether some set tells of an assignment: the same keys are enough, with values that do the same."""
        assignment = dict(zip(self.reach, values, strict=True))
        if self.are_linked:
            word = self.allowed[values]
            return any(self._is_enough(tuple((key, assignment[key]) for key in one)) is word for one in sets)
        return any(
            all(self._does(key, value) == self._does(key, assignment[key]) for key, value in one.items())
            for one in sets
        )

    def _is_enough(self, one: tuple[tuple[str, Value], ...]) -> bool | None:
        """Return what some values are enough for, whatever the others are; None where that depends on the others."""
        if one not in self._enough:
            word = ask(self.document, dict(one)).decision.value
            self._enough[one] = None if word == "conditional" else word == "allowed"
        return self._enough[one]

    def _does(self, key: str, value: Value) -> tuple[bool, ...]:
        """Return what a value of a key makes of everything else."""
        if (key, value) not in self._doing:
            rest = {other: values for other, values in self.reach.items() if other != key}
            self._doing[key, value] = tuple(
                self._word({one: value if one == key else others[one] for one in self.reach})
                for others in assignments(rest)
            )
        return self._doing[key, value]

    def _word(self, full: Assignment) -> bool:
        known = self.allowed.get(tuple(full.values()))
        return strict(self.request, full) == "allowed" if known is None else known


def _can_change(position: int, allowed: Mapping[tuple[Value, ...], bool]) -> bool:
    seen: dict[tuple[Value, ...], set[bool]] = {}
    for values, word in allowed.items():
        seen.setdefault(values[:position] + values[position + 1 :], set()).add(word)
    return any(len(words) > 1 for words in seen.values())
