"""Finds denied requests in records: CloudTrail events, decoded authorization messages, authorization details.

Sources of the formats:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
https://docs.aws.amazon.com/iam-toolbox/latest/APIReference/API_GetRequestAuthorizationDetails.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from iamdesk.aws.api_names import names
from iamdesk.aws.arn_templates import filled
from iamdesk.aws.service_reference import reference
from iamdesk.denials.denial import Check, Denial, DenialError, DenialSource, Effect
from iamdesk.denials.error_message import actions_called, read_message, takes_no_resource
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.simulate.resource_names import function_name, queue_arn

MAX_DENIALS = 200
"""Number of denials that are read from one text: a log may have thousands."""

_CHECKS = {
    "SERVICE_CONTROL_POLICY": PolicyType.SCP,
    "RESOURCE_CONTROL_POLICY": PolicyType.RCP,
    "VPC_ENDPOINT": PolicyType.ENDPOINT,
    "RESOURCE": PolicyType.RESOURCE,
    "PRINCIPAL": PolicyType.IDENTITY,
    "PERMISSIONS_BOUNDARY": PolicyType.PERMISSIONS_BOUNDARY,
    "SESSION": PolicyType.SESSION,
}
_EFFECTS = {
    "ALLOW": Effect.ALLOW,
    "EXPLICIT_DENY": Effect.EXPLICIT_DENY,
    "IMPLICIT_DENY": Effect.IMPLICIT_DENY,
    "NO_IMPACT": Effect.NO_IMPACT,
}
_ACCOUNT_ALONE = mark(
    "The event names the caller's account alone, so {account} is evaluated: what is granted to single users and roles "
    "of the account is not seen."
)
_DENIED = ("accessdenied", "unauthorized", "notauthorized", "forbidden")


def read_records(value: Any) -> tuple[Denial, ...]:
    """Find the denied requests in a JSON value; at most `MAX_DENIALS`.

    Raises:
        DenialError: it is no such record, or none of its requests was denied.
    """
    found: list[Denial] = []
    unlike = True
    for record in _records(value):
        if len(found) >= MAX_DENIALS:
            break
        if isinstance(record.get("evaluations"), list):
            unlike = False
            found += _authorization(record)
        elif isinstance(record.get("context"), dict) and ("allowed" in record or "explicitDeny" in record):
            unlike = False
            found += _decoded(record)
        elif isinstance(record.get("eventSource"), str) and isinstance(record.get("eventName"), str):
            unlike = False
            found += _cloudtrail(record)
        elif isinstance(message := _message_in(record), str):
            unlike = False
            found.append(read_message(message))
    if unlike:
        raise DenialError(
            phrase(
                "This JSON is neither a CloudTrail event, nor a decoded authorization message, nor "
                "authorization details."
            )
        )
    if not found:
        raise DenialError(phrase("None of the requests in it was denied."))
    return tuple(found[:MAX_DENIALS])


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the records inside the wrappers of services and tools: lists, ``Records``, ``DecodedMessage``,
    ``detail``."""
    if isinstance(value, list):
        for each in value:
            yield from _records(each)
    if not isinstance(value, dict):
        return
    for key in ("DecodedMessage", "CloudTrailEvent"):
        if isinstance(inner := value.get(key), str):
            try:
                inner = json.loads(inner)
            except (ValueError, RecursionError):
                raise DenialError(phrase("`{key}` is not JSON text.", key=key)) from None
            yield from _records(inner)
            return
    for key in ("Records", "Events", "detail"):  # a log file, `aws cloudtrail lookup-events`, an EventBridge event
        if isinstance(inner := value.get(key), list | dict):
            yield from _records(inner)
            return
    yield value


def _message_in(record: Mapping[str, Any]) -> str | None:
    """Return the message of an SDK error in JSON form."""
    for key in ("message", "Message", "errorMessage"):
        if isinstance(message := record.get(key), str):
            return message
    error = record.get("Error") or record.get("error")
    return _message_in(error) if isinstance(error, dict) else None


# --- CloudTrail


def _cloudtrail(event: Mapping[str, Any]) -> Iterator[Denial]:
    code = str(event.get("errorCode") or "").lower().replace("_", "")
    message = str(event.get("errorMessage") or "")
    if not any(word in code for word in _DENIED) and "not authorized" not in message:
        return
    try:
        aws_reason = read_message(message) if message else None
    except DenialError:
        aws_reason = None
    identity = event.get("userIdentity")
    principal = _principal(identity, _partition(event)) if isinstance(identity, dict) else None
    prefix = event["eventSource"].removesuffix(".amazonaws.com").removesuffix(".amazonaws.com.cn")
    service = str(names()["services"].get(prefix, prefix.rpartition(".")[2]))
    actions = actions_called(event["eventName"], service)
    resource = _resource_of(event, service)
    if (
        aws_reason is not None
    ):  # a message names the failed check itself: iam:PassRole of a RunInstances call, for example
        principal = principal or aws_reason.principal
        actions = aws_reason.actions if aws_reason.action else actions
        resource = aws_reason.resource or (
            resource if aws_reason.action in (None, *actions_called(event["eventName"], service)) else None
        )
    if resource is None and len(actions) == 1 and takes_no_resource(actions[0]):
        resource = "*"
    base = aws_reason or Denial(DenialSource.CLOUDTRAIL)
    if isinstance(identity, dict) and not identity.get("arn") and principal and principal.endswith(":root"):
        base = replace(base, remarks=(*base.remarks, phrase(_ACCOUNT_ALONE, account=principal)))
    yield replace(
        base,
        form=DenialSource.CLOUDTRAIL,
        principal=principal,
        actions=actions,
        resource=resource,
        context=_context_of(event),
    )


_ANONYMOUS = {"anonymous", "anonymous_principal"}


def _principal(identity: Mapping[str, Any], partition: str) -> str | None:
    kind, arn = identity.get("type"), identity.get("arn")
    if isinstance(arn, str) and arn:
        return arn
    if kind == "AWSService" and isinstance(by := identity.get("invokedBy"), str):
        return by
    account = str(identity.get("accountId") or "")
    if _ANONYMOUS & {account.lower(), str(identity.get("principalId")).lower()}:
        return "anonymous"
    return f"arn:{partition}:iam::{account}:root" if kind == "AWSAccount" and account.isdigit() else None


def _resource_of(event: Mapping[str, Any], service: str) -> str | None:
    """Return the one ARN in the event, or the one built from names in its parameters."""
    arns = [
        arn for each in _items(event.get("resources")) if isinstance(arn := each.get("ARN") or each.get("arn"), str)
    ]
    parameters = event.get("requestParameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    given = {key: value for key, value in parameters.items() if isinstance(value, str)}
    for sets in parameters.values():  # {"instancesSet": {"items": [{"instanceId": "i-0abc"}]}}
        of_one = list(_items(sets)) if isinstance(sets, dict) else []
        if len(of_one) == 1:
            given |= {key: value for key, value in of_one[0].items() if isinstance(value, str)}
    spelled = _spelled(event, service, given)
    if arns:
        # For an object CloudTrail lists the object and its bucket.
        return max(arns, key=len) if spelled is None or spelled not in arns else spelled
    if spelled is not None:
        return spelled
    inside = [value for value in given.values() if value.startswith("arn:")]
    return inside[0] if len(inside) == 1 else None


def _spelled(event: Mapping[str, Any], service: str, given: Mapping[str, str]) -> str | None:
    """Return the ARN that names in the parameters make, by the templates of what the actions of the event act on."""
    if (queue := queue_arn(given.get("queueUrl", ""))) is not None:
        return queue
    owner = event.get("recipientAccountId")
    known = {
        **{f"{key}Name": value for key, value in given.items()},  # {"workGroup": "primary"} of Athena
        **given,
        "partition": _partition(event),
        "region": str(event.get("awsRegion") or ""),
        "account": owner if isinstance(owner, str) else "",
    }
    if isinstance(name := given.get("name"), str):
        known["/name"] = "/" + name.removeprefix("/")
    if "functionName" in given:
        known["functionName"] = function_name(given["functionName"])[1]
    path = given.get("path", "").strip("/")
    for kind in ("userName", "roleName", "groupName", "policyName") if service == "iam" and path else ():
        if kind in given:
            known[kind] = f"{path}/{given[kind]}"
    templates: list[str] = [one for one in names()["resources"] if one.split(":", 3)[2] == service]
    for action in actions_called(event["eventName"], service):
        found = reference().action(*action.split(":", 1))
        kinds = () if found is None else found.resource_types
        types = [reference().resource_type(service, kind.name) for kind in kinds]
        templates += [template for one in types if one is not None for template in one.arns]
    spelled = [arn for template in templates if (arn := filled(template, known)) is not None]
    if not spelled:
        return None
    arn = max(spelled, key=len)
    if (inside := arn.find("arn:", 1)) > 0:  # the value of the parameter is an ARN itself
        return arn[inside:]
    return arn.replace(":key/alias/", ":alias/") if service == "kms" else arn


def _partition(event: Mapping[str, Any]) -> str:
    region = str(event.get("awsRegion") or "")
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _context_of(event: Mapping[str, Any]) -> dict[str, str | Sequence[str] | None]:
    """Return the request context in an event; it omits most keys."""
    context: dict[str, str | Sequence[str] | None] = {}
    for key, member in (
        ("aws:RequestedRegion", "awsRegion"),
        ("aws:CurrentTime", "eventTime"),
        ("aws:SourceVpce", "vpcEndpointId"),
    ):
        if isinstance(value := event.get(member), str) and value:
            context[key] = value
    parameters = event.get("requestParameters")
    if isinstance(parameters, dict) and event.get("eventSource") == "s3.amazonaws.com":
        for key, member in (("s3:prefix", "prefix"), ("s3:delimiter", "delimiter"), ("s3:max-keys", "max-keys")):
            if isinstance(value := parameters.get(member), str):
                context[key] = value
    address = event.get("sourceIPAddress")
    if isinstance(address, str) and _is_address(address) and "aws:SourceVpce" not in context:
        context["aws:SourceIp"] = address
    identity = event.get("userIdentity")
    session = identity.get("sessionContext") if isinstance(identity, dict) else None
    attributes = session.get("attributes") if isinstance(session, dict) else None
    if isinstance(attributes, dict) and (mfa := attributes.get("mfaAuthenticated")) in ("true", "false"):
        context["aws:MultiFactorAuthPresent"] = str(mfa)
    if isinstance(session, dict):
        # Every event of a role session that was given a source identity contains it (CloudTrail User Guide,
        # "CloudTrail userIdentity element", "AWS STS source identity").
        source = session.get("sourceIdentity")
        if isinstance(source, str) and source:
            context["aws:SourceIdentity"] = source
        elif isinstance(identity, dict) and identity.get("type") == "AssumedRole":
            context["aws:SourceIdentity"] = None
    if isinstance(event.get("tlsDetails"), dict):
        context["aws:SecureTransport"] = "true"
    return context


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


# --- `aws sts decode-authorization-message`


def _decoded(record: Mapping[str, Any]) -> Iterator[Denial]:
    if record.get("allowed") is True:
        return
    record_context: Mapping[str, Any] = record["context"]
    asked = record_context.get("principal")
    action, resource = record_context.get("action"), record_context.get("resource")
    actions: tuple[str, ...] = ()
    if isinstance(action, str):
        actions = (action,) if ":" in action else actions_called(action)
    context: dict[str, str | Sequence[str]] = {}
    for item in _items(record_context.get("conditions")):
        values = [str(each["value"]) for each in _items(item.get("values")) if "value" in each]
        if isinstance(key := item.get("key"), str):
            context[key] = values[0] if len(values) == 1 else values
    effect = Effect.EXPLICIT_DENY if record.get("explicitDeny") is True else Effect.IMPLICIT_DENY
    matched = [
        str(each.get("statementId") or "") or phrase("without a Sid")
        for each in _items(record.get("matchedStatements"))
    ]
    remarks = (
        (phrase("AWS names the statements that matched: {statements}.", statements=join_messages(", ", matched)),)
        if matched
        else ()
    )
    yield Denial(
        DenialSource.DECODED,
        asked.get("arn") if isinstance(asked, dict) and isinstance(asked.get("arn"), str) else None,
        actions,
        resource if isinstance(resource, str) and resource else None,
        context=context,
        effect=effect,
        remarks=remarks,
    )


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    items = value.get("items") if isinstance(value, dict) else value
    yield from (each for each in items if isinstance(each, dict)) if isinstance(items, list) else ()


# --- `aws iam-toolbox get-request-authorization-details`


def _authorization(record: Mapping[str, Any]) -> Iterator[Denial]:
    shared = _values(record.get("requestContext"))
    policies = {each["uri"]: each for each in _items(record.get("policies")) if isinstance(each.get("uri"), str)}
    for evaluation in _items(record["evaluations"]):
        effect = _EFFECTS.get(str(evaluation.get("evaluatedEffect")))
        if effect is Effect.ALLOW:
            continue
        context = {**shared, **_values(evaluation.get("context"))}
        checks = tuple(
            _check(each, policies) for each in _items(evaluation.get("checks")) if each.get("checkType") in _CHECKS
        )
        denying = next((check for check in checks if check.effect is effect), None)
        action, resource = evaluation.get("action"), evaluation.get("resource")
        principal = next((value for key, value in context.items() if key.lower() == "aws:principalarn"), None)
        yield Denial(
            DenialSource.AUTHORIZATION,
            principal if isinstance(principal, str) else None,
            (action,) if isinstance(action, str) and action else (),
            (resource if isinstance(resource, str) and resource else "*"),
            context=context,
            is_context_whole=True,
            effect=effect,
            policy_type=denying.policy_type if denying else None,
            checks=checks,
        )


def _check(record_context: Mapping[str, Any], policies: Mapping[str, Mapping[str, Any]]) -> Check:
    statements = []
    for policy in _items(record_context.get("matchedPolicies")):
        uri = str(policy.get("uri") or "")
        held = policies.get(uri, {})
        carriers = [str(each.get("arn")) for each in _items(held.get("attachedTo"))]
        name = (
            phrase("an inline policy of {owner}", owner=carriers[0]) if held.get("inline") is True and carriers else uri
        )
        statements += [(name, str(each.get("sid") or "")) for each in _items(policy.get("matchedStatements"))]
    return Check(
        _CHECKS[record_context["checkType"]],
        _EFFECTS.get(str(record_context.get("evaluatedEffect")), Effect.NO_IMPACT),
        str(record_context.get("targetArn") or ""),
        tuple(statements),
    )


def _values(context: Any) -> dict[str, str | Sequence[str]]:
    values: dict[str, str | Sequence[str]] = {}
    for key, value in context.items() if isinstance(context, dict) else ():
        if isinstance(value, list):
            values[key] = [_text(each) for each in value]
        elif value is not None and not isinstance(value, dict):
            values[key] = _text(value)
    return values


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
