"""Times in words: a date, and its age relative to the snapshot, never to now (CONTRACT 1: snapshot)."""

from datetime import UTC, datetime, timedelta

from iamdesk.i18n import mark, nphrase, phrase

_DAYS = (
    mark("{day} Jan {year}"),
    mark("{day} Feb {year}"),
    mark("{day} Mar {year}"),
    mark("{day} Apr {year}"),
    mark("{day} May {year}"),
    mark("{day} Jun {year}"),
    mark("{day} Jul {year}"),
    mark("{day} Aug {year}"),
    mark("{day} Sep {year}"),
    mark("{day} Oct {year}"),
    mark("{day} Nov {year}"),
    mark("{day} Dec {year}"),
)


def elapsed(start: datetime, end: datetime) -> timedelta:
    """Return the time between two times; one without time zone is UTC, as AWS writes them."""
    return _with_zone(end) - _with_zone(start)


def in_utc(moment: datetime) -> datetime:
    """Return the time in UTC."""
    return _with_zone(moment).astimezone(UTC)


def _with_zone(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def date_text(moment: datetime) -> str:
    """Return the day: ``12 Mar 2024``."""
    day = in_utc(moment)
    return phrase(_DAYS[day.month - 1], day=day.day, year=day.year)


def age_text(moment: datetime, latest: datetime | None) -> str:
    """Return the day and its age: ``12 Mar 2024 (6 months before the snapshot)``.

    ``latest`` is the snapshot's latest time; without it, only the day is returned.
    """
    if latest is None:
        return date_text(moment)
    return phrase("{date} ({age})", date=date_text(moment), age=_age(moment, latest))


def _age(moment: datetime, latest: datetime) -> str:
    days = (in_utc(latest).date() - in_utc(moment).date()).days
    if days < 0:
        return phrase("after the snapshot")
    if days == 0:
        return phrase("on the day of the snapshot")
    if days < 60:
        return nphrase("{count} day before the snapshot", "{count} days before the snapshot", days)
    start, end = in_utc(moment), in_utc(latest)
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    if months < 24:
        return nphrase("{count} month before the snapshot", "{count} months before the snapshot", max(months, 1))
    return nphrase("{count} year before the snapshot", "{count} years before the snapshot", months // 12)
