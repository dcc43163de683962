"""When two documents are known to say the same, and when that is not known."""

from typing import Any

import pytest

from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.normal_form import clauses_of, reduced
from iamdesk.policy.document import parse_document

from ..builders.captures import allow, deny, document


def says_the_same(first: Any, second: Any, *, names_principals: bool = False) -> bool:
    read = [parse_document(one) for one in (first, second)]
    space = ActionSpace(read)
    one, other = (reduced(clauses_of(each, space, names_principals=names_principals)) for each in read)
    return one == other


BUCKET = "arn:aws:s3:::b/*"
IF_RED = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            [allow(["s3:GetObject", "s3:PutObject"], BUCKET)],
            [allow("s3:PutObject", BUCKET), allow("s3:GetObject", BUCKET)],
        ),
        ([allow("s3:GetObject", BUCKET, Sid="A")], [allow("S3:GETOBJECT", BUCKET)]),
        ([allow("s3:GetObject", [BUCKET, "arn:aws:s3:::b/deep/*"])], [allow("s3:GetObject", BUCKET)]),
        ([allow("s3:GetObjectT*", BUCKET)], [allow(["s3:GetObjectTagging", "s3:GetObjectTorrent"], BUCKET)]),
        ([allow("s3:GetObject"), allow("s3:GetObject", BUCKET, **IF_RED)], [allow("s3:GetObject")]),
        ([allow("s3:*"), deny("s3:PutObject")], [deny("s3:PutObject"), allow("s3:*"), allow("s3:PutObject", BUCKET)]),
        (
            [allow("ec2:*", Condition={"ArnEquals": {"aws:SourceArn": "a"}})],
            [allow("ec2:*", Condition={"ArnLike": {"aws:SourceArn": "a"}})],
        ),
        (
            [allow("ec2:*", Condition={"Bool": {"aws:SecureTransport": True}})],
            [allow("ec2:*", Condition={"bool": {"AWS:SecureTransport": "true"}})],
        ),
        (
            [allow("ec2:*", Condition={"StringLike": {"aws:username": "ana"}})],
            [allow("ec2:*", Condition={"StringEquals": {"aws:username": ["ana"]}})],
        ),
        ([allow("s3:GetObject", "arn:AWS:S3:::b/*")], [allow("s3:GetObject", BUCKET)]),
        ([allow("nosuch:Thing"), allow("s3:GetObject", "no arn")], [allow("nosuch:Thing")]),
        (
            [allow("s3:GetObject", "arn:aws:S3:::b/${aws:username}/*")],
            [allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/**")],
        ),
    ],
    ids=range(12),
)
def test_the_same_in_other_words(first: Any, second: Any) -> None:
    assert says_the_same(document(*first), document(*second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (allow("s3:GetObject", BUCKET), allow("s3:GetObject", "arn:aws:s3:::b/x*")),
        (allow("s3:GetObject", BUCKET), allow("s3:GetObject", "arn:aws:s3:::B/*")),
        (allow("s3:GetObject", BUCKET), deny("s3:GetObject", BUCKET)),
        (allow("s3:GetObject", BUCKET), allow("s3:GetObject", BUCKET, **IF_RED)),
        (allow("nosuch:Thing"), allow("nosuch:Other")),
        (allow("s3:*"), {"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"}),
        (allow("s3:GetObject", BUCKET), {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": BUCKET}),
        (
            allow("s3:GetObject", Condition={"StringEquals": {"aws:username": "a"}}),
            allow("s3:GetObject", Condition={"StringEqualsIfExists": {"aws:username": "a"}}),
        ),
        (
            allow("s3:GetObject", Condition={"StringLike": {"aws:username": "a*"}}),
            allow("s3:GetObject", Condition={"StringEquals": {"aws:username": "a*"}}),
        ),
        (
            allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}"),
            allow("s3:GetObject", "arn:aws:s3:::b/${aws:userid}"),
        ),
        (allow("s3:GetObject", "arn:aws:s3:::a?"), allow("s3:GetObject", ["arn:aws:s3:::a?", "arn:aws:s3:::a*"])),
    ],
    ids=range(11),
)
def test_what_differs_is_never_called_the_same(first: Any, second: Any) -> None:
    assert not says_the_same(document(first), document(second))


def test_a_variable_means_nothing_in_the_older_version() -> None:
    entry = allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")

    assert not says_the_same(document(entry), {"Version": "2008-10-17", "Statement": [entry]})


@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIgnoreCase", "StringLike"])
def test_an_escaped_sign_is_another_value_in_the_older_version(operator: str) -> None:
    entry = allow("s3:GetObject", Condition={operator: {"s3:prefix": "${*}"}})

    assert not says_the_same(document(entry), {"Version": "2008-10-17", "Statement": [entry]})


def test_an_account_by_number_and_by_its_root_is_the_same() -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}
        for who in ("111111111111", "arn:aws:iam::111111111111:root", "arn:aws-cn:iam::111111111111:root")
    ]
    number, root, china = (document(one) for one in statements)

    assert says_the_same(number, root, names_principals=True)
    assert not says_the_same(number, china, names_principals=True)


def test_principals_of_one_statement_or_of_two_are_the_same() -> None:
    def trusting(*who: str) -> Any:
        return {"Effect": "Allow", "Principal": {"AWS": list(who)}, "Action": "sts:AssumeRole"}

    one, two = "arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:role/b"

    assert says_the_same(document(trusting(one, two)), document(trusting(two), trusting(one)), names_principals=True)
    assert not says_the_same(document(trusting(one, two)), document(trusting(one)), names_principals=True)


def test_actions_are_named_as_people_write_them() -> None:
    read = parse_document(document(allow("*"), allow(["sqs:*", "s3:GetObject", "nosuch:Thing"])))
    space = ActionSpace([read])
    every, some = (space.covered_by(statement) for statement in read.statements)

    assert space.names(every) == ("*",)
    assert space.names(some) == ("s3:GetObject", "sqs:*", "nosuch:Thing")
