"""Whom a role's trust policy names: quickly, for the tree; in sentences, for the inspector."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

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


def trusted_names(document: Any) -> list[str]:
    """Return the principals that the Allow statements of a captured trust policy name, as written, each once.

    Reads the JSON value itself, so that a tree of thousands of roles is laid out without parsing their policies.
    """
    if not isinstance(document, dict):
        return []
    statements = document.get("Statement")
    names: dict[str, None] = {}
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        for value in principal.values() if isinstance(principal, dict) else [principal]:
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    names[name] = None
    return list(names)


def trusted_sentences(document: Document, account: str, entities: Mapping[str, str]) -> tuple[str, ...]:
    """Return one short sentence for each principal that a trust policy lets in, each once.

    ``account`` is the role's; ``entities`` gives the ARN of each principal of the snapshot by its unique id, by which
    AWS names a principal that was deleted (SEMANTICS E12).
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
            sentences[sentence + _conditions(statement)] = None
    if denies and sentences:
        sentences["less what a Deny statement takes back"] = None
    return tuple(sentences)


def _who(statement: Statement, account: str, entities: Mapping[str, str]) -> Iterator[str]:
    entries = statement.principals or ()
    if statement.not_principal:
        listed = ", ".join(principal_words(entry, account, entities) for entry in entries)
        yield f"everyone except {listed}" if listed else "everyone"
        return
    for entry in entries:
        yield principal_words(entry, account, entities)


def principal_words(entry: PrincipalEntry, account: str, entities: Mapping[str, str]) -> str:
    """Name whom an entry of a ``Principal`` element means, as part of a sentence; arguments: `trusted_sentences`."""
    if entry.is_everyone:
        return "anyone"
    if entry.type is PrincipalType.SERVICE:
        return f"AWS service {entry.text}"
    if entry.type is PrincipalType.FEDERATED:
        return _provider(entry.text)
    if entry.type is PrincipalType.CANONICAL_USER:
        return f"account of the S3 canonical user {entry.text}"
    return _aws(entry.text, account, entities)


def _aws(text: str, account: str, entities: Mapping[str, str]) -> str:
    if len(text) == 12 and text.isdecimal():
        return _account(text, account)
    try:
        arn = parse_arn(text)
    except ArnError:
        if text in entities:
            return f"{_aws(entities[text], account, {})}, by its id {text}"
        return f"a deleted principal, {text}"
    if arn.resource == "root":
        return _account(arn.account, account)
    kind, _, rest = arn.resource.partition("/")
    where = "" if arn.account == account else f" of account {arn.account}"
    name = rest.rpartition("/")[2]
    if arn.service == "sts" and kind == "assumed-role":
        role, _, session = rest.partition("/")
        return f"session {session} of role {role}{where}"
    if arn.service == "sts" and kind == "federated-user":
        return f"federated user {rest}{where}"
    if arn.service == "iam" and kind in ("user", "role") and name:
        return f"{kind} {name}{where}"
    return text


def _account(account: str, own: str) -> str:
    return f"this account, {account}" if account == own else f"account {account}"


def _provider(text: str) -> str:
    """Name an identity provider: a bare host for the built-in ones, an ARN for the others (SEMANTICS E9)."""
    host = text
    if text.startswith("arn:"):
        kind, _, host = text.split(":", 5)[-1].partition("/")
        if kind == "saml-provider":
            return f"SAML provider {host}"
    if host in _WEB_PROVIDERS:
        return f"{_WEB_PROVIDERS[host]} through {text}" if host != text else f"{_WEB_PROVIDERS[host]}, {text}"
    if host.startswith("oidc.eks."):
        return f"service accounts of an EKS cluster through {text}"
    return f"OpenID Connect provider {text}"


def _conditions(statement: Statement) -> str:
    words = dict.fromkeys(_condition(test) for test in statement.conditions)
    ordered = [word for word in words if word is not None]
    if None in words:
        ordered.append("under more conditions" if ordered else "under conditions")
    return f", {' and '.join(ordered)}" if ordered else ""


def _condition(test: ConditionTest) -> str | None:
    """Put the two conditions that reviewers look for in words; None for any other."""
    operator = test.operator_text.lower()
    if test.key == "sts:externalid" and operator in ("stringequals", "stringlike"):
        return "with an external id"
    requires_mfa = operator == "bool" and [value.text.lower() for value in test.values] == ["true"]
    return "with MFA" if test.key == "aws:multifactorauthpresent" and requires_mfa else None
