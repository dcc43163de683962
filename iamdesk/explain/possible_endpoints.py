"""VPC endpoints through which a request may come, where the context does not say (rule B9)."""

from dataclasses import replace

from iamdesk.evaluate.context import ABSENT, VALUE_UNKNOWN, KeyValue, Knowledge, given_facts
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, decide_request
from iamdesk.evaluate.matching import RequestFacts, match_statement
from iamdesk.evaluate.policy_set import AttachedPolicy, PossibleEndpoint
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.ternary import FALSE, TRUE
from iamdesk.explain.assumed_values import furthest
from iamdesk.explain.decision import Assumption
from iamdesk.i18n import join_names, phrase

_ENDPOINT_KEY = "aws:SourceVpce"
_MAX_ENDPOINTS = 64
_MAX_NAMED = 3


def endpoint_assumption(trace: EvaluationTrace) -> Assumption | None:
    """Return the assumption that the request comes through no endpoint whose policy would change the decision.

    Only for the effect of the policy: an endpoint changes condition keys, too, but these are unknown, not assumed.
    """
    possible = trace.request.policies.possible_endpoints
    if not possible or PolicyType.ENDPOINT in trace.request.without:
        return None
    limiting = [one for one in possible if not _allows_plainly(one, trace)]
    found: list[tuple[str, EvalDecision]] = []
    for one in limiting[:_MAX_ENDPOINTS]:
        through = decide_request(_through(trace.request, one, one.policy))
        if through is not decide_request(_through(trace.request, one, None)):
            found.append((one.policy.owner, through))
    other = furthest(trace.decision, [decision for _, decision in found])
    if other is None:
        return None
    names = [name for name, decision in found if decision is not trace.decision]
    named = join_names(names, _MAX_NAMED, last=",")
    message = phrase(
        "The request is assumed not to come through a VPC endpoint ({key}) whose policy would change the decision: "
        "{names}.",
        key=_ENDPOINT_KEY,
        names=named,
    )
    return Assumption("endpoint-unknown", message, other)


def _network_keys(endpoint: PossibleEndpoint) -> dict[str, KeyValue]:
    """Return the condition keys of a request through an endpoint (rules, Table 1)."""
    vpc = VALUE_UNKNOWN if endpoint.vpc_id is None else KeyValue(Knowledge.PRESENT, (endpoint.vpc_id,))
    own = given_facts({_ENDPOINT_KEY: endpoint.policy.owner})
    return {"aws:sourcevpc": vpc, "aws:vpcsourceip": VALUE_UNKNOWN, "aws:sourceip": ABSENT, **own}


def _through(
    request: EvaluationRequest, endpoint: PossibleEndpoint, policy: AttachedPolicy | None, sub_request: int = 0
) -> EvaluationRequest:
    """Return the request as it comes through an endpoint, limited by a policy or by none."""
    context = replace(request.context, given={**_network_keys(endpoint), **request.context.given})
    limiting = replace(policy, sub_request=sub_request) if policy is not None and sub_request else policy
    joint = [_through(one, endpoint, policy, number) for number, one in enumerate(request.joint, 1)]
    policies = replace(request.policies, endpoint=limiting)
    return replace(request, context=context, policies=policies, joint=tuple(joint))


def _allows_plainly(endpoint: PossibleEndpoint, trace: EvaluationTrace) -> bool:
    """Return whether an endpoint's policy allows all sub-requests, whatever is unknown."""
    subject, context = trace.subject, trace.subject.context
    through = replace(subject, context=replace(context, given={**_network_keys(endpoint), **context.given}))
    return all(
        _allows_sub_request(endpoint.policy, through.on_sub_request(sub_request))
        for sub_request in range(len(subject.joint) + 1)
    )


def _allows_sub_request(policy: AttachedPolicy, subject: RequestFacts) -> bool:
    found = [match_statement(policy, statement, subject) for statement in policy.document.statements]
    results = [one for one in found if one is not None]
    allows = any(one.truth is TRUE for one in results if one.statement.is_allow)
    return allows and all(one.truth is FALSE for one in results if not one.statement.is_allow)
