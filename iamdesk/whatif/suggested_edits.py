"""Suggested changes (`explain.suggestions`) as edits that what-if applies."""

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.suggestions import Addition, Change, Removal
from iamdesk.whatif.edits import Edit, EditAction

_NAME = "iamdesk-what-if"
"""Name of the inline policy that gets a statement which no policy of the principal has to hold."""
_NO_EDIT: tuple[Edit, ...] = ()


def edits_of(change: Change, principal: str) -> tuple[Edit, ...]:
    """Return the edits of a suggested change; empty if some part of it is no edit of a policy in the snapshot.

    ``principal`` is the ARN of the user or role of the request: statements for its identity policies go into a new
    inline policy.
    """
    removed = [_removal(one) for one in _last_first(change.removals)]
    added = [_addition(one, principal, number) for number, one in enumerate(change.additions)]
    edits = [*removed, *added]
    return _NO_EDIT if None in edits else tuple(edit for edit in edits if edit is not None)


def _last_first(removals: tuple[Removal, ...]) -> list[Removal]:
    """Order statements so that removing one leaves the indexes of the others of its policy."""
    return sorted(removals, key=lambda one: -one.line.index)


def _removal(removal: Removal) -> Edit | None:
    line = removal.line
    if not line.policy_key:
        return None
    if not removal.whole_policy:
        return Edit(EditAction.REMOVE_STATEMENT, line.policy_key, index=line.index)
    if line.layer is PolicyType.PERMISSIONS_BOUNDARY:
        return Edit(EditAction.REMOVE_BOUNDARY, line.owner)
    if line.layer is not PolicyType.IDENTITY:
        return None
    return Edit(EditAction.DETACH_POLICY, line.owner, line.source_policy_id)


def _addition(addition: Addition, principal: str, number: int) -> Edit | None:
    statement = dict(addition.statement)
    if addition.policy_type is not PolicyType.IDENTITY:
        if not addition.policy_key:
            return None
        return Edit(EditAction.ADD_STATEMENT, addition.policy_key, document=statement)
    if ":user/" not in principal and ":role/" not in principal:
        return None
    name = f"{_NAME}-{number + 1}" if number else _NAME
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return Edit(EditAction.PUT_INLINE_POLICY, principal, name, document)
