"""Nobody reviews their own access: not by a group, a trust policy that names them, or the role of their session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iamdesk.review.decisions import (
    FINDING_CHOICES,
    LINE_CHOICES,
    DecisionError,
    ItemDecision,
    ReviewDecision,
    Reviewer,
)
from iamdesk.review.items import EntitlementType
from iamdesk.review.journal_rules import broken_rules
from iamdesk.review.people import Joined, People, Person
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.session import ReviewSession
from iamdesk.review.state import ItemStates, Ledger

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
IS_MEM = {"Condition": {"ArnEquals": {"aws:PrincipalArn": user_arn("mem")}}}
BEN = frozenset({user_arn("ben")})
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
            role("HerOwn", document(allow()), trust=trusting({"AWS": user_arn("mem")})),
            role("OfSession", document(allow()), trust=trusting({"AWS": SESSION})),
            role("ByCondition", document(allow()), trust=trusting({"AWS": "*"}, **IS_MEM)),
            role("ByAccount", document(allow()), trust=trusting({"AWS": f"arn:aws:iam::{ID}:root"})),
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
        (role_arn("Mine"), "OfSession", EntitlementType.TRUST),
        (SESSION, "OfSession", EntitlementType.TRUST),
        (user_arn("mem"), "ByCondition", EntitlementType.TRUST),
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
    for holder in ("Mine", "ByAccount"):
        session.record({item_of(session, holder, EntitlementType.TRUST): KEEP}, Reviewer("Ann", "a", BEN))
    hers = {one.identities for one in session.file.journal() if one.reviewer == "Mem"}
    assert hers == {tuple(sorted([*who.holder_arns, role_arn("Mine")]))}


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


PERSONS = {"1": Person("1", 2, "Mem Okoye"), "2": Person("2", 3, "Ben Okafor")}
PEOPLE_OF = People(
    "people.csv",
    "0" * 64,
    ("name=user",),
    2,
    PERSONS,
    {user_arn("mem"): Joined("1", "name=user", "mem"), user_arn("ben"): Joined("2", "name=user", "ben")},
    {},
)


@pytest.mark.parametrize(
    ("holder", "kind", "is_hers"),
    [
        ("mem", EntitlementType.INLINE_POLICY, True),
        ("mem", EntitlementType.GROUP, True),
        ("Adm", EntitlementType.INLINE_POLICY, True),
        ("ForMem", EntitlementType.TRUST, True),
        ("ForMem", EntitlementType.INLINE_POLICY, False),  # another person has it, too
        ("HerOwn", EntitlementType.TRUST, True),
        ("HerOwn", EntitlementType.INLINE_POLICY, True),
        ("Other", EntitlementType.INLINE_POLICY, False),
        ("Mine", EntitlementType.INLINE_POLICY, False),
        ("ben", EntitlementType.INLINE_POLICY, False),
    ],
)
def test_the_name_of_a_person_counts_for_groups_trusts_and_her_only_role(
    session: ReviewSession, holder: str, kind: EntitlementType, is_hers: bool
) -> None:
    session.people = PEOPLE_OF
    subject = item_of(session, holder, kind)
    expected = [("mem okoye", (user_arn("mem"),), 1)] if is_hers else []
    found = session.same_names([subject], "mem okoye")
    assert [(one.reviewer, one.principals, one.items) for one in found] == expected
    since = session.entries
    session.record({subject: KEEP}, Reviewer("mem okoye", "m"))
    assert bool(session.own_access(since).same_names) is is_hers
    assert not session.same_names([subject], "Zed")


@pytest.mark.parametrize(
    ("holder", "kind", "is_own"),
    [
        ("Adm", EntitlementType.INLINE_POLICY, True),
        ("ForMem", EntitlementType.TRUST, True),
        ("ForMem", EntitlementType.INLINE_POLICY, False),
        ("Other", EntitlementType.INLINE_POLICY, False),
    ],
)
def test_the_rule_is_repeated_from_the_journal(
    session: ReviewSession, holder: str, kind: EntitlementType, is_own: bool
) -> None:
    file = session.file
    subject = item_of(session, holder, kind)
    file.record({subject: KEEP}, Reviewer("Mem", "mem", frozenset({user_arn("mem")})))  # past the session's rule
    frozen = ItemStates(file.item_states.known, LINE_CHOICES), ItemStates({}, FINDING_CHOICES)
    found = [one.sentence for one in broken_rules(file.head, Ledger(*frozen), file.journal(), (), session.own)]
    arn = next(one.holder_arn for one in session.lines if one.line_id == subject)
    assert found == ([f"Mem decided on their own access ({arn})."] if is_own else [])


def test_what_was_stated_once_holds_for_later_decisions(session: ReviewSession) -> None:
    other, own = (item_of(session, holder, EntitlementType.INLINE_POLICY) for holder in ("Other", "Adm"))
    session.record({other: KEEP}, Reviewer("Mem", "mem", frozenset({user_arn("mem")})))
    for later in (session, ReviewSession(session.file)):
        with pytest.raises(DecisionError, match="own access"):
            later.record({own: KEEP}, Reviewer("mem ", "other"))
        assert later.is_own(own, Reviewer("MEM", "mem"))
        assert not later.is_own(own, Reviewer("Ben", "ben"))
    file = session.file
    file.record({own: KEEP}, Reviewer("MEM", "mem"))  # past the session's rule
    frozen = ItemStates(file.item_states.known, LINE_CHOICES), ItemStates({}, FINDING_CHOICES)
    found = [one.sentence for one in broken_rules(file.head, Ledger(*frozen), file.journal(), (), session.own)]
    assert [one for one in found if "MEM decided on their own access" in str(one)] == found != []


def test_undo_is_refused_like_a_decision(session: ReviewSession) -> None:
    subject = item_of(session, "Adm", EntitlementType.INLINE_POLICY)
    session.record({subject: KEEP}, Reviewer("Mem", "mem"))
    session.record({subject: ItemDecision(ReviewDecision.REVOKE, "gone")}, Reviewer("Mem", "mem"))
    with pytest.raises(DecisionError, match="own access"):
        session.undo(Reviewer("Mem", "mem", frozenset({user_arn("mem")})))
    assert session.undo(Reviewer("Mem", "mem")) is not None
