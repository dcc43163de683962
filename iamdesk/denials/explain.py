"""Why a request was denied: AWS's reason, the decision of the snapshot, and whether the two agree."""

import contextlib
import html
import re
from collections.abc import Mapping
from dataclasses import replace
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
from iamdesk.denials.error_message import of_service, read_messages
from iamdesk.evaluate.request import EvalDecision, MissingContextMode, PolicyType, Request, RequestError
from iamdesk.explain.decision import EvaluationResult, PolicyTypeResult, StatementRole
from iamdesk.explain.messages import POLICY_TYPE_TITLES
from iamdesk.i18n import join_messages, phrase, with_translation
from iamdesk.policy.arn import account_of, service_of
from iamdesk.simulate.stated_request import unknown_action_words
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
    resource = None if resource == denial.resource else resource
    named = {"principal": principal, "action": action, "resource": resource}
    given = {name: value for name, value in named.items() if value}
    principal = principal or denial.principal
    denial, remark = _completed(evaluator, denial, principal or "", resource)
    others = _others(denial, given)
    resource, action = resource or denial.resource, action or denial.action
    text = denial.resource_text if resource is None else None
    missing = tuple(name for name, value in (("principal", principal), ("action", action)) if not value)
    is_open = (resource or text) is None or (text is not None and _MASKED.fullmatch(text) is not None)
    if is_open and action is not None and _needs_resource(action):
        missing += ("resource",)
    if missing or principal is None or action is None:
        why = _what_is_missing(denial, missing, action)
        return Why(denial, missing, None, None, Agreement.NOT_ASKED, why, given=given)
    # AWS knows an action that it denied: the list may be older. But it may have been typed.
    is_newer = action in denial.actions and ":" in action and reference().action(*action.split(":", 1)) is None
    request = Request(
        principal=principal,
        action=action,
        resource=resource or text or "*",
        context={key: value for key, value in (denial.context or {}).items() if key.lower() not in _FROM_PRINCIPAL},
        unknown_context=MissingContextMode.ABSENT if denial.is_context_whole else MissingContextMode.UNKNOWN,
        unknown_action=is_newer,
        remarks=tuple(filter(None, (remark, unknown_action_words(action) if is_newer else ""))),
    )
    try:
        decision = evaluator.explained(evaluator.stated(request, is_reported=True))
    except RequestError as error:
        end = "" if str(error).endswith((".", "?")) else "."
        why = phrase("The request cannot be evaluated: {error}{end}", error=error, end=end)
        missing = () if text is None else ("resource",)
        if missing:
            why = _what_is_missing(denial, missing, action)
        return Why(denial, missing, None if missing else request, None, Agreement.NOT_ASKED, why, given=given)
    if others:
        denial = replace(denial, effect=None, policy_type=None, policy=None, checks=())
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
    compared = others or _comparison_sentence(denial, decision, agreement)
    sentence = join_messages(" ", [*decision.request.remarks, compared, decision.sentence])
    if not (resource or text):
        all_of_them = phrase("AWS named no resource, so the request was evaluated on all resources (*).")
        sentence = join_messages(" ", (sentence, all_of_them))
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


_MASKED = re.compile(r"(arn:[^:]*:execute-api:[^:]*:)\*+(\d+)(:.*)")
"""An ARN in a message of API Gateway, which shows the last digits of the account alone."""


def _completed(evaluator: Evaluator, denial: Denial, principal: str, resource: str | None) -> tuple[Denial, str]:
    """Return a denial with the account that API Gateway masks and the actions of its resource's service; what to say.

    An account that is not plain makes the resource one that has to be given.
    """
    remark = ""
    if resource is None and (masked := _MASKED.fullmatch(denial.resource or "")) is not None:
        own, begin, end, rest = account_of(principal), *masked.groups()
        known = [one for one in ([own] if own.endswith(end) else evaluator.index.accounts) if one.endswith(end)]
        if len(known) == 1:
            remark = phrase("AWS shows only the end of the account; it is taken as {account}.", account=known[0])
            denial = replace(denial, resource=begin + known[0] + rest)
        else:
            denial = replace(denial, resource=None, resource_text=denial.resource)
    return replace(denial, actions=of_service(denial.actions, service_of(resource or denial.resource or ""))), remark


def _others(denial: Denial, given: Mapping[str, str]) -> str:
    """Return that something given contradicts the denial, as a sentence; empty if nothing does."""
    of_aws = {"principal": denial.principal, "action": "\n".join(denial.actions), "resource": denial.resource}
    known = {name: text.lower().splitlines() for name, text in of_aws.items() if text and text != "*"}
    others = ", ".join(value for name, value in given.items() if value.lower() not in known.get(name, [value.lower()]))
    sentence = phrase("This is not the request that AWS denied, but the one with {given}.", given=others)
    return sentence if others else ""


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
    if _is_by_another(denial, decision):
        return Agreement.OTHER
    if decision.decision is wanted and (
        denial.policy_type is None or any(_has_decision(line, wanted) for line in here)
    ):
        return Agreement.SAME
    if wanted is EvalDecision.IMPLICIT_DENY and any(
        line.decision is EvalDecision.EXPLICIT_DENY for line in decision.layers
    ):
        return Agreement.OTHER  # an explicit Deny takes precedence over any other denial
    return Agreement.DEPENDS if any(_may_have_decision(line, wanted) for line in here) else Agreement.OTHER


def _is_by_another(denial: Denial, decision: EvaluationResult) -> bool:
    """Return whether AWS names the policy that denies, and here only others do."""
    roles = (StatementRole.DECIDES, StatementRole.TOOK_PART, StatementRole.DEPENDS)
    denying = [one for one in decision.statements if one.effect == "Deny" and one.part in roles]
    name = (denial.policy or "").rpartition("/")[2]
    return bool(name and denying) and all(name != one.source_policy_id.rpartition("/")[2] for one in denying)


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


def _comparison_sentence(denial: Denial, decision: EvaluationResult, agreement: Agreement) -> str:
    aws_reason = phrase("an explicit Deny") if denial.effect is Effect.EXPLICIT_DENY else phrase("a missing Allow")
    if denial.policy_type:
        aws_reason = join_messages("", (aws_reason, f" ({denial.policy_type.value})"))
    match agreement:
        case Agreement.SAME | Agreement.DENIED:
            return phrase("The snapshot denies it too.")
        case Agreement.OTHER if _is_by_another(denial, decision):
            return phrase(
                "The snapshot denies it too, but AWS names another policy: {policy} is not attached here, or does not "
                "deny it here. Other changes alone do not end that denial.",
                policy=denial.policy,
            )
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
            if denial.policy_type is not None:
                return phrase(
                    "The snapshot does not explain the denial: it allows the request. AWS gives the policy type "
                    "({type}): such a policy was not captured, has changed since, or tests request context that is not "
                    "provided.",
                    type=phrase(POLICY_TYPE_TITLES[denial.policy_type]),
                )
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
