"""What the who-can panel says around its table. No Qt."""

from iamdesk.evaluate.request import Request

NO_SNAPSHOT = "Who can do something stands here once a snapshot is open."
NOTHING_ASKED = (
    "Fill in an action and a resource above and press Enter: every user, role and root user who can do it is listed "
    "here, with how and under which conditions. In the resource, * stands for any."
)
CUT_SHORT = "The search has not run to the end."
CANCELLED = "The search was cancelled: there may be more who can than stand here."
EVERY_LAYER = "Here every layer counts and no session policy does, unlike in the question at the top."
NOTHING_TO_EXPORT = "There is nothing to export yet: ask who can, and let the search run to its end."


def none_let_through(rows: int) -> str:
    """Say that the filter hides all that there is."""
    return f"None of the {rows:,} who can is let through by the filter."


def searching(asked: Request) -> str:
    """Say what is going on."""
    return f"Asking everybody for {asked.action} on {asked.resource}."


def nobody(asked: Request) -> str:
    """Say that there is nobody, and who was not asked."""
    return (
        f"No user, role or root user of the snapshot can do {asked.action} on {asked.resource}. "
        "AWS services and principals of other accounts are asked about one by one, in the question at the top."
    )


def found(count: int, asked: Request) -> str:
    """Say how many there are."""
    return f"{count:,} principal{'' if count == 1 else 's'} can do {asked.action} on {asked.resource}."


def holds_for(asked: Request) -> str:
    """Say which question the rows answer, while the fields hold another."""
    return f"Below: who can {asked.action} on {asked.resource}. Enter asks the new question."
