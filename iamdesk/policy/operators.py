"""The condition operators, as one table. Rules: G7 to G13, G17, H2.

An operator reads a policy value once (when the policy is parsed) and a request value once (when a request comes), and
compares the two. A value that cannot be read is None: a policy value that matches nothing (rule G18), a request
value for which the whole test is false (rule G19).
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from iamdesk.policy.wildcards import Glob, Token

type Comparison = Callable[[Any, Any], bool]
"""(request value as read, policy value as read) → whether they match, in the positive sense of the operator."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?")
_DATE = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _text(value: str) -> str:
    return value


def _lower(value: str) -> str:
    return value.lower()


def _literal(tokens: Sequence[Token]) -> str:
    """Read tokens for an operator without wildcards: a star is a star."""
    return "".join(token if isinstance(token, str) else token.value for token in tokens)


def _lower_literal(tokens: Sequence[Token]) -> str:
    return _literal(tokens).lower()


def read_number(value: str) -> Decimal | None:
    """Read an integer or decimal; None for anything else (rule G8)."""
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def read_date(value: str) -> Decimal | None:
    """Read ISO 8601 or epoch seconds as seconds since 1970; a time without zone is UTC (rule G9)."""
    if (number := read_number(value)) is not None:
        return number
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    shift = 0
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "")
        shift = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * (1 if zone[0] == "+" else -1)
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - shift
    return Decimal(seconds) + (Decimal(f"0.{fraction}") if fraction else 0)


def _read_bool(value: str) -> str | None:
    lowered = value.lower()
    return lowered if lowered in ("true", "false") else None


def _read_binary(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(value: str) -> Network | None:
    """Read a CIDR range, host bits allowed, or a bare address as a range of one (rule G12)."""
    _, slash, prefix = value.partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit()):
        return None  # a netmask is not CIDR notation
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def read_address(value: str) -> Address | None:
    """Read an IPv4 or IPv6 address."""
    try:
        return None if "%" in value else ipaddress.ip_address(value)
    except ValueError:
        return None


_PRIVATE_NETWORKS = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def is_private_address(address: Address) -> bool:
    """Return whether an address is one of a private network (RFC 1918, RFC 4193), which no request comes from."""
    return any(address.version == network.version and address in network for network in _PRIVATE_NETWORKS)


def is_private_network(network: Network | None) -> bool:
    """Return whether every address of a range is private."""
    return (
        network is not None
        and is_private_address(network.network_address)
        and is_private_address(network.broadcast_address)
    )


def read_arn_parts(value: str) -> tuple[str, ...] | None:
    """Split a request value at its first five colons; None where it is no ARN (rule G13)."""
    parts = tuple(value.split(":", 5))
    return parts if len(parts) == 6 and parts[0] == "arn" else None


def _arn_globs(tokens: Sequence[Token]) -> tuple[Glob, ...] | None:
    """Read an ARN pattern: six parts, each a pattern of its own, the sixth with its colons (rule G13)."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        rest = token
        while isinstance(rest, str) and len(parts) < 6 and ":" in rest:
            head, _, rest = rest.partition(":")
            parts[-1].append(head)
            parts.append([])
        parts[-1].append(rest)
    return tuple(Glob(part) for part in parts) if len(parts) == 6 else None


def _globs_match(request: tuple[str, ...], policy: tuple[Glob, ...]) -> bool:
    return all(part.matches(text) for part, text in zip(policy, request, strict=True))


def _of_text(read: Callable[[str], Any]) -> Callable[[Sequence[Token]], Any]:
    """Adapt a reader of plain text to tokens: for operators in which nothing is a wildcard or a variable."""
    return lambda tokens: read(_literal(tokens))


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of the policy language, without its ``ForAllValues:``/``ForAnyValue:`` and ``IfExists``."""

    name: str
    """As AWS writes it."""
    family: str
    """``String``, ``Numeric``, ``Date``, ``Bool``, ``Binary``, ``IPAddress``, ``ARN`` or ``Null``."""
    negated: bool
    takes_variables: bool
    """Whether ``${…}`` in a policy value is a variable (rule H2)."""
    read_request: Callable[[str], Any]
    read_policy: Callable[[Sequence[Token]], Any]
    compare: Comparison


def _table() -> dict[str, Operator]:
    operators: list[Operator] = []

    def add(
        family: str,
        positive: str,
        negative: str | None,
        request: Callable[[str], Any],
        policy: Callable[[Sequence[Token]], Any],
        compare: Comparison,
        variables: bool = False,
    ) -> None:
        operators.append(Operator(positive, family, False, variables, request, policy, compare))
        if negative:
            operators.append(Operator(negative, family, True, variables, request, policy, compare))

    equal: Comparison = lambda request, policy: bool(request == policy)  # noqa: E731 - a row of the table
    like: Comparison = lambda request, policy: policy.matches(request)  # noqa: E731
    add("String", "StringEquals", "StringNotEquals", _text, _literal, equal, variables=True)
    add("String", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _lower, _lower_literal, equal, variables=True)
    add("String", "StringLike", "StringNotLike", _text, Glob, like, variables=True)
    for family, read in (("Numeric", read_number), ("Date", read_date)):
        policy = _of_text(read)
        add(family, f"{family}Equals", f"{family}NotEquals", read, policy, equal)
        add(family, f"{family}LessThan", None, read, policy, lambda request, bound: bool(request < bound))
        add(family, f"{family}LessThanEquals", None, read, policy, lambda request, bound: bool(request <= bound))
        add(family, f"{family}GreaterThan", None, read, policy, lambda request, bound: bool(request > bound))
        add(family, f"{family}GreaterThanEquals", None, read, policy, lambda request, bound: bool(request >= bound))
    add("Bool", "Bool", None, _read_bool, _of_text(_read_bool), equal)
    add("Binary", "BinaryEquals", None, _read_binary, _of_text(_read_binary), equal)
    add(
        "IPAddress",
        "IpAddress",
        "NotIpAddress",
        read_address,
        _of_text(read_network),
        lambda address, network: address.version == network.version and address in network,
    )
    add("ARN", "ArnEquals", "ArnNotEquals", read_arn_parts, _arn_globs, _globs_match, variables=True)
    add("ARN", "ArnLike", "ArnNotLike", read_arn_parts, _arn_globs, _globs_match, variables=True)
    add("Null", "Null", None, _read_bool, _of_text(_read_bool), equal)
    return {operator.name.lower(): operator for operator in operators}


OPERATORS: dict[str, Operator] = _table()
"""Every operator by its name in lower case: names are compared without case (rule G6)."""

_OPPOSITES = {"LessThan": "GreaterThanEquals", "LessThanEquals": "GreaterThan"}


def opposite_of(operator: Operator) -> Operator | None:
    """Return the operator that one readable value satisfies exactly where it does not satisfy this one.

    None for ``Bool``, ``BinaryEquals`` and ``Null``, which have none. With several listed values it holds for the
    operators that AWS has negated forms of, not for those that compare sizes.
    """
    name = operator.name
    for one, other in (*_OPPOSITES.items(), *((other, one) for one, other in _OPPOSITES.items())):
        if name == f"{operator.family}{one}":
            return OPERATORS[f"{operator.family}{other}".lower()]
    if operator.negated:
        return OPERATORS[name.replace("Not", "").lower()]
    found = (one for one in OPERATORS.values() if one.negated and one.name.replace("Not", "") == name)
    return next(found, None)
