"""A question with other policies: statements taken away, statements added.

Where a request is several decisions (`evaluate.layers`), what a principal carries and what its organization says is the
same in all of them: a statement that goes, goes from all, and one that comes, comes to all. Resources have their own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iamdesk.evaluate.caller import CallerKind
from iamdesk.evaluate.engine import Question, Trace
from iamdesk.evaluate.layers import Slot
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.policies import AttachedPolicy, PolicySet, SourceType
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.target import Target
from iamdesk.explain.layer_lines import policies_in, target_on
from iamdesk.policy.document import LATEST_VERSION, Document, parse_document

_SOURCES: Mapping[Layer, SourceType] = {
    Layer.SCP: SourceType.SCP,
    Layer.PERMISSIONS_BOUNDARY: SourceType.PERMISSIONS_BOUNDARY,
    Layer.SESSION: SourceType.SESSION,
    Layer.RESOURCE: SourceType.RESOURCE,
    Layer.TRUST: SourceType.TRUST,
    Layer.ENDPOINT: SourceType.ENDPOINT,
}
_NAMES_CALLER = frozenset({Layer.RESOURCE, Layer.TRUST, Layer.ENDPOINT})
_OF_RESOURCES = frozenset({Layer.RESOURCE, Layer.TRUST})


@dataclass(frozen=True, slots=True)
class Added:
    """A statement that is added, and the policy that it goes to."""

    slot: Slot
    statement: Mapping[str, Any]
    policy_key: str
    """Of the policy; of identity policies the principal's ARN; empty where there is none."""
    names: tuple[str, ...]
    """Of the policies that the layer holds now."""
    target: Target


def added_to(trace: Trace, slot: Slot, effect: str) -> Added:
    """Return the least statement of that effect for the request: its own action on its own resource."""
    caller, target = trace.question.caller, target_on(trace, slot.leg)
    held = policies_in(trace, slot)
    statement: dict[str, Any] = {"Effect": effect}
    if slot.layer in _NAMES_CALLER:
        statement["Principal"] = _principal(trace)
    statement["Action"] = target.action_text
    if slot.layer is not Layer.TRUST:  # a trust policy means the role that it is of
        statement["Resource"] = _resource(target, slot.layer)
    key = held[0].key if held else ""
    if slot.layer is Layer.IDENTITY:
        key = caller.arn or caller.text
    return Added(slot, statement, key, tuple(policy.name for policy in held), target)


def changed(question: Question, gone: Collection[StatementResult], added: Sequence[Added]) -> Question:
    """Return the question without some statements and with others."""
    places: dict[tuple[Layer, str], set[int]] = {}
    for result in gone:
        places.setdefault((result.policy.layer, result.policy.key), set()).add(result.statement.index)

    def kept(policy: AttachedPolicy) -> AttachedPolicy:
        indices = places.get((policy.layer, policy.key))
        return policy if indices is None else replace(policy, document=_without(policy.document, indices))

    legs = [_changed_on(one, leg, kept, added) for leg, one in enumerate((question, *question.further))]
    return replace(legs[0], further=tuple(legs[1:]))


def _changed_on(
    question: Question, leg: int, kept: Callable[[AttachedPolicy], AttachedPolicy], added: Sequence[Added]
) -> Question:
    def all_kept(policies: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, ...]:
        return tuple([kept(policy) for policy in policies])

    held = question.policies
    policies = replace(
        held,
        identity=all_kept(held.identity),
        boundary=None if held.boundary is None else all_kept(held.boundary),
        session=None if held.session is None else all_kept(held.session),
        scps=None if held.scps is None else tuple(map(all_kept, held.scps)),
        rcps=None if held.rcps is None else tuple(map(all_kept, held.rcps)),
        resource=None if held.resource is None else kept(held.resource),
        grants=all_kept(held.grants),
        endpoint=None if held.endpoint is None else kept(held.endpoint),
    )
    for one in added:
        if one.slot.layer not in _OF_RESOURCES or one.slot.leg == leg:
            policies = _with(policies, one, leg)
    return replace(question, policies=policies)


def _without(document: Document, indices: Collection[int]) -> Document:
    statements = tuple(one for one in document.statements if one.index not in indices)
    return document.with_statements(statements)


def _with(policies: PolicySet, added: Added, leg: int) -> PolicySet:
    slot = added.slot
    document = parse_document({"Version": LATEST_VERSION, "Statement": [added.statement]})
    source = _SOURCES.get(slot.layer, SourceType.USER)
    own = AttachedPolicy(slot.layer, source, "added", "added", "added", "", document, slot.level, leg)
    match slot.layer:
        case Layer.SCP:
            levels = list(policies.scps or ())
            levels[slot.level or 0] = (*levels[slot.level or 0], own)
            return replace(policies, scps=tuple(levels))
        case Layer.PERMISSIONS_BOUNDARY:
            return replace(policies, boundary=(*(policies.boundary or ()), own))
        case Layer.SESSION:
            return replace(policies, session=(*(policies.session or ()), own))
        case Layer.RESOURCE | Layer.TRUST:
            held = policies.resource
            return replace(policies, resource=own if held is None else _with_statement(held, added))
        case Layer.ENDPOINT:
            held = policies.endpoint
            return replace(policies, endpoint=own if held is None else _with_statement(held, added))
        case _:
            return replace(policies, identity=(*policies.identity, own))


def _with_statement(policy: AttachedPolicy, added: Added) -> AttachedPolicy:
    """Return a policy with one more statement, read as the policy's own version reads it."""
    document = policy.document
    parsed = parse_document({"Version": document.version, "Statement": [added.statement]})
    index = 1 + max((one.index for one in document.statements), default=-1)
    more = tuple(one.changed(index=index) for one in parsed.statements)
    return replace(policy, document=document.with_statements((*document.statements, *more)))


def _principal(trace: Trace) -> Any:
    """Name the caller, and nobody else."""
    caller = trace.question.caller
    match caller.kind:
        case CallerKind.ANONYMOUS:
            return "*"
        case CallerKind.SERVICE:
            return {"Service": caller.text}
        case CallerKind.SAML | CallerKind.OIDC:
            return {"Federated": caller.text}
        case _:
            return {"AWS": caller.text}


def _resource(target: Target, layer: Layer) -> str:
    if layer is Layer.RESOURCE and target.service == "kms":
        return "*"  # in a key policy: this key
    return target.resource_text.replace("${", "${$}{")  # what looks like a variable is meant as it stands
