"""The Trust tab of a role: who can assume it, in sentences; the trust policy below."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QSplitter, QVBoxLayout, QWidget

from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.core.plain_text import set_tooltip, visible
from iamdesk.gui.inspector.policy_reader import PolicyReader
from iamdesk.gui.widgets import icons
from iamdesk.i18n import tr, translate
from iamdesk.policy.document import Document
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Subject

_SENTENCES_SHOWN = 5


class TrustTab(QWidget):
    """Sentences above, text below."""

    announced = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentences = QListWidget()
        self.sentences.setAccessibleName(tr("Who can assume the role"))
        self.sentences.setFrameShape(QListWidget.Shape.NoFrame)
        self.sentences.setWordWrap(True)
        self.sentences.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.reader = PolicyReader("trustView")
        self.reader.text.setAccessibleName(tr("Trust policy text"))
        self.reader.announced.connect(self.announced)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("trustSplitter")
        splitter.addWidget(self.sentences)
        splitter.addWidget(self.reader)
        splitter.setStretchFactor(0, 0)
        splitter.setStretchFactor(1, 1)
        self._splitter = splitter
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def show_subject(
        self, subject: Subject, key: str, document: Document | None, decision: EvaluationResult | None
    ) -> None:
        """Show the trust policy of another role; ``key`` is that of the policy."""
        self.sentences.clear()
        for sentence in subject.trusted:
            item = QListWidgetItem(icons.icon(NodeKind.TRUST_POLICY, self.palette()), visible(translate(sentence)))
            set_tooltip(item, translate(sentence))
            self.sentences.addItem(item)
        line = self.fontMetrics().lineSpacing()
        wanted = line * (2 * min(len(subject.trusted), _SENTENCES_SHOWN) + 1)
        self._splitter.setSizes([wanted, max(wanted, self.height() - wanted)])
        name = tr("Trust policy") if document is not None else tr("The trust policy was not captured")
        self.reader.show_document(document, name, key, result=decision)

    def show_decision(self, decision: EvaluationResult | None) -> None:
        """Show the marks of another result."""
        self.reader.show_result(decision)
