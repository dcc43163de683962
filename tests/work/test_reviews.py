"""A review that workers help to make is the same as one that was made alone."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.api import Workbench
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.time_dependence import mentions_time
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.review_file import ReviewFile
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.processes import Processes


def test_the_same_review(two: Processes, tmp_path: Path) -> None:
    opened = Workbench().open_snapshot(sample_snapshot())
    opened.create_review(tmp_path / "alone.iamreview", "Alone")
    again = Workbench().open_snapshot(sample_snapshot())
    again.create_review(tmp_path / "shared.iamreview", "Shared", executor=two)
    alone = Workbench.open_review(tmp_path / "alone.iamreview", writable=False)
    shared = Workbench.open_review(tmp_path / "shared.iamreview", writable=False)
    try:
        assert alone.lines
        assert shared.lines == alone.lines
        assert shared.findings == alone.findings
    finally:
        alone.close()
        shared.close()


def test_the_same_evidence_and_the_same_verification(two: Processes, beside: Processes, tmp_path: Path) -> None:
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    opened = Workbench().open_snapshot(sample_snapshot())
    opened.create_review(tmp_path / "q.iamreview", "Q")
    with ReviewFile.open(tmp_path / "q.iamreview", writable=False) as review:
        for name, executor in (("alone", None), ("shared", two), ("helped", beside)):
            again = Workbench().open_snapshot(sample_snapshot())
            write_package(review, tmp_path / name, evaluator=again.evaluator, generated_at=moment, executor=executor)
    files = sorted(file.relative_to(tmp_path / "alone") for file in (tmp_path / "alone").rglob("*") if file.is_file())
    assert len(files) > 20
    for file in files:
        content = (tmp_path / "alone" / file).read_bytes()
        assert (tmp_path / "shared" / file).read_bytes() == content, file
        assert (tmp_path / "helped" / file).read_bytes() == content, file
    alone = list(verify(tmp_path / "alone"))
    assert list(verify(tmp_path / "alone", executors=lambda _snapshot: nullcontext(two))) == alone
    assert [one for one in alone if one.outcome is Outcome.FAILED] == []


def test_time_in_a_policy_is_noticed() -> None:
    snapshot = load_snapshot(sample_snapshot())
    assert mentions_time(snapshot) is ("currenttime" in sample_snapshot().read_text(encoding="utf-8").lower())
    account = snapshot.accounts[0]
    tagged = account.roles[0].model_copy(update={"description": "AWS:CURRENTTime"})
    timed = account.model_copy(update={"roles": (tagged, *account.roles[1:])})
    assert mentions_time(snapshot.model_copy(update={"accounts": (timed, *snapshot.accounts[1:])}))
