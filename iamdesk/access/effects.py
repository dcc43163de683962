"""Sums the effects of statements over many principals or requests, and splits these where the sums differ."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from iamdesk.access.principal_index import ContextDependency
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.decision_logic import PolicyTypeKey, StatementEffects, statement_effects
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import FALSE, Truth


class Effect(NamedTuple):
    """One effect of a statement: an Allow or Deny of a policy type, or a grant by the resource's side, true or
    unknown."""

    what: tuple[PolicyTypeKey, bool] | Grant
    """(policy type, whether it is an Allow), or how the resource's policy names the principals."""
    truth: Truth


class UndeterminedStatement(NamedTuple):
    """A statement that matches or not by an unknown value."""

    type_key: PolicyTypeKey
    grant: Grant | None
    asked: ContextDependency
    facts: tuple[KeyValue | None, ...]
    """What is known of the condition keys that it uses."""


def effects_of(result: StatementResult) -> Iterator[Effect]:
    """Yield the effects of one statement, as `statement_effects` counts them."""
    counted = statement_effects([(result, result.truth)])
    for type_key, truth in counted.allow.items():
        yield Effect((type_key, True), truth)
    for type_key, truth in counted.deny.items():
        yield Effect((type_key, False), truth)
    for grant, truth in counted.grants.items():
        yield Effect(grant, truth)


def split[What](members: int, traits: Iterable[tuple[What, int]]) -> list[tuple[int, tuple[What, ...]]]:
    """Split a bitset by traits; returns (bits, the traits of all of them)."""
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
    """Return effects in the form by which the engine decides."""
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
    """Return everything about a target that matching a statement's resource reads, once the action is covered."""
    return target.resource_text, target.is_s3_account_list


def resolution_key(
    decision_inputs: Hashable,
    certain: frozenset[Hashable],
    undetermined: Sequence[UndeterminedStatement],
    unknown: MissingContextMode,
    target: Target,
) -> Hashable:
    """Return a key of everything that the decision depends on where an unknown leaves it open.

    Args:
        decision_inputs: The engine's decision inputs, without the principal.
        certain: The effects of statements that certainly match: (policy type, whether it is an Allow), and grants.
        undetermined: The undetermined statements, with what is known of their keys.
        unknown: What a key without value means.
        target: Action and resource of the request.
    """
    resource = resource_key(target) if any(one.asked.in_resource for one in undetermined) else None
    signatures = frozenset([(one.type_key, one.grant, one.asked.number, one.facts) for one in undetermined])
    return decision_inputs, unknown, certain, signatures, resource
