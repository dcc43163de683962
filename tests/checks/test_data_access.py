"""RES-04, RES-05: who reads what is kept."""

import pytest

from iamdesk.checks.finding import State

BUCKET = "arn:aws:s3:::payroll"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1b2a6a1e-0000-4000-8000-00000000c0de"
STORE = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"


def bucket(make, **more):
    return make.resource(BUCKET, encryption_key_arn=KEY, **more)


def key(make, *who, **more):
    root = {"Effect": "Allow", "Principal": {"AWS": make.arn("root")}, "Action": "kms:*", "Resource": "*"}
    named = {"Effect": "Allow", "Principal": {"AWS": list(who)}, "Action": "kms:Decrypt", "Resource": "*"}
    return make.resource(KEY, *([named] if who else [root]), key_grants=[], **more)


READER = ("s3:GetObject", f"{BUCKET}/*")


def test_res_04_whoever_reads_and_cannot_decrypt(make):
    users = [make.user("alice", make.allow(*READER)), make.user("bob", make.allow(*READER), make.allow("kms:Decrypt"))]
    (one,) = make.findings("RES-04", users=users, beside={"resources": (bucket(make), key(make))})
    assert one.sentence == "1 user or role can read objects of payroll, but not decrypt them: alice."
    assert one.evidence[0].decision.request.action == "kms:Decrypt"


def test_res_04_whom_the_key_names_and_buckets_without_a_key(make):
    users = [make.user("alice", make.allow(*READER))]
    named = (bucket(make), key(make, make.arn("user/alice")))
    assert not make.findings("RES-04", users=users, beside={"resources": named})
    plain = (make.resource(BUCKET, make.allow("s3:GetObject")), key(make))
    assert not make.findings("RES-04", users=users, beside={"resources": plain})


@pytest.mark.parametrize("captured", [None, False])
def test_res_04_without_the_keys_policy_it_cannot_be_told(make, captured):
    held = (bucket(make),) if captured is None else (bucket(make), make.resource(KEY, is_policy_captured=False))
    (one,) = make.findings("RES-04", users=[make.user("alice", make.allow(*READER))], beside={"resources": held})
    assert one.state is State.INCONCLUSIVE


def team(name):
    return {"Tags": [{"Key": "Team", "Value": name}]}


READS = "secretsmanager:GetSecretValue"


def secret(make, tags=(("team", "payments"),)):
    return {"resources": (make.resource(STORE, tags=tags),)}


def test_res_05_another_team_reads_the_secret(make):
    users = [
        make.user("own", make.allow(READS), **team("Payments")),
        make.user("other", make.allow(READS), **team("search")),
        make.user("admin", make.allow("*"), **team("platform")),
        make.user("nobody", make.allow(READS)),
    ]
    (one,) = make.findings("RES-05", users=users, beside=secret(make))
    assert (
        one.sentence
        == "secret:db-AbCdEf belongs to payments, but principals of other teams can read it: other (search)."
    )
    assert one.evidence[-1].text == "1 reader without a tag team."


def test_res_05_tags_compared_by_the_policy(make):
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/Team}"}}
    users = [make.user("other", make.allow(READS, Condition=same), **team("search"))]
    assert not make.findings("RES-05", users=users, beside=secret(make))


@pytest.mark.parametrize(
    ("tags", "why"), [(None, "its tags were not captured"), ((("env", "prod"),), "it has no owner tag")]
)
def test_res_05_a_secret_of_nobody_cannot_be_told(make, tags, why):
    (one,) = make.findings("RES-05", beside=secret(make, tags))
    assert one.state is State.INCONCLUSIVE
    assert why in one.sentence


@pytest.mark.parametrize("check", ["RES-04", "RES-05"])
def test_without_resource_policies_they_are_not_run(make, check):
    assert not make.findings(check)
    assert [one for one in make.findings("CMP-13") if check in one.sentence]
