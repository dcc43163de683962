"""Whether S3 treats a resource policy as public, for Block Public Access. Rules: I7."""

from iamdesk.i18n import join_messages, phrase
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.document import Document
from iamdesk.policy.operators import IP_ADDRESS, Network, read_network
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement

_FIXING_KEYS = frozenset(
    {
        "aws:principalorgid",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
"""Keys that make a statement non-public when compared with fixed values."""
_OPEN_KEYS = frozenset({"aws:principalaccount", "aws:principalarn", "aws:principalorgpaths"})
"""Keys about the caller that S3's page does not list: whether they have the same effect is open (`open_rules`)."""
_MAX_LISTED = 3
_ROLE_ID = "AROA"
"""Beginning of the unique IDs of roles: `aws:userid` of a role session is ``AROLEID:session``."""


def public_words(document: Document) -> str:
    """Return which statements make a policy public, and why; empty where none does.

    ``statement 2 (Read) applies to everyone and has no condition``.
    """
    found = [
        _statement_words(statement)
        for statement in document.statements
        if statement.is_allow and statement.broken is None and _is_public_statement(statement, _FIXING_KEYS)
    ]
    more = len(found) - _MAX_LISTED
    listed = found[:_MAX_LISTED] + ([phrase("{count} more", count=more)] if more > 0 else [])
    return join_messages("; ", listed) if listed else ""


def _statement_words(statement: Statement) -> str:
    name = phrase("statement {number}", number=statement.index + 1)
    if statement.sid:
        name = phrase("{statement} ({sid})", statement=name, sid=statement.sid)
    if statement.not_principal:
        whom = phrase("applies to everyone except the principals listed in NotPrincipal")
    else:
        whom = phrase("applies to everyone")
    if not statement.conditions:
        return phrase("{statement} {whom} and has no condition", statement=name, whom=whom)
    why = join_messages(", ", list(dict.fromkeys(_why_open(test) for test in statement.conditions)))
    return phrase("{statement} {whom}, and no condition limits it: {why}", statement=name, whom=whom, why=why)


def _why_open(test: ConditionTest) -> str:
    """Return why a test does not limit requests to fixed values; for one for which `_fixes` is False."""
    key, operator = test.key_text, test.operator_text
    if test.operator is None or not test.values:
        return phrase("{operator} on {key} has no value to compare with", operator=operator, key=key)
    if test.if_exists or test.operator.negated or test.quantifier is Quantifier.ALL:
        return phrase("{operator} on {key} also holds where the key is absent", operator=operator, key=key)
    if test.key == "aws:sourceip":
        return phrase("the addresses of {key} are broader than /8 (IPv6: /32)", key=key)
    if test.key not in _FIXING_KEYS:
        return phrase("{key} is not one of the keys that S3 considers", key=key)
    return phrase("{key} is not compared with a fixed value", key=key)


def is_public(document: Document, fixing_keys: frozenset[str] = _FIXING_KEYS) -> bool:
    """Return whether an Allow statement applies to more than fixed principals and fixed condition values."""
    return any(
        statement.is_allow and statement.broken is None and _is_public_statement(statement, fixing_keys)
        for statement in document.statements
    )


def is_surely_public(document: Document) -> bool:
    """Return whether it is public by either reading of keys about the caller (rule I7, open)."""
    return is_public(document, _FIXING_KEYS | _OPEN_KEYS)


def _is_public_statement(statement: Statement, fixing_keys: frozenset[str]) -> bool:
    entries = statement.principals
    if entries is None:
        return False
    fixed = not statement.not_principal and all(
        entry.type is not PrincipalType.AWS or "*" not in entry.text for entry in entries
    )
    return not fixed and not any(_fixes(test, fixing_keys) for test in statement.conditions)


def _fixes(test: ConditionTest, fixing_keys: frozenset[str]) -> bool:
    """Return whether a test limits requests to fixed values (no wildcard, no variable)."""
    if test.operator is None or test.operator.negated or test.if_exists or test.quantifier is Quantifier.ALL:
        return False
    if not test.values:
        return False
    if test.key == "aws:sourceip":
        return test.operator.family is IP_ADDRESS and all(_is_narrow(value) for value in test.values)
    if test.key not in fixing_keys or not test.operator.family.is_text:
        return False
    return all(_is_fixed(test.key, value) for value in test.values)


def _is_fixed(key: str, value: PolicyValue) -> bool:
    if value.keys:
        return False
    text = value.text
    if key == "aws:userid" and text.startswith(_ROLE_ID) and ":" in text:
        return False  # AWS accepts fixed IDs outside the pattern AROLEID:*
    if key == "s3:dataaccesspointarn":  # the access point's name may be a wildcard if the account is fixed
        parts = text.split(":", 5)
        return len(parts) == 6 and not _has_wildcard("".join(parts[:5]))
    return not _has_wildcard(text)


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def is_narrow(network: Network) -> bool:
    """Return whether a range is not broader than /8, or /32 for IPv6; the private ranges that AWS excepts are
    narrow."""
    return network.prefixlen >= (8 if network.version == 4 else 32)


def _is_narrow(value: PolicyValue) -> bool:
    network = read_network(value.text)
    return network is not None and is_narrow(network)
