"""The filter of the review table."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.export.text.review_effect import TIER_WORDS
from iamdesk.filter_language import EVERYTHING, Filter
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.i18n import mark
from iamdesk.review.asked import AskedKind
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.item_effect import NEEDS_JUDGEMENT


class RowFilterMode(StrEnum):
    """Which rows are shown."""

    ALL = "all"
    OPEN = "to decide"
    DECIDED = "decided"
    KEEP = "kept"
    REVOKE = "to be revoked"
    MODIFY = "to be modified"
    FIX = "to be fixed"
    FALSE_POSITIVE = "false positives"
    EXCEPT = "excepted"
    RUN_OUT = "run out"
    PRIVILEGED = "privileged"
    OUTSIDE = "third parties"
    MACHINES = "machines"
    WITH_FINDINGS = "with findings"
    NOT_SECONDED = "not seconded"
    GUARDRAILS = "guardrails"
    NEEDS_JUDGEMENT = "needs judgement"
    NEW = "new"
    CHANGED = "changed"
    STILL_THERE = "still there"
    EXPIRED = "expired"
    PERSON = "person"
    MINE = "mine"
    OVERDUE = "overdue"
    UNASSIGNED = "unassigned"
    UNDECIDED = "undecided"
    NO_CHANGE = "no change"
    NO_APPROVER = "no approver"
    NO_SECOND = "no second"
    CONFLICTS = "conflicts"
    NOT_REMOVED = "not removed"
    CAME_BACK = "came back"
    TICKET_OPEN = "ticket open"
    TICKET_CLOSED = "ticket closed"
    TICKET_UNPROVED = "ticket unproved"
    NO_TICKET = "no ticket"
    RETURNED = "returned"
    TIER_0 = "tier 0"
    TIER_1 = "tier 1"
    TIER_2 = "tier 2"
    TIER_3 = "tier 3"
    TIER_4 = "tier 4"
    TIER_5 = "tier 5"


SHOW_TITLES: dict[RowFilterMode, str] = {
    RowFilterMode.ALL: mark("All"),
    RowFilterMode.OPEN: mark("To decide"),
    RowFilterMode.DECIDED: mark("Decided"),
    RowFilterMode.KEEP: mark("Kept"),
    RowFilterMode.REVOKE: mark("To be revoked"),
    RowFilterMode.MODIFY: mark("To be modified"),
    RowFilterMode.FIX: mark("To be fixed"),
    RowFilterMode.FALSE_POSITIVE: mark("False positives"),
    RowFilterMode.EXCEPT: mark("Exceptions"),
    RowFilterMode.RUN_OUT: mark("Expired exceptions"),
    RowFilterMode.PRIVILEGED: mark("Administrators, and paths to administrator"),
    RowFilterMode.OUTSIDE: mark("Third parties"),
    RowFilterMode.MACHINES: mark("Workloads"),
    RowFilterMode.WITH_FINDINGS: mark("With findings"),
    RowFilterMode.NOT_SECONDED: mark("Without second approval"),
    RowFilterMode.GUARDRAILS: mark("Guardrails"),
    RowFilterMode.NEEDS_JUDGEMENT: mark("Needs judgment"),
    RowFilterMode.NEW: mark("New since the previous review"),
    RowFilterMode.CHANGED: mark("Changed since the previous review"),
    RowFilterMode.STILL_THERE: mark("Revoked, but still there"),
    RowFilterMode.EXPIRED: mark("Exception of the previous review expired"),
    RowFilterMode.PERSON: mark("Person left, moved, or is unknown"),
    RowFilterMode.MINE: mark("Assigned to me"),
    RowFilterMode.OVERDUE: mark("Overdue"),
    RowFilterMode.UNASSIGNED: mark("Without reviewer"),
    RowFilterMode.UNDECIDED: mark("Undecided"),
    RowFilterMode.NO_CHANGE: mark("Change not stated"),
    RowFilterMode.NO_APPROVER: mark("Exceptions without approver"),
    RowFilterMode.NO_SECOND: mark("Waiting for second approval"),
    RowFilterMode.CONFLICTS: mark("In conflict"),
    RowFilterMode.NOT_REMOVED: mark("Revoked, removal not shown"),
    RowFilterMode.CAME_BACK: mark("Revoked, but came back"),
    RowFilterMode.TICKET_OPEN: mark("Ticket open"),
    RowFilterMode.TICKET_CLOSED: mark("Ticket closed"),
    RowFilterMode.TICKET_UNPROVED: mark("Ticket closed, removal not shown"),
    RowFilterMode.NO_TICKET: mark("To be changed, without ticket"),
    RowFilterMode.RETURNED: mark("Handed back"),
    RowFilterMode.TIER_0: TIER_WORDS[0],
    RowFilterMode.TIER_1: TIER_WORDS[1],
    RowFilterMode.TIER_2: TIER_WORDS[2],
    RowFilterMode.TIER_3: TIER_WORDS[3],
    RowFilterMode.TIER_4: TIER_WORDS[4],
    RowFilterMode.TIER_5: TIER_WORDS[5],
}
OF_LINES = tuple(one for one in RowFilterMode if one not in (RowFilterMode.FIX, RowFilterMode.FALSE_POSITIVE))
OF_FINDINGS = (
    *(
        RowFilterMode.ALL,
        RowFilterMode.OPEN,
        RowFilterMode.DECIDED,
        RowFilterMode.FIX,
        RowFilterMode.FALSE_POSITIVE,
        RowFilterMode.EXCEPT,
        RowFilterMode.RUN_OUT,
    ),
    RowFilterMode.NOT_SECONDED,
    *(
        RowFilterMode.NEW,
        RowFilterMode.MINE,
        RowFilterMode.OVERDUE,
        RowFilterMode.UNASSIGNED,
        RowFilterMode.UNDECIDED,
        RowFilterMode.NO_APPROVER,
        RowFilterMode.CONFLICTS,
        RowFilterMode.TICKET_OPEN,
        RowFilterMode.TICKET_CLOSED,
        RowFilterMode.NO_TICKET,
        RowFilterMode.RETURNED,
    ),
)
_WHY = {
    RowFilterMode.NEW: {AskedKind.NEW, AskedKind.CAME_BACK},
    RowFilterMode.CHANGED: {AskedKind.CHANGED},
    RowFilterMode.STILL_THERE: {AskedKind.STILL_THERE},
    RowFilterMode.CAME_BACK: {AskedKind.CAME_BACK},
    RowFilterMode.EXPIRED: {AskedKind.EXPIRED},
    RowFilterMode.PERSON: {AskedKind.PERSON},
}
SINCE_PREVIOUS = tuple(one for one in _WHY if one is not RowFilterMode.PERSON)
"""Filters of a follow-up review."""
_TIERS = {
    RowFilterMode.TIER_0: 0,
    RowFilterMode.TIER_1: 1,
    RowFilterMode.TIER_2: 2,
    RowFilterMode.TIER_3: 3,
    RowFilterMode.TIER_4: 4,
    RowFilterMode.TIER_5: 5,
}
_CHOSEN = {
    RowFilterMode.KEEP: ReviewDecision.KEEP,
    RowFilterMode.REVOKE: ReviewDecision.REVOKE,
    RowFilterMode.MODIFY: ReviewDecision.MODIFY,
    RowFilterMode.FIX: ReviewDecision.FIX,
    RowFilterMode.FALSE_POSITIVE: ReviewDecision.FALSE_POSITIVE,
    RowFilterMode.EXCEPT: ReviewDecision.EXCEPT,
}


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which rows are shown."""

    show: RowFilterMode = RowFilterMode.ALL
    typed: Filter[DecidedRow] = EVERYTHING
    items: frozenset[str] | None = None
    """For a filter that depends on the review, the items that it shows (`ReviewStatus.items`)."""

    @property
    def shows_everything(self) -> bool:
        """Whether it hides no row."""
        return self.show is RowFilterMode.ALL and self.typed.shows_everything

    def accepts(self, row: DecidedRow) -> bool:
        """Return whether a row is shown."""
        if not self.typed.accepts(row):
            return False
        if self.items is not None:
            return not self.items.isdisjoint(row.subject_ids)
        return _fits(row, self.show)


def _fits(row: DecidedRow, show: RowFilterMode) -> bool:
    match show:
        case RowFilterMode.OPEN:
            return row.is_open
        case RowFilterMode.UNDECIDED:
            return any(one.choice is ReviewDecision.UNDECIDED for one in row.decisions)
        case RowFilterMode.DECIDED:
            return not row.is_open
        case RowFilterMode.RUN_OUT:
            return row.run_out
        case RowFilterMode.PRIVILEGED:
            return row.privileged
        case RowFilterMode.OUTSIDE:
            return "third_party" in row.classes
        case RowFilterMode.MACHINES:
            return "machine" in row.classes
        case RowFilterMode.WITH_FINDINGS:
            return bool(row.findings)
        case RowFilterMode.NOT_SECONDED:
            return any(one.choice is not ReviewDecision.UNDECIDED and not one.second for one in row.decisions)
        case RowFilterMode.GUARDRAILS:
            return row.is_guardrail
        case RowFilterMode.NEEDS_JUDGEMENT:
            return row.is_open and NEEDS_JUDGEMENT in row.suggestions
        case RowFilterMode.ALL:
            return True
    if show in _WHY:
        return not row.why_asked.isdisjoint(_WHY[show])
    if show in _TIERS:
        return _TIERS[show] in row.tiers
    return show in _CHOSEN and any(one.choice is _CHOSEN[show] for one in row.decisions)
