"""Names that one entry lists twice: one is kept, and a problem reports the other."""

from collections.abc import Callable, Mapping
from typing import Any

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.authorization_details import Entity, JsonPath
from iamdesk.snapshot.model import GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail

type _Key = Callable[[Any], str]


def _inline(policy: Any) -> str:
    return str(policy.policy_name)


def _attached(policy: Any) -> str:
    return str(policy.policy_arn)


def _version(version: Any) -> str:
    return str(version.version_id)


_NAMED_ONCE: Mapping[type[Entity], tuple[tuple[str, str, _Key], ...]] = {
    UserDetail: (
        ("user_policy_list", "UserPolicyList", _inline),
        ("group_list", "GroupList", str),
        ("attached_managed_policies", "AttachedManagedPolicies", _attached),
    ),
    GroupDetail: (
        ("group_policy_list", "GroupPolicyList", _inline),
        ("attached_managed_policies", "AttachedManagedPolicies", _attached),
    ),
    RoleDetail: (
        ("role_policy_list", "RolePolicyList", _inline),
        ("attached_managed_policies", "AttachedManagedPolicies", _attached),
    ),
    ManagedPolicyDetail: (("policy_version_list", "PolicyVersionList", _version),),
}
"""Of each kind of entry its lists (our name, AWS's), and what names a member."""


def named_once(entity: Entity) -> tuple[Entity, list[tuple[JsonPath, str]]]:
    """Return an entry without duplicates, and what was removed: the path in the entry, and one sentence.

    Of two members with one name the first is kept.
    """
    kept: dict[str, tuple[Any, ...]] = {}
    reported: list[tuple[JsonPath, str]] = []
    for field, key, name_of in _NAMED_ONCE[type(entity)]:
        members = getattr(entity, field)
        if len(members) < 2:
            continue
        first: dict[str, tuple[int, Any]] = {}
        for index, member in enumerate(members):
            known, other = first.setdefault(name_of(member), (index, member))
            if known == index:
                continue
            named = {"name": visible_start(name_of(member), 200), "place": f"{key}[{known}]"}
            message = phrase("`{name}` is also at {place}; it was read once", **named)
            if other != member:
                message = phrase("`{name}` is also at {place} with other content; the first was kept", **named)
            reported.append(((key, index), message))
        if len(first) < len(members):
            kept[field] = tuple(member for _, member in first.values())
    return entity.model_copy(update=kept) if kept else entity, reported
