"""A request typed as one sentence, such as ``who can delete object on payroll``: its parts. No Qt."""

import re
from typing import NamedTuple

from iamdesk.i18n import tr

_WHO = ("who can ", "who may ")
_CAN = re.compile(
    r"(?:why\s+)?(?:can|may|can't|can’t|cannot|is)\s+(?P<principal>\S+)"
    r"(?:\s+(?:not|allowed|to|do|perform))*\s+(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_DO = re.compile(r"(?:do|perform)\s+", re.IGNORECASE)


class Sentence(NamedTuple):
    """The parts that a sentence names; None: not named, the field keeps what it holds."""

    principal: str | None
    """Empty: who can."""
    action: str | None
    resource: str | None


def read_typed(text: str) -> Sentence | None:
    """Return the parts of a sentence in the language of the window, or in English."""
    return read_sentence(text, tr("&on").replace("&", ""), tr("who can"))


def read_sentence(text: str, on: str = "on", who_can: str = "who can") -> Sentence | None:
    """Return the parts of a sentence; None if the text is only a name, an action or a resource.

    ``on`` is the word between action and resource in the language of the window, ``who_can`` how a question without a
    principal begins; the English words are known, too.
    """
    words = " ".join(text.split()).rstrip(" ?")
    for beginning in (f"{who_can} ", *_WHO):
        if words.casefold().startswith(beginning.casefold()):
            return Sentence("", *_action_and_resource(words[len(beginning) :], on))
    if (can := _CAN.fullmatch(words)) is not None:
        return Sentence(can["principal"], *_action_and_resource(can["rest"], on))
    action, resource = _action_and_resource(words, on)
    return Sentence(None, action, resource) if action and resource else None


def _action_and_resource(rest: str, on: str) -> tuple[str, str | None]:
    rest = _DO.sub("", rest, count=1) if _DO.match(rest) else rest
    for word in (on, "on"):
        before, separator, after = rest.partition(f" {word} ")
        if separator and before.strip() and after.strip():
            return before.strip(), after.strip()
    return rest.strip(), None
