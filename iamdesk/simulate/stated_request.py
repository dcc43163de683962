"""A request as a user states it: what AWS never evaluates is refused or, where one meaning is plain, put right aloud.

The one place where this is decided, for every front end. Requests that iamdesk makes itself do not pass here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Protocol

from iamdesk.aws import api_names
from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES, form_of
from iamdesk.aws.service_reference import ResourceType, reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.action_resource import Target, parse_target
from iamdesk.evaluate.context import KeyValue, Knowledge, given_facts
from iamdesk.evaluate.derived_keys import PRINCIPAL_TAG, follows_from_caller, follows_from_resource
from iamdesk.evaluate.request import Request, RequestError, UnknownActionError, check_account
from iamdesk.i18n import phrase
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.arn import Arn, ArnError, account_of, parse_arn
from iamdesk.policy.operators import OPERATORS
from iamdesk.simulate.request_facts import (
    check_head,
    check_name,
    check_region,
    check_resource,
    check_service,
    request_facts,
)
from iamdesk.simulate.resource_names import REQUEST_ALIAS, NamedResources, meant_resource, missing_from_list

_READERS = {
    "Bool": OPERATORS["bool"],
    "Numeric": OPERATORS["numericequals"],
    "Date": OPERATORS["dateequals"],
    "IPAddress": OPERATORS["ipaddress"],
    "ARN": OPERATORS["arnlike"],
}
"""An operator that reads all values of a key, by the key's type."""
_SESSION_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""AWS STS API Reference, AssumeRole (RoleSessionName)."""
_OF_EACH_CALLER = frozenset({"aws:principalarn", "aws:userid"})


class Names(NamedResources, Protocol):
    """What a request may name otherwise than by an ARN."""

    def arn_of_id(self, unique_id: str) -> str | None:
        """Return the ARN of the user or role with a unique ID; None if none is known."""


def stated(request: Request, names: Names | None, *, is_reported: bool = False) -> Request:
    """Return the request that is evaluated: its remarks say in which respect it is not the one that was stated.

    Of a request that AWS reported, context and session are as they were.

    Raises:
        RequestError: no such request can be made; its text says why, and what may have been meant.
    """
    remarks: list[str] = []
    principal = _principal(request.principal, names, remarks, is_reported=is_reported)
    action = _action(request, remarks)
    resource = _by_id(request.resource, names, remarks)
    meant = meant_resource(replace(request, principal=principal, action=action, resource=resource), names)
    resource, unresolved, context = meant.arn, meant.unresolved, request.context
    remarks += meant.remarks
    target = parse_target(action, resource, reference())
    takes_none = target.action is not None and reference().takes_no_resource(target.action)
    if takes_none and resource.strip() != "*" and not is_reported:
        resource = "*"
        remarks.append(phrase("{action} takes no resource: it is evaluated on *.", action=target.action_text))
        target = parse_target(action, resource, reference())
    elif resource != resource.rstrip():
        remarks.append(
            phrase("The resource ends with white space, which counts: {resource}.", resource=with_visible_end(resource))
        )
    if target.resource is not None and not request.unknown_action and not unresolved:
        check_resource(target.resource)
    if target.resource is not None and not request.unknown_action and not _is_taken(target, principal):
        resource = _meant(target, names)
        remarks.append(
            phrase(
                "{action} does not act on {stated}. It is evaluated on {meant} instead.",
                action=target.action_text,
                stated=with_visible_end(target.resource_text),
                meant=with_visible_end(resource),
            )
        )
        target = parse_target(action, resource, reference())
    if target.resource is not None:
        if not unresolved:
            check_head(target.resource)
        check_name(target)
        remarks += (note.message for note in target.notes if note.code == "log-group")
    if meant.alias and REQUEST_ALIAS.lower() not in map(str.lower, context) and target.action is not None:
        takes = reference().takes_key(target.action, target.resource_types, REQUEST_ALIAS.lower())
        context = {**context, REQUEST_ALIAS: meant.alias} if takes else context
    if unresolved and not principal:  # no list of principals is true of all that may be meant
        raise RequestError(phrase("It is not known {what}: specify the ARN of the resource", what=unresolved))
    missing = missing_from_list(target, replace(request, principal=principal), names)
    if missing is not None:
        remarks.append(missing[0])
        unresolved = missing[1]
    _check_owner(request, target, names)
    if not is_reported:
        _check_values(request, target, principal)
    if not remarks:
        return request
    return replace(
        request,
        principal=principal,
        action=action,
        resource=resource,
        context=context,
        remarks=tuple(dict.fromkeys((*request.remarks, *remarks))),
        unresolved=unresolved or request.unresolved,
    )


def _principal(text: str, names: Names | None, remarks: list[str], *, is_reported: bool) -> str:
    text = _by_id(text, names, remarks)
    try:
        arn = parse_arn(text.strip())
    except ArnError:
        check_service(text.strip())
        return text  # a service, a provider, anonymous; or malformed, which `parse_caller` says
    check_head(arn)
    if arn.service == "sts":
        check_account(arn.account)
        name = arn.resource.partition("/")[2].partition("/")[2]
        is_session = arn.resource.startswith("assumed-role/") and not is_reported
        if is_session and not _SESSION_NAME.fullmatch(name):
            raise RequestError(phrase("`{name}` cannot be the name of a role session", name=name))
    return text


def _by_id(text: str, names: Names | None, remarks: list[str]) -> str:
    """Return the ARN of what a unique ID names, of a session the session's; any other text as it is."""
    unique_id, colon, session = text.strip().partition(":")
    if not is_unique_id(unique_id):
        return text
    arn = None if names is None else names.arn_of_id(unique_id)
    if arn is None:
        raise RequestError(phrase("the snapshot has no user or role with the ID {unique_id}", unique_id=unique_id))
    if colon:
        role = parse_arn(arn)
        name = role.resource.rpartition("/")[2]
        arn = str(role._replace(service="sts", resource=f"assumed-role/{name}/{session}"))
    remarks.append(phrase("{unique_id} is the ID of {arn}.", unique_id=text.strip(), arn=arn))
    return arn


def _action(request: Request, remarks: list[str]) -> str:
    """Return the action; of an API operation that is no action, the one that it needs."""
    text = request.action.strip()
    service, colon, name = text.partition(":")
    if not colon or request.unknown_action or reference().action(service, name) is not None or not name.isidentifier():
        return request.action
    if needed := api_names.names()["several"].get(text):
        raise RequestError(
            phrase(
                "{text} is an API operation. Ask about its actions: {actions}.", text=text, actions=", ".join(needed)
            )
        )
    found = api_names.action_of_operation(text)
    if found is None:
        raise UnknownActionError(unknown_action_words(text))
    action, besides = found
    remarks.append(phrase("{text} is an API operation. Its action is {action}.", text=text, action=action))
    if besides:
        remarks.append(phrase("It also needs {actions} on what it reads.", actions=", ".join(besides)))
    return action


def unknown_action_words(action: str) -> str:
    """Return that AWS's list does not have an action, and which one may be meant."""
    return " ".join(_unknown(action, *action.split(":", 1)))


def _unknown(text: str, service: str, name: str) -> Iterator[str]:
    known = reference()
    day = f"{known.updated.day} {known.updated:%B %Y}"
    yield phrase("Unknown action: {text} is not in the AWS action list of {day}.", text=text, day=day)
    meant = api_names.names()["prefixes"].get(service.lower(), service.lower())
    services = [meant] if known.service_exists(meant) else get_close_matches(meant, known.services(), 3)
    for verb, method in request_facts()["http_methods"].get(meant, {}).items():
        if name.lower().startswith(verb):  # the actions of API Gateway are HTTP methods
            yield phrase("Did you mean {action}?", action=f"{meant}:{method}")
            return
    for near in services:
        listed = {one.name.lower(): one.full_name for one in known.actions_of(near)}
        for found in get_close_matches(name.lower(), listed, 1, 0.7):
            yield phrase("Did you mean {action}?", action=listed[found])
            return
    elsewhere = [one for one in known.all_actions() if one.lower().endswith(f":{name.lower()}")]
    for one in sorted(elsewhere, key=len)[:1]:
        yield phrase("Did you mean {action}?", action=one)


def _is_taken(target: Target, principal: str) -> bool:
    """Return whether the action acts on the resource, as far as that is known: not every ARN format is listed."""
    resource = target.resource
    if target.action is None or not target.action.resource_types or target.resource_types or resource is None:
        return True
    if resource.service == "sts":
        # A federated user is tagged with sts:TagSession (rule I2); a session is none of the listed types either.
        return not resource.resource.startswith("assumed-role/")
    if (resource.service, resource.resource) == ("iam", "root") and target.service in ("iam", "sts"):
        return str(resource) == principal  # no user; a root user's own calls are about itself
    acts_there = target.service in reference().services_on(resource.service)
    if not acts_there or reference().resource_types_of_arn(resource.service, target.resource_text):
        return False
    if resource.service != target.service or not all(_types_of(target)):
        return True
    unlisted = request_facts()["forms"].get(resource.service)
    return unlisted is not None and re.fullmatch(unlisted["text"], resource.resource) is not None


def _meant(target: Target, names: Names | None) -> str:
    """Return the resource that is plainly meant: a bucket's objects, an object's bucket, a session's role.

    Raises:
        RequestError: none is.
    """
    resource, candidate = target.resource, None
    if resource is not None and resource.service == target.service == "s3":
        head, slash, _ = resource.resource.partition("/")
        candidate = str(resource._replace(resource=head if slash else f"{head}/*"))
    elif resource is not None and resource.service == "logs" and resource.resource.startswith("log-group:"):
        candidate = f"{str(resource).removesuffix(':*')}:log-stream:*"
    elif resource is not None and _is_bare_name(target, resource):
        filled = [str(resource._replace(resource=f"{prefix}{resource.resource}")) for prefix in _prefixes(target)]
        candidate = filled[0] if len(filled) == 1 else None
    elif resource is not None and resource.service == "sts" and resource.resource.startswith("assumed-role/"):
        candidate = str(resource._replace(service="iam", resource=f"role/{resource.resource.split('/')[1]}"))
        candidate = next(iter(() if names is None else names.matching(candidate)), candidate)
    if candidate is not None and parse_target(target.action_text, candidate, reference()).resource_types:
        return candidate
    raise RequestError(next(note.message for note in target.notes if note.code == "resource-type"))


def _is_bare_name(target: Target, resource: Arn) -> bool:
    """Return whether an ARN has a name where its type comes before the name: ``arn:aws:iam::111122223333:worker``."""
    return resource.service == target.service and resource.resource != "root" and not set("/:") & {*resource.resource}


def _types_of(target: Target) -> list[ResourceType | None]:
    """Return the resource types of an action as AWS lists them; None for one whose ARNs are not listed."""
    named = () if target.action is None else target.action.resource_types
    return [reference().resource_type(target.service, one.name) for one in named]


def _prefixes(target: Target) -> tuple[str, ...]:
    """Return what comes before the name in ARNs of the resource types of an action: ``key/``, ``function:``."""
    forms = [parse_arn(arn).resource for listed in _types_of(target) if listed for arn in listed.arns]
    found = (re.match(r"([\w-]+[/:])\$\{\w+\}$", form) for form in forms)
    return tuple(dict.fromkeys(match[1] for match in found if match))


def _check_owner(request: Request, target: Target, names: Names | None) -> None:
    given = request.checked_owner()
    takes_none = target.action is not None and not target.action.resource_types
    if given is not None and takes_none and account_of(request.principal) not in ("", given):
        raise RequestError(
            phrase("{action} takes no resource: it is the caller's account that counts", action=target.action_text)
        )
    if given is None or target.resource is None:
        return
    account = target.resource.account
    record = None if names is None else names.resources.find(target.resource)
    owner = account if account.isdigit() else None if record is None else record.account_id
    if owner not in (None, given):
        raise RequestError(
            phrase(
                "{resource} belongs to account {owner}, not to {given}",
                resource=with_visible_end(target.resource_text),
                owner=owner,
                given=given,
            )
        )


def _check_values(request: Request, target: Target, principal: str) -> None:
    """Refuse values that a key cannot have: every operator would only fail on them (rule G19)."""
    given, facts = {key.lower(): key for key, value in request.context.items() if value is not None}, request_facts()
    for key, value in request.context.items():
        name = key.lower()
        if value is None and name in facts["always"]:
            raise RequestError(phrase("{key} is in every request", key=key))
        if not principal and value is not None and name in _OF_EACH_CALLER:
            raise RequestError(phrase("{key} is different for each principal", key=key))
        type_ = reference().key_type(key, target.service) or ""
        texts = () if value is None else (value,) if isinstance(value, str) else tuple(value)
        if len(texts) > 1 and name.startswith("aws:") and type_ and not type_.startswith("ArrayOf"):
            raise RequestError(phrase("{key} has one value in a request, not several", key=key))
        operator, form = _READERS.get(type_.removeprefix("ArrayOf")), facts["values"].get(name)
        accepted = form_of(name, target.service)
        for text in texts:
            if accepted is not None and not accepted.fullmatch(text):
                raise RequestError(
                    phrase("`{text}` cannot be the value of {key}: AWS does not accept it", text=text, key=key)
                )
            if name == "aws:requestedregion" and not request.unknown_action:
                check_region(text)
            expected = "" if form is None or re.fullmatch(form["text"], text) else form["such_as"]
            if operator is not None and operator.read_request(text) is None:
                expected = phrase(operator.family.reads)
            if expected:
                raise RequestError(
                    phrase("`{text}` cannot be the value of {key}: expected {what}", text=text, key=key, what=expected)
                )
    for rule in facts["exclusive"]:
        first, second = given.get(rule["key"]), next((given[one] for one in rule["with"] if one in given), None)
        if first and second and rule.get("value") in (None, str(request.context[first]).lower()):
            stated = f"{first}={request.context[first]}" if "value" in rule else first
            raise RequestError(phrase("no request has {key} together with {other}", key=stated, other=second))


def check_context(request: Request, derive: Callable[[str], KeyValue | None]) -> None:
    """Refuse values of keys that follow from the caller or the resource, where other ones are known (rule J2).

    Raises:
        RequestError: a request of this principal on this resource cannot have such a value.
    """
    is_of_iam = request.action.lower().startswith("iam:")
    spelled = {key.lower(): key for key in request.context}
    for name, given in given_facts(request.context).items():
        key = spelled[name]
        if name.startswith(PRINCIPAL_TAG) and ":user/" not in request.principal:
            continue  # tags of a session (rule I2)
        of_caller = follows_from_caller(name)
        of_resource = follows_from_resource(name) or (is_of_iam and name.startswith(RESOURCE_TAG_PREFIXES))
        known = derive(name) if of_caller or of_resource else None
        if known is not None and not all(map(known.can_be, given.values)):
            raise RequestError(phrase("{key} is not {value} in this request", key=key, value=known.excludes))
        if known is None or not known.derived or known.knowledge > Knowledge.PRESENT or known.values == given.values:
            continue
        if known.values and not of_caller:
            values = ", ".join(known.values)
            raise RequestError(phrase("{key} is {known} in requests for this resource", key=key, known=values))
        if known.values:
            raise RequestError(
                phrase("{key} is {known} in requests of this principal", key=key, known=", ".join(known.values))
            )
        if of_caller:
            raise RequestError(phrase("requests of this principal do not include {key}", key=key))
