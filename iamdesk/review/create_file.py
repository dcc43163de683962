"""Creates a review file atomically."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from iamdesk.durable import sync_folder
from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import digest
from iamdesk.review.schema import Head, connect, create_tables, head_rows
from iamdesk.review.seals import seal


def write_new(
    path: Path,
    head: Head,
    population: Iterable[PopulationEntry],
    lines: Iterable[ReviewItem],
    findings: Iterable[Mapping[str, Any]],
) -> None:
    """Write a new review file; ``lines``, ``findings`` and ``population`` are consumed in this order.

    Raises:
        ReviewError: the file exists, or cannot be written.
    """
    if path.exists():
        raise ReviewError(phrase("{path} already exists; it was not changed", path=display_name(path)))
    # Written under another name first, so that a review file is always complete.
    making = path.with_name(f".{path.name}.making")
    try:
        making.unlink(missing_ok=True)
        connection = connect(making, writable=True)
        try:
            create_tables(connection)
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                _fill(connection, head, population, lines, findings)
                seal(connection)
        finally:
            connection.close()
        making.rename(path)
        try:
            sync_folder(path.absolute().parent)
        except OSError:
            path.unlink()  # it may be gone after a power cut: an error reports that it was not written
            raise
    except sqlite3.IntegrityError as error:
        making.unlink(missing_ok=True)
        raise ReviewError(
            phrase("{path}: an entitlement occurs twice ({error})", path=display_name(path), error=error)
        ) from error
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            making.unlink(missing_ok=True)
        raise ReviewError(
            phrase("{path}: the review cannot be written: {error}", path=display_name(path), error=reason_of(error))
        ) from error


def _fill(
    connection: sqlite3.Connection,
    head: Head,
    population: Iterable[PopulationEntry],
    lines: Iterable[ReviewItem],
    findings: Iterable[Mapping[str, Any]],
) -> None:
    connection.executemany("INSERT INTO head VALUES (?, ?)", head_rows(head))
    connection.executemany(
        "INSERT INTO lines VALUES (?, ?, ?, ?)",
        (
            (at, line.line_id, line.sha256, json.dumps(line.as_json(), ensure_ascii=False))
            for at, line in enumerate(lines)
        ),
    )
    connection.executemany(
        "INSERT INTO findings VALUES (?, ?, ?, ?)",
        (
            (at, finding["finding_id"], digest(finding), json.dumps(finding, ensure_ascii=False))
            for at, finding in enumerate(findings)
        ),
    )
    connection.executemany(
        "INSERT INTO population VALUES (?, ?, ?, ?, ?, ?)",
        (
            (at, each.arn, each.account_id, each.kind, each.in_scope, each.out_reason)
            for at, each in enumerate(population)
        ),
    )


def display_name(path: Path) -> str:
    """Return the name of a file for messages."""
    return visible(path.name)


def reason_of(error: Exception) -> str:
    """Return the reason of an error of SQLite or the operating system, for the end of a sentence."""
    if not isinstance(error, OSError):
        return str(error)
    return error.strerror.lower() if error.strerror else phrase("the system gives no reason")
