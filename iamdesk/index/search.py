"""Filtering the tree: which rows hold what the user typed. One walk over ready-made texts, no Qt."""

from dataclasses import dataclass

from iamdesk.index.nodes import NodeKind, Outline

LONGEST_SEARCH = 5_000
"""Characters of the typed text that count; whatever is pasted, the search ends in time."""

# Their keys begin with their owner's ARN: with the key a search for "alice" would hit each of her policies.
_FOUND_BY_NAME = (NodeKind.INLINE_POLICY, NodeKind.TRUST_POLICY, NodeKind.BROKEN)


@dataclass(frozen=True, slots=True)
class Matches:
    """What a search shows."""

    rows: frozenset[int]
    """Rows to show: the hits, all that leads to them, and all that stands under them."""
    hits: tuple[int, ...]
    """Rows that hold the text themselves, in the order in which the tree shows them."""


class OutlineSearch:
    """Searches one outline; built once, then asked at each keystroke. Holds nothing that changes."""

    def __init__(self, outline: Outline) -> None:
        nodes = list(outline.nodes)
        self._parents = [node.parent for node in nodes]
        self._order: list[int] = []
        """Rows as the tree shows them, from top to bottom."""
        self._ends = [0] * len(nodes)
        """By place in that order: the place after the last row that stands under it."""
        self._texts: list[str] = []
        """By place: what is searched."""
        pending = [0] if nodes else []
        open_places: list[tuple[int, int]] = []  # (place, rows pending when all under it are done)
        while pending:
            while open_places and open_places[-1][1] == len(pending):
                self._ends[open_places.pop()[0]] = len(self._order)
            row = pending.pop()
            node = nodes[row]
            open_places.append((len(self._order), len(pending)))
            self._order.append(row)
            if node.kind is NodeKind.SNAPSHOT:
                text = ""
            elif node.kind is NodeKind.SECTION:
                text = node.text
            elif node.kind in _FOUND_BY_NAME:
                text = f"{node.text}\n{node.detail}"
            else:
                text = f"{node.text}\n{node.key}\n{node.detail}"
            self._texts.append(text.casefold())
            pending += range(node.first_child + node.child_count - 1, node.first_child - 1, -1)
        for place, _ in open_places:
            self._ends[place] = len(self._order)

    def matches(self, text: str) -> Matches:
        """Return the rows for what the user typed.

        Each word, without case, must stand in the row's text, detail or ARN. No words show everything.
        """
        words = sorted(dict.fromkeys(text[:LONGEST_SEARCH].casefold().split()), key=len, reverse=True)
        if not words:
            return Matches(frozenset(self._order), tuple(self._order[1:]))
        first, *others = words
        places = [place for place, searched in enumerate(self._texts) if first in searched]
        texts = self._texts
        for word in others:
            places = [place for place in places if word in texts[place]]
        rows: set[int] = set()
        shown_to = 0
        order, ends, parents = self._order, self._ends, self._parents
        for place in places:
            if place < shown_to:
                continue  # stands under a hit
            row = order[place]
            shown_to = ends[place]
            if shown_to == place + 1:
                rows.add(row)
            else:
                rows.update(order[place:shown_to])
            row = parents[row]
            while row >= 0 and row not in rows:
                rows.add(row)
                row = parents[row]
        rows.add(0)
        return Matches(frozenset(rows), tuple([order[place] for place in places]))
