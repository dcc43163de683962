"""The columns of the review table, for entitlements and for findings."""

from collections.abc import Mapping
from enum import IntEnum

from iamdesk.i18n import mark


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    WHO = 1
    WHAT = 2
    ADMINISTRATION = 3
    EFFECT = 4
    LAST_USED = 5
    FINDINGS = 6
    COMMENT = 7
    ACCOUNT = 8


COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: mark("Decision"),
    Column.WHO: mark("Principal"),
    Column.WHAT: mark("Entitlement"),
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
OF_LINES_ALONE = (Column.ADMINISTRATION, Column.EFFECT)
"""Columns that only entitlements have."""
