"""Pages as the CLI prints them, small enough to read in a test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
ALLOW: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Pages:
    """Makes entries and pages of an account."""

    allow = ALLOW

    def arn(self, kind: str, name: str, account: str = "111122223333", partition: str = "aws") -> str:
        return f"arn:{partition}:iam::{account}:{kind}/{name}"

    def user(self, name: str = "alice", account: str = "111122223333", partition: str = "aws", **more: Any) -> Json:
        return {
            "Path": "/",
            "UserName": name,
            "UserId": "AIDA" + name.upper(),
            "Arn": self.arn("user", name, account, partition),
            "CreateDate": "2024-03-01T10:00:00+00:00",
            "UserPolicyList": [{"PolicyName": "inline", "PolicyDocument": ALLOW}],
            "GroupList": ["staff"],
            "AttachedManagedPolicies": [],
            "Tags": [{"Key": "team", "Value": "orders"}],
            **more,
        }

    def group(self, name: str = "staff", account: str = "111122223333", **more: Any) -> Json:
        return {
            "Path": "/",
            "GroupName": name,
            "GroupId": "AGPA" + name.upper(),
            "Arn": self.arn("group", name, account),
            "CreateDate": "2023-03-01T10:00:00+00:00",
            "GroupPolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": "Audit", "PolicyArn": "arn:aws:iam::aws:policy/Audit"}],
            **more,
        }

    def role(self, name: str = "deploy", account: str = "111122223333", **more: Any) -> Json:
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        return {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROA" + name.upper(),
            "Arn": self.arn("role", name, account),
            "CreateDate": "2022-03-01T10:00:00+00:00",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "InstanceProfileList": [],
            "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": ALLOW}],
            "AttachedManagedPolicies": [],
            "RoleLastUsed": {"LastUsedDate": "2025-06-30T23:59:59+00:00", "Region": "eu-west-1"},
            **more,
        }

    def policy(self, name: str = "Audit", account: str = "aws", **more: Any) -> Json:
        return {
            "PolicyName": name,
            "PolicyId": "ANPA" + name.upper(),
            "Arn": self.arn("policy", name, account),
            "Path": "/",
            "DefaultVersionId": "v1",
            "AttachmentCount": 1,
            "IsAttachable": True,
            "CreateDate": "2021-03-01T10:00:00+00:00",
            "UpdateDate": "2021-04-01T10:00:00+00:00",
            "PolicyVersionList": [
                {"Document": ALLOW, "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2021-03-01T10:00:00Z"}
            ],
            **more,
        }

    def page(self, **lists: Any) -> Json:
        """Return a page with one entry in each list, unless told otherwise."""
        return {
            "UserDetailList": [self.user()],
            "GroupDetailList": [self.group()],
            "RoleDetailList": [self.role()],
            "Policies": [self.policy()],
            **lists,
        }

    def empty(self, **lists: Any) -> Json:
        """Return a page whose lists are empty, unless told otherwise."""
        return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], **lists}


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of JSON (as the CLI lays it out), text or bytes, and return its path."""

    def write(content: Any, name: str = "account.json") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str | bytes):
            content = json.dumps(content, indent=4)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
