"""What an answer hangs on: every combination of values worth trying is evaluated (SEMANTICS K6, K7).

The bounds of K6 say whether the unknown can matter at all. Where it can, the keys' values are enumerated: the same key
in two statements has one value in both, so what looks undecided may be decided after all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import NamedTuple

from iamdesk.evaluate.context import Fact, Knowledge
from iamdesk.evaluate.layers import Ruling, Situation, decide, tally
from iamdesk.evaluate.matching import StatementResult, Subject, match_statement
from iamdesk.evaluate.samples import ANY_OTHER, samples
from iamdesk.evaluate.truth import FALSE, MAYBE, Truth
from iamdesk.evaluate.verdict import Verdict
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.patterns import STAR
from iamdesk.policy.resources import ResourcePattern
from iamdesk.policy.variables import Variable

MOST_COMBINATIONS = 4096
"""Past this many combinations the bounds of K6 are all that is said."""
_MOST_SETS = 24

type ConditionSet = Mapping[str, Fact]
"""Values by key in lower case."""


class Resolution(NamedTuple):
    """The answer once every combination has been tried."""

    verdict: Verdict
    ruling: Ruling
    """The most favourable ruling: what an allowed request is carried by."""
    keys: tuple[str, ...]
    """Keys in lower case whose value can change whether the request is allowed."""
    sets: tuple[ConditionSet, ...]
    """The smallest sets of values under which it is allowed; empty unless conditional."""
    denials: tuple[ConditionSet, ...]
    """The smallest sets of values under which it is not allowed; empty unless conditional."""
    is_exact: bool
    """False where there were too many combinations to try."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A statement that hangs on something, the unknown keys it hangs on, and what it says for their values."""

    result: StatementResult
    keys: tuple[str, ...]


def resolve(situation: Situation, results: Sequence[StatementResult], subject: Subject, best: Ruling) -> Resolution:
    """Decide a request whose bounds differ. ``best`` is the ruling with everything unknown for the caller."""
    fixed = [(result, result.truth) for result in results if result.truth is not MAYBE]
    hanging = [_Open(result, _unknown_keys(result, subject)) for result in results if result.truth is MAYBE]
    keys = tuple(dict.fromkeys(key for one in hanging for key in one.keys))
    domains = _domains(keys, hanging, subject)
    size = 1
    for domain in domains:
        size *= len(domain)
    if not keys or size > MOST_COMBINATIONS:
        return Resolution(Verdict.CONDITIONAL, best, keys, (), (), is_exact=False)
    verdict_of = _Judge(situation, fixed, hanging, keys, subject)
    table = {combination: verdict_of(combination) for combination in product(*map(tuple, domains))}
    verdicts = {ruling.verdict for ruling in table.values()}
    if Verdict.ALLOWED not in verdicts:
        # Nothing would ever allow it: not a question of context, even where a Deny may add its word.
        worst = Verdict.EXPLICIT_DENY if verdicts == {Verdict.EXPLICIT_DENY} else Verdict.IMPLICIT_DENY
        ruling = next(ruling for ruling in table.values() if ruling.verdict is worst)
        return Resolution(worst, ruling, (), (), (), is_exact=True)
    ruling = next(ruling for ruling in table.values() if ruling.verdict is Verdict.ALLOWED)
    if verdicts == {Verdict.ALLOWED}:
        return Resolution(Verdict.ALLOWED, ruling, (), (), (), is_exact=True)
    allowed = {combination: ruling.verdict is Verdict.ALLOWED for combination, ruling in table.items()}
    matters = tuple(key for position, key in enumerate(keys) if _can_change(position, allowed))
    denied = {combination: not verdict for combination, verdict in allowed.items()}
    return Resolution(
        Verdict.CONDITIONAL,
        ruling,
        matters,
        _smallest_sets(keys, allowed),
        _smallest_sets(keys, denied),
        is_exact=True,
    )


class _Judge:
    """Decides one combination; each statement is evaluated once for each combination of its own keys."""

    def __init__(
        self,
        situation: Situation,
        fixed: list[tuple[StatementResult, Truth]],
        hanging: list[_Open],
        keys: tuple[str, ...],
        subject: Subject,
    ) -> None:
        self._situation = situation
        self._fixed = fixed
        self._hanging = hanging
        self._keys = keys
        self._subject = subject
        self._positions = [tuple(keys.index(key) for key in one.keys) for one in hanging]
        self._truths: list[dict[tuple[Fact, ...], Truth]] = [{} for _ in hanging]
        self._rulings: dict[tuple[Truth, ...], Ruling] = {}

    def __call__(self, combination: tuple[Fact, ...]) -> Ruling:
        truths = tuple(self._truth(number, combination) for number in range(len(self._hanging)))
        ruling = self._rulings.get(truths)
        if ruling is None:
            counted = tally([*self._fixed, *((one.result, t) for one, t in zip(self._hanging, truths, strict=True))])
            ruling = self._rulings[truths] = decide(self._situation, counted, optimistic=False)
        return ruling

    def _truth(self, number: int, combination: tuple[Fact, ...]) -> Truth:
        own = tuple(combination[position] for position in self._positions[number])
        known = self._truths[number].get(own)
        if known is None:
            one = self._hanging[number]
            facts = dict(zip(one.keys, own, strict=True))
            context = replace(self._subject.context, given={**self._subject.context.given, **facts})
            result = match_statement(one.result.policy, one.result.statement, replace(self._subject, context=context))
            known = self._truths[number][own] = FALSE if result is None else result.truth
        return known


def _unknown_keys(result: StatementResult, subject: Subject) -> tuple[str, ...]:
    """Return every key on which the statement hangs: tested keys, and keys of variables."""
    keys: list[str] = []
    for test, _ in result.open_tests:
        keys.extend((test.key, *test.variable_keys))
    if result.open_resource:
        keys.extend(key for entry in result.statement.resources or () for key in entry.keys)
    unknown = (key for key in dict.fromkeys(keys) if subject.context.fact(key).knowledge >= Knowledge.VALUE_UNKNOWN)
    return tuple(unknown)


def _domains(keys: tuple[str, ...], hanging: list[_Open], subject: Subject) -> list[list[Fact]]:
    tests: dict[str, list[ConditionTest]] = {key: [] for key in keys}
    linked: dict[str, list[str]] = {key: [] for key in keys}
    for one in hanging:
        for test, fact in one.result.open_tests:
            if test.key in tests:
                tests[test.key].append(test)
            _link(test, fact, linked)
        if one.result.open_resource:
            for entry in one.result.statement.resources or ():
                for key in entry.keys:
                    if key in linked:
                        linked[key].extend(_from_resource(entry, subject))
    return [
        samples(
            tests[key],
            linked[key],
            subject.context.fact(key).knowledge is Knowledge.UNKNOWN,
            subject.context.is_multivalued(key),
        )
        for key in keys
    ]


def _link(test: ConditionTest, fact: Fact, linked: dict[str, list[str]]) -> None:
    """Give keys that are compared with each other through a variable values in common."""
    if not test.variable_keys:
        return
    shared = (
        [*fact.values, "some-value", ANY_OTHER] if fact.knowledge is Knowledge.PRESENT else ["some-value", ANY_OTHER]
    )
    for key in (test.key, *test.variable_keys):
        if key in linked:
            linked[key].extend(shared)


def _from_resource(entry: ResourcePattern, subject: Subject) -> list[str]:
    """Return values of a variable that would make the resource match, and one that would not."""
    found = [ANY_OTHER]
    if subject.target.resource is None:
        return found
    text = subject.target.resource.resource
    before = ""
    pieces = entry.resource_part
    for position, piece in enumerate(pieces):
        if isinstance(piece, Variable):
            rest = text[len(before) :] if text.startswith(before) else text
            after = pieces[position + 1] if position + 1 < len(pieces) else None
            if after is None:
                found.append(rest)
            elif isinstance(after, str):
                starts = [index for index in range(len(rest)) if rest.startswith(after, index)][:6]
                found.extend(rest[:index] for index in starts)
            elif after is STAR:
                found.append(rest.partition("/")[0])
        elif isinstance(piece, str):
            before += piece
        else:
            before = "\0"  # past a wildcard the place is not fixed: try what stands between slashes
            found.extend(part for part in text.split("/") if part)
    return [value for value in dict.fromkeys(found) if value]


def _can_change(position: int, allowed: Mapping[tuple[Fact, ...], bool]) -> bool:
    seen: dict[tuple[Fact, ...], bool] = {}
    for combination, verdict in allowed.items():
        rest = combination[:position] + combination[position + 1 :]
        if seen.setdefault(rest, verdict) is not verdict:
            return True
    return False


def _smallest_sets(keys: tuple[str, ...], holds: Mapping[tuple[Fact, ...], bool]) -> tuple[ConditionSet, ...]:
    """Return the sets of fixed values, none larger than needed, that make it hold whatever the other keys are."""
    found: list[dict[int, Fact]] = []
    for count in range(1, len(keys) + 1):
        for positions in combinations(range(len(keys)), count):
            always: dict[tuple[Fact, ...], bool] = {}
            for combination, verdict in holds.items():
                own = tuple(combination[position] for position in positions)
                always[own] = always.get(own, True) and verdict
            for own, verdict in always.items():
                candidate = dict(zip(positions, own, strict=True))
                if verdict and not any(smaller.items() <= candidate.items() for smaller in found):
                    found.append(candidate)
        if len(found) >= _MOST_SETS:
            break
    named = [{keys[position]: fact for position, fact in one.items()} for one in found[:_MOST_SETS]]
    return tuple(named)
