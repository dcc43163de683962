"""What each kind of policy says of a request: one line for each layer, over all legs (`evaluate.layers`)."""

from collections.abc import Mapping, Sequence
from functools import cache

from iamdesk.evaluate.caller import CallerKind
from iamdesk.evaluate.engine import Question, Trace
from iamdesk.evaluate.layers import Slot, Tally
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.target import Target
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain import wording
from iamdesk.explain.decision import LayerLine
from iamdesk.language import chosen, mark, phrase, strung


def name_of(result: StatementResult) -> str:
    """Return a statement as people point at it."""
    statement = result.statement
    name = phrase("{policy}, statement {number}", policy=result.policy.name, number=statement.index + 1)
    return strung("", (name, f" ({statement.sid})")) if statement.sid else name


def on_leg(trace: Trace, leg: int) -> Question:
    """Return the question on one leg."""
    return trace.question.further[leg - 1] if leg else trace.question


def target_on(trace: Trace, leg: int) -> Target:
    """Return what is asked about on one leg."""
    return on_leg(trace, leg).target


def policies_in(trace: Trace, slot: Slot) -> tuple[AttachedPolicy, ...]:
    """Return the policies of a layer."""
    policies = on_leg(trace, slot.leg).policies
    match slot.layer:
        case Layer.RCP:
            return (policies.rcps or ())[slot.level or 0]
        case Layer.SCP:
            return (policies.scps or ())[slot.level or 0]
        case Layer.PERMISSIONS_BOUNDARY:
            return policies.boundary or ()
        case Layer.SESSION:
            return policies.session or ()
        case Layer.RESOURCE | Layer.TRUST:
            return () if policies.resource is None else (policies.resource,)
        case Layer.IDENTITY:
            return policies.identity
        case Layer.ACL:
            return tuple(grant for grant in policies.grants if grant.layer is Layer.ACL)
        case _:
            return () if policies.endpoint is None else (policies.endpoint,)


def layer_lines(trace: Trace) -> tuple[LayerLine, ...]:
    """Return one line for each kind of policy, in the order in which an answer tells them."""
    legs = [_layers_on_leg(trace, leg, trace.counted.of_leg(leg)) for leg in range(len(trace.question.further) + 1)]
    if len(legs) == 1:
        return tuple(legs[0].values())
    layers = sorted({layer for lines in legs for layer in lines}, key=_ORDER_OF_LAYERS.index)
    return tuple(_joined(trace, layer, [lines.get(layer) for lines in legs]) for layer in layers)


def _joined(trace: Trace, layer: Layer, lines: Sequence[LayerLine | None]) -> LayerLine:
    """Return what a layer says on all legs of a request, in one line."""
    told = [line for line in lines if line is not None]
    outcome = next((word for word in _STRICTEST_FIRST if any(line.outcome is word for line in told)), None)
    if len({line.sentence for line in told}) == 1:
        return LayerLine(layer, outcome, told[0].title, told[0].sentence)
    parts = [
        phrase(
            _ACCESS_POINT if leg == 0 else _BUCKET,
            name=wording.short_resource(target_on(trace, leg)),
            sentence=line.sentence,
        )
        for leg, line in enumerate(lines)
        if line is not None
    ]
    return LayerLine(layer, outcome, told[0].title, strung("; ", parts))


_ACCESS_POINT = mark("access point {name}: {sentence}")
_BUCKET = mark("bucket {name}: {sentence}")
_STRICTEST_FIRST = (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY, Verdict.CONDITIONAL, Verdict.ALLOWED)
_ALWAYS_TOLD = (Layer.IDENTITY, Layer.PERMISSIONS_BOUNDARY, Layer.SESSION)
_ORDER_OF_LAYERS = (
    *(Layer.RCP, Layer.SCP, Layer.RESOURCE, Layer.TRUST),
    *_ALWAYS_TOLD,
    *(Layer.ACL, Layer.ENDPOINT, Layer.BLOCK_PUBLIC_ACCESS),
)


def _layers_on_leg(trace: Trace, leg: int, counted: Tally) -> dict[Layer, LayerLine]:
    situation, question = trace.situation.legs[leg], on_leg(trace, leg)
    in_play: dict[Layer, list[Slot]] = {}
    for slot in situation.slots:
        in_play.setdefault(slot.layer, []).append(slot)
    resource = Layer.TRUST if situation.is_trust else Layer.RESOURCE
    lines: dict[Layer, LayerLine] = {}
    for layer in (Layer.RCP, Layer.SCP, resource, *_ALWAYS_TOLD):
        slots = in_play.get(layer)
        if layer in question.without:
            lines[layer] = _plain_line(layer, None, mark("left out"), chosen())
        elif slots is None:
            lines[layer] = _not_in_play(layer, question)
        elif layer is Layer.RESOURCE and situation.unlocks:
            lines[layer] = _plain_line(layer, Verdict.ALLOWED, mark("cannot lock the owner's root user out"), chosen())
        else:
            lines[layer] = _layer_line(trace, layer, leg, slots, counted)
    for layer in (Layer.ACL, Layer.ENDPOINT):
        if layer in in_play:
            lines[layer] = _layer_line(trace, layer, leg, in_play[layer], counted)
    if question.policies.restrict_public_buckets:
        layer = Layer.BLOCK_PUBLIC_ACCESS
        outcome = Verdict.EXPLICIT_DENY if situation.restricts_public else Verdict.ALLOWED
        says = mark("turns public access away") if situation.restricts_public else mark("does not concern this caller")
        lines[layer] = _plain_line(layer, outcome, says, chosen())
    return lines


@cache
def _plain_line(layer: Layer, outcome: Verdict | None, says: str, _language: str) -> LayerLine:
    """Return a line without names of this request: such are most lines of an answer, and are put together once.

    In each language, because what is said keeps the template that it was made of.
    """
    return LayerLine(layer, outcome, phrase(wording.LAYER_TITLES[layer]), phrase(says))


_NOT_IN_PLAY: Mapping[Layer, str] = {
    Layer.RCP: mark("none known"),
    Layer.SCP: mark("none known"),
    Layer.RESOURCE: mark("none known"),
    Layer.TRUST: mark("none known"),
    Layer.IDENTITY: mark("none: not a principal of an account"),
    Layer.PERMISSIONS_BOUNDARY: mark("none set: no limit"),
    Layer.SESSION: mark("none passed: no limit"),
}


def _not_in_play(layer: Layer, question: Question) -> LayerLine:
    if layer is Layer.RCP and not question.target.supports_rcps:  # rule B7
        title = phrase(wording.LAYER_TITLES[layer])
        return LayerLine(layer, None, title, phrase("do not bind {service}", service=question.target.service))
    if layer is Layer.PERMISSIONS_BOUNDARY and question.policies.is_identity_assumed:
        return _plain_line(layer, None, mark("not in the snapshot: assumed to set no limit"), chosen())
    if layer is Layer.RESOURCE and question.target.is_beside_key_policies:
        return _plain_line(layer, None, mark("does not apply: only the grant decides who can retire it"), chosen())
    if layer is Layer.RESOURCE and question.target.takes_no_policy:
        return _plain_line(layer, None, mark("does not apply: such a resource takes no policy"), chosen())
    if layer is Layer.RESOURCE and question.target.is_beside_resource_policy:
        return _plain_line(layer, None, mark("does not apply: it covers only what is in the resource"), chosen())
    if layer is Layer.SCP and question.policies.scps:  # rules B6, E11
        return _plain_line(layer, None, mark("do not bind this caller"), chosen())
    return _plain_line(layer, None, _NOT_IN_PLAY[layer], chosen())


def _layer_line(trace: Trace, layer: Layer, leg: int, slots: Sequence[Slot], counted: Tally) -> LayerLine:
    """Return what a layer says on one leg; its slots there are told without the leg."""
    if layer is Layer.IDENTITY and trace.question.caller.kind is CallerKind.ROOT:
        return _plain_line(layer, Verdict.ALLOWED, mark("the root user needs none"), chosen())
    if layer is Layer.IDENTITY and trace.question.policies.is_identity_assumed:
        return _plain_line(layer, Verdict.ALLOWED, mark("not in the snapshot: assumed to allow"), chosen())
    title = phrase(wording.LAYER_TITLES[layer])
    results = [result for result in trace.results if result.policy.layer is layer and result.policy.leg == leg]
    deny = [counted.deny.get(slot, FALSE) for slot in slots]
    if TRUE in deny:
        names = [name_of(one) for one in results if one.truth is TRUE and not one.statement.is_allow]
        return LayerLine(layer, Verdict.EXPLICIT_DENY, title, phrase("{names} forbids it", names=wording.listed(names)))
    opened = wording.listed([name_of(one) for one in results if one.truth is MAYBE])
    if MAYBE in deny:
        return LayerLine(layer, Verdict.CONDITIONAL, title, phrase("{names} may forbid it", names=opened))
    if layer is Layer.RCP:
        return _plain_line(layer, Verdict.ALLOWED, mark("no limit"), chosen())
    allow = [counted.allow.get(slot, FALSE) for slot in slots]
    if FALSE in allow:
        missing = slots[allow.index(FALSE)]
        if layer is Layer.SCP:
            where = wording.level_words(missing.level or 0, trace.question.policies.scp_places)
            says = phrase("nothing {where} allows it", where=where)
        else:
            names = [policy.name for policy in policies_in(trace, missing._replace(leg=leg))]
            if not names:
                return _plain_line(layer, Verdict.IMPLICIT_DENY, mark("nothing allows it"), chosen())
            says = phrase("{names}: no statement allows it", names=wording.listed(names))
        return LayerLine(layer, Verdict.IMPLICIT_DENY, title, says)
    if MAYBE in allow:
        return LayerLine(layer, Verdict.CONDITIONAL, title, phrase("{names} may allow it", names=opened))
    named = [name_of(one) for one in results if one.truth is not FALSE]
    return LayerLine(layer, Verdict.ALLOWED, title, wording.listed(named))
