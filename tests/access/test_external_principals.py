"""External callers have rows in who-can, each the engine's answer, and nobody whom the engine lets in lacks one."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.access.resource_access import access_to_resource, fitting_actions
from iamdesk.access.who_can import Access, PrincipalKind, Signing
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.export.access.who_can import who_words
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import AccountSettings, AclGrant, KeyGrant, ObjectOwnership, PublicAccessBlock, Resource

from ..rules import rule
from ..some_of import some_of
from .worlds import CONTEXTS, FULL, NOON, A, snapshots

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
OTHER, MEMBER = "999988887777", "555544443333"
BUCKET = "arn:aws:s3:::pub"
FUNCTION = f"arn:aws:lambda:eu-west-1:{A}:function:hello"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:jobs"


def policy(principal: Any, action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def evaluator_of(*resources: Resource, roles: Sequence[RoleDetail] = (), **more: Any) -> Evaluator:
    account = Account(account_id=A, roles=tuple(roles))
    snapshot = Snapshot(
        path=Path("/captures/external.json"),
        files=(),
        sha256="0" * 64,
        accounts=(account,),
        resources=resources,
        latest=NOON,
        **more,
    )
    return Evaluator(snapshot, now=lambda: NOON)


def bucket(document: Any, **more: Any) -> Resource:
    settled = {"acl": (), "public_access_block": PublicAccessBlock(), **more}
    return Resource(arn=BUCKET, account_id=A, policy=document, **settled)


def role(trust: dict[str, Any]) -> RoleDetail:
    trust["Statement"][0].pop("Resource", None)
    arn = f"arn:aws:iam::{A}:role/r"
    return RoleDetail.model_validate(
        {"Arn": arn, "Path": "/", "RoleName": "r", "RoleId": "AROAR", "AssumeRolePolicyDocument": trust}
    )


def external(evaluator: Evaluator, action: str, resource: str, **more: Any) -> list[Access]:
    return [row for row in evaluator.who_can(action=action, resource=resource, **more) if row.is_external]


def told(evaluator: Evaluator, action: str, resource: str, **more: Any) -> list[tuple[str, str, str]]:
    rows = external(evaluator, action, resource, **more)
    for row in rows:
        assert row.explanation.decision is row.decision
        assert row.request.principal == row.explanation.request.principal
    return [(row.principal, row.kind.value, row.decision.value) for row in rows]


def test_a_public_function_is_open_to_anyone_who_signs() -> None:
    evaluator = evaluator_of(
        Resource(arn=FUNCTION, account_id=A, policy=policy("*", "lambda:InvokeFunction", FUNCTION))
    )
    rows = external(evaluator, "lambda:InvokeFunction", FUNCTION)
    # Unsigned by a function URL alone (Lambda Developer Guide, "Control access to Lambda function URLs").
    assert [(row.principal, row.who.signing, row.decision.value) for row in rows] == [
        ("*", Signing.UNSIGNED, "conditional"),
        ("*", Signing.SIGNED, "allowed"),
    ]
    assert rows[1].how[0].name.endswith("statement 1")
    assert told(evaluator, "lambda:DeleteFunction", FUNCTION) == []


def test_a_public_bucket_is_open_to_anyone_until_it_is_blocked() -> None:
    document = policy("*", "s3:GetObject", f"{BUCKET}/*")
    settings_ = (AccountSettings(account_id=A, public_access_block=PublicAccessBlock()),)
    evaluator = evaluator_of(bucket(document), account_settings=settings_)
    (row,) = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert (row.principal, row.who.signing, row.request.principal) == ("*", Signing.EITHER, "anonymous")
    block = PublicAccessBlock(restrict_public_buckets=True)
    blocked = evaluator_of(bucket(document, public_access_block=block), account_settings=settings_)
    # Services are let in all the same: Amazon S3 User Guide, "Blocking public access", RestrictPublicBuckets.
    assert told(blocked, "s3:GetObject", f"{BUCKET}/k") == [("*.amazonaws.com", "service", "allowed")]


_ROLE_ID, _USER_ID = "AROAXXXXXXXXXXXXXXXX1", "AIDAXXXXXXXXXXXXXXXX2"


@rule("E12")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"StringLike": {"aws:userid": f"{_ROLE_ID}:*"}}, [(_ROLE_ID, "role", "allowed")]),
        ({"StringEquals": {"aws:userid": _USER_ID}}, [(_USER_ID, "user", "allowed")]),
        (
            {"StringLike": {"aws:userid": [f"{_ROLE_ID}:*", f"{_ROLE_ID}:ci", _USER_ID]}},
            [(_USER_ID, "user", "allowed"), (_ROLE_ID, "role", "allowed")],
        ),
        (
            {"StringLike": {"aws:userid": f"{_ROLE_ID}:admin*"}},
            [(f"{_ROLE_ID}:admin*", "role-session", "allowed")],
        ),
        (
            {"StringLike": {"aws:userid": f"{_ROLE_ID}:*"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            [(_ROLE_ID, "role", "conditional")],
        ),
        # Whoever has a role can name its session so, if the ID of the role begins so.
        (
            {"StringLike": {"aws:userid": ["AROAXX*:ci", f"{_ROLE_ID}:*"]}},
            [("*", "anyone", "conditional"), (_ROLE_ID, "role", "allowed")],
        ),
        ({"StringLike": {"aws:userid": "AROAROWN00000000000R1:*"}}, []),  # of a role of the snapshot: its own row
        ({"StringEquals": {"aws:userid": _ROLE_ID}}, []),  # a role's sessions have a name behind the ID
        ({"StringEquals": {"aws:userid": OTHER}}, [(f"arn:aws:iam::{OTHER}:root", "root-user", "allowed")]),
    ],
)
def test_who_is_named_by_a_unique_id_is_not_anyone(
    statement: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    own = role(policy({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")).model_copy(
        update={"role_id": "AROAROWN00000000000R1"}
    )
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=statement)
    evaluator = evaluator_of(bucket(document), roles=[own])
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == expected
    # The same with a Deny of everyone else.
    but = {
        operator.replace("String", "StringNot"): test for operator, test in statement.items() if "Ip" not in operator
    }
    document = policy("*", "s3:GetObject", f"{BUCKET}/*")
    document["Statement"] += policy("*", "s3:*", f"{BUCKET}/*", Condition=but)["Statement"]
    document["Statement"][1]["Effect"] = "Deny"
    if "IpAddress" not in statement:
        assert told(evaluator_of(bucket(document), roles=[own]), "s3:GetObject", f"{BUCKET}/k") == expected


@rule("E12")
def test_a_unique_id_within_a_named_account_is_one_principal_of_it() -> None:
    only = {"StringLike": {"aws:userid": f"{_ROLE_ID}:*"}}
    evaluator = evaluator_of(bucket(policy({"AWS": OTHER}, "s3:GetObject", f"{BUCKET}/*", Condition=only)))
    (row,) = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert (row.principal, row.decision.value) == (_ROLE_ID, "allowed")
    assert row.request.principal.split(":")[4] == OTHER
    assert who_words(row.who) == "role known by its unique ID alone"


def test_a_condition_of_the_request_is_told_with_the_row() -> None:
    office = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=office)))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [("*", "anyone", "conditional")]
    (row,) = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert row.explanation.missing_context_values == ("aws:SourceIp",)
    context = {"aws:SourceIp": "192.0.2.7"}
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k", context=context) == [("*", "anyone", "allowed")]
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k", unknown_context=MissingContextMode.ABSENT) == []


def test_an_account_a_role_of_it_and_a_session_are_rows() -> None:
    named = [
        f"arn:aws:iam::{OTHER}:root",
        "888877776666",
        "arn:aws:iam::777766665555:role/app/reader",
        "arn:aws:sts::777766665555:assumed-role/reader/nightly",
        "arn:aws:iam::777766665555:user/ana",
        "AIDAGONE",
    ]
    evaluator = evaluator_of(bucket(policy({"AWS": named}, "s3:GetObject", f"{BUCKET}/*")))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [
        ("arn:aws:iam::888877776666:root", "account", "allowed"),
        (f"arn:aws:iam::{OTHER}:root", "account", "allowed"),
        ("arn:aws:iam::777766665555:user/ana", "user", "allowed"),
        ("arn:aws:iam::777766665555:role/app/reader", "role", "allowed"),
        ("arn:aws:sts::777766665555:assumed-role/reader/nightly", "role-session", "allowed"),
    ]
    (row, *_) = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert any("888877776666 is not captured" in one.message for one in row.explanation.assumptions)


def test_who_is_narrowed_down_or_left_over_by_conditions_is_a_row() -> None:
    only = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/app-*"}}
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=only)))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [(f"arn:aws:iam::{OTHER}:role/app-*", "role", "allowed")]
    document = policy({"AWS": OTHER}, "s3:GetObject", f"{BUCKET}/*")
    but = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:user/ana"}}
    document["Statement"].append(
        {**policy("*", "s3:*", f"{BUCKET}/*", Condition=but)["Statement"][0], "Effect": "Deny"}
    )
    assert told(evaluator_of(bucket(document)), "s3:GetObject", f"{BUCKET}/k") == [
        (f"arn:aws:iam::{OTHER}:user/ana", "user", "allowed")
    ]
    of_any = {"StringLike": {"aws:PrincipalArn": "*:role/reader"}}
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=of_any)))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [("*:role/reader", "role", "allowed")]


def test_conditions_that_have_to_hold_together_describe_who_meets_both() -> None:
    both = {
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/app-*"},
        "StringLike": {"aws:PrincipalArn": "*-prod"},
    }
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=both)))
    rows = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert [row.principal for row in rows] == [f"arn:aws:iam::{OTHER}:role/app-*"]
    assert rows[0].request.principal.endswith("-prod")
    named = {
        "StringLike": {"aws:username": "app-*"},
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*-prod"},
    }
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=named)))
    assert [row.decision.value for row in external(evaluator, "s3:GetObject", f"{BUCKET}/k")] == ["allowed"]
    service = {"StringLike": {"aws:PrincipalServiceName": ["sns*", "sqs.amazonaws.com"]}}
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=service)))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [
        ("sns*", "service", "allowed"),
        ("sqs.amazonaws.com", "service", "allowed"),
    ]


def test_an_account_that_a_pattern_describes_is_not_one_of_the_snapshot() -> None:
    ones = {"StringLike": {"aws:PrincipalAccount": ["9*", "1111*"]}}
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=ones)
    snapshot = evaluator_of(bucket(document)).snapshot
    nines = Account(account_id="999999999999")
    evaluator = Evaluator(snapshot.model_copy(update={"accounts": (*snapshot.accounts, nines)}), now=lambda: NOON)
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [
        ("arn:aws:iam::1111*:root", "account", "allowed"),
        ("arn:aws:iam::9*:root", "account", "allowed"),
    ]


def test_a_key_that_trusts_its_own_account_alone_is_open_to_nobody_else() -> None:
    root = policy({"AWS": f"arn:aws:iam::{A}:root"}, "kms:*")
    evaluator = evaluator_of(Resource(arn=KEY, account_id=A, policy=root, key_grants=()))
    assert told(evaluator, "kms:Decrypt", KEY) == []
    (row,) = evaluator.who_can(action="kms:Decrypt", resource=KEY)
    assert (row.principal, row.kind) == (f"arn:aws:iam::{A}:root", PrincipalKind.ROOT_USER)
    grant = KeyGrant(grant_id="g", grantee_principal=f"arn:aws:iam::{OTHER}:role/x", operations=("Decrypt",))
    granted = evaluator_of(Resource(arn=KEY, account_id=A, policy=root, key_grants=(grant,)))
    assert told(granted, "kms:Decrypt", KEY) == [(f"arn:aws:iam::{OTHER}:role/x", "role", "allowed")]


def test_a_queue_is_open_to_a_service_that_acts_for_one_topic() -> None:
    topic = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{A}:orders"}}
    document = policy({"Service": "sns.amazonaws.com"}, "sqs:SendMessage", QUEUE, Condition=topic)
    evaluator = evaluator_of(Resource(arn=QUEUE, account_id=A, policy=document))
    assert told(evaluator, "sqs:SendMessage", QUEUE) == [("sns.amazonaws.com", "service", "conditional")]
    (row,) = external(evaluator, "sqs:SendMessage", QUEUE)
    assert row.explanation.missing_context_values == ("aws:SourceArn",)


@rule("C5", "D1")
@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        (f"arn:aws:sts::{OTHER}:federated-user/ann", None),
        (OTHER, {"StringEquals": {"aws:PrincipalType": "FederatedUser"}}),
        ("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{OTHER}:federated-user/ann"}}),
    ],
)
def test_a_bucket_is_open_to_a_federated_user_of_another_account(principal: str, condition: Any) -> None:
    more = {"Condition": condition} if condition else {}
    evaluator = evaluator_of(bucket(policy({"AWS": principal}, "s3:GetObject", f"{BUCKET}/*", **more)))
    ((name, kind, decision),) = told(evaluator, "s3:GetObject", f"{BUCKET}/k")
    by_account = principal == OTHER
    assert name == (f"arn:aws:iam::{OTHER}:root" if by_account else f"arn:aws:sts::{OTHER}:federated-user/ann")
    assert (kind, decision) == ("account" if by_account else "federated-user", "allowed")


@rule("C5", "E4")
def test_a_user_that_is_named_has_federated_sessions() -> None:
    user = f"arn:aws:iam::{OTHER}:user/team/ann"
    federated = {"StringEquals": {"aws:PrincipalType": "FederatedUser"}}
    for condition, name, kind in (
        (None, user, "user"),
        (federated, f"arn:aws:sts::{OTHER}:federated-user/ann", "federated-user"),
    ):
        more = {"Condition": condition} if condition else {}
        evaluator = evaluator_of(bucket(policy({"AWS": user}, "s3:GetObject", f"{BUCKET}/*", **more)))
        assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [(name, kind, "allowed")]


@rule("J2")
def test_a_role_is_open_to_the_service_that_takes_tags_from_certificates() -> None:
    """Every service may assume it by the tag, and IAM Roles Anywhere alone can have it."""
    tag = {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}
    evaluator = evaluator_of(roles=[role(policy("*", "sts:AssumeRole", Condition=tag))])
    rows = told(evaluator, "sts:AssumeRole", f"arn:aws:iam::{A}:role/r")
    assert rows == [("rolesanywhere.amazonaws.com", "service", "conditional")]


@pytest.mark.parametrize(
    ("provider", "action", "key"),
    [
        (
            f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com",
            "sts:AssumeRoleWithWebIdentity",
            "token.actions.githubusercontent.com:sub",
        ),
        (f"arn:aws:iam::{A}:saml-provider/Corp", "sts:AssumeRoleWithSAML", "SAML:aud"),
        ("accounts.google.com", "sts:AssumeRoleWithWebIdentity", "accounts.google.com:aud"),
    ],
)
def test_a_role_is_open_to_an_identity_provider(provider: str, action: str, key: str) -> None:
    trust = policy({"Federated": provider}, action, Condition={"StringEquals": {key: "x"}})
    evaluator = evaluator_of(roles=[role(trust)])
    assert told(evaluator, action, f"arn:aws:iam::{A}:role/r") == [(provider, "identity-provider", "conditional")]


def test_a_wider_pattern_of_callers_is_not_hidden_by_a_narrower_one() -> None:
    """IAM User Guide, "Global condition keys", aws:PrincipalArn: each of several values may match."""
    patterns = [f"arn:aws:iam::{OTHER}:role/app-*", f"arn:aws:iam::{OTHER}:role/*"]
    queue = f"arn:aws:sqs:eu-west-1:{A}:q"
    for only in (patterns, patterns[::-1]):
        condition = {"ArnLike": {"aws:PrincipalArn": only}}
        policy_of = policy("*", "sqs:SendMessage", queue, Condition=condition)
        evaluator = evaluator_of(Resource(arn=queue, account_id=A, policy=policy_of))
        assert told(evaluator, "sqs:SendMessage", queue) == [(patterns[1], "role", "allowed")]
    # Where the wider one has a condition, both have a row.
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue, "Condition": condition}
        for condition in (
            {"ArnLike": {"aws:PrincipalArn": patterns[0]}},
            {"ArnLike": {"aws:PrincipalArn": patterns[1]}, "Bool": {"aws:MultiFactorAuthPresent": "true"}},
        )
    ]
    evaluator = evaluator_of(
        Resource(arn=queue, account_id=A, policy={"Version": "2012-10-17", "Statement": statements})
    )
    assert set(told(evaluator, "sqs:SendMessage", queue)) == {
        (patterns[0], "role", "allowed"),
        (patterns[1], "role", "conditional"),
    }


def test_resource_shares_and_access_control_lists_let_accounts_in() -> None:
    subnet = f"arn:aws:ec2:eu-west-1:{A}:subnet/subnet-1"
    share = f"arn:aws:ram:eu-west-1:{A}:resource-share/s"
    associations = [
        {"resourceShareArn": share, "associatedEntity": one, "associationType": kind, "status": "ASSOCIATED"}
        for kind, one in (("PRINCIPAL", OTHER), ("RESOURCE", subnet))
    ]
    held = ResourceShares(account_id=A, region="eu-west-1", associations=associations)
    evaluator = evaluator_of(resource_shares=(held,))
    assert told(evaluator, "ec2:RunInstances", subnet) == [(f"arn:aws:iam::{OTHER}:root", "account", "allowed")]
    listed = bucket(
        None, acl=(AclGrant(permission="READ", account_id=OTHER),), object_ownership=ObjectOwnership.OBJECT_WRITER
    )
    assert told(evaluator_of(listed), "s3:ListBucket", BUCKET) == [(f"arn:aws:iam::{OTHER}:root", "account", "allowed")]


def test_accounts_of_the_organization_are_rows_where_it_is_let_in() -> None:
    ours = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id=A, name="a", parent_id="r-1", policy_ids=("p-full",)),
        OrganizationNode(id=MEMBER, name="m", parent_id="r-1", policy_ids=("p-full", "p-only")),
    )
    scp = OrganizationPolicyType.SERVICE_CONTROL_POLICY
    not_admin = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}
    denies = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": not_admin}
    policies = (
        OrganizationPolicy(id="p-full", name="full", type=scp, content=FULL),
        OrganizationPolicy(id="p-only", name="o", type=scp, content={"Version": "2012-10-17", "Statement": [denies]}),
    )
    organization = Organization(
        id="o-1", management_account_id=A, nodes=nodes, policies=policies, lists_every_account=True
    )
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=ours)
    evaluator = evaluator_of(bucket(document), organization=organization)
    rows = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    # The account's own guardrail leaves one role.
    assert [(row.principal, row.who.in_organization) for row in rows] == [(f"arn:aws:iam::{MEMBER}:role/admin", True)]
    free = organization.model_copy(
        update={"nodes": (*nodes[:2], nodes[2].model_copy(update={"policy_ids": ("p-full",)}))}
    )
    rows = external(evaluator_of(bucket(document), organization=free), "s3:GetObject", f"{BUCKET}/k")
    assert [(row.principal, row.kind, row.who.in_organization) for row in rows] == [
        (f"arn:aws:iam::{MEMBER}:root", PrincipalKind.ACCOUNT, True)
    ]
    assert [row.decision.value for row in external(evaluator_of(bucket(document)), "s3:GetObject", f"{BUCKET}/k")] == [
        "conditional"
    ]


def test_accounts_of_an_organization_that_nothing_tells_apart_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    units = ["ou-1", "ou-2"]
    members = [f"5{number:011}" for number in range(200)]
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id="ou-1", name="one", parent_id="r-1", policy_ids=("p-full",)),
        OrganizationNode(id="ou-2", name="two", parent_id="r-1", policy_ids=("p-full", "p-not")),
        OrganizationNode(id=A, name="a", parent_id="ou-1", policy_ids=("p-full",)),
        *(
            OrganizationNode(id=one, name=one, parent_id=units[place % 2], policy_ids=("p-full",))
            for place, one in enumerate(members)
        ),
    )
    denies = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": members[5]}},
    }
    scp = OrganizationPolicyType.SERVICE_CONTROL_POLICY
    policies = (
        OrganizationPolicy(id="p-full", name="full", type=scp, content=FULL),
        OrganizationPolicy(id="p-not", name="n", type=scp, content={"Version": "2012-10-17", "Statement": [denies]}),
    )
    organization = Organization(
        id="o-1", management_account_id=A, nodes=nodes, policies=policies, lists_every_account=True
    )
    ours = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    evaluator = evaluator_of(
        bucket(policy("*", "s3:GetObject", f"{BUCKET}/*", Condition=ours)), organization=organization
    )
    asked: list[str] = []
    real = evaluator.trace

    def trace(request: Request) -> Any:
        asked.append(request.principal)
        return real(request)

    monkeypatch.setattr(evaluator, "trace", trace)
    rows = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert len(asked) < 30
    let_in = {f"arn:aws:iam::{one}:root" for place, one in enumerate(members) if place % 2 == 0 or place == 5}
    assert {row.principal for row in rows} == let_in
    for row in rows:
        assert row.request.principal.split(":")[4] == row.principal.split(":")[4]
        assert real(row.request).decision is row.decision


def test_a_resource_control_policy_takes_external_access_away() -> None:
    rcp = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
    outside = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    denies = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": outside}
    organization = Organization(
        id="o-1",
        management_account_id=MEMBER,
        nodes=(
            OrganizationNode(id="r-1", name="root", policy_ids=("p-r",)),
            OrganizationNode(id=A, name="a", parent_id="r-1", policy_ids=()),
        ),
        policies=(
            OrganizationPolicy(id="p-r", name="r", type=rcp, content={"Version": "2012-10-17", "Statement": [denies]}),
        ),
        has_rcps=True,
        lists_every_account=True,
    )
    evaluator = evaluator_of(bucket(policy("*", "s3:GetObject", f"{BUCKET}/*")), organization=organization)
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [
        (f"arn:aws:iam::{MEMBER}:root", "account", "allowed"),
        ("*.amazonaws.com", "service", "allowed"),
    ]


@rule("C5", "E4")
@pytest.mark.parametrize(
    "statement",
    [
        policy({"AWS": f"arn:aws:sts::{A}:federated-user/guest"}, "s3:GetObject", f"{BUCKET}/*"),
        policy("*", "s3:GetObject", f"{BUCKET}/*", Condition={"StringEquals": {"aws:userid": f"{A}:guest"}}),
    ],
)
def test_a_federated_user_needs_no_user_of_its_name(statement: dict[str, Any]) -> None:
    """The name is the choice of who calls GetFederationToken (STS API Reference, GetFederationToken)."""
    evaluator = evaluator_of(bucket(statement))
    rows = {row.principal: row for row in evaluator.who_can(action="s3:GetObject", resource=f"{BUCKET}/k")}
    guest = rows.pop(f"arn:aws:sts::{A}:federated-user/guest")
    assert (guest.decision, guest.is_external, guest.kind) == ("allowed", False, PrincipalKind.FEDERATED_USER)
    [unknown] = [one for one in guest.explanation.assumptions if one.code == "federated-user-missing"]
    assert unknown.other_decision == "explicitDeny"
    assert list(rows) == [f"arn:aws:iam::{A}:root"]


def test_a_name_that_no_federated_user_can_have_is_refused() -> None:
    with pytest.raises(RequestError, match="no user"):
        evaluator_of().can(Request(f"arn:aws:sts::{A}:federated-user/a*", "s3:GetObject", f"{BUCKET}/k"))


@rule("E12")
@pytest.mark.parametrize("value", ["AROAR:*", "AROAR:s", "AIDABOB", f"{A}", f"{A}:*", f"{A}:bob"])
def test_no_external_caller_has_the_unique_id_of_a_principal_of_the_account(value: str) -> None:
    """IAM User Guide, "IAM identifiers": each entity is assigned a unique id."""
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition={"StringLike": {"aws:userid": value}})
    evaluator = evaluator_of(bucket(document), roles=[role(policy({"AWS": A}, "sts:AssumeRole"))])
    user = UserDetail.model_validate({"Arn": f"arn:aws:iam::{A}:user/bob", "UserName": "bob", "UserId": "AIDABOB"})
    accounts = tuple(one.model_copy(update={"users": (user,)}) for one in evaluator.snapshot.accounts)
    evaluator = Evaluator(evaluator.snapshot.model_copy(update={"accounts": accounts}), now=lambda: NOON)
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == []


@pytest.mark.parametrize("value", ["AROASOMEONEELSE:*", "*:bob", "AIDA???????????????A"])
def test_a_unique_id_of_nobody_in_the_account_may_be_an_external_callers(value: str) -> None:
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition={"StringLike": {"aws:userid": value}})
    evaluator = evaluator_of(bucket(document), roles=[role(policy({"AWS": A}, "sts:AssumeRole"))])
    assert ("*", "anyone", "conditional") in told(evaluator, "s3:GetObject", f"{BUCKET}/k")


@pytest.mark.parametrize("value", ["AIDA*", "AROA*", "A*", "AROA*:*"])
def test_unique_ids_that_all_users_or_roles_have_are_anyones(value: str) -> None:
    """IAM User Guide, "IAM identifiers": prefixes of unique IDs."""
    document = policy("*", "s3:GetObject", f"{BUCKET}/*", Condition={"StringLike": {"aws:userid": value}})
    assert ("*", "anyone", "allowed") in told(evaluator_of(bucket(document)), "s3:GetObject", f"{BUCKET}/k")


def test_a_federated_user_of_the_snapshot_is_a_row_and_not_external() -> None:
    bob = f"arn:aws:sts::{A}:federated-user/bob"
    document = policy({"AWS": [bob, f"arn:aws:iam::{A}:user/gone"]}, "s3:GetObject", f"{BUCKET}/*")
    snapshot = evaluator_of(bucket(document)).snapshot
    user = UserDetail.model_validate({"Arn": f"arn:aws:iam::{A}:user/bob", "UserName": "bob"})
    accounts = (Account(account_id=A, users=(user,)),)
    evaluator = Evaluator(snapshot.model_copy(update={"accounts": accounts}), now=lambda: NOON)
    rows = list(evaluator.who_can(action="s3:GetObject", resource=f"{BUCKET}/k"))
    assert [(row.principal, row.kind.value, row.is_external) for row in rows] == [
        (bob, "federated-user", False),
        (f"arn:aws:iam::{A}:root", "root-user", False),
    ]
    assert [one.who.principal for one in access_to_resource(evaluator, f"{BUCKET}/k")] == [
        bob,
        f"arn:aws:iam::{A}:root",
    ]


def test_nobody_is_external_where_everyone_asks_about_its_own_account() -> None:
    evaluator = evaluator_of(bucket(policy("*", "s3:*")))
    assert told(evaluator, "s3:ListAllMyBuckets", "*") == []
    assert told(evaluator, "s3:GetObject", "arn:aws:s3:::unheard-of/k") == []


def test_a_bucket_whose_owner_nobody_knows_is_asked_about_as_somebody_elses() -> None:
    evaluator = evaluator_of(Resource(arn=BUCKET, policy=policy({"AWS": OTHER}, "s3:GetObject", f"{BUCKET}/*"), acl=()))
    assert told(evaluator, "s3:GetObject", f"{BUCKET}/k") == [(f"arn:aws:iam::{OTHER}:root", "account", "allowed")]
    (row,) = external(evaluator, "s3:GetObject", f"{BUCKET}/k")
    assert row.request.resource_account == A


# ── every action that fits ───────────────────────────────────────────────────────────────────────────────────────────


def test_without_an_action_every_action_that_fits_the_resource_is_listed() -> None:
    document = policy("*", ["lambda:InvokeFunction", "lambda:GetFunction"], FUNCTION)
    evaluator = evaluator_of(Resource(arn=FUNCTION, account_id=A, policy=document))
    rows = list(evaluator.who_can(resource=FUNCTION))
    anyone = [row for row in rows if row.who.signing is Signing.SIGNED]
    assert [row.request.action for row in anyone] == ["lambda:GetFunction", "lambda:InvokeFunction"]
    root = {row.request.action for row in rows if row.kind is PrincipalKind.ROOT_USER}
    assert root == {one.action for one in fitting_actions(FUNCTION)}
    assert "lambda:CreateFunction" in root
    assert "lambda:ListFunctions" not in root
    (unsigned, signed, of_root) = access_to_resource(evaluator, FUNCTION)
    assert [one.action for one in unsigned.conditional] == ["lambda:InvokeFunction"]
    assert [one.action for one in signed.allowed] == ["lambda:GetFunction", "lambda:InvokeFunction"]
    assert of_root.who.principal == f"arn:aws:iam::{A}:root"
    assert of_root.conditional == ()


def test_a_log_group_is_asked_about_by_both_of_its_names() -> None:
    group = f"arn:aws:logs:eu-west-1:{A}:log-group:/app"
    asked = {(one.action, one.resource) for one in fitting_actions(group)}
    assert ("logs:TagResource", group) in asked
    assert ("logs:DescribeLogStreams", f"{group}:*") in asked


def test_the_action_or_the_resource_has_to_be_named() -> None:
    evaluator = evaluator_of()
    empty = ("*", "a resource is required")
    for resource, words in (empty, ("nonsense", "ARN"), ("arn:aws:nonsense:::x", "no action applies to")):
        with pytest.raises(RequestError, match=words):
            list(evaluator.who_can(resource=resource))


def test_rows_of_the_sample_organization_are_single_answers() -> None:
    evaluator = Evaluator(load_snapshot(SAMPLES / "acme-organization"))
    seen = 0
    for resource in evaluator.snapshot.resources:
        for arn in (resource.arn, f"{resource.arn}/*") if ":s3:::" in resource.arn else (resource.arn,):
            for row in evaluator.who_can(resource=arn):
                assert evaluator.trace(row.request).decision is row.decision
                seen += 1
    assert seen > 500


# ── nobody is missing ────────────────────────────────────────────────────────────────────────────────────────────────

UNHEARD_OF = "123123123123"
TRIED = [
    "anonymous",
    f"arn:aws:iam::{UNHEARD_OF}:role/whoever",
    f"arn:aws:iam::{UNHEARD_OF}:user/u1",
    f"arn:aws:iam::{UNHEARD_OF}:root",
    f"arn:aws:sts::{UNHEARD_OF}:federated-user/whoever",
    *(f"arn:aws:iam::222222222222:{name}" for name in ("role/r1", "role/whoever", "user/u2", "user/red", "root")),
    "arn:aws:sts::222222222222:assumed-role/r1/s1",
    "arn:aws:iam::999999999999:role/whoever",
    "ec2.amazonaws.com",
    "unheard-of.amazonaws.com",
]
QUESTIONS = [
    ("s3:GetObject", "arn:aws:s3:::b/u1/x"),
    ("s3:GetObject", "arn:aws:s3:::b/red/x"),
    ("s3:ListBucket", "arn:aws:s3:::b"),
    ("s3:GetObject", f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap/object/red/x"),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/r1"),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/app/r2"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/k"),
    ("execute-api:Invoke", f"arn:aws:execute-api:eu-west-1:{A}:a1b2c3d4e5/prod/GET/x"),
    ("ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{A}:instance/i"),
]


def speaking_of(rows: Sequence[Access], caller: str) -> Iterator[Access]:
    """Yield the rows that a reader would take to be about a caller."""
    account = caller.split(":")[4] if caller.startswith("arn:") else ""
    for row in rows:
        who = row.who
        if who.kind is PrincipalKind.ANYONE:
            unsigned = caller == "anonymous"
            if not account and not unsigned:
                yield row  # a service: whoever lets everybody in lets it in
            elif who.signing is not (Signing.SIGNED if unsigned else Signing.UNSIGNED):
                yield row
        elif who.kind is PrincipalKind.ACCOUNT:
            if account and fnmatchcase(account, who.principal.split(":")[4]):
                yield row
        elif any(fnmatchcase(text, who.principal) for text in ways_to_write(caller)):
            yield row


def ways_to_write(caller: str) -> Iterator[str]:
    """Yield a caller's ARN, without the path of a user's name, and of a session that of its role or user (E3, E4)."""
    yield caller
    head, _, name = caller.rpartition("/")
    if ":user/" in caller:
        yield f"{head.partition('/')[0]}/{name}"
    if ":assumed-role/" in caller:
        yield head.replace(":sts:", ":iam:").replace("assumed-role", "role")
    if ":federated-user/" in caller:
        user = head.replace(":sts:", ":iam:").replace("federated-user", "user")
        yield from (f"{user}/{name}", f"{user}/team/{name}")


def check_rows(evaluator: Evaluator, asked: dict[str, Any], tried: Sequence[str]) -> None:
    """Check that each external row is a single answer, and that whoever is let in has one."""
    rows = external(evaluator, **asked)
    for row in rows:
        assert evaluator.trace(row.request).decision is row.decision
    for caller in tried:
        try:
            trace = evaluator.trace(Request(caller, **asked))
        except RequestError:
            continue
        account = trace.request.caller.account
        if account in evaluator.index.accounts or (account and trace.request.resource_account == account):
            continue
        if trace.decision.value in ("allowed", "conditional"):
            about = [row.decision.value for row in speaking_of(rows, caller)]
            assert about, (caller, trace.decision, [row.principal for row in rows])
            if trace.decision.value == "allowed":
                assert "allowed" in about, (caller, [(row.principal, row.decision) for row in rows])


@settings(max_examples=some_of(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    snapshots(),
    st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=2),
    CONTEXTS,
    st.sampled_from(MissingContextMode),
)
def test_each_row_is_the_single_answer_and_nobody_who_is_let_in_lacks_one(
    snapshot: Snapshot, questions: list[tuple[str, str]], context: dict[str, Any], unknown: MissingContextMode
) -> None:
    evaluator = Evaluator(snapshot, now=lambda: NOON)
    for action, resource in questions:
        asked = {"action": action, "resource": resource, "context": context, "unknown_context": unknown}
        check_rows(evaluator, asked, TRIED)


# ── the same over policies that are all about external callers ───────────────────────────────────────────────────────

X, Y = "777766665555", "666655554444"
EXTERNAL_NAMED: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": X},
    {"AWS": [f"arn:aws:iam::{Y}:root", f"arn:aws:iam::{X}:role/app-1"]},
    {"AWS": f"arn:aws:iam::{X}:user/team/ana"},
    {"Service": ["sns.amazonaws.com", "sqs.amazonaws.com"]},
    {"AWS": f"arn:aws:sts::{X}:federated-user/ana"},
]
EXTERNAL_CONDITIONS: list[dict[str, Any]] = [
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{X}:role/app-*"}},
    {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*-1", f"arn:aws:iam::{Y}:user/*"]}},
    {"StringLike": {"aws:PrincipalArn": "*ana"}},
    {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::7*:role/*"}},
    {"StringEquals": {"aws:username": ["ana", "bob"]}},
    {"StringNotLike": {"aws:username": "a*"}},
    {"StringLike": {"aws:username": "*a"}},
    {"StringEquals": {"aws:PrincipalAccount": [X, A]}},
    {"StringNotEquals": {"aws:PrincipalAccount": Y}},
    {"StringLike": {"aws:PrincipalAccount": "6666*"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringNotEquals": {"aws:PrincipalType": ["AssumedRole", "User"]}},
    {"StringLike": {"aws:PrincipalServiceName": "s*s.amazonaws.com"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": "sns.amazonaws.com"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"StringEquals": {"aws:SourceAccount": A}},
    {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    {"StringEquals": {"s3:prefix": "${aws:username}"}},
]
EXTERNAL_TRIED = [
    "anonymous",
    "sns.amazonaws.com",
    "sqs.amazonaws.com",
    "ses.amazonaws.com",
    "unheard-of.amazonaws.com",
    *(
        f"arn:aws:{service}::{account}:{name}"
        for account in (X, Y, UNHEARD_OF, "666612341234")
        for service, name in (
            ("iam", "root"),
            ("iam", "role/app-1"),
            ("iam", "role/app-2"),
            ("iam", "role/deep/down/x-1"),
            ("iam", "user/ana"),
            ("iam", "user/team/ana"),
            ("iam", "user/bob"),
            ("iam", "user/eva"),
            ("iam", "user/zoe"),
            ("sts", "assumed-role/app-1/s"),
            ("sts", "federated-user/ana"),
        )
    ),
]


@st.composite
def external_statements(draw: st.DrawFn) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement["NotPrincipal" if draw(st.integers(0, 7)) == 0 else "Principal"] = draw(st.sampled_from(EXTERNAL_NAMED))
    statement["Action"] = "s3:*"
    resources = [f"{BUCKET}/*", f"{BUCKET}/*", f"{BUCKET}/${{aws:username}}/*"]
    statement["Resource"] = draw(st.sampled_from(resources))
    for condition in draw(st.lists(st.sampled_from(EXTERNAL_CONDITIONS), max_size=3)):
        for operator, tests in condition.items():
            statement.setdefault("Condition", {}).setdefault(operator, {}).update(tests)
    return statement


@settings(max_examples=some_of(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(external_statements(), min_size=1, max_size=3),
    st.sampled_from([None, True, False]),
    st.sampled_from(MissingContextMode),
)
def test_whoever_conditions_describe_has_a_row(
    statements: list[dict[str, Any]], lists_every_account: bool | None, unknown: MissingContextMode
) -> None:
    more: dict[str, Any] = {}
    if lists_every_account is not None:
        nodes = (
            OrganizationNode(id="r-1", name="root", policy_ids=()),
            OrganizationNode(id=A, name="a", parent_id="r-1", policy_ids=()),
            OrganizationNode(id=Y, name="y", parent_id="r-1", policy_ids=()),
        )
        more["organization"] = Organization(
            id="o-1", management_account_id=A, nodes=nodes, scps_enabled=False, lists_every_account=lists_every_account
        )
    evaluator = evaluator_of(bucket({"Version": "2012-10-17", "Statement": statements}), **more)
    asked = {"action": "s3:GetObject", "resource": f"{BUCKET}/ana/x", "unknown_context": unknown}
    # The path of a session's role is in its ARN for policies, and not known: absent means something else.
    is_unknown = unknown is MissingContextMode.UNKNOWN
    check_rows(evaluator, asked, [one for one in EXTERNAL_TRIED if is_unknown or ":assumed-role/" not in one])
