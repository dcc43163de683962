"""What is found for everybody at once is what is found for each principal alone."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, load_snapshot
from iamdesk.query.everybody_rows import Rows
from iamdesk.query.population import positions
from iamdesk.query.what_can import Reach, ServiceReach
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail

from .worlds import NOON, A, B, snapshots

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def now() -> datetime:
    return NOON


def told_of(reach: ServiceReach | None) -> dict[Reach, int]:
    return {} if reach is None else {word: bits for word, bits in reach.actions.items() if bits and word != Reach.NONE}


REGIONS = ("eu-west-1", "us-east-1")
NAMED = {
    "s3": ["b1/*", "b2/*", "b1/logs/*", "b1", "*", "b*/*", "b1/logs/x"],
    "lambda": ["function:f", "function:g", "function:f*", "layer:l", "function:*"],
    "sqs": ["q1", "q2", "q*"],
    "iam": ["role/r1", "role/app/r2", "role/none", "user/u1", "role/aws-service-role/x/y", "policy/*"],
    "kms": ["key/k", "key/*", "alias/a", "k"],
    "dynamodb": ["table/t", "table/t/index/*", "table/table"],
}
WORDS = {
    "s3": ["GetObject", "Put*", "ListBucket", "ListAllMyBuckets", "*"],
    "lambda": ["InvokeFunction", "Get*", "ListFunctions", "*"],
    "sqs": ["SendMessage", "ListQueues", "*"],
    "iam": ["PassRole", "GetRole", "List*", "ChangePassword", "*"],
    "kms": ["Decrypt", "ListKeys", "*"],
    "dynamodb": ["GetItem", "Query", "List*", "*"],
}
CONDITIONS = (
    {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:ResourceAccount": A}},
    {"StringLike": {"s3:prefix": "red*"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
)


@st.composite
def plain_statements(draw: st.DrawFn, services: list[str]) -> dict[str, Any]:
    """Statements as most accounts have them: actions of one service, on everything or on a few of its resources."""
    service = draw(st.sampled_from(services))
    region = "" if service in ("s3", "iam") else draw(st.sampled_from([*REGIONS, *REGIONS, "*"]))
    account = "" if service == "s3" else draw(st.sampled_from([A, A, A, A, B, "*"]))
    names = draw(st.lists(st.sampled_from(NAMED[service]), max_size=2))
    words = draw(st.lists(st.sampled_from(WORDS[service]), min_size=1, max_size=2))
    statement: dict[str, Any] = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Allow", "Deny"])),
        "Action": [f"{service}:{word}" for word in words],
        "Resource": [f"arn:aws:{service}:{region}:{account}:{name}" for name in names] or "*",
    }
    if draw(st.integers(0, 2)) == 0:
        statement["Condition"] = draw(st.sampled_from(CONDITIONS))
    return statement


@st.composite
def plain_accounts(draw: st.DrawFn) -> Snapshot:
    """An account of roles and users with such policies for few services, some under a boundary of the like."""
    services = draw(st.lists(st.sampled_from(sorted(NAMED)), min_size=1, max_size=2, unique=True))

    def document(size: int = 4) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": draw(st.lists(plain_statements(services), max_size=size))}

    limits = [f"arn:aws:iam::{A}:policy/limit{number}" for number in range(2)]
    everything = {"Effect": "Allow", "Action": [f"{service}:*" for service in NAMED], "Resource": "*"}
    limiting = [document(), document()]
    limiting[0]["Statement"].append(everything)
    shared = document(2)

    def principal(kind: str, number: int) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Arn": f"arn:aws:iam::{A}:{kind.lower()}/{kind[0].lower()}{number}",
            f"{kind}Name": f"{kind[0].lower()}{number}",
            f"{kind}PolicyList": [{"PolicyName": "own", "PolicyDocument": one} for one in (document(), shared)],
            "Tags": draw(st.sampled_from([[], [{"Key": "team", "Value": "red"}]])),
        }
        if draw(st.integers(0, 2)) == 0:
            entry["PermissionsBoundary"] = {"PermissionsBoundaryArn": draw(st.sampled_from(limits))}
        return entry

    trust = {"Version": "2012-10-17", "Statement": []}
    roles = [{**principal("Role", number), "AssumeRolePolicyDocument": trust} for number in range(3)]
    account = Account(
        account_id=A,
        users=tuple([UserDetail.model_validate(principal("User", number)) for number in range(3)]),
        roles=tuple([RoleDetail.model_validate(role) for role in roles]),
        policies=tuple(
            [
                ManagedPolicyDetail.model_validate(
                    {
                        "Arn": arn,
                        "PolicyName": "limit",
                        "DefaultVersionId": "v1",
                        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": content}],
                    }
                )
                for arn, content in zip(limits, limiting, strict=True)
            ]
        ),
    )
    return Snapshot(path=Path("/captures/plain.json"), files=(), sha256="0" * 64, accounts=(account,), latest=NOON)


@pytest.mark.parametrize("sample", ["acme-prod.json", "acme-organization"])
def test_everybody_at_once_is_each_alone_in_the_samples(sample: str) -> None:
    snapshot = load_snapshot(SAMPLES / sample)
    rows, alone = Evaluator(snapshot, now).what_can_overview().reaches, Evaluator(snapshot, now)
    alone.prepare()
    population = alone.population()
    assert list(rows) == [population.index.subjects[one] for one in positions(population.everybody)]
    for principal, row in rows.items():
        one = alone.reaches_of(population.index.positions[principal])
        assert list(row) == list(one)
        assert {service: dict(reach.actions) for service, reach in row.items()} == {
            service: dict(reach.actions) for service, reach in one.items()
        }


@BOUNDED
@given(st.one_of(plain_accounts(), plain_accounts(), snapshots()))
def test_everybody_at_once_is_each_alone(snapshot: Snapshot) -> None:
    rows, alone = Evaluator(snapshot, now).what_can_overview().reaches, Evaluator(snapshot, now)
    assert isinstance(rows, Rows)
    alone.prepare()
    population = alone.population()
    told = left = 0
    for service, found in rows.told.items():
        told, left = told + found.members.bit_count(), left + found.left.bit_count()
        for position in positions(found.members & ~found.left):
            subject = population.index.subjects[position]
            assert told_of(rows.reach(subject, service)) == told_of(alone.reach_of(position, service)), subject
    event(f"told at once: {(told - left) * 5 // max(1, told) * 20} %")
