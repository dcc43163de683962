"""The results of earlier revocations, as a follow-up review tested them on its snapshot."""

from PySide6.QtWidgets import QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.export.text.review import TYPE_WORDS
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr
from iamdesk.review.coordination import Outcome, Retest, retests_in

_WORDS = {
    Outcome.GONE: mark("Gone"),
    Outcome.STILL_THERE: mark("Still there"),
    Outcome.CAME_BACK: mark("Came back"),
    Outcome.INCONCLUSIVE: mark("Cannot tell"),
}
_MARKS = {
    Outcome.GONE: Mark.ALLOWED,
    Outcome.STILL_THERE: Mark.EXPLICIT_DENY,
    Outcome.CAME_BACK: Mark.EXPLICIT_DENY,
    Outcome.INCONCLUSIVE: Mark.UNKNOWN,
}
_ORDER = (Outcome.CAME_BACK, Outcome.STILL_THERE, Outcome.INCONCLUSIVE, Outcome.GONE)


class RetestsWindow(CoordinationWindow):
    """What is not gone comes first."""

    def __init__(self, about: Coordination, parent: QWidget) -> None:
        super().__init__(
            about,
            parent,
            name="retests",
            title=tr("Results of earlier revocations"),
        )
        self.sentence = FlowLabel()
        self.sentence.setObjectName("retestsSentence")
        self.list = self.table(
            "Table",
            tr("Results of earlier revocations"),
            [
                tr("Result"),
                tr("Entitlement"),
                tr("Principal"),
                tr("Still possible"),
                tr("Gained"),
                tr("Decided by"),
                tr("Decided"),
                tr("Description"),
            ],
        )
        close = self.button(tr("&Close"), "Close")
        close.clicked.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.sentence)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.bottom(close))
        self.size_for(150, 30)
        self.list.setFocus()
        file = about.review_session.file
        self.run(tr("Reading the results"), lambda _progress, _cancelled: retests_in(file), self._show, "retests")

    def _show(self, found: tuple[Retest, ...]) -> None:
        ordered = sorted(found, key=lambda one: _ORDER.index(one.outcome))
        fill_table(self.list, [self._row(one) for one in ordered])
        gone = sum(one.outcome is Outcome.GONE for one in found)
        self.sentence.setText(
            tr("{gone} of {count} earlier revocations are gone.").format(gone=number(gone), count=number(len(found)))
            if found
            else tr("There are no earlier revocations to test. A follow-up review tests those of the previous review.")
        )

    def _row(self, one: Retest) -> QTreeWidgetItem:
        row = row_item(
            [
                tr(_WORDS[one.outcome]),
                f"{one.name} ({tr(TYPE_WORDS[one.type])})",
                one.holder_arn,
                _amount(one.still_possible),
                _amount(one.gained),
                one.decided_by,
                one.decided_utc[:10],
                translate_english(one.sentence),
            ]
        )
        row.setIcon(0, icons.icon(_MARKS[one.outcome], self.palette()))
        return row


def _amount(count: int | None) -> str:
    """Return a number of actions; empty: not evaluated."""
    return "" if count is None else number(count)
