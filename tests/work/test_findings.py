"""Findings come out the same, byte for byte, whoever finds them."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.checks import parallel, registry
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Finding
from iamdesk.export.findings.writers import render
from iamdesk.progress import WorkCancelled, never_cancelled
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.model import RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.errors import WorkerLostError
from iamdesk.work.processes import Processes, lost_once
from iamdesk.work.workers import Workers

SAMPLES = (sample_snapshot(), resources() / "samples" / "acme-organization")


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_BLOCK", 2)


def as_bytes(found: list[Finding], snapshot: Snapshot) -> bytes:
    return b"".join(render(name, found, snapshot, generated_at=datetime(2026, 11, 28, tzinfo=UTC)) for name in FORMATS)


FORMATS = ("json", "csv", "html", "sarif")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("workers", ["one", "two", "beside"])
def test_the_same_findings_with_any_number_of_workers(path: Path, workers: str, request: pytest.FixtureRequest) -> None:
    snapshot = load_snapshot(path)
    alone = list(registry.run(Evaluator(snapshot)))
    steps: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        steps.append((done, total))

    reach = AttackPathGraph(Evaluator(snapshot)) if workers == "beside" else None
    executor = request.getfixturevalue(workers)
    shared = list(parallel.run_shared(Workers(executor, snapshot), report, reach=reach))
    assert alone
    assert as_bytes(shared, snapshot) == as_bytes(alone, snapshot)
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] > len(snapshot.accounts)


def test_a_copy_with_changes_is_what_the_workers_look_at(two: Processes) -> None:
    snapshot = load_snapshot(sample_snapshot())
    (account,) = snapshot.accounts
    changed = snapshot.model_copy(update={"accounts": (account.model_copy(update={"users": account.users[:1]}),)})
    alone = list(registry.run(Evaluator(changed)))
    shared = list(parallel.run_shared(Workers(two, changed, "a copy")))
    assert as_bytes(shared, changed) == as_bytes(alone, changed)


def test_a_worker_killed_half_way_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_BLOCK", 1)  # there is always more to do for the one that is killed
    told: list[str] = []
    snapshot = load_snapshot(SAMPLES[1])
    killed: list[int] = []

    asked: list[int] = []

    def never_cancelled_but_kills_one() -> bool:
        """Progress may come late: results come in order, and the first one can be the last to be ready."""
        asked.append(1)
        if not killed and len(asked) > 1 and executor.process_ids:
            killed.append(executor.process_ids[0])
            os.kill(killed[0], signal.SIGKILL)
        return False

    with Processes(2, told.append) as executor:
        shared = list(parallel.run_shared(Workers(executor, snapshot), cancelled=never_cancelled_but_kills_one))
        assert killed
        assert killed[0] not in executor.process_ids
    assert as_bytes(shared, snapshot) == as_bytes(list(registry.run(Evaluator(snapshot))), snapshot)
    assert told == [lost_once()]


def test_a_worker_that_is_always_killed_is_one_clear_error() -> None:
    told: list[str] = []
    snapshot = load_snapshot(SAMPLES[1])
    with Processes(1, told.append) as executor:

        def never_cancelled_but_kills() -> bool:
            for process_id in executor.process_ids:
                os.kill(process_id, signal.SIGKILL)
            return False

        with pytest.raises(WorkerLostError, match=r"^two worker processes ended unexpectedly on the same task"):
            list(parallel.run_shared(Workers(executor, snapshot), cancelled=never_cancelled_but_kills))
    assert told == [lost_once()]


def test_cancelled_checks_end(two: Processes) -> None:
    snapshot = load_snapshot(SAMPLES[1])
    asked: list[int] = []

    def after_some() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(WorkCancelled):
        list(parallel.run_shared(Workers(two, snapshot), cancelled=after_some))
    assert len(asked) == 4


def test_a_principal_is_looked_at_in_one_block_as_whatever_kind() -> None:
    snapshot = load_snapshot(SAMPLES[1])
    work = registry.work_of(CheckContext(Evaluator(snapshot), never_cancelled))
    parts = parallel._parts(work)
    assert sorted(number for numbers in parts for number in numbers) == list(range(len(work)))
    blocks: dict[str, set[int]] = {}
    for block, numbers in enumerate(parts):
        for number in numbers:
            if isinstance(work[number].thing, UserDetail | RoleDetail):
                blocks.setdefault(work[number].thing.arn, set()).add(block)
    assert len(blocks) > 5
    assert all(len(found) == 1 for found in blocks.values())
