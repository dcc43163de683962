"""The facts and missing data of principals and managed policies in the inspector."""

from collections.abc import Iterator
from datetime import datetime

from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.permission_sets import PermissionSets, assignees_text, permission_set_of
from iamdesk.inventory.references import (
    AccountReferences,
    Principal,
    boundary_of,
    inline_policies_of,
    last_of_arn,
    name_of,
)
from iamdesk.inventory.relative_time import age_text
from iamdesk.snapshot.aws_managed import as_published_words, aws_managed_policies
from iamdesk.snapshot.model import GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail

type Facts = list[tuple[str, str]]


def principal_facts(
    references: AccountReferences, principal: Principal, latest: datetime | None, sets: PermissionSets | None = None
) -> Facts:
    """Return the facts of a user, group or role; ages are relative to ``latest``, the latest date in the snapshot.

    ``sets`` are the permission sets of the snapshot.
    """
    facts = _of_permission_set(references, principal, sets)
    facts += _created(principal.create_date, latest)
    if isinstance(principal, RoleDetail):
        facts.append((mark("Last used"), _last_use(references, principal, latest)))
    if isinstance(principal, UserDetail):
        facts.append((mark("Groups"), _listed(sorted(principal.group_list, key=str.casefold))))
    facts.append((mark("Policies"), _policies(references, principal)))
    if isinstance(principal, GroupDetail):
        facts.append(
            (mark("Members"), phrase("{count:,}", count=len(references.members.get(principal.group_name, ()))))
        )
        unique_id = principal.group_id
    else:
        boundary = boundary_of(principal)
        facts.append((mark("Permissions boundary"), phrase("none") if boundary is None else last_of_arn(boundary)))
        unique_id = principal.user_id if isinstance(principal, UserDetail) else principal.role_id
    if isinstance(principal, RoleDetail):
        profiles = [profile.instance_profile_name for profile in principal.instance_profile_list]
        if profiles:
            facts.append((mark("Instance profiles"), _listed(profiles)))
    return [*facts, *_id(unique_id)]


def _of_permission_set(references: AccountReferences, principal: Principal, sets: PermissionSets | None) -> Facts:
    """Return the permission set of a role of IAM Identity Center, and who is assigned it."""
    name = permission_set_of(principal) if isinstance(principal, RoleDetail) else None
    if name is None:
        return []
    facts: Facts = [
        (mark("Permission set"), phrase("{name}, of IAM Identity Center", name=name)),
        (mark("Role"), name_of(principal)),
    ]
    use = sets.use_of(references.account.account_id, name) if sets is not None else None
    if use is not None and use.permission_set.description:
        facts.append((mark("Description"), use.permission_set.description))
    if use is not None and use.permission_set.session_duration:
        facts.append((mark("Maximum session duration"), use.permission_set.session_duration))
    assigned = phrase("not captured") if use is None or use.assignees is None else assignees_text(use.assignees, 12)
    return [*facts, (mark("Assigned to"), assigned)]


def missing_permission_sets(
    references: AccountReferences, principal: Principal, sets: PermissionSets | None
) -> Iterator[str]:
    """Yield, one sentence each, missing data about who can use a role of IAM Identity Center."""
    name = permission_set_of(principal) if isinstance(principal, RoleDetail) else None
    if name is None:
        return
    use = sets.use_of(references.account.account_id, name) if sets is not None else None
    if use is None or use.assignees is None:
        yield phrase("The assignments of the permission set in IAM Identity Center were not captured.")
        return
    unknown = [one.name for one in use.assignees if one.is_group and one.people is None]
    if unknown:
        yield phrase("The members of {groups} were not captured.", groups=_listed(unknown))


def policy_facts(
    policy: ManagedPolicyDetail, attached: int, bounded: int, accounts: int, latest: datetime | None
) -> Facts:
    """Return the facts of a managed policy.

    ``attached`` and ``bounded`` are the numbers of principals that have it as policy and as boundary, ``accounts`` of
    accounts.
    """
    facts: Facts = [(mark("Description"), policy.description)] if policy.description else []
    facts += _created(policy.create_date, latest)
    if policy.update_date is not None:
        facts.append((mark("Updated"), age_text(policy.update_date, latest)))
    facts.append((mark("Default version"), _version(policy)))
    facts.append((mark("Attached to"), _principals(attached)))
    facts.append((mark("Boundary of"), _principals(bounded)))
    if accounts > 1:
        facts.append((mark("Accounts"), phrase("{count:,}", count=accounts)))
    return [*facts, *_id(policy.policy_id)]


def missing_principal_data(references: AccountReferences, principal: Principal) -> Iterator[str]:
    """Yield, one sentence each, what a principal references and was not captured."""
    if isinstance(principal, UserDetail):
        for name in principal.group_list:
            group = references.groups.get(name)
            if group is None:
                yield phrase("Group {name} was not captured: what it allows is not known.", name=name)
            else:
                yield from _missing_attached(references, group, phrase("attached to group {group}", group=name))
    yield from _missing_attached(references, principal, phrase("attached"))
    boundary = boundary_of(principal)
    if boundary is not None and (problem := _missing_content(references, boundary)):
        yield _as_published(boundary) or phrase(
            "Permissions boundary {name} {problem}: what it allows is not known.",
            name=last_of_arn(boundary),
            problem=problem,
        )
    if isinstance(principal, RoleDetail) and principal.assume_role_policy_document is None:
        yield phrase("The trust policy was not captured: who can assume the role is not known.")


def _missing_attached(references: AccountReferences, principal: Principal, how: str) -> Iterator[str]:
    for attached in principal.attached_managed_policies:
        if problem := _missing_content(references, attached.policy_arn):
            yield _as_published(attached.policy_arn) or phrase(
                "Managed policy {name}, {how}, {problem}: what it allows or denies is not known.",
                name=attached.policy_name,
                how=how,
                problem=problem,
            )
    for inline in inline_policies_of(principal):
        if inline.policy_document is None:
            yield phrase("Inline policy {name} was captured without its text.", name=inline.policy_name)


def _as_published(arn: str) -> str:
    """Return that AWS's version of a policy that was not captured is evaluated; empty if there is none.

    As the evaluator does (`PolicyIndex.managed_policy`): the page must not say that nothing is known.
    """
    return as_published_words(arn) if aws_managed_policies().find(arn) is not None else ""


def _missing_content(references: AccountReferences, arn: str) -> str | None:
    policy = references.policies.get(arn)
    if policy is None:
        return phrase("was not captured")
    return None if policy.default_version else phrase("was captured without its default version")


def missing_policy_data(policy: ManagedPolicyDetail, attached: int, accounts: int) -> Iterator[str]:
    """Yield, one sentence each, missing data about a managed policy and its attachments."""
    if policy.default_version is None:
        if policy.default_version_id:
            yield phrase(
                "Its default version, {version}, was not captured: what it allows or denies is not known.",
                version=policy.default_version_id,
            )
        else:
            yield phrase("Its default version was not captured: what it allows or denies is not known.")
    counted = policy.attachment_count
    if counted is not None and counted != attached and accounts == 1:
        yield phrase(
            "AWS counts {counted:,} attachments, the snapshot contains {attached:,}.",
            counted=counted,
            attached=attached,
        )


def version_origin(policy: ManagedPolicyDetail) -> str:
    """Return the default version in words: ``version v3 of 5, default version``."""
    sentence = _version(policy)
    return sentence if policy.default_version is None else phrase("{version}, default version", version=sentence)


def _version(policy: ManagedPolicyDetail) -> str:
    version = policy.default_version
    if version is None:
        return phrase("default version not captured")
    count = len(policy.policy_version_list)
    if count > 1:
        return phrase("version {version} of {count}", version=version.version_id, count=count)
    return phrase("version {version}", version=version.version_id)


def _created(moment: datetime | None, latest: datetime | None) -> Facts:
    return [] if moment is None else [(mark("Created"), age_text(moment, latest))]


def _id(unique_id: str) -> Facts:
    return [(mark("Id"), unique_id)] if unique_id else []


def _last_use(references: AccountReferences, role: RoleDetail, latest: datetime | None) -> str:
    if not references.knows_last_use or role.role_last_used is None:
        return phrase("not captured")
    used = role.role_last_used
    if used.last_used_date is None:
        return phrase("never in the period that AWS tracks")
    when = age_text(used.last_used_date, latest)
    return phrase("{when}, in {region}", when=when, region=used.region) if used.region else when


def _policies(references: AccountReferences, principal: Principal) -> str:
    parts = [
        phrase("{count:,} attached", count=len(principal.attached_managed_policies)),
        phrase("{count:,} inline", count=len(inline_policies_of(principal))),
    ]
    if isinstance(principal, UserDetail):
        groups = [references.groups[name] for name in principal.group_list if name in references.groups]
        through = sum(len(group.attached_managed_policies) + len(group.group_policy_list) for group in groups)
        parts.append(phrase("{count:,} through groups", count=through))
    return join_messages(", ", parts)


def _principals(count: int) -> str:
    return nphrase("{count:,} principal", "{count:,} principals", count) if count else phrase("none")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or phrase("none")


def own_problems(principal: Principal) -> Iterator[str]:
    """Yield, one sentence each, inline and trust policies that are no JSON object and so are not evaluated."""
    if isinstance(principal, RoleDetail) and isinstance(principal.assume_role_policy_document, str):
        yield phrase("The trust policy cannot be read: it is not a JSON object.")
    for inline in inline_policies_of(principal):
        if inline.policy_document is not None and not isinstance(inline.policy_document, dict):
            yield phrase(
                "Inline policy {name} of {owner} cannot be read: it is not a JSON object.",
                name=inline.policy_name,
                owner=name_of(principal),
            )
