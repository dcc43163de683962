"""Summary of a follow-up review: what was carried over from the previous review."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.revocation_tests import Outcome

if TYPE_CHECKING:
    from iamdesk.export.follow_up_review import CarriedOn


NO_CHAIN = mark(
    "No evidence package of the previous review was found, so this review does not contain the hash of its manifest."
)


_MAX_LINES = 3
"""Fixes of one check with the same result that are listed one by one."""
_COUNTED = {
    Outcome.GONE: mark("{count:,} done"),
    Outcome.STILL_THERE: mark("{count:,} still present"),
    Outcome.CAME_BACK: mark("{count:,} came back"),
    Outcome.INCONCLUSIVE: mark("{count:,} inconclusive"),
}


def carried_sentence(carried: "CarriedOn") -> str:
    """Return in one sentence what was carried over and what needs a decision."""
    lines, findings = carried.lines, carried.findings
    parts = [
        phrase(
            "{lines:,} decisions on entitlements and {findings:,} on findings carried over",
            lines=len(lines.decisions),
            findings=len(findings.decisions),
        ),
        phrase(
            "{lines:,} entitlements and {findings:,} findings to decide",
            lines=len(lines.asked),
            findings=len(findings.asked),
        ),
    ]
    exceptions = sum(1 for one in lines.decisions.values() if one.choice is ReviewDecision.EXCEPT)
    if exceptions:
        parts.append(
            nphrase(
                "{count:,} exception needs a second approval again",
                "{count:,} exceptions need a second approval again",
                exceptions,
            )
        )
    if lines.retests:
        parts.append(phrase("earlier revokes: {outcomes}", outcomes=_counted(one.outcome for one in lines.retests)))
    if findings.tests:
        parts.append(phrase("earlier fixes: {outcomes}", outcomes=_counted(one.outcome for one in findings.tests)))
    sentence = join_messages("", (join_messages("; ", parts), "."))
    return sentence if carried.manifest_sha256 else join_messages(" ", (sentence, phrase(NO_CHAIN)))


def _counted(outcomes: Iterable[Outcome]) -> str:
    counts = Counter(outcomes)
    return join_messages(", ", [phrase(_COUNTED[one], count=counts[one]) for one in Outcome if counts[one]])


def carried_lines(carried: "CarriedOn") -> Iterator[str]:
    """Yield the sentence, and a line for each earlier revoke and fix; many fixes of one check with one result share it.

    Each is in ``07_remediation.csv``.
    """
    yield carried_sentence(carried)
    for one in carried.lines.retests:
        yield f"  {one.outcome.value:<12} {one.holder_arn}: {one.sentence}"
    groups: dict[tuple[str, str, str], list[str]] = {}
    for test in carried.findings.tests:
        groups.setdefault((test.outcome.value, test.check_id, test.sentence), []).append(test.subject_arn)
    for (outcome, check_id, sentence), arns in groups.items():
        if len(arns) > _MAX_LINES:
            yield f"  {outcome:<12} {check_id} {len(arns):,} times: {sentence} {arns[0]} …"
            continue
        yield from (f"  {outcome:<12} {check_id} {arn}: {sentence}" for arn in arns)
