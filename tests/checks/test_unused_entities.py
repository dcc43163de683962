"""HYG-01 to HYG-05: order in the house."""

from datetime import UTC, datetime

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.workloads import AccountWorkloads, RoleUsage, Workload, WorkloadKind, WorkloadRole

from .conftest import ACCOUNT

THEN = datetime(2026, 9, 1, tzinfo=UTC)
USED = {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"}


def test_hyg_01_names_every_policy_that_a_user_carries_directly(found, make):
    user = make.user("alice", make.allow("s3:*"), **make.attached(make.admin))
    (one,) = found("HYG-01", users=[user], policies=[make.full_access()])
    assert one.sentence == "alice has 2 policies attached directly: AdministratorAccess and inline."
    assert [piece.policy_key for piece in one.evidence] == [make.admin, f"{user['Arn']}#inline/inline"]


def test_hyg_01_policies_of_groups_and_roles_are_well(found, make):
    group = make.group("staff", make.allow("s3:*"))
    assert not found("HYG-01", users=[make.user("alice", groups=["staff"])], groups=[group])
    assert not found("HYG-01", roles=[make.role("r", make.allow("s3:*"))])


def test_hyg_02_a_user_who_may_do_nothing(found, make):
    users = [
        make.user("idle"),
        make.user("member", groups=["staff"]),
        make.user("carrier", make.allow("s3:*")),
        make.user("holder", **make.attached(make.admin)),
    ]
    assert [one.subject_name for one in found("HYG-02", users=users, groups=[make.group("staff")])] == ["idle"]


def test_hyg_03_groups_without_members_or_policies(found, make):
    groups = [make.group("empty", make.allow("s3:*")), make.group("hollow"), make.group("full", make.allow("s3:*"))]
    sentences = {
        one.sentence for one in found("HYG-03", users=[make.user("a", groups=["hollow", "full"])], groups=groups)
    }
    assert sentences == {"empty has no members.", "hollow has no policies."}


def test_hyg_03_members_cannot_be_told_from_part_of_an_account(found, make):
    (one,) = found("HYG-03", groups=[make.group("empty", make.allow("s3:*"))], IsTruncated=True, Marker="x")
    assert one.state is State.INCONCLUSIVE


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"AttachmentCount": 0, "PermissionsBoundaryUsageCount": 0}, True),
        ({}, True),
        ({"AttachmentCount": 2, "PermissionsBoundaryUsageCount": 0}, False),
        ({"AttachmentCount": 0, "PermissionsBoundaryUsageCount": 1}, False),
    ],
)
def test_hyg_04_policies_that_nobody_uses(found, make, counts, told):
    assert bool(found("HYG-04", policies=[make.policy("p", make.allow("s3:*"), **counts)])) is told


def test_hyg_04_attached_policies_boundaries_and_policies_of_aws(found, make):
    policies = [make.policy("used", make.allow("s3:*")), make.policy("edge", make.allow("s3:*")), make.full_access()]
    user = make.user("a", **make.attached(make.arn("policy/used")), **make.boundary(make.arn("policy/edge")))
    assert not found("HYG-04", users=[user], policies=policies)


def test_hyg_05_ages_count_back_from_the_snapshot(found, make):
    roles = [
        make.role("new", RoleLastUsed=USED),
        make.role("old", RoleLastUsed={"LastUsedDate": "2025-11-01T00:00:00+00:00", "Region": "eu-west-1"}),
        make.role("never", CreateDate="2025-10-02T00:00:00+00:00", RoleLastUsed={}),
        make.role("young", CreateDate="2026-02-01T00:00:00+00:00", RoleLastUsed={}),
    ]
    sentences = {one.subject_name: one.sentence for one in found("HYG-05", roles=roles)}
    assert sentences == {
        "old": "old was last used 120 days before the snapshot.",
        "never": "never was created 150 days before the snapshot and was not used within AWS's tracking period.",
    }


def test_hyg_05_no_data_is_not_no_use(found, make):
    roles = [make.role("unknown", CreateDate="2020-01-01T00:00:00+00:00", RoleLastUsed=None), make.role("known")]
    assert not found("HYG-05", roles=roles)
    assert not found("HYG-05", roles=[make.role("r", CreateDate="2020-01-01T00:00:00+00:00", RoleLastUsed={})])


def test_hyg_05_without_a_date_of_creation_it_cannot_be_told(found, make):
    (one,) = found("HYG-05", roles=[make.role("r", CreateDate=None, RoleLastUsed={}), make.role("known")])
    assert one.state is State.INCONCLUSIVE


def test_hyg_05_of_identity_center_roles_assignments_are_to_be_removed(found, make):
    path = "/aws-reserved/sso.amazonaws.com/"
    old = {"LastUsedDate": "2025-01-01T00:00:00+00:00", "Region": "eu-west-1"}
    roles = [make.role("AWSReservedSSO_A_0011223344556677", path=path, RoleLastUsed=old), make.role("known")]
    (one,) = found("HYG-05", roles=roles)
    assert "assignments" in one.remediation


def test_hyg_05_what_is_kept_for_emergencies_is_told_for_information(found, make):
    old = {"LastUsedDate": "2025-01-01T00:00:00+00:00", "Region": "eu-west-1"}
    roles = [
        make.role("BreakGlassAdmin", RoleLastUsed=old),
        make.role("GlassShop", RoleLastUsed=old),
        make.role("known"),
    ]
    told = {one.subject_name: one for one in found("HYG-05", roles=roles)}
    assert told["BreakGlassAdmin"].severity is Severity.INFO
    assert "Test the role regularly" in told["BreakGlassAdmin"].remediation
    assert told["GlassShop"].severity is Severity.MEDIUM


def test_hyg_05_what_runs_with_a_role_comes_first(make):
    old = {"LastUsedDate": "2025-01-01T00:00:00+00:00", "Region": "eu-west-1"}
    function = Workload(
        region="eu-west-1",
        kind=WorkloadKind.LAMBDA_FUNCTION,
        arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders",
        roles=(WorkloadRole(make.arn("role/app"), RoleUsage.RUNS),),
    )
    held = {ACCOUNT: AccountWorkloads(account_id=ACCOUNT, workloads=(function,))}
    roles = [make.role("app", RoleLastUsed=old), make.role("rest", RoleLastUsed=old), make.role("known")]
    found = {one.subject_name: one for one in make.findings("HYG-05", roles=roles, beside={"workloads": held})}
    assert found["app"].severity is Severity.INFO
    assert found["app"].evidence[-1].text == "It is the role of orders."
    assert "another role" in found["app"].remediation
    assert found["rest"].severity is Severity.MEDIUM


def test_hyg_05_the_newest_date_of_another_account_is_not_this_one(make):
    """Two files, captured half a year apart: each account's ages count back from its own newest date."""
    used = {"LastUsedDate": "2026-02-01T00:00:00+00:00", "Region": "eu-west-1"}
    early = make.snapshot(roles=[make.role("early", RoleLastUsed=used)])
    late = early.accounts[0].model_copy(
        update={
            "account_id": "444455556666",
            "users": (),
            "roles": tuple(
                role.model_copy(
                    update={"arn": role.arn.replace("111122223333", "444455556666"), "create_date": THEN, **unused}
                )
                for role in early.accounts[0].roles
                for unused in ({"role_last_used": role.role_last_used.model_copy(update={"last_used_date": THEN})},)
            ),
        }
    )
    both = early.model_copy(update={"accounts": (early.accounts[0], late), "latest": THEN})
    assert not list(registry.run(Evaluator(both), only=("HYG-05",)))
    captured = Manifest(format="iamdesk-bundle", version=1, started_at=THEN)
    one_run = both.model_copy(update={"manifest": captured})
    (one,) = registry.run(Evaluator(one_run), only=("HYG-05",))
    assert (one.account, one.subject_name) == ("111122223333", "early")
