"""What was collected opens, whole, and answers questions."""

import json
from pathlib import Path

import pytest

from iamdesk import Evaluator, Request, Snapshot, load_snapshot
from iamdesk.explain.decision import EvalDecision
from iamdesk.inventory.keys import endpoint_policy_key
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.workloads import WorkloadKind
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree_builder import NodeKind, build_outline

from .conftest import Collect
from .gate import Gate
from .world import MANAGEMENT, REGION, WORKER, World

ALICE = f"arn:aws:iam::{MANAGEMENT}:user/people/alice"
BOB = f"arn:aws:iam::{MANAGEMENT}:user/bob"


@pytest.fixture(scope="module")
def snapshot(bundle: Path) -> Snapshot:
    return load_snapshot(bundle)


@pytest.fixture(scope="module")
def evaluator(snapshot: Snapshot) -> Evaluator:
    return Evaluator(snapshot)


def test_nothing_in_it_is_odd(snapshot: Snapshot) -> None:
    assert [str(problem) for problem in snapshot.problems] == []


def test_both_accounts_are_there_with_their_principals(snapshot: Snapshot, world: World) -> None:
    users = {account.account_id: {user.user_name for user in account.users} for account in snapshot.accounts}

    assert users == {MANAGEMENT: {"alice", "bob"}, world.member: {"dave"}}
    assert {account.alias for account in snapshot.accounts} == {"acme-management", None}


def test_organization_is_there_with_its_policies(snapshot: Snapshot, world: World) -> None:
    organization = snapshot.organization
    assert organization is not None

    nodes = {node.id: node for node in organization.nodes}
    assert world.scp in (nodes[world.unit].policy_ids or ())
    assert nodes[world.member].parent_id != nodes[world.unit].parent_id


def test_every_resource_with_a_policy_is_there(snapshot: Snapshot, world: World) -> None:
    with_policy = {resource.arn for resource in snapshot.resources if resource.policy is not None}

    assert {
        "arn:aws:s3:::acme-open",
        f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/{world.key_id}",
        f"arn:aws:sqs:{REGION}:{MANAGEMENT}:orders",
        f"arn:aws:sns:{REGION}:{MANAGEMENT}:alarms",
        f"arn:aws:lambda:{REGION}:{MANAGEMENT}:function:invoice",
        f"arn:aws:ecr:{REGION}:{MANAGEMENT}:repository/team/app",
    } <= with_policy


@pytest.mark.parametrize(
    ("principal", "action", "resource", "expected"),
    [
        # By her group's policy; the bucket is of her own account.
        (ALICE, "s3:GetObject", "arn:aws:s3:::acme-open/a", EvalDecision.ALLOWED),
        # By the bucket's policy alone.
        (BOB, "s3:PutObject", "arn:aws:s3:::acme-open/a", EvalDecision.ALLOWED),
        (BOB, "s3:GetObject", "arn:aws:s3:::acme-open/a", EvalDecision.IMPLICIT_DENY),
        # By the queue's policy, which lets everybody in.
        (BOB, "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{MANAGEMENT}:orders", EvalDecision.ALLOWED),
        # The grant on the key is for Alice.
        (ALICE, "kms:Decrypt", f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/KEY", EvalDecision.ALLOWED),
        (BOB, "kms:Decrypt", f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/KEY", EvalDecision.IMPLICIT_DENY),
    ],
)
def test_question_is_answered_from_what_was_collected(
    evaluator: Evaluator, world: World, principal: str, action: str, resource: str, expected: EvalDecision
) -> None:
    answer = evaluator.can(Request(principal, action, resource.replace("KEY", world.key_id)))

    assert answer.decision is expected


def test_service_control_policy_decides_in_the_member_account(evaluator: Evaluator, world: World) -> None:
    queue = f"arn:aws:sqs:{REGION}:{MANAGEMENT}:orders"  # its own policy lets everybody in

    answer = evaluator.can(Request(f"arn:aws:iam::{world.member}:user/dave", "sqs:SendMessage", queue))

    assert answer.decision is EvalDecision.EXPLICIT_DENY
    assert "scp" in answer.blocked_by


def test_everything_collected_stands_in_the_tree_and_can_be_looked_at(snapshot: Snapshot) -> None:
    outline, subjects = build_outline(snapshot), SubjectIndex(snapshot)

    found = {node.kind for node in outline.nodes if node.key}
    shown = {node.key for node in outline.nodes}
    assert {resource.arn for resource in snapshot.resources} <= shown
    assert {endpoint_policy_key(endpoint.vpc_endpoint_id) for endpoint in snapshot.vpc_endpoints} <= shown
    assert found >= {
        NodeKind.UNIT,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.OIDC_PROVIDER,
        NodeKind.SAML_PROVIDER,
        NodeKind.PERMISSION_SET,
        NodeKind.CENTER_USER,
        NodeKind.CENTER_GROUP,
    }
    for node in outline.nodes:
        if node.key:
            subject = subjects.subject(node.key)
            assert subject is not None, node
            assert subject.kind == node.kind, node
            for line in subject.policies:
                assert subjects.policy(line.key) is not None or line.kind is NodeKind.MISSING, line


def test_denied_call_is_known_to_the_snapshot(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"s3 GET /acme-open?policy": "AccessDenied"}
    collected(tmp_path / "bundle")

    snapshot = load_snapshot(tmp_path / "bundle")

    states = {
        capture.arguments: capture.state for capture in snapshot.captures if capture.command == "get-bucket-policy"
    }
    assert states == {("acme-open",): CaptureState.DENIED, ("acme-shut",): CaptureState.NOTHING_THERE}
    answer = Evaluator(snapshot).can(Request(BOB, "s3:PutObject", "arn:aws:s3:::acme-open/a"))
    assert answer.decision is not EvalDecision.ALLOWED
    assert any("policy is not captured" in assumption.message for assumption in answer.assumptions)


def test_zip_gives_the_same_answers(collected: Collect, tmp_path: Path) -> None:
    collected(tmp_path / "acme.zip")

    answer = Evaluator(load_snapshot(tmp_path / "acme.zip")).can(
        Request(BOB, "s3:PutObject", "arn:aws:s3:::acme-open/a")
    )

    assert answer.decision is EvalDecision.ALLOWED


def test_bundle_without_its_manifest_gives_the_same_answers(bundle: Path, tmp_path: Path) -> None:
    """As a person would have made it by hand."""
    for path in bundle.rglob("*.json"):
        copy = tmp_path / path.relative_to(bundle)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.name != "manifest.json":
            copy.write_text(json.dumps(json.loads(path.read_bytes())))

    answer = Evaluator(load_snapshot(tmp_path)).can(Request(BOB, "s3:PutObject", "arn:aws:s3:::acme-open/a"))

    assert answer.decision is EvalDecision.ALLOWED


def test_what_runs_with_a_role_is_there(snapshot: Snapshot) -> None:
    """Of each kind that moto knows; the Regions of the account are known, and more than the one that was captured."""
    index = WorkloadIndex(snapshot).of_account(MANAGEMENT)
    found = {use.workload.kind: use.workload.arn.rpartition(":")[2] for use in index.runs_with(WORKER)}

    assert {kind: name for kind, name in found.items() if kind in NAMED} == NAMED
    assert found.keys() - NAMED.keys() == {WorkloadKind.EC2_INSTANCE, WorkloadKind.LAUNCH_TEMPLATE}
    assert not any(map(index.is_complete, WorkloadKind))


NAMED = {
    WorkloadKind.BUILD_PROJECT: "project/build",
    WorkloadKind.STATE_MACHINE: "orders",
    WorkloadKind.ECS_SERVICE: "service/prod/web",
    WorkloadKind.TASK_DEFINITION: "1",
    WorkloadKind.EVENT_RULE: "rule/nightly",
    WorkloadKind.SCHEDULE: "schedule/default/daily",
    WorkloadKind.NOTEBOOK_INSTANCE: "notebook-instance/lab",
    WorkloadKind.EKS_CLUSTER: "cluster/prod",
}
