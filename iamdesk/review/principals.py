"""Evidence about the holder of review items: effective permissions, privilege escalation, kind of holder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.types import AttackPaths, FirstSteps
from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import mark
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.references import Principal, boundary_of
from iamdesk.inventory.trust import trusted_names
from iamdesk.review.journal import digest
from iamdesk.review.principal_variables import OwnKeys, guardrails_of
from iamdesk.snapshot.account_details import CredentialReportEntry
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail

_COUNTED = (
    AccessExtent.ALLOWED,
    AccessExtent.CONDITIONAL,
    AccessExtent.AWAITING,
    AccessExtent.SOME,
    AccessExtent.SOME_CONDITIONAL,
)
INCONCLUSIVE = "cannot tell"
"""Value of ``reaches``: data is missing, or it was not evaluated."""
_OWNER_TAGS = ("owner", "owner-email", "owneremail", "responsible", "team", "contact")
"""Keys of owner tags in lower case; the first one that a principal has is used."""


class EffectiveAccess:
    """Effective permissions of principals as numbers of actions, with a digest."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.own_keys = OwnKeys(evaluator)
        """Dependencies of policies on their holders."""
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, arn: str) -> dict[str, Any]:
        """Return the numbers of permitted actions of a user, role or group, by access level and by extent.

        ``reach_sha256`` is the digest of the extents of all known actions. If it is equal for two principals, so are
        the extents; resources and conditions depend on the documents.
        """
        found = self._known.get(arn)
        if found is None:
            population = self._evaluator.population()
            position = population.position(arn)
            position = population.group_position(arn) if position is None else position
            found = self._known[arn] = self._at(position)
        return found

    def keep(self, found: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Keep what `of` returned elsewhere, by ARN."""
        self._known.update(found)

    def _at(self, position: int | None) -> dict[str, Any]:
        levels: dict[str, int] = {}
        reaches: dict[str, int] = {}
        extents: dict[str, dict[str, str]] = {}
        for service, found in self._evaluator.reaches_of(position).items() if position is not None else ():
            bits = {reach.value: f"{bits:x}" for reach, bits in found.actions.items() if bits and reach in _COUNTED}
            if bits:
                extents[service] = bits
            for level, counts in found.counts().items():
                for reach in _COUNTED:
                    if count := counts.get(reach, 0):
                        levels[level] = levels.get(level, 0) + count
                        reaches[reach.value] = reaches.get(reach.value, 0) + count
        return {
            "actions": sum(levels.values()),
            "by_level": levels,
            "by_reach": reaches,
            "reach_sha256": digest(extents),
        }


class NoAccess(EffectiveAccess):
    """In place of effective permissions where entitlements are counted alone: nothing is evaluated."""

    def of(self, arn: str) -> dict[str, Any]:  # noqa: ARG002
        """Return no permissions."""
        return {"actions": 0}


class Administrations:
    """Whether principals are or can become administrators, and in how many steps.

    ``reaches`` is ``is``, ``reaches``, ``may reach`` (possible, not proven), ``no`` or `INCONCLUSIVE`.
    """

    def __init__(self, evaluator: Evaluator, escalations: AttackPaths) -> None:
        self._index = evaluator.index
        self._escalations = escalations

    def of(self, arn: str) -> dict[str, Any]:
        """Return ``reaches`` and ``steps`` of a user or role."""
        try:
            reached = self._escalations.reached(arn)
        except RequestError:  # an entry with an irregular ARN, which cannot be a principal of a request
            return {"reaches": INCONCLUSIVE, "steps": None}
        if reached.is_administrator:
            return {"reaches": "is", "steps": 0}
        if reached.to_administration is not None:
            return {"reaches": "reaches", "steps": reached.to_administration}
        if reached.maybe_to_administration is not None:
            return {"reaches": "may reach", "steps": reached.maybe_to_administration}
        return {"reaches": INCONCLUSIVE if self._lacks_policies(arn) else "no", "steps": None}

    def first_steps(self) -> Mapping[str, FirstSteps]:
        """Return the first steps to administrator by ARN, of all that have a path or are administrators."""
        return self._escalations.first_steps()

    def of_group(self, account: Account, group: GroupDetail, gives_anything: bool) -> dict[str, Any]:
        """Return whether a group makes its members administrators; ``may reach`` if a member can become one."""
        if self._escalations.is_administrators(group.arn):
            return {"reaches": "is", "steps": 0}
        members = [user.arn for user in account.users if group.group_name in user.group_list]
        reached = {self.of(arn)["reaches"] for arn in members}
        if reached & {"is", "reaches", "may reach"}:
            return {"reaches": "may reach", "steps": None}  # by the group, or by other entitlements of the member
        # Attack paths are computed for members, not for an empty group.
        is_open = self._lacks_policies(group.arn) or (gives_anything and not members)
        return {"reaches": INCONCLUSIVE if is_open else "no", "steps": None}

    def _lacks_policies(self, arn: str) -> bool:
        return any(one.what != "permissions boundary" for one in self._index.carried(arn).missing)


class NoAdministrations(Administrations):
    """In place of attack paths where entitlements are counted alone."""

    def __init__(self) -> None:
        pass

    def first_steps(self) -> Mapping[str, FirstSteps]:
        """Return none: they were not evaluated."""
        return {}

    def of(self, arn: str) -> dict[str, Any]:  # noqa: ARG002
        """Return that it was not evaluated."""
        return {"reaches": INCONCLUSIVE, "steps": None}

    def of_group(self, account: Account, group: GroupDetail, gives_anything: bool) -> dict[str, Any]:  # noqa: ARG002
        """Return that it was not evaluated."""
        return {"reaches": INCONCLUSIVE, "steps": None}


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a holder."""

    word: str
    """``human``, ``machine``, ``third_party``, ``root`` or ``unknown``."""
    basis: str
    """The reason, as text."""


class Holders:
    """Evidence about the holders of one account."""

    def __init__(
        self, evaluator: Evaluator, account: Account, powers: EffectiveAccess, administrations: Administrations
    ) -> None:
        self._account = account
        self._snapshot = evaluator.snapshot
        self._powers = powers
        self._administrations = administrations
        self._own = {account.account_id for account in self._snapshot.accounts}
        if self._snapshot.organization is not None:
            self._own |= {node.id for node in self._snapshot.organization.nodes if node.id.isdecimal()}

    def evidence(self, principal: Principal) -> dict[str, Any]:
        """Return the evidence that all items of a holder have."""
        kind = self.kind(principal)
        found: dict[str, Any] = {"holder": self._powers.of(principal.arn), "holder_class": kind.word}
        found |= self._powers.own_keys.of(principal, self._account.account_id)
        limits = [boundary] if (boundary := boundary_of(principal)) is not None else []
        limits += guardrails_of(self._snapshot.organization, self._account.account_id)
        if limits:
            found["limited_by"] = limits
        if isinstance(principal, GroupDetail):
            gives_anything = bool(found["holder"]["actions"])
            found["administration"] = self._administrations.of_group(self._account, principal, gives_anything)
        else:
            found["administration"] = self._administrations.of(principal.arn)
            found |= self._last_use(principal)
            tags = {tag.key.lower(): tag.value for tag in principal.tags}
            owner = next((tags[name] for name in _OWNER_TAGS if tags.get(name)), "")
            if owner:
                found["owner"] = owner
        return found

    def kind(self, principal: Principal) -> Kind:
        """Return the kind of a user, role or group, as far as the snapshot shows it."""
        if isinstance(principal, GroupDetail):
            return Kind("human", "a group of users")
        if isinstance(principal, UserDetail):
            entry = self._report.get(principal.arn)
            if entry is None:
                return Kind("unknown", "no credential report")
            if entry.password_enabled:
                return Kind("human", "has a console password")
            return Kind("machine", "has no console password")
        if permission_set_of(principal) is not None:
            return Kind("human", "a permission set of IAM Identity Center")
        names = trusted_names(principal.assume_role_policy_document)
        if any(_is_foreign(name, self._own) for name in names):
            return Kind("third_party", "another account is trusted")
        if any(":saml-provider/" in name for name in names):
            return Kind("human", "signs in through a SAML provider")
        if any(name.endswith(".amazonaws.com") or ":oidc-provider/" in name for name in names):
            return Kind("machine", "a service or a workload is trusted")
        return Kind("unknown", "principals of the account are trusted")

    def credentials(self, arn: str) -> CredentialReportEntry | None:
        """Return a user's row of the credential report."""
        return self._report.get(arn)

    def root_credentials(self) -> CredentialReportEntry | None:
        """Return the root user's line of the credential report."""
        return next((one for one in self._report.values() if one.user == "<root_account>"), None)

    def _last_use(self, principal: UserDetail | RoleDetail) -> dict[str, Any]:
        if isinstance(principal, RoleDetail):
            if principal.role_last_used is None:
                return {}
            used = principal.role_last_used.last_used_date
            return {"last_used": used.isoformat() if used else None, "last_used_basis": mark("role last used")}
        entry = self._report.get(principal.arn)
        if entry is None:
            return {}
        moments = (entry.password_last_used, entry.access_key_1_last_used_date, entry.access_key_2_last_used_date)
        latest = max((moment for moment in moments if moment is not None), default=None)
        return {"last_used": latest.isoformat() if latest else None, "last_used_basis": mark("credential report")}

    @cached_property
    def _report(self) -> Mapping[str, CredentialReportEntry]:
        return {
            entry.arn: entry
            for facts in self._snapshot.account_facts
            if facts.account_id == self._account.account_id and facts.credential_report is not None
            for entry in facts.credential_report.entries
        }


def _is_foreign(name: str, own: set[str]) -> bool:
    """Return whether a trusted principal is of an account outside the snapshot and its organization."""
    if name == "*":
        return True
    account = name if name.isdecimal() else name.split(":", 5)[4] if name.count(":") >= 5 else ""
    return len(account) == 12 and account.isdecimal() and account not in own and "-provider/" not in name
