"""What iamdesk says about itself."""

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from iamdesk.gui.plain_text import message
from iamdesk.language import tr


def app_version() -> str:
    """Return iamdesk's version; ``(source)`` where it is not installed."""
    try:
        return version("iamdesk")
    except PackageNotFoundError:
        return "(source)"


def show_about(parent: QWidget) -> QMessageBox:
    """Show version and licence, without blocking."""
    return message(
        parent,
        QMessageBox.Icon.NoIcon,
        tr("About iamdesk"),
        tr(
            "iamdesk {version}\n\nAccess reviews of AWS accounts: ask who can do what, offline, with proof.\n"
            "Licence: Apache 2.0. Not affiliated with Amazon Web Services.\n\nPython {python}, Qt {qt}"
        ).format(version=app_version(), python=platform.python_version(), qt=qVersion()),
    )
