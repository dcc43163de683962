"""The principals of a role's trust policy: as names for the tree, in sentences for the inspector."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement

_ENTERING: Final = ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity")

_WEB_PROVIDERS: Final = {
    "token.actions.githubusercontent.com": "GitHub Actions",
    "gitlab.com": "GitLab",
    "app.terraform.io": "HCP Terraform",
    "agent.buildkite.com": "Buildkite",
    "accounts.google.com": "Google",
    "www.amazon.com": "Login with Amazon",
    "graph.facebook.com": "Facebook",
    "cognito-identity.amazonaws.com": "Amazon Cognito identity pools",
}


_UNIQUE_ID: Final = re.compile(r"A[A-Z]{2}A[A-Z0-9]{12,124}")
"""IAM User Guide, "IAM identifiers": prefix of the kind, and capital letters and digits."""


def is_unique_id(name: str) -> bool:
    """Return whether a principal is named by its unique ID (``AIDA…``, ``AROA…``).

    AWS shows it so once it is deleted (IAM User Guide, "AWS JSON policy elements: Principal").
    """
    return _UNIQUE_ID.fullmatch(name) is not None


def trusted_names(document: Any, element: str = "Principal") -> list[str]:
    """Return the principals of the Allow statements of a captured trust policy, as written, each once.

    Reads the JSON value itself, so that the tree of thousands of roles is built without parsing their policies.
    ``element`` is ``NotPrincipal`` for those that statements except from everyone.
    """
    if not isinstance(document, dict):
        return []
    statements = document.get("Statement")
    names: dict[str, None] = {}
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
            continue
        principal = statement.get(element)
        for value in principal.values() if isinstance(principal, dict) else [principal]:
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    names[name] = None
    return list(names)


def trusted_sentences(document: Document, account: str, entities: Mapping[str, str]) -> tuple[str, ...]:
    """Return one short sentence for each principal that a trust policy allows, each once.

    ``account`` is the role's; ``entities`` gives the ARN of each principal of the snapshot by its unique ID, by which
    AWS shows a deleted principal (rule E12).
    """
    sentences: dict[str, None] = {}
    denies = False
    for statement in document.statements:
        if statement.broken or not any(statement.covers_action("sts", action) for action in _ENTERING):
            continue
        if not statement.is_allow:
            denies = True
            continue
        for sentence in _who(statement, account, entities):
            sentences[_under_conditions(sentence, statement)] = None
    if denies and sentences:
        sentences[phrase("except where a Deny statement applies")] = None
    return tuple(sentences)


def _who(statement: Statement, account: str, entities: Mapping[str, str]) -> Iterator[str]:
    entries = statement.principals or ()
    if statement.not_principal:
        listed = join_messages(", ", [principal_words(entry, account, entities) for entry in entries])
        yield phrase("everyone except {names}", names=listed) if listed else phrase("everyone")
        return
    for entry in entries:
        yield principal_words(entry, account, entities)


def principal_words(entry: PrincipalEntry, account: str, entities: Mapping[str, str]) -> str:
    """Name the principal of an entry of a ``Principal`` element, as part of a sentence; for arguments see
    `trusted_sentences`."""
    if entry.is_everyone:
        return phrase("anyone")
    if entry.type is PrincipalType.SERVICE:
        return phrase("AWS service {name}", name=entry.text)
    if entry.type is PrincipalType.FEDERATED:
        return _provider(entry.text)
    if entry.type is PrincipalType.CANONICAL_USER:
        return phrase("account of the S3 canonical user {id}", id=entry.text)
    return _aws(entry.text, account, entities)


def _aws(text: str, account: str, entities: Mapping[str, str]) -> str:
    if len(text) == 12 and text.isdecimal():
        return _account(text, account)
    try:
        arn = parse_arn(text)
    except ArnError:
        if text in entities:
            return phrase("{who}, by its ID {id}", who=_aws(entities[text], account, {}), id=text)
        return phrase("a deleted principal, {id}", id=text)
    if arn.resource == "root":
        return _account(arn.account, account)
    kind, _, rest = arn.resource.partition("/")
    name = rest.rpartition("/")[2]
    if arn.service == "sts" and kind == "assumed-role":
        role, _, session = rest.partition("/")
        who = phrase("session {session} of role {role}", session=session, role=role)
    elif arn.service == "sts" and kind == "federated-user":
        who = phrase("federated user {name}", name=rest)
    elif arn.service == "iam" and kind in ("user", "role") and name:
        who = phrase("user {name}", name=name) if kind == "user" else phrase("role {name}", name=name)
    else:
        return text
    return who if arn.account == account else phrase("{who} of account {account}", who=who, account=arn.account)


def _account(account: str, own: str) -> str:
    if account == own:
        return phrase("this account, {account}", account=account)
    return phrase("account {account}", account=account)


def _provider(text: str) -> str:
    """Name an identity provider: by host for the built-in ones, by ARN for the others (rule E9)."""
    host = text
    if text.startswith("arn:"):
        kind, _, host = text.split(":", 5)[-1].partition("/")
        if kind == "saml-provider":
            return phrase("SAML provider {name}", name=host)
    if host in _WEB_PROVIDERS:
        if host == text:
            return f"{_WEB_PROVIDERS[host]}, {text}"
        return phrase("{who} through {provider}", who=_WEB_PROVIDERS[host], provider=text)
    if host.startswith("oidc.eks."):
        return phrase("service accounts of an EKS cluster through {provider}", provider=text)
    return phrase("OpenID Connect provider {name}", name=text)


def _under_conditions(sentence: str, statement: Statement) -> str:
    words = dict.fromkeys(_condition(test) for test in statement.conditions)
    ordered = [phrase(word) for word in words if word is not None]
    if None in words:
        ordered.append(phrase("under more conditions") if ordered else phrase("under conditions"))
    return join_messages(", ", (sentence, join_messages(phrase(" and "), ordered))) if ordered else sentence


def _condition(test: ConditionTest) -> str | None:
    """Describe the two conditions that reviewers look for; None for any other."""
    operator = test.operator_text.lower()
    if test.key == "sts:externalid" and operator in ("stringequals", "stringlike"):
        return mark("with an external ID")
    requires_mfa = operator == "bool" and [value.text.lower() for value in test.values] == ["true"]
    return mark("with MFA") if test.key == "aws:multifactorauthpresent" and requires_mfa else None
