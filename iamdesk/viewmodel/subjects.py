"""Subjects of the inspector: identity, policies and their origin, related items of one selected thing."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.identity_center_index import IdentityCenterIndex
from iamdesk.inventory.keys import Link
from iamdesk.inventory.permission_sets import PermissionSets
from iamdesk.inventory.references import AccountReferences, Principal, last_of_arn, name_of, title_of
from iamdesk.inventory.relative_time import date_text
from iamdesk.inventory.trust import trusted_sentences
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.policy.source_map import render
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import BrokenEntry, GroupDetail, InstanceProfile, ManagedPolicyDetail, RoleDetail, Snapshot
from iamdesk.viewmodel.badges import document_badges, policy_badges, principal_badges
from iamdesk.viewmodel.details import (
    missing_permission_sets,
    missing_policy_data,
    missing_principal_data,
    own_problems,
    policy_facts,
    principal_facts,
)
from iamdesk.viewmodel.entities import Elsewhere, EntityLookup, OwnDocument, OwnedEntity, kind_of, links_to, policy_kind
from iamdesk.viewmodel.identity_center_subjects import IdentityCenterSubjects
from iamdesk.viewmodel.organization_subjects import OrganizationSubjects
from iamdesk.viewmodel.permission_set_subjects import PermissionSetSubjects
from iamdesk.viewmodel.policy_list import PolicyLines
from iamdesk.viewmodel.policy_view import PolicyViews
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.resource_subjects import ResourceSubjects
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import Links, PolicyLine, PolicyRole, PolicyView, Subject, links
from iamdesk.viewmodel.workload_rows import runs_with_facts

__all__ = ["PolicyLine", "PolicyRole", "PolicyView", "Subject", "SubjectIndex"]


class SubjectIndex:
    """Creates subjects and policy views of one snapshot by key. Built once; thread-safe."""

    def __init__(self, snapshot: Snapshot, elsewhere: Elsewhere | None = None) -> None:
        """Index a snapshot; ``elsewhere`` describes accounts that are not in memory."""
        self._snapshot = snapshot
        self._is_part = elsewhere is not None
        self._holdings = EntityLookup(snapshot, elsewhere)
        self._documents = DocumentStore()
        self._lines = PolicyLines(self._documents)
        self._sets = PermissionSets(snapshot)
        self._organization = OrganizationSubjects(
            snapshot, self._documents, snapshot.accounts if elsewhere is None else elsewhere.accounts
        )
        center = IdentityCenterIndex(snapshot, self._sets, self._organization.names.account_words)
        self._resources = ResourceSubjects(snapshot, self._documents, self._holdings, self._organization)
        self._permission_sets = PermissionSetSubjects(snapshot, self._documents, self._holdings, self._sets, center)
        self._workloads = WorkloadIndex(snapshot)
        self._views = PolicyViews(self._holdings, self._documents, self._permission_sets.names)
        self._others = (
            self._organization,
            self._resources,
            self._permission_sets,
            IdentityCenterSubjects(center),
        )

    def make_ready(self) -> None:
        """Build the lazy indexes now: thousands of policies are examined."""
        self._resources.make_ready()
        self._permission_sets.make_ready()

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a key of the outline; None if it is not in the snapshot."""
        held = self._holdings
        if (principal := held.principals.get(key)) is not None:
            return self._principal(principal)
        if key in held.policies:
            return self._policy(held.policies[key])
        if (own := held.own_document(key)) is not None:
            return self._own_document(key, own)
        if (account := held.accounts.get(key)) is not None:
            return self._account(account)
        if (profile := held.profiles.get(key)) is not None:
            return self._profile(profile)
        if (broken := held.broken.get(key)) is not None:
            return self._broken(key, broken)
        if (group := held.missing_groups.get(key)) is not None:
            return self._missing_group(key, group)
        if (referring := held.referring_account(key)) is not None:
            return self._missing_policy(key, referring)
        return next((found for other in self._others if (found := other.subject(key)) is not None), None)

    @property
    def entity_ids(self) -> Mapping[str, str]:
        """The ARN of each principal of the snapshot by its unique id."""
        return self._holdings.entity_ids

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's document by its key; ``version`` selects a version other than the default one.

        None for a key without a captured policy, and for a version that was not captured.
        """
        view = self._views.view(key, version)
        if view is not None or version is not None:
            return view
        return self._organization.policy(key) or self._resources.policy(key) or self._permission_sets.policy(key)

    def _principal(self, owned: OwnedEntity[Principal]) -> Subject:
        references, principal = owned
        latest = self._snapshot.latest
        members = references.members.get(principal.group_name, []) if isinstance(principal, GroupDetail) else []
        return Subject(
            account=references.account.account_id,
            key=principal.arn,
            kind=kind_of(principal),
            title=title_of(principal),
            arn=principal.arn,
            path=principal.path,
            facts=(
                *principal_facts(references, principal, latest, self._sets),
                *self._runs_with(references, principal),
            ),
            tags=() if isinstance(principal, GroupDetail) else tuple((tag.key, tag.value) for tag in principal.tags),
            policies=self._lines.of_principal(references, principal),
            links=(
                *links((mark("Members"), links_to(iter(members)))),
                *self._related(references, principal),
            ),
            trusted=self._trusted(references, principal),
            missing_data=(
                *missing_principal_data(references, principal),
                *missing_permission_sets(references, principal, self._sets),
            ),
            problems=tuple(own_problems(principal)),
            badges=principal_badges(references, principal, latest),
            raw=raw_text(principal),
        )

    def _policy(self, held: list[OwnedEntity[ManagedPolicyDetail]]) -> Subject:
        references, policy = held[0]
        attached, bounded = list(self._holdings.carriers(policy.arn)), list(self._holdings.bounded(policy.arn))
        line = self._lines.of_policy(policy)
        return Subject(
            account=references.account.account_id,
            key=policy.arn,
            kind=policy_kind(policy),
            title=policy.policy_name,
            arn=policy.arn,
            path=policy.path,
            facts=tuple(policy_facts(policy, len(attached), len(bounded), len(held), self._snapshot.latest)),
            tags=_tags(policy),
            policies=(line,),
            links=links((mark("Attached to"), links_to(chain(attached, bounded)))),
            missing_data=(
                *missing_policy_data(policy, len(attached), len(held)),
                *self._missing_part(references, policy),
            ),
            problems=line.problems,
            badges=policy_badges(policy),
            raw=raw_text(policy),
        )

    def _missing_part(self, references: AccountReferences, policy: ManagedPolicyDetail) -> tuple[str, ...]:
        """Return the sentence that attachments of an AWS managed policy are listed for one account only."""
        if not (self._is_part and policy.is_aws_managed):
            return ()
        account = references.account.account_id
        return (phrase("Attachments are listed for account {account} only.", account=account),)

    def _own_document(self, key: str, own: OwnDocument) -> Subject:
        references, owner = own.references, own.owner
        view = self._views.own(key, own)
        is_trust = own.inline is None
        line = PolicyLine(
            key,
            view.title,
            view.kind,
            PolicyRole.SELF,
            phrase("inline in {name}", name=name_of(owner)),
            problems=view.problems,
        )
        return Subject(
            account=references.account.account_id,
            key=key,
            kind=view.kind,
            title=view.title,
            facts=((mark("Inline in"), _owner_words(owner)),),
            policies=(line,),
            links=links((mark("Attached to"), view.carriers)),
            trusted=self._trusted(references, owner) if is_trust else (),
            missing_data=(phrase("Its text was not captured."),) if own.document is None else (),
            problems=view.problems if own.document is not None else (),
            badges=document_badges(own.document),
            raw=render(own.document).text if own.inline is None else raw_text(own.inline),
        )

    def _account(self, references: AccountReferences) -> Subject:
        account, snapshot = references.account, self._snapshot
        counts: tuple[tuple[str, int], ...] = (
            (mark("Users"), len(account.users)),
            (mark("Groups"), len(account.groups)),
            (mark("Roles"), len(account.roles)),
            (mark("Managed policies"), len(account.policies)),
            (mark("Malformed entries"), len(account.broken)),
        )
        place = self._organization.place_of(account.account_id)
        facts = [
            (mark("Account"), account.account_id),
            (mark("Alias"), account.alias or phrase("not captured")),
            *place.facts,
        ]
        facts.append((mark("Partition"), account.partition))
        facts += [(label, phrase("{count:,}", count=count)) for label, count in counts]
        if snapshot.latest is not None:
            facts.append((mark("Data as of"), date_text(snapshot.latest)))
        missing_data = (
            [phrase("Pages are missing: the last page says that more follow.")] if account.is_truncated else []
        )
        missing_data += place.missing_data
        if missing := len(list(references.missing_policies())):
            missing_data.append(
                nphrase(
                    "{count:,} managed policy is attached but was not captured.",
                    "{count:,} managed policies are attached but were not captured.",
                    missing,
                )
            )
        if missing := len(list(references.missing_groups())):
            missing_data.append(
                nphrase(
                    "{count:,} group is referenced but was not captured.",
                    "{count:,} groups are referenced but were not captured.",
                    missing,
                )
            )
        problems = [problem.sentence for entry in account.broken for problem in entry.problems]
        if len(snapshot.accounts) == 1:
            problems = list(dict.fromkeys([*problems, *(problem.sentence for problem in snapshot.problems)]))
        about = {"AccountId": account.account_id, "Partition": account.partition, "AccountAlias": account.alias}
        return Subject(
            account=references.account.account_id,
            key=account.account_id,
            kind=NodeKind.ACCOUNT,
            title=self._organization.names.account_name(account.account_id),
            facts=tuple(facts),
            policies=place.policies,
            links=place.links,
            missing_data=tuple(missing_data),
            problems=tuple(problems),
            badges=(Badge.MISSING_DATA,) if account.is_truncated else (),
            raw=render({**about, "IsTruncated": account.is_truncated, **dict(counts)}).text,
        )

    def _profile(self, owned: OwnedEntity[tuple[InstanceProfile, RoleDetail]]) -> Subject:
        references, (profile, role) = owned
        return Subject(
            account=references.account.account_id,
            key=profile.arn,
            kind=NodeKind.INSTANCE_PROFILE,
            title=profile.instance_profile_name or last_of_arn(profile.arn),
            arn=profile.arn,
            path=profile.path,
            facts=((mark("Role for EC2 instances"), phrase("role {name}", name=role.role_name)),),
            links=links((mark("Grants"), [(role.arn, role.role_name)])),
            raw=raw_text(profile),
        )

    def _broken(self, key: str, owned: OwnedEntity[BrokenEntry]) -> Subject:
        references, entry = owned
        return Subject(
            account=references.account.account_id,
            key=key,
            kind=NodeKind.BROKEN,
            title=entry.name,
            arn=entry.arn,
            facts=((mark("Location"), entry.list_name),),
            missing_data=(phrase("It could not be read, and is not evaluated."),),
            problems=tuple(problem.sentence for problem in entry.problems),
            badges=(Badge.BROKEN,),
        )

    def _missing_group(self, key: str, owned: OwnedEntity[str]) -> Subject:
        references, name = owned
        return Subject(
            account=references.account.account_id,
            key=key,
            kind=NodeKind.MISSING,
            title=name,
            facts=((mark("Type"), phrase("group")),),
            links=links((mark("Members"), links_to(iter(references.members[name])))),
            missing_data=(phrase("Group {name} has members but was not captured.", name=name),),
            badges=(Badge.MISSING_DATA,),
        )

    def _missing_policy(self, arn: str, references: AccountReferences) -> Subject:
        attached, bounded = list(self._holdings.carriers(arn)), list(self._holdings.bounded(arn))
        return Subject(
            account=references.account.account_id,
            key=arn,
            kind=NodeKind.MISSING,
            title=last_of_arn(arn),
            arn=arn,
            facts=((mark("Type"), phrase("managed policy")),),
            links=links((mark("Attached to"), links_to(chain(attached, bounded)))),
            missing_data=(_missing_words(arn),),
            badges=(Badge.MISSING_DATA,),
        )

    def _related(self, references: AccountReferences, principal: Principal) -> tuple[Links, ...]:
        """Return the links of a principal apart from IAM policies: permission set, resources, providers."""
        found = self._resources.links_of(principal.arn, principal)
        account = references.account.account_id
        if kind_of(principal) in (NodeKind.USER, NodeKind.ROLE) and self._organization.binds(account):  # B6, E11
            link = Link(account, self._organization.names.account_words(account), phrase("service control policies"))
            found = (*found, *links((mark("SCPs of its account"), [link])))
        if isinstance(principal, RoleDetail):
            found = (*self._permission_sets.links_of(references.account.account_id, principal), *found)
        return found

    def _runs_with(self, references: AccountReferences, principal: Principal) -> list[tuple[str, str]]:
        if not isinstance(principal, RoleDetail) or kind_of(principal) is NodeKind.SERVICE_LINKED_ROLE:
            return []
        return runs_with_facts(self._workloads, references.account.account_id, principal.arn)

    def _trusted(self, references: AccountReferences, principal: Principal) -> tuple[str, ...]:
        if not isinstance(principal, RoleDetail):
            return ()
        document = self._documents.parse(principal.assume_role_policy_document)
        return trusted_sentences(document, references.account.account_id, self._holdings.entity_ids)


def _owner_words(owner: Principal) -> str:
    match kind_of(owner):
        case NodeKind.USER:
            return phrase("user {name}", name=name_of(owner))
        case NodeKind.GROUP:
            return phrase("group {name}", name=name_of(owner))
        case NodeKind.SERVICE_LINKED_ROLE:
            return phrase("service-linked role {name}", name=name_of(owner))
        case _:
            return phrase("role {name}", name=name_of(owner))


def _missing_words(arn: str) -> str:
    """Return the sentence that a policy was not captured, and what is used instead."""
    published = aws_managed_policies()
    if published.find(arn) is None:
        return phrase("Managed policy {name} is attached to them but was not captured.", name=last_of_arn(arn))
    day = f"{published.as_of:%Y-%m-%d}"
    return phrase(
        "Managed policy {name} is attached to them but was not captured. iamdesk uses the text that "
        "AWS had published by {day}.",
        name=last_of_arn(arn),
        day=day,
    )


def _tags(policy: ManagedPolicyDetail) -> tuple[tuple[str, str], ...]:
    """Return a policy's tags, which AWS prints only in other calls."""
    listed: Any = (policy.model_extra or {}).get("Tags", ())
    if not isinstance(listed, list):
        return ()
    return tuple(
        (tag["Key"], tag["Value"])
        for tag in listed
        if isinstance(tag, dict) and isinstance(tag.get("Key"), str) and isinstance(tag.get("Value"), str)
    )
