"""Whether one resource entry matches everything that another one does."""

from functools import lru_cache

from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import glob

_RUN, _ONE = "\ue000", "\ue001"
"""Placeholders for any characters, and for any single one, in a text that is matched against a pattern."""


@lru_cache(maxsize=1 << 16)
def is_covered(entry: str, by: str) -> bool:
    """Return whether ``by`` certainly matches everything that ``entry`` matches; False if that is uncertain.

    Both are ARNs with the same first five parts. A variable in ``entry`` may have any value.
    """
    wide, narrow = by.split(":", 5), entry.split(":", 5)
    if len(wide) != 6 or len(narrow) != 6 or wide[:5] != narrow[:5]:
        return False
    if "${" in by or _RUN in entry or _ONE in entry:
        return False
    text = ""
    for piece in parse_template(narrow[5]):
        if isinstance(piece, Variable):
            text += _RUN
        elif isinstance(piece, str):
            text += piece
        else:
            text += _RUN if piece.value == "*" else _ONE
    if "?" in wide[5] and _RUN in text:
        return False  # a question mark must not match several characters
    return glob(wide[5]).matches(text)
