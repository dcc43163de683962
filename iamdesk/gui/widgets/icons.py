"""Marks and icons: our own drawings (``resources/icons/*.svg``), tinted by color name, cached.

Each drawing is 16 × 16 with lines of 1.5 in ``#000000`` (painted in the requested color) and, if it has a second tone,
surfaces in ``#808080`` (painted in the same color, faint). A state is shown by shape first, then by color, then by
word: disc with a tick, octagon with a bar, ring with a slash, half-filled disc, dashed ring with a question mark.

``icon(name, palette)`` returns a QIcon; ``pixmap(name, palette, size, ratio)`` a pixmap for a delegate. ``name`` is a
`Mark` (an `EvalDecision` converts: ``Mark(result.decision)``), a `Badge`, a `NodeKind` of the tree, a `NoteMark`, or
a `Glyph`.
"""

from enum import StrEnum
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from iamdesk.gui.core.theme import Colour, colour, is_high_contrast, palette_for
from iamdesk.i18n import mark
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import Badge, NodeKind, NoteMark


class Mark(StrEnum):
    """The five states; the first four values are those of ``EvalDecision``."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


class Glyph(StrEnum):
    """Drawings for commands and other parts of the window."""

    OPEN = "open"
    COLLECT = "collect"
    SAMPLE = "sample"
    TERMINAL = "terminal"
    CLOCK = "clock"
    COPY = "copy"
    FIND = "find"
    CLEAR = "clear"
    NEXT = "next"
    PREVIOUS = "previous"
    BACK = "back"
    FORWARD = "forward"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    ASK = "ask"
    FILTER = "filter"
    SAVE_FILTER = "star"
    SAVED_FILTER = "star-filled"
    KEEP = "review-keep"
    REVOKE = "review-revoke"
    MODIFY = "review-modify"
    EXCEPT = "review-except"
    UNDECIDED = "review-undecided"
    MIXED = "review-mixed"
    GUARDRAIL = "review-guardrail"
    GAINED = "diff-gained"
    LOST = "diff-lost"
    SAME = "diff-same"
    EXPLORE = "perspective-explore"
    FINDINGS = "perspective-findings"
    REVIEW = "perspective-review"
    PATHS = "perspective-paths"
    MATRIX = "perspective-matrix"
    COMPARE = "perspective-compare"
    TEAR_OFF = "tear-off"
    NOTE = "note"
    APP = "iamdesk"


type Drawing = Mark | Glyph | Badge | NodeKind | NoteMark

MARK_WORDS: dict[Mark, str] = {
    Mark.ALLOWED: mark("Allowed"),
    Mark.EXPLICIT_DENY: mark("Denied · explicit deny"),
    Mark.IMPLICIT_DENY: mark("Denied · implicit deny"),
    Mark.CONDITIONAL: mark("Depends on context keys that are not provided"),
    Mark.UNKNOWN: mark("Not in the snapshot"),
}
MARK_COLOURS: dict[Mark, Colour] = {
    Mark.ALLOWED: Colour.ALLOWED,
    Mark.EXPLICIT_DENY: Colour.EXPLICIT_DENY,
    Mark.IMPLICIT_DENY: Colour.IMPLICIT_DENY,
    Mark.CONDITIONAL: Colour.CONDITIONAL,
    Mark.UNKNOWN: Colour.UNKNOWN,
}
MARK_SURFACES: dict[Mark, Colour] = {
    Mark.ALLOWED: Colour.ALLOWED_SURFACE,
    Mark.EXPLICIT_DENY: Colour.EXPLICIT_DENY_SURFACE,
    Mark.IMPLICIT_DENY: Colour.IMPLICIT_DENY_SURFACE,
    Mark.CONDITIONAL: Colour.CONDITIONAL_SURFACE,
    Mark.UNKNOWN: Colour.UNKNOWN_SURFACE,
}
BADGE_SENTENCES: dict[Badge, str] = {
    Badge.ADMINISTRATOR: mark("Administrator: can do everything in the account."),
    Badge.EXTERNAL_ACCESS: mark("External access: can be used from outside the account."),
    Badge.NO_MFA_KNOWN: mark("No MFA device is known."),
    Badge.UNUSED: mark("Not used in the 90 days before the snapshot."),
    Badge.BROKEN: mark("Malformed: its entry in the snapshot cannot be read."),
    Badge.MISSING_DATA: mark("Missing data: something that it refers to is not in the snapshot."),
}
_BADGE_COLOURS: dict[Badge, Colour] = {
    Badge.ADMINISTRATOR: Colour.BADGE_STRONG,
    Badge.EXTERNAL_ACCESS: Colour.BADGE_ALERT,
    Badge.BROKEN: Colour.BADGE_ALERT,
}
_NOTE_COLOURS: dict[NoteMark, Colour] = {
    NoteMark.IMPORTANT: Colour.EXPLICIT_DENY,
    NoteMark.QUESTION: Colour.CONDITIONAL,
    NoteMark.WATCH: Colour.WARNING,
    NoteMark.CHECKED: Colour.ALLOWED,
}
_KIND_COLOURS: dict[NodeKind, Colour] = {
    NodeKind.CUSTOMER_POLICY: Colour.KIND_POLICY,
    NodeKind.AWS_POLICY: Colour.KIND_POLICY,
    NodeKind.INLINE_POLICY: Colour.KIND_POLICY,
    NodeKind.TRUST_POLICY: Colour.KIND_POLICY,
    NodeKind.SERVICE_CONTROL_POLICY: Colour.KIND_POLICY,
    NodeKind.RESOURCE_CONTROL_POLICY: Colour.KIND_POLICY,
    NodeKind.RESOURCE_POLICY: Colour.KIND_POLICY,
    NodeKind.PERMISSION_SET: Colour.KIND_POLICY,
    NodeKind.BROKEN: Colour.BADGE_ALERT,
    NodeKind.MISSING: Colour.UNKNOWN,
}
_GLYPH_COLOURS: dict[Glyph, Colour] = {
    Glyph.WARNING: Colour.WARNING,
    Glyph.ERROR: Colour.ERROR,
    Glyph.INFO: Colour.LINK,
    Glyph.APP: Colour.LINK,
    Glyph.KEEP: Colour.ALLOWED,
    Glyph.REVOKE: Colour.EXPLICIT_DENY,
    Glyph.MODIFY: Colour.IMPLICIT_DENY,
    Glyph.EXCEPT: Colour.CONDITIONAL,
    Glyph.UNDECIDED: Colour.UNKNOWN,
    Glyph.MIXED: Colour.UNKNOWN,
    Glyph.GUARDRAIL: Colour.WARNING,
    Glyph.GAINED: Colour.IMPLICIT_DENY,
    Glyph.LOST: Colour.CONDITIONAL,
    Glyph.SAME: Colour.UNKNOWN,
}


def icon(name: Drawing, palette: QPalette, size: int = 16) -> QIcon:
    """Return the drawing in its color for the palette, sharp at one, two and three device pixels each."""
    selected = palette.color(QPalette.ColorRole.HighlightedText).name()
    return _icon(file_stem(name), natural_colour(name, palette).name(), selected, size)


def checkable_icon(name: Drawing, palette: QPalette, size: int = 16) -> QIcon:
    """Return the drawing for a button that can be pressed: in high contrast, a pressed button is bright."""
    found = QIcon(icon(name, palette, size))
    if is_high_contrast(palette):
        pressed = palette_for(dark=False)
        for ratio in (1.0, 2.0, 3.0):
            image = pixmap(name, pressed, size, ratio)
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Active, QIcon.Mode.Selected):
                found.addPixmap(image, mode, QIcon.State.On)
    return found


def pixmap(name: Drawing, palette: QPalette, size: int, ratio: float, tint: QColor | None = None) -> QPixmap:
    """Return the drawing ``size`` logical pixels wide for a device pixel ratio; ``tint`` overrides the color."""
    return _pixmap(file_stem(name), (tint or natural_colour(name, palette)).name(), size, ratio)


def draw(painter: QPainter, rect: QRectF, name: Drawing, palette: QPalette) -> None:
    """Paint the drawing as vectors, for images that become files."""
    QSvgRenderer(QByteArray(_tinted(file_stem(name), natural_colour(name, palette).name()).encode())).render(
        painter, rect
    )


def natural_colour(name: Drawing, palette: QPalette) -> QColor:
    """Return the default color of a drawing."""
    match name:
        case Mark():
            found = MARK_COLOURS[name]
        case Badge():
            found = _BADGE_COLOURS.get(name, Colour.BADGE_QUIET)
        case NoteMark():
            found = _NOTE_COLOURS[name]
        case NodeKind():
            found = _KIND_COLOURS.get(name, Colour.KIND)
        case Glyph():
            found = _GLYPH_COLOURS.get(name, Colour.KIND)
    return colour(found, palette)


def file_stem(name: Drawing) -> str:
    """Return the name of the drawing's file, without ``.svg``."""
    match name:
        case Mark():
            return f"state-{_kebab(name.name)}"
        case Badge():
            return f"badge-{_kebab(name.name)}"
        case NoteMark():
            return f"note-{_kebab(name.name)}"
        case NodeKind():
            return f"kind-{_kebab(name.name)}"
        case Glyph():
            return name.value


def _kebab(name: str) -> str:
    return name.lower().replace("_", "-")


@cache
def _source(stem: str) -> str:
    return (resources() / "icons" / f"{stem}.svg").read_text(encoding="utf-8")


def _tinted(stem: str, tint: str) -> str:
    return _source(stem).replace("#808080", f'{tint}" fill-opacity="0.22').replace("#000000", tint)


@lru_cache(maxsize=512)
def _pixmap(stem: str, tint: str, size: int, ratio: float) -> QPixmap:
    image = QPixmap(round(size * ratio), round(size * ratio))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(_tinted(stem, tint).encode())).render(painter, QRectF(image.rect()))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


@lru_cache(maxsize=256)
def _icon(stem: str, tint: str, selected: str, size: int) -> QIcon:
    made = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        made.addPixmap(_pixmap(stem, tint, size, ratio))
        made.addPixmap(_pixmap(stem, selected, size, ratio), QIcon.Mode.Selected)
    return made
