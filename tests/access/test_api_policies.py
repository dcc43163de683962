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

from ..builders.statements import document
from ..rules import rule
from .worlds import API, NOON, A, B

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


ANYONES = {"anonymous", ANN, f"arn:aws:iam::{B}:root", "arn:aws:iam::999900001111:role/z"}
TYPES = (
    *(("GET /open", "NONE"), ("GET /items/{id}", "NONE"), ("ANY /any", "NONE"), ("$connect", "NONE")),
    *(("GET /iam", "AWS_IAM"), ("GET /own", "CUSTOM"), ("POST /items/{id}", "JWT")),
)


def calling(place: str, policy: Any = None, types: Any = TYPES, **more: Any) -> dict[str, tuple[str, set[str]]]:
    """Return the decision and its assumptions for each caller of a method."""
    held = holding(policy)
    api = held.resources[0].model_copy(update={"authorization_types": types, **more})
    evaluator = Evaluator(held.model_copy(update={"resources": (api,)}), now=lambda: NOON)
    found = {}
    for caller in ANYONES:
        result = evaluator.can(Request(caller, INVOKE, f"{API}/{place}"))
        found[caller] = result.decision.value, {one.code for one in result.assumptions}
    return found


@rule("D8")
@pytest.mark.parametrize(
    "place", ["prod/GET/open", "prod/GET/items/7", "prod/GET/items/{id}", "prod/PATCH/any", "prod/$connect"]
)
def test_anyone_can_call_a_method_of_type_none_of_an_api_without_policy(place: str) -> None:
    """API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow"."""
    for decision, assumptions in calling(place).values():
        assert decision == "allowed"
        assert "api-not-private" in assumptions
        assert "authorization-type-unknown" not in assumptions


@rule("D8")
def test_the_policy_alone_decides_on_a_method_of_type_none() -> None:
    """The same page: without authorization, an explicit allow of the resource policy is required."""
    named = [{**said("Allow", "*"), "Principal": {"AWS": ANN}}]
    assert {decision for decision, _ in calling("prod/GET/open", document(*named)).values()} == {"implicitDeny"}
    assert {one for one, _ in calling("prod/GET/open", document(said("Allow", "*"))).values()} == {"allowed"}
    denied = document(said("Allow", "*"), said("Deny", f"{API}/prod/*"))
    assert {one for one, _ in calling("prod/GET/open", denied).values()} == {"explicitDeny"}


@rule("D8")
def test_iam_decides_on_methods_of_type_iam_and_an_authorizer_on_others() -> None:
    iam = calling("prod/GET/iam")
    assert {decision for decision, _ in iam.values()} == {"implicitDeny"}
    assert not any("authorization-type-unknown" in assumptions for _, assumptions in iam.values())
    for place in ("prod/GET/own", "prod/POST/items/7"):
        assert all("authorizer-not-evaluated" in assumptions for _, assumptions in calling(place).values())


@pytest.mark.parametrize(
    ("place", "more"),
    [
        ("prod/GET/absent", {}),
        ("prod/POST/open", {}),  # HTTP APIs and REST APIs treat other methods of a path differently
        ("prod/GET/*", {}),
        ("prod/GET/open", {"is_policy_captured": False}),
        ("prod/GET/open", {"types": None}),
    ],
)
def test_a_type_that_is_not_known_is_an_assumption(place: str, more: Any) -> None:
    decision, assumptions = calling(place, **more)["anonymous"]
    assert decision == "implicitDeny"
    assert "authorization-type-unknown" in assumptions
