"""The same policy need not allow two holders the same: its variables and conditions may speak of the holder."""

import json
from pathlib import Path
from typing import Any

from iamdesk import Evaluator, load_snapshot
from iamdesk.review.entitlements import review_scope
from iamdesk.review.grouping import Grouping, group_keys, is_in_own_name
from iamdesk.review.items import EntitlementType, ReviewItem

ACCOUNT = "111122223333"


def document(resource: str = "*", condition: dict[str, Any] | None = None, effect: str = "Allow") -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": effect, "Action": "s3:GetObject", "Resource": resource}
    if condition is not None:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def user(name: str, *documents: dict[str, Any], team: str = "", groups: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "UserName": name,
        "UserId": f"AIDA{name}",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "Path": "/",
        "GroupList": list(groups),
        "Tags": [{"Key": "Team", "Value": team}] if team else [],
        "UserPolicyList": [{"PolicyName": f"p{at}", "PolicyDocument": one} for at, one in enumerate(documents)],
    }


def group(name: str, *documents: dict[str, Any]) -> dict[str, Any]:
    return {
        "GroupName": name,
        "GroupId": f"AGPA{name}",
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/{name}",
        "Path": "/",
        "GroupPolicyList": [{"PolicyName": f"p{at}", "PolicyDocument": one} for at, one in enumerate(documents)],
    }


def lines(tmp_path: Path, users: list[dict[str, Any]], groups: list[dict[str, Any]] | None = None) -> list[ReviewItem]:
    path = tmp_path / "account.json"
    content = {"UserDetailList": users, "GroupDetailList": groups or [], "RoleDetailList": [], "Policies": []}
    path.write_text(json.dumps(content), encoding="utf-8")
    return list(review_scope(Evaluator(load_snapshot(path))).lines)


def by_holder(found: list[ReviewItem]) -> dict[str, str]:
    keys = group_keys(found, Grouping.EFFECT)
    return {line.holder_arn.rpartition("/")[2]: keys[line.line_id] for line in found}


OWN_HOME = document("arn:aws:s3:::home/${aws:username}/*")
OF_TEAM = document(condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
TEAM_HOME = document("arn:aws:s3:::team/${aws:PrincipalTag/Team}/*")


def test_plain_policies_are_of_the_same_effect(tmp_path: Path) -> None:
    found = lines(tmp_path, [user("ana", document()), user("ben", document())])
    keys = by_holder(found)
    assert keys["ana"] == keys["ben"]
    assert not any(map(is_in_own_name, found))
    assert all("asks_of_holder" not in line.evidence for line in found)


def test_a_variable_of_the_name_is_alike_and_says_so(tmp_path: Path) -> None:
    found = lines(tmp_path, [user("ana", OWN_HOME), user("ben", OWN_HOME)])
    keys = by_holder(found)
    assert keys["ana"] == keys["ben"]
    assert all(map(is_in_own_name, found))
    assert found[0].evidence["in_own_name"] == ["aws:username"]


def test_a_variable_in_a_condition_is_one_too(tmp_path: Path) -> None:
    mine = document(condition={"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}})
    assert all(map(is_in_own_name, lines(tmp_path, [user("ana", mine), user("ben", mine)])))


def test_another_policy_of_the_holder_counts(tmp_path: Path) -> None:
    found = lines(tmp_path, [user("ana", document(), OWN_HOME), user("ben", document(), OWN_HOME)])
    assert all(map(is_in_own_name, found))


def test_policies_of_groups_count(tmp_path: Path) -> None:
    users = [user("ana", groups=("staff",)), user("ben", groups=("staff",))]
    found = lines(tmp_path, users, [group("staff", OWN_HOME)])
    assert all(is_in_own_name(line) for line in found if line.type is EntitlementType.GROUP)


def test_conditions_on_tags_part_those_whose_tags_differ(tmp_path: Path) -> None:
    for policy in (OF_TEAM, TEAM_HOME, document(condition={"Null": {"aws:principaltag/TEAM": "false"}})):
        people = [user("ana", policy, team="blue"), user("ben", policy, team="red"), user("cy", policy, team="blue")]
        found = lines(tmp_path, people)
        keys = by_holder(found)
        assert keys["ana"] == keys["cy"] != keys["ben"]
        assert {value for line in found for value in line.evidence["asks_of_holder"].values()} == {"blue", "red"}


def test_a_condition_on_the_name_parts_everybody(tmp_path: Path) -> None:
    policy = document(condition={"StringLike": {"aws:username": "a*"}}, effect="Deny")
    keys = by_holder(lines(tmp_path, [user("ana", document(), policy), user("abe", document(), policy)]))
    assert keys["ana"] != keys["abe"]


def test_what_a_group_s_policy_asks_of_its_members_is_not_known(tmp_path: Path) -> None:
    found = lines(tmp_path, [], [group("staff", OF_TEAM), group("guests", OF_TEAM)])
    keys = by_holder(found)
    assert keys["staff"] != keys["guests"]
    assert {one for line in found for one in line.evidence["asks_of_holder"].values()} == {None}
