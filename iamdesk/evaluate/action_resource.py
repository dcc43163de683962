"""The action and resource of a request, checked against the service reference. Rules: F, D4."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from iamdesk.aws.service_reference import Action, ServiceReference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import RequestError
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.service_rules import ACCESS_POINT_TAG_ACTIONS, LOG_GROUP_TAG_ACTIONS, TRUST_ACTIONS
from iamdesk.i18n import join_messages, phrase
from iamdesk.policy.arn import Arn, ArnError, parse_arn

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+")

ACCOUNT_LISTS_ON_S3 = frozenset({"listallmybuckets", "listaccesspoints", "listaccesspointsforobjectlambda", "listjobs"})
"""S3 actions without resource types for which `ACCOUNT_LISTS_ARN` counts as ``*`` (rule F6)."""
ACCOUNT_LISTS_ARN = "arn:aws:s3:::*"


_LOG_GROUP = "log-group:"

_ACCESS_POINT_TYPES = frozenset({"accesspoint", "accesspointobject"})
_OBJECT = "/object/"
"""Comes between the access point and the key in the ARN of an object."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the request that belongs in the result."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Target:
    """One action on one resource."""

    action_text: str
    """As AWS spells it, or as entered where AWS's spelling is not known."""
    service: str
    """In lower case."""
    name: str
    """In lower case."""
    action: Action | None
    """None where the service reference does not contain it."""
    resource: Arn | None
    """None: ``*``."""
    resource_types: tuple[str, ...]
    """Resource types of the action that the ARN can be; empty for ``*`` or where none fits."""
    is_s3_account_list: bool
    supports_rcps: bool
    """Whether RCPs apply to the service (rule B7)."""
    notes: tuple[Note, ...]

    @property
    def types_of_one_call(self) -> tuple[str, ...]:
        """The resource types on which one call acts together: AWS authorizes each (rule F10). Empty for one."""
        if self.action is None or len(self.action.resource_types) < 2 or not self.resource_types:
            return ()
        needed = [one.name for one in self.action.resource_types if one.required]
        return tuple(needed) if len(needed) > 1 else ()

    @property
    def is_through_access_point(self) -> bool:
        """Whether the request goes through an S3 access point to the bucket behind it (rule I11)."""
        action = self.action
        if self.service != "s3" or action is None or _ACCESS_POINT_TYPES.isdisjoint(self.resource_types):
            return False
        takes_bucket = any(one.name in ("bucket", "object") for one in action.resource_types)
        return takes_bucket and self.name not in ACCESS_POINT_TAG_ACTIONS

    @property
    def is_on_trust(self) -> bool:
        """Whether a role's trust policy is the resource policy of the request (rule I2).

        Not where a federated user is tagged, or where context is set for the caller's own session: there is no role.
        """
        is_entering = self.service == "sts" and self.name in TRUST_ACTIONS
        return is_entering and (self.resource is None or self.resource.service == "iam")

    @property
    def is_beside_key_policies(self) -> bool:
        """Whether a KMS key's policy does not apply: only the grant decides who can retire it (rule I1)."""
        return self.name in facts_of(self.service).by_grants_alone

    @property
    def is_beside_resource_policy(self) -> bool:
        """Whether the resource's policy does not apply: only identity policies do."""
        return self.name in facts_of(self.service).beside_policy

    @property
    def takes_no_policy(self) -> bool:
        """Whether that is because its resources have no policies."""
        return self.name in facts_of(self.service).without_policy

    @property
    def resource_text(self) -> str:
        """The resource as entered: an ARN or ``*``."""
        return "*" if self.resource is None else str(self.resource)


class LogGroup(NamedTuple):
    """The two ARNs of a log group in policies. Source: `LOG_GROUP_TAG_ACTIONS`."""

    for_tags: Arn
    """Bare."""
    for_all_else: Arn
    """With ``:*`` at the end."""


def log_group(resource: Arn) -> LogGroup | None:
    """Return both ARNs of the log group that an ARN names; None for anything else, and for a pattern."""
    kind, found, rest = resource.resource.partition(_LOG_GROUP)
    name, colon, more = rest.partition(":")
    if resource.service != "logs" or kind or not found or (colon and more != "*") or "*" in name or "?" in name:
        return None
    bare = f"{_LOG_GROUP}{name}"
    return LogGroup(resource._replace(resource=bare), resource._replace(resource=f"{bare}:*"))


@lru_cache(maxsize=1 << 11)
def parse_target(action_text: str, resource_text: str, reference: ServiceReference) -> Target:
    """Parse and check the action and the resource of a request.

    Raises:
        RequestError: one of them is malformed; what is only unknown or unusual becomes a note.
    """
    action_text = action_text.strip()
    if not _ACTION.fullmatch(action_text):
        raise RequestError(_action_problem(action_text))
    service, _, name = action_text.partition(":")
    service, name = service.lower(), name.lower()
    action = reference.action(service, name)
    resource: Arn | None = None
    if resource_text.strip() != "*":
        try:
            # A resource is compared character by character to its end (rule F3): trailing spaces count.
            resource = parse_arn(resource_text.lstrip())
        except ArnError as error:
            raise RequestError(*error.args) from error
    notes: list[Note] = []
    types: tuple[str, ...] = ()
    if action is None:
        notes.append(_unknown_action(service, action_text, reference))
    elif not action.resource_types:
        if resource is not None:
            notes.append(
                Note(
                    "resource-not-used",
                    phrase(
                        "{action_text} has no resource types: it is evaluated on `*`, as AWS does.",
                        action_text=action_text,
                    ),
                )
            )
            resource = None
    elif resource is None:
        kinds = _either([resource_type.name for resource_type in action.resource_types])
        notes.append(
            Note(
                "resource-unspecified",
                phrase(
                    "{action_text} acts on {kinds}: on `*` only statements for all resources apply; the decision on a "
                    "single resource can differ.",
                    action_text=action_text,
                    kinds=kinds,
                ),
            )
        )
    else:
        fitting = set(reference.resource_types_of_arn(service, str(resource)))
        # Requests through a multi-Region access point are made as through any access point.
        if "multiregionaccesspoint" in fitting:
            fitting.add("accesspointobject" if _OBJECT in resource.resource else "accesspoint")
        own = [resource_type.name for resource_type in action.resource_types]
        if service == "logs" and "log-group" in own and (named := log_group(resource)) is not None:
            asked = named.for_tags if name in LOG_GROUP_TAG_ACTIONS else named.for_all_else
            fitting = {"log-group"}
            if asked != resource:
                resource = asked
                notes.append(_log_group_note(asked))
        types = tuple(name for name in own if name in fitting) or _types_of_other_services(action, resource, reference)
        if not types:
            kinds = _either(own)
            notes.append(
                Note(
                    "resource-type",
                    phrase(
                        "{action_text} acts on {kinds}; {resource} is not one of them: AWS never evaluates such "
                        "a request.",
                        action_text=action_text,
                        kinds=kinds,
                        resource=with_visible_end(str(resource)),
                    ),
                )
            )
        elif ("*" in resource.resource or "?" in resource.resource) and log_group(resource) is None:
            notes.append(
                Note(
                    "resource-pattern",
                    phrase(
                        "`{resource}` is evaluated as written: the decision on a single resource that matches it can "
                        "differ.",
                        resource=with_visible_end(str(resource)),
                    ),
                )
            )
    return Target(
        f"{action.service}:{action.name}" if action is not None else action_text,
        service,
        name,
        action,
        resource,
        types,
        service == "s3" and name in ACCOUNT_LISTS_ON_S3,
        service in reference.rcp_services,
        tuple(notes),
    )


def _log_group_note(asked: Arn) -> Note:
    message = phrase(
        "Policies name a log group with `:*` at the end, except for its tags: evaluated as `{resource}`.",
        resource=asked,
    )
    return Note("log-group", message)


def _types_of_other_services(action: Action, resource: Arn, reference: ServiceReference) -> tuple[str, ...]:
    """Return the types of another service that an action acts on (``sts:AssumeRole`` on an IAM role)."""
    if resource.service.lower() == action.service.lower():
        return ()
    fitting = set(reference.resource_types_of_arn(resource.service.lower(), str(resource)))
    return tuple(entry.name for entry in action.resource_types if entry.name in fitting)


def _unknown_action(service: str, action_text: str, reference: ServiceReference) -> Note:
    day = f"{reference.updated.day} {reference.updated:%B %Y}"
    what = action_text if reference.service_exists(service) else phrase("the service `{service}`", service=service)
    message = phrase(
        "{what} is not in the service authorization reference of {day}: only a wildcard in a policy can match it.",
        what=what,
        day=day,
    )
    return Note("action-unknown", message)


def _action_problem(text: str) -> str:
    if "*" in text or "?" in text:
        return phrase("`{text}` is a pattern: expected one action, such as s3:GetObject", text=text)
    return phrase("`{text}` is not an action: expected service:Action, such as s3:GetObject", text=text)


def _either(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) > 4:
        named = ", ".join(unique[:4])
        return phrase("{names} or one of {count} more resource types", names=named, count=len(unique) - 4)
    return unique[0] if len(unique) == 1 else join_messages(phrase(" or "), (", ".join(unique[:-1]), unique[-1]))
