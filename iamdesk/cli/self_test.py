"""``iamdesk --self-test``: an installed iamdesk does everything once with what it carries, and prints each step.

For whoever builds or installs it: what an installer forgot is found here, and not by a user.
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
"""What is done, in words, and what does it: it returns what came of it, and raises where it does not work."""

# Elena has AdministratorAccess, and a permissions boundary that stops her.
_ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
_QUESTION = Request(_ELENA, "iam:CreateUser", "arn:aws:iam::111122223333:user/engineering/new.hire")
_ANSWER = "implicitDeny"
_PAYROLL = ("s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv")
_OF_THE_WINDOW = frozenset({".svg", ".png", ".md"})
"""Read by the steps of the window."""


def run_steps(of_window: Callable[[], Iterable[Step]]) -> bool:
    """Do every step, those of the window last, and print a line for each; return whether all went well."""
    echo(f"{version()}, {sys.executable}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        for name, step in (*_steps(Path(folder)), *of_window()):
            try:
                came_of_it, mark = step(), "ok"
            except Exception as error:  # noqa: BLE001 - whatever it is, the step has found it
                came_of_it, mark = f"{type(error).__name__}: {error}", "FAILED"
                failed += 1
            echo(f"{mark:<6}  {name}: {came_of_it}")
    echo(f"{failed} steps failed" if failed else "everything works")
    return not failed


def _steps(folder: Path) -> Iterator[Step]:
    sample = Workbench().open_snapshot(sample_snapshot())
    yield "files it ships with", _resources
    yield "open the sample", lambda: f"{len(sample.outline.rows_by_key):,} things"
    yield "open the sample organization", lambda: f"{len(_organization().outline.rows_by_key):,} things"
    yield "ask", lambda: _ask(sample)
    yield (
        "who can",
        lambda: f"{sum(1 for _ in sample.who_can(action=_PAYROLL[0], resource=_PAYROLL[1], context={})):,} principals",
    )
    yield "what principals can become", lambda: f"{sum(1 for _ in sample.reach().everybody()):,} principals"
    found = list(sample.findings())
    yield "findings", lambda: f"{len(found):,} found"
    yield "findings by a worker process", lambda: _by_worker(sample, found)
    for one in formats():
        yield f"findings as {one.label}", partial(_report, one.name, found, sample)
    yield "a review", lambda: _review(sample, folder)
    yield "licences of what ships", _licences
    yield "collect", _collect


def _licences() -> str:
    found = legal()
    lacking = [name for name, version, _licence in found.rows() if found.place(name, version) < 0]
    if lacking or "GNU LESSER GENERAL PUBLIC LICENSE" not in found.texts:
        raise ValueError(f"no text of {', '.join(lacking) or 'Qt'}")
    return f"{len(found.rows()):,} parts"


def _resources() -> str:
    """Read every file of ``resources`` that is not the window's."""
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


def _ask(sample: SnapshotSession) -> str:
    answer = sample.ask(_QUESTION)
    if answer.decision != _ANSWER:
        raise ValueError(f"{answer.decision} instead of {_ANSWER}")
    return answer.sentence


def _by_worker(sample: SnapshotSession, found: Sequence[Finding]) -> str:
    with Processes(1) as executor:
        shared = list(sample.findings(executor=executor))
        (process_id,) = executor.process_ids
    if [one.fingerprint for one in shared] != [one.fingerprint for one in found] or process_id == os.getpid():
        raise ValueError(f"{len(shared):,} instead of {len(found):,} found by process {process_id}")
    return f"{len(shared):,} found by process {process_id}"


def _report(name: str, found: Sequence[Finding], sample: SnapshotSession) -> str:
    return f"{len(render(name, found, sample.snapshot, generated_at=datetime.now(UTC))):,} bytes"


def _review(sample: SnapshotSession, folder: Path) -> str:
    path = folder / "self-test.iamreview"
    sample.create_review(path, "Self-test")
    Workbench.open_review(path, writable=False).close()
    return f"{path.stat().st_size:,} bytes"


def _collect() -> str:
    if not boto3_is_there():
        return f"left out of this build ({INSTALL})"
    return f"boto3 knows the {known_services():,} services that are asked"
