"""An open review for a front end: its items, decisions, undo and redo.

The items are a copy in memory. `record`, `undo` and `redo` write to disk: call them in a worker, one at a time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from iamdesk.i18n import join_names, nphrase, phrase
from iamdesk.review.care import OwnAccess, SameName, own_access_of, same_names
from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision, Reviewer, same_person
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.own_access import OwnAccessFinder, StatedPrincipals, own_line
from iamdesk.review.people import People, people_of
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
        """The findings as frozen in the review."""
        self._findings: dict[str, list[Mapping[str, Any]]] = {}
        for finding in self.findings:
            self._findings.setdefault(str(finding.get("subject_arn", "")), []).append(finding)
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @cached_property
    def people(self) -> People | None:
        """The list of people that the review was made with, joined with its principals; read on the first access."""
        return people_of(self.head.details)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change of this session to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone change."""
        return bool(self._undone)

    def findings_of(self, line: ReviewItem) -> tuple[Mapping[str, Any], ...]:
        """Return the findings on an item's holder and on its entitlement."""
        subjects = dict.fromkeys((line.holder_arn, line.entitlement_id))
        return tuple(finding for subject in subjects for finding in self._findings.get(subject, ()))

    def decision(self, line_id: str) -> ItemDecision:
        """Return the current decision on an entitlement or finding."""
        return self.file.decision(line_id)

    def decided(self, line_id: str) -> Decided | None:
        """Return who decided it, and when."""
        return self.file.decided(line_id)

    def is_open(self, line_id: str, today: date | None = None) -> bool:
        """Return whether an item needs a decision: it has none, or its exception expired."""
        return self.decision(line_id).is_open(today or datetime.now(UTC).date())

    @property
    def waiting(self) -> int:
        """Number of entitlements that need a decision."""
        return self.file.item_states.waiting(datetime.now(UTC).date())

    @property
    def findings_waiting(self) -> int:
        """Number of findings that need a decision."""
        return self.file.finding_states.waiting(datetime.now(UTC).date())

    def record(
        self,
        decisions: Mapping[str, ItemDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Change:
        """Record decisions; they are on disk when this returns.

        The current ticket stays unless another one is given, and so does the second approval of the same decision.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`.
        """
        return self.record_whole({one: self._beside(one, after) for one, after in decisions.items()}, reviewer, now)

    def _beside(self, line_id: str, after: ItemDecision) -> ItemDecision:
        current = self.decision(line_id)
        after = replace(after, ticket=after.ticket or current.ticket)
        if after.second or after.decided != current.decided:
            return after
        return replace(after, second=current.second, second_comment=current.second_comment)

    def record_whole(
        self,
        decisions: Mapping[str, ItemDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Change:
        """Record decisions like `record`, but clear the ticket if a decision has none.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`.
        """
        reviewer = self._with_stated(reviewer)
        self._check_own(decisions, reviewer)
        change = self.file.record(decisions, self._with_roles(reviewer), now)
        self._stated.take(change.entries)
        if change.entries:
            self._done.append(change)
            self._undone.clear()
        return change

    @cached_property
    def own(self) -> OwnAccessFinder:
        """Finds reviewers' own access; made on the first access, for stated principals or a list of people."""
        return OwnAccessFinder(map(own_line, self.lines), self.population)

    def is_own(self, subject_id: str, reviewer: Reviewer) -> bool:
        """Return whether an item or finding is on access of the reviewer, by the principals that they state."""
        arns = self._with_stated(reviewer).holder_arns
        return bool(arns) and bool(self._own_by(subject_id, arns))

    def _own_by(self, subject_id: str, arns: frozenset[str]) -> str:
        """Return whose access an item or finding is, if it is a reviewer's own; else empty."""
        both = self.file.item_states.known, self.file.finding_states.known
        holder = next((known[subject_id].holder_arn for known in both if subject_id in known), "")
        return holder if self.own.is_own(subject_id, holder, arns) else ""

    def _check_own(self, decisions: Mapping[str, ItemDecision], reviewer: Reviewer) -> None:
        if not reviewer.holder_arns:
            return
        for subject_id, decision in decisions.items():
            is_changed = decision.choice is not ReviewDecision.UNDECIDED and decision != self.decision(subject_id)
            if is_changed and (holder := self._own_by(subject_id, reviewer.holder_arns)):
                raise DecisionError(
                    phrase(
                        "{name} cannot review their own access ({holder_arn})", name=reviewer.name, holder_arn=holder
                    )
                )

    @cached_property
    def _stated(self) -> StatedPrincipals:
        return StatedPrincipals(self.file.journal())

    def _with_stated(self, reviewer: Reviewer) -> Reviewer:
        """Return a reviewer with the principals, too, that they stated with earlier decisions."""
        return replace(reviewer, holder_arns=reviewer.holder_arns | self._stated.of(reviewer.name))

    def _with_roles(self, reviewer: Reviewer) -> Reviewer:
        if not reviewer.holder_arns:
            return reviewer
        return replace(reviewer, holder_arns=self.own.principals_of(reviewer.holder_arns))

    def second(self, line_ids: tuple[str, ...], reviewer: Reviewer, comment: str = "") -> Change:
        """Give second approval to decisions of other reviewers, perhaps with a remark.

        Undecided items and those that the reviewer approved already are skipped.

        Raises:
            DecisionError: another person approved one of the decisions already; or as `ReviewFile.record`.
            ReviewError: as `ReviewFile.record`.
        """
        current = {line_id: self.decision(line_id) for line_id in line_ids}
        by_others = [
            one.second for one in current.values() if one.second and not same_person(one.second, reviewer.name)
        ]
        if by_others:
            raise DecisionError(
                nphrase(
                    "{count:,} decision is already approved by {names}; nothing is saved",
                    "{count:,} decisions are already approved by {names}; nothing is saved",
                    len(by_others),
                    names=join_names(sorted(set(by_others))),
                )
            )
        return self.record(
            {
                line_id: replace(decision, second=reviewer.name, second_comment=comment)
                for line_id, decision in current.items()
                if decision.choice is not ReviewDecision.UNDECIDED and not decision.second
            },
            reviewer,
        )

    def undo(self, reviewer: Reviewer) -> Change | None:
        """Undo the last change of this session by new entries; None if there is none.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`; then nothing is undone.
        """
        if not self._done:
            return None
        last = self._done[-1]
        change = self._restore(last.before, reviewer)
        self._undone.append(self._done.pop())
        return change

    def redo(self, reviewer: Reviewer) -> Change | None:
        """Redo the last undone change; None if there is none.

        Raises:
            DecisionError, ReviewError: as `ReviewFile.record`; then nothing is redone.
        """
        if not self._undone:
            return None
        last = self._undone[-1]
        change = self._restore(last.after, reviewer)
        self._done.append(self._undone.pop())
        return change

    def _restore(self, decisions: Mapping[str, ItemDecision], reviewer: Reviewer) -> Change:
        """Record earlier decisions, without second approvals by others: a reviewer cannot approve for others."""
        restored = {
            line_id: decision
            if decision.second == reviewer.name and decision.by_one == self.decision(line_id).by_one
            else decision.by_one
            for line_id, decision in decisions.items()
        }
        reviewer = self._with_stated(reviewer)
        self._check_own(restored, reviewer)
        return self.file.record(restored, self._with_roles(reviewer), restores=True)

    @property
    def entries(self) -> int:
        """The number of entries of the journal."""
        return sum(1 for _ in self.file.journal())

    def same_names(self, subject_ids: Iterable[str], reviewer: str) -> tuple[SameName, ...]:
        """Return a reviewer whose name a person of the list has whose access some items are; empty if none is."""
        whose = self._whose(subject_ids)
        return same_names(((reviewer, principals) for principals in whose.values()), self.people)

    def _whose(self, subject_ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the principals whose access items and findings are; empty without a list of people."""
        if self.people is None:
            return {}
        both = self.file.item_states.known, self.file.finding_states.known
        holders = {one: known[one].holder_arn for one in subject_ids for known in both if one in known}
        return self.own.by_subject(holders, self.people)

    def own_access(self, since: int) -> OwnAccess:
        """Return what is known of reviewers' own access among the entries of the journal after the first so many."""
        if self.people is None:
            return OwnAccess((), (), ())
        made = tuple(islice(self.file.journal(), since, None))
        return own_access_of(made, self._whose(one.line_id for one in made), self.people)

    def close(self) -> None:
        """Close the file and release its lock."""
        self.file.close()


__all__ = ["Change", "Decided", "ItemStates", "ReviewSession"]
