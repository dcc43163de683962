"""Content of a statement, for all formats: sections of paragraphs and tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``widths`` are proportions."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its paragraphs and tables."""

    title: str
    blocks: tuple[Text | Table, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement."""

    title: str
    review_id: str
    evidence_sha256: str
    generated_utc: str
    sections: tuple[Section, ...]
