"""One policy to read: what it is and in which version, what is odd in it, its text, search, and the answer's word."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.explain.decision import Decision, StatementLine
from iamdesk.gui import marks
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.inspector.bands import Band, bands_in, same_text
from iamdesk.gui.inspector.find_bar import FindBar
from iamdesk.gui.inspector.policy_text import PolicyText
from iamdesk.gui.marks import Glyph
from iamdesk.gui.plain_text import ElidedLabel, set_tooltip, visible
from iamdesk.policy.document import Document
from iamdesk.policy.text import Span

_DIAGNOSTICS_SHOWN = 3


class PolicyReader(QWidget):
    """Shows one document; who chooses it is told which version is wanted."""

    version_wanted = Signal(str)
    copied = Signal(str)
    """One sentence: what was copied."""

    def __init__(self, text_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self.name = ElidedLabel()
        self.versions = QComboBox()
        self.versions.setAccessibleName("Version of the policy")
        self.versions.activated.connect(lambda row: self.version_wanted.emit(self.versions.itemData(row)))
        self.copy_button = QToolButton()
        self.copy_button.setAutoRaise(True)
        self.copy_button.setAccessibleName("Copy the policy text")
        set_tooltip(self.copy_button, "Copy the policy text")
        self.copy_button.clicked.connect(self.copy_text)
        self.find_button = QToolButton()
        self.find_button.setAutoRaise(True)
        self.find_button.setAccessibleName("Find in the policy text")
        set_tooltip(self.find_button, "Find in the policy text")
        self.diagnostics = QListWidget()
        self.diagnostics.setAccessibleName("What is odd in the policy")
        self.diagnostics.setFrameShape(QListWidget.Shape.NoFrame)
        self.diagnostics.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.diagnostics.itemActivated.connect(self._go_to_diagnostic)
        self.diagnostics.itemClicked.connect(self._go_to_diagnostic)
        self.text = PolicyText()
        self.text.setObjectName(text_name)
        self.text.setAccessibleName("Policy text")
        self.text.setFrameShape(PolicyText.Shape.NoFrame)
        self.find_bar = FindBar(self.text)
        self.find_button.clicked.connect(self.find_bar.begin)
        self.told = FlowLabel()
        self.told.hide()
        self.diagnostics.hide()
        self.text.told.connect(self._tell)
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
        for widget in (self.versions, self.find_button, self.copy_button):
            bar.addWidget(widget)
        self.told.setContentsMargins(line // 3, line // 4, line // 3, line // 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.diagnostics)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.told)

    def show_document(
        self,
        document: Document | None,
        name: str,
        key: str = "",
        versions: Sequence[tuple[str, str]] = (),
        version: str | None = None,
        answer: Decision | None = None,
    ) -> None:
        """Show a policy's document with what an answer says about it.

        ``versions`` are (id, words) pairs; the choice is hidden unless there are several.
        """
        self._key = key
        self.name.setText(name)
        self.versions.clear()
        for identity, words in versions:
            self.versions.addItem(visible(words), identity)
        self.versions.setCurrentIndex(max(0, self.versions.findData(version)))
        self.versions.setVisible(len(versions) > 1)
        is_other = document is not self.text.shown
        self.text.show_document(document, self._bands(document, answer))
        for button in (self.copy_button, self.find_button):
            button.setEnabled(document is not None)
        if is_other:
            self._list_diagnostics(document)
            self.find_bar.again()

    def show_answer(self, answer: Decision | None) -> None:
        """Mark what another answer says; place and caret stay."""
        self.text.show_document(self.text.shown, self._bands(self.text.shown, answer))

    def go_to(self, line: StatementLine) -> None:
        """Show a statement: what failed in it where something did, else its first line."""
        span = line.span
        shown = self.text.shown
        if span is not None and shown is not None and same_text(line.document, shown):
            self.text.go_to(span)

    def copy_text(self) -> None:
        """Copy the policy as it is shown."""
        if self.text.shown is not None:
            QGuiApplication.clipboard().setText(self.text.shown.text.text)
            self.copied.emit(f"Copied {self.name.full_text()}")

    def _bands(self, document: Document | None, answer: Decision | None) -> tuple[Band, ...]:
        if document is None or answer is None:
            return ()
        return bands_in(document, [line for line in answer.statements if line.policy_key == self._key])

    def _list_diagnostics(self, document: Document | None) -> None:
        self.diagnostics.clear()
        wrong = document.diagnostics if document is not None else ()
        for diagnostic in wrong:
            span = document.span_of(diagnostic) if document is not None else None
            place = f"Line {span.start_line}: " if span is not None else ""
            item = QListWidgetItem(marks.icon(Glyph.WARNING, self.palette()), visible(f"{place}{diagnostic.message}"))
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

    def _tell(self, sentence: str) -> None:
        self.told.setText(sentence)
        self.told.setVisible(bool(sentence))

    def _tint(self) -> None:
        self.copy_button.setIcon(marks.icon(Glyph.COPY, self.palette()))
        self.find_button.setIcon(marks.icon(Glyph.FIND, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "told"):
            self._tint()
