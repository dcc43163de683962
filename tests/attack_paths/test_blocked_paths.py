"""What blocks techniques for each principal, with a reason for every one of them."""

from pathlib import Path

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import allow, document
from .cases import WEAK, World, arn

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


@pytest.mark.parametrize("sample", ["acme-prod.json", "acme-organization"])
def test_every_principal_of_a_sample_can_be_asked_about(sample):
    reach = AttackPathGraph(Evaluator(load_snapshot(SAMPLES / sample)))
    refusals = [one for exposure in reach.exposures() for one in reach.refusals(exposure.principal)]
    assert refusals
    assert all(one.by for one in refusals)


def test_what_stops_someone_from_creating_an_administrator(tmp_path):
    world = World()
    granted = allow(["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"])
    world.user("alice", {"some": document(granted)}, boundary=world.policy("edge", WEAK))
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    refusals = {one.path_id: one for one in reach.refusals(arn("user/alice"))}
    assert "edge" in refusals["X82"].by
    assert refusals["X83"].decision.blocked_by == ("permissions-boundary",)
