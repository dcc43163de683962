"""The policies of a principal: attached and inline, through groups, boundary, trust policy."""

from collections.abc import Iterator

from iamdesk.i18n import join_messages, phrase, with_translation
from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.inventory.references import (
    AccountReferences,
    Principal,
    boundary_of,
    inline_policies_of,
    last_of_arn,
    name_of,
)
from iamdesk.inventory.validation import json_path
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.model import ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.details import version_origin
from iamdesk.viewmodel.entities import policy_kind
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import PolicyLine, PolicyRole


def problems_of(document: Document) -> tuple[str, ...]:
    """Return a document's diagnostics as sentences with their place: ``Statement[0].Effect: expected …``."""
    return tuple(
        join_messages(": ", (json_path(wrong.path)[2:], wrong.message))
        if wrong.path
        else with_translation(f"{wrong.message[:1].upper()}{wrong.message[1:]}", wrong.message)
        for wrong in document.diagnostics
    )


class PolicyLines:
    """Creates the policy rows of principals of one snapshot."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def of_principal(self, references: AccountReferences, principal: Principal) -> tuple[PolicyLine, ...]:
        """Return every policy of a principal: trust policy, own, through groups, boundary."""
        lines: list[PolicyLine] = []
        if isinstance(principal, RoleDetail):
            lines.append(self._trust(principal))
        lines += self._carried(references, principal, None)
        if isinstance(principal, UserDetail):
            for name in sorted(principal.group_list, key=str.casefold):
                group = references.groups.get(name)
                if group is not None:
                    lines += self._carried(references, group, name)
        boundary = boundary_of(principal)
        if boundary is not None:
            name = last_of_arn(boundary)
            lines.append(self._managed(references, boundary, name, PolicyRole.BOUNDARY, phrase("permissions boundary")))
        return tuple(lines)

    def of_policy(self, policy: ManagedPolicyDetail) -> PolicyLine:
        """Return the row of a managed policy itself."""
        return PolicyLine(
            key=policy.arn,
            name=policy.policy_name,
            kind=policy_kind(policy),
            role=PolicyRole.SELF,
            origin=version_origin(policy),
            version=policy.default_version_id,
            problems=self._version_problems(policy),
        )

    def _trust(self, role: RoleDetail) -> PolicyLine:
        return PolicyLine(
            key=trust_policy_key(role.arn),
            name=phrase("Trust policy"),
            kind=NodeKind.TRUST_POLICY,
            role=PolicyRole.TRUST,
            origin=phrase("who can assume the role"),
            problems=problems_of(self._documents.parse(role.assume_role_policy_document)),
        )

    def _carried(self, references: AccountReferences, principal: Principal, group: str | None) -> Iterator[PolicyLine]:
        """Yield the policies of a principal or group; ``group`` is the name of a group through which they apply."""
        role = PolicyRole.DIRECT if group is None else PolicyRole.GROUP
        attached = phrase("attached directly") if group is None else phrase("attached to group {group}", group=group)
        for policy in sorted(principal.attached_managed_policies, key=lambda each: each.policy_name.casefold()):
            yield self._managed(references, policy.policy_arn, policy.policy_name, role, attached)
        for inline in sorted(inline_policies_of(principal), key=lambda each: each.policy_name.casefold()):
            yield PolicyLine(
                key=inline_policy_key(principal.arn, inline.policy_name),
                name=inline.policy_name,
                kind=NodeKind.INLINE_POLICY,
                role=role,
                origin=phrase("inline")
                if group is None
                else phrase("inline in group {group}", group=name_of(principal)),
                problems=problems_of(self._documents.parse(inline.policy_document)),
            )

    def _managed(self, references: AccountReferences, arn: str, name: str, role: PolicyRole, origin: str) -> PolicyLine:
        policy = references.policies.get(arn)
        if policy is None:
            return PolicyLine(arn, name, NodeKind.MISSING, role, phrase("{origin}, not in the snapshot", origin=origin))
        return PolicyLine(
            key=arn,
            name=policy.policy_name,
            kind=policy_kind(policy),
            role=role,
            origin=origin,
            version=policy.default_version_id,
            problems=self._version_problems(policy),
        )

    def _version_problems(self, policy: ManagedPolicyDetail) -> tuple[str, ...]:
        version = policy.default_version
        return () if version is None else problems_of(self._documents.parse(version.document))
