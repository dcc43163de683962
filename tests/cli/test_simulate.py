"""`iamdesk simulate`: one JSON object a line in, one out, in the same order, whatever stands in a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}


def case(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": "c",
        "principal": "arn:aws:iam::111122223333:user/alice",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::payroll/a.csv",
        "resource_account": "111122223333",
        "context": {},
        "identity_policies": [{"name": "read", "document": DOCUMENT}],
    }
    return whole | changes


def lines(*cases: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in cases)


def answers(done: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_answers_come_in_the_order_of_the_cases(iamdesk: Callable[..., Any]) -> None:
    given = lines(case(id="first", expected="allowed"), case(id=2, action="s3:PutObject", expected="implicitDeny"))

    done = iamdesk("simulate", "-", given=given)

    assert [(each["id"], each["EvalDecision"], each["ok"]) for each in answers(done)] == [
        ("first", "allowed", True),
        (2, "implicitDeny", True),
    ]
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_case_without_expectation_has_no_ok(iamdesk: Callable[..., Any]) -> None:
    (answer,) = answers(iamdesk("simulate", "-", given=lines(case())))

    assert "ok" not in answer
    assert "expected" not in answer
    assert answer["MatchedStatements"][0]["SourcePolicyId"] == "read"


def test_a_case_that_is_not_as_expected_ends_with_one(iamdesk: Callable[..., Any]) -> None:
    done = iamdesk("simulate", "-", given=lines(case(expected="explicitDeny"), case(expected="allowed")))

    assert [each["ok"] for each in answers(done)] == [False, True]
    assert done.returncode == 1
    assert "1 of 2" in done.stderr


def test_cases_come_from_a_file_and_empty_lines_are_no_cases(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text("\n" + lines(case(id=1)) + "\n  \n" + lines(case(id=2)).rstrip("\n"))

    done = iamdesk("simulate", "cases.jsonl")

    assert [each["id"] for each in answers(done)] == [1, 2]
    assert done.returncode == 0


BROKEN = [
    ("no json", "{not json", None),
    ("no object", "[1]", None),
    ("key twice", '{"id": "x", "id": "y"}', None),
    ("element twice", '{"id": "x", "resource_policy": {"Statement": [], "Statement": []}}', "x"),
    ("not a number", '{"id": "x", "context": {"k": NaN}}', None),
    ("deep", '{"id": "x", "context": ' + "[" * 5000 + "]" * 5000 + "}", None),
    ("no principal", json.dumps({"id": "x", "action": "s3:GetObject"}), "x"),
    ("principal of the wrong kind", json.dumps(case(id="x", principal=7)), "x"),
    ("malformed principal", json.dumps(case(id="x", principal="alice")), "x"),
    ("malformed action", json.dumps(case(id="x", action="GetObject")), "x"),
    ("policies of the wrong kind", json.dumps(case(id="x", identity_policies="all")), "x"),
    ("context of the wrong kind", json.dumps(case(id="x", context={"aws:username": {}})), "x"),
    ("context that is no object", json.dumps(case(id="x", context=[])), "x"),
    ("context key twice but for case", json.dumps(case(id="x", context={"aws:userid": "a", "AWS:UserId": "b"})), "x"),
    ("owner that is no account", json.dumps(case(id="x", resource_account="")), "x"),
    ("owner of eleven digits", json.dumps(case(id="x", resource_account="11112222333")), "x"),
    ("number with thousands of digits", '{"id": "x", "context": {"k": ' + "9" * 5000 + "}}", "x"),
    ("unknown expectation", json.dumps(case(id="x", expected="denied")), "x"),
]


@pytest.mark.parametrize(
    ("line", "name"), [(line, name) for _, line, name in BROKEN], ids=[kind for kind, *_ in BROKEN]
)
def test_a_case_that_cannot_be_evaluated_gives_an_error_and_the_rest_go_on(
    iamdesk: Callable[..., Any], line: str, name: str | None
) -> None:
    done = iamdesk("simulate", "-", given=lines(case(id=1)) + line + "\n" + lines(case(id=2)))

    first, broken, last = answers(done)
    assert (first["EvalDecision"], last["EvalDecision"]) == ("allowed", "allowed")
    assert broken.keys() == {"id", "error"}
    assert broken["error"].startswith("line 2: ")
    assert broken["id"] == name or name is None
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("value", "says"), [("NaN", "NaN is not a JSON value"), ("9" * 5000, "a number has too many digits")]
)
def test_numbers_that_are_none_are_told_in_a_sentence(iamdesk: Callable[..., Any], value: str, says: str) -> None:
    [broken] = answers(iamdesk("simulate", "-", given='{"id": "x", "context": {"k": ' + value + "}}\n"))
    assert broken == {"id": "x", "error": f"line 1: {says}"}


def test_lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark(iamdesk: Callable[..., Any]) -> None:
    content = "\ufeff" + lines(case(id=1), case(id=2)).replace("\n", "\r\n") + "\r\n  \r\n"
    assert [each["EvalDecision"] for each in answers(iamdesk("simulate", "-", given=content))] == ["allowed"] * 2


FULL_ACCESS = [{"name": "full", "document": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]
OPTIONAL = (
    *("resource", "resource_account", "context", "identity_policies", "permissions_boundary", "session_policies"),
    *("scps", "rcps", "resource_policy", "block_public_access", "expected", "id"),
)


@pytest.mark.parametrize("key", OPTIONAL)
def test_a_key_that_is_null_is_as_one_that_is_absent(iamdesk: Callable[..., Any], key: str) -> None:
    whole = case(id="x", expected="allowed")
    absent = {name: value for name, value in whole.items() if name != key}

    null, without = answers(iamdesk("simulate", "-", given=lines({**whole, key: None}, absent)))

    assert null == without


@pytest.mark.parametrize(
    ("key", "value", "decision", "blocked_by"),
    [
        ("identity_policies", [], "implicitDeny", []),
        ("permissions_boundary", [], "implicitDeny", ["permissions-boundary"]),  # a boundary that allows nothing
        ("session_policies", [], "implicitDeny", ["session"]),
        ("scps", [], "allowed", []),  # no level is no limit
        ("scps", [[]], "implicitDeny", ["scp"]),  # an empty level allows nothing
        ("scps", [FULL_ACCESS, []], "implicitDeny", ["scp"]),
        ("rcps", [], "allowed", []),
        ("rcps", [[], []], "allowed", []),  # the full-access policy is implied on every level
        ("context", {}, "allowed", []),
        ("block_public_access", False, "allowed", []),
    ],
)
def test_a_key_that_is_empty_is_what_it_says(
    iamdesk: Callable[..., Any], key: str, value: Any, decision: str, blocked_by: list[str]
) -> None:
    [answer] = answers(iamdesk("simulate", "-", given=lines(case(identity_policies=FULL_ACCESS) | {key: value})))

    assert (answer["EvalDecision"], answer["BlockedBy"]) == (decision, blocked_by)


def test_ids_of_any_kind_come_back_also_twice_and_long_lines_are_read(iamdesk: Callable[..., Any]) -> None:
    ids: list[Any] = ["a", "a", 7, 1.5, True, ["b"], {"c": 1}, "", "x" * 2_000_000]

    done = iamdesk("simulate", "-", given=lines(*(case(id=one) for one in ids)))

    assert [each["id"] for each in answers(done)] == ids
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("value", "tested"),
    [
        (True, ("Bool", "true")),
        (10, ("NumericEquals", "10")),
        (1.5, ("NumericEquals", "1.50")),
        (7, ("StringEquals", "7")),
    ],
)
def test_values_of_the_context_may_be_numbers_and_booleans(
    iamdesk: Callable[..., Any], value: Any, tested: tuple[str, str]
) -> None:
    operator, listed = tested
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {"aws:PrincipalTag/t": listed}},
    }
    policies = [{"name": "p", "document": {"Statement": [statement]}}]
    asked = [case(identity_policies=policies, context={"aws:PrincipalTag/t": one}) for one in (value, [value])]

    assert [each["EvalDecision"] for each in answers(iamdesk("simulate", "-", given=lines(*asked)))] == ["allowed"] * 2


def test_a_line_that_is_not_utf8_spoils_only_itself(iamdesk: Callable[..., Any]) -> None:
    done = iamdesk("simulate", "-", given=b'{"id": "\xff"}\n' + lines(case(id=2)).encode())

    assert ["error" in each for each in answers(done)] == [True, False]


def test_an_expectation_that_got_no_answer_is_not_met(iamdesk: Callable[..., Any]) -> None:
    done = iamdesk("simulate", "-", given=lines(case(principal="alice", expected="allowed")))

    assert answers(done)[0].keys() == {"id", "error"}
    assert done.returncode == 1


def test_an_error_without_expectation_is_an_answer(iamdesk: Callable[..., Any]) -> None:
    assert iamdesk("simulate", "-", given=lines(case(principal="alice"))).returncode == 0


def test_keys_not_given_are_absent_unless_said_otherwise(iamdesk: Callable[..., Any]) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    }
    given = lines(case(identity_policies=[{"name": "p", "document": {"Statement": [statement]}}]))

    (absent,) = answers(iamdesk("simulate", "-", given=given))
    (unknown,) = answers(iamdesk("simulate", "-", "--unknown-context", "unknown", given=given))

    assert (absent["EvalDecision"], unknown["EvalDecision"]) == ("implicitDeny", "conditional")


def test_text_tells_one_line_a_case(iamdesk: Callable[..., Any]) -> None:
    given = lines(case(id="a", expected="allowed"), case(id="b", expected="explicitDeny"), case(id="c\x1b", action="x"))

    done = iamdesk("simulate", "-", "--format", "text", given=given)

    first, second, third = done.stdout.splitlines()
    assert first == "a: allowed ok"
    assert second == "b: allowed NOT OK, expected explicitDeny"
    assert third.startswith(r"c\u001b: error: line 3: ")


@pytest.mark.parametrize("content", [b"%PDF-1.7\n%\xe2\n", b"[1]\n[2]\n"])
def test_a_file_without_a_case_ends_with_two(iamdesk: Callable[..., Any], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cases.jsonl").write_bytes(content)

    assert iamdesk("simulate", "cases.jsonl").returncode == 2


def test_a_file_that_is_absent_ends_with_two_and_one_sentence(iamdesk: Callable[..., Any]) -> None:
    done = iamdesk("simulate", "nowhere.jsonl")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "nowhere.jsonl" in done.stderr


def test_text_says_what_was_evaluated_in_place_of_what_was_stated(iamdesk: Callable[..., Any]) -> None:
    stated = case(action="s3:ListObjectsV2", resource="arn:aws:s3:::payroll")
    text = iamdesk("simulate", "-", "--format", "text", given=lines(stated)).stdout
    assert text == "c: implicitDeny\n  s3:ListObjectsV2 is an API operation. Its action is s3:ListBucket.\n"
