"""The smallest policy changes that alter a decision, each verified by evaluating the changed policies.

For an allowed request: Allow statements to remove, or one Deny to add. For a denied one: Deny statements to remove, and
policy types that need an Allow. For a conditional one: both, for every context.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from iamdesk.evaluate.decision_logic import PolicyTypeKey
from iamdesk.evaluate.engine import EvaluationTrace, evaluate
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.principal import SIGNED, CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.ternary import FALSE, TRUE
from iamdesk.explain import messages
from iamdesk.explain.changed_policies import Added, added_to, changed
from iamdesk.explain.explanation import part_of, spelling, statement_line
from iamdesk.explain.policy_type_summary import on_sub_request
from iamdesk.explain.suggestions import Addition, Change, Changes, Removal
from iamdesk.i18n import join_messages, phrase
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

_MAX_CHANGES = 6
_MAX_TRIALS = 240
"""Number of changes that are tried; each is a new evaluation."""
_MAX_OPEN_TRIALS = 60
"""The same for a conditional decision: each trial then covers many values."""
_MAX_TOGETHER = 3
"""Number of policy types that are removed together."""
_OF_WHOLE_ACCOUNTS = frozenset({PolicyType.SCP, PolicyType.RCP, PolicyType.ENDPOINT})
_POLICIES_UNKNOWN = frozenset({"principal-outside", "federated-user-missing"})
"""Assumptions about a caller whose policies are unknown: none can be changed."""
_AWS_OWNED = ":iam::aws:policy/"
_REACH = (
    PolicyType.SESSION,
    PolicyType.IDENTITY,
    PolicyType.PERMISSIONS_BOUNDARY,
    PolicyType.TRUST,
    PolicyType.RESOURCE,
    PolicyType.ACL,
    PolicyType.BLOCK_PUBLIC_ACCESS,
    PolicyType.ENDPOINT,
    PolicyType.SCP,
    PolicyType.RCP,
)
"""Policy types by how much else a change affects: of changes of one size, those that affect least come first."""


def minimal_policy_changes(trace: EvaluationTrace, cancelled: Cancelled = never_cancelled) -> Changes:
    """Return the smallest changes that alter the decision, smallest first, organization-wide ones last.

    A denial that no policy can lift (rules I5, I10, D6) and a call that needs no permission (I3) have none.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    reason = _fixed(trace)
    if reason:
        return Changes(trace.decision, (), reason)
    search = _Search(trace, cancelled)
    found: list[Change] = []
    if trace.decision is not EvalDecision.ALLOWED:
        found += sorted(search.changes_to_allow(), key=_size)[:_MAX_CHANGES]
    if trace.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
        found += sorted(search.changes_to_deny(), key=_size)[:_MAX_CHANGES]
    return Changes(trace.decision, tuple(found), "" if found else _why_none(trace))


def _fixed(trace: EvaluationTrace) -> str:
    if trace.decision_inputs.needs_no_permission:
        return phrase("No policy change alters the decision: the call needs no permission.")
    if trace.request.unresolved:
        return phrase("Which changes would help depends on {what}.", what=trace.request.unresolved)
    refusal = next(
        (sub_request.refusal for sub_request in trace.decision_inputs.sub_requests if sub_request.refusal is not None),
        None,
    )
    if refusal is not None and trace.decision is not EvalDecision.ALLOWED:
        return phrase("No policy change alters the decision: {why}.", why=phrase(messages.REFUSALS[refusal]))
    return ""


def _why_none(trace: EvaluationTrace) -> str:
    request = trace.request
    if any(one.policies.restrict_public_buckets for one in (request, *request.joint)):
        return phrase("No change of statements alters the decision: Block Public Access blocks external principals.")
    if trace.decision is EvalDecision.ALLOWED and request.caller.kind is CallerKind.ROOT:
        return phrase(
            "Only a service control policy can deny the root user, and none is known to apply to this account."
        )
    if request.caller.is_service_linked and not trace.decision_inputs.is_cross_account:
        return phrase("Only AWS can change the permissions of a service-linked role.")
    if trace.decision_inputs.is_cross_account and not _resource_side(trace, 0):
        return phrase(
            "The resource is in another account, and resources of its type have no policy that could allow the access."
        )
    return phrase("No change of a few statements alters the decision.")


def _size(change: Change) -> tuple[int, int, int, int]:
    policy_types = [*(one.line.layer for one in change.removals), *(one.policy_type for one in change.additions)]
    touches_accounts = sum(policy_type in _OF_WHOLE_ACCOUNTS for policy_type in policy_types)
    reach = max(_REACH.index(policy_type) for policy_type in policy_types)
    # Full access of whole accounts is the last thing to remove.
    first = len(change.removals) if touches_accounts else len(change.additions)
    return touches_accounts, len(policy_types), first, reach


class _Search:
    """Tries changes of one request's policies."""

    def __init__(self, trace: EvaluationTrace, cancelled: Cancelled) -> None:
        self._trace = trace
        self._cancelled = cancelled
        self._trials = 0
        self._most_trials = _MAX_OPEN_TRIALS if trace.keys else _MAX_TRIALS
        self._places = _Places(trace)

    # Allowing

    def changes_to_allow(self) -> Iterator[Change]:
        """Yield removals of the matching Deny statements, together with additions of lacking Allow statements.

        First those after which the other statements have the same effects, also with their conditions still open; then
        those after which it is allowed in every context.
        """
        sub_requests = self._trace.decision_inputs.sub_requests
        denying = [
            result
            for result in self._trace.results
            if not result.statement.is_allow
            and sub_requests[result.policy.sub_request].can_deny(result.policy.policy_type)
        ]
        certain = self._with_whole_policies([result for result in denying if result.truth is TRUE])
        possible = self._with_whole_policies([result for result in denying if result.truth is not FALSE])
        found: list[tuple[frozenset[object], EvalDecision]] = []
        if self._trace.decision is not EvalDecision.CONDITIONAL:
            yield from self._allowing(certain, found, is_certain=False)
        yield from self._allowing(certain, found, is_certain=True)
        if len(possible) > len(certain):
            yield from self._allowing(possible, found, is_certain=True)

    def _allowing(
        self, gone: Sequence[StatementResult], found: list[tuple[frozenset[object], EvalDecision]], *, is_certain: bool
    ) -> Iterator[Change]:
        removed = frozenset(map(id, gone))
        without = self._try(gone, ())
        if without is None:
            return
        lacking = without.worst.lacking if is_certain else without.type_decision.lacking
        guardrails = [type_key for type_key in lacking if type_key.policy_type in _OF_WHOLE_ACCOUNTS]
        # A policy type that cannot be given an Allow is no candidate: this search then finds nothing.
        sub_requests = {type_key.sub_request for type_key in lacking}
        chosen_from = [
            type_key for sub_request in sorted(sub_requests) for type_key in self._places.to_allow(without, sub_request)
        ]
        for count in range(len(chosen_from) + 1):
            for chosen in combinations(chosen_from, count):
                slots = (*guardrails, *chosen)
                parts = frozenset([*removed, *slots])
                if not parts or any(
                    smaller <= parts and decision is EvalDecision.ALLOWED for smaller, decision in found
                ):
                    continue
                if not is_certain and any(smaller <= parts for smaller, _ in found):
                    continue
                after = self._try(gone, slots)
                wanted = (EvalDecision.ALLOWED,) if is_certain else (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
                if after is not None and after.decision in wanted:
                    found.append((parts, after.decision))
                    yield self._change(gone, slots, after)

    # Stopping

    def changes_to_deny(self) -> Iterator[Change]:
        """Yield removals of all Allow statements of as few policy types as needed, and additions of a single Deny."""
        groups: dict[tuple[PolicyTypeKey, Grant | None], list[StatementResult]] = {}
        for result in self._trace.results:
            if result.policy.policy_type is PolicyType.IDENTITY and self._trace.request.caller.is_service_linked:
                continue  # only AWS changes its policies (rule I5)
            if result.policy.is_assumed:
                continue  # the statements to remove are unknown
            if result.statement.is_allow and result.truth is not FALSE:
                type_key = PolicyTypeKey(result.policy.policy_type, result.policy.level, result.policy.sub_request)
                groups.setdefault((type_key, result.grant), []).append(result)
        found: list[frozenset[object]] = []
        for count in range(1, _MAX_TOGETHER + 1):
            for keys in combinations(groups, count):
                chosen: frozenset[object] = frozenset(keys)
                if any(smaller <= chosen for smaller in found):
                    continue
                gone = self._with_whole_policies([result for key in keys for result in groups[key]])
                after = self._try(gone, ())
                if after is not None and after.decision in (EvalDecision.IMPLICIT_DENY, EvalDecision.EXPLICIT_DENY):
                    found.append(chosen)
                    yield self._change(gone, (), after)
        for type_key in self._places.to_deny():
            after = self._try((), (type_key,), effect="Deny")
            if after is not None and after.decision is EvalDecision.EXPLICIT_DENY:
                yield self._change((), (type_key,), after, effect="Deny")

    # Both

    def _with_whole_policies(self, gone: Sequence[StatementResult]) -> list[StatementResult]:
        """Add the other statements of AWS managed policies, which can only be detached whole."""
        detached = {result.policy.key for result in gone if _is_detached(result)}
        own = [result for result in gone if not _is_detached(result)]
        return [*own, *(one for one in self._trace.results if _is_detached(one) and one.policy.key in detached)]

    def _try(
        self, gone: Sequence[StatementResult], slots: Sequence[PolicyTypeKey], effect: str = "Allow"
    ) -> EvaluationTrace | None:
        """Evaluate the request with changed policies; None after too many trials."""
        if not gone and not slots:
            return self._trace
        self._trials += 1
        if self._trials > self._most_trials:
            return None
        if self._cancelled():
            raise WorkCancelled
        added = [self._places.added(type_key, effect) for type_key in slots]
        return evaluate(changed(self._trace.request, gone, added))

    def _change(
        self,
        gone: Sequence[StatementResult],
        slots: Sequence[PolicyTypeKey],
        after: EvaluationTrace,
        effect: str = "Allow",
    ) -> Change:
        trace = self._trace
        wanted_gone = [result for result in gone if self._matters(result, after)]
        removals: list[Removal] = []
        seen: set[tuple[PolicyType, str, str | int]] = set()
        for result in wanted_gone:
            whole = _is_detached(result)
            place = (
                result.policy.policy_type,
                result.policy.key,
                result.policy.owner if whole else result.statement.index,
            )
            if place in seen:
                continue
            seen.add(place)
            removals.append(Removal(statement_line(part_of(result, trace), result, trace), whole))
        additions = tuple(self._places.addition(type_key, effect) for type_key in slots)
        depends = (
            tuple(spelling(key, after) for key in after.keys) if after.decision is EvalDecision.CONDITIONAL else ()
        )
        return Change(
            tuple(removals),
            additions,
            after.decision,
            depends,
            messages.change_sentence(removals, additions),
            join_messages(" ", list(self._caveats(removals, additions, after))),
        )

    def _matters(self, result: StatementResult, after: EvaluationTrace) -> bool:
        """Return whether a removed statement is to be named: not one that is removed only with its whole policy."""
        allows = after.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        return result.truth is not FALSE and result.statement.is_allow is not allows

    def _caveats(
        self, removals: Sequence[Removal], additions: Sequence[Addition], after: EvaluationTrace
    ) -> Iterator[str]:
        trace = self._trace
        policy_types = {*(one.line.layer for one in removals), *(one.policy_type for one in additions)}
        if policy_types & {PolicyType.SCP, PolicyType.RCP}:
            yield phrase("An organization policy applies to every account below it.")
        if after.decision is EvalDecision.CONDITIONAL:
            keys = messages.listed([spelling(key, after) for key in after.keys])
            yield phrase("The decision then depends on {keys}.", keys=keys or phrase("values that are not known"))
        missing_data = [
            missing
            for sub_request in (trace.request, *trace.request.joint)
            for missing in sub_request.policies.missing_data
        ]
        missing = {one.policy_type for one in missing_data if one.code.endswith("-missing")}
        for one in additions:
            if one.policy_type in missing and not one.policy_key and one.policy_type is not PolicyType.IDENTITY:
                yield phrase("The current content of that policy is not captured.")
            if one.policy_type is PolicyType.PERMISSIONS_BOUNDARY and _AWS_OWNED in one.policy_key:
                yield phrase("That policy is AWS managed: edit a copy of it.")
            if one.effect == "Allow" and one.policy_type in (PolicyType.RESOURCE, PolicyType.TRUST):
                match trace.request.caller.kind:
                    case CallerKind.ANONYMOUS:
                        yield phrase("This allows everyone, including unsigned requests.")
                    case CallerKind.OIDC | CallerKind.SAML:
                        yield phrase("Restrict it to the provider's audience and subject with conditions.")
                    case CallerKind.SERVICE:
                        yield phrase("Restrict it to your own resources with aws:SourceArn or aws:SourceAccount.")


def _is_detached(result: StatementResult) -> bool:
    return result.policy.policy_type is PolicyType.IDENTITY and _AWS_OWNED in result.policy.source_id


class _Places:
    """Policies to which statements can be added, and the statements."""

    def __init__(self, trace: EvaluationTrace) -> None:
        self._trace = trace
        without = trace.request.without
        caller = trace.request.caller
        outside = any(missing.code in _POLICIES_UNKNOWN for missing in trace.request.policies.missing_data)
        can_carry = caller.kind in SIGNED and caller.kind is not CallerKind.ROOT and not caller.is_service_linked
        self._has_identity = can_carry and not outside and PolicyType.IDENTITY not in without

    def to_allow(self, trace: EvaluationTrace, sub_request: int) -> tuple[PolicyTypeKey, ...]:
        """Return the policy types that can be given an Allow, other than those of whole accounts."""
        on_sub_request = trace.decision_inputs.sub_requests[sub_request].type_keys
        limits = [
            type_key.policy_type
            for type_key in on_sub_request
            if type_key.policy_type in (PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)
        ]
        if trace.request.caller.kind is CallerKind.FEDERATED_USER and PolicyType.SESSION not in limits:
            limits.append(PolicyType.SESSION)  # rule C5
        return (
            *self._identity(sub_request),
            *(PolicyTypeKey(policy_type, sub_request=sub_request) for policy_type in limits),
            *self._resource(sub_request),
        )

    def to_deny(self) -> tuple[PolicyTypeKey, ...]:
        """Return the policy types in which one Deny is enough."""
        can_deny = self._trace.decision_inputs.can_deny
        places = (*self._identity(0), *(type_key for type_key in self._resource(0) if can_deny(type_key.policy_type)))
        if places:
            return places
        levels = [
            type_key for type_key in self._trace.decision_inputs.type_keys if type_key.policy_type is PolicyType.SCP
        ]
        return tuple(levels[-1:])

    def _identity(self, sub_request: int) -> tuple[PolicyTypeKey, ...]:
        return (PolicyTypeKey(PolicyType.IDENTITY, sub_request=sub_request),) if self._has_identity else ()

    def _resource(self, sub_request: int) -> tuple[PolicyTypeKey, ...]:
        return tuple(
            type_key
            for type_key in _resource_side(self._trace, sub_request)
            if type_key.policy_type not in self._trace.request.without
        )

    def added(self, type_key: PolicyTypeKey, effect: str) -> Added:
        return added_to(self._trace, type_key, effect)

    def addition(self, type_key: PolicyTypeKey, effect: str) -> Addition:
        added = self.added(type_key, effect)
        request = self._trace.request
        places = request.policies.scp_places
        place = messages.place_words(
            type_key.policy_type, type_key.level, places, added.names, request.caller, added.target
        )
        return Addition(type_key.policy_type, type_key.level, place, added.policy_key, added.statement)


def _resource_side(trace: EvaluationTrace, sub_request: int) -> tuple[PolicyTypeKey, ...]:
    """Return the resource policy as a place for a statement, if such a resource can have one."""
    if trace.decision_inputs.is_trust:
        return (PolicyTypeKey(PolicyType.TRUST),)
    request = on_sub_request(trace, sub_request)
    target = request.target
    facts = facts_of(target.service)
    if target.is_beside_key_policies or target.is_beside_resource_policy:
        return ()
    can_carry = facts.types & set(target.resource_types)
    return (
        (PolicyTypeKey(PolicyType.RESOURCE, sub_request=sub_request),)
        if can_carry or request.policies.resource is not None
        else ()
    )
