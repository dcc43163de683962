"""Equal parts of a snapshot made one object: a large account says the same few things a hundred thousand times.

Nothing that is read changes by it, only the memory that it takes: nearly half of it goes. It is done once the tree is
shown, for it costs half as much again as reading does.
"""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.snapshot.aws_model import Tag
from iamdesk.snapshot.model import AttachedPolicy, Snapshot

_CHECK_EVERY = 100  # entities between two looks at whether the work is still wanted
_FREE = (AttachedPolicy, Tag)
"""Models without identity: equal ones may become one object."""

# Frozen models cannot be changed, so equal ones can be shared.
_set_fields_set = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__


def share_equal_parts(snapshot: Snapshot, cancelled: Cancelled = never_cancelled) -> None:
    """Let equal texts, tags, attachments and pydantic's own sets in a snapshot's accounts be one object each.

    Others may read the snapshot meanwhile: each part is replaced by its equal in one step.

    Raises:
        WorkCancelled: ``cancelled`` returned True; what is shared by then stays so.
    """
    sharing = _Sharing()
    count = 0
    for account in snapshot.accounts:
        for entity in (*account.users, *account.groups, *account.roles, *account.policies):
            if count % _CHECK_EVERY == 0 and cancelled():
                raise WorkCancelled
            count += 1
            sharing.share_in(entity)


class _Sharing:
    """What has been seen of each kind."""

    def __init__(self) -> None:
        texts: dict[str, str] = {}
        self._text: Callable[[str, str], str] = texts.setdefault
        self._models: dict[BaseModel, BaseModel] = {}
        self._fields_sets: dict[frozenset[str], set[str]] = {}
        self._no_extra: dict[str, Any] = {}

    def share_in(self, model: BaseModel) -> None:
        """Replace the values of a model by equal values that were seen before."""
        given = model.__pydantic_fields_set__
        _set_fields_set(model, self._fields_sets.setdefault(frozenset(given), given))
        if not model.__pydantic_extra__:
            _set_extra(model, self._no_extra)
        members = model.__dict__
        for name, value in members.items():
            kind = type(value)
            if kind is str:
                members[name] = self._text(value, value)
            elif kind is dict or kind is list:
                self._share_in_document(value)
            elif kind is tuple and value:
                members[name] = tuple(map(self._member, value))
            elif isinstance(value, BaseModel):
                self.share_in(value)

    def _member(self, value: Any) -> Any:
        if type(value) is str:
            return self._text(value, value)
        if isinstance(value, _FREE):
            known = self._known_model(value)
            if known is not value:
                return known
        if isinstance(value, BaseModel):
            self.share_in(value)
        return value

    def _known_model(self, model: BaseModel) -> BaseModel:
        try:
            return self._models.setdefault(model, model)
        except TypeError:  # it has keys that AWS added later, with lists
            return model

    def _share_in_document(self, document: Any) -> None:
        text = self._text
        to_see = [document]
        while to_see:
            value = to_see.pop()
            places = value.items() if type(value) is dict else enumerate(value)
            for place, member in places:
                kind = type(member)
                if kind is str:
                    value[place] = text(member, member)
                elif kind is dict or kind is list:
                    to_see.append(member)
