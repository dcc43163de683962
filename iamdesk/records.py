"""Frozen dataclasses that are made by the hundred thousand.

The ``__init__`` of a frozen dataclass calls ``object.__setattr__`` for each field: with nine fields it takes four times
as long as one that assigns them, which was 3 % of all time of ``findings``, and 5 % of ``diff``. Of a `record`, only
the type checker prevents that fields are set: it is for what is made for each evaluated request; for all else there is
`dataclass`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    def record(*, frozen: bool, slots: bool, eq: bool = True):
        """Return a decorator that makes a dataclass which is as hashable as a frozen one."""
        return dataclass(slots=slots, eq=eq, unsafe_hash=frozen and eq)


__all__ = ["record"]
