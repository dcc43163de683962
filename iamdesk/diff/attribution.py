"""Attribution of changed decisions: each difference is undone by itself, and the request is evaluated again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from iamdesk.diff.cause_text import (
    attachment_cause,
    boundary_cause,
    endpoint_cause,
    membership_cause,
    move_cause,
    organization_attachment_cause,
    organization_text_cause,
    password_policy_cause,
    place_of,
    public_access_cause,
    settings_cause,
    short,
    text_cause,
)
from iamdesk.diff.matching import may_meet
from iamdesk.diff.normal_form import ANYWHERE, ResourceScope
from iamdesk.diff.result import Cause, ChangeKind, ExampleRequest
from iamdesk.diff.snapshot_view import RCP, SCP, SnapshotView
from iamdesk.evaluate.context import DERIVED_ABSENT
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import (
    EvaluationRequest,
    applicable_policies,
    decide_request,
    decision_inputs_of,
    evaluate,
    policies_of,
    subject_of,
)
from iamdesk.evaluate.matching import StatementResult, match_statement
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, PolicyType, RequestError
from iamdesk.evaluate.ternary import Truth
from iamdesk.i18n import phrase
from iamdesk.snapshot.organization import OrganizationPolicyType

_OF_CARRIERS = (PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL)
type Change = Callable[[EvaluationRequest], EvaluationRequest]
type _Place = tuple[PolicyType, str, str]
"""Policy type, owner (or node), key of the policy."""


@dataclass(frozen=True, slots=True)
class _Difference:
    cause: Cause
    undo: Change
    """Undoes it in the new request."""


def causes_of(witness: ExampleRequest, old: SnapshotView, new: SnapshotView) -> tuple[Cause, ...]:
    """Return the changes that alone cause the changed decision of an example request; if none does, all together."""
    principal = witness.principal
    if witness.old is None or witness.new is None:
        kind = ChangeKind.CREATED if witness.old is None else ChangeKind.DELETED
        return (
            Cause(
                kind,
                principal,
                sentence=phrase("{name} was created.", name=short(principal))
                if kind is ChangeKind.CREATED
                else phrase("{name} was deleted.", name=short(principal)),
            ),
        )
    context = dict(witness.context)
    try:
        before = old.evaluation_request(principal, witness.action, witness.resource, context)
        after = new.evaluation_request(principal, witness.action, witness.resource, context)
    except RequestError:
        return ()
    differences = list(_on_all_sub_requests(before, after, old, new))
    if len(differences) == 1:
        return (differences[0].cause,)
    was = _allows(before)
    found = [one.cause for one in differences if _allows(one.undo(after)) is was]
    if not found:
        # Several changes that each would be sufficient: undo them one after the other.
        undone = after
        for one in differences:
            undone = one.undo(undone)
            found.append(one.cause)
            if _allows(undone) is was:
                break
    return tuple(dict.fromkeys(found))


def differing_causes(witness: ExampleRequest, old: SnapshotView, new: SnapshotView) -> tuple[Cause, ...]:
    """Return every change that applies to a request, whether or not it decides the request."""
    context = dict(witness.context)
    try:
        sides = [
            side.evaluation_request(witness.principal, witness.action, witness.resource, context) for side in (old, new)
        ]
    except RequestError:
        return ()
    return tuple(dict.fromkeys(one.cause for one in _on_all_sub_requests(sides[0], sides[1], old, new)))


def carriers_of(witness: ExampleRequest, sides: Iterable[SnapshotView]) -> tuple[tuple[str, str], ...]:
    """Return the policies with an Allow that matches the request in some snapshot, as (ARN of its owner, key).

    Policies of resources count if they name the caller; one that names the account delegates to the caller's own
    policies (rule C2).
    """
    found: dict[tuple[str, str], None] = {}
    for side in sides:
        try:
            request = side.evaluation_request(
                witness.principal, witness.action, witness.resource, dict(witness.context)
            )
        except RequestError:
            continue
        for one in _allows_of(request):
            policy = one.policy
            is_named = policy.policy_type is PolicyType.IDENTITY or one.grant not in (None, Grant.ACCOUNT)
            if one.truth is not Truth.FALSE and is_named:
                found[policy.owner, policy.key] = None
    return tuple(found)


def _allows_of(request: EvaluationRequest) -> Iterable[StatementResult]:
    """Return the Allows of identity and resource policies that cover a request, without a decision."""
    if request.joint:
        return [
            one
            for one in evaluate(request).results
            if one.statement.is_allow and one.policy.policy_type in _OF_CARRIERS
        ]
    policies = policies_of(request)
    subject = subject_of(request, policies)
    applicable = applicable_policies(policies, decision_inputs_of(request, policies))
    service = request.target.service
    found = (
        match_statement(policy, one, subject)
        for policy in applicable
        if policy.policy_type in _OF_CARRIERS
        for one in policy.document.statements
        if one.is_allow and (one.services is None or service in one.services)
    )
    return [one for one in found if one is not None]


def allowing(principal: str, actions: int, where: str, sides: Iterable[SnapshotView]) -> tuple[tuple[str, str], ...]:
    """Return the principal's policies that may allow one of some actions within ``where``, in some snapshot.

    In the form of `carriers_of`, but for a whole effect: only policies that certainly allow none of it are left out.
    """
    found: dict[tuple[str, str], None] = {}
    entry, space, _ = where.partition(" ")  # words may follow, such as an exception
    place = ResourceScope(False, frozenset({f"{entry}*" if space else entry})) if entry.startswith("arn:") else ANYWHERE
    for side in sides:
        if principal not in side.index.users and principal not in side.index.roles:
            continue
        for policy in side.index.carried(principal).identity:
            clauses = side.reading.clause_actions(policy.document, names_principals=False)
            if any(one.is_allow and bits & actions and may_meet(one.where, place) for one, bits in clauses.items()):
                found[policy.owner, policy.key] = None
    return tuple(found)


def _allows(request: EvaluationRequest) -> bool:
    return decide_request(request) is EvalDecision.ALLOWED


def _on_all_sub_requests(
    before: EvaluationRequest, after: EvaluationRequest, old: SnapshotView, new: SnapshotView
) -> Iterator[_Difference]:
    """Yield the differences in all sub-requests; differences with the same cause are undone together."""
    sub_requests = [(request, *request.joint) for request in (before, after)]
    found: dict[Cause, list[Change]] = {}
    for sub_request, (one, other) in enumerate(zip(*sub_requests, strict=False)):
        for difference in _differences(one, other, old, new):
            found.setdefault(difference.cause, []).append(partial(_on_sub_request, sub_request, difference.undo))
    for cause, undoing in found.items():
        yield _Difference(cause, partial(_undo_all, undoing))
    if len(sub_requests[0]) != len(sub_requests[1]):
        yield _Difference(
            settings_cause(str(after.target.resource)),
            lambda one: replace(one, joint=before.joint),
        )


def _on_sub_request(sub_request: int, undo: Change, request: EvaluationRequest) -> EvaluationRequest:
    if sub_request == 0:
        return undo(request)
    joint = tuple(undo(one) if at == sub_request else one for at, one in enumerate(request.joint, 1))
    return replace(request, joint=joint)


def _undo_all(undoing: Iterable[Change], request: EvaluationRequest) -> EvaluationRequest:
    for undo in undoing:
        request = undo(request)
    return request


def _differences(
    before: EvaluationRequest, after: EvaluationRequest, old: SnapshotView, new: SnapshotView
) -> Iterator[_Difference]:
    was, now = _policies(before), _policies(after)
    yield from _of_organization(before, after, old, new, SCP)
    yield from _of_organization(before, after, old, new, RCP)
    for place in dict.fromkeys((*now, *was)):
        policy_type = place[0]
        if policy_type in (PolicyType.SCP, PolicyType.RCP, PolicyType.PERMISSIONS_BOUNDARY):
            continue
        one, other = was.get(place), now.get(place)
        if one is not None and other is not None and one.document.raw == other.document.raw:
            continue
        cause = _cause(policy_type, one, other, before, old, new)
        if cause is not None:
            yield _Difference(cause, partial(_put, place, one))
    boundary = _boundary_cause(before, after)
    if boundary is not None:
        yield _Difference(boundary, partial(_with_boundary, before.policies.boundary))
    yield from _of_facts(before, after, old, new)


def _policies(request: EvaluationRequest) -> Mapping[_Place, AttachedPolicy]:
    policies = request.policies
    one = [policies.resource, policies.endpoint]
    listed = (*policies.identity, *(policies.boundary or ()), *policies.grants, *filter(None, one))
    return {(policy.policy_type, policy.owner, policy.key): policy for policy in listed}


def _put(place: _Place, policy: AttachedPolicy | None, request: EvaluationRequest) -> EvaluationRequest:
    """Return the request with one policy as it was; without it if there was none."""
    policies = request.policies
    policy_type = place[0]

    def of(listed: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, ...]:
        kept = tuple(one for one in listed if (one.policy_type, one.owner, one.key) != place)
        return kept if policy is None else (*kept, policy)

    if policy_type is PolicyType.IDENTITY:
        return replace(request, policies=replace(policies, identity=of(policies.identity)))
    if policy_type is PolicyType.ENDPOINT:
        return replace(request, policies=replace(policies, endpoint=policy))
    is_grant = place[2].endswith(("#acl", "#grants", "#shares", "#password-policy", "#network-origin"))
    if is_grant:
        return replace(request, policies=replace(policies, grants=of(policies.grants)))
    return replace(request, policies=replace(policies, resource=policy))


def _with_boundary(boundary: tuple[AttachedPolicy, ...] | None, request: EvaluationRequest) -> EvaluationRequest:
    return replace(request, policies=replace(request.policies, boundary=boundary))


def _boundary_cause(before: EvaluationRequest, after: EvaluationRequest) -> Cause | None:
    was, now = before.policies.boundary, after.policies.boundary
    if was and now and was[0].key == now[0].key:
        return None if was[0].document.raw == now[0].document.raw else _text_cause(now[0])
    if was == now:
        return None
    return boundary_cause(str(after.caller.arn), had=was is not None, has=now is not None)


def _cause(
    policy_type: PolicyType,
    one: AttachedPolicy | None,
    other: AttachedPolicy | None,
    before: EvaluationRequest,
    old: SnapshotView,
    new: SnapshotView,
) -> Cause | None:
    policy = other or one
    if policy is None:
        return None
    caller = str(before.caller.arn)
    verb = "changed" if one and other else "added" if other else "removed"
    name = policy.name
    match policy_type:
        case PolicyType.TRUST:
            return Cause(ChangeKind.TRUST, policy.key, sentence=_past(name, verb))
        case PolicyType.RESOURCE | PolicyType.ACL:
            if policy.key.endswith(("#acl", "#grants", "#shares")):
                return Cause(ChangeKind.GRANTS, policy.owner, sentence=_past(name, "changed"))
            if policy.key.endswith("#network-origin"):
                return settings_cause(policy.owner)
            if policy.key.endswith("#password-policy"):
                return password_policy_cause(policy.key.partition("#")[0])
            return Cause(ChangeKind.RESOURCE_POLICY, policy.owner, sentence=_past(name, verb))
        case PolicyType.ENDPOINT:
            return endpoint_cause(policy.owner)
        case PolicyType.IDENTITY:
            if one and other:
                return _text_cause(policy)
            return _carried_cause(policy, caller, verb, old, new)
    return None


def _past(policy: str, verb: str) -> str:
    if verb == "added":
        return phrase("The {policy} was added.", policy=policy)
    if verb == "removed":
        return phrase("The {policy} was removed.", policy=policy)
    return phrase("The {policy} changed.", policy=policy)


def _text_cause(policy: AttachedPolicy) -> Cause:
    return text_cause(policy.key, policy.name, is_aws="::aws:policy/" in policy.key, owner=policy.owner)


def _carried_cause(policy: AttachedPolicy, caller: str, verb: str, old: SnapshotView, new: SnapshotView) -> Cause:
    """Return why a principal has a policy that it did not have before, or no longer has one."""
    owner = policy.owner
    if owner != caller:
        group = new.index.group_arns.get(owner) or old.index.group_arns.get(owner)
        name = group.group_name if group is not None else short(owner)
        was, now = (side.index.users.get(caller) for side in (old, new))
        is_member = [user is not None and name in user.group_list for user in (was, now)]
        if is_member[0] != is_member[1]:
            return membership_cause(caller, owner, joined=is_member[1])
    return attachment_cause(owner, policy.key, policy.name, added=verb == "added")


# ── organization ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_organization(
    before: EvaluationRequest,
    after: EvaluationRequest,
    old: SnapshotView,
    new: SnapshotView,
    kind: OrganizationPolicyType,
) -> Iterator[_Difference]:
    """Yield the differences in the organization policies that apply to the caller, or to the resource's owner."""
    is_scp = kind is SCP
    was = before.policies.scps if is_scp else before.policies.rcps
    now = after.policies.scps if is_scp else after.policies.rcps
    account = str(after.caller.account if is_scp else after.resource_account)
    if was is None and now is None:
        return

    def all_back(request: EvaluationRequest) -> EvaluationRequest:
        policies = request.policies
        back = replace(policies, scps=was) if is_scp else replace(policies, rcps=was)
        return replace(request, policies=back)

    if place_of(old, account) != place_of(new, account) or was is None or now is None:
        yield _Difference(move_cause(account, old, new), all_back)
        return
    levels = {one.owner: level for level, listed in enumerate(now) for one in listed}
    levels |= {one.owner: level for level, listed in enumerate(was) for one in listed}
    before_by = {(one.owner, one.key): one for listed in was for one in listed}
    after_by = {(one.owner, one.key): one for listed in now for one in listed}
    for place in dict.fromkeys((*after_by, *before_by)):
        one, other = before_by.get(place), after_by.get(place)
        if one is not None and other is not None:
            if one.document.raw == other.document.raw:
                continue
            cause = organization_text_cause(kind, other.key, other.name)
        else:
            policy = other or one
            if policy is None:
                continue
            cause = organization_attachment_cause(kind, place[0], policy.key, policy.name, added=other is not None)
        yield _Difference(cause, partial(_put_level, is_scp, levels[place[0]], place, one))


def _put_level(
    is_scp: bool, level: int, place: tuple[str, str], policy: AttachedPolicy | None, request: EvaluationRequest
) -> EvaluationRequest:
    policies = request.policies
    levels = list((policies.scps if is_scp else policies.rcps) or ())
    kept = tuple(one for one in levels[level] if (one.owner, one.key) != place)
    levels[level] = kept if policy is None else (*kept, policy)
    back = replace(policies, scps=tuple(levels)) if is_scp else replace(policies, rcps=tuple(levels))
    return replace(request, policies=back)


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_facts(
    before: EvaluationRequest, after: EvaluationRequest, old: SnapshotView, new: SnapshotView
) -> Iterator[_Difference]:
    was, now = before.context.derive, after.context.derive
    if not isinstance(was, DerivedKeys) or not isinstance(now, DerivedKeys):
        return
    caller = str(after.caller.arn)
    if (
        dict(before.caller.tags) != dict(after.caller.tags)
        or before.caller.ambiguous_tags != after.caller.ambiguous_tags
    ):
        cause = Cause(ChangeKind.TAGS, caller, sentence=phrase("The tags of {name} changed.", name=short(caller)))
        yield _Difference(cause, partial(_with_caller_of, before, tags_only=True))
    if before.caller.unique_id != after.caller.unique_id and after.caller.kind is not CallerKind.ROOT:
        cause = Cause(
            ChangeKind.RECREATED, caller, sentence=phrase("{name} was deleted and recreated.", name=short(caller))
        )
        yield _Difference(cause, partial(_with_caller_of, before, tags_only=False))
    of_trust = was.may_carry_session_tags, before.caller.has_no_source_identity
    if of_trust != (now.may_carry_session_tags, after.caller.has_no_source_identity):
        role = f"{caller}#trust"
        cause = Cause(
            ChangeKind.TRUST, role, sentence=phrase("The trust policy of {name} changed.", name=short(caller))
        )
        yield _Difference(cause, partial(_with_session_of, before, was))
    if was.resource_tags != now.resource_tags:
        resource = _record_of(after, new) or str(after.target.resource)
        cause = Cause(
            ChangeKind.RESOURCE_TAGS, resource, sentence=phrase("The tags of {name} changed.", name=short(resource))
        )
        yield _Difference(cause, lambda request: _deriving(request, resource_tags=was.resource_tags))
    if was.resource_boundary != now.resource_boundary:
        had, has = (one.resource_boundary not in (None, DERIVED_ABSENT) for one in (was, now))
        yield _Difference(
            boundary_cause(str(after.target.resource), had=had, has=has),
            lambda request: _deriving(request, resource_boundary=was.resource_boundary),
        )
    if before.policies.restrict_public_buckets != after.policies.restrict_public_buckets:
        cause = _public_access_cause(after, old, new)
        yield _Difference(
            cause,
            lambda request: replace(
                request,
                policies=replace(request.policies, restrict_public_buckets=before.policies.restrict_public_buckets),
            ),
        )
    if before.resource_account != after.resource_account:
        resource = str(after.target.resource)
        cause = Cause(
            ChangeKind.RESOURCE, resource, sentence=phrase("The owner of {name} changed.", name=short(resource))
        )
        yield _Difference(cause, lambda request: replace(request, resource_account=before.resource_account))
    if before.caller.account is not None and was.organization is not None and now.organization is not None:
        account = before.caller.account
        if was.organization.org_path(account) != now.organization.org_path(account):
            yield _Difference(
                move_cause(account, old, new), lambda request: _deriving(request, organization=was.organization)
            )
    if before.authorization != after.authorization:
        cause = settings_cause(str(after.target.resource))
        yield _Difference(cause, lambda request: replace(request, authorization=before.authorization))
    if before.refusal != after.refusal and after.target.service == "lambda":  # a function URL that one of them lacks
        cause = settings_cause(str(after.target.resource))
        yield _Difference(cause, lambda request: replace(request, refusal=before.refusal))
    elif before.refusal != after.refusal:  # of sts:AssumeRoot: it depends on the organization alone (rule E14)
        account = after.resource_account or ""
        cause = Cause(
            ChangeKind.MOVE,
            account,
            sentence=phrase("The accounts that can assume root of account {account} changed.", account=account),
        )
        yield _Difference(cause, lambda request: replace(request, refusal=before.refusal))


def _record_of(request: EvaluationRequest, side: SnapshotView) -> str | None:
    """Return the ARN of the resource whose settings apply to a request: for an object its bucket."""
    arn = request.target.resource
    record = None if arn is None else side.evaluator.resources.find(arn)
    return None if record is None else record.arn


def _public_access_cause(after: EvaluationRequest, old: SnapshotView, new: SnapshotView) -> Cause:
    """Return the cause for changed Block Public Access: the bucket's, or its account's if the bucket's is unchanged."""
    resource = _record_of(after, new) or str(after.target.resource)
    account = after.resource_account or ""
    own = [one.public_access_block for side in (old, new) if (one := side.resources.get(resource)) is not None]
    settings = [side.evaluator.resources.settings_of(account) for side in (old, new)]
    blocks = [one.public_access_block if one is not None else None for one in settings]
    is_of_account = len(own) == len(settings) and own[0] == own[1] and blocks[0] != blocks[1]
    return public_access_cause(account if is_of_account else resource, is_account=is_of_account)


def _deriving(request: EvaluationRequest, **changed: object) -> EvaluationRequest:
    derive = request.context.derive
    if not isinstance(derive, DerivedKeys):
        return request
    derived = replace(derive, _known={}, **changed)  # type: ignore[arg-type]  # callers name its own fields
    return replace(request, context=replace(request.context, derive=derived))


def _with_session_of(before: EvaluationRequest, was: DerivedKeys, request: EvaluationRequest) -> EvaluationRequest:
    """Return a request whose caller can set as much for its session as before."""
    caller = replace(request.caller, has_no_source_identity=before.caller.has_no_source_identity)
    changed = {"caller": caller, "may_carry_session_tags": was.may_carry_session_tags}
    return _deriving(replace(request, caller=caller), **changed)


def _with_caller_of(before: EvaluationRequest, request: EvaluationRequest, *, tags_only: bool) -> EvaluationRequest:
    if tags_only:
        caller = replace(request.caller, tags=before.caller.tags, ambiguous_tags=before.caller.ambiguous_tags)
    else:
        caller = replace(request.caller, unique_id=before.caller.unique_id)
    return _deriving(replace(request, caller=caller), caller=caller)
