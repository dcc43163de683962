"""Words for what an answer holds: verdict, layers left out, where a statement comes from. No reasoning.

The sentences of an answer are made where the answer is made (``explain``); here are the few words that the window and
the text of an answer put around them: "Denied · implicit deny (without service control policies)".
"""

from collections.abc import Iterable, Mapping, Sequence

from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import (
    Assumption,
    EvalDecision,
    EvaluationResult,
    SourceType,
    StatementExplanation,
    StatementRole,
)
from iamdesk.explain.suggestions import Change, Changes
from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.use_cases.types import UseCaseResult

_SHOWN_KEYS = 2

VERDICT_WORDS: dict[EvalDecision, str] = {
    EvalDecision.ALLOWED: mark("Allowed"),
    EvalDecision.EXPLICIT_DENY: mark("Denied · explicit deny"),
    EvalDecision.IMPLICIT_DENY: mark("Denied · implicit deny"),
    EvalDecision.CONDITIONAL: mark("Depends on"),
}
_DENIED_OTHERWISE = {
    "credentials": mark("Denied · not possible with these credentials"),
    "partition": mark("Denied · another partition"),
    PolicyType.BLOCK_PUBLIC_ACCESS.value: mark("Denied · Block Public Access"),
}

LAYER_WORDS: dict[PolicyType, str] = {
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

LAYER_OUTCOMES: dict[EvalDecision | None, str] = {
    EvalDecision.ALLOWED: mark("allows"),
    EvalDecision.EXPLICIT_DENY: mark("denies"),
    EvalDecision.IMPLICIT_DENY: mark("does not allow"),
    EvalDecision.CONDITIONAL: mark("depends"),
    None: mark("does not apply"),
}
"""The decision of a policy type, in a word or two."""

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


def verdict_words(decision: EvaluationResult) -> str:
    """Return the verdict in a few words: begins with ``Allowed``, ``Denied`` or ``Depends``; says what was left out."""
    if decision.decision is EvalDecision.CONDITIONAL:
        words = phrase("Depends on {what}", what=_what_is_missing(decision.missing_context_values))
    else:
        told = VERDICT_WORDS[decision.decision]
        if decision.decision is not EvalDecision.ALLOWED and not decision.matched_statements:
            told = next((_DENIED_OTHERWISE[name] for name in decision.blocked_by if name in _DENIED_OTHERWISE), told)
        words = phrase(told)
    return _with_left_out(words, decision.request.without)


def _with_left_out(words: str, without: Iterable[PolicyType]) -> str:
    left_out = without_words(without)
    return join_messages("", (words, " (", left_out, ")")) if left_out else words


def _what_is_missing(keys: Sequence[str]) -> str:
    if not keys:
        return phrase("data that was not captured")
    return join_names(keys, _SHOWN_KEYS)


def joined_verdict_words(answer: UseCaseResult) -> str:
    """Return the verdict of a compound question in a few words, as `verdict_words` does of a single one."""
    if answer.decision is EvalDecision.CONDITIONAL:
        inputs = [answer.need.inputs[one.part.input] for one in answer.parts if one.is_open]
        missing = _what_is_missing([*answer.missing_context_values, *dict.fromkeys(inputs)])
        words = phrase("Depends on {what}", what=missing)
    elif answer.decision is EvalDecision.ALLOWED:
        words = phrase(VERDICT_WORDS[answer.decision])
    else:
        words = phrase("Denied · not every action is allowed")
    return _with_left_out(words, answer.question.request.without)


def without_words(layers: Iterable[PolicyType]) -> str:
    """Return ``without service control policies and the permissions boundary``; empty for no layers."""
    chosen = set(layers)
    names = [phrase(words) for layer, words in LAYER_WORDS.items() if layer in chosen]
    return phrase("without {layers}", layers=join_names(names)) if names else ""


_KINDS = {
    "user": mark("user {name}"),
    "role": mark("role {name}"),
    "group": mark("group {name}"),
    "policy": mark("policy {name}"),
    "assumed-role": mark("assumed role {name}"),
    "federated-user": mark("federated user {name}"),
    "instance-profile": mark("instance profile {name}"),
}


def short_arn(arn: str) -> str:
    """Return an ARN as people say it, without partition, region and account: ``user alice``, ``payroll/2026/*``.

    What is no ARN comes back as it is.
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


_OTHERWISE: dict[EvalDecision, str] = {
    EvalDecision.ALLOWED: mark("allowed"),
    EvalDecision.EXPLICIT_DENY: mark("denied (explicit deny)"),
    EvalDecision.IMPLICIT_DENY: mark("denied (implicit deny)"),
    EvalDecision.CONDITIONAL: mark("conditional"),
}


_SAID_BY_THEMSELVES = frozenset(
    {
        *("pages-disagree", "cross-account-not-documented", "unsigned-not-documented"),
        *("takes-no-credentials", "authorization-type-unknown"),
    }
)
"""Codes of assumptions whose messages already say what the decision would be otherwise."""


def otherwise_words(assumption: Assumption) -> str:
    """Return what the answer would be if an assumption did not hold, as a sentence to go on with; may be empty."""
    if assumption.other_decision is None or assumption.code in _SAID_BY_THEMSELVES:
        return ""
    words = phrase(_OTHERWISE[assumption.other_decision])
    if assumption.code in _IF_OTHERWISE or assumption.code.endswith("-assumed"):
        return phrase(" Otherwise, the decision could change to: {words}.", words=words)
    return phrase(" If captured, it could change the decision to: {words}.", words=words)


_IF_OTHERWISE = frozenset({"endpoint-unknown", "owner-unknown", "federated-user-by-name", "routed-to-one-bucket"})
"""Assumptions that may be false, as opposed to missing data."""


def scope_words(request: Request, snapshot_name: str) -> str:
    """Return what an answer holds for beyond the sentence: the snapshot, the context given, what not given means."""
    parts = [phrase("In {snapshot}", snapshot=snapshot_name)]
    if request.context:
        parts.append(phrase(", with {values}", values=condition_words(request.context)))
    if request.session_policies is not None:
        names = join_names([policy.name for policy in request.session_policies])
        parts.append(phrase(", in a session with {policies}", policies=names))
    if request.unknown_context is MissingContextMode.ABSENT:
        parts.append(phrase("; keys not given count as absent"))
    return join_messages("", parts)


def source_words(line: StatementExplanation, principal: str) -> str:
    """Return what kind of policy a statement comes from and how it comes to play: ``inline policy of group eng``.

    ``principal`` is the ARN of who asks: what it carries itself needs no "through".
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


def ways_words(decision: EvaluationResult) -> tuple[str, ...]:
    """Return each set of context values under which it is allowed as a clause, in the order of ``conditions``."""
    return decision.condition_words or tuple(map(condition_words, decision.conditions))


def refusal_words(decision: EvaluationResult) -> tuple[str, ...]:
    """Return each set of context values under which it is not allowed as a clause, in the order of ``denials``."""
    return decision.denial_words or tuple(map(condition_words, decision.denials))


def condition_words(condition: Mapping[str, str | Sequence[str] | None]) -> str:
    """Return a set of context values as a clause: ``aws:SecureTransport is true and aws:SourceVpc is absent``."""
    return join_names(
        [phrase("{key} is {value}", key=key, value=value_words(value)) for key, value in condition.items()]
    )


def value_words(value: str | Sequence[str] | None) -> str:
    """Return a context value as words; None is ``absent``, a list of several is joined by ``and``."""
    if value is None:
        return phrase("absent")
    if isinstance(value, str):
        return value or '""'
    return join_names([member or '""' for member in value]) if value else phrase("an empty list")


def change_groups(changes: Changes) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    """Return the ways to turn an answer around under their titles: ``To allow this``, ``To stop this``."""
    depends = changes.decision is EvalDecision.CONDITIONAL
    allow = phrase("To allow this whatever the context") if depends else phrase("To allow this")
    stop = phrase("To stop this whatever the context") if depends else phrase("To stop this")
    ways = (
        (allow, tuple(change for change in changes.changes if change.allows)),
        (stop, tuple(change for change in changes.changes if not change.allows)),
    )
    return tuple((title, group) for title, group in ways if group)
