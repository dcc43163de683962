"""What people state about a review, and no snapshot says: who captured, with which query, reviewers, due day.

It is given when the review is created (in its head), or later (as an event); the last statement counts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.csv_table import read_table, wrong_row
from iamdesk.review.decisions import Reviewer, same_person
from iamdesk.review.events import EventKind
from iamdesk.review.parts import reviewer_of
from iamdesk.review.review_file import ReviewFile, opened, path_of

DESCRIPTION = "description"
"""Detail in a review's head with what was stated when it was created (JSON)."""
PROFILE_COLUMNS = ("name", "role", "competence", "independence")
"""Columns of a list of reviewers. Only ``name`` is required."""


@dataclass(frozen=True, slots=True)
class ReviewerProfile:
    """What is stated about a reviewer."""

    name: str
    role: str = ""
    """Job or function."""
    competence: str = ""
    """Why the person can judge this access: knowledge, training, ownership."""
    independence: str = ""
    """From those whose access is reviewed."""


@dataclass(frozen=True, slots=True)
class DueDay:
    """A due day as it was stated: when the review was created, or later."""

    day: date
    stated_by: str
    """Empty: with the review's creation."""
    moment: str
    """When it was stated. UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class ReviewDescription:
    """What people state about a review; empty texts and None: not stated."""

    captured_by: str = ""
    """Who captured the snapshot."""
    capture_query: str = ""
    """The command or query, with its filters."""
    due: date | None = None
    """By when the review is to be complete."""
    reviewers: tuple[ReviewerProfile, ...] = ()
    reviewers_file: str = ""
    reviewers_sha256: str = ""
    stated_by: Mapping[str, str] = field(default_factory=dict)
    """By name of a member, who stated it; empty: with the review's creation."""
    due_days: tuple[DueDay, ...] = ()
    """Every due day in the order of statement: the first, and each to which it was moved. Of a recorded review only."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stated."""
        return not (self.captured_by or self.capture_query or self.due or self.reviewers)

    def profile(self, name: str) -> ReviewerProfile | None:
        """Return what is stated about a reviewer; None if nothing is."""
        return next((one for one in self.reviewers if same_person(one.name, name)), None)

    def as_json(self) -> dict[str, Any]:
        """Return what is stated as a JSON object, without who stated it."""
        value: dict[str, Any] = {
            "captured_by": self.captured_by,
            "capture_query": self.capture_query,
            "due": self.due.isoformat() if self.due else "",
            "reviewers": [asdict(one) for one in self.reviewers],
            "reviewers_file": self.reviewers_file,
            "reviewers_sha256": self.reviewers_sha256,
        }
        return {name: one for name, one in value.items() if one}

    def as_details(self) -> dict[str, str]:
        """Return it as details of a new review's head; nothing if it is empty."""
        return {} if self.is_empty else {DESCRIPTION: json.dumps(self.as_json(), ensure_ascii=False)}


def describe_with(
    captured_by: str = "", capture_query: str = "", due: date | None = None, reviewers: Path | None = None
) -> ReviewDescription:
    """Return a description; ``reviewers`` is a CSV file with `PROFILE_COLUMNS`.

    Raises:
        ReviewError: the file cannot be read, or a row is wrong; the sentence names file and row.
    """
    profiles, sha256 = read_profiles(reviewers) if reviewers is not None else ((), "")
    name = reviewers.name if reviewers is not None else ""
    return ReviewDescription(captured_by.strip(), capture_query.strip(), due, profiles, name, sha256)


def read_profiles(path: Path) -> tuple[tuple[ReviewerProfile, ...], str]:
    """Read a list of reviewers: return the profiles, and the SHA-256 of the file.

    Raises:
        ReviewError: it cannot be read, or a row is wrong; the sentence names file and row.
    """
    table = read_table(path)
    table.check_columns(PROFILE_COLUMNS, required=("name",))
    found: list[ReviewerProfile] = []
    for number, row in table.rows:
        name = row.get("name", "")
        if not name:
            raise wrong_row(path, number, phrase("the row has no name"))
        if any(same_person(one.name, name) for one in found):
            raise wrong_row(path, number, phrase("{name} is in the list twice", name=visible(name)))
        found.append(ReviewerProfile(*(row.get(column, "") for column in PROFILE_COLUMNS)))
    if not found:
        raise wrong_row(path, 1, phrase("the list contains no reviewer"))
    return tuple(found), table.sha256


def record_description(review: Path | ReviewFile, description: ReviewDescription, actor: Reviewer) -> None:
    """Record what is stated about a review; what is not stated again stays.

    Raises:
        ReviewError: nothing is stated, or the review cannot be written.
    """
    if description.is_empty:
        raise ReviewError(phrase("{name}: nothing is stated about the review", name=visible(path_of(review).name)))
    with opened(review) as file:
        file.append([], [(EventKind.DESCRIBE, description.as_json())], actor)


def description_of(review: ReviewFile) -> ReviewDescription:
    """Return what is stated about a review: of a part, its due day is that of the part."""
    stated: dict[str, Any] = {}
    by: dict[str, str] = {}
    values: list[tuple[str, Mapping[str, Any]]] = [("", _json(review.head.details.get(DESCRIPTION, "{}")))]
    values += [(event.actor, event.details) for event in review.events() if event.kind is EventKind.DESCRIBE]
    for actor, value in values:
        stated |= value
        by |= dict.fromkeys(value, actor)
    due_days = _due_days(review)
    return ReviewDescription(
        str(stated.get("captured_by", "")),
        str(stated.get("capture_query", "")),
        due_days[-1].day if due_days else None,
        _profiles(stated.get("reviewers", ())),
        str(stated.get("reviewers_file", "")),
        str(stated.get("reviewers_sha256", "")),
        by,
        due_days,
    )


def _due_days(review: ReviewFile) -> tuple[DueDay, ...]:
    created = review.head.created.isoformat()
    of_part = reviewer_of(review).due
    found = [DueDay(of_part, "", created)] if of_part is not None else []
    details = [("", created, _json(review.head.details.get(DESCRIPTION, "{}")))]
    events = (event for event in review.events() if event.kind is EventKind.DESCRIBE)
    for actor, moment, value in [*details, *((one.actor, one.moment, one.details) for one in events)]:
        if value.get("due"):
            day = date.fromisoformat(value["due"])
            if not found or found[-1].day != day:
                found.append(DueDay(day, actor, moment))
    return tuple(found)


def _profiles(values: Sequence[Mapping[str, str]]) -> tuple[ReviewerProfile, ...]:
    return tuple(ReviewerProfile(**one) for one in values)


def _json(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
