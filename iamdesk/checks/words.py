"""How findings count and list things in a sentence."""

from collections.abc import Iterable

_LISTED = 5


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 policy``, ``1,204 policies``."""
    if number == 1:
        return f"1 {singular}"
    ends_in_ies = singular.endswith("y") and singular[-2:-1] not in "aeiou"
    return f"{number:,} {plural or (singular[:-1] + 'ies' if ends_in_ies else singular + 's')}"


def enumerated(names: Iterable[str], most: int = _LISTED) -> str:
    """Return names as a list in words, at most so many: ``a, b and 12 more``."""
    listed = list(names)
    if len(listed) <= most:
        return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else "none"
    return f"{', '.join(listed[:most])} and {len(listed) - most:,} more"
