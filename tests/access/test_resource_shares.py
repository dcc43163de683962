"""Resources shared through AWS RAM: who may use them, and what a share that is not captured leaves open."""

import json
from typing import Any

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Status
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_shares import ResourceShares

from ..builders.arns import ID, OTHER_ID, role_arn, user_arn
from ..builders.captures import NOW, account, role, snapshot, user
from ..builders.statements import allow, deny, document
from ..rules import rule

THIRD = "777788889999"
REGION = "eu-west-1"
SUBNET = f"arn:aws:ec2:{REGION}:{ID}:subnet/subnet-1"
UNSHARED = f"arn:aws:ec2:{REGION}:{ID}:subnet/subnet-2"
QUEUE_RULE = f"arn:aws:route53resolver:{REGION}:{ID}:resolver-rule/rslvr-rr-1"
SHARE = f"arn:aws:ram:{REGION}:{ID}:resource-share/7ab63972-b505-7e2a-420d-6f5d3EXAMPLE"
DEFAULT = "arn:aws:ram::aws:permission/AWSRAMDefaultPermissionSubnet"
ADMIN, NORA, BOB = user_arn("admin", OTHER_ID), user_arn("nora", OTHER_ID), user_arn("bob")
DEPLOY = role_arn("deploy", OTHER_ID)
ORGANIZATION = f"arn:aws:organizations::{THIRD}:organization/o-1"
UNIT = f"arn:aws:organizations::{THIRD}:ou/o-1/ou-net"
TREE = {
    "id": "o-1",
    "management_account_id": THIRD,
    "nodes": [
        {"id": "r-1"},
        {"id": "ou-net", "parent_id": "r-1"},
        {"id": "ou-apps", "parent_id": "r-1"},
        {"id": ID, "parent_id": "ou-apps"},
        {"id": OTHER_ID, "parent_id": "ou-net"},
        {"id": THIRD, "parent_id": "r-1"},
    ],
    "lists_every_account": True,
}
USES = ["ec2:CreateNetworkInterface", "ec2:RunInstances", "ec2:DescribeSubnets"]


def shares(
    *principals: str,
    resources: tuple[str, ...] = (SUBNET,),
    permission: Any = None,
    name: str = "AWSRAMDefaultPermissionSubnet",
    kind: str = "ec2:Subnet",
    status: str = "ASSOCIATED",
    **more: Any,
) -> ResourceShares:
    """Return what account ID shares; ``permission`` is what its managed permission says, None: not captured."""
    common = {"resourceShareArn": SHARE, "resourceShareName": "network"}
    listed = {"arn": f"arn:aws:ram::aws:permission/{name}", "version": "2", "name": name, "resourceType": kind}
    held: dict[str, Any] = {
        "account_id": ID,
        "region": REGION,
        "shares": [{"resourceShareArn": SHARE, "name": "network", "owningAccountId": ID, "status": "ACTIVE"}],
        "associations": [
            {**common, "associatedEntity": one, "associationType": of, "status": state}
            for of, state, entities in (("PRINCIPAL", status, principals), ("RESOURCE", "ASSOCIATED", resources))
            for one in entities
        ],
        "share_permissions": [{"share_id": SHARE.rpartition("/")[2], "permission": listed}],
        "permissions": [] if permission is None else [{**listed, "permission": json.dumps(permission)}],
    }
    return ResourceShares.model_validate({**held, **more})


def world(*held: ResourceShares, organization: Any = TREE) -> Evaluator:
    base = snapshot(
        account(user("bob"), user("root-like", document(allow()))),
        account(
            user("admin", document(allow()), account=OTHER_ID),
            user("nora", account=OTHER_ID),
            role("deploy", document(allow("ec2:*", SUBNET)), account=OTHER_ID),
            number=OTHER_ID,
        ),
        account(user("zoe", document(allow()), account=THIRD), number=THIRD),
    )
    more = {"resource_shares": held, "organization": organization}
    return Evaluator(Snapshot.model_validate({**dict(base), **more}), now=lambda: NOW)


def ask(held: Evaluator, principal: str = ADMIN, action: str = USES[0], resource: str = SUBNET) -> EvaluationResult:
    return held.can(Request(principal, action, resource))


def codes(answer: EvaluationResult) -> set[str]:
    return {one.code for one in answer.assumptions} - {"one-of-several-resources", "organization-unknown"}


GIVEN = {"Effect": "Allow", "Action": USES}


@rule("I13", "D1", "D7")
@pytest.mark.parametrize(
    ("principals", "principal", "decision"),
    [
        ((OTHER_ID,), ADMIN, "allowed"),
        ((OTHER_ID,), DEPLOY, "allowed"),
        ((OTHER_ID,), NORA, "implicitDeny"),  # nothing of its own account allows it
        ((OTHER_ID,), f"arn:aws:iam::{OTHER_ID}:root", "allowed"),
        ((THIRD,), ADMIN, "implicitDeny"),
        ((THIRD, OTHER_ID), ADMIN, "allowed"),
        ((ADMIN,), ADMIN, "allowed"),
        ((ADMIN,), DEPLOY, "implicitDeny"),
        ((DEPLOY,), f"arn:aws:sts::{OTHER_ID}:assumed-role/deploy/s", "allowed"),
        ((ORGANIZATION,), ADMIN, "allowed"),
        ((UNIT,), ADMIN, "allowed"),
        ((UNIT,), user_arn("zoe", THIRD), "implicitDeny"),
        ((ORGANIZATION,), user_arn("zoe", THIRD), "allowed"),
        ((ORGANIZATION.replace("o-1", "o-2"),), ADMIN, "implicitDeny"),
        ((ORGANIZATION,), "anonymous", "implicitDeny"),
        ((ORGANIZATION,), BOB, "implicitDeny"),  # of the owner's account: a share gives nothing there
        ((UNIT.replace("ou-net", "ou-apps"),), BOB, "implicitDeny"),
    ],
)
def test_whom_it_is_shared_with_may_use_it(principals: tuple[str, ...], principal: str, decision: str) -> None:
    answer = ask(world(shares(*principals, permission=GIVEN)), principal)
    assert answer.decision == decision
    assert not codes(answer)


@rule("I13")
def test_only_what_the_managed_permission_allows() -> None:
    held = world(shares(OTHER_ID, permission=GIVEN))
    for action in USES[:2]:
        assert ask(held, action=action).decision == "allowed"
    for action in ("ec2:DeleteSubnet", "ec2:ModifySubnetAttribute", "ec2:CreateNatGateway"):
        answer = ask(held, action=action)
        assert answer.decision == "implicitDeny"
        assert not codes(answer)
        assert "resource" in answer.blocked_by


@rule("I13")
def test_its_condition_counts() -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    for entity in (OTHER_ID, ORGANIZATION, UNIT):
        assert ask(world(shares(entity, permission={**GIVEN, "Condition": region}))).decision == "implicitDeny"
        own = {"StringEquals": {"aws:PrincipalOrgID": "o-2"}, "StringNotEquals": {"aws:PrincipalAccount": OTHER_ID}}
        assert ask(world(shares(entity, permission={**GIVEN, "Condition": own}))).decision == "implicitDeny"
        holds = {"StringEquals": {"aws:RequestedRegion": REGION, "aws:PrincipalOrgID": "o-1"}}
        assert ask(world(shares(entity, permission={**GIVEN, "Condition": holds}))).decision == "allowed"


@rule("I13")
def test_where_the_organization_is_not_known_it_depends() -> None:
    answer = ask(world(shares(ORGANIZATION, permission=GIVEN), organization=None))
    assert answer.decision == "conditional"
    assert answer.missing_context_values == ("aws:PrincipalOrgID",)


@rule("D7", "I13")
def test_what_is_not_shared_is_denied_for_certain_where_shares_are_captured() -> None:
    for held in (world(shares(OTHER_ID, permission=GIVEN)), world(shares(resources=()))):
        answer = ask(held, resource=UNSHARED)
        assert answer.decision == "implicitDeny"
        assert not codes(answer)
    elsewhere = ask(world(shares(region="us-east-1", resources=())), resource=UNSHARED)
    assert codes(elsewhere) == {"sharing-missing"}
    assert codes(ask(world(shares(associations=None)), resource=UNSHARED)) == {"sharing-missing"}


@rule("I13")
@pytest.mark.parametrize("status", ["DISASSOCIATED", "ASSOCIATING", "FAILED"])
def test_only_associations_that_stand(status: str) -> None:
    assert ask(world(shares(OTHER_ID, permission=GIVEN, status=status))).decision == "implicitDeny"


@rule("I13")
def test_a_permission_that_is_not_captured_is_told() -> None:
    """RAM User Guide, "How AWS RAM managed permissions work": the default one of subnets."""
    held = world(shares(OTHER_ID))
    used = ask(held)
    assert (used.decision, codes(used)) == ("allowed", {"share-permission-assumed"})
    [told] = [one for one in used.assumptions if one.code == "share-permission-assumed"]
    assert "network" in told.message
    assert "ec2:RunInstances" in told.message
    gateway = ask(held, action="ec2:CreateNatGateway")
    assert (gateway.decision, codes(gateway)) == ("implicitDeny", {"share-permission-missing"})
    deleted = ask(held, action="ec2:DeleteSubnet")
    assert (deleted.decision, codes(deleted)) == ("implicitDeny", set())
    assert not codes(ask(held, NORA))
    assert not codes(ask(held, user_arn("zoe", THIRD)))
    other = world(shares(OTHER_ID, name="custom"))
    assert (ask(other).decision, codes(ask(other))) == ("implicitDeny", {"share-permission-missing"})
    rules = world(shares(OTHER_ID, resources=(QUEUE_RULE,), name="RulePermission", kind="route53resolver:ResolverRule"))
    answer = ask(rules, action="route53resolver:AssociateResolverRule", resource=QUEUE_RULE)
    assert (answer.decision, codes(answer)) == ("implicitDeny", {"share-permission-missing"})


@rule("I13", "A2")
def test_a_deny_still_denies() -> None:
    base = world(shares(OTHER_ID, permission=GIVEN)).snapshot
    accounts = (
        base.accounts[0],
        account(user("admin", document(allow(), deny(USES[0])), account=OTHER_ID), number=OTHER_ID),
    )
    held = Evaluator(base.model_copy(update={"accounts": accounts}), now=lambda: NOW)
    assert ask(held).decision == "explicitDeny"


@rule("I13")
@pytest.mark.parametrize("entity", [OTHER_ID, ORGANIZATION, UNIT, DEPLOY])
@pytest.mark.parametrize("action", [*USES[:2], "ec2:DeleteSubnet"])
def test_who_can_and_what_can_say_the_same(entity: str, action: str) -> None:
    held = world(shares(entity, permission=GIVEN))
    rows = {row.principal: row.decision for row in held.who_can(action=action, resource=SUBNET)}
    for principal in held.principals():
        decision = ask(held, principal, action).decision
        assert rows.get(principal, "implicitDeny") == decision
        found = {one.name: one.reach for one in held.what_can(principal, "ec2", SUBNET).actions("ec2")}
        assert (found.get(action, AccessExtent.DENIED) is AccessExtent.ALLOWED) == (decision == "allowed"), principal


@rule("I13")
@pytest.mark.parametrize("is_gained", [True, False])
def test_two_snapshots_tell_what_a_share_gave(is_gained: bool) -> None:
    with_share, without = world(shares(OTHER_ID, permission=GIVEN)), world(shares(resources=()))
    old, new = (without, with_share) if is_gained else (with_share, without)
    found = compare_snapshots(old.snapshot, new.snapshot, NOW)
    standing = found.principals[ADMIN]
    assert standing.status is Status.CHANGED
    sentences = {cause.sentence for effect in standing.effects for cause in effect.causes}
    assert any("resource shares" in str(sentence) for sentence in sentences), sentences
    assert found.principals[NORA].status is Status.UNCHANGED


@rule("D7", "D1")
def test_a_share_gives_what_no_policy_of_the_resource_can() -> None:
    """Vault access policies let other accounts copy into a vault, no more; a shared vault is restored from."""
    vault = f"arn:aws:backup:{REGION}:{ID}:backup-vault:air-gapped"
    permission = {"Effect": "Allow", "Action": ["backup:DescribeBackupVault"]}
    shared = shares(OTHER_ID, resources=(vault,), permission=permission, name="Vault", kind="backup:BackupVault")
    answer = ask(world(shared), ADMIN, "backup:DescribeBackupVault", vault)
    assert answer.decision == "allowed"
    assert codes(answer) == {"resource-policy-missing"}
    unknown = ask(world(), ADMIN, "backup:DescribeBackupVault", vault)
    assert unknown.decision == "implicitDeny"
    assert "sharing-missing" in codes(unknown)
