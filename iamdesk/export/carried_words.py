"""What a review takes over from the one before, in words."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from iamdesk.review.retests import Outcome

if TYPE_CHECKING:
    from iamdesk.export.next_review import CarriedOn


NO_CHAIN = "No evidence of the review before is at hand, so this one does not name its manifest."


def carried_sentence(carried: "CarriedOn") -> str:
    """Return what was taken over and what is asked, in one sentence."""
    lines, findings = carried.lines, carried.findings
    told = [
        f"{len(lines.decisions):,} decisions on entitlements and {len(findings.decisions):,} on findings taken over",
        f"{len(lines.asked):,} entitlements and {len(findings.asked):,} findings to decide",
    ]
    for what, outcomes in (
        ("revokes", [one.outcome for one in lines.retests]),
        ("fixes", [one.outcome for one in findings.tests]),
    ):
        if outcomes:
            told.append(f"of earlier {what}: {_counted(outcomes)}")
    sentence = f"{'; '.join(told)}."
    return sentence if carried.manifest_sha256 else f"{sentence} {NO_CHAIN}"


def _counted(outcomes: Iterable[Outcome]) -> str:
    counts = Counter(outcomes)
    return ", ".join(f"{counts[one]:,} {one.value}" for one in Outcome if counts[one])


def carried_lines(carried: "CarriedOn") -> Iterator[str]:
    """Yield the sentence, and every earlier revoke and fix."""
    yield carried_sentence(carried)
    for one in carried.lines.retests:
        yield f"  {one.outcome.value:<12} {one.holder_arn}: {one.sentence}"
    for test in carried.findings.tests:
        yield f"  {test.outcome.value:<12} {test.check_id} {test.subject_arn}: {test.sentence}"
