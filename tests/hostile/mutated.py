"""Snapshots with one or two things in them that AWS would not print, or prints seldom; the rest is whole."""

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
DETAILS = f"accounts/{ACCOUNT}/iam/get-account-authorization-details.json"
type Files = dict[str, Any]
"""A bundle: JSON values by the names of its files."""

ODD_TEXTS = (
    "",
    " ",
    "/",
    "*",
    "?",
    "**",
    "\n",
    "a\nb",
    "\x00",
    "\u202e",
    "\ud800",
    "é",
    "arn",
    "arn:",
    "arn:aws:iam::111122223333:user/",
    "arn:aws:iam::111122223333:role/",
    "arn:aws:iam::111122223333:role/a/",
    "arn:aws:iam::111122223333:role/a\nb",
    "arn:aws:iam::111122223333:role/a b",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::*:role/a",
    "arn:aws:iam::999988887777:role/elsewhere",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::111122223333:policy/none",
    "arn:aws:sts::111122223333:assumed-role/app",
    "arn:aws:sts::111122223333:assumed-role/app/",
    "arn:aws:sts::111122223333:assumed-role//s",
    "arn:aws:sts::111122223333:federated-user/",
    "arn:aws:sts::111122223333:self",
    "arn:aws:iam::111122223333:saml-provider/",
    "arn:aws:iam::111122223333:oidc-provider/",
    "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
    "arn:aws:s3:::",
    "arn:aws:s3:::*",
    "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST",
    "arn::::::",
    "AIDAEXAMPLE0000000001",
    "AROAEXAMPLE0000000001:session",
    "111122223333",
    "99998888777",
    "alexa-appkit.amazon.com",
    "edgelambda.amazonaws.com",
    "s3.amazonaws.com.cn",
    "states.eu-west-1.amazonaws.com",
    "amazonaws.com",
    ".amazonaws.com",
    "Lambda.AmazonAWS.com",
    "delivery.logs.amazonaws.com",
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "login.example.org",
    "login.example.org/tenant/",
    "https://login.example.org",
    "anonymous",
    "${aws:username}",
    "${",
    "${aws:PrincipalTag/a}",
    "iam:",
    ":",
    "iam:*:x",
    "sts:AssumeRole*",
    "r-root",
    "ou-root-b",
    "x" * 3000,
)
_ODD_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1e300, [], {}, [[]], [None], {"": ""}, [""])
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {},
    {"AWS": []},
    {"AWS": "*"},
    *({kind: text} for kind in ("AWS", "Service", "Federated", "CanonicalUser") for text in ODD_TEXTS),
)


def whole() -> Files:
    """Return a bundle in which nothing is odd: an account with one of everything, in an organization of two units."""

    def arn(rest: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:{rest}"

    def document(*statements: dict[str, Any]) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": list(statements)}

    def attached(*arns: str) -> list[dict[str, str]]:
        return [{"PolicyName": each.rpartition("/")[2], "PolicyArn": each} for each in arns]

    run = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    assume = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    federated = {
        "Effect": "Allow",
        "Principal": {"Federated": arn("oidc-provider/token.actions.githubusercontent.com")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}},
    }
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    details = {
        "UserDetailList": [
            {
                "Path": "/",
                "UserName": "alice",
                "UserId": "AIDAEXAMPLE0000000001",
                "Arn": arn("user/alice"),
                "CreateDate": "2026-01-10T08:00:00+00:00",
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document(run)}],
                "GroupList": ["staff"],
                "AttachedManagedPolicies": attached(arn("policy/base")),
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": arn("policy/limit"),
                },
                "Tags": [{"Key": "team", "Value": "data"}],
            },
            {"Path": "/", "UserName": "bob", "UserId": "AIDAEXAMPLE0000000002", "Arn": arn("user/bob")},
        ],
        "GroupDetailList": [
            {
                "Path": "/",
                "GroupName": "staff",
                "GroupId": "AGPAEXAMPLE0000000001",
                "Arn": arn("group/staff"),
                "GroupPolicyList": [
                    {
                        "PolicyName": "join",
                        "PolicyDocument": document(
                            {"Effect": "Allow", "Action": "iam:AddUserToGroup", "Resource": "*"},
                            {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::acme-data/*"},
                        ),
                    }
                ],
                "AttachedManagedPolicies": attached(arn("policy/base")),
            }
        ],
        "RoleDetailList": [
            {
                "Path": "/",
                "RoleName": "app",
                "RoleId": "AROAEXAMPLE0000000001",
                "Arn": arn("role/app"),
                "CreateDate": "2026-01-10T08:00:00+00:00",
                "AssumeRolePolicyDocument": document(assume, federated),
                "InstanceProfileList": [
                    {"Arn": arn("instance-profile/app"), "InstanceProfileName": "app", "Path": "/"}
                ],
                "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(run)}],
                "AttachedManagedPolicies": attached(admin),
                "RoleLastUsed": {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"},
                "Tags": [{"Key": "team", "Value": "data"}],
            }
        ],
        "Policies": [
            {
                "PolicyName": name,
                "PolicyId": f"ANPAEXAMPLE{name.upper():0>10}",
                "Arn": arn(f"policy/{name}"),
                "Path": "/",
                "DefaultVersionId": "v1",
                "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document(run)}],
            }
            for name in ("base", "limit")
        ],
    }
    bucket = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": arn("root")},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::acme-data/*",
        }
    )
    function = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
        }
    )
    base = f"accounts/{ACCOUNT}"
    organization = "organization"
    policy = {"Id": "p-limit001", "Name": "limit", "Type": "SERVICE_CONTROL_POLICY", "Arn": "", "AwsManaged": False}
    return {
        DETAILS: details,
        f"{base}/s3api/list-buckets.json": {"Buckets": [{"Name": "acme-data"}]},
        f"{base}/s3api/get-bucket-policy/acme-data.json": {"Policy": json.dumps(bucket)},
        f"{base}/eu-west-1/lambda/list-functions.json": {
            "Functions": [
                {
                    "FunctionName": "f",
                    "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
                    "Role": arn("role/app"),
                }
            ]
        },
        f"{base}/eu-west-1/lambda/get-policy/f.json": {"Policy": json.dumps(function)},
        f"{organization}/describe-organization.json": {
            "Organization": {"Id": "o-example", "MasterAccountId": "444455556666", "FeatureSet": "ALL"}
        },
        f"{organization}/list-roots.json": {
            "Roots": [
                {
                    "Id": "r-root",
                    "Name": "Root",
                    "Arn": "arn:aws:organizations::444455556666:root/o-example/r-root",
                    "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
                }
            ]
        },
        f"{organization}/list-organizational-units-for-parent/r-root.json": {
            "OrganizationalUnits": [{"Id": "ou-root-a", "Name": "a", "Arn": ""}]
        },
        f"{organization}/list-organizational-units-for-parent/ou-root-a.json": {
            "OrganizationalUnits": [{"Id": "ou-root-b", "Name": "b", "Arn": ""}]
        },
        f"{organization}/list-organizational-units-for-parent/ou-root-b.json": {"OrganizationalUnits": []},
        f"{organization}/list-accounts-for-parent/ou-root-b.json": {
            "Accounts": [{"Id": ACCOUNT, "Name": "prod", "Arn": "", "Status": "ACTIVE"}]
        },
        f"{organization}/list-policies/SERVICE_CONTROL_POLICY.json": {"Policies": [policy]},
        f"{organization}/list-targets-for-policy/p-limit001.json": {
            "Targets": [
                {"TargetId": "r-root", "Name": "Root", "Type": "ROOT"},
                {"TargetId": "ou-root-a", "Name": "a", "Type": "ORGANIZATIONAL_UNIT"},
                {"TargetId": "ou-root-b", "Name": "b", "Type": "ORGANIZATIONAL_UNIT"},
                {"TargetId": ACCOUNT, "Name": "prod", "Type": "ACCOUNT"},
            ]
        },
        f"{organization}/describe-policy/p-limit001.json": {
            "Policy": {
                "PolicySummary": policy,
                "Content": json.dumps(document({"Effect": "Allow", "Action": "*", "Resource": "*"})),
            }
        },
    }


def mutated(chance: random.Random, times: int) -> Files:
    """Return the whole bundle with some of its values changed, dropped, moved or put in twice."""
    files = whole()
    for _ in range(times):
        name = chance.choice((DETAILS, chance.choice(list(files))))
        value, wrap = _opened(files[name])
        _mutate(chance, value, files)
        files[name] = wrap(value)
    return files


def with_principal(principal: Any, action: str) -> Files:
    """Return the whole bundle in which every resource-based policy has one more statement, for this principal."""
    files = whole()
    more = {"Effect": "Allow", "Principal": principal, "Action": action}
    files[DETAILS]["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"].append(more)
    for name, resource, does in (
        (f"accounts/{ACCOUNT}/s3api/get-bucket-policy/acme-data.json", "arn:aws:s3:::acme-data/*", "s3:GetObject"),
        (
            f"accounts/{ACCOUNT}/eu-west-1/lambda/get-policy/f.json",
            f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
            "lambda:InvokeFunction",
        ),
    ):
        document = json.loads(files[name]["Policy"])
        document["Statement"].append({**more, "Action": does, "Resource": resource})
        files[name] = {"Policy": json.dumps(document)}
    return files


def written(files: Files, folder: Path) -> Path:
    """Write a bundle."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return folder


def _opened(value: Any) -> tuple[Any, Any]:
    """Return what is mutated of a file (a policy that AWS prints as text is opened), and how it is put back."""
    if isinstance(value, dict) and isinstance(value.get("Policy"), str):
        with suppress(ValueError):  # an earlier change may have put another text there
            return json.loads(value["Policy"]), lambda changed: {"Policy": json.dumps(changed)}
    return value, lambda changed: changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every member of every list and object, as (container, key)."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _mutate(chance: random.Random, value: Any, files: Files) -> None:
    places = list(_places(value))
    if not places:
        return
    container, key = chance.choice(places)
    here = container[key]
    match chance.randrange(6):
        case 0 if isinstance(container, list):
            container.append(copy.deepcopy(here))
        case 1 if isinstance(container, list):
            again = copy.deepcopy(here)
            container.append(again)
            inside = [(one, at) for one, at in _places(again) if isinstance(one[at], str)]
            if inside:
                one, at = chance.choice(inside)
                one[at] = f"{one[at]}2"
        case 2:
            del container[key]
        case 3:
            other, at = chance.choice(list(_places(files[chance.choice(list(files))])) or [(container, key)])
            container[key] = copy.deepcopy(other[at])
        case 4:
            container[key] = copy.deepcopy(chance.choice(_ODD_VALUES))
        case _:
            ends = ("", "/", "\n", ":", "*")
            is_longer = isinstance(here, str) and chance.random() < 0.4
            container[key] = here + chance.choice(ends) if is_longer else chance.choice(ODD_TEXTS)
