"""Problems of a snapshot besides those of the reader: invalid policy documents, and missing entities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.inventory.references import AccountReferences, aws_policies_of, references_of
from iamdesk.policy.document import DocumentStore
from iamdesk.policy.source_map import ElementPath
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import Account, Snapshot


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One problem of a policy document, with its position."""

    policy_key: str
    """Key of the policy (``inventory.keys``)."""
    policy_name: str
    """Display name: ``inline policy backup of arn:…:user/alice``, ``arn:…:policy/deploy, version v3``."""
    path: str
    """Path in the document: ``$.Statement[0].Action[2]``."""
    line: int
    """In the policy as shown, from 1; so is ``column``."""
    column: int
    message: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class MissingEntity:
    """An entity that the snapshot refers to but does not hold, so that results about it have assumptions."""

    account: str
    name: str
    """The ARN or name of what is missing."""
    message: str
    """One sentence, the name included."""


def document_problems(snapshot: Snapshot) -> Iterator[DocumentProblem]:
    """Yield the problems of each policy document of a snapshot, in the snapshot's order; every version is read."""
    store = DocumentStore()
    for account in snapshot.accounts:
        for key, name, raw in _documents(account):
            document = store.parse(raw)
            for wrong in document.diagnostics:
                span = document.span_of(wrong)
                line, column = (span.start_line, span.start_column) if span else (1, 1)
                yield DocumentProblem(key, name, json_path(wrong.path), line, column, wrong.message)


def _documents(account: Account) -> Iterator[tuple[str, str, Any]]:
    for user in account.users:
        for inline in user.user_policy_list:
            yield _inline(user.arn, inline.policy_name, inline.policy_document)
    for group in account.groups:
        for inline in group.group_policy_list:
            yield _inline(group.arn, inline.policy_name, inline.policy_document)
    for role in account.roles:
        yield trust_policy_key(role.arn), f"trust policy of {role.arn}", role.assume_role_policy_document
        for inline in role.role_policy_list:
            yield _inline(role.arn, inline.policy_name, inline.policy_document)
    for policy in account.policies:
        for version in policy.policy_version_list:
            yield policy.arn, f"{policy.arn}, version {version.version_id}", version.document


def _inline(owner_arn: str, name: str, raw: Any) -> tuple[str, str, Any]:
    return inline_policy_key(owner_arn, name), f"inline policy {name} of {owner_arn}", raw


def json_path(path: ElementPath) -> str:
    """Format an element's path: ``$.Statement[0].Action[2]``."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def missing_data(snapshot: Snapshot) -> Iterator[MissingEntity]:
    """Yield what each account refers to but does not hold: pages, policies in use, groups."""
    shared = aws_policies_of(snapshot)
    for account in snapshot.accounts:
        known = references_of(account, shared)
        if account.is_truncated:
            message = f"Account {account.account_id} was captured incompletely: more pages follow the last one."
            yield MissingEntity(account.account_id, account.account_id, message)
        for arn in (*known.missing_policies(), *_without_version_in_force(known)):
            lacks = "its default version" if arn in known.policies else "it"
            message = f"{arn} is {_uses(arn, known)}, but {lacks} was not captured.{_published(arn)}"
            yield MissingEntity(account.account_id, arn, message)
        for name in known.missing_groups():
            message = f"Group {name} has {_count(len(known.members[name]), 'member')}, but it was not captured."
            yield MissingEntity(account.account_id, name, message)


def _published(arn: str) -> str:
    published = aws_managed_policies()
    if not published.find(arn):
        return ""
    return f" It is evaluated in the version that AWS had published by {published.as_of:%Y-%m-%d}."


def _without_version_in_force(known: AccountReferences) -> Iterator[str]:
    for arn, policy in known.policies.items():
        if policy.default_version is None and (arn in known.carriers or arn in known.bounded):
            yield arn


def _uses(arn: str, known: AccountReferences) -> str:
    uses = (
        ("attached to", known.carriers.get(arn, ())),
        ("the permissions boundary of", known.bounded.get(arn, ())),
    )
    return " and ".join(f"{verb} {_count(len(users), 'principal')}" for verb, users in uses if users)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
