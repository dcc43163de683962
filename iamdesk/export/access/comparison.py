"""Comparison of the effective permissions of two principals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.aws.action_sets import service_actions
from iamdesk.export.access.heatmap import LEVELS, REFUSED, AccessHeatmap, MapRow
from iamdesk.export.findings.csv_table import TableAbout, csv_bytes
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase

COLUMNS = (
    "number",
    "principal",
    "compared_with",
    "service",
    "service_name",
    "access_level",
    "difference",
    "only_principal",
    "only_compared_with",
    "otherwise",
    "perhaps",
    "snapshot",
)
"""Columns of the CSV file; why ``number`` is the first: see ``csv_file``."""


class Difference(StrEnum):
    """How the access of two principals differs in a set of actions."""

    SAME = mark("same")
    MORE = mark("more")
    """The first can perform actions that the second cannot, and not the reverse."""
    LESS = mark("less")
    """The second can perform actions that the first cannot, and not the reverse."""
    BOTH = mark("both ways")
    """Each can perform actions that the other cannot."""
    HOW = mark("otherwise")
    """The actions are the same, but their extent differs: under conditions, on some resources, or explicitly denied."""
    PERHAPS = mark("perhaps")
    """Both can perform the actions on some resources or under conditions, which may not be the same ones."""


@dataclass(frozen=True, slots=True)
class CellDifference:
    """The difference in one cell of the heat map; actions are bits, in the order of `service_actions`."""

    service: str
    more: int
    """Actions that only the first can perform."""
    less: int
    """Actions that only the second can perform."""
    how: int
    """Actions that both or neither can perform, to a different extent."""
    perhaps: int
    """Actions that both can perform on some resources or under conditions, which may not be the same ones."""

    @property
    def kind(self) -> Difference:
        """The kind of difference."""
        if self.more and self.less:
            return Difference.BOTH
        if self.more or self.less:
            return Difference.MORE if self.more else Difference.LESS
        if self.how:
            return Difference.HOW
        return Difference.PERHAPS if self.perhaps else Difference.SAME

    def names(self, bits: int) -> list[str]:
        """Return the names of actions."""
        return [one.full_name for at, one in enumerate(service_actions(self.service).actions) if bits >> at & 1]


def difference(own: MapRow, other: MapRow, level: str | None = None) -> CellDifference:
    """Compare one service of two heat maps, optionally of one access level."""
    known = service_actions(own.service)
    mask = known.every if level is None else known.by_level.get(level, 0)
    first, second = _permitted(own.reach.actions), _permitted(other.reach.actions)
    changed = perhaps = 0
    for reach in AccessExtent:
        ours, theirs = own.reach.actions.get(reach, 0), other.reach.actions.get(reach, 0)
        changed |= ours ^ theirs
        perhaps |= ours & theirs if reach in _PARTIAL else 0
    return CellDifference(
        own.service,
        first & ~second & mask,
        second & ~first & mask,
        changed & ~(first ^ second) & mask,
        perhaps & mask,
    )


_PARTIAL = frozenset(AccessExtent) - REFUSED - {AccessExtent.ALLOWED}


def _permitted(actions: Mapping[AccessExtent, int]) -> int:
    found = 0
    for reach, bits in actions.items():
        if reach not in REFUSED:
            found |= bits
    return found


def difference_words(found: CellDifference, own: str, other: str) -> str:
    """Return a difference as text: ``ana can perform 3 actions that ben cannot (s3:GetObject …)``."""
    parts = []
    for bits, first, second in ((found.more, own, other), (found.less, other, own)):
        if bits:
            parts.append(
                nphrase(
                    "{one} can perform {count:,} action that {other} cannot ({actions})",
                    "{one} can perform {count:,} actions that {other} cannot ({actions})",
                    bits.bit_count(),
                    one=first,
                    other=second,
                    actions=join_names(found.names(bits), _MAX_NAMES, last=","),
                )
            )
    if found.how:
        count, actions = found.how.bit_count(), join_names(found.names(found.how), _MAX_NAMES, last=",")
        if parts:
            how = nphrase(
                "{count:,} more differs in conditions, resources or an explicit deny ({actions})",
                "{count:,} more differ in conditions, resources or an explicit deny ({actions})",
                count,
                actions=actions,
            )
        else:
            how = nphrase(
                "{count:,} differs in conditions, resources or an explicit deny ({actions})",
                "{count:,} differ in conditions, resources or an explicit deny ({actions})",
                count,
                actions=actions,
            )
        parts.append(how)
    if found.perhaps:
        parts.append(
            nphrase(
                "{count:,} is allowed to both on some resources or under conditions, which may differ ({actions})",
                "{count:,} are allowed to both on some resources or under conditions, which may differ ({actions})",
                found.perhaps.bit_count(),
                actions=join_names(found.names(found.perhaps), _MAX_NAMES, last=","),
            )
        )
    return join_messages("; ", parts) if parts else phrase("no difference")


_MAX_NAMES = 4


def comparison_summary(own: AccessHeatmap, other: AccessHeatmap, own_name: str, other_name: str) -> str:
    """Return in one sentence how two heat maps differ."""
    theirs = {row.service: row for row in other.rows}
    found = [difference(row, theirs[row.service]) for row in own.rows if row.service in theirs]
    more, less = sum(one.more.bit_count() for one in found), sum(one.less.bit_count() for one in found)
    how, perhaps = sum(one.how.bit_count() for one in found), sum(one.perhaps.bit_count() for one in found)
    if not (more or less or how or perhaps):
        return phrase("{one} and {other} have the same effective permissions.", one=own_name, other=other_name)
    parts = [
        nphrase(
            "{one} can perform {count:,} action that {other} cannot, {other} can perform {less:,} that {one} cannot",
            "{one} can perform {count:,} actions that {other} cannot, {other} can perform {less:,} that {one} cannot",
            more,
            one=own_name,
            other=other_name,
            less=less,
        )
    ]
    if how:
        parts.append(
            nphrase(
                "{count:,} differs in conditions, resources or an explicit deny",
                "{count:,} differ in conditions, resources or an explicit deny",
                how,
            )
        )
    if perhaps:
        parts.append(
            nphrase(
                "{count:,} depends on resources or conditions, which may differ",
                "{count:,} depend on resources or conditions, which may differ",
                perhaps,
            )
        )
    return join_messages("", (join_messages("; ", parts), "."))


def comparison_to_csv(
    own: AccessHeatmap,
    other: AccessHeatmap,
    snapshot_name: str,
    other_snapshot: str = "",
    about: TableAbout | None = None,
) -> bytes:
    """Return as CSV a row for each service and access level in which two principals differ, with the actions.

    ``other_snapshot`` is the name of the second principal's snapshot, if it is another one.
    """
    subject = other.access.subject
    compared = f"{subject} in {other_snapshot}" if other_snapshot else subject
    query = f"effective permissions of {own.access.subject} compared with {compared}"
    return csv_bytes(COLUMNS, _rows(own, other, compared, snapshot_name), query, about)


def _rows(
    own: AccessHeatmap, other: AccessHeatmap, compared_with: str, snapshot_name: str
) -> Iterator[tuple[str | int, ...]]:
    theirs = {row.service: row for row in other.rows}
    number = 0
    for row in own.rows:
        for level in LEVELS if row.service in theirs else ():
            found = difference(row, theirs[row.service], level)
            if found.kind is Difference.SAME:
                continue
            number += 1
            names = (" ".join(found.names(bits)) for bits in (found.more, found.less, found.how, found.perhaps))
            who = (own.access.subject, compared_with)
            yield (number, *who, row.service, row.name, level, found.kind.value, *names, snapshot_name)
