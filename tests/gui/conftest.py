"""What the window's tests share: no display, no leftovers, and every Qt warning a failure."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from iamdesk.gui.jobs import JobRunner
from iamdesk.gui.session import Session


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass the one line that the offscreen platform says at every show."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("^This plugin does not support propagateSizeHints"))


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[JobRunner]:
    """A job runner whose threads have all ended when the test is over."""
    runner = JobRunner()
    yield runner
    assert runner.wait_all(5000)


@pytest.fixture
def session(jobs: JobRunner) -> Session:
    return Session(jobs)
