"""Lookups of the request bar while the user types, always in a worker: suggestions, names, known mistakes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.i18n import tr
from iamdesk.viewmodel.types import Completion

if TYPE_CHECKING:
    from iamdesk.api import Hint, Opened

_SUGGESTED = 50


class AutocompleteService(QObject):
    """Queries the open snapshot. Results that are outdated are dropped by the caller."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs

    def prepare(self) -> None:
        """Build the tables in advance: actions take a fifth of a second the first time."""
        opened = self._session.snapshot
        if opened is not None:
            prepare = opened.complete_action
            self._jobs.run(
                tr("Preparing suggestions"), lambda _progress, _cancelled: prepare("", 1), topic="prepare", soon=True
            )

    def suggest(
        self, field: AutocompleteEdit, text: str, find: Callable[["Opened", str], tuple[Completion, ...]]
    ) -> None:
        """Offer a field the suggestions that ``find`` returns for its text."""
        self._run(
            tr("Looking up suggestions"),
            f"suggest {field.objectName()}",
            lambda opened: find(opened, text.strip()),
            lambda found: field.offer(text, found),
        )

    def suggest_principals(self, field: AutocompleteEdit, text: str) -> None:
        """Offer principals."""
        self.suggest(field, text, lambda opened, typed: opened.complete_principal(typed, _SUGGESTED))

    def suggest_actions(self, field: AutocompleteEdit, text: str) -> None:
        """Offer actions."""
        self.suggest(field, text, lambda opened, typed: opened.complete_action(typed, _SUGGESTED))

    def suggest_resources(self, field: AutocompleteEdit, action: str, text: str) -> None:
        """Offer what the action can be asked on."""
        self.suggest(field, text, lambda opened, typed: opened.complete_resource(action, typed, _SUGGESTED))

    def principals_called(self, name: str, found: Callable[[list[Completion]], None]) -> None:
        """Find the principals with this name or, if there is none, the only one whose name contains it."""

        def choose(rows: tuple[Completion, ...]) -> None:
            named = [row for row in rows if _is_called(row, name)]
            found(named or (list(rows) if len(rows) == 1 else []))

        self._run(
            tr("Looking up the principal"),
            "principal by name",
            lambda opened: opened.complete_principal(name, _SUGGESTED),
            choose,
        )

    def actions_called(self, name: str, found: Callable[[list[Completion]], None]) -> None:
        """Find what a text without a service means: the action of this name, else all use cases and actions like it."""

        def choose(rows: tuple[Completion, ...]) -> None:
            words = "".join(name.split()).casefold()
            # Services that the snapshot names come first.
            called = [row for row in rows if row.value.partition(":")[2].casefold() == words]
            found(called[:1] or list(rows))

        self._run(
            tr("Looking up the action"),
            "action by name",
            lambda opened: opened.complete_action(name, _SUGGESTED),
            choose,
        )

    def resources_called(self, action: str, name: str, found: Callable[[list[Completion]], None]) -> None:
        """Find the resources whose names contain a text."""
        self._run(
            tr("Looking up the resource"),
            "resource by name",
            lambda opened: opened.complete_resource(action, name, _SUGGESTED),
            lambda rows: found([row for row in rows if not row.template]),
        )

    def look_at(
        self,
        action: str,
        resource: str,
        seen: Callable[[bool, "Hint | None"], None],
        topic: str = "known mistakes",
    ) -> None:
        """Find out whether the action takes no resource, and what is wrong with this resource."""
        self._run(
            tr("Looking up the action"),
            topic,
            lambda opened: (
                opened.takes_no_resource(action),
                opened.resource_hint(action, resource) if resource else None,
            ),
            lambda found: seen(*found),
        )

    def _run[T](self, label: str, topic: str, work: Callable[["Opened"], T], done: Callable[[T], None]) -> None:
        opened = self._session.snapshot
        if opened is not None:
            self._jobs.run(label, lambda _progress, _cancelled: work(opened), done=done, topic=topic, prompt=True)


def _is_called(row: Completion, name: str) -> bool:
    return name.casefold() in (row.label.casefold(), row.value.rpartition("/")[2].casefold())
