"""IAM Identity Center out of a bundle's outputs: each instance with its permission sets, assignments and people."""

from collections.abc import Iterable
from typing import Any

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.bundle import Bundle
from iamdesk.snapshot.commands import identity_center as outputs
from iamdesk.snapshot.identity_center import IdentityCenter, IdentityCenterInstance, PermissionSet

_SERVICE = "sso-admin"


def identity_centers_of(bundle: Bundle) -> tuple[IdentityCenter, ...]:
    """Return the instances that were captured, each with what belongs to it."""
    instances: dict[str, IdentityCenterInstance] = {}
    for _, page in bundle.of(_SERVICE, "list-instances", outputs.ListInstances):
        for instance in page.instances:
            instances.setdefault(instance.instance_arn, instance)
    sets = _permission_sets(bundle)
    for permission_set in sets or ():
        # A set's ARN names its instance: arn:aws:sso:::permissionSet/ssoins-…/ps-…
        arn = _instance_of(permission_set.permission_set_arn)
        if arn not in instances:
            instances[arn] = IdentityCenterInstance(instance_arn=arn)
    return tuple(_center(bundle, instance, instances, sets) for instance in instances.values())


def _instance_of(permission_set_arn: str) -> str:
    head, _, rest = permission_set_arn.partition(":permissionSet/")
    return f"{head}:instance/{rest.partition('/')[0]}"


def _center(
    bundle: Bundle,
    instance: IdentityCenterInstance,
    instances: Iterable[str],
    sets: tuple[PermissionSet, ...] | None,
) -> IdentityCenter:
    alone = len(list(instances)) == 1
    store = instance.identity_store_id

    def is_of(identity_store: str) -> bool:
        return identity_store == store or (alone and not store)

    def stored(command: str, model: Any, attribute: str) -> tuple[Any, ...] | None:
        pages = [
            getattr(page, attribute)
            for part, page in bundle.of("identitystore", command, model)
            if is_of(part.place.arguments[0])
        ]
        return tuple(one for page in pages for one in page) if pages else None

    assignments = [
        assignment
        for _, page in bundle.of(_SERVICE, "list-account-assignments", outputs.ListAccountAssignments)
        for assignment in page.account_assignments
        if _instance_of(assignment.permission_set_arn) == instance.instance_arn
    ]
    is_assigned = any(bundle.parts.get((_SERVICE, "list-account-assignments"), ()))
    has_none = _is_assigned_nowhere(bundle)
    of_instance = [one for one in sets or () if _instance_of(one.permission_set_arn) == instance.instance_arn]
    return IdentityCenter(
        instance=instance,
        permission_sets=None if sets is None else tuple(of_instance),
        account_assignments=tuple(assignments) if is_assigned or has_none else None,
        users=stored("list-users", outputs.ListUsers, "users"),
        groups=stored("list-groups", outputs.ListGroups, "groups"),
        group_memberships=stored("list-group-memberships", outputs.ListGroupMemberships, "group_memberships"),
    )


def _is_assigned_nowhere(bundle: Bundle) -> bool:
    """Return whether the permission sets were seen to be provisioned to no account: then there is nothing to list."""
    pages = [
        page
        for _, page in bundle.of(
            _SERVICE, "list-accounts-for-provisioned-permission-set", outputs.ListAccountsForProvisionedPermissionSet
        )
    ]
    return bool(pages) and not any(page.account_ids for page in pages)


def _permission_sets(bundle: Bundle) -> tuple[PermissionSet, ...] | None:
    """Return the permission sets, with their policies; None where none was listed nor described."""
    described: dict[str, PermissionSet] = {}
    for part, page in bundle.of(_SERVICE, "describe-permission-set", outputs.DescribePermissionSet):
        described.setdefault(part.name, page.permission_set)
    is_listed = False
    for part, listed in bundle.of(_SERVICE, "list-permission-sets", outputs.ListPermissionSets):
        is_listed = True
        for arn in listed.permission_sets:
            if arn.rpartition("/")[2] not in described:
                bundle.report(
                    part.file,
                    phrase(
                        "permission set `{arn}` is listed, but its description was not captured", arn=visible_start(arn)
                    ),
                )
                described[arn.rpartition("/")[2]] = PermissionSet(permission_set_arn=arn)
    if not is_listed and not described:
        return None
    found: dict[str, dict[str, Any]] = {name: {} for name in described}
    for part, inline in bundle.of(
        _SERVICE, "get-inline-policy-for-permission-set", outputs.GetInlinePolicyForPermissionSet
    ):
        found.setdefault(part.name, {})["inline_policy"] = inline.inline_policy or None
    for part, managed in bundle.of(
        _SERVICE, "list-managed-policies-in-permission-set", outputs.ListManagedPoliciesInPermissionSet
    ):
        found.setdefault(part.name, {})["attached_managed_policies"] = managed.attached_managed_policies
    for part, references in bundle.of(
        _SERVICE,
        "list-customer-managed-policy-references-in-permission-set",
        outputs.ListCustomerManagedPolicyReferencesInPermissionSet,
    ):
        found.setdefault(part.name, {})["customer_managed_policy_references"] = (
            references.customer_managed_policy_references
        )
    for part, boundary in bundle.of(
        _SERVICE, "get-permissions-boundary-for-permission-set", outputs.GetPermissionsBoundaryForPermissionSet
    ):
        found.setdefault(part.name, {})["permissions_boundary"] = boundary.permissions_boundary
    return tuple(known.model_copy(update=found[name]) for name, known in described.items())
