"""A layout of cards in columns of similar height."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

_TRIED = 9
"""Maximum number of cards for which every distribution is tried; with more, each goes to the shorter column."""


def parted(heights: Sequence[int], columns: int, gap: int) -> tuple[int, ...]:
    """Return the column of each card, so that the highest column is as low as possible.

    Of equal distributions, the one that keeps the order: first cards first, the left column before the right.
    """
    if not heights or columns < 2:
        return (0,) * len(heights)
    if len(heights) > _TRIED:
        filled, found = [0] * columns, []
        for height in heights:
            at = filled.index(min(filled))
            filled[at] += height + gap
            found.append(at)
        return tuple(found)
    return min(
        ((0, *rest) for rest in product(range(columns), repeat=len(heights) - 1)),
        key=lambda places: (_highest(heights, places, columns, gap), places),
    )


def _highest(heights: Sequence[int], places: Sequence[int], columns: int, gap: int) -> int:
    filled = [-gap] * columns
    for height, place in zip(heights, places, strict=True):
        filled[place] += height + gap
    return max(filled)


class _Plan(NamedTuple):
    """The places of cards at a width."""

    places: tuple[tuple[QLayoutItem, QRect], ...]
    """Each visible card, relative to the corner of the layout."""
    height: int


class ColumnsLayout(QLayout):
    """Lays widgets out in columns; hidden ones take no room. As many columns as fit, at most three.

    With ``in_turn``, the columns are filled in turn: a card stays in its column, however high the others become.
    """

    def __init__(self, least_width: int, gap: int, parent: QWidget | None = None, *, in_turn: bool = False) -> None:
        super().__init__(parent)
        self._in_turn = in_turn
        self._least = least_width
        self._gap = gap
        self._items: list[QLayoutItem] = []
        self._plans: dict[int, _Plan] = {}
        """By width: Qt asks some forty times for the same one while a window is shown."""

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Add an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Return an item; None if there is none."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Remove an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return that it does not expand vertically."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of the highest column."""
        return self._plan(width).height

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """Place the cards."""
        super().setGeometry(rect)
        for item, place in self._plan(rect.width()).places:
            item.setGeometry(place.translated(rect.topLeft()))

    def invalidate(self) -> None:
        """Clear the cache: a card has changed."""
        self._plans.clear()
        super().invalidate()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for two columns."""
        width = 2 * self._least + self._gap
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of one column."""
        return QSize(self._least, 0)

    def columns_in(self, width: int) -> int:
        """Return the number of columns at a width."""
        return min(max((width + self._gap) // (self._least + self._gap), 1), 3)

    def _plan(self, width: int) -> _Plan:
        plan = self._plans.get(width)
        if plan is None:
            plan = self._plans[width] = self._find_plan(width)
        return plan

    def _find_plan(self, width: int) -> _Plan:
        items = [item for item in self._items if not item.isEmpty()]
        columns = self.columns_in(width)
        card_width = (width - self._gap * (columns - 1)) // columns
        heights = [_height(item, card_width) for item in items]
        places: list[tuple[QLayoutItem, QRect]] = []
        tops = [0] * columns
        in_turn = [place % columns for place in range(len(heights))]
        chosen = in_turn if self._in_turn else parted(heights, columns, self._gap)
        for item, height, column in zip(items, heights, chosen, strict=True):
            places.append((item, QRect(column * (card_width + self._gap), tops[column], card_width, height)))
            tops[column] += height + self._gap
        return _Plan(tuple(places), max(0, max(tops, default=0) - self._gap))


def _height(item: QLayoutItem, width: int) -> int:
    if item.hasHeightForWidth():
        return item.heightForWidth(width)
    widget = item.widget()
    fixed = widget is not None and widget.sizePolicy().verticalPolicy() is QSizePolicy.Policy.Fixed
    return max(item.sizeHint().height(), 0 if fixed else item.minimumSize().height())
