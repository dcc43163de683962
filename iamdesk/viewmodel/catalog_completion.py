"""Suggestions for an organization that is not in memory: names from the rows of its tree."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import nsmallest

from iamdesk.aws.service_reference import Action
from iamdesk.i18n import phrase
from iamdesk.inventory.permission_sets import permission_set_name
from iamdesk.snapshot.catalog import Catalogue
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.completion import (
    Candidate,
    Completions,
    caller,
    candidate,
    entity,
    entity_kinds,
    kind_in,
    root_user,
)
from iamdesk.viewmodel.entry_tree import path_in
from iamdesk.viewmodel.search import OutlineSearch
from iamdesk.viewmodel.tree import NodeKind, Outline

_CALLERS = frozenset({NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
_ENTITIES = _CALLERS | {NodeKind.GROUP, NodeKind.CUSTOMER_POLICY, NodeKind.AWS_POLICY}
_FIRST = 50
"""Rows that are offered while nothing is typed."""


class CatalogueCompletions(Completions):
    """Suggestions for a catalog. ARNs in policies are not known, and not suggested."""

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, outline: Outline, search: OutlineSearch) -> None:
        """``snapshot`` contains the accounts of the catalog without their entries."""
        super().__init__(snapshot)
        self._catalogue = catalogue
        self._outline = outline
        self._search = search

    def _callers(self, words: Sequence[str]) -> Iterable[Candidate]:
        if not words:
            return self._first
        return [*self._roots, *(self._caller(row) for row in self._rows(words, _CALLERS))]

    def _entities_for(self, action: Action, words: Sequence[str]) -> Iterator[Candidate]:
        kinds = set(entity_kinds(action))
        rows = self._rows(words, _ENTITIES) if words else self._first_entities(kinds)
        nodes = self._outline.nodes
        for row in rows:
            node = nodes[row]
            if kind_in(node.key) in kinds:
                yield entity(node.key, node.text, node.key.split(":", 5)[4])

    def _rows(self, words: Sequence[str], kinds: frozenset[NodeKind]) -> Iterator[int]:
        """Yield the rows of entries that contain the words; of those in several accounts, the first."""
        nodes = self._outline.nodes
        found: dict[str, int] = {}
        for row in self._search.rows_with(words):
            if nodes.kinds[row] in kinds:
                found.setdefault(nodes[row].key, row)
        yield from found.values()

    def _caller(self, row: int) -> Candidate:
        node = self._outline.nodes[row]
        path = path_in(node.key)
        if node.kind is NodeKind.USER:
            what = phrase("user")
        elif permission_set_name(node.key.rpartition("/")[2], path) is not None:
            what = phrase("permission set")
        else:
            what = phrase("service-linked role") if node.kind is NodeKind.SERVICE_LINKED_ROLE else phrase("role")
        return caller(node.key, node.text, what, node.key.split(":", 5)[4], path)

    @cached_property
    def _roots(self) -> tuple[Candidate, ...]:
        entries = self._catalogue.entries
        return tuple([root_user(entry.partition, entry.account_id, entry.alias) for entry in entries])

    @cached_property
    def _first(self) -> tuple[Candidate, ...]:
        nodes = self._outline.nodes
        rows = nsmallest(
            _FIRST,
            (row for row, kind in enumerate(nodes.kinds) if kind in _CALLERS),
            key=lambda row: nodes.texts[row].casefold(),
        )
        return tuple(sorted([*map(self._caller, rows), *self._roots]))

    def _first_entities(self, kinds: set[str]) -> Iterator[int]:
        """Yield some rows of these kinds, in the order of the tree."""
        nodes = self._outline.nodes
        found = 0
        for row, kind in enumerate(nodes.kinds):
            if kind in _ENTITIES and kind_in(nodes[row].key) in kinds:
                yield row
                found += 1
                if found == _FIRST:
                    return

    @property
    def _sessions(self) -> tuple[Candidate, ...]:  # not cached: as many as there are principals
        found: list[Candidate] = []
        for entry in self._catalogue.entries:
            head = f"arn:{entry.partition}:sts::{entry.account_id}"
            for role in entry.roles:
                label = phrase("session of {name}", name=permission_set_name(role.name, path_in(role.arn)) or role.name)
                value = f"{head}:assumed-role/{role.name}/${{SessionName}}"
                found.append(candidate(value, label, phrase("role session")))
            for user in entry.users:
                label = phrase("federated session of {name}", name=user.name)
                value = f"{head}:federated-user/{user.name}"
                found.append(candidate(value, label, phrase("federated user (GetFederationToken)")))
        return tuple(found)

    @property
    def _named(self) -> dict[str, tuple[tuple[str, str], ...]]:
        return {}
