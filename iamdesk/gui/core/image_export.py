"""Images as files: paints something as SVG or PNG, in the colors of the window."""

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

type Paint = Callable[[QPainter], None]
"""Paints an image whose upper left corner is at 0, 0."""

PICTURES = (".svg", ".png")
"""Formats of images, the default first."""
_PNG_SCALE = 2.0
_LONGEST_SIDE = 16_000


def picture_file(suffix: str, paint: Paint, size: QSizeF, ground: QColor, title: str, description: str = "") -> bytes:
    """Return an image as a file of a format in `PICTURES`.

    ``description`` is the image in words: the description of the SVG for people who do not see it.
    """
    return as_svg(paint, size, ground, title, description) if suffix == ".svg" else as_png(paint, size, ground)


def as_svg(paint: Paint, size: QSizeF, ground: QColor, title: str, description: str = "") -> bytes:
    """Return the image as SVG."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size.toSize())
    generator.setViewBox(QRectF(QPointF(0, 0), size))
    generator.setTitle(title)
    generator.setDescription(description)
    _paint(generator, paint, ground, 1.0)
    buffer.close()
    return bytes(content.data())


def as_png(paint: Paint, size: QSizeF, ground: QColor) -> bytes:
    """Return the image as PNG, at twice its size unless that is too large."""
    scale = min(_PNG_SCALE, _LONGEST_SIDE / max(size.width(), size.height(), 1.0))
    pixels = QSize(max(round(size.width() * scale), 1), max(round(size.height() * scale), 1))
    image = QImage(pixels, QImage.Format.Format_ARGB32)
    image.fill(ground)
    _paint(image, paint, ground, scale)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    buffer.close()
    return bytes(content.data())


def _paint(device: QSvgGenerator | QImage, paint: Paint, ground: QColor, scale: float) -> None:
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRectF(0, 0, device.width(), device.height()), ground)
    painter.scale(scale, scale)
    paint(painter)
    painter.end()
