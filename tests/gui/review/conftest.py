"""A review of the sample account, made once by the real engine; each test opens a copy of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.review_panel import ReviewPanel


@dataclass
class Answers(FileDialogs):
    """Answers the dialogs of a test."""

    save_to: Path | None = None
    opens: Path | None = None
    folder: Path | None = None
    files: tuple[Path, ...] = ()
    asked: list[str] = field(default_factory=list)

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.asked.append(title)
        return self.save_to

    def folder_to_choose(self, parent: QWidget, title: str, folder: Path) -> Path | None:  # noqa: ARG002
        self.asked.append(title)
        return self.folder

    def files_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> tuple[Path, ...]:  # noqa: ARG002
        self.asked.append(title)
        return self.files

    def file_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.asked.append(title)
        return self.opens


@pytest.fixture(scope="session")
def made(sample: SnapshotSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "q3.iamreview"
    sample.create_review(path, "Third quarter")
    return path


@pytest.fixture
def review_path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "q3.iamreview"))


@pytest.fixture
def prompts() -> Answers:
    return Answers()


@pytest.fixture
def empty_panel(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers, sample: SnapshotSession
) -> Iterator[ReviewPanel]:
    """The sample is open, and no review."""
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.resize(1300, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    session.open(sample)
    yield panel
    panel.controller.close()
    panel.hide()
    session.close()


@pytest.fixture
def panel(qtbot: QtBot, empty_panel: ReviewPanel, review_path: Path) -> ReviewPanel:
    """The review is open, and Ana reviews."""
    empty_panel.head.reviewer_name.setText("Ana Moreno")
    empty_panel.controller.open_path(review_path)
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=10_000)
    return empty_panel
