"""What a review that goes on from another one tells of it: why lines are asked, and what became of revokes."""

from collections.abc import Iterator

from iamdesk.export.pack.columns import LineChange
from iamdesk.review.carrying import SINCE_LAST
from iamdesk.review.retests import REVOKES, revokes_from_text
from iamdesk.review.store import ReviewFile


def line_changes(review: ReviewFile) -> Iterator[LineChange]:
    """Yield every line that was asked anew with the reason, then every earlier revoke; nothing for a first review."""
    for line in review.each_line():
        told = line.evidence.get(SINCE_LAST)
        if told and told.get("asked"):
            yield LineChange(line.line_id, "asked anew", cause=" ".join(told["reasons"]))
    for one in revokes_from_text(review.head.details.get(REVOKES, "[]")):
        before = f"revoked by {one.decided_by} on {one.decided_utc[:10]}" if one.decided_by else "revoked"
        yield LineChange(one.line_id, f"revoke tested: {one.outcome.value}", before, one.outcome.value, one.sentence)
