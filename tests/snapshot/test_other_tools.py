"""Loose outputs, iam-collect's folder and IAMSpy's file: recognised, told file by file, never guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from .bundles import ACCOUNT, REGION, allow, as_folder, as_zip, details

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"


def told(snapshot: Snapshot) -> dict[str, str]:
    return {problem.file: problem.message for problem in snapshot.problems}


@pytest.mark.parametrize(
    ("content", "command", "arn"),
    [
        ({"Attributes": {"QueueArn": QUEUE, "Policy": allow(QUEUE)}}, "sqs get-queue-attributes", QUEUE),
        ({"Attributes": {"TopicArn": TOPIC, "Policy": allow(TOPIC)}}, "sns get-topic-attributes", TOPIC),
        (
            {"ARN": SECRET, "Name": "db", "ResourcePolicy": allow("*")},
            "secretsmanager get-resource-policy",
            SECRET,
        ),
        (
            {"DomainStatus": {"ARN": f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs", "AccessPolicies": allow("*")}},
            "opensearch describe-domain",
            f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs",
        ),
        (
            {"Name": "bus", "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/bus", "Policy": allow("*")},
            "events describe-event-bus",
            f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/bus",
        ),
    ],
)
def test_an_output_that_names_its_resource_is_recognised(tmp_path: Path, content: Any, command: str, arn: str) -> None:
    snapshot = load_snapshot(as_folder(tmp_path, {"account.json": details(), "loose.json": content}))
    (resource,) = snapshot.resources
    assert resource.arn == arn
    assert resource.policy is not None
    assert resource.is_policy_captured
    assert told(snapshot) == {"loose.json": f"read as the output of `aws {command}`, by its structure"}


def test_outputs_about_an_account_belong_to_the_only_one(tmp_path: Path) -> None:
    files = {
        "account.json": details(),
        "summary.json": {"SummaryMap": {"Users": 1}},
        "buckets.json": {"Buckets": [{"Name": "data"}], "Owner": {"ID": "c" * 64}},
    }
    snapshot = load_snapshot(as_zip(tmp_path, files))
    assert snapshot.account_facts[0].summary == {"Users": 1}
    assert [resource.account_id for resource in snapshot.resources] == [ACCOUNT]
    other = {"other.json": details("222222222222")}
    of_two = load_snapshot(as_zip(tmp_path, files | other))
    assert of_two.account_facts == ()
    assert told(of_two)["summary.json"].endswith("it does not name its account, so it was ignored")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"Policy": allow("arn:aws:s3:::data")}, "a resource policy, but the output does not name its resource"),
        ({"JobStatus": "COMPLETED", "ServicesLastAccessed": []}, "a last-accessed report"),
    ],
)
def test_what_an_output_does_not_say_is_not_guessed(tmp_path: Path, content: Any, what: str) -> None:
    snapshot = load_snapshot(as_folder(tmp_path, {"account.json": details(), "loose.json": content}))
    assert snapshot.resources == ()
    assert what in told(snapshot)["loose.json"]


def test_the_resource_file_of_iamspy_is_read_beside_an_account(tmp_path: Path) -> None:
    resources = [
        {"Resource": "arn:aws:s3:::data", "Policy": json.loads(allow("*")), "Account": ACCOUNT},
        {"Resource": 7, "Policy": {}},
    ]
    snapshot = load_snapshot(as_folder(tmp_path, {"account.json": details(), "resources.json": resources}))
    (resource,) = snapshot.resources
    assert (resource.arn, resource.account_id) == ("arn:aws:s3:::data", ACCOUNT)
    assert [str(problem) for problem in snapshot.problems] == [
        "resources.json: $: read as a resource file of IAMSpy, by its structure",
        "resources.json: $[1]: expected an object with `Resource` (an ARN) and `Policy`",
    ]


# --- iam-collect


def collected() -> dict[str, Any]:
    iam = f"aws/aws/accounts/{ACCOUNT}/iam"
    organization = "aws/aws/organizations/o-abc1234567"
    statement = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    return {
        f"{iam}/user/alice/metadata.json": {
            "arn": f"arn:aws:iam::{ACCOUNT}:user/staff/Alice", "path": "/staff/", "name": "Alice", "id": "AIDAALICE",
            "permissionBoundary": f"arn:aws:iam::{ACCOUNT}:policy/Limit",
        },
        f"{iam}/user/alice/groups.json": [f"arn:aws:iam::{ACCOUNT}:group/Staff"],
        f"{iam}/user/alice/inline-policies.json": [{"PolicyName": "Own", "PolicyDocument": statement}],
        f"{iam}/user/alice/managed-policies.json": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        f"{iam}/user/alice/tags.json": {"team": "blue"},
        f"{iam}/role/myrole/metadata.json": {"arn": f"arn:aws:iam::{ACCOUNT}:role/MyRole", "name": "MyRole"},
        f"{iam}/role/myrole/trust-policy.json": {"Version": "2012-10-17", "Statement": []},
        f"{iam}/group/staff/metadata.json": {"arn": f"arn:aws:iam::{ACCOUNT}:group/Staff", "name": "Staff"},
        f"{iam}/policy/limit/metadata.json": {"arn": f"arn:aws:iam::{ACCOUNT}:policy/Limit", "name": "Limit"},
        f"{iam}/policy/limit/current-policy.json": statement,
        f"{iam}/role/broken/metadata.json": {"name": "Broken"},
        f"aws/aws/accounts/{ACCOUNT}/s3/data/metadata.json": {"arn": "arn:aws:s3:::data"},
        f"aws/aws/accounts/{ACCOUNT}/s3/data/policy.json": json.loads(allow("arn:aws:s3:::data/*")),
        f"aws/aws/accounts/{ACCOUNT}/s3/data/bpa.json": {"RestrictPublicBuckets": True},
        f"{organization}/metadata.json": {"id": "o-abc1234567", "rootOu": "r-ab12", "rootAccountId": "222222222222"},
        f"{organization}/ous.json": {
            "r-ab12": {"scps": ["arn:aws:organizations::aws:policy/scp/p-FullAWSAccess"], "rcps": []},
            "ou-ab12-prod": {"parent": "r-ab12", "scps": ["p-deny"], "rcps": []},
        },
        f"{organization}/accounts.json": {ACCOUNT: {"ou": "ou-ab12-prod", "scps": [], "rcps": []}},
        f"{organization}/scps/p-deny/metadata.json": {"id": "p-deny", "name": "Deny"},
        f"{organization}/scps/p-deny/policy.json": statement,
        "aws/aws/indexes/buckets-to-accounts.json": {"data": ACCOUNT},
    }  # fmt: skip


@pytest.mark.parametrize("top", ["", "iam-data/"])
def test_a_folder_of_iam_collect_opens(tmp_path: Path, top: str) -> None:
    snapshot = load_snapshot(as_folder(tmp_path, {f"{top}{path}": content for path, content in collected().items()}))
    (account,) = snapshot.accounts
    (alice,) = account.users
    assert (alice.arn, alice.group_list, alice.tags[0].value) == (
        f"arn:aws:iam::{ACCOUNT}:user/staff/Alice",
        ("Staff",),
        "blue",
    )
    assert alice.user_policy_list[0].policy_document["Statement"][0]["Action"] == "s3:*"
    assert alice.attached_managed_policies[0].policy_arn == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert alice.permissions_boundary is not None
    assert [role.role_name for role in account.roles] == ["MyRole"]
    assert account.roles[0].assume_role_policy_document == {"Version": "2012-10-17", "Statement": []}
    assert account.policies[0].default_version is not None
    (bucket,) = snapshot.resources
    assert bucket.policy is not None
    assert bucket.public_access_block is not None
    assert bucket.public_access_block.restrict_public_buckets
    organization = snapshot.organization
    assert organization is not None
    assert {node.id: node.parent_id for node in organization.nodes} == {
        "r-ab12": None,
        "ou-ab12-prod": "r-ab12",
        ACCOUNT: "ou-ab12-prod",
    }
    assert [policy.name for policy in organization.policies] == ["Deny"]
    unread = told(snapshot)
    assert unread.pop(f"{top}aws/aws/accounts/{ACCOUNT}/iam/role/broken/metadata.json").startswith("expected an object")


def test_the_inner_folder_of_iam_collect_opens_like_the_one_around_it(tmp_path: Path) -> None:
    whole = load_snapshot(as_folder(tmp_path / "whole", collected()))
    inner = {path.removeprefix("aws/"): content for path, content in collected().items()}
    opened = load_snapshot(as_folder(tmp_path / "inner", inner))
    assert opened.accounts == whole.accounts
    assert opened.resources == whole.resources
    assert opened.organization == whole.organization
