"""Why a request was denied: what AWS said of it, what the snapshot says, and whether the two agree."""

import contextlib
from typing import Any

from iamdesk.evaluate.request import Layer, Request, RequestError, UnknownContext
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision, LayerLine
from iamdesk.explain.wording import LAYER_TITLES
from iamdesk.query.denial import (
    AS_VERDICT,
    LONGEST_TEXT,
    Agreement,
    Denial,
    DenialError,
    Effect,
    LayerComparison,
    Why,
)
from iamdesk.query.denial_message import read_message
from iamdesk.query.denial_records import read_records
from iamdesk.query.evaluator import Evaluator
from iamdesk.snapshot.strict_json import decode


def read_denials(text: str) -> tuple[Denial, ...]:
    """Find the denied requests in whatever was pasted: a message, or a record as JSON (one, or one a line).

    Raises:
        DenialError: there is none; its text is one sentence.
    """
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise DenialError(f"The text is longer than {LONGEST_TEXT:,} characters.")
    if text[:1] not in ("{", "["):
        return (read_message(text),)
    return read_records(_values(text))


def _values(text: str) -> Any:
    """Return the JSON value of a text or, where each line is one of its own, all of them."""
    try:
        return decode(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
            with contextlib.suppress(ValueError):
                return [decode(line) for line in lines]
        raise DenialError(f"The text begins as JSON and is none: {error}.") from None


def explain_denial(
    evaluator: Evaluator,
    denial: Denial,
    *,
    principal: str | None = None,
    action: str | None = None,
    resource: str | None = None,
) -> Why:
    """Ask the snapshot what AWS was asked. What is given beside the denial counts instead of what was told."""
    principal, resource = principal or denial.principal, resource or denial.resource
    action = action or denial.action
    missing = tuple(name for name, value in (("principal", principal), ("action", action)) if not value)
    if resource is None and denial.resource_told is not None:
        missing += ("resource",)
    if missing or principal is None or action is None:
        return Why(denial, missing, None, None, Agreement.NOT_ASKED, _what_is_missing(denial, missing))
    request = Request(
        principal=principal,
        action=action,
        resource=resource or "*",
        context={key: value for key, value in (denial.context or {}).items() if key.lower() not in _FROM_PRINCIPAL},
        unknown_context=UnknownContext.ABSENT if denial.is_context_whole else UnknownContext.UNKNOWN,
    )
    try:
        decision = evaluator.can(request)
    except RequestError as error:
        return Why(denial, (), request, None, Agreement.NOT_ASKED, f"The snapshot cannot be asked: {error}.")
    comparisons = tuple(
        LayerComparison(check.layer, check.target, check.effect, _here(decision, check.layer), check.statements)
        for check in denial.checks
    )
    agreement = _agreement(denial, decision)
    sentence = _sentence(denial, decision, agreement, resource)
    differing = dict.fromkeys(LAYER_TITLES[each.layer].lower() for each in comparisons if not each.agrees)
    if differing:
        agreement = Agreement.OTHER if agreement in (Agreement.SAME, Agreement.DENIED) else agreement
        sentence += f" AWS's own checks differ from the snapshot's in: {', '.join(differing)}."
    return Why(denial, (), request, decision, agreement, sentence, comparisons)


_FROM_PRINCIPAL = frozenset(
    {"aws:principalarn", "aws:username", "aws:userid", "aws:principaltype", "aws:principalaccount"}
)
"""Keys that follow from the principal itself: the snapshot knows them, and two spellings would only disagree."""


def _what_is_missing(denial: Denial, missing: tuple[str, ...]) -> str:
    if len(denial.actions) > 1 and "action" in missing:
        return f"Several actions are called so: {', '.join(denial.actions[:8])}. Say which."
    if missing == ("resource",):
        return f"The resource was told as “{denial.resource_told}”, which is no ARN. Give its ARN."
    words = {"principal": "who asked", "action": "for which action", "resource": "on what"}
    return f"It was not told {' and '.join(words[name] for name in missing)}: say so, and the question can be asked."


def _lines(decision: Decision, layer: Layer) -> list[LayerLine]:
    wanted = {layer}
    if layer in (Layer.RESOURCE, Layer.TRUST):  # AWS calls a role's trust policy by either name
        wanted = {Layer.RESOURCE, Layer.TRUST}
    return [line for line in decision.layers if line.layer in wanted and line.outcome is not None]


def _here(decision: Decision, layer: Layer) -> Verdict | None:
    return next((line.outcome for line in _lines(decision, layer)), None)


def _agreement(denial: Denial, decision: Decision) -> Agreement:
    if decision.decision is Verdict.ALLOWED:
        return Agreement.ALLOWED
    if decision.decision is Verdict.CONDITIONAL:
        return Agreement.DEPENDS
    if denial.effect is None:
        return Agreement.DENIED
    wanted = AS_VERDICT[denial.effect]
    if denial.layer is None:
        return Agreement.SAME if decision.decision is wanted else Agreement.OTHER
    here = {line.outcome for line in _lines(decision, denial.layer)}
    if decision.decision is wanted and wanted in here:
        return Agreement.SAME
    # Of several layers that deny, AWS names one, and an explicit Deny in another comes first here.
    return Agreement.OTHER


def _sentence(denial: Denial, decision: Decision, agreement: Agreement, resource: str | None) -> str:
    on_all = "" if resource else " AWS named no resource, so it was asked for every one (*)."
    match agreement:
        case Agreement.SAME | Agreement.DENIED:
            return f"The snapshot denies it too. {decision.sentence}{on_all}"
        case Agreement.OTHER:
            said = "an explicit Deny" if denial.effect is Effect.EXPLICIT_DENY else "a missing Allow"
            where = f" ({denial.layer.value})" if denial.layer else ""
            return (
                f"The snapshot denies it too, but not for the reason that AWS gave: {said}{where}. "
                f"{decision.sentence}{on_all}"
            )
        case Agreement.DEPENDS:
            return f"By the snapshot it depends on what was not told. {decision.sentence}{on_all}"
        case _:
            cause = "policies have changed since, or what denied it is not in the snapshot"
            return f"By the snapshot it is allowed: {cause}. {decision.sentence}{on_all}"
