"""One policy: name, version, problems, text, search, and the marks of the result."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.explain.decision import EvaluationResult, StatementExplanation
from iamdesk.gui.core.plain_text import ElidedLabel, set_tooltip, visible
from iamdesk.gui.inspector.find_bar import FindBar
from iamdesk.gui.inspector.highlights import Band, bands_in, same_text
from iamdesk.gui.inspector.policy_text import PolicyText
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate
from iamdesk.policy.document import Document
from iamdesk.policy.source_map import Span


class StatementSummaries(QListWidget):
    """One row for each statement. The current row follows the text's cursor, and the text follows a chosen row."""

    statement_chosen = Signal(int)
    """Index of a statement that is to be shown in the text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("policyReadings")
        self.setAccessibleName(tr("Statements in plain language"))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setWordWrap(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlternatingRowColors(True)
        self.itemClicked.connect(lambda item: self.statement_chosen.emit(self.row(item)))
        self.itemActivated.connect(lambda item: self.statement_chosen.emit(self.row(item)))

    def show_readings(self, names: Sequence[str], sentences: Sequence[str]) -> None:
        """Show one sentence for each statement, after its name."""
        self.clear()
        for name, sentence in zip(names, sentences, strict=True):
            self.addItem(QListWidgetItem(visible(f"{name}: {sentence}")))

    def follow(self, position: int | None) -> None:
        """Make the statement at the text's cursor current."""
        if position is None or position >= self.count():
            self.setCurrentRow(-1)
        elif position != self.currentRow():
            self.setCurrentRow(position)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the sentences again."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the sentences again in another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()


_DIAGNOSTICS_SHOWN = 3
_WIDE = 130
"""Width in characters from which text and explanations are side by side."""

type Read = Callable[[Document, str], tuple[str, ...]]
"""(document, key of its policy) → one sentence for each statement."""


class PolicyReader(QWidget):
    """Shows one document; emits which version is wanted."""

    version_wanted = Signal(str)
    announced = Signal(str)
    """A sentence: what was copied or folded."""
    explanations_wanted = Signal(bool)
    """Whether to explain statements, after the user chose."""

    def __init__(self, text_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self.read: Read | None = None
        """Explains each statement of a document; None while no snapshot is open."""
        self.name = ElidedLabel()
        self.versions = QComboBox()
        self.versions.setAccessibleName(tr("Version of the policy"))
        self.versions.activated.connect(lambda row: self.version_wanted.emit(self.versions.itemData(row)))
        self.copy_button = QToolButton()
        self.copy_button.setAutoRaise(True)
        self.copy_button.setAccessibleName(tr("Copy the policy text"))
        set_tooltip(self.copy_button, tr("Copy the policy text"))
        self.copy_button.clicked.connect(self.copy_text)
        self.find_button = QToolButton()
        self.find_button.setAutoRaise(True)
        self.find_button.setAccessibleName(tr("Find in the policy text"))
        set_tooltip(self.find_button, tr("Find in the policy text"))
        self.words_button = QToolButton()
        self.words_button.setText(tr("Expla&in"))
        self.words_button.setAutoRaise(True)
        self.words_button.setCheckable(True)
        self.words_button.setChecked(True)
        set_tooltip(self.words_button, tr("Explain each statement in plain language (Ctrl+Shift+R)"))
        self.words_button.clicked.connect(self.explanations_wanted)
        self.diagnostics = QListWidget()
        self.diagnostics.setAccessibleName(tr("Problems in the policy"))
        self.diagnostics.setFrameShape(QListWidget.Shape.NoFrame)
        self.diagnostics.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.diagnostics.itemActivated.connect(self._go_to_diagnostic)
        self.diagnostics.itemClicked.connect(self._go_to_diagnostic)
        self.text = PolicyText()
        self.text.setObjectName(text_name)
        self.text.setAccessibleName(tr("Policy text"))
        self.text.setFrameShape(PolicyText.Shape.NoFrame)
        self.readings = StatementSummaries()
        self.readings.setObjectName(f"{text_name}Readings")
        self.readings.statement_chosen.connect(self._go_to_statement)
        self.both = QSplitter(Qt.Orientation.Vertical)
        self.find_bar = FindBar(self.text)
        self.find_button.clicked.connect(self.find_bar.begin)
        self.note = FlowLabel()
        self.note.hide()
        self.diagnostics.hide()
        self.text.note_changed.connect(self._show_note)
        self.text.folding.connect(self.announced)
        self.text.cursorPositionChanged.connect(self._follow_caret)
        self._lay_out()
        self._tint()
        self.show_document(None, "")

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        bar = QHBoxLayout()
        bar.setContentsMargins(line // 3, line // 5, line // 3, line // 5)
        bar.setSpacing(line // 3)
        bar.addWidget(self.name, 1)
        for widget in (self.versions, self.words_button, self.find_button, self.copy_button):
            bar.addWidget(widget)
        self.note.setContentsMargins(line // 3, line // 4, line // 3, line // 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.diagnostics)
        self.both.addWidget(self.text)
        self.both.addWidget(self.readings)
        self.both.setStretchFactor(0, 2)
        self.both.setStretchFactor(1, 1)
        self.both.setChildrenCollapsible(False)
        layout.addWidget(self.both, 1)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.note)

    def show_document(
        self,
        document: Document | None,
        name: str,
        key: str = "",
        versions: Sequence[tuple[str, str]] = (),
        version: str | None = None,
        result: EvaluationResult | None = None,
    ) -> None:
        """Show a policy's document with the marks of a result.

        ``versions`` are pairs of id and text; the choice is hidden unless there are several.
        """
        self._key = key
        self.name.setText(name)
        self.versions.clear()
        for identity, words in versions:
            self.versions.addItem(visible(words), identity)
        self.versions.setCurrentIndex(max(0, self.versions.findData(version)))
        self.versions.setVisible(len(versions) > 1)
        is_other = document is not self.text.shown
        self.text.show_document(document, self._bands(document, result))
        for button in (self.copy_button, self.find_button):
            button.setEnabled(document is not None)
        if is_other:
            self._list_readings(document)
            self._list_diagnostics(document)
            self.find_bar.again()

    def show_result(self, result: EvaluationResult | None) -> None:
        """Show the marks of another result; scroll position and cursor stay."""
        self.text.show_document(self.text.shown, self._bands(self.text.shown, result))

    def set_explained(self, wanted: bool) -> None:
        """Show the explanations, or the text alone."""
        self.words_button.setChecked(wanted)
        self.readings.setVisible(wanted and self.readings.count() > 0)

    def go_to(self, line: StatementExplanation) -> None:
        """Scroll to a statement: to its failed element, else to its first line."""
        span = line.span
        translate = self.text.shown
        if span is not None and translate is not None and same_text(line.document, translate):
            self.text.go_to(span)

    def copy_text(self) -> None:
        """Copy the policy as displayed."""
        if self.text.shown is not None:
            QGuiApplication.clipboard().setText(self.text.shown.text.text)
            self.announced.emit(tr("Copied {full_text}").format(full_text=self.name.full_text()))

    def _bands(self, document: Document | None, result: EvaluationResult | None) -> tuple[Band, ...]:
        if document is None or result is None:
            return ()
        return bands_in(document, [line for line in result.statements if line.policy_key == self._key])

    def _list_readings(self, document: Document | None) -> None:
        explanations = self.read(document, self._key) if self.read is not None and document is not None else ()
        sentences = tuple(map(translate, explanations))
        statements = document.statements if document is not None and sentences else ()
        names = [f"{one.index + 1}{f' {one.sid}' if one.sid else ''}" for one in statements]
        self.readings.show_readings(names, sentences)
        self.text.show_readings(sentences)
        self.readings.setVisible(self.words_button.isChecked() and bool(sentences))
        self._follow_caret()

    def _go_to_statement(self, position: int) -> None:
        document = self.text.shown
        span = document.text.span_of(document.statements[position].path) if document is not None else None
        if span is not None:
            self.text.go_to(span)

    def _follow_caret(self) -> None:
        self.readings.follow(self.text.statement_at(self.text.textCursor().blockNumber() + 1))

    def _list_diagnostics(self, document: Document | None) -> None:
        self.diagnostics.clear()
        wrong = document.diagnostics if document is not None else ()
        for diagnostic in wrong:
            span = document.span_of(diagnostic) if document is not None else None
            place = tr("Line {start_line}: ").format(start_line=span.start_line) if span is not None else ""
            item = QListWidgetItem(icons.icon(Glyph.WARNING, self.palette()), visible(f"{place}{diagnostic.message}"))
            item.setData(Qt.ItemDataRole.UserRole, span)
            set_tooltip(item, diagnostic.message)
            self.diagnostics.addItem(item)
        self.diagnostics.setVisible(bool(wrong))
        if wrong:
            row = self.diagnostics.sizeHintForRow(0)
            self.diagnostics.setFixedHeight(row * min(len(wrong), _DIAGNOSTICS_SHOWN) + 4)

    def _go_to_diagnostic(self, item: QListWidgetItem) -> None:
        span = item.data(Qt.ItemDataRole.UserRole)
        if span is not None:
            self.text.go_to(Span(*span))
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_note(self, sentence: str) -> None:
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))

    def _tint(self) -> None:
        self.copy_button.setIcon(icons.icon(Glyph.COPY, self.palette()))
        self.find_button.setIcon(icons.icon(Glyph.FIND, self.palette()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the explanations beside the text if there is room, else below."""
        super().resizeEvent(event)
        is_wide = self.width() >= self.fontMetrics().averageCharWidth() * _WIDE
        self.both.setOrientation(Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "note"):
            self._tint()
