"""Findings that somebody answers for until a day: one JSON file that people can read, compare and keep in git.

::

    {
      "format": "iamdesk-suppressions/1",
      "suppressions": [
        {"finding": "0123456789abcdef0123", "check": "ADM-01", "subject": "arn:aws:iam::111122223333:user/ops",
         "owner": "Alice Ito", "reason": "break-glass user, OPS-7", "expires": "2027-01-31", "added": "2026-10-27"}
      ]
    }

``finding`` is the id that every report prints; it stays the same from one snapshot to the next. A suppression holds up
to and including the day ``expires``; then the finding is back, with a word that it was suppressed. Nothing is ever
dropped: suppressed findings are counted and listed apart.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iamdesk.checks.finding import Evidence, Finding, Suppression, SuppressionError
from iamdesk.i18n import phrase

FORMAT: Literal["iamdesk-suppressions/1"] = "iamdesk-suppressions/1"
_LARGEST = 64 * 1024 * 1024
_LONGEST = 2_000

type _Words = Annotated[str, Field(min_length=1, max_length=_LONGEST, pattern=r"\S")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    finding: Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]
    owner: _Words
    reason: _Words
    expires: date
    added: date
    check: str = ""
    subject: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["iamdesk-suppressions/1"]
    suppressions: tuple[_Entry, ...]


def read_suppressions(path: Path) -> tuple[Suppression, ...]:
    """Return what a file holds, of several for one finding the last. A file that is not there holds none.

    Raises:
        SuppressionError: the file cannot be read, or is no file of suppressions.
    """
    try:
        if not path.exists():
            return ()
        if path.stat().st_size > _LARGEST:
            raise SuppressionError(phrase("{path} is too large for a file of suppressions", path=path))
        told = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SuppressionError(
            phrase("{path} cannot be read: {reason}", path=path, reason=error.strerror or error)
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SuppressionError(
            phrase(
                "{path} is no file of suppressions: {place}: {error}",
                path=path,
                place=place or "the file",
                error=first["msg"],
            )
        ) from error
    found = {
        entry.finding: Suppression(
            entry.finding, entry.owner, entry.reason, entry.expires, entry.added, entry.check, entry.subject
        )
        for entry in told.suppressions
    }
    return tuple(found.values())


def as_bytes(suppressions: Iterable[Suppression]) -> bytes:
    """Print suppressions as a file holds them, by check and subject: a change of one changes few lines."""
    entries = [
        {
            "finding": one.fingerprint,
            "check": one.check_id,
            "subject": one.subject,
            "owner": one.owner,
            "reason": one.reason,
            "expires": one.expires.isoformat(),
            "added": one.added.isoformat(),
        }
        for one in sorted(suppressions, key=lambda one: (one.check_id, one.subject, one.fingerprint))
    ]
    return (json.dumps({"format": FORMAT, "suppressions": entries}, indent=2, ensure_ascii=True) + "\n").encode()


def suppression(fingerprint: str, owner: str, reason: str, expires: date, today: date, **about: str) -> Suppression:
    """Return a suppression after checking that it is whole.

    ``about`` is ``check_id`` and ``subject``, for whoever reads the file.

    Raises:
        SuppressionError: owner or reason is missing, the id is none, or the day is past.
    """
    try:
        entry = _Entry(finding=fingerprint, owner=owner.strip(), reason=reason.strip(), expires=expires, added=today)
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
        needs = {"finding": "the id of a finding: 20 digits of hexadecimal", "owner": "who answers for it"}
        raise SuppressionError(phrase("a suppression needs {needs}", needs=needs.get(name, "a reason"))) from error
    if expires < today:
        raise SuppressionError(
            phrase("a suppression has to end today or later, not on {expires}", expires=expires.isoformat())
        )
    return Suppression(fingerprint, entry.owner, entry.reason, expires, today, **about)


def suppressed(findings: Iterable[Finding], suppressions: Iterable[Suppression], today: date) -> Iterator[Finding]:
    """Yield all findings with the suppressions that hold today; where one has run out the proof says so."""
    known = {one.fingerprint: one for one in suppressions}
    for finding in findings:
        word = known.get(finding.fingerprint)
        if word is None:
            yield finding
        elif today <= word.expires:
            yield replace(finding, suppression=word)
        else:
            told = phrase(
                "It was suppressed until {day} by {owner}: {reason}",
                day=word.expires.isoformat(),
                owner=word.owner,
                reason=word.reason,
            )
            yield replace(finding, evidence=(*finding.evidence, Evidence(told)))
