"""Draw the application's icon for desktops: hicolor PNGs and the SVG, and one file for Windows and macOS.

    QT_QPA_PLATFORM=offscreen python packaging/icons.py FOLDER

The drawing of the window has no colours of its own; here it gets those of the light palette.
"""

import shutil
import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parent.parent
INK, FILL = "#1B5FBF", "#D7E5FA"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ICNS = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def drawing() -> str:
    """Return the icon as SVG in colours."""
    source = (ROOT / "resources" / "icons" / "iamdesk.svg").read_text(encoding="utf-8")
    return source.replace("#808080", FILL).replace("#000000", INK)


def png(svg: str, size: int) -> bytes:
    """Return the icon as PNG, ``size`` points wide and high."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return held.data()


def ico(pictures: dict[int, bytes]) -> bytes:
    """Return a Windows icon that holds PNGs."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    place = len(head) + 16 * len(pictures)
    entries = b""
    for size, picture in pictures.items():
        entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), place)
        place += len(picture)
    return head + entries + b"".join(pictures.values())


def icns(pictures: dict[int, bytes]) -> bytes:
    """Return a macOS icon that holds PNGs."""
    body = b"".join(
        _ICNS[size] + struct.pack(">I", len(picture) + 8) + picture
        for size, picture in pictures.items()
        if size in _ICNS
    )
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def main() -> None:
    """Write all of them."""
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    application = QGuiApplication([])
    svg = drawing()
    pictures = {size: png(svg, size) for size in SIZES}
    for size, picture in pictures.items():
        place = folder / "hicolor" / f"{size}x{size}" / "apps"
        place.mkdir(parents=True)
        (place / "iamdesk.png").write_bytes(picture)
    scalable = folder / "hicolor" / "scalable" / "apps"
    scalable.mkdir(parents=True)
    (scalable / "iamdesk.svg").write_text(svg, encoding="utf-8")
    (folder / "iamdesk.ico").write_bytes(ico({size: one for size, one in pictures.items() if size <= 256}))
    (folder / "iamdesk.icns").write_bytes(icns(pictures))
    application.quit()


if __name__ == "__main__":
    main()
