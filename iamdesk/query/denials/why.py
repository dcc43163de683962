"""Why a request was denied: what AWS said of it, what the snapshot says, and whether the two agree."""

import contextlib
from typing import Any

from iamdesk.evaluate.request import Layer, Request, RequestError, UnknownContext
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision, LayerLine, Part
from iamdesk.explain.wording import LAYER_TITLES
from iamdesk.language import phrase, strung, worded
from iamdesk.query.denials.denial import (
    AS_VERDICT,
    LONGEST_TEXT,
    Agreement,
    Denial,
    DenialError,
    Effect,
    LayerComparison,
    Why,
)
from iamdesk.query.denials.denial_message import read_message
from iamdesk.query.denials.denial_records import read_records
from iamdesk.query.evaluator import Evaluator
from iamdesk.snapshot.strict_json import decode


def read_denials(text: str) -> tuple[Denial, ...]:
    """Find the denied requests in whatever was pasted: a message, or a record as JSON (one, or one a line).

    Raises:
        DenialError: there is none; its text is one sentence.
    """
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise DenialError(phrase("The text is longer than {longest_text:,} characters.", longest_text=LONGEST_TEXT))
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
        raise DenialError(phrase("The text begins as JSON and is none: {error}.", error=error)) from None


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
        return Why(
            denial,
            (),
            request,
            None,
            Agreement.NOT_ASKED,
            phrase("The snapshot cannot be asked: {error}.", error=error),
        )
    comparisons = tuple(
        LayerComparison(check.layer, check.target, check.effect, _here(decision, check.layer), check.statements)
        for check in denial.checks
    )
    agreement = _agreement(denial, decision)
    sentence = _sentence(denial, decision, agreement, resource)
    differing = dict.fromkeys(each.layer for each in comparisons if not each.agrees and not each.is_open)
    if differing:
        agreement = Agreement.OTHER if agreement in (Agreement.SAME, Agreement.DENIED) else agreement
        layers = [worded(LAYER_TITLES[layer].lower(), phrase(LAYER_TITLES[layer])) for layer in differing]
        also = phrase("AWS's own checks differ from the snapshot's in: {layers}.", layers=strung(", ", layers))
        sentence = strung(" ", (sentence, also))
    return Why(denial, (), request, decision, agreement, sentence, comparisons)


_FROM_PRINCIPAL = frozenset(
    {"aws:principalarn", "aws:username", "aws:userid", "aws:principaltype", "aws:principalaccount"}
)
"""Keys that follow from the principal itself: the snapshot knows them, and two spellings would only disagree."""


def _what_is_missing(denial: Denial, missing: tuple[str, ...]) -> str:
    if len(denial.actions) > 1 and "action" in missing:
        return phrase("Several actions are called so: {actions}. Say which.", actions=", ".join(denial.actions[:8]))
    if missing == ("resource",):
        return phrase("The resource was told as “{told}”, which is no ARN. Give its ARN.", told=denial.resource_told)
    words = {"principal": phrase("who asked"), "action": phrase("for which action"), "resource": phrase("on what")}
    what = strung(phrase(" and "), [words[name] for name in missing])
    return phrase("It was not told {what}: say so, and the question can be asked.", what=what)


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
    here = _named(denial, decision)
    if decision.decision is wanted and (denial.layer is None or any(_says(line, wanted) for line in here)):
        return Agreement.SAME
    if wanted is Verdict.IMPLICIT_DENY and any(line.outcome is Verdict.EXPLICIT_DENY for line in decision.layers):
        return Agreement.OTHER  # an explicit Deny comes first, whatever else denies
    return Agreement.DEPENDS if any(_may_say(line, wanted) for line in here) else Agreement.OTHER


def _named(denial: Denial, decision: Decision) -> list[LayerLine]:
    """Return the layers here that AWS may mean: the one it names, else all in play."""
    if denial.layer is not None:
        return _lines(decision, denial.layer)
    return [line for line in decision.layers if line.outcome is not None]


def _says(line: LayerLine, wanted: Verdict) -> bool:
    """Return whether a layer denies in a way: by its outcome or, where that is open, by a Deny that decides."""
    decides = any(each.part is Part.DECIDES and each.effect == "Deny" for each in line.statements)
    return line.outcome is wanted or (wanted is Verdict.EXPLICIT_DENY and decides)


def _may_say(line: LayerLine, wanted: Verdict) -> bool:
    """Return whether a layer may deny in a given way, depending on context that is not provided."""
    if wanted is Verdict.IMPLICIT_DENY:
        return line.outcome in (Verdict.IMPLICIT_DENY, Verdict.CONDITIONAL)
    return any(each.part is Part.DEPENDS and each.effect == "Deny" for each in line.statements)


def _sentence(denial: Denial, decision: Decision, agreement: Agreement, resource: str | None) -> str:
    told = [_told(denial, decision, agreement), decision.sentence]
    if not resource:
        told.append(phrase("AWS named no resource, so it was asked for every one (*)."))
    return strung(" ", told)


def _told(denial: Denial, decision: Decision, agreement: Agreement) -> str:
    said = phrase("an explicit Deny") if denial.effect is Effect.EXPLICIT_DENY else phrase("a missing Allow")
    if denial.layer:
        said = strung("", (said, f" ({denial.layer.value})"))
    match agreement:
        case Agreement.SAME | Agreement.DENIED:
            return phrase("The snapshot denies it too.")
        case Agreement.OTHER:
            lacking = (line.outcome is Verdict.IMPLICIT_DENY for line in _named(denial, decision))
            if denial.effect is Effect.IMPLICIT_DENY and decision.decision is Verdict.EXPLICIT_DENY and any(lacking):
                return phrase(
                    "The snapshot denies it too. The reason that AWS gave ({reason}) applies, but an explicit Deny "
                    "takes precedence.",
                    reason=said,
                )
            return phrase("The snapshot denies it too, but not for the reason that AWS gave: {reason}.", reason=said)
        case Agreement.DEPENDS if decision.decision is not Verdict.CONDITIONAL:
            return phrase(
                "The snapshot denies it too. Whether the reason that AWS gave ({reason}) applies depends on "
                "context that was not provided.",
                reason=said,
            )
        case Agreement.DEPENDS:
            return phrase("By the snapshot it depends on what was not told.")
        case _:
            return phrase(
                "By the snapshot it is allowed: policies have changed since, or what denied it is not in the snapshot."
            )
