"""JSON input of commands, read as strictly as a snapshot: ambiguous JSON is refused."""

import contextlib
import json
from typing import Any

from iamdesk.strict_json import AmbiguousJsonError, NotJsonConstant, decode


class JsonError(ValueError):
    """Text that is not JSON, or ambiguous JSON. Its message is the end of a sentence."""

    def __init__(self, reason: str, value: Any = None) -> None:
        super().__init__(reason)
        self.value = value
        """The value of ambiguous JSON as a lenient parser reads it (to get the id of a test case), else None."""


def parse(content: bytes) -> Any:
    """Return the JSON value of a UTF-8 text; a byte order mark is skipped.

    Raises:
        JsonError: it is not JSON, or ambiguous: a duplicate key, NaN, extreme nesting.
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
            return f"{error} is not a JSON value"
        case AmbiguousJsonError():
            return str(error)
        case _:  # Python's limit on the digits of a number
            return "a number has too many digits"
