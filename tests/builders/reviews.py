"""Review files for tests."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.review.seals import seal


def create_on(path: Path, moment: datetime) -> None:
    """Let a new review, without any entry, have been created at another time."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        created = moment.astimezone(UTC).isoformat(timespec="seconds")
        connection.execute("UPDATE head SET value = ? WHERE name = 'created'", (created,))
        seal(connection)
