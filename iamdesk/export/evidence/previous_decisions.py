"""What a review that goes on from another one tells of it: what is asked and why, what became of revokes and fixes."""

from collections.abc import Iterator

from iamdesk.export.evidence.columns import LineChange
from iamdesk.review.carry_over import SINCE_LAST
from iamdesk.review.carry_over_findings import FIXES, fixes_from_text
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, revokes_from_text


def line_changes(review: ReviewFile) -> Iterator[LineChange]:
    """Yield what was asked anew with the reason, then every earlier revoke and fix; nothing for a first review."""
    for line in review.each_line():
        told = line.evidence.get(SINCE_LAST)
        if told and told.get("asked"):
            yield LineChange(line.line_id, "asked anew", cause=" ".join(told["reasons"]))
    for finding in review.findings():
        told = finding.get(SINCE_LAST)
        if told and told.get("asked"):
            yield LineChange(str(finding["finding_id"]), "asked anew", cause=" ".join(told["reasons"]))
    for one in revokes_from_text(review.head.details.get(REVOKES, "[]")):
        before = f"revoked by {one.decided_by} on {one.decided_utc[:10]}" if one.decided_by else "revoked"
        yield LineChange(one.line_id, f"revoke tested: {one.outcome.value}", before, one.outcome.value, one.sentence)
    for test in fixes_from_text(review.head.details.get(FIXES, "[]")):
        before = f"to be fixed, by {test.decided_by} on {test.decided_utc[:10]}" if test.decided_by else "to be fixed"
        yield LineChange(
            test.finding_id, f"fix tested: {test.outcome.value}", before, test.outcome.value, test.sentence
        )
