"""AWS managed policies that a snapshot names but does not hold: taken as AWS had published them, and told."""

from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.inventory.validation import missing_data
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.subjects import SubjectIndex

from ..builders import entries

READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ALICE = "arn:aws:iam::111122223333:user/alice"
CODE = "aws-policy-as-published"


def snapshot(tmp_path: Path, arn: str = READ_ONLY, boundary: str = "", policies: Any = ()) -> Snapshot:
    bounded = {"boundary": boundary} if boundary else {}
    user = entries.user("alice", attached=[arn], **bounded)
    return load_snapshot(entries.write(tmp_path / "account.json", users=[user], policies=policies))


def asked(snapshot: Snapshot, action: str) -> EvaluationResult:
    resource = "arn:aws:s3:::data/x"
    return Evaluator(snapshot).can(
        Request(principal=ALICE, action=action, resource=resource, resource_account="111122223333")
    )


@pytest.mark.parametrize(("action", "decision"), [("s3:GetObject", "allowed"), ("s3:PutObject", "implicitDeny")])
def test_the_answer_rests_on_the_published_policy_and_says_so(tmp_path: Path, action: str, decision: str) -> None:
    answer = asked(snapshot(tmp_path), action)
    assert answer.decision == decision
    (told,) = [one for one in answer.assumptions if one.code == CODE]
    assert "AmazonS3ReadOnlyAccess" in told.message
    assert f"{aws_managed_policies().as_of:%Y-%m-%d}" in told.message
    assert "policy-missing" not in {one.code for one in answer.assumptions}


def test_a_published_boundary_limits_and_is_told(tmp_path: Path) -> None:
    full = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    answer = asked(snapshot(tmp_path, full, boundary=READ_ONLY), "s3:PutObject")
    assert answer.decision == "implicitDeny"
    assert "permissions-boundary" in {str(layer) for layer in answer.blocked_by}
    assert [one.code for one in answer.assumptions].count(CODE) == 2


def test_the_snapshots_own_document_counts_before_the_published_one(tmp_path: Path) -> None:
    own = entries.managed(READ_ONLY, entries.document(entries.allow("s3:PutObject")))
    held = snapshot(tmp_path, policies=[own])
    assert asked(held, "s3:PutObject").decision == "allowed"
    assert CODE not in {one.code for one in asked(held, "s3:PutObject").assumptions}
    without_document = snapshot(tmp_path, policies=[{**own, "PolicyVersionList": []}])
    assert CODE in {one.code for one in asked(without_document, "s3:GetObject").assumptions}


@pytest.mark.parametrize("arn", ["arn:aws:iam::aws:policy/NoSuchPolicy", "arn:aws:iam::111122223333:policy/own"])
def test_what_aws_has_not_published_stays_missing(tmp_path: Path, arn: str) -> None:
    assert {one.code for one in asked(snapshot(tmp_path, arn), "s3:GetObject").assumptions} >= {"policy-missing"}


def test_the_published_text_is_shown_and_the_gap_still_told(tmp_path: Path) -> None:
    held = snapshot(tmp_path)
    shown = SubjectIndex(held).policy(READ_ONLY)
    assert shown is not None
    assert "s3:Get*" in shown.document.text.text
    subject = SubjectIndex(held).subject(READ_ONLY)
    assert subject is not None
    assert "the text that AWS had published" in subject.missing_data[0]
    assert "It is evaluated in the version that AWS had published by" in next(missing_data(held)).message
    assert SubjectIndex(held).policy("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess") is None
