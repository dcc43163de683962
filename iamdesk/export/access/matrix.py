"""The access matrix: principals by services, each cell with the numbers of `heatmap`.

Equal cells (`ServiceSummary`) and equal rows (`Profile`) are one object each, so that thousands of principals are
compared by few profiles. Numbers are computed on first use and cached.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from iamdesk.access.effective_permissions import ServiceAccess
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.export.access.heatmap import LEVELS, REFUSED, Cell, MapRow, row_of
from iamdesk.export.access.what_can import MAP_COLUMNS, level_rows
from iamdesk.export.findings.csv_table import TableAbout, csv_bytes
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

GRAVITY: tuple[str, ...] = ("List", "Read", "Tagging", "Write", "Permissions management")
"""Access levels by increasing risk. Tagging is above Read, because it can grant access by conditions on tags."""
MANY_SERVICES = 100
"""A principal with access to more services has wide access: it does not distinguish single services."""


_MAX_CACHED = 1 << 13
"""Maximum number of objects for which the summary is found by identity."""


class ServiceSummary:
    """Access to one service, shared by all principals with the same access."""

    __slots__ = ("_row", "of_level", "permitted", "reach")

    def __init__(self, reach: ServiceAccess) -> None:
        self.reach = reach
        refused = 0
        for one in REFUSED:
            refused |= reach.actions[one]
        service = service_actions(reach.service)
        done = service.every & ~refused
        self.permitted = done.bit_count()
        """Number of actions that are allowed on some resource under some conditions."""
        self.of_level = {level: (done & service.by_level[level]).bit_count() for level in LEVELS}
        """The same by access level."""
        self._row: MapRow | None = None

    @property
    def row(self) -> MapRow:
        """The numbers by access level."""
        if self._row is None:
            self._row = row_of(self.reach)
        if self._row is None:  # cannot happen: there is access to some action
            raise ValueError(f"{self.reach.service} has no actions")
        return self._row

    def count(self, level: str | None) -> int:
        """Return the number of permitted actions, optionally of one access level."""
        return self.permitted if level is None else self.of_level[level]

    def cell(self, level: str | None) -> Cell | None:
        """Return the numbers of one access level, or of all; None if the service has no such action."""
        return self.row.total if level is None else self.row.cells.get(level)

    @property
    def gravity(self) -> tuple[int, ...]:
        """Sort key of summaries of one service, by increasing risk."""
        return tuple(self.of_level[level] for level in reversed(GRAVITY))

    @property
    def gravest(self) -> str | None:
        """The access level of highest risk with a permitted action; None if there is none."""
        return next((level for level in reversed(GRAVITY) if self.of_level[level]), None)


class Profile:
    """A row of the matrix, shared by all principals with the same access to each action."""

    __slots__ = ("breadth", "glances", "weight")

    def __init__(self, glances: Mapping[str, ServiceSummary]) -> None:
        self.glances = glances
        """By service prefix, for services with allowed or denied actions."""
        self.breadth: dict[str | None, int] = {None: sum(one.permitted > 0 for one in glances.values())}
        """By access level (None: all), the number of services with permitted actions."""
        self.weight: dict[str | None, int] = {None: sum(one.permitted for one in glances.values())}
        """By access level (None: all), the number of permitted actions."""
        for level in LEVELS:
            counts = [one.of_level[level] for one in glances.values()]
            self.breadth[level] = sum(count > 0 for count in counts)
            self.weight[level] = sum(counts)

    @property
    def is_wide(self) -> bool:
        """Whether it has access to more than `MANY_SERVICES` services."""
        return self.breadth[None] > MANY_SERVICES

    @property
    def gravity(self) -> tuple[int, ...]:
        """Sort key of profiles by increasing risk: numbers of actions by access level, highest risk first."""
        return tuple(self.weight[level] for level in reversed(GRAVITY))


@dataclass(frozen=True, slots=True)
class ServiceColumn:
    """A column of the matrix: a service that some principal can use."""

    service: str
    name: str
    """Name of the service: ``Amazon S3``."""
    users: int
    """Number of principals with permitted actions of the chosen access level."""
    is_listed: bool
    """Whether one of them does not have wide access."""


def service_column(service: str, users: int, *, is_listed: bool) -> ServiceColumn:
    """Return the column of a service."""
    return ServiceColumn(service, reference().service_name(service) or service, users, is_listed)


class AccessMatrix:
    """The access matrix, or its rows computed so far. One thread adds rows; any thread may read."""

    def __init__(self) -> None:
        self.rows: dict[str, Profile] = {}
        """By principal (ARN)."""
        self.profiles: dict[Profile, int] = {}
        """Number of principals by profile."""
        self._glances: dict[tuple[str, tuple[tuple[str, int], ...]], ServiceSummary] = {}
        self._of_reach: dict[ServiceAccess, ServiceSummary] = {}
        self._by_glances: dict[tuple[int, ...], Profile] = {}

    def glance(self, reach: ServiceAccess) -> ServiceSummary:
        """Return the shared summary of a service's access."""
        key = reach.service, tuple(sorted((str(one), bits) for one, bits in reach.actions.items() if bits))
        return self._glances.get(key) or self._glances.setdefault(key, ServiceSummary(reach))

    def add(self, rows: Iterable[tuple[str, Mapping[str, ServiceAccess]]]) -> list[tuple[str, Profile]]:
        """Add rows of principals with their access by service, and return their profiles."""
        of_reach = self._of_reach  # most equal values are the same object already
        if len(of_reach) > _MAX_CACHED:
            of_reach.clear()
        added = []
        for principal, reaches in rows:
            glances: dict[str, ServiceSummary] = {}
            for service, reach in reaches.items():
                glance = of_reach.get(reach)
                if glance is None:
                    glance = of_reach[reach] = self.glance(reach)
                glances[service] = glance
            key = tuple(map(id, glances.values()))
            profile = self._by_glances.get(key)
            if profile is None:
                profile = self._by_glances[key] = Profile(glances)
            self.rows[principal] = profile
            self.profiles[profile] = self.profiles.get(profile, 0) + 1
            added.append((principal, profile))
        return added

    def columns(self, level: str | None = None) -> tuple[ServiceColumn, ...]:
        """Return the services with permitted actions (of that level), by decreasing number of principals.

        Services that only principals with wide access can use are last.
        """
        users: dict[str, int] = {}
        specific: set[str] = set()
        for profile, count in list(self.profiles.items()):  # another thread may add to them
            for service, glance in profile.glances.items():
                if glance.count(level):
                    users[service] = users.get(service, 0) + count
                    if not profile.is_wide:
                        specific.add(service)
        return tuple(
            service_column(service, users[service], is_listed=service in specific)
            for service in sorted(users, key=lambda service: (service not in specific, -users[service], service))
        )


def access_matrix_to_csv(
    shown: AccessMatrix,
    snapshot_name: str,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    about: TableAbout | None = None,
) -> bytes:
    """Return the matrix as CSV: for each principal the rows of `what_can.map_to_csv`.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    query = f"access matrix of {len(shown.rows):,} principals"
    return csv_bytes(MAP_COLUMNS, _csv_rows(shown, snapshot_name, progress, cancelled), query, about)


def _csv_rows(
    shown: AccessMatrix, snapshot_name: str, progress: Progress, cancelled: Cancelled
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
