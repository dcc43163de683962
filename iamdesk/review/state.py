"""Current decisions on the items of a review, computed from its journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.journal import Entry


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided on an item, and when."""

    reviewer: str
    account: str
    moment: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class FrozenItem:
    """Data of an item that is kept in memory."""

    sha256: str
    """Its digest in the review."""
    holder_arn: str
    """The holder of an entitlement, or the subject of a finding."""


class ItemStates:
    """Numbers of entitlements (or findings) by decision, updated with each decision."""

    def __init__(self, known: Mapping[str, FrozenItem], choices: Iterable[ReviewDecision]) -> None:
        self.known = known
        """Items by ID."""
        self._decisions: dict[str, ItemDecision] = {}
        self._tally = dict.fromkeys(choices, 0)
        self._tally[ReviewDecision.UNDECIDED] = len(known)
        self._excepted: set[str] = set()

    @property
    def choices(self) -> frozenset[ReviewDecision]:
        """The valid decisions on these items."""
        return frozenset(self._tally)

    def counts(self) -> Mapping[ReviewDecision, int]:
        """Return the number of items by decision."""
        return dict(self._tally)

    def waiting(self, today: date) -> int:
        """Return the number of items that need a decision: undecided ones and expired exceptions."""
        run_out = sum(self._decisions[one].has_run_out(today) for one in self._excepted)
        return self._tally[ReviewDecision.UNDECIDED] + run_out

    def open(self, today: date) -> tuple[str, ...]:
        """Return the IDs of the items that need a decision, in the order of the review."""
        return tuple(one for one in self.known if self._decisions.get(one, UNDECIDED).is_open(today))

    def take(self, subject_id: str, after: ItemDecision) -> None:
        """Set the decision on an item."""
        before = self._decisions.get(subject_id, UNDECIDED).choice
        self._tally[before] -= 1
        self._tally[after.choice] = self._tally.get(after.choice, 0) + 1
        (self._excepted.add if after.choice is ReviewDecision.EXCEPT else self._excepted.discard)(subject_id)
        self._decisions[subject_id] = after


class Ledger:
    """Current decisions; updated with each journal entry."""

    def __init__(self, lines: ItemStates, findings: ItemStates) -> None:
        self.lines = lines
        self.findings = findings
        self.last: Entry | None = None
        """The last entry."""
        self.taken: dict[str, dict[int, str]] = {}
        """Hashes of the entries that were taken from other review files, by the file's review id and their number."""
        self._decisions: dict[str, ItemDecision] = {}
        self._decided: dict[str, Decided] = {}

    def of(self, subject_id: str) -> ItemStates | None:
        """Return the states that an item belongs to; None if the review has no such item."""
        return next((one for one in (self.lines, self.findings) if subject_id in one.known), None)

    def decision(self, subject_id: str) -> ItemDecision:
        """Return the current decision on an item."""
        return self._decisions.get(subject_id, UNDECIDED)

    def decided(self, subject_id: str) -> Decided | None:
        """Return who decided, and when; None if the item is undecided."""
        return self._decided.get(subject_id)

    def take(self, entry: Entry) -> None:
        """Apply an entry. A second approval or a ticket does not change who decided."""
        is_beside = entry.after.second != entry.before.second or entry.after.ticket != entry.before.ticket
        if not (is_beside and entry.after.decided == entry.before.decided):
            self._decided[entry.line_id] = Decided(entry.reviewer, entry.account, entry.decided_at)
        if entry.after.choice is ReviewDecision.UNDECIDED:
            self._decided.pop(entry.line_id, None)
        states = self.of(entry.line_id)
        if states is not None:  # in a recovered review, items may be lost
            states.take(entry.line_id, entry.after)
        self._decisions[entry.line_id] = entry.after
        if entry.origin is not None:
            self.taken.setdefault(entry.origin.review_id, {})[entry.origin.number] = entry.origin.sha256
        self.last = entry


_START = "Carried over from review "


UNCHANGED, UNCHANGED_OR_LESS = "the effect is unchanged", "the effect is unchanged or less"
FOUND_AGAIN = "it is found again"


def taken_over(decision: ItemDecision, review_id: str, decided: Decided | None, why: str) -> ItemDecision:
    """Return a decision for the follow-up review; its comment contains the review, the reviewer and the reason ``why``.

    Second approval is not carried over.
    """
    if decision.comment.startswith(_START):
        return decision.by_one  # the comment refers to the first decision
    who = f", decided by {decided.reviewer} on {decided.moment[:10]}" if decided is not None else ""
    return replace(decision.by_one, comment=f"{_START}{review_id}{who}: {why}. {decision.comment}".rstrip())


def is_taken_over(here: ItemDecision, decision: ItemDecision, review_id: str, decided: Decided | None) -> bool:
    """Return whether a decision of the follow-up review is one of the previous review that `taken_over` gives."""
    reasons = (UNCHANGED, UNCHANGED_OR_LESS, FOUND_AGAIN)
    return decided is not None and any(here == taken_over(decision, review_id, decided, why) for why in reasons)
