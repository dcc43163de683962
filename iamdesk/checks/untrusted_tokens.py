"""Tokens that unrelated parties can get from shared identity providers (``resources/data/oidc-strangers.json``).

For a trust policy with patterns for ``sub``, subjects are constructed that match its patterns, as an attacker would
choose names (the organization acme-stranger matches ``repo:acme*``). The evaluator decides whether they are accepted.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from iamdesk.checks.finding import Severity
from iamdesk.i18n import phrase
from iamdesk.policy.wildcards import glob
from iamdesk.resource_files import resources

_WILDCARD = re.compile(r"[*?]")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Subject(_Data):
    """How a provider builds ``sub``: prefix, the attacker's name, separator, rest."""

    prefix: str
    name: str
    names_are: str
    """``chosen`` by the attacker, or ``assigned`` by the provider."""
    name_characters: str
    separator: str
    rest: str


class ExternalToken(_Data):
    """A token that a party unrelated to the account can get."""

    check: str
    severity: Severity
    who: str
    """Its holder, as text."""
    key: str = ""
    """Identifies the holder in fingerprints, if ``who`` does not."""
    claims: dict[str, str | list[str] | None]
    open: tuple[str, ...]
    """Claims whose values the holder chooses."""
    subject: Subject | None = None


class InsiderToken(_Data):
    """A token that anyone in the named owner's own organization can get."""

    severity: Severity
    who: str
    sub: str
    claims: dict[str, str | list[str] | None]


class Issuer(_Data):
    """An identity provider that serves many customers."""

    name: str
    issuer: str
    """As in ARNs and condition keys; ``*`` matches any characters."""
    always_present: tuple[str, ...]
    """Claims, besides ``aud`` and ``sub``, that all of its tokens have."""
    source: str
    tokens: tuple[ExternalToken, ...]
    insiders: tuple[InsiderToken, ...] = ()


class _File(_Data):
    format: str
    about: str
    issuers: tuple[Issuer, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """One token as request context."""

    severity: Severity
    who: str
    key: str
    context: dict[str, str | list[str] | None]
    """Its claims as condition keys."""
    open_keys: frozenset[str]
    """Condition keys, in lower case, whose values the holder chooses."""
    check: str


@cache
def issuers() -> tuple[Issuer, ...]:
    """Return the providers of the data file."""
    text = (resources() / "data" / "oidc-strangers.json").read_text(encoding="utf-8")
    return _File.model_validate(json.loads(text)).issuers


def issuer_of(provider: str) -> Issuer | None:
    """Return a known provider by its address as in condition keys (``gitlab.com``); None for others."""
    return next((issuer for issuer in issuers() if glob(issuer.issuer).matches(provider)), None)


def external_tokens(issuer: Issuer, provider: str, subjects: Iterable[str]) -> Iterator[Token]:
    """Yield the external tokens to try for a trust policy that lists these values and patterns for ``sub``."""
    patterns = tuple(subjects)
    for token in issuer.tokens:
        open_keys = frozenset(f"{provider}:{claim}".lower() for claim in token.open)
        for sub in _subs(token.subject, provider, patterns):
            claims = dict(token.claims)
            if sub is not None:
                claims["sub"] = sub
                _follow(claims, token.subject, sub)
            context = _as_context(claims, provider)
            yield Token(token.severity, phrase(token.who), token.key or token.who, context, open_keys, token.check)


def _subs(subject: Subject | None, provider: str, patterns: tuple[str, ...]) -> list[str | None]:
    if subject is None:
        return [None]
    prefix = subject.prefix.replace("{tenant}", provider.rpartition("/")[2])
    subs: dict[str | None, None] = {prefix + subject.name + subject.separator + subject.rest: None}
    for pattern in patterns:
        made = _made_for(pattern, prefix, subject)
        if made is not None:
            subs[made] = None
    return list(subs)


def _made_for(pattern: str, prefix: str, subject: Subject) -> str | None:
    """Return an attacker's subject that a pattern may match; None if the pattern fixes the owner."""
    found = _WILDCARD.search(pattern)
    if found is None:
        return None
    before, after = pattern[: found.start()], pattern[found.start() :].lstrip("*?")
    if before.startswith(prefix):
        start = before[len(prefix) :]
        if start and (subject.names_are != "chosen" or not re.fullmatch(f"[{subject.name_characters}]+", start)):
            return None
        owner = f"{start}-{subject.name}" if start and not start.endswith("-") else start + subject.name
    elif prefix.startswith(before):
        owner = subject.name
    else:
        return None
    head, _, default = subject.rest.partition(":")
    if after.startswith(subject.separator):
        rest = _filled(after[len(subject.separator) :], default)
    elif after:
        rest = head + _filled(after, default)
    else:
        rest = subject.rest
    return prefix + owner + subject.separator + rest


def _filled(pattern: str, default: str) -> str:
    """Replace wildcards: a final one with the usual end of such subjects, others with a placeholder."""
    pattern = pattern.replace("?", "x")
    if pattern.endswith(":*"):
        pattern = pattern[:-1] + (default or "iamdesk-stranger")
    return pattern.replace("*", "iamdesk-stranger")


def _follow(claims: dict[str, Any], subject: Subject | None, sub: str) -> None:
    """Set claims that repeat the owner to the owner in the subject."""
    if subject is None:
        return
    default = f"{subject.prefix}{subject.name}{subject.separator}"
    if not sub.startswith(default) and sub.startswith(subject.prefix):
        owner = sub[len(subject.prefix) :].partition(subject.separator)[0]
        for claim, value in claims.items():
            if claim != "sub" and isinstance(value, str) and value.startswith(subject.name):
                claims[claim] = owner + value[len(subject.name) :]


def insider_tokens(issuer: Issuer, provider: str, subjects: Iterable[str]) -> Iterator[tuple[str, Token]]:
    """Yield (owner, token): for each owner in a trust policy's subjects, tokens that others of that owner can get."""
    template = next((token.subject for token in issuer.tokens if token.subject is not None), None)
    if template is None or not issuer.insiders:
        return
    open_claims = next(token.open for token in issuer.tokens if token.subject is not None)
    open_keys = frozenset(f"{provider}:{claim}".lower() for claim in open_claims)
    for subject in dict.fromkeys(subjects):
        if not subject.startswith(template.prefix):
            continue
        owner, separator, rest = subject[len(template.prefix) :].partition(template.separator)
        if not separator or not owner or _WILDCARD.search(owner):
            continue
        name = rest.partition(":")[0]
        words = {"owner": owner, "login": owner.partition("@")[0], "name": name}
        for insider in issuer.insiders:
            if "{name}" in insider.sub and (not name or _WILDCARD.search(name)):
                continue
            claims = {
                claim: value.format_map(words) if isinstance(value, str) else value
                for claim, value in insider.claims.items()
            }
            claims["sub"] = insider.sub.format_map(words)
            who = phrase(insider.who, **words)
            yield owner, Token(insider.severity, who, who, _as_context(claims, provider), open_keys, "FED-02")


def _as_context(claims: dict[str, Any], provider: str) -> dict[str, str | list[str] | None]:
    return {f"{provider}:{claim}": value for claim, value in claims.items()}
