"""What is attached and stands in the snapshot is never said to be missing from it."""

from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.snapshot.reader import load_snapshot

from ..builders import entries
from ..builders.arns import ID

POLICY = f"arn:aws:iam::{ID}:policy/Orders"
USER = f"arn:aws:iam::{ID}:user/ana"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def asked(tmp_path: Path, policy: dict[str, Any], **more: Any) -> Any:
    file = entries.write(tmp_path / "account.json", users=[entries.user("ana", **more)], policies=[policy])
    return Evaluator(load_snapshot(file)).can(Request(USER, "s3:GetObject", "arn:aws:s3:::b/k"))


def version(document: Any) -> list[dict[str, Any]]:
    return [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document}]


ATTACHED: dict[str, Any] = {"attached": [POLICY]}
BOUNDED: dict[str, Any] = {"boundary": POLICY}


def test_an_entry_without_a_name_allows_what_it_says(tmp_path: Path) -> None:
    entry = {"Arn": POLICY, "DefaultVersionId": "v1", "PolicyVersionList": version(ALLOW)}
    assert asked(tmp_path, entry, **ATTACHED).decision == "allowed"


@pytest.mark.parametrize(
    "entry",
    [
        {"Arn": POLICY, "PolicyName": "Orders", "PolicyVersionList": "none"},
        {"Arn": POLICY, "PolicyName": "Orders", "DefaultVersionId": "v2", "PolicyVersionList": []},
    ],
    ids=["broken", "without a version"],
)
@pytest.mark.parametrize(("carried", "code"), [(ATTACHED, "policy-missing"), (BOUNDED, "boundary-missing")])
def test_an_entry_that_cannot_be_read_is_in_the_snapshot(
    tmp_path: Path, entry: dict[str, Any], carried: dict[str, Any], code: str
) -> None:
    inline = {"UserPolicyList": [{"PolicyName": "own", "PolicyDocument": ALLOW}]} if code == "boundary-missing" else {}
    answer = asked(tmp_path, entry, **carried, **inline)
    assert answer.decision == "implicitDeny"
    [told] = [one for one in answer.assumptions if one.code == code]
    assert "not captured" not in told.message
    assert "cannot be read" in told.message
