"""Search over everything that has a name: rows of the tree, actions of AWS, and what the window offers. No Qt.

Names are prepared once (`OutlineSearch`, `action_search`); each search goes over them in slices, so that it can be
cancelled by the next keystroke and lets a window go first.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from iamdesk.aws.action_search import action_search
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.viewmodel.completion import action_suggestion
from iamdesk.viewmodel.search import LONGEST_SEARCH, OutlineSearch
from iamdesk.viewmodel.tree import NodeKind, Outline
from iamdesk.viewmodel.types import Searchable, SearchGroup, SearchResult

_SLICE = 2_000
_TIERS = (0, 1, 2, 2, 3)
"""The order of groups, by how well their first one fits."""
_GROUPS: dict[SearchGroup, tuple[NodeKind, ...]] = {
    SearchGroup.PRINCIPALS: (
        NodeKind.USER,
        NodeKind.GROUP,
        NodeKind.ROLE,
        NodeKind.SERVICE_LINKED_ROLE,
        NodeKind.CENTER_USER,
        NodeKind.CENTER_GROUP,
    ),
    SearchGroup.POLICIES: (
        NodeKind.CUSTOMER_POLICY,
        NodeKind.AWS_POLICY,
        NodeKind.INLINE_POLICY,
        NodeKind.TRUST_POLICY,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.RESOURCE_CONTROL_POLICY,
        NodeKind.RESOURCE_POLICY,
        NodeKind.PERMISSION_SET,
    ),
    SearchGroup.RESOURCES: (
        NodeKind.RESOURCE,
        NodeKind.INSTANCE_PROFILE,
        NodeKind.VPC_ENDPOINT,
        NodeKind.OIDC_PROVIDER,
        NodeKind.SAML_PROVIDER,
        NodeKind.IDENTITY_CENTER,
    ),
    SearchGroup.ACCOUNTS: (NodeKind.ACCOUNT, NodeKind.ORGANIZATION, NodeKind.ROOT, NodeKind.UNIT),
    SearchGroup.OTHER: (NodeKind.BROKEN, NodeKind.MISSING),
}
_GROUP_OF = {kind: group for group, kinds in _GROUPS.items() for kind in kinds}


def fit(words: Sequence[str], name: str) -> int:
    """Return how well a name fits the typed words, both in lower case: 0 is best.

    0 is the name itself, 1 begins with the text, 2 has all words where words begin, 3 has them anywhere, 4 has not.
    """
    if not words:
        return 1
    typed = " ".join(words)
    if name.startswith(typed):
        return 0 if name == typed else 1
    if not all(word in name for word in words):
        return 4
    return 2 if all(_begins_a_word(word, name) for word in words) else 3


def _begins_a_word(word: str, name: str) -> bool:
    place = name.find(word)
    while place >= 0:
        if place == 0 or not name[place - 1].isalnum():
            return True
        place = name.find(word, place + 1)
    return False


def search_everywhere(
    text: str,
    groups: Collection[SearchGroup],
    offered: Mapping[SearchGroup, Sequence[Searchable]],
    tree: tuple[OutlineSearch, Outline] | None,
    limit: int,
    cancelled: Cancelled,
) -> tuple[SearchResult, ...]:
    """Return what contains every word of a text, the group with the best fit first; empty groups are left out.

    Args:
        text: As typed. Without words, everything of the groups fits.
        groups: The groups to search.
        offered: What is searched besides tree and actions, by group, in the order of equally good ones.
        tree: The rows of the open snapshot; None: none is open.
        limit: Most that is returned of each group.
        cancelled: Checked every millisecond or so.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    words = tuple(dict.fromkeys(text[:LONGEST_SEARCH].casefold().split()))
    found = [_offered(group, words, offered[group], limit, cancelled) for group in groups if group in offered]
    if tree is not None:
        wanted = [group for group in groups if group in _GROUPS]
        found += _rows(wanted, words, *tree, limit, cancelled) if wanted else []
    if SearchGroup.ACTIONS in groups:
        found.append(_actions(words, limit, cancelled))
    order = list(SearchGroup)
    # Words inside a name count as much as at the beginning of its words: names are written in many ways.
    return tuple(sorted((one for one in found if one.total), key=lambda one: (_TIERS[one.fit], order.index(one.group))))


def _offered(
    group: SearchGroup, words: Sequence[str], offered: Sequence[Searchable], limit: int, cancelled: Cancelled
) -> SearchResult:
    holding: list[Searchable] = []
    for start in range(0, len(offered), _SLICE):
        _check(cancelled)
        holding += [one for one in offered[start : start + _SLICE] if all(map(one.holds, words))]
    return _result(group, [(fit(words, one.name), len(one.name) if words else 0, one) for one in holding], limit)


def _rows(
    groups: Collection[SearchGroup],
    words: Sequence[str],
    search: OutlineSearch,
    outline: Outline,
    limit: int,
    cancelled: Cancelled,
) -> Iterator[SearchResult]:
    """Yield the result of each group; what is in the tree several times counts once, as the first of its rows."""
    nodes, first_rows = outline.nodes, outline.rows_by_key
    kinds, keys = nodes.kinds, nodes.keys
    held: dict[SearchGroup, dict[int, tuple[int, int, int]]] = {group: {} for group in groups}
    for row, name in search.named_rows(words, cancelled):
        group = _GROUP_OF.get(kinds[row])
        if group in held and keys[row]:
            first = first_rows[keys[row]]
            held[group].setdefault(first, (fit(words, name), len(name) if words else 0, first))
    for group, fits in held.items():
        _check(cancelled)
        yield _result(group, fits.values(), limit)


def _actions(words: Sequence[str], limit: int, cancelled: Cancelled) -> SearchResult:
    _check(cancelled)
    search = action_search()
    rows = search.rows(" ".join(words), len(search.catalogue.names))
    _check(cancelled)
    best = tuple(map(action_suggestion, rows[:limit]))
    typed = "".join(words)
    spelled = best[0].value.lower() if best else ""
    closeness = min(fit((typed,), spelled), fit((typed,), spelled.partition(":")[2])) if words else 1
    return SearchResult(SearchGroup.ACTIONS, closeness, best, len(rows))


def _result(group: SearchGroup, found: Collection[tuple[int, int, Any]], limit: int) -> SearchResult:
    """Return the best of (fit, length of the name, what is found), in their order among equals."""
    best = nsmallest(limit, found, key=lambda one: one[:2])
    return SearchResult(group, best[0][0] if best else 4, tuple(one for _fit, _length, one in best), len(found))


def _check(cancelled: Cancelled) -> None:
    if cancelled():
        raise WorkCancelled
