"""``iamdesk --self-test``: run each feature once with the samples, and print a line for each step.

For those who build or install iamdesk: it finds files that an installer does not contain.
"""

import json
import lzma
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.checks.finding import Finding
from iamdesk.cli.output import echo, version
from iamdesk.collect.options import INSTALL, boto3_is_there
from iamdesk.collect.start import known_services
from iamdesk.components import legal
from iamdesk.evaluate.request import Request
from iamdesk.export.findings.writers import formats, render
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.work.processes import Processes

type Step = tuple[str, Callable[[], str]]
"""Name of a step, and a function that runs it: returns its result as text, and raises if the step fails."""

# Elena has AdministratorAccess, and a permissions boundary that stops her.
_ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
_REQUEST = Request(_ELENA, "iam:CreateUser", "arn:aws:iam::111122223333:user/engineering/new.hire")
_EXPECTED = "implicitDeny"
_PAYROLL = ("s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv")
_OF_THE_WINDOW = frozenset({".svg", ".png", ".md"})
"""Suffixes of files that the steps of the window read."""


def run_steps(of_window: Callable[[], Iterable[Step]]) -> bool:
    """Run all steps, those of the window last, and print a line for each; return whether all passed."""
    echo(f"{version()}, {sys.executable}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        for name, step in (*_steps(Path(folder)), *of_window()):
            try:
                result, mark = step(), "ok"
            except Exception as error:  # noqa: BLE001 - any error is the result of the step
                result, mark = f"{type(error).__name__}: {error}", "FAILED"
                failed += 1
            echo(f"{mark:<6}  {name}: {result}")
    echo(f"{failed} steps failed" if failed else "all steps passed")
    return not failed


def _steps(folder: Path) -> Iterator[Step]:
    sample = Workbench().open_snapshot(sample_snapshot())
    yield "included files", _resources
    yield "open the sample", lambda: f"{len(sample.outline.rows_by_key):,} rows"
    yield "open the sample organization", lambda: f"{len(_organization().outline.rows_by_key):,} rows"
    yield "evaluate a request", lambda: _evaluate(sample)
    yield (
        "who can",
        lambda: f"{sum(1 for _ in sample.who_can(action=_PAYROLL[0], resource=_PAYROLL[1], context={})):,} principals",
    )
    yield "attack paths", lambda: f"{sum(1 for _ in sample.reach().exposures()):,} principals"
    found = list(sample.findings())
    yield "findings", lambda: f"{len(found):,} findings"
    yield "findings by a worker process", lambda: _by_worker(sample, found)
    for one in formats():
        yield f"findings as {one.label}", partial(_report, one.name, found, sample)
    yield "review", lambda: _review(sample, folder)
    yield "licenses of included packages", _licences
    yield "collect", _collect


def _licences() -> str:
    found = legal()
    lacking = [name for name, version, _licence in found.rows() if found.place(name, version) < 0]
    if lacking or "GNU LESSER GENERAL PUBLIC LICENSE" not in found.texts:
        raise ValueError(f"no license text of {', '.join(lacking) or 'Qt'}")
    return f"{len(found.rows()):,} packages"


def _resources() -> str:
    """Read each file in ``resources``, except those of the window."""
    count = 0
    for path in sorted(resources().rglob("*")):
        if not path.is_file() or path.suffix in _OF_THE_WINDOW:
            continue
        content = path.read_bytes()
        if path.suffix == ".xz":
            json.loads(lzma.decompress(content))
        elif path.suffix == ".json":
            json.loads(content)
        elif not content:
            raise ValueError(f"{path.name} is empty")
        count += 1
    return f"{count:,} files"


def _organization() -> SnapshotSession:
    return Workbench().open_snapshot(resources() / "samples" / "acme-organization")


def _evaluate(sample: SnapshotSession) -> str:
    decision = sample.ask(_REQUEST)
    if decision.decision != _EXPECTED:
        raise ValueError(f"{decision.decision} instead of {_EXPECTED}")
    return decision.sentence


def _by_worker(sample: SnapshotSession, found: Sequence[Finding]) -> str:
    with Processes(1) as executor:
        shared = list(sample.findings(executor=executor))
        (process_id,) = executor.process_ids
    if [one.fingerprint for one in shared] != [one.fingerprint for one in found] or process_id == os.getpid():
        raise ValueError(f"{len(shared):,} instead of {len(found):,} findings, by process {process_id}")
    return f"{len(shared):,} findings, by process {process_id}"


def _report(name: str, found: Sequence[Finding], sample: SnapshotSession) -> str:
    return f"{len(render(name, found, sample.snapshot, generated_at=datetime.now(UTC))):,} bytes"


def _review(sample: SnapshotSession, folder: Path) -> str:
    path = folder / "self-test.iamreview"
    sample.create_review(path, "Self-test")
    Workbench.open_review(path, writable=False).close()
    return f"{path.stat().st_size:,} bytes"


def _collect() -> str:
    if not boto3_is_there():
        return f"not included in this build ({INSTALL})"
    return f"boto3 supports the {known_services():,} services that are called"
