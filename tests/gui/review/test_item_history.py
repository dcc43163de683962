"""All decisions on an item beside its row: who decided what when, also in a part."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.review.coordination import merge_parts
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer

from .test_completion_strip import read, record
from .test_many_reviewers import ANA, KEEP, REVOKE, decide, parts
from .test_review_panel import desk_of

__all__ = ["parts"]  # a fixture
BEN = Reviewer("Ben Ito", "ben")


def told(panel: ReviewPanel) -> list[str]:
    return [label.text() for label in panel.evidence.findChildren(FlowLabel, "pastDecision")]


def test_decisions_before_the_current_one_are_listed(qtbot: QtBot, panel: ReviewPanel) -> None:
    desk = desk_of(panel)
    item = desk.lines[0].line_id
    place = panel.model.place_of(item)
    assert place is not None
    panel.table.go_to(place)
    record(qtbot, panel, {item: KEEP})
    qtbot.waitUntil(lambda: not panel._later.isActive() and not panel._jobs.running, timeout=30_000)
    assert told(panel) == [], "the only one is the current one"
    record(qtbot, panel, {item: REVOKE})
    panel.queue.put(lambda: desk.second((item,), BEN), frozenset({item}))
    read(qtbot, panel)
    qtbot.waitUntil(lambda: len(told(panel)) == 3, timeout=30_000)
    second, revoked, kept = told(panel)
    assert second.startswith("Second approval by Ben Ito, 20")
    assert second.endswith(" UTC"), "the reason is Ana's, not Ben's"
    assert revoked.startswith("Revoke by Ana Moreno, 20")
    assert revoked.endswith(" UTC: not needed")
    assert kept.startswith("Keep by Ana Moreno, 20")
    panel.table.go_to(place + 1)
    qtbot.waitUntil(lambda: not panel._later.isActive() and not panel._jobs.running, timeout=30_000)
    assert told(panel) == []


def test_decision_of_a_part_says_so(qtbot: QtBot, panel: ReviewPanel, parts: Path) -> None:
    path = parts / "Ana-Moreno.iamreview"
    (item,) = decide(path, ANA, REVOKE)
    decide(path, ANA, ItemDecision(ReviewDecision.KEEP, "needed after all"))
    file = desk_of(panel).file
    merge_parts(file, [(path, None)], BEN)
    panel.reread()
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=30_000)
    place = panel.model.place_of(item)
    assert place is not None
    panel.table.go_to(place)
    qtbot.waitUntil(lambda: len(told(panel)) == 2, timeout=30_000)
    assert all(f" UTC (from {file.head.review_id}." in line for line in told(panel))
