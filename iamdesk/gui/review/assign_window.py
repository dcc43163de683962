"""Assigns a review by a rules file: who gets how many items is shown before it is recorded."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from iamdesk.errors import ReviewError
from iamdesk.export.text.decision import short_arn
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import join_names, mark, ntr, phrase, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.review.coordination import (
    Assignment,
    Rules,
    SameName,
    assign_review,
    kept_in_parts,
    own_access_in,
    plan_assignment,
    read_rules,
)

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

_MOST_NAMED = 3
_CSV = mark("CSV files (*.csv);;All files (*)")


class AssignWindow(CoordinationWindow):
    """Choose the rules, look at what they give, and assign."""

    def __init__(self, about: Coordination, opened: "SnapshotSession | None", parent: QWidget) -> None:
        """Create the window.

        Args:
            about: The review.
            opened: Its snapshot, which rules may ask for tags and organizational units; None: another one is open.
            parent: The main window.
        """
        super().__init__(about, parent, name="assign", title=tr("Assign"))
        self._opened = opened
        self._plan: tuple[Rules, Assignment, tuple[SameName, ...]] | None = None
        self.rules, self.managers = QLineEdit(), QLineEdit()
        form = QFormLayout()
        for field, name, title, hint in (
            (self.rules, "Rules", tr("&Rules"), tr("CSV file: which items, reviewer, backup, due")),
            (
                self.managers,
                "Managers",
                tr("&Managers"),
                tr("CSV file with principal and manager, if a rule asks for it"),
            ),
        ):
            field.setObjectName(f"assign{name}")
            field.setAccessibleName(title.replace("&", ""))
            field.setPlaceholderText(hint)
            field.editingFinished.connect(self._preview)
            choose = self.button(tr("Choose…"), f"Choose{name}")
            choose.setAccessibleName(tr("Choose {what}").format(what=title.replace("&", "")))
            choose.clicked.connect(lambda _checked=False, field=field: self._choose(field))
            row = QHBoxLayout()
            row.addWidget(field, 1)
            row.addWidget(choose)
            form.addRow(plain_label(title, buddy=field), row)
        self.preview = self.table(
            "Preview", tr("Who gets how many items"), [tr("Reviewer"), tr("Items"), tr("Due"), tr("Backup")]
        )
        self.note = FlowLabel(tr("Nothing is recorded until you assign."))
        self.note.setObjectName("assignNote")
        self.assign_button = self.button(tr("&Assign"), "Assign")
        self.assign_button.clicked.connect(self.assign)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addLayout(form)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self.note)
        layout.addLayout(self.bottom(self.assign_button))
        self.size_for(100, 30)
        self.rules.setFocus()
        self.refresh()

    def _choose(self, field: QLineEdit) -> None:
        title = tr("Choose {what}").format(what=field.accessibleName())
        path = self._prompts.file_to_open(self, title, self.folder, tr(_CSV))
        if path is not None:
            field.setText(str(path))
            self._preview()

    def _paths(self) -> tuple[Path | None, Path | None]:
        rules, managers = self.rules.text().strip(), self.managers.text().strip()
        return Path(rules) if rules else None, Path(managers) if managers else None

    def _preview(self) -> None:
        """Work out what the rules give, in a worker."""
        path, managers = self._paths()
        self._plan = None
        self.preview.clear()
        self.refresh()
        if path is None:
            return
        file, snapshot = self.about.review_session.file, self._opened.snapshot if self._opened else None

        def work(_progress: Progress, _cancelled: Cancelled) -> tuple[Rules, Assignment, tuple[SameName, ...]]:
            rules = read_rules(path)
            if rules.ask_snapshot and snapshot is None:
                raise ReviewError(
                    phrase("a rule asks for tags or organizational units: open the snapshot of the review")
                )
            if rules.ask_managers and managers is None:
                raise ReviewError(phrase("a rule asks for managers: choose the file with the managers"))
            plan = plan_assignment(file, rules, snapshot, managers)
            return rules, plan, own_access_in(file, plan)

        self.run(tr("Reading the rules"), work, self._show, "assign review")

    def _show(self, plan: tuple[Rules, Assignment, tuple[SameName, ...]]) -> None:
        self._plan = plan
        _rules, assignment, own = plan
        groups = sorted(assignment.by_reviewer().items(), key=lambda one: one[0].reviewer.casefold())
        rows = [
            row_item([to.reviewer, number(len(items)), day(to.due.isoformat()) if to.due else "", to.backup])
            for to, items in groups
        ]
        if assignment.unassigned:
            rows.append(row_item([tr("No reviewer"), number(len(assignment.unassigned)), "", ""]))
        fill_table(self.preview, rows)
        total = len(assignment.reviewers) + len(assignment.unassigned)
        words = tr("{count} of {total} items and findings get a reviewer.").format(
            count=number(len(assignment.reviewers)), total=number(total)
        )
        if assignment.unassigned:
            words += " " + ntr(
                "No rule matches {count}: the review cannot be completed until it is assigned.",
                "No rule matches {count}: the review cannot be completed until they are assigned.",
                len(assignment.unassigned),
            ).format(count=number(len(assignment.unassigned)))
        for one in own:
            words += "\n" + tr(
                "{name} gets items of {principals}: according to the list of people, of a person with the same or a "
                "similar name."
            ).format(name=one.reviewer, principals=join_names([short_arn(arn) for arn in one.principals], _MOST_NAMED))
        self.note.setText(words)

    def assign(self) -> None:
        """Record the assignment that is shown."""
        if self._plan is None:
            return
        rules, (_path, managers) = self._plan[0], self._paths()
        file, snapshot = self.about.review_session.file, self._opened.snapshot if self._opened else None
        actor = self.about.actor()

        def work(_progress: Progress, _cancelled: Cancelled) -> int:
            assign_review(file, rules, actor, snapshot, managers)
            return kept_in_parts(file)

        self.run(tr("Assigning"), work, self._assigned, "assign review")

    def _assigned(self, kept: int) -> None:
        self.about.changed()
        words = tr("The review is assigned. Split it next: each reviewer gets a file.")
        if kept:
            words += " " + ntr(
                "{count} item is already in a part with another reviewer, backup or due day, which remains valid.",
                "{count} items are already in parts with other reviewers, backups or due days, which remain valid.",
                kept,
            ).format(count=number(kept))
        self.message.say(Tone.NOTE, words)

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""
        super().refresh()
        self.assign_button.setEnabled(self._plan is not None and not self.is_running)
