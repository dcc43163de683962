"""Short texts for evaluation results: decision, ignored policy types, source of a statement.

The sentences of a result are made in ``explain``; these are the texts around them: "Denied · implicit deny (without
service control policies)".
"""

from collections.abc import Iterable, Mapping, Sequence

from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import (
    Assumption,
    EvalDecision,
    EvaluationResult,
    PolicyTypeResult,
    SourceType,
    StatementExplanation,
    StatementRole,
)
from iamdesk.explain.suggestions import Change, Changes
from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.use_cases.types import UseCaseResult

_SHOWN_KEYS = 2

DECISION_LABELS: dict[EvalDecision, str] = {
    EvalDecision.ALLOWED: mark("Allowed"),
    EvalDecision.EXPLICIT_DENY: mark("Denied · explicit deny"),
    EvalDecision.IMPLICIT_DENY: mark("Denied · implicit deny"),
    EvalDecision.CONDITIONAL: mark("Depends on"),
}
_DENIED_WITHOUT_STATEMENT = {
    "credentials": mark("Denied · not possible with these credentials"),
    "partition": mark("Denied · another partition"),
    PolicyType.BLOCK_PUBLIC_ACCESS.value: mark("Denied · Block Public Access"),
}

POLICY_TYPE_WORDS: dict[PolicyType, str] = {
    PolicyType.RCP: mark("resource control policies"),
    PolicyType.SCP: mark("service control policies"),
    PolicyType.RESOURCE: mark("the resource policy"),
    PolicyType.TRUST: mark("the trust policy"),
    PolicyType.IDENTITY: mark("identity policies"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("the permissions boundary"),
    PolicyType.SESSION: mark("session policies"),
    PolicyType.ENDPOINT: mark("VPC endpoint policies"),
    PolicyType.ACL: mark("access control lists"),
    PolicyType.BLOCK_PUBLIC_ACCESS: mark("Block Public Access"),
}
"""Policy types within a sentence."""

POLICY_TYPE_DECISIONS: dict[EvalDecision | None, str] = {
    EvalDecision.ALLOWED: mark("allows"),
    EvalDecision.EXPLICIT_DENY: mark("denies"),
    EvalDecision.IMPLICIT_DENY: mark("does not allow"),
    EvalDecision.CONDITIONAL: mark("depends"),
    None: mark("not applicable"),
}
"""The decision of a policy type, in a word or two, where it is not unknown."""
UNKNOWN = mark("unknown")


def policy_type_decision(line: PolicyTypeResult | None) -> str:
    """Return the decision of a policy type, in a word or two; ``unknown`` if nothing of it was captured."""
    if line is not None and line.is_unknown:
        return UNKNOWN
    return POLICY_TYPE_DECISIONS[None if line is None else line.decision]


PART_TITLES: dict[StatementRole, str] = {
    StatementRole.DECIDES: mark("Deciding"),
    StatementRole.TOOK_PART: mark("Contributing"),
    StatementRole.DEPENDS: mark("Depends on context"),
    StatementRole.NEAR_MISS: mark("Near misses"),
}
"""Titles of the statement groups, in order."""

_SOURCES: dict[SourceType, str] = {
    SourceType.USER: mark("inline policy"),
    SourceType.GROUP: mark("inline policy"),
    SourceType.ROLE: mark("inline policy"),
    SourceType.AWS_MANAGED: mark("AWS managed policy"),
    SourceType.USER_MANAGED: mark("customer managed policy"),
    SourceType.RESOURCE: mark("resource policy"),
    SourceType.TRUST: mark("trust policy"),
    SourceType.PERMISSIONS_BOUNDARY: mark("permissions boundary"),
    SourceType.SCP: mark("service control policy"),
    SourceType.RCP: mark("resource control policy"),
    SourceType.SESSION: mark("session policy"),
    SourceType.ACL: mark("access control list"),
    SourceType.ENDPOINT: mark("VPC endpoint policy"),
}


def decision_words(decision: EvaluationResult) -> str:
    """Return the decision and ignored policy types; begins with ``Allowed``, ``Denied`` or ``Depends``."""
    if decision.decision is EvalDecision.CONDITIONAL:
        words = phrase("Depends on {what}", what=_what_is_missing(decision.missing_context_values))
    else:
        message = DECISION_LABELS[decision.decision]
        if decision.decision is not EvalDecision.ALLOWED and not decision.matched_statements:
            reasons = (_DENIED_WITHOUT_STATEMENT.get(name) for name in decision.blocked_by)
            message = next(filter(None, reasons), message)
        words = phrase(message)
    return _with_left_out(words, decision.request.without)


def _with_left_out(words: str, without: Iterable[PolicyType]) -> str:
    left_out = without_words(without)
    return join_messages("", (words, " (", left_out, ")")) if left_out else words


def _what_is_missing(keys: Sequence[str]) -> str:
    if not keys:
        return phrase("data that is not captured")
    return join_names(keys, _SHOWN_KEYS)


def use_case_decision_words(result: UseCaseResult) -> str:
    """Return the decision on a use case in a few words, like `verdict_words`."""
    if result.decision is EvalDecision.CONDITIONAL:
        inputs = [result.use_case.inputs[one.part.input] for one in result.parts if one.is_open]
        missing = _what_is_missing([*result.missing_context_values, *dict.fromkeys(inputs)])
        words = phrase("Depends on {what}", what=missing)
    elif result.decision is EvalDecision.ALLOWED:
        words = phrase(DECISION_LABELS[result.decision])
    else:
        words = phrase("Denied · not every action is allowed")
    return _with_left_out(words, result.request.request.without)


def without_words(policy_types: Iterable[PolicyType]) -> str:
    """Return ``without service control policies and the permissions boundary``; empty for none."""
    chosen = set(policy_types)
    names = [phrase(words) for policy_type, words in POLICY_TYPE_WORDS.items() if policy_type in chosen]
    return phrase("without {layers}", layers=join_names(names)) if names else ""


_KINDS = {
    "user": mark("user {name}"),
    "role": mark("role {name}"),
    "group": mark("group {name}"),
    "policy": mark("policy {name}"),
    "assumed-role": mark("assumed role {name}"),
    "federated-user": mark("federated user {name}"),
    "instance-profile": mark("instance profile {name}"),
    "oidc-provider": mark("OIDC provider {name}"),
    "saml-provider": mark("SAML provider {name}"),
}


def short_arn(arn: str) -> str:
    """Return an ARN without partition, Region and account: ``user alice``, ``payroll/2026/*``.

    Text that is not an ARN is returned unchanged.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return arn
    service, account, resource = parts[2], parts[4], parts[5]
    if service not in ("iam", "sts"):
        return resource
    kind, slash, path = resource.partition("/")
    if kind == "root":
        return phrase("account {account}", account=account)
    if not slash:
        return resource
    name = path if kind == "assumed-role" else path.rpartition("/")[2]
    return phrase(_KINDS[kind], name=name) if kind in _KINDS else f"{kind.replace('-', ' ')} {name}"


DECISION_WORDS: dict[EvalDecision, str] = {
    EvalDecision.ALLOWED: mark("allowed"),
    EvalDecision.EXPLICIT_DENY: mark("denied (explicit deny)"),
    EvalDecision.IMPLICIT_DENY: mark("denied (implicit deny)"),
    EvalDecision.CONDITIONAL: mark("conditional"),
}
"""Decisions within a sentence."""

_SELF_EXPLANATORY = frozenset(
    {
        *("pages-disagree", "cross-account-not-documented", "unsigned-not-documented"),
        *("takes-no-credentials", "authorization-type-unknown", "api-not-private", "authorizer-not-evaluated"),
    }
)
"""Codes of assumptions whose messages contain the decision if the assumption is wrong."""


def otherwise_words(assumption: Assumption) -> str:
    """Return a sentence with the decision if an assumption is wrong, to append to its message; empty if unknown."""
    if assumption.other_decision is None or assumption.code in _SELF_EXPLANATORY:
        return ""
    is_fallible = assumption.code in _FALLIBLE or assumption.code.endswith("-assumed")
    if assumption.other_decision is EvalDecision.CONDITIONAL:
        if is_fallible:
            return phrase(" Otherwise, the decision could depend on the request context.")
        return phrase(" With this data, the decision could depend on the request context.")
    words = phrase(DECISION_WORDS[assumption.other_decision])
    if is_fallible:
        return phrase(" Otherwise, the decision could change to {words}.", words=words)
    return phrase(" With this data, the decision could change to {words}.", words=words)


_FALLIBLE = frozenset({"endpoint-unknown", "owner-unknown", "federated-user-by-name", "routed-to-one-bucket"})
"""Assumptions that may be wrong, as opposed to missing data."""


def scope_words(request: Request, snapshot_name: str) -> str:
    """Return the scope of a result: snapshot, request context, session policies, treatment of other condition keys."""
    parts = [phrase("In {snapshot}", snapshot=snapshot_name)]
    if request.context:
        parts.append(phrase(", with {values}", values=condition_words(request.context)))
    if request.session_policies is not None:
        names = join_names([policy.name for policy in request.session_policies])
        parts.append(phrase(", in a session with {policies}", policies=names))
    if request.unknown_context is MissingContextMode.ABSENT:
        parts.append(phrase("; condition keys that are not provided count as absent"))
    return join_messages("", parts)


def source_words(line: StatementExplanation, principal: str) -> str:
    """Return the policy of a statement and where it is attached: ``inline policy of group eng``.

    ``principal`` is the ARN of the principal of the request: for its own policies, the text has no "through".
    """
    words = phrase(_SOURCES[line.source_policy_type])
    of_organization = line.source_policy_type in (SourceType.SCP, SourceType.RCP)
    if line.level == 0 and of_organization:
        words = phrase("{policy}, root", policy=words)
    elif line.level is not None and of_organization:
        words = phrase("{policy}, level {level}", policy=words, level=line.level + 1)
    if not line.owner:
        return words
    owner = short_arn(line.owner)
    if of_organization:
        return phrase("{policy} on {owner}", policy=words, owner=owner)
    if line.source_policy_type in (SourceType.AWS_MANAGED, SourceType.USER_MANAGED) and line.owner != principal:
        return phrase("{policy}, through {owner}", policy=words, owner=owner)
    return phrase("{policy} of {owner}", policy=words, owner=owner)


def access_words(decision: EvaluationResult) -> tuple[str, ...]:
    """Return a clause for each set of context values under which the request is allowed, as in ``conditions``."""
    return decision.condition_words or tuple(map(condition_words, decision.conditions))


def refusal_words(decision: EvaluationResult) -> tuple[str, ...]:
    """Return a clause for each set of context values under which the request is not allowed, as in ``denials``."""
    return decision.denial_words or tuple(map(condition_words, decision.denials))


def condition_words(condition: Mapping[str, str | Sequence[str] | None]) -> str:
    """Return a set of context values as a clause: ``aws:SecureTransport is true and aws:SourceVpc is absent``."""
    return join_names(
        [phrase("{key} is {value}", key=key, value=value_words(value)) for key, value in condition.items()]
    )


def value_words(value: str | Sequence[str] | None) -> str:
    """Return a context value as text; None is ``absent``, a list is joined by ``and``."""
    if value is None:
        return phrase("absent")
    if isinstance(value, str):
        return value or '""'
    return join_names([member or '""' for member in value]) if value else phrase("an empty list")


def change_groups(changes: Changes) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    """Return the changes that flip the decision, grouped under titles."""
    is_conditional = changes.decision is EvalDecision.CONDITIONAL
    allow = (
        phrase("Changes that would allow this in any context")
        if is_conditional
        else phrase("Changes that would allow this")
    )
    deny = (
        phrase("Changes that would deny this in any context")
        if is_conditional
        else phrase("Changes that would deny this")
    )
    groups = (
        (allow, tuple(change for change in changes.changes if change.allows)),
        (deny, tuple(change for change in changes.changes if not change.allows)),
    )
    return tuple((title, group) for title, group in groups if group)
