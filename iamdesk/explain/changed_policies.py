"""Requests with changed policies: statements removed, statements added.

The policies of a principal and of its organization apply to all sub-requests alike: a statement is removed from all of
them, or added to all. Resources have policies of their own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.decision_logic import PolicyTypeKey
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.policy_set import AttachedPolicy, PolicySet, SourceType
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.policy_type_summary import policies_in, target_on
from iamdesk.policy.document import LATEST_VERSION, Document, parse_document

_SOURCES: Mapping[PolicyType, SourceType] = {
    PolicyType.SCP: SourceType.SCP,
    PolicyType.PERMISSIONS_BOUNDARY: SourceType.PERMISSIONS_BOUNDARY,
    PolicyType.SESSION: SourceType.SESSION,
    PolicyType.RESOURCE: SourceType.RESOURCE,
    PolicyType.TRUST: SourceType.TRUST,
    PolicyType.ENDPOINT: SourceType.ENDPOINT,
}
_NAMES_CALLER = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ENDPOINT})
_OF_RESOURCES = frozenset({PolicyType.RESOURCE, PolicyType.TRUST})


@dataclass(frozen=True, slots=True)
class Added:
    """A statement to add, and the policy to add it to."""

    type_key: PolicyTypeKey
    statement: Mapping[str, Any]
    policy_key: str
    """Key of the policy; of identity policies the principal's ARN; empty where there is none."""
    names: tuple[str, ...]
    """Names of the policies that the policy type has now."""
    target: Target


def added_to(trace: EvaluationTrace, type_key: PolicyTypeKey, effect: str) -> Added:
    """Return the narrowest statement of that effect for the request: its own action on its own resource."""
    caller, target = trace.request.caller, target_on(trace, type_key.sub_request)
    held = policies_in(trace, type_key)
    statement: dict[str, Any] = {"Effect": effect}
    if type_key.policy_type in _NAMES_CALLER:
        statement["Principal"] = _principal(trace)
    statement["Action"] = target.action_text
    if type_key.policy_type is not PolicyType.TRUST:  # a trust policy applies to its role
        statement["Resource"] = _resource(target, type_key.policy_type)
    key = held[0].key if held else ""
    if type_key.policy_type is PolicyType.IDENTITY:
        key = caller.arn or caller.text
    return Added(type_key, statement, key, tuple(policy.name for policy in held), target)


def changed(request: EvaluationRequest, gone: Collection[StatementResult], added: Sequence[Added]) -> EvaluationRequest:
    """Return the request with some statements removed and others added."""
    places: dict[tuple[PolicyType, str], set[int]] = {}
    for result in gone:
        places.setdefault((result.policy.policy_type, result.policy.key), set()).add(result.statement.index)

    def kept(policy: AttachedPolicy) -> AttachedPolicy:
        indices = places.get((policy.policy_type, policy.key))
        return policy if indices is None else replace(policy, document=_without(policy.document, indices))

    sub_requests = [
        _changed_on(one, sub_request, kept, added) for sub_request, one in enumerate((request, *request.joint))
    ]
    return replace(sub_requests[0], joint=tuple(sub_requests[1:]))


def _changed_on(
    request: EvaluationRequest,
    sub_request: int,
    kept: Callable[[AttachedPolicy], AttachedPolicy],
    added: Sequence[Added],
) -> EvaluationRequest:
    def all_kept(policies: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, ...]:
        return tuple([kept(policy) for policy in policies])

    held = request.policies
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
        if one.type_key.policy_type not in _OF_RESOURCES or one.type_key.sub_request == sub_request:
            policies = _with(policies, one, sub_request)
    return replace(request, policies=policies)


def _without(document: Document, indices: Collection[int]) -> Document:
    statements = tuple(one for one in document.statements if one.index not in indices)
    return document.with_statements(statements)


def _with(policies: PolicySet, added: Added, sub_request: int) -> PolicySet:
    type_key = added.type_key
    document = parse_document({"Version": LATEST_VERSION, "Statement": [added.statement]})
    source = _SOURCES.get(type_key.policy_type, SourceType.USER)
    own = AttachedPolicy(
        type_key.policy_type, source, "added", "added", "added", "", document, type_key.level, sub_request
    )
    match type_key.policy_type:
        case PolicyType.SCP:
            levels = list(policies.scps or ())
            levels[type_key.level or 0] = (*levels[type_key.level or 0], own)
            return replace(policies, scps=tuple(levels))
        case PolicyType.PERMISSIONS_BOUNDARY:
            return replace(policies, boundary=(*(policies.boundary or ()), own))
        case PolicyType.SESSION:
            return replace(policies, session=(*(policies.session or ()), own))
        case PolicyType.RESOURCE | PolicyType.TRUST:
            held = policies.resource
            return replace(policies, resource=own if held is None else _with_statement(held, added))
        case PolicyType.ENDPOINT:
            held = policies.endpoint
            return replace(policies, endpoint=own if held is None else _with_statement(held, added))
        case _:
            return replace(policies, identity=(*policies.identity, own))


def _with_statement(policy: AttachedPolicy, added: Added) -> AttachedPolicy:
    """Return a policy with one more statement, parsed as by the policy's version."""
    document = policy.document
    parsed = parse_document({"Version": document.version, "Statement": [added.statement]})
    index = 1 + max((one.index for one in document.statements), default=-1)
    more = tuple(one.changed(index=index) for one in parsed.statements)
    return replace(policy, document=document.with_statements((*document.statements, *more)))


def _principal(trace: EvaluationTrace) -> Any:
    """Return a principal element that names only the caller."""
    caller = trace.request.caller
    match caller.kind:
        case CallerKind.ANONYMOUS:
            return "*"
        case CallerKind.SERVICE:
            return {"Service": caller.text}
        case CallerKind.SAML | CallerKind.OIDC:
            return {"Federated": caller.text}
        case _:
            return {"AWS": caller.text}


def _resource(target: Target, policy_type: PolicyType) -> str:
    if policy_type is PolicyType.RESOURCE and target.service == "kms":
        return "*"  # in a key policy: this key
    return target.resource_text.replace("${", "${$}{")  # what looks like a variable is literal
