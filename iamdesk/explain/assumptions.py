"""What an answer rests on that the snapshot did not hold: told only where it can change the answer."""

from dataclasses import replace

from iamdesk.evaluate.engine import Trace
from iamdesk.evaluate.layers import Slot, Tally, decide, tally
from iamdesk.evaluate.policies import Gap
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.truth import TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Assumption

_CAN_ALSO_DENY = frozenset(
    {"policy-missing", "group-missing", "organization-unknown", "rcps-unknown", "resource-policy-missing"}
)
"""Gaps that may hide a Deny: they can take an allowed request away."""


def assumptions_of(trace: Trace) -> tuple[Assumption, ...]:
    """Return everything that the answer takes for granted."""
    found = [Assumption(note.code, note.message) for note in trace.question.target.notes]
    for gap in trace.question.policies.gaps:
        assumption = _of_gap(gap, trace)
        if assumption is not None:
            found.append(assumption)
    for policy in trace.broken:
        message = f"{policy.name} holds a statement that cannot be read: taken to match nothing."
        found.append(Assumption("policy-malformed", message))
    if trace.other is not None:
        message = f"AWS's pages disagree about a rule that matters here: under the other reading it is {trace.other}."
        found.append(Assumption("pages-disagree", message, trace.other))
    if not trace.is_exact:
        message = "Not all context values could be tried: what is said holds, but more may hold."
        found.append(Assumption("not-enumerated", message))
    return tuple(found)


def _of_gap(gap: Gap, trace: Trace) -> Assumption | None:
    if gap.layer in trace.question.without:
        return None
    if gap.code in ("owner-unknown", "principal-outside"):
        return Assumption(gap.code, gap.message)
    if trace.verdict is Verdict.EXPLICIT_DENY or trace.ruling.blocked_by[:1] in (("credentials",), ("partition",)):
        return None
    if trace.verdict is Verdict.CONDITIONAL:
        return Assumption(gap.code, gap.message)
    if trace.verdict is Verdict.ALLOWED:
        if trace.situation.open_to_all_signed or gap.code not in _CAN_ALSO_DENY:
            return None
        return Assumption(gap.code, gap.message, Verdict.EXPLICIT_DENY)
    other = _if_it_allowed(gap, trace)
    return None if other is Verdict.IMPLICIT_DENY else Assumption(gap.code, gap.message, other)


def _if_it_allowed(gap: Gap, trace: Trace) -> Verdict:
    """Return the answer if what is missing allowed all that it can."""
    if gap.code in ("organization-unknown", "rcps-unknown"):
        return Verdict.IMPLICIT_DENY  # organization policies never grant (SEMANTICS B3)
    counted = tally((result, result.truth) for result in trace.results)
    allow, grants = dict(counted.allow), dict(counted.grants)
    situation = trace.situation
    if gap.layer in (Layer.RESOURCE, Layer.TRUST):
        grants[Grant.ACCOUNT if gap.code == "key-policy-missing" else Grant.EXACT] = TRUE
        allow[Slot(gap.layer)] = TRUE
        if Slot(gap.layer) not in situation.slots:
            situation = replace(situation, slots=(*situation.slots, Slot(gap.layer)))
    else:
        allow[Slot(gap.layer)] = TRUE
    return decide(situation, Tally(allow, counted.deny, grants), optimistic=True).verdict
