"""The legend below the diagram: what solid and dashed lines, and the words on them, mean."""

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from iamdesk.gui.core.plain_text import ElidedLabel, plain_label
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.i18n import tr
from iamdesk.viewmodel.tree import Badge

_WIDTH = 34


class Legend(QWidget):
    """Samples with their meaning, in one row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("waysLegend")
        self._samples: list[tuple[QLabel, Colour, Qt.PenStyle] | tuple[QLabel, Badge]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        texts = []
        for words, tint, style in (
            (tr("proven"), Colour.EXPLICIT_DENY, Qt.PenStyle.SolidLine),
            (tr("possible: data is missing"), Colour.CONDITIONAL, Qt.PenStyle.DashLine),
        ):
            sample = plain_label()
            self._samples.append((sample, tint, style))
            texts.append(words)
            row.addWidget(sample)
            row.addWidget(plain_label(words))
            row.addSpacing(self.fontMetrics().averageCharWidth() * 2)
        for badge, words in ((Badge.EXTERNAL_ACCESS, tr("external access")), (Badge.ADMINISTRATOR, tr("target"))):
            sample = plain_label()
            self._samples.append((sample, badge))
            texts.append(words)
            row.addWidget(sample)
            row.addWidget(plain_label(words))
            row.addSpacing(self.fontMetrics().averageCharWidth() * 2)
        hint = tr("Words on a line: the API actions of the step; +2: two more techniques.")
        row.addWidget(ElidedLabel(hint, mode=Qt.TextElideMode.ElideRight), 1)
        self.setAccessibleName(tr("Legend: {texts}. {hint}").format(texts=", ".join(texts), hint=hint))
        self._paint()

    def _paint(self) -> None:
        height, ratio = self.fontMetrics().height(), self.devicePixelRatioF()
        for sample in self._samples:
            if len(sample) == 3:
                label, tint, style = sample
                label.setPixmap(_line(colour(tint, self.palette()), style, QSize(_WIDTH, height), ratio))
            else:
                label, badge = sample
                label.setPixmap(icons.pixmap(badge, self.palette(), height, ratio))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_samples"):
            self._paint()


def _line(tint: QColor, style: Qt.PenStyle, size: QSize, ratio: float) -> QPixmap:
    made = QPixmap(size * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    pen = QPen(tint, 1.6)
    pen.setStyle(style)
    painter.setPen(pen)
    middle = size.height() / 2
    painter.drawLine(QPointF(0, middle), QPointF(size.width(), middle))
    painter.end()
    return made
