"""LNT-19: statements that never match, whoever asks."""

import pytest

from iamdesk.checks.finding import Severity

USED = {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"}


def told(found, make, condition, effect="allow"):
    write = make.allow if effect == "allow" else make.deny
    users = [make.user("alice", write("s3:GetObject", Condition=condition))]
    # A role that was used tells of which moment the snapshot is.
    return found("LNT-19", users=users, roles=[make.role("known", RoleLastUsed=USED)])


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (
            {"Null": {"aws:SourceVpc": "true"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}},
            "aws:SourceVpc must be absent and have a value",
        ),
        (
            {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
            "aws:SourceVpc must have a value that another test excludes",
        ),
        (
            {
                "NumericLessThan": {"aws:MultiFactorAuthAge": "60"},
                "NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"},
            },
            "no value of aws:MultiFactorAuthAge is within its bounds",
        ),
        (
            {
                "DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
                "DateLessThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"},
            },
            "no value of aws:CurrentTime is within its bounds",
        ),
        (
            {"DateLessThan": {"aws:CurrentTime": "2025-12-31T00:00:00Z"}},
            "the period that it allows ended on 2025-12-31, before the snapshot",
        ),
        (
            {"NumericLessThanEquals": {"aws:EpochTime": "1735689600"}},
            "the period that it allows ended on 2025-01-01, before the snapshot",
        ),
    ],
)
def test_lnt_19_conditions_that_no_request_meets(found, make, condition, why):
    (one,) = told(found, make, condition)
    assert one.sentence == f"Statement 1 of inline policy inline of user alice never matches: {why}."
    assert one.severity is Severity.LOW
    (one,) = told(found, make, condition, "deny")
    assert one.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"aws:SourceVpc": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"Null": {"aws:SourceVpc": "true"}, "StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
        {"Null": {"aws:SourceVpc": "true"}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpce": "vpc-1"}},
        {"StringEquals": {"aws:username": "${aws:PrincipalTag/a}"}, "StringNotEquals": {"aws:username": "x"}},
        {"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}, "ForAllValues:StringNotEquals": {"aws:CalledVia": "a"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
        {"DateLessThan": {"aws:CurrentTime": ["2025-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]}},
        {"DateLessThan": {"aws:TokenIssueTime": "2026-02-28T20:00:00Z"}},
        {"DateLessThanIfExists": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}, "NumericGreaterThan": {"aws:MultiFactorAuthAge": "60"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "not a number"}},
    ],
)
def test_lnt_19_conditions_that_some_request_may_meet(found, make, condition):
    assert not told(found, make, condition)


def test_lnt_19_sessions_that_are_long_over(found, make):
    condition = {"DateLessThan": {"aws:TokenIssueTime": "2025-12-31T00:00:00Z"}}
    (one,) = told(found, make, condition)
    assert one.sentence.endswith("it applies to sessions that began before 2025-12-31, and no session lasts that long.")
    assert one.severity is Severity.LOW
    (one,) = told(found, make, condition, "deny")  # what revoking sessions leaves behind
    assert one.severity is Severity.INFO


def test_lnt_19_without_a_moment_no_time_is_over(found, make):
    condition = {"DateLessThan": {"aws:CurrentTime": "1999-12-31T00:00:00Z"}}
    users = [make.user("alice", make.allow("s3:GetObject", Condition=condition), CreateDate=None)]
    told_without = [
        one for one in make.findings("LNT-19", users=users, beside={"latest": None}) if one.subject_name != "anchor"
    ]
    assert not told_without


def test_lnt_19_statements_that_cannot_be_read_are_left_to_cmp_08(found, make):
    condition = {"DateLessThan": {"aws:CurrentTime": "1999-12-31T00:00:00Z"}, "StringEquals": "x"}
    users = [make.user("alice", make.allow("s3:GetObject", Condition=condition))]
    assert not found("LNT-19", users=users)
    assert len(found("CMP-08", users=users)) == 1
