"""S3 access points: statements on a bucket also apply to requests through its access points (rule I11)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from iamdesk.diff.deltas import StatementDelta
from iamdesk.diff.normal_form import ANYWHERE, ResourceScope
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import STAR, Wildcard

type _Unit = str | Wildcard | Variable
"""One character, a wildcard, or a variable, which matches anything."""


class AccessPoints:
    """The access points of both snapshots, with their buckets."""

    def __init__(self, old: SnapshotView, new: SnapshotView) -> None:
        found: dict[str, dict[str, None]] = {}
        for side in (old, new):
            for arn, resource in side.resources.items():
                for behind in resource.access_point.buckets if resource.access_point is not None else ():
                    found.setdefault(arn, {})[f"arn:{arn.split(':', 2)[1]}:s3:::{behind.name}"] = None
        self._buckets = {arn: tuple(buckets) for arn, buckets in found.items()}
        self._seen: dict[ResourceScope, tuple[ResourceScope, ...]] = {}

    def buckets(self, arn: str) -> tuple[str, ...]:
        """Return the buckets of an access point in either snapshot; empty for other resources."""
        return self._buckets.get(arn, ())

    def seen(self, where: ResourceScope | None) -> tuple[ResourceScope, ...]:
        """Return the scopes by which a clause on objects of buckets applies to requests through their access points."""
        if where is None or where == ANYWHERE or not self._buckets:
            return ()
        if where not in self._seen:
            self._seen[where] = tuple(
                dict.fromkeys(
                    one
                    for arn, buckets in self._buckets.items()
                    for bucket in buckets
                    for one in seen_at(arn, bucket, where)
                )
            )
        return self._seen[where]

    def with_access_points(self, deltas: Iterable[tuple[StatementDelta, int]]) -> Iterator[tuple[StatementDelta, int]]:
        """Yield clauses with those that apply to requests through access points, which have a policy type of their own.

        Those alone allow nothing: a request needs both the access point's policy and the bucket's.
        """
        for one, bits in deltas:
            yield one, bits
            for where in self.seen(one.clause.where):
                yield StatementDelta(f"behind {one.policy_type}", one.is_new, one.clause._replace(where=where)), bits


@lru_cache(maxsize=1 << 14)
def seen_at(point: str, bucket: str, where: ResourceScope) -> tuple[ResourceScope, ...]:
    """Return the scopes by which a clause on objects of a bucket applies to requests through one access point.

    Empty for a clause on all resources, which applies to them anyway.
    """
    found: dict[str, None] = {}
    for entry in sorted(where.entries):
        if any(not rest.strip("*") for rest in _rests(entry, bucket)):
            found[point] = None
        found |= dict.fromkeys(f"{point}/object/{rest}" for rest in _rests(entry, f"{bucket}/") if rest)
    if where.is_negated and found:
        return (ResourceScope(True, frozenset(found)),)
    if where.is_negated:  # it excepts nothing of the bucket, and may except the access point's own ARNs
        found = dict.fromkeys((point, f"{point}/object/*"))
    return tuple(ResourceScope(False, frozenset({entry})) for entry in found)


def _rests(entry: str, text: str) -> Iterator[str]:
    """Yield patterns for what can follow a text in the resources that an entry matches."""
    units = _units(entry)
    reached = _with_next(units, {(0, False)})
    for character in text:
        after: set[tuple[int, bool]] = set()
        for place, _ in reached:
            unit = units[place] if place < len(units) else None
            if unit is STAR or isinstance(unit, Variable):
                after.add((place, True))
            elif unit is not None and (not isinstance(unit, str) or unit == character):
                after.add((place + 1, False))
        reached = _with_next(units, after)
    for place, is_begun in sorted(reached):
        if (place - 1, True) in reached or ((place - 1, False) in reached and units[place - 1] is STAR):
            continue  # covered by the pattern for the run before it, which may be empty
        # The value of a variable may begin within the text: its rest can be anything.
        yield ("*" if is_begun else "") + "".join(map(_written, units[place + is_begun :]))


def _with_next(units: list[_Unit], places: set[tuple[int, bool]]) -> set[tuple[int, bool]]:
    """Return positions with those after runs that may be empty."""
    found = set(places)
    for first, _ in places:
        place = first
        while place < len(units) and (units[place] is STAR or isinstance(units[place], Variable)):
            place += 1
            found.add((place, False))
    return found


def _units(entry: str) -> list[_Unit]:
    parts = entry.split(":", 5)
    found: list[_Unit] = []
    for piece in parse_template(":".join((*parts, *["*"] * (6 - len(parts))))):
        found += piece if isinstance(piece, str) else [piece]
    return found


def _written(unit: _Unit) -> str:
    if isinstance(unit, Variable):
        return f"${{{unit.key_text}}}" if unit.default is None else f"${{{unit.key_text}, '{unit.default}'}}"
    if isinstance(unit, Wildcard):
        return unit.value
    return f"${{{unit}}}" if unit in "*?$" else unit
