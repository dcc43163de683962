"""The perspectives: one for each job, and which panels are where in it. The only place that says so.

A panel may have a place in several perspectives: it is in the one that is shown (``perspective_stack.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import mark


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one panel."""

    panel: str
    """Object name of the panel's frame."""
    size: int = 0
    """Width in characters or, in a column, height in lines; 0: what the others leave."""
    is_optional: bool = False
    """Whether the panel is hidden until it is shown."""


@dataclass(frozen=True, slots=True)
class Split:
    """Places side by side, or one above the other, with movable borders between them."""

    parts: "tuple[Place | Split, ...]"
    is_column: bool = False
    size: int = 0
    """As `Place.size`."""

    def places(self) -> Iterator[Place]:
        """Yield the places in it, in order."""
        for part in self.parts:
            if isinstance(part, Place):
                yield part
            else:
                yield from part.places()


@dataclass(frozen=True, slots=True)
class Perspective:
    """One arrangement of panels."""

    name: str
    """Object name of the action that shows it; stable."""
    label: str
    """For the rail; a message id."""
    glyph: Glyph
    layout: Split
    has_request_bar: bool = False
    topics: tuple[str, ...] = ()
    """Topics of the jobs that compute what it shows (`JobRunner.prefer`)."""

    @property
    def main(self) -> str:
        """The panel that it is about: it cannot be hidden."""
        return next(place.panel for place in self.layout.places() if not place.size and not place.is_optional)


def _alone(name: str, label: str, glyph: Glyph, panel: str, *topics: str) -> Perspective:
    return Perspective(name, label, glyph, Split((Place(panel),)), topics=topics)


_OF_REVIEW = ("make review", "open review", "review rows", "review evidence", "exact effect", "export evidence")

PERSPECTIVES: tuple[Perspective, ...] = (
    Perspective(
        "perspectiveExplore",
        mark("Explore"),
        Glyph.EXPLORE,
        Split((Place("navigatorDock", 50), Place("pagesDock"), Place("answerDock", 62, is_optional=True))),
        has_request_bar=True,
        topics=("badges", "details", "page", "page attack paths", "external access paths", "principals attack paths"),
    ),
    Perspective(
        "perspectiveAsk",
        mark("Ask"),
        Glyph.ASK,
        Split(
            (
                Split((Place("whoCanDock"), Place("askedDock", 12, is_optional=True)), is_column=True),
                Split((Place("answerDock"), Place("pagesDock", is_optional=True)), is_column=True, size=76),
            )
        ),
        has_request_bar=True,
        topics=("answer", "changes", "who can", "who can details", "who can explained"),
    ),
    _alone("perspectiveFindings", mark("Findings"), Glyph.FINDINGS, "findingsDock", "findings", "causes"),
    _alone("perspectiveReview", mark("Review"), Glyph.REVIEW, "reviewDock", *_OF_REVIEW),
    _alone("perspectivePaths", mark("Attack paths"), Glyph.PATHS, "waysDock", "ways"),
    _alone(
        "perspectiveMatrix", mark("Access matrix"), Glyph.MATRIX, "everybodyDock", "everybody laid out", "everybody"
    ),
    _alone("perspectiveCompare", mark("Compare & what-if"), Glyph.COMPARE, "changesDock", "compare", "what-if"),
)
"""In the order of the rail and of Ctrl+1 to Ctrl+7."""

_BY_NAME = {perspective.name: perspective for perspective in PERSPECTIVES}


def perspective(name: str) -> Perspective:
    """Return the perspective of that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def home_of(panel: str) -> Perspective:
    """Return the perspective that shows a panel always, else the first that can show it.

    Raises:
        KeyError: no perspective has a place for it.
    """
    found = [
        (place.is_optional, at)
        for at, one in enumerate(PERSPECTIVES)
        for place in one.layout.places()
        if place.panel == panel
    ]
    if not found:
        raise KeyError(panel)
    return PERSPECTIVES[min(found)[1]]
