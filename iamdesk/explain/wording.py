"""Every sentence of an answer: the only place with prose. Names in it are the snapshot's: show it as plain text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from iamdesk.evaluate.caller import Caller, CallerKind
from iamdesk.evaluate.context import Fact, Knowledge
from iamdesk.evaluate.matching import Failure, OpenTest, StatementResult
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.target import Target
from iamdesk.explain.changes import Addition, Removal
from iamdesk.index.permission_sets import permission_set_name
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.resources import Match, ShortArns

LAYER_TITLES: Mapping[Layer, str] = {
    Layer.RCP: "Resource control policies",
    Layer.SCP: "Service control policies",
    Layer.RESOURCE: "Resource policy",
    Layer.TRUST: "Trust policy",
    Layer.IDENTITY: "Identity policies",
    Layer.PERMISSIONS_BOUNDARY: "Permissions boundary",
    Layer.SESSION: "Session policy",
    Layer.ENDPOINT: "VPC endpoint policy",
    Layer.ACL: "Access control list",
    Layer.BLOCK_PUBLIC_ACCESS: "Block Public Access",
}
_MOST_NAMED = 3


def who(caller: Caller) -> str:
    """Name a principal in a sentence."""
    match caller.kind:
        case CallerKind.ROOT:
            return f"The root user of {caller.account}"
        case CallerKind.SESSION | CallerKind.ROLE if caller.permission_set is not None:
            session = f", session {caller.session_name}" if caller.session_name else ""
            return f"{caller.permission_set} (permission set{session})"
        case CallerKind.SESSION:
            return f"{caller.name} (session {caller.session_name})"
        case CallerKind.ANONYMOUS:
            return "Anyone, unsigned,"
        case CallerKind.SERVICE | CallerKind.SAML | CallerKind.OIDC:
            return caller.text
        case _:
            return caller.name


def what(target: Target) -> str:
    """Name the action and the resource in a sentence."""
    where = "" if target.resource is None else f" on {target.resource}"
    return f"{target.action_text}{where}"


def short_resource(target: Target) -> str:
    """Return the resource as people call it: an S3 bucket, object or access point by its name."""
    if target.resource is None:
        return "*"
    return target.resource.resource.removeprefix("accesspoint/").replace("/object/", "/", 1)


REFUSALS: Mapping[str, str] = {
    "credentials": "credentials of this kind cannot call it, whatever the policies say",
    "partition": "the caller and the resource are in different AWS partitions",
    "kms-cross-account": "KMS does not let another account's principals call it",
    "owner-alone": "no policy lets another account's principals call it",
    "assume-root": "only the management account and delegated administrators take root users of member accounts",
    "aws-owned": "AWS owns it, and no policy lets anyone else change it",
}


MISSING: Mapping[str, str] = {
    "key-policy-missing": "the key policy, without which nobody has access, is not in the snapshot",
    "trust-policy-missing": "the role's trust policy is not in the snapshot",
    "boundary-missing": "the boundary policy is not in the snapshot",
}
"""What a layer lacks when the snapshot does not hold its policy, by the code of the gap."""


def lacking_sentence(layer: Layer, level: int | None, names: Sequence[str], action: str) -> str:
    """Say that a layer that was needed has no statement that allows."""
    named = listed(names)
    match layer:
        case Layer.SCP:
            return f"no service control policy at level {level} allows {action}"
        case Layer.PERMISSIONS_BOUNDARY:
            return f"the boundary {named} has no statement that allows {action}"
        case Layer.SESSION:
            return f"the session policy {named} does not allow it" if named else "no session policy was passed"
        case Layer.TRUST:
            return f"the {named} does not let them in" if named else "no trust policy lets them in"
        case Layer.RESOURCE:
            return "the resource's policy does not grant it"
        case Layer.ENDPOINT:
            return "the endpoint policy does not allow it"
        case _:
            return "no identity policy allows it"


def listed(names: Sequence[str], most: int = _MOST_NAMED, last: str = "and") -> str:
    """Join names: ``a, b and 3 more``; ``last`` is the word before the last one."""
    unique = list(dict.fromkeys(names))
    if len(unique) <= most:
        return f" {last} ".join(filter(None, [", ".join(unique[:-1]), unique[-1]])) if unique else ""
    return f"{', '.join(unique[:most])} {last} {len(unique) - most:,} more"


def matched_sentence(result: StatementResult, target: Target, resolve_entries: bool = True) -> str:
    """Say what a matching statement does: ``Allows s3:Get* on arn:…/*, its 2 conditions hold.``"""
    statement = result.statement
    verb = "Allows" if statement.is_allow else "Denies"
    if statement.not_action:
        actions = f"everything but {listed([pattern.text for pattern in statement.actions])}"
    else:
        actions = next(
            (pattern.text for pattern in statement.actions if pattern.matches(target.service, target.name)), "it"
        )
    resources = _resources(result, target) if resolve_entries else ""
    grant = f" to {_GRANTS[result.grant]}" if result.grant is not None and statement.is_allow else ""
    count = len(statement.conditions)
    held = count - len(result.open_tests)
    conditions = (
        ""
        if not count
        else f"; {held} of {count} conditions known to hold"
        if result.open_tests
        else ("; its condition holds" if count == 1 else f"; its {count} conditions hold")
    )
    return f"{verb} {actions}{resources}{grant}{conditions}."


_GRANTS: Mapping[Grant, str] = {
    Grant.EXACT: "this very principal",
    Grant.EVERYONE: "everyone",
    Grant.NOT_LISTED: "everyone that is not listed",
    Grant.ROLE: "every session of the role",
    Grant.USER: "federated sessions of the user",
    Grant.ACCOUNT: "the account, whose identity policies decide",
}


def _resources(result: StatementResult, target: Target) -> str:
    statement = result.statement
    if statement.resources is None:
        return ""
    texts = [entry.text for entry in statement.resources]
    if statement.not_resource:
        return f" on everything but {listed(texts)}"
    if len(texts) == 1:
        return f" on {texts[0]}"
    for entry in statement.resources:
        if not entry.keys and entry.matches(target.resource, lambda _: None, ShortArns.FILLED) is not Match.NO:
            return f" on {entry.text}"
    return f" on {listed(texts)}"


def depends_sentence(result: StatementResult) -> str:
    """Say what an undecided statement hangs on."""
    verb = "Allows" if result.statement.is_allow else "Denies"
    tests = [test_text(test) for test, _ in result.open_tests]
    if result.open_resource:
        tests.append("a policy variable in its resource")
    return f"{verb} it if {' and '.join(tests)}."


def failure_sentence(failure: Failure, result: StatementResult, target: Target, caller: Caller) -> str:
    """Say why an element does not match."""
    statement = result.statement
    texts = [entry.text for entry in statement.resources or ()]
    match failure.element:
        case "Action":
            return f"Action names {listed([entry.text for entry in statement.actions])}, not {target.action_text}."
        case "NotAction":
            by = [entry.text for entry in statement.actions if entry.matches(target.service, target.name)]
            return f"NotAction leaves it out, by {listed(by)}."
        case "Principal":
            names = [entry.text for entry in statement.principals or ()]
            return f"Principal names {listed(names)}, not {caller.text}." if names else "It names no principal."
        case "NotPrincipal":
            return f"NotPrincipal leaves {caller.text} out."
        case "Resource":
            if statement.resources is None:
                return "It has no Resource element."
            return f"Resource {target.resource_text} does not match {listed(texts)}."
        case "NotResource":
            return f"NotResource leaves out {target.resource_text}, by {listed(texts)}."
    if failure.test is None or failure.fact is None:
        return "A condition does not hold."
    return f"{test_text(failure.test)} does not hold: {fact_text(failure.test, failure.fact)}."


def test_text(test: ConditionTest) -> str:
    """Write a condition test in a line: ``StringEquals aws:RequestedRegion eu-west-1``."""
    values = listed([value.text for value in test.values]) or "(no value)"
    return f"{test.operator_text} {test.key_text} {values}"


def fact_text(test: ConditionTest, fact: Fact) -> str:
    """Say what was known of the key of a test."""
    if test.operator is None:
        return f"{test.operator_text} is no condition operator"
    if fact.knowledge is Knowledge.ABSENT:
        return f"{test.key_text} is not in the request"
    if fact.knowledge is Knowledge.PRESENT:
        if len(fact.values) > 1:
            return f"{test.key_text} has the values {listed(fact.values)}"
        return f"{test.key_text} is {fact.values[0] if fact.values else 'empty'}"
    if fact.since is not None:
        first = datetime.fromtimestamp(int(fact.since), UTC)
        return f"no session that began before {first:%Y-%m-%d} is still valid"
    return f"{test.key_text} is not known"


def open_keys_text(tests: Sequence[OpenTest]) -> str:
    """Name the keys of undecided tests."""
    return listed([test.key_text for test, _ in tests])


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
    if len(named) == 1 and len(key := next(iter(named))) == 1 and len(clauses) <= _MOST_NAMED:
        start = f"{key[0]} is "
        if all(clause.startswith(start) and " or " not in clause for clause in clauses):
            return f"{start}{' or '.join(clause.removeprefix(start) for clause in clauses)}"
    return " or ".join(clauses) if len(clauses) == 2 else None


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_RESOURCE_POLICIES: Mapping[str, str] = {
    "s3": "bucket policy",
    "kms": "key policy",
    "sqs": "queue policy",
    "sns": "topic policy",
    "lambda": "function policy",
    "ecr": "repository policy",
    "events": "event bus policy",
    "glacier": "vault policy",
    "elasticfilesystem": "file system policy",
}


def change_sentence(removals: Sequence[Removal], additions: Sequence[Addition]) -> str:
    """Say what to remove and to add: ``Remove guard, statement 1 (NoDelete) and add an Allow for … to …``."""
    removed = [f"{one.line.name}{_level(one.line.level)}" for one in removals if not one.whole_policy]
    parts = [f"remove {listed(removed, len(removed))}"] if removed else []
    for one in removals:
        if one.whole_policy:
            owner = carrier(one.line.owner)
            parts.append(f"detach the AWS managed policy {one.line.policy_name}{f' from {owner}' if owner else ''}")
    for added in additions:
        statement = added.statement
        article = "an Allow" if added.effect == "Allow" else "a Deny"
        where = f" on {statement['Resource']}" if statement.get("Resource", "*") != "*" else ""
        parts.append(f"add {article} for {statement['Action']}{where} to {added.place}")
    sentence = listed(parts, len(parts))
    return f"{sentence[:1].upper()}{sentence[1:]}."


def place_words(layer: Layer, level: int | None, names: Sequence[str], caller: Caller, target: Target) -> str:
    """Name the policy that a statement belongs to, as part of a sentence."""
    match layer:
        case Layer.SCP:
            return f"a service control policy{_level(level)}"
        case Layer.PERMISSIONS_BOUNDARY:
            return " ".join(["the permissions boundary", listed(names)]).strip()
        case Layer.SESSION:
            return "the session policy"
        case Layer.TRUST:
            return f"the trust policy of {carrier(target.resource_text)}"
        case Layer.RESOURCE:
            kind = _RESOURCE_POLICIES.get(target.service, "resource policy")
            name = "" if target.resource is None else target.resource.resource
            if target.service == "s3":
                kind = "access point policy" if name.startswith("accesspoint/") else kind
                name = name.removeprefix("accesspoint/").partition("/")[0]
            return f"the {kind} of {name}"
        case Layer.ENDPOINT:
            return "the VPC endpoint policy"
        case _:
            if caller.permission_set is not None:
                return f"the permission set {caller.permission_set}"
            kind = "role" if caller.kind in (CallerKind.ROLE, CallerKind.SESSION) else "user"
            return f"an identity policy of {kind} {caller.name}"


def _level(level: int | None) -> str:
    if level is None:
        return ""
    return " at the root of the organization" if level == 0 else f" at level {level} of the organization"


def carrier(arn: str) -> str:
    """Return what an IAM ARN names, as part of a sentence: ``group engineers``; other ARNs as they are."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam":
        return arn
    kind, slash, path = parts[5].partition("/")
    head, _, name = path.rpartition("/")
    permission_set = permission_set_name(name, f"/{head}/") if kind == "role" else None
    if permission_set is not None:
        return f"the permission set {permission_set}"
    return f"{kind} {name}" if slash else parts[5]
