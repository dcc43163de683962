"""Why a request was denied: AWS's reason, the decision of the snapshot, and whether the two agree."""

import contextlib
import html
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.denials.cloudtrail import read_records
from iamdesk.denials.denial import (
    AS_DECISION,
    MAX_TEXT_LENGTH,
    Agreement,
    Denial,
    DenialError,
    Effect,
    PolicyTypeComparison,
    Why,
)
from iamdesk.denials.error_message import read_messages
from iamdesk.evaluate.request import EvalDecision, MissingContextMode, PolicyType, Request, RequestError
from iamdesk.explain.decision import EvaluationResult, PolicyTypeResult, StatementRole
from iamdesk.explain.messages import POLICY_TYPE_TITLES
from iamdesk.i18n import join_messages, phrase, with_translation
from iamdesk.strict_json import decode


def read_denials(text: str) -> tuple[Denial, ...]:
    """Find the denied requests in pasted text: a message, or a record as JSON (one, or one per line).

    Raises:
        DenialError: there is none; its text is one sentence.
    """
    text = text.strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise DenialError(phrase("The text is longer than {longest_text:,} characters.", longest_text=MAX_TEXT_LENGTH))
    if '"' not in text:
        text = html.unescape(text)  # JSON out of a console or ticket
    if text[:1] not in ("{", "["):
        return read_messages(text)
    return read_records(_values(text))


def _values(text: str) -> Any:
    """Return the JSON value of a text or, where each line is one, all of them."""
    try:
        return decode(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
            with contextlib.suppress(ValueError):
                return [decode(line) for line in lines]
        raise DenialError(phrase("The text looks like JSON but cannot be parsed: {error}.", error=error)) from None


def explain_denial(
    evaluator: Evaluator,
    denial: Denial,
    *,
    principal: str | None = None,
    action: str | None = None,
    resource: str | None = None,
) -> Why:
    """Evaluate a denied request; given arguments take precedence over those of the denial."""
    named = {"principal": principal, "action": action, "resource": resource}
    given = {name: value for name, value in named.items() if value}
    principal, resource = principal or denial.principal, resource or denial.resource
    action = action or denial.action
    text = denial.resource_text if resource is None else None
    missing = tuple(name for name, value in (("principal", principal), ("action", action)) if not value)
    if (resource or text) is None and action is not None and _needs_resource(action):
        missing += ("resource",)
    if missing or principal is None or action is None:
        why = _what_is_missing(denial, missing, action)
        return Why(denial, missing, None, None, Agreement.NOT_ASKED, why, given=given)
    request = Request(
        principal=principal,
        action=action,
        resource=resource or text or "*",
        context={key: value for key, value in (denial.context or {}).items() if key.lower() not in _FROM_PRINCIPAL},
        unknown_context=MissingContextMode.ABSENT if denial.is_context_whole else MissingContextMode.UNKNOWN,
        unknown_action=action in denial.actions,  # AWS knows it: the action list is older than the denial
    )
    try:
        decision = evaluator.explained(evaluator.stated(request, is_reported=True))
    except RequestError as error:
        why = phrase("The request cannot be evaluated: {error}.", error=error)
        missing = () if text is None else ("resource",)
        if missing:
            why = _what_is_missing(denial, missing, action)
        return Why(denial, missing, None if missing else request, None, Agreement.NOT_ASKED, why, given=given)
    comparisons = tuple(
        PolicyTypeComparison(
            check.policy_type,
            check.target,
            check.effect,
            _here(decision, check.policy_type),
            check.statements,
            any(line.layer is check.policy_type and line.is_unknown for line in decision.layers),
        )
        for check in denial.checks
    )
    agreement = _agreement(denial, decision)
    sentence = _sentence(denial, decision, agreement, resource or text)
    differing = dict.fromkeys(each.policy_type for each in comparisons if not each.agrees and not each.is_open)
    if differing:
        agreement = Agreement.OTHER if agreement in (Agreement.SAME, Agreement.DENIED) else agreement
        policy_types = [
            with_translation(POLICY_TYPE_TITLES[policy_type].lower(), phrase(POLICY_TYPE_TITLES[policy_type]))
            for policy_type in differing
        ]
        also = phrase(
            "AWS's own checks differ from the snapshot's in: {layers}.", layers=join_messages(", ", policy_types)
        )
        sentence = join_messages(" ", (sentence, also))
    return Why(denial, (), request, decision, agreement, sentence, comparisons, given)


_FROM_PRINCIPAL = frozenset(
    {"aws:principalarn", "aws:username", "aws:userid", "aws:principaltype", "aws:principalaccount"}
)
"""Keys that follow from the principal: the snapshot knows them, and a second spelling could only conflict."""


def _needs_resource(action: str) -> bool:
    """Return whether an action acts on resources: on all of them, another policy can decide than on the one."""
    found = reference().action(*action.split(":", 1)) if ":" in action else None
    return found is not None and bool(found.resource_types)


def _what_is_missing(denial: Denial, missing: tuple[str, ...], action: str | None) -> str:
    if len(denial.actions) > 1 and "action" in missing:
        return phrase("Several actions have this name: {actions}. Specify one.", actions=", ".join(denial.actions[:8]))
    if missing == ("resource",) and denial.resource_text is None:
        return phrase(
            "The text does not name the resource on which {action} was denied. Specify it (on the command line: "
            "--resource ARN).",
            action=action,
        )
    if missing == ("resource",):
        return phrase(
            "The resource is given as “{text}”, which is not an ARN. Specify its ARN.", text=denial.resource_text
        )
    words = {"principal": phrase("the principal"), "action": phrase("the action"), "resource": phrase("the resource")}
    what = join_messages(phrase(" and "), [words[name] for name in missing])
    return phrase("The text does not name {what}. Specify it to evaluate the request.", what=what)


def _lines(decision: EvaluationResult, policy_type: PolicyType) -> list[PolicyTypeResult]:
    wanted = {policy_type}
    if policy_type in (PolicyType.RESOURCE, PolicyType.TRUST):  # AWS calls a role's trust policy by either name
        wanted = {PolicyType.RESOURCE, PolicyType.TRUST}
    return [line for line in decision.layers if line.layer in wanted and line.decision is not None]


def _here(decision: EvaluationResult, policy_type: PolicyType) -> EvalDecision | None:
    return next((line.decision for line in _lines(decision, policy_type)), None)


def _agreement(denial: Denial, decision: EvaluationResult) -> Agreement:
    if decision.decision is EvalDecision.ALLOWED:
        return Agreement.ALLOWED
    if decision.decision is EvalDecision.CONDITIONAL:
        return Agreement.DEPENDS
    if denial.effect is None:
        return Agreement.DENIED
    wanted = AS_DECISION[denial.effect]
    here = _named(denial, decision)
    if decision.decision is wanted and (
        denial.policy_type is None or any(_has_decision(line, wanted) for line in here)
    ):
        return Agreement.SAME
    if wanted is EvalDecision.IMPLICIT_DENY and any(
        line.decision is EvalDecision.EXPLICIT_DENY for line in decision.layers
    ):
        return Agreement.OTHER  # an explicit Deny takes precedence over any other denial
    return Agreement.DEPENDS if any(_may_have_decision(line, wanted) for line in here) else Agreement.OTHER


def _named(denial: Denial, decision: EvaluationResult) -> list[PolicyTypeResult]:
    """Return the policy types that AWS may mean: the one it names, else all that apply."""
    if denial.policy_type is not None:
        return _lines(decision, denial.policy_type)
    return [line for line in decision.layers if line.decision is not None]


def _has_decision(line: PolicyTypeResult, wanted: EvalDecision) -> bool:
    """Return whether a policy type has a decision or, where that is open, a deciding Deny."""
    decides = any(each.part is StatementRole.DECIDES and each.effect == "Deny" for each in line.statements)
    return line.decision is wanted or (wanted is EvalDecision.EXPLICIT_DENY and decides)


def _may_have_decision(line: PolicyTypeResult, wanted: EvalDecision) -> bool:
    """Return whether a policy type may have a decision, depending on context that is not provided."""
    if wanted is EvalDecision.IMPLICIT_DENY:
        return line.decision in (EvalDecision.IMPLICIT_DENY, EvalDecision.CONDITIONAL)
    return any(each.part is StatementRole.DEPENDS and each.effect == "Deny" for each in line.statements)


def _sentence(denial: Denial, decision: EvaluationResult, agreement: Agreement, resource: str | None) -> str:
    sentences = [*decision.request.remarks, _comparison_sentence(denial, decision, agreement), decision.sentence]
    if not resource:
        sentences.append(phrase("AWS named no resource, so the request was evaluated on all resources (*)."))
    return join_messages(" ", sentences)


def _comparison_sentence(denial: Denial, decision: EvaluationResult, agreement: Agreement) -> str:
    aws_reason = phrase("an explicit Deny") if denial.effect is Effect.EXPLICIT_DENY else phrase("a missing Allow")
    if denial.policy_type:
        aws_reason = join_messages("", (aws_reason, f" ({denial.policy_type.value})"))
    match agreement:
        case Agreement.SAME | Agreement.DENIED:
            return phrase("The snapshot denies it too.")
        case Agreement.OTHER:
            lacking = (line.decision is EvalDecision.IMPLICIT_DENY for line in _named(denial, decision))
            if (
                denial.effect is Effect.IMPLICIT_DENY
                and decision.decision is EvalDecision.EXPLICIT_DENY
                and any(lacking)
            ):
                return phrase(
                    "The snapshot denies it too. The reason that AWS gave ({reason}) applies, but an explicit Deny "
                    "takes precedence.",
                    reason=aws_reason,
                )
            return phrase(
                "The snapshot denies it too, but not for the reason that AWS gave: {reason}.", reason=aws_reason
            )
        case Agreement.DEPENDS if decision.decision is not EvalDecision.CONDITIONAL:
            return phrase(
                "The snapshot denies it too. Whether the reason that AWS gave ({reason}) applies depends on "
                "context that was not provided.",
                reason=aws_reason,
            )
        case Agreement.DEPENDS if decision.request.unresolved:
            return phrase("The snapshot does not show whether it denies it, too.")
        case Agreement.DEPENDS:
            return phrase("According to the snapshot, the decision depends on context that was not provided.")
        case _:
            unknown = [phrase(POLICY_TYPE_TITLES[line.layer]) for line in decision.layers if line.is_unknown]
            if unknown:
                return phrase(
                    "The snapshot does not explain the denial: it allows the request. Likely reasons: a policy that "
                    "was not captured (here: {types}), a session policy, request context such as MFA or a VPC "
                    "endpoint, or a change since the snapshot was taken.",
                    types=join_messages(", ", unknown),
                )
            return phrase(
                "The snapshot does not explain the denial: it allows the request. Likely reasons: a session policy, "
                "request context such as MFA or a VPC endpoint, or a change since the snapshot was taken."
            )
