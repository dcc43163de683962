"""What is found for everybody at once is what is found for each principal alone."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, load_snapshot
from iamdesk.access.bulk_evaluator import RequestMoment
from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import grid_on
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail

from ..builders.statements import allow, deny
from ..rules import rule
from ..some_of import some_of
from .test_effective_permissions import check
from .worlds import NOON, A, B, snapshots

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
BOUNDED = settings(max_examples=some_of(25), deadline=None, suppress_health_check=list(HealthCheck))


def now() -> datetime:
    return NOON


ON_ONE = (
    ("s3", "arn:aws:s3:::b1/logs/x"),
    ("s3", "arn:aws:s3:::b"),
    ("sqs", f"arn:aws:sqs:eu-west-1:{A}:q1"),
    ("kms", f"arn:aws:kms:eu-west-1:{A}:key/k"),
    ("iam", f"arn:aws:iam::{A}:role/r1"),
    ("sts", f"arn:aws:iam::{A}:role/r1"),
    ("sts", f"arn:aws:iam::{B}:role/r1"),
    ("execute-api", f"arn:aws:execute-api:eu-west-1:{A}:a1b2c3d4e5/prod/GET/x"),
    ("ec2", "*"),
)

REGIONS = ("eu-west-1", "us-east-1")
NAMED = {
    "s3": ["b1/*", "b2/*", "b1/logs/*", "b1", "*", "b*/*", "b1/logs/x"],
    "lambda": ["function:f", "function:g", "function:f*", "layer:l", "function:*"],
    "sqs": ["q1", "q2", "q*"],
    "iam": [
        "role/r1",
        "role/app/r2",
        "role/none",
        "user/u1",
        "role/aws-service-role/x/y",
        "role/aws-reserved/x/y",
        "policy/*",
    ],
    "kms": ["key/k", "key/*", "alias/a", "alias/aws/a", "alias/a*", "k"],
    "dynamodb": ["table/t", "table/t/index/*", "table/table"],
    "logs": ["log-group:a", "log-group:b", "log-group:a:*", "log-group:c:*", "log-group:d*", "log-group:*", "q", "a*"],
}
PLAIN = {
    "s3": "n{}/*",
    "lambda": "function:n{}",
    "sqs": "n{}",
    "iam": "role/n{}",
    "kms": "key/n{}",
    "dynamodb": "table/n{}",
    "logs": "log-group:n{}:*",
}
WORDS = {
    "s3": ["GetObject", "Get*", "ListAllMyBuckets", "*"],
    "lambda": ["InvokeFunction", "*"],
    "sqs": ["SendMessage", "*"],
    "iam": ["PassRole", "GetRole", "UpdateRole", "DeleteServiceLinkedRole", "ChangePassword", "*"],
    "kms": ["Decrypt", "ListKeys", "*Alias", "*"],
    "dynamodb": ["GetItem", "UpdateTimeToLive", "*"],
    "logs": ["PutLogEvents", "DescribeLogGroups", "TagResource", "*"],
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
    {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
)


@st.composite
def plain_statements(draw: st.DrawFn, services: list[str]) -> dict[str, Any]:
    """Statements as most accounts have them: actions of one service, on everything or on a few of its resources."""
    service = draw(st.sampled_from(services))
    region = "" if service in ("s3", "iam") else draw(st.sampled_from([*REGIONS, *REGIONS, *REGIONS, "*"]))
    account = "" if service == "s3" else draw(st.sampled_from([A, A, A, A, A, A, B, "*"]))
    plain = [PLAIN[service].format(number) for number in range(9)]
    names = draw(
        st.lists(st.sampled_from(plain) if draw(st.booleans()) else st.sampled_from(NAMED[service]), max_size=2)
    )
    words = draw(st.lists(st.sampled_from(WORDS[service]), min_size=1, max_size=2))
    statement: dict[str, Any] = {
        "Effect": "Deny" if draw(st.integers(0, 5)) == 5 else "Allow",
        "Action": [f"{service}:{word}" for word in words],
        "Resource": [f"arn:aws:{service}:{region}:{account}:{name}" for name in names] or "*",
    }
    if draw(st.booleans()):
        statement["Condition"] = draw(st.sampled_from(CONDITIONS))
    return statement


@st.composite
def plain_accounts(draw: st.DrawFn) -> Snapshot:
    """An account of roles and users with such policies for few services, some under a boundary of the like."""
    services = draw(st.lists(st.sampled_from(sorted(NAMED)), min_size=1, max_size=2, unique=True))

    def document(size: int = 4) -> dict[str, Any]:
        least = draw(st.integers(0, size))
        members = st.lists(plain_statements(services), min_size=least, max_size=size)
        return {"Version": "2012-10-17", "Statement": draw(members)}

    limits = [f"arn:aws:iam::{A}:policy/limit{number}" for number in range(2)]
    everything = {"Effect": "Allow", "Action": [f"{service}:*" for service in NAMED], "Resource": "*"}
    limiting = [document(), document(2)]
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
def test_the_overview_has_a_row_for_everybody(sample: str) -> None:
    snapshot = load_snapshot(SAMPLES / sample)
    evaluator = Evaluator(snapshot, now)
    rows = evaluator.access_matrix()
    assert list(rows) == list(evaluator.population().principals()) == list(evaluator.principals())
    assert len(rows) == len(list(rows))
    for principal, row in rows.items():
        access = Evaluator(snapshot, now).what_can(principal)
        assert {one.service: dict(one.actions) for one in access.services} == {
            service: dict(reach.actions) for service, reach in row.items()
        }


@BOUNDED
@given(plain_accounts(), st.randoms(use_true_random=False))
def test_reaches_of_plain_accounts_are_the_single_answers(snapshot: Snapshot, random: Any) -> None:
    evaluator = Evaluator(snapshot, now)
    for principal in random.sample(list(evaluator.population().principals()), 3):
        for service in evaluator.what_can(principal).services:
            access = evaluator.what_can(principal, service=service.service)
            for reach in AccessExtent:
                actions = list(access.actions(service.service, reaches=[reach]))
                for action in random.sample(actions, min(len(actions), 2)):
                    check(evaluator, principal, action)


@BOUNDED
@given(st.one_of(plain_accounts(), snapshots()), st.randoms(use_true_random=False))
def test_many_requests_of_many_principals_are_the_single_answers(snapshot: Snapshot, random: Any) -> None:
    evaluator = Evaluator(snapshot, now)
    bulk, population = evaluator.bulk(), evaluator.population()
    service, resource = random.choice(ON_ONE)
    grid = grid_on(service, resource)
    found: dict[tuple[int, int], EvalDecision] = {}
    for answer in bulk.decisions(grid, population.regular, RequestMoment(NOON)):
        for position in indexes_of(answer.members):
            for bit in indexes_of(answer.cells):
                assert (position, bit) not in found
                found[position, bit] = answer.decision
    asked = [(position, bit) for position in indexes_of(population.regular) for bit in indexes_of(grid.every)]
    assert found.keys() == set(asked)
    for position, bit in random.sample(asked, min(len(asked), 30)):
        action = service_actions(service).actions[bit].full_name
        request = Request(population.index.subjects[position], action, resource)
        assert evaluator.trace(request).decision is found[position, bit], request


INSIDE = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
OUTSIDE = {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
NEVER = {"Bool": {"aws:SecureTransport": "false"}}


def queue(name: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:sqs:{region}:{A}:{name}"


def of_user(own: list[dict[str, Any]], limit: list[dict[str, Any]] | None) -> Snapshot:
    """An account of a user with some policy, perhaps under a boundary, and of a role that lets everybody in."""
    arn = f"arn:aws:iam::{A}:policy/p"
    user: dict[str, Any] = {
        "Arn": f"arn:aws:iam::{A}:user/u",
        "UserName": "u",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": own}}],
    }
    content = {"Version": "2012-10-17", "Statement": limit or []}
    if limit is not None:
        user["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": content}]
    policy = {"Arn": arn, "PolicyName": "p", "DefaultVersionId": "v1", "PolicyVersionList": versions}
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = {"Arn": f"arn:aws:iam::{A}:role/open", "RoleName": "open", "AssumeRolePolicyDocument": trust}
    account = Account(
        account_id=A,
        users=(UserDetail.model_validate(user),),
        roles=(RoleDetail.model_validate(role),),
        policies=(ManagedPolicyDetail.model_validate(policy),),
    )
    return Snapshot(path=Path("/captures/user.json"), files=(), sha256="0" * 64, accounts=(account,), latest=NOON)


SEND, ENTER = "sqs:SendMessage", "sts:AssumeRole"
IN_IRELAND = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.parametrize(
    ("own", "limit", "action", "reach"),
    [
        # Two open statements make an answer certain where they speak of one queue alone.
        ([allow(SEND, queue("a"), Condition=INSIDE), allow(SEND, queue("b"), Condition=OUTSIDE)], None, SEND, "C"),
        ([allow(SEND, queue("a"), Condition=INSIDE), allow(SEND, queue("a"), Condition=OUTSIDE)], None, SEND, "S"),
        ([allow(SEND, Condition=INSIDE), allow(SEND, Condition=OUTSIDE)], None, SEND, "A"),
        # What names a resource has it asked about, even where it is false.
        ([allow(ENTER, f"arn:aws:iam::{A}:role/open", Condition=NEVER)], None, ENTER, "S"),
        # A boundary names resources as well, and may name others than the policies do.
        ([allow(SEND)], [allow(SEND, queue("a"))], SEND, "S"),
        ([allow(SEND, queue("a"))], [allow("sqs:*")], SEND, "S"),
        ([allow(SEND, queue("a"))], [allow(SEND, queue("a"))], SEND, "S"),
        ([allow(SEND, queue("a"))], [allow(SEND, queue("b"))], SEND, "N"),
        ([allow(SEND, queue("a*"))], [allow(SEND, queue("ab"))], SEND, "S"),
        # Where a queue is, a condition on the Region is decided.
        ([allow(SEND, queue("a"), Condition=IN_IRELAND)], None, SEND, "S"),
        ([allow(SEND, queue("a", "us-east-1"), Condition=IN_IRELAND)], None, SEND, "N"),
        ([allow(SEND, queue("a")), deny(SEND, Condition=IN_IRELAND)], None, SEND, "N"),
        ([allow(SEND, queue("a", "us-east-1")), deny(SEND, Condition=IN_IRELAND)], None, SEND, "S"),
        ([allow(SEND, queue("*", "*"), Condition=IN_IRELAND)], None, SEND, "all C"),
        # A Deny by name takes away what it names.
        ([allow(SEND, queue("a")), deny(SEND, queue("a"))], None, SEND, "N"),
        ([allow(SEND, queue("a")), deny(SEND, queue("b"))], None, SEND, "S"),
        ([allow(SEND), deny(SEND, queue("a"))], None, SEND, "A"),
    ],
)
def test_statements_that_meet(own: list[Any], limit: list[Any] | None, action: str, reach: str) -> None:
    snapshot = of_user(own, limit)
    user, service = f"arn:aws:iam::{A}:user/u", action.partition(":")[0]
    expected = {
        "A": AccessExtent.ALLOWED,
        "S": AccessExtent.SOME,
        "C": AccessExtent.SOME_CONDITIONAL,
        "all C": AccessExtent.CONDITIONAL,
        "N": AccessExtent.NONE,
    }[reach]
    bit = service_actions(service).positions[action.partition(":")[2].lower()]
    rows = Evaluator(snapshot, now).access_matrix()
    found = rows[user].get(service)
    assert (AccessExtent.NONE if found is None else found.reach_of(bit)) is expected
    alone = Evaluator(snapshot, now).what_can(user, service=service).service(service)
    assert alone is not None
    assert alone.reach_of(bit) is expected


def test_a_row_is_told_of_principals_alone() -> None:
    rows = Evaluator(of_user([allow(SEND)], None), now).access_matrix()
    assert len(rows) == len(list(rows)) == 3
    assert list(rows[f"arn:aws:iam::{A}:user/u"]) == ["sqs", "sts"]
    with pytest.raises(KeyError):
        rows[f"arn:aws:iam::{A}:user/nobody"]


def test_a_time_that_passes_changes_the_next_overview() -> None:
    clock = [NOON]
    until = {"DateLessThan": {"aws:CurrentTime": "2026-09-30T13:00:00Z"}}
    user = f"arn:aws:iam::{A}:user/u"
    evaluator = Evaluator(of_user([allow(SEND, Condition=until), allow("s3:GetObject")], None), lambda: clock[-1])
    assert list(evaluator.access_matrix()[user]) == ["s3", "sqs", "sts"]
    clock.append(NOON + timedelta(hours=2))
    assert list(evaluator.access_matrix()[user]) == ["s3", "sts"]


def test_what_was_found_is_told_again() -> None:
    evaluator = Evaluator(of_user([allow(SEND)], None), now)
    user = f"arn:aws:iam::{A}:user/u"
    assert evaluator.access_matrix()[user] is evaluator.access_matrix()[user]


def of_users(own: list[dict[str, Any]], names: str) -> Snapshot:
    """An account of users who all carry the same."""
    documents = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": own}}]
    users = tuple(
        UserDetail.model_validate(
            {"Arn": f"arn:aws:iam::{A}:user/{name}", "UserName": name, "UserPolicyList": documents}
        )
        for name in names
    )
    account = Account(account_id=A, users=users)
    return Snapshot(path=Path("/captures/users.json"), files=(), sha256="1" * 64, accounts=(account,), latest=NOON)


TO_ONESELF = f"arn:aws:iam::{A}:user/${{aws:username}}"


@pytest.mark.parametrize(
    ("statement", "is_same"),
    [
        (allow(SEND, queue("q1")), True),
        (allow("*"), True),
        (allow("*", Condition=IN_IRELAND), True),
        (allow(SEND, Condition={"StringEquals": {"aws:username": "a"}}), False),
        (allow("*", Condition={"StringEquals": {"aws:username": "a"}}), False),
        (allow("iam:CreateAccessKey", TO_ONESELF), False),
    ],
)
def test_principals_who_carry_the_same_are_found_out_once_unless_it_hangs_on_who_they_are(
    statement: dict[str, Any], is_same: bool
) -> None:
    snapshot = of_users([statement], "abc")
    rows = Evaluator(snapshot, now).access_matrix()
    users = [f"arn:aws:iam::{A}:user/{name}" for name in "bac"]
    found = [rows[user] for user in users]
    assert all(one is found[0] for one in found) is is_same
    for user, row in zip(users, found, strict=True):
        alone = Evaluator(snapshot, now).what_can(user).services
        assert {one.service: one.actions for one in alone} == {name: one.actions for name, one in row.items()}
    assert rows.same_together()[-3:] == (users[1], users[0], users[2])


def test_the_cell_of_a_service_is_that_of_the_row() -> None:
    opened = load_snapshot(SAMPLES / "acme-prod.json")
    rows = Evaluator(opened, now).access_matrix()
    alone = Evaluator(opened, now).access_matrix()
    for principal in rows:
        for service in ("s3", "iam", "sts", "kms", "bedrock"):
            cell, row = alone.of_service(principal, service), rows[principal].get(service)
            assert cell.is_empty if row is None else cell.actions == row.actions
        assert set(rows.services_named(principal)) <= set(reference().services())


@rule("I1", "I5")
@pytest.mark.parametrize(
    ("action", "names", "changed"),
    [
        ("kms:CreateAlias", ("kms:eu-west-1:{}:alias/aws/n{}", "kms:eu-west-1:{}:alias/n{}"), (False, True)),
        (
            "iam:UpdateRoleDescription",
            ("iam::{}:role/aws-reserved/n{}", "iam::{}:role/aws-service-role/n{}"),
            (False, True),
        ),
    ],
)
def test_names_that_aws_keeps_to_itself_are_no_other_names(
    action: str, names: tuple[str, str], changed: tuple[bool, bool]
) -> None:
    """Resources are looked at by their kind, and those that only AWS changes are of another."""
    users = []
    for number in range(6):
        arn = f"arn:aws:{names[number % 2].format(A, number)}"
        document = {"Statement": {"Effect": "Allow", "Action": action, "Resource": arn}}
        users.append(
            UserDetail.model_validate(
                {
                    "Arn": f"arn:aws:iam::{A}:user/u{number}",
                    "UserName": f"u{number}",
                    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
                }
            )
        )
    account = Account(account_id=A, users=tuple(users))
    held = Snapshot(path=Path("/captures/names.json"), files=(), sha256="0" * 64, accounts=(account,), latest=NOON)
    rows = Evaluator(held, now).access_matrix()
    service, _, name = action.partition(":")
    bit = next(bit for bit, one in enumerate(service_actions(service).actions) if one.name == name)
    for number in range(6):
        reach = rows[f"arn:aws:iam::{A}:user/u{number}"].get(service)
        assert (reach is not None and reach.reach_of(bit) is not AccessExtent.NONE) == changed[number % 2], number
