"""The principals that a resource's policy names, as links: principals and accounts of the snapshot, and others."""

from collections.abc import Iterator

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.keys import Link
from iamdesk.inventory.references import last_of_arn
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.viewmodel.entities import EntityLookup

_WORDS = {
    PrincipalType.SERVICE: mark("AWS service {name}"),
    PrincipalType.FEDERATED: mark("identity provider {name}"),
    PrincipalType.CANONICAL_USER: mark("S3 canonical user {name}"),
}
_DOES = {
    (True, False): mark("allowed by statement {number}"),
    (False, False): mark("denied by statement {number}"),
    (True, True): mark("all others allowed by statement {number}"),
    (False, True): mark("all others denied by statement {number}"),
}


def named_in(document: Document, holdings: EntityLookup) -> Iterator[Link]:
    """Yield a link to each principal that a policy names, with the statement's effect; without key if not captured.

    These are the policy's words. What they mean for a principal takes an evaluation (``who can``).
    """
    for statement in document.statements:
        if statement.broken:
            continue
        does = _does(statement)
        for entry in statement.principals or ():
            key, name = _key_and_name(entry, holdings)
            yield Link(key, name, does)


def _does(statement: Statement) -> str:
    effect = phrase(_DOES[statement.is_allow, statement.not_principal], number=statement.index + 1)
    if statement.sid:
        effect = join_messages("", (effect, f" ({statement.sid})"))
    return phrase("{does}, under conditions", does=effect) if statement.conditions else effect


def _key_and_name(entry: PrincipalEntry, holdings: EntityLookup) -> tuple[str, str]:
    """Return (key, name) of an entity; the key is empty if it was not captured."""
    text = entry.text
    if entry.is_everyone:
        return "", phrase("Everyone")
    if entry.type is not PrincipalType.AWS:
        return "", phrase(_WORDS[entry.type], name=text)
    text = holdings.entity_ids.get(text, text)
    if (title := holdings.principal_title(text)) is not None:
        return text, title
    account = text if text.isdecimal() else text.split(":", 5)[4] if text.count(":") >= 5 else ""
    if text == account or text.endswith(f":iam::{account}:root"):
        return account if account in holdings.accounts else "", phrase("account {account}", account=account)
    head, found, session = text.partition(":assumed-role/")
    if found:  # the ARN of a session does not contain the path of its role
        role = f"{head.replace(':sts:', ':iam:')}:role/{session.partition('/')[0]}"
        if holdings.principal_title(role) is not None:
            return role, phrase("session {session} of role {role}", session=last_of_arn(text), role=last_of_arn(role))
    return "", text
