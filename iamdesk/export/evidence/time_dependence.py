"""Whether a snapshot gives the same at two moments: which of its conditions depend on when a request is made."""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from iamdesk.evaluate.derived_keys import MAX_SESSION_DURATION
from iamdesk.policy.operators import read_date
from iamdesk.snapshot.model import Snapshot

_TIME = re.compile("currenttime|epochtime|tokenissuetime", re.IGNORECASE)
_TIME_IN_BYTES = re.compile(_TIME.pattern.encode(), re.IGNORECASE)
_KEYS = frozenset({"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"})
_OF_MOMENTS = re.compile(r"(for(all|any)values?:)?(date|numeric)\w+", re.IGNORECASE)
_OF_PRESENCE = re.compile("null", re.IGNORECASE)


def mentions_time(snapshot: Snapshot) -> bool:
    """Return whether a text of a snapshot has the name of a condition key whose value depends on the present time."""
    parts = (pickle.dumps(part, pickle.HIGHEST_PROTOCOL) for part in _parts(snapshot))
    return any(_TIME_IN_BYTES.search(part) is not None for part in parts)


def _parts(snapshot: Snapshot) -> Iterator[BaseModel]:
    """Yield all of a snapshot, part by part: of thousands of principals, the whole takes too much memory at once."""
    apart: dict[str, tuple[BaseModel, ...]] = {"users": (), "groups": (), "roles": (), "policies": ()}
    for account in snapshot.accounts:
        for kind in apart:
            yield from getattr(account, kind)
        yield account.model_copy(update=apart)
    yield snapshot.model_copy(update={"accounts": ()})


def is_same_at(snapshot: Snapshot, one: datetime, other: datetime) -> bool:
    """Return whether each request is decided the same at two moments, on a snapshot that mentions the time.

    It is if no date that a condition compares the time with lies between the two. They begin with the day before which
    no session began that is still valid: that is known of ``aws:TokenIssueTime`` (`DerivedKeys`). False where it
    cannot be determined: the time is compared as a text, or is a policy variable.
    """
    first = (min(one, other) - MAX_SESSION_DURATION).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = first.timestamp() - 1, max(one, other).timestamp() + 1
    moments = [*_moments("", snapshot)]
    # A text that mentions the time is somewhere: where it was not found, nothing is known.
    return bool(moments) and all(moment is not None and not since <= moment <= until for moment in moments)


def _moments(name: str, value: Any) -> Iterator[float | None]:
    """Yield the dates that conditions of a value compare the time with, infinite without any; None: not determined.

    ``name`` is that of the member that holds the value: the operator, of the keys of a condition.
    """
    if isinstance(value, str):
        if _TIME.search(value) is not None:
            yield None
    elif isinstance(value, BaseModel):
        for field, each in value:
            yield from _moments(field, each)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(key, str) and key.strip().lower() in _KEYS:
                yield from _compared(name, each)
            else:
                yield from _moments("", key)
                yield from _moments(str(key), each)
    elif isinstance(value, Sequence | Set):
        for each in value:
            yield from _moments(name, each)


def _compared(operator: str, values: Any) -> Iterator[float | None]:
    """Yield the dates in the values of a condition on the time."""
    if _OF_PRESENCE.fullmatch(operator.strip()) is not None:
        yield float("inf")
    elif _OF_MOMENTS.fullmatch(operator.strip()) is None:
        yield None
    for value in values if isinstance(values, Sequence) and not isinstance(values, str) else (values,):
        moment = read_date(str(value))
        if "$" in str(value):
            yield None
        else:
            yield float("inf") if moment is None else float(moment)
