"""Roles of IAM Identity Center, shown by permission set with who may use it (rule E15).

https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""

import json
from typing import Any

import pytest

from iamdesk.inventory.permission_sets import PermissionSets, assignees_text, permission_set_name
from iamdesk.inventory.references import references_of
from iamdesk.snapshot.identity_center import (
    AccountAssignment,
    GroupMembership,
    IdentityCenter,
    IdentityCenterInstance,
    IdentityStoreGroup,
    IdentityStoreUser,
    PermissionSet,
)
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.details import principal_facts
from iamdesk.viewmodel.search import OutlineSearch
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree import Badge, Node
from iamdesk.viewmodel.tree_builder import build_outline

from ..builders.arns import ID
from ..builders.captures import account, role, snapshot, user
from ..builders.statements import allow, document
from ..rules import rule

PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
NAME = "AWSReservedSSO_Data_Reader_0123456789abcdef"
ARN = f"arn:aws:iam::{ID}:role{PATH}{NAME}"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
SET = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef"
GROUP_ID, ANA_ID, BO_ID = "g-1", "u-1", "u-2"

# What the commands print, as their reference pages show it.
DESCRIBED = json.loads(f"""{{"PermissionSet": {{"Name": "Data_Reader", "PermissionSetArn": "{SET}",
    "Description": "Reads data", "CreatedDate": "2025-01-02T03:04:05+00:00", "SessionDuration": "PT4H"}}}}""")
ASSIGNMENTS = json.loads(f"""{{"AccountAssignments": [
    {{"AccountId": "{ID}", "PermissionSetArn": "{SET}", "PrincipalType": "GROUP", "PrincipalId": "{GROUP_ID}"}},
    {{"AccountId": "{ID}", "PermissionSetArn": "{SET}", "PrincipalType": "USER", "PrincipalId": "{BO_ID}"}},
    {{"AccountId": "999999999999", "PermissionSetArn": "{SET}", "PrincipalType": "USER", "PrincipalId": "{ANA_ID}"}}
    ]}}""")
USERS = json.loads(f"""{{"Users": [
    {{"UserName": "ana@example.com", "UserId": "{ANA_ID}", "DisplayName": "Ana Silva", "IdentityStoreId": "d-1",
      "Name": {{"FamilyName": "Silva", "GivenName": "Ana"}},
      "Emails": [{{"Value": "ana@example.com", "Primary": true}}]}},
    {{"UserName": "bo", "UserId": "{BO_ID}", "IdentityStoreId": "d-1"}}]}}""")
GROUPS = json.loads(
    f"""{{"Groups": [{{"GroupId": "{GROUP_ID}", "DisplayName": "Readers", "IdentityStoreId": "d-1"}}]}}"""
)
MEMBERSHIPS = json.loads(f"""{{"GroupMemberships": [{{"IdentityStoreId": "d-1", "MembershipId": "m-1",
    "GroupId": "{GROUP_ID}", "MemberId": {{"UserId": "{ANA_ID}"}}}}]}}""")


def center(**without: None) -> IdentityCenter:
    held: dict[str, Any] = {
        "permission_sets": (PermissionSet.model_validate(DESCRIBED["PermissionSet"]),),
        "account_assignments": tuple(map(AccountAssignment.model_validate, ASSIGNMENTS["AccountAssignments"])),
        "users": tuple(map(IdentityStoreUser.model_validate, USERS["Users"])),
        "groups": tuple(map(IdentityStoreGroup.model_validate, GROUPS["Groups"])),
        "group_memberships": tuple(map(GroupMembership.model_validate, MEMBERSHIPS["GroupMemberships"])),
    }
    return IdentityCenter(instance=IdentityCenterInstance(instance_arn=INSTANCE), **{**held, **without})


def captured(*centers: IdentityCenter) -> Snapshot:
    base = snapshot(account(user("ana"), role(NAME, document(allow()), path=PATH), role("deploy")))
    return Snapshot.model_validate({**dict(base), "identity_centers": centers})


def rows(of: Snapshot) -> list[Node]:
    return list(build_outline(of).nodes)


def row(of: Snapshot) -> Node:
    """The role's own row, in its account: below its permission set it stands once more."""
    outline = build_outline(of)
    return outline.nodes[outline.rows_by_key[ARN]]


@rule("E15")
@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        (NAME, PATH, "Data_Reader"),
        (
            "AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b",
            "/aws-reserved/sso.amazonaws.com/",
            "AdministratorAccess",
        ),
        (NAME, "/", None),
        ("deploy", PATH, None),
        ("AWSReservedSSO_Reader", PATH, None),
        ("AWSReservedSSO__0123456789abcdef", PATH, None),
        ("AWSReservedSSO_Reader_notahexsuffix", PATH, None),
    ],
)
def test_the_name_of_a_permission_set_is_read_from_its_role(name: str, path: str, expected: str | None) -> None:
    assert permission_set_name(name, path) == expected


def test_the_tree_shows_permission_sets_by_their_names_in_a_section_of_their_own() -> None:
    found = row(captured(center()))
    assert found.text == "Data_Reader"
    assert found.detail == "1 policy · group Readers (1 person), bo"
    shown = rows(captured(center()))
    assert [node.text for node in shown if node.kind == "section"][2:4] == ["Roles", "Permission sets"]
    assert shown[found.parent].text == "Permission sets"


def test_a_snapshot_without_such_roles_has_no_such_section() -> None:
    shown = rows(snapshot(account(role("deploy"))))
    assert "Permission sets" not in [node.text for node in shown]


def test_the_role_is_still_found_by_its_own_name_and_by_whom_it_is_assigned_to() -> None:
    outline = build_outline(captured(center()))
    for text in (NAME, "data_reader", "readers"):
        hits = OutlineSearch(outline).matches(text).hits
        assert ARN in {outline.nodes[hit].key for hit in hits}, text


def test_the_inspector_tells_the_set_its_role_and_who_may_use_it() -> None:
    subject = SubjectIndex(captured(center())).subject(ARN)
    assert subject is not None
    assert subject.title == "Data_Reader"
    facts = dict(subject.facts)
    assert facts["Permission set"] == "Data_Reader, of IAM Identity Center"
    assert facts["Role"] == NAME
    assert facts["Description"] == "Reads data"
    assert facts["Maximum session duration"] == "PT4H"
    assert facts["Assigned to"] == "group Readers (1 person), bo"
    assert not [gap for gap in subject.missing_data if "assigned" in gap]


@pytest.mark.parametrize("held", [[], [center(account_assignments=None)]])
def test_where_assignments_are_not_captured_that_is_a_gap(held: list[IdentityCenter]) -> None:
    subject = SubjectIndex(captured(*held)).subject(ARN)
    assert subject is not None
    assert dict(subject.facts)["Assigned to"] == "not captured"
    assert "The assignments of the permission set in IAM Identity Center were not captured." in subject.missing_data
    marks = build_outline(captured(*held)).badges.get(rows(captured(*held)).index(row(captured(*held))), ())
    assert (Badge.MISSING_DATA in marks) == bool(held)


def test_members_of_a_group_that_are_not_captured_are_a_gap() -> None:
    subject = SubjectIndex(captured(center(group_memberships=None))).subject(ARN)
    assert subject is not None
    assert dict(subject.facts)["Assigned to"] == "group Readers, bo"
    assert "The members of Readers were not captured." in subject.missing_data


def test_people_and_groups_that_are_not_captured_are_named_by_id() -> None:
    use = PermissionSets(captured(center(users=None, groups=None))).use_of(ID, "Data_Reader")
    assert use is not None
    assert use.assignees is not None
    assert assignees_text(use.assignees) == f"group {GROUP_ID} (1 person), {BO_ID}"


def test_a_set_that_is_assigned_to_nobody_says_so() -> None:
    use = PermissionSets(captured(center())).use_of("123412341234", "Data_Reader")
    assert use is not None
    assert use.assignees == ()
    assert assignees_text(()) == "no principal"


def test_of_two_instances_the_one_counts_that_assigns_the_set_in_the_account() -> None:
    other = IdentityCenter(
        instance=IdentityCenterInstance(instance_arn=f"{INSTANCE}2"),
        permission_sets=(PermissionSet(permission_set_arn=f"{SET}2", name="Data_Reader"),),
        account_assignments=(),
    )
    use = PermissionSets(captured(other, center())).use_of(ID, "Data_Reader")
    assert use is not None
    assert use.permission_set.permission_set_arn == SET


def test_long_lists_of_assignees_are_shortened() -> None:
    use = PermissionSets(captured(center())).use_of(ID, "Data_Reader")
    assert use is not None
    assert assignees_text((use.assignees or ()) * 3, 2) == "group Readers (1 person), bo and 4 more"


def test_other_roles_have_no_facts_of_identity_center() -> None:
    held = snapshot(account(role("deploy")))
    [deploy] = held.accounts[0].roles
    labels = [label for label, _ in principal_facts(references_of(held.accounts[0]), deploy, None)]
    assert "Permission set" not in labels
    assert "Assigned to" not in labels


def test_the_question_bar_finds_a_permission_set_by_its_name() -> None:
    [found] = [one for one in Completions(captured()).principals("data_r") if one.value == ARN]
    assert found.label == "Data_Reader"
    assert found.detail.startswith("permission set")
