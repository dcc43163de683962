"""Comparisons come out the same, byte for byte, whoever compares."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from iamdesk.diff import parallel
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.export.diff import to_diff
from iamdesk.progress import WorkCancelled, never_cancelled, no_progress
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.processes import Processes, lost_once
from iamdesk.work.workers import Workers

from ..diff import seeds

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ORGANIZATION = resources() / "samples" / "acme-organization"
LOCK = {
    "Effect": "Deny",
    "Action": ["ec2:*Instances", "sqs:*", "dynamodb:*Item"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
}


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_SPAN", 4)
    monkeypatch.setattr(parallel, "_RESOURCES", 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """The sample organization, and the same with a lock of Regions and buckets without a policy, both in files."""
    changed = tmp_path_factory.mktemp("changed") / "acme-organization"
    shutil.copytree(ORGANIZATION, changed)
    for path in sorted(changed.glob("organization/describe-policy/*.json")):
        described = json.loads(path.read_text())
        text = json.loads(described["Policy"]["Content"])
        if described["Policy"]["PolicySummary"]["Type"] == "SERVICE_CONTROL_POLICY":
            text["Statement"] = [*text["Statement"], LOCK]
            described["Policy"]["Content"] = json.dumps(text)
            path.write_text(json.dumps(described))
    for path in sorted(changed.glob("accounts/*/s3api/get-bucket-policy/*.json")):
        path.write_text(json.dumps({"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})}))
    return load_snapshot(ORGANIZATION), load_snapshot(changed)


@pytest.fixture(scope="module")
def alone(files: tuple[Snapshot, Snapshot]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "_SPAN", 4)
        return as_bytes(files)


def workers_over(executor: Processes, pair: tuple[Snapshot, Snapshot], *copies: str) -> tuple[Workers, Workers]:
    old, new = (Workers(executor, one, name) for one, name in zip(pair, copies or (None, None), strict=True))
    return old, new


def as_bytes(
    pair: tuple[Snapshot, Snapshot],
    workers: tuple[Workers, Workers] | None = None,
    progress: Callable[[int, int], Any] = no_progress,
    cancelled: Callable[[], bool] = never_cancelled,
) -> bytes:
    return json.dumps(to_diff(compare_snapshots(*pair, NOON, progress, cancelled, workers))).encode()


@pytest.mark.parametrize("workers", ["one", "two", "beside"])
def test_the_same_comparison_with_any_number_of_workers(
    files: tuple[Snapshot, Snapshot], workers: str, request: pytest.FixtureRequest, alone: bytes
) -> None:
    steps: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        steps.append((done, total))

    shared = as_bytes(files, workers_over(request.getfixturevalue(workers), files), report)
    assert shared == alone
    read = json.loads(alone)
    assert read["Figures"]["Questions"] > 100
    assert sum(one["Status"] == "changed" for one in read["Principals"]) > parallel._SPAN
    assert len(read["Resources"]) > parallel._RESOURCES
    assert steps[0][0] == 0
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]


def test_copies_with_changes_are_what_the_workers_look_at(two: Processes) -> None:
    pair = (seeds.snapshot(seeds.before(), "old"), seeds.snapshot(seeds.after(), "new"))
    shared = as_bytes(pair, workers_over(two, pair, "an old copy", "a new copy"))
    assert shared == as_bytes(pair)


def test_a_worker_killed_half_way_costs_nothing_but_time(files: tuple[Snapshot, Snapshot], alone: bytes) -> None:
    told: list[str] = []
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if not killed and 0 < done < total:
            killed.append(executor.process_ids[0])
            os.kill(killed[0], signal.SIGKILL)

    with Processes(2, told.append) as executor:
        assert as_bytes(files, workers_over(executor, files), kill_one) == alone
    assert killed
    assert told in ([], [lost_once()])  # it may have had nothing left to do


def test_a_cancelled_comparison_ends(files: tuple[Snapshot, Snapshot], two: Processes) -> None:
    asked: list[int] = []

    def after_some() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(WorkCancelled):
        as_bytes(files, workers_over(two, files), cancelled=after_some)
