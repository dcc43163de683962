"""Verification of a package's content: journal, items, totals, and quoted requests evaluated again."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from types import MappingProxyType
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.kept_evaluator import evaluator_of
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.checks.finding import Finding
from iamdesk.errors import ReviewError, SnapshotError
from iamdesk.escaping import visible
from iamdesk.evaluate.request import RequestError
from iamdesk.export.evidence.context import found_again, settings_of
from iamdesk.export.evidence.decisions import re_evaluate
from iamdesk.export.evidence.manifest import EVENTS, JOURNAL, SOURCE
from iamdesk.export.evidence.read_json import ReadReview, decision_sha256, read_review
from iamdesk.export.evidence.rendering import head_of, render_anew
from iamdesk.export.evidence.result import MAX_NAMES, Outcome, Remark, Result, failed, listed, noted, passed
from iamdesk.export.evidence.schema import ReviewDocument
from iamdesk.export.evidence.time_dependence import is_same_at, mentions_time
from iamdesk.export.findings.report import action_data_day, action_data_version, build_id, tool_version
from iamdesk.export.new_review import frozen_findings
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.care import own_access_of
from iamdesk.review.completion import second_approval_tiers
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, UNDECIDED
from iamdesk.review.effects_parallel import each_effect
from iamdesk.review.entitlements import review_scope
from iamdesk.review.events import Event, broken_event, event_from_json
from iamdesk.review.item_effect import with_effect
from iamdesk.review.items import Scope
from iamdesk.review.journal import Entry, as_json, broken_at, digest, entry_from_json
from iamdesk.review.journal_rules import CLOCKS, broken_rules
from iamdesk.review.own_access import OwnAccessFinder
from iamdesk.review.parts import limited_to_part
from iamdesk.review.people import differing, people_of
from iamdesk.review.schema import LOST_PARTS, PART_OF, RECOVERED_FROM, Head, head_rows
from iamdesk.review.scope import NOTES, exclusions_from, limited, notes_as_text
from iamdesk.review.seals import FROZEN, ITEMS, frozen_sha256, genesis_of, items_sha256
from iamdesk.review.state import FrozenItem, ItemStates, Ledger
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.worker_cache import SnapshotReference
from iamdesk.work.workers import Workers

SUBJECT = ("review", "title", "start", "end", "opened", "written", "snapshot")
"""What a package can be expected to be of (`subject_of`)."""
_QUOTED = 512
"""Quoted decisions in one task: some tenths of a second."""


type Executors = Callable[[Snapshot], AbstractContextManager[Executor | None]]
"""Gives an executor for long work over a snapshot, or None for this process alone."""


def no_executor(_snapshot: Snapshot) -> AbstractContextManager[Executor | None]:
    """Return no executor: this process does all work."""
    return nullcontext()


@dataclass(slots=True)
class _Held:
    """The snapshot of a package as of the time when the package was written."""

    evaluator: Evaluator
    workers: Workers | None
    findings: tuple[Finding, ...] | None
    """None: its statements depend on the time, and so must be evaluated again."""
    is_earlier: bool
    """Whether it was performed as of when the review was made: each decision is the same, but a text may differ."""

    def take_findings(self) -> tuple[Finding, ...] | None:
        """Return the findings, and hold them no longer: those of thousands of principals are large."""
        found, self.findings = self.findings, None
        return found


@dataclass(frozen=True, slots=True)
class _How:
    """How a snapshot is performed again."""

    executor: Callable[[Snapshot], Executor | None]
    progress: Progress
    cancelled: Cancelled

    def go_on(self) -> None:
        """Raise `WorkCancelled` if the work was cancelled."""
        if self.cancelled():
            raise WorkCancelled


def verify_content(
    folder: Path,
    manifest: Mapping[str, Any],
    snapshot: Path | None,
    executors: Executors = no_executor,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    expected: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Result]:
    """Yield the results of the checks of a package whose files are unchanged.

    ``expected`` is what the package must be of, by the names of `SUBJECT`.

    ``progress`` is called in each long phase anew: attack paths, effective permissions, findings, effects.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    with ExitStack() as stack:
        how = _How(lambda held: stack.enter_context(executors(held)), progress, cancelled)
        yield from _verified(folder, manifest, snapshot, how, expected)


def _verified(
    folder: Path, manifest: Mapping[str, Any], snapshot: Path | None, how: _How, expected: Mapping[str, str]
) -> Iterator[Result]:
    try:
        review = read_review(folder / "review.json")
    except (OSError, ValueError) as error:
        yield failed(
            "review.json",
            phrase("It does not match its schema: {error}.", error=str(error).splitlines()[0]),
        )
        return
    yield passed("review.json", phrase("It matches its schema."))
    yield passed(
        phrase("review"),
        phrase(
            "{title} ({review}), period {start} to {end}, created {opened}, written {written}, snapshot {snapshot}.",
            **{name: visible(value) or "?" for name, value in subject_of(review.head).items()},
        ),
    )
    for name, value in expected.items():
        if (found := subject_of(review.head)[name]) != value:
            yield failed(
                phrase("expected"),
                phrase("{name} is {found}, not {value}.", name=name, found=visible(found) or "?", value=visible(value)),
            )
    if review.head.review.previous_manifest_sha256 != manifest["previous_manifest_sha256"]:
        yield failed(
            phrase("chain"), phrase("Manifest and review.json refer to different manifests of the previous review.")
        )
    yield from _journal(folder, manifest, review)
    yield from _events_follow(folder, manifest)
    yield from _rules(folder, review)
    yield from _lines(review)
    yield from _clock(folder, review)
    yield from _totals(manifest, review)
    how.go_on()
    document, held = review.head, (yield from _performed_again(folder, review, snapshot, how))
    del review  # rendering needs much memory, and only its head
    yield from _rendered_anew(folder, manifest, document, held, how.cancelled)


def subject_of(document: ReviewDocument) -> dict[str, str]:
    """Return what a package says that it is of, by the names that can be expected of it."""
    about = document.review
    return {
        "review": about.id,
        "title": about.title,
        "start": about.details.get("period_start", ""),
        "end": about.details.get("period_end", ""),
        "opened": about.opened_utc[:10],
        "written": document.generated_utc[:10],
        "snapshot": document.integrity.snapshot_sha256,
    }


def _rendered_anew(
    folder: Path, manifest: Mapping[str, Any], document: ReviewDocument, held: _Held | None, cancelled: Cancelled
) -> Iterator[Result]:
    try:
        entries = tuple(entries_in(folder))
        events = tuple(events_in(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return  # journal or events cannot be read, which another check reports
    versions = _versions(document)
    if held is None or not document.sources:  # None if the package was written without the snapshot
        yield from render_anew(folder, manifest, document, entries, events, None, versions, cancelled=cancelled)
    else:
        used = (document, entries, events, held.evaluator, versions, held.workers)
        results = [*render_anew(folder, manifest, *used, held.take_findings(), cancelled=cancelled)]
        if held.is_earlier and any(one.outcome is Outcome.FAILED for one in results):
            yield from render_anew(folder, manifest, *used, cancelled=cancelled)
        else:
            yield from results


def entries_in(folder: Path) -> Iterator[Entry]:
    """Yield the journal of a package, not verified."""
    with (folder / JOURNAL).open(encoding="utf-8", errors="surrogatepass") as lines:
        for text in lines:
            yield entry_from_json(json.loads(text))


def events_in(folder: Path) -> Iterator[Event]:
    """Yield the events of a package, not verified."""
    with (folder / EVENTS).open(encoding="utf-8", errors="surrogatepass") as lines:
        for text in lines:
            yield event_from_json(json.loads(text))


def _events_follow(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Result]:
    name = phrase("events")
    try:
        events = tuple(events_in(folder))
        broken = broken_event(events)
    except (OSError, ValueError, KeyError, TypeError):
        yield failed(name, phrase("It cannot be read."))
        return
    last = events[-1].sha256 if events else ""
    if broken is not None:
        yield failed(name, phrase("Event {broken} was changed, or events are missing.", broken=broken))
    elif (last, len(events)) != (manifest["events_sha256"], manifest["events"]):
        yield failed(name, phrase("Number or digest of the last event is not the one in the manifest."))
    else:
        yield passed(name, phrase("{count:,} events, each chained to the previous one.", count=len(events)))


def _rules(folder: Path, review: ReadReview) -> Iterator[Result]:
    """Check the rules for decisions again: own access, second approval, order, time."""
    name = phrase("rules")
    head = _head(review)
    if RECOVERED_FROM in head.details:
        yield Result(
            phrase("recovery"),
            Outcome.NOT_DONE,
            phrase(
                "The review was recovered from a damaged file. Lost: {lost}",
                lost=visible(str(head.details.get(LOST_PARTS) or phrase("nothing that is known."))),
            ),
            remark=Remark.RECOVERED,
        )
    if not head.has_genesis:
        why = phrase("The review was recovered from a damaged file: its journal is not bound to what is reviewed.")
        yield Result(name, Outcome.NOT_DONE, why)
        return
    ledger = Ledger(
        ItemStates({one.line_id: FrozenItem(one.line_sha256, one.holder_arn) for one in review.lines}, LINE_CHOICES),
        ItemStates(
            {one.finding_id: FrozenItem(one.finding_sha256, one.subject_arn) for one in review.findings},
            FINDING_CHOICES,
        ),
    )
    own = OwnAccessFinder([one.own for one in review.lines], review.population)
    try:
        broken = [
            f"{one.place}: {one.sentence}"
            for one in broken_rules(head, ledger, entries_in(folder), [*events_in(folder)], own)
        ]
        own_access = _own_access(folder, head, ledger, own)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield failed(name, phrase("It cannot be read."))
        return
    if broken:
        yield failed(
            name,
            phrase("Rules broken: {count:,}. {names}", count=len(broken), names=join_messages(" ", broken[:MAX_NAMES])),
        )
    else:
        tiers = ", ".join(map(str, sorted(second_approval_tiers(head.details))))
        wanted = phrase("Second approval required for: exceptions, tier {tiers}.", tiers=tiers)
        if not tiers:
            wanted = phrase("Second approval required for: exceptions alone.")
        in_order = phrase("Second approval, order and time of all decisions are as required.")
        yield passed(name, join_messages(" ", [in_order, wanted]))
        yield own_access


def _clock(folder: Path, review: ReadReview) -> Iterator[Result]:
    """Compare when a package says it was written with what it holds, and with now: a clock may have been wrong."""
    written = datetime.fromisoformat(review.head.generated_utc)
    name = phrase("clock")
    data = action_data_day(review.head.tool.action_data_version)
    if data is not None and data > written.date():
        yield failed(
            name,
            phrase(
                "The package says that it was written on {written}, but uses AWS action data of {day}.",
                written=written.date(),
                day=data,
            ),
        )
    if written > datetime.now(UTC) + CLOCKS:
        yield failed(
            name,
            phrase(
                "The package says that it was written on {written}: that day is in the future.", written=written.date()
            ),
        )
    parts = [(one.origin.moment, one.moment) for one in entries_in(folder) if one.origin is not None]
    signed = [(one.details["signed"], one.moment) for one in events_in(folder) if one.details.get("signed")]
    parts += [(kept["signoff"]["utc"], moment) for kept, moment in signed]
    timed = [(datetime.fromisoformat(made), datetime.fromisoformat(merged)) for made, merged in parts]
    if after := [made for made, merged in timed if made > merged + CLOCKS]:
        yield failed(
            name,
            phrase(
                "Decisions and signatures of parts dated after they were merged: {count:,}, the last of {last}.",
                count=len(after),
                last=max(after).date(),
            ),
        )
    moments = [*(one.moment for one in entries_in(folder)), *(one.moment for one in events_in(folder))]
    late = [one for one in moments if datetime.fromisoformat(one) > written + CLOCKS]
    if late:
        yield failed(
            name,
            phrase(
                "Decisions and events after {written}, when the package says that it was written: {count:,}, the last "
                "of {last}.",
                written=written.date(),
                count=len(late),
                last=max(late)[:10],
            ),
        )


def _data_before_review(held: Snapshot, opened: datetime) -> Iterator[Result]:
    """Yield a failure if the snapshot has data of a time after the review was made of it."""
    if held.latest is not None and held.latest > opened + CLOCKS:
        yield failed(
            phrase("clock"),
            phrase(
                "The review says that it was made on {opened}, but its snapshot has data of {day}.",
                opened=opened.date(),
                day=held.latest.date(),
            ),
        )


def _own_access(folder: Path, head: Head, ledger: Ledger, own: OwnAccessFinder) -> Result:
    """Say how far reviewers' own access is known, and who decided on access of a person of the same name."""
    holders = {item: one.holder_arn for known in (ledger.lines, ledger.findings) for item, one in known.known.items()}
    people = people_of(head.details)
    found = own_access_of(entries_in(folder), own.by_subject(holders, people), people)
    sentences = [
        phrase(
            "No reviewer decided on a principal stated as their own. Own access is known only as far as "
            "reviewers stated it: {stated:,} of {count:,} did.",
            stated=len(found.stated),
            count=len(found.stated) + len(found.not_stated),
        )
    ]
    if any(one.origin is not None and one.identities for one in entries_in(folder)):
        sentences.append(phrase("By groups and trust policies, decisions that came from parts are not checked."))
    if people is None:
        sentences.append(phrase("There is no list of people to compare names with."))
    elif not found.same_names:
        sentences.append(phrase("No reviewer has the name of a person whose access they decided on."))
    sentences += [
        phrase(
            "{name} decided on or approved items of a person of the same or a similar name: {count:,} ({principals}).",
            name=visible(one.reviewer),
            count=one.items,
            principals=join_names(one.principals, MAX_NAMES, last=","),
        )
        for one in found.same_names
    ]
    return passed(phrase("own access"), join_messages(" ", sentences))


def _head(review: ReadReview) -> Head:
    """Return the head of the review, with the digest of what is reviewed computed again."""
    head = head_of(review.head)
    if not head.has_genesis:
        return head
    members = [
        [at, one.arn, one.account_id, one.kind, int(one.in_scope), one.out_reason]
        for at, one in enumerate(review.population)
    ]
    seals = {
        FROZEN: frozen_sha256(head_rows(head), members),
        ITEMS: items_sha256(
            ((one.line_id, one.line_sha256) for one in review.lines),
            ((one.finding_id, one.finding_sha256) for one in review.findings),
        ),
    }
    return replace(head, genesis=genesis_of(seals))


def _journal(folder: Path, manifest: Mapping[str, Any], review: ReadReview) -> Iterator[Result]:
    name = phrase("journal")
    try:
        head = _head(review)
        start = head.journal_start
        if (manifest["genesis_sha256"] or "") != head.genesis:
            yield failed(name, phrase("The manifest names another digest of what is reviewed."))
            return
        broken = broken_at(entries_in(folder), start)
        if broken is not None:
            yield failed(name, phrase("Entry {broken} was changed, or entries are missing.", broken=broken))
            return
        current: dict[str, str] = {}
        seen: dict[str, str] = {}
        last = start
        count = 0
        for entry in entries_in(folder):
            current[entry.line_id] = decision_sha256(as_json(entry.after))
            seen[entry.line_id] = entry.line_sha256
            last = entry.sha256
            count += 1
    except (OSError, ValueError, KeyError, TypeError):
        yield failed(name, phrase("It cannot be read."))
        return
    integrity = review.head.integrity
    ends = {
        (integrity.journal_sha256, integrity.journal_entries),
        (manifest["journal_sha256"], manifest["journal_entries"]),
    }
    if ends != {(last, count)}:
        yield failed(name, phrase("Its last entry or number of entries is not the one in review.json and manifest."))
        return
    undecided = decision_sha256(as_json(UNDECIDED))
    wrong = [
        subject_id
        for subject_id, sha256, decision in (
            *((one.line_id, one.line_sha256, one.decision_sha256) for one in review.lines),
            *((one.finding_id, one.finding_sha256, one.decision_sha256) for one in review.findings),
        )
        if decision != current.get(subject_id, undecided) or seen.get(subject_id, sha256) != sha256
    ]
    if wrong:
        yield failed(name, listed(mark("Decisions that do not follow from it: {count:,} ({names})."), wrong))
    else:
        yield passed(
            name,
            phrase("{count:,} entries, each chained to the previous one; they lead to all decisions.", count=count),
        )


def _lines(review: ReadReview) -> Iterator[Result]:
    bad = [line.line_id for line in review.lines if not line.is_sound]
    if bad:
        yield failed(phrase("entitlements"), listed(mark("Changed entitlements: {count:,} ({names})."), bad))
    else:
        yield passed(
            phrase("entitlements"), phrase("{count:,} entitlements agree with their digests.", count=len(review.lines))
        )
    bad = [one.finding_id for one in review.findings if not one.is_sound]
    if bad:
        yield failed(phrase("findings"), listed(mark("Changed findings: {count:,} ({names})."), bad))
    else:
        yield passed(
            phrase("findings"), phrase("{count:,} findings agree with their digests.", count=len(review.findings))
        )


def _totals(manifest: Mapping[str, Any], review: ReadReview) -> Iterator[Result]:
    document = review.head
    choices = Counter(line.choice for line in review.lines)
    counts = manifest["counts"]
    differing = []
    stated = document.completeness.counts
    on_findings = Counter(one.choice for one in review.findings)
    for what, found_choices, stated_choices in (
        ("decisions", choices, counts["by_decision"]),
        ("decisions on findings", on_findings, counts["findings_by_decision"]),
    ):
        if +found_choices != +Counter(stated_choices):
            differing.append(phrase("{counts} in review.json and in the manifest", counts=what))
    if {**stated, "verdicts": counts["verdicts"]} != counts:
        differing.append(phrase("counts in review.json and in the manifest"))
    differing += [
        phrase("{counts} in review.json", counts=name)
        for name in ("population", "entitlements", "findings")
        if review.counts[name] != counts[name]
    ]
    if differing:
        yield failed(phrase("counts"), phrase("They differ: {differing}.", differing=join_messages("; ", differing)))
    else:
        yield passed(phrase("counts"), phrase("Manifest and review.json have the same counts."))
    disagreeing = [one.name for one in document.completeness.totals if not one.ok]
    if disagreeing:
        yield noted(  # the package says so itself: what was captured is not all, and nothing was changed
            phrase("control totals"),
            listed(mark("Totals that differ: {count:,} ({names})."), disagreeing),
        )
    else:
        yield passed(phrase("control totals"), phrase("{count:,} agree.", count=len(document.completeness.totals)))


def _performed_again(
    folder: Path, review: ReadReview, snapshot: Path | None, how: _How
) -> Generator[Result, None, _Held | None]:
    """Yield the checks against the snapshot; return it as of the package's time; None without snapshot."""
    document = review.head
    source = snapshot or next(iter(sorted((folder / SOURCE).glob("*"))), None)
    if source is None:
        yield Result(
            phrase("quoted decisions"),
            Outcome.NOT_DONE,
            phrase("The package contains no snapshot: give it with --snapshot."),
        )
        return None
    try:
        held = load_snapshot(source, progress=how.progress, cancelled=how.cancelled)
    except SnapshotError as error:
        if snapshot is not None:
            raise
        yield failed("snapshot", f"{error}.")
        return None
    if held.sha256 != document.integrity.snapshot_sha256:
        yield failed(phrase("snapshot"), phrase("It is not the snapshot of the review."))
        return None
    if snapshot is None:
        sentence = phrase("SHA-256 {hash}; it is the copy in the package.", hash=held.sha256)
        yield passed("snapshot", sentence, Remark.OWN_SNAPSHOT)
    else:
        sentence = phrase("SHA-256 {hash}; it is the one that was given.", hash=held.sha256)
        yield passed("snapshot", sentence, Remark.GIVEN_SNAPSHOT)
    # Statements may depend on the time: each request is evaluated as of the time of its first evaluation.
    opened, written = (datetime.fromisoformat(text) for text in (document.review.opened_utc, document.generated_utc))
    used = how.executor(held)
    workers = None if used is None else Workers(used, held)
    yield from _data_before_review(held, opened)
    first = Evaluator(held, now=lambda: opened)
    findings = yield from _lines_again(first, review, None if workers is None else workers.as_of(opened), how)
    evaluator = Evaluator(held, lambda: written, first.index.documents)
    is_earlier = False
    if opened == written or not mentions_time(held):  # then it gives the same at both times
        evaluator = first
    else:
        first.forget_access()
        is_earlier = findings is not None and is_same_at(held, opened, written)
        if not is_earlier:
            findings = None
        del first
    as_written = None if workers is None else workers.as_of(evaluator.now())
    yield _decisions_again(evaluator, folder, document, as_written, how)
    return _Held(evaluator, as_written, findings, is_earlier)


def _lines_again(
    evaluator: Evaluator, review: ReadReview, workers: Workers | None, how: _How
) -> Generator[Result, None, tuple[Finding, ...] | None]:
    """Compute entitlements (effective permissions, attack paths), population and findings again, and compare them.

    Return the findings; None if they could not be computed.
    """
    try:
        exclusions = exclusions_from(review.head.review.details)
    except (TypeError, ValueError):
        yield failed(phrase("entitlements re-performed"), phrase("The exclusions of the review cannot be read."))
        return None
    try:
        settings = settings_of(review.head.review.details)
    except ValueError:
        message = phrase("The settings of the checks in the review cannot be read.")
        yield failed(phrase("findings re-performed"), message)
        return None
    lazy = LazyAttackPathGraph(evaluator)
    reach = lazy(how.progress, how.cancelled, workers)
    scope = review_scope(evaluator, how.progress, how.cancelled, reach, workers)
    whole = limited(scope, (), exclusions).scope
    part_of = review.head.review.details.get(PART_OF)
    lines = dict(_lines_of(evaluator, whole, workers, how))
    # Findings come after effects, digests are kept in place of both: each needs hundreds of megabytes of its own.
    scope = Scope(scope.population, tuple(replace(line, evidence={}) for line in scope.lines))
    del whole
    evaluator.forget_access()
    again_found = found_again(evaluator, lazy, workers, how.progress, how.cancelled, settings=settings)
    found = tuple(again_found)
    again = limited(scope, frozen_findings(found), exclusions)
    notes = notes_as_text(again.notes)
    if part_of is not None:
        items = {one.line_id for one in review.lines} | {one.finding_id for one in review.findings}
        again = limited_to_part(again, items)
        lines = {name: sha256 for name, sha256 in lines.items() if name in items}
    findings = {str(one["finding_id"]): digest(one) for one in again.findings}
    population = {each.arn: repr(each) for each in again.scope.population}
    del scope, again
    yield from _people_again(evaluator, reach, review)
    if part_of is not None:
        yield Result(
            phrase("part"),
            Outcome.NOT_DONE,
            phrase(
                "This is the package of a part of review {review}: only the package of that review shows that all "
                "items are reviewed.",
                review=visible(part_of),
            ),
        )
    yield _comparison(
        phrase("entitlements re-performed"),
        lines,
        {line.line_id: line.snapshot_sha256 for line in review.lines},
        _versions(review.head, of_review=True),
    )
    yield _comparison(
        phrase("population re-performed"),
        population,
        {each.arn: repr(each) for each in review.population},
        _versions(review.head, of_review=True),
    )
    yield _comparison(
        phrase("findings re-performed"),
        findings,
        {one.finding_id: one.snapshot_sha256 for one in review.findings},
        _versions(review.head, of_review=True),
    )
    frozen_notes = review.head.review.details.get(NOTES, "[]")
    yield _notes_again(notes, frozen_notes, _versions(review.head, of_review=True))
    return found


def _notes_again(again: str, frozen: str, versions: str) -> Result:
    """Compare the notes on what was not captured (JSON texts), which are no items of the review."""
    name = phrase("missing data re-performed")
    try:
        return _comparison(name, _note_digests(again), _note_digests(frozen), versions)
    except (ValueError, KeyError, TypeError):
        return failed(name, phrase("It cannot be read."))


def _note_digests(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in json.loads(text):
        found[str(one["finding_id"])] = digest([found.get(str(one["finding_id"]), ""), one])
    return found


def _lines_of(evaluator: Evaluator, scope: Scope, workers: Workers | None, how: _How) -> Iterator[tuple[str, str]]:
    """Yield ID and digest of each item of a review; of a part, too, effects are those among the items of the whole."""
    for number, effect in each_effect(evaluator, scope, workers, how.progress, how.cancelled):
        line = with_effect(scope.lines[number], effect)
        yield line.line_id, line.sha256


def _people_again(evaluator: Evaluator, reach: AttackPathGraph, review: ReadReview) -> Iterator[Result]:
    """Join the persons of a review with the snapshot again; the list itself is not in the package."""
    name = phrase("people joined again")
    try:
        people = people_of(review.head.review.details)
        wrong = differing(people, evaluator.snapshot, reach) if people is not None else ()
    except (KeyError, IndexError, TypeError, ValueError, ReviewError):
        yield failed(name, phrase("The list of people cannot be read."))
        return
    if people is None:
        return
    if wrong:
        yield failed(name, listed(mark("Principals joined differently: {count:,} ({names})."), wrong))
    else:
        yield passed(
            name,
            phrase(
                "{count:,} principals have the same values and roles. Compare the list itself with its SHA-256.",
                count=len(people.principals),
            ),
        )


def _comparison(name: str, again: Mapping[str, str], frozen: Mapping[str, str], versions: str) -> Result:
    wrong = sorted(one for one in again.keys() | frozen.keys() if again.get(one) != frozen.get(one))
    if not wrong:
        return passed(name, phrase("{count:,} have the same result.", count=len(again)))
    return failed(
        name,
        nphrase(
            "{count:,} has another result{versions}: {names}.",
            "{count:,} have another result{versions}: {names}.",
            len(wrong),
            versions=versions,
            names=join_names(wrong, MAX_NAMES, last=","),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of quoted decisions."""

    snapshot: SnapshotReference
    before: int
    """Lines before these."""
    texts: tuple[str, ...]


def _decisions_again(
    evaluator: Evaluator, folder: Path, document: ReviewDocument, workers: Workers | None, how: _How
) -> Result:
    try:
        with (folder / "verdicts.jsonl").open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            numbered = [*_numbered(lines)]
    except OSError:
        return failed(phrase("quoted decisions re-performed"), phrase("It cannot be read."))
    count = sum(len(texts) for _, texts in numbered)
    found: Iterable[list[str]]
    if workers is None:
        found = (_wrong(evaluator, *some, how.cancelled) for some in numbered)
    else:
        found = workers.results(
            wrong_decisions,
            [_Lines(workers.reference, *some) for some in numbered],
            progress=how.progress,
            cancelled=how.cancelled,
            here=lambda some, cancelled: _wrong(evaluator, some.before, some.texts, cancelled),
        )
    wrong = [one for some in found for one in some]
    if wrong:
        return failed(
            "quoted decisions re-performed",
            nphrase(
                "{count:,} of {whole:,} has another result{versions}: {names}.",
                "{count:,} of {whole:,} have another result{versions}: {names}.",
                len(wrong),
                whole=count,
                versions=_versions(document),
                names=join_names(wrong, MAX_NAMES, last=","),
            ),
        )
    return passed(phrase("quoted decisions re-performed"), phrase("{count:,} have the same result.", count=count))


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield requests and decisions of quoted lines in pieces, each with the number of lines before it."""
    before = 0
    for texts in batched((_asked_of(line) for line in lines), _QUOTED):
        yield before, texts
        before += len(texts)


def _asked_of(line: str) -> str:
    """Return a quoted line without what is not evaluated again, which is most of it; as it is if it is none."""
    try:
        quoted = json.loads(line)
        return json.dumps({name: value for name, value in quoted.items() if name not in ("result", "documents")})
    except (ValueError, AttributeError, RecursionError):
        return line


def wrong_decisions(lines: _Lines, cancelled: Cancelled) -> list[str]:
    """Return the IDs of quoted decisions that come out otherwise; called in a worker."""
    return _wrong(evaluator_of(lines.snapshot, cancelled), lines.before, lines.texts, cancelled)


def _wrong(evaluator: Evaluator, before: int, texts: Iterable[str], cancelled: Cancelled) -> list[str]:
    wrong: list[str] = []
    for number, text in enumerate(texts, start=before + 1):
        if cancelled():
            raise WorkCancelled
        try:
            quoted = json.loads(text)
            if re_evaluate(evaluator, quoted) != quoted["decision"]:
                wrong.append(str(quoted.get("id")))
        except (RequestError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            wrong.append(phrase("line {number}", number=number))
    return wrong


def _versions(document: ReviewDocument, *, of_review: bool = False) -> str:
    """Return a note if another build of iamdesk, or other action data, gave the results: then they may differ.

    ``of_review``: of what was frozen when the review was made, not of what was worked out for the package.
    """
    tool, details = document.tool, document.review.details
    wrote = (
        (details.get("tool_version", ""), details.get("build", ""), details.get("action_data_version", ""))
        if of_review
        else (tool.version, tool.build, tool.action_data_version)
    )
    here = (tool_version(), build_id(), action_data_version())
    if wrote == here:
        return ""
    return phrase(
        " (written by iamdesk {version}, build {build}, with action data {data}; re-performed by {own_version}, build "
        "{own_build}, with {own_data}: builds may differ in effects, tiers and findings)",
        version=wrote[0] or "?",
        build=wrote[1] or "?",
        data=wrote[2] or "?",
        own_version=here[0],
        own_build=here[1],
        own_data=here[2],
    )
