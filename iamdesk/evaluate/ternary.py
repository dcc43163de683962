"""Three-valued logic: false, unknown, true (rule K2)."""

from enum import IntEnum


class Truth(IntEnum):
    """AND is the smaller of two, OR the larger; NOT is ``2 - value``."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    def negated(self) -> "Truth":
        """Swap true and false; unknown stays unknown."""
        return _NEGATED[self]


_NEGATED = (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE)
FALSE, MAYBE, TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE


def truth(value: bool) -> Truth:
    """Convert a bool."""
    return TRUE if value else FALSE
