"""The resource's side of both snapshots: what policies, grants and trust policies say, and whom they let in."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from iamdesk.compare.cells import Cell, Sort, cells, sorts
from iamdesk.compare.clauses import Clause, Said, Where
from iamdesk.compare.deltas import ChangedKeys
from iamdesk.compare.matching import may_meet, speaks_of
from iamdesk.compare.side import RCP, Side


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One resource (or role, as a resource) of either snapshot."""

    arn: str
    account: str
    service: str
    """Of the requests on it: ``sts`` for a role."""
    old: Said
    new: Said

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All that is said in either snapshot."""
        return tuple(dict.fromkeys((*self.old, *self.new)))


class Granting:
    """Resources whose own policies say something."""

    def __init__(self, old: Side, new: Side) -> None:
        self._new = new
        self.entries: dict[str, Entry] = {}
        for arn in dict.fromkeys((*old.resources, *new.resources, *old.index.roles, *new.index.roles)):
            self.entries[arn] = _entry(arn, old, new)
        self.actions = 0
        """The actions that some resource's policy allows to somebody."""
        self._by_service: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            self._by_service.setdefault(entry.service, []).append(entry)
            for said in (entry.old, entry.new):
                for clause, bits in said.items():
                    self.actions |= bits if clause.is_allow else 0
        limits = [side.levels(account, RCP) for side in (old, new) for account in side.index.accounts]
        self._of_organization = [clause for levels in limits if levels is not None for clause in levels.denies]

    def touches(self, keys: ChangedKeys) -> bool:
        """Return whether some resource's policy, or a resource control policy, hangs on one of some keys."""
        entries = (clause for entry in self.entries.values() for clause in entry.clauses)
        return any(keys.touches(clause) for clause in (*entries, *self._of_organization))

    def cells(
        self, sort: Sort, differing: Sequence[Where | None], principal: str, most: int
    ) -> tuple[tuple[Cell, ...], bool]:
        """Return questions on resources that let a principal in by their own policy, and whether these are all."""
        found: dict[Hashable, tuple[Cell, ...]] = {}
        account = principal.split(":", 5)[4]
        for entry in self._by_service.get(sort.service, ()):
            whole = (Where(False, frozenset({entry.arn})), Where(False, frozenset({f"{entry.arn}/*"})))
            if not any(may_meet(where, one) for where in differing for one in whole):
                continue
            told = frozenset((*entry.old.items(), *entry.new.items()))
            bits = 0
            for clause, actions in told:
                if clause.is_allow and may_name(clause.principal, principal, account):
                    bits |= actions & sort.bits
            if not bits:
                continue
            signature = told, entry.account, tuple(speaks_of(where, entry.arn) for where in differing)
            if signature in found:
                continue
            if len(found) >= most:
                return tuple(cell for listed in found.values() for cell in listed), False
            found[signature] = tuple(self.cells_on(entry, bits, differing))
        return tuple(cell for listed in found.values() for cell in listed), True

    def touched(self, keys: ChangedKeys, principal: str) -> Iterator[Cell]:
        """Yield questions on the resources whose policies hang on changed keys, for a principal whom they may name."""
        yield from self._where(keys.touches, principal)

    def exempting(self, principal: str) -> Iterator[Cell]:
        """Yield questions on the resources whose policies deny everybody but those that they list."""
        yield from self._where(lambda clause: not clause.is_allow and _is_negated(clause), principal)

    def _where(self, wanted: Callable[[Clause], bool], principal: str) -> Iterator[Cell]:
        account = principal.split(":", 5)[4]
        for entry in self.entries.values():
            bits = 0
            for said in (entry.old, entry.new):
                for clause, actions in said.items():
                    if wanted(clause) and may_name(clause.principal, principal, account):
                        bits |= actions
            if bits:
                yield from self.cells_on(entry, bits, ())

    def cells_on(self, entry: Entry, bits: int, differing: Iterable[Where | None]) -> Iterator[Cell]:
        """Yield the questions about some actions on one resource, and on what lies in it."""
        clauses = entry.clauses
        parts = entry.arn.split(":", 5)
        for sort in sorts(self._new.space, bits, clauses, frozenset({entry.service})):
            if sort.service != entry.service:
                continue
            if entry.service == "sts":
                yield Cell(sort.action, entry.arn, sort.bits)
                continue
            own = [_clause_at(where) for where in (f"{entry.arn}", f"{entry.arn}/*")]
            near = [_clause_of(where) for where in differing if where is not None]
            asked, _ = cells(sort, (*clauses, *own, *near), parts[1], entry.account or parts[4])
            yield from (
                cell
                for cell in asked
                if cell.resource == entry.arn or cell.resource.startswith((f"{entry.arn}/", f"{entry.arn}:"))
            )


@lru_cache(maxsize=1 << 12)
def _clause_at(text: str) -> Clause:
    return _clause_of(Where(False, frozenset({text})))


def _clause_of(where: Where) -> Clause:
    return Clause(True, None, where, frozenset(), frozenset())


def _entry(arn: str, old: Side, new: Side) -> Entry:
    parts = arn.split(":", 5)
    is_role = arn in old.index.roles or arn in new.index.roles
    account = parts[4]
    for side in (old, new):
        resource = side.resources.get(arn)
        account = account or (resource.account_id if resource is not None else None) or ""
    return Entry(arn, account, "sts" if is_role else parts[2].lower(), _said(arn, old), _said(arn, new))


def _said(arn: str, side: Side) -> Said:
    role = side.index.roles.get(arn)
    if role is not None:
        return side.together([side.index.trust(role)], names_principals=True)
    resource = side.resources.get(arn)
    if resource is None:
        return {}
    return side.together(side.resource_documents(resource), names_principals=True)


def _is_negated(clause: Clause) -> bool:
    return isinstance(clause.principal, tuple) and clause.principal[0] == "not"


def may_name(principal: Hashable, arn: str, account: str) -> bool:
    """Return whether the principal of a clause may cover a principal of the snapshot."""
    if not isinstance(principal, tuple):
        return False
    kind, text = principal
    if kind == "not":
        return True
    if kind == "CanonicalUser":
        return True
    if kind != "AWS":
        return False
    if text in ("*", account, arn) or not str(text).startswith("arn:"):
        return not (str(text).isdigit() and text != account)
    parts = str(text).split(":", 5)
    if parts[4:5] != [account]:
        return False
    return parts[5] == "root" or parts[5].rpartition("/")[2] == arn.rpartition("/")[2]
