"""Roles whose trust policies ask for session tags, a source identity or a session name."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document
from .cases import FULL, WEAK, World, arn

ASSUME, TAG, NAME_SOURCE = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
TAGGED = {"StringEquals": {"aws:RequestTag/team": "x"}}
SOURCE = {"StringEquals": {"sts:SourceIdentity": "bob"}}
BOTH = {"StringEquals": {**TAGGED["StringEquals"], **SOURCE["StringEquals"]}}
PROVEN = State.PROVEN


def trusted(*actions, principal="user/bob", **condition):
    return {"Effect": "Allow", "Principal": {"AWS": arn(principal)}, "Action": list(actions), "Condition": condition}


def proof(folder, own, *trust, version="2012-10-17"):
    """Return the state of bob's path to administrator, and the actions of its proof; own: his statements."""
    world = World()
    world.user("bob", {"some": document(*own)})
    world.role("admin", {"all": FULL}, {**document(*trust), "Version": version})
    world.role("other", {"some": WEAK}, document(*trust))
    paths = AttackPathGraph(Evaluator(world.snapshot(folder))).attack_paths(arn("user/bob"))
    found = {path.state: [one.decision.request.action for one in path.steps[0].proof] for path in paths}
    return next(iter(found.items()), (None, []))


@pytest.mark.parametrize(
    ("actions", "condition", "own", "state"),
    [
        ([ASSUME], TAGGED, "", None),
        ([ASSUME, TAG], TAGGED, "", PROVEN),
        ([ASSUME], {"Null": {"aws:RequestTag/team": "false"}}, "", None),
        ([ASSUME], {"Null": {"aws:RequestTag/team": "true"}}, "", PROVEN),
        ([ASSUME], {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}, "", None),
        ([ASSUME, TAG], {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}, "", PROVEN),
        ([ASSUME], {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}, "", PROVEN),  # without tags
        ([ASSUME], {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}, "", None),
        ([ASSUME, TAG], {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}, "", PROVEN),
        ([ASSUME], SOURCE, NAME_SOURCE, None),
        ([ASSUME, NAME_SOURCE], SOURCE, "", State.POSSIBLE),  # `source-identity-of-user`: the pages disagree
        ([ASSUME, NAME_SOURCE], {"Null": {"sts:SourceIdentity": "false"}}, "", State.POSSIBLE),
        ([ASSUME, NAME_SOURCE], SOURCE, NAME_SOURCE, PROVEN),
        ([ASSUME, TAG], SOURCE, NAME_SOURCE, None),
        ([ASSUME], {"StringLike": {"sts:SourceIdentity": "${aws:username}"}}, NAME_SOURCE, None),
        ([ASSUME, NAME_SOURCE], {"StringLike": {"sts:SourceIdentity": "${aws:username}"}}, "sts:Set*", PROVEN),
        ([ASSUME], {"Null": {"sts:SourceIdentity": "true"}}, "", PROVEN),
        ([ASSUME, NAME_SOURCE], BOTH, NAME_SOURCE, None),
        ([ASSUME, TAG], BOTH, NAME_SOURCE, None),
    ],
)
def test_tags_and_a_source_identity_take_an_action_of_the_trust_policy(tmp_path, actions, condition, own, state):
    """IAM User Guide, "Pass session tags in AWS STS" and "Monitor and control actions taken with assumed roles"."""
    mine = [allow(own)] if own else [allow("s3:ListAllMyBuckets")]
    assert proof(tmp_path, mine, trusted(*actions, **condition))[0] is state


def test_what_a_user_needs_whom_only_the_trust_policy_names(tmp_path):
    """Both pages are of the IAM User Guide: see `source-identity-of-user` (rule I2)."""
    world = World()
    world.user("bob", {"some": document(allow("s3:ListAllMyBuckets"))})
    world.role("admin", {"all": FULL}, document(trusted(ASSUME, NAME_SOURCE, **SOURCE)))
    (path,) = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    (step,) = path.steps
    needed = "that no identity policy has to allow sts:SetSourceIdentity: AWS's documentation disagrees"
    assert (step.state, needed in step.needs) == (State.POSSIBLE, True)
    denied = step.proof[1].decision
    assert (denied.decision, denied.request.action) == ("implicitDeny", NAME_SOURCE)
    assert "pages-disagree" in {one.code for one in denied.assumptions}


def test_a_role_needs_both_sides_for_a_source_identity(tmp_path):
    world = World()
    world.role("ci", {"some": WEAK}, document({"Effect": "Allow", "Principal": "*", "Action": ASSUME}))
    trust = trusted(ASSUME, NAME_SOURCE, principal="role/ci", **SOURCE)
    world.role("admin", {"all": FULL}, document(trust))
    assert not list(AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("role/ci")))


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ([TAG, NAME_SOURCE], PROVEN),
        ([TAG], None),
        ([NAME_SOURCE], None),
    ],
)
def test_tags_and_a_source_identity_together_take_both_actions(tmp_path, more, state):
    trust = [trusted(ASSUME, **BOTH), trusted(*more)]
    assert proof(tmp_path, [allow("sts:Set*")], *trust) == (state, [] if state is None else [ASSUME, *more])


@pytest.mark.parametrize(
    ("own", "state"),
    [
        ([allow(ASSUME)], None),
        ([allow(TAG)], None),
        ([allow([ASSUME, TAG])], PROVEN),
        ([allow("sts:*")], PROVEN),
        ([allow(ASSUME), allow(TAG, arn("role/admin"))], PROVEN),
        ([allow(ASSUME), allow(TAG, arn("role/other"))], None),
        ([allow(ASSUME), allow(TAG), {"Effect": "Deny", "Action": TAG, "Resource": arn("role/admin")}], None),
        ([allow(ASSUME), allow(TAG), {"Effect": "Deny", "Action": TAG, "Resource": arn("role/other")}], PROVEN),
        ([allow(ASSUME), allow(TAG, Condition={"StringEquals": {"aws:RequestTag/team": "y"}})], None),
        ([allow(ASSUME), allow(TAG, Condition={"StringLike": {"aws:RequestTag/team": "*"}})], PROVEN),
    ],
)
def test_a_trusted_account_leaves_it_to_the_callers_own_policies(tmp_path, own, state):
    trust = trusted(ASSUME, TAG, principal="root", **TAGGED)
    found, actions = proof(tmp_path, own, trust)
    assert found is state
    assert actions == ([] if state is None else [ASSUME, TAG])


def test_a_deny_that_asks_for_tags_takes_the_action_that_sets_them(tmp_path):
    guard = {
        "Effect": "Deny",
        "Action": ASSUME,
        "Resource": "*",
        "Condition": {"Null": {"aws:RequestTag/team": "true"}},
    }
    assert proof(tmp_path, [allow(ASSUME), guard], trusted(ASSUME, principal="root"))[0] is None
    assert proof(tmp_path, [allow(ASSUME)], trusted(ASSUME, principal="root"))[0] is PROVEN
    both = trusted(ASSUME, TAG, principal="root")
    assert proof(tmp_path, [allow(ASSUME), guard], both)[0] is None
    assert proof(tmp_path, [allow([ASSUME, TAG]), guard], both)[0] is PROVEN


@pytest.mark.parametrize(
    ("assumes", "sets", "state"),
    [
        (("a*", "StringLike"), ("*z", "StringLike"), PROVEN),
        (("a*", "StringLike"), ("b*", "StringLike"), None),
        (("diego", "StringEquals"), (["saanvi", "diego"], "StringEquals"), PROVEN),
        (("diego", "StringEquals"), ("saanvi", "StringEquals"), None),
    ],
)
@pytest.mark.parametrize(("key", "action"), [("sts:SourceIdentity", NAME_SOURCE), ("aws:RequestTag/team", TAG)])
def test_the_values_suit_both_actions(tmp_path, key, action, assumes, sets, state):
    first, second = ({by: {key: value}} for value, by in (assumes, sets))
    trust = [trusted(ASSUME, **first), trusted(action, **second)]
    assert proof(tmp_path, [allow(action)], *trust)[0] is state


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ({"StringLike": {"aws:SourceIdentity": "*"}}, State.POSSIBLE),  # set, if at all, when the session of ci began
        ({"Null": {"aws:SourceIdentity": "true"}}, State.POSSIBLE),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, PROVEN),  # the role's own tag, if bob passes no other
        # IAM User Guide, "Pass session tags in AWS STS": bob passes it, and it takes the place of the role's own.
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, PROVEN),
        ({"StringEquals": {"aws:PrincipalTag/cost": "9"}}, PROVEN),
        ({"Null": {"aws:PrincipalTag/team": "true"}}, None),
    ],
)
def test_what_the_session_has_that_assumes_the_next_role(tmp_path, condition, state):
    """bob assumes ci, whose sessions can have tags; ci assumes admin on a condition about its session."""
    world = World()
    world.user("bob", {"some": document(allow("s3:ListAllMyBuckets"))})
    entered = trusted(ASSUME, TAG, NAME_SOURCE)
    world.role("ci", {"some": WEAK}, document(entered), Tags=[{"Key": "team", "Value": "red"}])
    trust = trusted(ASSUME, NAME_SOURCE, principal="role/ci", **condition)
    world.role("admin", {"all": FULL}, document(trust))
    paths = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    assert next((path.state for path in paths), None) is state


IF_NAMED = {"StringLike": {"aws:SourceIdentity": "*"}}
IF_UNNAMED = {"Null": {"aws:SourceIdentity": "true"}}


@pytest.mark.parametrize(
    ("entered", "of_role", "trusts", "state"),
    [
        ([ASSUME], {}, IF_NAMED, None),
        ([ASSUME, TAG], {}, IF_NAMED, None),
        ([ASSUME, NAME_SOURCE], {}, IF_NAMED, State.POSSIBLE),
        ([ASSUME], {}, IF_UNNAMED, PROVEN),
        ([ASSUME], IF_NAMED, {}, None),
        ([ASSUME, NAME_SOURCE], IF_NAMED, {}, State.POSSIBLE),
    ],
)
def test_no_session_has_a_source_identity_that_the_trust_policy_does_not_let_in(
    tmp_path, entered, of_role, trusts, state
):
    """IAM User Guide, "Monitor and control actions taken with assumed roles". bob assumes ci, and ci assumes admin."""
    world = World()
    world.user("bob", {"some": document(allow("s3:ListAllMyBuckets"))})
    assumes = {"Effect": "Allow", "Action": [ASSUME, NAME_SOURCE], "Resource": "*", "Condition": of_role}
    world.role("ci", {"some": document(assumes)}, document(trusted(*entered)))
    trust = document(trusted(ASSUME, NAME_SOURCE, principal="root", **trusts))
    world.role("admin", {"all": FULL}, trust)
    paths = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    assert next((path.state for path in paths), None) is state


@pytest.mark.parametrize(
    ("entered", "condition", "state"),
    [([ASSUME], IF_NAMED, None), ([ASSUME, NAME_SOURCE], IF_NAMED, PROVEN), ([ASSUME], IF_UNNAMED, PROVEN)],
)
@pytest.mark.parametrize("other", ["a-other", "z-other"])
def test_who_is_an_administrator_only_with_a_source_identity(tmp_path, entered, condition, state, other):
    """Of two roles with the same policies, the trust policy of one lets its sessions have a source identity."""
    world = World()
    world.user("bob", {"some": document(allow(NAME_SOURCE))})
    full = {"all": document({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})}
    of_other = [ASSUME] if NAME_SOURCE in entered else [ASSUME, NAME_SOURCE]
    world.role(other, full, document(trusted(*of_other, principal="user/ann")))
    world.role("mine", full, document(trusted(*entered)))
    paths = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_paths(arn("user/bob"))
    assert next((path.state for path in paths), None) is state


@pytest.mark.parametrize(
    ("operator", "value", "state"),
    [
        ("StringEquals", "", None),
        ("StringEquals", "x", None),
        ("StringEquals", "xy", PROVEN),
        ("StringEquals", ["x", "xy"], PROVEN),
        ("StringEquals", "x" * 64, PROVEN),
        ("StringEquals", "x" * 65, None),
        ("StringLike", "a/*", None),
        ("StringLike", ["a/*", "b*"], PROVEN),
        ("StringLike", "a*", PROVEN),
        ("StringLike", "x" * 64 + "*", PROVEN),
        ("StringLike", "*", PROVEN),
        ("StringLike", "?", None),
        ("StringLike", "${aws:username}", PROVEN),
        ("StringNotEquals", "x", PROVEN),
        ("Null", "false", PROVEN),
        ("Null", "true", None),  # AssumeRole requires a session name
    ],
)
def test_a_session_name_is_one_that_aws_takes(tmp_path, operator, value, state):
    """STS API Reference, AssumeRole: RoleSessionName."""
    trust = trusted(ASSUME, **{operator: {"sts:RoleSessionName": value}})
    assert proof(tmp_path, [allow("s3:ListAllMyBuckets")], trust)[0] is state


@pytest.mark.parametrize(
    ("key", "value", "state"),
    [
        ("sts:RoleSessionName", "${aws:username}", None),
        ("sts:RoleSessionName", ["${aws:username}", "dev"], PROVEN),
        ("sts:SourceIdentity", "${aws:username}", None),
        ("aws:RequestTag/team", "a#b", None),
        ("aws:RequestTag/team", "${aws:username}", None),
        ("aws:RequestTag/team", "a b", PROVEN),
        ("aws:RequestTag/team", ["a#b", "red"], PROVEN),
        ("aws:RequestTag/aws:team", "red", None),
        ("aws:RequestTag/te#m", "red", None),
        ("sts:ExternalId", "bad id!", None),
        ("sts:ExternalId", "good:id", State.POSSIBLE),
    ],
)
def test_a_value_that_sts_does_not_accept_is_no_path(tmp_path, key, value, state):
    """STS API Reference, AssumeRole and Tag; a variable of a document of 2008 is text."""
    every = ASSUME, TAG, NAME_SOURCE
    trust = trusted(*every, StringEquals={key: value})
    assert proof(tmp_path, [allow(list(every))], trust, version="2008-10-17")[0] is state


@pytest.mark.parametrize(("value", "state"), [("te#m", None), ("aws:team", None), ("team", PROVEN)])
def test_a_tag_key_that_sts_does_not_accept_is_no_path(tmp_path, value, state):
    trust = trusted(ASSUME, TAG, **{"ForAnyValue:StringEquals": {"aws:TagKeys": [value]}})
    assert proof(tmp_path, [allow([ASSUME, TAG])], trust)[0] is state
