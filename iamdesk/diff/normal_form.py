"""The normal form of statements: a set of clauses that statements of the same effect share.

A statement is split into clauses: one effect, one principal, one resource entry and one set of condition tests, for a
set of actions. Statements are independent, so a policy's effect is that of its clauses, regardless of their grouping
and order (rules A2, A3). Clauses that others cover are left out. Equal sets of clauses have the same effect; different
ones may or may not.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from iamdesk.diff.action_space import ActionSpace
from iamdesk.i18n import phrase
from iamdesk.policy.canonical_form import EVERYTHING, conditions_form, principals_form, resources_form
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.statement import Statement

_MAX_COMPARED = 1500
"""In larger sets, clauses that others cover are not removed."""


class ResourceScope(NamedTuple):
    """The resources that a clause applies to."""

    is_negated: bool
    """Whether it is everything except ``entries``."""
    entries: frozenset[str]
    """One entry, unless it is negated; variables are kept as written."""

    @property
    def text(self) -> str:
        """As text."""
        listed = ", ".join(sorted(self.entries))
        return phrase("everything except {resources}", resources=listed) if self.is_negated else listed


class NormalStatement(NamedTuple):
    """One clause of a statement, for a set of actions; equal clauses are equivalent."""

    is_allow: bool
    principal: Hashable
    """None for policy types without principals."""
    where: ResourceScope | None
    """None if the statement has no Resource or NotResource."""
    conditions: frozenset[Hashable]
    """The tests, all of which must be true."""
    keys: frozenset[str]
    """Condition keys (lower case) that it depends on, including those of policy variables."""

    @property
    def is_plain(self) -> bool:
        """Whether it applies to every resource in every context."""
        return not self.conditions and self.where == ANYWHERE

    def at(self, where: "ResourceScope") -> "NormalStatement":
        """Return it for other resources, which depend on no keys."""
        return self._replace(where=where, keys=_keys_of(self.conditions))


@lru_cache(maxsize=1 << 12)
def _keys_of(conditions: frozenset[Any]) -> frozenset[str]:
    """Return the keys that tests depend on, including those of variables (`_test`)."""
    found: set[str] = set()
    for *_, key, values in conditions:
        found.add(key)
        for value in values:
            found |= {piece[0] for piece in value if isinstance(piece, tuple)}
    return frozenset(found)


@lru_cache(maxsize=1 << 12)
def regions_except(conditions: frozenset[Any]) -> frozenset[str]:
    """Return Regions for whose requests tests (`condition_form`) are not all true, as in a Region lock."""
    return frozenset(
        text
        for name, quantifier, _, key, values in conditions
        if name == "StringNotEquals" and not quantifier and key == "aws:requestedregion"
        for value in values
        if all(isinstance(piece, str) for piece in value) and (text := "".join(value))
    )


ANYWHERE = ResourceScope(False, frozenset({EVERYTHING}))
EVERYONE = (PrincipalType.AWS.value, "*")
"""The principal of a clause for everyone, as in every resource control policy."""

type ClauseActions = Mapping[NormalStatement, int]
"""Clauses, each with its actions as bits of the space."""


def clauses_of(document: Document, space: ActionSpace, *, names_principals: bool) -> ClauseActions:
    """Return the clauses of a document, without statements that are malformed or never match."""
    found: dict[NormalStatement, int] = {}
    for statement in document.statements:
        if statement.broken is not None:
            continue
        actions = space.covered_by(statement)
        if not actions:
            continue
        for clause in _clauses(statement, names_principals):
            known = found.get(clause)
            found[clause] = actions if known is None else known | actions  # not 0 | actions: a copy
    return found


def broken_of(document: Document) -> tuple[str, ...]:
    """Return the malformed statements as text: how AWS evaluates them is not known (rule L5)."""
    if not document.statements and document.diagnostics:
        return (repr(document.raw),)
    listed = document.raw.get("Statement") if isinstance(document.raw, dict) else None
    members = listed if isinstance(listed, list) else [listed]
    return tuple(repr(members[one.index]) for one in document.statements if one.broken is not None)


def _clauses(statement: Statement, names_principals: bool) -> Iterator[NormalStatement]:
    if any(test.operator is None for test in statement.conditions):
        return  # never true (rule G17)
    principals: Iterable[Hashable] = (None,)
    if names_principals:
        form = principals_form(statement)
        if form is None:
            return  # matches no principal (rule E1)
        is_negated, entries = form
        principals = (("not", entries),) if is_negated else sorted(entries)
    conditions = conditions_form(statement)
    tested = [key for test in statement.conditions for key in (test.key, *test.variable_keys)]
    for where, own in _wheres(statement):
        for principal in principals:
            yield NormalStatement(statement.is_allow, principal, where, conditions, frozenset((*tested, *own)))


def _wheres(statement: Statement) -> Iterator[tuple[ResourceScope | None, Sequence[str]]]:
    """Yield the scopes of a statement, one per resource entry, with the keys of its variables."""
    if statement.resources is None:
        yield None, ()
        return
    texts = resources_form(statement)
    if statement.not_resource:
        yield ResourceScope(True, texts) if texts else ANYWHERE, statement.resource_keys()
        return
    if EVERYTHING in texts:
        yield ANYWHERE, ()
        return
    for entry in statement.resources:
        if entry.problem is None:
            yield ResourceScope(False, frozenset({entry.canonical})), entry.keys


def reduced(clause_actions: ClauseActions) -> ClauseActions:
    """Return clauses without those that others cover, which does not change the effect."""
    if len(clause_actions) < 2 or len(clause_actions) > _MAX_COMPARED:
        return {clause: bits for clause, bits in clause_actions.items() if bits}
    found = dict(clause_actions)
    near: dict[str, list[NormalStatement]] = {}
    for clause in clause_actions:
        near.setdefault(_neighbourhood(clause), []).append(clause)
    for clause in sorted(clause_actions, key=_strictness):
        bits = found[clause]
        own = _neighbourhood(clause)
        for other in chain(near.get(EVERYTHING, ()), near[own] if own != EVERYTHING else ()):
            if not bits:
                break
            others = found[other]
            if other is not clause and bits & others and _covers(other, clause):
                bits &= ~others
        found[clause] = bits
    return {clause: bits for clause, bits in found.items() if bits}


def _neighbourhood(clause: NormalStatement) -> str:
    """Return a key that clauses share if they can cover each other; ``*`` for clauses that can cover all."""
    where = clause.where
    if where is None or where == ANYWHERE:
        return EVERYTHING
    if where.is_negated:
        return "not"
    (entry,) = where.entries
    return entry.rpartition(":")[0] if entry.count(":") == 5 else ":".join(entry.split(":", 5)[:5])


def _strictness(clause: NormalStatement) -> tuple[int, int, bool, str]:
    """Return a sort key, so that of two clauses that cover each other always the same one is removed."""
    where = clause.where
    if where is None:
        return -len(clause.conditions), 0, False, ""
    return -len(clause.conditions), -len(where.text), where.is_negated, where.text


def _covers(other: NormalStatement, clause: NormalStatement) -> bool:
    """Return whether ``other`` makes a clause redundant: it has the same effect wherever the clause applies.

    A Deny also makes an Allow of the same policy type redundant, since it takes precedence (rule A2).
    """
    if other.principal != clause.principal:
        return False
    if other.is_allow != clause.is_allow and (other.is_allow or other.principal is not None):
        return False
    if not other.conditions <= clause.conditions:
        return False
    if other.where == clause.where:
        return True
    if other.where is None or clause.where is None:
        return False
    if other.where == ANYWHERE:
        return True
    if other.where.is_negated or clause.where.is_negated:
        both = other.where.is_negated and clause.where.is_negated
        return both and other.where.entries <= clause.where.entries
    (wide,), (narrow,) = other.where.entries, clause.where.entries
    return is_covered(narrow, by=wide)
