"""Handles actions that need the whole organization in memory, if it is read account by account."""

from typing import TYPE_CHECKING

from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import mark, tr

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

NEEDS_WHOLE = mark(
    "This needs all accounts in memory, and the open organization is larger than the memory "
    "limit in the settings. You can do it for a single account."
)


def whole_or_report(session: Session, message: MessageBar) -> "SnapshotSession | None":
    """Return the open snapshot if it is in memory as a whole; else show what can be done instead, and return None."""
    whole = session.whole
    if whole is None and session.snapshot is not None:
        message.say(Tone.NOTE, tr(NEEDS_WHOLE), tr("Open only the selected account"), session.open_alone)
    return whole
