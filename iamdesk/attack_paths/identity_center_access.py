"""Techniques through IAM Identity Center: confirmed or refuted by what was captured of its instance.

Only an organization's instance has permission sets, and only the management account and the one account that it
registers as delegated administrator manage it (https://docs.aws.amazon.com/singlesignon/latest/userguide/
identity-center-instances.html and delegated-admin-how-to-register.html).
"""

from collections.abc import Callable, Iterable

from iamdesk.access.request_grid import FRESH
from iamdesk.attack_paths.catalog import EscalationPath, catalog
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.technique_resources import TechniqueResources, slots_of
from iamdesk.i18n import phrase, phrased
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.inventory.permission_sets import PermissionSets, permission_set_of_arn
from iamdesk.policy.arn import account_of
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.identity_center import AccountAssignment
from iamdesk.snapshot.model import Snapshot

_SERVICE = "sso.amazonaws.com"
_ASSIGNED, _ADMINISTRATORS = "assigned permission set", "administrator permission set"


class IdentityCenterAccess:
    """Finds who can use a technique on the instance of the organization."""

    def __init__(
        self,
        snapshot: Snapshot,
        organization: OrganizationIndex | None,
        resources: TechniqueResources,
        administrators: Callable[[str], Iterable[str]],
    ) -> None:
        """Create a finder; ``administrators`` returns the roles of an account that are administrators, by ARN."""
        owner = None if organization is None else organization.organization.management_account_id
        centers = [one for one in snapshot.identity_centers if one.permission_sets or one.instance.owner_account_id]
        own = [one for one in centers if owner is None or one.instance.owner_account_id in (None, owner)]
        self._center = own[0] if len(own) == 1 else None
        self._owner = owner or (self._center.instance.owner_account_id if self._center else None)
        self._organization = organization
        own_sets = "" if self._center is None else self._center.instance.instance_arn.rpartition("/")[2]
        self._delegates = {
            one.account_id
            for one in snapshot.captures
            if (one.command, one.arguments, one.state) == ("list-permission-sets", (own_sets,), CaptureState.READ)
        } - {owner}
        """Who else was able to list the permission sets: one account at most is registered at a time."""
        self._sets = PermissionSets(snapshot)
        self._resources = resources
        self._administrators = administrators

    def narrow(self, path: EscalationPath, principal: str, who: ConfirmedAndPossible) -> ConfirmedAndPossible:
        """Return whether a principal, who is allowed the calls on some resources, can use a technique."""
        facts = [self.is_so(need, principal) for need in path.needs]
        if False in facts:
            return NO_PRINCIPALS
        if not all(facts):
            return who.unsure()
        captured = self.resources(path, principal)
        return who.both(self._resources.on_existing(slots_of(path.id), captured, who.principals, "*"))

    def refutation(self, path: EscalationPath, principal: str) -> str:
        """Return why a technique cannot be used by a principal; empty if the captured instance does not exclude it."""
        wrong = [phrased(catalog().facts[need]) for need in path.needs if self.is_so(need, principal) is False]
        return phrase("It requires {what}; the snapshot shows that this is not so.", what=wrong[0]) if wrong else ""

    def is_so(self, need: str, principal: str) -> bool | None:
        """Return whether a required fact is true for a principal; None if the snapshot does not show it."""
        account = account_of(principal)
        set_name = permission_set_of_arn(principal)
        match need:
            case "identity center":
                return self._manages(account)
            case "identity center user":  # the sessions of such a role are people's
                return True if set_name is not None else None
            case "assigned permission set" if set_name is None or self._center is None:
                return False if self._assigned() == [] else None
            case "assigned permission set":
                own = self._set_arn(account, set_name)
                assigned = self._assigned(own)
                if not own or not assigned:
                    return None if assigned is None or not own else False
                # "Managing permission sets provisioned in the management account" is not delegated.
                elsewhere = {one.account_id for one in assigned}
                return account in elsewhere and (account == self._owner or self._owner not in elsewhere)
            case "administrator permission set":
                if self._center is not None and self._center.permission_sets == ():
                    return False
                return True if self._administrator_sets(account) else None
            case "administrator group":
                groups = [one for one in self._assigned() or () if one.principal_type.upper() == "GROUP"]
                if self._assigned() is not None and not groups:
                    return False
                return True if self._administrator_groups(account) else None
        return None

    def _manages(self, account: str) -> bool | None:
        """Return whether an account manages permission sets; None where that is not captured."""
        if self._organization is None:
            has_sets = self._center is not None and bool(self._center.permission_sets)
            return True if has_sets and account == self._owner else None
        if not self._organization.has_account(account):
            return None
        manages = self._organization.administers(account, _SERVICE)
        if manages is None and self._delegates:
            manages = account in self._delegates
        return None if manages and self._center is None else manages

    def _assigned(self, permission_set: str = "") -> list[AccountAssignment] | None:
        """Return the assignments, of all permission sets or of one; None: not captured."""
        assignments = None if self._center is None else self._center.account_assignments
        if assignments is None:
            return None
        return [one for one in assignments if permission_set in ("", one.permission_set_arn)]

    def _set_arn(self, account: str, name: str | None) -> str:
        use = None if name is None else self._sets.use_of(account, name)
        return "" if use is None else use.permission_set.permission_set_arn

    def _administrator_sets(self, account: str) -> list[str]:
        """Return the permission sets whose role in an account is an administrator."""
        names = map(permission_set_of_arn, self._administrators(account))
        return [arn for name in names if (arn := self._set_arn(account, name))]

    def _administrator_groups(self, account: str) -> list[str]:
        sets = self._administrator_sets(account)
        return [
            one.principal_id
            for one in self._assigned() or ()
            if one.account_id == account and one.permission_set_arn in sets and one.principal_type.upper() == "GROUP"
        ]

    def resources(self, path: EscalationPath, principal: str) -> list[str]:
        """Return the resources of the instance that the calls of a technique are made on; none: not captured."""
        if self._center is None:
            return []
        _, partition, _, _, account, _ = principal.split(":", 5)
        instance = self._center.instance
        sets = [instance.instance_arn.replace(":instance/", ":permissionSet/") + f"/{FRESH}"]
        if _ASSIGNED in path.needs:
            sets = [self._set_arn(account, permission_set_of_arn(principal))]
        elif _ADMINISTRATORS in path.needs:
            sets = self._administrator_sets(account)
        store = f"arn:{partition}:identitystore:"
        groups = [f"{store}::group/{one}" for one in self._administrator_groups(account)]
        own = f"{store}:{self._owner}:identitystore/{instance.identity_store_id}"
        account_arn = f"arn:{partition}:sso:::account/{account}"
        return [instance.instance_arn, account_arn, *filter(None, sets), own, *groups, f"{store}::user/{FRESH}"]
