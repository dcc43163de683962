"""Requests that are denied only because the resource policy, which must allow the account, was not captured.

KMS keys, roles and resources of other accounts need a resource policy that allows the account. If neither snapshot has
it, both deny the request whatever the principal's policies allow. Whether these changed is decided by evaluating the
request with a resource policy that allows the account.
"""

from dataclasses import replace
from enum import Enum
from functools import lru_cache

from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, decide_request
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.i18n import phrase
from iamdesk.policy.document import Document, parse_document

_NOT_CAPTURED = frozenset({"key-policy-missing", "trust-policy-missing", "resource-policy-missing"})


class Awaiting(Enum):
    """How a request that both snapshots deny depends on the resource policy that neither has."""

    CHANGED = "changed"
    CONDITIONAL = "conditional"

    def doubt(self, action: str) -> str:
        """Return why it is inconclusive whether requests for an action changed."""
        if self is Awaiting.CHANGED:
            return phrase(
                "{action} changed if the resource policy allows the account, but neither snapshot contains that "
                "policy.",
                action=action,
            )
        return phrase(
            "{action} depends on conditions, and on the resource policy, which was not captured.", action=action
        )


def awaiting(before: EvaluationTrace, after: EvaluationTrace) -> Awaiting | None:
    """Return why it is inconclusive whether a request that both snapshots deny changed; None if it is not."""
    if not all(_is_awaiting(trace) for trace in (before, after)):
        return None
    was, now = (decide_request(_with_account_allowed(trace.request)) for trace in (before, after))
    if was is not now:
        return Awaiting.CHANGED
    return Awaiting.CONDITIONAL if was is EvalDecision.CONDITIONAL else None


def _is_awaiting(trace: EvaluationTrace) -> bool:
    request, decision_inputs = trace.request, trace.decision_inputs
    if request.policies.resource is not None or request.caller.account is None:
        return False
    if not (decision_inputs.needs_delegation or decision_inputs.is_cross_account):
        return False
    missing = [one for one in request.policies.missing_data if one.code in _NOT_CAPTURED]
    # All roles of an account in the snapshot are known: a missing role cannot be assumed.
    return bool(missing) and not any(one.is_nonexistent for one in missing)


def _with_account_allowed(request: EvaluationRequest) -> EvaluationRequest:
    is_trust = request.target.service == "sts"
    policy_type, source = (
        (PolicyType.TRUST, SourceType.TRUST) if is_trust else (PolicyType.RESOURCE, SourceType.RESOURCE)
    )
    resource = request.target.resource_text
    policy = AttachedPolicy(
        policy_type, source, resource, "", "assumed", resource, _allowing_account(str(request.caller.account), is_trust)
    )
    return replace(request, policies=replace(request.policies, resource=policy))


@lru_cache(maxsize=1 << 8)
def _allowing_account(account: str, is_trust: bool) -> Document:
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "*"}
    listed = statement if is_trust else {**statement, "Resource": "*"}
    return parse_document({"Version": "2012-10-17", "Statement": [listed]})
