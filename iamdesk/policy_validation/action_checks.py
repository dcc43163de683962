"""Checks of ``Action`` and ``NotAction``: names, service-linked roles, passed roles, and what is named twice."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.source_map import ElementPath
from iamdesk.policy.wildcards import glob, is_pattern, may_overlap
from iamdesk.policy_validation.arn_checks import services_of_resource
from iamdesk.policy_validation.issue import IDENTITY_LIKE, FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView, StatementView
from iamdesk.policy_validation.precedents import precedents


def matched(pattern: ActionPattern) -> int:
    """Return the actions that an entry matches, as bits of its service; 0 if none."""
    return service_actions(pattern.service).matched_by(pattern) if pattern.service is not None else 0


def is_known_action(pattern: ActionPattern) -> bool:
    """Return whether an entry matches an existing action."""
    return pattern.covers_every_service or matched(pattern) != 0


@lru_cache(maxsize=1 << 12)
def nearest_action(service: str, name: str) -> str:
    """Return the existing action with the most similar name; empty if none is similar."""
    near = get_close_matches(name.lower(), service_actions(service.lower()).positions, n=1, cutoff=0.8)
    action = reference().action(service, near[0]) if near else None
    return action.full_name if action is not None else ""


@validation_check(
    "POL-080",
    "INVALID_ACTION",
    FindingType.ERROR,
    title=mark("Unknown action"),
    remediation=mark("Correct the action, or remove it: it has no effect."),
)
def invalid_action(policy: PolicyView) -> Iterator[Problem]:
    """Actions that AWS's managed policies name are taken as existing, although the reference lists them no more."""
    for statement in policy.statements:
        for path, pattern in statement.every_action:
            text = pattern.text
            service, _, name = text.partition(":")
            if pattern.is_refused:
                yield path, phrase("`{text}` is not an action: the format is `service:Action`.", text=text)
            elif pattern.service is None or not reference().service_exists(service) or is_known_action(pattern):
                continue
            elif text.lower() not in precedents().actions:
                near = nearest_action(service, name)
                if near:
                    yield (
                        path,
                        phrase("The action `{text}` does not exist. Did you mean `{near}`?", text=text, near=near),
                    )
                else:
                    yield path, phrase("The action `{text}` does not exist.", text=text)


@validation_check(
    "POL-081",
    "INVALID_SERVICE_IN_ACTION",
    FindingType.ERROR,
    title=mark("Unknown service in an action"),
    remediation=mark("Correct the service prefix of the action."),
)
def invalid_service_in_action(policy: PolicyView) -> Iterator[Problem]:
    """A service prefix has no wildcards."""
    for statement in policy.statements:
        for path, pattern in statement.every_action:
            service = pattern.text.partition(":")[0]
            if pattern.is_refused or pattern.covers_every_service:
                continue
            if pattern.is_odd:
                yield path, phrase("The service of `{text}` is empty or has a wildcard.", text=pattern.text)
            elif not reference().service_exists(service) and service.lower() not in precedents().services:
                near = get_close_matches(service.lower(), reference().services(), n=1, cutoff=0.6)
                if near:
                    message = phrase(
                        "The service `{service}` does not exist. Did you mean `{near}`?", service=service, near=near[0]
                    )
                else:
                    message = phrase("The service `{service}` does not exist.", service=service)
                yield path, message


@validation_check(
    "POL-082",
    "UNSUPPORTED_ACTION_IN_POLICY",
    FindingType.ERROR,
    title=mark("Action of another service in a resource policy"),
    remediation=mark("Remove the action: the policy only applies to its own resource."),
    kinds=frozenset({PolicyKind.RESOURCE, PolicyKind.TRUST}),
)
def unsupported_action_in_policy(policy: PolicyView) -> Iterator[Problem]:
    """For resource policies only if the service of the resource is given; trust policies name actions of STS."""
    services = ("sts",) if policy.kind is PolicyKind.TRUST else services_of_resource(policy.resource_service)
    for statement in policy.statements if services else ():
        for path, pattern in statement.actions:
            if pattern.service is not None and pattern.service not in services:
                yield (
                    path,
                    phrase(
                        "The policy of a resource of {service} does not support `{action}`.",
                        service=services[0],
                        action=pattern.text,
                    ),
                )


@validation_check(
    "POL-083",
    "REDUNDANT_ACTION",
    FindingType.SUGGESTION,
    title=mark("Redundant actions"),
    remediation=mark("Remove the actions that another entry covers."),
)
def redundant_action(policy: PolicyView) -> Iterator[Problem]:
    """One finding for each element."""
    for statement in policy.statements:
        for name in ("Action", "NotAction"):
            entries = statement.entries(name)
            redundant = _covered([(path, text, text.lower()) for path, text in entries])
            if redundant:
                path, text, wider = redundant[0]
                message = nphrase(
                    "{count:,} action is redundant: `{text}` is covered by `{wider}`.",
                    "{count:,} actions are redundant, such as `{text}`, which is covered by `{wider}`.",
                    len(redundant),
                    text=text,
                    wider=wider,
                )
                yield path, message


def _covered(entries: list[tuple[ElementPath, str, str]]) -> list[tuple[ElementPath, str, str]]:
    """Return the entries that an earlier equal one or a wider one covers: path, text and the covering text."""
    found = []
    patterns = [
        (place, key, _fixed_beginning(key), text) for place, (_, text, key) in enumerate(entries) if is_pattern(key)
    ]
    seen: dict[str, str] = {}
    for place, (path, text, key) in enumerate(entries):
        wider = seen.get(key)
        seen.setdefault(key, text)
        for other_place, pattern, beginning, other in patterns if wider is None else ():
            if other_place == place or pattern == key or not key.startswith(beginning):
                continue
            if may_overlap(pattern, key, is_within=True) if "?" in pattern else glob(pattern).matches(key):
                wider = other
                break
        if wider is not None:
            found.append((path, text, wider))
    return found


def _fixed_beginning(pattern: str) -> str:
    """Return a pattern's text before its first wildcard."""
    return pattern.partition("*")[0].partition("?")[0]


@validation_check(
    "POL-084",
    "REDUNDANT_RESOURCE",
    FindingType.SUGGESTION,
    title=mark("Redundant resources"),
    remediation=mark("Remove the resources that another entry covers."),
)
def redundant_resource(policy: PolicyView) -> Iterator[Problem]:
    """One finding for each element."""
    for statement in policy.statements:
        for name in ("Resource", "NotResource"):
            plain = [(path, text, text) for path, text in statement.entries(name) if "${" not in text]
            redundant = _covered(plain)
            if redundant:
                path, text, wider = redundant[0]
                message = nphrase(
                    "{count:,} resource is redundant: `{text}` is covered by `{wider}`.",
                    "{count:,} resources are redundant, such as `{text}`, which is covered by `{wider}`.",
                    len(redundant),
                    text=text,
                    wider=wider,
                )
                yield path, message


@validation_check(
    "POL-085",
    "REDUNDANT_STATEMENT",
    FindingType.SUGGESTION,
    title=mark("Repeated statement"),
    remediation=mark("Remove one of the two statements."),
)
def redundant_statement(policy: PolicyView) -> Iterator[Problem]:
    """Equal apart from the Sid and the order of entries."""
    seen: dict[str, int] = {}
    for number, statement in enumerate(policy.statements, start=1):
        content = repr(_ordered({name: value for name, value in statement.raw.items() if name != "Sid"}))
        if content in seen:
            yield statement.path, phrase("The statement repeats statement {number}.", number=seen[content])
        seen.setdefault(content, number)


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _ordered(member)) for name, member in value.items())
    if isinstance(value, list):
        return sorted(map(repr, value))
    return [repr(value)]  # text alone equals a list of it


_PASS_ROLE = ("iam", "passrole")
_CREATE_SLR = ("iam", "createservicelinkedrole")


def _by_action(statement: StatementView, action: tuple[str, str]) -> Iterator[tuple[str, ElementPath]]:
    """Yield how an Allow covers an action: ``literal``, ``wildcard`` or ``not``, and the path of the entry."""
    if not statement.is_allow:
        return
    if "NotAction" in statement.raw:
        if statement.covers_action(*action):
            yield "not", (*statement.path, "NotAction")
        return
    for path, pattern in statement.actions:
        if pattern.matches(*action):
            yield ("literal" if pattern.literal else "wildcard"), path
            return


def _on_every_role(statement: StatementView) -> bool:
    """Return whether ``Resource`` names all roles: ``*``, or an ARN whose name is a star."""
    for _, text in statement.resources:
        name = text.split(":", 5)[-1] if text.startswith("arn:") else text
        if name.replace("role/", "", 1).replace("aws-service-role/", "", 1).strip("*") == "" and name:
            return True
    return False


def _wide_grants(
    policy: PolicyView, action: tuple[str, str], how: str, *, not_resource: bool, unless: str = ""
) -> Iterator[Problem]:
    for statement in policy.statements:
        if unless and unless in statement.tested_keys:
            continue
        if not_resource != ("NotResource" in statement.raw) or (not not_resource and not _on_every_role(statement)):
            continue
        for found, path in _by_action(statement, action):
            if found == how:
                name = "iam:PassRole" if action is _PASS_ROLE else "iam:CreateServiceLinkedRole"
                if not_resource:
                    yield (
                        path,
                        phrase(
                            "The statement allows `{action}` on every role except those in `NotResource`.", action=name
                        ),
                    )
                else:
                    yield path, phrase("The statement allows `{action}` on every role.", action=name)


_PASSED = "iam:passedtoservice"
_LINKED = "iam:awsservicename"
_NAME_ROLES = mark("List the ARNs of the roles in `Resource`, and restrict the services with `iam:PassedToService`.")
_NAME_LINKED = mark("List the ARNs of the service-linked roles in `Resource`.")
_GRANTING = IDENTITY_LIKE


@validation_check(
    "POL-090",
    "PASS_ROLE_WITH_STAR_IN_RESOURCE",
    FindingType.SECURITY_WARNING,
    title=mark("Any role can be passed"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_on_every_role(policy: PolicyView) -> Iterator[Problem]:
    """The action itself, on all roles, to any service."""
    return _wide_grants(policy, _PASS_ROLE, "literal", not_resource=False, unless=_PASSED)


@validation_check(
    "POL-091",
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
    FindingType.SECURITY_WARNING,
    title=mark("Any role can be passed by a wildcard"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_by_wildcard(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard that covers the action."""
    return _wide_grants(policy, _PASS_ROLE, "wildcard", not_resource=False, unless=_PASSED)


@validation_check(
    "POL-092",
    "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
    FindingType.SECURITY_WARNING,
    title=mark("Any role can be passed by NotAction"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_by_not_action(policy: PolicyView) -> Iterator[Problem]:
    """``NotAction`` without the action."""
    return _wide_grants(policy, _PASS_ROLE, "not", not_resource=False, unless=_PASSED)


@validation_check(
    "POL-093",
    "PASS_ROLE_WITH_NOT_RESOURCE",
    FindingType.SECURITY_WARNING,
    title=mark("Roles can be passed by NotResource"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """The action itself."""
    return _wide_grants(policy, _PASS_ROLE, "literal", not_resource=True)


@validation_check(
    "POL-094",
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
    FindingType.SECURITY_WARNING,
    title=mark("Roles can be passed by a wildcard and NotResource"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_by_wildcard_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard that covers the action."""
    return _wide_grants(policy, _PASS_ROLE, "wildcard", not_resource=True)


@validation_check(
    "POL-095",
    "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
    FindingType.SECURITY_WARNING,
    title=mark("Roles can be passed by NotAction and NotResource"),
    remediation=_NAME_ROLES,
    kinds=_GRANTING,
)
def pass_role_by_not_action_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """``NotAction`` without the action."""
    return _wide_grants(policy, _PASS_ROLE, "not", not_resource=True)


@validation_check(
    "POL-096",
    "CREATE_SLR_WITH_STAR_IN_RESOURCE",
    FindingType.WARNING,
    title=mark("Any service-linked role can be created"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_on_every_role(policy: PolicyView) -> Iterator[Problem]:
    """The action itself, for any service."""
    return _wide_grants(policy, _CREATE_SLR, "literal", not_resource=False, unless=_LINKED)


@validation_check(
    "POL-097",
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
    FindingType.WARNING,
    title=mark("Any service-linked role can be created by a wildcard"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_by_wildcard(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard that covers the action."""
    return _wide_grants(policy, _CREATE_SLR, "wildcard", not_resource=False, unless=_LINKED)


@validation_check(
    "POL-098",
    "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
    FindingType.WARNING,
    title=mark("Any service-linked role can be created by NotAction"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_by_not_action(policy: PolicyView) -> Iterator[Problem]:
    """``NotAction`` without the action."""
    return _wide_grants(policy, _CREATE_SLR, "not", not_resource=False, unless=_LINKED)


@validation_check(
    "POL-099",
    "CREATE_SLR_WITH_NOT_RESOURCE",
    FindingType.WARNING,
    title=mark("Service-linked roles can be created by NotResource"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """The action itself."""
    return _wide_grants(policy, _CREATE_SLR, "literal", not_resource=True)


@validation_check(
    "POL-100",
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
    FindingType.WARNING,
    title=mark("Service-linked roles can be created by a wildcard and NotResource"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_by_wildcard_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard that covers the action."""
    return _wide_grants(policy, _CREATE_SLR, "wildcard", not_resource=True)


@validation_check(
    "POL-101",
    "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
    FindingType.WARNING,
    title=mark("Service-linked roles can be created by NotAction and NotResource"),
    remediation=_NAME_LINKED,
    kinds=_GRANTING,
)
def create_slr_by_not_action_on_not_resource(policy: PolicyView) -> Iterator[Problem]:
    """``NotAction`` without the action."""
    return _wide_grants(policy, _CREATE_SLR, "not", not_resource=True)
