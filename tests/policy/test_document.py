"""Documents: parsed whatever they are, diagnosed where they stand, evaluated as far as they can be understood."""

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.policy.document import Document, DocumentStore, parse_document
from iamdesk.policy.source_map import ElementPath

from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(150), deadline=None)
WORDS = st.sampled_from(
    ["Version", "Id", "Statement", "Sid", "Effect", "Allow", "Deny", "Action", "NotAction", "Resource", "NotResource",
     "Principal", "NotPrincipal", "AWS", "Service", "Condition", "StringLike", "ForAllValues:StringEquals", "Null",
     "Bool", "NumericLessThan", "IpAddress", "ArnLike", "DateEquals", "BinaryEquals", "aws:username", "${aws:username}",
     "*", "arn:aws:s3:::b/${*}", "s3:*", "2012-10-17", "2008-10-17", "true", "${", "${}", "${a, 'b'}"]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=8)
    | WORDS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip
STATEMENTS = st.dictionaries(
    st.sampled_from(["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"]),
    JSON,
    max_size=8,
)


def check(document: Document) -> None:
    """What every parsed document offers: a text, places, statements that can be asked."""
    assert document.text.text is not None
    for diagnostic in document.diagnostics:
        assert diagnostic.message
        assert document.span_of(diagnostic) is not None
    for statement in document.statements:
        assert statement.effect in ("Allow", "Deny")
        statement.covers_action("s3", "getobject")
        assert document.text.span_of(statement.path) is not None


@rule("L5")
@BOUNDED
@given(JSON)
def test_no_json_value_makes_it_fail(raw: Any) -> None:
    check(parse_document(raw))


@rule("L5")
@settings(BOUNDED, max_examples=some_of(80))
@given(st.lists(STATEMENTS, max_size=2))
def test_no_statement_makes_it_fail(statements: Any) -> None:
    document = parse_document({"Version": "2012-10-17", "Statement": statements})
    assert len(document.statements) == len(statements)
    check(document)


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if depth % 2 else {"a": value}
    return {"Statement": value}


@pytest.mark.parametrize("depth", [59, 61, 500, 5_000, 50_001])
def test_depth_does_not_hurt(depth: int) -> None:
    raw = nested(depth)
    document = parse_document(raw)
    check(document)
    assert document.diagnostics
    assert all(statement.broken for statement in DocumentStore().parse(raw).statements)
    while isinstance(raw, (dict, list)):  # taken apart by hand: freeing it in one go would recurse as deep
        raw = next(iter(raw.values())) if isinstance(raw, dict) else raw[0]


def test_size_does_not_hurt() -> None:
    actions = [f"s3:Action{number}" for number in range(20_000)]
    statements = [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}] * 20_000
    document = parse_document({"Statement": [*statements, {"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    assert len(document.statements) == 20_001
    assert document.statements[-1].covers_action("s3", "action19999")
    assert document.text.span_of(("Statement", 20_000, "Action", 19_999)) is not None


def trouble(statement: Any) -> tuple[str | None, list[ElementPath]]:
    document = parse_document({"Version": "2012-10-17", "Statement": [statement]})
    return document.statements[0].broken, [diagnostic.path for diagnostic in document.diagnostics]


GOOD = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@rule("L5")
@each_case(
    ("statement", "is_broken", "places"),
    [
        (GOOD, False, []),
        ({**GOOD, "Effect": "allow"}, True, [("Statement", 0, "Effect")]),
        ({**GOOD, "Comment": ""}, False, [("Statement", 0, "Comment")]),
        ({**GOOD, "NotAction": "s3:*"}, True, [("Statement", 0, "NotAction")]),
        ({**GOOD, "NotResource": "*"}, True, [("Statement", 0, "NotResource")]),
        ({**GOOD, "Action": ["s3:*", 7]}, True, [("Statement", 0, "Action", 1)]),
        ({**GOOD, "Action": ["s3:*", "x"]}, False, [("Statement", 0, "Action", 1)]),
        ({**GOOD, "Resource": ["*", "bucket"]}, False, [("Statement", 0, "Resource", 1)]),
        ({**GOOD, "Condition": []}, True, [("Statement", 0, "Condition")]),
        ({**GOOD, "Condition": {"Bool": 1}}, True, [("Statement", 0, "Condition", "Bool")]),
        ({**GOOD, "Condition": {"Bool": {"k": [{}]}}}, True, [("Statement", 0, "Condition", "Bool", "k", 0)]),
        ({**GOOD, "Condition": {"Boole": {"k": "true"}}}, False, [("Statement", 0, "Condition", "Boole")]),
        ({**GOOD, "Condition": {"Bool": {"k": "yes"}}}, False, [("Statement", 0, "Condition", "Bool", "k")]),
        ({**GOOD, "Principal": {"Any": "*"}}, True, [("Statement", 0, "Principal", "Any")]),
        ({**GOOD, "Principal": "arn:aws:iam::111122223333:root"}, True, [("Statement", 0, "Principal")]),
        ({**GOOD, "Sid": 7}, False, [("Statement", 0, "Sid")]),
        ("x", True, [("Statement", 0)]),
    ],
)
def test_what_is_wrong_is_told_at_its_place(statement: Any, is_broken: bool, places: list[ElementPath]) -> None:
    broken, found = trouble(statement)
    assert (broken is not None) == is_broken
    assert found == places


@rule("L5")
@pytest.mark.parametrize(
    "statement",
    [{"Effect": "Deny"}, {"Effect": "Deny", "Action": 7}, "x", {"Effect": "Deny", "Action": ["s3:*", None]}],
)
def test_a_statement_whose_actions_cannot_be_read_may_be_about_any(statement: Any) -> None:
    document = parse_document({"Statement": statement if isinstance(statement, dict) else [statement]})
    assert document.statements[0].broken
    assert document.statements[0].services is None


@rule("L1", "L2")
def test_single_values_and_lists_are_alike() -> None:
    single = parse_document({"Statement": {**GOOD, "Condition": {"Bool": {"k": "true"}}}})
    listed = parse_document(
        {
            "Statement": [
                {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"], "Condition": {"Bool": {"k": ["true"]}}}
            ]
        }
    )
    assert single.version == listed.version == "2008-10-17"
    for document in (single, listed):
        (statement,) = document.statements
        assert [pattern.text for pattern in statement.actions] == ["s3:*"]
        assert [value.text for test in statement.conditions for value in test.values] == ["true"]


@rule("L2", "H6")
@pytest.mark.parametrize(
    ("version", "read_as"), [(None, "2008-10-17"), ("2012-10-17", "2012-10-17"), ("2020-01-01", "2008-10-17")]
)
def test_versions(version: str | None, read_as: str) -> None:
    raw: dict[str, Any] = {"Statement": [{**GOOD, "Resource": "arn:aws:s3:::${aws:username}"}]}
    if version is not None:
        raw["Version"] = version
    document = parse_document(raw)
    assert document.version == read_as
    entries = document.statements[0].resources
    assert entries is not None
    assert bool(entries[0].keys) == (read_as == "2012-10-17")


@rule("L4")
def test_numbers_and_booleans_are_values() -> None:
    raw = {"Statement": [{**GOOD, "Condition": {"StringEquals": {"k": [3600, True, False, 0.5]}}}]}
    values = parse_document(raw).statements[0].conditions[0].values
    assert [value.text for value in values] == ["3600", "true", "false", "0.5"]


def test_equal_documents_are_one_object() -> None:
    store = DocumentStore()
    assert store.parse({"Statement": [GOOD]}) is store.parse({"Statement": [dict(GOOD)]})
    assert store.parse({"Statement": [GOOD]}) is not store.parse({"Statement": []})


@pytest.mark.parametrize("raw", [None, "not json", 7, [], [GOOD]])
def test_what_is_no_object_has_no_statements_and_says_so(raw: Any) -> None:
    document = parse_document(raw)
    assert document.statements == ()
    assert len(document.diagnostics) == 1


API = "arn:aws:execute-api:eu-central-1:111122223333:abc123/prod"


@pytest.mark.parametrize(
    ("raw", "resource"),
    [
        (
            {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            },
            "",
        ),
        (
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "execute-api:Invoke",
                    "Resource": "execute-api:/prod/GET/pets",
                    "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
                },
            },
            API,
        ),
        ({"Statement": [{"Effect": "Allow", "Sid": 3}], "Odd": 1}, ""),
        ("no JSON", ""),
        (None, ""),
        ({"Statement": [{"Effect": nested(80)}]}, ""),
    ],
)
def test_a_document_is_the_same_in_another_process(raw: object, resource: str) -> None:
    document = parse_document(raw, resource)
    other = pickle.loads(pickle.dumps(document))  # noqa: S301 - our own
    assert (other.raw, other.version, other.id, other.text) == (
        document.raw,
        document.version,
        document.id,
        document.text,
    )
    assert other.diagnostics == document.diagnostics
    for one, before in zip(other.statements, document.statements, strict=True):
        assert (one.sid, one.actions, one.broken, one.path) == (before.sid, before.actions, before.broken, before.path)
        assert one.resources == before.resources
