"""The rows of the table of all principals, their order, their filter and their model."""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette

from iamdesk.checks.finding import Severity
from iamdesk.export.access.principals import PrincipalFacts
from iamdesk.filter_language import EVERYTHING, Field, FieldKind, FilterFields
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.findings.rows import SEVERITIES, SEVERITY_WORDS
from iamdesk.gui.findings.severity_mark import severity_icon
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, NotedRow, marks_of, note_of, or_in_notes
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.widgets import icons
from iamdesk.i18n import mark, ntr, tr, translate
from iamdesk.viewmodel.pages import AdministratorState, PrincipalEntry
from iamdesk.viewmodel.tree import Badge, NodeKind

_PENDING = "…"
_LAST = 1 << 30
"""Sorts after any number and any day."""
KIND_WORDS = {
    NodeKind.ACCOUNT: mark("root user"),
    NodeKind.USER: mark("user"),
    NodeKind.ROLE: mark("role"),
    NodeKind.PERMISSION_SET: mark("Identity Center role"),
    NodeKind.SERVICE_LINKED_ROLE: mark("service-linked role"),
}
_YES_NO = {"yes": mark("yes"), "no": mark("no"), "unknown": mark("not captured")}
_STATE_WORDS = {
    AdministratorState.IS: mark("administrator"),
    AdministratorState.BECOMES: mark("becomes administrator"),
    AdministratorState.MAY_BECOME: mark("may become administrator"),
    AdministratorState.UNKNOWN: mark("not known"),
    AdministratorState.NO: mark("no"),
}
_STATES = tuple(AdministratorState)


class Column(IntEnum):
    """The columns, in order."""

    PRINCIPAL = 0
    KIND = 1
    ACCOUNT = 2
    ADMINISTRATOR = 3
    EXTERNAL = 4
    SEVERITY = 5
    FINDINGS = 6
    ENTITLEMENTS = 7
    LAST_USED = 8
    SIGN_IN = 9
    KEYS = 10


COLUMN_TITLES: dict[Column, str] = {
    Column.PRINCIPAL: mark("Principal"),
    Column.KIND: mark("Kind"),
    Column.ACCOUNT: mark("Account"),
    Column.ADMINISTRATOR: mark("Administrator"),
    Column.EXTERNAL: mark("External access"),
    Column.SEVERITY: mark("Highest severity"),
    Column.FINDINGS: mark("Findings"),
    Column.ENTITLEMENTS: mark("Entitlements"),
    Column.LAST_USED: mark("Last used"),
    Column.SIGN_IN: mark("Console password"),
    Column.KEYS: mark("Access keys"),
}
_COUNTS = (Column.FINDINGS, Column.ENTITLEMENTS)


class PrincipalRow(NotedRow):
    """One principal. What needs the checks, the attack paths or a review's scope is added when it is known."""

    __slots__ = (
        "_haystack",
        "entitlement_names",
        "entitlements",
        "entry",
        "external",
        "findings",
        "is_checked",
        "severity",
        "state",
        "steps",
        "texts",
    )

    def __init__(self, entry: PrincipalEntry) -> None:
        self.entry = entry
        self.entitlements: tuple[str, ...] | None = None
        """Those that a review asks about, in words; None: not counted yet, or never asked about."""
        self.entitlement_names: tuple[str, ...] = ()
        """The same, as displayed."""
        self.state: AdministratorState | None = None
        """None: not known yet."""
        self.steps: int | None = None
        """Steps to administrator; None without an attack path."""
        self.external: bool | None = None
        """Whether a role has external access; None: not known yet, or no role."""
        self.severity: Severity | None = None
        """The highest severity of its open findings; None without findings."""
        self.findings = 0
        """Number of its open findings so far."""
        self.is_checked = False
        """Whether all checks have run."""
        self._haystack: str | None = None
        account = f"{entry.account_name} ({entry.account})" if entry.account_name else entry.account
        self.texts = [
            visible(translate(entry.name)),
            tr(KIND_WORDS[entry.kind]),
            visible(account),
            _PENDING,
            _PENDING if self.is_role else "",
            _PENDING if self.is_counted else "",
            _PENDING if self.is_counted else "",
            _PENDING,
            visible(translate(entry.last_used)),
            _sign_in(entry),
            _keys(entry),
        ]
        """By column, as displayed."""

    @property
    def is_role(self) -> bool:
        """Whether it is a role."""
        return not self.entry.has_credentials

    def set_entitlements(self, names: tuple[str, ...] | None) -> None:
        """Set what a review asks about; None: it does not ask about this principal."""
        self.entitlements = names
        self.entitlement_names = tuple(visible(translate(name)) for name in names or ())
        self._set(Column.ENTITLEMENTS, tr("not reviewed") if names is None else number(len(names)))

    def set_administrator(self, state: AdministratorState, steps: int | None) -> None:
        """Set whether it is or becomes administrator, and in how many steps."""
        self.state, self.steps = state, steps
        text = tr(_STATE_WORDS[state])
        if state in (AdministratorState.BECOMES, AdministratorState.MAY_BECOME) and steps is not None:
            text = ntr("in {count} step", "in {count} steps", steps).format(count=number(steps))
            if state is AdministratorState.MAY_BECOME:
                text = tr("{steps}, possible").format(steps=text)
        self._set(Column.ADMINISTRATOR, text)

    def set_external(self, external: bool) -> None:
        """Set whether a role has external access; nothing changes for others."""
        if self.is_role:
            self.external = external
            self._set(Column.EXTERNAL, tr("yes") if external else tr("no"))

    def set_findings(self, severities: Sequence[Severity], *, is_complete: bool) -> None:
        """Set the severities of its open findings; ``is_complete``: all checks have run. Nothing for a root user."""
        if not self.is_counted:
            return
        self.findings, self.is_checked = len(severities), is_complete
        self.severity = min(severities, key=SEVERITIES.index, default=None)
        none_yet = tr("No findings") if is_complete else _PENDING
        self._set(Column.SEVERITY, tr(SEVERITY_WORDS[self.severity]) if self.severity is not None else none_yet)
        self._set(Column.FINDINGS, number(self.findings) if self.findings or is_complete else _PENDING)

    def _set(self, column: Column, text: str) -> None:
        self.texts[column] = text
        self._haystack = None

    @property
    def is_counted(self) -> bool:
        """Whether it has findings of its own: those on a root user are about its account."""
        return self.entry.kind is not NodeKind.ACCOUNT

    @property
    def haystack(self) -> str:
        """What words are looked for in, in lower case."""
        if self._haystack is None:
            self._haystack = "\n".join((*self.texts, self.entry.arn)).casefold()
        return self._haystack

    @property
    def noted_items(self) -> Sequence[str]:
        """Its ARN."""
        return (self.entry.arn,)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column: worst, latest or lowest first, what is not known last."""
        return (self._rank(Column(column)), self.texts[Column.PRINCIPAL].casefold(), self.entry.arn)

    def facts(self) -> PrincipalFacts:
        """Return what was found out so far, for an export."""
        is_known = bool(self.findings) or self.is_checked
        return PrincipalFacts(
            self.entry,
            self.state,
            self.steps,
            self.external,
            self.severity,
            self.findings if is_known else None,
            self.entitlements,
        )

    def _rank(self, column: Column) -> int | str:
        match column:
            case Column.LAST_USED:
                used = self.entry.used
                return -used.toordinal() if isinstance(used, date) else {"never": 1, "unknown": 2}.get(used or "", 3)
            case Column.SIGN_IN:
                return _RANKS_OF_SIGN_IN.get((self.entry.has_password, self.entry.has_mfa), _LAST)
            case Column.KEYS:
                return _LAST if self.entry.keys is None else self.entry.keys
            case Column.ADMINISTRATOR:
                rank = _LAST if self.state is None else _STATES.index(self.state) * 1_000
                return rank + (self.steps or 0)
            case Column.EXTERNAL:
                return _LAST if self.external is None else int(not self.external)
            case Column.SEVERITY:
                return _LAST if self.severity is None else SEVERITIES.index(self.severity)
            case Column.FINDINGS:
                return self.findings if self.findings or self.is_checked else _LAST
            case Column.ENTITLEMENTS:
                return _LAST if self.entitlements is None else len(self.entitlements)
        return self.texts[column].casefold()


_RANKS_OF_SIGN_IN = {
    (True, False): 0,
    (None, False): 1,
    (True, None): 2,
    (True, True): 3,
    (None, True): 4,
    (False, False): 5,
    (False, True): 5,
    (False, None): 5,
}
"""By password and MFA, the least safe first."""


def _sign_in(entry: PrincipalEntry) -> str:
    """Return whether a user has a console password, and MFA; the report does not say if a root user has one."""
    if not entry.has_credentials:
        return ""
    match entry.has_password, entry.has_mfa:
        case False, _:
            return tr("no password")
        case True, True:
            return tr("with MFA")
        case True, False:
            return tr("without MFA")
        case True, None:
            return tr("MFA not captured")
        case None, True:
            return tr("MFA, password not captured")
        case None, False:
            return tr("no MFA, password not captured")
    return tr("not captured")


def _keys(entry: PrincipalEntry) -> str:
    if not entry.has_credentials:
        return ""
    if entry.keys is None:
        return tr("not captured")
    if entry.oldest_key is None:
        return number(entry.keys)
    return tr("{count} since {day}").format(count=number(entry.keys), day=day(entry.oldest_key.isoformat()))


def _yes_no(entry: PrincipalEntry, value: bool | None) -> str | None:
    if not entry.has_credentials:
        return None
    return "unknown" if value is None else "yes" if value else "no"


FIELDS: FilterFields[PrincipalRow] = FilterFields(
    (
        Field(
            "principal",
            COLUMN_TITLES[Column.PRINCIPAL],
            lambda row: row.texts[Column.PRINCIPAL],
            column=Column.PRINCIPAL,
        ),
        Field(
            "kind",
            COLUMN_TITLES[Column.KIND],
            lambda row: KIND_WORDS[row.entry.kind],
            FieldKind.WORD,
            {word: word for word in KIND_WORDS.values()},
            Column.KIND,
        ),
        Field("account", COLUMN_TITLES[Column.ACCOUNT], lambda row: row.texts[Column.ACCOUNT], column=Column.ACCOUNT),
        Field(
            "used",
            COLUMN_TITLES[Column.LAST_USED],
            lambda row: row.entry.used,
            FieldKind.DATE,
            {"never": mark("never"), "unknown": mark("not captured")},
            Column.LAST_USED,
        ),
        Field("created", mark("Created"), lambda row: row.entry.created, FieldKind.DATE),
        Field(
            "password",
            mark("Has a console password"),
            lambda row: _yes_no(row.entry, row.entry.has_password),
            FieldKind.WORD,
            _YES_NO,
        ),
        Field(
            "mfa", mark("Has an MFA device"), lambda row: _yes_no(row.entry, row.entry.has_mfa), FieldKind.WORD, _YES_NO
        ),
        Field("signin", COLUMN_TITLES[Column.SIGN_IN], lambda row: row.texts[Column.SIGN_IN], column=Column.SIGN_IN),
        Field("keys", mark("Active access keys"), lambda row: row.entry.keys, FieldKind.NUMBER, column=Column.KEYS),
        Field("key", mark("Day of the oldest active access key"), lambda row: row.entry.oldest_key, FieldKind.DATE),
        Field(
            "administrator",
            COLUMN_TITLES[Column.ADMINISTRATOR],
            lambda row: None if row.state is None else row.state.value,
            FieldKind.WORD,
            {state.value: word for state, word in _STATE_WORDS.items()},
            Column.ADMINISTRATOR,
        ),
        Field("steps", mark("Steps to administrator"), lambda row: row.steps, FieldKind.NUMBER),
        Field(
            "external",
            COLUMN_TITLES[Column.EXTERNAL],
            lambda row: None if row.external is None else "yes" if row.external else "no",
            FieldKind.WORD,
            {"yes": mark("yes"), "no": mark("no")},
            Column.EXTERNAL,
        ),
        Field(
            "severity",
            COLUMN_TITLES[Column.SEVERITY],
            lambda row: None if row.severity is None else row.severity.value,
            FieldKind.RANK,
            {severity.value: SEVERITY_WORDS[severity] for severity in reversed(SEVERITIES)},
            Column.SEVERITY,
        ),
        Field(
            "findings",
            COLUMN_TITLES[Column.FINDINGS],
            lambda row: row.findings if row.findings or row.is_checked else None,
            FieldKind.NUMBER,
            column=Column.FINDINGS,
        ),
        Field(
            "entitlements",
            COLUMN_TITLES[Column.ENTITLEMENTS],
            lambda row: None if row.entitlements is None else len(row.entitlements),
            FieldKind.NUMBER,
            column=Column.ENTITLEMENTS,
        ),
        Field("entitlement", mark("Entitlement, by name"), lambda row: row.entitlement_names),
        Field("arn", mark("ARN"), lambda row: visible(row.entry.arn)),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    or_in_notes(lambda word: lambda row: word in row.haystack),
)


class PrincipalsModel(RowsModel[PrincipalRow]):
    """All principals, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], EVERYTHING, palette, has_notes=True)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._kinds = {kind: icons.icon(kind, palette) for kind in KIND_WORDS}
        self._administrator = icons.icon(Badge.ADMINISTRATOR, palette)
        self._external = icons.icon(Badge.EXTERNAL_ACCESS, palette)
        self._no_mfa = icons.icon(Badge.NO_MFA_KNOWN, palette)
        self._severities = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        super().repaint(palette)

    @override
    def tooltip(self, row: PrincipalRow, column: int) -> str:
        match column:
            case Column.PRINCIPAL:
                return row.entry.arn
            case Column.ENTITLEMENTS if row.entitlements:
                return "\n".join(row.entitlement_names)
        return row.texts[column]

    @override
    def look(self, row: PrincipalRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _COUNTS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self._decoration(row, Column(column)) if role == Qt.ItemDataRole.DecorationRole else None

    def _decoration(self, row: PrincipalRow, column: Column) -> Any:
        match column:
            case Column.PRINCIPAL:
                return self._kinds[row.entry.kind]
            case Column.SIGN_IN if row.entry.has_mfa is False and row.entry.has_password is not False:
                return self._no_mfa
            case Column.ADMINISTRATOR if row.state is AdministratorState.IS:
                return self._administrator
            case Column.EXTERNAL if row.external:
                return self._external
            case Column.SEVERITY if row.severity is not None:
                return self._severities[row.severity]
        return None
