"""A run of the checks: what it finds arrives a few at a time, all of it before the end is told."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from iamdesk.checks.finding import Finding
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.findings.check_run import CheckRun
from iamdesk.gui.findings.rows import FindingRow

from .conftest import finding

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession


class _Finds:
    """A snapshot in which the checks find so much."""

    def __init__(self, count: int) -> None:
        self._count = count

    def findings(self, *_rest: object) -> Iterator[Finding]:
        for number in range(self._count):
            yield finding(number)


def test_many_findings_arrive_in_turns_and_all_of_them_before_the_end(qtbot: QtBot, jobs: JobRunner) -> None:
    owner = QObject()
    run = CheckRun(jobs, owner)
    batches: list[list[FindingRow]] = []
    run.found.connect(batches.append)
    with qtbot.waitSignal(run.done):
        run.start(cast("SnapshotSession", _Finds(1_000)), tuple)
    assert max(map(len, batches)) <= 250
    assert [row.finding.subject_name for batch in batches for row in batch] == [f"user-{n}" for n in range(1_000)]
    assert run.is_complete
    assert not run.is_running
