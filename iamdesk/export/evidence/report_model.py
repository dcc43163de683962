"""What a statement is built of: sections of paragraphs and tables, whatever they are written as."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the widths are shares of the page."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Text | Table, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """The whole of it."""

    title: str
    review_id: str
    evidence_sha256: str
    generated_utc: str
    sections: tuple[Section, ...]
