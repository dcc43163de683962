"""What a review lacks to be complete, whose items they are, and how far its evidence package is; read in a worker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from iamdesk.export.evidence.checkpoint import CheckpointState, checkpoint_state
from iamdesk.export.evidence.part_signature import PartSignOff, part_signoff
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.review.completion import Completion, Obstacle, completion
from iamdesk.review.coordination import (
    PART_OF,
    AssignedTo,
    RemovalOutcome,
    Returned,
    assigned_to,
    deciders_of,
    handed_back,
    last_removals,
)
from iamdesk.review.decisions import ReviewDecision, same_person
from iamdesk.review.session import ReviewSession
from iamdesk.review.tickets import TicketState, items_to_change, ticket_states

if TYPE_CHECKING:
    from iamdesk.export.evidence.signers import Signer

FILTERS: Mapping[Obstacle, RowFilterMode] = {
    Obstacle.UNDECIDED: RowFilterMode.UNDECIDED,
    Obstacle.EXPIRED: RowFilterMode.RUN_OUT,
    Obstacle.UNASSIGNED: RowFilterMode.UNASSIGNED,
    Obstacle.NO_CHANGE: RowFilterMode.NO_CHANGE,
    Obstacle.NO_APPROVER: RowFilterMode.NO_APPROVER,
    Obstacle.NO_SECOND: RowFilterMode.NO_SECOND,
    Obstacle.CONFLICT: RowFilterMode.CONFLICTS,
}
"""The filter that shows the items of an obstacle."""
_OF_ROWS = (RowFilterMode.UNDECIDED, RowFilterMode.RUN_OUT)
"""Filters that rows answer themselves."""


@dataclass(frozen=True, slots=True)
class PackageState:
    """The last evidence package of a review."""

    path: Path | None = None
    """Folder or archive; None: there is none, or it is not beside the review."""
    is_current: bool = False
    """Whether it contains every decision."""
    signers: tuple[str, ...] = ()
    to_sign: "tuple[Signer, ...]" = ()
    """Whose signature is missing."""


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """The status of a review at one moment."""

    completion: Completion = field(default_factory=lambda: Completion(()))
    assigned: Mapping[str, AssignedTo] = field(default_factory=dict)
    """Who decides on each item; empty: nothing is assigned."""
    overdue: frozenset[str] = frozenset()
    """Items that need a decision although their due day has passed."""
    removals: Mapping[str, tuple[RemovalOutcome, str]] = field(default_factory=dict)
    """The last outcome of each removal, and its time (ISO 8601)."""
    tickets: Mapping[str, TicketState] = field(default_factory=dict)
    """The state of the ticket of each item, as it was imported last."""
    to_remove: frozenset[str] = frozenset()
    """Entitlements that are to be revoked."""
    to_change: frozenset[str] = frozenset()
    """Items that are to be revoked, modified or fixed."""
    numbered: frozenset[str] = frozenset()
    """Those of them that have the number of a ticket."""
    returned: Mapping[str, Returned] = field(default_factory=dict)
    """Undecided items that were handed back, and are not assigned again."""
    package: PackageState = PackageState()
    own: AssignedTo | None = None
    """Whose part it is; None: it is not a part."""
    deciders: tuple[str, ...] = ()
    """Who may decide in a part."""
    signed: PartSignOff | None = None
    """The sign-off of a part; None: it has none, or is no part."""
    checkpoint: CheckpointState | None = None
    """How far the checkpoints of a review reach; None of a part, or if their folder cannot be read."""

    def open_items(self, mode: RowFilterMode) -> frozenset[str]:
        """Return the items that the count of a filter is of."""
        if mode is RowFilterMode.OVERDUE:
            return self.overdue
        if mode is RowFilterMode.RETURNED:
            return frozenset(self.returned)
        return frozenset(item for one in self.completion.open if FILTERS[one.obstacle] is mode for item in one.items)

    def items(self, mode: RowFilterMode, reviewer: str) -> frozenset[str] | None:
        """Return the items that a filter shows; None for a filter that does not depend on the status."""
        if mode in _OF_ROWS:
            return None
        if mode is RowFilterMode.OVERDUE or mode in FILTERS.values():
            return self.open_items(mode)
        if mode is RowFilterMode.MINE:
            return frozenset(
                item
                for item, to in self.assigned.items()
                if same_person(to.reviewer, reviewer) or same_person(to.backup, reviewer)
            )
        if mode is RowFilterMode.RETURNED:
            return frozenset(self.returned)
        if mode is RowFilterMode.NOT_REMOVED:
            return self.to_remove - self._removed
        return self._by_ticket(mode)

    def _by_ticket(self, mode: RowFilterMode) -> frozenset[str] | None:
        closed = frozenset(item for item, state in self.tickets.items() if state.is_closed) & self.to_change
        match mode:
            case RowFilterMode.TICKET_CLOSED:
                return closed
            case RowFilterMode.TICKET_OPEN:
                return (self.numbered | self.tickets.keys() & self.to_change) - closed
            case RowFilterMode.NO_TICKET:
                return self.to_change - self.numbered - self.tickets.keys()
            case RowFilterMode.TICKET_UNPROVED:
                return closed - self._removed
        return None

    @property
    def _removed(self) -> frozenset[str]:
        return frozenset(item for item, (outcome, _at) in self.removals.items() if outcome.is_closed)


def status_of(
    review_session: ReviewSession, today: date, package: Path | None = None, checkpoints: Path | None = None
) -> ReviewStatus:
    """Return the status of a review.

    Args:
        review_session: The open review.
        today: Exceptions and parts whose last day is before it are overdue.
        package: The package that was written last; None: the last recorded one, if it is beside the review.
        checkpoints: The folder of its checkpoints; None: beside the review.
    """
    file = review_session.file
    assigned = assigned_to(file)
    overdue = frozenset(
        item
        for item, to in assigned.items()
        if to.due is not None and to.due < today and file.decision(item).is_open(today)
    )
    is_part = PART_OF in file.head.details
    events = file.events()
    to_change = frozenset(items_to_change(file))
    return ReviewStatus(
        completion(file, today),
        assigned,
        overdue,
        last_removals(events),
        ticket_states(events),
        frozenset(item for item in to_change if file.decision(item).choice is ReviewDecision.REVOKE),
        to_change,
        frozenset(item for item in to_change if file.decision(item).ticket),
        handed_back(file),
        _package_state(review_session, package),
        next(iter(assigned.values()), None) if is_part else None,
        deciders_of(file) if is_part else (),
        _part_signoff(review_session) if is_part else None,
        None if is_part else _checkpoint_state(review_session, checkpoints),
    )


def _part_signoff(review_session: ReviewSession) -> PartSignOff | None:
    try:
        return part_signoff(review_session.file)
    except ExportError:
        return None  # merging says what is wrong with it


def _checkpoint_state(review_session: ReviewSession, folder: Path | None) -> CheckpointState | None:
    try:
        return checkpoint_state(review_session.file, folder)
    except ExportError:
        return None  # signing one says why


def _package_state(review_session: ReviewSession, package: Path | None) -> PackageState:
    from iamdesk.export.evidence.signers import signers_of, still_to_sign
    from iamdesk.export.evidence.signing import read_signoffs

    recorded = review_session.file.packages()[-1:]
    if not recorded:
        return PackageState()
    path = package or review_session.path.with_name(recorded[0].name)
    if path.name != recorded[0].name or not path.exists():
        return PackageState()
    try:
        signed = read_signoffs(path) if path.is_dir() else ()
    except ExportError:
        signed = ()
    return PackageState(
        path,
        recorded[0].journal_sha256 == review_session.file.journal_sha256,
        tuple(one.name for one in signed),
        still_to_sign(signers_of(review_session.file), signed),
    )
