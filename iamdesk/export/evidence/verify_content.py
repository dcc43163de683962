"""What a pack says is verified: journal, lines, counts, and every quoted verdict asked again of the snapshot."""

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.checks import registry
from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible
from iamdesk.evaluate.request import RequestError
from iamdesk.export.evidence.decisions import re_evaluate
from iamdesk.export.evidence.manifest import SOURCE
from iamdesk.export.evidence.read_json import ReadReview, decision_sha256, read_review
from iamdesk.export.evidence.rendering import render_anew
from iamdesk.export.evidence.result import Outcome, Result, failed, passed
from iamdesk.export.evidence.schema import ReviewDocument
from iamdesk.export.findings.report import action_data_version, ordered, tool_version
from iamdesk.export.new_review import frozen_findings
from iamdesk.i18n import join_messages, join_names, phrase
from iamdesk.review.decisions import UNDECIDED
from iamdesk.review.entitlements import review_scope
from iamdesk.review.journal import GENESIS, Entry, as_json, broken_at, digest, entry_from_json
from iamdesk.review.parts import PART_OF, limited_to_part
from iamdesk.review.schema import JOURNAL_START
from iamdesk.review.scope import exclusions_from, limited
from iamdesk.snapshot.reader import load_snapshot

_MOST_TOLD = 5


def verify_content(folder: Path, manifest: Mapping[str, Any], snapshot: Path | None) -> Iterator[Result]:
    """Yield the checks of what a pack says; its files are as they were written."""
    try:
        review = read_review(folder / "review.json")
    except (OSError, ValueError) as error:
        yield failed(
            "review.json",
            phrase("It is not as its schema says: {error}.", error=str(error).splitlines()[0]),
        )
        return
    yield passed("review.json", phrase("It is as its schema says."))
    if review.head.review.previous_manifest_sha256 != manifest.get("previous_manifest_sha256"):
        yield failed(phrase("chain"), phrase("Manifest and review.json name different manifests of the review before."))
    yield from _journal(folder, manifest, review)
    yield from _lines(review)
    yield from _totals(manifest, review)
    evaluator = yield from _performed_again(folder, review, snapshot)
    yield from _rendered_anew(folder, manifest, review.head, evaluator)


def _rendered_anew(
    folder: Path, manifest: Mapping[str, Any], document: ReviewDocument, evaluator: Evaluator | None
) -> Iterator[Result]:
    try:
        entries = tuple(_entries(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return  # the journal cannot be read, which another check reports
    asked = evaluator if document.sources else None  # written without a snapshot, it says nothing of it
    yield from render_anew(folder, manifest, document, entries, asked, _versions(document))


def _entries(folder: Path) -> Iterator[Entry]:
    with (folder / "09_journal.jsonl").open(encoding="utf-8", errors="surrogatepass") as lines:
        for text in lines:
            yield entry_from_json(json.loads(text))


def _journal(folder: Path, manifest: Mapping[str, Any], review: ReadReview) -> Iterator[Result]:
    name = phrase("journal")
    try:
        start = review.head.review.details.get(JOURNAL_START, GENESIS)
        broken = broken_at(_entries(folder), start)
        if broken is not None:
            yield failed(
                name, phrase("Entry {broken} is not the one that was written, or entries are missing.", broken=broken)
            )
            return
        stands: dict[str, str] = {}
        seen: dict[str, str] = {}
        last = start
        count = 0
        for entry in _entries(folder):
            stands[entry.line_id] = decision_sha256(as_json(entry.after))
            seen[entry.line_id] = entry.line_sha256
            last = entry.sha256
            count += 1
    except (OSError, ValueError, KeyError, TypeError):
        yield failed(name, phrase("It cannot be read."))
        return
    if last != review.head.integrity.journal_sha256 or last != manifest["journal_sha256"]:
        yield failed(name, phrase("Its last entry is not the one that review and manifest name."))
        return
    undecided = decision_sha256(as_json(UNDECIDED))
    wrong = [
        subject_id
        for subject_id, sha256, decision in (
            *((one.line_id, one.line_sha256, one.decision_sha256) for one in review.lines),
            *((one.finding_id, one.finding_sha256, one.decision_sha256) for one in review.findings),
        )
        if decision != stands.get(subject_id, undecided) or seen.get(subject_id, sha256) != sha256
    ]
    if wrong:
        yield failed(
            name,
            phrase(
                "It does not lead to what stands on {count:,} lines or findings: {names}.",
                count=len(wrong),
                names=join_names(wrong, _MOST_TOLD, last=","),
            ),
        )
    else:
        yield passed(
            name, phrase("{count:,} entries, each bound to the one before; they lead to every decision.", count=count)
        )


def _lines(review: ReadReview) -> Iterator[Result]:
    bad = [line.line_id for line in review.lines if not line.is_sound]
    if bad:
        yield failed(
            phrase("lines"),
            phrase(
                "{count:,} lines are not those that were decided on: {names}.",
                count=len(bad),
                names=join_names(bad, _MOST_TOLD, last=","),
            ),
        )
    else:
        yield passed(phrase("lines"), phrase("{count:,} lines, each as its hash says.", count=len(review.lines)))
    bad = [one.finding_id for one in review.findings if not one.is_sound]
    if bad:
        yield failed(
            phrase("findings"),
            phrase(
                "{count:,} findings are not those that were decided on: {names}.",
                count=len(bad),
                names=join_names(bad, _MOST_TOLD, last=","),
            ),
        )
    else:
        yield passed(
            phrase("findings"), phrase("{count:,} findings, each as its hash says.", count=len(review.findings))
        )


def _totals(manifest: Mapping[str, Any], review: ReadReview) -> Iterator[Result]:
    document = review.head
    choices = Counter(line.choice for line in review.lines)
    counts = manifest["counts"]
    differing = []
    told = document.completeness.counts
    on_findings = Counter(one.choice for one in review.findings)
    for what, found_choices, told_choices in (
        ("decisions", choices, counts["by_decision"]),
        ("decisions on findings", on_findings, counts["findings_by_decision"]),
    ):
        if +found_choices != +Counter(told_choices):
            differing.append(phrase("{counts} in review.json and in the manifest", counts=what))
    if {**told, "verdicts": counts["verdicts"]} != counts:
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
        yield failed(
            phrase("control totals"),
            phrase(
                "{count:,} do not agree: {names}.",
                count=len(disagreeing),
                names=join_names(disagreeing, _MOST_TOLD, last=","),
            ),
        )
    else:
        yield passed(phrase("control totals"), phrase("{count:,} agree.", count=len(document.completeness.totals)))


def _performed_again(
    folder: Path, review: ReadReview, snapshot: Path | None
) -> Generator[Result, None, Evaluator | None]:
    """Yield the checks against the snapshot; return the engine as of the pack's writing, where it is the review's."""
    document = review.head
    source = snapshot or next(iter(sorted((folder / SOURCE).glob("*"))), None)
    if source is None:
        yield Result(
            phrase("verdicts"), Outcome.NOT_DONE, phrase("The pack holds no snapshot: name it with --snapshot.")
        )
        return None
    try:
        held = load_snapshot(source)
    except SnapshotError as error:
        if snapshot is not None:
            raise
        yield failed("snapshot", f"{error}.")
        return None
    if held.sha256 != document.integrity.snapshot_sha256:
        yield failed(phrase("snapshot"), phrase("It is not the one that the review is of."))
        return None
    yield passed("snapshot", f"SHA-256 {held.sha256}")
    # Statements may hang on the day: each question is asked as of the moment at which it was asked first.
    opened, written = (datetime.fromisoformat(text) for text in (document.review.opened_utc, document.generated_utc))
    yield from _lines_again(Evaluator(held, now=lambda: opened), review)
    evaluator = Evaluator(held, now=lambda: written)
    yield _verdicts_again(evaluator, folder, document)
    return evaluator


def _lines_again(evaluator: Evaluator, review: ReadReview) -> Iterator[Result]:
    """Re-perform every entitlement (what each holder can do, and can become), the population and every finding."""
    try:
        exclusions = exclusions_from(review.head.review.details)
    except (TypeError, ValueError):
        yield failed(phrase("lines performed again"), phrase("What the review leaves out cannot be read."))
        return
    reach = LazyAttackPathGraph(evaluator)()
    findings = tuple(frozen_findings(ordered(registry.run(evaluator, reach=lambda *_args, **_kwargs: reach))))
    again = limited(review_scope(evaluator, escalations=reach), findings, exclusions)
    part_of = review.head.review.details.get(PART_OF)
    if part_of is not None:
        items = {one.line_id for one in review.lines} | {one.finding_id for one in review.findings}
        again = limited_to_part(again, items)
        yield Result(
            phrase("part"),
            Outcome.NOT_DONE,
            phrase(
                "This is the package of a part of {review}: that every item is in a part, only that review shows.",
                review=visible(part_of),
            ),
        )
    yield _come_out(
        phrase("lines performed again"),
        {line.line_id: line.sha256 for line in again.scope.lines},
        {line.line_id: line.snapshot_sha256 for line in review.lines},
        _versions(review.head),
    )
    yield _come_out(
        phrase("population performed again"),
        {each.arn: repr(each) for each in again.scope.population},
        {each.arn: repr(each) for each in review.population},
        _versions(review.head),
    )
    yield _come_out(
        phrase("findings performed again"),
        {str(one["finding_id"]): digest(one) for one in again.findings},
        {one.finding_id: one.snapshot_sha256 for one in review.findings},
        _versions(review.head),
    )


def _come_out(name: str, again: Mapping[str, str], frozen: Mapping[str, str], versions: str) -> Result:
    wrong = sorted(one for one in again.keys() | frozen.keys() if again.get(one) != frozen.get(one))
    if not wrong:
        return passed(name, phrase("{count:,} come out the same.", count=len(again)))
    return failed(
        name,
        phrase(
            "{count:,} come out otherwise{versions}: {names}.",
            count=len(wrong),
            versions=versions,
            names=join_names(wrong, _MOST_TOLD, last=","),
        ),
    )


def _verdicts_again(evaluator: Evaluator, folder: Path, document: ReviewDocument) -> Result:
    wrong: list[str] = []
    count = 0
    try:
        texts = (folder / "verdicts.jsonl").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return failed(phrase("verdicts performed again"), phrase("It cannot be read."))
    for text in texts.removesuffix("\n").split("\n") if texts else ():
        count += 1
        try:
            quoted = json.loads(text)
            if re_evaluate(evaluator, quoted) != quoted["decision"]:
                wrong.append(str(quoted.get("id")))
        except (RequestError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            wrong.append(phrase("line {number}", number=count))
    if wrong:
        return failed(
            "verdicts performed again",
            phrase(
                "{count:,} of {whole:,} come out otherwise{versions}: {names}.",
                count=len(wrong),
                whole=count,
                versions=_versions(document),
                names=join_names(wrong, _MOST_TOLD, last=","),
            ),
        )
    return passed(phrase("verdicts performed again"), phrase("{count:,} come out the same.", count=count))


def _versions(document: ReviewDocument) -> str:
    """Say that another iamdesk, or other action data, asked: then answers may differ without anybody's fault."""
    wrote = (document.tool.version, document.tool.action_data_version)
    here = (tool_version(), action_data_version())
    if wrote == here:
        return ""
    return phrase(
        " (written by iamdesk {version} with action data {data}, asked by {own_version} with {own_data})",
        version=wrote[0],
        data=wrote[1],
        own_version=here[0],
        own_data=here[1],
    )
