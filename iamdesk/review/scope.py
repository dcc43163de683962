"""Scope of a review: everything except excluded accounts, classes of principals and types of entitlements.

Each exclusion requires a reason; the evidence contains the exclusions with the numbers of excluded items.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem, Scope

NOTES = "notes"
"""Detail in a review's head with its notes on what was not captured (JSON, `notes_as_text`)."""
LEFT_OUT = "left_out"
"""Detail in a review's head with the exclusions (JSON, `left_out_as_text`)."""


class Part(StrEnum):
    """Kind of exclusion."""

    ACCOUNT = "account"
    CLASS = "class"
    ENTITLEMENT = "entitlement"


class PrincipalClass(StrEnum):
    """Classes of principals."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    ROOT = "root"
    IDENTITY_CENTER = "identity-center"
    SERVICE = "aws-service"
    OUTSIDE = "outside"


_CLASSES: Mapping[str, PrincipalClass] = {
    "user": PrincipalClass.USER,
    "group": PrincipalClass.GROUP,
    "role": PrincipalClass.ROLE,
    "service-linked role": PrincipalClass.ROLE,
    "root": PrincipalClass.ROOT,
    "Identity Center user": PrincipalClass.IDENTITY_CENTER,
    "Identity Center group": PrincipalClass.IDENTITY_CENTER,
    "AWS service": PrincipalClass.SERVICE,
}
"""By kind of a population entry; all others are outside the snapshot."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An exclusion."""

    part: Part
    name: str
    """Account ID, `PrincipalClass` or `EntitlementType`."""
    reason: str


@dataclass(frozen=True, slots=True)
class ExcludedScope:
    """Numbers of items excluded by one exclusion. Items of several exclusions are counted for the first."""

    part: str
    name: str
    reason: str
    principals: int
    entitlements: int
    findings: int


@dataclass(frozen=True, slots=True)
class Limited:
    """A scope after exclusions."""

    scope: Scope
    findings: tuple[Mapping[str, Any], ...]
    left_out: tuple[ExcludedScope, ...]
    notes: tuple[Mapping[str, Any], ...]
    """Findings on what was not captured: they belong into reports, not among what is to decide."""


def is_note(finding: Mapping[str, Any]) -> bool:
    """Return whether a finding says only what the snapshot does not hold: a completeness check's."""
    return str(finding.get("check_id")).startswith("CMP-")


def class_of(member_kind: str) -> PrincipalClass:
    """Return the class of a principal by its kind in the population."""
    return _CLASSES.get(member_kind, PrincipalClass.OUTSIDE)


def exclusion(text: str) -> Exclusion:
    """Return the exclusion of a text such as ``account:444455556666=a sandbox``.

    Raises:
        ReviewError: the text is not valid, or has no reason.
    """
    what, _, reason = text.partition("=")
    part, _, name = what.strip().partition(":")
    if part not in set(Part):
        raise ReviewError(
            phrase(
                "`{text}` cannot be excluded: expected {parts}",
                text=visible(what.strip()),
                parts=", ".join(f"{one}:NAME=REASON" for one in Part),
            )
        )
    made = Exclusion(Part(part), name.strip(), reason.strip())
    check_exclusions((made,))
    return made


def check_exclusions(exclusions: Iterable[Exclusion], accounts: Iterable[str] | None = None) -> None:
    """Validate exclusions; ``accounts`` are those of the snapshot.

    Raises:
        ReviewError: there is no such account, class or type, or the reason is missing.
    """
    known: dict[Part, set[str] | None] = {
        Part.ACCOUNT: None if accounts is None else set(accounts),
        Part.CLASS: {str(one) for one in PrincipalClass},
        Part.ENTITLEMENT: {str(one) for one in EntitlementType},
    }
    for one in exclusions:
        names = known[one.part]
        if names is not None and one.name not in names:
            expected = ", ".join(sorted(names))
            raise ReviewError(
                phrase(
                    "there is no {part} `{name}` to exclude: expected {expected}",
                    part=one.part,
                    name=visible(one.name),
                    expected=expected,
                )
            )
        if not one.reason:
            raise ReviewError(
                phrase("{part} {name} cannot be excluded without a reason", part=one.part, name=visible(one.name))
            )


def limited(scope: Scope, findings: Sequence[Mapping[str, Any]], exclusions: Sequence[Exclusion]) -> Limited:
    """Apply exclusions to a scope and its findings.

    A principal of an excluded account stays in scope if an entitlement in another account names it.
    """
    reasons = {(one.part, one.name): one for one in exclusions}
    kinds = {member.arn: member.kind for member in scope.population}
    counts: Counter[tuple[str, Exclusion]] = Counter()

    def of_line(line: ReviewItem) -> Exclusion | None:
        kind = class_of(kinds.get(line.holder_arn, line.holder_kind))
        return (
            reasons.get((Part.ACCOUNT, line.account_id))
            or reasons.get((Part.CLASS, kind))
            or reasons.get((Part.ENTITLEMENT, line.type))
        )

    lines: list[ReviewItem] = []
    for line in scope.lines:
        out = of_line(line)
        if out is None:
            lines.append(line)
        else:
            counts["entitlements", out] += 1
    named = {line.holder_arn for line in lines}
    population: list[PopulationEntry] = []
    gone: dict[str, Exclusion] = {}
    for member in scope.population:
        out = reasons.get((Part.CLASS, class_of(member.kind)))
        if out is None and member.arn not in named:
            out = reasons.get((Part.ACCOUNT, member.account_id))
        if out is None or not member.in_scope:
            population.append(member)
            continue
        gone[member.arn] = out
        counts["principals", out] += 1
        population.append(replace(member, in_scope=False, out_reason=out.reason))
    kept: list[Mapping[str, Any]] = []
    notes: list[Mapping[str, Any]] = []
    for finding in findings:
        out = gone.get(str(finding.get("subject_arn"))) or reasons.get(
            (Part.ACCOUNT, str(finding.get("account_id", "")))
        )
        if out is None:
            (notes if is_note(finding) else kept).append(finding)
        elif not is_note(finding):
            counts["findings", out] += 1
    excluded = tuple(
        ExcludedScope(
            one.part.value,
            one.name,
            one.reason,
            *(counts[what, one] for what in ("principals", "entitlements", "findings")),
        )
        for one in exclusions
    )
    return Limited(Scope(tuple(population), tuple(lines), scope.first_steps), tuple(kept), excluded, tuple(notes))


_OF_NOTES = (
    *("finding_id", "check_id", "severity", "state", "subject_arn", "account_id"),
    *("finding", "proof_summary", "suppressed_by"),
)


def notes_as_text(notes: Iterable[Mapping[str, Any]]) -> str:
    """Return notes on what was not captured as JSON text, for a review's head."""
    return json.dumps([{name: one[name] for name in _OF_NOTES if name in one} for one in notes], ensure_ascii=False)


def notes_from(details: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    """Return the notes from the details of a review's head; in earlier reviews, they are findings to decide on."""
    return tuple(json.loads(details.get(NOTES, "[]")))


def left_out_as_text(left_out: Iterable[ExcludedScope]) -> str:
    """Return exclusions with numbers as JSON text, for a review's head."""
    return json.dumps([asdict(one) for one in left_out], ensure_ascii=False)


def left_out_from(details: Mapping[str, str]) -> tuple[ExcludedScope, ...]:
    """Return the exclusions with numbers from the details of a review's head.

    Raises:
        TypeError, ValueError: they cannot be read.
    """
    return tuple(ExcludedScope(**one) for one in json.loads(details.get(LEFT_OUT, "[]")))


def exclusions_from(details: Mapping[str, str]) -> tuple[Exclusion, ...]:
    """Return the exclusions from the details of a review's head, for `limited`.

    Raises:
        TypeError, ValueError: they cannot be read.
    """
    return tuple(Exclusion(Part(one.part), one.name, one.reason) for one in left_out_from(details))
