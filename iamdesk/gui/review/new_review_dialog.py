"""The dialog for a new review: title, period, standards and scope."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from iamdesk.export.text.review_effect import TIER_WORDS
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label, set_tooltip, visible
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, ntr, tr
from iamdesk.review.completion import second_approval_detail
from iamdesk.review.description import describe_with
from iamdesk.review.items import EntitlementType
from iamdesk.review.schema import SUFFIX
from iamdesk.review.scope import Exclusion, Part, PrincipalClass

_CLASS_TITLES: Mapping[PrincipalClass, str] = {
    PrincipalClass.USER: mark("Users"),
    PrincipalClass.GROUP: mark("Groups"),
    PrincipalClass.ROLE: mark("Roles"),
    PrincipalClass.ROOT: mark("Root users"),
    PrincipalClass.IDENTITY_CENTER: mark("IAM Identity Center users and groups"),
    PrincipalClass.SERVICE: mark("AWS services granted access by resource policies"),
    PrincipalClass.OUTSIDE: mark("Other external principals granted access by resource policies"),
}
_TYPE_TITLES: Mapping[EntitlementType, str] = {
    EntitlementType.GROUP: mark("Group memberships"),
    EntitlementType.MANAGED_POLICY: mark("Attached managed policies"),
    EntitlementType.INLINE_POLICY: mark("Inline policies"),
    EntitlementType.TRUST: mark("Role trust"),
    EntitlementType.ACCESS_KEY: mark("Access keys"),
    EntitlementType.RESOURCE_GRANT: mark("Resource policy grants"),
    EntitlementType.PERMISSION_SET: mark("Permission set assignments"),
    EntitlementType.BOUNDARY: mark("Permissions boundaries"),
    EntitlementType.CONSOLE_PASSWORD: mark("Console passwords"),
    EntitlementType.ROOT_ACCESS: mark("Root users"),
}
_LONGEST = 500
_WHOLE = mark("Everything in the snapshot is reviewed.")


class NewReviewDialog(QDialog):
    """Return continues to the file; unchecked items are excluded, with a reason."""

    def __init__(
        self,
        heading: str,
        title: str,
        accounts: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
        *,
        previous: Path | None = None,
        file: Path | None = None,
    ) -> None:
        """Create the dialog.

        Args:
            heading: Title of the window.
            title: Suggested title of the review.
            accounts: Accounts of the snapshot: id and display name.
            parent: Parent widget.
            previous: The review that is followed up, if it is a follow-up review.
            file: Proposed file; None: it is asked for afterwards.
        """
        super().__init__(parent)
        self._previous = previous
        self._asks_for_file = file is None
        self.file = QLineEdit(str(file or ""))
        self.choose_file = _choose_button("reviewChooseFile", tr("Choose the file of the review"))
        self.choose_previous = _choose_button("reviewChoosePrevious", tr("Choose another previous review"))
        self.setObjectName("newReviewDialog")
        self.setWindowTitle(heading)
        self.title = QLineEdit(title)
        self.start, self.end = QLineEdit(), QLineEdit()
        self.standards = QLineEdit()
        self.scope = QTreeWidget()
        self.reason = QLineEdit()
        self.second_approval = [QCheckBox(str(tier)) for tier in TIER_WORDS]
        self.people, self.joins = QLineEdit(), QLineEdit()
        self.captured_by, self.query, self.due = QLineEdit(), QLineEdit(), QLineEdit()
        self.choose_people = _choose_button("reviewChoosePeople", tr("Choose the list of people"))
        self.note = FlowLabel()
        for name, field, title_text, hint in (
            ("reviewTitle", self.title, tr("Title of the review"), ""),
            ("reviewFile", self.file, tr("File of the review"), ""),
            ("reviewPeriodStart", self.start, tr("First day of the period"), tr("YYYY-MM-DD")),
            ("reviewPeriodEnd", self.end, tr("Last day of the period"), tr("YYYY-MM-DD")),
            ("reviewStandards", self.standards, tr("Standards and controls"), tr("such as PCI DSS 7.2.4, SOC 2 CC6.3")),
            ("reviewPeople", self.people, tr("List of people"), tr("CSV file from HR or a directory, if there is one")),
            (
                "reviewJoins",
                self.joins,
                tr("How people are joined with principals"),
                tr("name, email, arn or tag:KEY"),
            ),
            ("reviewDue", self.due, tr("Day by which the review is to be complete"), tr("YYYY-MM-DD")),
            ("reviewCapturedBy", self.captured_by, tr("Who captured the snapshot"), tr("Name")),
            (
                "reviewCaptureQuery",
                self.query,
                tr("Command or query that captured the snapshot, with its filters"),
                tr("such as aws iam get-account-authorization-details"),
            ),
            (
                "reviewLeftOutReason",
                self.reason,
                tr("Reason for exclusions"),
                tr("Why the unchecked items are excluded"),
            ),
        ):
            field.setObjectName(name)
            field.setAccessibleName(title_text)
            field.setPlaceholderText(hint)
            field.setMaxLength(_LONGEST)
            field.textChanged.connect(lambda _text: self._show_message())
        for box, (tier, words) in zip(self.second_approval, TIER_WORDS.items(), strict=True):
            box.setObjectName(f"reviewSecondApproval{tier}")
            box.setAccessibleName(tr("Tier {tier} needs a second approval").format(tier=tier))
            set_tooltip(box, tr(words))
        self._fill(accounts)
        self._lay_out()
        self.scope.itemChanged.connect(lambda _item, _column: self._show_message())
        self._show_message()
        self.title.setFocus()
        self.title.selectAll()

    def _fill(self, accounts: Sequence[tuple[str, str]]) -> None:
        self.scope.setObjectName("reviewScope")
        self.scope.setAccessibleName(tr("Scope of the review; press Space to exclude an item"))
        self.scope.setHeaderHidden(True)
        groups = (
            (tr("Accounts"), Part.ACCOUNT, accounts),
            (tr("Principals"), Part.CLASS, [(one.value, tr(title_text)) for one, title_text in _CLASS_TITLES.items()]),
            (tr("Entitlements"), Part.ENTITLEMENT, [(one.value, tr(_TYPE_TITLES[one])) for one in EntitlementType]),
        )
        for title_text, part, members in groups:
            top = QTreeWidgetItem(self.scope, [title_text])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            for name, text in members:
                item = QTreeWidgetItem(top, [visible(text)])
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(0, Qt.CheckState.Checked)
                item.setData(0, Qt.ItemDataRole.UserRole, (part.value, name))
            top.setExpanded(part is not Part.ACCOUNT or len(accounts) <= 12)
        first = self.scope.topLevelItem(0)
        if first is not None:
            self.scope.setCurrentItem(first)

    def _lay_out(self) -> None:
        period = QHBoxLayout()
        period.addWidget(self.start)
        period.addWidget(plain_label(tr("to")))
        period.addWidget(self.end)
        period.addWidget(plain_label(tr("&due"), buddy=self.due))
        period.addWidget(self.due)
        page = QWidget()
        form = QFormLayout(page)
        form.addRow(tr("&Title"), self.title)
        # Rows that are not needed are hidden, not left out: their fields would be windows of their own.
        file = _beside(self.file, self.choose_file)
        form.addRow(plain_label(tr("&File"), buddy=self.file), file)
        form.setRowVisible(file, not self._asks_for_file)
        named = plain_label(self._previous.name if self._previous is not None else "")
        set_tooltip(named, str(self._previous or ""))
        previous = _beside(named, self.choose_previous)
        form.addRow(tr("Previous review"), previous)
        form.setRowVisible(previous, self._previous is not None)
        form.addRow(plain_label(tr("&Period"), buddy=self.start), period)
        form.addRow(tr("&Standards"), self.standards)
        form.addRow(plain_label(tr("S&cope"), buddy=self.scope), self.scope)
        form.addRow(tr("&Reason"), self.reason)
        tiers = QHBoxLayout()
        for box in self.second_approval:
            tiers.addWidget(box)
        tiers.addStretch()
        form.addRow(plain_label(tr("Second &approval of tiers"), buddy=self.second_approval[0]), tiers)
        people = _beside(self.people, self.choose_people)
        form.addRow(plain_label(tr("P&eople"), buddy=self.people), people)
        form.addRow(tr("&Joined by"), self.joins)
        captured = QHBoxLayout()
        captured.addWidget(self.captured_by, 1)
        captured.addWidget(plain_label(tr("&with"), buddy=self.query))
        captured.addWidget(self.query, 2)
        form.addRow(plain_label(tr("Captured &by"), buddy=self.captured_by), captured)
        form.addRow("", self.note)
        buttons = QDialogButtonBox()
        create = tr("Create re&view…") if self._asks_for_file else tr("Create re&view")
        self.go_on = buttons.addButton(create, QDialogButtonBox.ButtonRole.AcceptRole)
        self.go_on.setDefault(True)
        buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        area = QScrollArea()  # with large text, the form is higher than the screen
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addWidget(buttons)
        unit = self.fontMetrics()
        resize_within_screen(self, unit.averageCharWidth() * 90, unit.height() * 34)

    @property
    def details(self) -> Mapping[str, str]:
        """Period, standards, what no snapshot says, and the tiers that need a second approval."""
        title_text = {
            "period_start": self.start.text().strip(),
            "period_end": self.end.text().strip(),
            "standards": self.standards.text().strip(),
        }
        tiers = [tier for tier, box in zip(TIER_WORDS, self.second_approval, strict=True) if box.isChecked()]
        due = self.due.text().strip()
        stated = describe_with(self.captured_by.text(), self.query.text(), date.fromisoformat(due) if due else None)
        given = {name: text for name, text in title_text.items() if text}
        return given | stated.as_details() | second_approval_detail(tiers)

    @property
    def people_list(self) -> tuple[Path, tuple[str, ...]] | None:
        """The list of people, and the keys that join it; None: none is given."""
        path = self.people.text().strip()
        joins = tuple(filter(None, re.split(r"[\s,;]+", self.joins.text())))
        return (Path(path).expanduser(), joins) if path else None

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """What is excluded, with the reason."""
        reason = self.reason.text().strip()
        return tuple(Exclusion(part, name, reason) for part, name in self._unchecked())

    def _unchecked(self) -> Iterator[tuple[Part, str]]:
        for at in range(self.scope.topLevelItemCount()):
            top = self.scope.topLevelItem(at)
            for place in range(top.childCount() if top is not None else 0):
                item = top.child(place) if top is not None else None
                if item is not None and item.checkState(0) is Qt.CheckState.Unchecked:
                    part, name = item.data(0, Qt.ItemDataRole.UserRole)
                    yield Part(part), str(name)

    def _show_message(self) -> None:
        """Show what is missing; only a complete form can be accepted."""
        wrong = self._wrong()
        out = len(list(self._unchecked()))
        self.reason.setEnabled(out > 0)
        left = ntr(
            "{count} item is excluded; the first page of the evidence reports it.",
            "{count} items are excluded; the first page of the evidence reports them.",
            out,
        ).format(count=number(out))
        self.note.setText(wrong or (left if out else tr(_WHOLE)))
        self.go_on.setEnabled(not wrong)

    def _wrong(self) -> str:
        if not self.title.text().strip():
            return tr("A review needs a title.")
        if not self._asks_for_file and (wrong := self._wrong_file()):
            return wrong
        days: list[date] = []
        for field in (self.start, self.end, self.due):
            if text := field.text().strip():
                try:
                    day = date.fromisoformat(text)
                except ValueError:
                    return tr("Enter dates as YYYY-MM-DD.")
                if field is not self.due:
                    days.append(day)
        if len(days) == 2 and days[0] > days[1]:
            return tr("The last day of the period is before its first day.")
        if bool(self.people.text().strip()) is not bool(self.joins.text().strip()):
            return tr("A list of people needs the key that joins it with the principals, and a key needs a list.")
        if any(self._unchecked()) and not self.reason.text().strip():
            return tr("Enter a reason for the exclusions: the evidence reports it.")
        return ""

    def _wrong_file(self) -> str:
        path = self.path
        if path is None:
            return tr("A review needs a file.")
        if path.exists():
            return tr("{name} already exists: choose another name.").format(name=visible(path.name))
        return "" if path.parent.is_dir() else tr("The folder of the file does not exist.")

    @property
    def path(self) -> Path | None:
        """The file as entered, with its suffix; None if there is none."""
        text = self.file.text().strip()
        path = Path(text).expanduser() if text else None
        return path if path is None or path.suffix == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def _choose_button(name: str, title: str) -> QPushButton:
    button = QPushButton(tr("Choose…"))
    button.setObjectName(name)
    button.setAccessibleName(title)
    button.setAutoDefault(False)
    return button


def _beside(widget: QWidget, button: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(widget, 1)
    row.addWidget(button)
    return row
