"""The smallest changes that turn an answer around, each verified by deciding again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from iamdesk.evaluate.caller import CallerKind
from iamdesk.evaluate.engine import Trace
from iamdesk.evaluate.layers import Slot, Tally, decide, tally
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.services import RESOURCE_POLICIES
from iamdesk.evaluate.truth import FALSE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain import wording


@dataclass(frozen=True, slots=True)
class Removal:
    """A statement to take away."""

    policy_key: str
    policy_name: str
    owner: str
    index: int
    sid: str | None
    effect: str


@dataclass(frozen=True, slots=True)
class Addition:
    """A statement to add: an Allow for the action on the resource, in one layer."""

    layer: Layer
    level: int | None
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Change:
    """What to remove and to add, together, so that the answer becomes ``becomes``."""

    removals: tuple[Removal, ...]
    additions: tuple[Addition, ...]
    becomes: Verdict
    sentence: str


def smallest_changes(trace: Trace) -> tuple[Change, ...]:
    """Return the smallest changes that turn an allowed request into a refused one, or a refused one into an allowed.

    Conditional answers have none: their context values decide (``Decision.conditions``). Nor have refusals that no
    policy can lift (SEMANTICS I3, I5, I10, D6).
    """
    if trace.verdict is Verdict.CONDITIONAL or trace.situation.open_to_all_signed:
        return ()
    if trace.verdict is Verdict.ALLOWED:
        return tuple(_refusing(trace))
    return tuple(_allowing(trace))


def _decide(trace: Trace, results: Iterable[StatementResult], added: Sequence[Slot]) -> Verdict:
    """Decide with other statements; an added Allow names the caller itself where statements name principals."""
    counted = tally((result, result.truth) for result in results)
    allow, grants = dict(counted.allow), dict(counted.grants)
    slots = trace.situation.slots
    # Nobody but everyone names an unsigned caller (SEMANTICS E10).
    itself = Grant.EVERYONE if trace.question.caller.kind is CallerKind.ANONYMOUS else Grant.EXACT
    for slot in added:
        allow[slot] = TRUE
        if slot.layer in (Layer.RESOURCE, Layer.TRUST):
            grants[itself] = TRUE
        if slot not in slots:
            slots = (*slots, slot)
    situation = replace(trace.situation, slots=slots)
    return decide(situation, Tally(allow, counted.deny, grants), optimistic=False).verdict


def _refusing(trace: Trace) -> Iterator[Change]:
    """Taking away every Allow of one layer, or of each layer that grants, refuses the request."""
    by_slot: dict[Slot, list[StatementResult]] = {}
    for result in trace.results:
        if result.statement.is_allow and result.truth is not FALSE:
            by_slot.setdefault(Slot(result.policy.layer, result.policy.level), []).append(result)
    found: list[frozenset[Slot]] = []
    for count in range(1, len(by_slot) + 1):
        for slots in combinations(by_slot, count):
            chosen = frozenset(slots)
            if any(smaller <= chosen for smaller in found):
                continue
            removed = [result for slot in slots for result in by_slot[slot]]
            gone = set(map(id, removed))
            verdict = _decide(trace, [result for result in trace.results if id(result) not in gone], ())
            if verdict is not Verdict.ALLOWED:
                found.append(chosen)
                yield _change(trace, removed, (), verdict)


def _allowing(trace: Trace) -> Iterator[Change]:
    """Taking away every Deny that matches, and adding an Allow wherever one is lacking, allows the request."""
    denying = [result for result in trace.results if not result.statement.is_allow and result.truth is not FALSE]
    gone = set(map(id, denying))
    results = [result for result in trace.results if id(result) not in gone]
    if _decide(trace, results, ()) is Verdict.ALLOWED:
        if denying:
            yield _change(trace, denying, (), Verdict.ALLOWED)
        return
    candidates = tuple(dict.fromkeys([*trace.situation.slots, Slot(Layer.IDENTITY), *_resource_side(trace)]))
    candidates = tuple(slot for slot in candidates if slot.layer is not Layer.RCP)
    found: list[frozenset[Slot]] = []
    for count in range(1, min(len(candidates), 4) + 1):
        for slots in combinations(candidates, count):
            if any(smaller <= frozenset(slots) for smaller in found):
                continue
            if _decide(trace, results, slots) is Verdict.ALLOWED:
                found.append(frozenset(slots))
                yield _change(trace, denying, slots, Verdict.ALLOWED)


def _resource_side(trace: Trace) -> tuple[Slot, ...]:
    """Return the resource's own policy as a place for a statement, where such a resource can have one."""
    if trace.situation.is_trust:
        return (Slot(Layer.TRUST),)
    target = trace.question.target
    can_carry = RESOURCE_POLICIES.get(target.service, frozenset()) & set(target.resource_types)
    return (Slot(Layer.RESOURCE),) if can_carry else ()


def _change(trace: Trace, removed: Sequence[StatementResult], added: Sequence[Slot], becomes: Verdict) -> Change:
    target = trace.question.target
    removals = tuple(
        Removal(
            result.policy.key,
            result.policy.name,
            result.policy.owner,
            result.statement.index,
            result.statement.sid,
            result.statement.effect,
        )
        for result in removed
    )
    resource = target.resource_text.replace("${", "${$}{")  # what looks like a variable is meant as it stands
    additions = tuple(Addition(slot.layer, slot.level, target.action_text, resource) for slot in added)
    parts = []
    if removed:
        names = [f"{one.policy_name}, statement {one.index + 1}" for one in removals]
        parts.append(f"without {wording.listed(names)}")
    if added:
        where = [
            f"{wording.LAYER_TITLES[slot.layer].lower()}{'' if slot.level is None else f' at level {slot.level}'}"
            for slot in added
        ]
        parts.append(f"with an Allow for {target.action_text} in the {wording.listed(where)}")
    outcome = "allowed" if becomes is Verdict.ALLOWED else "denied"
    return Change(removals, additions, becomes, f"It would be {outcome} {' and '.join(parts)}.")
