"""The who-can query, as a sentence: Who can … on … ? Enter in either field searches.

Without an action, it is about every action that fits the resource.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from iamdesk.evaluate.request import Request
from iamdesk.export.text.decision import condition_words
from iamdesk.gui.ask.autocomplete import AutocompleteService, may_mean_objects
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.i18n import ntr, tr, translate

if TYPE_CHECKING:
    from iamdesk.api import Hint, Opened


class WhoCanQueryBar(QWidget):
    """Action, resource, and the context of the request that it came from."""

    submitted = Signal()
    """The search is to start."""
    edited = Signal()
    """The fields changed."""
    hinted = Signal(str, str)
    """A sentence about a known mistake, and the resource to use instead (may be empty); empty: no mistake."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lookups = AutocompleteService(session, jobs, self)
        self._brought = Request("", "", "")
        self.action = AutocompleteEdit(tr("Action to perform"))
        self.resource = AutocompleteEdit(tr("Resource to act on"))
        self.context = QToolButton()
        self.find_button = QPushButton(tr("Find"))
        self._lay_out()
        self._connect()
        self._show_context()

    def _lay_out(self) -> None:
        unit = self.fontMetrics().averageCharWidth()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for word, field, name, hint, share in (
            (tr("Who ca&n"), self.action, "whoCanAction", tr("s3:GetObject, or empty for all"), 4),
            (
                tr("on {resource}").format(resource="").strip(),
                self.resource,
                "whoCanResource",
                tr("an ARN; * matches any text"),
                7,
            ),
        ):
            field.setObjectName(name)
            field.setPlaceholderText(hint)
            field.setMinimumWidth(unit * 14)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            layout.addWidget(plain_label(word, buddy=field))
            layout.addWidget(field, share)
        layout.addWidget(plain_label("?"))
        self.context.setObjectName("whoCanContext")
        self.context.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.context.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        layout.addWidget(self.context)
        self.find_button.setObjectName("whoCanFind")
        self.find_button.setAccessibleName(tr("Find who can"))
        set_tooltip(self.find_button, tr("List all principals that can (Enter in a field)"))
        layout.addWidget(self.find_button)
        for before, after in pairwise((self.action, self.resource, self.context, self.find_button)):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.action.wanted.connect(lambda text: self._lookups.suggest_actions(self.action, text))
        self.resource.wanted.connect(
            lambda text: self._lookups.suggest_resources(self.resource, self.action.text().strip(), text)
        )
        for field in (self.action, self.resource):
            field.taken.connect(self._taken)
            field.submitted.connect(self._submit)
            field.textChanged.connect(self.edited)
        self.find_button.clicked.connect(self._submit)
        self.context.clicked.connect(self._drop_context)

    @property
    def request(self) -> Request:
        """The request of the fields; its principal is that of the request it came from, if any."""
        action, resource = self.action.text().strip(), self.resource.text().lstrip()
        return replace(self._brought, action=action, resource=resource)

    @property
    def is_complete(self) -> bool:
        """Whether both fields are filled in, or at least a resource."""
        if any(field.has_placeholder for field in (self.action, self.resource)):
            return False
        resource = self.resource.text().strip()
        return bool(resource and (self.action.text().strip() or resource != "*"))

    def show_request(self, request: Request) -> None:
        """Show action, resource and context of a request."""
        self._brought = request
        self.action.setText(request.action)
        self.resource.setText(request.resource)
        self._show_context()

    def clear(self) -> None:
        """Clear the fields."""
        for field in (self.action, self.resource):
            field.close_popup()
        self.show_request(Request("", "", ""))

    def focus_open_field(self) -> None:
        """Focus the first empty field, or the first field."""
        opened = self._session.snapshot
        if opened is not None and not self.resource.text().strip() and opened.takes_no_resource(self.action.text()):
            self.resource.setText("*")
        fields = (self.action, self.resource)
        field = next((field for field in fields if not field.text().strip() or field.has_placeholder), self.action)
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        if field.has_placeholder:
            field.select_placeholder(from_start=True)
        else:
            field.selectAll()

    def focus_wrong_field(self) -> None:
        """Focus the action if it cannot be one, else the resource: the search was refused."""
        action = self.action.text().strip()
        service, colon, name = action.partition(":")
        is_action = not action or bool(service and colon and name and " " not in action)
        field = self.resource if is_action else self.action
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_for_objects(self, found: Callable[[str], None]) -> bool:
        """Find out whether the objects of a bucket are meant; return False if the request is on no bucket.

        ``found`` gets the ARN of all objects, or an empty text.
        """
        asked = self.request
        if not may_mean_objects(asked.action, asked.resource):
            return False

        def seen(_no_resource: bool, hint: "Hint | None") -> None:
            if self.request == asked:
                found(hint.resource if hint is not None and hint.is_objects else "")

        self._lookups.look_at(asked.action, asked.resource, seen, "objects of a bucket")
        return True

    def look_for_mistakes(self) -> None:
        """Look up, in a worker, what is wrong with the request."""
        asked = self.request
        if not asked.action:
            return

        def seen(_no_resource: bool, hint: "Hint | None") -> None:
            if (asked.action, asked.resource) == (self.request.action, self.request.resource):
                self.hinted.emit(f"{hint.sentence}." if hint else "", hint.resource if hint else "")

        self._lookups.look_at(asked.action, asked.resource, seen)

    def enable(self, opened: "Opened | None") -> None:
        """Accept input while a snapshot is open."""
        for widget in (self.action, self.resource, self.find_button, self.context):
            widget.setEnabled(opened is not None)

    def _taken(self) -> None:
        """After a suggestion was taken: search if the fields are complete, else go to the next one."""
        sender = self.sender()
        if isinstance(sender, AutocompleteEdit) and sender.has_placeholder:
            return
        self._submit()

    def _submit(self) -> None:
        opened = self._session.snapshot
        if opened is not None and not self.resource.text().strip() and opened.takes_no_resource(self.action.text()):
            self.resource.setText("*")
        if self.is_complete:
            self.submitted.emit()
        else:
            self.focus_open_field()

    def _drop_context(self) -> None:
        self._brought = Request(self._brought.principal, "", "")
        self._show_context()
        self.find_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._submit()

    def _show_context(self) -> None:
        given = self._brought.context
        count = len(given)
        self.context.setVisible(bool(given))
        self.context.setText(
            ntr("with {count} context value ✕", "with {count} context values ✕", count).format(count=count)
        )
        name = ntr(
            "With {count} context value; press to evaluate without it",
            "With {count} context values; press to evaluate without them",
            count,
        )
        self.context.setAccessibleName(name.format(count=count))
        values = translate(condition_words(_frozen(given)))
        set_tooltip(self.context, tr("Request context: {values}.\nPress to evaluate without it.").format(values=values))


def _frozen(given: object) -> dict[str, str | tuple[str, ...] | None]:
    items = given.items() if isinstance(given, dict) else ()
    return {key: value if value is None or isinstance(value, str) else tuple(value) for key, value in items}
