"""What the who-can panel says around its table. No Qt."""

from iamdesk.evaluate.request import Request
from iamdesk.gui.speech import number
from iamdesk.language import mark, ntr, tr
from iamdesk.visible import with_visible_end

NO_SNAPSHOT = mark("Who can do something stands here once a snapshot is open.")
NOTHING_ASKED = mark(
    "Fill in an action and a resource above and press Enter: every user, role and root user who can do it is listed "
    "here, with how and under which conditions. In the resource, * stands for any."
)
CUT_SHORT = mark("The search has not run to the end.")
CANCELLED = mark("The search was cancelled: there may be more who can than stand here.")
EVERY_LAYER = mark("Here every layer counts and no session policy does, unlike in the question at the top.")
NOTHING_TO_EXPORT = mark("There is nothing to export yet: ask who can, and let the search run to its end.")


def none_let_through(rows: int) -> str:
    """Say that the filter hides all that there is."""
    return tr("None of the {rows} who can is let through by the filter.").format(rows=number(rows))


def searching(asked: Request) -> str:
    """Say what is going on."""
    return tr("Asking everybody for {action} on {resource}.").format(
        action=asked.action, resource=with_visible_end(asked.resource)
    )


def nobody(asked: Request) -> str:
    """Say that there is nobody, and who was not asked."""
    return tr(
        "No user, role or root user of the snapshot can do {action} on {resource}. AWS services and "
        "principals of other accounts are asked about one by one, in the question at the top."
    ).format(action=asked.action, resource=with_visible_end(asked.resource))


def found(count: int, asked: Request) -> str:
    """Say how many there are."""
    return ntr(
        "{count} principal can do {action} on {resource}.", "{count} principals can do {action} on {resource}.", count
    ).format(count=number(count), action=asked.action, resource=with_visible_end(asked.resource))


def holds_for(asked: Request) -> str:
    """Say which question the rows answer, while the fields hold another."""
    return tr("Below: who can {action} on {resource}. Enter asks the new question.").format(
        action=asked.action, resource=with_visible_end(asked.resource)
    )
