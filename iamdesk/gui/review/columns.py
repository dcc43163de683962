"""The columns of the review table, for entitlements and for findings."""

from collections.abc import Mapping
from enum import IntEnum

from iamdesk.i18n import mark


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    WHO = 1
    WHAT = 2
    TIER = 3
    SUGGESTION = 4
    LOSES = 5
    GAINS = 6
    REVOKING = 7
    """What changes if the entitlement goes."""
    WHY_ASKED = 8
    REMOVAL = 9
    """What became of the revocation."""
    TICKET = 10
    """Its number in another system, and its state there."""
    ADMINISTRATION = 11
    EFFECT = 12
    """What the holder can do."""
    LAST_USED = 13
    FINDINGS = 14
    COMMENT = 15
    ACCOUNT = 16


COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: mark("Decision"),
    Column.WHO: mark("Principal"),
    Column.WHAT: mark("Entitlement"),
    Column.TIER: mark("Tier"),
    Column.SUGGESTION: mark("Suggestion"),
    Column.LOSES: mark("Loses"),
    Column.GAINS: mark("Gains"),
    Column.REVOKING: mark("Effect"),
    Column.WHY_ASKED: mark("Why asked"),
    Column.REMOVAL: mark("Removal"),
    Column.TICKET: mark("Ticket"),
    Column.ADMINISTRATION: mark("Administrator"),
    Column.EFFECT: mark("Permissions"),
    Column.LAST_USED: mark("Last used"),
    Column.FINDINGS: mark("Findings"),
    Column.COMMENT: mark("Comment"),
    Column.ACCOUNT: mark("Account"),
}
FINDING_TITLES: Mapping[Column, str] = {
    **COLUMN_TITLES,
    Column.WHO: mark("Subject"),
    Column.WHAT: mark("Finding"),
    Column.LAST_USED: mark("Check"),
    Column.FINDINGS: mark("Severity"),
}
"""Titles of the same columns if the rows are findings."""
OF_EFFECT = (Column.TIER, Column.SUGGESTION, Column.LOSES, Column.GAINS, Column.REVOKING)
"""Columns of the effect that an entitlement carries."""
OF_LINES_ALONE = (*OF_EFFECT, Column.ADMINISTRATION, Column.EFFECT)
"""Columns that only entitlements have."""
WHERE_THERE_IS_ANY = (Column.WHY_ASKED, Column.REMOVAL, Column.TICKET)
"""Columns that are hidden while none of the rows has a text there."""
NUMBERS = (Column.LOSES, Column.GAINS)
"""Columns that are aligned to the right."""
