"""Summing up what statements say of many at once, principals or actions, and splitting them where the sum differs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from iamdesk.access.principal_index import ContextDependency
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.decision_logic import PolicyTypeKey, StatementEffects, statement_effects
from iamdesk.evaluate.matching import RequestFacts, StatementResult
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import FALSE, Truth


class Effect(NamedTuple):
    """Something that statements say of some of those summed up: a slot's Allow or Deny, or a grant, true or unknown."""

    what: tuple[PolicyTypeKey, bool] | Grant
    """(slot, whether it is an Allow), or how the resource's side names them."""
    truth: Truth


class UndeterminedStatement(NamedTuple):
    """A statement that hangs on something unknown."""

    type_key: PolicyTypeKey
    grant: Grant | None
    asked: ContextDependency


def effects_of(result: StatementResult) -> Iterator[Effect]:
    """Yield what one statement adds to the sum, as `statement_effects` counts it."""
    counted = statement_effects([(result, result.truth)])
    for type_key, truth in counted.allow.items():
        yield Effect((type_key, True), truth)
    for type_key, truth in counted.deny.items():
        yield Effect((type_key, False), truth)
    for grant, truth in counted.grants.items():
        yield Effect(grant, truth)


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


def statement_effects_of(features: Sequence[Effect]) -> StatementEffects:
    """Return features as the engine decides by them."""
    allow: dict[PolicyTypeKey, Truth] = {}
    deny: dict[PolicyTypeKey, Truth] = {}
    grants: dict[Grant, Truth] = {}
    for what, truth in features:
        if isinstance(what, Grant):
            grants[what] = max(grants.get(what, FALSE), truth)
        else:
            type_key, is_allow = what
            side = allow if is_allow else deny
            side[type_key] = max(side.get(type_key, FALSE), truth)
    return StatementEffects(allow, deny, grants)


def resource_key(target: Target) -> Hashable:
    """Return all of a target that matching a statement's resource reads, once the action is covered."""
    return target.resource_text, target.is_s3_account_list


def resolution_key(
    decision_inputs: Hashable,
    certain: frozenset[Hashable],
    undetermined: Sequence[UndeterminedStatement],
    fact: Callable[[str], KeyValue],
    unknown: MissingContextMode,
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
    keys = sorted({key for one in undetermined for key in one.asked.keys})
    facts = tuple([fact(key) for key in keys])
    resource = resource_key(target) if any(one.asked.in_resource for one in undetermined) else None
    signatures = frozenset([(one.type_key, one.grant, one.asked.number) for one in undetermined])
    return decision_inputs, unknown, certain, signatures, facts, resource


def resolution_key_of(
    decision_inputs: Hashable,
    certain: frozenset[Hashable],
    undetermined: Sequence[UndeterminedStatement],
    subject: RequestFacts,
) -> Hashable:
    """Return the same for a subject, in its context."""
    context = subject.context
    return resolution_key(decision_inputs, certain, undetermined, context.fact, context.unknown, subject.target)
