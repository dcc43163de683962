"""Findings to export: those of the sample, and some whose every text is hostile."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.model import SourceFile
from iamdesk.snapshot.reader import load_snapshot

NOW = datetime(2026, 10, 27, 9, 30, 15, 123456, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    "a;=1+1",
    'a;"=1+1"',
    "two\nlines",
    "admin\u202enimda",
    "zero\u200bwidth",
    "lone \ud83d surrogate",
    "null\x00byte",
    "ünïcödé 名前",
    "'quoted'",
    "x" * 2000,
]


@pytest.fixture(scope="session")
def sample():
    return load_snapshot(sample_snapshot())


@pytest.fixture(scope="session")
def sample_findings(sample):
    return list(registry.run(Evaluator(sample)))


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def hostile():
    """Each hostile text as every text of a finding."""
    severities, states = list(Severity), list(State)
    return [
        Finding(
            check_id="HYG-01",
            title=text,
            severity=severities[number % len(severities)],
            state=states[number % len(states)],
            account=text,
            subject_key=f"arn:aws:iam::111122223333:user/{text}",
            subject_name=text,
            subject_kind="user",
            sentence=text,
            evidence=(Evidence(text, policy_key=text),),
            remediation=text,
            fingerprint=f"{number:020x}",
        )
        for number, text in enumerate(HOSTILE)
    ]


@pytest.fixture
def hostile_snapshot(sample):
    name = "=cmd<script>\u202e.json"
    files = (SourceFile(path=Path("/home/someone") / name, size=7, sha256="0" * 64),)
    return sample.model_copy(update={"path": Path("/home/someone") / name, "files": files})
