"""What people state about a review: read, recorded, the last statement counts; bad lists get one sentence."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.decisions import Reviewer
from iamdesk.review.description import describe_with, description_of, record_description
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head

ANA = Reviewer("Ana Moreno", "ana")


def written(folder: Path, text: str | bytes, name: str = "reviewers.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def made(folder: Path, details: dict[str, str] | None = None) -> Path:
    path = folder / "q.iamreview"
    head = Head("r-1", "Q", "ab" * 32, "s.json", datetime(2026, 11, 1, tzinfo=UTC), details=details or {})
    ReviewFile.create(path, head, [], []).close()
    return path


def test_stated_when_created_and_later(tmp_path: Path) -> None:
    first = describe_with("Tom Reed", "aws iam get-account-authorization-details", date(2026, 12, 1))
    review = made(tmp_path, first.as_details())
    people = written(tmp_path, "name,role,competence\nAna Moreno,Platform owner,runs the account\n")
    record_description(review, describe_with(due=date(2026, 12, 9), reviewers=people), ANA)
    with ReviewFile.open(review, writable=False) as file:
        found = description_of(file)
    assert (found.captured_by, found.due) == ("Tom Reed", date(2026, 12, 9))
    profile = found.profile("ana  MORENO")
    assert profile is not None
    assert (profile.role, profile.competence, profile.independence) == ("Platform owner", "runs the account", "")
    assert found.profile("Ben Okafor") is None
    assert (found.reviewers_file, len(found.reviewers_sha256)) == ("reviewers.csv", 64)
    assert (found.stated_by["captured_by"], found.stated_by["due"]) == ("", "Ana Moreno")


def test_nothing_stated_is_not_recorded(tmp_path: Path) -> None:
    review = made(tmp_path)
    with pytest.raises(ReviewError, match="nothing is stated"):
        record_description(review, describe_with(), ANA)
    with ReviewFile.open(review, writable=False) as file:
        assert description_of(file).is_empty


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "reviewers.csv, row 1: the column `name` is missing"),
        ("role\nx\n", "reviewers.csv, row 1: the column `name` is missing"),
        ("name,salary\nAna,1\n", "reviewers.csv, row 1: unknown column `salary`"),
        ("name\n", "reviewers.csv, row 1: the list contains no reviewer"),
        ("name,role\nAna,x\n,y\n", "reviewers.csv, row 3: the row has no name"),
        ("name\nAna\nana\n", "reviewers.csv, row 3: ana is in the list twice"),
        ("name\nAna,Ben\n", "reviewers.csv, row 2: it has more cells than headings"),
        (b"name\nAna\n\xff\xfe\n", "reviewers.csv, row 3: it is not a CSV file in UTF-8"),
        ('name\nAna\n"Ben\n', "reviewers.csv, row 3: it is not a CSV file in UTF-8"),
    ],
)
def test_a_bad_list_is_refused_with_its_row(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(ReviewError) as refused:
        describe_with(reviewers=written(tmp_path, text))
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
