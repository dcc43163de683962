"""The request context: what is known of each condition key. Rules: J and K1."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from iamdesk.evaluate.request import ContextValues, MissingContextMode
from iamdesk.policy.operators import read_date
from iamdesk.policy.resource_patterns import UnknownVariable
from iamdesk.records import record

_ID_LENGTH = 21
"""Characters of the unique ID of a user or role (IAM User Guide, "IAM identifiers")."""
_AFTER_ID = re.compile(r"[:*?]")


class Knowledge(IntEnum):
    """What is known of a key (rule K1)."""

    ABSENT = 0
    PRESENT = 1
    VALUE_UNKNOWN = 2
    """In the request, with an unknown value."""
    UNKNOWN = 3


class KeyValue(NamedTuple):
    """What is known of one key."""

    knowledge: Knowledge
    values: tuple[str, ...] = ()
    derived: bool = False
    """Whether it comes from the snapshot, not from the user (rule J4)."""
    shape: str = "*"
    """A pattern that an unknown value is known to match."""
    excludes: str = ""
    """A value that an unknown value is known not to be, nor a path below it (``o-…`` and ``o-…/r-…/``)."""
    excluded_ids: frozenset[str] = frozenset()
    """Unique IDs and account IDs that an unknown value is known not to be, nor to begin with (``AROA…``,
    ``AROA…:session``)."""
    since: Decimal | None = None
    """An unknown value is a time, and not before this one: seconds since 1970."""
    otherwise: str | None = None
    """The value that an unknown one is if the caller passed no other, such as the role's own tag; None: not known."""

    def can_be(self, text: str) -> bool:
        """Return whether a value, or a pattern as written, is not excluded."""
        if self.excluded_ids and not self.excluded_ids.isdisjoint((text[:_ID_LENGTH], _AFTER_ID.split(text, 1)[0])):
            return False
        return not self.excludes or not (text == self.excludes or text.startswith(f"{self.excludes}/"))

    def is_late_enough(self, text: str) -> bool:
        """Return whether a value, if it is a time, is not before ``since``."""
        moment = None if self.since is None else read_date(text)
        return self.since is None or moment is None or moment >= self.since


ABSENT = KeyValue(Knowledge.ABSENT)
DERIVED_ABSENT = KeyValue(Knowledge.ABSENT, derived=True)
VALUE_UNKNOWN = KeyValue(Knowledge.VALUE_UNKNOWN, derived=True)
UNKNOWN = KeyValue(Knowledge.UNKNOWN)
_CLOCK = frozenset({"aws:currenttime", "aws:epochtime"})


def derived(*values: str) -> KeyValue:
    """Return a key value known from the snapshot."""
    return KeyValue(Knowledge.PRESENT, values, True)


@record(frozen=True, slots=True)
class Context:
    """The request context: all condition keys of one request, looked up on demand."""

    given: Mapping[str, KeyValue]
    """By key in lower case: values entered by the user; they take precedence (rule J4)."""
    derive: Callable[[str], KeyValue | None]
    """Returns what the snapshot knows of a key in lower case; None: nothing."""
    unknown: MissingContextMode
    is_multivalued: Callable[[str], bool]

    def fact(self, key: str) -> KeyValue:
        """Return what is known of a key in lower case."""
        fact = self.given.get(key)
        if fact is None:
            fact = at_given_time(self.derive(key) or UNKNOWN, self.given)
        if fact.knowledge < Knowledge.VALUE_UNKNOWN or not self.is_strict:
            return fact
        if fact.knowledge is Knowledge.UNKNOWN:
            return ABSENT
        return fact if fact.otherwise is None else derived(fact.otherwise)

    @property
    def is_strict(self) -> bool:
        """Whether unknown keys count as absent (rule K1)."""
        return self.unknown is MissingContextMode.ABSENT

    def variable(self, key: str) -> str | None:
        """Return a key's value as a policy variable; None when it has none or is multivalued (rules H3, H5).

        Raises:
            UnknownVariable: nothing is known of the key (rule K4).
        """
        fact = self.fact(key)
        if fact.knowledge is Knowledge.ABSENT or self.is_multivalued(key):
            return None
        if fact.knowledge is Knowledge.PRESENT:
            return fact.values[0] if len(fact.values) == 1 else None
        if self.is_strict:
            return None
        raise UnknownVariable(key)


def at_given_time(fact: KeyValue, given: Mapping[str, KeyValue]) -> KeyValue:
    """Return a key value without what depends on the current time, if the context sets the time of the request."""
    if fact.since is None or given.keys().isdisjoint(_CLOCK):
        return fact
    return fact._replace(since=None)


def given_facts(context: ContextValues) -> dict[str, KeyValue]:
    """Return the entered values by key in lower case; None means that the key is absent."""
    facts: dict[str, KeyValue] = {}
    for key, value in context.items():
        if value is None:
            facts[key.lower()] = ABSENT
        elif isinstance(value, str):
            facts[key.lower()] = KeyValue(Knowledge.PRESENT, (value,))
        else:
            facts[key.lower()] = KeyValue(Knowledge.PRESENT, tuple(str(member) for member in value))
    return facts
