"""What is written is what the AWS CLI prints."""

import json
from datetime import UTC, datetime

import pytest

from iamdesk.collect.call_planner import CallScope, Task, first_task, tasks_after
from iamdesk.collect.call_specs import STEPS
from iamdesk.collect.cli_output import as_bytes, command, narrowed, printed

HERE = CallScope("111122223333", "aws", "eu-west-1")


def errand(name: str) -> Task:
    return first_task(next(step for step in STEPS if step.name == name), HERE)


def after(name: str, found: object) -> list[Task]:
    return list(tasks_after(errand(name), found, STEPS))


def test_dates_are_iso_bytes_are_base64_and_the_calls_own_data_is_left_out() -> None:
    answer = {
        "Content": b"user,arn\n",
        "GeneratedTime": datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
        "List": [{"Deep": b"\xff"}, 1, None, True],
        "ResponseMetadata": {"RequestId": "x"},
    }

    assert printed(answer) == {
        "Content": "dXNlcixhcm4K",
        "GeneratedTime": "2026-11-24T10:00:00+00:00",
        "List": [{"Deep": "/w=="}, 1, None, True],
    }


@pytest.mark.parametrize("text", ["héllo ✓", 'quote " and \\', "\ud800 half"])
def test_every_text_comes_back_from_the_file(text: str) -> None:
    assert json.loads(as_bytes({"Name": text})) == {"Name": text}


def test_environment_of_functions_is_left_out() -> None:
    function = {
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Environment": {"Variables": {"PASSWORD": "x"}},
        "CodeSha256": "y",
    }

    kept = narrowed(errand("lambda list-functions"), {"Functions": [function]})

    assert set(kept["Functions"][0]) == {"FunctionName", "FunctionArn", "Role"}


@pytest.mark.parametrize(
    ("name", "found", "words"),
    [
        (
            "sqs list-queues",
            {"QueueUrls": ["https://sqs.eu-west-1.amazonaws.com/111122223333/orders"]},
            "aws sqs get-queue-attributes --queue-url https://sqs.eu-west-1.amazonaws.com/111122223333/orders"
            " --attribute-names All --region eu-west-1",
        ),
        (
            "dynamodb list-tables",
            {"TableNames": ["ledger"]},
            "aws dynamodb get-resource-policy --resource-arn"
            " arn:aws:dynamodb:eu-west-1:111122223333:table/ledger --region eu-west-1",
        ),
        (
            "s3api list-buckets",
            {"Buckets": [{"Name": "acme", "BucketRegion": "us-west-2"}]},
            "aws s3api get-bucket-policy --bucket acme",
        ),
    ],
)
def test_command_is_the_one_that_a_person_would_type(name: str, found: object, words: str) -> None:
    assert " ".join(command(after(name, found)[0], after(name, found)[0].parameters)) == words


def test_bucket_is_asked_about_in_its_own_region() -> None:
    found = {"Buckets": [{"Name": "far", "BucketRegion": "us-west-2"}, {"Name": "near"}]}

    regions = {made.parameters["Bucket"]: made.where.region for made in after("s3api list-buckets", found)}

    assert regions == {"far": "us-west-2", "near": "eu-west-1"}


@pytest.mark.parametrize(
    ("name", "found", "path"),
    [
        (
            "iam list-open-id-connect-providers",
            {
                "OpenIDConnectProviderList": [
                    {"Arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"}
                ]
            },
            "accounts/111122223333/iam/get-open-id-connect-provider/oidc.eks.eu-west-1.amazonaws.com%2Fid%2FAB12.json",
        ),
        (
            "sns list-topics",
            {"Topics": [{"TopicArn": "arn:aws:sns:eu-west-1:111122223333:alarms"}]},
            "accounts/111122223333/eu-west-1/sns/get-topic-attributes/alarms.json",
        ),
        (
            "secretsmanager list-secrets",
            {
                "SecretList": [
                    {"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:../x-AbCdEf", "Name": "../x"}
                ]
            },
            "accounts/111122223333/eu-west-1/secretsmanager/get-resource-policy/%2E.%2Fx.json",
        ),
    ],
)
def test_output_lies_where_the_layout_says(name: str, found: object, path: str) -> None:
    assert [made.path for made in after(name, found)] == [path]


def test_each_organization_policy_type_is_listed() -> None:
    made = after("organizations describe-organization", {"Organization": {"Id": "o-1"}})

    filters = [each.parameters["Filter"] for each in made if each.step.name == "organizations list-policies"]
    assert filters == ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
