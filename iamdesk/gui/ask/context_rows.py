"""The rows of the context table: which condition keys bear on a question, and what the request says of them. No Qt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.explain.decision import ContextKey, KeyState
from iamdesk.gui.ask.context_values import BOOL_VALUES, address_in, parse_values, single_type, takes_several
from iamdesk.i18n import tr

type ContextValue = str | Sequence[str] | None
"""What `Request.context` holds for a key: a value, several values, or None for absent."""

DEFAULT_TYPE = "String"


class Choice(StrEnum):
    """What a reviewer says of a key."""

    OPEN = "open"
    """Nothing: the snapshot may know it, otherwise it is not given."""
    ABSENT = "absent"
    """The key is not in the request."""
    VALUE = "value"
    """The request carries these values."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A value worth offering for a key."""

    value: str
    origin: str
    """Why it is offered, in a few words; may be empty."""


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One condition key."""

    key: str
    type: str
    choice: Choice
    values: tuple[str, ...]
    """What the request carries: the reviewer's values, else those that the snapshot knows."""
    state: KeyState
    """What the evaluation made of the key."""
    suggestions: tuple[str, ...]
    matters: bool
    """Whether it is unknown and can change the answer."""
    tested: bool
    """Whether a statement in play tests it; False for a key that was added by hand and that no statement asks for."""

    @property
    def is_ready(self) -> bool:
        """Whether it can go into a request: a key that was added and has no value yet cannot."""
        return self.choice is not Choice.VALUE or bool(self.values)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Values worth offering: those that statements name, and both values of a Bool.

        Of an address range that a statement names, an address is offered: a request carries no range (rule G12).
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
        """Read a text as the key's values.

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
    """Return the rows for an answer's keys and for what the reviewer gave beyond them.

    ``given`` is the request's context; ``types`` the types of added keys in lower case. Keys are compared without case
    (rule G6). Keys of ``order`` stay where they stand, so that no row moves under the reviewer's hand; of the
    others what matters comes first, then what was given, then the rest, each in the answer's order.
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
    """Return what the rows say, as `Request.context`: only keys that the reviewer spoke of."""
    context: dict[str, ContextValue] = {}
    for row in rows:
        if row.choice is Choice.ABSENT:
            context[row.key] = None
        elif row.choice is Choice.VALUE and row.is_ready:
            context[row.key] = row.values if takes_several(row.type) else row.values[0]
    return context
