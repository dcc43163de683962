"""The two panels over the real sample account."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.ask.request_bar import RequestBar
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.who_can.panel import WhoCanPanel

ACCOUNT = "arn:aws:iam::111122223333"
NORA = f"{ACCOUNT}:user/finance/nora.lindqvist"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
FINANCE = f"{ACCOUNT}:group/finance/Finance"
ACTION = "s3:GetObject"
PAYROLL = "arn:aws:s3:::acme-payroll/2026/09.csv"


@dataclass
class Answers(FileDialogs):
    """Answers the dialogs of a test."""

    save_to: Path | None = None
    suggested: list[Path] = field(default_factory=list)

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.suggested.append(suggestion)
        return self.save_to


@pytest.fixture
def prompts() -> Answers:
    return Answers()


def show(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.addWidget(widget)
    widget.resize(1200, 500)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)


@pytest.fixture
def bar(session: Session, jobs: JobRunner) -> RequestBar:
    """The request bar, which asks who can."""
    return RequestBar(session, jobs)


@pytest.fixture
def who_can(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers, sample: SnapshotSession, bar: RequestBar
) -> Iterator[WhoCanPanel]:
    """Below the request bar; the sample is open, nothing is asked yet."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.addWidget(bar)
    made = WhoCanPanel(session, jobs, prompts)
    made.refused.connect(bar.focus_wrong_field)
    layout.addWidget(made, 1)
    show(qtbot, page)
    session.open(sample)
    yield made
    page.hide()
    session.close()


@pytest.fixture
def evaluated(qtbot: QtBot, who_can: WhoCanPanel, session: Session) -> WhoCanPanel:
    """Everybody who can read the payroll."""
    session.ask_who_can(Request("", ACTION, PAYROLL))
    qtbot.waitUntil(lambda: who_can.is_complete, timeout=20_000)
    return who_can


@pytest.fixture
def access(
    qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers, sample: SnapshotSession
) -> Iterator[AccessTab]:
    """The sample is open; nobody is selected yet."""
    made = AccessTab(session, jobs, prompts)
    show(qtbot, made)
    session.open(sample)
    yield made
    made.hide()
    session.close()


def show_access_of(qtbot: QtBot, tab: AccessTab, sample: SnapshotSession, key: str) -> None:
    """Show a principal and wait until its map and the first list are told."""
    subject = sample.subject(key)
    assert subject is not None
    tab.show_subject(subject)
    qtbot.waitUntil(lambda: tab.map.map is not None and tab.map.map.access.subject == key, timeout=20_000)
    qtbot.waitUntil(lambda: not tab.details.running, timeout=20_000)


@pytest.fixture
def nora(qtbot: QtBot, access: AccessTab, sample: SnapshotSession) -> AccessTab:
    show_access_of(qtbot, access, sample, NORA)
    return access
