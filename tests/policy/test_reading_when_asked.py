"""What of a statement is read when it is first asked for is the same as what is read at once, and told the same."""

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.policy.document import Diagnostic, Document, parse_document
from iamdesk.policy.grammar import sound_shape
from iamdesk.policy.statement import Statement

SOUND: dict[str, Any] = {
    "Sid": "One",
    "Effect": "Deny",
    "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root", "*"], "Service": "ec2.amazonaws.com"},
    "Action": ["s3:Get*", "s3", "s*3:Put"],
    "NotResource": ["arn:aws:s3:::a/*", "nothing", "arn:aws:s3:::${aws:username}"],
    "Condition": {
        "StringLike": {"aws:username": ["a*", True, 7], "aws:PrincipalTag/team": "${aws:username}"},
        "NumericEquals": {"s3:max-keys": ["ten", 1.5]},
        "Equals": {"aws:username": "ana"},
        "Bool": {},
    },
}
_ENTRIES = st.sampled_from(["*", "s3:Get*", "s3", "s*:x", "arn:aws:s3:::a", "a:b c", "", "${aws:username}"])
_TEXTS = st.one_of(_ENTRIES, st.lists(_ENTRIES, max_size=3))
_VALUES = st.one_of(_TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False))
_OPERATORS = st.sampled_from(["StringEquals", "Bool", "NumericLessThan", "Nothing", "ForAnyValue:ArnLike", "Null"])
_STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": st.text(max_size=3),
        "Action": _TEXTS,
        "NotAction": _TEXTS,
        "Resource": _TEXTS,
        "NotResource": _TEXTS,
        "Principal": st.one_of(st.just("*"), st.dictionaries(st.sampled_from(["AWS", "Service", "Nobody"]), _TEXTS)),
        "Condition": st.dictionaries(_OPERATORS, st.dictionaries(_ENTRIES, _VALUES, max_size=2), max_size=3),
    },
)


def told(document: Document) -> list[Any]:
    """Return everything that the statements of a document say, in values that can be compared."""
    return [
        (
            one.index,
            one.path,
            one.sid,
            one.is_allow,
            one.actions,
            one.not_action,
            None if one.resources is None else [(entry.text, entry.keys, entry.problem) for entry in one.resources],
            one.not_resource,
            one.principals,
            one.not_principal,
            [(test.operator_text, test.key_text, test.path, [v.text for v in test.values]) for test in one.conditions],
            one.broken,
            one.services,
            one.has_odd_actions,
        )
        for one in document.statements
    ]


def both(raw: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Document, Document]:
    """Return a document as it is read, and read at once."""
    late = parse_document(raw)
    with monkeypatch.context() as patched:
        patched.setattr("iamdesk.policy.document.sound_shape", lambda _: None)
        return late, parse_document(raw)


@given(statements=st.lists(_STATEMENTS, max_size=4), version=st.sampled_from(["2012-10-17", "2008-10-17", "2020"]))
def test_what_is_read_late_is_what_is_read_at_once(statements: list[Any], version: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        late, at_once = both({"Version": version, "Statement": statements}, monkeypatch)
    assert told(late) == told(at_once)
    assert late.diagnostics == at_once.diagnostics


@given(statements=st.lists(_STATEMENTS, max_size=4))
def test_the_texts_of_resources_are_the_same_unread(statements: list[Any]) -> None:
    members = parse_document({"Version": "2012-10-17", "Statement": statements}).statements
    texts = [list(one.resource_texts()) for one in members]
    assert texts == [[entry.text for entry in one.resources or ()] for one in members]


def test_what_is_odd_is_told_in_the_order_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    unsound = {"Effect": "Allow", "Action": 7, "Resource": "*"}
    raw = {"Id": 7, "Version": "2012-10-17", "Statement": [SOUND, unsound, SOUND]}
    late, at_once = both(raw, monkeypatch)
    assert sound_shape(SOUND) is not None
    assert sound_shape(unsound) is None
    assert [found.path for found in late.diagnostics] == [
        ("Id",),
        ("Statement", 0, "Action", 1),
        ("Statement", 0, "Action", 2),
        ("Statement", 0, "NotResource", 1),
        ("Statement", 0, "Condition", "NumericEquals", "s3:max-keys"),
        ("Statement", 0, "Condition", "Equals"),
        ("Statement", 1, "Action"),
        ("Statement", 2, "Action", 1),
        ("Statement", 2, "Action", 2),
        ("Statement", 2, "NotResource", 1),
        ("Statement", 2, "Condition", "NumericEquals", "s3:max-keys"),
        ("Statement", 2, "Condition", "Equals"),
    ]
    assert late.diagnostics == at_once.diagnostics
    assert told(late) == told(at_once)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": ["Allow"]},
        {"Sid": 7},
        {"Action": None},
        {"Action": ["s3:*", None]},
        {"NotAction": "s3:*"},
        {"Resource": {}},
        {"Resource": "*"},
        {"NotPrincipal": "ana"},
        {"NotPrincipal": {"AWS": 7}},
        {"NotPrincipal": {"Nobody": "*"}},
        {"NotPrincipal": None},
        {"Condition": []},
        {"Condition": {"Bool": "x"}},
        {"Condition": {"Bool": {"aws:username": None}}},
        {"Condition": {"Bool": {"aws:username": ["x", []]}}},
        {"Comment": "x"},
        {7: "x"},
    ],
)
def test_what_is_not_sound_is_read_at_once(change: dict[Any, Any]) -> None:
    assert sound_shape({**SOUND, **change}) is None
    parse_document({"Statement": {**SOUND, **change}})


def test_depth_beside_sound_statements_is_seen() -> None:
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    for raw in ({"Statement": [SOUND], "Id": deep}, {"Statement": [SOUND], "Note": deep}):
        assert parse_document(raw).diagnostics == (Diagnostic((), "nested deeper than 60 levels"),)


def test_conditions_are_not_read_before_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    document = parse_document({"Version": "2012-10-17", "Statement": [SOUND]})
    (one,) = document.statements
    asked: list[str] = []

    def parse(block: Any, path: Any, variables: bool) -> Any:
        asked.append(block)
        return real(block, path, variables)

    from iamdesk.policy.conditions import parse_conditions as real

    monkeypatch.setattr("iamdesk.policy.statement.parse_conditions", parse)
    assert one.covers_action("s3", "getobject")
    assert one.resources is not None
    assert not asked
    assert len(one.conditions) == 4
    assert one.conditions is one.conditions
    assert [found.path[2] for found in document.diagnostics if found.path[0] == "Statement"][-1] == "Condition"
    assert len(asked) == 1


def test_threads_that_ask_at_once_get_one_object() -> None:
    for _ in range(50):
        document = parse_document({"Version": "2012-10-17", "Statement": [SOUND]})
        (one,) = document.statements
        start = threading.Barrier(4)
        found: list[tuple[Any, ...]] = []

        def ask(
            one: Statement = one,
            document: Document = document,
            start: threading.Barrier = start,
            found: list[tuple[Any, ...]] = found,
        ) -> None:
            start.wait()
            found.append((one.conditions, one.resources, one.principals, document.diagnostics))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first = found[0]
        assert len(found) == 4
        for other in found[1:]:
            assert all(a is b for a, b in zip(first[:3], other[:3], strict=True))
            assert other[3] == first[3]


def test_a_changed_statement_says_the_rest_as_before() -> None:
    document = parse_document({"Version": "2012-10-17", "Statement": [SOUND]})
    (one,) = document.statements
    other = one.changed(index=7, actions=())
    assert (other.index, other.actions, one.index) == (7, (), 0)
    assert other.conditions is one.conditions
    assert other.principals is one.principals
    assert other.path == one.path
    whole = document.with_statements((one, other))
    assert whole.statements == (one, other)
    assert whole.diagnostics == document.diagnostics


def test_a_name_that_no_statement_has_is_an_error() -> None:
    (one,) = parse_document({"Statement": SOUND}).statements
    with pytest.raises(AttributeError):
        _ = one.nothing  # type: ignore[attr-defined]
