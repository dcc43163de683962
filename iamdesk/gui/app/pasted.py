"""What the clipboard holds for the window as a whole: an access-denied message, or a snapshot file that was copied."""

import re
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

_DENIED = re.compile(
    r"not authorized to perform|access ?denied|unauthorizedoperation|accessdeniedexception|\"errorCode\"\s*:"
    r"|encoded authorization failure|explicit deny in",
    re.IGNORECASE,
)
_LOOKED_AT = 50_000
"""Characters: as many as are read of a message."""
_LONGEST_PATH = 4096


def denial_in(held: QMimeData | None) -> str:
    """Return the text of a clipboard if it looks like an access-denied message or a CloudTrail record, else ""."""
    text = held.text() if held is not None and held.hasText() else ""
    return text if _DENIED.search(text[:_LOOKED_AT]) else ""


def file_in(held: QMimeData | None) -> Path | None:
    """Return the file or folder that was copied, or whose path was; None if there is none."""
    if held is None:
        return None
    urls = held.urls() if held.hasUrls() else []
    if len(urls) == 1 and urls[0].isLocalFile():
        return Path(urls[0].toLocalFile())
    text = held.text().strip().strip("\"'") if held.hasText() else ""
    if not text or "\n" in text or len(text) > _LONGEST_PATH:
        return None
    path = Path(QUrl(text).toLocalFile() if text.startswith("file:") else text).expanduser()
    try:
        return path if path.is_absolute() and path.exists() else None
    except OSError:
        return None
