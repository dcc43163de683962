"""Which bucket policies S3 counts as public: what Block Public Access acts on."""

from typing import Any

import pytest

from iamdesk.policy.document import parse_document
from iamdesk.policy.public_policy import is_public, public_words
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.resource_details import resource_facts

from ..each_case import each_case
from ..rules import rule

A = "111122223333"
POINT = f"arn:aws:s3:eu-west-1:{A}:accesspoint/"


def public(condition: Any = None, principal: Any = "*", **elements: Any) -> bool:
    one = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*", **elements}
    if principal is None:
        del one["Principal"]
    if condition is not None:
        one["Condition"] = condition
    return is_public(parse_document({"Version": "2012-10-17", "Statement": [one]}))


@rule("I7")
@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": [A, "*"]}, True),
        ({"AWS": f"arn:aws:iam::{A}:*"}, True),
        ({"AWS": A}, False),
        ({"AWS": f"arn:aws:iam::{A}:root"}, False),
        ({"Service": "cloudtrail.amazonaws.com"}, False),
        ({"Federated": "cognito-identity.amazonaws.com"}, False),
        (None, False),
    ],
)
def test_principals(principal: Any, expected: bool) -> None:
    assert public(principal=principal) is expected


@rule("I7")
def test_all_but_some_are_the_public() -> None:
    assert public(principal=None, NotPrincipal={"AWS": A})


@rule("I7")
def test_a_deny_and_a_statement_that_cannot_be_read_open_nothing() -> None:
    assert not public(Effect="Deny")
    assert not public(Condition="none")


@rule("I7")
def test_one_public_statement_makes_the_policy_public() -> None:
    base = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    fixed, opened = {**base, "Principal": {"AWS": A}}, {**base, "Principal": "*"}
    assert is_public(parse_document({"Statement": [fixed, opened]}))
    assert not is_public(parse_document({"Statement": [fixed, fixed]}))
    assert not is_public(parse_document({"Statement": []}))


@rule("I7")
@each_case(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1234567890", False),
        ("StringEquals", "AWS:PrincipalOrgId", "o-1234567890", False),
        ("StringEquals", "aws:SourceAccount", A, False),
        ("StringEquals", "aws:SourceOwner", A, False),
        ("StringEquals", "aws:SourceVpc", "vpc-1", False),
        ("StringEquals", "aws:SourceVpce", ["vpce-1", "vpce-2"], False),
        ("StringLike", "aws:SourceVpce", ["vpce-1", "vpce-*"], True),
        ("StringLike", "aws:SourceVpc", "vpc-?", True),
        ("StringLike", "aws:SourceVpc", "vpc-1", False),
        ("ArnEquals", "aws:SourceArn", f"arn:aws:sns:eu-west-1:{A}:topic", False),
        ("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{A}:topic", True),
        ("StringNotEquals", "aws:SourceVpc", "vpc-1", True),
        ("StringEqualsIfExists", "aws:SourceVpc", "vpc-1", True),
        ("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-1", True),
        ("ForAnyValue:StringEquals", "aws:SourceVpc", "vpc-1", False),
        ("StringEquals", "aws:SourceVpc", "${aws:PrincipalTag/vpc}", True),
        ("StringEquals", "aws:SourceVpc", [], True),
        ("StringEquals", "aws:PrincipalTag/team", "red", True),
        ("Null", "aws:SourceVpc", "false", True),
        ("StringIs", "aws:SourceVpc", "vpc-1", True),
        ("StringEquals", "aws:userid", "AIDAEXAMPLE", False),
        ("StringEquals", "aws:userid", "AROAEXAMPLE:session", True),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", True),
        ("StringEquals", "aws:SourceVpc", "AROAEXAMPLE:session", False),
        ("StringEquals", "s3:DataAccessPointAccount", A, False),
        ("StringLike", "s3:DataAccessPointArn", f"{POINT}*", False),
        ("StringLike", "s3:DataAccessPointArn", f"arn:aws:s3:*:{A}:accesspoint/one", True),
        ("StringLike", "s3:DataAccessPointArn", f"{POINT}/object:*", False),
        ("StringLike", "s3:DataAccessPointArn", "*", True),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/7", True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.7", "0.0.0.0/0"], True),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
        ("IpAddress", "aws:SourceIp", "2001:db8::/31", True),
        ("IpAddress", "aws:SourceIp", "nowhere", True),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("StringEquals", "aws:SourceIp", "203.0.113.7", True),
        ("IpAddress", "aws:VpcSourceIp", "203.0.113.0/24", True),
    ],
)
def test_conditions(operator: str, key: str, values: Any, expected: bool) -> None:
    assert public({operator: {key: values}}) is expected


@rule("I7")
@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([], ""),
        ([{"Principal": {"AWS": "111122223333"}}], ""),
        ([{"Principal": "*"}], "statement 1 applies to everyone and has no condition"),
        (
            [{"Principal": {"AWS": "111122223333"}}, {"Sid": "World", "Principal": {"AWS": "*"}}],
            "statement 2 (World) applies to everyone and has no condition",
        ),
        (
            [{"NotPrincipal": {"AWS": "111122223333"}}],
            "statement 1 applies to everyone except the principals listed in NotPrincipal and has no condition",
        ),
        ([{"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}], ""),
        (
            [{"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}],
            "statement 1 applies to everyone, and no condition limits it: StringNotEquals on aws:SourceVpc also "
            "holds where the key is absent",
        ),
        (
            [{"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}],
            "statement 1 applies to everyone, and no condition limits it: the addresses of aws:SourceIp are broader "
            "than /8 (IPv6: /32)",
        ),
        (
            [{"Principal": "*", "Condition": {"StringLike": {"aws:SourceVpc": "vpc-*", "aws:Referer": "x"}}}],
            "statement 1 applies to everyone, and no condition limits it: aws:SourceVpc is not compared with a "
            "fixed value, aws:Referer is not one of the keys that S3 considers",
        ),
    ],
)
def test_what_makes_a_policy_public_is_told(statements: list[dict[str, Any]], words: str) -> None:
    common = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    read = parse_document({"Version": "2012-10-17", "Statement": [{**common, **one} for one in statements]})
    assert public_words(read) == words
    assert bool(words) is is_public(read)


@rule("I7")
def test_who_is_turned_away_and_who_looks_at_the_bucket_learn_it() -> None:
    world = {"Sid": "World", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    world["Resource"] = "arn:aws:s3:::b/*"
    policy = {"Version": "2012-10-17", "Statement": [world]}
    case = {
        "principal": "anonymous",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "resource_account": A,
        "resource_policy": policy,
        "block_public_access": True,
    }
    answer = evaluate_case(case)
    assert (answer.decision, answer.blocked_by) == ("explicitDeny", ("block-public-access",))
    assert "statement 1 (World) applies to everyone and has no condition" in answer.sentence
    facts = dict(resource_facts(Resource(arn="arn:aws:s3:::b", policy=policy), parse_document(policy)))
    assert facts["Public by its policy"] == "statement 1 (World) applies to everyone and has no condition"
    held = {**world, "Principal": {"AWS": A}}
    facts = dict(resource_facts(Resource(arn="arn:aws:s3:::b", policy=held), parse_document({"Statement": [held]})))
    assert facts["Public by its policy"] == "no"
