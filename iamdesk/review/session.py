"""An open review as a front end holds it: what is shown, what is decided, and the way back.

What it shows is a copy in memory; `record`, `undo` and `redo` write and may last: call them where waiting does no harm,
one at a time.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.review_file import Change, Decided, ItemStates, ReviewFile
from iamdesk.review.schema import Head


class ReviewSession:
    """One review, open for one reviewer at a time."""

    def __init__(self, file: ReviewFile) -> None:
        self.file = file
        self.head: Head = file.head
        self.path: Path = file.path
        self.lines: tuple[ReviewItem, ...] = tuple(file.lines)
        self.population: tuple[PopulationEntry, ...] = file.population()
        self.findings: tuple[Mapping[str, Any], ...] = tuple(file.findings())
        """As they were when the review was made."""
        self._findings: dict[str, list[Mapping[str, Any]]] = {}
        for finding in self.findings:
            self._findings.setdefault(str(finding.get("subject_arn", "")), []).append(finding)
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is an act of this sitting to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an act that was taken back."""
        return bool(self._undone)

    def findings_of(self, line: ReviewItem) -> tuple[Mapping[str, Any], ...]:
        """Return the findings on a line's holder and on what it grants."""
        subjects = dict.fromkeys((line.holder_arn, line.entitlement_id))
        return tuple(finding for subject in subjects for finding in self._findings.get(subject, ()))

    def decision(self, line_id: str) -> ItemDecision:
        """Return what stands on a line or a finding."""
        return self.file.decision(line_id)

    def decided(self, line_id: str) -> Decided | None:
        """Return who decided it, and when."""
        return self.file.decided(line_id)

    def is_open(self, line_id: str, today: date | None = None) -> bool:
        """Return whether a line or finding waits for a decision: it has none, or its exception has run out."""
        return self.decision(line_id).is_open(today or datetime.now(UTC).date())

    @property
    def waiting(self) -> int:
        """How many lines wait for a decision."""
        return self.file.lines_standing.waiting(datetime.now(UTC).date())

    @property
    def findings_waiting(self) -> int:
        """How many findings wait for a decision."""
        return self.file.findings_standing.waiting(datetime.now(UTC).date())

    def record(
        self,
        decisions: Mapping[str, ItemDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Change:
        """Note decisions; when this returns they are on disk. A ticket that stands stays unless another one is given.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`.
        """
        return self.record_whole(
            {
                one: after if after.ticket else replace(after, ticket=self.decision(one).ticket)
                for one, after in decisions.items()
            },
            reviewer,
            now,
        )

    def record_whole(
        self,
        decisions: Mapping[str, ItemDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Change:
        """Do the same, and take a ticket away where a decision has none.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`.
        """
        change = self.file.record(decisions, reviewer, now)
        if change.entries:
            self._done.append(change)
            self._undone.clear()
        return change

    def second(self, line_ids: tuple[str, ...], reviewer: Reviewer) -> Change:
        """Stand as second reviewer for what somebody else decided; lines without a decision stay as they are.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`.
        """
        standing = {line_id: self.decision(line_id) for line_id in line_ids}
        return self.record(
            {
                line_id: replace(decision, second=reviewer.name)
                for line_id, decision in standing.items()
                if decision.choice is not ReviewDecision.UNDECIDED
            },
            reviewer,
        )

    def undo(self, reviewer: Reviewer) -> Change | None:
        """Take the last act of this sitting back, by new entries; None where there is none.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`; then the act stays.
        """
        if not self._done:
            return None
        last = self._done[-1]
        change = self._restore(last.before, reviewer)
        self._undone.append(self._done.pop())
        return change

    def redo(self, reviewer: Reviewer) -> Change | None:
        """Do again what was taken back last; None where nothing was.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`; then nothing is done.
        """
        if not self._undone:
            return None
        last = self._undone[-1]
        change = self._restore(last.after, reviewer)
        self._done.append(self._undone.pop())
        return change

    def _restore(self, decisions: Mapping[str, ItemDecision], reviewer: Reviewer) -> Change:
        """Write what stood, as this reviewer may: nobody writes another's name under a decision."""
        stands = {
            line_id: decision
            if decision.second == reviewer.name and decision.by_one == self.decision(line_id).by_one
            else decision.by_one
            for line_id, decision in decisions.items()
        }
        return self.file.record(stands, reviewer, restores=True)

    def close(self) -> None:
        """Close the file; the next one may write in it."""
        self.file.close()


__all__ = ["Change", "Decided", "ItemStates", "ReviewSession"]
