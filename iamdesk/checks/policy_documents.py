"""The policy documents of an account, for checks of a policy's text, independent of the principals that have it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iamdesk.checks.finding import Evidence
from iamdesk.checks.targets import CheckTarget, Subject
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.explanation import explained
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.inventory.references import is_service_linked
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, PolicyDetail, RoleDetail
from iamdesk.viewmodel.tree_builder import NodeKind


@dataclass(frozen=True)
class PolicySource:
    """One policy of an account, parsed at first use."""

    subject: Subject
    """The policy itself, as a finding names it."""
    title: str
    """Within a sentence: ``inline policy read of user alice``, ``customer managed policy payroll-rw``."""
    read: Callable[[], AttachedPolicy]

    @cached_property
    def policy(self) -> AttachedPolicy:
        """The policy with its parsed document."""
        return self.read()


type _Parse = Callable[[Any], Document]


def written_policies(account: Account, parse: _Parse) -> Iterator[PolicySource]:
    """Yield every identity and trust policy that the account's owner can edit; of managed ones the default version.

    ``parse`` is the evaluator's, so that each text is parsed once.
    """
    for user in account.users:
        yield from _inline(user.arn, user.user_name, SourceType.USER, user.user_policy_list, parse)
    for group in account.groups:
        yield from _inline(group.arn, group.group_name, SourceType.GROUP, group.group_policy_list, parse)
    for role in account.roles:
        if not is_service_linked(role):
            yield _trust(role, parse)
            yield from _inline(role.arn, role.role_name, SourceType.ROLE, role.role_policy_list, parse)
    for policy in account.policies:
        version = policy.default_version
        if not policy.is_aws_managed and version is not None:
            yield _managed(policy, version.document, parse)


def _trust(role: RoleDetail, parse: _Parse) -> PolicySource:
    name = trust_policy_name(role)
    key = trust_policy_key(role.arn)

    def read() -> AttachedPolicy:
        document = parse(role.assume_role_policy_document)
        return AttachedPolicy(PolicyType.TRUST, SourceType.TRUST, role.arn, key, name, role.arn, document)

    title = phrase("trust policy of role {name}", name=role.role_name)
    return PolicySource(Subject(key, name, NodeKind.TRUST_POLICY), title, read)


def trust_policy_name(role: RoleDetail) -> str:
    """Return the name of a role's trust policy in findings."""
    return phrase("trust policy of {name}", name=role.role_name)


_INLINE_TITLES = {
    SourceType.USER: mark("inline policy {policy} of user {name}"),
    SourceType.GROUP: mark("inline policy {policy} of group {name}"),
    SourceType.ROLE: mark("inline policy {policy} of role {name}"),
}


def _inline(
    owner_arn: str,
    owner_name: str,
    source: SourceType,
    policies: tuple[PolicyDetail, ...],
    parse: _Parse,
) -> Iterator[PolicySource]:
    for inline in policies:
        key = inline_policy_key(owner_arn, inline.policy_name)

        def read(inline: PolicyDetail = inline, key: str = key) -> AttachedPolicy:
            name = inline.policy_name
            return AttachedPolicy(
                PolicyType.IDENTITY, source, name, key, name, owner_arn, parse(inline.policy_document)
            )

        subject = Subject(key, inline.policy_name, NodeKind.INLINE_POLICY)
        title = phrase(_INLINE_TITLES[source], policy=inline.policy_name, name=owner_name)
        yield PolicySource(subject, title, read)


def _managed(policy: ManagedPolicyDetail, raw: Any, parse: _Parse) -> PolicySource:
    def read() -> AttachedPolicy:
        return AttachedPolicy(
            PolicyType.IDENTITY,
            SourceType.USER_MANAGED,
            policy.arn,
            policy.arn,
            policy.policy_name,
            policy.arn,
            parse(raw),
        )

    subject = Subject(policy.arn, policy.policy_name, NodeKind.CUSTOMER_POLICY)
    return PolicySource(subject, phrase("customer managed policy {name}", name=policy.policy_name), read)


WRITTEN: CheckTarget[PolicySource] = CheckTarget(
    "policy document",
    lambda survey, account: written_policies(account, survey.evaluator.index.parse),
    lambda written: written.subject,
)


def statement_evidence(policy: AttachedPolicy, statement: Statement, sentence: str) -> Evidence:
    """Return a statement as evidence."""
    return Evidence(sentence, statement=explained(policy, statement, sentence), policy_key=policy.key)


def place(written: PolicySource, statement: Statement) -> str:
    """Return a statement's name to begin a sentence: ``Statement 2 (Read) of customer managed policy payroll-rw``."""
    sid = f" ({statement.sid})" if statement.sid else ""
    return phrase(
        "Statement {number}{sid} of {policy}",
        number=statement.index + 1,
        sid=sid,
        policy=written.title,
    )
