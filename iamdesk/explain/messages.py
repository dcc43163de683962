"""Every sentence of a result: the only place with prose. Names in it come from the snapshot: show it as plain text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.matching import Mismatch, StatementResult
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.suggestions import Addition, Removal
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase, with_translation
from iamdesk.inventory.permission_sets import permission_set_name
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.resource_patterns import Match, ShortArns
from iamdesk.snapshot.resource_services import all_services

POLICY_TYPE_TITLES: Mapping[PolicyType, str] = {
    PolicyType.RCP: mark("Resource control policies"),
    PolicyType.SCP: mark("Service control policies"),
    PolicyType.RESOURCE: mark("Resource policy"),
    PolicyType.TRUST: mark("Trust policy"),
    PolicyType.IDENTITY: mark("Identity policies"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("Permissions boundary"),
    PolicyType.SESSION: mark("Session policy"),
    PolicyType.ENDPOINT: mark("VPC endpoint policy"),
    PolicyType.ACL: mark("Access control list"),
    PolicyType.BLOCK_PUBLIC_ACCESS: mark("Block Public Access"),
}
_MAX_NAMED = 3


def who(caller: Caller) -> str:
    """Name a principal in a sentence."""
    match caller.kind:
        case CallerKind.ROOT:
            return phrase("The root user of account {account}", account=caller.account)
        case CallerKind.SESSION | CallerKind.ROLE if caller.permission_set is not None:
            if not caller.session_name:
                return phrase("{name} (permission set)", name=caller.permission_set)
            return phrase(
                "{name} (permission set, session {session})", name=caller.permission_set, session=caller.session_name
            )
        case CallerKind.SESSION:
            return phrase("{name} (session {session})", name=caller.name, session=caller.session_name)
        case CallerKind.ANONYMOUS:
            return phrase("An anonymous caller")
        case CallerKind.SERVICE | CallerKind.SAML | CallerKind.OIDC:
            return caller.text
        case _:
            return caller.name


def what(target: Target) -> str:
    """Name the action and the resource in a sentence."""
    if target.resource is None:
        return target.action_text
    return phrase("{action} on {resource}", action=target.action_text, resource=target.resource)


def short_resource(target: Target) -> str:
    """Return the resource by its common name: an S3 bucket, object or access point by its name."""
    if target.resource is None:
        return "*"
    return target.resource.resource.removeprefix("accesspoint/").replace("/object/", "/", 1)


REFUSALS: Mapping[str, str] = {
    "credentials": mark("credentials of this type cannot call the action, regardless of policies"),
    "partition": mark("the caller and the resource are in different AWS partitions"),
    "kms-cross-account": mark("KMS does not support calls from another account for the action"),
    "owner-alone": mark("no policy can allow another account to call the action"),
    "assume-root": mark(
        "only the management account and delegated administrators for IAM can assume root, and only of member accounts"
    ),
    "no-function-url": mark("the function, or the alias, has no function URL"),
    "aws-owned": mark("AWS owns it, and no policy can allow others to change it"),
}


MISSING: Mapping[str, str] = {
    "key-policy-missing": mark("the key policy, which must allow the access, is not captured"),
    "resource-policy-missing": mark("the resource policy, which must allow the access, is not captured"),
    "trust-policy-missing": mark("the role's trust policy is not captured"),
    "boundary-missing": mark("the boundary policy is not captured"),
}
"""Why a policy type has no policy, by the code of its missing data."""


def level_words(level: int, places: Sequence[str]) -> str:
    """Return where an SCP is attached, as part of a sentence: by name where the levels have names (``places``)."""
    if level < len(places):
        return phrase("on {place}", place=places[level])
    return phrase("at the root") if level == 0 else phrase("at level {level}", level=level + 1)


def lacking_sentence(
    policy_type: PolicyType, level: int | None, places: Sequence[str], names: Sequence[str], action: str
) -> str:
    """Return that a required policy type has no statement that allows; ``places`` are the names of its levels."""
    named = listed(names)
    match policy_type:
        case PolicyType.SCP:
            where = level_words(level or 0, places)
            return phrase("no service control policy {where} allows {action}", where=where, action=action)
        case PolicyType.PERMISSIONS_BOUNDARY:
            return phrase("the boundary {name} has no statement that allows {action}", name=named, action=action)
        case PolicyType.SESSION:
            if not named:
                return phrase("no session policy was passed")
            return phrase("the session policy {name} does not allow it", name=named)
        case PolicyType.TRUST:
            return (
                phrase("the {name} does not allow the principal", name=named)
                if named
                else phrase("no trust policy allows the principal")
            )
        case PolicyType.RESOURCE:
            return phrase("no resource policy allows it")
        case PolicyType.ENDPOINT:
            return phrase("the VPC endpoint policy does not allow it")
        case _:
            return phrase("no identity policy allows it")


def listed(names: Sequence[str], most: int = _MAX_NAMED, last: str = "and") -> str:
    """Join names: ``a, b and 3 more``; ``last`` is the word before the last one."""
    return join_names(list(dict.fromkeys(names)), most, last=last)


def matched_sentence(result: StatementResult, target: Target, resolve_entries: bool = True) -> str:
    """Describe the effect of a matching statement: ``Allows s3:Get* on arn:…/*; its 2 conditions are met.``"""
    statement = result.statement
    if statement.not_action:
        names = listed([pattern.text for pattern in statement.actions])
        actions = phrase("everything except {names}", names=names)
    else:
        actions = next(
            (pattern.text for pattern in statement.actions if pattern.matches(target.service, target.name)), ""
        ) or phrase("it")
    done = _on(actions, _resources(result, target)) if resolve_entries else actions
    if result.grant is not None and statement.is_allow:
        grantee = phrase(_GRANTS[result.grant])
        done = phrase("{done} to {grantee}", done=done, grantee=grantee)
    count = len(statement.conditions)
    held = count - len(result.open_tests)
    if result.open_tests:
        done = phrase("{done}; {held} of {count} conditions known to be met", done=done, held=held, count=count)
    elif count:
        done = nphrase("{done}; its condition is met", "{done}; its {count} conditions are met", count, done=done)
    if not statement.is_allow:
        return phrase("Denies {done}.", done=done)
    return phrase("Allows {done}.", done=done) if result.grant is None else phrase("Grants {done}.", done=done)


def _on(actions: str, resources: str) -> str:
    return phrase("{actions} on {resources}", actions=actions, resources=resources) if resources else actions


_GRANTS: Mapping[Grant, str] = {
    Grant.EXACT: mark("this principal"),
    Grant.EVERYONE: mark("everyone"),
    Grant.NOT_LISTED: mark("everyone not listed"),
    Grant.ROLE: mark("every session of the role"),
    Grant.USER: mark("federated sessions of the user"),
    Grant.ACCOUNT: mark("the account, whose identity policies decide"),
}


def _resources(result: StatementResult, target: Target) -> str:
    statement = result.statement
    if statement.resources is None:
        return ""
    texts = [entry.text for entry in statement.resources]
    if statement.not_resource:
        return phrase("everything except {names}", names=listed(texts))
    if len(texts) == 1:
        return texts[0]
    for entry in statement.resources:
        if not entry.keys and entry.matches(target.resource, lambda _: None, ShortArns.FILLED) is not Match.NO:
            return entry.text
    return listed(texts)


def depends_sentence(result: StatementResult) -> str:
    """Name the tests that an undetermined statement depends on."""
    tests = [test_text(test) for test, _ in result.open_tests]
    if result.open_resource:
        tests.append(phrase("a policy variable in its resource"))
    joined = join_messages(phrase(" and "), tests)
    return (
        phrase("Allows it if its condition is met: {tests}.", tests=joined)
        if result.statement.is_allow
        else phrase("Denies it if its condition is met: {tests}.", tests=joined)
    )


def failure_sentence(failure: Mismatch, result: StatementResult, target: Target, caller: Caller) -> str:
    """Describe why an element does not match."""
    statement = result.statement
    texts = [entry.text for entry in statement.resources or ()]
    match failure.element:
        case "Action":
            return phrase(
                "Action names {names}, not {action}.",
                names=listed([entry.text for entry in statement.actions]),
                action=target.action_text,
            )
        case "NotAction":
            by = [entry.text for entry in statement.actions if entry.matches(target.service, target.name)]
            return phrase("NotAction excludes it by {names}.", names=listed(by))
        case "Principal":
            names = [entry.text for entry in statement.principals or ()]
            if not names:
                return phrase("It names no principal.")
            return phrase("Principal names {names}, not {caller}.", names=listed(names), caller=caller.text)
        case "NotPrincipal":
            return phrase("NotPrincipal excludes {caller}.", caller=caller.text)
        case "Resource":
            if statement.resources is None:
                return phrase("It has no Resource element.")
            return phrase(
                "Resource {resource} does not match {names}.",
                resource=with_visible_end(target.resource_text),
                names=listed(texts),
            )
        case "NotResource":
            return phrase(
                "NotResource excludes {resource} by {names}.",
                resource=with_visible_end(target.resource_text),
                names=listed(texts),
            )
    if failure.test is None or failure.fact is None:
        return phrase("A condition is not met.")
    return phrase(
        "{test} is not met: {fact}.", test=test_text(failure.test), fact=fact_text(failure.test, failure.fact)
    )


def test_text(test: ConditionTest) -> str:
    """Write a condition test in a line: ``StringEquals aws:RequestedRegion eu-west-1``."""
    values = listed([value.text for value in test.values], last="or") or phrase("(no value)")
    return join_messages(" ", (test.operator_text, test.key_text, values))


def fact_text(test: ConditionTest, fact: KeyValue) -> str:
    """Describe what is known of the key of a test."""
    if test.operator is None:
        return phrase("{operator} is not a condition operator", operator=test.operator_text)
    if fact.knowledge is Knowledge.ABSENT:
        return phrase("{key} is not in the request", key=test.key_text)
    if fact.knowledge is Knowledge.PRESENT:
        if len(fact.values) > 1:
            return phrase("{key} has the values {values}", key=test.key_text, values=listed(fact.values))
        return phrase("{key} is {value}", key=test.key_text, value=fact.values[0] if fact.values else phrase("empty"))
    if fact.since is not None:
        first = datetime.fromtimestamp(int(fact.since), UTC).date().isoformat()
        return phrase("no session that began before {day} is still valid", day=first)
    return phrase("{key} is not known", key=test.key_text)


type Values = Mapping[str, str | tuple[str, ...] | None]
"""Context values by key; None: the key is absent."""


def alternatives_text(keys: Sequence[Sequence[str]], words: Sequence[str]) -> str | None:
    """Write a few sets of context values as one phrase; None for too many.

    ``keys`` are those of each set, ``words`` each set as a clause: ``aws:RequestedRegion is eu-west-1``.
    """
    named = {tuple(one) for one in keys}
    clauses = list(dict.fromkeys(words))
    if len(clauses) == 1:
        return clauses[0]
    if len(named) == 1 and len(key := next(iter(named))) == 1 and len(clauses) <= _MAX_NAMED:
        start = f"{key[0]} is "
        if all(clause.startswith(start) and " or " not in clause for clause in clauses):
            short = f"{start}{' or '.join(clause.removeprefix(start) for clause in clauses)}"
            return with_translation(short, join_messages(phrase(" or "), clauses))
    return join_messages(phrase(" or "), clauses) if len(clauses) == 2 else None


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_RESOURCE_POLICIES: Mapping[str, str] = {one.prefix: one.policy_title for one in all_services() if one.policy_title}
_RESOURCE_POLICY = mark("resource policy")
_ACCESS_POINT_POLICY = mark("access point policy")


def change_sentence(removals: Sequence[Removal], additions: Sequence[Addition]) -> str:
    """Return what to remove and to add: ``Remove guard, statement 1 (NoDelete) and add an Allow for … to …``."""
    removed = [_at_level(one.line.name, one.line.level) for one in removals if not one.whole_policy]
    parts = [phrase("remove {names}", names=listed(removed, len(removed)))] if removed else []
    for one in removals:
        if one.whole_policy:
            owner = carrier(one.line.owner)
            name = one.line.policy_name
            parts.append(
                phrase("detach the AWS managed policy {policy} from {owner}", policy=name, owner=owner)
                if owner
                else phrase("detach the AWS managed policy {policy}", policy=name)
            )
    for added in additions:
        statement = added.statement
        what = statement["Action"]
        if statement.get("Resource", "*") != "*":
            what = phrase("{action} on {resource}", action=what, resource=statement["Resource"])
        parts.append(
            phrase("add an Allow for {what} to {place}", what=what, place=added.place)
            if added.effect == "Allow"
            else phrase("add a Deny for {what} to {place}", what=what, place=added.place)
        )
    sentence = phrase("{what}.", what=listed(parts, len(parts)))
    return with_translation(f"{sentence[:1].upper()}{sentence[1:]}", sentence)


def place_words(
    policy_type: PolicyType,
    level: int | None,
    places: Sequence[str],
    names: Sequence[str],
    caller: Caller,
    target: Target,
) -> str:
    """Name the policy that a statement belongs to, as part of a sentence; ``places`` are the names of levels."""
    match policy_type:
        case PolicyType.SCP:
            if level is not None and level < len(places):
                return phrase("a service control policy on {place}", place=places[level])
            return _at_level(phrase("a service control policy"), level)
        case PolicyType.PERMISSIONS_BOUNDARY:
            return (
                phrase("the permissions boundary {name}", name=listed(names))
                if names
                else phrase("the permissions boundary")
            )
        case PolicyType.SESSION:
            return phrase("the session policy")
        case PolicyType.TRUST:
            return phrase("the trust policy of {role}", role=carrier(target.resource_text))
        case PolicyType.RESOURCE:
            kind = _RESOURCE_POLICIES.get(target.service, _RESOURCE_POLICY)
            name = "" if target.resource is None else target.resource.resource
            if target.service == "s3":
                kind = _ACCESS_POINT_POLICY if name.startswith("accesspoint/") else kind
                name = name.removeprefix("accesspoint/").partition("/")[0]
            return phrase("the {policy} of {name}", policy=phrase(kind), name=name)
        case PolicyType.ENDPOINT:
            return phrase("the VPC endpoint policy")
        case _:
            if caller.permission_set is not None:
                return phrase("the permission set {name}", name=caller.permission_set)
            if caller.kind in (CallerKind.ROLE, CallerKind.SESSION):
                return phrase("an identity policy of role {name}", name=caller.name)
            return phrase("an identity policy of user {name}", name=caller.name)


def _at_level(what: str, level: int | None) -> str:
    if level is None:
        return what
    if level == 0:
        return phrase("{what} at the root of the organization", what=what)
    return phrase("{what} at level {level} of the organization", what=what, level=level + 1)


_CARRIERS = {
    "user": mark("user {name}"),
    "role": mark("role {name}"),
    "group": mark("group {name}"),
    "policy": mark("policy {name}"),
}


def carrier(arn: str) -> str:
    """Return the entity of an IAM ARN, as part of a sentence: ``group engineers``; other ARNs unchanged."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam":
        return arn
    kind, slash, path = parts[5].partition("/")
    head, _, name = path.rpartition("/")
    permission_set = permission_set_name(name, f"/{head}/") if kind == "role" else None
    if permission_set is not None:
        return phrase("the permission set {name}", name=permission_set)
    if not slash:
        return parts[5]
    return phrase(_CARRIERS[kind], name=name) if kind in _CARRIERS else f"{kind} {name}"
