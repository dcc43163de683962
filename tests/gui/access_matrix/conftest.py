"""The panel over the real sample account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui.access_matrix.panel import AccessMatrixPanel
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session

from ..access.conftest import ACCOUNT, INES, NORA, Answers, prompts, show

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"

__all__ = ["ACCOUNT", "INES", "NORA", "Answers", "panel", "prompts", "show"]


@pytest.fixture(scope="session")
def other() -> SnapshotSession:
    """The sample organization."""
    return Workbench().open_snapshot(SAMPLES / "acme-organization")


@pytest.fixture
def panel(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers, sample: SnapshotSession
) -> Iterator[AccessMatrixPanel]:
    """The sample is open, and what everybody can is looked at."""
    made = AccessMatrixPanel(session, jobs, prompts)
    show(qtbot, made)
    session.open(sample)
    qtbot.waitUntil(lambda: made.is_settled, timeout=20_000)
    yield made
    made.hide()
    session.close()
