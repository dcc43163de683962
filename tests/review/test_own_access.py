"""Nobody reviews their own access: not by a group, a trust policy that names them, or the role of their session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.session import ReviewSession

from ..builders.captures import (
    ID,
    account,
    allow,
    document,
    group,
    role,
    role_arn,
    snapshot,
    trusting,
    user,
    user_arn,
)
from .test_effects_evidence import made
from .test_review_file import HEAD

SESSION = f"arn:aws:sts::{ID}:assumed-role/Mine/mem@example.com"
KEEP = ItemDecision(ReviewDecision.KEEP, "needed")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ReviewSession]:
    captured = snapshot(
        account(
            user("mem", document(allow("s3:GetObject")), groups=["Adm"]),
            user("ben", document(allow("s3:GetObject"))),
            group("Adm", document(allow())),
            group("Other", document(allow())),
            role("Mine", document(allow()), trust=trusting({"Service": "ec2.amazonaws.com"})),
            role("ForMem", document(allow()), trust=trusting({"AWS": [user_arn("mem"), user_arn("ben")]})),
        )
    )
    scope = made(captured)
    with ReviewFile.create(tmp_path / "q.iamreview", HEAD, scope.population, scope.lines) as file:
        yield ReviewSession(file)


def item_of(session: ReviewSession, holder: str, kind: EntitlementType) -> str:
    return next(one.line_id for one in session.lines if one.holder_arn.endswith(f"/{holder}") and one.type is kind)


@pytest.mark.parametrize(
    ("own", "holder", "kind"),
    [
        (user_arn("mem"), "mem", EntitlementType.INLINE_POLICY),
        (user_arn("mem"), "Adm", EntitlementType.INLINE_POLICY),
        (user_arn("mem"), "ForMem", EntitlementType.TRUST),
        (SESSION, "Mine", EntitlementType.INLINE_POLICY),
        (role_arn("Mine"), "Mine", EntitlementType.TRUST),
    ],
)
def test_own_access_is_refused(session: ReviewSession, own: str, holder: str, kind: EntitlementType) -> None:
    who = Reviewer("Mem", "mem", frozenset({own}))
    subject = item_of(session, holder, kind)
    with pytest.raises(DecisionError, match=f"Mem cannot review their own access .*/{holder}"):
        session.record({subject: KEEP}, who)
    session.record({subject: KEEP}, Reviewer("Ben", "ben"))
    with pytest.raises(DecisionError, match="own access"):
        session.second((subject,), who)
    assert session.is_own(subject, who)
    assert not session.is_own(subject, Reviewer("Mem", "mem"))


def test_what_others_have_is_not(session: ReviewSession) -> None:
    who = Reviewer("Mem", "mem", frozenset({user_arn("mem"), SESSION}))
    for holder in ("Other", "ForMem", "ben"):
        session.record({item_of(session, holder, EntitlementType.INLINE_POLICY): KEEP}, who)
    assert {one.identities for one in session.file.journal()} == {tuple(sorted([*who.holder_arns, role_arn("Mine")]))}


@pytest.mark.parametrize(
    ("arn", "sentence"),
    [
        ("mem", "`mem` is not the ARN of a user or role, as in arn:aws:iam::…"),
        (user_arn("nobody"), f"the snapshot has no principal {user_arn('nobody')}"),
        (
            user_arn("Mem"),
            f"the snapshot has no principal {user_arn('Mem')}, but {user_arn('mem')}: ARNs are case-sensitive",
        ),
    ],
)
def test_principals_that_protect_nothing_are_refused(session: ReviewSession, arn: str, sentence: str) -> None:
    with pytest.raises(DecisionError) as refused:
        session.own.check([arn])
    assert str(refused.value) == sentence
    session.own.check([user_arn("mem"), role_arn("Mine"), SESSION])
