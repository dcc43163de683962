"""Ways into a role from outside its account: strangers, accounts that the snapshot does not hold, strangers' tokens.

Decided by asking the engine as the outsider, never by the text of a policy: an outsider's own account is taken to allow
whatever they ask for. Text only decides whom to ask for, so that roles which trust their own account cost nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from iamdesk.access.external.described import ALL_HEADS, principals_described
from iamdesk.checks.check_context import STRANGER, CheckContext, Context
from iamdesk.checks.condition_strength import ConditionStrength, Entry, enter
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import is_pattern, tokens_of
from iamdesk.snapshot.model import Account, RoleDetail

ASSUME_ROLE = "sts:AssumeRole"
ORGANIZATIONS: tuple[Context, ...] = (
    {"aws:PrincipalOrgID": None, "aws:PrincipalOrgPaths": None},
    {"aws:PrincipalOrgID": "o-iamdeskstranger", "aws:PrincipalOrgPaths": ["o-iamdeskstranger/r-none/ou-none/"]},
)
"""A stranger's account is in no organization, or in one of its own."""
ANYWHERE: Context = {"aws:SourceIp": "198.51.100.77", "aws:SourceVpce": None, "aws:SourceVpc": None}
"""Somewhere on the Internet: an address that is kept for documentation, so nobody's office."""
_ARN_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::(\d{12}):")
_ACCOUNT_ID = re.compile(r"\d{12}")
_NAMES_CALLER = frozenset({"aws:principalarn", "aws:principalaccount"})
_MADE_FOR_MANAGEMENT = frozenset({"OrganizationAccountAccessRole", "AWSControlTowerExecution"})
"""Roles of member accounts that trust the account which manages the organization.

AWS Organizations User Guide, "Accessing a member account"; AWS Control Tower User Guide, "Roles and accounts".
"""


def allowing(survey: CheckContext, role: RoleDetail, action: str = "assumerole") -> Iterator[Statement]:
    """Yield the trust policy's Allow statements that can be read and cover an sts action (lower case)."""
    for statement in survey.evaluator.index.trust(role).statements:
        if statement.is_allow and statement.broken is None and statement.covers_action("sts", action):
            yield statement


def stranger_entry(survey: CheckContext, account: Account, role: RoleDetail) -> Entry | None:
    """Return how a stranger gets in, with the least that holds them back; None where nobody but the named gets in."""

    def look() -> Entry | None:
        named_all = (
            statement.not_principal or any(entry.is_everyone for entry in statement.principals or ())
            for statement in allowing(survey, role)
        )
        if not any(named_all):
            return None
        external_principal = survey.external_principal(account)
        ways = [_ask(survey, external_principal, role, {**organization, **ANYWHERE}) for organization in ORGANIZATIONS]
        entry = min(ways, key=lambda way: way.hold)
        if entry.hold in (ConditionStrength.OTHER, ConditionStrength.DENIED):
            # From elsewhere perhaps: where the network is what decides, that is what the answer has to name.
            elsewhere = [_ask(survey, external_principal, role, organization) for organization in ORGANIZATIONS]
            entry = min((entry, *elsewhere), key=lambda way: way.hold)
        return entry if entry.hold is not ConditionStrength.DENIED else None

    return survey.once(("stranger", role.arn), look)


@dataclass(frozen=True, slots=True)
class TrustedAccount:
    """An account outside the snapshot and its organization that a role trusts, and how its principals get in."""

    account_id: str
    named: tuple[str, ...]
    """The entries of the trust policy, as written."""
    is_whole: bool
    """Whether the whole account is trusted, not single principals of it."""
    is_perhaps_own: bool
    """Whether it looks like the account that manages the snapshot's own organization, of which the snapshot holds
    nothing: then nobody can tell here whether it is an outsider."""
    without_external_id: Entry
    with_external_id: Entry
    """The same question with ``sts:ExternalId`` left open."""


@dataclass(slots=True)
class ExternalCallers:
    """Who of one account may be asked about, and how a policy names them."""

    named: dict[str, None] = field(default_factory=dict)
    arns: dict[str, None] = field(default_factory=dict)
    is_whole: bool = False


def outside_callers(
    survey: CheckContext, statements: Iterable[Statement], partition: str
) -> dict[str, ExternalCallers]:
    """Return, by outside account, somebody for each way in which statements of a resource name its principals."""
    inside = survey.own_accounts
    found: dict[str, ExternalCallers] = {}
    for statement in statements:
        if statement.not_principal:
            continue
        # Whom a condition narrows everybody, or a whole account, down to.
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
            for text in texts:
                account_id, caller = _caller_of(text, partition)
                if account_id is None or account_id in inside:
                    continue
                callers = found.setdefault(account_id, ExternalCallers())
                callers.named[text] = None
                callers.is_whole = callers.is_whole or (text == entry.text and _is_whole(entry))
                if caller is not None:
                    callers.arns[caller] = None
    return found


def _caller_of(text: str, partition: str) -> tuple[str | None, str | None]:
    """Return the account, and somebody in it, that an entry or a condition on the caller describes."""
    if _ACCOUNT_ID.fullmatch(text):
        return text, f"arn:{partition}:iam::{text}:role/{STRANGER}"
    found = _ARN_ACCOUNT.match(text)
    if found is None:
        return None, None
    account, own = found[1], text.split(":", 2)[1]
    if text.endswith(":root"):
        return account, f"arn:{own}:iam::{account}:role/{STRANGER}"
    if ":assumed-role/" in text and not is_pattern(text):
        return account, text
    return account, next(principals_described((tuple(tokens_of(text)),), account, STRANGER, own, ALL_HEADS), None)


def account_of(entry: PrincipalEntry) -> str | None:
    """Return the account that an entry names, by its id or by an ARN; None for services, providers, ids, everyone."""
    if entry.type is not PrincipalType.AWS:
        return None
    if _ACCOUNT_ID.fullmatch(entry.text):
        return entry.text
    found = _ARN_ACCOUNT.match(entry.text)
    return found[1] if found else None


def _is_whole(entry: PrincipalEntry) -> bool:
    return entry.text.isdecimal() or entry.text.endswith(":root")


def managing_accounts(survey: CheckContext) -> frozenset[str]:
    """Return the accounts that look like managing the organization: none where the snapshot tells which one does.

    Told by roles that AWS Organizations and Control Tower make in member accounts, and by service-linked roles that
    only the account has that manages an organization's stack sets.
    """
    return survey.once("managing accounts", lambda: look_for_managing(survey))


def look_for_managing(survey: CheckContext) -> frozenset[str]:
    """Return what `managing_accounts` does, as the accounts that the survey's snapshot holds tell it."""
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
    """Return the outside accounts whose principals get in, perhaps under conditions."""

    def look() -> tuple[TrustedAccount, ...]:
        found = []
        for account_id, callers in outside_callers(survey, allowing(survey, role), role.arn.split(":", 2)[1]).items():
            if not callers.arns:
                continue
            without = min(
                (_ask(survey, caller, role, {"sts:ExternalId": None}) for caller in callers.arns),
                key=lambda way: way.hold,
            )
            best = without
            if without.hold > ConditionStrength.OWN_CHOICE:
                best = min((_ask(survey, caller, role, {}) for caller in callers.arns), key=lambda way: way.hold)
            if best.hold is not ConditionStrength.DENIED:
                is_perhaps_own = account_id in managing_accounts(survey)
                named = tuple(callers.named)
                found.append(TrustedAccount(account_id, named, callers.is_whole, is_perhaps_own, without, best))
        return tuple(found)

    return survey.once(("trusted accounts", role.arn), look)


def _ask(survey: CheckContext, caller: str, role: RoleDetail, context: Context) -> Entry:
    return enter(survey, caller, ASSUME_ROLE, role.arn, context)
