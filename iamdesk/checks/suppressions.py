"""Suppressed findings, each with an owner, a reason and an expiry date: a JSON file suited for version control.

::

    {
      "format": "iamdesk-suppressions/1",
      "suppressions": [
        {"finding": "0123456789abcdef0123", "check": "ADM-01", "subject": "arn:aws:iam::111122223333:user/ops",
         "owner": "Alice Ito", "reason": "break-glass user, OPS-7", "expires": "2027-01-31", "added": "2026-10-27"}
      ]
    }

``finding`` is the id that every report prints, stable across snapshots. A suppression applies up to and including the
day ``expires``; then the finding reappears, with a note that it was suppressed. Suppressed findings are counted and
listed separately.
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
_MAX_BYTES = 64 * 1024 * 1024
_MAX_LENGTH = 2_000

type _Text = Annotated[str, Field(min_length=1, max_length=_MAX_LENGTH, pattern=r"\S")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    finding: Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]
    owner: _Text
    reason: _Text
    expires: date
    added: date
    check: str = ""
    subject: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["iamdesk-suppressions/1"]
    suppressions: tuple[_Entry, ...]


def read_suppressions(path: Path) -> tuple[Suppression, ...]:
    """Return the suppressions in a file, the last for each finding; none if the file does not exist.

    Raises:
        SuppressionError: The file cannot be read, or is not a suppression file.
    """
    try:
        if not path.exists():
            return ()
        if path.stat().st_size > _MAX_BYTES:
            raise SuppressionError(phrase("{path} is too large for a suppression file", path=path))
        file = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SuppressionError(
            phrase("{path} cannot be read: {reason}", path=path, reason=error.strerror or error)
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        location = ".".join(map(str, first["loc"]))
        raise SuppressionError(
            phrase(
                "{path} is not a suppression file: {place}: {error}",
                path=path,
                place=location or "the file",
                error=first["msg"],
            )
        ) from error
    found = {
        entry.finding: Suppression(
            entry.finding, entry.owner, entry.reason, entry.expires, entry.added, entry.check, entry.subject
        )
        for entry in file.suppressions
    }
    return tuple(found.values())


def as_bytes(suppressions: Iterable[Suppression]) -> bytes:
    """Serialize suppressions, sorted by check and subject to keep diffs small."""
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
    """Return a validated suppression.

    ``about`` is ``check_id`` and ``subject``, for readers of the file.

    Raises:
        SuppressionError: Owner or reason is missing, the id is malformed, or the expiry date is in the past.
    """
    try:
        entry = _Entry(finding=fingerprint, owner=owner.strip(), reason=reason.strip(), expires=expires, added=today)
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
        needs = {"finding": "the id of a finding: 20 hexadecimal digits", "owner": "an owner"}
        raise SuppressionError(phrase("a suppression needs {needs}", needs=needs.get(name, "a reason"))) from error
    if expires < today:
        raise SuppressionError(
            phrase("a suppression must expire today or later, not on {expires}", expires=expires.isoformat())
        )
    check_id, subject = about.get("check_id", ""), about.get("subject", "")
    return Suppression(fingerprint, entry.owner, entry.reason, expires, today, check_id, subject)


def suppressed(findings: Iterable[Finding], suppressions: Iterable[Suppression], today: date) -> Iterator[Finding]:
    """Yield all findings with the suppressions that apply today; expired ones are added as evidence."""
    known = {one.fingerprint: one for one in suppressions}
    for finding in findings:
        found = known.get(finding.fingerprint)
        if found is None:
            yield finding
        elif today <= found.expires:
            yield replace(finding, suppression=found)
        else:
            text = phrase(
                "It was suppressed until {day} by {owner}: {reason}",
                day=found.expires.isoformat(),
                owner=found.owner,
                reason=found.reason,
            )
            yield replace(finding, evidence=(*finding.evidence, Evidence(text)))
