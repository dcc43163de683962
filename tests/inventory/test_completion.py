from typing import Any

import pytest

from iamdesk.aws.action_search import STARTING_POINTS
from iamdesk.aws.service_reference import reference
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccessPoint, AccessPointBucket, Resource
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.types import Completion

ID = "111122223333"


@pytest.fixture
def completions(snapshot: Snapshot) -> Completions:
    return Completions(snapshot)


def values(found: tuple[Completion, ...]) -> list[str]:
    return [completion.value for completion in found]


# Principals


def test_users_roles_and_root_are_offered_by_name(completions: Completions) -> None:
    found = completions.principals("")
    assert values(found) == [
        f"arn:aws:iam::{ID}:user/eng/alice",
        f"arn:aws:iam::{ID}:role/app",
        f"arn:aws:iam::{ID}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport",
        f"arn:aws:iam::{ID}:user/Bob",
        f"arn:aws:iam::{ID}:root",
    ]
    assert found[0] == Completion(values(found)[0], "alice", f"user · {ID} · /eng/", template=False)
    assert found[1].detail == f"role · {ID}"


def test_principals_are_found_by_name_and_arn_without_case(completions: Completions) -> None:
    assert values(completions.principals("BOB")) == [f"arn:aws:iam::{ID}:user/Bob"]
    assert values(completions.principals("user/eng")) == [f"arn:aws:iam::{ID}:user/eng/alice"]
    assert values(completions.principals("support aws-service-role")) == [
        f"arn:aws:iam::{ID}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport"
    ]
    assert completions.principals("nobody-here") == ()


def test_best_principals_come_first(build: Any) -> None:
    names = ["xops", "dev-ops", "ops", "ops-lead", "opsgenie"]
    users = [{"Arn": f"arn:aws:iam::{ID}:user/{name}", "UserName": name} for name in names]
    users.append({"Arn": f"arn:aws:iam::{ID}:user/ops/zed", "UserName": "zed", "Path": "/ops/"})
    found = Completions(build.snapshot(build.account(users=users))).principals("ops")
    assert [completion.label for completion in found] == ["ops", "ops-lead", "opsgenie", "dev-ops", "xops", "zed"]


def test_services_that_roles_trust_and_anonymous_are_found_when_typed(completions: Completions) -> None:
    assert values(completions.principals("ec2.amazonaws.com")) == ["ec2.amazonaws.com"]
    assert values(completions.principals("anon")) == ["anonymous"]
    assert "anonymous" not in values(completions.principals(""))


def test_limits_hold(completions: Completions) -> None:
    assert len(completions.principals("", 2)) == 2
    assert len(completions.principals("a", 1)) == 1
    assert len(completions.actions("get", 7)) == 7
    assert len(completions.resources("iam:PassRole", "", 1)) == 1
    for limit in (0, -1):
        assert completions.principals("", limit) == ()
        assert completions.principals("a", limit) == ()
        assert completions.actions("get", limit) == ()
        assert completions.actions("", limit) == ()
        assert completions.resources("iam:PassRole", "", limit) == ()


# Actions


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("s3:GetObject", "s3:GetObject"),
        ("s3:getobject", "s3:GetObject"),
        ("getobject", "s3:GetObject"),
        ("get object", "s3:GetObject"),
        ("getobj", "s3:GetObject"),
        ("passrole", "iam:PassRole"),
        ("iam:pass", "iam:PassRole"),
        ("s3:Get*", "s3:GetObject"),
        ("secrets manager value get", "secretsmanager:GetSecretValue"),
        ("AssumeRoleWithSAML", "sts:AssumeRoleWithSAML"),
    ],
)
def test_the_action_that_is_meant_comes_first(completions: Completions, text: str, first: str) -> None:
    assert values(completions.actions(text))[0] == first


def test_an_action_tells_its_access_level_and_purpose(completions: Completions) -> None:
    found = completions.actions("s3:getobject")[0]
    assert found.detail == "Read · Retrieve objects from Amazon S3"
    assert not found.template


def test_beginnings_of_names_come_before_words_and_words_before_the_rest(completions: Completions) -> None:
    found = values(completions.actions("role", 5_000))

    def tier(value: str) -> int:
        name = value.partition(":")[2]
        if name.lower().startswith("role"):
            return 0
        if value.startswith("role"):
            return 1
        if "Role" in name:
            return 2
        return 3 if "role" in value.lower() else 4

    tiers = [tier(value) for value in found]
    assert tiers == sorted(tiers)
    assert set(tiers) >= {1, 2, 3}
    assert len(found) == len(set(found))


def test_a_whole_service_is_offered_by_its_prefix(completions: Completions) -> None:
    assert all(value.startswith("sqs:") for value in values(completions.actions("sqs", 20)))
    assert {value.partition(":")[0] for value in values(completions.actions("sqs:", 200))} == {"sqs"}


def test_text_after_the_service_may_stand_anywhere_in_the_name(completions: Completions) -> None:
    found = values(completions.actions("s3:tagging", 200))
    assert "s3:GetObjectTagging" in found
    assert found[0].startswith("s3:")


def test_every_match_is_listed_once_and_none_is_made_up(completions: Completions) -> None:
    found = values(completions.actions("accesskey", 1_000))
    expected = {name for name in reference().all_actions() if "accesskey" in name.lower()}
    assert set(found) >= expected
    assert len(found) == len(set(found))
    assert set(found) <= set(reference().all_actions())


def test_before_anything_is_typed_common_questions_are_offered(completions: Completions) -> None:
    assert values(completions.actions("")) == list(STARTING_POINTS)
    assert set(STARTING_POINTS) <= set(reference().all_actions())


def test_odd_text_finds_nothing_and_does_no_harm(completions: Completions) -> None:
    for text in (":", "::", "*", "zzzzzz", "\x00", "\uffff", "é" * 10_000, "s3:\u202e"):
        assert all(completion.value in reference().all_actions() for completion in completions.actions(text, 5))


# Resources


def test_an_action_without_resources_takes_a_star(completions: Completions) -> None:
    (only,) = completions.resources("s3:ListAllMyBuckets", "whatever")
    assert (only.value, only.template) == ("*", False)


def test_an_action_that_aws_does_not_have_takes_nothing(completions: Completions) -> None:
    for action in ("s3:MakeCoffee", "nosuch:Thing", "", "s3", "*"):
        assert completions.resources(action, "") == ()


def test_templates_come_filled_with_the_account_and_first_while_nothing_is_typed(completions: Completions) -> None:
    found = completions.resources("sqs:SendMessage", "")
    assert found[0] == Completion(
        f"arn:aws:sqs:${{Region}}:{ID}:${{QueueName}}",
        f"arn:aws:sqs:${{Region}}:{ID}:${{QueueName}}",
        "queue",
        template=True,
    )
    assert values(completions.resources("s3:GetObject", ""))[0] == "arn:aws:s3:::${BucketName}/${ObjectName}"


def test_entities_of_the_snapshot_that_fit_the_action(completions: Completions) -> None:
    assert values(completions.resources("iam:PassRole", "app")) == [f"arn:aws:iam::{ID}:role/app"]
    roles = [value for value in values(completions.resources("iam:PassRole", "")) if "${" not in value]
    assert all(":role/" in value for value in roles)
    assert len(roles) == 2
    assert values(completions.resources("sts:AssumeRole", "app")) == [f"arn:aws:iam::{ID}:role/app"]
    assert values(completions.resources("iam:GetPolicy", "boundary")) == [
        f"arn:aws:iam::{ID}:policy/boundaries/dev-boundary"
    ]
    assert values(completions.resources("iam:GetUser", "alice")) == [f"arn:aws:iam::{ID}:user/eng/alice"]
    assert values(completions.resources("iam:GetGroup", "engin")) == [f"arn:aws:iam::{ID}:group/engineers"]


def test_resources_that_policies_name_are_offered_where_they_fit(completions: Completions) -> None:
    found = completions.resources("s3:GetObject", "payroll")
    assert (found[0].value, found[0].detail) == ("arn:aws:s3:::payroll/*", "object, named in policies")
    assert "arn:aws:s3:::payroll/*" not in values(completions.resources("s3:ListBucket", "payroll"))


def test_resources_with_variables_or_too_few_parts_are_not_offered(build: Any) -> None:
    resources = ["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3", "*", "arn:aws:s3:::home/shared/*"]
    document = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": resources}}
    user = {
        "Arn": f"arn:aws:iam::{ID}:user/u",
        "UserName": "u",
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document}],
    }
    found = Completions(build.snapshot(build.account(users=[user]))).resources("s3:GetObject", "home")
    assert [completion.value for completion in found if not completion.template] == ["arn:aws:s3:::home/shared/*"]


@pytest.mark.parametrize(
    ("action", "typed", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::payr", "arn:aws:s3:::payr/${ObjectName}"),
        ("s3:GetObject", "arn:aws:s3:::payr/", "arn:aws:s3:::payr/${ObjectName}"),
        ("s3:GetObject", "arn:aws:s3:::payr/a/b", "arn:aws:s3:::payr/a/b"),
        ("sqs:SendMessage", "arn:aws:sqs:eu", f"arn:aws:sqs:${{Region}}:{ID}:${{QueueName}}"),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:", f"arn:aws:sqs:eu-west-1:{ID}:${{QueueName}}"),
        (
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:999988887777:",
            "arn:aws:sqs:eu-west-1:999988887777:${QueueName}",
        ),
        ("iam:PassRole", f"arn:aws:iam::{ID}:ro", f"arn:aws:iam::{ID}:role/${{RoleNameWithPath}}"),
        ("iam:PassRole", f"arn:aws:iam::{ID}:role/te", f"arn:aws:iam::{ID}:role/te"),
    ],
)
def test_a_template_takes_over_what_was_typed(completions: Completions, action: str, typed: str, expected: str) -> None:
    found = completions.resources(action, typed)
    assert expected in values(found)
    assert all(completion.template == ("${" in completion.value) for completion in found)


def test_a_template_that_cannot_become_what_was_typed_is_not_offered(completions: Completions) -> None:
    assert completions.resources("sqs:SendMessage", "arn:aws:s3:::b") == ()
    assert completions.resources("iam:PassRole", f"arn:aws:iam::{ID}:user/a") == ()
    assert completions.resources("s3:ListBucket", "arn:aws:s3:::b/key") == ()


def test_needed_resource_types_come_before_others(completions: Completions) -> None:
    found = completions.resources("ec2:RunInstances", "")
    run = reference().action("ec2", "RunInstances")
    assert run is not None
    needed = {resource.name for resource in run.resource_types if resource.required}
    assert {completion.detail for completion in found[: len(needed)]} == needed


def test_with_many_accounts_the_account_is_left_to_fill_in(build: Any) -> None:
    accounts = [build.account(account_id=f"{number:012}") for number in range(1, 6)]
    few = Completions(build.snapshot(*accounts[:2])).resources("sqs:SendMessage", "")
    assert [value.split(":")[4] for value in values(few)] == ["000000000001", "000000000002"]
    many = Completions(build.snapshot(*accounts)).resources("sqs:SendMessage", "")
    assert values(many) == ["arn:aws:sqs:${Region}:${Account}:${QueueName}"]


def test_another_partitions_arns_are_its_own(build: Any) -> None:
    found = Completions(build.snapshot(build.account(partition="aws-cn"))).resources("s3:ListBucket", "")
    assert values(found)[0] == "arn:aws-cn:s3:::${BucketName}"


def test_a_snapshot_without_accounts_still_offers_templates(build: Any) -> None:
    empty = Completions(build.snapshot())
    assert values(empty.resources("s3:ListBucket", ""))[0] == "arn:aws:s3:::${BucketName}"
    assert empty.principals("") == ()


def test_captured_resources_and_objects_of_captured_buckets_are_offered(build: Any) -> None:
    resources = (Resource(arn="arn:aws:s3:::ledger"), Resource(arn=f"arn:aws:sqs:eu-west-1:{ID}:ledger-events"))
    found = Completions(build.snapshot(build.account()).model_copy(update={"resources": resources}))
    assert found.resources("s3:ListBucket", "ledger")[0] == Completion(
        "arn:aws:s3:::ledger", "arn:aws:s3:::ledger", "bucket, captured"
    )
    (form,) = [each for each in found.resources("s3:GetObject", "ledger") if "captured" in each.detail]
    assert (form.value, form.template) == ("arn:aws:s3:::ledger/${ObjectName}", True)
    assert values(found.resources("sqs:SendMessage", "ledger")) == [f"arn:aws:sqs:eu-west-1:{ID}:ledger-events"]


def test_objects_are_offered_through_captured_access_points(build: Any) -> None:
    point = f"arn:aws:s3:eu-west-1:{ID}:accesspoint/ledger-readers"
    known = AccessPoint(buckets=(AccessPointBucket(name="ledger"),))
    resources = (Resource(arn=point, access_point=known),)
    found = Completions(build.snapshot(build.account()).model_copy(update={"resources": resources}))
    (form,) = [each for each in found.resources("s3:GetObject", "readers") if "captured" in each.detail]
    assert (form.value, form.template) == (f"{point}/object/${{ObjectName}}", True)
    assert point in values(found.resources("s3:ListBucket", "readers"))
