"""What everybody can, as a map: principals down, services across, each cell the counts of `heatmap`.

What is equal is one object: reaches of a service (`ServiceSummary`) and whole rows (`Profile`), so that thousands of
principals are laid out by what sets them apart. Cells are counted when they are looked at, and remembered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from iamdesk.access.effective_permissions import ServiceAccess
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.export.access.heatmap import LEVELS, REFUSED, Cell, MapRow, row_of
from iamdesk.export.access.what_can import MAP_COLUMNS, level_rows
from iamdesk.export.findings.csv_table import csv_bytes
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

GRAVITY: tuple[str, ...] = ("List", "Read", "Tagging", "Write", "Permissions management")
"""The access levels, gravest last: tags can open doors that conditions on tags close, and stand before Write."""
MANY_SERVICES = 100
"""Whoever can use more services than these has wide access: not what single services are told apart by."""


_MOST_REMEMBERED = 1 << 13
"""Reaches whose glances are known without a look at what they say."""


class ServiceSummary:
    """How far something can be done in one service, for all who can do the same."""

    __slots__ = ("_row", "of_level", "permitted", "reach")

    def __init__(self, reach: ServiceAccess) -> None:
        self.reach = reach
        refused = 0
        for one in REFUSED:
            refused |= reach.actions[one]
        service = service_actions(reach.service)
        done = service.every & ~refused
        self.permitted = done.bit_count()
        """How many actions can be done, somewhere and under some circumstances."""
        self.of_level = {level: (done & service.by_level[level]).bit_count() for level in LEVELS}
        """The same by access level."""
        self._row: MapRow | None = None

    @property
    def row(self) -> MapRow:
        """The counts by access level."""
        if self._row is None:
            self._row = row_of(self.reach)
        if self._row is None:  # a reach says something, and so the service has an action
            raise ValueError(f"{self.reach.service} has no actions")
        return self._row

    def count(self, level: str | None) -> int:
        """Return how many actions can be done, of one access level where one is named."""
        return self.permitted if level is None else self.of_level[level]

    def cell(self, level: str | None) -> Cell | None:
        """Return the counts of one access level, or of all; None where the service has no such action."""
        return self.row.total if level is None else self.row.cells.get(level)

    @property
    def gravity(self) -> tuple[int, ...]:
        """What glances at one service are sorted by, the greatest being the gravest."""
        return tuple(self.of_level[level] for level in reversed(GRAVITY))

    @property
    def gravest(self) -> str | None:
        """The gravest access level of which an action can be done; None where none can."""
        return next((level for level in reversed(GRAVITY) if self.of_level[level]), None)


class Profile:
    """What those can do who can do the same, action by action."""

    __slots__ = ("breadth", "glances", "weight")

    def __init__(self, glances: Mapping[str, ServiceSummary]) -> None:
        self.glances = glances
        """By service prefix; services of which nothing may be done and nothing is denied are left out."""
        self.breadth: dict[str | None, int] = {None: sum(one.permitted > 0 for one in glances.values())}
        """By access level (None: all), how many services it can use."""
        self.weight: dict[str | None, int] = {None: sum(one.permitted for one in glances.values())}
        """The same, how many actions it can do."""
        for level in LEVELS:
            counts = [one.of_level[level] for one in glances.values()]
            self.breadth[level] = sum(count > 0 for count in counts)
            self.weight[level] = sum(counts)

    @property
    def is_wide(self) -> bool:
        """Whether it can use so many services that these do not tell it apart."""
        return self.breadth[None] > MANY_SERVICES

    @property
    def gravity(self) -> tuple[int, ...]:
        """What profiles are sorted by, the greatest being the gravest: actions by access level, gravest first."""
        return tuple(self.weight[level] for level in reversed(GRAVITY))


@dataclass(frozen=True, slots=True)
class ServiceColumn:
    """One service that somebody can use."""

    service: str
    name: str
    """As AWS writes it: ``Amazon S3``."""
    users: int
    """How many principals can use it, at the access level asked about."""
    is_told: bool
    """Whether somebody can who has no wide access."""


def service_column(service: str, users: int, *, is_told: bool) -> ServiceColumn:
    """Return the column of a service."""
    return ServiceColumn(service, reference().service_name(service) or service, users, is_told)


class EverybodyMap:
    """The map: whole, or the rows that are known so far. One thread adds rows; any may read."""

    def __init__(self) -> None:
        self.rows: dict[str, Profile] = {}
        """By principal (ARN)."""
        self.profiles: dict[Profile, int] = {}
        """Each with how many principals have it."""
        self._glances: dict[tuple[str, tuple[tuple[str, int], ...]], ServiceSummary] = {}
        self._of_reach: dict[ServiceAccess, ServiceSummary] = {}
        self._by_glances: dict[tuple[int, ...], Profile] = {}

    def glance(self, reach: ServiceAccess) -> ServiceSummary:
        """Return the one glance of all who can do the same in a service."""
        key = reach.service, tuple(sorted((str(one), bits) for one, bits in reach.actions.items() if bits))
        return self._glances.get(key) or self._glances.setdefault(key, ServiceSummary(reach))

    def add(self, rows: Iterable[tuple[str, Mapping[str, ServiceAccess]]]) -> list[tuple[str, Profile]]:
        """Add the reaches of principals by service, and return what they have become."""
        of_reach = self._of_reach  # most equal reaches are one object already
        if len(of_reach) > _MOST_REMEMBERED:
            of_reach.clear()
        added = []
        for principal, reaches in rows:
            glances: dict[str, ServiceSummary] = {}
            for service, reach in reaches.items():
                glance = of_reach.get(reach)
                if glance is None:
                    glance = of_reach[reach] = self.glance(reach)
                glances[service] = glance
            alike = tuple(map(id, glances.values()))
            profile = self._by_glances.get(alike)
            if profile is None:
                profile = self._by_glances[alike] = Profile(glances)
            self.rows[principal] = profile
            self.profiles[profile] = self.profiles.get(profile, 0) + 1
            added.append((principal, profile))
        return added

    def columns(self, level: str | None = None) -> tuple[ServiceColumn, ...]:
        """Return the services of which somebody can do an action (of that level), those that most can use first."""
        users: dict[str, int] = {}
        told: set[str] = set()
        for profile, count in list(self.profiles.items()):  # another thread may add to them
            for service, glance in profile.glances.items():
                if glance.count(level):
                    users[service] = users.get(service, 0) + count
                    if not profile.is_wide:
                        told.add(service)
        return tuple(
            service_column(service, users[service], is_told=service in told)
            for service in sorted(users, key=lambda service: (service not in told, -users[service], service))
        )


def everybody_to_csv(
    shown: EverybodyMap,
    snapshot_name: str,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> bytes:
    """Return the map as CSV: for each principal what `what_can.map_to_csv` writes of one.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    return csv_bytes(MAP_COLUMNS, _csv_rows(shown, snapshot_name, progress, cancelled))


def _csv_rows(
    shown: EverybodyMap, snapshot_name: str, progress: Progress, cancelled: Cancelled
) -> Iterator[tuple[str | int, ...]]:
    number = 0
    for place, (principal, profile) in enumerate(shown.rows.items()):
        if cancelled():
            raise WorkCancelled
        progress(place, len(shown.rows))
        for glance in profile.glances.values():
            for row in level_rows(glance.row, principal, snapshot_name):
                number += 1
                yield (number, *row)
