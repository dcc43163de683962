"""Requests that are refused only because the resource's own policy, which has to let the account in, is not captured.

A KMS key, a role, and anything of another account let nobody in by themselves. Where neither snapshot holds that policy
both refuse, whatever the principal's own policies say: whether these changed something is found out by taking the
account to be let in.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, decide_request
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.i18n import phrase
from iamdesk.policy.document import Document, parse_document

_NOT_CAPTURED = frozenset({"key-policy-missing", "trust-policy-missing", "resource-policy-missing"})


def awaiting(before: EvaluationTrace, after: EvaluationTrace) -> Iterator[str]:
    """Yield why it cannot be told whether a request that both snapshots refuse changed."""
    questions = (before.question, after.question)
    if not all(_is_awaiting(trace) for trace in (before, after)):
        return
    was, now = (decide_request(_let_in(question)) for question in questions)
    if was is not now or was is EvalDecision.CONDITIONAL:
        target = after.question.target
        if was is not now:
            yield phrase(
                "{action} changed where the resource's own policy lets the account in, and neither snapshot holds "
                "such a policy.",
                action=target.action_text,
            )
        else:
            yield phrase(
                "{action} hangs on conditions, and on the resource's own policy, which is not captured.",
                action=target.action_text,
            )


def _is_awaiting(trace: EvaluationTrace) -> bool:
    question, decision_inputs = trace.question, trace.decision_inputs
    if question.policies.resource is not None or question.caller.account is None:
        return False
    if not (decision_inputs.needs_delegation or decision_inputs.is_cross_account):
        return False
    missing = [gap for gap in question.policies.gaps if gap.code in _NOT_CAPTURED]
    # Of an account that the snapshot holds all roles are known: one that is not there takes nobody.
    return bool(missing) and not any("has no such role" in gap.message for gap in missing)


def _let_in(question: EvaluationRequest) -> EvaluationRequest:
    is_trust = question.target.service == "sts"
    layer, source = (PolicyType.TRUST, SourceType.TRUST) if is_trust else (PolicyType.RESOURCE, SourceType.RESOURCE)
    resource = question.target.resource_text
    policy = AttachedPolicy(
        layer, source, resource, "", "assumed", resource, _lets_in(str(question.caller.account), is_trust)
    )
    return replace(question, policies=replace(question.policies, resource=policy))


@lru_cache(maxsize=1 << 8)
def _lets_in(account: str, is_trust: bool) -> Document:
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "*"}
    listed = statement if is_trust else {**statement, "Resource": "*"}
    return parse_document({"Version": "2012-10-17", "Statement": [listed]})
