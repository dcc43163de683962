"""A review that workers help to make is the same as one that was made alone."""

from pathlib import Path

from iamdesk.api import Workbench
from iamdesk.resource_files import sample_snapshot
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
