"""HYG-10: policies that allow the same, roles that are the same."""

import pytest


def policies(make, *statements):
    return [make.policy(f"p{number}", *each) for number, each in enumerate(statements)]


def told(make, *statements):
    return make.findings("HYG-10", policies=policies(make, *statements))


def test_hyg_10_the_same_written_otherwise(make):
    one = [make.allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"])]
    other = [
        make.allow(["S3:PutObject", "s3:GetObject"], "arn:aws:s3:::b/*", Sid="B"),
        make.allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::a/*", Sid="A"),
    ]
    (found,) = told(make, one, other)
    assert found.sentence == "2 policies have identical permissions: p0 and p1."
    assert found.subject_name == "p0"
    assert found.evidence[0].policy_key == make.arn("policy/p1")


def test_hyg_10_what_another_entry_covers_does_not_count(make):
    assert told(make, [make.allow("s3:Get*")], [make.allow(["s3:GetObject", "s3:Get*"])])
    assert told(make, [make.allow("s3:Get*", "*")], [make.allow("s3:Get*", ["arn:aws:s3:::a", "*"])])
    assert told(make, [make.allow("s3:Get*", "arn:aws:s3:::a/**")], [make.allow("s3:Get*", "arn:aws:S3:::a/*")])


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize("change", ["action", "resource", "condition", "effect", "not"])
def test_hyg_10_a_difference_in_one_thing(make, change):
    plain = make.allow("s3:GetObject", "arn:aws:s3:::a/*")
    other = {
        "action": make.allow("s3:GetObjectAcl", "arn:aws:s3:::a/*"),
        "resource": make.allow("s3:GetObject", "arn:aws:s3:::b/*"),
        "condition": make.allow("s3:GetObject", "arn:aws:s3:::a/*", Condition=MFA),
        "effect": make.deny("s3:GetObject", "arn:aws:s3:::a/*"),
        "not": {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a/*"},
    }[change]
    assert not told(make, [plain], [other])


def roles(make, **second):
    trust = make.trust({"Service": "ec2.amazonaws.com"})
    first = make.role("a", make.allow("s3:GetObject"), trust=trust)
    return [first, make.role("b", **{"trust": trust, **second})]


def test_hyg_10_roles_that_are_the_same_inline_or_attached(make):
    policy = make.policy("read", make.allow("s3:GetObject"))
    both = roles(make, **make.attached(policy["Arn"]))
    (found,) = make.findings("HYG-10", roles=both, policies=[policy])
    assert found.sentence == "2 roles have identical trust and permissions: a and b."


@pytest.mark.parametrize("change", ["trust", "boundary", "tags"])
def test_hyg_10_roles_for_others_bounded_or_tagged_otherwise(make, change):
    policy = make.policy("read", make.allow("s3:GetObject"))
    more = {
        "trust": {"trust": make.trust({"Service": "lambda.amazonaws.com"})},
        "boundary": make.boundary(policy["Arn"]),
        "tags": {"Tags": [{"Key": "team", "Value": "web"}]},
    }[change]
    both = roles(make, **{**make.attached(policy["Arn"]), **more})
    assert not make.findings("HYG-10", roles=both, policies=[policy])
