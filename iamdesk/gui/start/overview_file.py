"""The overview as a file: PDF for paper."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRectF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter, QRegion
from PySide6.QtWidgets import QWidget

from iamdesk.gui.core.theme import palette_for

_WIDTH = 1000
_MARGIN = 12.0
"""Page margins in millimeters."""
_RESOLUTION = 144


def as_pdf(page: QWidget, title: str) -> bytes:
    """Return a page as PDF, in dark on light: one sheet of A4, portrait, scaled to fit."""
    _lay_out(page)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("iamdesk")
    writer.setResolution(_RESOLUTION)
    margins = QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
        )
    )
    painter = QPainter(writer)
    room = QRectF(writer.pageLayout().paintRectPixels(_RESOLUTION))
    scale = min(room.width() / page.width(), room.height() / page.height())
    painter.scale(scale, scale)
    page.render(painter, QPoint(0, 0), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    buffer.close()
    return bytes(content.data())


def _lay_out(page: QWidget) -> None:
    """Lay out a page off screen, as high as necessary."""
    page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    page.setPalette(palette_for(dark=False))
    page.resize(_WIDTH, 100)
    page.show()
    layout = page.layout()
    if layout is not None:
        layout.activate()
        height = layout.heightForWidth(_WIDTH) if layout.hasHeightForWidth() else layout.sizeHint().height()
        page.resize(_WIDTH, max(height, 100))
        layout.activate()
