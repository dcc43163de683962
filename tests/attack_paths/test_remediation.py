"""What is offered as a cut does what it says: followed to the letter on the whole snapshot, and looked at again."""

import pytest

from iamdesk import Evaluator, Request
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import catalog
from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply

from ..builders.captures import allow, document, trusting
from .cases import ACCOUNT, FULL, OTHER_ACCOUNT, WORKS, World, add_case, arn


def steps_of(attack_path):
    return [(step.path_id, step.source, step.target, step.goal.key) for step in attack_path.steps]


def check_remediations(snapshot, principal, goal="admin", most_remediations=5):
    """Make every change that is offered, and hold the ways that there are then against what it said."""
    reach = AttackPathGraph(Evaluator(snapshot))
    attack_paths = list(reach.attack_paths(principal, goal))
    remediations = reach.remediations(principal, goal, most_remediations=most_remediations)
    for remediation in remediations:
        after = AttackPathGraph(Evaluator(apply(snapshot, remediation.edits)))
        ended = [
            attack_path for attack_path in attack_paths if not all(after.is_there(step) for step in attack_path.steps)
        ]
        assert ended == list(remediation.ended), remediation.what
        assert ended, remediation.what
        left = list(after.attack_paths(principal, goal))
        assert sorted(map(steps_of, left)) == sorted(map(steps_of, remediation.remaining)), remediation.what
    return attack_paths, remediations


@pytest.mark.parametrize("path", catalog().paths, ids=lambda path: path.id)
def test_every_path_is_cut_by_what_is_offered(path, tmp_path):
    world = World()
    actor = add_case(world, path, WORKS)
    attack_paths, remediations = check_remediations(world.snapshot(tmp_path), actor, most_remediations=12)
    goal = "admin"
    if not any(attack_path.steps for attack_path in attack_paths):
        goal = next(iter(AttackPathGraph(Evaluator(world.snapshot(tmp_path))).escalations(actor))).goal.key
        attack_paths, remediations = check_remediations(world.snapshot(tmp_path), actor, goal)
    assert {id(attack_path) for remediation in remediations for attack_path in remediation.ended} or not attack_paths
    assert len(
        {tuple(steps_of(attack_path)) for remediation in remediations for attack_path in remediation.ended}
    ) == len(attack_paths)


@pytest.mark.parametrize(
    "name",
    [
        "user/engineering/deepak.rao",
        "user/engineering/farid.haddad",
        "user/machines/ci-legacy-deployer",
        "role/ci/GitHubActionsDeploy",
        "role/deploy/prod-deploy",
        "role/engineering/sandbox-admin",
    ],
)
def test_cuts_of_the_sample(name):
    _, remediations = check_remediations(load_snapshot(sample_snapshot()), arn(name), most_remediations=3)
    assert remediations


def offered(world, tmp_path, principal="user/alice", goal="admin"):
    _, remediations = check_remediations(world.snapshot(tmp_path), arn(principal), goal)
    return [remediation.what for remediation in remediations]


def test_an_action_that_another_statement_allows_too_is_denied(tmp_path):
    world = World()
    world.user(
        "alice",
        {"one": document(allow("iam:PutUserPolicy")), "two": document(allow("iam:Put*"))},
    )
    (what,) = offered(world, tmp_path)
    assert what == f"Add an inline policy to alice that denies iam:PutUserPolicy on {arn('user/alice')}."


def test_what_a_pattern_allows_is_not_taken_out_of_it(tmp_path):
    world = World()
    world.user("alice", {"one": document(allow("*", NotAction="s3:*") | {"Action": "iam:*"})})
    assert not [what for what in offered(world, tmp_path) if what.startswith("Remove")]


def test_a_name_is_taken_out_of_a_trust_policy_and_a_whole_account_is_not(tmp_path):
    world = World()
    world.user("alice", {})
    world.user("bob", {"some": document(allow("sts:AssumeRole"))})
    world.role("named", {"all": FULL}, trusting({"AWS": [arn("user/alice"), arn("user/bob")]}))
    assert offered(world, tmp_path) == ["Remove alice from the trust policy of named."]
    world.roles.clear()
    world.role("whole", {"all": FULL}, trusting({"AWS": arn("root")}))
    (what,) = offered(world, tmp_path, "user/bob")
    assert what == "Delete the inline policy some of bob."


def test_a_trust_policy_that_names_nobody_else_keeps_its_statement(tmp_path):
    world = World()
    world.user("alice", {})
    world.role("named", {"all": FULL}, trusting({"AWS": arn("user/alice")}))
    (what,) = offered(world, tmp_path)
    assert what == f"Add an inline policy to alice that denies sts:AssumeRole on {arn('role/named')}."


def test_a_policy_of_one_action_is_detached(tmp_path):
    world = World()
    world.user("alice", {}, attached=[world.policy("one", document(allow(["iam:PutUserPolicy"])))])
    assert offered(world, tmp_path) == ["Detach one from alice."]


def test_a_policy_of_the_same_name_is_not_overwritten(tmp_path):
    world = World()
    world.user("alice", {"deny-iam-PutUserPolicy": document(allow("iam:Put*")), "x": document(allow("s3:*"))})
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (remediation,) = reach.remediations(arn("user/alice"))
    assert [edit.detail for edit in remediation.edits] == ["deny-iam-PutUserPolicy-2"]


def test_ways_through_another_account_are_cut(tmp_path):
    world = World()
    world.user("alice", {"some": document(allow("sts:AssumeRole"))})
    role = world.entity("role", "visitor", {"all": FULL}, AssumeRolePolicyDocument=trusting({"AWS": arn("root")}))
    role["Arn"], role["InstanceProfileList"] = arn("role/visitor", OTHER_ACCOUNT), []
    world.foreign.append(role)
    assert ACCOUNT != OTHER_ACCOUNT
    assert len(offered(world, tmp_path, goal=OTHER_ACCOUNT)) == 1


def test_the_cut_of_one_way_holds_on_the_whole_snapshot():
    """It is tried on a copy without the groups, policies and accounts that have no part in the way."""
    snapshot = load_snapshot(sample_snapshot())
    reach = AttackPathGraph(Evaluator(snapshot))
    remediation = 0
    for reached in reach.exposures():
        attack_path = reach.attack_path(reached.principal)
        found = reach.remediation(attack_path) if attack_path is not None and attack_path.steps else None
        if found is not None:
            after = AttackPathGraph(Evaluator(apply(snapshot, found.edits)))
            assert not all(map(after.is_there, attack_path.steps)), found.what
            remediation += 1
    assert remediation > 5


def test_a_copy_for_one_way_holds_what_has_part_in_it_alone():
    snapshot = load_snapshot(sample_snapshot())
    remediations = AttackPathGraph(Evaluator(snapshot)).remediation_search
    user = next(one for account in snapshot.accounts for one in account.users if one.group_list)
    (account,) = remediations._alone(frozenset({user.arn})).accounts
    assert [one.arn for one in account.users] == [user.arn]
    assert {group.group_name for group in account.groups} == set(user.group_list)
    held = {one.policy_arn for entity in (user, *account.groups) for one in entity.attached_managed_policies}
    if user.permissions_boundary:
        held.add(user.permissions_boundary.permissions_boundary_arn)
    assert {policy.arn for policy in account.policies} <= held
    assert not account.roles


def test_a_denial_that_its_subject_could_remove_denies_that_too(tmp_path):
    world = World()
    world.user("removes", {"own": document(allow(["iam:Put*", "iam:Delete*"]))})
    world.user("keeps", {"own": document(allow("iam:Attach*"))})
    snapshot = world.snapshot(tmp_path)
    reach = AttackPathGraph(Evaluator(snapshot))
    found = {}
    for name in ("removes", "keeps"):
        path = reach.attack_path(arn(f"user/{name}"))
        remediation = reach.remediation(path)
        (edit,) = remediation.edits
        found[name] = edit.document["Statement"]
        after = Evaluator(apply(snapshot, remediation.edits))
        for action in ("iam:DeleteUserPolicy", "iam:PutUserPolicy"):
            request = Request(arn(f"user/{name}"), action, arn(f"user/{name}"))
            assert after.decide(request) is not EvalDecision.ALLOWED
    assert found["removes"][1:] == [
        {"Effect": "Deny", "Action": ["iam:DeleteUserPolicy"], "Resource": arn("user/removes")}
    ]
    assert len(found["keeps"]) == 1


def test_the_remediation_of_a_path_takes_what_else_its_statement_gives(tmp_path):
    world = World()

    world.user("alice", {"some": document(allow(["iam:AttachUserPolicy", "iam:PutUserPolicy", "s3:ListAllMyBuckets"]))})
    world.user("bob", {"some": document(allow("iam:Put*"), allow("iam:AttachUserPolicy"))})
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    of = {name: reach.remediation(reach.attack_path(arn(f"user/{name}"))) for name in ("alice", "bob")}
    assert of["alice"].what.startswith("Remove iam:AttachUserPolicy and iam:PutUserPolicy from ")
    assert of["alice"].remaining == ()
    after = AttackPathGraph(Evaluator(apply(world.snapshot(tmp_path), of["alice"].edits)))
    assert after.attack_path(arn("user/alice")) is None
    assert [path.steps[0].path_id for path in of["bob"].remaining] == ["iam-007"]
