"""Changes to a snapshot, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from iamdesk.i18n import phrase


class WhatIfError(ValueError):
    """A change that cannot be applied to this snapshot. Its text is one sentence."""


class EditAction(StrEnum):
    """The kinds of changes, each with the meaning of ``subject``, ``detail`` and the other fields of `Edit`."""

    ATTACH_POLICY = "attach-policy"
    """Principal, policy ARN."""
    DETACH_POLICY = "detach-policy"
    """Principal, policy ARN."""
    PUT_INLINE_POLICY = "put-inline-policy"
    """Principal, name; document."""
    DELETE_INLINE_POLICY = "delete-inline-policy"
    """Principal, name."""
    SET_BOUNDARY = "set-boundary"
    """User or role, policy ARN."""
    REMOVE_BOUNDARY = "remove-boundary"
    """User or role."""
    JOIN_GROUP = "add-to-group"
    """User, group ARN."""
    LEAVE_GROUP = "remove-from-group"
    """User, group ARN."""
    TAG = "tag"
    """User or role, key; the value is the document."""
    UNTAG = "untag"
    """User or role, key."""
    DELETE = "delete"
    """User or role."""
    SET_POLICY = "set-policy"
    """Policy key; document. Keys: a managed policy's ARN, ``ARN#inline/NAME``, ``ROLE#trust``, ``RESOURCE#policy``,
    ``organization#p-…``."""
    ADD_STATEMENT = "add-statement"
    """Policy key; the statement is the document."""
    SET_STATEMENT = "set-statement"
    """Policy key; index from 0; the statement is the document."""
    REMOVE_STATEMENT = "remove-statement"
    """Policy key; index from 0."""
    CREATE_POLICY = "create-policy"
    """Policy ARN; document."""
    ATTACH_ORGANIZATION_POLICY = "attach-organization-policy"
    """Root, OU or account, policy ID."""
    DETACH_ORGANIZATION_POLICY = "detach-organization-policy"
    """Root, OU or account, policy ID."""


_NEEDS_DETAIL = frozenset(
    {
        EditAction.ATTACH_POLICY,
        EditAction.DETACH_POLICY,
        EditAction.PUT_INLINE_POLICY,
        EditAction.DELETE_INLINE_POLICY,
        EditAction.SET_BOUNDARY,
        EditAction.JOIN_GROUP,
        EditAction.LEAVE_GROUP,
        EditAction.TAG,
        EditAction.UNTAG,
        EditAction.ATTACH_ORGANIZATION_POLICY,
        EditAction.DETACH_ORGANIZATION_POLICY,
    }
)
_NEEDS_DOCUMENT = frozenset(
    {
        EditAction.PUT_INLINE_POLICY,
        EditAction.SET_POLICY,
        EditAction.ADD_STATEMENT,
        EditAction.SET_STATEMENT,
        EditAction.CREATE_POLICY,
        EditAction.TAG,
    }
)
_NEEDS_INDEX = frozenset({EditAction.SET_STATEMENT, EditAction.REMOVE_STATEMENT})


@dataclass(frozen=True, slots=True)
class Edit:
    """One change."""

    act: EditAction
    subject: str
    detail: str = ""
    document: Any = None
    index: int | None = None

    @property
    def sentence(self) -> str:
        """The change as a sentence."""
        where = f" (statement {self.index + 1})" if self.index is not None else ""
        return f"{self.act.value} {self.subject}{where}{f': {self.detail}' if self.detail else ''}"


def edit_from_json(value: Any) -> Edit:
    """Parse a change: ``{"do", "subject", "detail", "document", "statement"}``.

    Raises:
        WhatIfError: it is not a change; its text says what is missing.
    """
    if not isinstance(value, Mapping):
        raise WhatIfError(phrase("a change is an object with `do` and `subject`"))
    unknown = value.keys() - {"do", "subject", "detail", "document", "statement"}
    if unknown:
        raise WhatIfError(phrase("`{key}` is not a field of a change", key=sorted(map(str, unknown))[0]))
    try:
        act = EditAction(str(value.get("do")))
    except ValueError:
        listed = ", ".join(act.value for act in EditAction)
        raise WhatIfError(
            phrase("`{value}` is not an action: expected one of {listed}", value=value.get("do"), listed=listed)
        ) from None
    subject, detail, index = value.get("subject"), value.get("detail", ""), value.get("statement")
    if not isinstance(subject, str) or not subject:
        raise WhatIfError(phrase("{act} needs a `subject`", act=act.value))
    if not isinstance(detail, str) or (act in _NEEDS_DETAIL and not detail):
        raise WhatIfError(phrase("{act} needs a `detail`", act=act.value))
    if act in _NEEDS_DOCUMENT and value.get("document") is None:
        raise WhatIfError(phrase("{act} needs a `document`", act=act.value))
    if act in _NEEDS_INDEX and (not isinstance(index, int) or isinstance(index, bool) or index < 0):
        raise WhatIfError(phrase("{act} needs the number of a `statement`, from 0", act=act.value))
    return Edit(act, subject, detail, value.get("document"), index if act in _NEEDS_INDEX else None)


def edits_from_json(value: Any) -> tuple[Edit, ...]:
    """Parse a list of changes, in order.

    Raises:
        WhatIfError: it is not such a list; its text names the change by its number.
    """
    if not isinstance(value, list):
        raise WhatIfError(phrase("expected a list of changes"))
    found: list[Edit] = []
    for number, one in enumerate(value, 1):
        try:
            found.append(edit_from_json(one))
        except WhatIfError as error:
            raise WhatIfError(phrase("change {number}: {error}", number=number, error=error)) from None
    return tuple(found)
