"""The changes that would flip a decision: a sentence each, with links to statements and policies."""

import json
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.suggestions import Addition, Change, Changes
from iamdesk.export.text.decision import change_groups
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import PlainLabel, plain_label
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.core.translate import translated_changes
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import ntr, tr, translate

_MARK = 16
_SHOWN = 2
"""Changes that are shown at first; a button shows the others."""


class SuggestionList(QWidget):
    """The changes of one result. ``statement_chosen`` is emitted with a statement to show, ``key_chosen`` with the
    key of a policy, ``copied`` with a sentence about what was copied, ``try_wanted`` with a change to try."""

    statement_chosen = Signal(object)
    key_chosen = Signal(str)
    copied = Signal(str)
    try_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("changeList")
        self.setAccessibleName(tr("Changes that would flip the decision"))
        self._changes: Changes | None = None
        self._is_known: Callable[[str], bool] = lambda _key: False
        self._can_try: Callable[[Change], bool] = lambda _change: False
        self._all = False
        self._marks: list[tuple[PlainLabel, Mark]] = []
        self._quiet: list[QWidget] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(3)
        # Not Maximum: that is the height of the text on one line, and would cut off wrapped text.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.hide()

    @property
    def changes(self) -> Changes | None:
        """The changes shown."""
        return self._changes

    def show_changes(
        self,
        changes: Changes | None,
        is_known: Callable[[str], bool],
        can_try: Callable[[Change], bool] = lambda _change: False,
    ) -> None:
        """Show changes; None hides the list.

        ``is_known`` says whether a key is in the snapshot, ``can_try`` whether what-if can try a change.
        """
        self._can_try = can_try
        self._changes = None if changes is None else translated_changes(changes)
        self._is_known, self._all = is_known, False
        self._fill()

    def _fill(self) -> None:
        self._clear()
        changes = self._changes
        if changes is None:
            self.hide()
            return
        groups = change_groups(changes)
        most = _SHOWN // max(len(groups), 1)
        for title, group in groups:
            self._heading(translate(title))
            for change in group if self._all else group[:most]:
                self._rows.addWidget(self._row(change))
        hidden = 0 if self._all else sum(max(0, len(group) - most) for _, group in groups)
        if hidden:
            more = QPushButton(
                ntr("Show {count} more change", "Show {count} more changes", hidden).format(count=number(hidden))
            )
            more.setFlat(True)
            more.clicked.connect(self._show_all)
            self._rows.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        if changes.reason:
            self._rows.addWidget(self._quietly(changes.reason))
        self._tint()
        self.show()

    def _show_all(self) -> None:
        self._all = True
        self._fill()

    def _heading(self, title: str) -> None:
        label = FlowLabel(title)
        font = QFont(label.font())
        font.setWeight(QFont.Weight.DemiBold)
        label.setFont(font)
        self._rows.addWidget(label)

    def _row(self, change: Change) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(6, 0, 6, 0)
        picture = plain_label()
        self._marks.append((picture, Mark(change.becomes)))
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(FlowLabel(change.sentence))
        if change.caveat:
            words.addWidget(self._quietly(change.caveat))
        links = QHBoxLayout()
        links.setSpacing(14)
        for link in self._links(change):
            links.addWidget(link)
        links.addStretch(1)
        words.addLayout(links)
        line.addLayout(words, 1)
        return row

    def _links(self, change: Change) -> Sequence[LinkButton]:
        links = [
            LinkButton(
                tr("Show {name}").format(name=translate(one.line.name)),
                partial(self.statement_chosen.emit, one.line),
                tip=translate(one.line.sentence),
            )
            for one in change.removals
        ]
        for addition in change.additions:
            if addition.policy_type is not PolicyType.IDENTITY and self._is_known(addition.policy_key):
                links.append(LinkButton(tr("Show the policy"), partial(self.key_chosen.emit, addition.policy_key)))
            words = (
                tr("Copy the {effect} for {place}").format(effect=addition.effect, place=addition.place)
                if len(change.additions) > 1
                else tr("Copy statement")
            )
            text = json.dumps(addition.statement, indent=2, ensure_ascii=False)
            links.append(LinkButton(words, partial(self._copy, addition, text), tip=text))
        if self._can_try(change):
            links.append(LinkButton(tr("Try this"), partial(self.try_wanted.emit, change)))
        return links

    def _copy(self, addition: Addition, text: str) -> None:
        QApplication.clipboard().setText(text)
        self.copied.emit(tr("The statement for {place} was copied.").format(place=addition.place))

    def _quietly(self, text: str) -> FlowLabel:
        label = FlowLabel(text)
        self._quiet.append(label)
        return label

    def _clear(self) -> None:
        self._marks.clear()
        self._quiet.clear()
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _tint(self) -> None:
        for label, mark in self._marks:
            label.setPixmap(icons.pixmap(mark, self.palette(), _MARK, self.devicePixelRatioF()))
        quiet = QPalette(self.palette())
        quiet.setColor(QPalette.ColorRole.WindowText, colour(Colour.MUTED, self.palette()))
        for widget in self._quiet:
            widget.setPalette(quiet)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
