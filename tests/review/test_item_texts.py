"""What an item says of what is at stake: few actions by name, the role behind a trust policy, public grants, root."""

from pathlib import Path
from typing import Any

import pytest

from iamdesk.api import Workbench
from iamdesk.export.text.review_effect import effect_summary, effect_words
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.scope import is_note, notes_from
from iamdesk.snapshot.resources import PublicAccessBlock, Resource

from ..builders.captures import ID, account, allow, document, role, snapshot, trusting, user
from .test_effects_evidence import by_name, made

BUCKET = "arn:aws:s3:::site"


def text(item: ReviewItem) -> str:
    return effect_words(item)[0]


def test_up_to_three_actions_are_named() -> None:
    few = allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*")
    many = allow("sqs:*", f"arn:aws:sqs:eu-west-1:{ID}:q")
    items = by_name(made(snapshot(account(user("ana", document(few)), user("ben", document(many))))))
    item = items["ana", "inline_policy", "inline-1"]
    assert effect_words(item) == (
        "Grants s3:GetObject and s3:PutObject (read data 1, write data 1).",
        "Revoking it: s3:GetObject and s3:PutObject lost, 0 gained.",
    )
    assert text(items["ben", "inline_policy", "inline-1"]).startswith("Grants 19 actions (")
    assert "names" not in effect_of(items["ben", "inline_policy", "inline-1"])["alone"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (allow("*"), "The role is an administrator."),
        (
            allow(["s3:GetObject", "secretsmanager:GetSecretValue"]),
            "The role can perform s3:GetObject and secretsmanager:GetSecretValue (read data 2). It can read all data "
            "that no policy excludes, such as s3, secretsmanager.",
        ),
        (
            allow("iam:AttachRolePolicy"),
            "The role can perform iam:AttachRolePolicy (permissions 1). It can become an administrator in 1 step.",
        ),
    ],
)
def test_trust_of_a_service_says_what_the_role_can_do(statement: dict[str, Any], words: str) -> None:
    trust = trusting({"Service": "ec2.amazonaws.com"})
    items = by_name(made(snapshot(account(role("r", document(statement), trust=trust)))))
    assert text(items["r", "trust", "ec2.amazonaws.com"]) == (
        f"Who can assume the role: the service ec2.amazonaws.com. {words}"
    )


@pytest.mark.parametrize(
    ("blocked", "condition", "words", "short"),
    [
        (False, None, "PUBLIC: grants everyone s3:GetObject (read data 1).", "Ends public access"),
        (True, None, "Grants everyone s3:GetObject (read data 1), but is not public: ", "Loses s3:GetObject"),
        (
            False,
            {"StringEquals": {"aws:Referer": "https://acme.example"}},
            "PUBLIC under conditions: grants everyone s3:GetObject (read data 1).",
            "Loses s3:GetObject",
        ),
    ],
)
def test_grant_to_everyone_says_whether_it_is_public(
    blocked: bool, condition: dict[str, Any] | None, words: str, short: str
) -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement |= {"Resource": f"{BUCKET}/*", **({"Condition": condition} if condition else {})}
    bucket = Resource(
        arn=BUCKET,
        account_id=ID,
        policy=document(statement),
        public_access_block=PublicAccessBlock(restrict_public_buckets=blocked),
    )
    held = snapshot(account()).model_copy(update={"resources": (bucket,)})
    item = by_name(made(held))["*", "resource_grant", BUCKET]
    assert text(item).startswith(words)
    assert effect_summary(item) == short


def test_root_is_not_removed_like_a_user() -> None:
    (root,) = (one for one in made(snapshot(account())).lines if one.type is EntitlementType.ROOT_ACCESS)
    assert effect_words(root)[1].startswith("The root user itself cannot be removed: ")


def test_what_was_not_captured_is_no_item_to_decide(tmp_path: Path) -> None:
    path = tmp_path / "q.iamreview"
    Workbench().open_snapshot(sample_snapshot()).create_review(path, "Q")
    with ReviewFile.open(path) as review:
        assert review.finding_states.known
        assert not [one for one in review.findings() if is_note(one)]
        notes = notes_from(review.head.details)
        assert notes
        assert all(map(is_note, notes))
        assert not {str(one["finding_id"]) for one in notes} & review.finding_states.known.keys()
