"""External access to roles: by any AWS account, or by accounts outside the snapshot and its organization.

Decided by evaluating requests as external principals, not by the text of a policy; their own account is assumed to
allow everything. The text only selects the principals to evaluate, so that roles without external trust cost nothing.
"""

import ipaddress
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from iamdesk.access.external.candidates import callers_of, filled_account
from iamdesk.access.external.described import ALL_HEADS, filled, principals_described
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.condition_strength import Attempt, ConditionStrength, try_request
from iamdesk.i18n import mark, phrase
from iamdesk.policy.document import Document
from iamdesk.policy.operators import Network, read_network
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.public_policy import is_narrow
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import is_pattern, tokens_of
from iamdesk.snapshot.model import Account, RoleDetail

ASSUME_ROLE = "sts:AssumeRole"
ORGANIZATIONS: tuple[Context, ...] = (
    {"aws:PrincipalOrgID": None, "aws:PrincipalOrgPaths": None},
    {"aws:PrincipalOrgID": "o-iamdeskstranger", "aws:PrincipalOrgPaths": ["o-iamdeskstranger/r-none/ou-none/"]},
)
"""An unrelated account is in no organization, or in another one."""
_DOCUMENTATION = ("198.51.100.77", "192.0.2.77", "203.0.113.77")
"""Addresses of the Internet that are reserved for documentation (RFC 5737)."""
_DOCUMENTATION_V6 = ("2001:db8::77", "3fff::77")
"""The same of IPv6 (RFC 3849, RFC 9637)."""
ANYWHERE: Context = {"aws:SourceIp": _DOCUMENTATION[0], "aws:SourceVpce": None, "aws:SourceVpc": None}
"""A request from the Internet."""
_THROUGH_AN_ENDPOINT: Context = {
    "aws:SourceIp": None,
    "aws:SourceVpce": "vpce-07f0e9d1c2b3a4958",
    "aws:SourceVpc": "vpc-07f0e9d1c2b3a4958",
}
"""A request through another account's VPC endpoint: it has no public address. Source: IAM User Guide, aws:SourceIp."""
_PROBES = 64
"""Number of addresses of a range among which one outside of the narrow ranges is looked for."""
_ARN_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::(\d{12}):")
_ARN_ACCOUNTS = re.compile(r"arn:[^:]*:(?:iam|sts)::([\d?*]*\d[\d?*]*):")
"""A pattern of ARNs whose account begins or ends with certain digits, or has them in it."""
_ACCOUNT_ID = re.compile(r"\d{12}")
_ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
_AN_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_SERVICE_LINKED = re.compile(r"arn:[^:]*:iam::\d{12}:role/aws-service-role/([^/*?]+)/[^/*?]+")
_ACCOUNT_PATTERN = re.compile(r"[\d?*]*\d[\d?*]*")
_NAMES_CALLER = frozenset({"aws:principalarn", "aws:principalaccount"})
_MADE_FOR_MANAGEMENT = frozenset({"OrganizationAccountAccessRole", "AWSControlTowerExecution"})
"""Roles of member accounts that trust the organization's management account.

AWS Organizations User Guide, "Accessing a member account"; AWS Control Tower User Guide, "Roles and accounts".
"""


def names_everyone(statement: Statement) -> bool:
    """Return whether a statement applies to everyone, or to everyone except some principals."""
    return statement.not_principal or any(entry.is_everyone for entry in statement.principals or ())


def allowing(survey: CheckContext, role: RoleDetail, action: str = "assumerole") -> Iterator[Statement]:
    """Yield the trust policy's well-formed Allow statements that cover an sts action (in lower case)."""
    for statement in survey.evaluator.index.trust(role).statements:
        if statement.is_allow and statement.broken is None and statement.covers_action("sts", action):
            yield statement


def from_internet(statements: Iterable[Statement]) -> tuple[Context, ...]:
    """Return the contexts of requests from the Internet that the conditions of statements distinguish.

    One from an address that no narrow range has, and one from the public part of each broad range: of addresses, S3
    calls ranges broader than /8 (IPv6: /32) public (rule I7). If a test allows that there is no address, one through a
    VPC endpoint.
    """
    tests = [test for one in statements for test in one.conditions if test.key == "aws:sourceip"]
    networks = {network for test in tests for value in test.values if (network := read_network(value.text)) is not None}
    narrow = [network for network in networks if is_narrow(network)]
    found: dict[str, None] = {}
    for documented in (_DOCUMENTATION, _DOCUMENTATION_V6) if networks else (_DOCUMENTATION,):
        found[next((one for one in documented if not _is_in(one, narrow)), documented[0])] = None
    for network in sorted(networks.difference(narrow), key=str):
        step = network.num_addresses // _PROBES
        probes = (network[place * step + 77 % step] for place in range(_PROBES // 2, _PROBES))
        found |= dict.fromkeys([str(one) for one in probes if one.is_global and not _is_in(str(one), narrow)][:1])
    contexts: list[Context] = [{**ANYWHERE, "aws:SourceIp": address} for address in found]
    if any(test.if_exists for test in tests):
        contexts.append(_THROUGH_AN_ENDPOINT)
    return tuple(contexts)


def _is_in(address: str, networks: Iterable[Network]) -> bool:
    read = ipaddress.ip_address(address)
    return any(read in network for network in networks)


def anyones(survey: CheckContext, account: Account, statements: Sequence[Statement]) -> tuple[str, ...]:
    """Return principals that anyone can have in an account of their own, among them those that conditions describe.

    ``statements`` apply to everyone.
    """
    partition, number = account.partition, survey.unrelated_account
    patterns = tuple(
        tuple(tokens_of(value.text))
        for statement in statements
        for test in statement.conditions
        if test.key == "aws:principalarn"
        for value in test.values
        if is_pattern(value.text) and "${" not in value.text
    )
    described = principals_described(patterns, number, PLACEHOLDER, partition, ALL_HEADS) if patterns else ()
    users = (
        f"arn:{partition}:iam::{number}:user/{filled(tokens_of(value.text), PLACEHOLDER)}"
        for statement in statements
        for test in statement.conditions
        if test.key == "aws:username"
        for value in test.values
        if value.text and "${" not in value.text
    )
    everyone = (survey.external_principal(account), *callers_of(number, partition), *described, *users)
    return tuple(dict.fromkeys(everyone))


def external_attempt(survey: CheckContext, account: Account, role: RoleDetail) -> Attempt | None:
    """Return the least restricted attempt of an unrelated account to assume a role; None if it is always denied."""

    def look() -> Attempt | None:
        open_to_everyone = [statement for statement in allowing(survey, role) if names_everyone(statement)]
        if not open_to_everyone:
            return None
        callers = anyones(survey, account, open_to_everyone)
        networks = from_internet(survey.evaluator.index.trust(role).statements)

        def best_from(networks: Iterable[Context]) -> Attempt:
            contexts = [{**organization, **network} for network in networks for organization in ORGANIZATIONS]
            attempts = (_try_role(survey, caller, role, context) for caller in callers for context in contexts)
            return min(attempts, key=lambda attempt: attempt.strength)

        attempt = best_from(networks)
        if attempt.strength in (ConditionStrength.OTHER, ConditionStrength.DENIED):
            # If the network decides, the finding must name its keys.
            attempt = min((attempt, best_from(({},))), key=lambda attempt: attempt.strength)
        return attempt if attempt.strength is not ConditionStrength.DENIED else None

    return survey.once(("stranger", role.arn), look)


@dataclass(frozen=True, slots=True)
class TrustedAccount:
    """An account outside the snapshot and its organization that a role trusts, with its best attempts."""

    account_id: str
    named: tuple[str, ...]
    """The entries of the trust policy, as written."""
    is_whole: bool
    """Whether the entire account is trusted, not single principals of it."""
    is_perhaps_own: bool
    """Whether it may be the management account of the snapshot's own organization, which was not captured. Then it is
    uncertain whether it is external."""
    without_external_id: Attempt
    with_external_id: Attempt
    """The same request with ``sts:ExternalId`` unknown."""
    services: tuple[str, ...] = ()
    """If only service-linked roles of the account are trusted: the services, which alone can assume such roles.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    """


@dataclass(slots=True)
class ExternalCallers:
    """Principals of one external account to evaluate, and the entries that name them."""

    named: dict[str, None] = field(default_factory=dict)
    arns: dict[str, None] = field(default_factory=dict)
    is_whole: bool = False
    is_only_described: bool = True
    """Whether only conditions name them, of statements that apply to everyone."""

    @property
    def number(self) -> str:
        """The account's ID; of a pattern of accounts, one that it matches."""
        return next(iter(self.arns)).split(":", 5)[4]


def external_callers(
    survey: CheckContext, statements: Iterable[Statement], partition: str, denies: Iterable[Statement] = ()
) -> dict[str, ExternalCallers]:
    """Return, by external account, a principal for each entry by which statements name the account's principals.

    Args:
        survey: The context of the run.
        statements: Allow statements.
        partition: The partition of the principals.
        denies: Deny statements of the same policy: where everyone is allowed, they may leave those that they name.
    """
    inside = survey.own_accounts
    left = [text for statement in denies for text in _left_by(statement)]
    found: dict[str, ExternalCallers] = {}
    for statement in statements:
        if statement.not_principal:
            continue
        # Conditions that narrow "*", or an entire account, to single principals.
        narrowed = [
            listed.text
            for test in statement.conditions
            if test.key in _NAMES_CALLER and test.operator is not None and not test.operator.negated
            for listed in test.values
        ]
        for entry in statement.principals or ():
            texts = [entry.text] if account_of(entry) is not None else []
            if entry.is_everyone or (texts and _is_whole(entry)):
                texts += narrowed
            if entry.is_everyone:
                texts += left
            for text in texts:
                account_id, caller = _caller_of(text, partition, inside)
                if account_id is None or account_id in inside:
                    continue
                callers = found.setdefault(account_id, ExternalCallers())
                callers.named[text] = None
                callers.is_whole = callers.is_whole or (text == entry.text and _is_whole(entry))
                callers.is_only_described = callers.is_only_described and entry.is_everyone
                if caller is not None:
                    callers.arns[caller] = None
    return found


def _left_by(statement: Statement) -> Iterator[str]:
    """Yield the texts by which a Deny statement names callers: it may apply to all but them."""
    if statement.not_principal:
        yield from (entry.text for entry in statement.principals or () if account_of(entry) is not None)
    for test in statement.conditions:
        if test.key in _NAMES_CALLER:
            yield from (value.text for value in test.values)


def denying(document: Document) -> tuple[Statement, ...]:
    """Return the well-formed Deny statements of a policy."""
    return tuple(one for one in document.statements if not one.is_allow and one.broken is None)


def other_organizations(
    survey: CheckContext, statements: Iterable[Statement], denies: Iterable[Statement]
) -> Iterator[tuple[str, Context]]:
    """Yield the organizations that conditions name, except the snapshot's own, with the context of one's accounts.

    Args:
        survey: The context of the run.
        statements: Allow statements that apply to everyone.
        denies: Deny statements of the same policy: they may apply to all organizations but those that they name.
    """
    own = survey.snapshot.organization
    tests = [test for one in (*statements, *denies) for test in one.conditions if test.key in _ORGANIZATION_KEYS]
    texts = [value.text for test in tests for value in test.values]
    for organization in dict.fromkeys(text.partition("/")[0] for text in texts):
        if not _AN_ORGANIZATION.fullmatch(organization) or (own is not None and organization == own.id):
            continue
        paths = [filled(tokens_of(text), "ou-none") for text in texts if text.startswith(f"{organization}/")]
        yield (
            organization,
            {
                "aws:PrincipalOrgID": organization,
                "aws:PrincipalOrgPaths": paths or [f"{organization}/r-none/"],
            },
        )


def needs_organization(survey: CheckContext, attempt: Attempt) -> bool:
    """Return whether an attempt of an organization's account is more restricted from outside of the organization.

    Otherwise the organization does not decide, and the checks of access by anyone report it.
    """
    asked = attempt.decision.request
    return all(
        try_request(survey, asked.principal, asked.action, asked.resource, {**asked.context, **other}).strength
        > attempt.strength
        for other in ORGANIZATIONS
    )


def _caller_of(text: str, partition: str, inside: Container[str]) -> tuple[str | None, str | None]:
    """Return the account that an entry or a condition on the caller names, and a matching principal of it.

    Of a pattern of accounts, the pattern, and a principal of one that is not ``inside``.
    """
    if _ACCOUNT_ID.fullmatch(text):
        return text, f"arn:{partition}:iam::{text}:role/{PLACEHOLDER}"
    if _ACCOUNT_PATTERN.fullmatch(text):
        number = filled_account(text, inside)
        return (text, f"arn:{partition}:iam::{number}:role/{PLACEHOLDER}") if number else (None, None)
    found = _ARN_ACCOUNT.match(text)
    if found is None:
        several = _ARN_ACCOUNTS.match(text)
        number = filled_account(several[1], inside) if several else ""
        if several is None or not number:
            return None, None
        _, caller = _caller_of(text.replace(f"::{several[1]}:", f"::{number}:", 1), partition, inside)
        return several[1], caller
    account, own = found[1], text.split(":", 2)[1]
    if text.endswith(":root"):
        return account, f"arn:{own}:iam::{account}:role/{PLACEHOLDER}"
    if ":assumed-role/" in text and not is_pattern(text):
        return account, text
    return account, next(principals_described((tuple(tokens_of(text)),), account, PLACEHOLDER, own, ALL_HEADS), None)


def account_of(entry: PrincipalEntry) -> str | None:
    """Return the account ID in an entry; None for services, identity providers, unique IDs and ``*``."""
    if entry.type is not PrincipalType.AWS:
        return None
    if _ACCOUNT_ID.fullmatch(entry.text):
        return entry.text
    found = _ARN_ACCOUNT.match(entry.text)
    return found[1] if found else None


def _is_whole(entry: PrincipalEntry) -> bool:
    return entry.text.isdecimal() or entry.text.endswith(":root")


def managing_accounts(survey: CheckContext) -> frozenset[str]:
    """Return the accounts that may be the organization's management account; empty if the organization was captured.

    Recognized by roles that AWS Organizations and Control Tower create in member accounts, and by the service-linked
    role that manages an organization's stack sets.
    """
    return survey.once("managing accounts", lambda: look_for_managing(survey))


def look_for_managing(survey: CheckContext) -> frozenset[str]:
    """Return `managing_accounts` for the accounts in the context's snapshot."""
    if survey.snapshot.organization is not None:
        return frozenset()
    found = set()
    for account in survey.snapshot.accounts:
        for role in account.roles:
            if role.role_name not in _MADE_FOR_MANAGEMENT and "stacksets-exec-" not in role.role_name:
                continue
            for statement in allowing(survey, role):
                found |= {account_of(entry) for entry in statement.principals or () if _manages(role, entry)}
    return frozenset(filter(None, found))


def _manages(role: RoleDetail, entry: PrincipalEntry) -> bool:
    return role.role_name in _MADE_FOR_MANAGEMENT or ":role/aws-service-role/stacksets." in entry.text


def trusted_accounts(survey: CheckContext, role: RoleDetail) -> tuple[TrustedAccount, ...]:
    """Return the external accounts whose principals can assume a role, perhaps under conditions."""

    def look() -> tuple[TrustedAccount, ...]:
        found = []
        partition, denies = role.arn.split(":", 2)[1], denying(survey.evaluator.index.trust(role))
        for account_id, callers in external_callers(survey, allowing(survey, role), partition, denies).items():
            if not callers.arns:
                continue
            without = min(
                (_try_role(survey, caller, role, {"sts:ExternalId": None}) for caller in callers.arns),
                key=lambda attempt: attempt.strength,
            )
            best = without
            if without.strength > ConditionStrength.OWN_CHOICE:
                best = min(
                    (_try_role(survey, caller, role, {}) for caller in callers.arns),
                    key=lambda attempt: attempt.strength,
                )
            if callers.is_only_described and is_anyones(survey, best, callers):
                continue
            if best.strength is not ConditionStrength.DENIED:
                is_perhaps_own = account_id in managing_accounts(survey)
                named = tuple(callers.named)
                linked = [_SERVICE_LINKED.fullmatch(text) for text in named]
                services = dict.fromkeys(match[1] for match in linked if match)
                found.append(
                    TrustedAccount(
                        account_id,
                        named,
                        callers.is_whole or (callers.is_only_described and _has_all(survey, role, callers, best)),
                        is_perhaps_own,
                        without,
                        best,
                        tuple(services) if all(linked) else (),
                    )
                )
        return tuple(found)

    return survey.once(("trusted accounts", role.arn), look)


def is_anyones(survey: CheckContext, attempt: Attempt, callers: ExternalCallers) -> bool:
    """Return whether a principal of the same name in an unrelated account is as little restricted.

    Then the account is not what decides, and the checks of access by anyone report it.
    """
    if attempt.strength > ConditionStrength.SECRET:
        return False
    asked = attempt.decision.request
    external_principal = asked.principal.replace(f"::{callers.number}:", f"::{survey.unrelated_account}:", 1)
    context = {key: value for key, value in asked.context.items() if key not in ORGANIZATIONS[0]}
    return try_request(survey, external_principal, asked.action, asked.resource, context).strength <= attempt.strength


def _has_all(survey: CheckContext, role: RoleDetail, callers: ExternalCallers, best: Attempt) -> bool:
    """Return whether a role and a user of an account that no policy names can assume a role as well."""
    start = f"arn:{role.arn.split(':', 2)[1]}:iam::{callers.number}:"
    context = best.decision.request.context
    return all(
        _try_role(survey, f"{start}{kind}/{PLACEHOLDER}", role, context).strength <= best.strength
        for kind in ("role", "user")
    )


def matching_accounts(account_id: str, *, begins: bool = False) -> str:
    """Return "any account whose ID matches …" for a pattern of accounts; empty for an account.

    ``begins``: to begin a sentence.
    """
    if not is_pattern(account_id):
        return ""
    if begins:
        return phrase("Any account whose ID matches {pattern}", pattern=account_id)
    return phrase("any account whose ID matches {pattern}", pattern=account_id)


NAME_ACCOUNTS = mark(
    "Name the intended accounts by their full IDs: AWS assigns the IDs, and anyone may get one that matches."
)


def _try_role(survey: CheckContext, caller: str, role: RoleDetail, context: Context) -> Attempt:
    return try_request(survey, caller, ASSUME_ROLE, role.arn, context)
