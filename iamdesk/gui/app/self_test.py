"""The window's part of ``iamdesk --self-test``: icons, user guide, and images of the window in each palette."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QImage, QImageReader, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from iamdesk.gui.app.screenshot import render
from iamdesk.resource_files import resources, sample_snapshot

_SIZE = (1360, 860)
_MIN_COLOURS = 20
"""A painted window has more colors than this."""


def steps() -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield pairs of a description and a function, which returns a result in words and raises on failure."""
    yield "picture of the window, light", lambda: _picture("light")
    yield "picture of the window, dark", lambda: _picture("dark")
    yield "picture of the window, high contrast", lambda: _picture("contrast")
    yield "icons", _icons
    yield "user guide", _guide


def _picture(scheme: str) -> str:
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        png = Path(folder) / "window.png"
        render(sample_snapshot(), png, scheme=scheme, size=_SIZE, page="findings")
        image = QImage(str(png))
    seen = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    if (image.width(), image.height()) != _SIZE or len(seen) < _MIN_COLOURS:
        raise ValueError(f"{image.width()} by {image.height()} points with {len(seen)} colours")
    return f"{image.width()} by {image.height()} points on {QApplication.platformName()}"


def _icons() -> str:
    drawings = sorted((resources() / "icons").glob("*.svg"))
    broken = [path.name for path in drawings if not QSvgRenderer(QByteArray(path.read_bytes())).isValid()]
    # Desktops load our icon by name through Qt's SVG plugin, which an installer has to include.
    if b"svg" not in {bytes(one.data()) for one in QImageReader.supportedImageFormats()}:
        broken.append("the SVG plugin of Qt")
    if broken or not drawings:
        raise ValueError(f"not drawn: {', '.join(broken) or 'there are none'}")
    return f"{len(drawings):,} drawn"


def _guide() -> str:
    folder = resources() / "help"
    pages = sorted(folder.glob("*.md"))
    for page in pages:
        document = QTextDocument()
        document.setMarkdown(page.read_text(encoding="utf-8"))
        if document.isEmpty():
            raise ValueError(f"{page.name} is empty")
    images = sorted([*folder.rglob("*.png"), *folder.rglob("*.svg")])
    for image in images:
        if QImage(str(image)).scaledToWidth(8, Qt.TransformationMode.FastTransformation).isNull():
            raise ValueError(f"{image.name} is no picture")
    if not pages:
        raise ValueError("there are no pages")
    return f"{len(pages):,} pages, {len(images):,} pictures"
