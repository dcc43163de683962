"""The evaluation engine: evaluates all policies of one request and keeps every result for the explanation.

It evaluates every statement of every policy type, also once the decision is known: the explanation needs them all
(rule A4). It never raises on the content of a policy.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import Context
from iamdesk.evaluate.credential_limits import cannot_call, credential_doubt, has_session_token
from iamdesk.evaluate.decision_logic import (
    ACL,
    BOUNDARY,
    IDENTITY,
    PAST_LIMITS,
    SESSION,
    DecisionInputs,
    PolicyTypeDecision,
    PolicyTypeKey,
    StatementEffects,
    decide_bounds,
    statement_effects,
)
from iamdesk.evaluate.matching import RequestFacts, StatementResult, SubRequest, match_statement
from iamdesk.evaluate.open_rules import (
    BOUNDARY_AND_TRUST,
    LISTED_IN_ONE,
    PUBLIC_BY_CALLER_KEY,
    SOURCE_IDENTITY_OF_USER,
    UNSIGNED_ON_QUEUES,
    OpenRule,
    Reading,
)
from iamdesk.evaluate.policy_set import AttachedPolicy, PolicySet
from iamdesk.evaluate.principal import SERVICE_LINKED_PATH, SIGNED, Caller, CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.evaluate.resource_policy_services import OtherAccounts, Unsigned, facts_of
from iamdesk.evaluate.service_rules import POSSIBLE_ON_AWS_ROLES, TRUST_ON_BOTH_SIDES
from iamdesk.evaluate.ternary import FALSE
from iamdesk.evaluate.unknown_context.solver import ConditionSet, UnknownContextResult, resolve, resolve_decision
from iamdesk.policy.arn import Arn
from iamdesk.policy.public_policy import is_public, is_surely_public
from iamdesk.policy.wildcards import is_pattern
from iamdesk.records import record

_NO_AUTHORIZATION = "NONE"


@record(frozen=True, slots=True)
class EvaluationRequest:
    """A request with everything that evaluating it needs."""

    caller: Caller
    target: Target
    context: Context
    policies: PolicySet
    resource_account: str | None
    """The owner of the resource; None: unknown, assumed to be the caller's account."""
    without: frozenset[PolicyType] = frozenset()
    """Policy types that the user left out."""
    joint: "tuple[EvaluationRequest, ...]" = ()
    """The request's other sub-requests, which must be allowed, too; their policies are on them."""
    refusal: str | None = None
    """Reason for a denial whatever the policies say, as far as the snapshot shows it (`messages.REFUSALS`)."""
    authorization: str = ""
    """Of a call of an API, the captured authorization type of the method: ``NONE``, ``AWS_IAM``; empty if unknown."""
    is_of_resource: bool = False
    unresolved: str = ""
    """Both as in `Request`."""
    is_alone: bool = False
    """Whether other actions on the same resource may have more or fewer sub-requests."""


@record(frozen=True, slots=True)
class EvaluationTrace:
    """Everything that an evaluation yields, before it is explained."""

    request: EvaluationRequest
    subject: RequestFacts
    decision_inputs: DecisionInputs
    results: tuple[StatementResult, ...]
    """Every statement that covers the action."""
    counted: StatementEffects
    """The sum of their effects."""
    broken: tuple[AttachedPolicy, ...]
    """Policies with statements that cannot be evaluated."""
    decision: EvalDecision
    type_decision: PolicyTypeDecision
    worst: PolicyTypeDecision
    """The decision with all unknowns against the caller; equals ``type_decision`` without unknowns."""
    keys: tuple[str, ...]
    sets: tuple[ConditionSet, ...]
    denials: tuple[ConditionSet, ...]
    is_exact: bool
    has_more: bool
    """Whether there are more minimal condition sets than ``sets`` holds."""
    readings: tuple[Reading, ...]
    """The decisions by other readings of rules that AWS's pages leave open, where they differ (K9)."""


def evaluate(request: EvaluationRequest) -> EvaluationTrace:
    """Evaluate one request."""
    policies = policies_of(request)
    decision_inputs = decision_inputs_of(request, policies)
    subject = subject_of(request, policies)
    results: list[StatementResult] = []
    broken: list[AttachedPolicy] = []
    service = request.target.service
    for policy in policies_to_match(request, policies, decision_inputs):
        is_broken = False
        for statement in policy.document.statements:
            if statement.services is not None and service not in statement.services:
                continue
            is_broken = is_broken or statement.broken is not None
            result = match_statement(policy, statement, subject)
            if result is not None:
                results.append(result)
        is_broken = is_broken or bool(not policy.document.statements and policy.document.diagnostics)
        if is_broken and all(policy.key != other.key for other in broken):
            broken.append(policy)
    results = _open_of_joint(results) if request.joint else results
    counted = statement_effects((result, result.truth) for result in results)
    resolution, worst = _resolved(decision_inputs, results, counted, subject)
    return EvaluationTrace(
        request,
        subject,
        decision_inputs,
        tuple(results),
        counted,
        tuple(broken),
        resolution.decision,
        resolution.type_decision,
        worst,
        resolution.keys,
        resolution.sets,
        resolution.denials,
        resolution.is_exact,
        resolution.has_more,
        _readings(request, decision_inputs, results, subject, resolution.decision),
    )


def _open_of_joint(results: Sequence[StatementResult]) -> list[StatementResult]:
    """Return results of sub-requests: a Deny whose NotResource lists the resource of one alone is open (rule I11)."""

    def statement(one: StatementResult) -> Hashable:
        return one.policy.policy_type, one.policy.key, one.policy.level, one.statement.index

    sparing = {statement(one) for one in results if any(failed.element == "NotResource" for failed in one.failures)}
    return [
        replace(one, other=FALSE, open_rules=(*one.open_rules, LISTED_IN_ONE))
        if statement(one) in sparing and not one.statement.is_allow and one.truth is not FALSE
        else one
        for one in results
    ]


def decide_request(request: EvaluationRequest) -> EvalDecision:
    """Return the decision that `evaluate` makes, faster: without anything that explains it."""
    policies = policies_of(request)
    decision_inputs = decision_inputs_of(request, policies)
    subject = subject_of(request, policies)
    service = request.target.service
    matched = (
        match_statement(policy, statement, subject)
        for policy in policies_to_match(request, policies, decision_inputs)
        for statement in policy.document.statements
        if statement.services is None or service in statement.services
    )
    results = [result for result in matched if result is not None and result.truth is not FALSE]
    best, worst = decide_bounds(decision_inputs, statement_effects((result, result.truth) for result in results))
    if best.decision is worst.decision:
        return decision_inputs.as_known(best)
    decision = resolve_decision(decision_inputs, results, subject, best)
    return decision if decision is not EvalDecision.ALLOWED else decision_inputs.as_known(best)


def subject_of(request: EvaluationRequest, policies: PolicySet) -> RequestFacts:
    """Return the facts that statements are matched against; ``policies`` are the `policies_of` the request."""
    joint = tuple([SubRequest(one.target, one.context.derive) for one in request.joint]) if request.joint else ()
    return RequestFacts(request.caller, request.target, request.context, policies.boundary is not None, joint)


def policies_to_match(
    request: EvaluationRequest, policies: PolicySet, decision_inputs: DecisionInputs
) -> Iterable[AttachedPolicy]:
    """Yield the applicable policies of all sub-requests."""
    yield from applicable_policies(policies, decision_inputs)
    if not request.joint:
        return
    for one, of_sub_request in zip(request.joint, decision_inputs.joint, strict=True):
        yield from applicable_policies(policies_of(one), of_sub_request)


def decide_with_unknowns(
    decision_inputs: DecisionInputs, results: Sequence[StatementResult], subject: RequestFacts
) -> tuple[UnknownContextResult, PolicyTypeDecision]:
    """Return the decision over all unknown values, and the decision with all unknowns against the caller.

    ``results`` are those of all statements that cover the action, in the order of `applicable_policies`; statements
    that are false may be left out.
    """
    return _resolved(decision_inputs, results, statement_effects((result, result.truth) for result in results), subject)


def _resolved(
    decision_inputs: DecisionInputs,
    results: Sequence[StatementResult],
    counted: StatementEffects,
    subject: RequestFacts,
) -> tuple[UnknownContextResult, PolicyTypeDecision]:
    best, worst = decide_bounds(decision_inputs, counted)
    if best.decision is not worst.decision:
        found = resolve(decision_inputs, results, subject, best)
    else:
        type_decision = worst if best.decision is EvalDecision.ALLOWED else best
        found = UnknownContextResult(best.decision, type_decision, (), (), (), is_exact=True)
    if found.decision is not EvalDecision.CONDITIONAL:
        found = found._replace(decision=decision_inputs.as_known(found.type_decision))
    return found, worst


def policies_of(request: EvaluationRequest) -> PolicySet:
    """Return the policies of a request, without the policy types that it leaves out."""
    policies, without = request.policies, request.without
    if not without:
        return policies
    return replace(
        policies,
        identity=() if PolicyType.IDENTITY in without else policies.identity,
        boundary=None if PolicyType.PERMISSIONS_BOUNDARY in without else policies.boundary,
        session=None if PolicyType.SESSION in without else policies.session,
        scps=None if PolicyType.SCP in without else policies.scps,
        rcps=None if PolicyType.RCP in without else policies.rcps,
        resource=None
        if (PolicyType.TRUST if request.target.is_on_trust else PolicyType.RESOURCE) in without
        else policies.resource,
        grants=tuple(grant for grant in policies.grants if grant.policy_type not in without),
        endpoint=None if PolicyType.ENDPOINT in without else policies.endpoint,
        restrict_public_buckets=policies.restrict_public_buckets and PolicyType.BLOCK_PUBLIC_ACCESS not in without,
    )


def decision_inputs_of(request: EvaluationRequest, policies: PolicySet) -> DecisionInputs:
    """Return what is fixed before any statement is evaluated.

    Of the caller, it depends only on kind, account, partition and path; of ``policies``, only on which types exist, not
    on the content of the caller's policies.
    """
    caller, target = request.caller, request.target
    is_trust, facts = target.is_on_trust, facts_of(target.service)
    owner = request.resource_account
    cross = caller.account is not None and owner is not None and owner != caller.account
    if (target.service, target.name) == ("sts", "assumeroot"):
        cross = False  # the member account's policies do not apply (rule E14)
    is_key = target.service == "kms" and target.resource is not None and target.resource.resource.startswith("key/")
    needs_delegation = is_trust or is_key
    if is_key and target.is_beside_key_policies:
        # A principal named by the grant needs no more; others need their account named, or to own the key.
        needs_delegation, cross = cross, False
    type_keys: list[PolicyTypeKey] = []
    if policies.scps is not None and scps_apply(caller):
        type_keys += [PolicyTypeKey(PolicyType.SCP, level) for level in range(len(policies.scps))]
    if policies.endpoint is not None:
        type_keys.append(PolicyTypeKey(PolicyType.ENDPOINT))
    if caller.kind in SIGNED:
        type_keys.append(IDENTITY)
        if policies.boundary is not None and caller.kind is not CallerKind.ROOT:
            type_keys.append(BOUNDARY)
        if policies.session is not None:
            type_keys.append(SESSION)
    if policies.resource is not None or any(grant.policy_type is PolicyType.RESOURCE for grant in policies.grants):
        type_keys.append(PolicyTypeKey(PolicyType.TRUST if is_trust else PolicyType.RESOURCE))
    # An ACL applies to other accounts and the public, never to the owner's own principals (rule I6).
    if (cross or caller.account is None) and any(grant.policy_type is PolicyType.ACL for grant in policies.grants):
        type_keys.append(ACL)
    if policies.rcps is not None and rcps_apply(request):
        type_keys += [PolicyTypeKey(PolicyType.RCP, level) for level in range(len(policies.rcps))]
    restricts = (
        policies.restrict_public_buckets
        and policies.resource is not None
        and caller.kind is not CallerKind.SERVICE
        and (caller.account is None or cross)
        and is_public(policies.resource.document)
    )
    return DecisionInputs(
        caller=caller,
        is_cross_account=cross,
        type_keys=tuple(type_keys),
        is_trust=is_trust,
        needs_delegation=needs_delegation,
        needs_both=facts.needs_both_sides or (is_trust and target.name in TRUST_ON_BOTH_SIDES),
        needs_no_permission=_needs_no_permission(request),
        refusal=_refusal(request, cross),
        restricts_public=restricts,
        unlocks=caller.kind is CallerKind.ROOT and not cross and target.name in facts.owner_root_always,
        joint=tuple([decision_inputs_of(one, policies_of(one)) for one in request.joint]) if request.joint else (),
        doubt=credential_doubt(caller, target, request.context),
        is_assumed=policies.is_identity_assumed and not request.is_of_resource,
        needs_public=_authenticates_no_one(request),
        depends=_depends(request),
    )


def _depends(request: EvaluationRequest) -> frozenset[EvalDecision]:
    """Return the decisions that depend on what is not known of the resource.

    Of one of several also a denial, unless a limit has no Allow for the action on any.
    """
    if not request.unresolved:
        return frozenset()
    policies, service, name = request.policies, request.target.service, request.target.name
    limits = (policies.boundary, policies.session, *(policies.scps or ()))
    may_allow = all(
        any(one.is_allow and one.covers_action(service, name) for policy in limit for one in policy.document.statements)
        for limit in limits
        if limit is not None
    )
    if may_allow and is_pattern(request.target.resource_text):
        return frozenset({EvalDecision.ALLOWED, EvalDecision.IMPLICIT_DENY})
    return frozenset({EvalDecision.ALLOWED})


def _authenticates_no_one(request: EvaluationRequest) -> bool:
    """Return whether a captured function URL, or method of an API, has the authorization type ``NONE``.

    Sources: AWS Lambda Developer Guide, "Control access to Lambda function URLs"; Amazon API Gateway Developer Guide,
    "How API Gateway resource policies affect authorization workflow" (rule D8).
    """
    if request.authorization == _NO_AUTHORIZATION:
        return request.policies.resource is not None and request.caller.kind in SIGNED
    if (request.target.service, request.target.name) != ("lambda", "invokefunctionurl"):
        return False
    kind = request.context.fact("lambda:functionurlauthtype")
    return kind.derived and kind.values == ("NONE",) and request.caller.kind in SIGNED


def scps_apply(caller: Caller) -> bool:
    """SCPs apply to principals of accounts, but never to service-linked roles (rules B6, E11)."""
    return caller.kind in SIGNED and not caller.is_service_linked


def rcps_apply(request: EvaluationRequest) -> bool:
    """RCPs apply to calls on resources of services that support them (rules B7, B8), never to service-linked roles."""
    target = request.target
    if request.caller.is_service_linked or (target.service, target.name) == ("kms", "retiregrant"):
        return False
    if target.service == "sts" and target.resource is not None and _is_service_linked_role(target.resource):
        return False  # a service's right to assume its role is not limited (rules B7, E11)
    has_resource = target.action is None or bool(target.action.resource_types)
    return has_resource and target.supports_rcps


def _needs_no_permission(request: EvaluationRequest) -> bool:
    """sts:GetCallerIdentity for every signed request, sts:GetSessionToken for users and root (rule I3).

    Likewise, for every caller, an action without credentials: no policy is evaluated.
    """
    caller, target = request.caller, request.target
    if facts_of(target.service).without_signature(target.name) is Unsigned.NO_CREDENTIALS:
        return True
    if request.authorization == _NO_AUTHORIZATION:  # a policy of the API decides where there is one (rule D8)
        return request.policies.resource is None
    if target.service != "sts":
        return False
    if target.name == "getcalleridentity":
        return caller.kind in SIGNED
    has_keys = caller.kind in (CallerKind.USER, CallerKind.ROOT)
    return target.name == "getsessiontoken" and has_keys and not has_session_token(caller, request.context)


def _refusal(request: EvaluationRequest, cross: bool) -> str | None:
    caller, target = request.caller, request.target
    facts = facts_of(target.service)
    if cannot_call(caller, target, request.context):
        return "credentials"
    resource = target.resource
    if resource is not None and caller.partition is not None and resource.partition != caller.partition:
        return "partition"  # rule D6
    if request.refusal is not None:
        return request.refusal
    is_unsigned = caller.kind is CallerKind.ANONYMOUS
    is_outside = cross or (is_unsigned and facts.without_signature(target.name) is not Unsigned.POLICY)
    if is_outside and facts.across_accounts(target.name) is OtherAccounts.OWNER_ALONE:
        if target.service == "kms":
            return "kms-cross-account"
        # Access by a resource share does not depend on the resource's policy.
        if not any(grant.policy_type is PolicyType.RESOURCE for grant in request.policies.grants):
            return "owner-alone"
    if resource is not None and facts.is_reserved(target.name, resource.resource):
        return "aws-owned"  # rule I1
    if resource is not None and target.service == "iam" and _is_write(target):
        # Attaching an AWS managed policy writes to the user, group or role, not to the policy.
        is_aws_policy = resource.account == "aws" and not target.name.startswith(("attach", "detach"))
        is_aws_role = any(
            resource.resource.startswith(f"role{path}") and target.name not in possible
            for path, possible in POSSIBLE_ON_AWS_ROLES.items()
        )
        if is_aws_policy or is_aws_role:
            return "aws-owned"  # rule I5
    return None


def _is_service_linked_role(resource: Arn) -> bool:
    return resource.service == "iam" and resource.resource.startswith(f"role{SERVICE_LINKED_PATH}")


def _is_write(target: Target) -> bool:
    return target.action is not None and target.action.access_level not in ("Read", "List")


def applicable_policies(policies: PolicySet, decision_inputs: DecisionInputs) -> Iterable[AttachedPolicy]:
    """Yield the policies of every applicable type, those common to the account's callers first."""
    policy_types = {type_key.policy_type for type_key in decision_inputs.type_keys}
    if PolicyType.RCP in policy_types:
        yield from (policy for level in policies.rcps or () for policy in level)
    if PolicyType.SCP in policy_types:
        yield from (policy for level in policies.scps or () for policy in level)
    if PolicyType.ENDPOINT in policy_types and policies.endpoint is not None:
        yield policies.endpoint
    if policies.resource is not None:
        yield policies.resource
    yield from (grant for grant in policies.grants if grant.policy_type in policy_types)
    if PolicyType.IDENTITY in policy_types and decision_inputs.caller.kind is not CallerKind.ROOT:
        yield from policies.identity
    if PolicyType.PERMISSIONS_BOUNDARY in policy_types:
        yield from policies.boundary or ()
    if PolicyType.SESSION in policy_types:
        yield from policies.session or ()


def _readings(
    request: EvaluationRequest,
    decision_inputs: DecisionInputs,
    results: list[StatementResult],
    subject: RequestFacts,
    decision: EvalDecision,
) -> tuple[Reading, ...]:
    """Return the decisions by the other reading of each open rule, where they differ.

    Rules that change it only together are one reading.
    """
    lenient = dict(_read_otherwise(request, decision_inputs, results))
    rules = dict.fromkeys([*lenient, *(rule for result in results for rule in result.open_rules)])
    if not rules:
        return ()

    def decided(read: Iterable[OpenRule]) -> EvalDecision:
        by_rules, changes = decision_inputs, set(read)
        for rule in lenient.keys() & changes:
            by_rules = lenient[rule](by_rules)
        results_read = [
            replace(result, truth=result.other)
            if result.other is not None and changes.issuperset(result.open_rules)
            else result
            for result in results
        ]
        return decide_with_unknowns(by_rules, results_read, subject)[0].decision

    found: list[Reading] = []
    singly, together = [(rule,) for rule in rules], [result.open_rules for result in results if result.open_rules]
    for read in dict.fromkeys((*singly, *together, tuple(rules))):
        if not any(set(one.rules) <= set(read) for one in found) and (other := decided(read)) is not decision:
            found.append(Reading(read, other))
    return tuple(found)


def _read_otherwise(
    request: EvaluationRequest, decision_inputs: DecisionInputs, results: Sequence[StatementResult]
) -> Iterator[tuple[OpenRule, Callable[[DecisionInputs], DecisionInputs]]]:
    """Yield the open rules that affect the decision inputs, each with a function that applies its other reading."""
    caller = decision_inputs.caller
    if decision_inputs.is_trust and not decision_inputs.is_cross_account:  # rule I2
        grants = {result.grant for result in results if result.statement.is_allow and result.truth is not FALSE}
        if BOUNDARY in decision_inputs.type_keys and grants & PAST_LIMITS:
            yield BOUNDARY_AND_TRUST, _without_boundary
        if decision_inputs.needs_both and caller.kind is CallerKind.USER and Grant.EXACT in grants:
            yield SOURCE_IDENTITY_OF_USER, lambda one: replace(one, needs_both=False)
    if (
        decision_inputs.refusal == "owner-alone"
        and caller.kind is CallerKind.ANONYMOUS
        and request.target.service == "sqs"
    ):
        yield UNSIGNED_ON_QUEUES, lambda one: replace(one, refusal=None)
    requests = (request, *request.joint)
    restricting = [
        one
        for one, of_sub_request in zip(requests, decision_inputs.sub_requests, strict=True)
        if of_sub_request.restricts_public
    ]
    policies = [one.policies.resource for one in restricting]
    if any(policy is not None and not is_surely_public(policy.document) for policy in policies):  # rule I7
        yield PUBLIC_BY_CALLER_KEY, lambda one: _not_restricting(one, requests)


def _without_boundary(decision_inputs: DecisionInputs) -> DecisionInputs:
    return replace(
        decision_inputs, type_keys=tuple([type_key for type_key in decision_inputs.type_keys if type_key != BOUNDARY])
    )


def _not_restricting(decision_inputs: DecisionInputs, requests: Sequence[EvaluationRequest]) -> DecisionInputs:
    """Return the inputs where policies that are public by one reading only do not count as public."""
    sub_requests = [
        replace(one, restricts_public=one.restricts_public and is_surely_public(asked.policies.resource.document))
        if asked.policies.resource is not None
        else one
        for one, asked in zip(decision_inputs.sub_requests, requests, strict=True)
    ]
    return replace(sub_requests[0], joint=tuple(sub_requests[1:]))
