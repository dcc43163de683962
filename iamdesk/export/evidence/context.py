"""The source of an evidence package: a review and, if available, its snapshot."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.checks import registry
from iamdesk.checks.check_settings import AppliedSettings, settings_from, thresholds_of, with_settings
from iamdesk.checks.finding import Finding, Severity, Suppression
from iamdesk.checks.parallel import run_shared
from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.columns import STATUS, Column, DecidedFinding, DecidedLine, entitlement_columns
from iamdesk.export.evidence.remediation import TO_DO, tested
from iamdesk.export.findings.report import action_data_version, build_id, ordered, tool_version, utc_text
from iamdesk.export.new_review import CHECK_SETTINGS
from iamdesk.export.text.review import holder_name, is_privileged
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.care import Care, OwnAccess, approvals_by_alike_names, care_of, own_access_of
from iamdesk.review.completion import Completion, completion
from iamdesk.review.decisions import LINE_CHOICES, ReviewDecision
from iamdesk.review.description import ReviewDescription, description_of
from iamdesk.review.effects import EffectFinder
from iamdesk.review.events import EventKind
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.joint_effect import JointEffect, joint_effects, relying
from iamdesk.review.own_access import OwnAccessFinder, own_line
from iamdesk.review.people import People, PersonState, people_of
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.scope import ExcludedScope, Exclusion, Part, exclusions_from, is_note, left_out_from, notes_from
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.workers import Workers

_CHECK_EVERY = 200
"""Number of entitlements between checks for cancellation."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals, the same in all files of a package."""

    population: int
    in_scope: int
    entitlements: int
    decided: int
    undecided: int
    """Including those with an expired exception."""
    by_decision: Mapping[str, int]
    privileged: int
    third_party: int
    machines: int
    seconded: int
    findings: int
    findings_decided: int
    findings_undecided: int
    """Including those with an expired acceptance of risk."""
    findings_by_decision: Mapping[str, int]
    exceptions: int
    """On entitlements and findings."""
    to_do: int
    """Entitlements and findings whose decision requires a change in AWS."""
    tested: int
    """Revokes and fixes of earlier reviews that were tested on this snapshot."""

    @property
    def remediation(self) -> int:
        """Number of rows of the remediation table."""
        return self.to_do + self.tested

    def as_json(self) -> dict[str, Any]:
        """Return the totals as a JSON object."""
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
            "findings_decided": self.findings_decided,
            "findings_undecided": self.findings_undecided,
            "findings_by_decision": dict(self.findings_by_decision),
            "exceptions": self.exceptions,
            "to_do": self.to_do,
            "tested": self.tested,
            "remediation": self.remediation,
        }


def found_again(
    evaluator: Evaluator,
    reach: LazyAttackPathGraph,
    workers: Workers | None = None,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    *,
    settings: tuple[AppliedSettings, date] | None,
) -> Iterable[Finding]:
    """Return the findings of a snapshot, by running the checks.

    ``settings`` are those of the review (`settings_of`).
    """
    applied, day = settings or (None, date.min)
    thresholds = thresholds_of(applied)
    if workers is None:
        found = registry.run(evaluator, progress, cancelled, reach, thresholds=thresholds)
    else:
        found = run_shared(workers, progress, cancelled, reach(progress, cancelled, workers), thresholds)
    return with_settings(found, applied and applied.for_snapshot(evaluator.snapshot), day)


def settings_of(details: Mapping[str, str]) -> tuple[AppliedSettings, date] | None:
    """Return the settings of the checks in the details of a review's head, and the day on which they applied.

    None: the review was created without.

    Raises:
        ValueError: They cannot be read.
    """
    text = details.get(CHECK_SETTINGS)
    return None if text is None else settings_from(text)


class EvidenceContext:
    """Reads a review for the files of a package, entitlement by entitlement: there may be hundreds of thousands."""

    def __init__(
        self,
        review: ReviewFile,
        evaluator: Evaluator | None,
        generated_at: datetime,
        cancelled: Cancelled = never_cancelled,
        workers: Workers | None = None,
        known_findings: Iterable[Finding] | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """Prepare a package.

        Args:
            review: The review.
            evaluator: Evaluator over the snapshot of the review; None: not available.
            generated_at: The time stated in the package.
            cancelled: Checked regularly.
            workers: Run the checks, too, as of the evaluator's time; None: this process alone.
            known_findings: Findings of the evaluator's snapshot at that time; None: the checks are run.
            progress: Called while attack paths and findings are found.
        """
        self.workers = workers
        """Run the checks and evaluate quoted requests, too; None: this process alone."""
        self._known_findings = known_findings
        self._progress = progress
        self.review = review
        self.evaluator = evaluator
        self.snapshot = _named(evaluator.snapshot, review.head.snapshot_name) if evaluator is not None else None
        """With the name recorded in the review, wherever it is now, so that the same review gives the same package."""
        self.generated_at = generated_at.astimezone(UTC).replace(microsecond=0)
        self.generated_utc = utc_text(generated_at)
        self.today = self.generated_at.date()
        self.tool_version = tool_version()
        self.build = build_id()
        """Of the iamdesk that writes; None: of an earlier one, which did not name it."""
        self.action_data_version = action_data_version()
        self.cancelled = cancelled
        """Checked regularly."""

    @cached_property
    def completion(self) -> Completion:
        """What keeps the review from being complete: until nothing does, what is exported is a draft."""
        return completion(self.review, self.today)

    @property
    def is_draft(self) -> bool:
        """Whether the review is not complete."""
        return not self.completion.is_complete

    @cached_property
    def description(self) -> ReviewDescription:
        """What people state about the review."""
        return description_of(self.review)

    @cached_property
    def people(self) -> People | None:
        """The list of people that the review was made with; None: there is none."""
        return people_of(self.review.head.details)

    @cached_property
    def care(self) -> Care:
        """How the decisions were made."""
        return care_of(self.review.journal(), self.review.events())

    @cached_property
    def own_access(self) -> OwnAccess:
        """What is known of the reviewers' own access."""
        states = (self.review.item_states, self.review.finding_states)
        holders = {item: frozen.holder_arn for known in states for item, frozen in known.known.items()}
        lines = map(own_line, self.review.each_line()) if self.people is not None else ()
        whose = OwnAccessFinder(lines, ()).by_subject(holders, self.people)
        return own_access_of(self.review.journal(), whose, self.people)

    @cached_property
    def alike_names(self) -> tuple[tuple[str, str, int], ...]:
        """Deciders and approvers whose names may be of one person, with how many decisions were approved so."""
        return approvals_by_alike_names(self.review.journal())

    @cached_property
    def last_change(self) -> datetime:
        """When the last decision, second approval or resolved conflict came into the review; else its creation.

        Of a complete review, this is when it became complete.
        """
        moments = [event.moment for event in self.review.events() if event.kind is EventKind.RESOLVE]
        moments += [self.care.last_change] if self.care.last_change else []
        return max(map(datetime.fromisoformat, moments), default=self.review.head.created)

    @cached_property
    def without_credentials(self) -> tuple[str, ...]:
        """The reviewed accounts without a credential report: their access keys and passwords are not items."""
        if self.snapshot is None:
            return ()
        known = {one.account_id for one in self.snapshot.account_facts if one.credential_report is not None}
        return tuple(one for one in self.accounts if one not in known)

    @property
    def credentials_not_captured(self) -> str:
        """Sentence about credentials that were not captured, so not reviewed; empty if all accounts have a report."""
        lacking = self.without_credentials
        if not lacking:
            return ""
        which = "" if len(lacking) == len(self.accounts) else f" of {enumerated(lacking)}"
        return (
            f"Access keys and console passwords of IAM users{which} were not captured: the snapshot has no credential "
            "report. None of them was reviewed."
        )

    def check_cancelled(self) -> None:
        """Check for cancellation.

        Raises:
            WorkCancelled: the work was cancelled.
        """
        if self.cancelled():
            raise WorkCancelled

    def rows(self) -> Iterator[DecidedLine]:
        """Yield all entitlements with their decisions, in the order of the review.

        Raises:
            WorkCancelled: the work was cancelled.
        """
        review = self.review
        for number, (line_id, line) in enumerate(review.each_line_by_id()):
            if number % _CHECK_EVERY == 0:
                self.check_cancelled()
            yield self._row(line_id, line)

    def rows_with(self, *choices: ReviewDecision) -> Iterator[DecidedLine]:
        """Yield the entitlements with one of the given decisions, in the order of the review."""
        for line_id in self.review.ids:
            if self.review.decision(line_id).choice in choices:
                yield self._row(line_id, self.review.line(line_id))

    def findings(self) -> Iterator[DecidedFinding]:
        """Yield all findings with their decisions, in the order of the review."""
        review = self.review
        opened = review.head.created.isoformat(timespec="seconds")
        for finding in review.findings():
            finding_id = str(finding["finding_id"])
            decision = review.decision(finding_id)
            yield DecidedFinding(
                review.head.review_id,
                opened,
                finding_id,
                finding,
                review.sha256_of(finding_id),
                decision,
                review.decided(finding_id),
                decision.is_open(self.today),
            )

    @cached_property
    def joint(self) -> tuple[JointEffect, ...] | None:
        """What revoked entitlements take together, those first that take most; None: there is no snapshot."""
        if self.evaluator is None:
            return None
        revoked = [row.line for row in self.rows_with(ReviewDecision.REVOKE)]
        found = joint_effects(EffectFinder(self.evaluator), revoked, self.cancelled) if len(revoked) > 1 else ()
        return tuple(sorted(found, key=lambda one: (-one.beyond, -one.lost, one.arn)))

    @cached_property
    def relying(self) -> Mapping[str, tuple[str, ...]]:
        """By revoked entitlement, the other revoked ones that grant the same; by what the items carry."""
        revoked = [row.line for row in self.rows_with(ReviewDecision.REVOKE)]
        found: dict[str, list[str]] = {}
        for pair in relying(revoked, (line for _, line in self.review.each_line_by_id())):
            for one, other in (pair, pair[::-1]):
                found.setdefault(one.line_id, []).append(f"{other.name} of {holder_name(other)}")
        return {line_id: tuple(names) for line_id, names in found.items()}

    def _row(self, line_id: str, line: ReviewItem) -> DecidedLine:
        subjects = dict.fromkeys((line.holder_arn, line.entitlement_id))
        return DecidedLine(
            self.review.head.review_id,
            line_id,
            line,
            self.review.sha256_of(line_id),
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
        """The totals."""
        decisions = dict.fromkeys((choice.value for choice in LINE_CHOICES), 0)
        privileged = third = machines = seconded = undecided = total = 0
        for row in self.rows():
            total += 1
            decisions[row.decision.choice.value] += 1
            undecided += self.is_open(row)
            seconded += bool(row.decision.second)
            privileged += is_privileged(row.line) == "yes"
            third += is_third(row)
            machines += is_machine(row)
        standing = self.review.finding_states
        on_findings = {choice.value: count for choice, count in standing.counts().items()}
        waiting = standing.waiting(self.today)
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
            len(standing.known),
            len(standing.known) - waiting,
            waiting,
            on_findings,
            decisions[ReviewDecision.EXCEPT.value] + on_findings[ReviewDecision.EXCEPT.value],
            sum(decisions.get(choice.value, 0) + on_findings.get(choice.value, 0) for choice in TO_DO),
            sum(1 for _ in tested(self.review)),
        )

    @cached_property
    def privilege_unknown(self) -> Mapping[str, int]:
        """By name of a principal that may or may not become an administrator, how many entitlements it has."""
        return Counter(holder_name(row.line) for row in self.rows() if is_privileged(row.line) == "cannot_tell")

    @cached_property
    def of_leavers(self) -> Mapping[str, Counter[ReviewDecision]]:
        """By name of a person who left, by the list of people, the decisions on the entitlements that it still has."""
        found: dict[str, Counter[ReviewDecision]] = {}
        people = self.people
        for row in self.rows() if people is not None else ():
            person = people.person_of(row.line.holder_arn) if people is not None else None
            if person is not None and person.state is PersonState.LEFT:
                found.setdefault(person.name, Counter())[row.decision.choice] += 1
        return found

    def is_open(self, row: DecidedLine) -> bool:
        """Return whether an entitlement needs a decision: it has none, or its exception has expired."""
        return row.decision.is_open(self.today)

    @cached_property
    def left_out(self) -> tuple[ExcludedScope, ...]:
        """The exclusions of the review with reasons and numbers."""
        return left_out_from(self.review.head.details)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """The reviewed accounts: those of the snapshot (each has a root user) without the excluded ones."""
        out = {one.name for one in self.left_out if one.part == Part.ACCOUNT}
        return tuple(sorted({one.account_id for one in self.review.population() if one.kind == "root"} - out))

    @cached_property
    def entitlement_columns(self) -> tuple[Column[DecidedLine], ...]:
        """The columns of entitlements."""
        return self.with_status(entitlement_columns(self.people))

    def with_status[Row](self, columns: Sequence[Column[Row]]) -> tuple[Column[Row], ...]:
        """Return the columns of a table, the first of which says whether it is a draft."""
        status = self.completion.status
        return (Column(STATUS, lambda _row: status), *columns)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """The exclusions of the review, for limiting a scope."""
        return exclusions_from(self.review.head.details)

    @cached_property
    def missing_data(self) -> tuple[Mapping[str, Any], ...]:
        """Missing data of the snapshot, as found by the completeness checks, highest severity first.

        Includes severity info: a check that was skipped has not passed.
        """
        lacking = (*notes_from(self.review.head.details), *filter(is_note, self.review.findings()))
        return tuple(sorted(lacking, key=lambda one: list(Severity).index(Severity(str(one["severity"])))))

    @cached_property
    def reach(self) -> LazyAttackPathGraph:
        """The attack paths of the snapshot, computed once; requires an evaluator."""
        if self.evaluator is None:
            raise ValueError("the snapshot is not available")
        return LazyAttackPathGraph(self.evaluator)

    @cached_property
    def settings(self) -> AppliedSettings | None:
        """The settings of the checks with which the review was created; None: without."""
        found = settings_of(self.review.head.details)
        return found and found[0]

    @cached_property
    def found(self) -> tuple[Finding, ...]:
        """The findings of the snapshot, from running the checks again.

        They equal those of the review if iamdesk and its action data have the same versions. Accepted risks and false
        positives are suppressions.
        """
        if self.evaluator is None:
            return ()
        found = self._known_findings
        if found is None:
            settings = settings_of(self.review.head.details)
            found = found_again(
                self.evaluator, self.reach, self.workers, self._progress, self.cancelled, settings=settings
            )
        if self.left_out:
            found = self._in_scope(found)
        return ordered(map(self._with_decision, found))

    def _in_scope(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """Return the findings in scope: not of excluded accounts or principals."""
        accounts = {one.name for one in self.left_out if one.part == Part.ACCOUNT}
        out = {one.arn for one in self.review.population() if not one.in_scope}
        out -= {one.arn for one in self.review.population() if one.kind == "service-linked role"}
        return (one for one in found if one.account not in accounts and one.subject_key not in out)

    def _with_decision(self, finding: Finding) -> Finding:
        decision, decided = self.review.decision(finding.fingerprint), self.review.decided(finding.fingerprint)
        if decided is None or decision.is_open(self.today):
            return finding
        when = datetime.fromisoformat(decided.moment).date()
        about = (when, finding.check_id, finding.subject_key)
        match decision.choice:
            case ReviewDecision.EXCEPT if decision.expiry is not None:
                made = Suppression(finding.fingerprint, decision.owner, decision.comment, decision.expiry, *about)
            case ReviewDecision.FALSE_POSITIVE:
                reason = f"False positive: {decision.comment}"
                made = Suppression(finding.fingerprint, decided.reviewer, reason, date.max, *about)
            case _:
                return finding
        return replace(finding, suppression=made)

    def forget_findings(self) -> None:
        """Free findings and attack paths, hundreds of megabytes for thousands of principals.

        They are found again if they are asked for; whether they are the same stays known.
        """
        self._known_findings = None
        for name in ("found", "reach"):
            self.__dict__.pop(name, None)

    @cached_property
    def findings_are_same(self) -> bool:
        """Whether running the checks again gives the findings of the review; else the package has no reports."""
        return {one.fingerprint for one in self.found} == {
            str(one["finding_id"]) for one in (*self.review.findings(), *notes_from(self.review.head.details))
        } and bool(self.found)


def _named(snapshot: Snapshot, name: str) -> Snapshot:
    top, path = snapshot.path, snapshot.path.with_name(name)
    if top == path:
        return snapshot
    files = tuple(
        file.model_copy(update={"path": path / file.path.relative_to(top)}) if file.path.is_relative_to(top) else file
        for file in snapshot.files
    )
    return snapshot.model_copy(update={"path": path, "files": files})


def is_third(row: DecidedLine) -> bool:
    """Return whether the holder is a third party."""
    return row.line.evidence.get("holder_class") == "third_party"


def is_machine(row: DecidedLine) -> bool:
    """Return whether the holder is a machine."""
    return row.line.evidence.get("holder_class") == "machine"


def is_power(row: DecidedLine) -> bool:
    """Return whether the entitlement has the effective permissions of its holder."""
    return row.line.type in (
        EntitlementType.GROUP,
        EntitlementType.MANAGED_POLICY,
        EntitlementType.INLINE_POLICY,
        EntitlementType.PERMISSION_SET,
    )


def file_name(snapshot: Snapshot, path: Path) -> str:
    """Return the path of a file relative to the bundle, where many files have the same name, or its name."""
    if path != snapshot.path and path.is_relative_to(snapshot.path):
        return path.relative_to(snapshot.path).as_posix()
    return path.name
