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
