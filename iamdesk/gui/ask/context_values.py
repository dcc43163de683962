"""Values of condition keys as text: parsed, checked against the key's type, and formatted.

A key of type ``ArrayOf…`` takes several values, separated by commas; a value that contains a comma or a quote is put in
double quotes, as in CSV. For every other key, the whole text is the value; two double quotes are the empty text.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from iamdesk.i18n import tr

ARRAY_PREFIX = "ArrayOf"
BOOL_VALUES = ("true", "false")
EMPTY = '""'
"""The text for an empty value."""

_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}")
_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"\s*(?=,|$)')
_EPOCH = re.compile(r"-?\d{1,12}(\.\d{1,9})?")


class ContextValueError(ValueError):
    """The text is no value for the key; the message says in one sentence what is expected."""


def takes_several(key_type: str) -> bool:
    """Return whether a key of this type takes several values."""
    return key_type.startswith(ARRAY_PREFIX)


def single_type(key_type: str) -> str:
    """Return the type of one value: ``String`` for ``ArrayOfString``."""
    return key_type.removeprefix(ARRAY_PREFIX)


def parse_values(key: str, key_type: str, text: str) -> tuple[str, ...]:
    """Parse the value or values of a key.

    Raises:
        ContextValueError: a value does not fit the key's type (AWS would never match it, rule G19), or the
            quotes are not closed.
    """
    if not takes_several(key_type):
        value = text.strip()
        if value == EMPTY:
            value = ""
        _check(key, key_type, value)
        return (value,)
    values = _split(key, text)
    for value in values:
        _check(key, single_type(key_type), value)
    return values


def format_values(key_type: str, values: tuple[str, ...]) -> str:
    """Format values as `parse_values` reads them."""
    if not takes_several(key_type):
        return ", ".join(value or EMPTY for value in values)
    return ", ".join(_quoted(value) for value in values)


def address_in(text: str) -> str | None:
    """Return an address in a range such as ``203.0.113.0/24``; None if the text is no range."""
    if "/" not in text:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return str(network[1] if network.num_addresses > 2 else network[0])


def _quoted(value: str) -> str:
    if value and not any(sign in value for sign in ',"\n') and value == value.strip():
        return value
    return '"' + value.replace('"', '""') + '"'


def _split(key: str, text: str) -> tuple[str, ...]:
    """Split at commas outside quotes. After a trailing comma, the user is about to type the next value."""
    values: list[str] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            value, rest = _quoted_value(key, rest)
        else:
            value, comma, after = rest.partition(",")
            value, rest = value.strip(), comma + after
        values.append(value)
        rest = rest.removeprefix(",").lstrip()
    return tuple(values) or ("",)


def _quoted_value(key: str, text: str) -> tuple[str, str]:
    """Return the quoted value at the start of the text, and the rest: empty, or a comma and more."""
    closed = _QUOTED.match(text)
    if closed is None:
        raise ContextValueError(
            tr("{key}: a quote is not closed, or something follows it before the next comma.").format(key=key)
        )
    return closed[1].replace('""', '"'), text[closed.end() :]


def _check(key: str, one_type: str, value: str) -> None:
    checker = _CHECKS.get(one_type)
    if checker is None:
        return
    expected = checker(value)
    if expected:
        shown = f'"{value}"' if value else tr("an empty value")
        raise ContextValueError(
            tr("{key} takes {expected}, not {value}.").format(key=key, expected=expected, value=shown)
        )


def _bool(value: str) -> str:
    return "" if value.lower() in BOOL_VALUES else tr("true or false")


def _numeric(value: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return tr("a number")
    return "" if number.is_finite() else tr("a number")


def _date(value: str) -> str:
    expected = tr("a date such as 2026-09-30 or 2026-09-30T14:05:00Z, or seconds since 1970")
    if _EPOCH.fullmatch(value):
        return ""
    if not _DATE_ONLY.match(value):
        return expected
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return expected
    return ""


def _ip_address(value: str) -> str:
    # A request has one address; policies name ranges (rule G12).
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return tr("one IP address such as 203.0.113.7")
    return ""


def _arn(value: str) -> str:
    # Six parts separated by colons (rule G13); no ARN pattern matches fewer.
    parts = value.split(":", 5)
    is_arn = len(parts) == 6 and parts[0] == "arn" and parts[5]
    return "" if is_arn else tr("an ARN (arn:partition:service:region:account:resource)")


def _binary(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return tr("base64 text")
    return ""


_CHECKS: dict[str, Callable[[str], str]] = {
    "Bool": _bool,
    "Numeric": _numeric,
    "Date": _date,
    "IPAddress": _ip_address,
    "ARN": _arn,
    "Binary": _binary,
}
