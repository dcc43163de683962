"""The requesting principal with its policies, and what the snapshot lacks of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, PolicySet, SourceType
from iamdesk.evaluate.principal import SIGNED, Caller, CallerKind, parse_caller
from iamdesk.evaluate.request import PolicyType, RequestError
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import organization_policy_key
from iamdesk.inventory.organization_index import Levels, OrganizationIndex
from iamdesk.inventory.policy_index import Carried, CarriedPolicy, MissingPolicy, PolicyIndex, tags_by_key
from iamdesk.policy.document import parse_document
from iamdesk.snapshot.aws_managed import as_published_words
from iamdesk.snapshot.model import RoleDetail
from iamdesk.snapshot.organization import OrganizationPolicyType

_FEDERATED_NAME = re.compile(r"[A-Za-z0-9_=,.@-]{2,32}")
"""Names of federated users (STS API Reference, GetFederationToken)."""
_FULL_ACCESS = parse_document(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


class PrincipalPolicies(NamedTuple):
    """A principal with its policies."""

    policies: PolicySet
    """Those of the principal; without those of the resource."""
    caller: Caller
    may_be_tagged: bool
    """Whether its sessions can have session tags."""


class PrincipalResolver:
    """Resolves principals of one snapshot; each is cached."""

    def __init__(
        self,
        index: PolicyIndex,
        organization: OrganizationIndex | None,
        canonical_ids: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Prepare; ``canonical_ids`` are the accounts' S3 canonical user IDs, by account."""
        self.index = index
        self.organization = organization
        self._canonical_ids = canonical_ids
        self._known: dict[str, PrincipalPolicies] = {}

    def of(self, principal: str) -> PrincipalPolicies:
        """Return a principal with its policies.

        Raises:
            RequestError: it is not a principal, or the snapshot holds its account but not the principal.
        """
        found = self._known.get(principal)
        if found is None:
            policies, caller, may_be_tagged = self._find_principal(principal)
            canonical_id = self._canonical_ids.get(caller.account or "")
            if canonical_id is not None:
                caller = replace(caller, canonical_id=canonical_id)
            found = self._known[principal] = PrincipalPolicies(policies, caller, may_be_tagged)
        return found

    def member_of(self, group: str) -> PrincipalPolicies:
        """Return a member of a group, by the group's ARN: a user with the group's policies and no others.

        Raises:
            RequestError: the snapshot has no such group.
        """
        if group not in self.index.group_arns:
            raise RequestError(phrase("the snapshot has no group {group}", group=group))
        _, partition, _, _, account, resource = group.split(":", 5)
        name = phrase("A member of {group}", group=resource.rpartition("/")[2])
        canonical_id = self._canonical_ids.get(account)
        caller = Caller(
            CallerKind.USER, group, partition, account, name=name, canonical_id=canonical_id, is_any_member=True
        )
        scps, missing_data = self._scps(account)
        policies = replace(
            _policy_set(self.index.carried(group), missing_data),
            scps=scps,
            scp_places=self._places(account),
            uncaptured=self._uncaptured(account),
        )
        return PrincipalPolicies(policies, caller, may_be_tagged=False)

    def _find_principal(self, text: str) -> tuple[PolicySet, Caller, bool]:
        caller = parse_caller(text)
        if caller.kind not in SIGNED:
            return PolicySet(), caller, False
        account = str(caller.account)
        scps, missing_data = self._scps(account)
        if account not in self.index.accounts:
            # Missing organization data is covered by the assumption about its account.
            missing_data = missing_data if scps is not None or caller.kind is CallerKind.ROOT else []
            policies = self._external(caller)
            policies = replace(
                policies,
                scps=scps,
                scp_places=self._places(account),
                missing_data=(*policies.missing_data, *missing_data),
                uncaptured=policies.uncaptured | self._uncaptured(account),
            )
            return policies, caller, True
        match caller.kind:
            case CallerKind.ROOT:
                policies, may_be_tagged = PolicySet(missing_data=tuple(missing_data)), False
            case CallerKind.USER | CallerKind.FEDERATED_USER:
                policies, caller, may_be_tagged = self._user(caller, missing_data)
            case _:
                policies, caller, may_be_tagged = self._role(caller, missing_data)
        policies = replace(policies, scps=scps, scp_places=self._places(account), uncaptured=self._uncaptured(account))
        return policies, caller, may_be_tagged

    def _uncaptured(self, account: str) -> frozenset[PolicyType]:
        kind = OrganizationPolicyType.SERVICE_CONTROL_POLICY
        is_captured = self.organization is not None and self.organization.is_captured(account, kind)
        return frozenset() if is_captured else frozenset({PolicyType.SCP})

    def _scps(self, account: str) -> tuple[tuple[tuple[AttachedPolicy, ...], ...] | None, list[MissingData]]:
        kind = OrganizationPolicyType.SERVICE_CONTROL_POLICY
        if self.organization is None or self._uncaptured(account):
            return None, [
                MissingData(
                    "organization-unknown", phrase("Service control policies are not captured."), PolicyType.SCP
                )
            ]
        missing_data = missing_data_of_levels(self.organization, account, kind)
        return attached_levels(self.organization.levels(account, kind), PolicyType.SCP, SourceType.SCP), missing_data

    def _places(self, account: str) -> tuple[str, ...]:
        """Return the names of the organization levels above an account, from the root down."""
        path = () if self.organization is None else self.organization.path(account)
        return tuple([node.name or node.id for node in path])

    def _user(self, caller: Caller, missing_data: list[MissingData]) -> tuple[PolicySet, Caller, bool]:
        arn = str(caller.arn)
        if caller.kind is CallerKind.FEDERATED_USER:
            names = (user for user in self.index.accounts[str(caller.account)].users if user.user_name == caller.name)
            user = next(names, None)
            # STS API Reference, GetFederationToken, ``Name``: any name, such as Bob; it does not identify the caller.
            if user is None and _FEDERATED_NAME.fullmatch(caller.name):
                message = phrase(
                    "The user that calls GetFederationToken for the federated user {name} is not known. Its own "
                    "policies are assumed to allow and deny nothing.",
                    name=caller.name,
                )
                missing_data = [*missing_data, MissingData("federated-user-missing", message, PolicyType.IDENTITY)]
                return PolicySet(missing_data=tuple(missing_data)), caller, False
            message = phrase(
                "The name of a federated user is chosen for the session. It is assumed to be a session of the user "
                "{name}.",
                name=caller.name,
            )
            missing_data = [*missing_data, MissingData("federated-user-by-name", message, PolicyType.IDENTITY)]
        else:
            user = self.index.users.get(arn)
        if user is None:
            raise RequestError(phrase("the snapshot has no user {arn}", arn=arn))
        tags, ambiguous = tags_by_key(user.tags)
        caller = replace(caller, unique_id=user.user_id or None, tags=tags, ambiguous_tags=ambiguous)
        return _policy_set(self.index.carried(user.arn), missing_data), caller, False

    def _role(self, caller: Caller, missing_data: list[MissingData]) -> tuple[PolicySet, Caller, bool]:
        role = self.index.roles.get(str(caller.arn))
        if role is None and caller.has_missing_path:
            role = self.index.role_named(str(caller.account), caller.name)
        if role is None:
            raise RequestError(phrase("the snapshot has no role {arn}", arn=caller.arn))
        tags, ambiguous = tags_by_key(role.tags)
        text = caller.text
        if caller.kind is CallerKind.SESSION:  # as AWS writes it: role names are unique without case (rule E3)
            text = f"arn:{caller.partition}:sts::{caller.account}:assumed-role/{role.role_name}/{caller.session_name}"
        caller = replace(
            caller,
            text=text,
            name=role.role_name,
            path=role.path,
            arn=role.arn,
            unique_id=role.role_id or None,
            tags=tags,
            ambiguous_tags=ambiguous,
            has_missing_path=False,
            has_no_source_identity=not self._is_entered_with(role, "setsourceidentity"),
        )
        may_be_tagged = self._is_entered_with(role, "tagsession")
        return _policy_set(self.index.carried(role.arn), missing_data), caller, may_be_tagged

    def _is_entered_with(self, role: RoleDetail, action: str) -> bool:
        """Return whether a role's trust policy may allow an action of STS, to anyone; one not captured may."""
        return role.assume_role_policy_document is None or any(
            statement.is_allow and statement.covers_action("sts", action)
            for statement in self.index.trust(role).statements
        )

    @staticmethod
    def _external(caller: Caller) -> PolicySet:
        """Return the policies of a principal whose account is not captured: only the resource's side decides.

        Of a federated user that includes the session policy, which its account passes (rule C5).
        """
        if caller.kind is CallerKind.ROOT:
            return PolicySet()
        is_federated = caller.kind is CallerKind.FEDERATED_USER
        assumed = AttachedPolicy(
            PolicyType.IDENTITY,
            SourceType.USER if caller.kind is CallerKind.USER else SourceType.ROLE,
            "assumed",
            "",
            "",
            caller.text,
            _FULL_ACCESS,
            is_assumed=True,
        )
        text = mark("Account {account} is not captured. Its own policies have to allow the request, too.")
        if is_federated:
            text = mark(
                "Account {account} is not captured. Its own policies, and a session policy that is not provided, "
                "have to allow the request, too."
            )
        message = phrase(text, account=caller.account)
        return PolicySet(
            identity=(assumed,),
            session=(replace(assumed, policy_type=PolicyType.SESSION),) if is_federated else None,
            missing_data=(MissingData("principal-outside", message, PolicyType.IDENTITY),),
            uncaptured=frozenset({PolicyType.PERMISSIONS_BOUNDARY}),
        )


def _policy_set(carried: Carried, missing_data: list[MissingData]) -> PolicySet:
    boundary: tuple[AttachedPolicy, ...] | None = None
    if carried.has_boundary:
        boundary = () if carried.boundary is None else (_attached(carried.boundary, PolicyType.PERMISSIONS_BOUNDARY),)
    return PolicySet(
        identity=tuple(_attached(policy, PolicyType.IDENTITY) for policy in carried.identity),
        boundary=boundary,
        missing_data=(*missing_data, *(_missing_data_of(missing) for missing in carried.missing), *_supplied(carried)),
    )


def _supplied(carried: Carried) -> Iterator[MissingData]:
    for arn in carried.supplied:
        is_boundary = carried.boundary is not None and carried.boundary.key == arn
        policy_type = PolicyType.PERMISSIONS_BOUNDARY if is_boundary else PolicyType.IDENTITY
        yield MissingData("aws-policy-as-published", as_published_words(arn), policy_type)


def attached_levels(
    levels: Levels | None, policy_type: PolicyType, source_type: SourceType
) -> tuple[tuple[AttachedPolicy, ...], ...] | None:
    """Return organization policies by level; None where none apply."""
    if levels is None:
        return None
    return tuple(
        tuple(
            AttachedPolicy(
                policy_type,
                source_type,
                one.policy.arn or one.policy.id,
                organization_policy_key(one.policy.id),
                one.policy.name,
                one.node_id,
                one.document,
                one.level,
            )
            for one in level
        )
        for level in levels
    )


_LACKING_SCP = mark(
    "The organization policy {name}, attached to {place}, is not captured: what it allows or denies is unknown."
)
_LACKING_RCP = mark("The organization policy {name}, attached to {place}, is not captured: what it denies is unknown.")


def missing_data_of_levels(
    organization: OrganizationIndex, account: str, kind: OrganizationPolicyType
) -> list[MissingData]:
    """Return the policies attached to an account's levels that are not captured."""
    is_scp = kind is OrganizationPolicyType.SERVICE_CONTROL_POLICY
    code, policy_type = ("scp-missing", PolicyType.SCP) if is_scp else ("rcp-missing", PolicyType.RCP)
    lacks = _LACKING_SCP if is_scp else _LACKING_RCP
    return [
        MissingData(
            code,
            phrase(lacks, name=one.name, place=one.node_name),
            policy_type,
            level=one.level,
        )
        for one in organization.absent(account, kind)
    ]


def _attached(policy: CarriedPolicy, policy_type: PolicyType) -> AttachedPolicy:
    if policy_type is PolicyType.PERMISSIONS_BOUNDARY:
        source_type = SourceType.PERMISSIONS_BOUNDARY
    elif policy.is_inline:
        source_type = SourceType(policy.owner_kind)
    else:
        source_type = SourceType.AWS_MANAGED if policy.is_aws_managed else SourceType.USER_MANAGED
    return AttachedPolicy(
        policy_type, source_type, policy.source_id, policy.key, policy.name, policy.owner, policy.document
    )


def _missing_data_of(missing: MissingPolicy) -> MissingData:
    match missing.what:
        case "group":
            code = "group-missing"
            message = mark("The group {name} is not captured: what it allows or denies is unknown.")
        case "permissions boundary" if missing.is_unreadable:
            code = "boundary-missing"
            message = mark("The entry of the boundary policy {name} cannot be read. It is assumed to allow nothing.")
        case "permissions boundary":
            code = "boundary-missing"
            message = mark("The boundary policy {name} is not captured. It is assumed to allow nothing.")
        case _ if missing.is_unreadable:
            code = "policy-missing"
            message = mark(
                "The entry of the attached policy {name} cannot be read: what it allows or denies is unknown."
            )
        case _:
            code = "policy-missing"
            message = mark("The policy {name} is attached but not captured: what it allows or denies is unknown.")
    policy_type = PolicyType.PERMISSIONS_BOUNDARY if code == "boundary-missing" else PolicyType.IDENTITY
    return MissingData(code, phrase(message, name=missing.name.rpartition("/")[2]), policy_type)
