"""Reads ``review.json`` in pieces: validates it, and keeps of each item only the values that verification needs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from iamdesk.export.evidence.schema import DecidedFinding, EntitlementLine, Principal, ReviewDocument
from iamdesk.review.asked import SINCE_LAST
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import digest
from iamdesk.review.own_access import OwnLine, own_line

_LISTS = ("changes", "entitlements", "findings", "population")
_AT_ONCE = 1 << 22
"""Characters that are read at once."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Values of an entitlement."""

    line_id: str
    line_sha256: str
    """As stated in the file."""
    is_sound: bool
    """Whether ID and digest match the content."""
    snapshot_sha256: str
    """Digest without the data from the previous review: the rest comes from the snapshot alone."""
    own: OwnLine
    choice: str
    decision_sha256: str

    @property
    def holder_arn(self) -> str:
        """ARN of the holder."""
        return self.own.holder_arn


@dataclass(frozen=True, slots=True)
class ReadFinding:
    """Values of a finding."""

    finding_id: str
    finding_sha256: str
    """As stated in the file."""
    is_sound: bool
    """Whether ID and digest match the content."""
    snapshot_sha256: str
    """Digest without the data from the previous review."""
    subject_arn: str
    choice: str
    decision_sha256: str


@dataclass(frozen=True, slots=True)
class ReadReview:
    """Values of a review."""

    head: ReviewDocument
    """The document with empty lists."""
    lines: tuple[ReadLine, ...]
    findings: tuple[ReadFinding, ...]
    counts: dict[str, int]
    """Length of each list."""
    population: tuple[PopulationEntry, ...]


def read_review(path: Path) -> ReadReview:
    """Read and check a ``review.json``.

    Raises:
        OSError: it cannot be read.
        ValueError: it does not match its schema, or is not canonical JSON.
    """
    values: dict[str, Any] = {}
    lines: list[ReadLine] = []
    findings: list[ReadFinding] = []
    population: list[PopulationEntry] = []
    counts = dict.fromkeys(_LISTS, 0)
    for name, item, is_member in pieces(path):
        if not is_member:
            values[name] = item
            continue
        counts[name] += 1
        if name == "entitlements":
            lines.append(_line(EntitlementLine.model_validate(item)))
        elif name == "findings":
            findings.append(_finding(DecidedFinding.model_validate(item)))
        elif name == "population":
            each = Principal.model_validate(item)
            population.append(PopulationEntry(each.arn, each.account_id, each.type, each.in_scope, each.out_reason))
        elif not isinstance(item, dict):
            raise ValueError(f"{name} contains a value that is not an object")
    head = ReviewDocument.model_validate({**values, **{name: [] for name in _LISTS}})
    return ReadReview(head, tuple(lines), tuple(findings), counts, tuple(population))


def pieces(path: Path) -> Iterator[tuple[str, Any, bool]]:
    """Yield (name, value, False) for members of the top object, and (name, item, True) for each item of its lists.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not JSON.
    """
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        text = _Window(file)
        text.skip("{")
        while True:
            name = text.value()
            text.skip(":")
            if name in _LISTS:
                text.skip("[")
                while text.mark() != "]":
                    yield name, text.value(), True
                    if text.mark() == ",":
                        text.skip(",")
                text.skip("]")
            else:
                yield name, text.value(), False
            if text.mark() == "}":
                text.skip("}")
                if text.mark():
                    raise ValueError(f"expected the end at character {text.place}")
                return
            text.skip(",")


class _Window:
    """A JSON text of which a part is in memory: that of thousands of principals has hundreds of megabytes."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._before = 0
        """Number of characters before those in memory."""
        self._decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().raw_decode

    @property
    def place(self) -> int:
        """The index of the next character."""
        return self._before + self._at

    def mark(self) -> str:
        """Return the next character; empty at the end."""
        if self._at == len(self._text):
            self._read_on()
        return self._text[self._at : self._at + 1]

    def skip(self, mark: str) -> None:
        """Go past a character, which must be the next."""
        if self.mark() != mark:
            raise ValueError(f"expected {mark} at character {self.place}")
        self._at += 1

    def value(self) -> Any:
        """Return the next value, and go past it."""
        while True:
            try:
                found, end = self._decode(self._text, self._at)
            except ValueError:
                if not self._read_on():
                    raise
                continue
            if end < len(self._text) or not self._read_on():  # a number may go on behind what is in memory
                self._at = end
                return found

    def _read_on(self) -> bool:
        """Forget what is past, and read more; return whether there was more."""
        rest = self._text[self._at :]
        more = self._file.read(max(_AT_ONCE, len(rest)))
        if more:
            self._before += self._at
            self._text, self._at = rest + more, 0
        return bool(more)


def _line(one: EntitlementLine) -> ReadLine:
    line = ReviewItem.from_json(one.line.model_dump())
    alone = replace(line, evidence={name: value for name, value in line.evidence.items() if name != SINCE_LAST})
    sha256 = line.sha256
    return ReadLine(
        one.line_id,
        one.line_sha256,
        sha256 == one.line_sha256 and line.line_id == one.line_id,
        alone.sha256 if SINCE_LAST in line.evidence else sha256,
        own_line(line),
        one.decision.choice,
        decision_sha256(one.decision.model_dump()),
    )


def _finding(one: DecidedFinding) -> ReadFinding:
    is_sound = digest(one.finding) == one.finding_sha256 and one.finding.get("finding_id") == one.finding_id
    return ReadFinding(
        one.finding_id,
        one.finding_sha256,
        is_sound,
        digest({name: value for name, value in one.finding.items() if name != SINCE_LAST}),
        str(one.finding.get("subject_arn", "")),
        one.decision.choice,
        decision_sha256(one.decision.model_dump()),
    )


def decision_sha256(value: dict[str, Any]) -> str:
    """Return the digest of a decision; the texts that are left out if they are empty may be absent."""
    return digest({"second": "", "second_comment": "", "ticket": "", "compensating_control": "", **value})
