"""The marks of a result in a policy's text: a band per statement, a letter in the gutter, the failed element."""

from collections.abc import Iterable
from dataclasses import dataclass

from iamdesk.explain.decision import StatementExplanation, StatementRole
from iamdesk.gui.core.theme import Colour
from iamdesk.i18n import mark, tr, translate
from iamdesk.policy.document import Document
from iamdesk.policy.source_map import Span

_WEIGHT = {StatementRole.DECIDES: 0, StatementRole.DEPENDS: 1, StatementRole.TOOK_PART: 2, StatementRole.NEAR_MISS: 3}
_PART_WORDS = {
    StatementRole.DECIDES: mark("{statement} decides. {why}"),
    StatementRole.DEPENDS: mark("{statement} depends on context keys that are not provided. {why}"),
    StatementRole.TOOK_PART: mark("{statement} contributes. {why}"),
    StatementRole.NEAR_MISS: mark("{statement} does not apply. {why}"),
}


@dataclass(frozen=True, slots=True)
class Band:
    """The mark of one statement."""

    span: Span
    letter: str
    """For the gutter: A allows, D denies, ? depends, • contributes, × does not apply."""
    surface: Colour
    ink: Colour
    sentence: str
    """Its role, for tooltip, status line and screen readers."""
    failed: Span | None
    """The element to underline, if one failed."""

    @property
    def first_line(self) -> int:
        """Number of its first line, from 1."""
        return self.span.start_line

    @property
    def last_line(self) -> int:
        """Number of its last line."""
        return self.span.end_line


def bands_in(document: Document, lines: Iterable[StatementExplanation]) -> tuple[Band, ...]:
    """Return the bands of a result's statements in this text, in the order of the text.

    ``lines`` are statements of one policy; those of another version are left out.

    A statement that occurs more than once in a result (a policy that is attached twice) is one band: the most important
    role determines the letter, and the sentences are joined.
    """
    by_index: dict[int, list[StatementExplanation]] = {}
    for line in lines:
        if same_text(line.document, document):
            by_index.setdefault(line.index, []).append(line)
    bands = [band for same in by_index.values() if (band := _band(same)) is not None]
    return tuple(sorted(bands, key=lambda band: band.span))


def same_text(one: Document, other: Document) -> bool:
    """Return whether two documents are the same JSON: evaluator and inspector each parse their own."""
    return one is other or one.raw is other.raw or bool(one.raw == other.raw)


def _band(same: list[StatementExplanation]) -> Band | None:
    same.sort(key=lambda line: _WEIGHT[line.part])
    first = same[0]
    span = first.span
    if span is None:
        return None
    letter, surface, ink = _look(first)
    sentences = dict.fromkeys(
        tr(_PART_WORDS[line.part]).format(statement=translate(line.name), why=translate(line.sentence)).strip()
        for line in same
    )
    failed = first.mark_span if first.failed is not None else None
    return Band(span, letter, surface, ink, " ".join(sentences), failed if failed != span else None)


def _look(line: StatementExplanation) -> tuple[str, Colour, Colour]:
    match line.part:
        case StatementRole.DECIDES if line.effect == "Deny":
            return "D", Colour.DENY_BAND, Colour.EXPLICIT_DENY
        case StatementRole.DECIDES:
            return "A", Colour.ALLOW_BAND, Colour.ALLOWED
        case StatementRole.DEPENDS:
            return "?", Colour.DEPENDS_BAND, Colour.CONDITIONAL
        case StatementRole.TOOK_PART:
            return "•", Colour.TOOK_PART_BAND, Colour.UNKNOWN
        case StatementRole.NEAR_MISS:
            return "×", Colour.NEAR_MISS_BAND, Colour.IMPLICIT_DENY
