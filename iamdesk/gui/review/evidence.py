"""The evidence beside the table: principal, effective permissions, findings, last use, decision."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QPalette, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from iamdesk.api import Workbench
from iamdesk.export.text.access import REACH_WORDS
from iamdesk.export.text.review import entitlement_words, holder_name
from iamdesk.export.text.review_effect import effect_words
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import PlainLabel, plain_label
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import SEVERITY_WORDS
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.evidence_text import decided_words, finding_facts, line_facts
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.gui.review.guardrails import policy_of, revoke_warning
from iamdesk.gui.review.modify_effect import suggested_edits
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_WORDS, Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.gui.widgets.wrapping_text import WrappingText
from iamdesk.i18n import mark, tr, translate
from iamdesk.review.coordination import Returned
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.session import ReviewSession

if TYPE_CHECKING:
    from iamdesk.api import KeyPermission

_MEMBERS_SHOWN = 30
_FINDINGS_SHOWN = 12
_TEXT_SHOWN = 6000
_EMPTY = mark("Select a row to see its evidence.")


class EvidencePane(QScrollArea):
    """Shows one row; its links lead to the principal, the policy and the requests."""

    second_wanted = Signal()
    """A second approval of the decision on the row."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._row: DecidedRow | None = None
        self._desk: ReviewSession | None = None
        self._matches = True
        self._permissions: tuple[KeyPermission, ...] | None = None
        self._exact = ""
        self._history: tuple[str, ...] = ()
        self._returned: Mapping[str, Returned] = {}
        self._whole = False
        self._muted_labels: list[PlainLabel] = []
        self.setObjectName("reviewEvidence")
        self.setAccessibleName(tr("Evidence of the selected row"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.show_row(None, None, matches=True)

    @property
    def row(self) -> DecidedRow | None:
        """The row shown."""
        return self._row

    def show_row(self, row: DecidedRow | None, review_session: ReviewSession | None, *, matches: bool) -> None:
        """Show a row; ``matches`` says whether the open snapshot is the review's own."""
        if row is not self._row:
            self._permissions, self._whole, self._exact, self._history = None, False, "", ()
        self._row, self._desk, self._matches = row, review_session, matches
        self._paint()

    def set_returned(self, returned: Mapping[str, Returned]) -> bool:
        """Set which items were handed back; return False if these are set already."""
        if returned == self._returned:
            return False
        self._returned = returned
        return True

    def set_history(self, lines: tuple[str, ...]) -> None:
        """Set all decisions on the row's item, the last first; they are shown if there is more than one."""
        if lines != self._history:
            self._history = lines
            self._paint()

    def set_exact(self, words: str) -> None:
        """Add what the exact comparison says of the row's entitlement, or that it is under way."""
        self._exact = words
        self._paint()

    def set_details(self, permissions: "tuple[KeyPermission, ...]") -> None:
        """Add the decisions on critical actions of the row's principal."""
        self._permissions = permissions
        self._paint()

    def _paint(self) -> None:
        self._muted_labels.clear()
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(4)
        if self._row is None or self._desk is None:
            self._muted(column, tr(_EMPTY))
        elif isinstance(self._row, EntitlementRow):
            self._fill(column, self._row, self._desk)
        elif isinstance(self._row, FindingRow):
            self._fill_findings(column, self._row, self._desk)
        column.addStretch(1)
        self.setWidget(page)  # the scroll area deletes the previous page
        self._tint()

    def _fill(self, column: QVBoxLayout, row: EntitlementRow, review_session: ReviewSession) -> None:
        line = row.lines[0]
        if len(row.lines) == 1:
            self._link(
                column, translate(holder_name(line)), partial(self._session.show_key, line.holder_arn), line.holder_arn
            )
        else:
            self._members(column, row)
        self._title(
            column,
            translate(entitlement_words(line))
            if _is_one(row)
            else tr("{count} entitlements").format(count=number(len(row.lines))),
        )
        if _is_one(row):
            for words in effect_words(line):
                note = FlowLabel(translate(words))
                note.setObjectName("effectWords")
                column.addWidget(note)
            if self._exact:
                exact = FlowLabel(translate(self._exact))
                exact.setObjectName("exactEffect")
                column.addWidget(exact)
        if warning := revoke_warning(row.lines):
            label = FlowLabel(warning)
            label.setObjectName("guardrailWarning")
            column.addWidget(label)
        if row.person:
            note = FlowLabel(tr("Person: {person}").format(person=row.person))
            note.setObjectName("personOfHolder")
            column.addWidget(note)
        self._offer_to_try(column, row)
        self._facts(column, line)
        self._decisions(column, row, review_session)
        self._past(column)
        self._findings(column, row)
        self._evaluated(column, line)
        if _is_one(row):
            self._statements(column, line)

    def _offer_to_try(self, column: QVBoxLayout, row: EntitlementRow) -> None:
        """Offer to try the suggestion, and revoking, in what-if."""
        if self._session.whole is None or not self._matches:
            return
        suggested = suggested_edits(row.lines[0]) if _is_one(row) else ()
        for words, edits in (
            (tr("Try the suggestion"), suggested),
            (tr("Try without it") if _is_one(row) else tr("Try without them"), Workbench.revoking_edits(row.lines)),
        ):
            if edits:
                link = LinkButton(words, partial(try_changes, self, edits))
                link.setObjectName("tryThis")
                column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _fill_findings(self, column: QVBoxLayout, row: FindingRow, review_session: ReviewSession) -> None:
        first = row.findings[0]
        self._title(column, f"{first['check_id']} {first['title']}")
        if len(row.findings) > 1:
            self._heading(column, tr("{count} findings, decided together").format(count=number(len(row.findings))))
        most = len(row.findings) if self._whole else _MEMBERS_SHOWN
        for finding in row.findings[:most]:
            arn = str(finding["subject_arn"])
            self._link(column, str(finding["subject_name"]), partial(self._session.show_key, arn), arn)
            if len(row.findings) > 1:
                column.addWidget(FlowLabel(translate_english(str(finding["finding"]))))
        self._offer_more(column, len(row.findings) - most)
        if len(row.findings) == 1:
            for title, text in finding_facts(first):
                column.addWidget(FlowLabel(f"{title}: {text}"))
        self._decisions(column, row, review_session)
        self._past(column)
        self._heading(column, tr("Remediation"))
        column.addWidget(FlowLabel(translate_english(str(first["remediation"])), code=True))

    def _members(self, column: QVBoxLayout, row: EntitlementRow) -> None:
        self._heading(column, tr("{count} entitlements, decided together").format(count=number(len(row.lines))))
        most = len(row.lines) if self._whole else _MEMBERS_SHOWN
        for line in row.lines[:most]:
            what = "" if _is_one(row) else f" · {translate(entitlement_words(line))}"
            self._link(
                column,
                f"{translate(holder_name(line))}{what}",
                partial(self._session.show_key, line.holder_arn),
                line.holder_arn,
            )
        self._offer_more(column, len(row.lines) - most)

    def _offer_more(self, column: QVBoxLayout, count: int) -> None:
        if count > 0:
            more = QPushButton(tr("Show {count} more").format(count=number(count)))
            more.setObjectName("moreMembers")
            more.clicked.connect(self._show_whole)
            column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _facts(self, column: QVBoxLayout, line: ReviewItem) -> None:
        for title, text in line_facts(line):
            column.addWidget(FlowLabel(f"{title}: {text}"))

    def _decisions(self, column: QVBoxLayout, row: DecidedRow, review_session: ReviewSession) -> None:
        if (returned := self._returned.get(row.subject_ids[0])) is not None:
            words = tr("Handed back by {name}: {reason}").format(name=returned.by, reason=returned.reason)
            if returned.to:
                words = tr("Handed back by {name}, for {to}: {reason}").format(
                    name=returned.by, to=returned.to, reason=returned.reason
                )
            note = FlowLabel(words)
            note.setObjectName("handedBack")
            column.addWidget(note)
        decision, decided = row.decisions[0], review_session.decided(row.subject_ids[0])
        if decision.choice is ReviewDecision.UNDECIDED or decided is None:
            return
        self._heading(column, tr("Decision"))
        sentence = decided_words(row, decision, decided.reviewer, decided.moment)
        if decision.second:
            sentence = tr("{decision}; second approval by {second}").format(decision=sentence, second=decision.second)
        column.addWidget(FlowLabel(sentence))
        if not decision.second:
            approve = LinkButton(
                tr("Give second approval (key 5)"),
                self.second_wanted.emit,
                tip=tr("Confirm another reviewer's decision."),
            )
            approve.setObjectName("giveSecondApproval")
            column.addWidget(approve, 0, Qt.AlignmentFlag.AlignLeft)
        if removal := row.texts[Column.REMOVAL]:
            note = FlowLabel(tr("Removal: {result}").format(result=removal))
            note.setObjectName("removalResult")
            column.addWidget(note)
        if ticket := row.texts[Column.TICKET]:
            note = FlowLabel(tr("Ticket: {ticket}").format(ticket=ticket))
            note.setObjectName("ticketOfItem")
            column.addWidget(note)
        for text in (decision.comment, tr("Owner: {owner}").format(owner=decision.owner) if decision.owner else ""):
            if text:
                column.addWidget(FlowLabel(text))

    def _past(self, column: QVBoxLayout) -> None:
        """Show the decisions before the current one."""
        if len(self._history) < 2:
            return
        self._heading(column, tr("All decisions, the last first"))
        for line in self._history:
            note = FlowLabel(line)
            note.setObjectName("pastDecision")
            column.addWidget(note)

    def _findings(self, column: QVBoxLayout, row: EntitlementRow) -> None:
        """Show the findings: of one entitlement, those on it apart, since they are about all who have it."""
        line = row.lines[0]
        of_it = [one for one in row.findings if _is_one(row) and one["subject_arn"] != line.holder_arn]
        others = [one for one in row.findings if one not in of_it]
        self._list_findings(column, tr("Findings"), others)
        self._list_findings(column, tr("Findings on {name}, for all who have it").format(name=line.name), of_it)

    def _list_findings(self, column: QVBoxLayout, title: str, findings: Sequence[Mapping[str, Any]]) -> None:
        if findings:
            self._heading(column, title)
        for finding in findings[:_FINDINGS_SHOWN]:
            severity = _severity_words(str(finding["severity"]))
            if finding.get("state") != "found":
                severity = tr("{severity}, cannot tell").format(severity=severity)
            column.addWidget(
                FlowLabel(f"{severity} · {finding['check_id']} · {translate_english(str(finding['finding']))}")
            )
        if len(findings) > _FINDINGS_SHOWN:
            self._muted(column, tr("and {count} more").format(count=number(len(findings) - _FINDINGS_SHOWN)))

    def _evaluated(self, column: QVBoxLayout, line: ReviewItem) -> None:
        if not self._permissions:
            return
        self._heading(column, tr("Decisions on {name}").format(name=translate(holder_name(line))))
        for permission in self._permissions:
            result = permission.decisions[0] if permission.decisions else None
            mark = Mark(result.decision) if result is not None else Mark.CONDITIONAL
            reach = tr(REACH_WORDS[permission.reach])
            on = tr(" on {resource}").format(resource=result.resource) if result is not None else ""
            link = LinkButton(
                tr("may {act}: {reach}").format(act=translate(permission.description), reach=reach) + on,
                partial(self._ask, line.holder_arn, permission.action, result.resource if result else None),
                tip=f"{tr(MARK_WORDS[mark])}: {permission.action}{on}",
                picture=partial(_picture, mark),
            )
            link.setObjectName("askThis")
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _ask(self, principal: str, action: str, resource: str | None) -> None:
        self._session.draft(principal, action, resource)

    def _statements(self, column: QVBoxLayout, line: ReviewItem) -> None:
        opened = self._session.snapshot
        is_policy = line.type in (EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY, EntitlementType.TRUST)
        if opened is None or not (is_policy or line.type is EntitlementType.GROUP):
            return
        self._heading(column, tr("Statements") if self._matches else tr("Statements in the open snapshot"))
        self._link(
            column,
            tr("Open {name}").format(name=line.name),
            partial(self._session.show_key, line.entitlement_id),
            tr("Show the policy"),
        )
        view = policy_of(opened, line) if is_policy else None
        if view is None:
            return
        text = view.document.text.text
        shown = WrappingText(text[:_TEXT_SHOWN] + ("\n…" if len(text) > _TEXT_SHOWN else ""))
        shown.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        shown.setAccessibleName(tr("Text of {name}").format(name=line.name))
        column.addWidget(shown)

    def _show_whole(self) -> None:
        self._whole = True
        self._paint()

    def _link(self, column: QVBoxLayout, text: str, act: Callable[[], None], tip: str) -> None:
        row = QHBoxLayout()
        link = LinkButton(text, act, tip=tip)
        link.setObjectName("showKey")
        row.addWidget(link)
        row.addStretch(1)
        column.addLayout(row)

    def _title(self, column: QVBoxLayout, text: str) -> None:
        label = FlowLabel(text)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        label.setFont(font)
        column.addWidget(label)

    def _heading(self, column: QVBoxLayout, text: str) -> None:
        label = plain_label(text)
        label.setContentsMargins(0, 6, 0, 0)
        self._muted_labels.append(label)
        column.addWidget(label)

    def _muted(self, column: QVBoxLayout, text: str) -> None:
        label = FlowLabel(text)
        self._muted_labels.append(label)
        column.addWidget(label)

    def _tint(self) -> None:
        for label in self._muted_labels:
            palette = QPalette(self.palette())
            palette.setColor(QPalette.ColorRole.WindowText, colour(Colour.MUTED, self.palette()))
            label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            # Not while Qt sends the event to every widget: the replaced page is one of them.
            QTimer.singleShot(0, self, self._paint)


def _is_one(row: EntitlementRow) -> bool:
    """Return whether all entitlements of a row are the same one."""
    return len({entitlement_words(line) for line in row.lines}) == 1


def _picture(mark: Mark, widget: QWidget) -> QPixmap:
    return icons.pixmap(mark, widget.palette(), 16, widget.devicePixelRatioF())


def _severity_words(severity: str) -> str:
    known = {one.value: words for one, words in SEVERITY_WORDS.items()}
    return tr(known[severity]) if severity in known else severity.title()
