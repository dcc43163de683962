"""The journal of a review: append-only, each entry contains the digest of the previous one.

Changing, removing, inserting or moving an entry breaks the chain, which `broken_at` detects. Undo adds entries.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from iamdesk.review.decisions import ItemDecision, ReviewDecision

GENESIS = "0" * 64
"""Previous digest of the first entry."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The entry of another review file that an entry was taken from: of a part, or of the review that was split."""

    review_id: str
    number: int
    moment: str
    """When it was decided there. UTC, ISO 8601."""
    sha256: str

    def as_json(self) -> dict[str, str | int]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the origin of a JSON object.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        return cls(str(value["review_id"]), int(value["number"]), str(value["moment"]), str(value["sha256"]))


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the decision on an entitlement or finding."""

    number: int
    """From 1."""
    moment: str
    """UTC, ISO 8601."""
    reviewer: str
    account: str
    line_id: str
    """ID of the entitlement or finding."""
    line_sha256: str
    """Digest of the item as the reviewer saw it."""
    before: ItemDecision
    after: ItemDecision
    previous: str
    """Digest of the previous entry."""
    sha256: str
    origin: Origin | None = None
    """None: it was decided in this file."""
    identities: tuple[str, ...] = ()
    """ARNs of the reviewer's own principals, as the reviewer gave them, sorted."""

    @property
    def decided_at(self) -> str:
        """When the reviewer decided. UTC, ISO 8601."""
        return self.origin.moment if self.origin else self.moment

    @property
    def is_approval(self) -> bool:
        """Whether it is a second approval."""
        return bool(self.after.second) and self.after.second != self.before.second

    @property
    def comment(self) -> str:
        """What the reviewer of this entry wrote: the reason of the decision, or the remark of a second approval."""
        if self.is_ticket_alone:
            return ""
        return self.after.second_comment if self.is_approval else self.after.comment

    @property
    def is_ticket_alone(self) -> bool:
        """Whether only the ticket changes: neither the decision nor its second approval."""
        return self.after.decided == self.before.decided and self.after.second == self.before.second

    @property
    def content(self) -> Mapping[str, Any]:
        """The content of the digest."""
        return {
            "number": self.number,
            "moment": self.moment,
            "reviewer": self.reviewer,
            "account": self.account,
            "line_id": self.line_id,
            "line_sha256": self.line_sha256,
            "before": as_json(self.before),
            "after": as_json(self.after),
            "previous": self.previous,
            **({"origin": self.origin.as_json()} if self.origin else {}),
            **({"identities": list(self.identities)} if self.identities else {}),
        }


def as_json(decision: ItemDecision) -> dict[str, str | None]:
    """Return a decision as a JSON object; what not every decision has, from ``second`` on, is left out if empty."""
    return {
        "choice": decision.choice.value,
        "comment": decision.comment,
        "owner": decision.owner,
        "expiry": decision.expiry.isoformat() if decision.expiry else None,
        **({"second": decision.second} if decision.second else {}),
        **({"second_comment": decision.second_comment} if decision.second_comment else {}),
        **({"ticket": decision.ticket} if decision.ticket else {}),
        **({"compensating_control": decision.compensating} if decision.compensating else {}),
    }


def from_json(value: Mapping[str, Any]) -> ItemDecision:
    """Return the decision of a JSON object.

    Raises:
        KeyError, TypeError, ValueError: it is not valid.
    """
    expiry = value["expiry"]
    return ItemDecision(
        ReviewDecision(value["choice"]),
        value["comment"],
        value["owner"],
        date.fromisoformat(expiry) if expiry else None,
        value.get("second", ""),
        value.get("ticket", ""),
        value.get("compensating_control", ""),
        value.get("second_comment", ""),
    )


def canonical(value: Any) -> bytes:
    """Return a JSON value in canonical form: keys sorted, no spaces, UTF-8.

    That is RFC 8785 but for what policies alone can hold: numbers other than integers below 2**53, keys beyond U+FFFF
    and half characters.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value in canonical form, as lower-case hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def entry_after(
    previous: Entry | None,
    *,
    moment: datetime,
    reviewer: str,
    account: str,
    line_id: str,
    line_sha256: str,
    before: ItemDecision,
    after: ItemDecision,
    origin: Origin | None = None,
    identities: Iterable[str] = (),
    start: str = GENESIS,
) -> Entry:
    """Return the next entry of a journal; ``moment`` is UTC."""
    unsealed = Entry(
        number=previous.number + 1 if previous else 1,
        moment=moment.isoformat(timespec="milliseconds"),
        reviewer=reviewer,
        account=account,
        line_id=line_id,
        line_sha256=line_sha256,
        before=before,
        after=after,
        previous=previous.sha256 if previous else start,
        sha256="",
        origin=origin,
        identities=tuple(sorted(identities)),
    )
    return replace(unsealed, sha256=digest(unsealed.content))


def entry_from_json(value: Mapping[str, Any]) -> Entry:
    """Return the entry of a JSON object: its content and its ``sha256``.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    origin = value.get("origin")
    return Entry(
        value["number"],
        value["moment"],
        value["reviewer"],
        value["account"],
        value["line_id"],
        value["line_sha256"],
        from_json(value["before"]),
        from_json(value["after"]),
        value["previous"],
        value["sha256"],
        Origin.from_json(origin) if origin else None,
        tuple(map(str, value.get("identities", ()))),
    )


def broken_at(entries: Iterable[Entry], start: str = GENESIS) -> int | None:
    """Return the number of the first entry that was changed or does not follow the previous one; None if intact."""
    previous = start
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.previous != previous or entry.sha256 != digest(entry.content):
            return number
        previous = entry.sha256
    return None
