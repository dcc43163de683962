"""Persons: a list joined with a snapshot; who left, moved, is unknown; what they reach; bad lists get one sentence."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.errors import ReviewError
from iamdesk.review.people import (
    PEOPLE,
    Joined,
    People,
    PersonState,
    Reach,
    center_user_arn,
    differing,
    parse_join,
    people_of,
    read_people,
)
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.model import Snapshot

from ..builders import captures as make

TODAY = date(2026, 11, 28)
STORE = "arn:aws:sso:::permissionSet/ssoins-1"
LIST = """id,user,name,email,status,last_day,manager,department,shoe size
1,ana,Ana,ana@example.com,active,,Quentin,Payments,38
2,ben,Ben,BEN@example.com,left,2026-10-31,Ana,Payments,44
3,mia,Mia,mia@example.com,active,,Ana,Data,37
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """Users in the list and not, a role that they may assume, one with an owner, and users of Identity Center."""
    ana = make.user("Ana", make.document(make.allow("sts:AssumeRole")))
    robot = make.user("robot", make.document(make.allow("sts:AssumeRole")))
    deploy = make.role("deploy", make.document(make.allow("s3:*")), trust=make.trusting({"AWS": [ana.arn, robot.arn]}))
    guarded = make.role(
        "guarded",
        trust=make.trusting({"AWS": ana.arn}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    )
    owned = make.role("owned", tags=[("owner", "ben@EXAMPLE.com")])
    reserved = make.role(
        "AWSReservedSSO_Readers_0123456789abcdef",
        make.document(make.allow("s3:GetObject")),
        trust=make.trusting({"Federated": f"arn:aws:iam::{make.ID}:saml-provider/AWSSSO"}),
        path="/aws-reserved/sso.amazonaws.com/",
    )
    made = make.snapshot(make.account(ana, robot, deploy, guarded, owned, reserved))
    center = IdentityCenter.model_validate(
        {
            "instance": {"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1"},
            "permission_sets": [{"PermissionSetArn": f"{STORE}/ps-1", "Name": "Readers"}],
            "account_assignments": [
                {
                    "AccountId": make.ID,
                    "PermissionSetArn": f"{STORE}/ps-1",
                    "PrincipalType": "GROUP",
                    "PrincipalId": "g1",
                }
            ],
            "users": [
                {"UserId": "u1", "UserName": "mia.m", "Emails": [{"Value": "Mia@Example.com", "Primary": True}]},
                {"UserId": "u2", "UserName": "tom", "Emails": []},
            ],
            "groups": [{"GroupId": "g1", "DisplayName": "Readers"}],
            "group_memberships": [{"GroupId": "g1", "MemberId": {"UserId": "u1"}}],
        }
    )
    return made.model_copy(update={"identity_centers": (center,)})


@pytest.fixture(scope="module")
def reach(snapshot: Snapshot) -> AttackPathGraph:
    return LazyAttackPathGraph(Evaluator(snapshot))()


def joined(folder: Path, snapshot: Snapshot, reach: AttackPathGraph, text: str = LIST, **more: object) -> People:
    listed = read_people(written(folder, text), ["name", "email", "tag:Owner=email"], TODAY)
    return listed.join(snapshot, reach, **more)  # type: ignore[arg-type]


def test_users_roles_and_identity_center_are_joined(tmp_path: Path, snapshot: Snapshot, reach: AttackPathGraph) -> None:
    found = joined(tmp_path, snapshot, reach)
    assert found.principals == {
        make.user_arn("Ana"): Joined("1", "name=user", "Ana"),
        make.user_arn("robot"): Joined("", "", "robot"),
        make.role_arn("owned"): Joined("2", "tag:Owner=email", "ben@EXAMPLE.com"),
        center_user_arn("u1"): Joined("3", "email=email", "Mia@Example.com"),
        center_user_arn("u2"): Joined("", "", "tom"),
    }
    assert {key: one.state for key, one in found.persons.items()} == {
        "1": PersonState.ACTIVE,
        "2": PersonState.LEFT,
        "3": PersonState.ACTIVE,
    }
    assert found.state_of(make.user_arn("robot")) is PersonState.UNKNOWN
    assert found.state_of(make.role_arn("deploy")) is None
    assert (found.rows, found.file, len(found.sha256)) == (3, "people.csv", 64)


def test_what_a_person_reaches(tmp_path: Path, snapshot: Snapshot, reach: AttackPathGraph) -> None:
    found = joined(tmp_path, snapshot, reach)
    assert set(found.reaches[make.user_arn("Ana")]) == {
        Reach(make.role_arn("deploy"), "assume"),
        Reach(make.role_arn("guarded"), "perhaps assume"),
    }
    assert make.user_arn("robot") not in found.reaches  # nobody of the list
    reserved = next(role.arn for role in snapshot.accounts[0].roles if "Reserved" in role.role_name)
    assert set(found.reaches[center_user_arn("u1")]) == {
        Reach("arn:aws:identitystore:::group/g1", "group"),
        Reach(reserved, "permission set"),
    }
    order = [(one.state, one.name) for one in found.access()]
    assert order[0] == (PersonState.LEFT, "Ben")
    assert [state for state, _ in order[1:3]] == [PersonState.UNKNOWN, PersonState.UNKNOWN]
    assert [name for _, name in order[3:]] == ["Ana", "Mia"]


def test_movers_are_found_by_the_previous_list_and_by_their_day(
    tmp_path: Path, snapshot: Snapshot, reach: AttackPathGraph
) -> None:
    before = joined(tmp_path, snapshot, reach)
    now = joined(tmp_path, snapshot, reach, LIST.replace("Quentin,Payments", "Quentin,Fraud"), previous=before)
    assert now.persons["1"].state is PersonState.MOVED
    assert now.persons["1"].was == "Payments, Quentin"
    assert now.persons["3"].state is PersonState.ACTIVE
    text = "user,moved\nana,2026-11-01\n"
    listed = read_people(written(tmp_path, text), ["name"], TODAY)
    assert listed.join(snapshot, reach, None, date(2026, 10, 1)).persons["ana"].state is PersonState.MOVED
    assert listed.join(snapshot, reach, None, date(2026, 11, 2)).persons["ana"].state is PersonState.ACTIVE


def test_it_is_kept_as_text_and_joined_again(tmp_path: Path, snapshot: Snapshot, reach: AttackPathGraph) -> None:
    found = joined(tmp_path, snapshot, reach)
    again = people_of({PEOPLE: found.as_text()})
    assert again == replace(found, reaches={arn: each for arn, each in found.reaches.items() if each})
    assert people_of({}) is None
    assert differing(found, snapshot, reach) == ()
    robot, ana = make.user_arn("robot"), make.user_arn("Ana")
    given = replace(found, principals={**found.principals, robot: Joined("1", "name=user", "ana")})
    assert robot in differing(given, snapshot, reach)
    lost = replace(found, principals={arn: one for arn, one in found.principals.items() if arn != robot})
    assert differing(lost, snapshot, reach) == (robot,)
    assert differing(replace(found, reaches={}), snapshot, reach) == (ana, center_user_arn("u1"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "people.csv, row 1: the column `user` is missing"),
        ("name\nAna\n", "people.csv, row 1: the column `user` is missing"),
        ("user\n", "people.csv, row 1: the list contains no person"),
        ("user,name\nana,Ana\n,Ben\n", "people.csv, row 3: the columns that it is joined by are empty: user"),
        (
            "id,user\n1,ana\n2,ANA\n",
            "people.csv, row 3: `ANA` in the column `user` is in the list twice, first in row 2",
        ),
        ("id,user\n1,ana\n1,ben\n", "people.csv, row 3: 1 is in the list twice, first in row 2"),
        ("user,status\nana,retired?\n", "people.csv, row 2: unknown status `retired?`: expected active or left"),
        ("user,last_day\nana,31.10.2026\n", "people.csv, row 2: `31.10.2026` is not a date: expected YYYY-MM-DD"),
        ("user,user\nana,ana\n", "people.csv, row 1: the column `user` occurs twice"),
        ("user\nana,b\n", "people.csv, row 2: it has more cells than headings"),
        (b"user\nana\nb\xe9n\n", "people.csv, row 3: it is not a CSV file in UTF-8"),
        ('user\nana\n"ben\n', "people.csv, row 3: it is not a CSV file in UTF-8"),
        ("user,status\nana,\u202e\n", "people.csv, row 2: unknown status `\\u202e`: expected active or left"),
    ],
)
def test_a_bad_list_is_refused_with_its_row(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(ReviewError) as refused:
        read_people(written(tmp_path, text), ["name"], TODAY)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("text", ["", "tag", "tag:", "nam", "name=", "name:x", "email:"])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ReviewError, match="is not a key: expected tag:KEY, name, email or arn"):
        parse_join(text)


def test_keys_have_a_column_by_default() -> None:
    assert parse_join("tag:Owner").text == "tag:Owner=email"
    assert parse_join("NAME").text == "name=user"
    assert parse_join("arn=Role ARN").text == "arn=role arn"
