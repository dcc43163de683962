"""Effective permissions are what single questions on fresh and named resources say."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.evaluate.engine import Trace, evaluate
from iamdesk.evaluate.layers import Tally, decide, tally
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.truth import TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.query.what_can import ActionReach, Reach, Source
from iamdesk.snapshot.model import Snapshot

from .worlds import NOON, snapshots

BOUNDED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SERVICES = ("s3", "sts", "kms", "iam", "ec2")
OPEN = (Verdict.ALLOWED, Verdict.CONDITIONAL)


def trace_of(evaluator: Evaluator, subject: str, action: str, resource: str) -> Trace:
    standing = evaluator.member_of(subject) if ":group/" in subject else None
    return evaluate(evaluator.question(Request(subject, action, resource), standing))


def awaits(trace: Trace) -> bool:
    """Whether it would be another answer if the resource's policy, which is not held, let the account in."""
    if trace.verdict is not Verdict.IMPLICIT_DENY or not trace.situation.needs_delegation:
        return False
    counted = tally((result, result.truth) for result in trace.results)
    let_in = Tally(counted.allow, counted.deny, {**counted.grants, Grant.ACCOUNT: TRUE})
    held = trace.question.policies.resource is not None
    return not held and decide(trace.situation, let_in, optimistic=True).verdict is Verdict.ALLOWED


def expected(fresh: Sequence[Trace], named: Sequence[Trace]) -> Reach:
    """Work out a reach from single answers alone."""
    words = [trace.verdict for trace in fresh]
    every = [*fresh, *named]
    if all(word is Verdict.ALLOWED for word in words):
        return Reach.ALLOWED
    if all(word in OPEN for word in words):
        return Reach.CONDITIONAL
    if all(trace.verdict in OPEN or awaits(trace) for trace in fresh):
        return Reach.AWAITING
    if any(trace.verdict is Verdict.ALLOWED for trace in every):
        return Reach.SOME
    if any(trace.verdict is Verdict.CONDITIONAL for trace in every):
        return Reach.SOME_CONDITIONAL
    if any(awaits(trace) for trace in every):
        return Reach.AWAITING
    return Reach.DENIED if all(word is Verdict.EXPLICIT_DENY for word in words) else Reach.NONE


@BOUNDED
@given(snapshots(), st.sampled_from(SERVICES), st.integers(0, 20), st.randoms(use_true_random=False))
def test_reaches_are_the_single_answers(snapshot: Snapshot, service: str, number: int, random: Any) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    subjects = [*evaluator.principals(), *(group.arn for account in snapshot.accounts for group in account.groups)]
    known = []
    for subject in random.sample(subjects, min(6, len(subjects))):
        try:
            known.append((subject, evaluator.what_can(subject, service=service)))
        except RequestError:
            assert "333333333333" in subject
    for subject, access in known:
        (reach,) = access.services
        masks = list(reach.actions.values())
        assert sum(mask.bit_count() for mask in masks) == len(service_actions(service).actions)
        for word in Reach:
            actions = list(access.actions(service, reaches=[word]))
            for action in random.sample(actions, min(len(actions), 2)):
                check(evaluator, subject, action)


def check(evaluator: Evaluator, subject: str, action: ActionReach) -> None:
    fresh, named = [], []
    for answer in action.answers:
        trace = trace_of(evaluator, subject, action.name, answer.resource)
        assert answer.decision is trace.verdict, (subject, action.name, answer)
        assert trace.question.target.resource_types or answer.resource == "*"
        if answer.source is Source.FRESH:
            fresh.append(trace)
        elif answer.source is Source.NAMED:
            named.append(trace)
    event(action.reach)
    assert fresh
    assert action.reach is expected(fresh, named), (subject, action.name, [t.verdict for t in fresh + named])
