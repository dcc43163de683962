"""Findings in a temporary file: workers render each for the report, so that they need not fit into memory.

A hundred thousand principals can have a million findings of some kilobytes each. Workers render each finding for the
output format; sorted runs of them are in the file, in blocks of a few, and the report, which merges these, is written
piece by piece.
"""

import json
import pickle
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from heapq import merge
from io import SEEK_END
from itertools import batched
from operator import itemgetter
from struct import Struct
from tempfile import TemporaryFile
from typing import NamedTuple

from iamdesk.causes.attribution import attribute
from iamdesk.causes.controls import Tally
from iamdesk.causes.grouping import group
from iamdesk.causes.types import Attribution, Cause, Control
from iamdesk.checks.by_account import ROUNDS, AccountWork, Known, OrganizationChecks, Task, work_in_worker
from iamdesk.checks.check_settings import AppliedSettings, thresholds_of, with_settings
from iamdesk.checks.finding import Finding, Severity, State, Suppression
from iamdesk.checks.registry import RunScope, nothing_yet
from iamdesk.checks.suppressions import suppressed
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.escaping import visible
from iamdesk.export.findings import csv_file, json_file, writers
from iamdesk.export.findings.earlier import EarlierFindings
from iamdesk.export.findings.report import AccountCounts, Report, build_report, order_of
from iamdesk.export.findings.text_file import cause_lines, causes_line, closing_line, control_lines, lines_of
from iamdesk.export.findings.tracked_tickets import TrackedTicket, contradictions
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.catalog import Catalogue
from iamdesk.snapshot.model import Snapshot

TEXT = "text"
_RUN = 4096
"""Findings that are sorted together: a million have some hundred runs."""
_BLOCK = 16
"""Findings that are compressed together: less than half as large as each alone. Of each run, the report has one block
in memory."""
_SIZE = Struct("<I")
"""Before each block in the file: its length."""
_LENGTHS = Struct("<II")
"""Before each finding in a block: lengths of its sort key and its content."""
_ORDER = itemgetter(0)


class Printed(NamedTuple):
    """One rendered finding."""

    order: bytes
    """Sort key: suppressed findings last, then the order of a report."""
    check_id: str
    severity: Severity
    state: State
    is_suppressed: bool
    fingerprint: str
    content: bytes
    """The finding as rendered for the format, or pickled."""
    attribution: Attribution | None
    """What grouping by cause needs of an open finding; None where the report has no causes."""


class PrintedAccount(NamedTuple):
    """The rendered findings of an account, to be sent to another process."""

    found: Sequence[Printed]
    """Without sort key and content."""
    runs: Sequence[tuple[int, bytes]]
    """These: number of findings and blocks of each run, sorted."""


def printed(finding: Finding, wanted: "Wanted") -> Printed:
    """Render a finding for a report format; called in a worker."""
    format_name = wanted.format_name
    content = _RENDERERS.get(format_name, _pickled)(finding)
    is_suppressed = finding.suppression is not None
    order = "\0".join((str(int(is_suppressed)), *map(str, order_of(finding))))
    return Printed(
        order.encode(errors="surrogatepass"),
        finding.check_id,
        finding.severity,
        finding.state,
        is_suppressed,
        finding.fingerprint,
        content,
        attribute(finding) if (wanted.by_cause or format_name in _WITH_CAUSES) and not is_suppressed else None,
    )


def _blocks(run: Iterable[tuple[bytes, bytes]], *, is_compressed: bool) -> bytes:
    """Return findings, given by sort key and content, as the file holds them."""
    blocks: list[bytes] = []
    for some in batched(run, _BLOCK):
        block = b"".join(_LENGTHS.pack(len(order), len(content)) + order + content for order, content in some)
        block = zlib.compress(block, 1) if is_compressed else block
        blocks += _SIZE.pack(len(block)), block
    return b"".join(blocks)


def _findings_of(block: bytes, *, is_compressed: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield the findings of a block: sort key and content."""
    block = zlib.decompress(block) if is_compressed else block
    start = 0
    while start < len(block):
        of_order, of_content = _LENGTHS.unpack_from(block, start)
        content = start + _LENGTHS.size + of_order
        yield block[start + _LENGTHS.size : content], block[content : content + of_content]
        start = content + of_content


def _text(finding: Finding) -> bytes:
    return "".join(f"{visible(line)}\n" for line in lines_of(finding)).encode()


def _pickled(finding: Finding) -> bytes:
    return pickle.dumps(finding)


def _cells(finding: Finding) -> bytes:
    return json.dumps(csv_file.values_of(finding)).encode()


_RENDERERS: Mapping[str, Callable[[Finding], bytes]] = {
    TEXT: _text,
    "json": json_file.printed_finding,
    "csv": _cells,
}
"""By format, how a single finding is rendered. For other formats it is pickled, and all are loaded for the report."""


_WITH_CAUSES = frozenset({"csv"})
"""Formats that are written piece by piece, and name the cause of each finding."""


class Spool:
    """Findings in a temporary file, which `close` deletes.

    ``by_cause``: the report groups findings by cause; only for text and JSON.
    """

    def __init__(self, format_name: str, *, by_cause: bool = False, settings: AppliedSettings | None = None) -> None:
        self.format_name = format_name
        self.by_cause = by_cause
        self.settings = settings
        self._is_compressed = False
        """Whether the blocks in the file are."""
        self._attributions: list[Attribution] = []
        self._file = TemporaryFile(prefix="iamdesk-findings-")  # noqa: SIM115 - closed by `close`
        self._latest: list[tuple[bytes, bytes]] = []
        """Sort key and content of findings that are not in the file yet."""
        self._runs: list[tuple[int, int]] = []
        """Of sorted findings in the file: where each run of them begins, and their number."""
        self._count = 0
        self._severities: Counter[Severity] = Counter()
        self._states: Counter[State] = Counter()
        self._checks: Counter[str] = Counter()
        self._suppressed = 0
        self.tallies: Counter[Tally] = Counter()
        """Numbers of findings by check, state and severity."""
        self.controls: Sequence[Control] | None = None
        """If set, text lists these instead of findings, JSON and HTML in addition."""
        self.earlier: EarlierFindings | None = None
        self.tickets: Mapping[str, TrackedTicket] = {}
        """By id of a cause, with ``by_cause``."""
        self.contradictions: tuple[str, ...] = ()
        """What tickets say otherwise than the findings, once the report was made."""
        """What reports for people compare their numbers with."""
        self.fingerprints: set[str] = set()
        """Fingerprints of the findings that were ``wanted`` (`take`)."""

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close and delete the file."""
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def take(self, found: Sequence[Printed], wanted: frozenset[str] = frozenset()) -> None:
        """Add findings; those of the ``wanted`` fingerprints that occur are added to `fingerprints`."""
        for one in found:
            self._latest.append((one.order, one.content))
            if len(self._latest) >= _RUN:
                self._latest.sort(key=_ORDER)
                self._write_run(len(self._latest), _blocks(self._latest, is_compressed=False))
                self._latest.clear()
        self._add_up(found, wanted)

    def take_account(self, printed: PrintedAccount, wanted: frozenset[str] = frozenset()) -> None:
        """Add the findings of an account of an organization, as `take`: either all findings of a spool, or none."""
        self._is_compressed = True
        for count, blocks in printed.runs:
            self._write_run(count, blocks)
        self._add_up(printed.found, wanted)

    def _add_up(self, found: Sequence[Printed], wanted: frozenset[str]) -> None:
        self._count += len(found)
        for one in found:
            if one.attribution is not None:
                self._attributions.append(one.attribution)
            if one.fingerprint in wanted:
                self.fingerprints.add(one.fingerprint)
            self.tallies[Tally(one.check_id, one.state, one.severity, one.is_suppressed)] += 1
            if one.is_suppressed:
                self._suppressed += 1
                continue
            self._severities[one.severity] += 1
            self._states[one.state] += 1
            self._checks[one.check_id] += 1

    def _write_run(self, count: int, blocks: bytes) -> None:
        """Write sorted findings to the file: the report merges the runs."""
        self._runs.append((self._file.seek(0, SEEK_END), count))
        self._file.write(blocks)

    def _read_run(self, start: int, count: int) -> Iterator[tuple[bytes, bytes]]:
        while count > 0:
            self._file.seek(start)
            (size,) = _SIZE.unpack(self._file.read(_SIZE.size))
            yield from _findings_of(self._file.read(size), is_compressed=self._is_compressed)
            start += _SIZE.size + size
            count -= _BLOCK

    def as_bad_as(self, limit: Severity) -> int:
        """Return the number of open findings of a severity or higher."""
        highest_first = list(Severity)
        return sum(self._severities[one] for one in highest_first[: highest_first.index(limit) + 1])

    def report(self, snapshot: Snapshot | Catalogue, generated_at: datetime) -> Iterator[bytes]:
        """Yield the report in pieces; joined, they are what `writers.render` or the command line prints."""
        match self.format_name:
            case "text":
                if self.controls is not None:
                    for line in control_lines(self.controls):
                        yield f"{visible(line)}\n".encode()
                elif self.by_cause:
                    yield from self._causes_as_text()
                else:
                    yield from self._contents()
                if self.settings is not None:
                    yield f"Settings {self.settings.name}, SHA-256 {self.settings.sha256}\n".encode()
                yield (closing_line(self._severities, self._count - self._suppressed, self._suppressed) + "\n").encode()
            case "json":
                yield from self._as_json(self._about(snapshot, generated_at))
            case "csv":
                yield from self._as_csv(self._about(snapshot, generated_at))
            case _:
                everything = [pickle.loads(one) for one in self._contents()]  # noqa: S301 - written by this run
                yield writers.render_report(self.format_name, self._about(snapshot, generated_at, everything))

    def _contents(self, *, is_suppressed: bool | None = None) -> Iterator[bytes]:
        """Yield the findings in the order of the report: all, only the open or only the suppressed ones."""
        if is_suppressed and not self._suppressed:
            return
        runs = [self._read_run(start, count) for start, count in self._runs]
        for order, content in merge(*runs, sorted(self._latest, key=_ORDER), key=_ORDER):
            if is_suppressed is None or order.startswith(b"1") == is_suppressed:
                yield content
            elif not is_suppressed:  # these are last
                return

    def _as_json(self, report: Report) -> Iterator[bytes]:
        yield json_file.printed_head(report, self._count - self._suppressed, self._suppressed)
        if self.controls is not None:
            yield b',\n  "controls": ['
            yield b",".join(map(json_file.printed_control, self.controls))
            yield b"\n  ]"
        if self.by_cause:
            yield b',\n  "causes": ['
            rows = self._rows()
            yield b",".join(json_file.printed_cause(row, self.tickets.get(row.id)) for row in rows)
            yield b"\n  ]"
        for name, is_suppressed in (("findings", False), ("suppressed", True)):
            yield f',\n  "{name}": ['.encode()
            between = b""
            for piece in self._contents(is_suppressed=is_suppressed):
                yield between + piece
                between = b","
            yield b"\n  ]" if between else b"]"
        yield b"\n}\n"

    def _as_csv(self, report: Report) -> Iterator[bytes]:
        about = csv_file.about_of(report, self._count - self._suppressed, self._suppressed)
        causes = group(self._attributions)
        finding_id = csv_file.HEADINGS.index("finding_id")
        yield csv_file.printed_rows([csv_file.HEADINGS]).encode("utf-8-sig")
        for number, piece in enumerate(self._contents(), start=1):
            row = [str(number), *json.loads(piece)]
            yield csv_file.printed_rows([[*row, *about, *csv_file.cause_cells(causes, row[finding_id]), ""]]).encode()

    def _rows(self) -> Sequence[Cause]:
        rows = group(self._attributions).rows
        self.contradictions = tuple(contradictions(self.tickets, {row.id for row in rows}))
        return rows

    def _causes_as_text(self) -> Iterator[bytes]:
        rows = self._rows()
        for number, cause in enumerate(rows, start=1):
            lines = cause_lines(number, cause, self.tickets.get(cause.id))
            yield "".join(f"{visible(line)}\n" for line in lines).encode()
        yield f"{causes_line(len(rows))}\n".encode()

    def _about(
        self, snapshot: Snapshot | Catalogue, generated_at: datetime, everything: Sequence[Finding] = ()
    ) -> Report:
        if isinstance(snapshot, Snapshot):
            report = build_report(everything, snapshot, generated_at)
        else:
            report = replace(
                build_report(everything, snapshot.frame.snapshot, generated_at),
                accounts=tuple(map(AccountCounts.of, snapshot.entries)),
            )
        return replace(
            report,
            by_severity={severity: self._severities[severity] for severity in Severity},
            by_state={state: self._states[state] for state in State},
            by_check=self._checks,
            settings_sha256=self.settings.sha256 if self.settings else "",
            earlier=self.earlier,
            controls=tuple(self.controls or ()),
        )


class Wanted(NamedTuple):
    """Parameters of rendering findings."""

    format_name: str
    suppressions: tuple[Suppression, ...]
    today: date
    by_cause: bool = False
    settings: AppliedSettings | None = None


def find_into(
    spool: Spool,
    checks: OrganizationChecks,
    suppressions: Sequence[Suppression],
    today: date,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> None:
    """Run all checks over an organization, and add the findings to a spool.

    Raises:
        SnapshotError: an account can no longer be read.
        WorkCancelled: ``cancelled`` returned True.
        WorkError: the workers failed; one sentence.
    """
    known = checks.know(progress, cancelled, thresholds_of(spool.settings))
    wanted = Wanted(spool.format_name, tuple(suppressions), today, spool.by_cause, spool.settings)
    fingerprints = frozenset(one.fingerprint for one in suppressions)
    scope = nothing_yet()
    for found, part in checks.round(_print_in_worker, _print, known, wanted, progress=progress, cancelled=cancelled):
        spool.take_account(found, fingerprints)
        scope += part
    checks.scope = scope


def print_all(findings: Iterable[Finding], wanted: Wanted) -> list[Printed]:
    """Return what is kept of findings: where they are found, whether here or in a worker."""
    return [
        printed(one, wanted)
        for one in suppressed(with_settings(findings, wanted.settings, wanted.today), wanted.suppressions, wanted.today)
    ]


def each_finding(
    checks: OrganizationChecks,
    suppressions: Sequence[Suppression],
    today: date,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Iterator[Finding]:
    """Run all checks over an organization, and yield the findings, account by account; progress counts accounts.

    Raises:
        SnapshotError: as `find_into`.
        WorkCancelled: as `find_into`.
        WorkError: as `find_into`.
    """
    count, total = len(checks.accounts), ROUNDS * len(checks.accounts)
    known = checks.know(lambda done, _total: progress(done, total), cancelled, thresholds)
    wanted = Wanted("", tuple(suppressions), today)
    checks.scope, scope = None, nothing_yet()
    for done, (found, part) in enumerate(
        checks.round(_find_in_worker, _find, known, wanted, progress=progress, cancelled=cancelled), 1
    ):
        for one in found:
            yield from pickle.loads(zlib.decompress(one))  # noqa: S301 - written by this run
        scope += part
        progress(total - count + done, total)
    checks.scope = scope


def _print(
    work: AccountWork, task: Task, known: Known, wanted: Wanted, cancelled: Cancelled
) -> tuple[PrintedAccount, RunScope]:
    found: list[Printed] = []
    runs: list[tuple[int, bytes]] = []
    for some in batched(work.findings(task, known, cancelled), _RUN):
        latest = print_all(some, wanted)
        run = sorted([(one.order, one.content) for one in latest], key=_ORDER)
        runs.append((len(run), _blocks(run, is_compressed=True)))
        found += [one._replace(order=b"", content=b"") for one in latest]
    return PrintedAccount(found, runs), work.scope


def _print_in_worker(task: Task, cancelled: Cancelled) -> tuple[PrintedAccount, RunScope]:
    work, known, wanted = work_in_worker(task)
    return _print(work, task, known, wanted, cancelled)


def _find(
    work: AccountWork, task: Task, known: Known, wanted: Wanted, cancelled: Cancelled
) -> tuple[list[bytes], RunScope]:
    """Return the findings of an account, pickled and compressed, some together."""
    found = suppressed(work.findings(task, known, cancelled), wanted.suppressions, wanted.today)
    return [zlib.compress(pickle.dumps(some), 1) for some in batched(found, _BLOCK)], work.scope


def _find_in_worker(task: Task, cancelled: Cancelled) -> tuple[list[bytes], RunScope]:
    work, known, wanted = work_in_worker(task)
    return _find(work, task, known, wanted, cancelled)
