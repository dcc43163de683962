"""External access: the callers that *who can* lists, with what their roles can do and become."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.who_can import PrincipalKind
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import EvalDecision
from iamdesk.pages.external_access import ExternalAccess
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.model import RoleDetail
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.pages import ExternalEntry

from ..builders.captures import ID, NOW, account, allow, document, role, role_arn, snapshot, trusting, user
from ..opened import keep_shared

OTHER = "999900001111"
BUCKET = "arn:aws:s3:::pay"
ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")


@pytest.fixture(scope="module")
def opened() -> SnapshotSession:
    return keep_shared(Workbench().open_snapshot(sample_snapshot()))


def entries(*roles: RoleDetail, resources: tuple[Resource, ...] = ()) -> list[ExternalEntry]:
    held = Evaluator(
        snapshot(account(user("ana"), *roles)).model_copy(update={"resources": resources}), now=lambda: NOW
    )
    return list(ExternalAccess(held.snapshot, lambda _arn: held).entries())


def test_every_external_caller_of_who_can_is_an_entry(opened: SnapshotSession) -> None:
    expected = {
        (row.principal, role.arn, action, row.decision)
        for held in opened.accounts
        for role in held.roles
        for action in ACTIONS
        for row in opened.who_can(action=action, resource=role.arn)
        if row.is_external and row.kind is not PrincipalKind.SERVICE
    }
    found = list(opened.external_access())
    assert {(one.who, one.target, one.action, one.decision) for one in found} == expected
    assert len(found) == len(expected) > 10


def test_roles_become_administrator_as_the_attack_paths_say(opened: SnapshotSession) -> None:
    reach = opened.reach()
    found = {one.target.rpartition("/")[2]: one for one in opened.external_access()}
    texts = {name: opened.administrator_of_entry(one, reach) for name, one in found.items()}
    assert texts["GitHubActionsDeploy"] == ("1 step", 1)
    assert texts["SamlEngineers"] == ("1 step, possible", 1)
    assert texts["public-status-page"] == ("no attack path", None)
    assert texts["AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b"] == ("at once", 0)


def test_conditions_and_last_use(opened: SnapshotSession) -> None:
    found = {one.target.rpartition("/")[2]: one for one in opened.external_access()}
    monitoring = found["harborline-monitoring"]
    assert monitoring.condition == "sts:ExternalId is acme-7f3d1c9b"
    assert monitoring.last_used == "30 Sep 2026 (on the day of the snapshot)"
    assert monitoring.can_do.startswith("permissions 1, write data 1, read data 35, ")
    status = found["public-status-page"]
    assert (status.is_anyone, status.condition, status.decision) == (True, "", EvalDecision.ALLOWED)
    assert found["cross-account-backup"].who_text.startswith("role backup-orchestrator of account ")


def test_roles_for_own_principals_and_services_have_no_entry() -> None:
    own = (
        role("service"),
        role("own", trust=trusting({"AWS": f"arn:aws:iam::{ID}:root"})),
        role("named", trust=trusting({"AWS": role_arn("service")})),
    )
    assert entries(*own) == []
    (one,) = entries(*own, role("open", trust=trusting({"AWS": f"arn:aws:iam::{OTHER}:root"})))
    assert (one.who, one.target, one.who_kind) == (f"arn:aws:iam::{OTHER}:root", role_arn("open"), "external account")


def test_everyone_but_a_principal_is_everyone() -> None:
    trust = document({"Effect": "Allow", "NotPrincipal": {"AWS": role_arn("x")}, "Action": "sts:AssumeRole"})
    assert any(one.is_anyone for one in entries(role("open", trust=trust)))


def test_resources_have_one_entry_for_each_caller() -> None:
    policy = document(
        allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}),
        allow("s3:GetObject", f"{BUCKET}/*", Principal={"Service": "logging.s3.amazonaws.com"}),
    )
    found = entries(resources=(Resource(arn=BUCKET, account_id=ID, policy=policy),))
    assert [(one.who, one.can_do, one.is_role) for one in found] == [
        (f"arn:aws:iam::{OTHER}:root", "s3:GetObject, s3:PutObject", False)
    ]


def test_it_reports_progress_and_is_cancelled(opened: SnapshotSession) -> None:
    seen: list[tuple[int, int]] = []
    list(opened.external_access(lambda done, total: seen.append((done, total))))
    assert seen[-1][0] == seen[-1][1] > 0
    with pytest.raises(WorkCancelled):
        list(opened.external_access(cancelled=lambda: True))


def test_the_part_of_a_resource_is_named() -> None:
    other = {"AWS": f"arn:aws:iam::{OTHER}:root"}
    policy = document(
        allow("s3:*", [BUCKET, f"{BUCKET}/x/*"], Principal=other),
        allow("s3:PutObject", [f"{BUCKET}/{name}/*" for name in "abcd"], Principal=other),
    )
    found = entries(resources=(Resource(arn=BUCKET, account_id=ID, policy=policy),))
    assert {one.part: one.target_text for one in found} == {
        "": "pay",
        "pay/x/*": "pay: only pay/x/*",
        "pay/a/*, pay/b/*, pay/c/*, pay/d/* and pay/x/*": "pay: only pay/a/*, pay/b/*, pay/c/* and 2 more",
    }
    assert {one.can_do for one in found if one.part.startswith("pay/a")} == {"s3:PutObject"}
    assert {one.target for one in found} == {BUCKET}
