"""Who outside a snapshot can act on a resource: external accounts and their principals, services, providers, anyone.

Policies only tell whom to ask for; what each of them can do is the engine's answer, as for everybody else. An external
account is asked about as several of its principals (a role, a user, a federated user, the root user) that no policy
names: whatever differs between two principals of one account has to be named by a policy, and whoever is named is asked
for as well. The account's own policies are assumed to allow the request (the answer says so).
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from iamdesk.evaluate.caller import CallerKind
from iamdesk.evaluate.engine import Question, Trace
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import Layer, Request, RequestError
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.index.organization_index import OrganizationIndex
from iamdesk.index.policy_index import PolicyIndex
from iamdesk.language import phrase
from iamdesk.policy.patterns import glob, is_pattern, tokens_of
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.query.access import ANY_SERVICE, Access, PrincipalKind, Signing, Who
from iamdesk.query.described import ALL_HEADS, principals_described, services_described
from iamdesk.query.grounds import FRESH
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

ANYONE = "*"
ANONYMOUS = "anonymous"
_FIRST_UNNAMED = 907341825603
_ACCOUNT_ID = re.compile(r"\d{12}")
_NAME = re.compile(r"[\w+=,.@-]{1,64}")
_OPEN = (Verdict.ALLOWED, Verdict.CONDITIONAL)
_KINDS = {
    CallerKind.ROOT: PrincipalKind.ROOT_USER,
    CallerKind.USER: PrincipalKind.USER,
    CallerKind.ROLE: PrincipalKind.ROLE,
    CallerKind.SESSION: PrincipalKind.ROLE_SESSION,
    CallerKind.FEDERATED_USER: PrincipalKind.FEDERATED_USER,
    CallerKind.SERVICE: PrincipalKind.SERVICE,
    CallerKind.SAML: PrincipalKind.PROVIDER,
    CallerKind.OIDC: PrincipalKind.PROVIDER,
    CallerKind.ANONYMOUS: PrincipalKind.ANYONE,
}
_OF_ACCOUNT = frozenset({"aws:principalaccount", "aws:principalarn", "aws:userid", "kms:calleraccount"})
"""Variables whose values tell accounts apart."""
_MOST_ACCOUNTS = 20
"""Accounts for which every combination of patterns is tried; of others, what each pattern describes by itself."""


class Asks(Protocol):
    """What is needed of the evaluator."""

    snapshot: Snapshot
    index: PolicyIndex
    organization: OrganizationIndex | None

    def question(self, request: Request) -> Question:
        """Return a request with everything that belongs to it."""

    def trace(self, request: Request) -> Trace:
        """Return the engine's answer to a request."""

    def can(self, request: Request) -> Decision:
        """Return the full answer to a request."""


class Candidate(NamedTuple):
    """Somebody who may have access, and as whom to ask."""

    who: Who
    callers: tuple[str, ...]
    """The principals of requests; the first for whom the answer is most open counts."""
    is_named: bool
    """Whether a statement names it as ``Principal``; else a condition describes it, or it is one of many."""
    like: str = ""
    """The row of all accounts, of which it is a part: it needs none of its own where the decision is the same."""
    account: str = ""
    alike: tuple[str, ...] = ()
    """Accounts of which the same is true as of ``account``."""


class _Found(NamedTuple):
    candidate: Candidate
    caller: str
    trace: Trace


def callers_of(account: str, partition: str = "aws") -> tuple[str, ...]:
    """Return one principal of each kind of an account, of names that no policy contains; the role comes first.

    A role of which no session is named stands for its sessions, too.
    """
    iam, sts = (f"arn:{partition}:{service}::{account}:" for service in ("iam", "sts"))
    return f"{iam}role/{FRESH}", f"{iam}user/{FRESH}", f"{sts}federated-user/{FRESH}", f"{iam}root"


def unnamed_accounts(taken: Iterable[str]) -> Iterator[str]:
    """Yield account ids that are none of those."""
    known = frozenset(taken)
    return (number for number in map(str, range(_FIRST_UNNAMED, 10**12)) if number not in known)


def external_access(asks: Asks, request: Request, cancelled: Cancelled = never_cancelled) -> Iterator[Access]:
    """Yield the external callers for whom a request is allowed or conditional; its principal does not matter.

    Anyone comes first, then accounts, their principals, services and identity providers. None are told where every
    caller would ask for something of its own account: on ``*``.

    Raises:
        RequestError: the action or resource is malformed.
        WorkCancelled: ``cancelled`` returned True.
    """
    search = _Search(asks, request, cancelled)
    ask: Callable[[str], Request] = search.request
    for found in search.run():
        yield Access(
            found.candidate.who.principal, found.trace.verdict, ask, asks.can, found.candidate.who, found.caller
        )


def missing_data(asks: Asks, action: str, resource: str) -> Iterator[str]:
    """Yield what is not captured on a resource's side and may let external callers in, in sentences.

    Raises:
        RequestError: the action or resource is malformed.
    """
    search = _Search(asks, Request("", action, resource), never_cancelled)
    question = search.prepare()
    gaps = () if question is None else question.policies.gaps
    for gap in gaps:
        if gap.code == "sharing-missing":
            yield phrase("Whether the resource is shared with other accounts is not in the snapshot.")
        elif gap.layer in (Layer.RESOURCE, Layer.TRUST, Layer.ACL) and gap.code != "owner-unknown":
            yield gap.message


class _Search:
    """The search for the external callers of one request."""

    def __init__(self, asks: Asks, request: Request, cancelled: Cancelled) -> None:
        self._asks = asks
        self._request = request
        self._cancelled = cancelled
        parts = request.resource.split(":", 2)
        self._partition = parts[1] if len(parts) > 1 and parts[1] and "*" not in parts[1] else "aws"
        organization = asks.organization
        members: dict[str, None] = {}
        if organization is not None:
            of_nodes = (node.id for node in organization.nodes if _ACCOUNT_ID.fullmatch(node.id))
            members = dict.fromkeys((organization.organization.management_account_id, *of_nodes))
        self._members = tuple(one for one in members if one not in asks.index.accounts)
        self._unnamed, self._owner = self._fresh_accounts(())
        self._known_traces: dict[str, Trace | None] = {}

    def request(self, caller: str) -> Request:
        """Return the request as a caller makes it."""
        return replace(self._request, principal=caller)

    def run(self) -> Iterator[_Found]:
        """Yield who has access, in the order of rows."""
        question = self.prepare()
        if question is None:
            return
        statements = tuple(_statements(question))
        is_granted = any(one.is_allow for one in statements)
        if is_granted:
            self._avoid(statements)
        yield from (anyone := self._anyone(is_granted))
        if not is_granted:
            return
        signed = [one.trace.verdict for one in anyone if one.candidate.who.signing is not Signing.UNSIGNED]
        of_all = Verdict.ALLOWED if Verdict.ALLOWED in signed else signed[0] if signed else None
        found: list[_Found] = []
        told: dict[str, Verdict] = {}
        for candidate in _Candidates(self, statements).all():
            one = self._ask(candidate)
            if one is None:
                continue
            is_covered = of_all is Verdict.ALLOWED or of_all is one.trace.verdict
            if candidate.who.kind is PrincipalKind.SERVICE:
                verdicts = [each.trace.verdict for each in anyone]
                is_covered = Verdict.ALLOWED in verdicts or one.trace.verdict in verdicts
            if candidate.like:
                is_covered = is_covered or told.get(candidate.like) in (Verdict.ALLOWED, one.trace.verdict)
                if candidate.who.principal == candidate.like:
                    told[candidate.like] = one.trace.verdict
            if candidate.is_named or not is_covered:
                found += (one, *_of_others(one))
        yield from sorted(_narrowest(found), key=lambda one: one.candidate.who.order)

    def prepare(self) -> Question | None:
        """Return the question of somebody external; None where everyone would ask about its own account."""
        question = self._asks.question(self.request(callers_of(self._unnamed, self._partition)[0]))
        resource = question.target.resource
        if resource is None or resource.account == "aws":
            return None
        if question.resource_account == self._unnamed:
            # Nobody knows whose it is: not the caller's, or nobody would be external.
            accounts = tuple(self._asks.index.accounts)
            owner = accounts[0] if len(accounts) == 1 else self._owner
            self._request = replace(self._request, resource_account=owner)
            question = self._asks.question(self.request(callers_of(self._unnamed, self._partition)[0]))
        return question

    def _fresh_accounts(self, texts: Iterable[str]) -> tuple[str, str]:
        written = {found for text in texts for found in _ACCOUNT_ID.findall(text)}
        numbers = unnamed_accounts({*self._asks.index.accounts, *self._members, *written})
        return next(numbers), next(numbers)

    def _avoid(self, statements: Iterable[Statement]) -> None:
        """Let those whom nobody names be of an account that no statement contains."""
        before = self._unnamed
        self._unnamed, self._owner = self._fresh_accounts(_texts_of(statements))
        if self._unnamed != before:
            self._known_traces.clear()

    @property
    def stranger(self) -> str:
        """An account that no policy contains."""
        return self._unnamed

    @property
    def partition(self) -> str:
        """Of the resource."""
        return self._partition

    @property
    def members(self) -> tuple[str, ...]:
        """The accounts of the organization that the snapshot does not hold."""
        return self._members

    def place_of(self, account: str) -> Hashable:
        """Return where an account of the organization stands, with all that binds it there; itself if unknown."""
        organization = self._asks.organization
        if organization is None or account == organization.organization.management_account_id:
            return account
        path = organization.path(account)
        units = tuple(node.id for node in path[:-1])
        return (units, path[-1].policy_ids) if path else account

    @property
    def asks(self) -> Asks:
        """Whoever answers."""
        return self._asks

    @property
    def original(self) -> Request:
        """The request that was asked."""
        return self._request

    def trace(self, caller: str) -> Trace | None:
        """Return the answer for a caller; None where there is no such caller.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        if caller not in self._known_traces:
            if self._cancelled():
                raise WorkCancelled
            try:
                self._known_traces[caller] = self._asks.trace(self.request(caller))
            except RequestError:
                self._known_traces[caller] = None
        return self._known_traces[caller]

    def _ask(self, candidate: Candidate) -> _Found | None:
        """Return the most open answer for a candidate; None where it is refused."""
        best: _Found | None = None
        for caller in candidate.callers:
            trace = self.trace(caller)
            if trace is None or trace.verdict not in _OPEN:
                continue
            if best is None or trace.verdict is Verdict.ALLOWED:
                kind = candidate.who.kind
                if kind not in (PrincipalKind.ANYONE, PrincipalKind.ACCOUNT):
                    kind = _KINDS[trace.question.caller.kind]
                best = _Found(candidate._replace(who=replace(candidate.who, kind=kind)), caller, trace)
            if trace.verdict is Verdict.ALLOWED:
                break
        return best

    def _anyone(self, is_granted: bool) -> tuple[_Found, ...]:
        """Return the rows of anyone: one where signing makes no difference."""
        callers = callers_of(self._unnamed, self._partition)
        unsigned = self._ask(
            Candidate(Who(ANYONE, PrincipalKind.ANYONE, True, None, Signing.UNSIGNED), (ANONYMOUS,), True)
        )
        signed = self._ask(
            Candidate(
                Who(ANYONE, PrincipalKind.ANYONE, True, None, Signing.SIGNED),
                callers if is_granted else callers[:1],
                True,
            )
        )
        if unsigned is not None and signed is not None and _alike(unsigned.trace, signed.trace):
            who = replace(unsigned.candidate.who, signing=Signing.EITHER)
            return (unsigned._replace(candidate=unsigned.candidate._replace(who=who)),)
        return tuple(one for one in (unsigned, signed) if one is not None)


def _of_others(found: _Found) -> Iterator[_Found]:
    """Yield the same for the accounts that are like that of a row."""
    candidate, own = found.candidate, f"::{found.candidate.account}:"
    for account in candidate.alike:
        who = replace(candidate.who, principal=candidate.who.principal.replace(own, f"::{account}:"))
        yield _Found(candidate._replace(who=who), found.caller.replace(own, f"::{account}:"), found.trace)


def _texts_of(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield every text in which statements can name callers."""
    for one in statements:
        yield from (entry.text for entry in one.principals or ())
        yield from (value.text for test in one.conditions for value in test.values)


def _variables_of(statement: Statement) -> frozenset[str]:
    """Return the keys of the policy variables in a statement."""
    of_conditions = (key for test in statement.conditions for key in test.variable_keys)
    return frozenset((*statement.resource_keys(), *of_conditions))


def _narrowest(found: Iterable[_Found]) -> Iterator[_Found]:
    """Leave out who is described by one pattern and let in for another, too: that one describes them better."""
    by_caller: dict[str, _Found] = {}
    for one in found:
        if not one.candidate.like:
            yield one
            continue
        other = by_caller.get(one.caller)
        if other is None or _literal(one) > _literal(other):
            by_caller[one.caller] = one
    yield from by_caller.values()


def _literal(found: _Found) -> int:
    """Return how much of a row's pattern is no wildcard."""
    return len(found.candidate.who.principal.replace("*", "").replace("?", ""))


def _alike(one: Trace, other: Trace) -> bool:
    """Return whether two answers are the same, on the same conditions."""
    if one.verdict is not other.verdict:
        return False
    return one.verdict is Verdict.ALLOWED or (one.keys, one.sets) == (other.keys, other.sets)


def _statements(question: Question) -> Iterator[Statement]:
    """Yield the statements on the resource's side, and of the endpoint, that cover the action."""
    for one in (question, *question.further):
        policies = one.policies
        of_levels = [policy for level in policies.rcps or () for policy in level]
        attached: list[AttachedPolicy | None] = [policies.resource, *policies.grants, *of_levels, policies.endpoint]
        yield from _covering(one, (policy for policy in attached if policy is not None))


def _covering(question: Question, policies: Iterable[AttachedPolicy]) -> Iterator[Statement]:
    service, name = question.target.service, question.target.name
    for policy in policies:
        for statement in policy.document.statements:
            if statement.broken is None and statement.may_cover_action(service, name):
                yield statement


@dataclass(slots=True)
class _Account:
    """An external account, or those that a condition describes by a pattern."""

    number: str
    """Of a pattern one that it describes."""
    is_named: bool = False
    alike: tuple[str, ...] = ()
    """Other accounts of the organization of which nothing can be said that cannot be said of this one."""


class _Candidates:
    """Whom the statements on a resource's side name, list or describe."""

    def __init__(self, search: _Search, statements: tuple[Statement, ...]) -> None:
        self._search = search
        self._inside = search.asks.index.accounts
        self._accounts: dict[str, _Account] = {}
        """By number or pattern."""
        self._exact: dict[str, bool] = {}
        """ARNs, services, providers; whether a statement names them as ``Principal``."""
        self._arns: dict[str, None] = {}
        self._user_names: dict[str, None] = {}
        self._services: dict[str, None] = {}
        canonical = search.asks.snapshot.account_settings
        self._canonical = {one.canonical_id: one.account_id for one in canonical if one.canonical_id}
        self._made_up = {search.stranger}
        self._names_everyone = any(
            one.is_allow and (one.not_principal or any(entry.is_everyone for entry in one.principals or ()))
            for one in statements
        )
        self._read(statements)
        if self._names_everyone and search.members:
            self._take_members(statements)

    def _take_members(self, statements: tuple[Statement, ...]) -> None:
        """Take in the accounts of the organization: one of those that no policy and no unit tells apart."""
        by_place: dict[Hashable, list[str]] = {}
        for account in self._search.members:
            by_place.setdefault(self._search.place_of(account), []).append(account)
        every = [*statements]
        for first, *_ in by_place.values():
            limits = tuple(_limits_of(self._search, first))
            self._read(limits)
            every += limits
        texts = tuple(_texts_of(every))
        written = {number for text in texts for number in _ACCOUNT_ID.findall(text)}
        patterns = tuple(dict.fromkeys(part for text in texts for part in text.split(":") if is_pattern(part)))
        asks_for_account = any(not _OF_ACCOUNT.isdisjoint(_variables_of(one)) for one in every)
        for place, accounts in by_place.items():
            groups: dict[Hashable, list[str]] = {}
            for account in accounts:
                is_apart = asks_for_account or account in written
                met = tuple(glob(pattern).matches(account) for pattern in patterns)
                groups.setdefault((place, account if is_apart else None, met), []).append(account)
            for first, *others in groups.values():
                self._accounts.setdefault(first, _Account(first)).alike = tuple(others)

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
                self._user_names |= dict.fromkeys(_words(self._search.original))

    def _take_entry(self, entry: PrincipalEntry, is_named: bool) -> None:
        text = entry.text
        match entry.type:
            case PrincipalType.CANONICAL_USER:
                self._take_account(self._canonical.get(text, ""), is_named)
            case PrincipalType.SERVICE | PrincipalType.FEDERATED:
                self._exact[text] = self._exact.get(text, False) or is_named
            case PrincipalType.AWS if _ACCOUNT_ID.fullmatch(text):
                self._take_account(text, is_named)
            case PrincipalType.AWS if text.endswith(":root") and text.count(":") == 5:
                self._take_account(text.split(":")[4], is_named)
            case _ if "*" not in text and "?" not in text:  # there are no wildcards in entries (SEMANTICS E1)
                self._exact[text] = self._exact.get(text, False) or is_named

    def _take_account(self, account: str, is_named: bool) -> None:
        number = _filled_account(account)
        if number and number not in self._inside:
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
            case "aws:username":
                self._user_names[text] = None
            case "aws:principalservicename" | "aws:principalservicenameslist" if is_pattern(text):
                self._services[text] = None
            case "aws:principalservicename" | "aws:principalservicenameslist":
                self._exact.setdefault(text, False)

    def all(self) -> Iterator[Candidate]:
        """Yield them, each once."""
        partition = self._search.partition
        for account, known in self._accounts.items():
            who = self._who(f"arn:{partition}:iam::{account}:root", PrincipalKind.ACCOUNT, account)
            callers = callers_of(known.number, partition)
            yield Candidate(who, callers, known.is_named, account=known.number, alike=known.alike)
        for text, is_named in self._exact.items():
            if (candidate := self._exactly(text, is_named)) is not None:
                yield candidate
        yield from self._described()
        of_services, _ = services_described(tuple(tuple(tokens_of(text)) for text in self._services), FRESH)
        for pattern in self._services:
            callers = tuple(one for one in of_services if glob(pattern).matches(one))
            yield Candidate(self._who(pattern, PrincipalKind.SERVICE, ""), callers, is_named=False)
        if self._names_everyone:
            any_service = Who(ANY_SERVICE, PrincipalKind.SERVICE, is_external=True)
            yield Candidate(any_service, (ANY_SERVICE.replace("*", FRESH),), is_named=False)

    def _exactly(self, text: str, is_named: bool) -> Candidate | None:
        """Return who is named by ARN or name; None for principals of the snapshot, which are asked about as such."""
        is_inside = text.count(":") > 4 and text.split(":")[4] in self._inside
        if is_inside and ":federated-user/" in text:
            return Candidate(Who(text, PrincipalKind.FEDERATED_USER), (text,), is_named)
        if is_inside and "-provider/" not in text:
            return None
        account = text.split(":")[4] if text.startswith("arn:") and text.count(":") > 4 else ""
        return Candidate(self._who(text, PrincipalKind.ROLE, "" if is_inside else account), (text,), is_named)

    def _who(self, principal: str, kind: PrincipalKind, account: str) -> Who:
        return Who(principal, kind, True, self._in_organization(account))

    def _in_organization(self, account: str) -> bool | None:
        organization = self._search.asks.organization
        if organization is None or not _ACCOUNT_ID.fullmatch(account) or account in self._made_up:
            return None
        if organization.has_account(account):
            return True
        return False if organization.is_outside(account) else None

    def _described(self) -> Iterator[Candidate]:
        """Yield external principals whose ARNs, or names as users, conditions describe by patterns.

        Those of an account that nobody names stand for all accounts, those of others for themselves.
        """
        partition = self._search.partition
        named = {account: known.number for account, known in self._accounts.items()}
        for pattern in self._arns:
            if (number := _account_in(pattern)) and number not in self._inside:
                named.setdefault(pattern.split(":", 5)[4], number)
        for shown, account in (("*", self._search.stranger), *named.items()):
            patterns = {_of_account(pattern, shown, account, partition): pattern for pattern in self._arns}
            own: dict[str, tuple[str, ...]] = {text: (pattern,) for text, pattern in patterns.items()}
            for name in self._user_names:
                start = f"arn:{partition}:iam::{account}:user/"
                own[f"arn:{partition}:iam::{shown}:user/{name}"] = (f"{start}{name}", f"{start}*/{name}")
            texts = [text for several in own.values() for text in several]
            tokens = tuple(tuple(tokens_of(text)) for text in texts)
            groups = (tokens,) if len(named) <= _MOST_ACCOUNTS else tuple((one,) for one in tokens)
            described = [
                arn for group in groups for arn in principals_described(group, account, FRESH, partition, ALL_HEADS)
            ]
            for text, several in own.items():
                callers = tuple(arn for arn in described if any(glob(one).matches(arn) for one in several))
                if callers:
                    anywhere = patterns.get(text, text.replace(f"::{shown}:", "::*:"))
                    who = self._who(anywhere if shown == "*" else text, PrincipalKind.ROLE, account)
                    alike = self._accounts[shown].alike if shown in self._accounts else ()
                    yield Candidate(who, callers, is_named=False, like=anywhere, account=account, alike=alike)


def _limits_of(search: _Search, account: str) -> Iterator[Statement]:
    """Yield the service control policies of an account that the snapshot does not hold: they may list principals."""
    question = search.asks.question(search.request(callers_of(account, search.partition)[0]))
    levels = question.policies.scps or ()
    return _covering(question, (policy for level in levels for policy in level))


def _filled_account(pattern: str) -> str:
    """Return an account id that a pattern describes; empty where there is none."""
    digits = pattern.replace("?", "9")
    missing = 12 - len(digits.replace("*", ""))
    digits = digits.replace("*", "9" * missing, 1).replace("*", "") if missing >= 0 else ""
    return digits if _ACCOUNT_ID.fullmatch(digits) else ""


def _account_in(pattern: str) -> str:
    parts = pattern.split(":", 5)
    return _filled_account(parts[4]) if len(parts) > 5 and parts[4] != "*" else ""


def _of_account(pattern: str, shown: str, account: str, partition: str) -> str:
    """Return a pattern of ARNs for one account, or those of a pattern, where it leaves the account open."""
    parts = pattern.split(":", 5)
    if len(parts) > 5 and is_pattern(parts[4]) and glob(parts[4]).matches(account):
        parts[4] = parts[4] if is_pattern(shown) and len(parts[4]) > len(shown) else shown
        return ":".join(parts)
    if len(parts) <= 5 and pattern.startswith("*"):
        rest = pattern[1:]
        return f"arn:{partition}:iam::{shown}{rest if rest.startswith(':') else f':*{rest}'}"
    return pattern


def _words(request: Request) -> Iterator[str]:
    """Yield what a variable for a user's name can stand for in a request: parts of the resource, values given."""
    given = [one for value in request.context.values() for one in ((value,) if isinstance(value, str) else value or ())]
    for text in (request.resource, *given):
        for word in re.split(r"[:/]", text):
            if _NAME.fullmatch(word):
                yield word
