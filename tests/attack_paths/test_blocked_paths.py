"""What blocks techniques for each principal, with a reason for every one of them."""

from pathlib import Path

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import allow, document, trusting
from .cases import FULL, WEAK, World, arn

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


@pytest.mark.parametrize("sample", ["acme-prod.json", "acme-organization"])
def test_every_principal_of_a_sample_can_be_asked_about(sample):
    reach = AttackPathGraph(Evaluator(load_snapshot(SAMPLES / sample)))
    refusals = [one for exposure in reach.exposures() for one in reach.refusals(exposure.principal)]
    assert refusals
    assert all(one.by for one in refusals)


def refusals(folder, world):
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    return {one.path_id: one.by for one in reach.refusals(arn("user/alice"))}


def test_the_reason_is_the_call_that_is_denied_on_the_resource_that_can_be_made(tmp_path):
    world = World()
    sandbox = arn("role/*-sandbox")
    make = allow("iam:CreateRole", sandbox)
    world.user("alice", {"some": document(make, allow("iam:AttachRolePolicy", arn("role/x")))})
    by = refusals(tmp_path, world)["X82"]
    assert "iam:AttachRolePolicy" in by
    assert "-sandbox" in by

    world = World()
    create = allow("lambda:CreateFunction", arn("function:a-*").replace(":iam::", ":lambda:*:"))
    invoke = allow("lambda:InvokeFunction", arn("function:b-*").replace(":iam::", ":lambda:*:"))
    world.user("alice", {"some": document(allow("iam:PassRole"), create, invoke)})
    world.role("admin", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    by = refusals(tmp_path, world)["lambda-001"]
    assert "perform lambda:InvokeFunction" in by
    assert "function:a-*" in by


def test_only_limits_that_are_there_are_named(tmp_path):
    put = document(allow("iam:PutUserPolicy"))
    world = World(denied_by_scp=[{"Effect": "Deny", "NotAction": "iam:PutUserPolicy", "Resource": "*"}])
    world.user("alice", {"some": put})
    by = refusals(tmp_path, world)["iam-007"]
    assert by == "It adds no permissions, or an organization policy prevents administrator access."
    world = World()
    world.user("alice", {"some": put}, boundary=world.policy("edge", put))
    alone = world.snapshot(tmp_path).model_copy(update={"organization": None})
    (one, *_) = AttackPathGraph(Evaluator(alone)).refusals(arn("user/alice"))
    assert one.by == "It adds no permissions, or the permissions boundary prevents administrator access."


def test_what_stops_someone_from_creating_an_administrator(tmp_path):
    world = World()
    granted = allow(["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"])
    world.user("alice", {"some": document(granted)}, boundary=world.policy("edge", WEAK))
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    refusals = {one.path_id: one for one in reach.refusals(arn("user/alice"))}
    assert "edge" in refusals["X82"].by
    assert refusals["X83"].decision.blocked_by == ("permissions-boundary",)
