"""VPC endpoints through which a request may come, where nobody says whether it does (SEMANTICS B9)."""

from dataclasses import replace

from iamdesk.evaluate.context import given_facts
from iamdesk.evaluate.engine import Trace
from iamdesk.evaluate.matching import Subject, match_statement
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Assumption
from iamdesk.language import mark, phrase

_ENDPOINT_KEY = "aws:SourceVpce"
_MOST_ASKED = 64
_MOST_NAMED = 3


def endpoint_assumption(trace: Trace) -> Assumption | None:
    """Return that the request is taken to come through no endpoint that limits it, where one of the snapshot would."""
    possible = trace.question.policies.possible_endpoints
    if not possible or Layer.ENDPOINT in trace.question.without:
        return None
    if trace.verdict not in (Verdict.ALLOWED, Verdict.CONDITIONAL):
        return None  # endpoint policies never grant
    said = [(policy, _says(policy, trace)) for policy in possible[:_MOST_ASKED]]
    found = [(policy, says) for policy, says in said if says is not Verdict.ALLOWED]
    if not found:
        return None
    names = [policy.owner for policy, _ in found]
    more = len(names) - _MOST_NAMED
    named = ", ".join(names[:_MOST_NAMED])
    if more > 0:
        named = phrase("{names} and {count} more", names=named, count=more)
    template = mark("Taken not to come through a VPC endpoint ({key}): the policy of {names} would refuse it.")
    if any(says is Verdict.CONDITIONAL for _, says in found):
        template = mark("Taken not to come through a VPC endpoint ({key}): the policy of {names} may refuse it.")
    message = phrase(template, key=_ENDPOINT_KEY, names=named)
    others = {says for _, says in found} - {trace.verdict}
    other = next(iter(others)) if len(others) == 1 else None
    return Assumption("endpoint-unknown", message, other)


def _says(policy: AttachedPolicy, trace: Trace) -> Verdict:
    """Return what an endpoint's policy says of the request on all of its legs."""
    subject, context = trace.subject, trace.subject.context
    here = {**context.given, **given_facts({_ENDPOINT_KEY: policy.owner})}
    through = replace(subject, context=replace(context, given=here))
    return min((_on_leg(policy, through.on_leg(leg)) for leg in range(len(subject.further) + 1)), key=_ORDER.index)


_ORDER = (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY, Verdict.CONDITIONAL, Verdict.ALLOWED)


def _on_leg(policy: AttachedPolicy, subject: Subject) -> Verdict:
    results = [
        result
        for statement in policy.document.statements
        if (result := match_statement(policy, statement, subject)) is not None
    ]
    allow = max((result.truth for result in results if result.statement.is_allow), default=FALSE)
    deny = max((result.truth for result in results if not result.statement.is_allow), default=FALSE)
    if deny is TRUE:
        return Verdict.EXPLICIT_DENY
    if allow is FALSE:
        return Verdict.IMPLICIT_DENY
    return Verdict.CONDITIONAL if deny is MAYBE or allow is MAYBE else Verdict.ALLOWED
