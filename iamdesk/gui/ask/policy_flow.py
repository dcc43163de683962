"""The policy types of a result as gates in a row: the rows of the list, drawn."""

from math import ceil

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.ask.policy_flow_drawing import (
    Gate,
    draw_gate,
    draw_row,
    gate_size,
    gates_of,
    least_gate_width,
    row_size,
    row_words,
)
from iamdesk.gui.ask.policy_type_list import PolicyTypeList, PolicyTypeModel
from iamdesk.gui.core.image_export import picture_file
from iamdesk.i18n import tr


class _Delegate(QStyledItemDelegate):
    """Paints one gate."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        view = option.widget
        return view.one_size() if isinstance(view, PolicyFlow) else gate_size(option.font).toSize()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        view = option.widget
        if isinstance(view, PolicyFlow) and index.row() < len(view.gates):
            is_at_hand = bool(option.state & QStyle.StateFlag.State_HasFocus)
            gate = view.gates[index.row()]
            draw_gate(
                painter,
                QRectF(option.rect),
                gate,
                option.font,
                option.palette,
                chosen=is_at_hand,
                is_narrow=view.is_narrow,
            )


class PolicyFlow(QListView):
    """Left and right move between gates, Space excludes a policy type as in the list.

    All gates are in one row: narrower with short titles where there is little room, scrolled where even that is wider.
    """

    def __init__(self, policy_types: PolicyTypeList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._policy_types = policy_types
        self._decision: EvaluationResult | None = None
        self.gates: tuple[Gate, ...] = ()
        self.setObjectName("layerGates")
        self.setAccessibleName(tr("Policy evaluation diagram"))
        self.setModel(policy_types.rows)
        self.setItemDelegate(_Delegate(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_decision(self, decision: EvaluationResult | None) -> None:
        """Draw another result; its rows are those of the list, which shows it already."""
        self._decision = decision
        self.gates = gates_of(decision) if decision is not None else ()
        self.setAccessibleDescription(row_words(decision) if decision is not None else "")
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()
        self.viewport().update()

    def as_file(self, suffix: str, decision: EvaluationResult) -> bytes:
        """Return the diagram of a result as a file of a format in ``PICTURES``."""
        font, palette = self.font(), QPalette(self.palette())
        return picture_file(
            suffix,
            lambda painter: draw_row(painter, decision, font, palette),
            row_size(decision, font),
            QColor(palette.color(QPalette.ColorRole.Base)),
            tr("Policy evaluation, by iamdesk"),
            row_words(decision),
        )

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of the row, with its scroll bar if it has one."""
        one = self.one_size()
        is_wider = one.width() * len(self.gates) > self.viewport().width()
        scroll = self.horizontalScrollBar().sizeHint().height() if is_wider else 0
        return QSize(gate_size(self.font()).toSize().width(), one.height() + scroll + 2 * self.frameWidth())

    @property
    def is_narrow(self) -> bool:
        """Whether there is too little room for gates with whole titles."""
        return gate_size(self.font()).width() * len(self.gates) > self.viewport().width()

    def one_size(self) -> QSize:
        """Return the size of one gate: of all the room there is, if that is little."""
        usual = gate_size(self.font())
        if not self.is_narrow:
            return usual.toSize()
        width = max(self.viewport().width() // max(len(self.gates), 1), ceil(least_gate_width(self.font())))
        return QSize(min(width, int(usual.width())), int(usual.height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for the row: the page scrolls up and down, not the diagram."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Set the height that the width requires."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()

    def copied_text(self) -> str:
        """Return the text that the list would copy (``gui/core/clipboard.py``)."""
        return self._policy_types.row_text(self.currentIndex().row()) if self.currentIndex().isValid() else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Switch a policy type with Space; Qt handles the rest."""
        index = self.currentIndex()
        model = self.model()
        if event.key() == Qt.Key.Key_Space and isinstance(model, PolicyTypeModel) and index.isValid():
            counts = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
            state = Qt.CheckState.Unchecked if counts else Qt.CheckState.Checked
            model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
        else:
            super().keyPressEvent(event)
