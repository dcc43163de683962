"""Changes of a follow-up review since the previous one: items to decide again, results of revokes and fixes."""

from collections.abc import Iterator

from iamdesk.export.evidence.columns import LineChange
from iamdesk.review.asked import SINCE_LAST
from iamdesk.review.carry_over_findings import FIXES, fixes_from_text
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, revokes_from_text


def line_changes(review: ReviewFile) -> Iterator[LineChange]:
    """Yield items that need a new decision, then all earlier revokes and fixes; none for a first review."""
    for line in review.each_line():
        since = line.evidence.get(SINCE_LAST)
        if since and since.get("asked"):
            yield LineChange(line.line_id, "asked anew", cause=" ".join(since["reasons"]))
    for finding in review.findings():
        since = finding.get(SINCE_LAST)
        if since and since.get("asked"):
            yield LineChange(str(finding["finding_id"]), "asked anew", cause=" ".join(since["reasons"]))
    for one in revokes_from_text(review.head.details.get(REVOKES, "[]")):
        before = f"revoked by {one.decided_by} on {one.decided_utc[:10]}" if one.decided_by else "revoked"
        yield LineChange(one.line_id, f"revoke tested: {one.outcome.value}", before, one.outcome.value, one.sentence)
    for test in fixes_from_text(review.head.details.get(FIXES, "[]")):
        before = f"to be fixed, by {test.decided_by} on {test.decided_utc[:10]}" if test.decided_by else "to be fixed"
        yield LineChange(
            test.finding_id, f"fix tested: {test.outcome.value}", before, test.outcome.value, test.sentence
        )
