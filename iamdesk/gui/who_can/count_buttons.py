"""The number of rows of each decision; pressing one shows only those."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from iamdesk.explain.decision import EvalDecision
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import set_tooltip
from iamdesk.gui.who_can.rows import DECISION_TITLES, LISTED_DECISIONS
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_WORDS, Mark
from iamdesk.i18n import ntr, tr


class CountButtons(QWidget):
    """A button for each decision, side by side: mark, word and count."""

    changed = Signal()
    """The chosen decisions changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {decision: QToolButton() for decision in LISTED_DECISIONS}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for decision, button in self.buttons.items():
            button.setObjectName(f"whoCan-{decision.value}")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.toggled.connect(self._toggled)
            layout.addWidget(button)
        self._counts = dict.fromkeys(LISTED_DECISIONS, 0)
        self._show_message()
        self._tint()

    @property
    def chosen(self) -> frozenset[EvalDecision]:
        """The decisions whose buttons are pressed; none means all."""
        return frozenset(decision for decision, button in self.buttons.items() if button.isChecked())

    def show_counts(self, counts: dict[EvalDecision, int]) -> None:
        """Show the numbers."""
        self._counts = counts
        self._show_message()

    def reset(self) -> None:
        """Release all buttons."""
        for button in self.buttons.values():
            button.setChecked(False)

    def _toggled(self) -> None:
        self._show_message()
        self.changed.emit()

    def _show_message(self) -> None:
        for decision, button in self.buttons.items():
            count = self._counts[decision]
            title = tr(DECISION_TITLES[decision])
            button.setText(f"{title} {number(count)}")
            template = ntr("{verdict}: {count} principal", "{verdict}: {count} principals", count)
            button.setAccessibleName(template.format(verdict=title, count=number(count)))
            only = (
                tr("Only these are shown. Press to show all.")
                if button.isChecked()
                else tr("Press to show only these.")
            )
            button.setAccessibleDescription(only)
            set_tooltip(button, f"{tr(MARK_WORDS[Mark(decision)])}: {number(count)}. {only}")

    def _tint(self) -> None:
        for decision, button in self.buttons.items():
            button.setIcon(icons.checkable_icon(Mark(decision), self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "buttons"):
            self._tint()
