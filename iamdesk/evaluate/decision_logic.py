"""Combines the policy types of a request into one decision: AWS's policy evaluation logic, step by step.

Some requests consist of several *sub-requests*, each with its own resource, all of which must be allowed: a request
through an S3 access point is one on the access point and one on the bucket (rule I11).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from iamdesk.evaluate.credential_limits import CredentialDoubt
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth
from iamdesk.records import record


class PolicyTypeKey(NamedTuple):
    """One policy type; of organization policies, one level; of a request with sub-requests, one of these."""

    policy_type: PolicyType
    level: int | None = None
    sub_request: int = 0
    """Index of the sub-request."""


IDENTITY, BOUNDARY, SESSION = (
    PolicyTypeKey(PolicyType.IDENTITY),
    PolicyTypeKey(PolicyType.PERMISSIONS_BOUNDARY),
    PolicyTypeKey(PolicyType.SESSION),
)
RESOURCE, TRUST, ACL = (
    PolicyTypeKey(PolicyType.RESOURCE),
    PolicyTypeKey(PolicyType.TRUST),
    PolicyTypeKey(PolicyType.ACL),
)


@record(frozen=True, slots=True)
class DecisionInputs:
    """What is fixed before any statement is evaluated."""

    caller: Caller
    is_cross_account: bool
    type_keys: tuple[PolicyTypeKey, ...]
    """The applicable policy types; one that is not here places no limit (rule A5)."""
    is_trust: bool
    """Whether the resource policy is a role's trust policy (rule I2)."""
    needs_delegation: bool
    """Whether identity policies count only if the resource policy trusts the account: KMS keys, roles."""
    needs_both: bool
    """Whether the service requires both identity and resource policy, also within one account (rule D8)."""
    needs_no_permission: bool
    """Whether the call needs no permission (rule I3), or takes no credentials and the caller has none."""
    refusal: str | None
    """Reason for a denial whatever the policies say: ``credential_limits`` (I10), ``partition`` (D6),
    ``kms-cross-account`` (I1), ``aws-owned`` (I1, I5), ``owner-alone`` (`resource_policy_services`)."""
    restricts_public: bool
    """Whether Block Public Access denies this caller (rule I7)."""
    unlocks: bool = False
    """Whether the resource's policy cannot deny: the owner's root user repairs a policy."""
    joint: "tuple[DecisionInputs, ...]" = ()
    """Those of the other sub-requests, with keys of sub-request 0."""
    doubt: CredentialDoubt | None = None
    """What is unknown about the credentials and can prevent the call (rule I10)."""
    is_assumed: bool = False
    """Whether the caller's own policies are not captured: whether they allow it is unknown."""
    depends: frozenset[EvalDecision] = frozenset()
    """The decisions that depend on which resource is meant."""
    needs_public: bool = False
    """Whether only a resource policy that allows everyone counts: the service authenticates no caller (rule D8)."""

    @property
    def sub_requests(self) -> "tuple[DecisionInputs, ...]":
        """The inputs of all sub-requests."""
        return (self, *self.joint)

    @property
    def depends_on_credentials(self) -> bool:
        """Whether the decision depends on what is unknown about the credentials."""
        return self.doubt is not None or (bool(self.joint) and any(one.doubt is not None for one in self.joint))

    def as_known(self, type_decision: "PolicyTypeDecision") -> EvalDecision:
        """Return a decision; one that needs an Allow of policies that are not captured depends on them (rule D1).

        Likewise one that depends on which resource is meant, unless no resource takes the call.
        """
        if type_decision.decision in self.depends and self.refusal is None:
            return EvalDecision.CONDITIONAL
        needed = {type_key.policy_type for type_key in type_decision.decided_by}
        if self.is_assumed and type_decision.decision is EvalDecision.ALLOWED and PolicyType.IDENTITY in needed:
            return EvalDecision.CONDITIONAL
        return type_decision.decision

    def can_deny(self, policy_type: PolicyType) -> bool:
        """Return whether a Deny of a policy type applies."""
        return not (self.unlocks and policy_type is PolicyType.RESOURCE)


@record(frozen=True, slots=True)
class StatementEffects:
    """The strongest Allow and Deny of each policy type, and the resource policy's grants by how they name the
    caller."""

    allow: Mapping[PolicyTypeKey, Truth]
    deny: Mapping[PolicyTypeKey, Truth]
    grants: Mapping[Grant, Truth]
    joint: "tuple[StatementEffects, ...]" = ()
    """Those of the other sub-requests, where any statement applies; with keys of sub-request 0."""

    @property
    def is_certain(self) -> bool:
        """Whether no effect is undetermined."""
        if MAYBE in self.allow.values() or MAYBE in self.deny.values() or MAYBE in self.grants.values():
            return False
        return not self.joint or all(one.is_certain for one in self.joint)

    def of_sub_request(self, sub_request: int) -> "StatementEffects":
        """Return the effects in one sub-request."""
        if not sub_request:
            return self
        return self.joint[sub_request - 1] if sub_request <= len(self.joint) else _NOTHING


_NOTHING = StatementEffects({}, {}, {})


class PolicyTypeDecision(NamedTuple):
    """A decision for one assumption about unknown values, with its reasons."""

    decision: EvalDecision
    decided_by: frozenset[PolicyTypeKey]
    """Policy types whose Allow statements allow the request, or whose Deny statements deny it."""
    lacking: tuple[PolicyTypeKey, ...]
    """Policy types that had to allow and do not."""
    blocked_by: tuple[str, ...]
    """What denied an otherwise allowed request (CONTRACT 3)."""


_RESOURCE_SIDE = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL})
"""Policy types that grant from the resource's side."""


def statement_effects(results: Iterable[tuple[StatementResult, Truth]]) -> StatementEffects:
    """Sum up statements, each with its assumed truth."""
    counts: list[tuple[dict[PolicyTypeKey, Truth], dict[PolicyTypeKey, Truth], dict[Grant, Truth]]] = [({}, {}, {})]
    for result, truth in results:
        if truth is FALSE:
            continue
        policy = result.policy
        while policy.sub_request >= len(counts):
            counts.append(({}, {}, {}))
        allow, deny, grants = counts[policy.sub_request]
        type_key = PolicyTypeKey(policy.policy_type, policy.level)
        side = allow if result.statement.is_allow else deny
        side[type_key] = max(side.get(type_key, FALSE), truth)
        if result.grant is not None and result.statement.is_allow and type_key.policy_type in _RESOURCE_SIDE:
            grants[result.grant] = max(grants.get(result.grant, FALSE), truth)
    return StatementEffects(*counts[0], tuple([StatementEffects(*one) for one in counts[1:]]))


def with_allows(
    decision_inputs: DecisionInputs, counted: StatementEffects, type_keys: Iterable[PolicyTypeKey], named: Grant
) -> tuple[DecisionInputs, StatementEffects]:
    """Return the inputs of the decision as if some policy types had a matching Allow.

    An Allow in a policy of the resource's side names the caller as ``named``.
    """
    by_sub_request: dict[int, list[PolicyTypeKey]] = {}
    for type_key in type_keys:
        by_sub_request.setdefault(type_key.sub_request, []).append(
            type_key._replace(sub_request=0) if type_key.sub_request else type_key
        )
    situations, tallies = (
        list(decision_inputs.sub_requests),
        [counted.of_sub_request(sub_request) for sub_request in range(len(decision_inputs.joint) + 1)],
    )
    for sub_request, added in by_sub_request.items():
        one, on_sub_request = situations[sub_request], tallies[sub_request]
        grants = on_sub_request.grants
        if any(type_key.policy_type in _RESOURCE_SIDE for type_key in added):
            grants = {**grants, named: TRUE}
        missing = [type_key for type_key in added if type_key not in one.type_keys]
        if missing:
            situations[sub_request] = replace(one, type_keys=(*one.type_keys, *missing))
        tallies[sub_request] = StatementEffects(
            {**on_sub_request.allow, **dict.fromkeys(added, TRUE)}, on_sub_request.deny, grants
        )
    if not decision_inputs.joint:
        return situations[0], tallies[0]
    return (
        replace(situations[0], joint=tuple(situations[1:])),
        replace(tallies[0], joint=tuple(tallies[1:])),
    )


def decide(decision_inputs: DecisionInputs, counted: StatementEffects, optimistic: bool) -> PolicyTypeDecision:
    """Decide with unknowns in the caller's favor (``optimistic``) or against (rule K6)."""
    if not decision_inputs.joint:
        return _decide_sub_request(decision_inputs, counted, optimistic)
    type_decisions = [
        _decide_sub_request(one, counted.of_sub_request(sub_request), optimistic)
        for sub_request, one in enumerate(decision_inputs.sub_requests)
    ]
    return _all_of(type_decisions)


def decide_bounds(
    decision_inputs: DecisionInputs, counted: StatementEffects
) -> tuple[PolicyTypeDecision, PolicyTypeDecision]:
    """Decide with all unknowns in the caller's favor, and with all of them against."""
    best = decide(decision_inputs, counted, optimistic=True)
    if counted.is_certain and not decision_inputs.depends_on_credentials:
        return best, best
    return best, decide(decision_inputs, counted, optimistic=False)


def _all_of(type_decisions: Sequence[PolicyTypeDecision]) -> PolicyTypeDecision:
    """Combine the decisions of all sub-requests: each must allow, and a Deny anywhere denies (rules A2, I11)."""
    decided = [
        type_decision._replace(
            decided_by=frozenset([type_key._replace(sub_request=sub_request) for type_key in type_decision.decided_by]),
            lacking=tuple([type_key._replace(sub_request=sub_request) for type_key in type_decision.lacking]),
        )
        for sub_request, type_decision in enumerate(type_decisions)
    ]
    decisions = {type_decision.decision for type_decision in decided}
    decision = next(one for one in _STRONGEST_FIRST if one in decisions)
    deciding = [type_decision for type_decision in decided if type_decision.decision is decision]
    # Something blocked the request only if every sub-request would be allowed without it.
    is_granted = all(
        type_decision.blocked_by or type_decision.decision is EvalDecision.ALLOWED for type_decision in decided
    )
    blocked = dict.fromkeys(word for type_decision in deciding for word in type_decision.blocked_by)
    return PolicyTypeDecision(
        decision,
        frozenset().union(*(type_decision.decided_by for type_decision in deciding)),
        tuple(type_key for type_decision in deciding for type_key in type_decision.lacking),
        tuple(blocked) if is_granted else (),
    )


_STRONGEST_FIRST = (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY, EvalDecision.ALLOWED)


def _decide_sub_request(
    decision_inputs: DecisionInputs, counted: StatementEffects, optimistic: bool
) -> PolicyTypeDecision:
    enough_to_allow = MAYBE if optimistic else TRUE
    enough_to_deny = TRUE if optimistic else MAYBE
    allowing = {type_key for type_key, truth in counted.allow.items() if truth >= enough_to_allow}
    caller = decision_inputs.caller
    signed_in = caller.kind in _WITH_IDENTITY
    if decision_inputs.needs_no_permission:
        return PolicyTypeDecision(EvalDecision.ALLOWED, frozenset(), (), ())
    type_keys = decision_inputs.type_keys
    identity_ok = caller.kind is CallerKind.ROOT or (signed_in and IDENTITY in allowing)
    grants = {grant for grant, truth in counted.grants.items() if truth >= enough_to_allow}
    # An account principal only delegates inside its own account: it grants nothing by itself (rule C2).
    granted = identity_ok or bool(grants if decision_inputs.is_cross_account else grants - {Grant.ACCOUNT})
    if decision_inputs.refusal in _BEFORE_ANY_POLICY:
        return PolicyTypeDecision(EvalDecision.IMPLICIT_DENY, frozenset(), (), (str(decision_inputs.refusal),))
    if decision_inputs.doubt is not None and decision_inputs.doubt.is_known and not optimistic:
        return CREDENTIALS_REFUSED
    denying = tuple(
        type_key
        for type_key, truth in counted.deny.items()
        if truth >= enough_to_deny and decision_inputs.can_deny(type_key.policy_type)
    )
    if denying:
        blocked = tuple(dict.fromkeys(type_key.policy_type.value for type_key in denying)) if granted else ()
        return PolicyTypeDecision(EvalDecision.EXPLICIT_DENY, frozenset(denying), (), blocked)
    if decision_inputs.refusal is not None:
        return PolicyTypeDecision(EvalDecision.IMPLICIT_DENY, frozenset(), (), (decision_inputs.refusal,))
    resource = TRUST if decision_inputs.is_trust else RESOURCE
    guardrails = [type_key for type_key in type_keys if type_key.policy_type in (PolicyType.SCP, PolicyType.ENDPOINT)]
    limits = [
        type_key
        for type_key in type_keys
        if type_key.policy_type in (PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)
    ]
    lacking = [type_key for type_key in guardrails if type_key not in allowing]
    failing_limits = [type_key for type_key in limits if type_key not in allowing]
    if caller.kind is CallerKind.FEDERATED_USER and SESSION not in type_keys:
        failing_limits.append(SESSION)  # rule C5
    carried: list[PolicyTypeKey] = []

    if caller.kind is CallerKind.ANONYMOUS or decision_inputs.needs_public:
        if grants & {Grant.EVERYONE, Grant.NOT_LISTED}:  # rule E10
            carried = [resource]
        else:
            lacking.append(resource)
    elif not signed_in:  # services and identity providers need only the resource policy (rules E8, E9)
        if grants:
            carried = [resource]
        else:
            lacking.append(resource)
    elif decision_inputs.is_cross_account or decision_inputs.needs_both:  # rules D1, D2, D8
        carried = [IDENTITY, resource, *limits]
        lacking += [] if identity_ok else [IDENTITY]
        lacking += [] if grants else [resource]
        lacking += failing_limits
    else:
        carried, missing = _same_account(decision_inputs, identity_ok, grants, failing_limits, limits, resource)
        lacking += missing
    if lacking:
        blocked = tuple(dict.fromkeys(type_key.policy_type.value for type_key in lacking)) if granted else ()
        return PolicyTypeDecision(EvalDecision.IMPLICIT_DENY, frozenset(), tuple(lacking), blocked)
    if decision_inputs.restricts_public:
        return PolicyTypeDecision(EvalDecision.EXPLICIT_DENY, frozenset(), (), (PolicyType.BLOCK_PUBLIC_ACCESS.value,))
    if resource in carried and ACL in type_keys:
        carried.append(ACL)
    return PolicyTypeDecision(EvalDecision.ALLOWED, frozenset([*carried, *guardrails]), (), ())


CREDENTIALS_REFUSED = PolicyTypeDecision(EvalDecision.IMPLICIT_DENY, frozenset(), (), ("credentials",))
_BEFORE_ANY_POLICY = frozenset({"credentials", "partition"})
_WITH_IDENTITY = frozenset(
    {CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION, CallerKind.FEDERATED_USER}
)


PAST_LIMITS = frozenset({Grant.EVERYONE, Grant.NOT_LISTED, Grant.EXACT})
"""Grants of a resource policy that the caller's own limits do not affect (rule C3)."""
_WITHIN_LIMITS = frozenset({Grant.EXACT, Grant.ROLE, Grant.USER})
"""Grants that suffice by themselves within these limits (rules C3, C4)."""


def _same_account(
    decision_inputs: DecisionInputs,
    identity_ok: bool,
    grants: set[Grant],
    failing_limits: list[PolicyTypeKey],
    limits: list[PolicyTypeKey],
    resource: PolicyTypeKey,
) -> tuple[list[PolicyTypeKey], list[PolicyTypeKey]]:
    """Return the policy types that allow the request, or those that lack an Allow (rules C1 to C5, I1, I2)."""
    missing: list[list[PolicyTypeKey]] = []
    if grants & PAST_LIMITS:
        # A role trust policy does not override the caller's boundary: the specific page takes precedence (rule I2).
        stopped = [BOUNDARY] if decision_inputs.is_trust and BOUNDARY in failing_limits else []
        if not stopped:
            return [resource], []
        missing.append(stopped)
    if grants & _WITHIN_LIMITS:
        if not failing_limits:
            return [resource, *limits], []
        missing.append(failing_limits)
    delegated = not decision_inputs.needs_delegation or Grant.ACCOUNT in grants
    if identity_ok and delegated and not failing_limits:
        return [IDENTITY, *limits, *([resource] if decision_inputs.needs_delegation else [])], []
    missing.append(
        [
            *([] if identity_ok else [IDENTITY]),
            *([] if delegated else [resource]),
            *failing_limits,
        ]
    )
    return [], min(missing, key=len)
