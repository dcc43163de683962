"""How findings list things in a sentence."""

from collections.abc import Iterable

from iamdesk.language import phrase, strung

_LISTED = 5


def enumerated(names: Iterable[str], most: int = _LISTED) -> str:
    """Return names as a list in words, at most so many: ``a, b and 12 more``."""
    listed = list(names)
    if len(listed) <= most:
        if len(listed) < 2:
            return listed[0] if listed else phrase("none")
        return strung(phrase(" and "), (strung(", ", listed[:-1]), listed[-1]))
    return phrase("{names} and {count:,} more", names=strung(", ", listed[:most]), count=len(listed) - most)
