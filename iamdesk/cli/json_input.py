"""JSON that the user hands to a command, read as strictly as a snapshot is: what could mean two things is refused."""

import contextlib
import json
from typing import Any

from iamdesk.strict_json import AmbiguousJsonError, NotJsonConstant, decode


class JsonError(ValueError):
    """Text that is no JSON, or that could mean two things. Its text is the end of a sentence."""

    def __init__(self, reason: str, value: Any = None) -> None:
        super().__init__(reason)
        self.value = value
        """What stands there all the same, where the text is JSON that could mean two things: for its name, say."""


def parse(content: bytes) -> Any:
    """Return the one JSON value of a text in UTF-8 (a byte order mark is skipped).

    Raises:
        JsonError: it is not JSON, or could mean two things: a key that stands twice, NaN, a depth that nobody writes.
    """
    try:
        text = content.decode("utf-8-sig")
        return decode(text)
    except UnicodeDecodeError as error:
        raise JsonError(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        value = None
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(text, parse_int=str)
        raise JsonError(_reason(error), value) from None


def _reason(error: ValueError) -> str:
    match error:
        case NotJsonConstant():
            return f"{error} is no value of JSON"
        case AmbiguousJsonError():
            return str(error)
        case _:  # Python's limit on the digits of a number
            return "a number has too many digits"
