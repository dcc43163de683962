"""RES-07 and RES-08: who rewrites resource policies, and what their Deny statements deny."""

import pytest

from iamdesk.checks.finding import Severity, State

BUCKET, SECRET = "arn:aws:s3:::payroll", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3"


@pytest.mark.parametrize(
    ("arn", "rewrites", "reads"),
    [
        (BUCKET, "s3:PutBucketPolicy", "s3:GetObject"),
        (SECRET, "secretsmanager:PutResourcePolicy", "secretsmanager:GetSecretValue"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/t", "dynamodb:PutResourcePolicy", "dynamodb:GetItem"),
        ("arn:aws:sqs:eu-west-1:111122223333:jobs", "sqs:SetQueueAttributes", "sqs:ReceiveMessage"),
    ],
)
def test_res_07_who_rewrites_a_policy_without_reading(make, arn, rewrites, reads):
    def held(*users, **more):
        return make.findings("RES-07", users=users, beside={"resources": (make.resource(arn),)}, **more)

    (one,) = held(make.user("alice", make.allow(rewrites)))
    assert one.sentence.startswith("1 user or role cannot read ")
    assert one.sentence.endswith(", but can rewrite its policy: alice.")
    assert not held(make.user("alice", make.allow([rewrites, reads])))
    assert not held(make.user("alice", make.allow(reads)))
    assert not held(make.user("alice", make.allow(rewrites), make.deny(rewrites)))
    administrator = make.user("alice", make.deny(reads), **make.attached(make.admin))
    assert not held(administrator, policies=[make.full_access()])


def deny(action, resource, **more):
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("arn", "action", "written"),
    [
        (BUCKET, "s3:GetObject", BUCKET),
        (BUCKET, ["s3:GetObject", "s3:PutObject"], BUCKET),
        (BUCKET, "s3:ListBucket", f"{BUCKET}/*"),
        (BUCKET, "s3:*", "arn:aws:s3:::other/*"),
        (BUCKET, "ec2:*", "*"),
        (SECRET, "secretsmanager:*", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-*"),
    ],
)
def test_res_08_a_deny_that_matches_nothing(make, arn, action, written):
    (one,) = make.findings("RES-08", beside={"resources": (make.resource(arn, deny(action, written)),)})
    assert one.sentence.endswith(" denies nothing.")
    assert one.evidence[0].statement is not None


@pytest.mark.parametrize(
    ("arn", "action", "written"),
    [
        (BUCKET, "s3:GetObject", f"{BUCKET}/*"),
        (BUCKET, "s3:GetObject", f"{BUCKET}/private/*"),
        (BUCKET, "s3:GetObject", "arn:aws:s3:::*"),
        (BUCKET, "s3:GetObject", f"{BUCKET}*"),
        (BUCKET, "s3:*", BUCKET),
        (BUCKET, "s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        (SECRET, "secretsmanager:*", "*"),
        (API, "execute-api:Invoke", "execute-api:/prod/*"),
        (API, "execute-api:Invoke", f"{API}/*"),
        ("arn:aws:unknown:eu-west-1:111122223333:thing/a", "unknown:*", "*"),
    ],
)
def test_res_08_a_deny_that_matches_something(make, arn, action, written):
    assert not make.findings("RES-08", beside={"resources": (make.resource(arn, deny(action, written)),)})
    allow = {**deny(action, BUCKET), "Effect": "Allow"}
    assert not make.findings("RES-08", beside={"resources": (make.resource(arn, allow),)})


GONE = "AIDAEXAMPLEEXAMPLE001"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_res_16_deleted_principals(make):
    bucket = make.resource(BUCKET, make.allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": GONE}))
    (one,) = make.findings("RES-16", beside={"resources": (bucket,)})
    assert one.sentence == f"The policy of payroll allows {GONE}, the unique ID of a deleted user or role."
    assert one.severity is Severity.MEDIUM
    there = {**make.user("ana"), "UserId": GONE}
    assert not make.findings("RES-16", users=[there], beside={"resources": (bucket,)})
    (one,) = make.findings("RES-16", beside={"resources": (bucket,)}, IsTruncated=True)
    assert one.state is State.INCONCLUSIVE


@pytest.mark.parametrize(("root", "severity"), [(False, Severity.HIGH), (True, Severity.MEDIUM)])
def test_res_16_keys_that_nobody_can_manage(make, root, severity):
    statements = [make.allow("kms:*", Principal={"AWS": GONE})]
    if root:
        statements.append(make.allow("kms:*", Principal={"AWS": "arn:aws:iam::111122223333:root"}))
    key = make.resource(KEY, *statements)
    (one,) = make.findings("RES-16", beside={"resources": (key,)})
    assert one.severity is severity
    assert ("no one can manage the key" in one.sentence) is not root
