"""LNT-14, LNT-18: what is said twice, and policies that are nearly full."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.checks.finding import Severity
from iamdesk.checks.redundant_statements import redundant
from iamdesk.policy.document import parse_document
from iamdesk.simulate.test_cases import evaluate_case

BUCKET = "arn:aws:s3:::payroll/*"


def pairs(*statements):
    document = parse_document({"Version": "2012-10-17", "Statement": list(statements)})
    return [(lesser.index, wider.index) for lesser, wider in redundant(document)]


def test_lnt_14_a_statement_that_another_covers(found, make):
    wide, narrow = make.allow("s3:*"), make.allow("s3:GetObject", BUCKET, Sid="Read")
    (one,) = found("LNT-14", users=[make.user("alice", wide, narrow)])
    assert one.sentence == (
        "Statement 2 (Read) of inline policy inline of user alice has no effect: statement 1 covers it."
    )
    assert len(one.evidence) == 2


@pytest.mark.parametrize(
    ("wider", "lesser"),
    [
        ({"Action": "s3:Get*", "Resource": "arn:aws:s3:::*"}, {"Action": "s3:GetObject", "Resource": BUCKET}),
        (
            {"Action": "s3:Get*", "Resource": "arn:aws:S3:::home/*"},
            {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
        ),
        (
            {"Action": "s3:*", "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}}},
            {"Action": "s3:Get*", "Resource": "*", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}}},
        ),
        ({"Action": "*", "Resource": "*"}, {"NotAction": "iam:*", "Resource": "*"}),
        (
            {"Action": "s3:*", "Resource": "*"},
            {"Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        ),
        ({"Action": ["s3:*", "sqs:*"], "Resource": "*"}, {"Action": ["sqs:SendMessage", "s3:Get*"], "Resource": "*"}),
    ],
)
def test_lnt_14_wider_actions_resources_and_fewer_conditions(wider, lesser):
    if "NotAction" in lesser:
        assert pairs({"Effect": "Allow", **wider}, {"Effect": "Allow", **lesser}) == []  # true, but not looked for
    else:
        assert pairs({"Effect": "Allow", **wider}, {"Effect": "Allow", **lesser}) == [(1, 0)]
        assert pairs({"Effect": "Allow", **lesser}, {"Effect": "Allow", **wider}) == [(0, 1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
        (
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:*", "Resource": BUCKET},
        ),
        (
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a?/x"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a*b/x"},
        ),
        (
            {"Effect": "Allow", "Action": "s3:GetO*", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject*", "Resource": BUCKET, "Condition": {"Null": {"a:b": "true"}}},
        ),
        (
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:userid}/*"},
        ),
        (
            {"Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"Service": "b.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ),
    ],
)
def test_lnt_14_statements_that_each_say_something(one, other):
    expected = [(1, 0)] if one["Action"] == "s3:GetO*" else []
    assert pairs(one, other) == expected


def test_lnt_14_of_equal_statements_the_first_stays():
    same = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    assert pairs(same, same, same) == [(2, 0), (1, 0)]


_ACTIONS = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:GetO*", "s3:*", "*", "s3:PutObject", "sqs:SendMessage"])
_RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::payroll/*", "arn:aws:s3:::pay*", "arn:aws:s3:::payroll/a?", "arn:aws:s3:::*/a1"]
)
_CONDITIONS = st.sampled_from([None, {"Bool": {"aws:SecureTransport": "true"}}, {"Null": {"aws:SourceVpc": "true"}}])


@st.composite
def _statements(draw):
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        "Action": draw(st.lists(_ACTIONS, min_size=1, max_size=2)),
        "Resource": draw(st.lists(_RESOURCES, min_size=1, max_size=2)),
    }
    condition = draw(_CONDITIONS)
    return statement if condition is None else {**statement, "Condition": condition}


@settings(deadline=None)
@given(st.lists(_statements(), min_size=2, max_size=4))
def test_lnt_14_taking_redundant_statements_away_changes_no_answer(statements):
    document = parse_document({"Version": "2012-10-17", "Statement": statements})
    gone = {lesser.index for lesser, _ in redundant(document)}
    left = [one for position, one in enumerate(statements) if position not in gone]
    assert left
    for action in ("s3:GetObject", "s3:GetBucketAcl", "s3:PutObject", "sqs:SendMessage"):
        for resource in ("arn:aws:s3:::payroll/a1", "arn:aws:s3:::payroll", "arn:aws:sqs:eu-west-1:111122223333:jobs"):
            for secure in ("true", "false"):
                asked = {"action": action, "resource": resource, "context": {"aws:SecureTransport": secure}}
                assert _verdict(statements, asked) is _verdict(left, asked)


def _verdict(statements, asked):
    return evaluate_case(
        {
            "principal": "arn:aws:iam::111122223333:user/alice",
            "resource_account": "111122223333",
            "identity_policies": [{"name": "p", "document": {"Version": "2012-10-17", "Statement": list(statements)}}],
            "expected": "allowed",  # evaluated as it is
            **asked,
        }
    ).decision


def test_lnt_18_a_managed_policy_that_is_nearly_full(found, make):
    names = [f"arn:aws:s3:::bucket-{number:06}/*" for number in range(190)]
    (one,) = found("LNT-18", policies=[make.policy("wide", make.allow("s3:GetObject", names))])
    assert one.sentence.endswith(" of 6,144 characters.")
    assert one.subject_name == "wide"
    assert not found("LNT-18", policies=[make.policy("wide", make.allow("s3:GetObject", names[:150]))])


def test_lnt_18_a_managed_policy_above_its_quota(found, make):
    names = [f"arn:aws:s3:::bucket-{number:06}/*" for number in range(300)]
    (one,) = found("LNT-18", policies=[make.policy("wide", make.allow("s3:GetObject", names))])
    assert one.severity is Severity.LOW
    (near,) = found("LNT-18", policies=[make.policy("wide", make.allow("s3:GetObject", names[:190]))])
    assert near.severity is Severity.INFO


def test_lnt_18_inline_policies_share_a_limit_and_white_space_is_free(found, make):
    half = [f"arn:aws:s3:::bucket-{number:06}/*" for number in range(30)]
    policies = [
        {"PolicyName": name, "PolicyDocument": make.document(make.allow("s3:GetObject", half))} for name in ("a", "b")
    ]
    users = [make.user("alice", UserPolicyList=policies), make.user("bob", UserPolicyList=policies[:1])]
    (one,) = found("LNT-18", users=users)
    assert one.sentence.startswith("The inline policies of user alice use ")
    group = make.group("staff", GroupPolicyList=policies)
    assert not found("LNT-18", groups=[group])


def test_lnt_18_trust_policies(found, make):
    many = [make.arn("role/" + "x" * 40 + str(number), "444455556666") for number in range(24)]
    (one,) = found("LNT-18", roles=[make.role("open", trust=make.trust({"AWS": many}))])
    assert one.sentence.startswith("The trust policy of open uses ")
    assert "increase of the quota" in one.remediation
    more = make.trust({"AWS": many * 2})
    assert not found("LNT-18", roles=[make.role("open", trust=more)])  # it was given a increase of the quota


def test_lnt_18_what_was_not_captured_is_told_by_cmp_03(found, make):
    missing = make.arn("policy/gone")
    users = [make.user("alice", **make.attached(missing))]
    assert not found("LNT-18", users=users)
    assert len(found("CMP-03", users=users)) == 1


@pytest.mark.parametrize(
    "taking_back", [{"Action": "iam:*"}, {"Action": "*"}, {"Action": ["s3:*", "iam:Get*", "iam:GetUser*"]}]
)
def test_lnt_14_an_allow_that_a_deny_takes_back(found, make, taking_back):
    allow = make.allow("iam:GetUser")
    deny = {"Effect": "Deny", "Resource": "*", **taking_back}
    (one,) = found("LNT-14", users=[make.user("alice", allow, deny)])
    assert one.sentence == (
        "Statement 1 of inline policy inline of user alice has no effect: statement 2 denies everything that it allows."
    )
    assert one.title == "Statement canceled by a Deny"


@pytest.mark.parametrize(
    "change",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Action": "iam:GetUserPolicy"},
        {"Resource": "arn:aws:iam::111122223333:user/bob"},
    ],
    ids=["sometimes", "another action", "somewhere"],
)
def test_lnt_14_a_deny_that_leaves_something(found, make, change):
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*", **change}
    assert not found("LNT-14", users=[make.user("alice", make.allow("iam:GetUser"), deny)])
