"""What a worker has read: once, the very bytes that were opened, and sent along where it cannot read them."""

import shutil
from pathlib import Path

import pytest

from iamdesk.errors import SnapshotError
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work import worker_cache
from iamdesk.work.errors import WorkError
from iamdesk.work.processes import Processes
from iamdesk.work.tasks import results
from iamdesk.work.worker_cache import SnapshotReference, content_of, kept_snapshot, reference_to
from tests.work.duties import count_roles

ORGANIZATION = resources() / "samples" / "acme-organization"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    worker_cache._held.clear()
    worker_cache._sent.clear()


def test_a_worker_reads_a_snapshot_once() -> None:
    snapshot = load_snapshot(ORGANIZATION)
    roles = sum(len(account.roles) for account in snapshot.accounts)
    with Processes(1) as executor:
        found = list(results(count_roles, [reference_to(snapshot)] * 3, executor))
    assert found == [(roles, 1), (roles, 2), (roles, 3)]


def test_a_file_that_has_changed_since_is_not_taken_for_the_one_that_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    shutil.copy(sample_snapshot(), path)
    reference = reference_to(load_snapshot(path))
    path.write_bytes(path.read_bytes() + b"\n")
    with Processes(1) as executor, pytest.raises(SnapshotError, match="it has changed since it was opened"):
        list(results(count_roles, [reference], executor))


def test_what_a_worker_cannot_read_is_sent_along(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    shutil.copy(sample_snapshot(), path)
    snapshot = load_snapshot(path)
    reference = reference_to(snapshot)
    path.unlink()
    roles = len(snapshot.accounts[0].roles)
    with Processes(1) as executor:
        with pytest.raises(WorkError, match="cannot be sent"):
            list(results(count_roles, [reference], executor))
        contents = {reference.sha256: lambda: content_of(snapshot)}
        found = list(results(count_roles, [reference] * 2, executor, contents=contents))
    assert found == [(roles, 1), (roles, 2)]


def test_what_earlier_work_made_of_a_snapshot_is_dropped_when_its_memory_is_needed() -> None:
    held = kept_snapshot(reference_to(load_snapshot(ORGANIZATION)))
    names = ["evaluator", ("evaluator", "2026"), ("findings", 1), ("findings", 2), ("steps", 1)]
    first = [held.once(name, object) for name in names]
    held.forget("findings", "steps")
    again = [held.once(name, object) for name in names]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True, True, False, False, False]


def test_what_is_sent_is_the_snapshot() -> None:
    snapshot = load_snapshot(ORGANIZATION)
    reference = reference_to(snapshot, copy="a copy")
    worker_cache.take_content("a copy", content_of(snapshot))
    assert kept_snapshot(reference).snapshot == snapshot


def test_the_least_recently_used_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load_snapshot(sample_snapshot())
    monkeypatch.setattr(worker_cache, "MAX_KEPT_BYTES", 100)
    references = [SnapshotReference(None, name, size) for name, size in (("a", 40), ("b", 40), ("c", 90))]
    for reference in references:
        worker_cache.take_content(reference.sha256, content_of(snapshot))
        kept_snapshot(reference)
        if reference.sha256 == "b":
            kept_snapshot(references[0])
    assert list(worker_cache._held) == ["a", "c"], "b went: of two there are always two"
