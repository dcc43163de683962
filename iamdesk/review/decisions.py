"""What a reviewer can decide on one line or one finding, and who decides."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from iamdesk.i18n import join_messages, phrase


class ReviewDecision(StrEnum):
    """The states of a line or a finding."""

    UNDECIDED = "undecided"
    KEEP = "keep"
    REVOKE = "revoke"
    MODIFY = "modify"
    FIX = "fix"
    FALSE_POSITIVE = "false_positive"
    EXCEPT = "except"
    """For a time: of a line, it is kept although it should not be; of a finding, its risk is accepted."""


LINE_CHOICES = (
    ReviewDecision.UNDECIDED,
    ReviewDecision.KEEP,
    ReviewDecision.REVOKE,
    ReviewDecision.MODIFY,
    ReviewDecision.EXCEPT,
)
FINDING_CHOICES = (ReviewDecision.UNDECIDED, ReviewDecision.FIX, ReviewDecision.FALSE_POSITIVE, ReviewDecision.EXCEPT)


class DecisionError(ValueError):
    """A decision that cannot stand as it is. Its text is one sentence."""


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """What was decided on one line or finding. `UNDECIDED` for one on which nothing was."""

    choice: ReviewDecision = ReviewDecision.UNDECIDED
    comment: str = ""
    """Why; for an exception, a false positive and a decision on many lines it must not be empty."""
    owner: str = ""
    """For an exception: who answers for it."""
    expiry: date | None = None
    """For an exception: the last day on which it holds."""
    second: str = ""
    """Who else stands for it: a second reviewer by name; empty while nobody does."""
    ticket: str = ""
    """Where it is carried out: the id of a ticket elsewhere; empty while none is noted. It decides nothing."""

    def __post_init__(self) -> None:
        """Refuse what says less than its choice needs.

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
                raise DecisionError(
                    phrase("an exception needs {missing}", missing=join_messages(phrase(" and "), missing))
                )
        elif self.expiry is not None or self.owner:
            raise DecisionError(phrase("only an exception has an owner and a last day"))
        if self.choice is ReviewDecision.FALSE_POSITIVE and not self.comment.strip():
            raise DecisionError(phrase("a false positive needs a reason"))
        if self.second and self.choice is ReviewDecision.UNDECIDED:
            raise DecisionError(phrase("there is no decision that a second reviewer could stand for"))

    @property
    def by_one(self) -> "ItemDecision":
        """The decision without its second reviewer."""
        return replace(self, second="") if self.second else self

    @property
    def decided(self) -> "ItemDecision":
        """What was decided alone: without second reviewer and ticket."""
        return replace(self, second="", ticket="") if self.second or self.ticket else self

    def has_run_out(self, today: date) -> bool:
        """Return whether it is an exception whose last day has passed: the line is to be decided anew."""
        return self.choice is ReviewDecision.EXCEPT and self.expiry is not None and self.expiry < today

    def is_open(self, today: date) -> bool:
        """Return whether somebody has to decide: nobody did, or it is an exception that has run out."""
        return self.choice is ReviewDecision.UNDECIDED or self.has_run_out(today)


UNDECIDED = ItemDecision()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides. iamdesk does not authenticate people: this is what the person and the system said."""

    name: str
    """As typed."""
    account: str
    """Of the operating system."""
    holder_arns: frozenset[str] = frozenset()
    """Principals of the snapshot that are this person: nobody certifies their own access."""


def same_person(one: str, other: str) -> bool:
    """Return whether two names are the same person's, as typed."""
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()
