"""What everybody can, as a map: principals down, services across, each cell the counts of `access_map`.

What is equal is one object: reaches of a service (`Glance`) and whole rows (`Profile`), so that thousands of principals
are laid out by what sets them apart. Cells are counted when they are looked at, and remembered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iamdesk.export.access_map import LEVELS, REFUSED, Cell, MapRow, row_of
from iamdesk.export.csv_table import csv_bytes
from iamdesk.export.what_can import MAP_COLUMNS, level_rows
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.query.what_can import Overview, ServiceReach
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

GRAVITY: tuple[str, ...] = ("List", "Read", "Tagging", "Write", "Permissions management")
"""The access levels, gravest last: tags can open doors that conditions on tags close, and stand before Write."""
MANY_SERVICES = 100
"""Whoever can use more services than these has wide access: not what single services are told apart by."""
_BREATH = 64
"""Principals between two looks at whether the work is still wanted."""


class Glance:
    """How far something can be done in one service, for all who can do the same."""

    __slots__ = ("_row", "of_level", "permitted", "reach")

    def __init__(self, reach: ServiceReach) -> None:
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

    def __init__(self, glances: Mapping[str, Glance]) -> None:
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


class EverybodyMap:
    """The whole map. Frozen but for what is remembered; may be read from any thread."""

    def __init__(self, rows: Mapping[str, Profile], profiles: Mapping[Profile, int]) -> None:
        self.rows = rows
        """By principal (ARN)."""
        self.profiles = profiles
        """Each with how many principals have it."""

    def columns(self, level: str | None = None) -> tuple[ServiceColumn, ...]:
        """Return the services of which somebody can do an action (of that level), those that most can use first."""
        users: dict[str, int] = {}
        told: set[str] = set()
        for profile, count in self.profiles.items():
            for service, glance in profile.glances.items():
                if glance.count(level):
                    users[service] = users.get(service, 0) + count
                    if not profile.is_wide:
                        told.add(service)
        names = reference()
        return tuple(
            ServiceColumn(service, names.service_name(service) or service, users[service], service in told)
            for service in sorted(users, key=lambda service: (service not in told, -users[service], service))
        )


def everybody_map(
    overview: Overview, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
) -> EverybodyMap:
    """Read every row of an overview.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    glances: dict[tuple[str, tuple[tuple[str, int], ...]], Glance] = {}
    by_reach: dict[int, Glance] = {}  # most equal reaches are one object already
    kept: list[ServiceReach] = []  # alive, so that no other object gets its id
    profiles: dict[tuple[int, ...], Profile] = {}
    counts: dict[Profile, int] = {}
    rows: dict[str, Profile] = {}
    for number, principal in enumerate(overview.reaches):
        if number % _BREATH == 0:
            if cancelled():
                raise WorkCancelled
            progress(number, len(overview.reaches))
        of_row: dict[str, Glance] = {}
        for service, reach in overview.reaches[principal].items():
            glance = by_reach.get(id(reach))
            if glance is None:
                key = service, tuple(sorted((str(one), bits) for one, bits in reach.actions.items() if bits))
                glance = glances.setdefault(key, Glance(reach))
                by_reach[id(reach)] = glance
                kept.append(reach)
            of_row[service] = glance
        alike = tuple(map(id, of_row.values()))
        profile = profiles.get(alike)
        if profile is None:
            profile = profiles[alike] = Profile(of_row)
        rows[principal] = profile
        counts[profile] = counts.get(profile, 0) + 1
    return EverybodyMap(rows, counts)


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
