"""Words for what an answer holds: verdict, layers left out, where a statement comes from. No reasoning.

The sentences of an answer are made where the answer is made (``explain``); here are the few words that the window and
the text of an answer put around them: "Denied: nothing allows it (without service control policies)".
"""

from collections.abc import Iterable, Mapping, Sequence

from iamdesk.evaluate.request import Layer, Request, UnknownContext
from iamdesk.explain.changes import Change, Changes
from iamdesk.explain.decision import Assumption, Decision, Part, SourceType, StatementLine, Verdict
from iamdesk.query.needs import NeedAnswer

_SHOWN_KEYS = 2

VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.ALLOWED: "Allowed",
    Verdict.EXPLICIT_DENY: "Denied: a statement forbids it",
    Verdict.IMPLICIT_DENY: "Denied: nothing allows it",
    Verdict.CONDITIONAL: "Depends on",
}
_DENIED_OTHERWISE = {
    "credentials": "Denied: the credentials cannot do it",
    "partition": "Denied: it is in another partition",
    Layer.BLOCK_PUBLIC_ACCESS.value: "Denied: Block Public Access forbids it",
}

LAYER_WORDS: dict[Layer, str] = {
    Layer.RCP: "resource control policies",
    Layer.SCP: "service control policies",
    Layer.RESOURCE: "the resource policy",
    Layer.TRUST: "the trust policy",
    Layer.IDENTITY: "identity policies",
    Layer.PERMISSIONS_BOUNDARY: "the permissions boundary",
    Layer.SESSION: "session policies",
    Layer.ENDPOINT: "VPC endpoint policies",
    Layer.ACL: "access control lists",
    Layer.BLOCK_PUBLIC_ACCESS: "Block Public Access",
}
"""A layer as it stands in the middle of a sentence."""

LAYER_OUTCOMES: dict[Verdict | None, str] = {
    Verdict.ALLOWED: "allows",
    Verdict.EXPLICIT_DENY: "forbids",
    Verdict.IMPLICIT_DENY: "does not allow",
    Verdict.CONDITIONAL: "depends",
    None: "not in play",
}
"""What one layer says, in a word or two."""

PART_TITLES: dict[Part, str] = {
    Part.DECIDES: "Deciding",
    Part.TOOK_PART: "Took part",
    Part.DEPENDS: "Depends on context",
    Part.NEAR_MISS: "Near misses",
}
"""The groups of the statement list, in their order."""

_SOURCES: dict[SourceType, str] = {
    SourceType.USER: "inline policy",
    SourceType.GROUP: "inline policy",
    SourceType.ROLE: "inline policy",
    SourceType.AWS_MANAGED: "AWS managed policy",
    SourceType.USER_MANAGED: "customer managed policy",
    SourceType.RESOURCE: "resource policy",
    SourceType.TRUST: "trust policy",
    SourceType.PERMISSIONS_BOUNDARY: "permissions boundary",
    SourceType.SCP: "service control policy",
    SourceType.RCP: "resource control policy",
    SourceType.SESSION: "session policy",
    SourceType.ACL: "access control list",
    SourceType.ENDPOINT: "VPC endpoint policy",
}


def verdict_words(decision: Decision) -> str:
    """Return the verdict in a few words: begins with ``Allowed``, ``Denied`` or ``Depends``; says what was left out."""
    words = VERDICT_WORDS[decision.decision]
    if decision.decision is Verdict.CONDITIONAL:
        words = f"{words} {_what_is_missing(decision.missing_context_values)}"
    elif decision.decision in (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY) and not decision.matched_statements:
        words = next((_DENIED_OTHERWISE[name] for name in decision.blocked_by if name in _DENIED_OTHERWISE), words)
    left_out = without_words(decision.request.without)
    return f"{words} ({left_out})" if left_out else words


def _what_is_missing(keys: Sequence[str]) -> str:
    if not keys:
        return "what the snapshot does not hold"
    if len(keys) <= _SHOWN_KEYS:
        return " and ".join(keys)
    return f"{', '.join(keys[:_SHOWN_KEYS])} and {len(keys) - _SHOWN_KEYS} more"


def joined_verdict_words(answer: NeedAnswer) -> str:
    """Return the verdict of a compound question in a few words, as `verdict_words` does of a single one."""
    words = VERDICT_WORDS[answer.decision].partition(":")[0]
    if answer.decision is Verdict.CONDITIONAL:
        inputs = [answer.need.inputs[one.part.input] for one in answer.parts if one.is_open]
        words = f"{words} {_what_is_missing([*answer.missing_context_values, *dict.fromkeys(inputs)])}"
    elif answer.decision is not Verdict.ALLOWED:
        words = f"{words}: a part of it is not allowed"
    left_out = without_words(answer.question.request.without)
    return f"{words} ({left_out})" if left_out else words


def without_words(layers: Iterable[Layer]) -> str:
    """Return ``without service control policies and the permissions boundary``; empty for no layers."""
    chosen = set(layers)
    names = [words for layer, words in LAYER_WORDS.items() if layer in chosen]
    return f"without {listed(names)}" if names else ""


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


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
        return f"account {account}"
    if not slash:
        return resource
    name = path if kind == "assumed-role" else path.rpartition("/")[2]
    return f"{kind.replace('-', ' ')} {name}"


def otherwise_words(assumption: Assumption) -> str:
    """Return what the answer would be if an assumption did not hold, as a sentence to go on with; may be empty."""
    if assumption.other_decision is None:
        return ""
    words = VERDICT_WORDS[assumption.other_decision].lower()
    if assumption.other_decision is Verdict.CONDITIONAL:
        words = "it depends"
    if assumption.code == "pages-disagree":
        return f" Under the other reading: {words}."
    return f" With it the answer may become: {words}."


def scope_words(request: Request, snapshot_name: str) -> str:
    """Return what an answer holds for beyond the sentence: the snapshot, the context given, what not given means."""
    given = [f"{key} is {value_words(value)}" for key, value in request.context.items()]
    words = f"In {snapshot_name}"
    if given:
        words += f", with {listed(given)}"
    if request.session_policies is not None:
        words += f", in a session with {listed([policy.name for policy in request.session_policies])}"
    if request.unknown_context is UnknownContext.ABSENT:
        words += "; keys not given count as absent"
    return words


def source_words(line: StatementLine, principal: str) -> str:
    """Return what kind of policy a statement comes from and how it comes to play: ``inline policy of group eng``.

    ``principal`` is the ARN of who asks: what it carries itself needs no "through".
    """
    words = _SOURCES[line.source_policy_type]
    if line.level is not None and line.source_policy_type in (SourceType.SCP, SourceType.RCP):
        words = f"{words}, {'root' if line.level == 0 else f'level {line.level + 1}'}"
    if not line.owner:
        return words
    owner = short_arn(line.owner)
    if line.source_policy_type in (SourceType.AWS_MANAGED, SourceType.USER_MANAGED):
        return f"{words} of {owner}" if line.owner == principal else f"{words}, through {owner}"
    if line.source_policy_type in (SourceType.SCP, SourceType.RCP):
        return f"{words} on {owner}"
    return f"{words} of {owner}"


def ways_words(decision: Decision) -> tuple[str, ...]:
    """Return each set of context values under which it is allowed as a clause, in the order of ``conditions``."""
    return decision.condition_words or tuple(map(condition_words, decision.conditions))


def refusal_words(decision: Decision) -> tuple[str, ...]:
    """Return each set of context values under which it is not allowed as a clause, in the order of ``denials``."""
    return decision.denial_words or tuple(map(condition_words, decision.denials))


def condition_words(condition: Mapping[str, str | tuple[str, ...] | None]) -> str:
    """Return a set of context values as a clause: ``aws:SecureTransport is true and aws:SourceVpc is absent``."""
    return listed([f"{key} is {value_words(value)}" for key, value in condition.items()])


def value_words(value: str | Sequence[str] | None) -> str:
    """Return a context value as words; None is ``absent``, a list of several is joined by ``and``."""
    if value is None:
        return "absent"
    if isinstance(value, str):
        return value or '""'
    return listed([member or '""' for member in value]) if value else "an empty list"


def change_groups(changes: Changes) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    """Return the ways to turn an answer around under their titles: ``To allow this``, ``To stop this``."""
    always = " whatever the context" if changes.decision is Verdict.CONDITIONAL else ""
    ways = (
        (f"To allow this{always}", tuple(change for change in changes.changes if change.allows)),
        (f"To stop this{always}", tuple(change for change in changes.changes if not change.allows)),
    )
    return tuple((title, group) for title, group in ways if group)
