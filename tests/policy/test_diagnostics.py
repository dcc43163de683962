"""What is told of a document that is not as AWS takes it: one sentence each, which names the thing and the place."""

from typing import Any

import pytest

from iamdesk.policy.document import parse_document

from ..each_case import each_case

GOOD = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def told(document: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(diagnostic.path, diagnostic.message) for diagnostic in parse_document(document).diagnostics]


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (None, (), "no document was captured"),
        ("text", (), "expected a JSON object"),
        ([], (), "expected a JSON object"),
        ({"Statement": [], "Staement": []}, ("Staement",), "`Staement` is not an element of a policy"),
        ({}, (), "the policy has no `Statement`"),
        ({"Statement": [], "Id": 7}, ("Id",), "expected text"),
        (
            {"Statement": [], "Version": "2020-01-01"},
            ("Version",),
            "expected 2012-10-17 or 2008-10-17: read as 2008-10-17",
        ),
        ({"Statement": "x"}, ("Statement",), "expected an object"),
        ({"Statement": ["x"]}, ("Statement", 0), "expected an object"),
    ],
)
def test_of_documents(document: Any, path: tuple[str | int, ...], message: str) -> None:
    assert told(document) == [(path, message)]


@each_case(
    ("change", "path", "message"),
    [
        ({"Note": ""}, ("Note",), "`Note` is not an element of a statement"),
        ({"Sid": 7}, ("Sid",), "expected text"),
        ({"Effect": "deny"}, ("Effect",), 'expected "Allow" or "Deny"'),
        ({"Action": {}}, ("Action",), "expected text in `Action`"),
        ({"Action": ["s3:*", 7]}, ("Action", 1), "expected text in `Action`"),
        ({"Resource": [None]}, ("Resource", 0), "expected text in `Resource`"),
        ({"NotAction": "s3:*"}, ("NotAction",), "the statement has both `Action` and `NotAction`"),
        ({"NotResource": "*"}, ("NotResource",), "the statement has both `Resource` and `NotResource`"),
        (
            {"Principal": "x"},
            ("Principal",),
            'expected `"*"` or an object with AWS, Service, Federated or CanonicalUser',
        ),
        (
            {"Principal": {"Any": "*"}},
            ("Principal", "Any"),
            "`Any` is not a kind of principal: expected AWS, Service, Federated or CanonicalUser",
        ),
        ({"Principal": {"AWS": ["*", 7]}}, ("Principal", "AWS", 1), "expected text"),
        ({"Principal": {"AWS": 7}}, ("Principal", "AWS"), "expected text"),
        ({"Condition": []}, ("Condition",), "expected an object of operators"),
        ({"Condition": {"Bool": 7}}, ("Condition", "Bool"), "expected an object of condition keys"),
        (
            {"Condition": {"Bool": {"k": {}}}},
            ("Condition", "Bool", "k"),
            "expected text, a number, true or false",
        ),
        (
            {"Condition": {"Bool": {"k": ["true", []]}}},
            ("Condition", "Bool", "k", 1),
            "expected text, a number, true or false",
        ),
        (
            {"Condition": {"StringIs": {"k": "v"}}},
            ("Condition", "StringIs"),
            "`StringIs` is not a condition operator: the condition is never true",
        ),
        (
            {"Condition": {"NullIfExists": {"k": "true"}}},
            ("Condition", "NullIfExists"),
            "`NullIfExists` is not a condition operator: the condition is never true",
        ),
        (
            {"Condition": {"ForSomeValues:StringLike": {"k": "v"}}},
            ("Condition", "ForSomeValues:StringLike"),
            "`ForSomeValues:StringLike` is not a condition operator: the condition is never true",
        ),
        (
            {"Condition": {"NumericEquals": {"k": "five"}}},
            ("Condition", "NumericEquals", "k"),
            "`five` is not a valid value for NumericEquals: it matches nothing",
        ),
        (
            {"Resource": "arn:aws:s?s:eu-west-1:111122223333:q"},
            ("Resource",),
            "`arn:aws:s?s:eu-west-1:111122223333:q` has a wildcard in the service: it matches nothing",
        ),
        (
            {"Resource": "arn:aws:sqs:${aws:RequestedRegion}:111122223333:q"},
            ("Resource",),
            "`arn:aws:sqs:${aws:RequestedRegion}:111122223333:q` has a policy variable outside the resource part: it "
            "matches nothing",
        ),
        (
            {"Action": ["s3:*", "s3"]},
            ("Action", 1),
            "`s3` names no action: expected `service:Action` or `*`",
        ),
        (
            {"Action": "s3:Get Object"},
            ("Action",),
            "`s3:Get Object` contains white space or a comma: it matches no action",
        ),
        (
            {"Action": "s3:Get,Put"},
            ("Action",),
            "`s3:Get,Put` contains white space or a comma: it matches no action",
        ),
        (
            {"Action": "s?:Get"},
            ("Action",),
            "`s?:Get` has a wildcard in the service: AWS supports wildcards only in the action name",
        ),
        (
            {"Action": "*:Get"},
            ("Action",),
            "`*:Get` has a wildcard in the service: AWS supports wildcards only in the action name",
        ),
        ({"Action": "s3:"}, ("Action",), "`s3:` names no action: expected `service:Action` or `*`"),
    ],
)
def test_of_statements(change: dict[str, Any], path: tuple[str | int, ...], message: str) -> None:
    assert told({"Version": "2012-10-17", "Statement": [{**GOOD, **change}]}) == [(("Statement", 0, *path), message)]


def test_a_statement_without_action() -> None:
    assert told({"Statement": {"Effect": "Allow", "Resource": "*"}}) == [
        (("Statement",), "the statement has neither `Action` nor `NotAction`")
    ]


def test_a_good_document_has_none() -> None:
    document = {"Version": "2012-10-17", "Id": "one", "Statement": [{**GOOD, "Sid": "A", "Condition": {}}]}
    assert told(document) == []
    assert parse_document(document).id == "one"
    assert parse_document({**document, "Id": 7}).id is None


def test_depth_is_told() -> None:
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    document = parse_document({"Statement": deep})
    assert [one.message for one in document.diagnostics] == ["nested deeper than 60 levels"]
    assert document.text.text == "(nested deeper than 60 levels: not shown)"
