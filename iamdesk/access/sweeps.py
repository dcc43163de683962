"""Evaluation for all principals at once: by the evaluator of a snapshot, or of an organization larger than memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypedDict, Unpack

from iamdesk.access.who_can import Access, ResourceAccess
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.progress import Cancelled, Progress

type Given = Mapping[str, str | Sequence[str] | None]
"""Values of condition keys; None: the key is absent."""


class Asked(TypedDict, total=False):
    """Options of a sweep."""

    unknown_context: MissingContextMode
    """What a key without value means."""
    external: bool
    """Whether external callers are listed."""
    progress: Progress
    cancelled: Cancelled


class Sweeps(Protocol):
    """Decisions for all principals at once."""

    def who_can(
        self, *, action: str | None, resource: str, context: Given | None, **asked: Unpack[Asked]
    ) -> Iterator[Access]:
        """Yield a row for each principal for whom the decision is allowed or conditional, external callers first."""

    def access_to_resource(
        self, resource: str, context: Given | None, **asked: Unpack[Asked]
    ) -> tuple[ResourceAccess, ...]:
        """Return what each principal can do on a resource, external callers first."""
