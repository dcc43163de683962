"""The condition operators, as one table. Rules: G7 to G13, G17, H2.

An operator reads a policy value once (when the policy is parsed) and a request value once (when a request comes), and
compares the two. A value that cannot be read is None: a policy value that matches nothing (rule G18), a request
value for which the whole test is false (rule G19).

All that the program knows of an operator or a family of operators is an attribute here: a new family
is a line for itself and one for each of its operators.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from iamdesk.i18n import mark
from iamdesk.policy.wildcards import Glob, Token

type Comparison = Callable[[Any, Any], bool]
"""(request value as read, policy value as read) → whether they match, in the positive sense of the operator."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?")
_DATE = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BOOLEANS = ("true", "false")
OTHER_ADDRESSES = ("198.51.100.77", "203.0.113.77", "192.0.2.77", "8.8.8.8", "2001:db8:ffff::77", "2001:db8:ffff::78")
"""Represent addresses that no policy names."""


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
    """Split a request value at its first five colons; None where it is not an ARN (rule G13)."""
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


type Samples = tuple[Iterable[str], bool]
"""Request values, and whether all ways in which comparisons can come out are among them."""


def _booleans(listed: Sequence[str], each: int) -> Samples:  # noqa: ARG001 - the shape of `values_to_try`
    return (BOOLEANS if each == 1 else (*BOOLEANS, *map(str.upper, BOOLEANS))), True


def _bytes(listed: Sequence[str], each: int) -> Samples:
    return (*listed, base64.b64encode(b"any-other-value").decode()), each == 1


def _addresses(listed: Sequence[str], each: int) -> Samples:  # noqa: ARG001 - the shape of `values_to_try`
    """Return two addresses, if there are as many, of every part that the ranges cut out of the two address spaces."""
    networks = [network for text in listed if (network := read_network(text)) is not None]
    found: dict[str, None] = {}
    for network in networks:
        found[str(network[min(1, network.num_addresses - 1)])] = None
    found |= dict.fromkeys(one for one in OTHER_ADDRESSES if not _is_listed(ipaddress.ip_address(one), networks))
    for network in networks:
        highest = (1 << network.max_prefixlen) - 1
        build = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
        first, last = int(network.network_address), int(network.broadcast_address)
        for edge in (first, first + 1, last, last - 1, first - 1, first - 2, last + 1, last + 2):
            if 0 <= edge <= highest:
                found[str(build(edge))] = None
    return found, True


def _is_listed(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


@dataclass(frozen=True, slots=True, eq=False)
class OperatorFamily:
    """Operators that read values in the same way, and what the rest of the program has to know of them."""

    name: str
    """As AWS calls it: ``Numeric``."""
    reads: str = ""
    """What it reads, as a part of a sentence: ``a number``. Empty: anything. Other values in a policy are an issue
    (`policy_validation.value_checks`)."""
    key_types: frozenset[str] = frozenset()
    """Types of keys of which it can read every value. A value of another type can be anything: one that an operator
    cannot read fails it, negated or not (rule G19)."""
    is_text: bool = False
    """Whether it compares texts as they are written."""
    is_number: bool = False
    """Whether it reads numbers: of dates the seconds since 1970."""
    values_to_try: Callable[[Sequence[str], int], Samples] | None = None
    """Request values to try for a key without a value, of families that are neither text nor number. Takes the values
    that policies list, and by how many values to show each way in which comparisons can come out. None: those that
    policies list, and decisions that depend on the key are reported as incomplete."""


STRING = OperatorFamily("String", is_text=True)
NUMERIC = OperatorFamily("Numeric", mark("a number"), frozenset({"Numeric"}), is_number=True)
DATE = OperatorFamily("Date", mark("a date"), frozenset({"Numeric", "Date"}), is_number=True)
BOOL = OperatorFamily("Bool", mark("true or false"), frozenset({"Bool"}), values_to_try=_booleans)
IP_ADDRESS = OperatorFamily("IPAddress", mark("an IP address"), frozenset({"IPAddress"}), values_to_try=_addresses)
BINARY = OperatorFamily("Binary", mark("binary data"), frozenset({"Binary"}), values_to_try=_bytes)
ARN = OperatorFamily("ARN", mark("an ARN"), frozenset({"ARN"}), is_text=True)
NULL = OperatorFamily("Null")
"""Tests whether a key is there, not its value."""


class Bound(Enum):
    """Which side of the values that an operator accepts a policy value bounds."""

    UPPER = "upper"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of the policy language, without its ``ForAllValues:``/``ForAnyValue:`` and ``IfExists``."""

    name: str
    """As AWS writes it."""
    family: OperatorFamily
    read_request: Callable[[str], Any]
    read_policy: Callable[[Sequence[Token]], Any]
    compare: Comparison
    negated: bool = False
    """Whether it is true where its positive form does not match."""
    negates: str = ""
    """Its positive form, if it is negated."""
    takes_variables: bool = False
    """Whether ``${…}`` in a policy value is a variable (rule H2)."""
    takes_wildcards: bool = False
    ignores_case: bool = False
    is_equality: bool = False
    """Whether a policy value without wildcards matches one value alone."""
    bound: Bound | None = None
    """None: it does not compare sizes."""
    words: str = ""
    """How it compares, if "is …" and "is none of …" do not say it: ``is less than {values}``."""
    same_as: str = ""
    """Another operator that behaves in the same way (rule G13)."""
    same_without_wildcards: str = ""
    """The operator that is the same where no value has a wildcard."""

    @property
    def positive_name(self) -> str:
        """The name of its positive form."""
        return self.negates or self.name

    @property
    def compares_values(self) -> bool:
        """Whether it compares values: all but ``Null``."""
        return self.family is not NULL


def _table() -> dict[str, Operator]:
    operators: list[Operator] = []

    def add(positive: Operator, negative: str = "", same_as: str = "", same_without_wildcards: str = "") -> None:
        """Add an operator and its negated form, with what the latter is the same as."""
        operators.append(positive)
        if negative:
            operators.append(
                replace(
                    positive,
                    name=negative,
                    negated=True,
                    negates=positive.name,
                    same_as=same_as,
                    same_without_wildcards=same_without_wildcards,
                )
            )

    equal: Comparison = lambda request, policy: bool(request == policy)  # noqa: E731 - a row of the table
    like: Comparison = lambda request, policy: policy.matches(request)  # noqa: E731
    add(
        Operator("StringEquals", STRING, _text, _literal, equal, takes_variables=True, is_equality=True),
        "StringNotEquals",
    )
    add(
        Operator(
            "StringEqualsIgnoreCase", STRING, _lower, _lower_literal, equal, takes_variables=True, ignores_case=True
        ),
        "StringNotEqualsIgnoreCase",
    )
    string_like = Operator("StringLike", STRING, _text, Glob, like, takes_variables=True, takes_wildcards=True)
    add(
        replace(string_like, same_without_wildcards="StringEquals"),
        "StringNotLike",
        same_without_wildcards="StringNotEquals",
    )
    for family, read, words in ((NUMERIC, read_number, _NUMBER_WORDS), (DATE, read_date, _DATE_WORDS)):
        policy, name = _of_text(read), family.name
        add(Operator(f"{name}Equals", family, read, policy, equal, is_equality=True), f"{name}NotEquals")
        for suffix, (bound, compare) in _SIZES.items():
            add(Operator(f"{name}{suffix}", family, read, policy, compare, bound=bound, words=words[suffix]))
    add(Operator("Bool", BOOL, _read_bool, _of_text(_read_bool), equal, is_equality=True))
    add(Operator("BinaryEquals", BINARY, _read_binary, _of_text(_read_binary), equal, is_equality=True))
    add(Operator("IpAddress", IP_ADDRESS, read_address, _of_text(read_network), _is_within), "NotIpAddress")
    arn_like = Operator(
        "ArnLike", ARN, read_arn_parts, _arn_globs, _globs_match, takes_variables=True, takes_wildcards=True
    )
    add(replace(arn_like, name="ArnEquals", is_equality=True, same_as="ArnLike"), "ArnNotEquals", same_as="ArnNotLike")
    add(arn_like, "ArnNotLike")
    add(Operator("Null", NULL, _read_bool, _of_text(_read_bool), equal))
    return {operator.name.lower(): operator for operator in operators}


def _is_within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


_SIZES: dict[str, tuple[Bound, Comparison]] = {
    "LessThan": (Bound.UPPER, lambda request, bound: bool(request < bound)),
    "LessThanEquals": (Bound.UPPER, lambda request, bound: bool(request <= bound)),
    "GreaterThan": (Bound.LOWER, lambda request, bound: bool(request > bound)),
    "GreaterThanEquals": (Bound.LOWER, lambda request, bound: bool(request >= bound)),
}
_NUMBER_WORDS = {
    "LessThan": mark("is less than {values}"),
    "LessThanEquals": mark("is at most {values}"),
    "GreaterThan": mark("is more than {values}"),
    "GreaterThanEquals": mark("is at least {values}"),
}
_DATE_WORDS = {
    "LessThan": mark("is before {values}"),
    "LessThanEquals": mark("is at or before {values}"),
    "GreaterThan": mark("is after {values}"),
    "GreaterThanEquals": mark("is at or after {values}"),
}

OPERATORS: dict[str, Operator] = _table()
"""Every operator by its name in lower case: names are compared without case (rule G6)."""

_OPPOSITES = {"LessThan": "GreaterThanEquals", "LessThanEquals": "GreaterThan"}


def opposite_of(operator: Operator) -> Operator | None:
    """Return the operator that one readable value satisfies exactly where it does not satisfy this one.

    None for ``Bool``, ``BinaryEquals`` and ``Null``, which have none. With several listed values it holds for the
    operators that AWS has negated forms of, not for those that compare sizes.
    """
    family = operator.family.name
    for one, other in (*_OPPOSITES.items(), *((other, one) for one, other in _OPPOSITES.items())):
        if operator.name == f"{family}{one}":
            return OPERATORS.get(f"{family}{other}".lower())
    if operator.negated:
        return OPERATORS[operator.positive_name.lower()]
    found = (one for one in OPERATORS.values() if one.negated and one.positive_name == operator.name)
    return next(found, None)
