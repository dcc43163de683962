"""The overview as a file: SVG and PNG in the colors of the window, PDF for paper."""

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRectF, QSizeF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPalette, QPdfWriter, QRegion
from PySide6.QtWidgets import QWidget

from iamdesk.gui.core.image_export import as_png, as_svg

_WIDTH = 1000
_MARGIN = 12.0
"""Page margins in millimeters."""
_RESOLUTION = 144


def laid_out(page: QWidget, palette: QPalette) -> QSizeF:
    """Lay out a page off screen in a palette, and return its size."""
    page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    page.setPalette(palette)
    page.resize(_WIDTH, 100)
    page.show()
    layout = page.layout()
    if layout is not None:
        layout.activate()
        height = layout.heightForWidth(_WIDTH) if layout.hasHeightForWidth() else layout.sizeHint().height()
        page.resize(_WIDTH, max(height, 100))
        layout.activate()
    return QSizeF(page.size())


def picture_of(page: QWidget, suffix: str, title: str, description: str) -> bytes:
    """Return a laid-out page as SVG or PNG."""
    size, ground = QSizeF(page.size()), page.palette().color(QPalette.ColorRole.Window)
    if suffix == ".svg":
        return as_svg(_painting(page), size, ground, title, description)
    return as_png(_painting(page), size, ground)


def pdf_of(page: QWidget, title: str) -> bytes:
    """Return a laid-out page as PDF: one sheet of A4, portrait, scaled to fit."""
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
    _painting(page)(painter)
    painter.end()
    buffer.close()
    return bytes(content.data())


def _painting(page: QWidget) -> Callable[[QPainter], None]:
    def paint(painter: QPainter) -> None:
        page.render(painter, QPoint(0, 0), QRegion(), QWidget.RenderFlag.DrawChildren)

    return paint
