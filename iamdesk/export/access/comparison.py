"""The effective permissions of two principals side by side: where they differ, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.aws.action_sets import service_actions
from iamdesk.export.access.heatmap import LEVELS, REFUSED, AccessHeatmap, MapRow
from iamdesk.export.findings.csv_table import csv_bytes
from iamdesk.i18n import join_messages, join_names, mark, phrase

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
"""Of the CSV file, in order; the first is the one that nobody looks up by name (``csv_file``)."""


class Difference(StrEnum):
    """How what one can do of some actions differs from what the other can."""

    SAME = mark("same")
    MORE = mark("more")
    """The first can do what the second cannot, and nothing the other way round."""
    LESS = mark("less")
    BOTH = mark("both ways")
    """Each can do what the other cannot."""
    HOW = mark("otherwise")
    """Both can do the same actions, but one only under conditions, on some resources, or is denied explicitly."""
    PERHAPS = mark("perhaps")
    """Both can do the same on some resources or under conditions: whether on the same ones, counts do not tell."""


@dataclass(frozen=True, slots=True)
class CellDifference:
    """The difference in one cell of the map; actions are bits, as `service_actions` orders them."""

    service: str
    more: int
    """Actions that only the first can do."""
    less: int
    """Actions that only the second can do."""
    how: int
    """Actions that both can do, or neither, but otherwise: under conditions, on some resources, denied explicitly."""

    perhaps: int
    """Actions that both can do on some resources or under conditions: which ones may differ."""

    @property
    def kind(self) -> Difference:
        """Which of them it is."""
        if self.more and self.less:
            return Difference.BOTH
        if self.more or self.less:
            return Difference.MORE if self.more else Difference.LESS
        if self.how:
            return Difference.HOW
        return Difference.PERHAPS if self.perhaps else Difference.SAME

    def names(self, bits: int) -> list[str]:
        """Return actions by name."""
        return [one.full_name for at, one in enumerate(service_actions(self.service).actions) if bits >> at & 1]


def difference(own: MapRow, other: MapRow, level: str | None = None) -> CellDifference:
    """Compare one service of two maps, of one access level where one is named."""
    known = service_actions(own.service)
    mask = known.every if level is None else known.by_level.get(level, 0)
    first, second = _permitted(own.reach.actions), _permitted(other.reach.actions)
    changed = perhaps = 0
    for reach in AccessExtent:
        ours, theirs = own.reach.actions.get(reach, 0), other.reach.actions.get(reach, 0)
        changed |= ours ^ theirs
        perhaps |= ours & theirs if reach in _HANGS_ON else 0
    return CellDifference(
        own.service,
        first & ~second & mask,
        second & ~first & mask,
        changed & ~(first ^ second) & mask,
        perhaps & mask,
    )


_HANGS_ON = frozenset(AccessExtent) - REFUSED - {AccessExtent.ALLOWED}


def _permitted(actions: Mapping[AccessExtent, int]) -> int:
    found = 0
    for reach, bits in actions.items():
        if reach not in REFUSED:
            found |= bits
    return found


def difference_words(found: CellDifference, own: str, other: str) -> str:
    """Return a difference in words: ``ana can do 3 that ben cannot: s3:GetObject …``."""
    parts = []
    for bits, first, second in ((found.more, own, other), (found.less, other, own)):
        if bits:
            parts.append(
                phrase(
                    "{one} can do {count:,} that {other} cannot ({actions})",
                    one=first,
                    count=bits.bit_count(),
                    other=second,
                    actions=join_names(found.names(bits), _MOST_NAMED, last=","),
                )
            )
    if found.how:
        told = {"count": found.how.bit_count(), "actions": join_names(found.names(found.how), _MOST_NAMED, last=",")}
        if parts:
            how = phrase(
                "{count:,} more otherwise: under other conditions, on other resources or denied outright ({actions})",
                **told,
            )
        else:
            how = phrase(
                "{count:,} otherwise: under other conditions, on other resources or denied outright ({actions})", **told
            )
        parts.append(how)
    if found.perhaps:
        parts.append(
            phrase(
                "{count:,} both can do on some resources or under conditions, which may be others ({actions})",
                count=found.perhaps.bit_count(),
                actions=join_names(found.names(found.perhaps), _MOST_NAMED, last=","),
            )
        )
    return join_messages("; ", parts) if parts else phrase("no difference")


_MOST_NAMED = 4


def comparison_summary(own: AccessHeatmap, other: AccessHeatmap, own_name: str, other_name: str) -> str:
    """Return in one sentence how two maps differ."""
    theirs = {row.service: row for row in other.rows}
    found = [difference(row, theirs[row.service]) for row in own.rows if row.service in theirs]
    more, less = sum(one.more.bit_count() for one in found), sum(one.less.bit_count() for one in found)
    how, perhaps = sum(one.how.bit_count() for one in found), sum(one.perhaps.bit_count() for one in found)
    if not (more or less or how or perhaps):
        return phrase("{one} and {other} can do the same.", one=own_name, other=other_name)
    parts = [
        phrase(
            "{one} can do {more:,} that {other} cannot, {other} {less:,} that {one} cannot",
            one=own_name,
            other=other_name,
            more=more,
            less=less,
        )
    ]
    parts += [phrase("{count:,} differ in how", count=how)] if how else []
    if perhaps:
        parts.append(phrase("{count:,} hang on resources or conditions, which may differ", count=perhaps))
    return join_messages("", (join_messages("; ", parts), "."))


def comparison_to_csv(own: AccessHeatmap, other: AccessHeatmap, snapshot_name: str, other_snapshot: str = "") -> bytes:
    """Return as CSV a row for each service and access level in which two principals differ, with the actions.

    ``other_snapshot`` names that of the second, where it is another one.
    """
    subject = other.access.subject
    compared = f"{subject} in {other_snapshot}" if other_snapshot else subject
    return csv_bytes(COLUMNS, _rows(own, other, compared, snapshot_name))


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
