"""Groups of review items that can be decided together: by principal, entitlement, or identical access."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.journal import digest
from iamdesk.review.people import People

_POWERS = (
    EntitlementType.GROUP,
    EntitlementType.MANAGED_POLICY,
    EntitlementType.INLINE_POLICY,
    EntitlementType.PERMISSION_SET,
)
"""Entitlements that grant permissions to their holder."""
_OWN = (
    EntitlementType.ACCESS_KEY,
    EntitlementType.RESOURCE_GRANT,
    EntitlementType.CONSOLE_PASSWORD,
    EntitlementType.ROOT_ACCESS,
)
"""Entitlements that are unique to their holder."""


class Grouping(StrEnum):
    """How items are grouped into rows."""

    LINE = "line"
    PRINCIPAL = "principal"
    ENTITLEMENT = "entitlement"
    EFFECT = "effect"
    PERSON = "person"
    """By the person that the holder is of, in a review with a list of people."""
    FINDING = "finding"
    """Single findings."""
    CHECK = "check"
    """Findings by check."""

    @property
    def is_of_findings(self) -> bool:
        """Whether the rows are findings, not entitlements."""
        return self in (Grouping.FINDING, Grouping.CHECK)


def group_keys(lines: Iterable[ReviewItem], grouping: Grouping, people: People | None = None) -> Mapping[str, str]:
    """Return the key of each item's group by item ID.

    Holders that no person is known for are groups of their own, by person.

    Raises:
        ValueError: the grouping is of findings.
    """
    lines = tuple(lines)
    match grouping:
        case Grouping.PRINCIPAL:
            return {line.line_id: f"{line.account_id} {line.holder_arn}" for line in lines}
        case Grouping.PERSON:
            return {line.line_id: _person(line, people) for line in lines}
        case Grouping.ENTITLEMENT:
            return {line.line_id: _entitlement(line) for line in lines}
        case Grouping.EFFECT:
            return _effects(lines)
        case Grouping.LINE:
            return {line.line_id: line.line_id for line in lines}
    raise ValueError(f"{grouping} groups findings")


def _person(line: ReviewItem, people: People | None) -> str:
    person = people.person_of(line.holder_arn) if people is not None else None
    return f"person {person.key}" if person is not None else f"{line.account_id} {line.holder_arn}"


def _entitlement(line: ReviewItem) -> str:
    if line.type in (EntitlementType.INLINE_POLICY, EntitlementType.TRUST):
        # Equal documents of two principals are one entitlement; a missing document is unique.
        return f"{line.type} {line.evidence.get('document_sha256') or line.line_id}"
    return line.line_id if line.type in _OWN else f"{line.type} {line.entitlement_id}"


def _effects(lines: tuple[ReviewItem, ...]) -> Mapping[str, str]:
    """Group items with the same entitlement whose holders have the same entitlements and access, in one account.

    If policies have conditions on attributes of the holder, the attributes must be known and equal, else the item is
    not grouped. If they only contain variables for the holder, access is identical but for its name (`is_in_own_name`).
    """
    held: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line in lines:
        if line.type in _POWERS:
            held.setdefault((line.account_id, line.holder_arn), []).append((line.type.value, _text(line)))
    powers = {holder: digest(sorted(what)) for holder, what in held.items()}
    found: dict[str, str] = {}
    for line in lines:
        evidence = line.evidence
        asks: Mapping[str, str | None] = evidence.get("asks_of_holder") or {}
        if line.type in _OWN or evidence.get("missing") or None in asks.values():
            found[line.line_id] = line.line_id
            continue
        reach = (evidence.get("holder") or {}).get("reach_sha256", "")
        own = powers.get((line.account_id, line.holder_arn), "")
        found[line.line_id] = digest(
            [line.account_id, line.type.value, _text(line), own, reach, evidence.get("limited_by", []), dict(asks)]
        )
    return found


def is_in_own_name(line: ReviewItem) -> bool:
    """Return whether the access depends on the holder's own name, through policy variables."""
    return bool(line.evidence.get("in_own_name"))


def _text(line: ReviewItem) -> str:
    return str(line.evidence.get("document_sha256") or line.entitlement_id)
