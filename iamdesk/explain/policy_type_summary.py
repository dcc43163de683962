"""Summarizes what each policy type decides on a request, over all its sub-requests."""

from collections.abc import Mapping, Sequence
from functools import cache

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.decision_logic import PolicyTypeKey, StatementEffects
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, rcps_apply, scps_apply
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
    return trace.request.joint[sub_request - 1] if sub_request else trace.request


def target_on(trace: EvaluationTrace, sub_request: int) -> Target:
    """Return the action and resource of one sub-request."""
    return on_sub_request(trace, sub_request).target


def policies_in(trace: EvaluationTrace, type_key: PolicyTypeKey) -> tuple[AttachedPolicy, ...]:
    """Return the policies of a policy type."""
    policies = on_sub_request(trace, type_key.sub_request).policies
    match type_key.policy_type:
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
            return tuple(grant for grant in policies.grants if grant.policy_type is PolicyType.ACL)
        case _:
            return () if policies.endpoint is None else (policies.endpoint,)


def policy_type_results(trace: EvaluationTrace) -> tuple[PolicyTypeResult, ...]:
    """Return the result of each policy type, in the order in which results list them."""
    sub_requests = [
        _policy_types_on_sub_request(trace, sub_request, trace.counted.of_sub_request(sub_request))
        for sub_request in range(len(trace.request.joint) + 1)
    ]
    if len(sub_requests) == 1:
        return tuple(sub_requests[0].values())
    policy_types = sorted(
        {policy_type for lines in sub_requests for policy_type in lines}, key=_ORDER_OF_POLICY_TYPES.index
    )
    return tuple(
        _joined(trace, policy_type, [lines.get(policy_type) for lines in sub_requests]) for policy_type in policy_types
    )


def _joined(
    trace: EvaluationTrace, policy_type: PolicyType, lines: Sequence[PolicyTypeResult | None]
) -> PolicyTypeResult:
    """Combine the results of a policy type over all sub-requests."""
    results = [line for line in lines if line is not None]
    decision = next((word for word in _STRICTEST_FIRST if any(line.decision is word for line in results)), None)
    is_unknown = decision in (None, EvalDecision.ALLOWED) and any(line.is_unknown for line in results)
    decision = None if is_unknown else decision
    if len({line.sentence for line in results}) == 1:
        return PolicyTypeResult(policy_type, decision, results[0].title, results[0].sentence, is_unknown=is_unknown)
    parts = [
        phrase(
            _ACCESS_POINT if sub_request == 0 else _BUCKET,
            name=messages.short_resource(target_on(trace, sub_request)),
            sentence=line.sentence,
        )
        for sub_request, line in enumerate(lines)
        if line is not None
    ]
    return PolicyTypeResult(policy_type, decision, results[0].title, join_messages("; ", parts), is_unknown=is_unknown)


_ACCESS_POINT = mark("access point {name}: {sentence}")
_BUCKET = mark("bucket {name}: {sentence}")
_STRICTEST_FIRST = (
    EvalDecision.EXPLICIT_DENY,
    EvalDecision.IMPLICIT_DENY,
    EvalDecision.CONDITIONAL,
    EvalDecision.ALLOWED,
)
_ALWAYS_LISTED = (PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)
_ORDER_OF_POLICY_TYPES = (
    *(PolicyType.RCP, PolicyType.SCP, PolicyType.RESOURCE, PolicyType.TRUST),
    *_ALWAYS_LISTED,
    *(PolicyType.ACL, PolicyType.ENDPOINT, PolicyType.BLOCK_PUBLIC_ACCESS),
)


def _policy_types_on_sub_request(
    trace: EvaluationTrace, sub_request: int, counted: StatementEffects
) -> dict[PolicyType, PolicyTypeResult]:
    decision_inputs, request = trace.decision_inputs.sub_requests[sub_request], on_sub_request(trace, sub_request)
    in_play: dict[PolicyType, list[PolicyTypeKey]] = {}
    for type_key in decision_inputs.type_keys:
        in_play.setdefault(type_key.policy_type, []).append(type_key)
    resource = PolicyType.TRUST if decision_inputs.is_trust else PolicyType.RESOURCE
    lines: dict[PolicyType, PolicyTypeResult] = {}
    for policy_type in (PolicyType.RCP, PolicyType.SCP, resource, *_ALWAYS_LISTED):
        slots = in_play.get(policy_type)
        if policy_type in request.without:
            lines[policy_type] = _plain_line(policy_type, None, mark("left out"), chosen())
        elif slots is None:
            lines[policy_type] = _not_in_play(policy_type, request)
        elif policy_type is PolicyType.RESOURCE and decision_inputs.unlocks:
            lines[policy_type] = _plain_line(
                policy_type, EvalDecision.ALLOWED, mark("cannot deny the owner's root user"), chosen()
            )
        else:
            lines[policy_type] = _policy_type_result(trace, policy_type, sub_request, slots, counted)
    for policy_type in (PolicyType.ACL, PolicyType.ENDPOINT, PolicyType.BLOCK_PUBLIC_ACCESS):
        if policy_type in in_play:
            lines[policy_type] = _policy_type_result(trace, policy_type, sub_request, in_play[policy_type], counted)
        elif policy_type in request.policies.uncaptured:
            lines[policy_type] = _not_in_play(policy_type, request)
    if request.policies.restrict_public_buckets:
        policy_type = PolicyType.BLOCK_PUBLIC_ACCESS
        decision = EvalDecision.EXPLICIT_DENY if decision_inputs.restricts_public else EvalDecision.ALLOWED
        text = (
            mark("blocks public access") if decision_inputs.restricts_public else mark("does not apply to this caller")
        )
        lines[policy_type] = _plain_line(policy_type, decision, text, chosen())
    return lines


@cache
def _plain_line(
    policy_type: PolicyType, decision: EvalDecision | None, text: str, _language: str, *, is_unknown: bool = False
) -> PolicyTypeResult:
    """Return a result that names nothing of the request: most are such, and are made once.

    Once per language, since the sentence keeps its template.
    """
    title = phrase(messages.POLICY_TYPE_TITLES[policy_type])
    return PolicyTypeResult(policy_type, decision, title, phrase(text), is_unknown=is_unknown)


_NOT_IN_PLAY: Mapping[PolicyType, str] = {
    PolicyType.RCP: mark("none apply"),
    PolicyType.SCP: mark("none apply"),
    PolicyType.RESOURCE: mark("the resource has none"),
    PolicyType.TRUST: mark("the role has none"),
    PolicyType.IDENTITY: mark("none: not a principal of an account"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("none set: no limit"),
    PolicyType.SESSION: mark("none passed: no limit"),
}


def _not_in_play(policy_type: PolicyType, request: EvaluationRequest) -> PolicyTypeResult:
    if policy_type is PolicyType.RCP and not request.target.supports_rcps:  # rule B7
        title = phrase(messages.POLICY_TYPE_TITLES[policy_type])
        return PolicyTypeResult(
            policy_type, None, title, phrase("do not apply to {service}", service=request.target.service)
        )
    if policy_type is PolicyType.RCP and not rcps_apply(request):
        return _plain_line(policy_type, None, mark("do not apply to this request"), chosen())
    if policy_type is PolicyType.SCP and not scps_apply(request.caller):
        return _plain_line(policy_type, None, mark("do not apply to this caller"), chosen())
    if policy_type in request.policies.uncaptured:
        text = mark("not captured (could deny)")
        if policy_type is PolicyType.ACL:
            text = mark("not captured (could allow)")
        elif policy_type in (PolicyType.RESOURCE, PolicyType.TRUST):
            text = mark("not captured (could allow or deny)")
        return _plain_line(policy_type, None, text, chosen(), is_unknown=True)
    if policy_type is PolicyType.RESOURCE and request.target.is_beside_key_policies:
        return _plain_line(
            policy_type, None, mark("does not apply: only the grant decides who can retire it"), chosen()
        )
    if policy_type is PolicyType.RESOURCE and request.target.takes_no_policy:
        return _plain_line(policy_type, None, mark("does not apply: such a resource has no policy"), chosen())
    if policy_type is PolicyType.RESOURCE and request.target.is_beside_resource_policy:
        return _plain_line(
            policy_type, None, mark("does not apply: it covers only the content of the resource"), chosen()
        )
    return _plain_line(policy_type, None, _NOT_IN_PLAY[policy_type], chosen())


def _policy_type_result(
    trace: EvaluationTrace,
    policy_type: PolicyType,
    sub_request: int,
    slots: Sequence[PolicyTypeKey],
    counted: StatementEffects,
) -> PolicyTypeResult:
    """Return the result of a policy type in one sub-request; its keys there are those of sub-request 0."""
    if policy_type is PolicyType.IDENTITY and trace.request.caller.kind is CallerKind.ROOT:
        return _plain_line(policy_type, EvalDecision.ALLOWED, mark("the root user needs none"), chosen())
    own = (policies_in(trace, type_key._replace(sub_request=sub_request)) for type_key in slots)
    if any(policy.is_assumed for policies in own for policy in policies):
        return _plain_line(policy_type, None, mark("not captured (must allow)"), chosen(), is_unknown=True)
    title = phrase(messages.POLICY_TYPE_TITLES[policy_type])
    results = [
        result
        for result in trace.results
        if result.policy.policy_type is policy_type and result.policy.sub_request == sub_request
    ]
    deny = [counted.deny.get(type_key, FALSE) for type_key in slots]
    if TRUE in deny:
        names = [name_of(one) for one in results if one.truth is TRUE and not one.statement.is_allow]
        return PolicyTypeResult(
            policy_type, EvalDecision.EXPLICIT_DENY, title, phrase("{names} denies it", names=messages.listed(names))
        )
    undecided = [one for one in results if one.truth is MAYBE]
    may_allow = messages.listed([name_of(one) for one in undecided if one.statement.is_allow])
    allow = [counted.allow.get(type_key, FALSE) for type_key in slots]
    if MAYBE in deny:
        may_deny = messages.listed([name_of(one) for one in undecided if not one.statement.is_allow])
        if policy_type is PolicyType.RCP or all(one is TRUE for one in allow):
            text = phrase("{names} may deny it", names=may_deny)
        elif FALSE in allow:
            text = phrase("no statement allows it; {names} may deny it", names=may_deny)
        else:
            text = phrase("{allowing} may allow it; {denying} may deny it", allowing=may_allow, denying=may_deny)
        return PolicyTypeResult(policy_type, EvalDecision.CONDITIONAL, title, text)
    if policy_type is PolicyType.RCP:
        return _plain_line(policy_type, EvalDecision.ALLOWED, mark("no limit"), chosen())
    if FALSE in allow:
        missing = slots[allow.index(FALSE)]
        if policy_type is PolicyType.SCP:
            where = messages.level_words(missing.level or 0, trace.request.policies.scp_places)
            text = phrase("no policy {where} allows it", where=where)
        else:
            names = [policy.name for policy in policies_in(trace, missing._replace(sub_request=sub_request))]
            if not names:
                return _plain_line(policy_type, EvalDecision.IMPLICIT_DENY, mark("no statement allows it"), chosen())
            text = phrase("{names}: no statement allows it", names=messages.listed(names))
        return PolicyTypeResult(policy_type, EvalDecision.IMPLICIT_DENY, title, text)
    if MAYBE in allow:
        return PolicyTypeResult(
            policy_type, EvalDecision.CONDITIONAL, title, phrase("{names} may allow it", names=may_allow)
        )
    named = [name_of(one) for one in results if one.truth is not FALSE]
    return PolicyTypeResult(policy_type, EvalDecision.ALLOWED, title, messages.listed(named))
