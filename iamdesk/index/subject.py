"""What the inspector shows of one selected thing: who it is, what it carries and from where. Built in one trip."""

import re
from itertools import chain
from typing import Any

from pydantic import BaseModel

from iamdesk.index.ages import date_text
from iamdesk.index.badges import document_badges, policy_badges, principal_badges
from iamdesk.index.facts import (
    own_problems,
    permission_set_gaps,
    policy_facts,
    policy_gaps,
    principal_facts,
    principal_gaps,
)
from iamdesk.index.holdings import Holdings, OwnDocument, Owned, kind_of, links_to, policy_kind
from iamdesk.index.nodes import Badge, NodeKind
from iamdesk.index.permission_sets import PermissionSets
from iamdesk.index.policy_lines import PolicyLines, problems_of
from iamdesk.index.references import AccountReferences, Principal, last_of_arn, name_of, title_of
from iamdesk.index.shown import PolicyLine, PolicyRole, PolicyView, Subject
from iamdesk.index.trust import trusted_sentences
from iamdesk.policy.document import DocumentStore
from iamdesk.policy.text import render
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import (
    BrokenEntry,
    GroupDetail,
    InstanceProfile,
    ManagedPolicyDetail,
    RoleDetail,
    Snapshot,
)

__all__ = ["PolicyLine", "PolicyRole", "PolicyView", "Subject", "SubjectIndex"]


class SubjectIndex:
    """Makes subjects and policy views of one snapshot by key. Built once; may be asked from any thread."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._holdings = Holdings(snapshot)
        self._documents = DocumentStore()
        self._lines = PolicyLines(self._documents)
        self._sets = PermissionSets(snapshot)

    def subject(self, key: str) -> Subject | None:
        """Return what is shown of a key of the outline; None for one that the snapshot does not hold."""
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
        return None

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's document by its key; ``version`` picks one of a managed policy that is not in force.

        None for a key that is no policy that the snapshot holds, and for a version that it does not hold.
        """
        own = self._holdings.own_document(key)
        if own is not None:
            return None if version is not None else self._own_view(key, own)
        held = self._holdings.policies.get(key)
        if held is None or held[0].entry.default_version is None:
            # AWS's own, which principals refer to: as AWS had published it. Answers that rest on it say so.
            published = aws_managed_policies().find(key) if self._holdings.referring_account(key) else None
            if published is not None:
                return self._managed_view(published, version)
        return None if held is None else self._managed_view(held[0].entry, version)

    def _principal(self, owned: Owned[Principal]) -> Subject:
        references, principal = owned
        latest = self._snapshot.latest
        members = references.members.get(principal.group_name, []) if isinstance(principal, GroupDetail) else []
        return _subject(
            references,
            key=principal.arn,
            kind=kind_of(principal),
            title=title_of(principal),
            arn=principal.arn,
            path=principal.path,
            facts=tuple(principal_facts(references, principal, latest, self._sets)),
            tags=() if isinstance(principal, GroupDetail) else tuple((tag.key, tag.value) for tag in principal.tags),
            policies=self._lines.of_principal(references, principal),
            members=links_to(iter(members)),
            trusted=self._trusted(references, principal),
            gaps=(
                *principal_gaps(references, principal),
                *permission_set_gaps(references, principal, self._sets),
            ),
            problems=tuple(own_problems(principal)),
            badges=principal_badges(references, principal, latest),
            raw=_raw(principal),
        )

    def _policy(self, held: list[Owned[ManagedPolicyDetail]]) -> Subject:
        references, policy = held[0]
        attached, bounded = list(self._holdings.carriers(policy.arn)), list(self._holdings.bounded(policy.arn))
        line = self._lines.of_policy(policy)
        return _subject(
            references,
            key=policy.arn,
            kind=policy_kind(policy),
            title=policy.policy_name,
            arn=policy.arn,
            path=policy.path,
            facts=tuple(policy_facts(policy, len(attached), len(bounded), len(held), self._snapshot.latest)),
            tags=_tags(policy),
            policies=(line,),
            members=links_to(chain(attached, bounded)),
            gaps=tuple(policy_gaps(policy, len(attached), len(held))),
            problems=line.problems,
            badges=policy_badges(policy),
            raw=_raw(policy),
        )

    def _own_document(self, key: str, own: OwnDocument) -> Subject:
        references, owner = own.references, own.owner
        view = self._own_view(key, own)
        is_trust = own.inline is None
        line = PolicyLine(
            key, view.title, view.kind, PolicyRole.SELF, f"inside {name_of(owner)}", problems=view.problems
        )
        return _subject(
            references,
            key=key,
            kind=view.kind,
            title=view.title,
            facts=(("Inside", f"{kind_of(owner)} {name_of(owner)}"),),
            policies=(line,),
            members=view.carriers,
            trusted=self._trusted(references, owner) if is_trust else (),
            gaps=("Its document was not captured.",) if own.document is None else (),
            problems=view.problems if own.document is not None else (),
            badges=document_badges(own.document),
            raw=render(own.document).text if own.inline is None else _raw(own.inline),
        )

    def _account(self, references: AccountReferences) -> Subject:
        account, snapshot = references.account, self._snapshot
        counts: tuple[tuple[str, int], ...] = (
            ("Users", len(account.users)),
            ("Groups", len(account.groups)),
            ("Roles", len(account.roles)),
            ("Managed policies", len(account.policies)),
            ("Broken entries", len(account.broken)),
        )
        facts = [("Account", account.account_id), ("Alias", account.alias or "not captured")]
        facts.append(("Partition", account.partition))
        facts += [(label, f"{count:,}") for label, count in counts]
        if snapshot.latest is not None:
            facts.append(("Latest moment told of", date_text(snapshot.latest)))
        gaps = ["Pages are missing: the last page says that more follow."] if account.is_truncated else []
        if missing := len(list(references.missing_policies())):
            gaps.append(f"{missing:,} managed {'policy is' if missing == 1 else 'policies are'} named but not held.")
        if missing := len(list(references.missing_groups())):
            gaps.append(f"{missing:,} {'group is' if missing == 1 else 'groups are'} named but not held.")
        problems = [str(problem) for entry in account.broken for problem in entry.problems]
        if len(snapshot.accounts) == 1:
            problems = list(dict.fromkeys([*problems, *map(str, snapshot.problems)]))
        about = {"AccountId": account.account_id, "Partition": account.partition, "AccountAlias": account.alias}
        return _subject(
            references,
            key=account.account_id,
            kind=NodeKind.ACCOUNT,
            title=account.alias or account.account_id,
            facts=tuple(facts),
            gaps=tuple(gaps),
            problems=tuple(problems),
            badges=(Badge.GAP,) if account.is_truncated else (),
            raw=render({**about, "IsTruncated": account.is_truncated, **dict(counts)}).text,
        )

    def _profile(self, owned: Owned[tuple[InstanceProfile, RoleDetail]]) -> Subject:
        references, (profile, role) = owned
        return _subject(
            references,
            key=profile.arn,
            kind=NodeKind.INSTANCE_PROFILE,
            title=profile.instance_profile_name or last_of_arn(profile.arn),
            arn=profile.arn,
            path=profile.path,
            facts=(("Hands to EC2 instances", f"role {role.role_name}"),),
            members=((role.arn, role.role_name),),
            raw=_raw(profile),
        )

    def _broken(self, key: str, owned: Owned[BrokenEntry]) -> Subject:
        references, entry = owned
        return _subject(
            references,
            key=key,
            kind=NodeKind.BROKEN,
            title=entry.name,
            arn=entry.arn,
            facts=(("Stands in", entry.list_name),),
            gaps=("It could not be read, so no answer takes it into account.",),
            problems=tuple(str(problem) for problem in entry.problems),
            badges=(Badge.BROKEN,),
        )

    def _missing_group(self, key: str, owned: Owned[str]) -> Subject:
        references, name = owned
        return _subject(
            references,
            key=key,
            kind=NodeKind.MISSING,
            title=name,
            facts=(("What it is", "group"),),
            members=links_to(iter(references.members[name])),
            gaps=(f"Group {name} has members, but the snapshot does not hold it.",),
            badges=(Badge.GAP,),
        )

    def _missing_policy(self, arn: str, references: AccountReferences) -> Subject:
        attached, bounded = list(self._holdings.carriers(arn)), list(self._holdings.bounded(arn))
        return _subject(
            references,
            key=arn,
            kind=NodeKind.MISSING,
            title=last_of_arn(arn),
            arn=arn,
            facts=(("What it is", "managed policy"),),
            members=links_to(chain(attached, bounded)),
            gaps=(
                f"Managed policy {last_of_arn(arn)} serves them, but the snapshot does not hold it.{_published(arn)}",
            ),
            badges=(Badge.GAP,),
        )

    def _own_view(self, key: str, own: OwnDocument) -> PolicyView:
        document = self._documents.parse(own.document)
        is_trust = own.inline is None
        return PolicyView(
            key=key,
            title=f"Trust policy of {name_of(own.owner)}" if own.inline is None else own.inline.policy_name,
            kind=NodeKind.TRUST_POLICY if is_trust else NodeKind.INLINE_POLICY,
            document=document,
            version=None,
            in_force=None,
            versions=(),
            problems=problems_of(document),
            carriers=((own.owner.arn, name_of(own.owner)),),
        )

    def _managed_view(self, policy: ManagedPolicyDetail, version: str | None) -> PolicyView | None:
        shown = policy.default_version
        if version is not None:
            shown = next((each for each in policy.policy_version_list if each.version_id == version), None)
            if shown is None:
                return None
        document = self._documents.parse(shown.document if shown else None)
        carriers = chain(self._holdings.carriers(policy.arn), self._holdings.bounded(policy.arn))
        in_force = policy.default_version.version_id if policy.default_version else policy.default_version_id
        return PolicyView(
            key=policy.arn,
            title=policy.policy_name,
            kind=policy_kind(policy),
            document=document,
            version=shown.version_id if shown else None,
            in_force=in_force,
            versions=tuple(sorted((each.version_id for each in policy.policy_version_list), key=_age_of_version)),
            problems=problems_of(document),
            carriers=links_to(carriers),
        )

    def _trusted(self, references: AccountReferences, principal: Principal) -> tuple[str, ...]:
        if not isinstance(principal, RoleDetail):
            return ()
        document = self._documents.parse(principal.assume_role_policy_document)
        return trusted_sentences(document, references.account.account_id, self._holdings.entity_ids)


def _subject(
    references: AccountReferences,
    *,
    key: str,
    kind: NodeKind,
    title: str,
    arn: str | None = None,
    path: str = "/",
    facts: tuple[tuple[str, str], ...] = (),
    tags: tuple[tuple[str, str], ...] = (),
    policies: tuple[PolicyLine, ...] = (),
    members: tuple[tuple[str, str], ...] = (),
    trusted: tuple[str, ...] = (),
    gaps: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
    badges: tuple[Badge, ...] = (),
    raw: str = "",
) -> Subject:
    account = references.account.account_id
    summary = " · ".join([kind, account] if path == "/" else [kind, account, path])
    return Subject(
        key, kind, title, arn, account, summary, facts, tags, policies, members, trusted, gaps, problems, badges, raw
    )


def _published(arn: str) -> str:
    """Return what is taken in the place of a policy that the snapshot does not hold, as a sentence behind another."""
    published = aws_managed_policies()
    if published.find(arn) is None:
        return ""
    return f" It is taken as AWS had published it by {published.as_of:%Y-%m-%d}."


def _raw(entry: BaseModel) -> str:
    """Print an entry as it was captured: AWS's names, only what was there, unseen characters as escapes."""
    return render(entry.model_dump(mode="json", by_alias=True, exclude_unset=True)).text


def _tags(policy: ManagedPolicyDetail) -> tuple[tuple[str, str], ...]:
    """Return a policy's tags, which AWS prints for a policy only in other calls than this one."""
    listed: Any = (policy.model_extra or {}).get("Tags", ())
    if not isinstance(listed, list):
        return ()
    return tuple(
        (tag["Key"], tag["Value"])
        for tag in listed
        if isinstance(tag, dict) and isinstance(tag.get("Key"), str) and isinstance(tag.get("Value"), str)
    )


def _age_of_version(version: str) -> tuple[int, str]:
    """Sort versions newest first: ``v12`` before ``v2``."""
    number = re.fullmatch("v([0-9]{1,9})", version)
    return (-int(number[1]) if number else 1), version
