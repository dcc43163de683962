"""The columns of the review table, for entitlements and for findings."""

from collections.abc import Mapping
from enum import IntEnum

from iamdesk.i18n import mark


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    WHO = 1
    WHAT = 2
    REVOKING = 3
    """What changes if the entitlement goes."""
    ADMINISTRATION = 4
    EFFECT = 5
    """What the holder can do."""
    LAST_USED = 6
    FINDINGS = 7
    COMMENT = 8
    ACCOUNT = 9


COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: mark("Decision"),
    Column.WHO: mark("Principal"),
    Column.WHAT: mark("Entitlement"),
    Column.REVOKING: mark("Effect"),
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
OF_LINES_ALONE = (Column.REVOKING, Column.ADMINISTRATION, Column.EFFECT)
"""Columns that only entitlements have."""
