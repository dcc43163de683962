"""A REST API's policy with short names is the policy that API Gateway saves, whoever reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator, Request
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Status
from iamdesk.inventory.keys import resource_policy_key
from iamdesk.policy.document import Document, DocumentStore, parse_document
from iamdesk.snapshot.model import Account, Snapshot, UserDetail
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.subjects import SubjectIndex

from ..builders.captures import document
from ..rules import rule
from .worlds import API, NOON, A

OTHER_API = API.replace("a1b2c3d4e5", "z9y8x7w6v5")
ANN = f"arn:aws:iam::{A}:user/ann"
INVOKE = "execute-api:Invoke"
FROM_ELSEWHERE = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}


def said(effect: str, resource: Any, condition: Any = None, element: str = "Resource") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": "*", "Action": INVOKE, element: resource}
    return statement if condition is None else {**statement, "Condition": condition}


POLICIES = {
    "all": [said("Allow", "execute-api:/*")],
    "one method": [said("Allow", ["execute-api:/prod/GET/*", "execute-api:/test/GET/${aws:username}"])],
    "denied": [said("Allow", "*"), said("Deny", "execute-api:/*", FROM_ELSEWHERE)],
    "all but": [said("Allow", "*"), said("Deny", "execute-api:/prod/*", element="NotResource")],
}


def whole(policy: Any) -> Any:
    """Write the names out, without the code under test."""
    return json.loads(json.dumps(policy).replace('"execute-api:/', f'"{API}/'))


def holding(policy: Any) -> Snapshot:
    ann = UserDetail.model_validate({"Arn": ANN, "UserName": "ann", "Path": "/"})
    return Snapshot(
        path=Path("/captures/api.json"),
        files=(),
        sha256="0" * 64,
        accounts=(Account(account_id=A, users=(ann,)),),
        resources=(Resource(arn=API, account_id=A, policy=policy),),
    )


def asked(snapshot: Snapshot) -> list[Any]:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    answers: list[Any] = []
    for place in ("prod/GET/x", "prod/POST/x", "test/GET/ann", "test/GET/prod/GET/x", ""):
        for vpc in ("vpc-1", "vpc-2"):
            resource = f"{API}/{place}".rstrip("/")
            told = {"action": INVOKE, "resource": resource, "context": {"aws:SourceVpc": vpc}}
            answers.append([evaluator.decide(Request(who, **told)) for who in (ANN, "anonymous")])
            answers.append([(row.principal, row.decision) for row in evaluator.who_can(**told)])
    answers += [
        (one.name, one.reach, [(answer.resource, answer.decision) for answer in one.decisions])
        for one in evaluator.what_can(ANN).actions("execute-api")
    ]
    return answers


@rule("F4", "I17")
@pytest.mark.parametrize("name", POLICIES)
def test_every_answer_is_that_of_the_saved_policy(name: str) -> None:
    short = document(*POLICIES[name])
    assert asked(holding(short)) == asked(holding(whole(short)))
    assert asked(holding(short)) != asked(holding(document(said("Allow", "arn:aws:s3:::b"))))


@pytest.mark.parametrize("name", POLICIES)
def test_saving_it_changes_nothing(name: str) -> None:
    short = document(*POLICIES[name])
    found = compare_snapshots(holding(short), holding(whole(short)), NOON)
    assert API not in found.resources
    assert found.principals[ANN].status is Status.UNCHANGED


def test_nothing_is_found_wrong_with_it_and_it_is_shown_as_written() -> None:
    short = document(*POLICIES["denied"])
    view = SubjectIndex(holding(short)).policy(resource_policy_key(API))
    assert view is not None
    assert (view.problems, view.document.diagnostics) == ((), ())
    assert view.document.raw == short
    assert "execute-api:/*" in view.document.text.text
    broken = parse_document(document({**said("Allow", "execute-api:/*"), "Effect": "allow"}), API)
    assert [one.path for one in broken.diagnostics] == [("Statement", 0, "Effect")]


def entries(parsed: Document) -> list[str]:
    return [entry.text for statement in parsed.statements for entry in statement.resources or ()]


def test_equal_texts_on_two_apis_are_two_policies() -> None:
    store, short = DocumentStore(), document(*POLICIES["all"])
    first, again, other = (store.parse(short, arn) for arn in (API, API, f"{OTHER_API}/prod/GET/x"))
    assert first is again
    assert (entries(first), entries(other)) == ([f"{API}/*"], [f"{OTHER_API}/*"])
    saved = store.parse(whole(short), API)
    assert entries(saved) == entries(first)
    assert (saved.raw, first.raw) == (whole(short), short)


@pytest.mark.parametrize("resource", ["", "*", "arn:aws:s3:::b", f"arn:aws:apigateway:eu-west-1::/restapis/{A}"])
def test_on_anything_else_it_is_no_name_of_a_resource(resource: str) -> None:
    parsed = parse_document(document(said("Allow", "execute-api:/*")), resource)
    assert len(parsed.diagnostics) == 1
    assert entries(parsed) == ["execute-api:/*"]


@pytest.mark.parametrize("raw", [None, 1, "x", [], {}, {"Statement": None}, {"Statement": ["x", {"Resource": [1]}]}])
def test_what_is_no_policy_is_diagnosed_as_ever(raw: Any) -> None:
    assert parse_document(raw, API).diagnostics == parse_document(raw).diagnostics
    assert DocumentStore().parse(raw, API).raw == parse_document(raw).raw
