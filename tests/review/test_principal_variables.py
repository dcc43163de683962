"""The same policy need not allow two holders the same: its variables and conditions may speak of the holder."""

from typing import Any

from iamdesk.review.entitlements import review_scope
from iamdesk.review.grouping import Grouping, group_keys, is_in_own_name
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.snapshot.model import GroupDetail, UserDetail

from ..builders.captures import allow, document, evaluator, group, user


def policy(resource: str = "*", condition: dict[str, Any] | None = None, effect: str = "Allow") -> dict[str, Any]:
    return document(allow("s3:GetObject", resource, condition, Effect=effect))


def lines(*members: UserDetail | GroupDetail) -> list[ReviewItem]:
    return [one for one in review_scope(evaluator(*members)).lines if one.type is not EntitlementType.ROOT_ACCESS]


def by_holder(found: list[ReviewItem]) -> dict[str, str]:
    keys = group_keys(found, Grouping.EFFECT)
    return {line.holder_arn.rpartition("/")[2]: keys[line.line_id] for line in found}


OWN_HOME = policy("arn:aws:s3:::home/${aws:username}/*")
OF_TEAM = policy(condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
TEAM_HOME = policy("arn:aws:s3:::team/${aws:PrincipalTag/Team}/*")


def test_plain_policies_are_of_the_same_effect() -> None:
    found = lines(user("ana", policy()), user("ben", policy()))
    keys = by_holder(found)
    assert keys["ana"] == keys["ben"]
    assert not any(map(is_in_own_name, found))
    assert all("asks_of_holder" not in line.evidence for line in found)


def test_a_variable_of_the_name_is_alike_and_says_so() -> None:
    found = lines(user("ana", OWN_HOME), user("ben", OWN_HOME))
    keys = by_holder(found)
    assert keys["ana"] == keys["ben"]
    assert all(map(is_in_own_name, found))
    assert found[0].evidence["in_own_name"] == ["aws:username"]


def test_a_variable_in_a_condition_is_one_too() -> None:
    mine = policy(condition={"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}})
    assert all(map(is_in_own_name, lines(user("ana", mine), user("ben", mine))))


def test_another_policy_of_the_holder_counts() -> None:
    found = lines(user("ana", policy(), OWN_HOME), user("ben", policy(), OWN_HOME))
    assert all(map(is_in_own_name, found))


def test_policies_of_groups_count() -> None:
    users = [user("ana", groups=("staff",)), user("ben", groups=("staff",))]
    found = lines(*users, group("staff", OWN_HOME))
    assert all(is_in_own_name(line) for line in found if line.type is EntitlementType.GROUP)


def test_conditions_on_tags_part_those_whose_tags_differ() -> None:
    for one in (OF_TEAM, TEAM_HOME, policy(condition={"Null": {"aws:principaltag/TEAM": "false"}})):
        people = [
            user("ana", one, tags=[("Team", "blue")]),
            user("ben", one, tags=[("Team", "red")]),
            user("cy", one, tags=[("Team", "blue")]),
        ]
        found = lines(*people)
        keys = by_holder(found)
        assert keys["ana"] == keys["cy"] != keys["ben"]
        assert {value for line in found for value in line.evidence["asks_of_holder"].values()} == {"blue", "red"}


def test_a_condition_on_the_name_parts_everybody() -> None:
    mine = policy(condition={"StringLike": {"aws:username": "a*"}}, effect="Deny")
    keys = by_holder(lines(user("ana", policy(), mine), user("abe", policy(), mine)))
    assert keys["ana"] != keys["abe"]


def test_what_a_group_s_policy_asks_of_its_members_is_not_known() -> None:
    found = lines(group("staff", OF_TEAM), group("guests", OF_TEAM))
    keys = by_holder(found)
    assert keys["staff"] != keys["guests"]
    assert {one for line in found for one in line.evidence["asks_of_holder"].values()} == {None}
