"""Decisions on entitlements and findings, and reviewers."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from iamdesk.i18n import join_names, phrase

CARRIED_OVER = "carried over from "
"""Beginning of the reviewer's name in entries that a follow-up review takes over (`export/follow_up_review`)."""


class ReviewDecision(StrEnum):
    """Decision on an entitlement or a finding."""

    UNDECIDED = "undecided"
    KEEP = "keep"
    REVOKE = "revoke"
    MODIFY = "modify"
    FIX = "fix"
    FALSE_POSITIVE = "false_positive"
    EXCEPT = "except"
    """Exception until a date: an entitlement is kept although it should not be; the risk of a finding is accepted."""


LINE_CHOICES = (
    ReviewDecision.UNDECIDED,
    ReviewDecision.KEEP,
    ReviewDecision.REVOKE,
    ReviewDecision.MODIFY,
    ReviewDecision.EXCEPT,
)
FINDING_CHOICES = (ReviewDecision.UNDECIDED, ReviewDecision.FIX, ReviewDecision.FALSE_POSITIVE, ReviewDecision.EXCEPT)


class DecisionError(ValueError):
    """A decision that is not valid. Its message is one sentence."""


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The decision on one entitlement or finding, with its details."""

    choice: ReviewDecision = ReviewDecision.UNDECIDED
    comment: str = ""
    """Reason; required for an exception, a false positive and one decision on several items."""
    owner: str = ""
    """Owner of an exception."""
    expiry: date | None = None
    """Last day of an exception."""
    second: str = ""
    """Name of the second reviewer who approved the decision; empty if there is none."""
    ticket: str = ""
    """ID of a ticket in another system; empty if there is none. Not part of the decision."""
    compensating: str = ""
    """Compensating control of an exception: what limits the risk until then; empty if none is stated."""
    second_comment: str = ""
    """What the second reviewer remarked; ``comment`` is the reason of whoever decided."""

    def __post_init__(self) -> None:
        """Validate the details.

        Raises:
            DecisionError: an exception without reason, owner or last day, or a false positive without a reason.
        """
        if self.choice is ReviewDecision.EXCEPT:
            wanted = (
                (phrase("a reason"), self.comment.strip()),
                (phrase("an owner"), self.owner.strip()),
                (phrase("a last day"), self.expiry),
            )
            missing = [name for name, value in wanted if not value]
            if missing:
                raise DecisionError(phrase("an exception requires {missing}", missing=join_names(missing)))
        elif self.expiry is not None or self.owner:
            raise DecisionError(phrase("only an exception has an owner and a last day"))
        elif self.compensating:
            raise DecisionError(phrase("only an exception has a compensating control"))
        if self.choice is ReviewDecision.FALSE_POSITIVE and not self.comment.strip():
            raise DecisionError(phrase("a false positive requires a reason"))
        if self.second and self.choice is ReviewDecision.UNDECIDED:
            raise DecisionError(phrase("there is no decision to approve"))
        if self.second_comment and not self.second:
            raise DecisionError(phrase("only a second approval has a remark"))

    @property
    def by_one(self) -> "ItemDecision":
        """The decision without second approval."""
        return replace(self, second="", second_comment="") if self.second else self

    @property
    def decided(self) -> "ItemDecision":
        """The decision without second approval and ticket."""
        return replace(self, second="", second_comment="", ticket="") if self.second or self.ticket else self

    def has_run_out(self, today: date) -> bool:
        """Return whether it is an expired exception, which needs a new decision."""
        return self.choice is ReviewDecision.EXCEPT and self.expiry is not None and self.expiry < today

    def check_last_day(self, today: date) -> None:
        """Validate the last day of a new exception.

        Raises:
            DecisionError: it is in the past.
        """
        if self.expiry is not None and self.has_run_out(today):
            raise DecisionError(
                phrase("an exception must end today or later, not on {day}", day=self.expiry.isoformat())
            )

    def is_open(self, today: date) -> bool:
        """Return whether a decision is needed: the item is undecided, or its exception expired."""
        return self.choice is ReviewDecision.UNDECIDED or self.has_run_out(today)


UNDECIDED = ItemDecision()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A reviewer, as given by the person and the operating system: iamdesk does not authenticate people."""

    name: str
    """Name as entered."""
    account: str
    """User name in the operating system."""
    holder_arns: frozenset[str] = frozenset()
    """The reviewer's own principals, excluded from self-review."""


_LOOK_ALIKE = str.maketrans(
    # Cyrillic, then Greek letters that look like Latin ones
    "аеёорсухіјѕԁһӏвкмнтгαειοκνρτυχηωγ",
    "aeeopcyxijsdhlbkmhtraeioknptuxnwy",
)


def same_person(one: str, other: str) -> bool:
    """Return whether two names are the same person's, as typed: in any case, Unicode form and spacing."""
    return bool(one.strip()) and _folded(one) == _folded(other)


def may_be_same_person(one: str, other: str) -> bool:
    """Return whether two different names may be of one person: a hint for a reader, never a decision.

    Either they look alike (accents, letters of another alphabet, an ``l`` for an ``I``), or their last words are equal
    and each word before is equal to or the initial of the other's.
    """
    if same_person(one, other):
        return False
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    if "".join(first) == "".join(second) or sorted(first) == sorted(second):
        return True
    if first[-1] != second[-1] or len(first) == 1 or len(second) == 1:
        return False
    return all(a == b or _is_initial(a, b) or _is_initial(b, a) for a, b in zip(first[:-1], second[:-1], strict=False))


def _is_initial(short: str, word: str) -> bool:
    return len(short) == 1 and word.startswith(short)


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKE))
    letters = "".join(one for one in folded if not unicodedata.combining(one)).translate(_LOOK_ALIKE)
    return "".join(one if one.isalnum() else " " for one in letters).split()


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
