"""Techniques through IAM Identity Center: who manages it, and which permission sets, groups and people are captured."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State
from iamdesk.snapshot.reader import load_snapshot

from ..builders import entries

MANAGEMENT, MEMBER, DELEGATE = "111111111111", "222222222222", "333333333333"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
STORE = "d-1234567890"
PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
OWN, FULL = "ps-aaaaaaaaaaaaaaaa", "ps-bbbbbbbbbbbbbbbb"
POWER_USER = entries.document({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"})
PROVEN, POSSIBLE = State.PROVEN, State.POSSIBLE
ALL = ("sso-001", "sso-002", "sso-003", "X60", "X61")


def set_arn(name: str) -> str:
    return INSTANCE.replace(":instance/", ":permissionSet/") + f"/{name}"


def set_role(name: str, suffix: str, policy: Any, account: str) -> dict[str, Any]:
    trust = entries.trusting({"Federated": f"arn:aws:iam::{account}:saml-provider/AWSSSO"}, "sts:AssumeRoleWithSAML")
    return entries.role(f"AWSReservedSSO_{name}_{suffix}", policy, trust=trust, path=PATH, account=account)


def assigned(account: str, permission_set: str, kind: str = "USER", who: str = "u-1") -> dict[str, Any]:
    return {
        "AccountId": account,
        "PermissionSetArn": set_arn(permission_set),
        "PrincipalType": kind,
        "PrincipalId": who,
    }


def write(folder: Path, files: dict[str, Any]) -> Path:
    for path, content in files.items():
        file = folder / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    return folder


def bundle(
    policy: Any = POWER_USER,
    assignments: list[dict[str, Any]] | None = None,
    delegates: list[str] | None = None,
    *,
    has_organization: bool = True,
    has_instance: bool = True,
    sets: tuple[str, ...] = (OWN, FULL),
    administers: bool = True,
    captured_in: str = MANAGEMENT,
) -> dict[str, Any]:
    """Three accounts with a user and a role of Identity Center each that have one policy, and one administrator."""
    files: dict[str, Any] = {}
    for account in (MANAGEMENT, MEMBER, DELEGATE):
        full = entries.document(entries.allow()) if administers else POWER_USER
        roles = [set_role("Own", "aaaa", policy, account), set_role("Full", "bbbb", full, account)]
        users = [entries.user("dev", policy, account=account)]
        details = entries.details(users=users, roles=roles)
        files[f"accounts/{account}/iam/get-account-authorization-details"] = details
    at = f"accounts/{captured_in}/eu-west-1/sso-admin"
    if has_organization:
        files["organization/describe-organization"] = {
            "Organization": {"Id": "o-abc1234567", "MasterAccountId": MANAGEMENT}
        }
        files["organization/list-accounts"] = {
            "Accounts": [
                {"Id": one, "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/o-abc1234567/{one}", "Name": one}
                for one in (MANAGEMENT, MEMBER, DELEGATE)
            ]
        }
    if delegates is not None:
        listed = [{"Id": one} for one in delegates]
        files["organization/list-delegated-administrators"] = {"DelegatedAdministrators": listed}
        for one in delegates:
            files[f"organization/list-delegated-services-for-account/{one}"] = {
                "DelegatedServices": [{"ServicePrincipal": "sso.amazonaws.com"}]
            }
    if has_instance:
        instance = {"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "OwnerAccountId": MANAGEMENT}
        files[f"{at}/list-instances"] = {"Instances": [instance]}
        files[f"{at}/list-permission-sets/ssoins-1234567890abcdef"] = {"PermissionSets": [*map(set_arn, sets)]}
        for one in sets:
            described = {"PermissionSetArn": set_arn(one), "Name": "Own" if one == OWN else "Full"}
            files[f"{at}/describe-permission-set/{one}"] = {"PermissionSet": described}
    for number, one in enumerate(assignments or ()):
        name = one["PermissionSetArn"].rpartition("/")[2]
        path = f"{at}/list-account-assignments/{name}/{one['AccountId']}"
        files.setdefault(path, {"AccountAssignments": []})["AccountAssignments"].append(one | {"n": number})
    if assignments == []:
        for one in sets:
            files[f"{at}/list-accounts-for-provisioned-permission-set/{one}"] = {"AccountIds": []}
    return files


def role_in(account: str) -> str:
    return f"arn:aws:iam::{account}:role{PATH}AWSReservedSSO_Own_aaaa"


def user_in(account: str) -> str:
    return f"arn:aws:iam::{account}:user/dev"


def reach_of(folder: Path, files: dict[str, Any]) -> AttackPathGraph:
    return AttackPathGraph(Evaluator(load_snapshot(write(folder, files))))


def found(reach: AttackPathGraph, principal: str) -> dict[str, State]:
    """Return the techniques through Identity Center, with what each proven one is based on."""
    steps = [step for step in reach.escalations(principal) if step.path_id in ALL]
    for step in steps:
        if step.state is PROVEN:
            assert step.needs == ()
            assert {proof.decision.decision for proof in step.proof} == {"allowed"}
    return {step.path_id: step.state for step in steps}


def test_without_the_organization_it_is_possible(tmp_path: Path) -> None:
    reach = reach_of(tmp_path, bundle(has_organization=False, has_instance=False))
    assert found(reach, user_in(MEMBER)) == dict.fromkeys(ALL, POSSIBLE)


def test_no_member_account_manages_the_instance(tmp_path: Path) -> None:
    reach = reach_of(tmp_path, bundle(delegates=[]))
    assert found(reach, user_in(MEMBER)) == {}
    assert found(reach, role_in(MEMBER)) == {}
    assert found(reach, user_in(MANAGEMENT)) == dict.fromkeys(ALL, POSSIBLE)
    [reason] = {one.by for one in reach.refusals(user_in(MEMBER)) if one.path_id == "sso-001"}
    assert reason == (
        "It requires that the account manages IAM Identity Center; the snapshot shows that this is not so."
    )


def test_the_delegated_administrator_manages_it(tmp_path: Path) -> None:
    reach = reach_of(tmp_path, bundle(delegates=[DELEGATE]))
    assert found(reach, user_in(MEMBER)) == {}
    assert found(reach, user_in(DELEGATE)) == dict.fromkeys(ALL, POSSIBLE)
    assert found(reach, role_in(DELEGATE))["sso-001"] is PROVEN


def test_who_lists_permission_sets_is_the_delegated_administrator(tmp_path: Path) -> None:
    reach = reach_of(tmp_path, bundle(captured_in=DELEGATE))
    assert found(reach, user_in(MEMBER)) == {}
    assert found(reach, role_in(DELEGATE))["sso-001"] is PROVEN


def test_whether_an_account_is_delegated_may_be_unknown(tmp_path: Path) -> None:
    reach = reach_of(tmp_path, bundle())
    assert found(reach, user_in(MEMBER)) == dict.fromkeys(ALL, POSSIBLE)
    [step] = [one for one in reach.escalations(role_in(MEMBER)) if one.path_id == "sso-001"]
    assert step.needs == ("that the account manages IAM Identity Center",)


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        ([assigned(MANAGEMENT, OWN)], {"sso-002": PROVEN, "sso-003": PROVEN}),
        ([assigned(MEMBER, OWN)], {}),
        ([], {}),
        (None, {"sso-002": POSSIBLE, "sso-003": POSSIBLE, "X61": POSSIBLE}),
        (
            [assigned(MANAGEMENT, OWN), assigned(MANAGEMENT, FULL, "GROUP", "g-1")],
            {"sso-002": PROVEN, "sso-003": PROVEN, "X61": PROVEN},
        ),
    ],
)
def test_assignments_decide(
    tmp_path: Path, assignments: list[dict[str, Any]] | None, expected: dict[str, State]
) -> None:
    reach = reach_of(tmp_path, bundle(assignments=assignments, delegates=[]))
    assert found(reach, role_in(MANAGEMENT)) == {"sso-001": PROVEN, "X60": PROVEN, **expected}


def test_a_set_of_the_management_account_is_not_delegated(tmp_path: Path) -> None:
    both = [assigned(MANAGEMENT, OWN), assigned(DELEGATE, OWN)]
    elsewhere = reach_of(tmp_path / "a", bundle(assignments=both, delegates=[DELEGATE]))
    assert "sso-002" not in found(elsewhere, role_in(DELEGATE))
    own = reach_of(tmp_path / "b", bundle(assignments=both[1:], delegates=[DELEGATE]))
    assert found(own, role_in(DELEGATE))["sso-002"] is PROVEN


def test_an_administrator_set_has_to_exist(tmp_path: Path) -> None:
    none = reach_of(tmp_path / "a", bundle(sets=(), delegates=[]))
    assert "X60" not in found(none, user_in(MANAGEMENT))
    weak = reach_of(tmp_path / "b", bundle(administers=False, delegates=[]))
    assert found(weak, role_in(MANAGEMENT))["X60"] is POSSIBLE


def test_calls_have_to_be_allowed_on_the_instance(tmp_path: Path) -> None:
    def state(name: str, actions: list[str], resource: str) -> State | None:
        policy = entries.document(entries.allow(actions, resource))
        files = bundle(policy, [assigned(MANAGEMENT, OWN)], [])
        return found(reach_of(tmp_path / name, files), role_in(MANAGEMENT)).get("sso-002")

    calls = ["sso:AttachManagedPolicyToPermissionSet", "sso:ProvisionPermissionSet"]
    assert state("all", calls, "*") is PROVEN
    assert state("other", calls, "arn:aws:sso:::*/ssoins-0000000000000000*") is None
    assert state("not provisioned", calls[:1], "*") is None
