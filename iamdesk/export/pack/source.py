"""What a pack is made of: a review, and where it is at hand the snapshot that it is of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from iamdesk.checks import registry
from iamdesk.checks.finding import Finding
from iamdesk.export.pack.columns import TO_DO, DecidedLine
from iamdesk.export.report import action_data_version, ordered, tool_version, utc_text
from iamdesk.export.review_words import is_privileged
from iamdesk.query.evaluator import Evaluator
from iamdesk.review.decisions import Choice
from iamdesk.review.lines import EntitlementType, Line
from iamdesk.review.store import ReviewFile
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

_GAPS = "CMP-"
_BREATH = 200
"""Lines after which it is asked whether the pack is still wanted: in the window, asking gives way to it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of what: the same in every file of a pack."""

    population: int
    in_scope: int
    entitlements: int
    decided: int
    undecided: int
    """Those whose exception has run out, too."""
    by_decision: Mapping[str, int]
    privileged: int
    third_party: int
    machines: int
    seconded: int
    findings: int
    exceptions: int
    remediation: int

    def as_json(self) -> dict[str, Any]:
        """Return them as a JSON object."""
        return {
            "population": self.population,
            "in_scope": self.in_scope,
            "entitlements": self.entitlements,
            "decided": self.decided,
            "undecided": self.undecided,
            "by_decision": dict(self.by_decision),
            "privileged": self.privileged,
            "third_party": self.third_party,
            "machines": self.machines,
            "seconded": self.seconded,
            "findings": self.findings,
            "exceptions": self.exceptions,
            "remediation": self.remediation,
        }


class PackSource:
    """Reads a review line by line, as often as it takes: it may have hundreds of thousands."""

    def __init__(
        self,
        review: ReviewFile,
        evaluator: Evaluator | None,
        generated_at: datetime,
        cancelled: Cancelled = never_cancelled,
    ) -> None:
        """Prepare a pack.

        Args:
            review: What is told of.
            evaluator: Over the snapshot that the review is of; None: not at hand.
            generated_at: The time that the pack states.
            cancelled: Asked every now and then.
        """
        self.review = review
        self.evaluator = evaluator
        self.generated_at = generated_at.astimezone(UTC)
        self.generated_utc = utc_text(generated_at)
        self.today = self.generated_at.date()
        self.tool_version = tool_version()
        self.action_data_version = action_data_version()
        self._cancelled = cancelled

    def breathe(self) -> None:
        """Stop where nobody wants the pack any more.

        Raises:
            WorkCancelled: it is so.
        """
        if self._cancelled():
            raise WorkCancelled

    def rows(self) -> Iterator[DecidedLine]:
        """Yield every line with what stands on it, in the review's order.

        Raises:
            WorkCancelled: nobody wants it any more.
        """
        review = self.review
        for number, (line_id, line) in enumerate(review.each_line_by_id()):
            if number % _BREATH == 0:
                self.breathe()
            yield self._row(line_id, line)

    def rows_with(self, *choices: Choice) -> Iterator[DecidedLine]:
        """Yield the lines on which one of some decisions stands, in the review's order.

        Raises:
            WorkCancelled: nobody wants it any more.
        """
        for line_id in self.review.ids:
            if self.review.decision(line_id).choice in choices:
                yield self._row(line_id, self.review.line(line_id))

    def _row(self, line_id: str, line: Line) -> DecidedLine:
        subjects = dict.fromkeys((line.holder_arn, line.entitlement_id))
        return DecidedLine(
            self.review.head.review_id,
            line_id,
            line,
            self.review.line_sha256(line_id),
            self.review.decision(line_id),
            self.review.decided(line_id),
            tuple(one for subject in subjects for one in self._finding_ids.get(subject, ())),
        )

    @cached_property
    def _finding_ids(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for finding in self.review.findings():
            found.setdefault(str(finding.get("subject_arn", "")), []).append(str(finding["finding_id"]))
        return found

    @cached_property
    def counts(self) -> Counts:
        """How many there are of what."""
        decisions = dict.fromkeys((choice.value for choice in Choice), 0)
        privileged = third = machines = seconded = undecided = total = 0
        for row in self.rows():
            total += 1
            decisions[row.decision.choice.value] += 1
            undecided += self.is_open(row)
            seconded += bool(row.decision.second)
            privileged += is_privileged(row.line) == "yes"
            third += is_third(row)
            machines += is_machine(row)
        population = self.review.population()
        return Counts(
            len(population),
            sum(member.in_scope for member in population),
            total,
            total - undecided,
            undecided,
            decisions,
            privileged,
            third,
            machines,
            seconded,
            sum(1 for _ in self.review.findings()),
            decisions[Choice.EXCEPT.value],
            sum(decisions[choice.value] for choice in TO_DO),
        )

    def is_open(self, row: DecidedLine) -> bool:
        """Return whether a line waits for a decision: it has none, or its exception has run out."""
        return row.decision.choice is Choice.UNDECIDED or row.decision.has_run_out(self.today)

    @cached_property
    def gaps(self) -> tuple[Mapping[str, Any], ...]:
        """What the snapshot lacks, as the completeness checks found it."""
        return tuple(
            finding
            for finding in self.review.findings()
            if str(finding["check_id"]).startswith(_GAPS) and finding["severity"] != "info"
        )

    @cached_property
    def found(self) -> tuple[Finding, ...]:
        """The findings of the snapshot, found anew: those of the review, where iamdesk and its data are the same."""
        return () if self.evaluator is None else ordered(registry.run(self.evaluator, cancelled=self._cancelled))

    @cached_property
    def findings_are_same(self) -> bool:
        """Whether what is found anew is what the review holds: only then may a report of it stand in the pack."""
        return {one.fingerprint for one in self.found} == {
            str(one["finding_id"]) for one in self.review.findings()
        } and bool(self.found)


def is_third(row: DecidedLine) -> bool:
    """Return whether somebody outside holds it."""
    return row.line.evidence.get("holder_class") == "third_party"


def is_machine(row: DecidedLine) -> bool:
    """Return whether a machine holds it."""
    return row.line.evidence.get("holder_class") == "machine"


def is_power(row: DecidedLine) -> bool:
    """Return whether it says what its holder can do."""
    return row.line.type not in (EntitlementType.TRUST, EntitlementType.ACCESS_KEY, EntitlementType.RESOURCE_GRANT)
