"""Steps after preparations (own permissions, groups, tags): found where they work, not where one thing stops them."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths import prepared
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import Extent, State
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction

from ..builders.captures import allow, document, trusting
from .cases import FULL, WEAK, World, arn

DENY = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
JOIN = allow("iam:AddUserToGroup", arn("group/g"))
ASSUME = allow("sts:AssumeRole", arn("role/strong"))


def reach_of(world, folder):
    return AttackPathGraph(Evaluator(world.snapshot(folder)))


def paths(world, folder, goal="admin"):
    path = reach_of(world, folder).attack_path(arn("user/a"), goal)
    return None if path is None else [(step.path_id, step.state, step.target) for step in path.steps]


@pytest.fixture
def world():
    made = World()
    made.role("strong", {"all": FULL}, trusting({"AWS": arn("root")}))
    return made


def test_a_group_that_allows_assuming_a_role(world, tmp_path):
    world.user("a", {"own": document(JOIN)})
    world.group("g", {"own": document(ASSUME)})
    reach = reach_of(world, tmp_path)
    (step,) = reach.attack_path(arn("user/a")).steps
    assert (step.path_id, step.state, step.target) == ("iam-013+sts-001", State.PROVEN, arn("role/strong"))
    assert step.how == "joining the group g and assuming the role"
    assert [proof.request_text for proof in step.proof] == [
        f"iam:AddUserToGroup on {arn('group/g')}",
        f"sts:AssumeRole on {arn('role/strong')}, after the change before it",
    ]
    assert [proof.is_after_change for proof in step.proof] == [False, True]
    assert {proof.decision.decision.value for proof in step.proof} == {"allowed"}
    joined = apply(reach.evaluator.snapshot, [Edit(EditAction.JOIN_GROUP, arn("user/a"), arn("group/g"))])
    assert AttackPathGraph(Evaluator(joined)).attack_path(arn("user/a")).state is State.PROVEN


def test_permissions_of_the_user_and_of_the_group_together(world, tmp_path):
    world.user("a", {"own": document(JOIN, allow("iam:PassRole"))})
    world.group("g", {"own": document(allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))})
    world.role("runs", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    assert paths(world, tmp_path) == [("iam-013+lambda-001", State.PROVEN, arn("role/runs"))]


def test_a_group_that_lets_a_member_change_itself(world, tmp_path):
    world.user("a", {"own": document(JOIN)})
    world.group("g", {"own": document(allow("iam:PutUserPolicy", arn("user/${aws:username}")))})
    assert paths(world, tmp_path) == [("iam-013+iam-007", State.PROVEN, arn("user/a"))]


@pytest.mark.parametrize(
    ("own", "of_group"),
    [
        ([JOIN, DENY], [ASSUME]),
        ([JOIN], [ASSUME, DENY]),
        ([JOIN], [{**ASSUME, "Condition": {"StringEquals": {"aws:username": "somebody-else"}}}]),
        ([JOIN], [allow("sts:AssumeRole", arn("role/none"))]),
        ([allow("iam:AddUserToGroup", arn("group/other"))], [ASSUME]),
    ],
)
def test_what_stops_a_member(world, tmp_path, own, of_group):
    world.user("a", {"own": document(*own)})
    world.group("g", {"own": document(*of_group)})
    assert paths(world, tmp_path) is None


def test_a_boundary_holds_for_a_member_too(world, tmp_path):
    limit = world.policy("limit", document(JOIN))
    world.user("a", {"own": document(JOIN)}, boundary=limit)
    world.group("g", {"own": document(ASSUME)})
    assert paths(world, tmp_path) is None


def test_an_organization_policy_holds_for_a_member_too(world, tmp_path):
    world.user("a", {"own": document(JOIN)})
    world.group("g", {"own": document(ASSUME)})
    world.denied_by_scp.append(DENY)
    assert paths(world, tmp_path) is None


def test_a_group_that_leads_to_somebody_who_has_no_more(tmp_path):
    world = World()
    world.role("strong", {"some": WEAK}, trusting({"AWS": arn("root")}))
    world.user("a", {"own": document(JOIN)})
    world.group("g", {"own": document(ASSUME)})
    assert paths(world, tmp_path) is None
    assert paths(world, tmp_path, arn("role/strong")) == [("iam-013+sts-001", State.PROVEN, arn("role/strong"))]


@pytest.mark.parametrize(
    ("of_group", "path_id", "state"),
    [
        (allow("sso:*"), "iam-013+sso-001", State.POSSIBLE),
        (allow(["iam:CreateRole", "iam:PutRolePolicy"]), "iam-013+X83", State.PROVEN),
    ],
)
def test_a_group_whose_members_need_nobody_else(world, tmp_path, of_group, path_id, state):
    """What is listed is not among the techniques that something blocks."""
    world.user("a", {"own": document(JOIN)})
    world.group("g", {"own": document(of_group)})
    reach = reach_of(world, tmp_path)
    assert next((step.path_id, step.state) for step in reach.attack_path(arn("user/a")).steps) == (path_id, state)
    assert not [one for one in reach.refusals(arn("user/a")) if one.path_id == "iam-013"]


def test_a_remediation_of_a_step_as_a_member_ends_it(world, tmp_path):
    world.user("a", {"own": document(JOIN, allow("s3:ListAllMyBuckets"))})
    world.group("g", {"own": document(ASSUME)})
    reach = reach_of(world, tmp_path)
    (path,) = reach.attack_paths(arn("user/a"))
    for remediation in (*reach.remediations(arn("user/a")), reach.remediation(path)):
        after = AttackPathGraph(Evaluator(apply(reach.evaluator.snapshot, remediation.edits)))
        assert after.attack_path(arn("user/a")) is None
        assert remediation.remaining == ()


def test_its_own_tag_with_which_its_policy_allows_more(world, tmp_path):
    tagged = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}}
    world.user("a", {"own": document(allow("iam:TagUser", arn("user/a")), {**ASSUME, **tagged})})
    assert paths(world, tmp_path) == [("X86+sts-001", State.PROVEN, arn("role/strong"))]


@pytest.mark.parametrize(
    "tagging",
    [
        allow("iam:TagUser", arn("user/b")),
        allow("iam:TagUser", arn("user/a"), Condition={"StringEquals": {"aws:RequestTag/team": "dev"}}),
        allow("iam:TagUser", arn("user/a"), Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}}),
    ],
)
def test_a_tag_that_it_cannot_set(world, tmp_path, tagging):
    tagged = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}}
    world.user("a", {"own": document(tagging, {**ASSUME, **tagged})})
    assert paths(world, tmp_path) is None


def test_a_tag_of_the_target(world, tmp_path):
    tagged = {"Condition": {"StringEquals": {"aws:ResourceTag/env": "dev"}}}
    world.user("a", {"own": document(allow("iam:TagRole", arn("role/strong")), {**ASSUME, **tagged})})
    world.role("other", {"all": FULL}, trusting({"AWS": arn("root")}))
    reach = reach_of(world, tmp_path)
    assert [step.path_id for step in reach.attack_path(arn("user/a")).steps] == ["X89+sts-001"]
    first, *_ = reach.attack_path(arn("user/a"), arn("role/other")).steps
    assert first.target == arn("role/strong")


PUT = allow("iam:PutUserPolicy", arn("user/a"))


@pytest.mark.parametrize(
    ("own", "path_id"),
    [
        ([PUT], "iam-007+sts-001"),
        ([allow("iam:AttachUserPolicy", arn("user/a"))], "iam-008+sts-001"),
        ([allow("iam:PutGroupPolicy", arn("group/g"))], "iam-011+sts-001"),
        ([PUT, DENY], "iam-007+sts-001"),  # written over: IAM API Reference, PutUserPolicy
        ([allow("iam:AttachUserPolicy", arn("user/a")), DENY], None),
        ([allow("iam:PutUserPolicy", arn("user/b"))], None),
        ([PUT, {**allow("iam:PutUserPolicy"), "Effect": "Deny"}], None),
    ],
)
def test_its_own_permissions_within_its_boundary(world, tmp_path, own, path_id):
    limit = world.policy(
        "limit", document(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutGroupPolicy"]), ASSUME)
    )
    world.group("g", {})
    world.user("a", {"own": document(*own)}, groups=["g"], boundary=limit)
    assert paths(world, tmp_path) == (path_id and [(path_id, State.PROVEN, arn("role/strong"))])


def test_what_a_change_of_its_own_permissions_requires_is_said(world, tmp_path):
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    limit = world.policy("limit", document(allow("iam:PutUserPolicy"), ASSUME))
    world.user("a", {"own": document({**PUT, **mfa})}, boundary=limit)
    (step,) = reach_of(world, tmp_path).attack_path(arn("user/a")).steps
    assert (step.path_id, step.state) == ("iam-007+sts-001", State.POSSIBLE)
    assert step.needs == ("multi-factor authentication (aws:MultiFactorAuthPresent)",)


def test_a_boundary_limits_the_permissions_that_it_gives_itself(world, tmp_path):
    limit = world.policy("limit", document(allow(["iam:PutUserPolicy", "s3:*"])))
    world.user("a", {"own": document(PUT)}, boundary=limit)
    assert paths(world, tmp_path) is None


def test_its_own_permissions_within_an_organization_policy(world, tmp_path):
    world.user("a", {"own": document(PUT)})
    world.denied_by_scp.append({"Effect": "Deny", "NotAction": ["iam:PutUserPolicy", "sts:*"], "Resource": "*"})
    assert paths(world, tmp_path, arn("role/strong")) == [("iam-007+sts-001", State.PROVEN, arn("role/strong"))]


def test_a_user_that_an_organization_policy_does_not_limit_is_within_reach(tmp_path):
    """What the guardrail keeps from the one is not kept from the other, whom it can change and become."""
    world = World()
    denied = {"Effect": "Deny", "Action": "iam:AttachRolePolicy", "Resource": "*"}
    excepted = {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn("user/excepted")}}}
    world.denied_by_scp.append({**denied, **excepted})
    world.user("a", {"own": document(PUT)})
    world.user("excepted", {})
    assert paths(world, tmp_path) == [("iam-007+iam-015", State.PROVEN, arn("user/excepted"))]


def test_a_new_version_of_its_own_policy_within_its_boundary(world, tmp_path):
    limit = world.policy("limit", document(allow("iam:CreatePolicyVersion", arn("policy/own")), ASSUME))
    own = world.policy("own", document(allow("iam:CreatePolicyVersion", arn("policy/own"))))
    world.user("a", {}, attached=[own], boundary=limit)
    (step,) = reach_of(world, tmp_path).attack_path(arn("user/a")).steps
    assert step.how == "creating a new version of a policy that it has and assuming the role"
    assert [proof.request_text for proof in step.proof] == [
        f"iam:CreatePolicyVersion on {arn('policy/own')}",
        f"sts:AssumeRole on {arn('role/strong')}, after the change before it",
    ]
    assert {proof.decision.decision.value for proof in step.proof} == {"allowed"}


LIMITED = ["iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:DetachUserPolicy", "iam:RemoveUserFromGroup"]


@pytest.mark.parametrize(
    ("own", "limit", "path_id"),
    [
        (PUT, [*LIMITED, "sts:*"], "iam-007+X12c+sts-001"),
        (PUT, ["iam:PutUserPolicy", "sts:*"], None),
        (allow(["iam:DetachUserPolicy", "sts:AssumeRole"]), ["iam:DetachUserPolicy", "sts:*"], "X12c+sts-001"),
        (allow(["iam:DetachUserPolicy", "sts:AssumeRole"], arn("user/b")), ["iam:DetachUserPolicy", "sts:*"], None),
        (allow(["iam:DetachUserPolicy", "s3:*"]), ["iam:DetachUserPolicy", "sts:*"], None),
    ],
)
def test_a_managed_policy_with_a_deny_that_it_may_detach(world, tmp_path, own, limit, path_id):
    """IAM API Reference, DetachUserPolicy: the policy is no longer in effect for the user."""
    world.policy("denies", document(DENY))
    limit = world.policy("limit", document(allow(limit)))
    world.user("a", {"own": document(own)}, attached=[arn("policy/denies")], boundary=limit)
    assert paths(world, tmp_path) == (path_id and [(path_id, State.PROVEN, arn("role/strong"))])


def test_what_a_group_allows_besides_its_deny_is_lost_with_it(world, tmp_path):
    leave = allow("iam:RemoveUserFromGroup", arn("group/g"))
    world.group("g", {"denies": document(DENY)})
    world.group("h", {"denies": document(DENY, ASSUME)})
    world.user("a", {"own": document(leave, ASSUME)}, groups=["g"])
    world.user("b", {"own": document(allow("iam:RemoveUserFromGroup", arn("group/h")))}, groups=["h"])
    reach = reach_of(world, tmp_path)
    assert [step.path_id for step in reach.attack_path(arn("user/a")).steps] == ["X12e+sts-001"]
    assert reach.attack_path(arn("user/b")) is None


def test_a_boundary_that_it_may_take_off(world, tmp_path):
    limit = world.policy("limit", document(allow("iam:DeleteUserPermissionsBoundary")))
    own = allow(["iam:DeleteUserPermissionsBoundary", "sts:AssumeRole"])
    world.user("a", {"own": document(own)}, boundary=limit)
    assert paths(world, tmp_path) == [("iam-022+sts-001", State.PROVEN, arn("role/strong"))]


@pytest.mark.parametrize(
    ("own", "limit", "inline", "path_id"),
    [
        (["iam:PutRolePolicy", "sts:AssumeRole"], ["sts:*"], WEAK, "iam-017+sts-001"),
        (["iam:AttachRolePolicy", "sts:AssumeRole"], ["sts:*"], WEAK, "iam-014+sts-001"),
        (["iam:PutRolePolicy"], ["sts:*"], WEAK, None),
        (["iam:PutRolePolicy", "sts:AssumeRole"], ["s3:*"], WEAK, None),
        (["iam:PutRolePolicy", "sts:AssumeRole"], ["sts:*"], document(DENY), "iam-017+sts-001"),
        (["iam:AttachRolePolicy", "sts:AssumeRole"], ["sts:*"], document(DENY), None),
    ],
)
def test_a_role_whose_permissions_it_changes_within_its_boundary(world, tmp_path, own, limit, inline, path_id):
    """IAM User Guide, "Permissions boundaries for IAM entities": it has what both its policies and boundary allow."""
    limit = world.policy("limit", document(allow(limit)))
    world.role("middle", {"own": inline}, trusting({"AWS": arn("root")}), boundary=limit)
    world.user("a", {"own": document(allow(own, arn("role/middle")))})
    assert paths(world, tmp_path) == (path_id and [(path_id, State.PROVEN, arn("role/strong"))])
    if path_id:
        (step,) = reach_of(world, tmp_path).attack_path(arn("user/a")).steps
        assert step.how.endswith("a role that it can assume (middle) and assuming the role")
        *first, last = step.proof
        assert {proof.decision.request.principal for proof in first} == {arn("user/a")}
        assert (last.decision.request.principal, last.is_after_change) == (arn("role/middle"), True)
        assert {proof.decision.decision for proof in step.proof} == {"allowed"}


def test_who_else_changes_something_in_the_same_copy_gains_nobody_a_path(world, tmp_path):
    """Alice may take off bob's boundary, within which bob may give himself anything, but has not."""
    world.roles.clear()
    limits = [
        world.policy(
            "alices", document(allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary", "iam:Create*"]))
        ),
        world.policy("bobs", document(allow(["iam:PutUserPolicy", "s3:*"]))),
    ]
    names = [("alice", arn("user/alice")), ("bob", arn("user/bob"))]
    for (name, itself), limit in zip(names, limits, strict=True):
        held = {"Effect": "Deny", "Action": "iam:PutUserPolicy", "NotResource": itself}
        attached = [world.policy(f"held-{name}", document(held))]
        world.user(name, {"own": document(allow("iam:PutUserPolicy", itself))}, attached=attached, boundary=limit)
    steps = reach_of(world, tmp_path).escalations(arn("user/alice"))
    assert not [step for step in steps if step.target == arn("user/bob") and step.goal.kind == "administration"]


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


TAG_ROLE, TAG_SELF = allow("iam:TagRole", arn("role/strong")), allow("iam:TagUser", arn("user/a"))


@pytest.mark.parametrize(
    ("variable", "tagging", "of_user", "of_role", "path_id"),
    [
        ("${aws:PrincipalTag/team}", TAG_ROLE, {"team": "x"}, {}, "X89+sts-001"),
        ("${aws:PrincipalTag/team}", TAG_ROLE, {"team": "x"}, {"team": "y"}, "X89+sts-001"),
        ("${aws:PrincipalTag/team}", TAG_ROLE, {}, {}, None),
        ("${aws:PrincipalTag/group}-admin", TAG_ROLE, {"group": "x"}, {}, "X89+sts-001"),
        ("${aws:username}", TAG_ROLE, {}, {}, "X89+sts-001"),
        ("${aws:PrincipalTag/team}", TAG_SELF, {}, {"team": "y"}, "X86+sts-001"),
        ("${aws:PrincipalTag/team}", TAG_SELF, {"team": "x"}, {"team": "y"}, "X86+sts-001"),
        ("${aws:PrincipalTag/team}", TAG_SELF, {}, {}, None),
    ],
)
def test_a_tag_that_is_compared_with_one_of_the_caller(tmp_path, variable, tagging, of_user, of_role, path_id):
    world = World()
    world.role("strong", {"all": FULL}, trusting({"AWS": arn("root")}), Tags=tags(**of_role))
    compared = {"Condition": {"StringEquals": {"aws:ResourceTag/team": variable}}}
    world.user("a", {"own": document(tagging, {**ASSUME, **compared})}, Tags=tags(**of_user))
    assert paths(world, tmp_path) == (path_id and [(path_id, State.PROVEN, arn("role/strong"))])


def test_tags_that_were_not_tried_are_counted(world, tmp_path, monkeypatch):
    wanted = {"Condition": {"StringEquals": {"aws:ResourceTag/team": ["x", "y", "z"]}}}
    world.user("a", {"own": document(allow("iam:TagRole", arn("role/strong")), {**ASSUME, **wanted}, DENY)})
    world.user("b", {"own": document({**ASSUME, **wanted})})
    assert reach_of(world, tmp_path).preparations_left_out == 0
    monkeypatch.setattr(prepared, "_MAX_TAGS", 1)
    assert reach_of(world, tmp_path).preparations_left_out == 2


def test_preparations_that_were_not_tried_are_counted(world, tmp_path, monkeypatch):
    world.user("a", {"own": document(allow("iam:AddUserToGroup"))})
    for name in ("g", "h"):
        world.group(name, {"own": document(ASSUME)})
    assert reach_of(world, tmp_path).preparations_left_out == 0
    monkeypatch.setattr(prepared, "_MAX_ROUNDS", 1)
    assert reach_of(world, tmp_path).preparations_left_out == 1
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 1)
    assert reach_of(world, tmp_path).preparations_left_out is None


def test_paths_of_one_principal_are_searched_whatever_the_size(world, tmp_path, monkeypatch):
    world.user("a", {"own": document(allow("iam:AddUserToGroup", arn("group/g")))})
    world.group("g", {"own": document(ASSUME)})
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 0)
    evaluator = Evaluator(world.snapshot(tmp_path))
    assert not list(AttackPathGraph(evaluator).attack_paths(arn("user/a")))
    for extent in (Extent(arn("user/a")), Extent(principals=1000)):
        graph = AttackPathGraph(evaluator, extent=extent)
        assert [path.state for path in graph.attack_paths(arn("user/a"))] == [State.PROVEN]
        assert graph.preparations_left_out == 0


def test_paths_of_one_principal_go_on_from_whom_it_becomes_after_a_preparation(world, tmp_path, monkeypatch):
    limit = world.policy("limit", document(allow(["sts:AssumeRole", "iam:PutRolePolicy"])))
    itself = document(allow("iam:PutRolePolicy", arn("role/middle")))
    world.role("middle", {"own": itself}, trusting({"AWS": arn("root")}), boundary=limit)
    world.user("a", {"own": document(allow("iam:AddUserToGroup", arn("group/g")))})
    world.group("g", {"own": document(allow("sts:AssumeRole", arn("role/middle")))})
    evaluator = Evaluator(world.snapshot(tmp_path))
    usual = list(AttackPathGraph(evaluator).attack_paths(arn("user/a")))
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 0)
    alone = list(AttackPathGraph(evaluator, extent=Extent(arn("user/a"))).attack_paths(arn("user/a")))
    assert usual
    assert [path.steps for path in alone] == [path.steps for path in usual]


BOTH = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
OF_MIDDLE = {"own": document(allow(BOTH))}


def passing_on(world, folder, *, own, lets_in=BOTH, last=BOTH, condition):
    """Return the path of a user through a role that may assume another one if its session has some value."""
    world.roles.clear()
    trusts = [{"Effect": "Allow", "Principal": {"AWS": arn("root")}, "Action": actions} for actions in (lets_in, last)]
    world.role("middle", OF_MIDDLE, document(trusts[0]))
    world.role("last", {"all": FULL}, document({**trusts[1], "Condition": condition}))
    world.user("a", {"own": document(*own)})
    path = reach_of(world, folder).attack_path(arn("user/a"))
    return path and ([step.path_id for step in path.steps], path.state)


def of_session(key, value, operator="StringEquals"):
    return {operator: {key: value}}


MIDDLE = arn("role/middle")
THROUGH = ["sts-001", "sts-001"]


@pytest.mark.parametrize(
    ("own", "more", "condition", "found"),
    [
        (allow(BOTH, MIDDLE), {}, of_session("aws:SourceIdentity", "alice"), State.PROVEN),
        (allow(BOTH, MIDDLE), {}, of_session("aws:SourceIdentity", "*", "StringLike"), State.PROVEN),
        (allow("sts:AssumeRole", MIDDLE), {}, of_session("aws:SourceIdentity", "alice"), State.POSSIBLE),
        (allow(BOTH, MIDDLE), {"last": "sts:AssumeRole"}, of_session("aws:SourceIdentity", "alice"), State.POSSIBLE),
        (allow(BOTH, MIDDLE), {}, of_session("aws:PrincipalTag/team", "red"), State.PROVEN),
        (
            allow(BOTH, MIDDLE, Condition={"StringEqualsIfExists": {"aws:RequestTag/team": "blue"}}),
            {},
            of_session("aws:PrincipalTag/team", "red"),
            State.POSSIBLE,
        ),
    ],
)
def test_values_passed_to_a_role_that_assumes_another_one(world, tmp_path, own, more, condition, found):
    """IAM User Guide, "Monitor and control actions taken with assumed roles" and "Pass session tags in AWS STS"."""
    ids = ["sts-001+sts-001"] if found is State.PROVEN else THROUGH
    assert passing_on(world, tmp_path, own=[own], condition=condition, **more) == (ids, found)


def test_the_evidence_of_a_passed_value_has_it_in_both_steps(world, tmp_path):
    passing_on(world, tmp_path, own=[allow(BOTH, MIDDLE)], condition=of_session("aws:SourceIdentity", "alice"))
    (step,) = reach_of(world, tmp_path).attack_path(arn("user/a")).steps
    assert step.how == "assuming the role (middle) and assuming the role"
    told = [(one.decision.request.principal, one.decision.request.action, one.decision.decision) for one in step.proof]
    assert told == [
        (arn("user/a"), "sts:AssumeRole", "allowed"),
        (arn("user/a"), "sts:SetSourceIdentity", "allowed"),
        (MIDDLE, "sts:AssumeRole", "allowed"),
        (MIDDLE, "sts:SetSourceIdentity", "allowed"),
    ]
    assert step.proof[2].decision.request.context == {"aws:SourceIdentity": "alice"}
