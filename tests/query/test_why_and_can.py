"""A denial in AWS's words, made from an answer, is explained by that answer: `why` asks what `can` asks."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.export.evaluation_result import to_evaluation_result
from iamdesk.query.denial import Agreement
from iamdesk.query.why import explain_denial, read_denials
from iamdesk.snapshot.model import Snapshot

from .worlds import NOON, QUESTIONS, A, B, snapshots

BOUNDED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SESSIONS = [f"arn:aws:sts::{A}:assumed-role/r1/s1", f"arn:aws:sts::{B}:assumed-role/r1/s1"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
WORDS: Mapping[Layer, tuple[str, str]] = {
    Layer.IDENTITY: ("an identity-based policy", "no identity-based policy allows"),
    Layer.RESOURCE: ("a resource-based policy", "no resource-based policy allows"),
    Layer.TRUST: ("a resource-based policy", "no resource-based policy allows"),
    Layer.PERMISSIONS_BOUNDARY: ("a permissions boundary", "no permissions boundary allows"),
    Layer.SESSION: ("a session policy", "no session policy allows"),
    Layer.SCP: ("a service control policy", "no service control policy allows"),
    Layer.RCP: ("a resource control policy", "no resource control policy allows"),
    Layer.ENDPOINT: ("a VPC endpoint policy", "no VPC endpoint policy allows"),
}
"""How a layer is named where it denies, and where it lacks an Allow."""


def message(answer: Decision, layer: Layer) -> str:
    asked = answer.request
    denying, lacking = WORDS[layer]
    start = f"User: {asked.principal} is not authorized to perform: {asked.action} on resource: {asked.resource}"
    if answer.decision is Verdict.EXPLICIT_DENY:
        return f"{start} with an explicit deny in {denying}"
    return f"{start} because {lacking} the {asked.action} action"


def denying_layers(answer: Decision) -> list[Layer]:
    """The layers that AWS could name: those that say what the answer says."""
    return [line.layer for line in answer.layers if line.outcome is answer.decision and line.layer in WORDS]


@BOUNDED
@given(st.data(), snapshots(), QUESTIONS)
def test_why_gives_the_answer_of_can(data: st.DataObject, snapshot: Snapshot, asked: tuple[str, str]) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    principal = data.draw(st.sampled_from([*evaluator.principals(), *SESSIONS]))
    try:
        answer = evaluator.can(Request(principal, *asked))
    except RequestError:
        reject()
    layers = denying_layers(answer)
    is_denied = answer.decision in (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY)
    layer = data.draw(st.sampled_from(layers if is_denied and layers else list(WORDS)))
    [denial] = read_denials(message(answer, layer))
    why: Any = explain_denial(evaluator, denial, resource=asked[1])

    assert to_evaluation_result(why.decision) == to_evaluation_result(answer)
    event(why.agreement.value)
    match answer.decision:
        case Verdict.ALLOWED:
            assert why.agreement is Agreement.ALLOWED
        case Verdict.CONDITIONAL:
            assert why.agreement is Agreement.DEPENDS
        case _:
            assert why.agreement is (Agreement.SAME if layers else Agreement.OTHER)
