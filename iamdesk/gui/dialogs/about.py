"""The About dialog: version, components, and their licenses."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from iamdesk.components import BILL, Legal, legal
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import error_words, mark, tr

_COLUMNS = (mark("Part"), mark("Version"), mark("License"))


def app_version() -> str:
    """Return iamdesk's version; ``(source)`` if it is not installed."""
    try:
        return version("iamdesk")
    except PackageNotFoundError:
        return "(source)"


class AboutDialog(QDialog):
    """Not modal. The licenses are read when it opens."""

    def __init__(self, jobs: JobRunner, prompts: FileDialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(tr("About iamdesk"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._prompts = prompts
        self._legal: Legal | None = None
        self.message = MessageBar()
        self.parts = QTreeWidget()
        self.parts.setObjectName("aboutParts")
        self.parts.setAccessibleName(tr("Components of iamdesk"))
        self.parts.setColumnCount(len(_COLUMNS))
        self.parts.setHeaderLabels([tr(title) for title in _COLUMNS])
        self.parts.setRootIsDecorated(False)
        self.parts.setUniformRowHeights(True)
        self.parts.setAllColumnsShowFocus(True)
        self.parts.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.parts.currentItemChanged.connect(self._go_to)
        self.texts = QPlainTextEdit()
        self.texts.setObjectName("aboutTexts")
        self.texts.setAccessibleName(tr("Licenses and notices"))
        self.texts.setReadOnly(True)
        self.texts.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = self._buttons.addButton(tr("&Save the bill of materials…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.save.setEnabled(False)
        self._lay_out()
        self.save.clicked.connect(self._save)
        self._buttons.rejected.connect(self.close)
        job = jobs.run(tr("Reading licenses"), lambda _progress, _cancelled: legal(), done=self._show, topic="licences")
        self.finished.connect(job.cancel)

    def _lay_out(self) -> None:
        words = tr(
            "iamdesk {version}\n\nAccess reviews of AWS accounts: who can do what, offline, with proof.\n"
            "License: Apache 2.0. Not affiliated with Amazon Web Services.\n\nPython {python}, Qt {qt}"
        ).format(version=app_version(), python=platform.python_version(), qt=qVersion())
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(plain_label(words, wrap=True, selectable=True))
        layout.addWidget(plain_label(tr("Co&mponents"), buddy=self.parts))
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.parts)
        split.addWidget(self.texts)
        layout.addWidget(split, 1)
        layout.addWidget(self._buttons)
        metrics = self.fontMetrics()
        resize_within_screen(self, metrics.averageCharWidth() * 100, metrics.lineSpacing() * 38)

    def _show(self, found: Legal) -> None:
        self._legal = found
        self.texts.setPlainText(found.texts)
        for cells in found.rows():
            self.parts.addTopLevelItem(QTreeWidgetItem([visible(cell) for cell in cells]))
        self.parts.setCurrentIndex(self.parts.model().index(0, 0))
        self.save.setEnabled(True)

    def _go_to(self, item: QTreeWidgetItem | None) -> None:
        """Scroll to the license of a component."""
        place = -1 if item is None or self._legal is None else self._legal.place(item.text(0), item.text(1))
        if place >= 0:
            cursor = self.texts.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            self.texts.setTextCursor(cursor)
            cursor.setPosition(place)
            self.texts.setTextCursor(cursor)

    def _save(self) -> None:
        path = self._prompts.file_to_save(
            self, tr("Save the bill of materials"), Path.home() / BILL, tr("CycloneDX (*.json)")
        )
        if path is None or self._legal is None:
            return
        try:
            write_atomic(path, self._legal.bill.encode())
        except ExportError as error:
            self.message.say(Tone.ERROR, f"{error_words(error)}.")
        else:
            self.message.say(Tone.NOTE, tr("Saved as {name}.").format(name=visible(path.name)))
