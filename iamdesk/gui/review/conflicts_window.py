"""Conflicts between the review and its parts: both decisions side by side, and the choice with its reason."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLineEdit, QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.review.item_words import ItemWords
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import ntr, tr
from iamdesk.review.coordination import Conflict, list_conflicts, resolve_conflict
from iamdesk.review.decisions import ItemDecision


class _Side(QGroupBox):
    """One of the two decisions."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.decision = FlowLabel()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.decision.setFont(font)
        self.details = FlowLabel()
        layout = QVBoxLayout(self)
        layout.addWidget(self.decision)
        layout.addWidget(self.details)
        layout.addStretch(1)

    def show_decision(self, words: str, decision: ItemDecision, who: str, when: str) -> None:
        """Show a decision; ``when`` is UTC, ISO 8601, or empty."""
        when = when[:16].replace("T", " ")
        self.decision.setText(words)
        by = tr("By {name}, {moment} UTC").format(name=who, moment=when) if when else tr("By {name}").format(name=who)
        second = tr("Second approval by {name}").format(name=decision.second) if decision.second else ""
        owner = tr("Owner: {owner}").format(owner=decision.owner) if decision.owner else ""
        self.details.setText("\n".join(filter(None, (by if who else "", decision.comment, owner, second))))


class ConflictsWindow(CoordinationWindow):
    """The conflicts on top; below, what the review and the part say of the selected one."""

    def __init__(self, about: Coordination, parent: QWidget) -> None:
        super().__init__(about, parent, name="conflicts", title=tr("Conflicts"))
        self._words = ItemWords(about.review_session)
        self.conflicts: tuple[Conflict, ...] = ()
        self.list = self.table(
            "Table", tr("Conflicts"), [tr("Item"), tr("In the review"), tr("In the part"), tr("Part")]
        )
        self.here = _Side("conflictHere", tr("Decision in the review"))
        self.there = _Side("conflictThere", tr("Decision in the part"))
        self.reason = QLineEdit()
        self.reason.setObjectName("conflictReason")
        self.reason.setAccessibleName(tr("Reason for the choice"))
        self.reason.setPlaceholderText(tr("Reason for the choice; both decisions stay recorded"))
        self.keep_button = self.button(tr("&Keep the review's decision"), "Keep")
        self.take_button = self.button(tr("&Take the part's decision"), "Take")
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_current())
        self.reason.textChanged.connect(lambda _text: self.refresh())
        self.keep_button.clicked.connect(lambda: self.resolve(takes_part=False))
        self.take_button.clicked.connect(lambda: self.resolve(takes_part=True))
        sides, why = QHBoxLayout(), QHBoxLayout()
        sides.addWidget(self.here, 1)
        sides.addWidget(self.there, 1)
        why.addWidget(plain_label(tr("&Reason"), buddy=self.reason))
        why.addWidget(self.reason, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.list, 3)
        layout.addLayout(sides, 2)
        layout.addLayout(why)
        layout.addLayout(self.bottom(self.keep_button, self.take_button))
        self.size_for(130, 36)
        self.list.setFocus()
        self.read()

    def read(self) -> None:
        """Read the open conflicts, in a worker."""
        file = self.about.review_session.file
        self.run(tr("Reading conflicts"), lambda _progress, _cancelled: list_conflicts(file), self._show, "conflicts")

    def _show(self, found: tuple[Conflict, ...]) -> None:
        self.conflicts = found
        fill_table(self.list, [self._row(place, one) for place, one in enumerate(found)])
        self._show_current()
        if not found:
            self.message.say(Tone.NOTE, tr("No conflict is open."))

    def _row(self, place: int, one: Conflict) -> QTreeWidgetItem:
        words = self._words
        row = row_item(
            [
                words.of(one.item_id),
                words.decision(one.item_id, one.here),
                words.decision(one.item_id, one.there),
                one.part_id,
            ]
        )
        row.setData(0, Qt.ItemDataRole.UserRole, place)
        return row

    @property
    def current(self) -> Conflict | None:
        """The selected conflict."""
        item = self.list.currentItem()
        place = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        return self.conflicts[place] if isinstance(place, int) and place < len(self.conflicts) else None

    def _show_current(self) -> None:
        one = self.current
        for side in (self.here, self.there):
            side.setVisible(one is not None)
        if one is not None:
            words = self._words
            decided = self.about.review_session.decided(one.item_id)
            when = decided.moment if decided is not None else ""
            self.here.show_decision(words.decision(one.item_id, one.here), one.here, one.here_by, when)
            self.there.show_decision(words.decision(one.item_id, one.there), one.there, one.there_by, one.origin.moment)
        self.refresh()

    def resolve(self, *, takes_part: bool) -> None:
        """Choose one of the two decisions, in a worker."""
        one, file, actor = self.current, self.about.review_session.file, self.about.actor()
        if one is None:
            return
        reason = self.reason.text().strip()

        def chosen(left: tuple[Conflict, ...]) -> None:
            self.reason.clear()
            self.about.changed()
            self._show(left)
            if left:
                words = ntr("{count} conflict is left.", "{count} conflicts are left.", len(left))
                self.message.say(Tone.NOTE, words.format(count=number(len(left))))
            self.list.setFocus()

        def work(_progress: object, _cancelled: object) -> tuple[Conflict, ...]:
            resolve_conflict(file, one.item_id, actor, part_id=one.part_id, takes_part=takes_part, reason=reason)
            return list_conflicts(file)

        self.run(tr("Recording the choice"), work, chosen, "conflicts")

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""
        super().refresh()
        can = self.current is not None and bool(self.reason.text().strip()) and not self.is_running
        for button in (self.keep_button, self.take_button):
            button.setEnabled(can)
