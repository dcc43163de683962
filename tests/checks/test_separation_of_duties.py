"""SOD-01: two duties of one principal, by data that a company edits."""

import json

import pytest

from iamdesk import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.checks import registry
from iamdesk.checks.separation_of_duties import VARIABLE, duty_pairs


def test_the_actions_of_the_pairs_exist():
    for pair in duty_pairs():
        for action in (*pair.first, *pair.second):
            assert reference().action(*action.split(":")) is not None, action


def test_sod_01_two_duties_of_one_principal(found, make):
    (one,) = found("SOD-01", users=[make.user("alice", make.allow(["iam:CreateUser", "iam:AttachUserPolicy"]))])
    assert one.sentence == (
        "alice can create users or roles (iam:CreateUser) and give them permissions (iam:AttachUserPolicy)."
    )
    assert [piece.decision.decision for piece in one.evidence] == ["allowed", "allowed"]


@pytest.mark.parametrize(
    "statements",
    [
        lambda make: [make.allow("iam:CreateUser")],
        lambda make: [make.allow(["iam:CreateUser", "iam:DetachUserPolicy"])],
        lambda make: [make.allow(["iam:CreateUser", "iam:AttachUserPolicy"]), make.deny("iam:Attach*")],
        lambda make: [
            make.allow("iam:CreateUser"),
            make.allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/alice"),
        ],
        lambda make: [make.allow("*")],
    ],
)
def test_sod_01_one_duty_named_resources_and_administrators(found, make, statements):
    assert not found("SOD-01", users=[make.user("alice", *statements(make))])


def test_sod_01_the_pairs_of_a_company(found, make, tmp_path, monkeypatch):
    pairs = [{"id": "pay-approve", "first": ["sqs:SendMessage"], "second": ["sns:Publish"]}]
    own = tmp_path / "duties.json"
    own.write_text(json.dumps({"format": "iamdesk-separation-of-duties/1", "pairs": pairs}))
    monkeypatch.setenv(VARIABLE, str(own))
    users = [make.user("alice", make.allow(["sqs:*", "sns:*", "iam:Create*", "iam:AttachUserPolicy"]))]
    (one,) = found("SOD-01", users=users)
    assert one.sentence == (
        "alice holds two duties that should be separated (pay-approve): it is allowed sqs:SendMessage, and also "
        "sns:Publish."
    )


def test_sod_01_a_file_that_is_none_is_reported(make, tmp_path, monkeypatch):
    own = tmp_path / "broken.json"
    own.write_text("{}")
    monkeypatch.setenv(VARIABLE, str(own))
    found = list(registry.run(Evaluator(make.snapshot()), only=("SOD-01",)))
    assert {one.title for one in found} == {registry.INCOMPLETE}


def test_duties_in_the_regions_that_a_condition_leaves(found, make):
    lock = {**make.deny("*"), "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    duties = make.allow(["ec2:DeleteVolume", "ec2:DeleteSnapshot"])
    (one,) = found("SOD-01", users=[make.user("alice", duties, lock)])
    assert one.sentence.endswith(". This holds in eu-west-1: a condition limits the Regions.")
