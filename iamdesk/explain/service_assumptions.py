"""Assumptions about the called service: where AWS's documentation is silent, or a setting decides."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from iamdesk.evaluate.decision_logic import RESOURCE, DecisionInputs, StatementEffects
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.resource_policy_services import OtherAccounts, Unsigned, facts_of
from iamdesk.evaluate.ternary import FALSE, TRUE
from iamdesk.explain.decision import Assumption
from iamdesk.i18n import join_messages, phrase


def service_assumptions(
    trace: EvaluationTrace, decide: Callable[[DecisionInputs], EvalDecision]
) -> Iterator[Assumption]:
    """Yield the assumptions for which another fact would change the decision.

    ``decide`` decides again with other decision inputs.
    """
    requests = (trace.request, *trace.request.joint)
    for sub_request, (request, decision_inputs) in enumerate(
        zip(requests, trace.decision_inputs.sub_requests, strict=True)
    ):
        yield from _of_no_credentials(request)
        if request.caller.kind is CallerKind.ANONYMOUS:
            yield from _of_unsigned(request, decision_inputs, trace, decide)
        elif decision_inputs.is_cross_account and _rests_on_own_policy(request, sub_request, trace):
            message = phrase(
                "AWS's documentation does not say whether a resource policy can allow another account to call "
                "{action}. This decision assumes that it can. If it cannot, the request is denied.",
                action=request.target.action_text,
            )
            yield Assumption("cross-account-not-documented", message, EvalDecision.IMPLICIT_DENY)
        yield from _of_settings(request, trace, trace.counted.of_sub_request(sub_request))
    yield from _of_sharing(trace, decide)
    yield from _of_members(trace)


def _of_no_credentials(request: EvaluationRequest) -> Iterator[Assumption]:
    target = request.target
    if facts_of(target.service).without_signature(target.name) is Unsigned.NO_CREDENTIALS:
        message = phrase(
            "{action} takes no AWS credentials, so no policy is evaluated. What it requires instead, such as a "
            "token or a code, is not part of this decision.",
            action=target.action_text,
        )
        yield Assumption("takes-no-credentials", message)


def _rests_on_own_policy(request: EvaluationRequest, sub_request: int, trace: EvaluationTrace) -> bool:
    """Return whether the resource's policy allows the caller, not a share or grant, and AWS documents no such
    access."""
    across = facts_of(request.target.service).across_accounts(request.target.name)
    if (
        trace.decision not in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        or across is not OtherAccounts.NOT_DOCUMENTED
    ):
        return False
    allows = [
        result
        for result in trace.results
        if result.statement.is_allow
        and result.policy.policy_type is PolicyType.RESOURCE
        and result.policy.sub_request == sub_request
    ]
    own = request.policies.resource
    by_own = [result.truth for result in allows if own is not None and result.policy.key == own.key]
    return any(truth is not FALSE for truth in by_own) and not any(
        result.truth is TRUE for result in allows if own is None or result.policy.key != own.key
    )


def _of_unsigned(
    request: EvaluationRequest,
    decision_inputs: DecisionInputs,
    trace: EvaluationTrace,
    decide: Callable[[DecisionInputs], EvalDecision],
) -> Iterator[Assumption]:
    unsigned = facts_of(request.target.service).without_signature(request.target.name)
    action = request.target.action_text
    if unsigned is not Unsigned.NOT_DOCUMENTED:
        return
    other = EvalDecision.IMPLICIT_DENY
    if decision_inputs.refusal is not None and not trace.request.joint:
        other = decide(replace(decision_inputs, refusal=None))
    if other is not trace.decision:
        message = (
            phrase(
                "AWS's documentation does not say whether {action} can be called without a signature. This "
                "decision assumes that it cannot. If it can, the policies allow the request.",
                action=action,
            )
            if decision_inputs.refusal is not None
            else phrase(
                "AWS's documentation does not say whether {action} can be called without a signature. This "
                "decision assumes that it can. If it cannot, the request is denied.",
                action=action,
            )
        )
        yield Assumption("unsigned-not-documented", message, other)


def _of_settings(request: EvaluationRequest, trace: EvaluationTrace, counted: StatementEffects) -> Iterator[Assumption]:
    """Yield what can open a call of an API to everyone, or close it: the authorization type of the method.

    Source: Amazon API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow", and
    "Private REST APIs" (one without a resource policy lets no one in).
    """
    target, facts = request.target, facts_of(request.target.service)
    if request.authorization and request.authorization != "AWS_IAM":
        yield from _of_authorization(request, trace)
        return
    if request.authorization:
        return
    if trace.decision not in (EvalDecision.IMPLICIT_DENY, EvalDecision.EXPLICIT_DENY):
        return
    if target.name in facts.open_by_setting:
        grants = {grant for grant, truth in counted.grants.items() if truth is not FALSE}
        is_permitted = request.policies.resource is None or bool(grants & {Grant.EVERYONE, Grant.NOT_LISTED})
        is_denied = any(
            truth is not FALSE
            for type_key, truth in counted.deny.items()
            if type_key == RESOURCE or type_key.policy_type is PolicyType.RCP
        )
        if is_permitted and not is_denied:
            message = phrase(
                "The authorization type of the API method or route is not evaluated. If it is NONE, anyone can call it "
                "without credentials, unless a resource policy prevents it."
            )
            yield Assumption("authorization-type-unknown", message, EvalDecision.ALLOWED)


def _of_authorization(request: EvaluationRequest, trace: EvaluationTrace) -> Iterator[Assumption]:
    is_denied = trace.decision in (EvalDecision.IMPLICIT_DENY, EvalDecision.EXPLICIT_DENY)
    if request.authorization == "NONE":
        if not is_denied and request.policies.resource is None:
            message = phrase(
                "The method or route has the authorization type NONE: anyone who reaches the API can call it, and no "
                "IAM policy is evaluated. This decision assumes that the API is not private: a private API without a "
                "resource policy lets no one in."
            )
            yield Assumption("api-not-private", message, EvalDecision.IMPLICIT_DENY)
    else:
        message = phrase(
            "An authorizer of the type {type} decides on calls of the method or route, and IAM policies of callers do "
            "not: whom it lets in is not captured.",
            type=request.authorization,
        )
        other = EvalDecision.ALLOWED if is_denied else EvalDecision.IMPLICIT_DENY
        yield Assumption("authorizer-not-evaluated", message, other)


_OF_ANY_MEMBER = frozenset(
    {
        *("accepthandshake", "createorganization", "declinehandshake", "describeeffectivepolicy"),
        *("describehandshake", "describeorganization", "leaveorganization", "listhandshakesforaccount"),
    }
)
"""Actions of AWS Organizations that other accounts can call, too."""


def _of_members(trace: EvaluationTrace) -> Iterator[Assumption]:
    """Yield that an account may be no management account and no delegated administrator of its organization.

    Source: AWS Organizations API Reference, "Reference: API operations by account".
    """
    target, caller = trace.request.target, trace.request.caller
    if target.service != "organizations" or target.name in _OF_ANY_MEMBER or caller.account is None:
        return
    if trace.decision is not EvalDecision.ALLOWED or trace.decision_inputs.is_cross_account:
        return
    derive = trace.request.context.derive
    organization = derive.organization if isinstance(derive, DerivedKeys) else None
    delegated = None if organization is None else organization.organization.delegated_services
    management = None if organization is None else organization.organization.management_account_id
    if caller.account in (management, *(delegated or {})):
        return
    only = phrase(
        "AWS Organizations lets only the management account and delegated administrators call {action}.",
        action=target.action_text,
    )
    if delegated is None:
        other = phrase("This decision assumes that account {account} is one of them.", account=caller.account)
    else:
        other = phrase(
            "Account {account} is neither in the captured organization: the request is denied unless the delegation "
            "policy of the organization lets it.",
            account=caller.account,
        )
    message = join_messages(" ", (only, other))
    yield Assumption("organization-member", message, EvalDecision.IMPLICIT_DENY)


def _of_sharing(trace: EvaluationTrace, decide: Callable[[DecisionInputs], EvalDecision]) -> Iterator[Assumption]:
    """Yield settings outside of snapshots that can share a resource with other accounts: launch permissions."""
    target, decision_inputs = trace.request.target, trace.decision_inputs
    shared = facts_of(target.service).shared_by_setting
    if (
        trace.decision is not EvalDecision.IMPLICIT_DENY
        or not decision_inputs.is_cross_account
        or shared.isdisjoint(target.resource_types)
    ):
        return
    other = decide(replace(decision_inputs, is_cross_account=False))
    if other is not trace.decision:
        message = phrase(
            "Sharing of {resource} is a setting, not a policy, and is not captured. This decision assumes that it "
            "is not shared with the caller. If it is shared with the caller or public, no resource policy is "
            "needed.",
            resource=target.resource_text,
        )
        yield Assumption("sharing-not-captured", message, other)
