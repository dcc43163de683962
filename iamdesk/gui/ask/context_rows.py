"""The rows of the context table: the condition keys that matter for a request, and their values. No Qt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.explain.decision import ContextKey, KeyState
from iamdesk.gui.ask.context_values import BOOL_VALUES, address_in, parse_values, single_type, takes_several
from iamdesk.i18n import tr

type ContextValue = str | Sequence[str] | None
"""Value of a key in `Request.context`: one value, several values, or None for absent."""

DEFAULT_TYPE = "String"


class Choice(StrEnum):
    """What the user entered for a key."""

    OPEN = "open"
    """No value: it comes from the snapshot, or is not provided."""
    ABSENT = "absent"
    """The key is not in the request."""
    VALUE = "value"
    """The request has these values."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggested value of a key."""

    value: str
    origin: str
    """Where the value comes from, in a few words; may be empty."""


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One condition key."""

    key: str
    type: str
    choice: Choice
    values: tuple[str, ...]
    """The values of the request: the user's, else those from the snapshot."""
    state: KeyState
    """The state of the key in the evaluation."""
    suggestions: tuple[str, ...]
    matters: bool
    """Whether it has no value and can change the decision."""
    tested: bool
    """Whether a relevant statement tests it; False for a key that was added by hand and that no statement tests."""

    @property
    def is_ready(self) -> bool:
        """Whether it can be part of a request: not if it was added and has no value yet."""
        return self.choice is not Choice.VALUE or bool(self.values)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Suggested values: those that statements name, and both values of a Bool.

        For an address range that a statement names, an address in it: requests have addresses, not ranges (rule G12).
        """
        if single_type(self.type) == "Bool":
            return tuple(Offer(value, "") for value in BOOL_VALUES)
        offers: dict[str, Offer] = {}
        for value in self.suggestions:
            inside = address_in(value) if single_type(self.type) == "IPAddress" else None
            offer = (
                Offer(value, tr("named in a policy"))
                if inside is None
                else Offer(inside, tr("an address in {value}").format(value=value))
            )
            offers.setdefault(offer.value, offer)
        return tuple(offers.values())

    def typed(self, text: str) -> tuple[str, ...]:
        """Parse a text as the key's values.

        Raises:
            ContextValueError: it is no value for the key.
        """
        return parse_values(self.key, self.type, text)


def context_rows(
    keys: Iterable[ContextKey],
    given: Mapping[str, ContextValue],
    types: Mapping[str, str],
    order: Sequence[str] = (),
) -> tuple[ContextRow, ...]:
    """Return the rows for the keys of a result, and for those that the user added.

    ``given`` is the request context; ``types`` the types of added keys, in lower case. Keys are compared without case
    (rule G6). Keys of ``order`` keep their place, so that rows do not move while the user edits. Of the others, those
    that matter come first, then those with a value, then the rest, each in the order of the result.
    """
    left = {key.lower(): (key, value) for key, value in given.items()}
    rows = []
    for key in keys:
        name = key.key.lower()
        choice, values = _choice(left.pop(name)[1]) if name in left else (Choice.OPEN, ())
        rows.append(
            ContextRow(
                key=key.key,
                type=key.type or DEFAULT_TYPE,
                choice=choice,
                values=key.values if choice is Choice.OPEN else values,
                state=key.state,
                suggestions=key.suggestions,
                matters=key.matters,
                tested=True,
            )
        )
    for name, value in left.values():
        choice, values = _choice(value)
        state = KeyState.ABSENT if choice is Choice.ABSENT else KeyState.GIVEN
        key_type = types.get(name.lower(), DEFAULT_TYPE)
        rows.append(ContextRow(name, key_type, choice, values, state, (), matters=False, tested=False))
    places = {key.lower(): place for place, key in enumerate(order)}
    rows.sort(key=lambda row: (places.get(row.key.lower(), len(places)), _rank(row)))
    return tuple(rows)


def _choice(value: ContextValue) -> tuple[Choice, tuple[str, ...]]:
    if value is None:
        return Choice.ABSENT, ()
    return Choice.VALUE, (value,) if isinstance(value, str) else tuple(value)


def _rank(row: ContextRow) -> int:
    if row.matters:
        return 0
    return 1 if row.choice is not Choice.OPEN else 2


def request_context(rows: Iterable[ContextRow]) -> dict[str, ContextValue]:
    """Return the rows as `Request.context`: only keys for which the user entered something."""
    context: dict[str, ContextValue] = {}
    for row in rows:
        if row.choice is Choice.ABSENT:
            context[row.key] = None
        elif row.choice is Choice.VALUE and row.is_ready:
            context[row.key] = row.values if takes_several(row.type) else row.values[0]
    return context
