"""What stands on the lines and findings of a review: it follows from the journal, entry by entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.journal import Entry


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided on a line or a finding, and when."""

    reviewer: str
    account: str
    moment: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class FrozenItem:
    """What is kept in memory of a line or a finding."""

    sha256: str
    """With which it was frozen."""
    holder_arn: str
    """Whose it is: of a line its holder, of a finding its subject."""


class ItemStates:
    """How many lines (or findings) stand in each state; counted as decisions come, so that asking costs nothing."""

    def __init__(self, known: Mapping[str, FrozenItem], choices: Iterable[ReviewDecision]) -> None:
        self.known = known
        """By id."""
        self._decisions: dict[str, ItemDecision] = {}
        self._tally = dict.fromkeys(choices, 0)
        self._tally[ReviewDecision.UNDECIDED] = len(known)
        self._excepted: set[str] = set()

    @property
    def choices(self) -> frozenset[ReviewDecision]:
        """What can be decided on one of them."""
        return frozenset(self._tally)

    def counts(self) -> Mapping[ReviewDecision, int]:
        """Return how many stand in each state."""
        return dict(self._tally)

    def waiting(self, today: date) -> int:
        """Return how many wait: undecided ones, and exceptions that have run out."""
        run_out = sum(self._decisions[one].has_run_out(today) for one in self._excepted)
        return self._tally[ReviewDecision.UNDECIDED] + run_out

    def open(self, today: date) -> tuple[str, ...]:
        """Return the ids of those that wait, in the order in which they were frozen."""
        return tuple(one for one in self.known if self._decisions.get(one, UNDECIDED).is_open(today))

    def take(self, subject_id: str, after: ItemDecision) -> None:
        """Let another decision stand."""
        before = self._decisions.get(subject_id, UNDECIDED).choice
        self._tally[before] -= 1
        self._tally[after.choice] = self._tally.get(after.choice, 0) + 1
        (self._excepted.add if after.choice is ReviewDecision.EXCEPT else self._excepted.discard)(subject_id)
        self._decisions[subject_id] = after


class Ledger:
    """Reads a journal as it grows."""

    def __init__(self, lines: ItemStates, findings: ItemStates) -> None:
        self.lines = lines
        self.findings = findings
        self.last: Entry | None = None
        """The entry that was taken last."""
        self.taken: dict[str, dict[int, str]] = {}
        """Hashes of the entries that were taken from other review files, by the file's review id and their number."""
        self._decisions: dict[str, ItemDecision] = {}
        self._decided: dict[str, Decided] = {}

    def of(self, subject_id: str) -> ItemStates | None:
        """Return among what something stands; None where the review has no such line or finding."""
        return next((one for one in (self.lines, self.findings) if subject_id in one.known), None)

    def decision(self, subject_id: str) -> ItemDecision:
        """Return what stands on a line or a finding now."""
        return self._decisions.get(subject_id, UNDECIDED)

    def decided(self, subject_id: str) -> Decided | None:
        """Return who decided it; None where nobody did."""
        return self._decided.get(subject_id)

    def take(self, entry: Entry) -> None:
        """Let the state follow from an entry. Who only stands for a decision, or notes a ticket, has not decided it."""
        is_beside = entry.after.second != entry.before.second or entry.after.ticket != entry.before.ticket
        if not (is_beside and entry.after.decided == entry.before.decided):
            self._decided[entry.line_id] = Decided(entry.reviewer, entry.account, entry.decided_at)
        if entry.after.choice is ReviewDecision.UNDECIDED:
            self._decided.pop(entry.line_id, None)
        standing = self.of(entry.line_id)
        if standing is not None:  # of a recovered review, lines may be lost
            standing.take(entry.line_id, entry.after)
        self._decisions[entry.line_id] = entry.after
        if entry.origin is not None:
            self.taken.setdefault(entry.origin.review_id, {})[entry.origin.number] = entry.origin.sha256
        self.last = entry
