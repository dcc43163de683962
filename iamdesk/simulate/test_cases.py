"""Self-contained test cases (CONTRACT 4): a request and all its policies in one JSON object."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import Target, parse_target
from iamdesk.evaluate.context import DERIVED_ABSENT, Context, KeyValue, Knowledge, derived, given_facts
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, evaluate
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, PolicySet, SourceType
from iamdesk.evaluate.principal import Caller, CallerKind, as_in_call, parse_caller
from iamdesk.evaluate.request import CaseError, MissingContextMode, PolicyType, Request, RequestError
from iamdesk.evaluate.request_context import is_taken
from iamdesk.explain.decision import EvaluationResult
from iamdesk.explain.explanation import explain
from iamdesk.i18n import phrase
from iamdesk.inventory.resource_grants import default_policy
from iamdesk.inventory.resource_index import key_behind
from iamdesk.policy.document import parse_document
from iamdesk.policy_validation.validate import session_refusal
from iamdesk.simulate.access_points import missing_data_of
from iamdesk.simulate.request_facts import request_facts
from iamdesk.simulate.stated_request import check_context, stated
from iamdesk.snapshot.policy_decoding import decode_document


def evaluate_case(
    case: Mapping[str, Any],
    unknown_context: MissingContextMode = MissingContextMode.ABSENT,
    *,
    unknown_action: bool = False,
) -> EvaluationResult:
    """Evaluate one test case.

    One with an expected decision is evaluated as it is: its author states that AWS decides it.

    Raises:
        CaseError: a key is missing or has the wrong shape, or no such request can be made.
    """
    for key in case.keys() - _KEYS:  # others are notes of its author
        if near := get_close_matches(key, _KEYS, 1, 0.75):
            raise CaseError(f"a case has no key `{key}`: did you mean `{near[0]}`?")
    try:
        request = _request(case, unknown_context, unknown_action=unknown_action)
        if case.get("expected") is None:
            request = stated(request, None)
            case = {**case, "principal": request.principal, "resource": request.resource}
        evaluated = _evaluation_request(case, request)
        if case.get("expected") is None:
            derive = DerivedKeys(evaluated.caller, evaluated.target, reference(), datetime.now(UTC), None)
            check_context(request, lambda key: evaluated.context.derive(key) or derive(key))
        trace = evaluate(evaluated)
    except RequestError as error:
        raise CaseError(str(error)) from error
    return explain(trace, request)


def trace_case(
    case: Mapping[str, Any], unknown_context: MissingContextMode = MissingContextMode.ABSENT
) -> EvaluationTrace:
    """Return the trace of a test case, before it is explained."""
    return evaluate(_evaluation_request(case, _request(case, unknown_context)))


def _request(case: Mapping[str, Any], unknown_context: MissingContextMode, *, unknown_action: bool = False) -> Request:
    return Request(
        principal=_text(case, "principal"),
        action=_text(case, "action"),
        resource=_text(case, "resource") if case.get("resource") is not None else "*",
        context=_context(case),
        resource_account=_text(case, "resource_account") if case.get("resource_account") is not None else None,
        unknown_context=unknown_context,
        unknown_action=unknown_action,
    )


def _text(case: Mapping[str, Any], key: str) -> str:
    value = case.get(key)
    if not isinstance(value, str):
        raise CaseError(f"`{key}` is missing" if value is None else f"`{key}` is no text")
    return value


def _context(case: Mapping[str, Any]) -> dict[str, str | Sequence[str] | None]:
    context = case.get("context")
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        raise CaseError("`context` is not an object of condition keys")
    spelled: dict[str, str] = {}
    for key in context:
        other = spelled.setdefault(key.lower(), key)
        if other != key:  # rule G6
            raise CaseError(f"the context keys `{other}` and `{key}` are the same: keys are not case-sensitive")
    return {key: _context_value(key, value) for key, value in context.items()}


def _context_value(key: str, value: Any) -> str | tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        members = [_context_value(key, member) for member in value]
        if all(isinstance(member, str) for member in members):
            return tuple(str(member) for member in members)
    raise CaseError(f"the value of the context key `{key}` is neither a string nor a list of strings")


def _evaluation_request(case: Mapping[str, Any], request: Request) -> EvaluationRequest:
    target = parse_target(request.action, request.resource, reference())
    caller = as_in_call(_with_path(parse_caller(request.principal), request), target.service, target.name)
    settled = _KeysOfCaller(caller, target, request.unknown_context, is_asked=case.get("expected") is None)
    context = Context(given_facts(request.context), settled, request.unknown_context, reference().is_multivalued)
    evaluation_request = EvaluationRequest(
        caller=caller,
        target=target,
        context=context,
        policies=_policies(case, caller, target),
        resource_account=_owner(request, caller, target),
        unresolved=request.unresolved,
    )
    behind = _bucket_behind(case, target)
    if behind is None:
        return evaluation_request
    on_bucket, of_bucket = behind
    policies = _policies(of_bucket, caller, on_bucket).on_sub_request(1)
    owner = _owner(_request(of_bucket, request.unknown_context), caller, on_bucket)
    missing_data = (*evaluation_request.policies.missing_data, *policies.missing_data)
    return replace(
        evaluation_request,
        policies=replace(evaluation_request.policies, missing_data=missing_data),
        joint=(EvaluationRequest(caller, on_bucket, context, policies, owner),),
        is_alone=True,
    )


def _bucket_behind(case: Mapping[str, Any], target: Target) -> tuple[Target, Mapping[str, Any]] | None:
    """Return the sub-request on the bucket of a request through an S3 access point, as a test case.

    None where the test case does not describe the bucket, or the request goes through no access point (rule I11).
    """
    bucket = case.get(_BUCKET_BEHIND)
    if bucket is None or target.resource is None or not target.is_through_access_point:
        return None
    if not isinstance(bucket, Mapping):
        raise CaseError(f"`{_BUCKET_BEHIND}` is not an object")
    name, key = _text(bucket, "name"), key_behind(target.resource)
    arn = f"arn:{target.resource.partition}:s3:::{name}{'' if key is None else f'/{key}'}"
    given = {key: bucket.get(key) for key in ("resource_account", "resource_policy", "rcps")}
    return parse_target(target.action_text, arn, reference()), {**case, _BUCKET_BEHIND: None, **given, "resource": arn}


def _with_path(caller: Caller, request: Request) -> Caller:
    """Return the caller with its role's path, which rule E11 needs: a session's ARN omits it (rule E3)."""
    given = next((value for key, value in request.context.items() if key.lower() == "aws:principalarn"), None)
    if not caller.has_missing_path or not isinstance(given, str):
        return caller
    try:
        role = parse_caller(given)
    except RequestError:
        return caller
    is_own = role.kind is CallerKind.ROLE and (role.account, role.name) == (caller.account, caller.name)
    return replace(caller, path=role.path, arn=role.arn, has_missing_path=False) if is_own else caller


_BUCKET_BEHIND = "access_point_bucket"
"""Key of a test case that describes the bucket behind an access point."""
_KEYS = frozenset(
    {
        *("id", "principal", "action", "resource", "resource_account", "context", "expected", _BUCKET_BEHIND),
        *("identity_policies", "permissions_boundary", "session_policies", "resource_policy", "scps", "rcps"),
        *("block_public_access", "source"),
    }
)

_OF_THE_CALLER = frozenset(
    {
        *("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice"),
        *("aws:username", "aws:userid", "aws:principalservicename", "aws:principalservicenameslist"),
        "kms:calleraccount",
    }
)
_OF_THE_CALL = frozenset({"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:tokenissuetime"})
"""Keys that follow from the call: no case has to provide them where others than those provided are unknown."""


class _KeysOfCaller:
    """Derives the context keys that follow from the caller; the test case provides the others (CONTRACT 4, rules J).

    Where those that it does not provide are unknown, not absent, also what follows from the call and its action; of a
    case without an expected decision (``is_asked``), what is in every request.
    """

    def __init__(self, caller: Caller, target: Target, unknown: MissingContextMode, *, is_asked: bool) -> None:
        self._caller, self._target, self._is_asked = caller, target, is_asked
        self._is_strict = unknown is MissingContextMode.ABSENT
        self._derive = DerivedKeys(caller, target, reference(), datetime.now(UTC), None)

    def __call__(self, key: str) -> KeyValue | None:
        """Return what is known of a key in lower case, or None."""
        if key not in _OF_THE_CALLER:
            if self._is_strict:
                known = self._derive(key) if self._is_asked and key in request_facts()["always"] else None
                return known if known is not None and known.knowledge is Knowledge.PRESENT else None
            if key.startswith(f"{self._target.service}:") and not is_taken(key, self._target):
                return DERIVED_ABSENT
            known = self._derive(key) if key in _OF_THE_CALL else None
            return None if known is None or known.knowledge is Knowledge.UNKNOWN else known
        if key == "aws:principalarn" and self._caller.has_missing_path and self._is_strict:
            return derived(
                str(self._caller.arn)
            )  # a role without path: `explain.assumptions` reports where that matters
        return self._derive(key)


def _owner(request: Request, caller: Caller, target: Target) -> str | None:
    """Return the resource's owner: as provided, else by the ARN; the caller's account without one (rule D4)."""
    if (given := request.checked_owner()) is not None:
        return given
    account = target.resource.account if target.resource is not None else ""
    return account if account.isdigit() else caller.account


def _policies(case: Mapping[str, Any], caller: Caller, target: Target) -> PolicySet:
    own = SourceType.USER if caller.kind in (CallerKind.USER, CallerKind.FEDERATED_USER) else SourceType.ROLE
    identity = _named(case, "identity_policies", PolicyType.IDENTITY, own, caller.text)
    boundary = _named(
        case, "permissions_boundary", PolicyType.PERMISSIONS_BOUNDARY, SourceType.PERMISSIONS_BOUNDARY, caller.text
    )
    session = _named(case, "session_policies", PolicyType.SESSION, SourceType.SESSION, caller.text)
    resource = _resource_policy(case, target)
    restrict = case.get("block_public_access")
    if restrict is not None and not isinstance(restrict, bool):
        raise CaseError("`block_public_access` is neither true nor false")
    return PolicySet(
        identity=identity or (),
        boundary=boundary,
        session=session,
        scps=_levels(case, "scps", PolicyType.SCP, SourceType.SCP),
        rcps=_levels(case, "rcps", PolicyType.RCP, SourceType.RCP),
        resource=resource,
        restrict_public_buckets=bool(restrict),
        missing_data=tuple(_missing_data(case, caller, target)),
    )


def _resource_policy(case: Mapping[str, Any], target: Target) -> AttachedPolicy | None:
    document, is_trust = case.get("resource_policy"), target.is_on_trust
    name = "trust policy" if is_trust else "resource policy"
    if document is None:
        document, name = default_policy(target.resource_text), "default policy"
    if document is None or _has_no_resource_policy(target):
        return None
    return AttachedPolicy(
        policy_type=PolicyType.TRUST if is_trust else PolicyType.RESOURCE,
        source_type=SourceType.TRUST if is_trust else SourceType.RESOURCE,
        source_id=target.resource_text,
        key="case#resource-policy",
        name=name,
        owner=target.resource_text,
        document=parse_document(decode_document(document), target.resource_text),
    )


def _has_no_resource_policy(target: Target) -> bool:
    """Return whether no resource policy applies.

    A role's trust policy applies only to actions of sts (rule I2); actions without a resource have no resource policy;
    a KMS grant decides who can retire it. Policies of OpenSearch domains cover the domain's content; those of Glue the
    Data Catalog.
    """
    if target.is_beside_key_policies or target.is_beside_resource_policy:
        return True
    return target.service == "iam" or (target.action is not None and not target.action.resource_types)


def _missing_data(case: Mapping[str, Any], caller: Caller, target: Target) -> Iterator[MissingData]:
    """Yield assumptions where the test case does not provide something."""
    if case.get("resource_policy") is not None and _has_no_resource_policy(target):
        reason = "it acts on no resource"
        if target.service == "iam":
            reason = "a trust policy decides only who can assume the role"
        if target.is_beside_resource_policy:
            reason = "it acts on the resource itself, and such a policy covers only its content"
        if target.takes_no_policy:
            reason = "such a resource has none"
        if target.is_beside_key_policies:
            reason = "only a grant can allow it, not the key policy"
        message = f"No resource policy applies to {target.action_text}: {reason}."
        yield MissingData("resource-policy-not-used", message, PolicyType.RESOURCE)
    if target.resource is None:
        return
    if case.get("resource_account") is None and not target.resource.account and caller.account is not None:
        message = f"The owner of {target.resource_text} is not provided. It is assumed to be the caller's account."
        yield MissingData("owner-unknown", message, PolicyType.RESOURCE)
    if case.get(_BUCKET_BEHIND) is None:
        yield from missing_data_of(target, None)


def _named(
    case: Mapping[str, Any], key: str, policy_type: PolicyType, source_type: SourceType, owner: str
) -> tuple[AttachedPolicy, ...] | None:
    value = case.get(key)
    return None if value is None else _attached(value, key, policy_type, source_type, owner, None)


def _attached(
    value: Any, where: str, policy_type: PolicyType, source_type: SourceType, owner: str, level: int | None
) -> tuple[AttachedPolicy, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise CaseError(f"`{where}` is not a list of policies")
    policies: list[AttachedPolicy] = []
    for position, entry in enumerate(value):
        if not isinstance(entry, Mapping) or "document" not in entry:
            raise CaseError(f"`{where}[{position}]` is not an object with `name` and `document`")
        name = str(entry.get("name", f"{where}[{position}]"))
        policies.append(
            AttachedPolicy(
                policy_type,
                source_type,
                name,
                f"case#{where}/{position}",
                name,
                owner,
                parse_document(decode_document(entry["document"])),
                level,
            )
        )
    return tuple(policies)


def check_session_policies(case: Mapping[str, Any]) -> None:
    """Raise a `CaseError` if AWS makes no session with a session policy of a test case: there is no such request."""
    value = case.get("session_policies")
    for position, entry in enumerate(value if isinstance(value, list) else ()):
        document = decode_document(entry.get("document")) if isinstance(entry, Mapping) else None
        if document is not None and (why := session_refusal(document)) is not None:
            name = entry.get("name", f"session_policies[{position}]")
            raise CaseError(phrase("AWS makes no session with the session policy {name}: {why}", name=name, why=why))


def _levels(
    case: Mapping[str, Any], key: str, policy_type: PolicyType, source_type: SourceType
) -> tuple[tuple[AttachedPolicy, ...], ...] | None:
    value = case.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise CaseError(f"`{key}` is not a list of levels")
    return tuple(
        _attached(level, f"{key}[{number}]", policy_type, source_type, f"level {number}", number)
        for number, level in enumerate(value)
    )
