"""What cannot be done over an organization that is read account by account, and what can be done instead."""

from typing import TYPE_CHECKING

from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import mark, tr

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

NEEDS_WHOLE = mark(
    "This takes all accounts at once, and the open organization is too large for the memory in the settings: its "
    "accounts are read one by one. It can be done for one account alone."
)


def whole_or_say(session: Session, message: MessageBar) -> "SnapshotSession | None":
    """Return the open snapshot, where it is in memory as a whole; else say what can be done instead."""
    whole = session.whole
    if whole is None and session.snapshot is not None:
        message.say(Tone.NOTE, tr(NEEDS_WHOLE), tr("Open the selected account alone"), session.open_alone)
    return whole
