"""Findings in a file: each is printed where it is found, by workers too, and kept out of memory.

A hundred thousand principals have a million findings, each with answers of some kilobytes. What stays in memory of one
is by what it is ordered, and where its printed text stands; a report is put together piece by piece.
"""

import json
import pickle
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import NamedTuple

from iamdesk.checks.by_account import AccountWork, Known, OrganizationChecks, Task, work_in_worker
from iamdesk.checks.finding import Finding, Severity, State, Suppression
from iamdesk.checks.suppressions import suppressed
from iamdesk.escaping import visible
from iamdesk.export.findings import csv_file, json_file, writers
from iamdesk.export.findings.report import AccountCounts, Report, build_report, order_of
from iamdesk.export.findings.text_file import closing_line, lines_of
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.catalog import Catalogue
from iamdesk.snapshot.model import Snapshot

TEXT = "text"


class Printed(NamedTuple):
    """One finding, as it is sent and kept."""

    order: bytes
    """Sorted by this, findings stand in the order of a report; it begins with whether it is suppressed."""
    check_id: str
    severity: Severity
    state: State
    is_suppressed: bool
    fingerprint: str
    content: bytes
    """Packed: what the format prints of it, or itself."""


def printed(finding: Finding, format_name: str) -> Printed:
    """Return what is kept of a finding for a report in a format: a worker does this."""
    is_suppressed = finding.suppression is not None
    order = "\0".join((str(int(is_suppressed)), *map(str, order_of(finding))))
    return Printed(
        order.encode(errors="surrogatepass"),
        finding.check_id,
        finding.severity,
        finding.state,
        is_suppressed,
        finding.fingerprint,
        zlib.compress(_PRINTS.get(format_name, _itself)(finding), 1),
    )


def _text(finding: Finding) -> bytes:
    return "".join(f"{visible(line)}\n" for line in lines_of(finding)).encode()


def _itself(finding: Finding) -> bytes:
    return pickle.dumps(finding)


def _cells(finding: Finding) -> bytes:
    return json.dumps(csv_file.values_of(finding)).encode()


_PRINTS: Mapping[str, Callable[[Finding], bytes]] = {
    TEXT: _text,
    "json": json_file.printed_finding,
    "csv": _cells,
}
"""What is printed of a finding; of other formats it is kept itself, and all are in memory when the report is made."""


class Spool:
    """Findings in a temporary file. Close it."""

    def __init__(self, format_name: str) -> None:
        self.format_name = format_name
        self._file = TemporaryFile(prefix="iamdesk-findings-")  # noqa: SIM115 - closed by `close`
        self._end = 0
        self._held: list[tuple[bytes, int, int]] = []
        self._severities: Counter[Severity] = Counter()
        self._states: Counter[State] = Counter()
        self._checks: Counter[str] = Counter()
        self._suppressed = 0
        self.fingerprints: set[str] = set()
        """Of those that somebody asked about (`wanted`)."""

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, found: Sequence[Printed], wanted: frozenset[str] = frozenset()) -> None:
        """Keep some findings; of the fingerprints that are ``wanted`` those that are there are remembered."""
        for one in found:
            self._file.write(one.content)
            self._held.append((one.order, self._end, len(one.content)))
            self._end += len(one.content)
            if one.fingerprint in wanted:
                self.fingerprints.add(one.fingerprint)
            if one.is_suppressed:
                self._suppressed += 1
                continue
            self._severities[one.severity] += 1
            self._states[one.state] += 1
            self._checks[one.check_id] += 1

    def as_bad_as(self, limit: Severity) -> int:
        """Return how many open findings are of a severity or worse."""
        worst_first = list(Severity)
        return sum(self._severities[one] for one in worst_first[: worst_first.index(limit) + 1])

    def report(self, snapshot: Snapshot | Catalogue, generated_at: datetime) -> Iterator[bytes]:
        """Yield the report in its pieces: together what `findings.render`, or the command line, prints of the whole."""
        self._held.sort()
        match self.format_name:
            case "text":
                yield from self._contents()
                yield (
                    closing_line(self._severities, len(self._held) - self._suppressed, self._suppressed) + "\n"
                ).encode()
            case "json":
                yield from self._as_json(self._about(snapshot, generated_at))
            case "csv":
                yield from self._as_csv(self._about(snapshot, generated_at))
            case _:
                everything = [pickle.loads(one) for one in self._contents()]  # noqa: S301 - written by this run
                yield writers.render_report(self.format_name, self._about(snapshot, generated_at, everything))

    def _contents(self, *, is_suppressed: bool | None = None) -> Iterator[bytes]:
        for order, start, length in self._held:
            if is_suppressed is None or order.startswith(b"1") == is_suppressed:
                self._file.seek(start)
                yield zlib.decompress(self._file.read(length))

    def _as_json(self, report: Report) -> Iterator[bytes]:
        yield json_file.printed_head(report, len(self._held) - self._suppressed, self._suppressed)
        for name, is_suppressed in (("findings", False), ("suppressed", True)):
            yield f',\n  "{name}": ['.encode()
            between = b""
            for piece in self._contents(is_suppressed=is_suppressed):
                yield between + piece
                between = b","
            yield b"\n  ]" if between else b"]"
        yield b"\n}\n"

    def _as_csv(self, report: Report) -> Iterator[bytes]:
        about = csv_file.about_of(report, len(self._held) - self._suppressed, self._suppressed)
        yield csv_file.printed_rows([csv_file.HEADINGS]).encode("utf-8-sig")
        for number, piece in enumerate(self._contents(), start=1):
            yield csv_file.printed_rows([[str(number), *json.loads(piece), *about]]).encode()

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
        )


class Wanted(NamedTuple):
    """What findings are printed for."""

    format_name: str
    suppressions: tuple[Suppression, ...]
    today: date


def find_into(
    spool: Spool,
    checks: OrganizationChecks,
    suppressions: Sequence[Suppression],
    today: date,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> None:
    """Run every check over an organization; what is found goes into a spool.

    Raises:
        SnapshotError: an account cannot be read any more.
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    known = checks.know(progress, cancelled)
    wanted = Wanted(spool.format_name, tuple(suppressions), today)
    asked = frozenset(one.fingerprint for one in suppressions)
    for found in checks.round(_print_in_worker, _print, known, wanted, progress=progress, cancelled=cancelled):
        spool.take(found, asked)


def print_all(findings: Iterable[Finding], wanted: Wanted) -> list[Printed]:
    """Return what is kept of findings: where they are found, whether here or in a worker."""
    return [printed(one, wanted.format_name) for one in suppressed(findings, wanted.suppressions, wanted.today)]


def each_finding(
    checks: OrganizationChecks,
    suppressions: Sequence[Suppression],
    today: date,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> Iterator[Finding]:
    """Run every check over an organization, and yield what is found, account by account; ``progress`` is told accounts.

    Raises:
        SnapshotError: as `find_into`.
        WorkCancelled: as `find_into`.
        WorkError: as `find_into`.
    """
    count = len(checks.accounts)
    known = checks.know(lambda done, _total: progress(done, 3 * count), cancelled)
    wanted = Wanted("", tuple(suppressions), today)
    for done, found in enumerate(
        checks.round(_print_in_worker, _print, known, wanted, progress=progress, cancelled=cancelled), 1
    ):
        for one in found:
            yield pickle.loads(zlib.decompress(one.content))  # noqa: S301 - written by this run
        progress(2 * count + done, 3 * count)


def _print(work: AccountWork, task: Task, known: Known, wanted: Wanted, cancelled: Cancelled) -> list[Printed]:
    return print_all(work.findings(task, known, cancelled), wanted)


def _print_in_worker(task: Task, cancelled: Cancelled) -> list[Printed]:
    work, known, wanted = work_in_worker(task)
    return _print(work, task, known, wanted, cancelled)
