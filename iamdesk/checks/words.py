"""How findings list things in a sentence."""

from collections.abc import Iterable

from iamdesk.i18n import join_messages, phrase

_LISTED = 5


def enumerated(names: Iterable[str], most: int = _LISTED) -> str:
    """Return names as a list in words, at most so many: ``a, b and 12 more``."""
    listed = list(names)
    if len(listed) <= most:
        if len(listed) < 2:
            return listed[0] if listed else phrase("none")
        return join_messages(phrase(" and "), (join_messages(", ", listed[:-1]), listed[-1]))
    return phrase("{names} and {count:,} more", names=join_messages(", ", listed[:most]), count=len(listed) - most)
