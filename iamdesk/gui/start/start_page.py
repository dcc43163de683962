"""The page without a snapshot: ways to open one, and recent snapshots."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from iamdesk.gui.core.plain_text import plain_label, set_tooltip, visible
from iamdesk.gui.start.action_tile import ActionTile
from iamdesk.gui.widgets.capture_help import CaptureHelp
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr


class StartPage(QScrollArea):
    """Emits what the user chose; the window handles it."""

    open_wanted = Signal()
    sample_wanted = Signal()
    organization_wanted = Signal()
    collect_wanted = Signal()
    recent_wanted = Signal(object)
    """Path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startPage")
        self.setAccessibleName(tr("Start"))
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        open_keys = QKeySequence(QKeySequence.StandardKey.Open).toString(QKeySequence.SequenceFormat.NativeText)
        self.open_door = ActionTile(
            Glyph.OPEN,
            tr("Open a snapshot…"),
            tr("A file, or a folder (Ctrl+Alt+O). You can also drop or paste it here."),
            open_keys,
        )
        self.sample_door = ActionTile(
            Glyph.SAMPLE,
            tr("Open the sample"),
            tr("A fictitious account, acme-prod, to try iamdesk without an AWS account."),
        )
        self.organization_door = ActionTile(
            Glyph.SAMPLE,
            tr("Open the sample organization"),
            tr("Several fictitious accounts, with organization policies (SCPs and RCPs)."),
        )
        self.collect_door = ActionTile(
            Glyph.COLLECT,
            tr("Collect from AWS…"),
            tr("An account or a whole organization, with read-only calls."),
            QKeySequence("Ctrl+Shift+S").toString(QKeySequence.SequenceFormat.NativeText),
        )
        self.help_door = ActionTile(
            Glyph.TERMINAL,
            tr("How do I get a snapshot?"),
            tr("One read-only AWS CLI command."),
        )
        self.open_door.clicked.connect(self.open_wanted)
        self.sample_door.clicked.connect(self.sample_wanted)
        self.organization_door.clicked.connect(self.organization_wanted)
        self.collect_door.clicked.connect(self.collect_wanted)
        self.help_door.clicked.connect(self.show_capture_help)
        self.capture_help = CaptureHelp()
        self.capture_help.hide()
        self._recent_title = plain_label(tr("Re&cent"))
        self.recent = QListWidget()
        self.recent.setAccessibleName(tr("Recent snapshots"))
        self.recent.setFrameShape(QListWidget.Shape.NoFrame)
        self.recent.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent.itemActivated.connect(lambda item: self.recent_wanted.emit(item.data(Qt.ItemDataRole.UserRole)))
        self._recent_title.setBuddy(self.recent)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QWidget()
        column.setMaximumWidth(self.fontMetrics().averageCharWidth() * 96)
        layout = QVBoxLayout(column)
        line = self.fontMetrics().lineSpacing()
        layout.setContentsMargins(line, line * 2, line, line)
        layout.setSpacing(line * 2 // 3)
        title = plain_label("iamdesk")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.9)
        font.setBold(True)
        title.setFont(font)
        layout.addWidget(title)
        layout.addWidget(
            plain_label(tr("Who can do what in an AWS account: offline, with the statements that prove it."), wrap=True)
        )
        layout.addSpacing(line // 2)
        layout.addWidget(self.open_door)
        layout.addWidget(self.sample_door)
        layout.addWidget(self.organization_door)
        layout.addWidget(self.collect_door)
        layout.addWidget(self.help_door)
        layout.addWidget(self.capture_help)
        layout.addSpacing(line // 2)
        layout.addWidget(self._recent_title)
        layout.addWidget(self.recent)
        layout.addStretch(1)
        outer = QWidget()
        around = QHBoxLayout(outer)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(column, 1000)
        around.addStretch(1)
        self.setWidget(outer)

    def enter(self) -> None:
        """Focus the newest of the recent snapshots, or the door that opens one: Return opens it."""
        first: QWidget = self.recent if self.recent.count() else self.open_door
        if self.recent.count():
            self.recent.setCurrentRow(0)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_capture_help(self) -> None:
        """Show how to get a snapshot, and focus Copy."""
        self.capture_help.show()
        self.capture_help.copy_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the recent snapshots, newest first."""
        self.recent.clear()
        for path in paths:
            item = QListWidgetItem(f"{visible(path.name)}   —   {visible(str(path.parent))}")
            item.setData(Qt.ItemDataRole.UserRole, path)
            set_tooltip(item, str(path))
            self.recent.addItem(item)
        self.recent.setVisible(bool(paths))
        self.recent.setMaximumHeight(self.recent.sizeHintForRow(0) * (len(paths) + 1) if paths else 0)
        self._recent_title.setVisible(bool(paths))
