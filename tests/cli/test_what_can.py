"""`iamdesk what-can`: effective permissions in the terminal and as JSON."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator, load_snapshot

BEN = "arn:aws:iam::111122223333:user/engineering/ben.okafor"
FINANCE = "arn:aws:iam::111122223333:group/finance/Finance"


def test_json_tells_what_the_evaluator_says(iamdesk: Callable[..., Any], sample: Path) -> None:
    access = Evaluator(load_snapshot(sample)).what_can(BEN)
    done = iamdesk("what-can", sample, "--principal", BEN, "--format", "json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["Principal"], told["Resource"]) == (0, BEN, None)
    assert [one["Service"] for one in told["Services"]] == [one.service for one in access.services]
    for service in told["Services"]:
        actions = {one["Action"]: one["Reach"] for one in service["Actions"]}
        expected = {one.name: one.reach.value for one in access.actions(service["Service"]) if one.reach != "none"}
        assert actions == expected
        counted = sum(count for level in service["AccessLevels"] for reach, count in level.items() if reach in COUNTED)
        assert counted == len(actions)


COUNTED = {
    "allowed",
    "conditional",
    "awaiting resource policy",
    "some resources",
    "some resources, conditional",
    "denied",
}


def test_a_service_is_told_action_by_action(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("what-can", sample, "--principal", BEN, "--service", "S3")

    lines = done.stdout.splitlines()
    assert lines[0] == "s3"
    assert "    s3:GetObject                                on some resources under conditions" in lines
    assert done.stderr == "iamdesk: 1 service\n"


def test_a_resource_narrows_the_actions_to_its_type(iamdesk: Callable[..., Any], sample: Path) -> None:
    bucket = iamdesk(
        "what-can",
        sample,
        *("--principal", "arn:aws:iam::111122223333:root", "--resource", "arn:aws:s3:::any-bucket", "--format", "json"),
    )
    (service,) = [one for one in json.loads(bucket.stdout)["Services"] if one["Service"] == "s3"]
    names = {one["Action"] for one in service["Actions"]}
    assert "s3:ListBucket" in names
    assert "s3:GetObject" not in names


def test_a_group_stands_for_a_member(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("what-can", sample, "--principal", FINANCE)
    assert done.returncode == 0
    assert "billing" in done.stdout.splitlines()


def test_a_service_of_which_nothing_may_be_done_says_so(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("what-can", sample, "--principal", FINANCE, "--service", "braket")
    assert done.stdout == "braket\n  nothing\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--principal", "arn:aws:iam::111122223333:user/nobody"), "has no user"),
        (("--principal", "arn:aws:iam::111122223333:group/nobody"), "has no group"),
        (("--principal", "lambda.amazonaws.com"), "is not a user, role, root user or group"),
        (("--principal", BEN, "--service", "nosuch"), "AWS has no service `nosuch`"),
        (("--principal", BEN, "--resource", "bucket"), "is not an ARN"),
    ],
)
def test_a_question_that_cannot_be_asked_ends_with_two(
    iamdesk: Callable[..., Any], sample: Path, options: tuple[str, ...], says: str
) -> None:
    done = iamdesk("what-can", sample, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_csv_has_a_row_for_each_action_with_where_and_when(iamdesk: Callable[..., Any], sample: Path) -> None:
    access = Evaluator(load_snapshot(sample)).what_can(BEN, "s3")

    done = iamdesk("what-can", sample, "--principal", BEN, "--service", "s3", "--format", "csv")

    rows = {row["action"]: row for row in csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff")))}
    assert done.returncode == 0
    assert {name: row["reach"] for name, row in rows.items()} == {
        one.name: one.reach.value for one in access.actions("s3") if one.reach != "none"
    }
    assert rows["s3:GetObject"]["resources"].startswith("on arn:aws:s3:::")
    assert rows["s3:GetObject"]["conditions"].startswith("when ")


def test_what_runs_with_a_role_comes_first(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    role = "arn:aws:iam::111122223333:role/app"
    function = "arn:aws:lambda:eu-west-1:111122223333:function:orders"
    listed = {"FunctionName": "orders", "FunctionArn": function, "Role": role}
    files = {
        "iam/get-account-authorization-details": {"RoleDetailList": [{"RoleName": "app", "Arn": role}]},
        "eu-west-1/lambda/list-functions": {"Functions": [listed]},
    }
    for path, content in files.items():
        file = tmp_path / "accounts" / "111122223333" / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")

    text = iamdesk("what-can", tmp_path, "--principal", role).stdout.splitlines()
    told = json.loads(iamdesk("what-can", tmp_path, "--principal", role, "--format", "json").stdout)

    says = f"  Lambda functions: {function} (its code or commands have the role's credentials)"
    assert text[:2] == ["Runs with", says]
    assert told["RunsWith"] == [{"Resource": function, "Kind": "lambda-function", "Usage": "runs"}]
