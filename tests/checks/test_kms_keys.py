"""ADM-14, RES-06: keys whose policy leaves them to IAM."""

import pytest

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1b2a6a1e-0000-4000-8000-00000000c0de"
UNDOING = ["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:CreateGrant"]


def key(make, principal=None, action="kms:*"):
    named = {"AWS": principal or make.arn("root")}
    statement = {"Effect": "Allow", "Principal": named, "Action": action, "Resource": "*"}
    return {"resources": (make.resource(KEY, statement, key_grants=[]),)}


def test_adm_14_by_iam_policies_alone(make):
    users = [make.user("alice", make.allow(UNDOING)), make.user("root", make.allow("*"))]
    (one,) = make.findings("ADM-14", users=users, beside=key(make))
    assert one.sentence == (
        "1 user or role that the policy of key/1b2a6a1e-0000-4000-8000-00000000c0de does not name can delete the key, "
        "replace its policy and create grants: alice."
    )
    assert [piece.decision.request.action for piece in one.evidence] == UNDOING


@pytest.mark.parametrize("change", ["two of three", "named", "not delegated", "another key"])
def test_adm_14_differs_in_one_thing(make, change):
    statement = make.allow(UNDOING[:2] if change == "two of three" else UNDOING)
    if change == "another key":
        statement["Resource"] = KEY.replace("1b2a", "0000")
    alice = make.arn("user/alice")
    beside = (
        key(make, alice)
        if change == "named"
        else key(make, make.arn("user/bob") if change == "not delegated" else None)
    )
    users = [make.user("alice", statement), make.user("bob")]
    assert not make.findings("ADM-14", users=users, beside=beside)


def many(make, number):
    return [make.user(f"u{one}", make.allow("kms:Decrypt")) for one in range(number)]


def test_res_06_more_than_ten(make):
    (one,) = make.findings("RES-06", users=many(make, 11), beside=key(make))
    assert one.sentence.startswith(
        "11 users and roles that the policy of key/1b2a6a1e-0000-4000-8000-00000000c0de does not name"
    )
    assert not make.findings("RES-06", users=many(make, 10), beside=key(make))
    assert not make.findings("RES-06", users=many(make, 11), beside=key(make, make.arn("user/u0")))


@pytest.mark.parametrize("check", ["ADM-14", "RES-06"])
def test_without_key_policies_they_are_not_run(make, check):
    assert not make.findings(check)
    assert [one for one in make.findings("CMP-13") if check in one.sentence]
