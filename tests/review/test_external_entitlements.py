"""Entitlements outside IAM: assignments of permission sets, and whom resources let in themselves."""

from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.review.entitlements import Scope, review_scope
from iamdesk.review.external_entitlements import assignment_lines
from iamdesk.review.grouping import Grouping, group_keys
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.principals import Administrations, EffectiveAccess
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

GRANT = EntitlementType.RESOURCE_GRANT
STORE = "arn:aws:sso:::permissionSet/ssoins-1"


@pytest.fixture(scope="module")
def organization() -> Snapshot:
    return load_snapshot(Path(str(resources())) / "samples" / "acme-organization")


@pytest.fixture(scope="module")
def scope(organization: Snapshot) -> Scope:
    return review_scope(Evaluator(organization))


@pytest.fixture(scope="module")
def with_center() -> Snapshot:
    """The sample account, whose permission-set roles are assigned to a group and a person."""
    snapshot = load_snapshot(sample_snapshot())
    (account,) = snapshot.accounts
    role = next(one for one in account.roles if one.role_name.startswith("AWSReservedSSO_"))
    name = role.role_name.removeprefix("AWSReservedSSO_").rpartition("_")[0]
    center = IdentityCenter.model_validate(
        {
            "instance": {"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1"},
            "permission_sets": [{"PermissionSetArn": f"{STORE}/ps-1", "Name": name}],
            "account_assignments": [
                {
                    "AccountId": account.account_id,
                    "PermissionSetArn": f"{STORE}/ps-{number}",
                    "PrincipalType": kind,
                    "PrincipalId": who,
                }
                for number, kind, who in ((1, "GROUP", "g1"), (1, "USER", "u1"), (1, "USER", "u1"), (2, "USER", "u1"))
            ],
            "users": [{"UserId": "u1", "UserName": "ana@example.com"}],
            "groups": [{"GroupId": "g1", "DisplayName": "Engineers"}],
            "group_memberships": [{"GroupId": "g1", "MemberId": {"UserId": "u1"}}],
        }
    )
    return snapshot.model_copy(update={"identity_centers": (center,)})


def test_every_assignment_is_a_line_once_with_what_it_gives(with_center: Snapshot) -> None:
    evaluator = Evaluator(with_center)
    found = assignment_lines(
        with_center, EffectiveAccess(evaluator), Administrations(evaluator, LazyAttackPathGraph(evaluator)())
    )
    group, person, unknown = found.lines

    assert {line.type for line in found.lines} == {EntitlementType.PERMISSION_SET}
    assert group.holder_arn == "arn:aws:identitystore:::group/g1"
    assert (group.evidence["display"], group.evidence["members"]) == ("Engineers", ["ana@example.com"])
    assert person.evidence["display"] == "ana@example.com"
    assert person.evidence["holder"]["actions"] > 0
    assert "AWSReservedSSO_" in person.evidence["role"]
    assert unknown.evidence["missing"] is True
    assert [member.arn for member in found.members] == [group.holder_arn, person.holder_arn]


def test_assignments_are_part_of_the_review(with_center: Snapshot) -> None:
    lines = review_scope(Evaluator(with_center)).lines
    assert sum(line.type is EntitlementType.PERMISSION_SET for line in lines) == 3
    assert len({line.line_id for line in lines}) == len(lines)


def test_resources_tell_whom_they_let_in(organization: Snapshot, scope: Scope) -> None:
    grants = [line for line in scope.lines if line.type is GRANT]
    held = {resource.arn for resource in organization.resources}

    assert grants
    assert {line.entitlement_id for line in grants} <= held
    assert all(line.evidence["statements"] for line in grants)
    everyone = [line for line in grants if line.holder_arn == "*"]
    assert all(line.evidence["public"] for line in everyone)
    population = {member.arn for member in scope.population}
    assert {line.holder_arn for line in grants} <= population


def test_outsiders_are_told_from_our_own(organization: Snapshot, scope: Scope) -> None:
    own = {account.account_id for account in organization.accounts}
    told = {line.holder_arn: line.evidence["holder_class"] for line in scope.lines if line.type is GRANT}
    for name, kind in told.items():
        if name.startswith("arn:"):
            assert (kind == "third_party") is (name.split(":")[4] not in own)
        elif name.isdecimal():
            assert (kind == "third_party") is (name not in own)
        elif name.endswith(".amazonaws.com"):
            assert kind == "machine"
        else:
            assert kind == "third_party", "everyone, or somebody known by a canonical id"
    assert set(told.values()) == {"third_party", "unknown"}


def test_guardrails_of_the_organization_limit_its_members(scope: Scope) -> None:
    limited = [line for line in scope.lines if any(one.startswith("p-") for one in line.evidence.get("limited_by", ()))]
    assert limited
    assert not any("p-FullAWSAccess" in line.evidence["limited_by"] for line in limited)


@pytest.mark.parametrize("grouping", [one for one in Grouping if not one.is_of_findings])
def test_grouping_leaves_no_line_out(scope: Scope, grouping: Grouping) -> None:
    assert group_keys(scope.lines, grouping).keys() == {line.line_id for line in scope.lines}


def line(holder: str, document: str, reach: str, **more: object) -> ReviewItem:
    evidence = {"document_sha256": document, "holder": {"reach_sha256": reach}, **more}
    return ReviewItem("1", holder, "user", EntitlementType.MANAGED_POLICY, f"arn:{document}", document, evidence)


def test_identical_effect_is_the_same_documents_reach_and_limits() -> None:
    same = [line("a", "d1", "r"), line("b", "d1", "r")]
    other = [
        line("c", "d1", "other reach"),
        line("d", "d1", "r", limited_by=["boundary"]),
        line("e", "d1", "r"),
        line("e", "d2", "r"),  # e holds another document besides
        line("f", "d1", "r", missing=True),
    ]
    keys = group_keys([*same, *other], Grouping.EFFECT)
    groups = [keys[one.line_id] for one in (*same, *other)]
    assert groups[0] == groups[1]
    assert len(set(groups)) == len(groups) - 1
