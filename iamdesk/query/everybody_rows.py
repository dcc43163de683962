"""The reaches of everybody, principal by principal: what `everybody` has found, put into rows when they are read."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import reduce
from operator import or_

from iamdesk.index.action_bits import service_actions
from iamdesk.query.everybody import Everybody, Told
from iamdesk.query.population import Population, positions
from iamdesk.query.reach import ReachFinder
from iamdesk.query.what_can import Reach, ServiceReach

_AT_ONCE = 256
"""So many principals that stand side by side are told apart together."""


class Rows(Mapping[str, Mapping[str, ServiceReach]]):
    """By principal (ARN) the reaches by service prefix. May be read from any thread."""

    def __init__(self, population: Population, finder: ReachFinder, everybody: Everybody) -> None:
        self._index = population.index
        self._finder = finder
        self.told = everybody.by_service
        """What was found for all at once, by service."""
        self._far = everybody.far
        self._everybody = population.everybody
        self._left = reduce(or_, [one.left for one in self.told.values()], self._far)
        self._lasting: dict[int, Mapping[str, ServiceReach]] = {}
        self._of_moment: dict[int, Mapping[str, ServiceReach]] = {}
        self._alike: dict[tuple[str, tuple[int, ...]], ServiceReach] = {}
        self._blocks: dict[int, Sequence[Mapping[str, ServiceReach]]] = {}
        self._by_sharings: dict[str, dict[tuple[str, ...], ServiceReach | None]] = {
            service: {} for service in self.told
        }

    def read_anew(self) -> "Rows":
        """Return the same rows, those found out anew when they are read that may be others at another moment."""
        rows = copy(self)
        rows._of_moment = {}
        return rows

    def __len__(self) -> int:
        return self._everybody.bit_count()

    def __iter__(self) -> Iterator[str]:
        return (self._index.subjects[position] for position in positions(self._everybody))

    def __getitem__(self, principal: str) -> Mapping[str, ServiceReach]:
        position = self._index.positions[principal]
        if not self._everybody >> position & 1:
            raise KeyError(principal)
        rows = self._of_moment if self._left >> position & 1 else self._lasting
        row = rows.get(position)
        return rows.setdefault(position, self._row(position)) if row is None else row

    def reach(self, principal: str, service: str) -> ServiceReach | None:
        """Return one reach of a row; None where nothing of the service may be done, and nothing is denied."""
        position, told = self._index.positions[principal], self.told.get(service)
        if told is not None and told.members >> position & 1:
            found = self._reach(position, service, told)
            return None if found.is_empty else found
        return self[principal].get(service)

    def rest(self) -> Iterator[str]:
        """Yield the principals some of whose reaches are found out when they are read."""
        return (self._index.subjects[position] for position in positions(self._left))

    def _row(self, position: int) -> Mapping[str, ServiceReach]:
        if self._index.subjects[position] in self._index.roots:
            return self._finder.reaches(position)
        if not self._left >> position & 1:
            block, place = divmod(position, _AT_ONCE)
            rows = self._blocks.get(block)
            if rows is None:
                rows = self._blocks[block] = self._read_block(block)
            return rows[place]
        found = dict(self._finder.in_all_services(position)) if self._far >> position & 1 else {}
        for service, told in self.told.items():
            if told.members >> position & 1:
                found[service] = self._reach(position, service, told)
        return {service: found[service] for service in sorted(found) if not found[service].is_empty}

    def _read_block(self, block: int) -> Sequence[Mapping[str, ServiceReach]]:
        """Return the rows of principals that stand side by side, as far as they are told of all at once.

        The bits of all sharings are laid side by side, so that each principal's are one key; of equal keys one reach is
        put together.
        """
        first, every = block * _AT_ONCE, (1 << _AT_ONCE) - 1
        rows: list[dict[str, ServiceReach]] = [{} for _ in range(_AT_ONCE)]
        for service, told in sorted(self.told.items()):
            columns = [
                f"{bits >> first & every:0{_AT_ONCE}b}"
                for _, sharings in told.by_peers
                for sharing in sharings
                for _, bits in sharing.members
            ]
            known = self._by_sharings[service]
            for row, key in zip(
                reversed(rows), zip(*columns, strict=True), strict=False
            ):  # the highest bit comes first
                if key not in known:
                    known[key] = self._put_together(service, told, key)
                reach = known[key]
                if reach is not None:
                    row[service] = reach
        return rows

    def _put_together(self, service: str, told: Told, key: tuple[str, ...]) -> ServiceReach | None:
        """Return the reach of whoever has these of all sharings of a service; None where there is nothing in it."""
        actions = dict.fromkeys(Reach, 0)
        having = iter(key)
        for _, sharings in told.by_peers:
            for sharing in sharings:
                for reach, _ in sharing.members:
                    if next(having) == "1":
                        actions[reach] |= sharing.actions
        return self._shared(service, actions) if any(actions.values()) else None

    def _reach(self, position: int, service: str, told: Told) -> ServiceReach:
        if told.left >> position & 1:
            return self._finder.reach(position, service)
        actions = dict.fromkeys(Reach, 0)
        for members, sharings in told.by_peers:
            if members >> position & 1:
                for sharing in sharings:
                    for reach, having in sharing.members:
                        if having >> position & 1:
                            actions[reach] |= sharing.actions
                            break
                break
        return self._shared(service, actions)

    def _shared(self, service: str, actions: dict[Reach, int]) -> ServiceReach:
        """Return the reach as one object for all who have it."""
        key = service, tuple(actions.values())
        found = self._alike.get(key)
        if found is None:
            nothing = service_actions(service).every
            for bits in key[1]:
                nothing &= ~bits
            actions[Reach.NONE] = nothing
            found = self._alike.setdefault(key, ServiceReach(service, actions))
        return found
