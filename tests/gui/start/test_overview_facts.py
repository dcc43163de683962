"""What the overview says of a bundle: when and by whom it was captured, and its files in one line."""

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui.start.overview_facts import capture_lines
from iamdesk.resource_files import resources


def test_a_bundle_is_told_with_its_capture_and_not_file_by_file() -> None:
    lines = capture_lines(Workbench().open_snapshot(resources() / "samples" / "acme-organization"))
    labels = [label for label, _ in lines]
    assert labels == ["Account", "Account", "Account", "Data as of", "Captured", "Files", "SHA-256"]
    told = dict(lines)
    assert lines[0] == ("Account", "111122223333 (acme-prod)")
    assert told["Captured"].endswith("UTC, by arn:aws:iam::123456789012:user/maria")
    assert told["Files"].startswith("62 files, ")


def test_of_many_accounts_the_number_is_told() -> None:
    opened = Workbench().open_snapshot(resources() / "samples" / "acme-organization")
    many = opened.snapshot.model_copy(update={"accounts": opened.accounts * 1_000})
    lines = capture_lines(SnapshotSession(many, opened.outline))
    assert lines[0] == ("Accounts", "3,000")
    assert len(lines) < 12
