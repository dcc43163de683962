"""What standards ask of an access review (``resources/data/review-controls.json``), and what a review shows of it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from iamdesk.export.evidence.columns import DecidedLine
from iamdesk.export.text.review import is_privileged
from iamdesk.resource_files import resources
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType
from iamdesk.review.people import People

_MAX_EXCEPTIONS = 8
"""On the page of a control; 05_exceptions.csv lists all."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a standard."""

    id: str
    standard: str
    title: str
    asks: tuple[str, ...]
    """In our words."""
    holders: frozenset[str]
    """Kinds of holders of its population; empty: all."""
    types: frozenset[str]
    """Types of entitlements of its population; empty: all."""
    privileged: bool
    """Whether its population are only holders that are or can become administrators."""
    not_shown: tuple[str, ...]
    source: str
    url: str
    read: str
    """The publisher's own text that the paraphrase was compared with; empty where it is not free."""

    def concerns(self, row: DecidedLine, holder_class: str) -> bool:
        """Return whether an entitlement of a holder of some class is in the population of the control."""
        line = row.line
        return (
            (not self.holders or holder_class in self.holders)
            and (not self.types or line.type.value in self.types)
            and (not self.privileged or is_privileged(line) != "no")
        )

    @property
    def is_about_credentials(self) -> bool:
        """Whether its population are access keys and passwords."""
        return bool(self.types & {EntitlementType.ACCESS_KEY.value, EntitlementType.CONSOLE_PASSWORD.value})

    @property
    def population_words(self) -> str:
        """Its population in words."""
        parts = [
            f"holders of kind {', '.join(sorted(self.holders))}" if self.holders else "all holders",
            *((f"entitlements of type {', '.join(sorted(self.types))}",) if self.types else ()),
            *(("only holders that are or can become administrators, or of whom that is unknown",) * self.privileged),
        ]
        return "; ".join(parts)


@dataclass(slots=True)
class ControlResult:
    """What a review shows of a control."""

    control: Control
    holders: set[str] = field(default_factory=set)
    entitlements: int = 0
    undecided: int = 0
    """Including those with an expired exception."""
    seconded: int = 0
    by_decision: Counter[ReviewDecision] = field(default_factory=Counter)
    exceptions: list[DecidedLine] = field(default_factory=list)
    """At most some."""
    persons: dict[str, str] = field(default_factory=dict)
    """By ARN of a user of a person, who is not of its population for that: the key of the list that says so."""

    @property
    def persons_words(self) -> str:
        """How many users are left out because they are of persons, and by what; empty if none is."""
        if not self.persons:
            return ""
        by = ", ".join(f"{key} ({count:,})" for key, count in sorted(Counter(self.persons.values()).items()))
        return f"without IAM users of unknown kind that the list of people joins with a person, by {by}"

    def take(self, row: DecidedLine, *, is_open: bool) -> None:
        """Count an entitlement of its population."""
        self.holders.add(row.line.holder_arn)
        self.entitlements += 1
        self.undecided += is_open
        self.seconded += bool(row.decision.second)
        self.by_decision[row.decision.choice] += 1
        if row.decision.choice is ReviewDecision.EXCEPT and len(self.exceptions) < _MAX_EXCEPTIONS:
            self.exceptions.append(row)


@lru_cache
def controls() -> tuple[Control, ...]:
    """Return the controls, in the order of the data."""
    return tuple(_read())


def _read() -> Iterator[Control]:
    value = json.loads((resources() / "data" / "review-controls.json").read_text(encoding="utf-8"))
    for one in value["controls"]:
        yield Control(
            one["id"],
            one["standard"],
            one["title"],
            tuple(one["asks"]),
            frozenset(one["holders"]),
            frozenset(one["types"]),
            bool(one["privileged"]),
            tuple(one["not_shown"]),
            one["source"],
            one["url"],
            one["read"],
        )


class ControlResults:
    """The results of all controls, counted entitlement by entitlement."""

    def __init__(self, people: People | None = None) -> None:
        """Start to count; ``people`` is the list of people of the review, if it has one."""
        self._people = people
        self.results: Sequence[ControlResult] = tuple(map(ControlResult, controls()))

    def take(self, row: DecidedLine, *, is_open: bool) -> None:
        """Count an entitlement for each control that it concerns."""
        found = str(row.line.evidence.get("holder_class", "unknown"))
        person_by = self._person_by(row.line.holder_arn) if found == "unknown" else ""
        for result in self.results:
            if result.control.concerns(row, "human" if person_by else found):
                result.take(row, is_open=is_open)
            elif person_by and result.control.concerns(row, found):
                result.persons[row.line.holder_arn] = person_by

    def _person_by(self, arn: str) -> str:
        """Return the key by which a user is a person's own; empty if none says so.

        Not a tag: it may name who is responsible for the user of an application.
        """
        joined = self._people.principals.get(arn) if self._people is not None and ":user/" in arn else None
        return joined.by if joined is not None and joined.person and not joined.by.startswith("tag:") else ""
