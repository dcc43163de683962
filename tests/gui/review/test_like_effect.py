"""Rows of like effect never say that what has the holder's own name in it is plainly the same."""

from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.evidence_text import line_facts
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.review.grouping import Grouping
from iamdesk.review.items import EntitlementType, ReviewItem

PLAIN, OWN = {}, {"in_own_name": ["aws:username"], "asks_of_holder": {"aws:principaltag/team": "blue"}}


def line(name: str, evidence: dict[str, object]) -> ReviewItem:
    arn = f"arn:aws:iam::111122223333:user/{name}"
    return ReviewItem("111122223333", arn, "user", EntitlementType.INLINE_POLICY, f"{arn}#home", "home", evidence)


def what(grouping: Grouping, *lines: ReviewItem) -> str:
    return EntitlementRow(lines, (), grouping).fixed[Column.WHAT]


def test_row_of_several_says_that_each_has_its_own_name_in_it() -> None:
    ana, ben = line("ana", OWN), line("ben", OWN)
    assert what(Grouping.EFFECT, ana, ben) == "home  inline (differs only in the holder's name)"
    assert what(Grouping.EFFECT, ana) == "home  inline"
    assert what(Grouping.ENTITLEMENT, ana, ben) == "home  inline"
    assert what(Grouping.EFFECT, line("ana", PLAIN), line("ben", PLAIN)) == "home  inline"


def test_evidence_tells_what_is_asked_of_the_holder() -> None:
    told = dict(line_facts(line("ana", OWN)))
    assert told["Refers to the holder's name"] == "${aws:username}"
    assert told["Conditions on the holder"] == "aws:principaltag/team (blue)"
    unknown = dict(line_facts(line("ana", {"asks_of_holder": {"aws:username": None, "aws:principaltag/x": ""}})))
    assert unknown["Conditions on the holder"] == "aws:username (not known), aws:principaltag/x (none)"
