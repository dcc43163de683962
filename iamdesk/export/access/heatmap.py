"""Effective permissions as a heat map: services by access levels, each cell with the number of actions by extent.

The window paints it, and the CSV files contain it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, EffectiveAccess, ServiceAccess
from iamdesk.aws.action_sets import ACCESS_LEVELS, service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.filter_language import Field, FieldKind, FilterFields, Test
from iamdesk.i18n import mark
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

LEVELS: tuple[str, ...] = ACCESS_LEVELS
"""Columns, in order."""
REFUSED = frozenset({AccessExtent.DENIED, AccessExtent.NONE})
"""Extents of actions that are not allowed at all."""


class SearchedAction(NamedTuple):
    """An action as filters see it."""

    name: str
    """``s3:GetObject``."""
    service: tuple[str, str]
    """Prefix and name."""
    level: str
    text: str
    """In which words are looked for, in lower case."""


ACTION_FIELDS: FilterFields[SearchedAction] = FilterFields(
    (
        Field("action", mark("Action"), lambda action: action.name),
        Field("service", mark("Service"), lambda action: action.service),
        Field(
            "level",
            mark("Access level"),
            lambda action: action.level.casefold(),
            FieldKind.WORD,
            {level.casefold(): level for level in LEVELS},
        ),
    ),
    lambda word: lambda action: word in action.text,
)
"""What actions can be filtered by."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Numbers of actions of one service with one access level."""

    counts: Mapping[AccessExtent, int]
    """By extent; each action has one."""
    total: int
    """All actions."""
    permitted: int
    """Actions that are allowed on some resource under some conditions."""
    conditional: int
    """Of those, actions allowed only under conditions."""
    awaiting: int
    """Of those, actions allowed only if a resource policy that is not captured allows the account."""
    somewhere: int
    """Of those, actions allowed only on some resources."""
    denied: int
    """Explicitly denied actions."""

    @property
    def share(self) -> float:
        """The share of permitted actions, between 0 and 1."""
        return self.permitted / self.total


def cell_of(counts: Mapping[AccessExtent, int]) -> Cell:
    """Return the cell of numbers of actions by extent, which are not all zero; an absent extent is zero."""
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
    """Service prefix: ``s3``."""
    name: str
    """Name of the service: ``Amazon S3``."""
    cells: Mapping[str, Cell]
    """By access level, for levels of which the service has actions."""
    total: Cell
    """All access levels together."""
    reach: ServiceAccess

    @property
    def is_empty(self) -> bool:
        """Whether no action of the service is allowed or explicitly denied."""
        return self.reach.is_empty

    def matching(
        self, accepts: Test[SearchedAction] | None, level: str | None, reaches: frozenset[AccessExtent]
    ) -> int:
        """Return, as bits, the actions with one of the extents, with the level (if given), that a filter accepts.

        ``accepts`` is that of a filter over `ACTION_FIELDS`; None for all.
        """
        found = 0
        for reach, bits in self.reach.actions.items():
            if reach in reaches:
                found |= bits
        if level is not None:
            found &= service_actions(self.service).by_level.get(level, 0)
        if accepts is not None and found:
            for bit, action in enumerate(searched_actions(self.service)):
                if found >> bit & 1 and not accepts(action):
                    found &= ~(1 << bit)
        return found


@dataclass(frozen=True, slots=True)
class AccessHeatmap:
    """The heat map of one principal or group."""

    access: EffectiveAccess
    rows: tuple[MapRow, ...]
    """All services of AWS: first those with allowed or denied actions, then the others, each by prefix."""

    @property
    def listed(self) -> tuple[MapRow, ...]:
        """The services with allowed or denied actions."""
        return tuple(row for row in self.rows if not row.is_empty)

    def actions(self, row: MapRow, chosen: int) -> Iterator[ActionAccess]:
        """Yield the chosen actions of a row; ``chosen`` are bits as from `MapRow.matching`."""
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
    """Return the heat map of the effective permissions of a principal or group.

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
    """Return the row of a service without allowed actions; None for a service that has no actions."""
    every = service_actions(service).every
    return row_of(ServiceAccess(service, {reach: every if reach is AccessExtent.NONE else 0 for reach in AccessExtent}))


@cache
def searched_actions(service: str) -> tuple[SearchedAction, ...]:
    """Return each action of a service as filters see it."""
    name = reference().service_name(service) or ""
    return tuple(
        [
            SearchedAction(one.full_name, (service, name), one.access_level, f"{one.full_name} {name}".casefold())
            for one in service_actions(service).actions
        ]
    )
