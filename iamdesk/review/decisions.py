"""What a reviewer can decide on one line, and who decides."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Choice(StrEnum):
    """The five states of a line."""

    UNDECIDED = "undecided"
    KEEP = "keep"
    REVOKE = "revoke"
    MODIFY = "modify"
    EXCEPT = "except"


class DecisionError(ValueError):
    """A decision that cannot stand as it is. Its text is one sentence."""


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What was decided on one line. `UNDECIDED` for a line on which nothing was."""

    choice: Choice = Choice.UNDECIDED
    comment: str = ""
    """Why; for an exception and for a decision on many lines it must not be empty."""
    owner: str = ""
    """For an exception: who answers for it."""
    expiry: date | None = None
    """For an exception: the last day on which it holds."""
    second: str = ""
    """Who else stands for it: a second reviewer by name; empty while nobody does."""

    def __post_init__(self) -> None:
        """Refuse what says less than its choice needs.

        Raises:
            DecisionError: an exception without reason, owner or last day.
        """
        if self.choice is Choice.EXCEPT:
            wanted = (("a reason", self.comment.strip()), ("an owner", self.owner.strip()), ("a last day", self.expiry))
            missing = [name for name, value in wanted if not value]
            if missing:
                raise DecisionError(f"an exception needs {' and '.join(missing)}")
        elif self.expiry is not None or self.owner:
            raise DecisionError("only an exception has an owner and a last day")
        if self.second and self.choice is Choice.UNDECIDED:
            raise DecisionError("there is no decision that a second reviewer could stand for")

    @property
    def by_one(self) -> "LineDecision":
        """The decision without its second reviewer."""
        return replace(self, second="") if self.second else self

    def has_run_out(self, today: date) -> bool:
        """Return whether it is an exception whose last day has passed: the line is to be decided anew."""
        return self.choice is Choice.EXCEPT and self.expiry is not None and self.expiry < today


UNDECIDED = LineDecision()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides. iamdesk does not authenticate people: this is what the person and the system said."""

    name: str
    """As typed."""
    account: str
    """Of the operating system."""
    holder_arns: frozenset[str] = frozenset()
    """Principals of the snapshot that are this person: nobody certifies their own access."""
