"""`iamdesk can`: one question, in text and JSON, and what its exit status says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..builders import entries

ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
PAYROLL = "arn:aws:s3:::acme-payroll/2026/09.csv"
MAKE_USER = ("--action", "iam:CreateUser", "--resource", "arn:aws:iam::111122223333:user/engineering/new.hire")
READ_PAYROLL = ("--principal", NORA, "--action", "s3:GetObject", "--resource", PAYROLL)
WITH_MFA = ("--context", "aws:MultiFactorAuthPresent=true")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_text_leads_with_the_verdict_and_the_sentence(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("can", sample, "--principal", ELENA, *MAKE_USER)

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert done.stderr == ""
    assert lines[0] == "Denied · implicit deny"
    assert "EngineeringLeadBoundary" in lines[1]
    assert "Policy evaluation" in lines
    assert f"Principal  {ELENA}" in lines
    assert any(line.startswith("  Allow  AdministratorAccess, statement 1 · ") for line in lines)


def test_json_alone_on_standard_output_in_the_shape_of_evaluation_result(
    iamdesk: Callable[..., Any], sample: Path
) -> None:
    done = iamdesk(
        "can", sample, *READ_PAYROLL, *WITH_MFA, "--context", "aws:SourceIp=203.0.113.20", "--format", "json"
    )

    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert done.stderr == ""
    assert answer["EvalDecision"] == "allowed"
    assert answer["EvalActionName"] == "s3:GetObject"
    assert answer["EvalResourceName"] == PAYROLL
    (statement,) = answer["MatchedStatements"]
    assert statement["SourcePolicyId"].endswith(":policy/finance/PayrollReadWrite")
    assert statement["SourcePolicyType"] == "user-managed"
    assert (statement["StatementIndex"], statement["Sid"], statement["Effect"]) == (0, "PayrollFromTheOffice", "Allow")
    assert statement["StartPosition"]["Line"] < statement["EndPosition"]["Line"]
    assert {layer["Layer"]: layer["Decision"] for layer in answer["Layers"]}["identity"] == "allowed"
    assert answer["BlockedBy"] == []


def test_key_not_given_makes_the_answer_conditional_and_absent_does_not(
    iamdesk: Callable[..., Any], sample: Path
) -> None:
    open_answer = json.loads(iamdesk("can", sample, *READ_PAYROLL, *WITH_MFA, "--format", "json").stdout)
    closed = json.loads(
        iamdesk("can", sample, *READ_PAYROLL, *WITH_MFA, "--unknown-context", "absent", "--format", "json").stdout
    )
    named = json.loads(
        iamdesk("can", sample, *READ_PAYROLL, *WITH_MFA, "--absent", "aws:SourceIp", "--format", "json").stdout
    )

    assert open_answer["EvalDecision"] == "conditional"
    assert open_answer["MissingContextValues"] == ["aws:SourceIp"]
    assert all(set(values) == {"aws:SourceIp"} for values in open_answer["Conditions"])
    assert closed["EvalDecision"] == named["EvalDecision"] == "implicitDeny"


@pytest.mark.parametrize(("expected", "status"), [("implicitDeny", 0), ("IMPLICITDENY", 0), ("allowed", 1)])
def test_expect_turns_the_answer_into_an_exit_status(
    iamdesk: Callable[..., Any], sample: Path, expected: str, status: int
) -> None:
    done = iamdesk("can", sample, "--principal", ELENA, *MAKE_USER, "--expect", expected)

    assert done.returncode == status
    assert done.stdout.startswith("Denied")
    assert ("expected allowed, but the decision is implicitDeny" in done.stderr) == (status == 1)


def test_a_strict_expectation_takes_no_assumption_that_could_change_the_answer(
    iamdesk: Callable[..., Any], sample: Path
) -> None:
    question = ("--principal", ELENA, "--action", "ec2:DescribeInstances", "--resource", "*", "--expect", "allowed")
    assert iamdesk("can", sample, *question).returncode == 0
    strict = iamdesk("can", sample, *question, "--strict", "--format", "json")
    assert strict.returncode == 1
    assert [one["CouldChangeTo"] for one in json.loads(strict.stdout)["Assumptions"]] == ["explicitDeny"]
    assert strict.stderr == (
        "iamdesk: the decision is allowed, but an assumption could change it: organization-unknown\n"
    )
    settled = iamdesk("can", sample, *question, "--strict", "--without", "scp")
    assert (settled.returncode, settled.stderr) == (0, "")
    assert iamdesk("can", sample, *question[:-2], "--strict").returncode == 2


def test_without_a_layer_the_answer_is_another_and_says_so(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("can", sample, "--principal", ELENA, *MAKE_USER, "--without", "permissions-boundary")

    assert done.stdout.startswith("Allowed")
    assert "without" in done.stdout.lower()
    assert "permissions" in done.stdout


def test_session_policy_limits_a_session(iamdesk: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text(policy({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}))
    question = ("--principal", ELENA, "--action", "s3:ListBucket", "--resource", "arn:aws:s3:::acme-tools")

    done = iamdesk("can", sample, *question, "--session-policy", "session.json", "--format", "json")

    layers = {layer["Layer"]: layer["Decision"] for layer in json.loads(done.stdout)["Layers"]}
    assert layers["session"] == "implicitDeny"


def test_a_key_that_is_given_twice_has_two_values(iamdesk: Callable[..., Any], sample: Path) -> None:
    question = (
        "--principal",
        "arn:aws:sts::111122223333:assumed-role/GitHubActionsDeploy/run-4711",
        "--action",
        "ec2:CreateTags",
        "--resource",
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
    )

    agreed = iamdesk("can", sample, *question, "--context", "aws:TagKeys=team", "--context", "AWS:tagkeys=environment")
    one_more = iamdesk("can", sample, *question, "--context", "aws:TagKeys=team", "--context", "aws:TagKeys=owner")

    assert agreed.stdout.startswith("Allowed"), agreed.stdout
    assert one_more.stdout.startswith("Denied"), one_more.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--context", "aws:SourceIp"), "KEY=VALUE"),
        (("--context", "=x"), "KEY=VALUE"),
        (("--absent", "aws:SourceIp=1"), "condition key without a value"),
        (("--context", "aws:SourceIp=1", "--absent", "AWS:sourceip"), "provides a value"),
        (("--expect", "denied"), "--expect"),
        (("--unknown-context", "perhaps"), "--unknown-context"),
        (("--without", "mfa"), "--without"),
        (("--format", "yaml"), "--format"),
        (("--session-policy", "nowhere.json"), "nowhere.json cannot be read"),
    ],
)
def test_bad_usage_ends_with_two_and_says_what(
    iamdesk: Callable[..., Any], sample: Path, arguments: tuple[str, ...], part: str
) -> None:
    done = iamdesk("can", sample, *READ_PAYROLL, *arguments)

    assert done.returncode == 2
    assert done.stdout == ""
    assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", ["--principal", "--action", "--resource"])
def test_a_question_needs_its_three_parts(iamdesk: Callable[..., Any], sample: Path, missing: str) -> None:
    whole = dict(zip(READ_PAYROLL[::2], READ_PAYROLL[1::2], strict=True))
    del whole[missing]

    done = iamdesk("can", sample, *(text for pair in whole.items() for text in pair))

    assert done.returncode == 2
    assert missing in done.stderr


@pytest.mark.parametrize(
    ("principal", "action"),
    [
        ("arn:aws:iam::111122223333:user/nobody", "s3:GetObject"),
        ("nora", "s3:GetObject"),
        (NORA, "GetObject"),
    ],
)
def test_a_question_that_cannot_be_asked_ends_with_two_and_one_sentence(
    iamdesk: Callable[..., Any], sample: Path, principal: str, action: str
) -> None:
    done = iamdesk("can", sample, "--principal", principal, "--action", action, "--resource", PAYROLL)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("iamdesk: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("account", ["", "1111", "1111-2222-3333"])
def test_an_owner_that_is_no_account_id_is_refused(iamdesk: Callable[..., Any], sample: Path, account: str) -> None:
    """It would be taken for an account that is not the caller's, and the answer be another."""
    done = iamdesk("can", sample, *READ_PAYROLL, "--resource-account", account)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"iamdesk: `{account}` is not an account ID: expected 12 digits\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("absent.json", None), ("text.json", b"hello"), ("bytes.json", b"\x00\xff\xfe"), ("list.json", b"[1, 2]")],
)
def test_a_file_that_is_no_snapshot_ends_with_two_and_one_sentence(
    iamdesk: Callable[..., Any], tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    done = iamdesk("can", name, *READ_PAYROLL)

    assert done.returncode == 2
    assert done.stdout == ""
    assert name in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"{", "is not JSON"),
        (b"[]", "expected a JSON object"),
        (b'{"Statement": [], "Statement": []}', "occurs twice"),
        (b'{"Statement": NaN}', "NaN"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_a_session_policy_that_could_mean_two_things_is_refused(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path, content: bytes, part: str
) -> None:
    (tmp_path / "session.json").write_bytes(content)

    done = iamdesk("can", sample, *READ_PAYROLL, "--session-policy", "session.json")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "session.json" in done.stderr
    assert part in done.stderr


def test_control_characters_of_a_snapshot_reach_the_terminal_as_escapes(
    iamdesk: Callable[..., Any], tmp_path: Path
) -> None:
    hostile = "\x1b]0;gone\x07\u202ereversed"
    policy = entries.document(entries.allow("s3:*", Sid=hostile))
    entries.write(tmp_path / "hostile.json", users=[entries.user("eve", (hostile, policy))])
    question = ("--principal", "arn:aws:iam::111122223333:user/eve", "--action", "s3:GetObject", "--resource", PAYROLL)

    for output_format in ("text", "json"):
        done = iamdesk("can", "hostile.json", *question, "--format", output_format)

        assert done.returncode == 0
        assert "gone" in done.stdout
        assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)
        assert r"\u202e" in done.stdout


def test_changes_are_told_where_asked_for(iamdesk: Callable[..., Any], sample: Path) -> None:
    plain = iamdesk("can", sample, "--principal", ELENA, *MAKE_USER)
    done = iamdesk("can", sample, "--principal", ELENA, *MAKE_USER, "--changes")

    assert done.returncode == 0
    assert done.stdout.startswith(plain.stdout)
    assert done.stdout.removeprefix(plain.stdout).splitlines() == [
        "",
        "Changes that would allow this",
        f"  1. Add an Allow for iam:CreateUser on {MAKE_USER[3]} to the permissions boundary EngineeringLeadBoundary.",
        f'     {{"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "{MAKE_USER[3]}"}}',
    ]


def test_changes_have_a_key_of_their_own_in_json(iamdesk: Callable[..., Any], sample: Path) -> None:
    question = ("can", sample, "--principal", ELENA, *MAKE_USER, "--format", "json")

    assert "SmallestChanges" not in json.loads(iamdesk(*question).stdout)
    (change,) = json.loads(iamdesk(*question, "--changes").stdout)["SmallestChanges"]
    assert (change["Becomes"], change["Remove"], change["DependsOn"]) == ("allowed", [], [])
    (added,) = change["Add"]
    assert added["Layer"] == "permissions-boundary"
    assert added["PolicyKey"].endswith(":policy/boundaries/EngineeringLeadBoundary")
    assert added["Statement"] == {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": MAKE_USER[3]}


def test_a_statement_to_remove_is_named_with_its_place(iamdesk: Callable[..., Any], sample: Path) -> None:
    answer = json.loads(iamdesk("can", sample, *READ_PAYROLL, *WITH_MFA, "--changes", "--format", "json").stdout)[
        "SmallestChanges"
    ]

    stop = next(change for change in answer if change["Becomes"] != "allowed")
    (removed,) = stop["Remove"]
    assert stop["Sentence"] == "Remove PayrollReadWrite, statement 1 (PayrollFromTheOffice)."
    assert (removed["StatementIndex"], removed["WholePolicy"]) == (0, False)
    assert removed["StartPosition"]["Line"] < removed["EndPosition"]["Line"]


def test_where_no_change_alters_the_decision_the_reason_is_given(iamdesk: Callable[..., Any], sample: Path) -> None:
    question = ("--principal", ELENA, "--action", "sts:GetCallerIdentity", "--resource", "*", "--changes")

    assert iamdesk("can", sample, *question).stdout.endswith("decision: the call needs no permission.\n")
    told = json.loads(iamdesk("can", sample, *question, "--format", "json").stdout)
    assert told["NoChange"].startswith("No policy change")


FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:report"
BUILD = ("--principal", ELENA, "--use-case", "create-function", "--resource", FUNCTION)
DEPLOY = "arn:aws:iam::111122223333:role/GitHubActionsDeploy"


def test_a_need_is_answered_part_by_part(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("can", sample, *BUILD)

    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "Depends on the role that is passed"
    assert "Use case   create-function" in lines
    assert any(line.startswith("  lambda:CreateFunction  allowed") for line in lines)
    assert any(line.startswith("  iam:PassRole           not evaluated") for line in lines)


def test_what_else_a_need_works_on_is_named_by_on(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("can", sample, *BUILD, "--on", f"role={DEPLOY}", "--format", "json")

    answer = json.loads(done.stdout)
    assert (answer["Need"], answer["EvalDecision"]) == ("create-function", "implicitDeny")
    passing = answer["Parts"][1]
    assert (passing["EvalActionName"], passing["Counts"], passing["EvalDecision"]) == (
        "iam:PassRole",
        True,
        "implicitDeny",
    )
    assert passing["Answer"]["EvalResourceName"] == DEPLOY
    assert "NotAsked" not in passing


def test_expect_holds_for_the_joint_answer(iamdesk: Callable[..., Any], sample: Path) -> None:
    named = ("--on", f"role={DEPLOY}")

    assert iamdesk("can", sample, *BUILD, *named, "--expect", "implicitDeny").returncode == 0
    assert iamdesk("can", sample, *BUILD, "--expect", "allowed").returncode == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--use-case", "fly"), "no use case is named"),
        (("--use-case", "read-object", "--action", "s3:GetObject"), "either --action or --use-case"),
        ((), "either --action or --use-case"),
        (("--action", "s3:GetObject", "--on", "role=x"), "--use-case"),
        (("--use-case", "read-object", "--on", "role"), "expected NAME=ARN"),
        (("--use-case", "read-object", "--changes"), "--changes"),
    ],
)
def test_bad_usage_of_needs_ends_with_status_2(
    iamdesk: Callable[..., Any], sample: Path, options: tuple[str, ...], says: str
) -> None:
    done = iamdesk("can", sample, "--principal", ELENA, "--resource", PAYROLL, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_what_a_call_needs_beside_itself_is_told_with_the_command(iamdesk: Callable[..., Any], sample: Path) -> None:
    question = ("--principal", ELENA, "--action", "ec2:RunInstances", "--resource", "*")
    done = iamdesk("can", sample, *question)

    assert done.stdout.splitlines()[-4:] == [
        "Also requires iam:PassRole on the role that is passed to ec2.amazonaws.com.",
        "May also require ec2:CreateTags and ssm:GetParameters.",
        "To evaluate all of them:",
        f"  iamdesk can {sample} --principal {ELENA} --use-case ec2:RunInstances --resource '*' --on role=ROLE_ARN",
    ]
    answer = json.loads(iamdesk("can", sample, *question, "--format", "json").stdout)
    assert answer["AlsoNeeded"] == {
        "Actions": ["iam:PassRole", "ec2:CreateTags", "ssm:GetParameters"],
        "PassedToService": ["ec2.amazonaws.com"],
    }
    assert "AlsoNeeded" not in json.loads(iamdesk("can", sample, *READ_PAYROLL, "--format", "json").stdout)


def test_the_command_of_what_a_call_needs_works(iamdesk: Callable[..., Any], sample: Path) -> None:
    question = ("--principal", ELENA, "--use-case", "ec2:RunInstances", "--resource", "*", "--on", f"role={DEPLOY}")
    done = iamdesk("can", sample, *question)

    assert done.stdout.startswith("Denied · not every action is allowed\n")
    assert "  iam:PassRole       denied, to pass a role to ec2.amazonaws.com\n" in done.stdout


def test_what_is_taken_for_granted_of_the_service_is_in_the_answer(iamdesk: Callable[..., Any], sample: Path) -> None:
    """An unsigned call of an API's method is never denied without a word on its authorization type."""
    method = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/prod/GET/orders"
    asked = ("--principal", "anonymous", "--action", "execute-api:Invoke", "--resource", method)
    answer = json.loads(iamdesk("can", sample, *asked, "--format", "json").stdout)
    told = {one["Code"]: one.get("OtherDecision") for one in answer["Assumptions"]}
    assert told["authorization-type-unknown"] == "allowed"
    text = iamdesk("can", sample, *asked).stdout
    assert "authorization type of the API method or route is not evaluated" in " ".join(text.split())
