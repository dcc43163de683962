"""Roles that are administrators only in sessions with a source identity or with tags that their caller passes.

IAM User Guide, "Monitor and control actions taken with assumed roles" (Permissions required to set a source identity)
and "Pass session tags in AWS STS" (Permissions required to add session tags).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths import prepared
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import AttackPath, State
from iamdesk.checks.by_account import OrganizationChecks
from iamdesk.evaluate.request import Request
from iamdesk.export.attack_paths import to_attack_path, to_reached
from iamdesk.snapshot.organization import (
    Organization,
    OrganizationNode,
    OrganizationPolicy,
    OrganizationPolicyType,
)
from iamdesk.snapshot.reader import load_catalogue, load_snapshot

from ..builders.entries import allow, deny, document, role, trusting, user, write

HOME, OTHER = "111122223333", "444455556666"
ASSUME, TAG, NAME_SOURCE = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
NAMING, TAGGING = [ASSUME, NAME_SOURCE], [ASSUME, TAG]
IDENTITY, TEAM = "aws:SourceIdentity", "aws:PrincipalTag/team"
ANY = {"StringLike": {IDENTITY: "*"}}
ABSENT = {"Null": {IDENTITY: "true"}}
RED = {"StringEquals": {TEAM: "red"}}
SCP, RCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
PROVEN, POSSIBLE = State.PROVEN, State.POSSIBLE
MARTHA = f"arn:aws:iam::{HOME}:user/martha"
ALL = allow("*")

# Conditions on sts:TagSession and sts:SetSourceIdentity test the call that assumes the role.
SECRET = {"StringEquals": {"sts:ExternalId": "x1", "aws:RequestTag/team": "red"}}
OF_DEV = {"StringEquals": {"sts:RoleSessionName": "dev", "sts:SourceIdentity": "alice"}}
# IAM User Guide, "AWS global condition context keys": MFA of the session's caller, and ec2:SourceInstanceARN only in
# requests with the credentials of an instance.
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
OFFICE = deny(
    "*",
    condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    | {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/*"}},
)
OF_AN_INSTANCE = {"ArnLike": {"ec2:SourceInstanceARN": f"arn:aws:ec2:*:{HOME}:instance/*"}}


def named(value: str) -> dict[str, Any]:
    return {"StringEquals": {IDENTITY: value}}


def naming(value: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {"sts:SourceIdentity": value}}


def tagging(value: str) -> dict[str, Any]:
    return {"StringEquals": {"aws:RequestTag/team": value}}


@dataclass
class Case:
    """A user, martha, and a role that her account may assume and that allows everything under a condition."""

    own: list[Any]
    """Martha's statements."""
    trust: Any
    """Actions of the trust policy, or its statements."""
    condition: dict[str, Any]
    """Of the role's Allow."""
    tags: dict[str, str] = field(default_factory=dict)
    """The role's own."""
    scp: Any = None
    """A statement of an SCP of martha's account."""
    rcp: Any = None
    """A statement of an RCP of the role's account."""
    besides: list[Any] = field(default_factory=list)
    """Further statements of the role."""
    account: str = HOME
    """The role's."""

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/powerful"

    def write(self, folder: Path) -> Organization:
        trusted = {"AWS": f"arn:aws:iam::{HOME}:root"}
        is_whole = isinstance(self.trust, dict)
        powerful = role(
            "powerful",
            document(allow("*", condition=self.condition or None), *self.besides),
            trust=self.trust if is_whole else trusting(trusted, self.trust),
            account=self.account,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )
        martha = user("martha", document(*self.own), account=HOME)
        for account in (HOME, OTHER):
            write(
                folder / f"{account}.json",
                users=[martha] if account == HOME else [user("somebody", account=OTHER)],
                roles=[powerful] if account == self.account else [],
            )
        policies = [
            OrganizationPolicy(id="p-full", name="full", type=SCP, content=document(ALL)),
            OrganizationPolicy(id="p-let", name="let", type=RCP, content=document(ALL | {"Principal": "*"})),
        ]
        if self.scp is not None:
            policies.append(OrganizationPolicy(id="p-scp", name="scp", type=SCP, content=document(self.scp)))
        if self.rcp is not None:
            statement = self.rcp | {"Principal": "*"}
            policies.append(OrganizationPolicy(id="p-rcp", name="rcp", type=RCP, content=document(statement)))
        common = ("p-full", "p-let")
        scp = () if self.scp is None else ("p-scp",)
        rcp = () if self.rcp is None else ("p-rcp",)
        of_home = (*common, *scp, *(rcp if self.account == HOME else ()))
        of_other = (*common, *(rcp if self.account == OTHER else ()))
        return Organization(
            id="o-example",
            management_account_id="999988887777",
            nodes=(
                OrganizationNode(id="r-root", policy_ids=common),
                OrganizationNode(id=HOME, parent_id="r-root", policy_ids=of_home),
                OrganizationNode(id=OTHER, parent_id="r-root", policy_ids=of_other),
            ),
            policies=tuple(policies),
        )


def path_of(case: Case, folder: Path, goal: str = "") -> tuple[AttackPath | None, AttackPathGraph]:
    """Return martha's path to administrator of the role's account."""
    organization = case.write(folder)
    snapshot = load_snapshot(folder).model_copy(update={"organization": organization})
    graph = AttackPathGraph(Evaluator(snapshot))
    return graph.attack_path(MARTHA, goal or case.account), graph


MARTHAS = naming("${aws:username}")
NOT_ALICE = {"StringNotEquals": {IDENTITY: "alice"}}
BOSS = {"StringLike": {"aws:userid": "*:boss"}}
ROLES = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}
WANTED_BY_SCP = deny("*", condition=ABSENT | ROLES)
CASES: dict[str, tuple[Case, State | None]] = {
    "nobody may set one": (Case([allow(NAMING)], ASSUME, ANY), None),
    "any": (Case([allow(NAMING)], NAMING, ANY), PROVEN),
    "martha may not": (Case([allow(ASSUME)], NAMING, ANY), None),
    "an SCP denies it": (Case([allow(NAMING)], NAMING, ANY, scp=deny(NAME_SOURCE)), None),
    "an SCP wants one of roles": (Case([allow(NAMING)], NAMING, {}, scp=WANTED_BY_SCP), PROVEN),
    "an SCP wants one that martha may not set": (Case([allow(ASSUME)], NAMING, {}, scp=WANTED_BY_SCP), None),
    "another than the trust policy's": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("alice")), named("bob")),
        None,
    ),
    "the trust policy's": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("alice")), named("alice")),
        PROVEN,
    ),
    "any, but the trust policy names one": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("alice")), ANY),
        PROVEN,
    ),
    "martha's name": (Case([allow(NAMING, condition=MARTHAS)], NAMING, named("martha")), PROVEN),
    "any, but martha may set her name alone": (Case([allow(NAMING, condition=MARTHAS)], NAMING, ANY), PROVEN),
    "another name than martha's": (Case([allow(NAMING, condition=MARTHAS)], NAMING, named("other")), None),
    "too short": (Case([allow(NAMING)], NAMING, named("x")), None),
    "one of a pattern": (Case([allow(NAMING)], NAMING, {"StringLike": {IDENTITY: "m*"}}), PROVEN),
    "of two patterns": (
        Case([allow(NAMING, condition=naming("*a", "StringLike"))], NAMING, {"StringLike": {IDENTITY: "m*"}}),
        POSSIBLE,
    ),
    "another than some": (Case([allow(NAMING)], NAMING, {"StringNotEquals": {IDENTITY: "root"}}), PROVEN),
    "none": (Case([allow(ASSUME)], NAMING, ABSENT), PROVEN),
    "none, and nobody may set one": (Case([allow(ASSUME)], ASSUME, ABSENT), PROVEN),
    "any, abroad": (Case([allow(NAMING)], NAMING, ANY, account=OTHER), PROVEN),
    "martha may not, abroad": (Case([allow(ASSUME)], NAMING, ANY, account=OTHER), None),
    "an RCP denies it": (Case([allow(NAMING)], NAMING, ANY, rcp=deny(NAME_SOURCE), account=OTHER), None),
    "her name, abroad": (Case([allow(NAMING, condition=MARTHAS)], NAMING, ANY, account=OTHER), PROVEN),
    "of two patterns, abroad": (
        Case(
            [allow(NAMING, condition=naming("*a", "StringLike"))],
            NAMING,
            {"StringLike": {IDENTITY: "m*"}},
            account=OTHER,
        ),
        POSSIBLE,
    ),
    "a source identity and a session name in one statement": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, OF_DEV), {}),
        PROVEN,
    ),
    "MFA that no caller chooses": (Case([allow(ASSUME)], ASSUME, MFA), POSSIBLE),
    "MFA and a source identity": (Case([allow(NAMING)], NAMING, MFA | ANY), POSSIBLE),
    "MFA and a source identity that martha may not set": (Case([allow(ASSUME)], NAMING, MFA | ANY), None),
    "MFA, abroad": (Case([allow(ASSUME)], ASSUME, MFA, account=OTHER), POSSIBLE),
    "an SCP wants a network": (Case([allow(ASSUME)], ASSUME, {}, scp=OFFICE), POSSIBLE),
    "credentials of an instance": (Case([allow(ASSUME)], ASSUME, OF_AN_INSTANCE), POSSIBLE),
    "a Region": (Case([allow(ASSUME)], ASSUME, {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}), PROVEN),
    "an unconditional Allow besides": (Case([allow(ASSUME)], ASSUME, MFA, besides=[ALL]), PROVEN),
    "a tag that nobody may pass": (Case([allow(TAGGING)], ASSUME, RED), None),
    "a tag": (Case([allow(TAGGING)], TAGGING, RED), PROVEN),
    "an SCP denies tags": (Case([allow(TAGGING)], TAGGING, RED, scp=deny(TAG)), None),
    "the trust policy wants another value": (
        Case([allow(TAGGING)], trusting({"AWS": HOME}, TAGGING, tagging("blue")), RED),
        None,
    ),
    "martha may pass another value": (
        Case([allow(ASSUME), allow(TAG, condition=tagging("blue"))], TAGGING, RED),
        None,
    ),
    "the role's own": (Case([allow(ASSUME)], TAGGING, RED, tags={"team": "red"}), PROVEN),
    "the role has another": (Case([allow(TAGGING)], TAGGING, RED, tags={"team": "blue"}), PROVEN),
    "the role has another, and an SCP denies tags": (
        Case([allow(ASSUME)], TAGGING, RED, tags={"team": "blue"}, scp=deny(TAG)),
        None,
    ),
    "martha may not pass tags, abroad": (Case([allow(ASSUME)], TAGGING, RED, account=OTHER), None),
    "a tag, abroad": (Case([allow(TAGGING)], TAGGING, RED, account=OTHER), PROVEN),
    "the trust policy allows other keys": (
        Case(
            [allow(TAGGING)],
            trusting({"AWS": HOME}, TAGGING, {"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}}),
            RED,
        ),
        None,
    ),
    "letter case of the key": (
        Case(
            [allow(TAGGING)],
            trusting({"AWS": HOME}, TAGGING, {"ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}}),
            {"StringEquals": {"aws:PrincipalTag/Team": "red"}},
        ),
        PROVEN,
    ),
    "a tag and an identity": (
        Case([allow([ASSUME, TAG, NAME_SOURCE])], [ASSUME, TAG, NAME_SOURCE], ANY | RED),
        PROVEN,
    ),
    "a tag, and an identity that martha may not set": (
        Case([allow(TAGGING)], [ASSUME, TAG, NAME_SOURCE], ANY | RED),
        None,
    ),
    # Whoever has to pass a value has it in the session: possible, since another value may be found.
    "the trust policy demands the value that is denied": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("alice")), NOT_ALICE),
        POSSIBLE,
    ),
    "the trust policy demands it, abroad": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("alice")), NOT_ALICE, account=OTHER),
        POSSIBLE,
    ),
    "the trust policy demands some value, and one alone is denied": (
        Case([allow(NAMING)], trusting({"AWS": HOME}, NAMING, naming("*", "StringLike")), NOT_ALICE),
        PROVEN,
    ),
    "the trust policy demands a tag, and none may be there": (
        Case(
            [allow(TAGGING)],
            trusting({"AWS": HOME}, TAGGING, {"Null": {"aws:RequestTag/team": "false"}}),
            {"Null": {TEAM: "true"}},
        ),
        POSSIBLE,
    ),
    "an SCP denies the tag that the trust policy demands": (
        Case(
            [allow(TAGGING)],
            trusting({"AWS": HOME}, TAGGING, tagging("red")),
            {},
            scp=deny("*", condition=RED),
        ),
        POSSIBLE,
    ),
    "martha's policy demands her name, which is denied": (
        Case([allow(NAMING, condition=MARTHAS)], NAMING, {"StringNotEquals": {IDENTITY: "martha"}}),
        POSSIBLE,
    ),
    "martha's policy demands her name, abroad": (
        Case([allow(NAMING, condition=MARTHAS)], NAMING, {"StringNotEquals": {IDENTITY: "martha"}}, account=OTHER),
        POSSIBLE,
    ),
    "a session name": (Case([allow(ASSUME)], ASSUME, BOSS), PROVEN),
    "another session name than the one that she may use": (
        Case([allow(ASSUME, condition={"StringEquals": {"sts:RoleSessionName": "${aws:username}"}})], ASSUME, BOSS),
        POSSIBLE,
    ),
    "whoever lacks a tag": (
        Case([allow(ASSUME)], TAGGING, {"StringNotEquals": {TEAM: "red"}}),
        PROVEN,
    ),
}


@pytest.fixture(autouse=True)
def _as_in_a_large_snapshot(monkeypatch):
    """Search no path after setting tags: account by account, none is searched."""
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 0)


@pytest.mark.parametrize("name", CASES)
def test_the_caller_has_to_be_allowed_to_pass_what_the_session_needs(name, tmp_path):
    case, state = CASES[name]
    path, graph = path_of(case, tmp_path)
    assert (path.state if path else None) is state
    assert MARTHA in graph.assuming(case.role), "whatever the session is"
    assert graph.attack_path(MARTHA, case.role).state is PROVEN
    assert (MARTHA in graph.distances(case.account)) is (path is not None)


@pytest.mark.parametrize("name", CASES)
def test_account_by_account_gives_the_same(name, tmp_path):
    case, _ = CASES[name]
    _, graph = path_of(case, tmp_path)
    catalogue = load_catalogue(tmp_path)
    frame = catalogue.frame
    frame = replace(frame, snapshot=frame.snapshot.model_copy(update={"organization": case.write(tmp_path)}))
    checks = OrganizationChecks(replace(catalogue, frame=frame))
    for goal in ("admin", HOME, OTHER):
        expected = [to_reached(one, graph.attack_path(one.principal, goal)) for one in graph.exposures()]
        assert [to_reached(one, path) for one, path in checks.attack_paths(goal)] == expected
    known = checks.know()
    path = checks._work.reach(known).attack_path(MARTHA, case.account)
    whole = graph.attack_path(MARTHA, case.account)
    assert bool(path) == bool(whole)
    if whole is not None:
        assert [one.request_text for one in path.steps[0].proof] == [one.request_text for one in whole.steps[0].proof]
    assert checks._work.reach(known).administered(MARTHA) == graph.administered(MARTHA)


def test_the_evidence_has_the_values(tmp_path):
    path, _ = path_of(CASES["the trust policy's"][0], tmp_path)
    (step,) = path.steps
    asked = [(one.decision.request.action, dict(one.decision.request.context)) for one in step.proof]
    assert asked == [
        (ASSUME, {"sts:SourceIdentity": ("alice",)}),
        (NAME_SOURCE, {"sts:SourceIdentity": ("alice",)}),
    ]
    assert {one.decision.decision for one in step.proof} == {"allowed"}
    assert step.proof[0].request_text.endswith(" with sts:SourceIdentity=alice")


@pytest.mark.parametrize(
    ("demanded", "own", "values"),
    [(naming("alice"), NAMING, "sts:SourceIdentity=alice"), (tagging("red"), TAGGING, "aws:RequestTag/team=red")],
)
def test_the_evidence_has_the_values_that_the_trust_policy_demands(tmp_path, demanded, own, values):
    """With them, the same request asked again is allowed."""
    path, graph = path_of(Case([allow(own)], trusting({"AWS": HOME}, own, demanded), {}), tmp_path)
    (step,) = path.steps
    assert [one.request_text.rpartition(" with ")[2].lower() for one in step.proof] == [values.lower()] * 2
    for proof in to_attack_path(path, with_proof=True)["Steps"][0]["Proof"]:
        request = Request(
            proof["Principal"], proof["EvalActionName"], proof["EvalResourceName"], context=proof["Context"]
        )
        assert graph.evaluator.can(request).decision == "allowed"
        assert proof["AfterChange"] is False


def test_a_possible_step_says_on_what_it_depends(tmp_path):
    path, _ = path_of(CASES["of two patterns"][0], tmp_path)
    assert path.steps[0].needs == ("a session of powerful with an allowed value of aws:SourceIdentity",)


def test_a_step_into_one_that_is_an_administrator_with_mfa_requires_it(tmp_path):
    path, _ = path_of(CASES["MFA that no caller chooses"][0], tmp_path)
    assert path.steps[0].needs == ("aws:MultiFactorAuthPresent",)
    powerful = user("powerful", document(allow("*", condition=MFA)), account=HOME)
    martha = user("martha", document(allow("iam:CreateAccessKey")), account=HOME)
    write(tmp_path / "users.json", users=[martha, powerful])
    path = AttackPathGraph(Evaluator(load_snapshot(tmp_path / "users.json"))).attack_path(MARTHA, HOME)
    assert path.state is POSSIBLE
    assert "aws:MultiFactorAuthPresent" in path.needs


def test_tags_and_an_external_id_in_one_statement(tmp_path):
    path, _ = path_of(Case([allow(TAGGING)], trusting({"AWS": HOME}, TAGGING, SECRET), {}), tmp_path)
    assert (path.steps[0].path_id, path.state) == ("sts-001", POSSIBLE)
    assert path.steps[0].needs == ("an allowed value of sts:ExternalId",)


def test_a_service_may_run_with_a_role_that_is_an_administrator_for_one_function_only(tmp_path):
    """Lambda Developer Guide, "Using source function ARN to control function access behavior"."""
    good = {"ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:eu-west-1:{HOME}:function:good"}}
    own = [allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])]
    path, _ = path_of(Case(own, trusting({"Service": "lambda.amazonaws.com"}), good), tmp_path)
    assert path.state is POSSIBLE
    assert path.steps[0].needs == ("lambda:SourceFunctionArn",)


def test_what_it_may_without_mfa_is_searched(tmp_path):
    besides = [allow("iam:PutRolePolicy", f"arn:aws:iam::{HOME}:role/powerful")]
    path, _ = path_of(replace(CASES["MFA that no caller chooses"][0], besides=besides), tmp_path)
    assert path.state is PROVEN
    assert [step.path_id for step in path.steps] == ["sts-001", "iam-005"]


def test_what_other_sessions_may_is_searched(tmp_path):
    """Martha cannot pass a source identity, but a session without one puts any policy on the role."""
    besides = [allow("iam:PutRolePolicy", f"arn:aws:iam::{HOME}:role/powerful")]
    path, graph = path_of(replace(CASES["martha may not"][0], besides=besides), tmp_path)
    assert [step.path_id for step in path.steps] == ["sts-001", "iam-012"] or path.state is PROVEN
    assert [step.target for step in path.steps] == [f"arn:aws:iam::{HOME}:role/powerful"] * 2
    assert path.state is PROVEN
    assert graph.is_administrator(f"arn:aws:iam::{HOME}:role/powerful"), "some of its sessions are"


def test_users_with_names_of_their_own(tmp_path):
    """A condition on their names is one decision for all of them."""
    case = CASES["any, but martha may set her name alone"][0]
    case.write(tmp_path)
    names = ["martha", "nikki", "saanvi"]
    users = [user(name, document(*case.own), account=HOME) for name in names]
    powerful = role("powerful", document(allow("*", condition=ANY)), trust=trusting({"AWS": HOME}, NAMING))
    write(tmp_path / f"{HOME}.json", users=users, roles=[powerful])
    graph = AttackPathGraph(Evaluator(load_snapshot(tmp_path)))
    found = [graph.attack_path(f"arn:aws:iam::{HOME}:user/{name}", HOME) for name in names]
    assert [path.state if path else None for path in found] == [PROVEN] * 3


def test_a_service_that_runs_with_the_role_may_lack_the_values(tmp_path):
    case = CASES["any"][0]
    trust = document(
        allow(NAMING) | {"Principal": {"AWS": f"arn:aws:iam::{HOME}:user/other"}, "Resource": None},
        allow(ASSUME) | {"Principal": {"Service": "lambda.amazonaws.com"}, "Resource": None},
    )
    for statement in trust["Statement"]:
        del statement["Resource"]
    own = [allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])]
    path, _ = path_of(replace(case, own=own, trust=trust), tmp_path)
    assert path.state is POSSIBLE
    assert "a session of powerful with an allowed value of aws:SourceIdentity" in path.steps[-1].needs


@pytest.mark.parametrize(
    ("own", "trust", "scp", "state"),
    [
        (NAMING, NAMING, WANTED_BY_SCP, PROVEN),
        ([ASSUME], NAMING, WANTED_BY_SCP, POSSIBLE),
        (TAGGING, TAGGING, deny("*", condition={"StringNotEquals": {TEAM: "red"}} | ROLES), PROVEN),
        ([ASSUME], TAGGING, deny("*", condition={"StringNotEquals": {TEAM: "red"}} | ROLES), POSSIBLE),
        ([ASSUME], TAGGING, None, PROVEN),
    ],
)
@pytest.mark.parametrize("change", ["iam:PutRolePolicy", "iam:AttachRolePolicy"])
def test_a_role_that_the_caller_changes_needs_the_values_as_well(tmp_path, change, own, trust, scp, state):
    nothing = {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}
    path, _ = path_of(Case([allow([change, *own])], trust, nothing, scp=scp), tmp_path)
    assert path.state is state
    if state is POSSIBLE:
        assert any(need.startswith("a session of powerful with") for need in path.steps[-1].needs)


NO_BOSS = deny("*", condition=BOSS)


@pytest.mark.parametrize(
    ("own", "trust", "of_middle", "trust_of_last", "condition", "state"),
    [
        # "The value … persists … throughout the role session", and each role of a chain has to let it in.
        (NAMING, (NAMING, naming("alice")), NAMING, ASSUME, {}, None),
        (NAMING, (NAMING, naming("alice")), ASSUME, NAMING, {}, None),
        (NAMING, (NAMING, naming("alice")), NAMING, NAMING, {}, PROVEN),
        (NAMING, (NAMING, naming("bob")), NAMING, NAMING, named("alice"), POSSIBLE),
        (NAMING, (NAMING, None), NAMING, NAMING, named("alice"), PROVEN),
        (ASSUME, (ASSUME, None), NAMING, NAMING, named("alice"), PROVEN),
        (NAMING, (NAMING, naming("*", "StringLikeIfExists")), ASSUME, ASSUME, {}, PROVEN),
    ],
)
@pytest.mark.parametrize("account", [HOME, OTHER])
def test_a_source_identity_persists_in_a_chain(
    tmp_path, own, trust, of_middle, trust_of_last, condition, state, account
):
    """IAM User Guide, "Monitor and control actions taken with assumed roles"."""
    actions, demanded = trust
    middle = role("middle", document(allow(of_middle)), trust=trusting({"AWS": HOME}, actions, demanded))
    lets_in = trusting({"AWS": f"arn:aws:iam::{HOME}:root"}, trust_of_last)
    last = role("last", document(allow("*", condition=condition)), trust=lets_in, account=account)
    martha = user("martha", document(allow(own, resource=f"arn:aws:iam::{HOME}:role/middle")), account=HOME)
    write(tmp_path / f"{HOME}.json", users=[martha], roles=[middle, *([last] if account == HOME else [])])
    if account != HOME:
        write(tmp_path / f"{account}.json", roles=[last])
    graph = AttackPathGraph(Evaluator(load_snapshot(tmp_path)))
    path = graph.attack_path(MARTHA, account)
    assert (path.state if path else None) is state
    checks = OrganizationChecks(load_catalogue(tmp_path))
    for goal in ("admin", account):
        expected = [to_reached(one, graph.attack_path(one.principal, goal)) for one in graph.exposures()]
        assert [to_reached(one, path) for one, path in checks.attack_paths(goal)] == expected


@pytest.mark.parametrize(("condition", "state"), [({"sts:RoleSessionName": "boss"}, POSSIBLE), (None, PROVEN)])
def test_a_session_name_that_the_role_denies(tmp_path, condition, state):
    forced = allow(ASSUME, condition=condition and {"StringEquals": condition})
    path, _ = path_of(Case([forced], ASSUME, {}, besides=[NO_BOSS]), tmp_path)
    assert path.state is state


def keys_in(*names: str, quantifier: str = "ForAllValues", key: str = "aws:TagKeys") -> dict[str, Any]:
    return {f"{quantifier}:StringEquals": {key: list(names)}}


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        (keys_in("dept") | tagging("red"), None),
        (keys_in("dept", "team") | tagging("red"), PROVEN),
        (keys_in("dept") | {"Null": {"aws:RequestTag/team": "false"}}, None),
        (keys_in("team", quantifier="ForAnyValue") | {"Null": {"aws:RequestTag/team": "true"}}, None),
        (keys_in("team", quantifier="ForAnyValue"), PROVEN),
        ({"Null": {"aws:TagKeys": "true"}} | tagging("red"), None),
        (
            keys_in("dept") | {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["team"]}},
            None,
        ),
        (keys_in("team", key="sts:TransitiveTagKeys", quantifier="ForAnyValue"), PROVEN),
    ],
)
def test_the_keys_of_tags_are_those_of_their_values(tmp_path, condition, state):
    """IAM User Guide, "AWS global condition context keys": aws:TagKeys "compares the tag keys in a request"."""
    path, _ = path_of(Case([allow(TAGGING)], trusting({"AWS": HOME}, TAGGING, condition), {}), tmp_path)
    assert (path.state if path else None) is state


def test_the_keys_of_tags_of_a_new_role(tmp_path):
    creates = allow("iam:CreateRole", condition=keys_in("dept") | tagging("red"))
    path, _ = path_of(Case([creates, allow(["iam:TagRole", "iam:PutRolePolicy"])], ASSUME, ABSENT), tmp_path)
    assert path is None


def test_a_role_that_one_enters_with_a_source_identity_and_another_one_without(tmp_path):
    """Martha has to set one, which the last role does not take; the first role sets none."""
    middle = f"arn:aws:iam::{HOME}:role/middle"
    mine = [allow(NAMING, resource=middle, condition=naming("*", "StringLike"))]
    mine.append(allow(ASSUME, resource=f"arn:aws:iam::{HOME}:role/first"))
    roles = [
        role("first", document(allow(ASSUME, resource=middle)), trust=trusting({"AWS": HOME})),
        role("middle", document(allow(ASSUME)), trust=trusting({"AWS": HOME}, NAMING)),
        role("last", document(ALL), trust=trusting({"AWS": middle})),
    ]
    write(tmp_path / f"{HOME}.json", users=[user("martha", document(*mine), account=HOME)], roles=roles)
    path = AttackPathGraph(Evaluator(load_snapshot(tmp_path))).attack_path(MARTHA, HOME)
    assert path.state is POSSIBLE
    assert path.needs == ("a session of middle with an allowed value of aws:SourceIdentity",)
