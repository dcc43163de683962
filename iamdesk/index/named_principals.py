"""Whom a resource's policy names, as ways to them: principals and accounts of the snapshot, and everybody else."""

from collections.abc import Iterator

from iamdesk.index.holdings import Holdings
from iamdesk.index.references import last_of_arn, title_of
from iamdesk.index.shown import Link
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement

_WORDS = {
    PrincipalType.SERVICE: "AWS service",
    PrincipalType.FEDERATED: "identity provider",
    PrincipalType.CANONICAL_USER: "S3 canonical user",
}


def named_in(document: Document, holdings: Holdings) -> Iterator[Link]:
    """Yield a way to each principal that a policy names, with what the statement does; without a key where none leads.

    What the policy comes to for somebody is a question (``Who can …``): this tells whom it speaks of.
    """
    for statement in document.statements:
        if statement.broken:
            continue
        does = _does(statement)
        for entry in statement.principals or ():
            key, name = _way(entry, holdings)
            prefix = "all but it " if statement.not_principal else ""
            yield Link(key, name, f"{prefix}{does}")


def _does(statement: Statement) -> str:
    effect = "allowed" if statement.is_allow else "denied"
    sid = f" ({statement.sid})" if statement.sid else ""
    conditions = ", under conditions" if statement.conditions else ""
    return f"{effect} by statement {statement.index + 1}{sid}{conditions}"


def _way(entry: PrincipalEntry, holdings: Holdings) -> tuple[str, str]:
    """Return (key, name) of an entry; the key is empty for what the snapshot does not hold."""
    text = entry.text
    if entry.is_everyone:
        return "", "Everyone"
    if entry.type is not PrincipalType.AWS:
        return "", f"{_WORDS[entry.type]} {text}"
    text = holdings.entity_ids.get(text, text)
    if (held := holdings.principals.get(text)) is not None:
        return text, title_of(held.entry)
    account = text if text.isdecimal() else text.split(":", 5)[4] if text.count(":") >= 5 else ""
    if text == account or text.endswith(f":iam::{account}:root"):
        return account if account in holdings.accounts else "", f"account {account}"
    head, found, session = text.partition(":assumed-role/")
    if found:  # the path of the role is not told by the ARN of its session
        role = f"{head.replace(':sts:', ':iam:')}:role/{session.partition('/')[0]}"
        if role in holdings.principals:
            return role, f"session {last_of_arn(text)} of role {last_of_arn(role)}"
    return "", text
