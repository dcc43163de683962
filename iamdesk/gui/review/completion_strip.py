"""What keeps the review from being complete, and the steps that follow: export, sign, verify."""

from collections.abc import Callable
from datetime import date
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStyle, QVBoxLayout, QWidget

from iamdesk.export.evidence.part_signature import PartSignOff
from iamdesk.gui.core.locale import day, number
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.review_status import FILTERS, PackageState, ReviewStatus
from iamdesk.gui.review.signer_words import missing_signatures
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.i18n import ntr, tr
from iamdesk.review.completion import Obstacle
from iamdesk.review.coordination import AssignedTo

_PLACE = 4
"""Place of the links in the first row."""
_OF_APPROVAL = frozenset({FILTERS[Obstacle.NO_APPROVER], FILTERS[Obstacle.NO_SECOND]})


class CompletionStrip(QWidget):
    """*DRAFT* or *Complete*, the counts, and the steps. Hidden unless a review is open."""

    wanted = Signal(object, object)
    """`RowFilterMode`, and the items that it shows: a count was clicked."""

    def __init__(
        self,
        progress: QWidget,
        summary: QWidget,
        export: Callable[[], None],
        sign: Callable[[], None],
        verify: Callable[[], None],
        checkpoints: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("completionStrip")
        self._status: ReviewStatus | None = None
        self._shown: tuple[object, ...] = ()
        self._mark = plain_label()
        self.state = plain_label()
        self.state.setObjectName("completionState")
        self.owner = ElidedLabel()
        self.owner.setObjectName("partOwner")
        self.owner.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.links: list[LinkButton] = []
        self.checkpoint = LinkButton(tr("Checkpoints"), checkpoints)
        self.checkpoint.setObjectName("checkpointState")
        self.checkpoints_are_on = False
        """Whether checkpoints are signed by themselves."""
        self.is_verified = False
        """Whether the last package was verified in this session, without a fault."""
        self.export_button = self._step("stepExport", tr("Export…"), export)
        self.sign_button = self._step("stepSign", tr("Sign…"), sign)
        self.verify_button = self._step("stepVerify", tr("Verify…"), verify)
        self._links = QWidget()
        self._counts = QHBoxLayout(self._links)
        self._counts.setContentsMargins(0, 0, 0, 0)
        self._counts.setSpacing(self.fontMetrics().averageCharWidth() * 2)
        self._counts.addWidget(self.checkpoint)
        self._links.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._row, self._below = QHBoxLayout(), QHBoxLayout()
        self._are_below = False
        """Whether the links have a row of their own."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._row)
        layout.addLayout(self._below)
        for widget in (self._mark, self.state, self.owner, progress, self._links):
            self._row.addWidget(widget)
        self._row.addWidget(summary, 1)
        self._below.addStretch(1)
        for button in (self.export_button, self.sign_button, self.verify_button):
            self._row.addWidget(button)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.state.setFont(font)
        self.hide()

    def _step(self, name: str, text: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text)
        button.setObjectName(name)
        button.clicked.connect(act)
        return button

    def show_status(self, status: ReviewStatus | None, today: date) -> None:
        """Show the status of the open review; None: none is open."""
        self._status = status
        self.setVisible(status is not None)
        if status is None:
            self._shown = ()
            return
        counts = tuple(_counts(status))
        if counts != self._shown:  # the links keep the focus while nothing changes
            self._shown = counts
            self._replace_links(counts)
        self.state.setText(tr("Complete") if status.completion.is_complete else tr("DRAFT"))
        set_tooltip(
            self.state,
            tr("The review is complete: nothing is open.")
            if status.completion.is_complete
            else tr("The review is not complete: all its exports say DRAFT."),
        )
        self.owner.setText(_owner(status.own, today))
        self.owner.setVisible(status.own is not None)
        self._show_checkpoint(status)
        self._show_steps(status)
        self._place_links()
        self._tint()

    def _show_checkpoint(self, status: ReviewStatus) -> None:
        """Show how much is not in a checkpoint, if there are any or they are switched on."""
        state = status.checkpoint
        is_shown = state is not None and (self.checkpoints_are_on or bool(state.files))
        self.checkpoint.setVisible(is_shown)
        if state is None:
            return
        if not state.since and state.files:
            text, tip = tr("Checkpoint up to date"), tr("Every decision is in the last signed checkpoint.")
        else:
            text = tr("{count} since checkpoint").format(count=number(state.since))
            tip = tr("Decisions and second approvals that no signed checkpoint has. Shows the checkpoints.")
        self.checkpoint.set_text(text, tip)

    def _show_steps(self, status: ReviewStatus) -> None:
        for button in (self.export_button, self.verify_button):
            button.setVisible(status.own is None)
        if status.own is not None:
            self._show_part_step(status.signed)
            return
        package, is_complete = status.package, status.completion.is_complete
        name = package.path.name if package.path is not None else ""
        self.sign_button.setText(_sign_words(package))
        self.export_button.setText(tr("Export…") if is_complete else tr("Export draft…"))
        steps = (
            (
                self.export_button,
                package.is_current,
                tr("{name} contains every decision.").format(name=name)
                if package.is_current
                else tr("Export an evidence package with the decisions up to now."),
            ),
            (
                self.sign_button,
                package.is_current and bool(package.signers) and not package.to_sign,
                _sign_tip(package),
            ),
            (
                self.verify_button,
                package.is_current and self.is_verified,
                tr("{name} was verified.").format(name=name)
                if self.is_verified
                else tr("Check every hash, signature, total and decision of the last evidence package."),
            ),
        )
        for button, is_done, tip in steps:
            self._show_step(button, tip, is_done=is_done)
        self.sign_button.setEnabled(package.path is not None)

    def _show_part_step(self, signed: PartSignOff | None) -> None:
        """Show whether the open part is signed: of a part, nothing else is handed in."""
        self.sign_button.setText(tr("Sign part…"))
        self.sign_button.setEnabled(True)
        tip = tr("Sign the part before you hand it in.")
        if signed is not None:
            tip = tr("Signed by {name}.") if signed.has_key else tr("Unsigned attestation by {name}.")
            if not signed.is_current:
                tip = tr("Signed by {name}, but the part was changed since: sign it again.")
            tip = tip.format(name=signed.name)
        self._show_step(self.sign_button, tip, is_done=signed is not None and signed.is_current)

    def _show_step(self, button: QPushButton, tip: str, *, is_done: bool) -> None:
        button.setIcon(icons.icon(Mark.ALLOWED, self.palette()) if is_done else QIcon())
        button.setAccessibleName(tr("{step} (done)").format(step=button.text()) if is_done else button.text())
        set_tooltip(button, tip)

    def _replace_links(self, counts: tuple[tuple[RowFilterMode, str], ...]) -> None:
        had_focus = any(link.hasFocus() for link in self.links)
        for link in self.links:
            self._counts.removeWidget(link)
            link.hide()
            link.deleteLater()
        self.links = []
        for mode, text in counts:
            tip = tr("Show these rows: {what}").format(what=text)
            if mode in _OF_APPROVAL:
                tip = tr("{tip}. Another reviewer approves the selected rows with key 5.").format(tip=tip)
            link = LinkButton(text, partial(self._ask, mode), tip=tip)
            link.setObjectName(f"count-{mode.name.lower()}")
            link.elided = Qt.TextElideMode.ElideRight  # the number stays, with large text, too
            link.setMinimumWidth(self.fontMetrics().horizontalAdvance(f"{text.partition(' ')[0]} mm…"))
            self._counts.insertWidget(len(self.links), link)
            link.show()  # at once: only what is shown takes the focus
            self.links.append(link)
        if had_focus and self.links:
            self.links[0].setFocus()

    def _place_links(self) -> None:
        """Give the links a row of their own if the first one has no room for them."""
        wanted = self._links.sizeHint().width() + sum(
            widget.sizeHint().width() + self._row.spacing()
            for at in range(self._row.count())
            if (item := self._row.itemAt(at)) is not None
            and (widget := item.widget()) is not None
            and widget is not self._links
            and not widget.isHidden()
            and not isinstance(widget, ElidedLabel)
        )
        if self.owner.isVisibleTo(self):
            wanted += self.owner.sizeHint().width()
        are_below = wanted > self.width()
        if are_below is self._are_below:
            return
        self._are_below = are_below
        if are_below:
            self._row.removeWidget(self._links)
            self._below.insertWidget(0, self._links)
        else:
            self._below.removeWidget(self._links)
            self._row.insertWidget(_PLACE, self._links)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Place the links."""
        super().resizeEvent(event)
        self._place_links()

    def _ask(self, mode: RowFilterMode) -> None:
        if self._status is not None:
            self.wanted.emit(mode, self._status.open_items(mode))

    def _tint(self) -> None:
        status = self._status
        if status is None:
            return
        is_complete = status.completion.is_complete
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        drawing = Mark.ALLOWED if is_complete else Glyph.UNDECIDED
        self._mark.setPixmap(icons.pixmap(drawing, self.palette(), size, self.devicePixelRatioF()))
        palette = QPalette(self.palette())
        tint = Colour.ALLOWED if is_complete else Colour.WARNING
        palette.setColor(QPalette.ColorRole.WindowText, colour(tint, self.palette()))
        self.state.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._status is not None:
            self._show_steps(self._status)
            self._tint()


def _sign_words(package: PackageState) -> str:
    """Return the text of the button: with how many have signed, if others still have to."""
    if not package.signers or not package.to_sign or not package.is_current:
        return tr("Sign…")
    return tr("Sign… ({count} missing)").format(count=number(len(package.to_sign)))


def _sign_tip(package: PackageState) -> str:
    if package.path is None:
        return tr("Export an evidence package first: it is what is signed.")
    parts = []
    if package.signers:
        words = tr("{name} is signed by {signers}.")
        parts.append(words.format(name=package.path.name, signers=", ".join(package.signers)))
    else:
        parts.append(tr("Sign the last evidence package."))
    if package.to_sign and package.is_current:
        parts.append(missing_signatures(package.to_sign))
    return " ".join(parts)


def _counts(status: ReviewStatus) -> list[tuple[RowFilterMode, str]]:
    found = [(FILTERS[one.obstacle], _words(one.obstacle, len(one.items))) for one in status.completion.open]
    if status.overdue:
        words = tr("{count} overdue").format(count=number(len(status.overdue)))
        found.insert(1, (RowFilterMode.OVERDUE, words))
    if status.returned:
        words = tr("{count} handed back").format(count=number(len(status.returned)))
        found.append((RowFilterMode.RETURNED, words))
    return found


def _words(obstacle: Obstacle, count: int) -> str:
    match obstacle:
        case Obstacle.UNDECIDED:
            words = tr("{count} undecided")
        case Obstacle.EXPIRED:
            words = ntr("{count} exception expired", "{count} exceptions expired", count)
        case Obstacle.UNASSIGNED:
            words = tr("{count} without reviewer")
        case Obstacle.NO_CHANGE:
            words = ntr("{count} change not stated", "{count} changes not stated", count)
        case Obstacle.NO_APPROVER:
            words = ntr("{count} exception without approver", "{count} exceptions without approver", count)
        case Obstacle.NO_SECOND:
            words = ntr("{count} waits for second approval", "{count} wait for second approval", count)
        case Obstacle.CONFLICT:
            words = ntr("{count} conflict", "{count} conflicts", count)
    return words.format(count=number(count))


def _owner(own: AssignedTo | None, today: date) -> str:
    if own is None:
        return ""
    if own.due is None:
        return tr("Part of {reviewer}").format(reviewer=own.reviewer)
    words = tr("Part of {reviewer}, overdue since {day}") if own.due < today else tr("Part of {reviewer}, due {day}")
    return words.format(reviewer=own.reviewer, day=day(own.due.isoformat()))
