"""The organization out of its files: the tree, the policies, where each is attached, and what is not known of that."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationPolicyType
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.subjects import SubjectIndex

from ..rules import rule
from .bundles import ACCOUNT, IAM, as_folder, details

MANAGEMENT = "222222222222"
SCP, RCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
FULL = {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": SCP, "AwsManaged": True}
OWN = {"Id": "p-deny1234", "Name": "Deny", "Type": SCP, "AwsManaged": False}
ENABLED = [{"Type": SCP, "Status": "ENABLED"}, {"Type": RCP, "Status": "ENABLED"}]


def everything() -> dict[str, Any]:
    """An organization of a root, a unit and one account beside the management account."""
    where = "organization"
    everywhere = [{"TargetId": target} for target in ("r-ab12", "ou-ab12-prod1234", ACCOUNT, MANAGEMENT)]
    return {
        f"{IAM}/get-account-authorization-details.json": details(),
        f"{where}/describe-organization.json": {"Organization": {"Id": "o-abc1234567", "MasterAccountId": MANAGEMENT}},
        f"{where}/list-roots.json": {"Roots": [{"Id": "r-ab12", "Name": "Root", "PolicyTypes": ENABLED}]},
        f"{where}/list-accounts.json": {"Accounts": [{"Id": ACCOUNT}, {"Id": MANAGEMENT}]},
        f"{where}/list-organizational-units-for-parent/r-ab12.json": {
            "OrganizationalUnits": [{"Id": "ou-ab12-prod1234", "Name": "Prod"}]
        },
        f"{where}/list-accounts-for-parent/r-ab12.json": {"Accounts": [{"Id": MANAGEMENT, "Name": "management"}]},
        f"{where}/list-accounts-for-parent/ou-ab12-prod1234.json": {"Accounts": [{"Id": ACCOUNT, "Name": "prod"}]},
        f"{where}/list-policies/SERVICE_CONTROL_POLICY.json": {"Policies": [FULL, OWN]},
        f"{where}/list-policies/RESOURCE_CONTROL_POLICY.json": {"Policies": []},
        f"{where}/describe-policy/p-deny1234.json": {"Policy": {"PolicySummary": OWN, "Content": json.dumps(DENY)}},
        f"{where}/list-targets-for-policy/p-FullAWSAccess.json": {"Targets": everywhere},
        f"{where}/list-targets-for-policy/p-deny1234.json": {"Targets": [{"TargetId": "ou-ab12-prod1234"}]},
    }


def opened(tmp_path: Path, files: dict[str, Any]) -> tuple[Organization, Snapshot]:
    snapshot = load_snapshot(as_folder(tmp_path, files))
    assert snapshot.organization is not None
    return snapshot.organization, snapshot


def levels(organization: Organization, kind: OrganizationPolicyType) -> list[list[str]] | None:
    found = OrganizationIndex(organization, DocumentStore()).levels(ACCOUNT, kind)
    return None if found is None else [[one.policy.name for one in level] for level in found]


def test_the_tree_and_its_policies_are_put_together(tmp_path: Path) -> None:
    organization, snapshot = opened(tmp_path, everything())
    assert snapshot.problems == ()
    assert (organization.id, organization.management_account_id) == ("o-abc1234567", MANAGEMENT)
    assert {node.id: node.parent_id for node in organization.nodes} == {
        "r-ab12": None,
        "ou-ab12-prod1234": "r-ab12",
        ACCOUNT: "ou-ab12-prod1234",
        MANAGEMENT: "r-ab12",
    }
    assert levels(organization, SCP) == [["FullAWSAccess"], ["FullAWSAccess", "Deny"], ["FullAWSAccess"]]
    assert levels(organization, RCP) == [[], [], []]
    index = OrganizationIndex(organization, DocumentStore())
    assert index.org_path(ACCOUNT) == "o-abc1234567/r-ab12/ou-ab12-prod1234/"
    contents = {policy.name: policy.content for policy in organization.policies}
    assert contents["Deny"] == DENY
    assert contents["FullAWSAccess"]["Statement"][0]["Action"] == "*", "as AWS documents it"


@rule("B10")
def test_policies_of_other_types_decide_nothing(tmp_path: Path) -> None:
    """A tag policy whose content would deny everything if it were read as an SCP."""
    tags = {"Id": "p-tags1234", "Name": "Tags", "Type": "TAG_POLICY", "AwsManaged": False}
    files = everything()
    files["organization/list-policies/TAG_POLICY.json"] = {"Policies": [tags]}
    files["organization/describe-policy/p-tags1234.json"] = {
        "Policy": {"PolicySummary": tags, "Content": json.dumps(DENY)}
    }
    files["organization/list-targets-for-policy/p-tags1234.json"] = {"Targets": [{"TargetId": ACCOUNT}]}
    with_tags, _ = opened(tmp_path / "with", files)
    without, _ = opened(tmp_path / "without", everything())
    assert with_tags == without


def test_attachments_by_target_are_as_good(tmp_path: Path) -> None:
    files = {path: content for path, content in everything().items() if "list-targets" not in path}
    held = {"r-ab12": [FULL], "ou-ab12-prod1234": [FULL, OWN], ACCOUNT: [FULL], MANAGEMENT: [FULL]}
    for target, policies in held.items():
        files[f"organization/list-policies-for-target/{target}/{SCP}.json"] = {"Policies": policies}
        files[f"organization/list-policies-for-target/{target}/{RCP}.json"] = {"Policies": []}
    organization, _ = opened(tmp_path, files)
    assert levels(organization, SCP) == [["FullAWSAccess"], ["FullAWSAccess", "Deny"], ["FullAWSAccess"]]
    assert organization.has_rcps


@pytest.mark.parametrize(
    "missing",
    ["list-targets-for-policy/p-deny1234", "list-policies/SERVICE_CONTROL_POLICY"],
)
def test_a_policy_whose_attachments_are_missing_leaves_its_levels_open(tmp_path: Path, missing: str) -> None:
    files = everything()
    del files[f"organization/{missing}.json"]
    organization, _ = opened(tmp_path, files)
    index = OrganizationIndex(organization, DocumentStore())
    assert not index.is_captured(ACCOUNT, SCP)
    assert levels(organization, SCP) is None


def test_a_policy_whose_content_is_missing_is_absent_from_its_level_and_the_others_are_not(tmp_path: Path) -> None:
    files = everything()
    del files["organization/describe-policy/p-deny1234.json"]
    organization, _ = opened(tmp_path, files)
    index = OrganizationIndex(organization, DocumentStore())
    assert index.is_captured(ACCOUNT, SCP)
    assert levels(organization, SCP) == [["FullAWSAccess"], ["FullAWSAccess"], ["FullAWSAccess"]]
    assert [(one.name, one.level) for one in index.absent(ACCOUNT, SCP)] == [("Deny", 1)]
    assert index.absent(ACCOUNT, RCP) == ()


@pytest.mark.parametrize("path", ["list-targets-for-policy/p-deny1234", "list-policies/SERVICE_CONTROL_POLICY"])
@pytest.mark.parametrize("more", [{"NextToken": "abc"}, {"Targets": [{"TargetId": 7}], "Policies": [{"Id": 7}]}])
def test_a_list_that_is_not_whole_leaves_the_levels_open(tmp_path: Path, path: str, more: dict[str, Any]) -> None:
    files = everything()
    content = files[f"organization/{path}.json"]
    for key, value in more.items():
        if key in content or key == "NextToken":
            content[key] = [*content[key], *value] if isinstance(value, list) else value
    organization, snapshot = opened(tmp_path, files)
    assert snapshot.problems[0].file == f"organization/{path}.json"
    assert not OrganizationIndex(organization, DocumentStore()).is_captured(ACCOUNT, SCP)


def test_an_account_whose_place_is_not_known_is_a_member_without_levels(tmp_path: Path) -> None:
    files = everything()
    del files["organization/list-accounts-for-parent/ou-ab12-prod1234.json"]
    organization, _ = opened(tmp_path, files)
    index = OrganizationIndex(organization, DocumentStore())
    assert index.has_account(ACCOUNT)
    assert index.org_path(ACCOUNT) is None
    assert not index.is_captured(ACCOUNT, SCP)


def test_who_does_not_belong_to_it_is_known_where_all_accounts_were_listed(tmp_path: Path) -> None:
    files = everything()
    outside = OrganizationIndex(opened(tmp_path / "all", files)[0], DocumentStore()).is_outside
    assert (outside("444455556666"), outside(ACCOUNT), outside(MANAGEMENT)) == (True, False, False)
    files["organization/list-accounts.json"]["NextToken"] = "more"
    assert not opened(tmp_path / "first", files)[0].lists_every_account
    del files["organization/list-accounts.json"]
    assert not opened(tmp_path / "none", files)[0].lists_every_account


def test_rcps_that_were_not_listed_are_not_known(tmp_path: Path) -> None:
    files = everything()
    del files["organization/list-policies/RESOURCE_CONTROL_POLICY.json"]
    organization, _ = opened(tmp_path, files)
    assert not organization.has_rcps
    assert levels(organization, SCP) is not None


@pytest.mark.parametrize("enabled", [[], [{"Type": RCP, "Status": "ENABLED"}]])
def test_scps_that_are_not_enabled_bind_nobody(tmp_path: Path, enabled: Any) -> None:
    files = everything()
    files["organization/list-roots.json"]["Roots"][0]["PolicyTypes"] = enabled
    organization, _ = opened(tmp_path, files)
    assert not organization.scps_enabled
    assert levels(organization, SCP) is None
    assert OrganizationIndex(organization, DocumentStore()).is_captured(ACCOUNT, SCP)


def test_the_organization_is_told_by_an_arn_where_it_was_not_described(tmp_path: Path) -> None:
    files = everything()
    del files["organization/describe-organization.json"]
    arn = f"arn:aws:organizations::{MANAGEMENT}:root/o-abc1234567/r-ab12"
    files["organization/list-roots.json"]["Roots"][0]["Arn"] = arn
    organization, _ = opened(tmp_path, files)
    assert (organization.id, organization.management_account_id) == ("o-abc1234567", MANAGEMENT)


def test_an_account_in_two_places_keeps_the_first_and_it_is_told(tmp_path: Path) -> None:
    files = everything()
    files["organization/list-accounts-for-parent/r-ab12.json"]["Accounts"].append({"Id": ACCOUNT})
    organization, snapshot = opened(tmp_path, files)
    assert [node.id for node in organization.nodes].count(ACCOUNT) == 1
    assert "is also listed under" in snapshot.problems[0].message


def test_an_account_in_no_organization_has_none(tmp_path: Path) -> None:
    files = {f"{IAM}/get-account-authorization-details.json": details(), "organization/describe-organization.json": {}}
    assert load_snapshot(as_folder(tmp_path, files)).organization is None


def test_delegated_administrators_have_their_services(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedServicesForAccount.html"""
    assert opened(tmp_path / "none", everything())[0].delegated_services is None
    policy_arn = f"arn:aws:organizations::{MANAGEMENT}:resourcepolicy/o-abc1234567/rp-1"
    delegates = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "organizations:List*", "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [delegates]}
    files = {
        **everything(),
        "organization/list-delegated-administrators.json": {"DelegatedAdministrators": [{"Id": ACCOUNT}]},
        f"organization/list-delegated-services-for-account/{ACCOUNT}.json": {
            "DelegatedServices": [{"ServicePrincipal": "guardduty.amazonaws.com", "DelegationEnabledDate": 1}]
        },
        "organization/describe-resource-policy.json": {
            "ResourcePolicy": {
                "ResourcePolicySummary": {"Id": "rp-1", "Arn": policy_arn},
                "Content": json.dumps(content),
            }
        },
    }
    organization, snapshot = opened(tmp_path / "some", files)
    assert organization.delegated_services == {ACCOUNT: ("guardduty.amazonaws.com",)}
    [resource] = [one for one in snapshot.resources if one.arn == policy_arn]
    assert (resource.account_id, resource.policy) == (MANAGEMENT, content)
    account = SubjectIndex(snapshot).subject(ACCOUNT)
    assert account is not None
    assert ("Delegated administrator", "for guardduty.amazonaws.com") in account.facts
