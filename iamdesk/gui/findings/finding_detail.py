"""One finding: description, evidence with links, and remediation."""

from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from iamdesk.api import Workbench
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.escaping import with_visible_end
from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, PlainLabel, plain_label
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.rows import SEVERITY_WORDS, STATE_WORDS
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_pixmap
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_WORDS, Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.note_line import NoteLine
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate

_EVIDENCE_SHOWN = 40
"""Evidence items shown at first; a button shows the rest."""
_EMPTY = mark("Select a finding to see evidence and remediation.")


class FindingDetail(QScrollArea):
    """Shows one finding; its links lead to the subject, the statements and the evaluated requests."""

    suppress_wanted = Signal()
    lift_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._finding: Finding | None = None
        self._whole = False
        self.can_suppress = False
        """Whether suppressions can be saved."""
        self._tinted: list[tuple[QWidget, Colour]] = []
        self.setObjectName("findingDetail")
        self.setAccessibleName(tr("Selected finding"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.show_finding(None)

    @property
    def finding(self) -> Finding | None:
        """The finding shown."""
        return self._finding

    def show_finding(self, finding: Finding | None) -> None:
        """Show a finding; None shows a hint."""
        if finding is None or finding is not self._finding:
            self._whole = False
        self._finding = finding
        self._tinted.clear()
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(5)
        if finding is None:
            column.addWidget(self._muted(tr(_EMPTY)))
        else:
            self._fill(column, finding)
        column.addStretch(1)
        self.setWidget(page)  # the scroll area deletes the previous page
        self._tint()

    def _fill(self, column: QVBoxLayout, finding: Finding) -> None:
        column.addLayout(self._head(finding))
        subject = LinkButton(
            translate(finding.subject_name),
            partial(self._session.show_key, finding.subject_key),
            tip=tr("Show {subject_key}").format(subject_key=finding.subject_key),
        )
        subject.setObjectName("showSubject")
        who = QHBoxLayout()
        who.addWidget(subject)
        where = "" if finding.account in finding.subject_name else f" · {finding.account}"
        kind = ElidedLabel(f"{tr(finding.subject_kind)}{where}", mode=Qt.TextElideMode.ElideRight)
        self._tinted.append((kind, Colour.MUTED))
        who.addWidget(kind, 1)
        column.addLayout(who)
        column.addWidget(FlowLabel(translate(finding.sentence)))
        for note in self._session.notes.on_finding(finding):
            line = NoteLine(self)
            column.addWidget(line)
            line.show_note(note)
        if finding.suppression is not None:
            word = finding.suppression
            suppression_text = tr("Suppressed until {expires} by {owner}: {reason}").format(
                expires=word.expires.isoformat(), owner=word.owner, reason=word.reason
            )
            column.addWidget(FlowLabel(suppression_text))
        if finding.evidence:
            column.addWidget(self._heading(tr("Evidence")))
            pieces = len(finding.evidence) if self._whole else _EVIDENCE_SHOWN
            for piece in finding.evidence[:pieces]:
                column.addWidget(self._evidence(piece))
            if len(finding.evidence) > pieces:
                more = QPushButton(tr("Show {count} more").format(count=number(len(finding.evidence) - pieces)))
                more.setObjectName("moreEvidence")
                more.clicked.connect(self._show_whole)
                column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        if finding.remediation:
            column.addWidget(self._heading(tr("Remediation")))
            column.addWidget(FlowLabel(translate(finding.remediation), code=True))
        if self._session.whole is not None:
            for remediation in Workbench.edits_of_finding(finding):
                link = LinkButton(translate(remediation.label), partial(self._session.try_edits, remediation.edits))
                link.setObjectName("tryThis")
                column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        if finding.remediation_command:
            self._add_command(column, finding.remediation_command)
        if self.can_suppress:
            column.addWidget(self._suppress_button(finding), 0, Qt.AlignmentFlag.AlignLeft)

    def _add_command(self, column: QVBoxLayout, remediation_command: str) -> None:
        text = FlowLabel(remediation_command)
        text.setObjectName("remedyCommand")
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setAccessibleName(tr("Remediation command"))
        column.addWidget(text)
        copy = QPushButton(tr("Copy the &command"))
        copy.setObjectName("copyCommand")
        copy.clicked.connect(lambda: QApplication.clipboard().setText(remediation_command))
        column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)

    def _suppress_button(self, finding: Finding) -> QPushButton:
        is_open = finding.suppression is None
        button = QPushButton(tr("&Suppress…") if is_open else tr("&Remove suppression"))
        button.setObjectName("suppress" if is_open else "lift")
        button.clicked.connect(self.suppress_wanted if is_open else self.lift_wanted)
        return button

    def _head(self, finding: Finding) -> QHBoxLayout:
        line = QHBoxLayout()
        picture = plain_label()
        picture.setPixmap(severity_pixmap(finding.severity, self.palette(), 16, self.devicePixelRatioF()))
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        word = plain_label(tr(SEVERITY_WORDS[finding.severity]))
        self._tinted.append((word, _severity_colour(finding.severity)))
        line.addWidget(word, 0, Qt.AlignmentFlag.AlignTop)
        title = FlowLabel(tr(finding.title))
        title.setFont(self._strong())
        line.addWidget(title, 1)
        state = "" if finding.state is State.FOUND else f"{tr(STATE_WORDS[finding.state])} · "
        line.addWidget(self._muted(f"{state}{finding.check_id}", flowing=False), 0, Qt.AlignmentFlag.AlignTop)
        return line

    def _evidence(self, piece: Evidence) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 3)
        column.setSpacing(0)
        if piece.text:
            column.addWidget(FlowLabel(translate(piece.text)))
        for link in self._links(piece):
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        return box

    def _links(self, piece: Evidence) -> list[LinkButton]:
        links = []
        if piece.statement is not None:
            line = piece.statement
            link = LinkButton(
                f"{line.effect}: {translate(line.name)}",
                partial(self._session.show_statement, line),
                tip=translate(line.sentence),
            )
            link.setObjectName("showStatement")
            links.append(link)
        elif piece.policy_key is not None:
            link = LinkButton(_policy_name(piece.policy_key), partial(self._session.show_key, piece.policy_key))
            link.setObjectName("showPolicy")
            links.append(link)
        if piece.decision is not None:
            links.append(self._request_link(piece.decision))
        return links

    def _request_link(self, decision: EvaluationResult) -> LinkButton:
        request = decision.request
        resource = with_visible_end(request.resource)
        link = LinkButton(
            tr("Evaluate {action} on {resource}").format(action=request.action, resource=resource),
            partial(self._session.show_decision, decision),
            tip=f"{tr(MARK_WORDS[Mark(decision.decision)])}: {request.principal}, {request.action}, {resource}",
            picture=partial(_decision_mark, Mark(decision.decision)),
        )
        link.setObjectName("askThis")
        return link

    def _show_whole(self) -> None:
        self._whole = True
        self.show_finding(self._finding)

    def _strong(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _heading(self, text: str) -> PlainLabel:
        label = plain_label(text)
        label.setContentsMargins(0, 6, 0, 0)
        self._tinted.append((label, Colour.MUTED))
        return label

    def _muted(self, text: str, *, flowing: bool = True) -> PlainLabel:
        label: PlainLabel = FlowLabel(text) if flowing else plain_label(text)
        self._tinted.append((label, Colour.MUTED))
        return label

    def _tint(self) -> None:
        for widget, name in self._tinted:
            palette = QPalette(self.palette())
            for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
                palette.setColor(role, colour(name, self.palette()))
            widget.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the marks."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            # Not while Qt sends the event to every widget: the replaced page is one of them.
            QTimer.singleShot(0, self, lambda: self.show_finding(self._finding))


def _severity_colour(severity: Severity) -> Colour:
    return SEVERITY_COLOURS[severity]


def _decision_mark(mark: Mark, widget: QWidget) -> QPixmap:
    return icons.pixmap(mark, widget.palette(), 16, widget.devicePixelRatioF())


def _policy_name(key: str) -> str:
    """Return the text of a link to a policy by its key (``inventory.keys``)."""
    owner, hash_, part = key.rpartition("#")
    if not hash_:
        return tr("Policy {name}").format(name=_last(key))
    match part:
        case "trust":
            return tr("Trust policy of {name}").format(name=_last(owner))
        case "policy" | "endpoint":
            return tr("Policy of {name}").format(name=_last(owner))
    if owner == "organization":
        return tr("Policy {name}").format(name=part)
    return tr("Policy {name} of {owner}").format(name=part.removeprefix("inline/"), owner=_last(owner))


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
