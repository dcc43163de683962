"""Assumptions of a result: missing data and open rules, each reported only if it could change the decision."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from iamdesk.evaluate.decision_logic import DecisionInputs, PolicyTypeKey, StatementEffects, decide_bounds, with_allows
from iamdesk.evaluate.engine import EvaluationTrace, policies_of, policies_to_match
from iamdesk.evaluate.matching import RequestFacts, match_statement
from iamdesk.evaluate.open_rules import Reading
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.ternary import FALSE, TRUE, Truth
from iamdesk.explain.assumed_values import assumed_values
from iamdesk.explain.decision import Assumption
from iamdesk.explain.possible_endpoints import endpoint_assumption
from iamdesk.explain.service_assumptions import service_assumptions
from iamdesk.i18n import join_messages, phrase, phrased
from iamdesk.policy.action_patterns import ActionPattern, action_pattern
from iamdesk.policy.principals import parse_principal
from iamdesk.policy.resource_patterns import ResourcePattern, resource_pattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob

_CAN_ALSO_DENY = frozenset(
    {
        "policy-missing",
        "federated-user-missing",
        "group-missing",
        "boundary-missing",
        "organization-unknown",
        "rcps-unknown",
        "scp-missing",
        "rcp-missing",
        "resource-policy-missing",
        "public-access-block-unknown",
    }
)
"""Missing data that may hide a Deny: it could deny an allowed request."""
_OF_ORGANIZATION = frozenset({"organization-unknown", "rcps-unknown", "scp-missing", "rcp-missing"})
_NEVER_ALLOW = _OF_ORGANIZATION - {"scp-missing"}
"""Missing data that hides no Allow: organization policies grant nothing, but an SCP on each level must allow (B1,
B3)."""
_WITHOUT_PRINCIPALS = frozenset(
    {PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SCP, PolicyType.SESSION}
)
_WITH_PRINCIPALS = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.RCP, PolicyType.ENDPOINT})
_WITH_RESOURCES = _WITHOUT_PRINCIPALS | {PolicyType.RCP, PolicyType.ENDPOINT}
_ASSUMES_ROOT = "delegated-administrator-unknown"
"""Missing data about who may assume root of a member account: with it, a call could be refused, or not be (E14)."""
_SHARES = frozenset({"sharing-missing", "share-permission-missing"})
"""Missing data that may hide a resource share, which can allow another account where no resource policy can."""
_OF_THE_CONTEXT = frozenset({"context-key-not-taken", "context-key-unknown", "source-ip-private"})
"""Entered values that do not apply as entered: reported whatever the decision is."""
_TAKEN_TO_ALLOW = frozenset(
    {"principal-outside", "endpoint-not-captured", "access-point-bucket-unknown", "one-of-several-resources"}
    | {"share-permission-assumed", "decided-beside-policies"}
)
"""Missing data that is assumed to allow everything: it can only deny."""


def assumptions_of(trace: EvaluationTrace) -> tuple[Assumption, ...]:
    """Return the assumptions of a result."""
    found = [Assumption(note.code, note.message) for note in trace.request.target.notes]
    for missing in trace.request.policies.missing_data:
        assumption = _of_missing_data(missing, trace)
        if assumption is not None:
            found.append(assumption)
    if not trace.decision_inputs.needs_no_permission:
        endpoint = endpoint_assumption(trace)
        found += [] if endpoint is None else [endpoint]
    found += assumed_values(trace)
    for policy in () if _is_settled(trace) else trace.broken:
        message = phrase(
            "{policy} has a statement that cannot be read. It is assumed to match nothing.", policy=policy.name
        )
        found.append(Assumption("policy-malformed", message))
    found += [Assumption("policy-rejected", message) for message in dict.fromkeys(_rejected(trace))]
    found += service_assumptions(trace, lambda decision_inputs: _decide(decision_inputs, trace))
    for one in trace.readings:
        rules = tuple(dict.fromkeys(rule.rule for rule in one.rules))
        found.append(Assumption("pages-disagree", _reading_words(one), one.decision, rules=rules))
    if not trace.is_exact:
        message = phrase(
            "Not all context values could be tried. The listed conditions are correct, but there may be more."
        )
        found.append(Assumption("not-enumerated", message))
    elif trace.has_more:
        message = phrase(
            "It is also allowed under other conditions than the {count} listed.",
            count=len(trace.sets),
        )
        found.append(Assumption("not-enumerated", message, only_explains=True))
    return tuple(found)


def _reading_words(reading: Reading) -> str:
    """Describe the rules that AWS's pages leave open, with both readings."""
    rules = [
        phrase(
            "AWS's documentation does not settle {question}. This decision assumes that {taken}. The other reading "
            "is that {other}.",
            question=phrased(rule.question),
            taken=phrased(rule.taken),
            other=phrased(rule.other),
        )
        for rule in reading.rules
    ]
    then = phrase("With the other reading, the decision is {decision}.", decision=reading.decision)
    if len(rules) > 1:
        then = phrase("With the other readings together, the decision is {decision}.", decision=reading.decision)
    return join_messages(" ", [*rules, then])


def _rejected(trace: EvaluationTrace) -> Iterator[str]:
    """Yield that AWS would not save a policy whose statements could decide (rules F2, F7, F8, G17, L1, L2)."""
    is_settled = _is_settled(trace)
    for policy, statement, truth in _statements(trace):
        if is_settled and truth is FALSE:
            continue
        document = policy.document
        entries: list[ActionPattern | ResourcePattern] = [*statement.actions, *(statement.resources or ())]
        why = [entry.problem for entry in entries if entry.problem is not None and entry.is_refused]
        if statement.resources is None and policy.policy_type in _WITH_RESOURCES:
            why.append(phrase("the statement has neither `Resource` nor `NotResource`"))
        why += _refused_elements(policy.policy_type, statement)
        if why and truth is FALSE and not _could_match(policy, statement, trace.subject):
            why = []
        faults = [test.path[:-1] for test in statement.conditions if test.operator is None]
        if faults or (
            isinstance(document.raw, dict) and document.raw.get("Version", document.version) != document.version
        ):
            why += [one.message for one in document.diagnostics if one.path == ("Version",) or one.path in faults]
        if statement.principals is not None and policy.policy_type in _WITHOUT_PRINCIPALS:
            why.append(phrase("statements of such policies have no `Principal`"))
        for reason in why:
            yield phrase(
                "AWS would not save {policy}: {reason}. It is evaluated all the same.",
                policy=policy.name,
                reason=reason,
            )


def _refused_elements(policy_type: PolicyType, statement: Statement) -> Iterator[str]:
    """Yield which elements of a statement its policy type lacks, or has not (rules E1, F8).

    Sources: IAM User Guide, "AWS JSON policy elements: Principal"; AWS Organizations User Guide, "RCP syntax".
    """
    if policy_type not in _WITH_PRINCIPALS:
        return
    if statement.principals is None:
        yield phrase("the statement has no `Principal`")
    elif policy_type is PolicyType.RCP and (
        statement.not_principal or not all(entry.is_everyone for entry in statement.principals)
    ):
        yield phrase('an RCP supports only `"Principal": "*"`')
    elif policy_type is PolicyType.TRUST and statement.not_principal:
        yield phrase("a trust policy does not support `NotPrincipal`")
    if policy_type is PolicyType.TRUST and statement.resources is not None:
        yield phrase("a trust policy does not support `Resource`")


def _statements(trace: EvaluationTrace) -> Iterator[tuple[AttachedPolicy, Statement, Truth]]:
    """Yield the statements that cover the action, and those with actions that no policy of AWS has."""
    for result in trace.results:
        yield result.policy, result.statement, result.truth
    for policy in policies_to_match(trace.request, policies_of(trace.request), trace.decision_inputs):
        for statement in policy.document.statements:
            if statement.broken is None and any(entry.is_refused for entry in statement.actions):
                yield policy, statement, FALSE


def _could_match(policy: AttachedPolicy, statement: Statement, subject: RequestFacts) -> bool:
    """Return whether a statement would match with what was plainly meant by its entries that match nothing."""
    target, actions, resources = subject.target, statement.actions, statement.resources
    words = [word for entry in actions if entry.is_refused for word in re.split(r"[\s,:]+", entry.text.lower())]
    if any(glob(word).matches(target.name) for word in words):
        actions = (action_pattern("*"),)
    ends = [f"*{entry.text.strip()}" for entry in resources or () if entry.is_refused]
    is_of_role = policy.policy_type is PolicyType.TRUST
    if resources is None or is_of_role or any(glob(end).matches(target.resource_text) for end in ends):
        resources = (resource_pattern("*", False),)
    principals = parse_principal("*")[0] if statement.principals is None else statement.principals
    conditions = tuple(test for test in statement.conditions if test.operator is not None)
    meant = statement.changed(
        actions=actions, services=None, resources=resources, principals=principals, conditions=conditions
    )
    result = match_statement(policy, meant, subject)
    return result is not None and result.truth is not FALSE


def _is_settled(trace: EvaluationTrace) -> bool:
    """Return whether no content of a policy would change the decision."""
    if trace.decision is EvalDecision.EXPLICIT_DENY or trace.decision_inputs.needs_no_permission:
        return True
    return trace.decision is EvalDecision.IMPLICIT_DENY and trace.decision_inputs.refusal is not None


def _of_missing_data(missing: MissingData, trace: EvaluationTrace) -> Assumption | None:
    if missing.code == _ASSUMES_ROOT:
        other_refusal = "assume-root" if trace.decision_inputs.refusal is None else None
        other = _decide(replace(trace.decision_inputs, refusal=other_refusal), trace)
        return None if other is trace.decision else Assumption(missing.code, missing.message, other)
    if missing.code in _SHARES and trace.decision_inputs.refusal == "owner-alone":
        other = _decide(
            replace(trace.decision_inputs, refusal=None),
            trace,
            (PolicyTypeKey(missing.policy_type, sub_request=missing.sub_request),),
        )
        return None if other is trace.decision else Assumption(missing.code, missing.message, other)
    if missing.code in _OF_THE_CONTEXT:
        return Assumption(missing.code, missing.message)
    if missing.code == "owner-unknown" and _is_denied_by_rcps_alone(trace):
        # The RCPs of another owner would apply instead, and its policy would have to allow.
        return Assumption(missing.code, missing.message, EvalDecision.IMPLICIT_DENY)
    if missing.policy_type in trace.request.without or _is_settled(trace):
        return None
    if missing.code in _OF_ORGANIZATION and trace.request.caller.is_service_linked:
        return None  # rule E11
    match missing.code:
        case "owner-unknown":
            return _of_owner(missing, trace)
        case "routed-to-one-bucket":
            return _of_routing(missing, trace)
        case (
            "endpoint-of-other-service"
            | "aws-policy-as-published"
            | "resource-policy-not-used"
            | "federated-user-by-name"
        ):
            return Assumption(missing.code, missing.message)
    if missing.code in _TAKEN_TO_ALLOW:
        return None if trace.decision is EvalDecision.IMPLICIT_DENY else Assumption(missing.code, missing.message)
    if trace.decision is EvalDecision.CONDITIONAL:
        return Assumption(missing.code, missing.message)
    if trace.decision is EvalDecision.ALLOWED:
        return (
            Assumption(missing.code, missing.message, EvalDecision.EXPLICIT_DENY)
            if missing.code in _CAN_ALSO_DENY
            else None
        )
    return _of_missing_allow(missing, trace)


def _is_denied_by_rcps_alone(trace: EvaluationTrace) -> bool:
    denying = {one.policy.policy_type for one in trace.results if not one.statement.is_allow and one.truth is TRUE}
    return trace.decision is EvalDecision.EXPLICIT_DENY and denying == {PolicyType.RCP}


def _of_owner(missing: MissingData, trace: EvaluationTrace) -> Assumption | None:
    """Return the assumption about the resource's owner: another account's policy must allow, too (rules D1, D4)."""
    if trace.decision is EvalDecision.IMPLICIT_DENY:
        return None
    sub_requests = list(trace.decision_inputs.sub_requests)
    sub_requests[missing.sub_request] = replace(sub_requests[missing.sub_request], is_cross_account=True, joint=())
    other = _decide(replace(sub_requests[0], joint=tuple(sub_requests[1:])), trace)
    return None if other is trace.decision else Assumption(missing.code, missing.message, other)


def _of_routing(missing: MissingData, trace: EvaluationTrace) -> Assumption | None:
    """Return the assumption about a request that goes to one of several buckets, where it matters to which."""
    decisions: dict[EvalDecision, None] = {}
    for sub_request, bucket in enumerate(trace.decision_inputs.joint, 1):
        decision_inputs = replace(trace.decision_inputs, joint=(bucket,))
        of_bucket = replace(trace.counted, joint=(trace.counted.of_sub_request(sub_request),))
        decisions[_decision_with(decision_inputs, of_bucket)] = None
    others = [decision for decision in decisions if decision is not trace.decision]
    if not others:
        return None
    return Assumption(missing.code, missing.message, others[0] if len(others) == 1 else None)


def _of_missing_allow(missing: MissingData, trace: EvaluationTrace) -> Assumption | None:
    """Return the assumption that missing data does not allow, where it would, alone or together with others."""
    if missing.code in _NEVER_ALLOW:
        return None
    own = PolicyTypeKey(missing.policy_type, missing.level, missing.sub_request)
    missing_data = (other for other in trace.request.policies.missing_data if other.code.endswith("-missing"))
    missing_data = (
        other
        for other in missing_data
        if other.code not in _NEVER_ALLOW and other.policy_type not in trace.request.without
    )
    others = {PolicyTypeKey(other.policy_type, other.level, other.sub_request) for other in missing_data} - {own}
    for count in range(len(others) + 1):
        for chosen in combinations(sorted(others), count):
            without = _decide(trace.decision_inputs, trace, chosen) if chosen else trace.decision
            with_it = _decide(trace.decision_inputs, trace, (*chosen, own))
            if with_it is not without:
                # One other decision is known only if this missing data decides alone.
                return Assumption(missing.code, missing.message, None if chosen else with_it)
    return None


def _decide(
    decision_inputs: DecisionInputs, trace: EvaluationTrace, allowing: Sequence[PolicyTypeKey] = ()
) -> EvalDecision:
    """Decide again, with policy types of missing data allowing everything that they can."""
    if not allowing:
        return _decision_with(decision_inputs, trace.counted)
    return _decision_with(*with_allows(decision_inputs, trace.counted, allowing, Grant.EVERYONE))


def _decision_with(decision_inputs: DecisionInputs, counted: StatementEffects) -> EvalDecision:
    """Return the decision, as far as it is known without trying values of unknown keys.

    What no value allows is denied, also where some values deny it explicitly.
    """
    best, worst = decide_bounds(decision_inputs, counted)
    if best.decision is EvalDecision.ALLOWED and worst.decision is not EvalDecision.ALLOWED:
        return EvalDecision.CONDITIONAL
    return best.decision
