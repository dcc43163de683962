"""A window with the question bar and the answer panel over the real sample account, and answers made by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import (
    Assumption,
    ContextKey,
    EvalDecision,
    EvaluationResult,
    KeyState,
    PolicyType,
    PolicyTypeResult,
    SourceType,
    StatementExplanation,
    StatementRole,
)
from iamdesk.gui.ask.decision_panel import DecisionPanel
from iamdesk.gui.ask.request_bar import RequestBar
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.policy.document import Document, parse_document

ACCOUNT = "arn:aws:iam::111122223333"
ANA = f"{ACCOUNT}:user/engineering/ana.moreno"
NORA = f"{ACCOUNT}:user/finance/nora.lindqvist"
PAYROLL = "arn:aws:s3:::acme-payroll/2026/09.csv"


@dataclass
class AskWindow:
    """What stands in the window under test."""

    window: QWidget
    session: Session
    bar: RequestBar
    answer: DecisionPanel


@pytest.fixture
def empty_window(qtbot: QtBot, session: Session, jobs: JobRunner) -> Iterator[AskWindow]:
    """No snapshot is open."""
    window = QWidget()
    qtbot.addWidget(window)
    bar, answer = RequestBar(session, jobs), DecisionPanel(session, jobs)
    layout = QVBoxLayout(window)
    layout.addWidget(bar)
    below = QHBoxLayout()
    below.addWidget(QWidget(), 1)
    below.addWidget(answer)
    layout.addLayout(below, 1)
    window.resize(1300, 800)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield AskWindow(window, session, bar, answer)
    window.hide()
    session.close()


@pytest.fixture
def ask_window(empty_window: AskWindow, sample: SnapshotSession) -> AskWindow:
    empty_window.session.open(sample)
    return empty_window


DOCUMENT = parse_document(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadOnly", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::payroll/*"},
        ],
    }
)


def statement(part: StatementRole, index: int = 0, **changes: Any) -> StatementExplanation:
    document: Document = changes.pop("document", DOCUMENT)
    given = document.statements[index]
    values: dict[str, Any] = {
        "part": part,
        "layer": PolicyType.IDENTITY,
        "level": None,
        "source_policy_id": "payroll-rw",
        "source_policy_type": SourceType.GROUP,
        "policy_key": f"{ACCOUNT}:group/finance#inline/payroll-rw",
        "policy_name": "payroll-rw",
        "owner": f"{ACCOUNT}:group/finance",
        "document": document,
        "index": index,
        "sid": given.sid,
        "effect": "Allow" if given.is_allow else "Deny",
        "sentence": "Allows s3:GetObject on *.",
        "failed": None,
        "mark": given.path,
    }
    return StatementExplanation(**{**values, **changes})


def decision(decision_text: EvalDecision = EvalDecision.ALLOWED, **changes: Any) -> EvaluationResult:
    values: dict[str, Any] = {
        "decision": decision_text,
        "request": Request(ANA, "s3:GetObject", PAYROLL),
        "sentence": "ana.moreno may do s3:GetObject.",
        "layers": (
            PolicyTypeResult(PolicyType.SCP, None, "Service control policies", "none known"),
            PolicyTypeResult(
                PolicyType.IDENTITY, EvalDecision.ALLOWED, "Identity policies", "payroll-rw, statement 1 allows it"
            ),
            PolicyTypeResult(
                PolicyType.PERMISSIONS_BOUNDARY, EvalDecision.ALLOWED, "Permissions boundary", "allows it"
            ),
        ),
        "statements": (
            statement(StatementRole.DECIDES),
            statement(StatementRole.NEAR_MISS, 1, sentence="Resource does not match."),
        ),
        "missing_context_values": (),
        "conditions": (),
        "blocked_by": (),
        "assumptions": (),
        "context": (),
    }
    return EvaluationResult(**{**values, **changes})


def key(name: str, state: KeyState = KeyState.UNKNOWN, **changes: Any) -> ContextKey:
    values: dict[str, Any] = {"values": (), "type": "String", "suggestions": (), "matters": state is KeyState.UNKNOWN}
    return ContextKey(name, state, **{**values, **changes})


def assumption(message: str, other: EvalDecision | None = None, code: str = "policy-missing") -> Assumption:
    return Assumption(code, message, other)
