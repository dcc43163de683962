"""Findings made by hand for the table, and a panel over the real sample account."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import Grouping

from ...opened import share_findings

ACCOUNT = "arn:aws:iam::111122223333"


def finding(number: int = 1, severity: Severity = Severity.HIGH, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "check_id": "ADM-01",
        "title": "Administrator",
        "severity": severity,
        "state": State.FOUND,
        "account": "111122223333",
        "subject_key": f"{ACCOUNT}:user/user-{number}",
        "subject_name": f"user-{number}",
        "subject_kind": "user",
        "sentence": f"user-{number} may do everything.",
        "evidence": (Evidence("It was asked."),),
        "remediation": "Keep as few as the work needs.",
        "fingerprint": f"fingerprint-{number}",
    }
    return Finding(**{**values, **changes})


@dataclass
class Answers(FileDialogs):
    """Answers the dialogs of a test."""

    save_to: Path | None = None
    asked: list[str] = field(default_factory=list)

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.asked.append(kinds)
        return self.save_to


@pytest.fixture
def prompts() -> Answers:
    return Answers()


@pytest.fixture(autouse=True)
def findings_once(equal_snapshots: None) -> Iterator[None]:
    """Every check runs over the sample once; each panel is given what they found as ever."""
    with pytest.MonkeyPatch.context() as patch:
        share_findings(patch)
        yield


@pytest.fixture
def empty_panel(qtbot: QtBot, session: Session, jobs: JobRunner, prompts: Answers) -> Iterator[FindingsPanel]:
    """No snapshot is open."""
    made = FindingsPanel(session, jobs, prompts)
    qtbot.addWidget(made)
    made.resize(1300, 400)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.hide()
    session.close()


@pytest.fixture
def panel(qtbot: QtBot, empty_panel: FindingsPanel, session: Session, sample: SnapshotSession) -> FindingsPanel:
    """Every check has run over the sample account."""
    empty_panel.filters.group_by(Grouping.NOTHING)
    session.open(sample)
    qtbot.waitUntil(lambda: empty_panel._run.is_complete, timeout=20_000)
    return empty_panel


@pytest.fixture
def by_cause(qtbot: QtBot, empty_panel: FindingsPanel, session: Session, sample: SnapshotSession) -> FindingsPanel:
    """As the window opens it: the causes of all findings are shown."""
    session.open(sample)
    qtbot.waitUntil(lambda: empty_panel.is_by_cause, timeout=30_000)
    return empty_panel
