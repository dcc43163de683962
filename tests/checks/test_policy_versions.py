"""LNT-17: older versions of policies that allow more."""

import pytest

from iamdesk.checks.finding import State

SET_BACK = "iam:SetDefaultPolicyVersion"


def versioned(make, *documents):
    """A policy of these documents, the last of them in force."""
    versions = [
        {
            "VersionId": f"v{number}",
            "IsDefaultVersion": number == len(documents),
            "CreateDate": "2026-01-01T00:00:00+00:00",
            "Document": make.document(*statements),
        }
        for number, statements in enumerate(documents, 1)
    ]
    return make.policy("shared", DefaultVersionId=f"v{len(documents)}", PolicyVersionList=versions)


def test_lnt_17_a_version_that_allows_everything(found, make):
    policy = versioned(make, [make.allow("*")], [make.allow("s3:Get*")])
    (one,) = found(
        "LNT-17",
        users=[make.user("holder", **make.attached(make.arn("policy/shared"))), make.user("eve", make.allow(SET_BACK))],
        policies=[policy],
    )
    assert one.sentence == (
        "Version v1 of shared allows everything, which the default version does not; eve can restore it."
    )
    assert one.evidence[0].decision.request.action == SET_BACK


def test_lnt_17_permissions_that_one_version_has_more(found, make):
    policy = versioned(
        make, [make.allow(["iam:PutUserPolicy", "s3:Get*"])], [make.allow("s3:Get*")], [make.allow("s3:*")]
    )
    (one,) = found(
        "LNT-17",
        users=[make.user("holder", **make.attached(make.arn("policy/shared"))), make.user("eve", make.allow(SET_BACK))],
        policies=[policy],
    )
    assert one.sentence.startswith("Version v1 of shared allows iam:PutUserPolicy, which the default version does not;")


@pytest.mark.parametrize("action", ["iam:GetPolicy", "s3:*"])
def test_lnt_17_nobody_may_set_it_back(found, make, action):
    policy = versioned(make, [make.allow("*")], [make.allow("s3:Get*")])
    assert not found(
        "LNT-17", users=[make.user("eve", make.allow(action), **make.attached(policy["Arn"]))], policies=[policy]
    )


def test_lnt_17_administrators_and_other_policies(found, make):
    policy = versioned(make, [make.allow("*")], [make.allow("s3:Get*")])
    users = [
        make.user("admin", make.allow("*"), **make.attached(policy["Arn"])),
        make.user("eve", make.allow(SET_BACK, make.arn("policy/other"))),
    ]
    assert not found("LNT-17", users=users, policies=[policy])


def test_lnt_17_versions_that_allow_less_and_policies_of_one(found, make):
    users = [make.user("eve", make.allow(SET_BACK)), make.user("holder", **make.attached(make.arn("policy/shared")))]
    weaker = versioned(make, [make.allow("s3:Get*")], [make.allow("*")])
    readers = versioned(make, [make.allow("s3:GetObject")], [make.allow("s3:ListBucket")])
    for policy in (weaker, readers, make.policy("one", make.allow("s3:*"))):
        assert not found("LNT-17", users=users, policies=[policy])


def test_lnt_17_under_a_condition_it_cannot_be_told(found, make):
    policy = versioned(make, [make.allow("*")], [make.allow("s3:Get*")])
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (one,) = found(
        "LNT-17",
        users=[
            make.user("holder", **make.attached(make.arn("policy/shared"))),
            make.user("eve", make.allow(SET_BACK, Condition=mfa)),
        ],
        policies=[policy],
    )
    assert one.state is State.INCONCLUSIVE
    assert one.sentence.endswith("eve can restore it under conditions.")


def test_lnt_17_names_the_first_who_may_and_leaves_policies_that_nobody_has(found, make):
    policy = versioned(make, [make.allow("*")], [make.allow("s3:Get*")])
    users = [make.user(name, make.allow(SET_BACK)) for name in ("a", "b", "c", "d")]
    assert not found("LNT-17", users=users, policies=[policy])
    bounded = make.user("z", **make.boundary(policy["Arn"]))
    (one,) = found("LNT-17", users=[*users, bounded], policies=[policy])
    assert one.sentence.endswith("; a, b and c, among others, can restore it.")
