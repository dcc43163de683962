"""The sentences of the who-can panel around its table. No Qt."""

from collections.abc import Sequence

from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import Request
from iamdesk.gui.core.locale import number
from iamdesk.i18n import mark, ntr, tr, translate

NO_SNAPSHOT = mark("Open a snapshot to find out who can perform an action.")
NOTHING_ASKED = mark(
    "Leave the first field above empty, enter an action and a resource, and press Enter. Or type the whole "
    "question into one field: “who can delete object on payroll”. The table then lists every principal that can "
    "perform the action, including external accounts, AWS services and public access, with how and under which "
    "conditions. Without an action, Who can? lists every action that each principal can perform on the "
    "resource. In the resource, * matches any text."
)
OTHER_REQUEST = mark("The result is about another request than this list.")
CUT_SHORT = mark("The search is not complete.")
CANCELLED = mark("The search was canceled: more principals may have access than are listed.")
EVERY_POLICY_TYPE = mark("Unlike in the request bar, all policy types are evaluated here, without a session policy.")
NOTHING_TO_EXPORT = mark("Nothing to export: complete a search first.")


def no_matches(rows: int) -> str:
    """Return the sentence that the filter hides all rows."""
    return tr("None of the {rows} principals matches the filter.").format(rows=number(rows))


def none_yet(explained: int, rows: int) -> str:
    """Return the sentence that no row matches of those whose match is known."""
    return tr("None of the {explained} principals explained so far matches the filter, of {rows}.").format(
        explained=number(explained), rows=number(rows)
    )


def unexplained(count: int) -> str:
    """Return the sentence that a filter or an order is not complete."""
    return ntr(
        "{count} principal is not explained yet: filter and order do not know its policies and conditions.",
        "{count} principals are not explained yet: filter and order do not know their policies and conditions.",
        count,
    ).format(count=number(count))


def searching(asked: Request) -> str:
    """Return the sentence that the search is running."""
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return tr("Evaluating every action on {resource} for all principals.").format(resource=resource)
    return tr("Evaluating {action} on {resource} for all principals.").format(action=asked.action, resource=resource)


def no_principals(asked: Request) -> str:
    """Return the sentence that no principal can."""
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return tr(
            "No user, role or root user of the snapshot and no external principal can perform any action on {resource}."
        ).format(resource=resource)
    return tr(
        "No user, role or root user of the snapshot and no external principal can perform {action} on {resource}."
    ).format(action=asked.action, resource=resource)


def found(count: int, depending: int, asked: Request) -> str:
    """Return the sentence with the number of principals that can, and of those for which it depends."""
    if not depending:
        return _who_can(count, asked)
    depends = ntr("For {count} more, it depends.", "For {count} more, it depends.", depending)
    return f"{_who_can(count, asked)} {depends.format(count=number(depending))}"


def _who_can(count: int, asked: Request) -> str:
    resource = with_visible_end(asked.resource)
    if not asked.action:
        return ntr(
            "{count} principal can perform at least one action on {resource}.",
            "{count} principals can perform at least one action on {resource}.",
            count,
        ).format(count=number(count), resource=resource)
    return ntr(
        "{count} principal can perform {action} on {resource}.",
        "{count} principals can perform {action} on {resource}.",
        count,
    ).format(count=number(count), action=asked.action, resource=resource)


def holds_for(asked: Request) -> str:
    """Return the sentence that names the request of the rows, with the number of its context values."""
    resource = with_visible_end(asked.resource)
    named = tr("Who can {action} on {resource}") if asked.action else tr("Who can do what on {resource}")
    words = named.format(action=asked.action, resource=resource)
    count = len(asked.context)
    if not count:
        return words
    given = ntr("with {count} context value", "with {count} context values", count).format(count=count)
    return f"{words}, {given}"


def missing(sentences: Sequence[str]) -> str:
    """Return the sentence that external access is not fully known."""
    return tr("External access is not fully known. {sentences}").format(sentences=" ".join(map(translate, sentences)))
