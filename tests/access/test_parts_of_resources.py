"""A policy on a Kafka cluster, repository or backup vault reaches what it contains, in every answer."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, user_arn
from ..builders.captures import evaluator, user
from ..builders.statements import allow, deny, document

OTHER = "555566667777"
CLUSTER = "cluster/k/11111111-2222-3333-4444-555555555555-1"
TOPIC = f"arn:aws:kafka:eu-west-1:{ID}:{CLUSTER.replace('cluster', 'topic')}/orders"
GROUP = f"arn:aws:kafka:eu-west-1:{ID}:{CLUSTER.replace('cluster', 'group')}/readers"
PACKAGE = f"arn:aws:codeartifact:eu-west-1:{ID}:package/d/r/npm//p"
POINT = f"arn:aws:backup:eu-west-1:{ID}:recovery-point:1"


def with_policy(arn: str, *statements: dict[str, object]) -> Evaluator:
    held = Resource(arn=arn, account_id=ID, policy=document(*statements), is_policy_captured=True)
    return evaluator(user("ana", document(allow("*"))), resources=[held])


def granted(resource: str) -> dict[str, object]:
    return {**allow(["kafka-cluster:*", "codeartifact:*"], resource), "Principal": {"AWS": OTHER}}


@pytest.mark.parametrize(
    ("owner", "named", "action", "resource", "row"),
    [
        # Amazon MSK Developer Guide, "Attach a cluster policy to the MSK cluster".
        (f"kafka:eu-west-1:{ID}:{CLUSTER}", TOPIC, "kafka-cluster:ReadData", TOPIC, True),
        (f"kafka:eu-west-1:{ID}:{CLUSTER}", GROUP, "kafka-cluster:AlterGroup", GROUP, True),
        (f"kafka:eu-west-1:{ID}:{CLUSTER}", GROUP, "kafka-cluster:ReadData", TOPIC, False),
        # CodeArtifact User Guide, "Repository policies".
        (f"codeartifact:eu-west-1:{ID}:repository/d/r", "*", "codeartifact:PublishPackageVersion", PACKAGE, True),
        (f"codeartifact:eu-west-1:{ID}:repository/d/s", "*", "codeartifact:PublishPackageVersion", PACKAGE, False),
    ],
)
def test_another_account_is_let_in_to_a_part(owner: str, named: str, action: str, resource: str, row: bool) -> None:
    capture = with_policy(f"arn:aws:{owner}", granted(named))
    found = {one.principal for one in capture.who_can(action=action, resource=resource)}
    assert (f"arn:aws:iam::{OTHER}:root" in found) is row


def test_a_deny_of_the_cluster_holds_for_its_topics() -> None:
    statement = {**deny("kafka-cluster:*", TOPIC), "Principal": "*"}
    capture = with_policy(f"arn:aws:kafka:eu-west-1:{ID}:{CLUSTER}", statement)
    assert capture.can(Request(user_arn("ana"), "kafka-cluster:ReadData", TOPIC)).decision == "explicitDeny"
    assert capture.can(Request(user_arn("ana"), "kafka-cluster:AlterGroup", GROUP)).decision == "allowed"


def test_which_vault_contains_a_recovery_point_is_not_known() -> None:
    """AWS Backup Developer Guide, "Vault access policies": to vaults and the resources that they contain."""
    capture = evaluator(user("ana", document(allow("*"))))
    answer = capture.can(Request(user_arn("ana"), "backup:DeleteRecoveryPoint", POINT))
    assert answer.decision == "allowed"
    told = {one.code: one.other_decision for one in answer.assumptions}
    assert told["resource-policy-missing"] == "explicitDeny"
