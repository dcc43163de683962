from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iamdesk.snapshot.model import (
    Account,
    BrokenEntry,
    GroupDetail,
    ManagedPolicyDetail,
    RoleDetail,
    Snapshot,
    UserDetail,
)
from iamdesk.snapshot.problems import Problem

ID = "111122223333"
ALLOW_S3 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}],
}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]


def managed(arn: str, document: Any = ALLOW_S3, **more: Any) -> dict[str, Any]:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document}
    return {
        "Arn": arn,
        "PolicyName": arn.rpartition("/")[2],
        "Path": "/",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [version],
        **more,
    }


def make_account(
    users: list[dict[str, Any]] | None = None,
    groups: list[dict[str, Any]] | None = None,
    roles: list[dict[str, Any]] | None = None,
    policies: list[dict[str, Any]] | None = None,
    broken: tuple[BrokenEntry, ...] = (),
    **more: Any,
) -> Account:
    return Account(
        account_id=more.pop("account_id", ID),
        users=tuple(UserDetail.model_validate(entry) for entry in users or ()),
        groups=tuple(GroupDetail.model_validate(entry) for entry in groups or ()),
        roles=tuple(RoleDetail.model_validate(entry) for entry in roles or ()),
        policies=tuple(ManagedPolicyDetail.model_validate(entry) for entry in policies or ()),
        broken=broken,
        **more,
    )


def make_snapshot(*accounts: Account) -> Snapshot:
    return Snapshot(
        path=Path("/captures/prod.json"),
        files=(),
        sha256="0" * 64,
        accounts=accounts,
        latest=datetime(2026, 9, 30, 12, tzinfo=UTC),
    )


def broken_user() -> BrokenEntry:
    problem = Problem(file="prod.json", json_path="$.UserDetailList[3].UserName", message="expected text, found 7")
    return BrokenEntry(list_name="UserDetailList", name="entry 3", arn=None, problems=(problem,))


DEV_BOUNDARY = f"arn:aws:iam::{ID}:policy/boundaries/dev-boundary"
PAYROLL_RW = f"arn:aws:iam::{ID}:policy/payroll-rw"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
LOST = f"arn:aws:iam::{ID}:policy/lost"


@pytest.fixture
def snapshot() -> Snapshot:
    """One account with one of everything."""
    return make_snapshot(
        make_account(
            alias="acme-prod",
            users=[
                {
                    "Arn": f"arn:aws:iam::{ID}:user/eng/alice",
                    "UserName": "alice",
                    "UserId": "AIDAALICE",
                    "Path": "/eng/",
                    "CreateDate": "2021-03-12T00:00:00Z",
                    "GroupList": ["engineers", "ghosts"],
                    "AttachedManagedPolicies": attached(PAYROLL_RW, LOST),
                    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": ALLOW_S3}],
                    "PermissionsBoundary": {
                        "PermissionsBoundaryType": "Policy",
                        "PermissionsBoundaryArn": DEV_BOUNDARY,
                    },
                    "Tags": [{"Key": "team", "Value": "payroll"}],
                },
                {"Arn": f"arn:aws:iam::{ID}:user/Bob", "UserName": "Bob", "Path": "/"},
            ],
            groups=[
                {
                    "Arn": f"arn:aws:iam::{ID}:group/engineers",
                    "GroupName": "engineers",
                    "AttachedManagedPolicies": attached(READ_ONLY),
                    "GroupPolicyList": [{"PolicyName": "deploy", "PolicyDocument": ALLOW_S3}],
                }
            ],
            roles=[
                {
                    "Arn": f"arn:aws:iam::{ID}:role/app",
                    "RoleName": "app",
                    "RoleId": "AROAAPP",
                    "CreateDate": "2020-01-01T00:00:00Z",
                    "AssumeRolePolicyDocument": trust({"Service": "ec2.amazonaws.com"}),
                    "AttachedManagedPolicies": attached(PAYROLL_RW),
                    "RoleLastUsed": {"LastUsedDate": "2026-09-29T12:00:00Z", "Region": "eu-west-1"},
                    "InstanceProfileList": [
                        {
                            "Arn": f"arn:aws:iam::{ID}:instance-profile/app-profile",
                            "InstanceProfileName": "app-profile",
                        }
                    ],
                },
                {
                    "Arn": f"arn:aws:iam::{ID}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport",
                    "RoleName": "AWSServiceRoleForSupport",
                    "Path": "/aws-service-role/support.amazonaws.com/",
                    "AssumeRolePolicyDocument": trust({"Service": "support.amazonaws.com"}),
                },
            ],
            policies=[
                managed(PAYROLL_RW),
                managed(DEV_BOUNDARY, Path="/boundaries/"),
                managed(READ_ONLY),
                managed("arn:aws:iam::aws:policy/AdministratorAccess"),
            ],
            broken=(broken_user(),),
        )
    )


@pytest.fixture
def build() -> SimpleNamespace:
    """What tests make accounts of: ``build.snapshot(build.account(users=[…]))``, entries as AWS prints them."""
    return SimpleNamespace(
        account=make_account,
        snapshot=make_snapshot,
        trust=trust,
        attached=attached,
        managed=managed,
        broken=broken_user,
        allow_s3=ALLOW_S3,
        id=ID,
    )
