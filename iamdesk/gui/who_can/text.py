"""What the who-can panel says around its table. No Qt."""

from collections.abc import Sequence

from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import Request
from iamdesk.gui.core.locale import number
from iamdesk.i18n import mark, ntr, tr, translate

NO_SNAPSHOT = mark("Who can do something stands here once a snapshot is open.")
NOTHING_ASKED = mark(
    "Fill in an action and a resource above and press Enter: everybody who can do it is listed here, external "
    "accounts, AWS services and anyone at all included, with how and under which conditions. Without an action, all "
    "that each can do on the resource is. In the resource, * stands for any."
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
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return tr("Asking everybody for every action on {resource}.").format(resource=resource)
    return tr("Asking everybody for {action} on {resource}.").format(action=asked.action, resource=resource)


def nobody(asked: Request) -> str:
    """Say that there is nobody."""
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return tr(
            "No user, role or root user of the snapshot can do anything on {resource}, and no external caller can."
        ).format(resource=resource)
    return tr(
        "No user, role or root user of the snapshot can do {action} on {resource}, and no external caller can."
    ).format(action=asked.action, resource=resource)


def found(count: int, asked: Request) -> str:
    """Say how many there are."""
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return ntr(
            "{count} principal can do something on {resource}.",
            "{count} principals can do something on {resource}.",
            count,
        ).format(count=number(count), resource=resource)
    return ntr(
        "{count} principal can do {action} on {resource}.", "{count} principals can do {action} on {resource}.", count
    ).format(count=number(count), action=asked.action, resource=resource)


def holds_for(asked: Request) -> str:
    """Say which question the rows answer, while the fields hold another."""
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return tr("Below: who can do what on {resource}. Enter asks the new question.").format(resource=resource)
    return tr("Below: who can {action} on {resource}. Enter asks the new question.").format(
        action=asked.action, resource=resource
    )


def missing(sentences: Sequence[str]) -> str:
    """Say what is not known of external access."""
    return tr("Not known of external access: {sentences}").format(sentences=" ".join(map(translate, sentences)))
