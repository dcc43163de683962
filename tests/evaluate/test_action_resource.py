"""The action and the resource of a question: what is malformed is refused, what is odd is told."""

import pytest

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ON_S3, Target, parse_target
from iamdesk.evaluate.request import Request, RequestError

from ..rules import rule


def target(action: str, resource: str = "*") -> Target:
    return parse_target(action, resource, reference())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3:Get*", "is a pattern: expected one action, such as s3:GetObject"),
        ("s3:GetObjec?", "is a pattern: expected one action, such as s3:GetObject"),
        ("*", "is a pattern: expected one action, such as s3:GetObject"),
        ("GetObject", "is not an action: expected service:Action, such as s3:GetObject"),
        ("s3:", "is not an action: expected service:Action, such as s3:GetObject"),
        (":GetObject", "is not an action: expected service:Action, such as s3:GetObject"),
        ("", "is not an action: expected service:Action, such as s3:GetObject"),
        ("s3:Get Object", "is not an action: expected service:Action, such as s3:GetObject"),
    ],
)
def test_what_is_no_action_is_refused(text: str, why: str) -> None:
    with pytest.raises(RequestError) as error:
        target(text)
    assert str(error.value) == f"`{text}` {why}"


def test_what_is_no_resource_is_refused() -> None:
    with pytest.raises(RequestError, match="it does not begin with `arn:`"):
        target("s3:GetObject", "bucket/key")


def test_an_action_is_known_in_any_spelling_and_told_in_aws_s_own() -> None:
    one = target(" S3:getobject ", " arn:aws:s3:::b/k")
    assert (one.service, one.name, one.resource_text) == ("s3", "getobject", "arn:aws:s3:::b/k")
    assert one.action is not None
    assert one.action.full_name == "s3:GetObject"
    assert one.notes == ()
    assert one.resource_types == ("object",)
    assert target("s3:GetObject").resource_text == "*"


@pytest.mark.parametrize(
    ("action", "resource", "code"),
    [
        ("s3:GetObject", "*", "resource-unspecified"),
        ("s3:GetObject", "arn:aws:s3:::b", "resource-type"),
        ("s3:GetObject", "arn:aws:s3:::b/*", "resource-pattern"),
        ("s3:GetObject", "arn:aws:s3:::b/k?", "resource-pattern"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::b", "resource-not-used"),
        ("s3:NoSuchAction", "arn:aws:s3:::b/k", "action-unknown"),
        ("nosuchservice:Act", "*", "action-unknown"),
    ],
)
def test_what_is_odd_is_a_note(action: str, resource: str, code: str) -> None:
    (note,) = target(action, resource).notes
    assert note.code == code
    assert note.message.endswith(".")
    named = {"resource-pattern": resource, "action-unknown": action.partition(":")[0]}.get(code, action)
    assert named in note.message


@rule("F3")
@pytest.mark.parametrize("asked", ["/aws/lambda/f", "/aws/lambda/f:*"])
def test_a_log_group_is_asked_about_as_policies_name_it(asked: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"""
    whole = "arn:aws:logs:eu-west-1:111122223333:log-group:"
    one = target("logs:FilterLogEvents", f"{whole}{asked}")
    assert (one.resource_text, one.resource_types) == (f"{whole}/aws/lambda/f:*", ("log-group",))
    tags = target("logs:ListTagsForResource", f"{whole}{asked}")
    assert (tags.resource_text, tags.resource_types) == (f"{whole}/aws/lambda/f", ("log-group",))
    stream = target("logs:PutLogEvents", f"{whole}/aws/lambda/f:log-stream:s")
    assert (stream.resource_text, stream.notes) == (f"{whole}/aws/lambda/f:log-stream:s", ())


def test_an_action_without_resources_is_asked_on_everything() -> None:
    assert target("s3:ListAllMyBuckets", "arn:aws:s3:::b").resource is None


def test_an_action_may_be_on_a_resource_of_another_service() -> None:
    assert target("sts:AssumeRole", "arn:aws:iam::111122223333:role/r").resource_types == ("role",)
    assert target("sts:AssumeRole", "arn:aws:s3:::b").resource_types == ()


def test_of_many_resource_types_four_are_named() -> None:
    """``ec2:CreateTags`` is for any of dozens."""
    notes = [note.message for note in target("ec2:CreateTags", "arn:aws:sqs:eu-west-1:111122223333:q").notes]
    assert len(notes) == 1
    named, more = notes[0].split(" or one of ")
    assert named.count(",") == 3
    assert int(more.split()[0]) > 50


@pytest.mark.parametrize("owner", ["abcdefghijkl", "12345", "1234567890123", "11112222333٣"])
def test_an_owner_that_is_no_account_is_refused(owner: str) -> None:
    with pytest.raises(RequestError, match="is not an account ID: expected 12 digits"):
        Request("arn:aws:iam::111122223333:user/a", "s3:GetObject", "*", resource_account=owner).checked_owner()


def test_an_owner_that_is_an_account_is_told_and_none_is_none() -> None:
    asked = Request("arn:aws:iam::111122223333:user/a", "s3:GetObject", "*", resource_account="444455556666")
    assert asked.checked_owner() == "444455556666"
    assert Request("arn:aws:iam::111122223333:user/a", "s3:GetObject", "*").checked_owner() is None


def test_lists_of_an_account_on_s3_are_actions_that_s3_has() -> None:
    names = {action.full_name.partition(":")[2].lower() for action in reference().actions_of("s3")}
    assert names >= ACCOUNT_LISTS_ON_S3


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("sqs:SendMessage", "queue"),
        ("kms:CreateAlias", "alias or key"),
        ("s3:GetObject", "accesspointobject or object"),
    ],
)
def test_the_kinds_on_which_it_acts_are_listed(action: str, kinds: str) -> None:
    (note,) = target(action, "*").notes
    told = note.message.partition(" acts on ")[2].partition(":")[0]
    assert sorted(told.replace(" or ", ", ").split(", ")) == sorted(kinds.split(" or "))
    assert told.count(" or ") == kinds.count(" or ")
