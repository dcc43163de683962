"""Effective permissions as a map: services down, access levels across, each cell a count of actions by reach.

What the window paints as a heat map and what is written as a table is this one thing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, EffectiveAccess, ServiceAccess
from iamdesk.aws.action_sets import ACCESS_LEVELS, service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

LEVELS: tuple[str, ...] = ACCESS_LEVELS
"""The columns, in order."""
REFUSED = frozenset({AccessExtent.DENIED, AccessExtent.NONE})
"""The reaches in which an action may not be done at all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The actions of one service that have one access level, counted."""

    counts: Mapping[AccessExtent, int]
    """By reach; every action is in one of them."""
    total: int
    """How many actions there are."""
    permitted: int
    """How many may be done, somewhere and under some circumstances."""
    conditional: int
    """How many of those only under conditions."""
    awaiting: int
    """How many of those only if a resource's policy that the snapshot does not hold lets the account in."""
    somewhere: int
    """How many of those on some resources only."""
    denied: int
    """How many are explicitly denied."""

    @property
    def share(self) -> float:
        """The share of actions that may be done, between 0 and 1."""
        return self.permitted / self.total


def cell_of(counts: Mapping[AccessExtent, int]) -> Cell:
    """Return the cell of some counts, which are not all zero; a reach that is not named counts none."""
    whole = {reach: counts.get(reach, 0) for reach in AccessExtent}
    total = sum(whole.values())
    return Cell(
        whole,
        total,
        total - sum(whole[reach] for reach in REFUSED),
        whole[AccessExtent.CONDITIONAL] + whole[AccessExtent.SOME_CONDITIONAL],
        whole[AccessExtent.AWAITING],
        whole[AccessExtent.SOME] + whole[AccessExtent.SOME_CONDITIONAL],
        whole[AccessExtent.DENIED],
    )


@dataclass(frozen=True, slots=True)
class MapRow:
    """One service."""

    service: str
    """Its prefix: ``s3``."""
    name: str
    """As AWS writes it: ``Amazon S3``."""
    cells: Mapping[str, Cell]
    """By access level; a level of which the service has no action is left out."""
    total: Cell
    """All access levels together."""
    reach: ServiceAccess

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the service may be done, and nothing is denied."""
        return self.reach.is_empty

    def matching(self, words: Sequence[str], level: str | None, reaches: frozenset[AccessExtent]) -> int:
        """Return the actions, as bits, that have one of some reaches, one level where one is named, and all words.

        Words are looked for in the action (``s3:GetObject``) and the service's name, without case.
        """
        found = 0
        for reach, bits in self.reach.actions.items():
            if reach in reaches:
                found |= bits
        if level is not None:
            found &= service_actions(self.service).by_level.get(level, 0)
        texts = _haystacks(self.service) if words and found else ()
        for bit, text in enumerate(texts):
            if found >> bit & 1 and not all(word in text for word in words):
                found &= ~(1 << bit)
        return found


@dataclass(frozen=True, slots=True)
class AccessHeatmap:
    """The map of one principal or group."""

    access: EffectiveAccess
    rows: tuple[MapRow, ...]
    """Every service of AWS: those of which something may be done or is denied first, each part by prefix."""

    @property
    def told(self) -> tuple[MapRow, ...]:
        """The services of which something may be done or is denied."""
        return tuple(row for row in self.rows if not row.is_empty)

    def actions(self, row: MapRow, chosen: int) -> Iterator[ActionAccess]:
        """Yield the chosen actions of a row, by the bits that `MapRow.matching` gives."""
        if self.access.service(row.service) is not None:
            known = self.access.actions(row.service)
        else:
            known = (
                ActionAccess(action.full_name, action.access_level, action.description, AccessExtent.NONE, lambda: ())
                for action in service_actions(row.service).actions
            )
        for bit, action in enumerate(known):
            if chosen >> bit & 1:
                yield action


def access_map(access: EffectiveAccess, cancelled: Cancelled = never_cancelled) -> AccessHeatmap:
    """Lay out the effective permissions of a principal or group.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    return AccessHeatmap(access, tuple(sorted(_rows(access, cancelled), key=lambda row: (row.is_empty, row.service))))


def _rows(access: EffectiveAccess, cancelled: Cancelled) -> Iterator[MapRow]:
    for service in reference().services():
        if cancelled():
            raise WorkCancelled
        reach = access.service(service)
        row = row_of(reach) if reach is not None else _empty_row(service)
        if row is not None:
            yield row


def row_of(reach: ServiceAccess) -> MapRow | None:
    """Return the row of one service; None for a service without actions."""
    cells = {level: cell_of(counts) for level, counts in reach.counts().items()}
    if not cells:
        return None
    total = cell_of({known: bits.bit_count() for known, bits in reach.actions.items()})
    return MapRow(reach.service, reference().service_name(reach.service) or reach.service, cells, total, reach)


@cache
def _empty_row(service: str) -> MapRow | None:
    """Return the row of a service of which nothing may be done; None for a service without actions."""
    every = service_actions(service).every
    return row_of(ServiceAccess(service, {reach: every if reach is AccessExtent.NONE else 0 for reach in AccessExtent}))


@cache
def _haystacks(service: str) -> tuple[str, ...]:
    """Return what words are looked for in, by action."""
    name = reference().service_name(service) or ""
    return tuple([f"{action.full_name} {name}".casefold() for action in service_actions(service).actions])
