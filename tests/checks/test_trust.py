"""TRU-01 to TRU-09: who may become a role."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.evaluate.request import EvalDecision

VENDOR = "444455556666"


def trusting(make, principal, **more):
    return [make.role("target", trust=make.trust(principal, **more))]


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}])
def test_tru_01_everyone_is_let_in(found, make, principal):
    (one,) = found("TRU-01", roles=trusting(make, principal))
    assert one.severity is Severity.CRITICAL
    assert one.sentence == "Anyone with an AWS account can assume target."
    assert one.evidence[0].decision is not None
    assert one.evidence[0].decision.decision is EvalDecision.ALLOWED


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}},
        {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
        {"StringEquals": {"sts:ExternalId": "x7"}},
    ],
)
def test_tru_01_a_condition_that_binds_keeps_strangers_out(found, make, condition):
    assert not found("TRU-01", roles=trusting(make, "*", Condition=condition))


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::*:role/Admin",
        "arn:aws:iam::*:user/ci",
        "arn:aws:iam::*:role/team/*",
        ["arn:aws:iam::111122223333:role/admin", "arn:aws:iam::????????????:role/deploy"],
    ],
)
def test_tru_01_a_name_that_anyone_can_give_in_an_account_of_their_own(found, make, arn):
    condition = {"ArnLike": {"aws:PrincipalArn": arn}}
    (one,) = found("TRU-01", roles=trusting(make, "*", Condition=condition))
    assert one.sentence == "Anyone with an AWS account can assume target."


@pytest.mark.parametrize("name", ["ci", "ci-*"])
def test_tru_01_a_user_name_that_anyone_can_give(found, make, name):
    assert found("TRU-01", roles=trusting(make, "*", Condition={"StringLike": {"aws:username": name}}))


def test_tru_03_accounts_that_begin_with_some_digits(found, make):
    admin = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1111*:role/Admin"}}
    (one,) = found("TRU-03", roles=trusting(make, "*", Condition=admin))
    assert "1111*" in one.sentence
    own = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{make.account}:role/Admin"}}
    assert not found("TRU-03", roles=trusting(make, "*", Condition=own))


@pytest.mark.parametrize("session", ["*:admin", "AROA*:admin"])
def test_tru_02_a_session_name_that_anyone_can_give(found, make, session):
    trust = trusting(make, "*", Condition={"StringLike": {"aws:userid": session}})
    (one,) = found("TRU-02", roles=trust)
    assert one.state is State.FOUND
    trust = trusting(make, "*", Condition={"StringLike": {"aws:userid": "AROAEXAMPLEROLEID0001:*"}})
    assert all(one.state is State.INCONCLUSIVE for one in found("TRU-02", roles=trust))


@pytest.mark.parametrize("network", ["::/0", "0.0.0.0/1"])
def test_tru_01_a_range_that_aws_calls_public(found, make, network):
    assert found("TRU-01", roles=trusting(make, "*", Condition={"IpAddress": {"aws:SourceIp": network}}))


@pytest.mark.parametrize("network", ["198.51.100.0/24", "8.8.8.0/24"])
def test_a_narrow_range_is_told_as_what_it_depends_on(found, make, network):
    trust = trusting(make, "*", Condition={"IpAddress": {"aws:SourceIp": network}})
    assert not found("TRU-01", roles=trust)
    (one,) = found("TRU-02", roles=trust)
    assert one.title == "Possible: Publicly assumable role under a condition"
    assert one.state is State.INCONCLUSIVE


@pytest.mark.parametrize(
    "principal",
    [{"AWS": "arn:aws:iam::111122223333:root"}, {"Service": "ec2.amazonaws.com"}, {"AWS": f"{VENDOR}"}],
)
def test_tru_01_named_principals_are_not_everyone(found, make, principal):
    assert not found("TRU-01", roles=trusting(make, principal))


def test_tru_01_a_deny_keeps_strangers_out(found, make):
    trust = make.document(
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sts:*",
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
        },
    )
    assert not found("TRU-01", roles=[make.role("target", trust=trust)])


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEqualsIfExists": {"aws:CalledViaLast": "x.amazonaws.com"}},
        {"StringLike": {"aws:PrincipalOrgID": "*"}},
        {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": []}},
    ],
)
def test_tru_01_a_guard_that_does_not_bind_is_named(found, make, condition):
    findings = [
        *found("TRU-01", roles=trusting(make, "*", Condition=condition)),
        *found("TRU-02", roles=trusting(make, "*", Condition=condition)),
    ]
    assert len(findings) == 1
    key = next(iter(next(iter(condition.values()))))
    assert any(key in piece.text for piece in findings[0].evidence) or key in findings[0].sentence


def test_tru_01_says_when_the_role_is_an_administrator(found, make):
    role = make.role("target", make.allow("*"), trust=make.trust("*"))
    (one,) = found("TRU-01", roles=[role])
    assert one.sentence == "Anyone with an AWS account can assume target, which is an administrator."


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ({"StringEquals": {"aws:UserAgent": "our-tool"}}, "aws:UserAgent"),
        ({"StringLike": {"sts:RoleSessionName": "ci-*"}}, "sts:RoleSessionName"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "aws:MultiFactorAuthPresent"),
        ({"StringEquals": {"aws:PrincipalTag/team": "ops"}}, "aws:PrincipalTag/team"),
    ],
)
def test_tru_02_keys_that_callers_choose_hold_nobody_back(found, make, condition, key):
    (one,) = found("TRU-02", roles=trusting(make, "*", Condition=condition))
    assert (one.severity, one.state) == (Severity.CRITICAL, State.FOUND)
    assert key in one.sentence


def test_tru_02_an_external_id_is_a_weak_guard(found, make):
    (one,) = found("TRU-02", roles=trusting(make, "*", Condition={"StringEquals": {"sts:ExternalId": "x7"}}))
    assert (one.severity, one.state) == (Severity.HIGH, State.FOUND)
    assert "who knows the external ID" in one.sentence


def test_tru_02_where_the_network_decides_it_cannot_be_told(found, make):
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    (one,) = found("TRU-02", roles=trusting(make, "*", Condition=condition))
    assert one.state is State.INCONCLUSIVE
    assert one.sentence.endswith("depends on aws:SourceIp.")


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}),
        ({"AWS": "arn:aws:iam::111122223333:root"}, {"StringEquals": {"aws:UserAgent": "our-tool"}}),
    ],
)
def test_tru_02_is_about_everyone_and_conditions_that_do_not_bind(found, make, principal, condition):
    assert not found("TRU-02", roles=trusting(make, principal, Condition=condition))


@pytest.mark.parametrize(
    ("principal", "severity"),
    [
        (f"arn:aws:iam::{VENDOR}:root", Severity.HIGH),
        (VENDOR, Severity.HIGH),
        (f"arn:aws:iam::{VENDOR}:role/scanner", Severity.MEDIUM),
        (f"arn:aws:sts::{VENDOR}:assumed-role/scanner/run", Severity.MEDIUM),
    ],
)
def test_tru_03_another_account_without_external_id(found, make, principal, severity):
    (one,) = found("TRU-03", roles=trusting(make, {"AWS": principal}))
    assert one.severity is severity
    assert VENDOR in one.sentence
    assert one.evidence[0].decision is not None
    assert one.evidence[0].decision.decision is EvalDecision.ALLOWED
    assert any(principal in piece.text for piece in one.evidence)


@pytest.mark.parametrize(
    ("principal", "more"),
    [
        (f"arn:aws:iam::{VENDOR}:root", {"Condition": {"StringEquals": {"sts:ExternalId": "x7"}}}),
        ("arn:aws:iam::111122223333:root", {}),
        (f"arn:aws:iam::{VENDOR}:root", {"Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}),
    ],
)
def test_tru_03_is_silent_with_an_external_id_and_on_the_own_account(found, make, principal, more):
    assert not found("TRU-03", roles=trusting(make, {"AWS": principal}, **more))


def test_tru_03_a_deny_without_external_id_counts(found, make):
    trust = make.document(
        {"Effect": "Allow", "Principal": {"AWS": VENDOR}, "Action": "sts:AssumeRole"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sts:AssumeRole",
            "Condition": {"Null": {"sts:ExternalId": "true"}},
        },
    )
    roles = [make.role("target", trust=trust)]
    assert not found("TRU-03", roles=roles)
    assert len(found("TRU-04", roles=roles)) == 1


def test_tru_03_finds_the_account_that_a_condition_narrows_everyone_down_to(found, make):
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:role/deploy-*"}}
    (one,) = found("TRU-03", roles=trusting(make, "*", Condition=condition))
    assert VENDOR in one.sentence
    assert not found("TRU-01", roles=trusting(make, "*", Condition=condition))


def test_tru_04_an_external_id_is_told_for_confirmation(found, make):
    condition = {"StringEquals": {"sts:ExternalId": "x7"}}
    (one,) = found("TRU-04", roles=trusting(make, {"AWS": VENDOR}, Condition=condition))
    assert (one.severity, one.state) == (Severity.LOW, State.FOUND)
    assert one.sentence == f"Account {VENDOR}, which is not in the snapshot, can assume target with an external ID."


def test_tru_04_names_other_conditions(found, make):
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}
    (one,) = found("TRU-04", roles=trusting(make, {"AWS": VENDOR}, Condition=condition))
    assert one.sentence.endswith("under a condition on aws:PrincipalOrgID.")


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{VENDOR}:root", "arn:aws:iam::111122223333:root"])
def test_tru_04_is_silent_without_conditions(found, make, principal):
    assert not found("TRU-04", roles=trusting(make, {"AWS": principal}))


def test_tru_07_ids_of_nobody_are_deleted_principals(found, make):
    alice = make.user("alice", make.allow("s3:*"))
    ids = ["AIDAGONEGONEGONEGONE0", alice["UserId"]]
    (one,) = found("TRU-07", users=[alice], roles=trusting(make, {"AWS": ids}))
    assert (one.severity, one.state) == (Severity.MEDIUM, State.FOUND)
    assert "AIDAGONEGONEGONEGONE0" in one.sentence


def test_tru_07_cannot_be_told_from_part_of_an_account(found, make):
    (one,) = found("TRU-07", roles=trusting(make, {"AWS": "AIDAGONEGONEGONEGONE0"}), IsTruncated=True, Marker="x")
    assert one.state is State.INCONCLUSIVE


def test_tru_07_an_arn_of_the_account_that_is_not_there_cannot_be_told(found, make):
    alice = make.user("alice", make.allow("s3:*"))
    other = make.role("other", path="/team/")
    principals = [
        make.arn("user/alice"),
        make.arn("role/team/other"),
        "arn:aws:sts::111122223333:assumed-role/other/session",
        make.arn("user/nobody"),
        f"arn:aws:iam::{VENDOR}:user/theirs",
    ]
    (one,) = found("TRU-07", users=[alice], roles=[*trusting(make, {"AWS": principals}), other])
    assert one.state is State.INCONCLUSIVE
    assert "user/nobody" in one.sentence


def test_tru_07_a_deny_of_a_deleted_principal_is_no_trust(found, make):
    trust = make.document({"Effect": "Deny", "Principal": {"AWS": "AIDAGONEGONEGONEGONE0"}, "Action": "sts:AssumeRole"})
    assert not found("TRU-07", roles=[make.role("target", trust=trust)])


def not_principal(make, effect, **more):
    named = {"AWS": "arn:aws:iam::444455556666:root"}
    statement = {"Effect": effect, "NotPrincipal": named, "Action": "sts:AssumeRole", **more}
    return [make.role("target", trust=make.document(statement))]


def test_tru_09_not_principal_lets_everybody_else_in(found, make):
    (one,) = found("TRU-09", roles=not_principal(make, "Allow"))
    assert one.sentence == "target can be assumed by anyone except arn:aws:iam::444455556666:root."
    assert not found("TRU-01", roles=not_principal(make, "Allow"))


def test_tru_09_is_silent_where_strangers_stay_out(found, make):
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}
    assert not found("TRU-09", roles=not_principal(make, "Allow", Condition=condition))
    assert not found("TRU-09", roles=not_principal(make, "Deny"))
    assert not found("TRU-09", roles=trusting(make, "*"))


def test_service_linked_roles_are_not_looked_at(found, make):
    role = make.role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/", trust=make.trust("*"))
    assert not found("TRU-01", roles=[role])


def all_but(make, action="sts:AssumeRole", **condition):
    """A trust policy that allows everyone, and denies by a condition."""
    return make.document(
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": "*", "Action": action, "Condition": condition},
    )


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        ({"StringNotEquals": {"aws:PrincipalAccount": VENDOR}}, Severity.HIGH),
        ({"StringNotEquals": {"aws:PrincipalAccount": ["111122223333", VENDOR]}}, Severity.HIGH),
        ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:*"}}, Severity.HIGH),
        ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:role/x"}}, Severity.MEDIUM),
    ],
)
def test_tru_03_an_account_that_a_deny_leaves(found, make, condition, severity):
    roles = [make.role("target", trust=all_but(make, **condition))]
    (one,) = found("TRU-03", roles=roles)
    assert VENDOR in one.sentence
    assert (one.severity, one.state) == (severity, State.FOUND)
    assert not found("TRU-01", roles=roles)
    assert bool(found("TRU-05", roles=roles)) is (severity is Severity.HIGH)


def test_tru_03_an_account_that_a_deny_names_otherwise(found, make):
    for effect in ("StringEquals", "StringLike"):
        roles = [make.role("target", trust=all_but(make, **{effect: {"aws:PrincipalAccount": VENDOR}}))]
        assert not found("TRU-03", roles=roles)
    other = {"StringNotEquals": {"aws:PrincipalAccount": VENDOR}}
    roles = [make.role("target", trust=all_but(make, "sts:TagSession", **other))]
    assert found("TRU-01", roles=roles)
    assert not found("TRU-03", roles=roles)


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("1111*", {"StringLike": {"aws:PrincipalAccount": "1111*"}}),
        ("11112222333?", {"StringLike": {"aws:PrincipalAccount": "11112222333?"}}),
        ("1111*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1111*:role/Admin"}}),
    ],
)
def test_tru_03_accounts_whose_ids_match(found, make, pattern, condition):
    (one,) = found("TRU-03", roles=trusting(make, "*", Condition=condition))
    assert one.severity is Severity.HIGH
    assert one.sentence == f"Any account whose ID matches {pattern} can assume target without an external ID."
    assert "full IDs" in one.remediation
    assert not found("TRU-05", roles=trusting(make, "*", Condition=condition))


def test_tru_03_accounts_whose_ids_match_what_a_deny_leaves(found, make):
    roles = [make.role("target", trust=all_but(make, StringNotLike={"aws:PrincipalAccount": "9999*"}))]
    (one,) = found("TRU-03", roles=roles)
    assert "matches 9999* can" in one.sentence


def test_tru_03_a_condition_that_names_the_whole_account(found, make):
    trust = trusting(make, "*", Condition={"StringEquals": {"aws:PrincipalAccount": VENDOR}})
    (one,) = found("TRU-03", roles=trust)
    assert one.severity is Severity.HIGH
    both = {
        "StringEquals": {"aws:PrincipalAccount": VENDOR},
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:role/x"},
    }
    (one,) = found("TRU-03", roles=trusting(make, "*", Condition=both))
    assert one.severity is Severity.MEDIUM


def test_tru_08_an_account_that_a_deny_leaves(found, make):
    trust = all_but(make, StringNotEquals={"aws:PrincipalAccount": VENDOR})
    assert found("TRU-08", roles=[make.role("target", make.allow("*"), trust=trust)])


@pytest.mark.parametrize(
    ("operator", "value"), [("StringLike", "AIDA*"), ("StringLike", "AROA*"), ("StringNotLike", "AROA*")]
)
def test_tru_01_unique_ids_that_all_users_or_roles_have(found, make, operator, value):
    (one,) = found("TRU-01", roles=trusting(make, "*", Condition={operator: {"aws:userid": value}}))
    assert one.severity is Severity.CRITICAL


def test_tru_01_a_deny_that_leaves_all_users(found, make):
    assert found("TRU-01", roles=[make.role("target", trust=all_but(make, StringNotLike={"aws:userid": "AIDA*"}))])


@pytest.mark.parametrize("value", ["AROAEXAMPLEROLEID0001:*", "AIDAEXAMPLEUSERID0001"])
def test_tru_02_one_unique_id_is_not_anyone(found, make, value):
    trust = trusting(make, "*", Condition={"StringLike": {"aws:userid": value}})
    assert not found("TRU-01", roles=trust)
    (one,) = found("TRU-02", roles=trust)
    assert one.state is State.INCONCLUSIVE
    assert f"the principal with the unique ID {value.partition(':')[0]}" in one.sentence
    assert "nyone" not in one.sentence
