"""Explanation of a denied request as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from iamdesk.denials.denial import Denial, Effect, PolicyTypeComparison, Why
from iamdesk.escaping import visible
from iamdesk.explain.messages import POLICY_TYPE_TITLES
from iamdesk.explain.suggestions import Changes
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import result_text
from iamdesk.export.text.decision import POLICY_TYPE_DECISIONS, POLICY_TYPE_WORDS, UNKNOWN
from iamdesk.i18n import join_messages, mark, phrase

EFFECT_WORDS = {
    Effect.ALLOW: mark("allows"),
    Effect.EXPLICIT_DENY: mark("denies"),
    Effect.IMPLICIT_DENY: mark("does not allow"),
    Effect.NO_IMPACT: mark("makes no difference"),
}


def why_text(why: Why, snapshot_path: str, changes: Changes | None = None) -> str:
    """Return the explanation as lines of text; control characters are escapes."""
    head = "\n".join(visible(line).rstrip() for line in _lines(why)) + "\n"
    if why.decision is None:
        return head
    return f"{head}\n{result_text(why.decision, snapshot_path, changes)}"


def reason_of_aws(denial: Denial) -> str:
    """Return the reason that AWS gives as a sentence; empty if it gives none."""
    if denial.effect is None:
        return ""
    where = phrase(POLICY_TYPE_WORDS[denial.policy_type]) if denial.policy_type else ""
    if denial.effect is Effect.EXPLICIT_DENY:
        reason = phrase("AWS reports an explicit deny")
        if where:
            reason = phrase("AWS reports an explicit deny in {layer}", layer=where)
    else:
        reason = phrase("AWS reports an implicit deny: no statement allows it")
        if where:
            reason = phrase("AWS reports an implicit deny: no Allow in {layer}", layer=where)
    return join_messages("", (reason, f" ({denial.policy})." if denial.policy else "."))


def check_cells(comparison: PolicyTypeComparison) -> tuple[str, str, str, str]:
    """Return the cells of a table row: policy type, decision of AWS, decision of iamdesk, whether they agree."""
    return (
        phrase(POLICY_TYPE_TITLES[comparison.policy_type]),
        phrase(EFFECT_WORDS[comparison.aws]),
        phrase(UNKNOWN if comparison.is_unknown else POLICY_TYPE_DECISIONS[comparison.here]),
        phrase("agree") if comparison.agrees else phrase("depends") if comparison.is_open else phrase("DIFFER"),
    )


def _lines(why: Why) -> Iterator[str]:
    denial = why.denial
    yield f"Read from  {denial.form.value}"
    yield f"Principal  {_named(why, 'principal', denial.principal)}"
    yield f"Action     {_named(why, 'action', ' or '.join(denial.actions[:8]))}"
    yield f"Resource   {_named(why, 'resource', denial.resource or denial.resource_text)}"
    if reason := reason_of_aws(denial):
        yield reason
    yield from denial.remarks
    yield ""
    yield why.sentence
    if why.comparisons:
        yield ""
        yield "Policy types as evaluated by AWS and from the snapshot"
        for comparison in why.comparisons:
            policy_type, aws, here, agreement = check_cells(comparison)
            target = f"  {comparison.target}" if comparison.target else ""
            yield f"  {agreement:<8} {policy_type:<26} AWS: {aws:<20} snapshot: {here}{target}"


def _named(why: Why, name: str, named: str | None) -> str:
    """Return what the message names, or what was given in its place."""
    given = why.given.get(name)
    if given is None or given == named:
        return named or phrase("not given")
    if not named:
        return phrase("{given} (from {option}; not in the message)", given=given, option=f"--{name}")
    return phrase("{given} (from {option}; the message has {named})", given=given, option=f"--{name}", named=named)


def to_why_result(why: Why, changes: Changes | None = None) -> dict[str, Any]:
    """Return the explanation as a JSON object; ``Answer`` is what `iamdesk can` prints for the same request."""
    denial = why.denial
    return {
        "Form": denial.form.value,
        "Principal": denial.principal,
        "Actions": list(denial.actions),
        "Resource": denial.resource,
        "ResourceAsTold": denial.resource_text,
        "Said": {
            "Effect": denial.effect.value if denial.effect else None,
            "Layer": denial.policy_type.value if denial.policy_type else None,
            "Policy": denial.policy,
        },
        "Remarks": list(denial.remarks),
        "Missing": list(why.missing),
        "Agreement": why.agreement.value,
        "Sentence": why.sentence,
        "Checks": [_comparison(comparison) for comparison in why.comparisons],
        "Answer": to_evaluation_result(why.decision, changes) if why.decision is not None else None,
    }


def _comparison(comparison: PolicyTypeComparison) -> dict[str, Any]:
    return {
        "Layer": comparison.policy_type.value,
        "Target": comparison.target,
        "Aws": comparison.aws.value,
        "Here": comparison.here.value if comparison.here is not None else None,
        "Agrees": comparison.agrees,
        "MatchedStatements": [{"Policy": policy, "Sid": sid} for policy, sid in comparison.statements],
    }
