"""Back and forward through selections, requests, pages and perspectives, as in a browser."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.perspectives import PERSPECTIVES
from iamdesk.gui.core.principals import subject_of
from iamdesk.gui.core.session import Session

if TYPE_CHECKING:
    from iamdesk.use_cases.types import UseCaseRequest

_GLANCE = 0.6
"""Seconds: a selection that is left sooner is not recorded."""
_LONGEST = 200


_EXPLORE, _ASK = "perspectiveExplore", "perspectiveAsk"


@dataclass(frozen=True, slots=True)
class Place:
    """A selection or request and where it was seen, or only that: a perspective, or a page about the snapshot."""

    key: str = ""
    request: Request | None = None
    use_case: "UseCaseRequest | None" = None
    view: str = ""
    """Name of the command that shows the perspective or the page."""

    @property
    def is_request(self) -> bool:
        """Whether it is a request or use case."""
        return self.request is not None or self.use_case is not None


class History(QObject):
    """Records the places of a session, and goes back and forth among them."""

    changed = Signal()
    """Emitted when `can_go_back` and `can_go_forward` may have changed."""

    def __init__(
        self,
        session: Session,
        show: Callable[[str], None] = lambda _command: None,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._show = show
        self._clock = clock
        self._places: list[Place] = []
        self._at = -1
        self._arrived = 0.0
        self._perspective = _EXPLORE
        self._is_going = False
        self._turn = QTimer(self, singleShot=True, interval=0)
        """Runs until the event that led to the current place is over: what it shows belongs to the place."""
        session.subject_selected.connect(self._visit_subject)
        session.request_asked.connect(self._visit_request)
        session.use_case_asked.connect(self._visit_use_case)
        session.principals_shown.connect(self._visit_principals)
        session.snapshot_closed.connect(self._forget)

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier place."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a later place."""
        return self._at < len(self._places) - 1

    def back(self) -> None:
        """Go to the previous place."""
        if self.can_go_back:
            self._go(self._at - 1)

    def forward(self) -> None:
        """Go to the next place."""
        if self.can_go_forward:
            self._go(self._at + 1)

    def _go(self, to: int) -> None:
        self._at = to
        self._arrived = float("-inf")  # a place reached by back or forward is never dropped as a short visit
        place = self._places[to]
        self._is_going = True  # what follows calls `_visit`
        self._show(place.view)
        if place.request is not None:
            self._session.ask(place.request)
        elif place.use_case is not None:
            self._session.evaluate_use_case(place.use_case)
        elif place.key and place.view in (_EXPLORE, _ASK):
            self._session.show_key(place.key)
        elif place.key and place.key != self._session.subject_key:
            self._session.select(place.key)
            self._show(place.view)  # selecting turns to the page of the item
        self._is_going = False
        self.changed.emit()

    def visit_view(self, command: str) -> None:
        """Record that a perspective or a page was shown; it belongs to a selection or request that showed it."""
        before = self._perspective
        if command in (one.name for one in PERSPECTIVES):
            self._perspective = command
        if self._session.shown is None or self._is_going:
            return
        here = self._places[self._at] if self._at >= 0 else None
        if here is not None and self._turn.isActive():
            if here.view == before:
                self._places[self._at] = replace(here, view=command)
            return
        if here is None:
            self._visit(Place(view=before))
        self._visit(Place(key="" if command == _ASK else self._session.subject_key, view=command))

    def _visit_subject(self, key: str) -> None:
        """Record a selection, unless it is the principal of a request that was just evaluated."""
        here = self._places[self._at] if self._at >= 0 else Place()
        about = here.use_case.request if here.use_case is not None else here.request
        opened = self._session.snapshot
        if key and not (about and opened and subject_of(opened.outline, about.principal) == key):
            self._visit(Place(key=key, view=self._perspective))

    def _visit_request(self, request: Request) -> None:
        self._visit(Place(request=request, view=self._perspective))

    def _visit_use_case(self, request: "UseCaseRequest") -> None:
        self._visit(Place(use_case=request, view=self._perspective))

    def _visit_principals(self, _typed: str | None) -> None:
        self._visit(Place(key=self._session.subject_key, view="actionPrincipals"))

    def _visit(self, place: Place) -> None:
        now = self._clock()
        if self._is_going or (self._at >= 0 and self._places[self._at] == place):
            return
        del self._places[self._at + 1 :]
        passed_by = self._at >= 0 and now - self._arrived < _GLANCE
        if passed_by and place.key and self._places[self._at].key and self._places[self._at].view == place.view:
            self._places[self._at] = place
        else:
            self._places.append(place)
        del self._places[:-_LONGEST]
        self._at = len(self._places) - 1
        self._arrived = now
        self._turn.start()
        self.changed.emit()

    def _forget(self) -> None:
        self._places = []
        self._at = -1
        self.changed.emit()
