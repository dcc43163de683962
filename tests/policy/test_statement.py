"""What a compiled statement tells of itself: the actions it is about, the keys it hangs on, where its elements are."""

from typing import Any

import pytest

from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement

from ..rules import rule


def statement(version: str = "2012-10-17", **elements: Any) -> Statement:
    one = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return parse_document({"Version": version, "Statement": [{}, one]}).statements[1]


@rule("F1", "F2")
@pytest.mark.parametrize(
    ("actions", "covered", "left_out"),
    [
        (["*"], ["s3:getobject", "ec2:runinstances"], []),
        (["s3:Get*"], ["s3:getobject"], ["s3:putobject", "ec2:getobject"]),
        (["s3:*", "ec2:Run?nstances"], ["s3:putobject", "ec2:runinstances"], ["ec2:startinstances"]),
        ([], [], ["s3:getobject"]),
    ],
)
def test_not_action_is_everything_else(actions: list[str], covered: list[str], left_out: list[str]) -> None:
    plain = statement(Action=actions)
    one = {"Effect": "Allow", "NotAction": actions, "Resource": "*"}
    negated = parse_document({"Version": "2012-10-17", "Statement": one}).statements[0]
    for text, is_covered in [*((text, True) for text in covered), *((text, False) for text in left_out)]:
        service, _, name = text.partition(":")
        assert plain.covers_action(service, name) is is_covered
        assert negated.covers_action(service, name) is not is_covered


def test_services_that_its_actions_name() -> None:
    assert statement(Action=["s3:Get*", "S3:Put*", "ec2:*"]).services == {"s3", "ec2"}
    assert statement(Action=["s3:Get*", "*"]).services is None
    assert statement(Action=["s3:Get*", "nonsense"]).services == {"s3"}
    assert statement(Action=[]).services == frozenset()
    assert parse_document({"Statement": {"Effect": "Deny", "NotAction": "s3:*"}}).statements[0].services is None


@rule("G6", "H1")
def test_the_keys_on_which_it_can_hang() -> None:
    bare = statement(Resource=["arn:aws:s3:::b/${aws:UserName}/${s3:Prefix}", "arn:aws:s3:::c"])
    assert bare.resource_keys() == bare.context_keys() == ("aws:username", "s3:prefix")
    test = {"StringLike": {"AWS:PrincipalTag/Team": ["x", "${aws:PrincipalTag/Other}-*"]}, "Bool": {"aws:Flag": "true"}}
    hangs = statement(Resource="arn:aws:s3:::${aws:PrincipalAccount}", Condition=test)
    assert hangs.resource_keys() == ("aws:principalaccount",)
    assert hangs.context_keys() == (
        "aws:principaltag/team",
        "aws:principaltag/other",
        "aws:flag",
        "aws:principalaccount",
    )
    assert statement().context_keys() == ()


@rule("H6")
def test_the_first_version_has_no_variables() -> None:
    assert statement("2008-10-17", Resource="arn:aws:s3:::b/${aws:username}").context_keys() == ()


def test_places() -> None:
    listed = statement(Sid="One")
    assert (listed.index, listed.path, listed.sid, listed.effect) == (1, ("Statement", 1), "One", "Allow")
    assert listed.element_path("Action", 2) == ("Statement", 1, "Action", 2)
    single = parse_document({"Statement": {"Effect": "Deny", "Action": "s3:*", "Sid": 7}})
    assert single.statements[0].path == ("Statement",)
    assert single.statements[0].effect == "Deny"
    assert [diagnostic.path for diagnostic in single.diagnostics] == [("Statement", "Sid")]


def test_what_it_does_not_have() -> None:
    one = parse_document({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*"}}).statements[0]
    assert (one.resources, one.principals, one.conditions, one.sid) == (None, None, (), None)
    assert not one.not_action
    assert not one.not_resource
    assert not one.not_principal
    broken = parse_document({"Statement": ["text"]}).statements[0]
    assert (broken.is_allow, broken.not_action, broken.not_resource, broken.not_principal) == (False,) * 4
    assert (broken.actions, broken.resources, broken.services) == ((), None, None)


@rule("F2", "F4")
def test_entries_beside_one_with_a_wildcard_in_its_service_cover_what_they_name() -> None:
    mixed = statement(Action=["s?:Get*", "ec2:Run*"])
    assert mixed.has_odd_actions
    assert (mixed.covers_action("s3", "getobject"), mixed.may_cover_action("s3", "getobject")) == (False, True)
    assert mixed.may_cover_action("ec2", "runinstances")
    assert not mixed.may_cover_action("ec2", "startinstances")
