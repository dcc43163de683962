"""External access to a resource: external accounts and their principals, services, identity providers, anyone.

Policies only yield candidates; the engine decides what each of them can do, as for any principal. An external account
is evaluated as several principals (a role, a user, a federated user, the root user) that no policy names: any
difference between two principals of one account is named by a policy, and named principals are candidates themselves.
The account's own policies are assumed to allow the request (the result lists this assumption).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from iamdesk.access.external.candidates import (
    ACCOUNT_ID,
    Candidate,
    Candidates,
    Scope,
    callers_of,
    covering,
    ids_in_conditions,
    texts_of,
    unnamed_accounts,
    user_ids,
)
from iamdesk.access.who_can import Access, PrincipalKind, Signing, Who
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, evaluate
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import EvalDecision, PolicyType, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import phrase
from iamdesk.policy.statement import SESSION_KEY, Statement
from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.simulate.request_builder import RequestBuilder

ANYONE = "*"
ANONYMOUS = "anonymous"
_OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
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


class _Found(NamedTuple):
    candidate: Candidate
    caller: str
    trace: EvaluationTrace
    user_id: str = ""
    """The value of ``aws:userid`` that the caller has, if it is known by that alone."""


def external_access(
    requests: RequestBuilder, can: Callable[[Request], EvaluationResult], request: Request, cancelled: Cancelled
) -> Iterator[Access]:
    """Yield the external callers for whom a request is allowed or conditional; its principal is ignored.

    Anyone comes first, then accounts, their principals, services and identity providers. On ``*`` there are none: every
    caller would act on its own account. What conditions leave to the one principal with a unique ID has its own row,
    and is no condition of the rows of others: no one else gets that ID. ``can`` explains a row.

    Raises:
        RequestError: the action or resource is malformed.
        WorkCancelled: ``cancelled`` returned True.
    """
    search = _Search(requests, request, cancelled)
    for found in search.run():
        who, of_caller = found.candidate.who, search.request(found.caller, found.user_id)
        yield Access(who.principal, found.trace.decision, of_caller, can, who, found.caller)


def missing_data(requests: RequestBuilder, action: str, resource: str) -> Iterator[str]:
    """Yield sentences on missing data of a resource's side that may allow external callers.

    Raises:
        RequestError: the action or resource is malformed.
    """
    search = _Search(requests, Request("", action, resource), never_cancelled)
    evaluation_request = search.prepare()
    missing_data = () if evaluation_request is None else evaluation_request.policies.missing_data
    for missing in missing_data:
        if missing.code == "sharing-missing":
            yield phrase("Whether the resource is shared with other accounts is not captured.")
        elif (
            missing.policy_type in (PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL)
            and missing.code != "owner-unknown"
        ):
            yield missing.message


class _Search:
    """The search for the external callers of one request."""

    def __init__(self, requests: RequestBuilder, request: Request, cancelled: Cancelled) -> None:
        self._requests = requests
        self._request = request
        self._cancelled = cancelled
        parts = request.resource.split(":", 2)
        self._partition = parts[1] if len(parts) > 1 and parts[1] and "*" not in parts[1] else "aws"
        organization = requests.organization
        members: dict[str, None] = {}
        if organization is not None:
            of_nodes = (node.id for node in organization.nodes if ACCOUNT_ID.fullmatch(node.id))
            members = dict.fromkeys((organization.organization.management_account_id, *of_nodes))
        self._members = tuple(one for one in members if one not in requests.index.accounts)
        self._unnamed, self._owner = self._fresh_accounts(())
        self._known_traces: dict[tuple[str, str], EvaluationTrace | None] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        """As `ids_in_conditions`."""
        self._of_ids: dict[str, list[_Found]] = {}
        """By unique ID, or value of ``aws:userid`` for certain sessions: what callers are allowed that have it."""

    def request(self, caller: str, user_id: str = "") -> Request:
        """Return the request as made by a caller."""
        request = replace(self._request, principal=caller, is_of_resource=True)
        return replace(request, context={**request.context, "aws:userid": user_id}) if user_id else request

    def run(self) -> Iterator[_Found]:
        """Yield the callers with access, in the order of rows."""
        evaluation_request = self.prepare()
        if evaluation_request is None:
            return
        statements = tuple(_statements(evaluation_request))
        is_granted = any(one.is_allow for one in statements)
        if is_granted:
            self._avoid(statements)
            self._ids = self._unique_ids(statements)
        yield from (anyone := self._anyone(is_granted))
        if not is_granted:
            return
        signed = [one.trace.decision for one in anyone if one.candidate.who.signing is not Signing.UNSIGNED]
        of_all = EvalDecision.ALLOWED if EvalDecision.ALLOWED in signed else signed[0] if signed else None
        found: list[_Found] = []
        decided: dict[str, EvalDecision] = {}
        for candidate in Candidates(self._scope(), statements).all():
            one = self._ask(candidate)
            if one is None:
                continue
            is_covered = of_all is EvalDecision.ALLOWED or of_all is one.trace.decision
            if candidate.who.kind is PrincipalKind.SERVICE:
                decisions = [each.trace.decision for each in anyone]
                is_covered = EvalDecision.ALLOWED in decisions or one.trace.decision in decisions
            if candidate.like:
                is_covered = is_covered or decided.get(candidate.like) in (EvalDecision.ALLOWED, one.trace.decision)
            decided.setdefault(candidate.who.principal, one.trace.decision)
            if candidate.is_named or not is_covered:
                found += (one, *_of_others(one))
        found += (one for one in self._by_id() if not any(_covers(each, one) for each in anyone))
        yield from sorted(_narrowest(found), key=lambda one: one.candidate.who.order)

    def prepare(self) -> EvaluationRequest | None:
        """Return the request of an external caller; None where each caller would act on its own account."""
        request = self.request(callers_of(self._unnamed, self._partition)[0])
        evaluation_request = self._requests.evaluation_request(request)
        resource = evaluation_request.target.resource
        if resource is None or resource.account == "aws":
            return None
        if evaluation_request.resource_account == self._unnamed:
            # The owner is unknown: assume that it is not the caller's account, or no caller would be external.
            accounts = tuple(self._requests.index.accounts)
            owner = accounts[0] if len(accounts) == 1 else self._owner
            self._request = replace(self._request, resource_account=owner)
            evaluation_request = self._requests.evaluation_request(replace(request, resource_account=owner))
        return evaluation_request

    def _fresh_accounts(self, texts: Iterable[str]) -> tuple[str, str]:
        numbers = unnamed_accounts(texts, (*self._requests.index.accounts, *self._members))
        return next(numbers), next(numbers)

    def _avoid(self, statements: Iterable[Statement]) -> None:
        """Choose unnamed accounts that no statement contains."""
        before = self._unnamed
        self._unnamed, self._owner = self._fresh_accounts(texts_of(statements))
        if self._unnamed != before:
            self._known_traces.clear()

    def _scope(self) -> Scope:
        settings = self._requests.snapshot.account_settings
        return Scope(
            self._requests,
            self._request,
            self._partition,
            self._requests.index.accounts,
            self._members,
            self._unnamed,
            {one.canonical_id: one.account_id for one in settings if one.canonical_id},
        )

    def _unique_ids(self, statements: Iterable[Statement]) -> dict[str, tuple[str, ...]]:
        """Return `ids_in_conditions`, without those of principals of the snapshot, which have their own rows."""
        if any(key.lower() == SESSION_KEY for key in self._request.context):
            return {}
        found = ids_in_conditions(statements)
        if not found:
            return found
        accounts = self._requests.snapshot.accounts
        users = {one.user_id for account in accounts for one in account.users}
        roles = {one.role_id for account in accounts for one in account.roles}
        return {unique_id: texts for unique_id, texts in found.items() if unique_id not in users | roles}

    def trace(self, caller: str, user_id: str = "") -> EvaluationTrace | None:
        """Return the trace of a caller's request; None where there is no such caller.

        Raises:
            WorkCancelled: the search was cancelled.
        """
        key = caller, user_id
        if key not in self._known_traces:
            if self._cancelled():
                raise WorkCancelled
            try:
                self._known_traces[key] = self._evaluated(caller, user_id)
            except RequestError:
                self._known_traces[key] = None
        return self._known_traces[key]

    def _evaluated(self, caller: str, user_id: str) -> EvaluationTrace:
        """Evaluate a caller's request; without ``user_id``, that of a caller who has none of the unique IDs."""
        trace = evaluate(self._requests.evaluation_request(self.request(caller, user_id)))
        depends = trace.decision is EvalDecision.CONDITIONAL and SESSION_KEY in map(str.lower, trace.keys)
        if user_id or not self._ids or not depends:
            return trace
        for unique_id, texts in self._ids.items():
            for shown, one in user_ids(caller, unique_id, texts):
                of_id = self.trace(caller, one)
                if of_id is not None and of_id.decision in _OPEN:
                    kind = PrincipalKind.ROLE_SESSION if ":" in shown else _KINDS[of_id.request.caller.kind]
                    candidate = Candidate(Who(shown, kind, is_external=True), (caller,), is_named=False)
                    self._of_ids.setdefault(shown, []).append(_Found(candidate, caller, of_id, one))
        return evaluate(_without_ids(self._requests.evaluation_request(self.request(caller)), frozenset(self._ids)))

    def _by_id(self) -> Iterator[_Found]:
        """Yield what principals with unique IDs are allowed: each once, by the most permissive decision.

        Certain sessions of a role have no row where all have the same access.
        """
        best = {
            shown: next((one for one in several if one.trace.decision is EvalDecision.ALLOWED), several[0])
            for shown, several in self._of_ids.items()
        }
        for shown, one in best.items():
            unique_id, is_session, _ = shown.partition(":")
            of_all = best.get(unique_id) if is_session else None
            if of_all is None or not _allows_as_much(of_all, one):
                yield one

    def _ask(self, candidate: Candidate) -> _Found | None:
        """Return the most permissive result for a candidate; None where it is denied."""
        best: _Found | None = None
        for place, caller in enumerate(candidate.callers):
            if best is not None and place == candidate.own:
                break
            trace = self.trace(caller)
            if trace is None or trace.decision not in _OPEN:
                continue
            if best is None or trace.decision is EvalDecision.ALLOWED:
                kind = candidate.who.kind
                if kind not in (PrincipalKind.ANYONE, PrincipalKind.ACCOUNT):
                    kind = _KINDS[trace.request.caller.kind]
                best = _Found(candidate._replace(who=replace(candidate.who, kind=kind)), caller, trace)
            if trace.decision is EvalDecision.ALLOWED:
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
        if unsigned is not None and signed is not None and _identical(unsigned.trace, signed.trace):
            who = replace(unsigned.candidate.who, signing=Signing.EITHER)
            return (unsigned._replace(candidate=unsigned.candidate._replace(who=who)),)
        return tuple(one for one in (unsigned, signed) if one is not None)


def _of_others(found: _Found) -> Iterator[_Found]:
    """Yield the same row for the other accounts to which it applies."""
    candidate, own = found.candidate, f"::{found.candidate.account}:"
    for account in candidate.identical:
        who = replace(candidate.who, principal=candidate.who.principal.replace(own, f"::{account}:"))
        yield _Found(candidate._replace(who=who), found.caller.replace(own, f"::{account}:"), found.trace)


def _narrowest(found: Iterable[_Found]) -> Iterator[_Found]:
    """Leave out a pattern of callers whose only caller with access a narrower pattern describes, too.

    Of callers that two patterns describe, the narrower one has no row where the wider one is allowed the same.
    """
    by_caller: dict[str, _Found] = {}
    for one in found:
        if not one.candidate.like:
            yield one
            continue
        other = by_caller.get(one.caller)
        if other is None or _literal(one) > _literal(other):
            by_caller[one.caller] = one
    wide = [one for one in by_caller.values() if is_pattern(one.candidate.who.principal)]
    for one in by_caller.values():
        if not any(_is_within(one, other) and _allows_as_much(other, one) for other in wide):
            yield one


def _is_within(narrow: _Found, wide: _Found) -> bool:
    """Return whether a pattern of callers certainly describes no others than a wider one."""
    one, other = narrow.candidate.who.principal, wide.candidate.who.principal
    return one != other and "?" not in other and glob(other).matches(one)


def _literal(found: _Found) -> int:
    """Return how many characters of a row's pattern are no wildcards."""
    return len(found.candidate.who.principal.replace("*", "").replace("?", ""))


def _covers(anyone: _Found, found: _Found) -> bool:
    """Return whether anyone with an AWS account is allowed the same as the principal with a unique ID."""
    if anyone.candidate.who.signing is Signing.UNSIGNED:
        return False
    return _allows_as_much(anyone, found)


def _allows_as_much(one: _Found, other: _Found) -> bool:
    """Return whether a request is allowed in any case, or under the same conditions as another."""
    return one.trace.decision is EvalDecision.ALLOWED or _identical(one.trace, other.trace)


def _without_ids(request: EvaluationRequest, ids: frozenset[str]) -> EvaluationRequest:
    """Return the request of a caller that has none of some unique IDs."""
    known = request.context.derive

    def derive(key: str) -> KeyValue | None:
        fact = known(key)
        if key != SESSION_KEY or fact is None or fact.knowledge is not Knowledge.VALUE_UNKNOWN:
            return fact
        return fact._replace(excluded_ids=fact.excluded_ids | ids)

    joint = tuple(_without_ids(one, ids) for one in request.joint)
    return replace(request, context=replace(request.context, derive=derive), joint=joint)


def _identical(one: EvaluationTrace, other: EvaluationTrace) -> bool:
    """Return whether two results are equal, with equal conditions."""
    if one.decision is not other.decision:
        return False
    return one.decision is EvalDecision.ALLOWED or (one.keys, one.sets) == (other.keys, other.sets)


def _statements(evaluation_request: EvaluationRequest) -> Iterator[Statement]:
    """Yield the statements on the resource's side, and of the endpoint, that cover the action."""
    for one in (evaluation_request, *evaluation_request.joint):
        policies = one.policies
        of_levels = [policy for level in policies.rcps or () for policy in level]
        attached: list[AttachedPolicy | None] = [policies.resource, *policies.grants, *of_levels, policies.endpoint]
        yield from covering(one, (policy for policy in attached if policy is not None))
