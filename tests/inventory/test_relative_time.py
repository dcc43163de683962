from datetime import UTC, datetime, timedelta, timezone

import pytest

from iamdesk.inventory.relative_time import age_text, date_text

LATEST = datetime(2026, 9, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 3, 12, tzinfo=UTC), "12 Mar 2024 (2 years before the snapshot)"),
        (datetime(2026, 3, 30, tzinfo=UTC), "30 Mar 2026 (6 months before the snapshot)"),
        (datetime(2026, 3, 31, tzinfo=UTC), "31 Mar 2026 (5 months before the snapshot)"),
        (datetime(2024, 10, 1, tzinfo=UTC), "1 Oct 2024 (23 months before the snapshot)"),
        (datetime(2024, 9, 30, tzinfo=UTC), "30 Sep 2024 (2 years before the snapshot)"),
        (datetime(2026, 9, 27, 23, tzinfo=UTC), "27 Sep 2026 (3 days before the snapshot)"),
        (datetime(2026, 9, 29, tzinfo=UTC), "29 Sep 2026 (1 day before the snapshot)"),
        (datetime(2026, 9, 30, tzinfo=UTC), "30 Sep 2026 (on the day of the snapshot)"),
        (datetime(2026, 10, 1, tzinfo=UTC), "1 Oct 2026 (after the snapshot)"),
        (datetime(2026, 8, 2, tzinfo=UTC), "2 Aug 2026 (59 days before the snapshot)"),
    ],
)
def test_ages_are_counted_back_from_the_snapshot(moment: datetime, text: str) -> None:
    assert age_text(moment, LATEST) == text


def test_without_a_last_moment_only_the_day_is_told() -> None:
    assert age_text(datetime(2024, 3, 12, tzinfo=UTC), None) == "12 Mar 2024"


def test_days_are_those_of_utc() -> None:
    assert date_text(datetime(2024, 3, 12, 1, tzinfo=timezone(timedelta(hours=2)))) == "11 Mar 2024"
    assert date_text(datetime(2024, 3, 12, 1)) == "12 Mar 2024"  # noqa: DTZ001 - a capture may name no zone
