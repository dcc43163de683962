"""`iamdesk who-can`: the same answers as `can`, for everybody."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iamdesk import Evaluator, Request, load_snapshot

BACKUP_KEY = ("--action", "iam:CreateAccessKey", "--resource", "arn:aws:iam::111122223333:user/machines/backup-agent")


def test_rows_are_the_principals_for_whom_can_says_allowed_or_conditional(
    iamdesk: Callable[..., Any], sample: Path
) -> None:
    evaluator = Evaluator(load_snapshot(sample))
    action, resource = BACKUP_KEY[1::2]
    expected = {
        principal: decision
        for principal in evaluator.principals()
        if (decision := evaluator.can(Request(principal, action, resource)).decision.value)
        in ("allowed", "conditional")
    }

    done = iamdesk("who-can", sample, *BACKUP_KEY, "--format", "json")

    rows = json.loads(done.stdout)
    assert done.returncode == 0
    assert {row["Principal"]: row["EvalDecision"] for row in rows} == expected
    assert {"allowed", "conditional"} == set(expected.values())


def test_each_row_tells_how(iamdesk: Callable[..., Any], sample: Path) -> None:
    rows = {
        row["Principal"].rpartition("/")[2]: row
        for row in json.loads(iamdesk("who-can", sample, *BACKUP_KEY, "--format", "json").stdout)
    }

    assert rows["terraform"]["MatchedStatements"][0]["SourcePolicyId"].endswith("/AdministratorAccess")
    assert rows["ines.costa"]["Conditions"] == [{"aws:MultiFactorAuthPresent": "true"}]
    assert "Layers" not in rows["terraform"]


def test_context_decides_what_hung_on_it(iamdesk: Callable[..., Any], sample: Path) -> None:
    with_mfa = iamdesk("who-can", sample, *BACKUP_KEY, "--context", "aws:MultiFactorAuthPresent=true")
    without = iamdesk("who-can", sample, *BACKUP_KEY, "--absent", "aws:MultiFactorAuthPresent")

    assert "allowed      arn:aws:iam::111122223333:user/engineering/sre/ines.costa" in with_mfa.stdout
    assert "ines.costa" not in without.stdout


def test_text_names_principal_and_statements(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("who-can", sample, *BACKUP_KEY)

    lines = done.stdout.splitlines()
    place = lines.index("allowed      arn:aws:iam::111122223333:role/deploy/terraform")
    assert lines[place + 1].split() == ["by", "AdministratorAccess,", "statement", "1", "[identity]"]
    assert "principals" in done.stderr


def test_malformed_action_ends_with_two(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("who-can", sample, "--action", "CreateAccessKey", "--resource", "*")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_csv_has_a_row_for_each_principal(iamdesk: Callable[..., Any], sample: Path) -> None:
    told = json.loads(iamdesk("who-can", sample, *BACKUP_KEY, "--format", "json").stdout)

    done = iamdesk("who-can", sample, *BACKUP_KEY, "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff"))))
    assert done.returncode == 0
    assert [row["principal"] for row in rows] == [row["Principal"] for row in told]
    assert {row["action"] for row in rows} == {"iam:CreateAccessKey"}


# External callers, and every action

SITE = ("--resource", "arn:aws:s3:::acme-org-website/*")


def test_external_callers_are_rows_that_say_who_they_are(iamdesk: Callable[..., Any], organization: Path) -> None:
    asked = ("--action", "sts:AssumeRole", "--resource", "arn:aws:iam::111122223333:role/report")
    (row,) = json.loads(iamdesk("who-can", organization, *asked, "--format", "json").stdout)
    told = {key: row[key] for key in ("Principal", "Kind", "External", "InOrganization", "Signing", "AskedAs")}
    assert told == {
        "Principal": "ec2.amazonaws.com",
        "Kind": "service",
        "External": True,
        "InOrganization": None,
        "Signing": None,
        "AskedAs": "ec2.amazonaws.com",
    }
    text = iamdesk("who-can", organization, *asked)
    assert text.stdout.splitlines()[0] == "allowed      ec2.amazonaws.com  (AWS service)"
    assert "1 principal, 1 of them external" in text.stderr


def test_without_an_action_each_that_fits_is_listed(iamdesk: Callable[..., Any], organization: Path) -> None:
    rows = json.loads(iamdesk("who-can", organization, *SITE, "--format", "json").stdout)
    evaluator = Evaluator(load_snapshot(organization))
    listed = {(row["Principal"], row["EvalActionName"]): row["EvalDecision"] for row in rows}
    expected = {(one.principal, one.request.action): one.decision.value for one in evaluator.who_can(resource=SITE[1])}
    assert listed == expected
    assert len({action for _, action in listed}) > 30
    csv_rows = list(
        csv.DictReader(
            io.StringIO(iamdesk("who-can", organization, *SITE, "--format", "csv").stdout.removeprefix("\ufeff"))
        )
    )
    assert [(row["principal"], row["action"], row["external"]) for row in csv_rows] == [
        (row["Principal"], row["EvalActionName"], "yes" if row["External"] else "no") for row in rows
    ]


def test_text_without_an_action_folds_actions_by_access_level(iamdesk: Callable[..., Any], organization: Path) -> None:
    done = iamdesk("who-can", organization, *SITE)
    lines = done.stdout.splitlines()
    assert "7 principals, 1 of them external" in done.stderr
    assert "use --action ACTION to show statements and conditions" in done.stderr
    assert lines[:2] == ["*.amazonaws.com  (any AWS service)", "    allowed      Read (1): s3:GetObject"]
    assert any(line.startswith("    allowed      Tagging (5): s3:DeleteObjectTagging, ") for line in lines)


def test_what_is_not_known_of_external_access_is_said(iamdesk: Callable[..., Any], sample: Path) -> None:
    asked = ("--action", "sqs:SendMessage", "--resource", "arn:aws:sqs:eu-west-1:111122223333:q")
    done = iamdesk("who-can", sample, *asked)
    assert "external access may be incomplete. The resource policy is not captured." in done.stderr


def test_without_action_and_resource_there_is_nothing_to_list(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("who-can", sample, "--resource", "*")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a resource is required" in done.stderr


def test_text_says_what_no_row_can_say(iamdesk: Callable[..., Any], sample: Path) -> None:
    asked = ("--action", "s3:GetObject", "--resource")
    on_bucket = iamdesk("who-can", sample, *asked, "arn:aws:s3:::acme-payroll")
    assert "It is evaluated on arn:aws:s3:::acme-payroll/* instead." in on_bucket.stderr
    on_objects = iamdesk("who-can", sample, *asked, "arn:aws:s3:::acme-*/*")
    assert "is evaluated as written" in on_objects.stderr
    assert "of these resources: arn:aws:s3:::" in on_objects.stderr


def test_a_table_has_the_command_the_digest_and_its_counts(iamdesk: Callable[..., Any], sample: Path) -> None:
    asked = ("--action", "s3:GetObject", "--resource", "arn:aws:s3:::a/b c", "--context", "aws:SourceIp=192.0.2.1")
    done = iamdesk("who-can", sample, *asked, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff"))))
    assert rows
    assert {row["query"] for row in rows} == {
        f"iamdesk who-can {sample.name} --resource 'arn:aws:s3:::a/b c' --action s3:GetObject "
        "--context aws:SourceIp=192.0.2.1 --format csv"
    }
    assert {row["snapshot_sha256"] for row in rows} == {load_snapshot(sample).sha256}
    assert {row["rows_total"] for row in rows} == {str(len(rows))}
