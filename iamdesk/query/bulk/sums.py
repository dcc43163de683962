"""Summing up what statements say of many at once, principals or actions, and splitting them where the sum differs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from iamdesk.evaluate.context import Fact
from iamdesk.evaluate.layers import Slot, Tally, tally
from iamdesk.evaluate.matching import StatementResult, Subject
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import UnknownContext
from iamdesk.evaluate.target import Target
from iamdesk.evaluate.truth import FALSE, Truth
from iamdesk.query.bulk.population import Asked


class Feature(NamedTuple):
    """Something that statements say of some of those summed up: a slot's Allow or Deny, or a grant, true or unknown."""

    what: tuple[Slot, bool] | Grant
    """(slot, whether it is an Allow), or how the resource's side names them."""
    truth: Truth


class Hanging(NamedTuple):
    """A statement that hangs on something unknown."""

    slot: Slot
    grant: Grant | None
    asked: Asked


def features_of(result: StatementResult) -> Iterator[Feature]:
    """Yield what one statement adds to the sum, as `tally` counts it."""
    counted = tally([(result, result.truth)])
    for slot, truth in counted.allow.items():
        yield Feature((slot, True), truth)
    for slot, truth in counted.deny.items():
        yield Feature((slot, False), truth)
    for grant, truth in counted.grants.items():
        yield Feature(grant, truth)


def split[What](members: int, traits: Iterable[tuple[What, int]]) -> list[tuple[int, tuple[What, ...]]]:
    """Split bits into sets that share the same of some traits, as (all of them, their traits)."""
    parts: list[tuple[int, tuple[What, ...]]] = [(members, ())]
    for trait, having in traits:
        if not members & having:
            continue
        split: list[tuple[int, tuple[What, ...]]] = []
        for part, shared in parts:
            inside = part & having
            if inside:
                split.append((inside, (*shared, trait)))
            if inside != part:
                split.append((part ^ inside, shared))
        parts = split
    return parts


def tally_of(features: Sequence[Feature]) -> Tally:
    """Return features as the engine decides by them."""
    allow: dict[Slot, Truth] = {}
    deny: dict[Slot, Truth] = {}
    grants: dict[Grant, Truth] = {}
    for what, truth in features:
        if isinstance(what, Grant):
            grants[what] = max(grants.get(what, FALSE), truth)
        else:
            slot, is_allow = what
            side = allow if is_allow else deny
            side[slot] = max(side.get(slot, FALSE), truth)
    return Tally(allow, deny, grants)


def resource_key(target: Target) -> Hashable:
    """Return all of a target that matching a statement's resource reads, once the action is covered."""
    return target.resource_text, target.is_s3_account_list


def resolution_key(
    situation: Hashable,
    certain: frozenset[Hashable],
    hanging: Sequence[Hanging],
    fact: Callable[[str], Fact],
    unknown: UnknownContext,
    target: Target,
) -> Hashable:
    """Return all that an answer hangs on where the unknown leaves open whether it is allowed.

    Args:
        situation: The engine's situation, whoever it is.
        certain: What statements that match for certain say: (slot, whether it is an Allow), and grants.
        hanging: The undecided statements.
        fact: What is known of a key.
        unknown: What a key that nobody gave means.
        target: What is asked about.
    """
    keys = sorted({key for one in hanging for key in one.asked.keys})
    facts = tuple([fact(key) for key in keys])
    resource = resource_key(target) if any(one.asked.in_resource for one in hanging) else None
    signatures = frozenset([(one.slot, one.grant, one.asked.number) for one in hanging])
    return situation, unknown, certain, signatures, facts, resource


def resolution_key_of(
    situation: Hashable, certain: frozenset[Hashable], hanging: Sequence[Hanging], subject: Subject
) -> Hashable:
    """Return the same for a subject, in its context."""
    context = subject.context
    return resolution_key(situation, certain, hanging, context.fact, context.unknown, subject.target)
