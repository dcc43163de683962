"""Answers about everybody are the answers to one question after the other, and so is the bare verdict."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError
from iamdesk.evaluate.request import EvalDecision, MissingContextMode
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.model import Snapshot

from ..builders.arns import ID, ROOT, user_arn
from ..builders.captures import evaluator as evaluator_of
from ..builders.captures import user
from ..builders.statements import allow as statement
from ..builders.statements import document
from ..some_of import some_of
from .worlds import CONTEXTS, NOON, QUESTIONS, snapshots

BOUNDED = settings(max_examples=some_of(150), deadline=None, suppress_health_check=list(HealthCheck))


def one_by_one(evaluator: Evaluator, asked: Mapping[str, Any]) -> dict[str, EvalDecision]:
    answers: dict[str, EvalDecision] = {}
    for principal in evaluator.principals():
        try:
            answers[principal] = evaluator.trace(Request(principal, **asked)).decision
        except RequestError:
            continue
    return answers


@BOUNDED
@given(snapshots(), st.lists(QUESTIONS, min_size=1, max_size=4), CONTEXTS, st.sampled_from(MissingContextMode))
def test_who_can_and_the_bare_verdict_are_the_single_answers(
    snapshot: Snapshot, questions: list[tuple[str, str]], context: dict[str, Any], unknown: MissingContextMode
) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    for action, resource in questions:
        asked = {"action": action, "resource": resource, "context": context, "unknown_context": unknown}
        expected = one_by_one(evaluator, asked)
        open_to = {who: verdict for who, verdict in expected.items() if verdict in ("allowed", "conditional")}
        for _ in range(2):
            rows = [row for row in evaluator.who_can(**asked) if row.principal in expected]
            assert {row.principal: row.decision for row in rows} == open_to
            assert [row.principal for row in evaluator.who_can(**asked, external=False)] == list(open_to)
        for principal, verdict in expected.items():
            assert evaluator.decide(Request(principal, **asked)) is verdict, (principal, asked)


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return document(statement(action, resource, **more))


def test_rows_come_in_the_order_of_the_snapshot_and_say_how() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    users = [
        user("zoe", allow("s3:GetObject", "arn:aws:s3:::b/*")),
        user("mia", allow("s3:PutObject")),
        user("ada", allow("s3:*", Condition=mfa)),
    ]
    rows = list(evaluator_of(*users).who_can(action="s3:GetObject", resource="arn:aws:s3:::b/k"))
    assert [(row.principal.rpartition(":")[2], row.decision.value) for row in rows] == [
        ("root", "allowed"),
        ("user/zoe", "allowed"),
        ("user/ada", "conditional"),
    ]
    assert [line.name for line in rows[1].how] == ["inline-1, statement 1"]
    assert rows[2].explanation.missing_context_values == ("aws:MultiFactorAuthPresent",)


def test_a_time_that_passes_changes_the_answer() -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-09-30T13:00:00Z"}}
    clock = [NOON]
    captured = evaluator_of(user("ana", allow("s3:GetObject", Condition=until))).snapshot
    evaluator = Evaluator(captured, now=lambda: clock[-1])
    counts = []
    for later in (timedelta(0), timedelta(minutes=30), timedelta(hours=2)):
        clock.append(NOON + later)
        counts.append(len(list(evaluator.who_can(action="s3:GetObject", resource="arn:aws:s3:::b/k"))))
    assert counts == [2, 2, 1]


def test_a_malformed_action_is_refused() -> None:
    with pytest.raises(RequestError, match="is a pattern"):
        list(evaluator_of(user("ana")).who_can(action="s3:Get*"))


def test_the_sweep_can_be_cancelled_while_policies_are_read_and_while_it_asks() -> None:
    with pytest.raises(WorkCancelled):
        evaluator_of(user("ana")).prepare(cancelled=lambda: True)
    evaluator = evaluator_of(user("ana", allow("s3:GetObject")))
    evaluator.prepare()
    with pytest.raises(WorkCancelled):
        list(evaluator.who_can(action="s3:GetObject", resource="arn:aws:s3:::b/k", cancelled=lambda: True))


def test_progress_ends_with_everybody() -> None:
    told: list[tuple[int, int]] = []
    evaluator = evaluator_of(user("ana"), user("bob"))
    list(evaluator.who_can(action="s3:GetObject", progress=lambda done, total: told.append((done, total))))
    assert told[-1] == (3, 3)


def test_an_entry_that_can_ask_nothing_is_left_out() -> None:
    odd = user("odd", allow("*"), Arn=f"arn:aws:iam::{ID}:group/odd")
    rows = evaluator_of(odd, user("ana", allow("*"))).who_can(action="s3:ListAllMyBuckets")
    assert [row.principal for row in rows] == [ROOT, user_arn("ana")]


def test_one_entry_counts_where_two_bear_the_same_arn() -> None:
    twice = [user("ana", allow("s3:*")), user("ana")]
    rows = evaluator_of(*twice).who_can(action="s3:ListAllMyBuckets")
    assert [row.principal for row in rows] == [ROOT]


def test_several_threads_get_the_same_answers() -> None:
    users = [user(f"u{number}", allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*")) for number in range(40)]
    evaluator = evaluator_of(*users)
    asked = [f"arn:aws:s3:::b/u{number}/x" for number in range(40)]

    def ask(resource: str) -> list[str]:
        return [row.principal for row in evaluator.who_can(action="s3:GetObject", resource=resource)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, asked * 5))
    for resource, answer in zip(asked * 5, answers, strict=True):
        name = resource.split("/")[1]
        assert answer == [ROOT, user_arn(name)]


@pytest.mark.parametrize("end", ["/apis", "/apis/a1/stages/prod", "/restapis/a1/stages/prod"])
def test_who_reads_an_api_of_either_version(end: str) -> None:
    """The list of resource types that API Gateway's actions have is of both versions."""
    arn = f"arn:aws:apigateway:us-east-1::{end}"
    evaluator = evaluator_of(
        user("ana", allow("apigateway:GET", arn)), user("bob", allow("apigateway:GET", f"{arn}/x"))
    )

    assert [row.principal for row in evaluator.who_can(action="apigateway:GET", resource=arn)] == [
        ROOT,
        user_arn("ana"),
    ]
    answer = evaluator.can(Request(user_arn("ana"), "apigateway:GET", arn))
    assert answer.decision is EvalDecision.ALLOWED
    assert not [one for one in answer.assumptions if one.code == "resource-type"]
