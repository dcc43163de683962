"""Summarizes what each policy type decides on a request, over all its sub-requests."""

from collections.abc import Mapping, Sequence
from functools import cache

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.decision_logic import PolicyTypeKey, StatementEffects
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE
from iamdesk.explain import messages
from iamdesk.explain.decision import PolicyTypeResult
from iamdesk.i18n import chosen, join_messages, mark, phrase


def name_of(result: StatementResult) -> str:
    """Return a statement's display name."""
    statement = result.statement
    name = phrase("{policy}, statement {number}", policy=result.policy.name, number=statement.index + 1)
    return join_messages("", (name, f" ({statement.sid})")) if statement.sid else name


def on_sub_request(trace: EvaluationTrace, sub_request: int) -> EvaluationRequest:
    """Return one sub-request."""
    return trace.question.further[sub_request - 1] if sub_request else trace.question


def target_on(trace: EvaluationTrace, sub_request: int) -> Target:
    """Return the action and resource of one sub-request."""
    return on_sub_request(trace, sub_request).target


def policies_in(trace: EvaluationTrace, type_key: PolicyTypeKey) -> tuple[AttachedPolicy, ...]:
    """Return the policies of a policy type."""
    policies = on_sub_request(trace, type_key.sub_request).policies
    match type_key.layer:
        case PolicyType.RCP:
            return (policies.rcps or ())[type_key.level or 0]
        case PolicyType.SCP:
            return (policies.scps or ())[type_key.level or 0]
        case PolicyType.PERMISSIONS_BOUNDARY:
            return policies.boundary or ()
        case PolicyType.SESSION:
            return policies.session or ()
        case PolicyType.RESOURCE | PolicyType.TRUST:
            return () if policies.resource is None else (policies.resource,)
        case PolicyType.IDENTITY:
            return policies.identity
        case PolicyType.ACL:
            return tuple(grant for grant in policies.grants if grant.layer is PolicyType.ACL)
        case _:
            return () if policies.endpoint is None else (policies.endpoint,)


def policy_type_results(trace: EvaluationTrace) -> tuple[PolicyTypeResult, ...]:
    """Return the result of each policy type, in the order in which results list them."""
    sub_requests = [
        _policy_types_on_sub_request(trace, sub_request, trace.counted.of_sub_request(sub_request))
        for sub_request in range(len(trace.question.further) + 1)
    ]
    if len(sub_requests) == 1:
        return tuple(sub_requests[0].values())
    layers = sorted({layer for lines in sub_requests for layer in lines}, key=_ORDER_OF_LAYERS.index)
    return tuple(_joined(trace, layer, [lines.get(layer) for lines in sub_requests]) for layer in layers)


def _joined(trace: EvaluationTrace, layer: PolicyType, lines: Sequence[PolicyTypeResult | None]) -> PolicyTypeResult:
    """Combine the results of a policy type over all sub-requests."""
    results = [line for line in lines if line is not None]
    outcome = next((word for word in _STRICTEST_FIRST if any(line.outcome is word for line in results)), None)
    if len({line.sentence for line in results}) == 1:
        return PolicyTypeResult(layer, outcome, results[0].title, results[0].sentence)
    parts = [
        phrase(
            _ACCESS_POINT if sub_request == 0 else _BUCKET,
            name=messages.short_resource(target_on(trace, sub_request)),
            sentence=line.sentence,
        )
        for sub_request, line in enumerate(lines)
        if line is not None
    ]
    return PolicyTypeResult(layer, outcome, results[0].title, join_messages("; ", parts))


_ACCESS_POINT = mark("access point {name}: {sentence}")
_BUCKET = mark("bucket {name}: {sentence}")
_STRICTEST_FIRST = (
    EvalDecision.EXPLICIT_DENY,
    EvalDecision.IMPLICIT_DENY,
    EvalDecision.CONDITIONAL,
    EvalDecision.ALLOWED,
)
_ALWAYS_LISTED = (PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)
_ORDER_OF_LAYERS = (
    *(PolicyType.RCP, PolicyType.SCP, PolicyType.RESOURCE, PolicyType.TRUST),
    *_ALWAYS_LISTED,
    *(PolicyType.ACL, PolicyType.ENDPOINT, PolicyType.BLOCK_PUBLIC_ACCESS),
)


def _policy_types_on_sub_request(
    trace: EvaluationTrace, sub_request: int, counted: StatementEffects
) -> dict[PolicyType, PolicyTypeResult]:
    decision_inputs, question = trace.decision_inputs.sub_requests[sub_request], on_sub_request(trace, sub_request)
    in_play: dict[PolicyType, list[PolicyTypeKey]] = {}
    for type_key in decision_inputs.slots:
        in_play.setdefault(type_key.layer, []).append(type_key)
    resource = PolicyType.TRUST if decision_inputs.is_trust else PolicyType.RESOURCE
    lines: dict[PolicyType, PolicyTypeResult] = {}
    for layer in (PolicyType.RCP, PolicyType.SCP, resource, *_ALWAYS_LISTED):
        slots = in_play.get(layer)
        if layer in question.without:
            lines[layer] = _plain_line(layer, None, mark("left out"), chosen())
        elif slots is None:
            lines[layer] = _not_in_play(layer, question)
        elif layer is PolicyType.RESOURCE and decision_inputs.unlocks:
            lines[layer] = _plain_line(layer, EvalDecision.ALLOWED, mark("cannot deny the owner's root user"), chosen())
        else:
            lines[layer] = _policy_type_result(trace, layer, sub_request, slots, counted)
    for layer in (PolicyType.ACL, PolicyType.ENDPOINT):
        if layer in in_play:
            lines[layer] = _policy_type_result(trace, layer, sub_request, in_play[layer], counted)
    if question.policies.restrict_public_buckets:
        layer = PolicyType.BLOCK_PUBLIC_ACCESS
        outcome = EvalDecision.EXPLICIT_DENY if decision_inputs.restricts_public else EvalDecision.ALLOWED
        says = (
            mark("blocks public access") if decision_inputs.restricts_public else mark("does not apply to this caller")
        )
        lines[layer] = _plain_line(layer, outcome, says, chosen())
    return lines


@cache
def _plain_line(layer: PolicyType, outcome: EvalDecision | None, says: str, _language: str) -> PolicyTypeResult:
    """Return a result that names nothing of the request: most are such, and are made once.

    Once per language, since the sentence keeps its template.
    """
    return PolicyTypeResult(layer, outcome, phrase(messages.LAYER_TITLES[layer]), phrase(says))


_NOT_IN_PLAY: Mapping[PolicyType, str] = {
    PolicyType.RCP: mark("none known"),
    PolicyType.SCP: mark("none known"),
    PolicyType.RESOURCE: mark("none known"),
    PolicyType.TRUST: mark("none known"),
    PolicyType.IDENTITY: mark("none: not a principal of an account"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("none set: no limit"),
    PolicyType.SESSION: mark("none passed: no limit"),
}


def _not_in_play(layer: PolicyType, question: EvaluationRequest) -> PolicyTypeResult:
    if layer is PolicyType.RCP and not question.target.supports_rcps:  # rule B7
        title = phrase(messages.LAYER_TITLES[layer])
        return PolicyTypeResult(
            layer, None, title, phrase("do not apply to {service}", service=question.target.service)
        )
    if layer is PolicyType.PERMISSIONS_BOUNDARY and question.policies.is_identity_assumed:
        return _plain_line(layer, None, mark("not captured: assumed to set no limit"), chosen())
    if layer is PolicyType.RESOURCE and question.target.is_beside_key_policies:
        return _plain_line(layer, None, mark("does not apply: only the grant decides who can retire it"), chosen())
    if layer is PolicyType.RESOURCE and question.target.takes_no_policy:
        return _plain_line(layer, None, mark("does not apply: such a resource has no policy"), chosen())
    if layer is PolicyType.RESOURCE and question.target.is_beside_resource_policy:
        return _plain_line(layer, None, mark("does not apply: it covers only the content of the resource"), chosen())
    if layer is PolicyType.SCP and question.policies.scps:  # rules B6, E11
        return _plain_line(layer, None, mark("do not apply to this caller"), chosen())
    return _plain_line(layer, None, _NOT_IN_PLAY[layer], chosen())


def _policy_type_result(
    trace: EvaluationTrace,
    layer: PolicyType,
    sub_request: int,
    slots: Sequence[PolicyTypeKey],
    counted: StatementEffects,
) -> PolicyTypeResult:
    """Return the result of a policy type in one sub-request; its keys there are those of sub-request 0."""
    if layer is PolicyType.IDENTITY and trace.question.caller.kind is CallerKind.ROOT:
        return _plain_line(layer, EvalDecision.ALLOWED, mark("the root user needs none"), chosen())
    if layer is PolicyType.IDENTITY and trace.question.policies.is_identity_assumed:
        return _plain_line(layer, EvalDecision.ALLOWED, mark("not captured: assumed to allow"), chosen())
    title = phrase(messages.LAYER_TITLES[layer])
    results = [
        result for result in trace.results if result.policy.layer is layer and result.policy.sub_request == sub_request
    ]
    deny = [counted.deny.get(type_key, FALSE) for type_key in slots]
    if TRUE in deny:
        names = [name_of(one) for one in results if one.truth is TRUE and not one.statement.is_allow]
        return PolicyTypeResult(
            layer, EvalDecision.EXPLICIT_DENY, title, phrase("{names} denies it", names=messages.listed(names))
        )
    undecided = [one for one in results if one.truth is MAYBE]
    may_allow = messages.listed([name_of(one) for one in undecided if one.statement.is_allow])
    allow = [counted.allow.get(type_key, FALSE) for type_key in slots]
    if MAYBE in deny:
        may_deny = messages.listed([name_of(one) for one in undecided if not one.statement.is_allow])
        if layer is PolicyType.RCP or all(one is TRUE for one in allow):
            says = phrase("{names} may deny it", names=may_deny)
        elif FALSE in allow:
            says = phrase("no statement allows it; {names} may deny it", names=may_deny)
        else:
            says = phrase("{allowing} may allow it; {denying} may deny it", allowing=may_allow, denying=may_deny)
        return PolicyTypeResult(layer, EvalDecision.CONDITIONAL, title, says)
    if layer is PolicyType.RCP:
        return _plain_line(layer, EvalDecision.ALLOWED, mark("no limit"), chosen())
    if FALSE in allow:
        missing = slots[allow.index(FALSE)]
        if layer is PolicyType.SCP:
            where = messages.level_words(missing.level or 0, trace.question.policies.scp_places)
            says = phrase("no policy {where} allows it", where=where)
        else:
            names = [policy.name for policy in policies_in(trace, missing._replace(sub_request=sub_request))]
            if not names:
                return _plain_line(layer, EvalDecision.IMPLICIT_DENY, mark("no statement allows it"), chosen())
            says = phrase("{names}: no statement allows it", names=messages.listed(names))
        return PolicyTypeResult(layer, EvalDecision.IMPLICIT_DENY, title, says)
    if MAYBE in allow:
        return PolicyTypeResult(layer, EvalDecision.CONDITIONAL, title, phrase("{names} may allow it", names=may_allow))
    named = [name_of(one) for one in results if one.truth is not FALSE]
    return PolicyTypeResult(layer, EvalDecision.ALLOWED, title, messages.listed(named))
