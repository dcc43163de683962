"""How findings list things in a sentence."""

from collections.abc import Iterable

from iamdesk.i18n import join_names, phrase

_LISTED = 5


def enumerated(names: Iterable[str], most: int = _LISTED) -> str:
    """Return names as a list in words, at most so many: ``a, b and 12 more``."""
    return join_names(list(names), most) or phrase("none")
