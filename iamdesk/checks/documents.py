"""The policy documents of an account one by one, for checks that read a policy as it stands.

What a principal may do is the engine's to say; these are for what is wrong with a text whoever carries it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from iamdesk.checks.finding import Evidence
from iamdesk.checks.subjects import Over, Subject
from iamdesk.evaluate.policies import AttachedPolicy, SourceType
from iamdesk.evaluate.request import Layer
from iamdesk.explain.decision import Part, StatementLine
from iamdesk.index.keys import inline_policy_key, trust_policy_key
from iamdesk.index.outline import NodeKind
from iamdesk.index.references import is_service_linked
from iamdesk.policy.document import DocumentStore
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, PolicyDetail


@dataclass(frozen=True, slots=True)
class Written:
    """One policy of an account as it is written."""

    policy: AttachedPolicy
    subject: Subject
    """The policy itself, as a finding names it."""
    origin: str
    """For people: ``inline policy of user alice``, ``customer managed policy``."""


def written_policies(account: Account, store: DocumentStore) -> Iterator[Written]:
    """Yield every identity and trust policy that the account's owner can edit; of managed ones the version in force."""
    for user in account.users:
        yield from _inline(user.arn, f"user {user.user_name}", SourceType.USER, user.user_policy_list, store)
    for group in account.groups:
        yield from _inline(group.arn, f"group {group.group_name}", SourceType.GROUP, group.group_policy_list, store)
    for role in account.roles:
        if is_service_linked(role):
            continue
        owner = f"role {role.role_name}"
        key = trust_policy_key(role.arn)
        name = f"trust policy of {role.role_name}"
        trust = _written(
            Layer.TRUST, SourceType.TRUST, key, key, name, role.arn, role.assume_role_policy_document, store
        )
        yield Written(trust, Subject(key, name, NodeKind.TRUST_POLICY), f"trust policy of {owner}")
        yield from _inline(role.arn, owner, SourceType.ROLE, role.role_policy_list, store)
    for policy in account.policies:
        version = policy.default_version
        if policy.is_aws_managed or version is None:
            continue
        managed = _written(
            Layer.IDENTITY,
            SourceType.USER_MANAGED,
            policy.arn,
            policy.arn,
            policy.policy_name,
            policy.arn,
            version.document,
            store,
        )
        yield Written(
            managed, Subject(policy.arn, policy.policy_name, NodeKind.CUSTOMER_POLICY), "customer managed policy"
        )


def _inline(
    owner_arn: str, owner: str, source: SourceType, policies: tuple[PolicyDetail, ...], store: DocumentStore
) -> Iterator[Written]:
    for inline in policies:
        key = inline_policy_key(owner_arn, inline.policy_name)
        policy = _written(
            Layer.IDENTITY,
            source,
            inline.policy_name,
            key,
            inline.policy_name,
            owner_arn,
            inline.policy_document,
            store,
        )
        yield Written(policy, Subject(key, inline.policy_name, NodeKind.INLINE_POLICY), f"inline policy of {owner}")


def _written(
    layer: Layer,
    source: SourceType,
    source_id: str,
    key: str,
    name: str,
    owner: str,
    raw: Any,
    store: DocumentStore,
) -> AttachedPolicy:
    return AttachedPolicy(layer, source, source_id, key, name, owner, store.parse(raw))


WRITTEN: Over[Written] = Over(
    "policy document",
    lambda survey, account: written_policies(account, survey.documents),
    lambda written: written.subject,
)


def statement_line(policy: AttachedPolicy, statement: Statement, sentence: str) -> StatementLine:
    """Return a statement as evidence: where it stands, and in one sentence what is the matter with it."""
    return StatementLine(
        part=Part.DECIDES,
        layer=policy.layer,
        level=policy.level,
        source_policy_id=policy.source_id,
        source_policy_type=policy.source_type,
        policy_key=policy.key,
        policy_name=policy.name,
        owner=policy.owner,
        document=policy.document,
        index=statement.index,
        sid=statement.sid,
        effect=statement.effect,
        sentence=sentence,
        failed=None,
        mark=statement.path,
    )


def statement_evidence(policy: AttachedPolicy, statement: Statement, sentence: str) -> Evidence:
    """Return a statement as a piece of proof."""
    return Evidence(sentence, statement=statement_line(policy, statement, sentence), policy_key=policy.key)
