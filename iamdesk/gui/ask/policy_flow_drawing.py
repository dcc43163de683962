"""Draws the diagram of the policy evaluation: one gate for each policy type, and the whole row as an image.

A request passes from left to right. The mark and word of a gate show what stops it, as in the list of policy types, and
so does the line, which is broken after the first gate that the request does not pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from iamdesk.explain.decision import EvalDecision, EvaluationResult, PolicyType, PolicyTypeResult
from iamdesk.export.text.decision import DECISION_LABELS, POLICY_TYPE_DECISIONS, UNKNOWN, policy_type_decision
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import mark, tr

_MARK = 20.0
_TRACK = 18.0
"""Length in pixels of the line that leads to a gate."""
_PAD = 6.0
_NARROW_TRACK = 10.0
_NARROWER = 0.85
"""Size of the text of narrow gates, of the usual one."""
_SHORT = {
    PolicyType.RCP: mark("RCPs"),
    PolicyType.SCP: mark("SCPs"),
    PolicyType.RESOURCE: mark("Resource"),
    PolicyType.TRUST: mark("Trust"),
    PolicyType.IDENTITY: mark("Identity"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("Boundary"),
    PolicyType.SESSION: mark("Session"),
    PolicyType.ENDPOINT: mark("Endpoint"),
    PolicyType.ACL: mark("ACLs"),
    PolicyType.BLOCK_PUBLIC_ACCESS: mark("Public block"),
}
"""Titles of policy types in narrow gates; the list below and the tooltip have the whole ones."""
_TITLE_LINES = 2
_WORD_LINES = 2
_CENTRE = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class Gate:
    """One policy type as drawn."""

    title: str
    result: str
    """Its decision in a word or two: ``allows``, ``not applicable``, ``left out``."""
    sentence: str
    mark: Mark | None
    """None if it does not apply or was excluded."""
    is_reached: bool
    """Whether no earlier gate stopped the request."""
    short: str = ""
    """The title where there is little room: ``Boundary``."""


def gates_of(decision: EvaluationResult) -> tuple[Gate, ...]:
    """Return the gates of a result, in the order of evaluation."""
    stopping = _stopping(decision)
    found: list[Gate] = []
    is_reached = True
    for line in decision.layers:
        is_left_out = line.layer in decision.request.without
        mark = None if is_left_out else mark_of(line)
        result = tr("left out") if is_left_out else tr(policy_type_decision(line))
        found.append(Gate(line.title, result, line.sentence, mark, is_reached, tr(_SHORT[line.layer])))
        is_reached = is_reached and line not in stopping
    return tuple(found)


def mark_of(line: PolicyTypeResult | None) -> Mark | None:
    """Return the mark of a policy type; None if it does not apply."""
    if line is None or (line.decision is None and not line.is_unknown):
        return None
    return Mark.UNKNOWN if line.decision is None else Mark(line.decision)


def _stopping(decision: EvaluationResult) -> Sequence[PolicyTypeResult]:
    """Return the policy types that caused a denial; none for other decisions."""
    lines = [line for line in decision.layers if line.layer not in decision.request.without]
    match decision.decision:
        case EvalDecision.EXPLICIT_DENY:
            return [line for line in lines if line.decision is EvalDecision.EXPLICIT_DENY]
        case EvalDecision.IMPLICIT_DENY:
            # If something allows, the policy type that removed it decides, not one without a statement.
            taken = [line for line in lines if line.layer.value in decision.blocked_by]
            silent = [line for line in lines if line.decision is EvalDecision.IMPLICIT_DENY]
            return taken or silent or [line for line in lines if line.decision not in (None, EvalDecision.ALLOWED)]
    return ()


def gate_size(font: QFont) -> QSizeF:
    """Return the size of one gate with the line that leads to it."""
    metrics = QFontMetricsF(font)
    height = _PAD * 3 + _MARK + metrics.lineSpacing() * (_TITLE_LINES + _WORD_LINES)
    return QSizeF(_TRACK + metrics.averageCharWidth() * 15 + 2 * _PAD, height + 4)


def narrow_font(font: QFont) -> QFont:
    """Return the font of narrow gates."""
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * _NARROWER)
    return made


def least_gate_width(font: QFont) -> float:
    """Return the width of the narrowest gate whose words are not cut."""
    plain, bold = narrow_font(font), narrow_font(font)
    bold.setBold(True)
    of_plain = [*map(tr, _SHORT.values()), tr(POLICY_TYPE_DECISIONS[None]), tr("left out")]
    of_bold = [tr(words) for decision, words in POLICY_TYPE_DECISIONS.items() if decision is not None] + [tr(UNKNOWN)]
    longest = max(
        QFontMetricsF(one).horizontalAdvance(word)
        for one, texts in ((plain, of_plain), (bold, of_bold))
        for text in texts
        for word in text.split()
    )
    return longest + _NARROW_TRACK + _PAD + 2


def draw_gate(
    painter: QPainter,
    room: QRectF,
    gate: Gate,
    font: QFont,
    palette: QPalette,
    *,
    chosen: bool,
    is_narrow: bool = False,
) -> None:
    """Draw a gate and the line that leads to it; ``chosen`` adds the focus frame."""
    if is_narrow:
        font = narrow_font(font)
    metrics = QFontMetricsF(font)
    box = room.adjusted(_NARROW_TRACK if is_narrow else _TRACK, 2, -1, -2)
    muted = colour(Colour.MUTED, palette)
    plain = palette.color(QPalette.ColorRole.Text)
    surface = colour(icons.MARK_SURFACES[gate.mark], palette) if gate.mark is not None else colour(Colour.CARD, palette)
    ink = colour(icons.MARK_COLOURS[gate.mark], palette) if gate.mark is not None else muted
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    _draw_track(painter, QPointF(room.left(), box.top() + _PAD + _MARK / 2), box.left(), gate, plain, muted)
    edge = palette.color(QPalette.ColorRole.Highlight) if chosen else ink
    style = Qt.PenStyle.SolidLine if gate.mark is not None else Qt.PenStyle.DashLine
    painter.setPen(QPen(edge, 2.5 if chosen else 1.2, style))
    painter.setBrush(surface)
    painter.drawRoundedRect(box, 5, 5)
    place = QRectF(box.center().x() - _MARK / 2, box.top() + _PAD, _MARK, _MARK)
    if gate.mark is not None:
        icons.draw(painter, place, gate.mark, palette)
    else:
        painter.setPen(QPen(muted, 1.5))
        painter.drawLine(QLineF(place.left() + 4, place.center().y(), place.right() - 4, place.center().y()))
    inner = box.adjusted(_PAD / 2, 0, -_PAD / 2, 0)
    titles = QRectF(inner.left(), place.bottom() + _PAD / 2, inner.width(), metrics.lineSpacing() * _TITLE_LINES)
    painter.setPen(plain if gate.mark is not None else muted)
    painter.drawText(titles, _CENTRE, visible(gate.short if is_narrow and gate.short else gate.title))
    bold = QFont(font)
    bold.setBold(gate.mark is not None)
    painter.setFont(bold)
    painter.setPen(ink)
    words = QRectF(inner.left(), titles.bottom(), inner.width(), metrics.lineSpacing() * _WORD_LINES)
    painter.drawText(words, _CENTRE, gate.result)
    painter.restore()


def _draw_track(painter: QPainter, start: QPointF, end: float, gate: Gate, plain: QColor, muted: QColor) -> None:
    """Draw the line to a gate: with an arrowhead if the request gets there, else broken."""
    ink = plain if gate.is_reached else muted
    painter.setPen(QPen(ink, 1.6, Qt.PenStyle.SolidLine if gate.is_reached else Qt.PenStyle.DotLine))
    painter.drawLine(QLineF(start.x(), start.y(), end - 2, start.y()))
    if gate.is_reached:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        tip = QPointF(end - 1, start.y())
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-6, -4), tip + QPointF(-6, 4)]))


# ── the whole row ────────────────────────────────────────────────────────────────────────────────────────────────────


def row_size(decision: EvaluationResult, font: QFont) -> QSizeF:
    """Return the size of the diagram: sentence, gates and decision."""
    one = gate_size(font)
    width = one.width() * (len(decision.layers) + 1) + 2 * _PAD
    head = flow_height(decision.sentence, font, round(width - 2 * _PAD))
    return QSizeF(width, head + one.height() + 4 * _PAD)


def draw_row(painter: QPainter, decision: EvaluationResult, font: QFont, palette: QPalette) -> None:
    """Draw the diagram of a result."""
    size, one = row_size(decision, font), gate_size(font)
    painter.setFont(font)
    painter.setPen(palette.color(QPalette.ColorRole.Text))
    head = QRectF(_PAD, _PAD, size.width() - 2 * _PAD, size.height() - one.height() - 3 * _PAD)
    draw_flow(painter, head.toRect(), decision.sentence, font)
    gates = gates_of(decision)
    decided = decision.decision
    passes = decided not in (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY)
    last = Gate(DECISION_LABELS[decided].partition(" · ")[0].removesuffix(" on"), "", "", Mark(decided), passes)
    for place, gate in enumerate((*gates, last)):
        room = QRectF(QPointF(_PAD + place * one.width(), head.bottom() + _PAD), one)
        draw_gate(painter, room, gate, font, palette, chosen=False)


def row_words(decision: EvaluationResult) -> str:
    """Return the diagram as text: the list of policy types."""
    lines = [f"{gate.title}: {gate.result}. {gate.sentence}" for gate in gates_of(decision)]
    return visible(" ".join([decision.sentence, *lines]))
