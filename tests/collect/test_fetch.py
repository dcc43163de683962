"""Reports and jobs: asked until they are complete, all pages put together, a failure told."""

import json
from pathlib import Path

import pytest

from iamdesk.collect import fetch
from iamdesk.collect.options import Kind

from .conftest import Collect
from .gate import Gate
from .world import MANAGEMENT, REGION

ONLY_LAST_ACCESSED = frozenset(Kind) - {Kind.SERVICE_LAST_ACCESSED, Kind.AUTHORIZATION_DETAILS}
GENERATE = "iam GenerateServiceLastAccessedDetails"
GET = "iam GetServiceLastAccessedDetails"
ALICE = f"accounts/{MANAGEMENT}/iam/get-service-last-accessed-details/user/alice.json"
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_STARTED = (
    f'<GenerateServiceLastAccessedDetailsResponse xmlns="{_NAMESPACE}"><GenerateServiceLastAccessedDetailsResult>'
    "<JobId>examplef-1305-c245-eba4-71fe298bcda7</JobId></GenerateServiceLastAccessedDetailsResult>"
    "</GenerateServiceLastAccessedDetailsResponse>"
).encode()


def answer(status: str, inside: str = "", *, more: bool = False) -> bytes:
    """What AWS answers (API reference of GetServiceLastAccessedDetails, example)."""
    marker = "<IsTruncated>true</IsTruncated><Marker>next</Marker>" if more else "<IsTruncated>false</IsTruncated>"
    return (
        f'<GetServiceLastAccessedDetailsResponse xmlns="{_NAMESPACE}"><GetServiceLastAccessedDetailsResult>'
        f"<JobStatus>{status}</JobStatus><JobType>ACTION_LEVEL</JobType>"
        f"<JobCreationDate>2026-11-24T10:00:00Z</JobCreationDate>{marker}{inside}"
        "</GetServiceLastAccessedDetailsResult></GetServiceLastAccessedDetailsResponse>"
    ).encode()


def services(*names: str) -> str:
    members = "".join(
        f"<member><ServiceName>{name}</ServiceName><ServiceNamespace>{name}</ServiceNamespace>"
        "<LastAuthenticated>2026-11-01T00:00:00Z</LastAuthenticated></member>"
        for name in names
    )
    return f"<ServicesLastAccessed>{members}</ServicesLastAccessed>"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as often as ever, but not as long."""
    monkeypatch.setattr(fetch, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(fetch, "_MAX_WAIT", 0.002)
    monkeypatch.setattr(fetch, "_TIMEOUT", 0.02)


def test_job_is_asked_until_it_is_complete_and_its_pages_are_put_together(
    collected: Collect, gate: Gate, impatient: None, tmp_path: Path
) -> None:
    first, last = answer("COMPLETED", services("s3", "sqs"), more=True), answer("COMPLETED", services("kms"))
    gate.answers = {GENERATE: [_STARTED], GET: [answer("IN_PROGRESS"), answer("IN_PROGRESS"), first, last]}

    # One thread: the answers come in the order in which they are asked for.
    captured = collected(tmp_path / "bundle", skip=ONLY_LAST_ACCESSED, parallel=1)

    read = json.loads((tmp_path / "bundle" / ALICE).read_bytes())
    assert captured.failed_calls == ()
    assert [service["ServiceNamespace"] for service in read["ServicesLastAccessed"]] == ["s3", "sqs", "kms"]
    assert read["ServicesLastAccessed"][0]["LastAuthenticated"] == "2026-11-01T00:00:00+00:00"
    assert (read["JobStatus"], read["JobType"]) == ("COMPLETED", "ACTION_LEVEL")
    assert "Marker" not in read
    assert "IsTruncated" not in read


def test_every_user_group_and_role_is_asked_about(
    collected: Collect, gate: Gate, impatient: None, tmp_path: Path
) -> None:
    gate.answers = {GENERATE: [_STARTED], GET: [answer("COMPLETED", services("s3"))]}

    collected(tmp_path / "bundle", skip=ONLY_LAST_ACCESSED)

    folder = (tmp_path / "bundle" / ALICE).parents[1]
    assert {path.stem for path in (folder / "user").iterdir()} == {"alice", "bob"}
    assert {path.stem for path in (folder / "group").iterdir()} == {"readers"}
    assert len(list((folder / "role").iterdir())) == 30


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (answer("IN_PROGRESS"), "the job was not complete in time"),
        (answer("FAILED", "<Error><Code>X</Code><Message>no such entity</Message></Error>"), "no such entity"),
    ],
)
def test_job_that_does_not_come_to_an_end_is_a_gap(
    collected: Collect, gate: Gate, impatient: None, tmp_path: Path, last: bytes, told: str
) -> None:
    gate.answers = {GENERATE: [_STARTED], GET: [last]}

    captured = collected(tmp_path / "bundle", skip=ONLY_LAST_ACCESSED)

    assert {gap.message for gap in captured.failed_calls if gap.path == ALICE} == {told}


def test_credential_report_is_generated_first(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    collected(tmp_path / "bundle", skip=frozenset(Kind) - {Kind.CREDENTIAL_REPORT})

    assert gate.calls["iam GenerateCredentialReport"] > 0
    assert gate.calls["iam GetCredentialReport"] == 1


def test_lists_without_a_paginator_are_fetched_to_their_end(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    """boto3 has no paginator for ListEventBuses."""
    buses = [[{"Name": name, "Arn": f"arn:aws:events:{REGION}:{MANAGEMENT}:event-bus/{name}"}] for name in "abc"]
    first, second = ({"EventBuses": one, "NextToken": str(page)} for page, one in enumerate(buses[:2]))
    pages = (first, second, {"EventBuses": buses[2]})
    gate.answers = {"events ListEventBuses": [json.dumps(page).encode() for page in pages]}

    collected(tmp_path / "bundle", skip=frozenset(Kind) - {Kind.RESOURCE_POLICIES}, parallel=1)

    path = tmp_path / "bundle" / f"accounts/{MANAGEMENT}/{REGION}/events/list-event-buses.json"
    assert json.loads(path.read_bytes()) == {"EventBuses": [bus for page in buses for bus in page]}
