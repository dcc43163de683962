"""The head of a result: mark and decision on a colored surface, the sentence, and the scope."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QStyle, QToolButton, QWidget

from iamdesk.escaping import with_visible_end
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.text.decision import decision_words, scope_words
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_COLOURS, MARK_SURFACES, Glyph, Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate

_MARK = 28


class DecisionCard(QWidget):
    """Shows one decision. ``copy_result`` and ``copy_command`` are emitted by its two buttons."""

    copy_result = Signal()
    copy_command = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = Mark.UNKNOWN
        self._picture = plain_label()
        self.decision_text = FlowLabel()
        self.decision_text.setObjectName("verdict")
        self.sentence = FlowLabel()
        self.sentence.setObjectName("verdictSentence")
        self.scope = FlowLabel()
        self.scope.setObjectName("answerScope")
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setWeight(QFont.Weight.DemiBold)
        self.decision_text.setFont(font)
        self._copy = self._button(Glyph.COPY, tr("Copy the result as text, with its statements"))
        self._command = self._button(Glyph.TERMINAL, tr("Copy the CLI command for this request"))
        self._copy.setObjectName("copyAnswer")
        self._command.setObjectName("copyCommand")
        self._copy.clicked.connect(self.copy_result)
        self._command.clicked.connect(self.copy_command)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 8, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._picture, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.decision_text, 0, 1, 1, 2, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.sentence, 1, 1, 1, 2)
        grid.addWidget(self.scope, 2, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._command)
        grid.addLayout(buttons, 2, 2, Qt.AlignmentFlag.AlignBottom)
        grid.setColumnStretch(1, 1)
        self._tinting = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Not Maximum: that is the height of the text on one line, and would cut off wrapped text.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def _button(self, glyph: Glyph, words: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(words)
        button.setProperty("glyph", glyph.value)
        set_tooltip(button, words)
        return button

    def show_decision(self, decision: EvaluationResult, snapshot_name: str) -> None:
        """Show a result; ``snapshot_name`` is the file that it is based on."""
        request = decision.request
        whole = f"{request.principal}\n{request.action}\n{with_visible_end(request.resource)}"
        scope = translate(scope_words(request, snapshot_name))
        self.show_words(Mark(decision.decision), translate(decision_words(decision)), decision.sentence, scope, whole)

    def show_words(self, mark: Mark, decision_text: str, sentence: str, scope: str, whole: str) -> None:
        """Show a decision in words; ``scope`` is what it is based on, ``whole`` the request for the tooltip."""
        self._mark = mark
        self.decision_text.setText(decision_text)
        for part in (self, self.decision_text):
            part.setAccessibleName(f"{decision_text}. {sentence}")
        self.sentence.setText(sentence)
        self.scope.setText(scope)
        set_tooltip(self, whole)
        self._tint()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and not self._tinting:
            self._tint()

    def _tint(self) -> None:
        self._tinting = True
        palette = self.palette()
        self._picture.setPixmap(icons.pixmap(self._mark, palette, _MARK, self.devicePixelRatioF()))
        words = QPalette(palette)
        words.setColor(QPalette.ColorRole.WindowText, colour(MARK_COLOURS[self._mark], palette))
        self.decision_text.setPalette(words)
        quiet = QPalette(palette)
        quiet.setColor(QPalette.ColorRole.WindowText, colour(Colour.MUTED, palette))
        self.scope.setPalette(quiet)
        for button in (self._copy, self._command):
            button.setIcon(icons.icon(Glyph(button.property("glyph")), palette))
        self.update()
        self._tinting = False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the surface in the color of the decision, with a strong left edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = colour(MARK_COLOURS[self._mark], self.palette())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(edge)
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setBrush(colour(MARK_SURFACES[self._mark], self.palette()))
        inner = self.rect().adjusted(4, 0, 0, 0)
        painter.drawRoundedRect(QStyle.visualRect(self.layoutDirection(), self.rect(), inner), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
