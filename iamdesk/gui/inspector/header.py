"""The head of the inspector: icon, name, kind, ARN with Copy, and badges with their words."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import BADGE_SENTENCES, Glyph
from iamdesk.gui.widgets.note_line import NoteLine
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import Subject


class BadgeChip(QWidget):
    """One badge with its word; its sentence is the tooltip."""

    def __init__(self, badge: Badge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._badge = badge
        self._mark = plain_label()
        self._word = plain_label(tr(badge.value))
        set_tooltip(self, tr(BADGE_SENTENCES[badge]))
        self.setAccessibleName(tr(badge.value))
        self.setAccessibleDescription(tr(BADGE_SENTENCES[badge]))
        layout = QHBoxLayout(self)
        gap = self.fontMetrics().height() // 3
        layout.setContentsMargins(gap, gap // 3, gap * 3 // 2, gap // 3)
        layout.setSpacing(gap)
        layout.addWidget(self._mark)
        layout.addWidget(self._word)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._tint()

    def _tint(self) -> None:
        size = self.fontMetrics().height()
        self._mark.setPixmap(icons.pixmap(self._badge, self.palette(), size, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_word"):
            self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint a rounded edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour(Colour.RULE, self.palette()))
        painter.setBrush(colour(Colour.CARD, self.palette()))
        radius = self.height() / 2 - 0.5
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class InspectorHeader(QWidget):
    """Shows the identity of a subject."""

    copy_wanted = Signal(str)
    """The ARN."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: NodeKind | None = None
        self._arn = ""
        self._drawing = plain_label()
        self.title = ElidedLabel()
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        self.title.setFont(font)
        self.summary = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.ages = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.arn = ElidedLabel()
        self.copy_button = QToolButton()
        self.copy_button.setAutoRaise(True)
        self.copy_button.setAccessibleName(tr("Copy the ARN"))
        set_tooltip(self.copy_button, tr("Copy the ARN"))
        self.copy_button.clicked.connect(lambda: self.copy_wanted.emit(self._arn))
        self.note = NoteLine(self)
        self._badges = QHBoxLayout()
        self._lay_out()
        self._tint()

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        top = QHBoxLayout()
        top.setSpacing(line // 2)
        top.addWidget(self._drawing)
        top.addWidget(self.title, 1)
        top.addLayout(self._badges)
        self._badges.setSpacing(line // 4)
        arn = QHBoxLayout()
        arn.setSpacing(line // 4)
        arn.addWidget(self.arn, 1)
        arn.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(line * 2 // 3, line // 2, line * 2 // 3, line // 3)
        layout.setSpacing(line // 5)
        layout.addLayout(top)
        layout.addWidget(self.summary)
        layout.addWidget(self.ages)
        layout.addLayout(arn)
        layout.addWidget(self.note)

    def show_subject(self, subject: Subject, badges: tuple[Badge, ...]) -> None:
        """Show another subject; ``badges`` are those known so far."""
        self._kind = subject.kind
        self._arn = subject.arn or ""
        self.title.setText(translate(subject.title))
        self.summary.setText(translate(subject.summary))
        self.ages.setText(" · ".join(f"{tr(label)} {translate(value)}" for label, value in subject.ages))
        self.ages.setVisible(bool(subject.ages))
        self.arn.setText(self._arn)
        self.arn.setVisible(bool(self._arn))
        self.copy_button.setVisible(bool(self._arn))
        self.show_badges(badges)
        self._tint()

    def show_name(self, name: str, summary: str) -> None:
        """Show the name of an item that is not in the snapshot."""
        self._kind, self._arn = None, ""
        self.title.setText(translate(name))
        self.summary.setText(summary)
        for part in (self.ages, self.arn, self.copy_button):
            part.hide()
        self.show_badges(())
        self._tint()

    def show_badges(self, badges: tuple[Badge, ...]) -> None:
        """Show other badges."""
        while (item := self._badges.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for badge in badges:
            self._badges.addWidget(BadgeChip(badge))

    def _tint(self) -> None:
        size = self.title.fontMetrics().height()
        ratio = self.devicePixelRatioF()
        drawn = icons.pixmap(self._kind, self.palette(), size, ratio) if self._kind is not None else QPixmap()
        self._drawing.setPixmap(drawn)
        self.copy_button.setIcon(icons.icon(Glyph.COPY, self.palette()))
        quiet = colour(Colour.MUTED, self.palette())
        for label in (self.summary, self.ages, self.arn):
            palette = label.palette()
            if palette.color(label.foregroundRole()) != quiet:
                palette.setColor(label.foregroundRole(), quiet)
                label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_badges"):
            self._tint()
