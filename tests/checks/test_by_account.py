"""What is found account by account is what is found in the whole snapshot, byte for byte."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, RequestError, load_snapshot
from iamdesk.attack_paths import organization_edges, prepared
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import catalog as attack_paths
from iamdesk.attack_paths.organization_edges import LevelsOfAll
from iamdesk.attack_paths.shared_paths import shortest_paths
from iamdesk.causes.controls import Tally, controls
from iamdesk.checks import registry
from iamdesk.checks.by_account import ROUNDS, AccountWork, OrganizationChecks, Task
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.check_settings import AppliedSettings, CheckSettings
from iamdesk.checks.finding import Finding, Severity, Suppression
from iamdesk.checks.registry import scope_of
from iamdesk.checks.suppressions import suppressed
from iamdesk.checks.thresholds import Thresholds
from iamdesk.export.attack_paths import to_reached
from iamdesk.export.findings import spool as spool_module
from iamdesk.export.findings.spool import Spool, find_into
from iamdesk.export.findings.writers import render
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.progress import WorkCancelled, never_cancelled
from iamdesk.resource_files import resources
from iamdesk.snapshot import catalog as catalog_module
from iamdesk.snapshot.catalog import Catalogue
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import (
    Organization,
    OrganizationNode,
    OrganizationPolicy,
    OrganizationPolicyType,
)
from iamdesk.snapshot.reader import load_catalogue
from iamdesk.snapshot.resources import KeyGrant, Resource
from iamdesk.work.processes import Processes

SAMPLE = resources() / "samples" / "acme-organization"
THEN = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = date(2026, 11, 1)
ACCOUNTS = [f"{number}" * 12 for number in range(1, 5)]
OUTSIDE = "999999999999"

type Json = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _as_in_a_large_snapshot() -> Iterator[None]:
    """Search no path after a preparation, as in more than 3,000 users and roles: CMP-14 says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "_MAX_PRINCIPALS", 0)
        yield


def opened(path: Path | str) -> Catalogue:
    found = load_catalogue(path)
    assert found is not None
    return found


def found_whole(snapshot: Snapshot) -> list[Finding]:
    return list(registry.run(Evaluator(snapshot)))


def assert_same(catalogue: Catalogue, snapshot: Snapshot, *, checks: bool = True) -> None:
    by_account = OrganizationChecks(catalogue)
    assert_same_ways(by_account, snapshot)
    if not checks:
        return
    known = by_account.know()
    work = AccountWork(by_account._work.organization)
    parts = [
        finding
        for account in known.accounts
        for finding in work.findings(Task("", "", account), known, never_cancelled)
    ]
    whole = found_whole(snapshot)
    told = json.loads(render("json", parts, snapshot, generated_at=THEN))
    expected = json.loads(render("json", whole, snapshot, generated_at=THEN))
    assert told["findings"] == expected["findings"]


def assert_same_ways(by_account: OrganizationChecks, snapshot: Snapshot) -> None:
    """To administration, to each account, to data and to the first principals."""
    whole = AttackPathGraph(Evaluator(snapshot))
    data = [one.name for one in attack_paths().sensitive]
    roles = [role.arn for account in snapshot.accounts for role in account.roles[:1]]
    for goal in ("admin", *(account.account_id for account in snapshot.accounts), data[0], *roles[:2]):
        expected = [
            to_reached(one, whole.attack_path(one.principal, goal))
            for one in whole.exposures()
            if not is_service_linked_arn(one.principal)
        ]
        assert [to_reached(one, attack_path) for one, attack_path in by_account.attack_paths(goal)] == expected, goal


def test_findings_and_ways_of_the_sample_organization_are_those_of_the_whole() -> None:
    assert_same(opened(SAMPLE), load_snapshot(SAMPLE))


def test_with_room_for_one_account_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organization_edges, "_MAX_ACCOUNTS", 1)
    monkeypatch.setattr(organization_edges, "_MAX_KEPT", 1)
    monkeypatch.setattr(catalog_module, "_MAX_UNPACKED", 1)
    assert_same(opened(SAMPLE), load_snapshot(SAMPLE))


def test_roles_that_assume_each_other_reach_what_each_of_them_reaches(tmp_path: Path) -> None:
    """Those of the accounts 1 and 2 do; the user of account 1 assumes one, and the other one that of account 3."""
    a, b, c = (f"arn:aws:iam::{digit * 12}:role/r" for digit in "123")

    def assuming(*roles: str) -> list[object]:
        statements = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role} for role in roles]
        return [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]

    def role(arn: str, trusted: str, *roles: str) -> dict[str, object]:
        trust = {"Effect": "Allow", "Principal": {"AWS": trusted * 12}, "Action": "sts:AssumeRole"}
        return {
            "RoleName": "r",
            "RoleId": f"AROA{arn[13:25]}",
            "Path": "/",
            "Arn": arn,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "RolePolicyList": assuming(*roles) if roles else [],
        }

    user = {
        "UserName": "u",
        "UserId": "AIDA111111111111",
        "Path": "/",
        "Arn": "arn:aws:iam::111111111111:user/u",
        "UserPolicyList": assuming(b),
    }
    rest: dict[str, list[object]] = {"UserDetailList": [], "GroupDetailList": [], "Policies": []}
    write(
        str(tmp_path),
        {
            "1" * 12: {**rest, "UserDetailList": [user], "RoleDetailList": [role(a, "2", b)]},
            "2" * 12: {**rest, "RoleDetailList": [role(b, "1", a, c)]},
            "3" * 12: {**rest, "RoleDetailList": [role(c, "2")]},
        },
    )
    assert_same(opened(tmp_path), load_snapshot(tmp_path))
    reached = dict(OrganizationChecks(opened(tmp_path)).attack_paths("admin"))
    of_user = next(one for one in reached if one.principal.endswith("user/u"))
    assert of_user.accounts == ("2" * 12, "3" * 12)


# ── drawn ────────────────────────────────────────────────────────────────────────────────────────────────────────────

ALLOWED = [
    ["sts:AssumeRole"],
    ["*"],
    ["iam:CreatePolicyVersion", "iam:AttachRolePolicy"],
    ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
    ["iam:UpdateAssumeRolePolicy"],
    ["iam:CreateAccessKey", "iam:PutUserPolicy"],
    ["s3:GetObject", "secretsmanager:GetSecretValue", "kms:*"],
    ["iam:AddUserToGroup"],
]
ON = ["*", "arn:aws:iam::*:role/r0", f"arn:aws:iam::{ACCOUNTS[1]}:role/*", f"arn:aws:iam::{ACCOUNTS[2]}:role/r1"]
IDS = [f"AROA{account[0] * 17}" for account in ACCOUNTS]


def callers() -> list[Any]:
    found: list[Any] = ["*", {"AWS": "*"}, {"Service": "lambda.amazonaws.com"}, {"Service": "ec2.amazonaws.com"}]
    found += [
        {"AWS": OUTSIDE},
        {"AWS": [f"arn:aws:iam::{OUTSIDE}:root", ACCOUNTS[0]]},
        {"AWS": "AROAGONEGONEGONEGONEG"},
    ]
    for number, account in enumerate(ACCOUNTS):
        found += [{"AWS": f"arn:aws:iam::{account}:root"}, {"AWS": f"arn:aws:iam::{account}:role/r0"}]
        found += [{"AWS": f"arn:aws:iam::{account}:user/u0"}, {"AWS": IDS[number]}]
    return found


CONDITIONS: list[Json] = [
    {},
    {},
    {},
    {"StringEquals": {"sts:ExternalId": "customer"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:ResourceTag/team": "red"}},
]
CONDITION = st.sampled_from(CONDITIONS).map(lambda condition: {"Condition": condition} if condition else {})
STATEMENT = st.builds(
    lambda actions, on, effect, condition: {"Effect": effect, "Action": actions, "Resource": on, **condition},
    st.sampled_from(ALLOWED),
    st.sampled_from(ON),
    st.sampled_from(["Allow"] * 5 + ["Deny"]),
    CONDITION,
)
TRUST = st.lists(
    st.builds(
        lambda who, condition: {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole", **condition},
        st.sampled_from(callers()),
        CONDITION,
    ),
    min_size=1,
    max_size=2,
)
OF_AWS = {
    "PolicyName": "AdministratorAccess",
    "Arn": "arn:aws:iam::aws:policy/AdministratorAccess",
    "DefaultVersionId": "v1",
    "PolicyVersionList": [
        {
            "VersionId": "v1",
            "IsDefaultVersion": True,
            "Document": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        }
    ],
}
MANAGED = [[], [], [{"PolicyName": OF_AWS["PolicyName"], "PolicyArn": OF_AWS["Arn"]}]]


@st.composite
def pages(draw: st.DrawFn, account: str) -> Json:
    """One account: up to two users, three roles, a group."""

    def inline(least: int) -> list[Json]:
        statements = draw(st.lists(STATEMENT, min_size=least, max_size=2))
        return [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}] if statements else []

    tags = st.sampled_from([[], [{"Key": "team", "Value": "red"}]])
    group = f"arn:aws:iam::{account}:group/g"
    users = [
        {
            "UserName": f"u{number}",
            "UserId": f"AIDA{account[0] * 16}{number}",
            "Arn": f"arn:aws:iam::{account}:user/u{number}",
            "UserPolicyList": inline(0),
            "AttachedManagedPolicies": draw(st.sampled_from(MANAGED)),
            "GroupList": draw(st.sampled_from([[], ["g"]])),
            "Tags": draw(tags),
        }
        for number in range(draw(st.integers(0, 2)))
    ]
    roles = [
        {
            "RoleName": f"r{number}",
            "RoleId": IDS[ACCOUNTS.index(account)]
            if number == 0 and account in ACCOUNTS
            else f"AROA{account[:5]}{number}",
            "Arn": f"arn:aws:iam::{account}:role/r{number}",
            "AssumeRolePolicyDocument": {"Statement": draw(TRUST)},
            "RolePolicyList": inline(0),
            "AttachedManagedPolicies": draw(st.sampled_from(MANAGED)),
            "Tags": draw(tags),
        }
        for number in range(draw(st.integers(1, 3)))
    ]
    groups = [{"GroupName": "g", "Arn": group, "GroupPolicyList": inline(1), "AttachedManagedPolicies": []}]
    return {
        "UserDetailList": users,
        "RoleDetailList": roles,
        "GroupDetailList": groups,
        "Policies": draw(st.sampled_from([[], [OF_AWS]])),
    }


@st.composite
def organizations(draw: st.DrawFn) -> dict[str, Json]:
    """Pages by account, of two to four accounts."""
    return {account: draw(pages(account)) for account in ACCOUNTS[: draw(st.integers(2, 4))]}


@st.composite
def held(draw: st.DrawFn) -> tuple[Resource, ...]:
    """A bucket, a secret and a key of the first account, with policies that let others in or not."""
    home = ACCOUNTS[0]
    key = f"arn:aws:kms:eu-west-1:{home}:key/k"
    statement = st.builds(
        lambda who: {
            "Effect": "Allow",
            "Principal": who,
            "Action": ["s3:*", "secretsmanager:*", "kms:*"],
            "Resource": "*",
        },
        st.sampled_from(callers()),
    )
    policies = st.one_of(st.none(), st.lists(statement, min_size=1, max_size=2).map(lambda all_: {"Statement": all_}))
    return (
        Resource(arn="arn:aws:s3:::b", account_id=home, policy=draw(policies), encryption_key_arn=key),
        Resource(
            arn=f"arn:aws:secretsmanager:eu-west-1:{home}:secret:s-aaaaaa",
            account_id=home,
            policy=draw(policies),
            tags=(("team", "blue"),),
        ),
        Resource(
            arn=key,
            account_id=home,
            policy=draw(policies),
            key_grants=draw(
                st.sampled_from(
                    [
                        (),
                        (
                            KeyGrant(
                                grant_id="g",
                                grantee_principal=f"arn:aws:iam::{ACCOUNTS[1]}:role/r0",
                                operations=("Decrypt",),
                            ),
                        ),
                    ]
                )
            ),
        ),
    )


def write(folder: str, organization: dict[str, Json]) -> None:
    for account, page in organization.items():
        Path(folder, f"{account}.json").write_text(json.dumps(page), encoding="utf-8")


def with_more(catalogue: Catalogue, snapshot: Snapshot, more: Json) -> tuple[Catalogue, Snapshot]:
    frame = replace(catalogue.frame, snapshot=catalogue.frame.snapshot.model_copy(update=more))
    return replace(catalogue, frame=frame), snapshot.model_copy(update=more)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(organizations(), st.one_of(st.just(()), held()))
def test_findings_and_ways_of_drawn_organizations_are_those_of_the_whole(
    organization: dict[str, Json], resources_held: tuple[Resource, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(folder, organization)
        assert_same(*with_more(opened(folder), load_snapshot(folder), {"resources": resources_held}))


def test_a_chain_across_three_accounts_and_back_is_followed(tmp_path: Path) -> None:
    """A user of the first takes a role of the second, and that one a role of the third, which administers it."""
    write(str(tmp_path), chain())
    catalogue, snapshot = opened(tmp_path), load_snapshot(tmp_path)
    told = {
        reached.principal: (reached, attack_path)
        for reached, attack_path in OrganizationChecks(catalogue).attack_paths("admin")
    }
    reached, attack_path = told[f"arn:aws:iam::{ACCOUNTS[0]}:user/u0"]
    assert attack_path is not None
    assert [step.target for step in attack_path.steps] == [
        f"arn:aws:iam::{ACCOUNTS[1]}:role/r0",
        f"arn:aws:iam::{ACCOUNTS[2]}:role/r0",
    ]
    assert reached.accounts == (ACCOUNTS[1], ACCOUNTS[2])
    assert_same(catalogue, snapshot)
    findings = found_whole(snapshot)
    assert {"CHN-02", "CHN-03", "CHN-06"} <= {finding.check_id for finding in findings}, "the example is about these"
    entered, behind = (
        finding
        for finding in findings
        if finding.check_id == "CHN-03" and finding.subject_key == f"arn:aws:iam::{ACCOUNTS[0]}:user/u0"
    )
    assert f"can access account {ACCOUNTS[1]}" in entered.sentence
    assert entered.severity is Severity.MEDIUM
    assert behind.sentence == (
        f"u0 can reach 1 further account through other accounts: {ACCOUNTS[2]}. It can become an administrator of "
        f"{ACCOUNTS[2]}."
    )
    assert behind.severity is Severity.HIGH
    decisions = [piece.decision for piece in behind.evidence if piece.decision is not None]
    assert [one.request.principal for one in decisions] == [
        f"arn:aws:iam::{ACCOUNTS[0]}:user/u0",
        f"arn:aws:iam::{ACCOUNTS[1]}:role/r0",
    ], "one path as an example, with all its requests"


def test_functions_that_other_accounts_may_change_are_said_to_be_left_out(tmp_path: Path) -> None:
    """Such a step is found only where all accounts are in memory: CMP-14 names the function."""
    write(str(tmp_path), chain())
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNTS[0]}:root"},
            "Action": "lambda:UpdateFunctionCode",
            "Resource": "*",
        }
    }
    function = Resource(arn=f"arn:aws:lambda:eu-west-1:{ACCOUNTS[1]}:function:f", account_id=ACCOUNTS[1], policy=policy)
    catalogue, _ = with_more(opened(tmp_path), load_snapshot(tmp_path), {"resources": (function,)})
    checks = OrganizationChecks(catalogue)
    known, work = checks.know(), AccountWork(checks._work.organization)
    first, second = (
        [one for one in work.findings(Task("", "", account), known, never_cancelled) if one.check_id == "CMP-14"]
        for account in ACCOUNTS[:2]
    )
    assert ["joining a group" in one.sentence for one in first] == [True]
    (one,) = second
    assert f"change functions of account {ACCOUNTS[1]} were not searched" in one.sentence
    assert [piece.text for piece in one.evidence] == [function.arn]


def test_roles_with_one_trust_policy_are_told_apart_by_tags_and_by_policies_of_their_account(tmp_path: Path) -> None:
    """Of three roles with the same trust policy one lacks the tag, and an RCP denies another one, by its name."""
    first, second = ACCOUNTS[:2]
    user = f"arn:aws:iam::{first}:user/u0"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{first}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}},
    }
    roles: list[Json] = [
        {
            "RoleName": name,
            "RoleId": f"AROA{name.upper()}",
            "Arn": f"arn:aws:iam::{second}:role/{name}",
            "AssumeRolePolicyDocument": {"Statement": [trust]},
            "RolePolicyList": [],
            "Tags": [{"Key": "team", "Value": team}],
        }
        for name, team in (("blue", "blue"), ("closed", "red"), ("open", "red"))
    ]
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    u0 = {
        "UserName": "u0",
        "UserId": "AIDA11111111111111111",
        "Arn": user,
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [assume]}}],
    }
    write(str(tmp_path), {first: {"UserDetailList": [u0]}, second: {"RoleDetailList": roles}})
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    closed = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Resource": f"arn:aws:iam::{second}:role/closed",
    }
    scp, rcp = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
    organization = Organization(
        id="o-example",
        management_account_id=OUTSIDE,
        nodes=(
            OrganizationNode(id="r-root", policy_ids=("p-scp", "p-rcp")),
            OrganizationNode(id=first, parent_id="r-root", policy_ids=("p-scp", "p-rcp")),
            OrganizationNode(id=second, parent_id="r-root", policy_ids=("p-scp", "p-rcp", "p-closed")),
        ),
        policies=(
            OrganizationPolicy(id="p-scp", name="all", type=scp, content={"Statement": [everything]}),
            OrganizationPolicy(
                id="p-rcp", name="all", type=rcp, content={"Statement": [everything | {"Principal": "*"}]}
            ),
            OrganizationPolicy(id="p-closed", name="closed", type=rcp, content={"Statement": [closed]}),
        ),
    )
    catalogue, snapshot = with_more(opened(tmp_path), load_snapshot(tmp_path), {"organization": organization})
    assert_same(catalogue, snapshot)
    paths = AttackPathGraph(Evaluator(snapshot))
    assert [paths.assuming(role["Arn"]) for role in roles] == [(), (), (user,)]


def test_findings_about_other_accounts_grow_with_the_accounts_that_are_entered(tmp_path: Path) -> None:
    """In a chain of accounts each role enters one; a finding for each account behind would be half their square."""
    accounts = [f"{number:012}" for number in range(1, 9)]
    for account, following in zip(accounts, (*accounts[1:], None), strict=True):
        on = [] if following is None else [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]
        before = accounts[max(accounts.index(account) - 1, 0)]
        role = {
            "RoleName": "r",
            "RoleId": f"AROA{account}",
            "Arn": f"arn:aws:iam::{account}:role/r",
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{before}:role/r"},
                        "Action": "sts:AssumeRole",
                    }
                ]
            },
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": on}}] if on else [],
        }
        write(str(tmp_path), {account: {"RoleDetailList": [role]}})
    catalogue, snapshot = opened(tmp_path), load_snapshot(tmp_path)
    assert_same(catalogue, snapshot)
    found = [finding.sentence for finding in found_whole(snapshot) if finding.check_id == "CHN-03"]
    assert len([one for one in found if "can access account" in one]) == len(accounts) - 1
    assert len([one for one in found if "through other accounts" in one]) == len(accounts) - 2
    assert any(one.startswith("r can reach 6 further accounts through other accounts: ") for one in found)


def test_many_entered_accounts_are_one_finding(tmp_path: Path) -> None:
    """As where each account has a role that trusts the whole organization."""
    accounts = [f"{number:012}" for number in range(1, 24)]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{accounts[0]}:root"}, "Action": "sts:AssumeRole"}
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    user = {
        "UserName": "u",
        "UserId": "AIDA1",
        "Arn": f"arn:aws:iam::{accounts[0]}:user/u",
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [assume]}}],
    }
    write(str(tmp_path), {accounts[0]: {"UserDetailList": [user]}})
    for account in accounts[1:]:
        role = {
            "RoleName": "r",
            "RoleId": f"AROA{account}",
            "Arn": f"arn:aws:iam::{account}:role/r",
            "AssumeRolePolicyDocument": {"Statement": [trust]},
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [everything]}}]
            if account == accounts[9]
            else [],
        }
        write(str(tmp_path), {account: {"RoleDetailList": [role]}})
    catalogue, snapshot = opened(tmp_path), load_snapshot(tmp_path)
    assert_same(catalogue, snapshot)
    (one,) = (finding for finding in found_whole(snapshot) if finding.check_id == "CHN-03")
    assert one.sentence.startswith(f"u can access 22 accounts directly: {accounts[1]}, ")
    assert one.sentence.endswith(f" It can become an administrator of {accounts[9]}.")
    assert one.severity is Severity.HIGH
    listed = "\n".join(piece.text for piece in one.evidence)
    assert all(account in listed or account in one.sentence for account in accounts[1:])


def chain() -> dict[str, Json]:
    def role(account: str, name: str, who: str, on: str) -> Json:
        actions = "*" if on == "*" else "sts:AssumeRole"
        return {
            "RoleName": name,
            "RoleId": f"AROA{account[:8]}{name}",
            "Arn": f"arn:aws:iam::{account}:role/{name}",
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}]
            },
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [allow(actions, on)]}}],
        }

    def allow(actions: str, on: str) -> Json:
        return {"Effect": "Allow", "Action": actions, "Resource": on}

    _, second, third = (f"arn:aws:iam::{account}:role/r0" for account in ACCOUNTS[:3])
    user = f"arn:aws:iam::{ACCOUNTS[0]}:user/u0"
    u0 = {
        "UserName": "u0",
        "UserId": "AIDA11111111111111111",
        "Arn": user,
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [allow("sts:AssumeRole", second)]}}],
    }
    empty: Json = {"UserDetailList": [], "GroupDetailList": [], "Policies": []}
    return {
        ACCOUNTS[0]: empty | {"UserDetailList": [u0], "RoleDetailList": [role(ACCOUNTS[0], "r0", third, second)]},
        ACCOUNTS[1]: empty | {"RoleDetailList": [role(ACCOUNTS[1], "r0", ACCOUNTS[0], third)]},
        ACCOUNTS[2]: empty | {"RoleDetailList": [role(ACCOUNTS[2], "r0", second, "*")]},
    }


def test_no_way_begins_at_a_service_linked_role(tmp_path: Path) -> None:
    """Only AWS can use them (IAM User Guide, "Create a service-linked role")."""
    organization = chain()
    linked = json.loads(json.dumps(organization[ACCOUNTS[1]]["RoleDetailList"][0]))
    arn = f"arn:aws:iam::{ACCOUNTS[1]}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    linked |= {"RoleName": "AWSServiceRoleForX", "RoleId": "AROA2X", "Arn": arn}
    linked["Path"] = "/aws-service-role/x.amazonaws.com/"
    organization[ACCOUNTS[1]]["RoleDetailList"].append(linked)
    principals = organization[ACCOUNTS[2]]["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    principals["AWS"] = [principals["AWS"], arn]
    write(str(tmp_path), organization)
    whole = AttackPathGraph(Evaluator(load_snapshot(tmp_path)))
    assert whole.attack_path(arn) is not None
    for found in (OrganizationChecks(opened(tmp_path)).attack_paths("admin"), shortest_paths(whole, "admin")):
        starts = [reached.principal for reached, path in found if path is not None]
        assert arn not in starts
        assert f"arn:aws:iam::{ACCOUNTS[1]}:role/r0" in starts


def test_a_role_that_changes_the_role_that_assumed_it_is_found_in_each_account(tmp_path: Path) -> None:
    """A user of the first account takes a role of the second, which has itself changed by another role there."""
    organization = chain()
    second, third = ACCOUNTS[1], ACCOUNTS[2]
    entered, changes = organization[second]["RoleDetailList"][0], json.loads(json.dumps(organization[third]))
    changes = changes["RoleDetailList"][0] | {
        "RoleName": "changes",
        "RoleId": f"AROA{second[:8]}changes",
        "Arn": f"arn:aws:iam::{second}:role/changes",
    }
    changes["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = {"AWS": entered["Arn"]}
    changes["RolePolicyList"][0]["PolicyDocument"]["Statement"][0] |= {
        "Action": "iam:PutRolePolicy",
        "Resource": entered["Arn"],
    }
    organization[second]["RoleDetailList"].append(changes)
    organization[third]["RoleDetailList"] = []
    write(str(tmp_path), organization)
    catalogue, snapshot = opened(tmp_path), load_snapshot(tmp_path)
    found = dict(OrganizationChecks(catalogue).attack_paths("admin"))
    paths = {reached.principal: path for reached, path in found.items() if path is not None}
    path = paths[f"arn:aws:iam::{ACCOUNTS[0]}:user/u0"]
    assert [(step.path_id, step.target) for step in path.steps] == [
        ("sts-002", entered["Arn"]),
        ("sts-001", changes["Arn"]),
        ("X63", entered["Arn"]),
    ]
    assert_same(catalogue, snapshot)


def test_what_checks_compare_between_accounts_is_known_in_each(tmp_path: Path) -> None:
    """Each of these would be found otherwise in an account that knew of none of the others."""
    write(str(tmp_path), compared())
    secret = Resource(
        arn=f"arn:aws:secretsmanager:eu-west-1:{ACCOUNTS[0]}:secret:s-aaaaaa",
        account_id=ACCOUNTS[0],
        policy={
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNTS[1]},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        },
        tags=(("team", "blue"),),
    )
    catalogue, snapshot = with_more(opened(tmp_path), load_snapshot(tmp_path), {"resources": (secret,)})
    assert_same(catalogue, snapshot)
    whole = found_whole(snapshot)
    sentences = [one.sentence for one in whole]
    assert any("is also used for account" in one for one in sentences), "one external id for outsiders of two accounts"
    assert any("can read it" in one for one in sentences), "a secret that another account's team reads"
    assert not [one for one in whole if IDS[1] in one.sentence], "the id is that of a role of the second account"


def compared() -> dict[str, Json]:
    vendor, other = OUTSIDE, "888888888888"

    def role(account: str, name: str, who: str, *more: Json) -> Json:
        statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}
        for one in more:
            statement |= one
        return {
            "RoleName": name,
            "RoleId": IDS[1] if (account, name) == (ACCOUNTS[1], "reader") else f"AROA{account[:8]}{name}",
            "Arn": f"arn:aws:iam::{account}:role/{name}",
            "AssumeRolePolicyDocument": {"Statement": [statement]},
        }

    same = {"Condition": {"StringEquals": {"sts:ExternalId": "shared-by-both-0123456789"}}}
    reads = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    reader = role(ACCOUNTS[1], "reader", ACCOUNTS[1]) | {
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [reads]}}],
        "Tags": [{"Key": "team", "Value": "red"}],
    }
    managed = role(ACCOUNTS[1], "OrganizationAccountAccessRole", f"arn:aws:iam::{other}:root")
    empty: Json = {"UserDetailList": [], "GroupDetailList": [], "Policies": []}
    return {
        ACCOUNTS[0]: empty
        | {
            "RoleDetailList": [
                role(ACCOUNTS[0], "vendor", vendor, same),
                role(ACCOUNTS[0], "by-id", IDS[1]),
                role(ACCOUNTS[0], "managed", f"arn:aws:iam::{other}:root"),
            ]
        },
        ACCOUNTS[1]: empty | {"RoleDetailList": [role(ACCOUNTS[1], "vendor", other, same), reader, managed]},
    }


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def workers() -> Iterator[Processes]:
    with Processes(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def whole_sample() -> tuple[Snapshot, list[Finding]]:
    snapshot = load_snapshot(SAMPLE)
    return snapshot, found_whole(snapshot)


@pytest.mark.parametrize("format_name", ["json", "csv", "sarif", "ocsf", "html"])
def test_a_report_of_pieces_is_that_of_the_whole(
    format_name: str, workers: Processes, whole_sample: tuple[Snapshot, list[Finding]]
) -> None:
    """By a worker and this process together, with a suppression that holds and one that has run out."""
    catalogue, (snapshot, whole) = opened(SAMPLE), whole_sample
    words = [
        Suppression(whole[3].fingerprint, "ann", "known", date(2027, 1, 1), TODAY),
        Suppression(whole[9].fingerprint, "ben", "was known", date(2026, 1, 1), TODAY),
        Suppression("0" * 20, "ben", "gone", date(2027, 1, 1), TODAY),
    ]
    done: list[tuple[int, int]] = []
    with Spool(format_name) as spool:
        checks = OrganizationChecks(catalogue, workers)
        find_into(spool, checks, words, TODAY, lambda one, total: done.append((one, total)))
        assert done == sorted(done)
        assert done[-1] == (ROUNDS * len(catalogue.entries),) * 2
        told = b"".join(spool.report(catalogue, THEN))
        assert spool.fingerprints == {whole[3].fingerprint, whole[9].fingerprint}
        assert len(spool) == len(whole)
    assert told == render(format_name, suppressed(whole, words, TODAY), snapshot, generated_at=THEN)


@pytest.mark.parametrize("format_name", ["json", "csv"])
def test_findings_in_several_runs_are_merged_in_the_order_of_the_report(
    format_name: str, whole_sample: tuple[Snapshot, list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an organization with a hundred thousand principals; two suppressed ones are in different runs."""
    monkeypatch.setattr(spool_module, "_RUN", 7)
    catalogue, (snapshot, whole) = opened(SAMPLE), whole_sample
    words = [Suppression(whole[at].fingerprint, "ana", "fine", date(2027, 1, 1), TODAY) for at in (2, 40)]
    with Spool(format_name) as spool:
        find_into(spool, OrganizationChecks(catalogue), words, TODAY)
        assert len(spool._runs) > 10
        report = b"".join(spool.report(catalogue, THEN))
    assert report == render(format_name, suppressed(whole, words, TODAY), snapshot, generated_at=THEN)


def test_a_search_that_was_cancelled_begins_anew() -> None:
    """One that stopped half-way must not look like one that found no more principals."""
    runs = []

    def search() -> Iterator[tuple[dict[int, int], int]]:
        runs.append(1)
        yield {0: 1}, 0
        if len(runs) == 1:
            raise WorkCancelled
        yield {0: 2}, 1

    levels = LevelsOfAll(search)
    with pytest.raises(WorkCancelled):
        levels.level_of((0, 1))
    assert [levels.level_of((0, 0)), levels.level_of((0, 1)), levels.level_of((0, 2))] == [0, 1, None]
    assert (levels[1], levels.open_roles(1)) == ({0: 2}, 1)


def test_whoever_cancels_ends_it() -> None:
    catalogue = opened(SAMPLE)
    with pytest.raises(WorkCancelled), Spool("json") as spool:
        find_into(spool, OrganizationChecks(catalogue), (), TODAY, cancelled=lambda: True)


def test_a_goal_that_is_none_is_one_sentence() -> None:
    with pytest.raises(RequestError, match="the snapshot has no user or role nobody"):
        list(OrganizationChecks(opened(SAMPLE)).attack_paths("nobody"))


def test_entries_in_the_files_of_other_accounts_are_found_where_they_belong(tmp_path: Path) -> None:
    organization = chain()
    organization[ACCOUNTS[1]]["RoleDetailList"] += organization[ACCOUNTS[2]]["RoleDetailList"]
    organization[ACCOUNTS[0]]["RoleDetailList"].append(
        organization[ACCOUNTS[1]]["RoleDetailList"][0] | {"RolePolicyList": []}
    )
    write(str(tmp_path), organization)
    assert_same(opened(tmp_path), load_snapshot(tmp_path))


def test_thresholds_hold_in_every_account() -> None:
    strict = Thresholds(policy_size_percent=1, unused_access_days=1)
    applied = AppliedSettings(
        CheckSettings(format="iamdesk-check-settings/1", thresholds=strict), "strict.json", "0" * 64
    )
    snapshot = load_snapshot(SAMPLE)
    expected = sorted(one.fingerprint for one in registry.run(Evaluator(snapshot), thresholds=strict))
    assert expected != sorted(one.fingerprint for one in found_whole(snapshot))
    with Processes(1) as executor:
        for workers in (None, executor):
            with Spool("json", settings=applied) as spool:
                find_into(spool, OrganizationChecks(opened(SAMPLE), workers), (), TODAY)
                told = json.loads(b"".join(spool.report(opened(SAMPLE), THEN)))
            assert sorted(one["finding_id"] for one in told["findings"]) == expected
            assert told["settings_sha256"] == "0" * 64


def test_controls_of_an_organization_read_account_by_account_are_those_of_the_whole() -> None:
    snapshot = load_snapshot(SAMPLE)
    survey = CheckContext(Evaluator(snapshot), never_cancelled)
    whole = controls(Counter(map(Tally.of, found_whole(snapshot))), scope_of(survey, registry.work_of(survey)))
    checks = OrganizationChecks(opened(SAMPLE))
    with Spool("json") as spool:
        find_into(spool, checks, (), TODAY)
        assert checks.scope is not None
        assert controls(spool.tallies, checks.scope) == whole
    assert {one.status.value for one in whole} == {"passed", "failed", "cannot tell"}
