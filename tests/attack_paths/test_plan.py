"""A plan does what it says: made to the letter, no attack path to administrator is left but those that it names."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply

from ..builders.captures import allow, document, trusting
from .cases import FULL, World, arn


def exposed(graph):
    return {
        one.principal
        for one in graph.exposures()
        if not one.is_administrator and (one.to_administration is not None or one.maybe_to_administration is not None)
    }


def test_the_plan_of_the_sample_ends_all_paths():
    snapshot = load_snapshot(sample_snapshot())
    graph = AttackPathGraph(Evaluator(snapshot))
    before = exposed(graph)
    plan = graph.plan()
    assert plan.principals == len(before)
    edits = [edit for change in plan.changes for edit in change.edits]
    after = AttackPathGraph(Evaluator(apply(snapshot, edits)))
    assert exposed(after) == set(plan.remaining) == set()
    assert 0 < len(plan.changes) <= len(before)
    assert {arn for change in plan.changes for arn in change.ends} <= before
    assert not {arn for change in plan.changes for arn in change.affects} & before
    administrators = [{one.principal for one in each.exposures() if one.is_administrator} for each in (graph, after)]
    # One role runs the code of nearly all of them: taking full access from it comes first.
    assert administrators[0] - administrators[1] == {plan.changes[0].policy_key} == set(plan.changes[0].affects)
    assert plan.changes[0].policy_key.endswith("role/service/reporting")
    assert len(plan.changes[0].ends) > max(len(change.ends) for change in plan.changes[1:])


def test_full_access_is_taken_from_a_role_only_if_that_ends_more_paths(tmp_path):
    world = World()
    world.role("runs", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    own = {"own": document(allow(["lambda:CreateFunction", "lambda:InvokeFunction"]), allow("iam:PassRole"))}
    world.user("a", own)
    alone = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).plan()
    assert [change.policy_key for change in alone.changes] != [arn("role/runs")]
    world.user("b", own)
    (change,) = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).plan().changes
    assert (change.policy_key, change.affects) == (arn("role/runs"), (arn("role/runs"),))
    assert change.ends == (arn("user/a"), arn("user/b"))


def test_changes_that_end_proven_paths_come_first(tmp_path):
    world = World()
    shared = world.policy(
        "shared", document(allow(["sso:PutInlinePolicyToPermissionSet", "sso:ProvisionPermissionSet"]))
    )
    for name in ("a", "b", "c"):
        world.user(name, {}, attached=[shared])
    world.user("d", {"own": document(allow("iam:PutUserPolicy"))})
    sure, *unsure = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).plan().changes
    assert (sure.ends, sure.proven) == ((arn("user/d"),), (arn("user/d"),))
    assert len(unsure[0].ends) == 3
    assert not any(change.proven for change in unsure)


def test_one_change_serves_all_who_share_a_policy(tmp_path):
    world = World()
    shared = world.policy("shared", document(allow(["sts:AssumeRole", "s3:ListAllMyBuckets"])))
    world.role("strong", {"all": FULL}, trusting({"AWS": arn("root")}))
    for name in ("a", "b", "c"):
        world.user(name, {}, attached=[shared])
    world.user("d", {"wide": document(allow("iam:*", arn("user/d")))})
    snapshot = world.snapshot(tmp_path)
    plan = AttackPathGraph(Evaluator(snapshot)).plan()
    assert plan.remaining == ()
    assert sorted(len(change.ends) for change in plan.changes) == [1, 3]
    edits = [edit for change in plan.changes for edit in change.edits]
    assert exposed(AttackPathGraph(Evaluator(apply(snapshot, edits)))) == set()


def test_without_paths_there_is_nothing_to_change(tmp_path):
    world = World()
    world.user("a", {"own": document(allow("s3:ListAllMyBuckets"))})
    plan = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).plan()
    assert (plan.changes, plan.principals, plan.remaining) == ((), 0, ())


def test_a_plan_can_be_cancelled():
    graph = AttackPathGraph(Evaluator(load_snapshot(sample_snapshot())))
    with pytest.raises(WorkCancelled):
        graph.plan(cancelled=lambda: True)


def test_the_number_of_paths_is_that_of_all_paths():
    graph = AttackPathGraph(Evaluator(load_snapshot(sample_snapshot())))
    for principal in sorted(exposed(graph)):
        assert graph.count_attack_paths(principal) == len(list(graph.attack_paths(principal, most=1000)))
