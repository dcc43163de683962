import json
import shlex

import pytest

from iamdesk.api import SnapshotSession
from iamdesk.cli import main
from iamdesk.evaluate.request import MissingContextMode, Request, SessionPolicy
from iamdesk.explain.decision import EvalDecision, PolicyType, StatementRole
from iamdesk.export.access.what_can import to_effective_access
from iamdesk.export.decision.text_file import command_line, result_text, what_can_command, who_can_command

from .conftest import ANA, NORA, PAYROLL, assumption, decision, statement


def test_the_text_holds_question_verdict_layers_and_statements(sample: SnapshotSession) -> None:
    answer = sample.ask(Request(NORA, "s3:GetObject", PAYROLL))
    text = result_text(answer, "acme-prod.json")
    assert text.startswith("Depends on aws:SourceIp and aws:MultiFactorAuthPresent\n")
    for part in (
        answer.sentence,
        f"Principal  {NORA}",
        "Snapshot   acme-prod.json",
        "Allowed when aws:SourceIp is within 203.0.113.0/24 or 2001:db8:1234::/48 and "
        "aws:MultiFactorAuthPresent is true.",
        "Identity policies",
        "Depends on context (2)",
        "PayrollReadWrite, statement 1 (PayrollFromTheOffice)",
        '"aws:SourceIp": [',
        "Near misses (1)",
    ):
        assert part in text
    for line in answer.statements_that(StatementRole.DEPENDS):
        span = line.span
        assert span is not None
        first = line.document.text.text.split("\n")[span.start_line - 1]
        assert f"         {first}\n" in text


def test_hostile_text_stays_on_its_line() -> None:
    answer = decision(
        sentence="a\u202eb\nAllowed",
        statements=(statement(StatementRole.DECIDES, policy_name="x\nAllowed"),),
        assumptions=(assumption("y\x1b[31m", EvalDecision.ALLOWED),),
    )
    text = result_text(answer, "s\u200b.json")
    assert "a\\u202eb\\u000aAllowed" in text
    assert "\x1b" not in text
    assert "\nAllowed\n" not in text
    assert "s\\u200b.json" in text


def test_layers_left_out_are_named() -> None:
    text = result_text(decision(request=Request(ANA, "s3:GetObject", "*", without=frozenset({PolicyType.SCP}))), "s")
    assert "Allowed (without service control policies)" in text
    assert "Ignored    service control policies" in text
    assert "ignored" in next(line for line in text.splitlines() if line.startswith("  Service control policies"))


@pytest.mark.parametrize(
    "request_",
    [
        Request(ANA, "s3:GetObject", "arn:aws:s3:::acme-images/it's $(here).png"),
        Request(NORA, "s3:GetObject", PAYROLL),
        Request(
            NORA,
            "s3:GetObject",
            PAYROLL,
            context={"aws:SourceIp": "203.0.113.7", "aws:MultiFactorAuthPresent": "true", "aws:SourceVpc": None},
            resource_account="111122223333",
        ),
        Request(NORA, "s3:GetObject", PAYROLL, unknown_context=MissingContextMode.ABSENT),
        Request(NORA, "s3:GetObject", PAYROLL, without=frozenset({PolicyType.IDENTITY})),
        Request(ANA, "ec2:CreateTags", "*", context={"aws:TagKeys": ("team", "cost = centre")}),
    ],
)
def test_the_command_asks_the_same_question(
    sample: SnapshotSession, request_: Request, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(command_line(request_, str(sample.snapshot.path)), comments=True)
    assert words[0] == "iamdesk"
    with pytest.raises(SystemExit):
        main([*words[1:], "--format", "json"])
    said = json.loads(capsys.readouterr().out)
    answer = sample.ask(request_)
    assert said["EvalDecision"] == answer.decision.value
    assert said["EvalActionName"] == answer.request.action
    assert said["EvalResourceName"] == answer.request.resource
    assert sorted(said["MissingContextValues"]) == sorted(answer.missing_context_values)


def test_what_the_command_cannot_say_stands_above_it() -> None:
    request = Request(ANA, "s3:GetObject", "*", session_policies=(SessionPolicy("narrow\nrm -rf", {}),))
    note, command = command_line(request, "-odd.json").split("\n")
    assert note.startswith("# evaluated in the window: with session policies (narrow\\u000arm -rf)")
    assert command.startswith("iamdesk can ./-odd.json --principal ")


def test_the_command_of_who_can_lists_the_same(sample: SnapshotSession, capsys: pytest.CaptureFixture[str]) -> None:
    context = {"aws:MultiFactorAuthPresent": "true", "aws:SourceVpc": None}
    request = Request("", "s3:GetObject", PAYROLL, context, unknown_context=MissingContextMode.ABSENT)
    words = shlex.split(who_can_command(request, str(sample.snapshot.path)))
    with pytest.raises(SystemExit):
        main([*words[1:], "--format", "json"])
    said = {(row["Principal"], row["EvalDecision"]) for row in json.loads(capsys.readouterr().out)}
    rows = sample.who_can(
        action=request.action,
        resource=request.resource,
        context=request.context,
        unknown_context=request.unknown_context,
    )
    assert said == {(row.principal, row.decision.value) for row in rows}
    assert said


def test_the_command_of_what_can_tells_the_same(sample: SnapshotSession, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(what_can_command(NORA, str(sample.snapshot.path)))
    with pytest.raises(SystemExit):
        main([*words[1:], "--format", "json"])
    assert json.loads(capsys.readouterr().out) == to_effective_access(sample.what_can(principal=NORA))
