"""The shipped sample organization is what its definition says, and whole."""

from pathlib import Path

import pytest

from iamdesk import load_snapshot
from iamdesk.resource_files import resources
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.layout import Kind
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.control_totals import control_totals
from iamdesk.viewmodel.coverage import CoverageState, captured_data

from . import definition as acme

SAMPLE = Path(str(resources())) / "samples" / "acme-organization"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return load_snapshot(SAMPLE)


def test_nothing_is_wrong_with_it(snapshot: Snapshot) -> None:
    assert snapshot.problems == ()
    assert all(total.agrees for total in control_totals(snapshot))
    assert control_totals(snapshot)
    failed = [one for one in snapshot.captures if one.state in (CaptureState.DENIED, CaptureState.UNREADABLE)]
    assert failed == []


def test_it_holds_the_accounts_and_principals_of_the_definition(snapshot: Snapshot) -> None:
    assert {account.account_id for account in snapshot.accounts} == set(acme.NAMES)
    principals = [one for account in snapshot.accounts for one in (*account.users, *account.roles)]
    held = {one.arn: {policy.policy_arn for policy in one.attached_managed_policies} for one in principals}
    defined = {
        acme.user(one.name, one.account) if one.trust is None else acme.role(one.name, one.account): set(one.attached)
        for one in acme.PRINCIPALS
    }
    assert held == defined


def test_it_holds_the_tree_and_its_policies(snapshot: Snapshot) -> None:
    organization = snapshot.organization
    assert organization is not None
    names = {policy.id: policy.name for policy in organization.policies}
    held = {node.name: {names[policy] for policy in node.policy_ids or ()} for node in organization.nodes}
    assert held["Root"] == {"FullAWSAccess", "KeepTheTrail", "RCPFullAWSAccess", "OnlyOurOrganization"}
    assert held["Workloads"] == {"FullAWSAccess", "OurRegion", "RCPFullAWSAccess"}
    assert held["Sandbox"] == {"SandboxServices", "RCPFullAWSAccess"}


def test_it_holds_the_resources_with_their_policies(snapshot: Snapshot) -> None:
    policies = {resource.arn: resource.policy for resource in snapshot.resources}
    assert policies[f"arn:aws:s3:::{acme.DATA}"] == acme.BUCKET_POLICIES[acme.DATA]
    assert policies[acme.QUEUE] == acme.QUEUE_POLICY
    assert policies[acme.KEY_ARN] == acme.KEY_POLICY
    assert len(policies) == 5


def test_what_was_captured_is_told_so(snapshot: Snapshot) -> None:
    extents = {one.kind: one.extent for one in captured_data(snapshot)}
    whole = (Kind.AUTHORIZATION_DETAILS, Kind.ORGANIZATION, Kind.ORGANIZATION_POLICIES, Kind.KEY_GRANTS)
    assert {extents[kind] for kind in whole} == {CoverageState.CAPTURED}
    assert extents[Kind.RESOURCE_POLICIES] is CoverageState.PARTLY, "nobody asked for topics, tables and the like"
    assert extents[Kind.IDENTITY_CENTER] is CoverageState.NOT_CAPTURED


def test_no_secret_is_in_it() -> None:
    assert not [path for path in SAMPLE.rglob("*.json") if "not-captured" in path.read_text(encoding="utf-8")]
