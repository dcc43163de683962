"""Which rows of a review a reviewer wants to see."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.decided_row import DecidedRow
from iamdesk.language import mark
from iamdesk.review.decisions import Choice


class Show(StrEnum):
    """Which rows a reviewer wants to see."""

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


SHOW_TITLES: dict[Show, str] = {
    Show.ALL: mark("All"),
    Show.OPEN: mark("To decide"),
    Show.DECIDED: mark("Decided"),
    Show.KEEP: mark("Kept"),
    Show.REVOKE: mark("To be revoked"),
    Show.MODIFY: mark("To be modified"),
    Show.FIX: mark("To be fixed"),
    Show.FALSE_POSITIVE: mark("False positives"),
    Show.EXCEPT: mark("Excepted"),
    Show.RUN_OUT: mark("Exceptions that have run out"),
    Show.PRIVILEGED: mark("Administrators, and who becomes one"),
    Show.OUTSIDE: mark("Third parties"),
    Show.MACHINES: mark("Machines"),
    Show.WITH_FINDINGS: mark("With findings"),
    Show.NOT_SECONDED: mark("Decided, without a second reviewer"),
}
OF_LINES = tuple(one for one in Show if one not in (Show.FIX, Show.FALSE_POSITIVE))
OF_FINDINGS = (
    *(Show.ALL, Show.OPEN, Show.DECIDED, Show.FIX, Show.FALSE_POSITIVE, Show.EXCEPT, Show.RUN_OUT),
    Show.NOT_SECONDED,
)
_CHOSEN = {
    Show.KEEP: Choice.KEEP,
    Show.REVOKE: Choice.REVOKE,
    Show.MODIFY: Choice.MODIFY,
    Show.FIX: Choice.FIX,
    Show.FALSE_POSITIVE: Choice.FALSE_POSITIVE,
    Show.EXCEPT: Choice.EXCEPT,
}


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which rows are shown."""

    show: Show = Show.ALL
    text: str = ""
    """Words, each of which must be somewhere in the row."""

    @property
    def shows_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return self.show is Show.ALL and not self.text.strip()

    def lets_through(self, row: DecidedRow) -> bool:
        """Return whether a row is shown."""
        text = self.text.casefold().split()
        if text and not all(word in row.haystack or word in row.texts[Column.COMMENT].casefold() for word in text):
            return False
        return _fits(row, self.show)


def _fits(row: DecidedRow, show: Show) -> bool:
    match show:
        case Show.OPEN:
            return row.is_open
        case Show.DECIDED:
            return not row.is_open
        case Show.RUN_OUT:
            return row.run_out
        case Show.PRIVILEGED:
            return row.privileged
        case Show.OUTSIDE:
            return "third_party" in row.classes
        case Show.MACHINES:
            return "machine" in row.classes
        case Show.WITH_FINDINGS:
            return bool(row.findings)
        case Show.NOT_SECONDED:
            return any(one.choice is not Choice.UNDECIDED and not one.second for one in row.decisions)
        case Show.ALL:
            return True
    return any(one.choice is _CHOSEN[show] for one in row.decisions)
