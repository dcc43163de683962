"""The words of an answer."""

from enum import StrEnum


class Verdict(StrEnum):
    """The four words (CONTRACT 1): AWS's own three, and ``conditional``."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"
    CONDITIONAL = "conditional"
