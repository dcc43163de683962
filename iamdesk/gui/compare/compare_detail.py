"""Details of a change: what was gained or lost, its cause, and a request that shows it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from iamdesk.diff.result import Comparison, Effect
from iamdesk.export.text.diff import actions_words, cause_sentences, context_words, principal_words, witness_words
from iamdesk.gui.compare.compare_model import SORT_MARKS
from iamdesk.gui.compare.rows import ChangeKind, CompareRow
from iamdesk.gui.core.plain_text import PlainLabel, plain_label
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate

_FIRST_ACTIONS = 8
_MAX_ACTIONS = 400
_EMPTY = mark("Select a row to see what changed, the cause, and a request that shows it.")


class CompareDetail(QScrollArea):
    """Shows one row; its links select the principal, and evaluate the request."""

    def __init__(
        self, show_key: Callable[[str], None], ask: Callable[[Effect], None], *, is_planned: bool = False
    ) -> None:
        super().__init__()
        self._show_key = show_key
        self._ask = ask
        self._is_planned = is_planned
        self._found: Comparison | None = None
        self._row: CompareRow | None = None
        self._tinted: list[PlainLabel] = []
        self.setObjectName("compareDetail")
        self.setAccessibleName(tr("Selected change"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.show_row(None, None)

    def show_row(self, found: Comparison | None, row: CompareRow | None) -> None:
        """Show a row; None shows a hint."""
        self._found, self._row = found, row
        self._tinted.clear()
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(5)
        if found is None or row is None:
            column.addWidget(self._muted(FlowLabel(tr(_EMPTY))))
        else:
            self._fill(column, found, row)
        column.addStretch(1)
        self.setWidget(page)  # the scroll area deletes the previous page
        self._tint()

    def _fill(self, column: QVBoxLayout, found: Comparison, row: CompareRow) -> None:
        head = QHBoxLayout()
        picture = plain_label()
        picture.setPixmap(icons.pixmap(SORT_MARKS[row.sort], self.palette(), 16, self.devicePixelRatioF()))
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        title = FlowLabel(tr(row.sort.value))
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        head.addWidget(title, 1)
        column.addLayout(head)
        who = LinkButton(
            translate(principal_words(row.subject)),
            partial(self._show_key, row.subject),
            tip=tr("Show {subject}").format(subject=row.subject),
        )
        who.setObjectName("compareShowSubject")
        column.addWidget(who, 0, Qt.AlignmentFlag.AlignLeft)
        if row.effect is None:
            column.addWidget(FlowLabel(translate(row.reason)))
            if row.change is not None:
                column.addWidget(self._muted(FlowLabel(f"{row.texts[2]}.")))
            return
        self._fill_effect(column, found, row.effect, gained=row.sort is ChangeKind.GAINED)

    def _fill_effect(self, column: QVBoxLayout, found: Comparison, effect: Effect, *, gained: bool) -> None:
        names = found.names(effect.actions)
        column.addWidget(self._heading(tr("Now allowed") if gained else tr("No longer allowed")))
        column.addWidget(FlowLabel(translate(actions_words(names, _FIRST_ACTIONS))))
        column.addWidget(self._heading(tr("Resource")))
        column.addWidget(FlowLabel(tr("every resource") if effect.where == "*" else translate(effect.where)))
        when = context_words(effect)
        if when:
            column.addWidget(self._heading(tr("For example when")))
            column.addWidget(FlowLabel(translate(when)))
        column.addWidget(self._heading(tr("Cause")))
        for cause in effect.causes:
            column.addWidget(FlowLabel(translate(cause.sentence)))
            column.addWidget(self._muted(FlowLabel(f"{tr(cause.kind.value)}: {cause.subject}")))
        for sentence in cause_sentences(effect)[len(effect.causes) :]:
            column.addWidget(FlowLabel(translate(sentence)))
        column.addWidget(self._heading(tr("Example request")))
        column.addWidget(FlowLabel(translate(witness_words(effect, is_planned=self._is_planned))))
        ask = LinkButton(tr("Evaluate on the open snapshot"), partial(self._ask, effect))
        ask.setObjectName("compareAsk")
        column.addWidget(ask, 0, Qt.AlignmentFlag.AlignLeft)
        if len(names) > _FIRST_ACTIONS:
            column.addWidget(self._heading(tr("All of these actions")))
            column.addWidget(FlowLabel(translate(actions_words(names, _MAX_ACTIONS))))

    def _heading(self, text: str) -> PlainLabel:
        label = plain_label(text)
        label.setContentsMargins(0, 6, 0, 0)
        return self._muted(label)

    def _muted[Label: PlainLabel](self, label: Label) -> Label:
        self._tinted.append(label)
        return label

    def _tint(self) -> None:
        for label in self._tinted:
            palette = QPalette(self.palette())
            for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
                palette.setColor(role, colour(Colour.MUTED, self.palette()))
            label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the icons."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            # Not while Qt sends the event to every widget: the replaced page is one of them.
            QTimer.singleShot(0, self, lambda: self.show_row(self._found, self._row))
