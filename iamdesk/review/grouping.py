"""Lines that can be decided together: those of one principal, of one entitlement, or of the same effective power."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.journal import digest

_POWERS = (
    EntitlementType.GROUP,
    EntitlementType.MANAGED_POLICY,
    EntitlementType.INLINE_POLICY,
    EntitlementType.PERMISSION_SET,
)
"""Entitlements that say what their holder can do; the others say who gets to it."""
_OWN = (EntitlementType.ACCESS_KEY, EntitlementType.RESOURCE_GRANT)
"""Each of these is a thing of its own, which nobody else has."""


class Grouping(StrEnum):
    """What makes one row of a review."""

    LINE = "line"
    PRINCIPAL = "principal"
    ENTITLEMENT = "entitlement"
    EFFECT = "effect"
    FINDING = "finding"
    """Each finding by itself."""
    CHECK = "check"
    """Findings of one check together."""

    @property
    def is_of_findings(self) -> bool:
        """Whether the rows are findings, not lines."""
        return self in (Grouping.FINDING, Grouping.CHECK)


def group_keys(lines: Iterable[ReviewItem], grouping: Grouping) -> Mapping[str, str]:
    """Return by line id the key of the group that a line belongs to.

    Raises:
        ValueError: the grouping is one of findings.
    """
    lines = tuple(lines)
    match grouping:
        case Grouping.PRINCIPAL:
            return {line.line_id: f"{line.account_id} {line.holder_arn}" for line in lines}
        case Grouping.ENTITLEMENT:
            return {line.line_id: _entitlement(line) for line in lines}
        case Grouping.EFFECT:
            return _effects(lines)
        case Grouping.LINE:
            return {line.line_id: line.line_id for line in lines}
    raise ValueError(f"{grouping} groups findings")


def _entitlement(line: ReviewItem) -> str:
    if line.type in (EntitlementType.INLINE_POLICY, EntitlementType.TRUST):
        # The same text in two principals is one entitlement; a text that the snapshot lacks is only itself.
        return f"{line.type} {line.evidence.get('document_sha256') or line.line_id}"
    return line.line_id if line.type in _OWN else f"{line.type} {line.entitlement_id}"


def _effects(lines: tuple[ReviewItem, ...]) -> Mapping[str, str]:
    """Group lines of the same entitlement whose holders hold the same in all and reach equally far, in one account.

    Where policies ask something of the holder, its answers have to be the same, and known: else each line is alone.
    Where they only speak of the holder by a variable, the effect is alike but for its own name (`is_in_own_name`).
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
    """Return whether what a line's holder can do has its own name in it: nobody else's is quite the same."""
    return bool(line.evidence.get("in_own_name"))


def _text(line: ReviewItem) -> str:
    return str(line.evidence.get("document_sha256") or line.entitlement_id)
