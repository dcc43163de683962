"""Subjects of the inspector for IAM Identity Center: instances, people and groups."""

from collections.abc import Iterable, Iterator

from iamdesk.i18n import mark, phrase
from iamdesk.inventory.identity_center_index import HeldGroup, HeldPerson, IdentityCenterIndex
from iamdesk.inventory.keys import Link
from iamdesk.inventory.permission_sets import person_name
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import Links, Subject, links


class IdentityCenterSubjects:
    """Creates subjects of instances, people and groups by key."""

    def __init__(self, index: IdentityCenterIndex) -> None:
        self._index = index

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a key; None if it is no instance, person or group."""
        if (person := self._index.people.get(key)) is not None:
            return self._person(key, person)
        if (group := self._index.groups.get(key)) is not None:
            return self._group(key, group)
        if (center := self._index.centers.get(key)) is not None:
            return self._center(center)
        return self._lost_group(key) if key in self._index.lost_groups else None

    def _center(self, center: IdentityCenter) -> Subject:
        instance = center.instance
        lists = (
            (mark("People"), center.users),
            (mark("Groups"), center.groups),
            (mark("Permission sets"), center.permission_sets),
            (mark("Account assignments"), center.account_assignments),
            (mark("Group memberships"), center.group_memberships),
        )
        missing_data = tuple(
            phrase("{lists} were not captured.", lists=phrase(name)) for name, held in lists if held is None
        )
        owner = instance.owner_account_id
        return Subject(
            key=instance.instance_arn,
            kind=NodeKind.IDENTITY_CENTER,
            title=instance.name or "IAM Identity Center",
            account=owner or "",
            arn=instance.instance_arn,
            facts=(
                (mark("Owner account"), owner or phrase("not captured")),
                (mark("Identity store"), instance.identity_store_id or phrase("not captured")),
                *(
                    (name, phrase("not captured") if held is None else phrase("{count:,}", count=len(held)))
                    for name, held in lists
                ),
            ),
            links=links((mark("Owner"), [Link(owner, owner, phrase("account"))] if owner else [])),
            missing_data=missing_data,
            badges=(Badge.MISSING_DATA,) if any(held is None for _, held in lists[:4]) else (),
            raw=raw_text(instance),
        )

    def _person(self, key: str, found: HeldPerson) -> Subject:
        center, user = found
        name = user.name.formatted if user.name is not None else None
        facts = (
            (mark("User name"), user.user_name or phrase("not captured")),
            *(((mark("Name"), name),) if name else ()),
            *(((mark("Title"), user.title),) if user.title else ()),
            (mark("Status"), _status(user.user_status)),
            (mark("Identity store"), center.instance.identity_store_id),
            (mark("Id"), user.user_id),
        )
        groups = self._index.memberships.get(key, [])
        return Subject(
            key=key,
            kind=NodeKind.CENTER_USER,
            title=person_name(user),
            arn=_arn(center, f"user/{user.user_id}"),
            facts=facts,
            links=(
                *links((mark("Member of"), (self._index.who(group, phrase("member")) for group in groups))),
                *self._access(key, groups),
            ),
            missing_data=tuple(_unknown(center)),
            raw=raw_text(user),
        )

    def _group(self, key: str, found: HeldGroup) -> Subject:
        center, group = found
        people = self._index.memberships.get(key, [])
        known = center.group_memberships is not None
        facts = [(mark("Description"), group.description)] if group.description else []
        facts.append(
            (mark(mark("Members")), phrase("{count:,}", count=len(people)) if known else phrase("not captured"))
        )
        return Subject(
            key=key,
            kind=NodeKind.CENTER_GROUP,
            title=group.display_name or group.group_id,
            arn=_arn(center, f"group/{group.group_id}"),
            facts=(*facts, (mark("Identity store"), center.instance.identity_store_id), (mark("Id"), group.group_id)),
            links=(*links((mark("Members"), (self._index.who(one, "") for one in people))), *self._access(key, ())),
            missing_data=tuple(_unknown(center)),
            raw=raw_text(group),
        )

    def _lost_group(self, key: str) -> Subject:
        return Subject(
            key=key,
            kind=NodeKind.MISSING,
            title=key.rpartition("/")[2],
            facts=((mark("Type"), phrase("group of IAM Identity Center")),),
            links=(
                *links((mark("Members"), (self._index.who(one, "") for one in self._index.memberships[key]))),
                *self._access(key, ()),
            ),
            missing_data=(phrase("It has members but was not captured."),),
            badges=(Badge.MISSING_DATA,),
        )

    def _access(self, key: str, groups: Iterable[str]) -> tuple[Links, ...]:
        """Return the permission sets of a person or group, and the roles made from them, with their origin."""
        sets: list[Link] = []
        roles: list[Link] = []
        for through in (key, *groups):
            for one in self._index.assignments.get(through, ()):
                found = self._index.sets.get(one.permission_set_arn)
                name = found.one.name if found is not None else last_of_arn(one.permission_set_arn)
                detail = phrase("in {place}", place=self._index.account_words(one.account_id))
                if through != key:
                    group = self._index.who(through, "").name
                    detail = phrase("{where}, through group {group}", where=detail, group=group)
                sets.append(Link(one.permission_set_arn if found is not None else "", name, detail))
                role = self._index.roles.get((one.account_id, one.permission_set_arn))
                if role is not None:
                    roles.append(Link(role, last_of_arn(role), detail))
        return links((mark("Permission sets"), sets), (mark("Roles made from these"), roles))


def _arn(center: IdentityCenter, resource: str) -> str:
    """Return the ARN of a person or group: it contains neither store nor account (Service Authorization Reference)."""
    partition = (center.instance.instance_arn.split(":", 2)[1:2] or ["aws"])[0]
    return f"arn:{partition}:identitystore:::{resource}"


def _status(status: str | None) -> str:
    return status.lower() if status else phrase("not captured")


def _unknown(center: IdentityCenter) -> Iterator[str]:
    if center.account_assignments is None:
        yield phrase("Permission set assignments were not captured.")
    if center.group_memberships is None:
        yield phrase("Group memberships were not captured.")
