"""What no snapshot says: who captured it and how, by when the review is due, and who the reviewers are."""

from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from iamdesk.errors import ReviewError
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, phrase, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.review.description import ReviewDescription, describe_with, description_of, record_description

_CSV = mark("CSV files (*.csv);;All files (*)")
_LONGEST = 2000


class DescriptionWindow(CoordinationWindow):
    """Shows what is stated, and records what was changed, with the name of who states it."""

    def __init__(self, about: Coordination, parent: QWidget) -> None:
        super().__init__(
            about,
            parent,
            name="description",
            title=tr("Review information"),
        )
        self.known = ReviewDescription()
        self.captured_by, self.query, self.due, self.reviewers = (QLineEdit() for _ in range(4))
        form = QFormLayout()
        for field, name, title, hint in (
            (self.captured_by, "CapturedBy", tr("Captured &by"), tr("Who captured the snapshot")),
            (self.query, "Query", tr("&Query"), tr("Command or query with its filters, such as aws iam get-account-…")),
            (self.due, "Due", tr("&Due day"), tr("YYYY-MM-DD: by when the review is to be complete")),
            (self.reviewers, "Reviewers", tr("Re&viewers"), tr("CSV file: name, role, competence, independence")),
        ):
            field.setObjectName(f"description{name}")
            field.setAccessibleName(title.replace("&", ""))
            field.setPlaceholderText(hint)
            field.setMaxLength(_LONGEST)
            field.textChanged.connect(lambda _text: self.refresh())
            row = QHBoxLayout()
            row.addWidget(field, 1)
            if field is self.reviewers:
                choose = self.button(tr("Choose…"), "ChooseReviewers")
                choose.setAccessibleName(tr("Choose the list of reviewers"))
                choose.clicked.connect(self._choose)
                row.addWidget(choose)
            form.addRow(plain_label(title, buddy=field), row)
        self.stated = FlowLabel()
        self.stated.setObjectName("descriptionStated")
        self.list = self.table(
            "Table",
            tr("What is stated about the reviewers"),
            [tr("Reviewer"), tr("Role"), tr("Competence"), tr("Independence")],
        )
        self.record_button = self.button(tr("&Record"), "Record")
        self.record_button.clicked.connect(self.record)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(
            FlowLabel(
                tr(
                    "Auditors ask for this. The evidence prints it as stated, with the name of the person "
                    "who stated it."
                )
            )
        )
        layout.addLayout(form)
        layout.addWidget(self.stated)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.bottom(self.record_button))
        self.size_for(110, 28)
        self.captured_by.setFocus()
        self.read()

    def read(self) -> None:
        """Read what is stated, in a worker."""
        file = self.about.review_session.file
        self.run(
            tr("Reading what is stated"),
            lambda _progress, _cancelled: description_of(file),
            self._show,
            "describe review",
        )

    def _show(self, found: ReviewDescription) -> None:
        self.known = found
        self.captured_by.setText(found.captured_by)
        self.query.setText(found.capture_query)
        self.due.setText(found.due.isoformat() if found.due else "")
        self.reviewers.clear()
        fill_table(
            self.list, [row_item([one.name, one.role, one.competence, one.independence]) for one in found.reviewers]
        )
        names = dict.fromkeys(name or tr("whoever created the review") for name in found.stated_by.values())
        self.stated.setText(
            tr("Stated by {names}.").format(names=", ".join(names)) if names else tr("Nothing is stated yet.")
        )
        self.refresh()

    def _choose(self) -> None:
        path = self._prompts.file_to_open(self, tr("List of reviewers"), self.folder, tr(_CSV))
        if path is not None:
            self.reviewers.setText(str(path))

    def _changes(self) -> tuple[str, str, str, str]:
        """Return what differs from what is stated; an emptied field changes nothing."""
        known = (
            self.known.captured_by,
            self.known.capture_query,
            self.known.due.isoformat() if self.known.due else "",
            "",
        )
        fields = (self.captured_by, self.query, self.due, self.reviewers)
        texts = (field.text().strip() for field in fields)
        captured_by, query, due, reviewers = (
            text if text != before else "" for text, before in zip(texts, known, strict=True)
        )
        return captured_by, query, due, reviewers

    def record(self) -> None:
        """Record what was changed, in a worker."""
        captured_by, query, due, reviewers = self._changes()
        file, actor = self.about.review_session.file, self.about.actor()

        def work(_progress: Progress, _cancelled: Cancelled) -> ReviewDescription:
            try:
                day = date.fromisoformat(due) if due else None
            except ValueError:
                raise ReviewError(phrase("`{text}` is not a date: expected YYYY-MM-DD", text=due)) from None
            path = Path(reviewers).expanduser() if reviewers else None
            record_description(file, describe_with(captured_by, query, day, path), actor)
            return description_of(file)

        def recorded(found: ReviewDescription) -> None:
            self._show(found)
            self.about.changed()
            self.message.say(Tone.NOTE, tr("Recorded, as stated by {name}.").format(name=actor.name))

        self.run(tr("Recording"), work, recorded, "describe review")

    def refresh(self) -> None:
        """Enable what can be used now."""
        super().refresh()
        self.record_button.setEnabled(any(self._changes()) and not self.is_running)
