"""Whether one resource entry describes everything that another one does."""

from functools import lru_cache

from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import glob

_RUN, _ONE = "\ue000", "\ue001"
"""Stand for any run of characters, and for any one, in a text that a pattern is held against."""


@lru_cache(maxsize=1 << 16)
def is_covered(entry: str, by: str) -> bool:
    """Return whether all that ``entry`` describes ``by`` describes, too, for certain; False where it cannot be told.

    Both are ARNs with the same first five parts; what a variable stands for in ``entry`` may be anything.
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
        return False  # a question mark must not take a whole run
    return glob(wide[5]).matches(text)
