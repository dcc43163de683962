"""Candidates: external principals that policies on a resource's side may allow, to be evaluated.

They come from the principals that statements name, and from conditions about the caller. Too many are harmless: each
one is evaluated.
"""

import re
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from iamdesk.access.external.described import ALL_HEADS, filled, principals_described, services_described
from iamdesk.access.request_grid import FRESH
from iamdesk.access.who_can import ANY_SERVICE, PrincipalKind, Who
from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, ROLES_ANYWHERE, is_certificate_tag
from iamdesk.evaluate.engine import EvaluationRequest
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.request import Request
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import SESSION_KEY, Statement
from iamdesk.policy.wildcards import glob, is_pattern, tokens_of
from iamdesk.simulate.request_builder import RequestBuilder

ACCOUNT_ID = re.compile(r"\d{12}")
_FEDERATED_ID = re.compile(r"(\d{12}):([\w=,.@-]+)")
"""``aws:userid`` of a federated user (rules, "What the principal is called")."""
_DIGITS = 12
_NAME = re.compile(r"[\w+=,.@-]{1,64}")
_FIRST_UNNAMED = 907341825603
_STEP = 618033988749
"""From one account id to the next: neighbors begin and end with other digits."""
_TRIED = 100
_OF_ACCOUNT = frozenset({"aws:principalaccount", "aws:principalarn", "aws:userid", "kms:calleraccount"})
"""Policy variables that differ between accounts."""
_MAX_ACCOUNTS = 20
"""Number of accounts for which every combination of patterns is tried; of others, only each pattern by itself."""
_MAX_IDS = 20
"""Number of unique IDs that get their own rows; with more, what they are allowed is a condition of other rows."""


class Candidate(NamedTuple):
    """An external caller that may have access, and the principals to evaluate it as."""

    who: Who
    callers: tuple[str, ...]
    """Principals of the requests; the most permissive decision counts."""
    is_named: bool
    """Whether a statement names it as ``Principal``; else a condition describes it, or it is one of many."""
    like: str = ""
    """The row that it is part of, of all accounts or of its user: where the decision is the same, it needs no row of
    its own."""
    account: str = ""
    identical: tuple[str, ...] = ()
    """Accounts to which the same applies as to ``account``."""
    own: int = 0
    """Of a pattern, the number of callers, the first ones, that fewest other patterns describe: if one of them has
    access, it represents the pattern."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One request, and what is known of accounts."""

    requests: RequestBuilder
    request: Request
    partition: str
    """Of the resource."""
    inside: Mapping[str, object]
    """The accounts of the snapshot."""
    members: tuple[str, ...]
    """The accounts of the organization that the snapshot does not hold."""
    unnamed: str
    """An account that no policy contains."""
    canonical_ids: Mapping[str, str]
    """Accounts by the canonical user ids that S3 knows them by."""


def callers_of(account: str, partition: str = "aws") -> tuple[str, ...]:
    """Return one principal of each kind of an account, with names that no policy contains; the role comes first.

    A role without a named session represents its sessions, too.
    """
    iam, sts = (f"arn:{partition}:{service}::{account}:" for service in ("iam", "sts"))
    return f"{iam}role/{FRESH}", f"{iam}user/{FRESH}", f"{sts}federated-user/{FRESH}", f"{iam}root"


def unnamed_accounts(texts: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """Yield account ids that are not ``taken``, and that the texts of policies neither contain nor match.

    Where patterns match every account, they match these, too.
    """
    texts = tuple(texts)
    known = {*taken, *(found for text in texts for found in ACCOUNT_ID.findall(text))}
    parts = dict.fromkeys(part for text in texts for part in text.split(":") if is_pattern(part) and "${" not in part)
    patterns = [glob(part) for part in parts if any(map(str.isdigit, part))]
    numbers = [f"{(_FIRST_UNNAMED + step * _STEP) % 10**_DIGITS:0{_DIGITS}}" for step in range(len(known) + _TRIED)]
    free = [number for number in numbers if number not in known]
    yield from sorted(free, key=lambda number: sum(one.matches(number) for one in patterns))


def texts_of(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield every text by which statements can name callers."""
    for one in statements:
        yield from (entry.text for entry in one.principals or ())
        yield from (value.text for test in one.conditions for value in test.values)


def ids_in_conditions(statements: Iterable[Statement]) -> dict[str, tuple[str, ...]]:
    """Return, by the unique ID of a user or role that conditions name in full, their values of ``aws:userid`` for it.

    IAM gives each to one user or role alone (rule E12), and nothing but its account says which it is.
    """
    found: dict[str, dict[str, None]] = {}
    for statement in statements:
        for test in statement.conditions:
            for value in test.values if test.key == SESSION_KEY else ():
                unique_id, _, session = value.text.partition(":")
                is_whole = unique_id.startswith("AROA") if session else unique_id.startswith("AIDA")
                if is_whole and is_unique_id(unique_id):
                    found.setdefault(unique_id, {})[value.text] = None
    return {one: tuple(texts) for one, texts in found.items()} if len(found) <= _MAX_IDS else {}


def user_ids(caller: str, unique_id: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what a row calls a caller with a unique ID, and its value of ``aws:userid``; nothing where it has no such.

    A role goes by its ID if all its sessions have access, else by the value of the condition (``AROA…:admin*``).

    Args:
        caller: ARN of a user, role or session.
        unique_id: Of a user or role.
        texts: The values of conditions, perhaps with wildcards, that begin with it.
    """
    kind, _, name = caller.split(":", 5)[-1].partition("/")
    is_user = unique_id.startswith("AIDA")
    match kind:
        case "user" if is_user:
            yield unique_id, unique_id
        case "assumed-role" if not is_user:
            session = f"{unique_id}:{name.rpartition('/')[2]}"
            yield session, session
        case "role" if not is_user:
            for text in texts:
                if "${" not in text:
                    yield unique_id if text == f"{unique_id}:*" else text, filled(tokens_of(text), FRESH)


def _variables_of(statement: Statement) -> frozenset[str]:
    """Return the keys of the policy variables in a statement."""
    of_conditions = (key for test in statement.conditions for key in test.variable_keys)
    return frozenset((*statement.resource_keys(), *of_conditions))


def covering(evaluation_request: EvaluationRequest, policies: Iterable[AttachedPolicy]) -> Iterator[Statement]:
    """Yield the statements of policies that cover the action of a request, those that can be read."""
    service, name = evaluation_request.target.service, evaluation_request.target.name
    for policy in policies:
        for statement in policy.document.statements:
            if statement.broken is None and statement.may_cover_action(service, name):
                yield statement


@dataclass(slots=True)
class _Account:
    """An external account, or the accounts that a condition describes by a pattern."""

    number: str
    """Of a pattern, one account that it matches."""
    is_named: bool = False
    identical: tuple[str, ...] = ()
    """Other accounts of the organization that no policy distinguishes from this one."""


class Candidates:
    """External principals that the statements on a resource's side name, list or describe."""

    def __init__(self, scope: Scope, statements: tuple[Statement, ...]) -> None:
        self._scope = scope
        self._inside = scope.inside
        self._accounts: dict[str, _Account] = {}
        """By account id or pattern."""
        self._exact: dict[str, bool] = {}
        """ARNs, services, providers; whether a statement names them as ``Principal``."""
        self._arns: dict[str, None] = {}
        self._user_names: dict[str, None] = {}
        self._services: dict[str, None] = {}
        self._made_up = {scope.unnamed}
        self._names_everyone = any(
            one.is_allow and (one.not_principal or any(entry.is_everyone for entry in one.principals or ()))
            for one in statements
        )
        self._read(statements)
        if self._names_everyone and scope.members:
            self._take_members(statements)

    def _take_members(self, statements: tuple[Statement, ...]) -> None:
        """Add the accounts of the organization: one of each group that no policy and no OU distinguishes."""
        by_place: dict[Hashable, list[str]] = {}
        for account in self._scope.members:
            by_place.setdefault(_place_of(self._scope.requests.organization, account), []).append(account)
        every = [*statements]
        for first, *_ in by_place.values():
            limits = tuple(_limits_of(self._scope, first))
            self._read(limits)
            every += limits
        texts = tuple(texts_of(every))
        written = {number for text in texts for number in ACCOUNT_ID.findall(text)}
        patterns = tuple(dict.fromkeys(part for text in texts for part in text.split(":") if is_pattern(part)))
        asks_for_account = any(not _OF_ACCOUNT.isdisjoint(_variables_of(one)) for one in every)
        for place, accounts in by_place.items():
            groups: dict[Hashable, list[str]] = {}
            for account in accounts:
                is_apart = asks_for_account or account in written
                met = tuple(glob(pattern).matches(account) for pattern in patterns)
                groups.setdefault((place, account if is_apart else None, met), []).append(account)
            for first, *others in groups.values():
                self._accounts.setdefault(first, _Account(first)).identical = tuple(others)

    def _read(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            is_named = statement.is_allow and not statement.not_principal
            for entry in statement.principals or ():
                self._take_entry(entry, is_named)
            for test in statement.conditions:
                for value in test.values:
                    if "${" not in value.text:
                        self._take_value(test.key, value.text)
            if "aws:username" in _variables_of(statement):
                self._user_names |= dict.fromkeys(_words(self._scope.request))

    def _take_entry(self, entry: PrincipalEntry, is_named: bool) -> None:
        text = entry.text
        match entry.type:
            case PrincipalType.CANONICAL_USER:
                self._take_account(self._scope.canonical_ids.get(text, ""), is_named)
            case PrincipalType.SERVICE | PrincipalType.FEDERATED:
                self._exact[text] = self._exact.get(text, False) or is_named
            case PrincipalType.AWS if ACCOUNT_ID.fullmatch(text):
                self._take_account(text, is_named)
            case PrincipalType.AWS if text.endswith(":root") and text.count(":") == 5:
                self._take_account(text.split(":")[4], is_named)
            case _ if "*" not in text and "?" not in text:  # entries have no wildcards (rule E1)
                self._exact[text] = self._exact.get(text, False) or is_named

    def _take_account(self, account: str, is_named: bool) -> None:
        number = filled_account(account, self._inside)
        if number:
            known = self._accounts.setdefault(account, _Account(number))
            self._made_up |= {number} if is_pattern(account) else set()
            known.is_named = known.is_named or is_named

    def _take_value(self, key: str, text: str) -> None:
        match key:
            case "aws:principalaccount" | "kms:calleraccount":
                self._take_account(text, is_named=False)
            case "aws:principalarn" if is_pattern(text):
                self._arns[text] = None
            case "aws:principalarn":
                self._exact.setdefault(text, False)
            case "aws:userid" if ACCOUNT_ID.fullmatch(text):
                self._exact.setdefault(f"arn:{self._scope.partition}:iam::{text}:root", False)
            case "aws:userid" if (found := _FEDERATED_ID.fullmatch(text)) is not None:
                self._exact.setdefault(f"arn:{self._scope.partition}:sts::{found[1]}:federated-user/{found[2]}", False)
            case "aws:username":
                self._user_names[text] = None
            case _ if key.startswith(PRINCIPAL_TAG_PREFIX) and is_certificate_tag(key[len(PRINCIPAL_TAG_PREFIX) :]):
                self._exact.setdefault(ROLES_ANYWHERE, False)
            case "aws:principalservicename" | "aws:principalservicenameslist" if is_pattern(text):
                self._services[text] = None
            case "aws:principalservicename" | "aws:principalservicenameslist":
                self._exact.setdefault(text, False)

    def all(self) -> Iterator[Candidate]:
        """Yield the candidates, each once."""
        partition = self._scope.partition
        for account, known in self._accounts.items():
            who = self._who(f"arn:{partition}:iam::{account}:root", PrincipalKind.ACCOUNT, account)
            callers = callers_of(known.number, partition)
            yield Candidate(who, callers, known.is_named, account=known.number, identical=known.identical)
        for text, is_named in self._exact.items():
            if (candidate := self._exactly(text, is_named)) is not None:
                yield candidate
                yield from self._federated(candidate)
        yield from self._described()
        of_services, _ = services_described(tuple(tuple(tokens_of(text)) for text in self._services), FRESH)
        for pattern in self._services:
            callers = tuple(one for one in of_services if glob(pattern).matches(one))
            yield Candidate(self._who(pattern, PrincipalKind.SERVICE, ""), callers, is_named=False)
        if self._names_everyone:
            any_service = Who(ANY_SERVICE, PrincipalKind.SERVICE, is_external=True)
            yield Candidate(any_service, (ANY_SERVICE.replace("*", FRESH),), is_named=False)

    def _exactly(self, text: str, is_named: bool) -> Candidate | None:
        """Return the candidate of an ARN or name; None for principals of the snapshot, which have their own rows."""
        is_inside = text.count(":") > 4 and text.split(":")[4] in self._inside
        if is_inside and ":federated-user/" in text:
            return Candidate(Who(text, PrincipalKind.FEDERATED_USER), (text,), is_named)
        if is_inside and "-provider/" not in text:
            return None
        account = text.split(":")[4] if text.startswith("arn:") and text.count(":") > 4 else ""
        return Candidate(self._who(text, PrincipalKind.ROLE, "" if is_inside else account), (text,), is_named)

    def _federated(self, of: Candidate) -> Iterator[Candidate]:
        """Yield the federated user of a named user: the user's ARN grants to both (rule E4), conditions may not."""
        user = of.who.principal
        head, is_user, name = user.partition(":user/")
        text = f"{head.replace(':iam:', ':sts:')}:federated-user/{name.rpartition('/')[2]}"
        if is_user and text not in self._exact:
            who = replace(of.who, principal=text, kind=PrincipalKind.FEDERATED_USER)
            yield Candidate(who, (text,), is_named=False, like=user)

    def _who(self, principal: str, kind: PrincipalKind, account: str) -> Who:
        return Who(principal, kind, True, self._in_organization(account))

    def _in_organization(self, account: str) -> bool | None:
        organization = self._scope.requests.organization
        if organization is None or not ACCOUNT_ID.fullmatch(account) or account in self._made_up:
            return None
        if organization.has_account(account):
            return True
        return False if organization.is_outside(account) else None

    def _described(self) -> Iterator[Candidate]:
        """Yield external principals whose ARNs, or user names, conditions describe by patterns.

        Those of an unnamed account represent all accounts, others only themselves.
        """
        partition = self._scope.partition
        named = {account: known.number for account, known in self._accounts.items()}
        for pattern in self._arns:
            if number := _account_in(pattern, self._inside):
                named.setdefault(pattern.split(":", 5)[4], number)
        for shown, account in (("*", self._scope.unnamed), *named.items()):
            patterns = {_of_account(pattern, shown, account, partition): pattern for pattern in self._arns}
            own: dict[str, tuple[str, ...]] = {text: (pattern,) for text, pattern in patterns.items()}
            for name in self._user_names:
                start = f"arn:{partition}:iam::{account}:user/"
                own[f"arn:{partition}:iam::{shown}:user/{name}"] = (f"{start}{name}", f"{start}*/{name}")
            texts = [text for several in own.values() for text in several]
            tokens = tuple(tuple(tokens_of(text)) for text in texts)
            groups = (tokens,) if len(named) <= _MAX_ACCOUNTS else tuple((one,) for one in tokens)
            described = [
                arn for group in groups for arn in principals_described(group, account, FRESH, partition, ALL_HEADS)
            ]
            for text, several in own.items():
                several_match = {
                    arn: sum(glob(one).matches(arn) for one in texts)
                    for arn in described
                    if any(glob(one).matches(arn) for one in several)
                }
                callers = tuple(sorted(several_match, key=several_match.__getitem__))
                first = [*several_match.values()].count(min(several_match.values(), default=0))
                if callers:
                    anywhere = patterns.get(text, text.replace(f"::{shown}:", "::*:"))
                    who = self._who(anywhere if shown == "*" else text, PrincipalKind.ROLE, account)
                    identical = self._accounts[shown].identical if shown in self._accounts else ()
                    yield Candidate(
                        who, callers, is_named=False, like=anywhere, account=account, identical=identical, own=first
                    )


def _limits_of(scope: Scope, account: str) -> Iterator[Statement]:
    """Yield the SCPs of an account that the snapshot does not hold: they may list principals."""
    evaluation_request = scope.requests.evaluation_request(
        replace(scope.request, principal=callers_of(account, scope.partition)[0])
    )
    levels = evaluation_request.policies.scps or ()
    return covering(evaluation_request, (policy for level in levels for policy in level))


def _place_of(organization: OrganizationIndex | None, account: str) -> Hashable:
    """Return the place of an account in the organization, with all policies that apply there; itself if unknown."""
    if organization is None or account == organization.organization.management_account_id:
        return account
    path = organization.path(account)
    units = tuple(node.id for node in path[:-1])
    return (units, path[-1].policy_ids) if path else account


def filled_account(pattern: str, inside: Container[str]) -> str:
    """Return the id of an external account that a pattern matches; empty where there is none."""
    for filling in "9876543210" if is_pattern(pattern) else "0":
        digits = pattern.replace("?", filling)
        missing = _DIGITS - len(digits.replace("*", ""))
        if missing >= 0:
            digits = digits.replace("*", filling * missing, 1).replace("*", "")
        if ACCOUNT_ID.fullmatch(digits) and digits not in inside:
            return digits
    return ""


def _account_in(pattern: str, inside: Container[str]) -> str:
    parts = pattern.split(":", 5)
    return filled_account(parts[4], inside) if len(parts) > 5 and parts[4] != "*" else ""


def _of_account(pattern: str, shown: str, account: str, partition: str) -> str:
    """Return a pattern of ARNs for one account, or for those of an account pattern, where it leaves the account
    open."""
    parts = pattern.split(":", 5)
    if len(parts) > 5 and is_pattern(parts[4]) and glob(parts[4]).matches(account):
        parts[4] = parts[4] if is_pattern(shown) and len(parts[4]) > len(shown) else shown
        return ":".join(parts)
    if len(parts) <= 5 and pattern.startswith("*"):
        rest = pattern[1:]
        return f"arn:{partition}:iam::{shown}{rest if rest.startswith(':') else f':*{rest}'}"
    return pattern


def _words(request: Request) -> Iterator[str]:
    """Yield values of a user-name variable in a request: parts of the resource, context values."""
    given = [one for value in request.context.values() for one in ((value,) if isinstance(value, str) else value or ())]
    for text in (request.resource, *given):
        for word in re.split(r"[:/]", text):
            if _NAME.fullmatch(word) and word != FRESH:  # made up: the callers of an account have it
                yield word
