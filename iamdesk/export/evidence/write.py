"""Writes a package with all its files, atomically."""

import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.durable import sync_folder, sync_tree
from iamdesk.export.evidence import columns
from iamdesk.export.evidence.columns import Cell, Column, entitlement_columns
from iamdesk.export.evidence.context import EvidenceContext, is_machine, is_third
from iamdesk.export.evidence.control_totals import Total, totals
from iamdesk.export.evidence.csv_writer import CsvSheet
from iamdesk.export.evidence.decisions import verdicts
from iamdesk.export.evidence.manifest import (
    EVENTS,
    MANIFEST,
    PEOPLE,
    SIGNOFFS,
    SOURCE,
    STATEMENTS,
    SUMS,
    TABLES,
    evidence_sha256,
    files_of,
    hash_of,
    manifest_bytes,
    sums_text,
)
from iamdesk.export.evidence.previous_decisions import line_changes
from iamdesk.export.evidence.remediation import REMEDIATION, TO_DO, task_of, tested, ticket_columns
from iamdesk.export.evidence.remediation_commands import remediation_script
from iamdesk.export.evidence.report import (
    COMPLETENESS_TITLE,
    INTEGRITY_TITLE,
    METHOD_TITLE,
    RESULT_TITLE,
    REVIEWERS_TITLE,
    SCOPE_TITLE,
    SOURCE_TITLE,
    TIME_TITLE,
    annex_of,
    statement_of,
)
from iamdesk.export.evidence.report_html import render_html
from iamdesk.export.evidence.report_model import Statement, Table
from iamdesk.export.evidence.report_pdf import render_pdf
from iamdesk.export.evidence.report_sample import ReportSample
from iamdesk.export.evidence.review_json import write_review_json
from iamdesk.export.evidence.tables import TableFacts, tables_page, tables_value
from iamdesk.export.evidence.workbook import ENTITLEMENTS_SHEET, FINDINGS_SHEET, Headings, PageRow, Sheet, Workbook
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.findings import asff_file, ocsf_file, sarif_file
from iamdesk.export.findings.report import build_report
from iamdesk.export.text.review import is_privileged
from iamdesk.i18n import phrase
from iamdesk.private_files import PART, make_private, remove_leftovers
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.review.close_out import last_removals
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.journal import canonical
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.tickets import ticket_states
from iamdesk.work.workers import Workers

REPORTS = {
    "findings.sarif": sarif_file.pieces,
    "findings.ocsf.jsonl": ocsf_file.pieces,
    "findings.asff.json": asff_file.pieces,
}
"""Findings reports for other tools, written piece by piece."""
_MAX_QUOTED = 8


def write_package(
    review: ReviewFile,
    into: Path,
    *,
    evaluator: Evaluator | None,
    generated_at: datetime | None = None,
    with_source: bool = True,
    cancelled: Cancelled = never_cancelled,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Write the evidence package of a review to a new folder, or to a zip archive if ``into`` ends in ``.zip``.

    Args:
        review: The review.
        into: Path of the package; must not exist.
        evaluator: Evaluator over the snapshot of the review; None: no decisions are quoted, and the statement says so.
        generated_at: The time stated in the package; the same review and time give the same bytes.
        with_source: Whether to copy the snapshot into the package, so that it can be verified without other files.
        cancelled: Checked regularly.
        executor: Runs the checks, too; None: this process alone.
        progress: Called while attack paths and findings are found.

    Raises:
        ExportError: ``into`` exists or cannot be written, or the snapshot is not that of the review.
        WorkCancelled: ``cancelled`` returned True; then nothing is written.
        WorkError: the executor cannot do it; one sentence.
    """
    if into.exists():
        raise ExportError(phrase("{into} already exists: choose another name for the evidence package", into=into))
    if evaluator is not None and not review.is_of(evaluator.snapshot.sha256):
        raise ExportError(phrase("{name} is not the snapshot of the review", name=evaluator.snapshot.path.name))
    workers = None
    if executor is not None and evaluator is not None:
        workers = Workers(executor, evaluator.snapshot).as_of(evaluator.now())
    now = generated_at or datetime.now(UTC)
    source = EvidenceContext(review, evaluator, now, cancelled, workers, progress=progress)
    try:
        beside, prefix = into.absolute().parent, f".{into.name[:40]}."
        remove_leftovers(beside, prefix)
        with tempfile.TemporaryDirectory(suffix=PART, prefix=prefix, dir=beside) as making:
            folder = Path(making) / "pack"
            folder.mkdir()
            _write_all(folder, source, with_source=with_source)
            make_private(folder)
            made = folder
            if into.suffix.lower() == ".zip":
                archive = Path(making) / "pack.zip"
                _zip(folder, archive, into.stem, source.generated_at)
                make_private(archive)
                made = archive
            sync_tree(made)
            made.rename(into)
            sync_folder(into.absolute().parent)
    except OSError as error:
        raise ExportError(
            phrase("{into} cannot be written: {reason}", into=into, reason=error.strerror or error)
        ) from error
    return into


def _write_all(folder: Path, source: EvidenceContext, *, with_source: bool) -> None:
    written = write_data(folder, source)
    if with_source and source.evaluator is not None:
        _copy_source(folder / SOURCE, source)
    hashes = [hash_of(folder, file) for file in files_of(folder)]
    for name, content in written.statements(evidence_sha256(hashes)):
        (folder / name).write_bytes(content)
        hashes.append(hash_of(folder, folder / name))
    manifest = manifest_bytes(written.about, hashes)
    (folder / MANIFEST).write_bytes(manifest)
    (folder / SUMS).write_text(sums_text(hashes, manifest), encoding="utf-8", newline="\n")
    (folder / SIGNOFFS).write_bytes(canonical([]))


@dataclass(frozen=True, slots=True)
class Written:
    """The written data of a package; the statements are made once its digest is known."""

    about: Mapping[str, Any]
    """The manifest without its files."""
    _statements: Callable[[str], tuple[Statement, ...]]

    def statements(self, evidence: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and content of statement and annex, which contain the digest ``evidence``."""
        made = self._statements(evidence)
        printed = (render(one) for one in made for render in (render_html, render_pdf))
        yield from zip(STATEMENTS, printed, strict=True)


def write_data(folder: Path, source: EvidenceContext) -> Written:
    """Write the data files of a package, without the copy of the snapshot."""
    found = tuple(totals(source))
    kept = ReportSample(source)
    path = folder / "verdicts.jsonl"
    with _beside(source, partial(_write_decisions, path, source, kept)) as quote:
        _write_rest(folder, source, found, kept)
        quoted = quote()
    source.forget_findings()
    return Written(
        _about(source, quoted),
        lambda evidence: (statement_of(source, found, kept, evidence), annex_of(source, kept, evidence)),
    )


@contextmanager
def _beside[T](
    source: EvidenceContext, work: Callable[[Cancelled, Callable[[], bool]], T]
) -> Iterator[Callable[[], T]]:
    """Yield a function that returns the result of ``work``, which is given whether this process is free to help.

    With workers it is done in a thread: they have tasks of it while this process writes other files.
    """
    if source.workers is None:
        done = work(source.cancelled, lambda: True)
        yield lambda: done
        return
    _ = source.findings_are_same  # workers find them, too: first, and in this thread, which has the review open
    left, waiting = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        begun = thread.submit(work, lambda: left.is_set() or source.cancelled(), waiting.is_set)

        def result() -> T:
            waiting.set()
            return begun.result()

        try:
            yield result
        finally:
            left.set()


def _write_rest(folder: Path, source: EvidenceContext, found: Sequence[Total], kept: ReportSample) -> None:
    """Write the data files other than the quoted decisions."""
    changes = tuple(line_changes(source.review))
    _write_tables(folder, source, statement_of(source, found, kept, "in the manifest"), found, changes)
    _write_journal(folder / "09_journal.jsonl", source)
    _write_events(folder / EVENTS, source)
    script = remediation_script(
        source.review.head.review_id,
        source.rows_with(ReviewDecision.REVOKE),
        source.findings(),
        source.completion.sentence,
        source.relying,
    )
    (folder / "remediation.sh").write_text("\n".join(script) + "\n", encoding="utf-8", newline="\n")
    _write_reports(folder, source)


def _about(source: EvidenceContext, quoted: int) -> dict[str, Any]:
    head, events = source.review.head, source.review.events()
    return {
        "review_id": head.review_id,
        "generated_utc": source.generated_utc,
        "tool": {"name": "iamdesk", "version": source.tool_version, "build": source.build},
        "snapshot_sha256": head.snapshot_sha256,
        "genesis_sha256": head.genesis or None,
        "journal_sha256": source.review.journal_sha256,
        "journal_entries": sum(1 for _ in source.review.journal()),
        "events_sha256": events[-1].sha256 if events else "",
        "events": len(events),
        "previous_review_id": head.details.get("previous_review") or None,
        "previous_manifest_sha256": head.previous_sha256 or None,
        "status": source.completion.status,
        "counts": {**source.counts.as_json(), "verdicts": quoted},
    }


def _write_tables(
    folder: Path,
    source: EvidenceContext,
    statement: Statement,
    found: Sequence[Total],
    changes: Sequence[columns.LineChange],
) -> None:
    """Write CSV files, workbook and review.json; each item is read once."""
    head = source.review.head
    written: list[tuple[str, str, _Table[Any] | CsvSheet[Any]]] = []
    with ExitStack() as stack:
        workbook = Workbook(
            folder / "review.xlsx",
            head.review_id,
            head.snapshot_sha256,
            source.generated_at,
            is_draft=source.is_draft,
        )
        stack.callback(workbook.close)
        for name, texts in _pages(statement):
            workbook.page(name, texts)

        def table[Row](sheet: str, csv: str, wanted: Sequence[Column[Row]], *, fillable: bool = False) -> "_Table[Row]":
            stated = source.with_status(wanted)
            file = stack.enter_context(CsvSheet(folder / csv, stated))
            made = _Table(workbook.sheet(sheet, stated, fillable=fillable), file, stated)
            written.append((csv, sheet, made))
            return made

        population = table("Population", "02_population.csv", columns.POPULATION)
        wanted = entitlement_columns(source.people)
        lines = table(ENTITLEMENTS_SHEET, "03_entitlements.csv", wanted, fillable=True)
        privileged = workbook.sheet("Privileged", source.entitlement_columns)
        third = workbook.sheet("Third parties", source.entitlement_columns)
        machines = workbook.sheet("Machines", source.entitlement_columns)
        findings = table(FINDINGS_SHEET, "04_findings.csv", columns.FINDINGS, fillable=True)
        exceptions = table("Exceptions", "05_exceptions.csv", columns.EXCEPTIONS)
        changed = table("Changes", "06_changes.csv", columns.CHANGES)
        todo = table("Remediation", "07_remediation.csv", REMEDIATION)
        workbook.page("Sign-off", _signoff_page(source))
        workbook.page("Glossary", [Headings(("Term", "Meaning")), *columns.GLOSSARY])
        people = table("People", PEOPLE, columns.PERSONS) if source.people is not None else None
        tickets = stack.enter_context(CsvSheet(folder / "tickets.csv", ticket_columns(is_draft=source.is_draft)))
        written.append(("tickets.csv", "", tickets))
        for member in source.review.population():
            population.write(member)
        for change in changes:
            changed.write(change)
        open_ids = frozenset(source.review.open_lines(source.today))
        if source.people is not None and people is not None:
            for person in columns.person_rows(source.people, source.rows(), open_ids):
                people.write(person)

        closed = {
            item: at for item, (outcome, at) in last_removals(source.review.events()).items() if outcome.is_closed
        }

        states = ticket_states(source.review.events())

        def take(row: columns.DecidedLine | columns.DecidedFinding) -> None:
            if row.decision.choice is ReviewDecision.EXCEPT:
                exceptions.write(columns.excepted(row, source.today))
            if row.decision.choice in TO_DO:
                task = task_of(row, source.relying)
                if row.decision.choice is ReviewDecision.REVOKE:
                    task = replace(task, closed_utc=closed.get(task.subject_id, ""))
                if (state := states.get(task.subject_id)) is not None:
                    day = state.closed.isoformat() if state.closed else ""
                    number = task.ticket or state.ticket
                    task = replace(task, ticket=number, ticket_state=state.state, ticket_closed=day)
                todo.write(task)
                tickets.write(task)

        def rows() -> Iterator[columns.DecidedLine]:
            for row in source.rows():
                cells = columns.cells_of(source.entitlement_columns, row)
                lines.write_cells(cells)
                if is_privileged(row.line) == "yes":
                    privileged.write_cells(cells)
                if is_third(row):
                    third.write_cells(cells)
                if is_machine(row):
                    machines.write_cells(cells)
                take(row)
                yield row

        def found_rows() -> Iterator[columns.DecidedFinding]:
            for row in source.findings():
                findings.write(row)
                take(row)
                yield row

        write_review_json(folder / "review.json", source, found, rows(), found_rows(), changes)
        for task in tested(source.review):
            todo.write(task)
        facts = tuple(TableFacts(csv, sheet, one.count, one.names) for csv, sheet, one in written)
        workbook.page("Tables", tables_page(source, facts))
    (folder / TABLES).write_bytes(canonical(tables_value(folder, source, facts)))


@dataclass(frozen=True, slots=True)
class _Table[Row]:
    """A table in the workbook and as CSV."""

    sheet: Sheet[Row]
    csv: CsvSheet[Row]

    columns: Sequence[Column[Row]]

    @property
    def count(self) -> int:
        return self.csv.count

    @property
    def names(self) -> tuple[str, ...]:
        return self.csv.names

    def write(self, row: Row) -> None:
        self.write_cells(columns.cells_of(self.columns, row))

    def write_cells(self, cells: Sequence[Cell]) -> None:
        self.sheet.write_cells(cells)
        self.csv.write_cells(cells)


def _pages(statement: Statement) -> Iterator[tuple[str, list[PageRow]]]:
    """Yield the first sheets of the workbook: the first sections of the statement."""
    by_title = {section.title: section for section in statement.sections}
    wanted = {
        "Cover": (COMPLETENESS_TITLE, REVIEWERS_TITLE, TIME_TITLE, RESULT_TITLE, INTEGRITY_TITLE),
        "Scope & sources": (SCOPE_TITLE, SOURCE_TITLE, METHOD_TITLE),
        "Completeness": (COMPLETENESS_TITLE,),
    }
    for name, titles in wanted.items():
        rows: list[PageRow] = [(statement.title,), (f"Review {statement.review_id}",), ("",)]
        for title in titles:
            rows.append((title,))
            for block in by_title[title].blocks:
                if isinstance(block, Table):
                    rows += [Headings(block.headings), *block.rows, ("",)]
                else:
                    rows += [("", block.text)]
        yield name, rows


def _signoff_page(source: EvidenceContext) -> list[PageRow]:
    return [
        ("Sign-off",),
        ("", "Sign-offs sign the manifest of the package, which contains the hash of this workbook. They are in"),
        ("", "08_signoffs.json, and as texts with detached signatures in the folder signoffs."),
        Headings(("Role", "Name", "Title", "Date", "Signature (on paper)")),
        ("reviewer", "", "", "", ""),
        ("second reviewer", "", "", "", ""),
        ("management", "", "", "", ""),
        ("Journal SHA-256", source.review.journal_sha256),
    ]


def _write_decisions(
    path: Path, source: EvidenceContext, kept: ReportSample, cancelled: Cancelled, is_free: Callable[[], bool]
) -> int:
    count = 0
    with path.open("wb") as file:
        for quoted in verdicts(source, kept.administrators, cancelled, is_free):
            file.write(quoted.line + b"\n")
            count += 1
            if quoted.row is not None and quoted.principal in kept.privileged:
                rows = kept.verdicts.setdefault(quoted.principal, [])
                if len(rows) < _MAX_QUOTED:
                    rows.append(quoted.row)
    return count


def _write_journal(path: Path, source: EvidenceContext) -> None:
    with path.open("wb") as file:
        for entry in source.review.journal():
            file.write(canonical({**entry.content, "sha256": entry.sha256}) + b"\n")


def _write_events(path: Path, source: EvidenceContext) -> None:
    with path.open("wb") as file:
        for event in source.review.events():
            file.write(canonical({**event.content, "sha256": event.sha256}) + b"\n")


def _write_reports(folder: Path, source: EvidenceContext) -> None:
    """Write the reports for other tools if running the checks again gives the findings of the review."""
    if source.snapshot is None or not source.findings_are_same:
        return
    report = build_report(source.found, source.snapshot, source.generated_at)
    settings = source.settings.sha256 if source.settings is not None else ""
    report = replace(report, review_status=source.completion.status, settings_sha256=settings)
    for name, pieces in REPORTS.items():
        with (folder / name).open("wb") as file:
            file.writelines(pieces(report))


def _copy_source(folder: Path, source: EvidenceContext) -> None:
    """Copy the files of the snapshot, under the snapshot's name in the review."""
    if source.evaluator is None:
        return
    snapshot, name = source.evaluator.snapshot, source.review.head.snapshot_name
    top = snapshot.path
    for file in snapshot.files:
        is_inside = top.is_dir() and file.path.is_relative_to(top)
        place = folder / name / file.path.relative_to(top) if is_inside else folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copyfile(file.path if is_inside or len(snapshot.files) == 1 else top, place)


def _zip(folder: Path, archive: Path, name: str, moment: datetime) -> None:
    stamp = moment.timetuple()[:6]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                about = zipfile.ZipInfo(f"{name}/{file.relative_to(folder).as_posix()}", stamp)
                about.compress_type = zipfile.ZIP_DEFLATED
                about.external_attr = 0o600 << 16
                with file.open("rb") as content, packed.open(about, "w") as into:
                    shutil.copyfileobj(content, into)
