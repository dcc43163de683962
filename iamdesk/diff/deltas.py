"""Differences that apply to a principal: clauses, and facts that clauses test."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from iamdesk.access.effects import split
from iamdesk.diff.assumptions import ASSUMED
from iamdesk.diff.matching import may_meet, with_values
from iamdesk.diff.normal_form import ANYWHERE, ClauseActions, NormalStatement, ResourceScope, regions_except
from iamdesk.diff.result import Kind
from iamdesk.diff.snapshot_view import Facts, Levels, PrincipalPolicies

type Values = Callable[[str], str | None]
"""Returns the value of a variable (`SnapshotView.variables`)."""
_PRINCIPAL_TAG = "aws:principaltag/"
_LEVEL = "scp-allow/"
_ALLOWED = NormalStatement(True, None, ANYWHERE, frozenset(), frozenset())


class StatementDelta(NamedTuple):
    """A clause of one policy type in one snapshot."""

    policy_type: str
    """``identity``, ``boundary``, ``scp-deny``, ``scp-allow/0`` …"""
    is_new: bool
    clause: NormalStatement


@dataclass(frozen=True, slots=True)
class PolicyTypeDelta:
    """Actions that the same clauses of both snapshots apply to."""

    bits: int
    clauses: tuple[NormalStatement, ...]
    """All clauses for these actions, of any policy type."""
    differing: tuple[ResourceScope | None, ...]
    """Scopes of the clauses that differ; nothing changed elsewhere."""
    widening: frozenset[ResourceScope | None]
    """Scopes where a differing clause may have added access."""
    narrowing: frozenset[ResourceScope | None]
    """Scopes where a differing clause may have removed access."""
    allowed: tuple[ResourceScope | None, ...]
    """Scopes where the principal's own policies allow them in either snapshot; elsewhere only resource policies can."""
    applied: tuple[StatementDelta, ...] = ()
    """All clauses by policy type and snapshot."""
    as_written: tuple[StatementDelta, ...] = ()
    """The same with their variables, if these have values (`with_values`)."""
    same_regions: frozenset[str] = frozenset()
    """Regions in which no differing clause applies to any request; empty unless `is_one_way`."""
    sources: tuple[Hashable, ...] = ()
    """Where the policies are that differ and cover these actions, once it is split by them (`principals`)."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of changes that the differences can cause."""
        return (*((Kind.GAINED,) if self.widening else ()), *((Kind.LOST,) if self.narrowing else ()))

    @property
    def is_one_way(self) -> bool:
        """Whether the differences apply to every resource, and can only add or only remove access."""
        return not (self.widening and self.narrowing) and set(self.differing) <= {ANYWHERE, None}

    @property
    def only_kind(self) -> Kind | None:
        """The one kind of changes that the differences can cause on any resource; None if a clause tests assumed keys.

        Requests are also compared with other values of these (`iamdesk.diff.assumptions`).
        """
        if not self.is_one_way or any(not ASSUMED.keys().isdisjoint(clause.keys) for clause in self.clauses):
            return None
        return self.kinds[0]

    def allowed_in(self, *, new: bool) -> Iterator[ResourceScope | None]:
        """Yield the scopes where the principal's own policies allow them in one snapshot."""
        return _allowed(one for one in self.as_written or self.applied if one.is_new is new)

    def with_values(self, values: Sequence[Values], *, is_limited: bool) -> "PolicyTypeDelta":
        """Return it with a principal's values of variables, in the old snapshot and in the new one.

        ``is_limited``: its boundary is known, so that nothing else can be allowed.
        """
        applied = self.applied
        if any("${" in entry for one in self.clauses if one.where is not None for entry in one.where.entries):
            filled = [(one, with_values(one.clause, values[one.is_new])) for one in applied]
            applied = tuple([one._replace(clause=clause) for one, clause in filled if clause is not None])
        clauses = tuple(dict.fromkeys(one.clause for one in applied))
        allowed = _allowed_within(applied) if is_limited else _allowed(applied)
        return replace(
            self,
            clauses=clauses,
            allowed=tuple(dict.fromkeys(allowed)),
            applied=applied,
            as_written=self.applied,
            same_regions=_same_regions(applied) if self.is_one_way else frozenset(),
        )


def _same_regions(applied: Iterable[StatementDelta]) -> frozenset[str]:
    """Return the Regions in which no clause of one snapshot alone applies to any request."""
    sides: tuple[set[tuple[str, NormalStatement]], ...] = (set(), set())
    for one in applied:
        if not one.policy_type.startswith(_LEVEL):
            sides[one.is_new].add((one.policy_type, one.clause))
    left_alone = [regions_except(clause.conditions) for _, clause in sides[0] ^ sides[1]]
    return frozenset.intersection(*left_alone) if left_alone else frozenset()


class ChangedKeys(NamedTuple):
    """Condition keys (lower case) whose known values changed."""

    keys: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def touches(self, clause: NormalStatement) -> bool:
        """Return whether a clause depends on one of them."""
        return any(
            key in self.keys or key.startswith(self.prefixes) for key in clause.keys if self.keys or self.prefixes
        )

    def __bool__(self) -> bool:
        return bool(self.keys or self.prefixes)


NO_KEYS = ChangedKeys(frozenset())


def changed_keys(old: Facts, new: Facts) -> ChangedKeys:
    """Return the keys about a principal whose values changed."""
    keys: set[str] = set()
    prefixes: tuple[str, ...] = ()
    before, after = dict(old.tags), dict(new.tags)
    keys |= {f"{_PRINCIPAL_TAG}{tag}" for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    keys |= {f"{_PRINCIPAL_TAG}{tag}" for tag in old.ambiguous_tags ^ new.ambiguous_tags}
    if old.may_be_tagged != new.may_be_tagged:
        prefixes = (_PRINCIPAL_TAG,)
    if old.has_no_source_identity != new.has_no_source_identity:
        keys.add("aws:sourceidentity")
    if old.unique_id != new.unique_id:
        keys.add("aws:userid")
    if old.org_id != new.org_id:
        keys |= {"aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid"}
    if old.org_path != new.org_path:
        keys |= {"aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths"}
    return ChangedKeys(frozenset(keys), prefixes)


def statement_deltas(
    own: PrincipalPolicies, levels: Levels | None, rcps: Levels | None, everything: int, *, is_new: bool
) -> Iterator[tuple[StatementDelta, int]]:
    """Yield every clause that applies to a principal in its own account, with its actions."""
    for policy_type, clauses in _policy_types(own, levels, rcps, everything):
        # A level that allows nothing denies everything (rule B1).
        for clause, bits in (clauses or {_ALLOWED: 0}).items() if policy_type.startswith(_LEVEL) else clauses.items():
            yield StatementDelta(policy_type, is_new, clause), bits


def _policy_types(
    own: PrincipalPolicies, levels: Levels | None, rcps: Levels | None, everything: int
) -> Iterator[tuple[str, ClauseActions]]:
    yield "identity", own.identity
    # No boundary is equivalent to one that allows everything.
    yield "boundary", _no_limit(everything) if own.boundary is None else own.boundary
    if levels is not None:
        yield "scp-deny", levels.denies
        for place, allowed in enumerate(levels.allows):
            yield f"{_LEVEL}{place}", allowed
    if rcps is not None:
        yield "rcp-deny", rcps.denies


def _no_limit(everything: int) -> ClauseActions:
    return {_ALLOWED: everything}


def policy_type_deltas(
    before: Sequence[tuple[StatementDelta, int]],
    after: Sequence[tuple[StatementDelta, int]],
    within: int,
    keys: ChangedKeys,
) -> Iterator[PolicyTypeDelta]:
    """Yield the actions whose decisions may have changed, grouped by the clauses that apply to them.

    ``within`` are the actions that some policy allows; all others do not matter.
    """
    deltas = [*before, *after]
    levels = (_levels(before), _levels(after))
    # An action without a clause in a level is denied there: if levels differ, any action may have changed.
    same_levels = set(map(frozenset, levels[0].values())) == set(map(frozenset, levels[1].values()))
    candidates = (_candidates(deltas, keys) if same_levels else -1) & within
    if not candidates:
        return
    together: dict[int, list[int]] = {}  # mostly the clauses of one statement, in both snapshots
    for place, (_, bits) in enumerate(deltas):
        together.setdefault(bits, []).append(place)
    for bits, listed in split(candidates, [(places, having) for having, places in together.items()]):
        applied = tuple([deltas[place][0] for place in sorted(chain.from_iterable(listed))])
        differing = list(_differing(applied, keys, levels))
        if differing:
            scopes = [frozenset(where for where, widens in differing if widens is not other) for other in (False, True)]
            yield PolicyTypeDelta(
                bits,
                tuple(dict.fromkeys(one.clause for one in applied)),
                tuple(dict.fromkeys(where for where, _ in differing)),
                scopes[0],
                scopes[1],
                tuple(dict.fromkeys(_allowed(applied))),
                applied,
            )


def _allowed(applied: Iterable[StatementDelta]) -> Iterator[ResourceScope | None]:
    for one in applied:
        if one.policy_type == "identity" and one.clause.is_allow:
            yield one.clause.where


def _allowed_within(applied: Iterable[StatementDelta]) -> Iterator[ResourceScope | None]:
    """Yield the scopes of the same snapshot's boundary, too: elsewhere identity policies allow nothing."""
    limits: dict[bool, list[ResourceScope | None]] = {False: [], True: []}
    for one in applied:
        if one.policy_type == "boundary" and one.clause.is_allow:
            limits[one.is_new].append(one.clause.where)
    for one in applied:
        if one.policy_type == "identity" and one.clause.is_allow:
            where = one.clause.where
            if any(may_meet(where, limit) for limit in limits[one.is_new]):
                yield where


def _levels(deltas: Iterable[tuple[StatementDelta, int]]) -> Mapping[str, set[tuple[NormalStatement, int]]]:
    found: dict[str, set[tuple[NormalStatement, int]]] = {}
    for one, bits in deltas:
        if one.policy_type.startswith(_LEVEL):
            found.setdefault(one.policy_type, set()).add((one.clause, bits))
    return found


def _candidates(deltas: Iterable[tuple[StatementDelta, int]], keys: ChangedKeys) -> int:
    """Return the actions with a differing clause, without regard to coverage."""
    sides: dict[tuple[str, NormalStatement], int] = {}
    found = 0
    for one, bits in deltas:
        if keys.touches(one.clause):
            found |= bits
        if not one.policy_type.startswith(_LEVEL):
            sides[one.policy_type, one.clause] = sides.get((one.policy_type, one.clause), 0) ^ bits
    for bits in sides.values():
        found |= bits
    return found


def _differing(
    applied: Iterable[StatementDelta], keys: ChangedKeys, levels: Sequence[Iterable[str]]
) -> Iterator[tuple[ResourceScope | None, bool | None]]:
    """Yield (scope, effect) for differing clauses: True adds access, False removes it, None may do either."""
    sides: tuple[dict[tuple[str, NormalStatement], None], dict[tuple[str, NormalStatement], None]] = ({}, {})
    allowed: list[dict[str, set[NormalStatement]]] = [{name: set() for name in side} for side in levels]
    for one in applied:
        if one.policy_type.startswith(_LEVEL):
            allowed[one.is_new][one.policy_type].add(one.clause)
        else:
            sides[one.is_new][one.policy_type, one.clause] = None
        if keys.touches(one.clause):
            yield one.clause.where, None
    for side in (False, True):
        for policy_type, clause in sides[side]:
            if (policy_type, clause) not in sides[not side]:
                yield clause.where, clause.is_allow is side
    # A level that allows all of these actions does not limit them; levels that allow the same count once.
    limits = [
        {frozenset(clauses) for clauses in side.values() if not any(clause.is_plain for clause in clauses)}
        for side in allowed
    ]
    if limits[0] != limits[1]:
        yield ANYWHERE, None
