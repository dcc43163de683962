"""How many examples a property is tried on: the whole number in `make proofs`, a fifth of it in `make test`."""

import os

PROOFS = bool(os.environ.get("IAMDESK_PROOFS"))
_LEAST = 20


def some_of(whole: int) -> int:
    """Return how many examples to draw of a ``whole`` proof; a module that asks is run by `make proofs`."""
    return whole if PROOFS else min(whole, max(_LEAST, whole // 5))
