"""Every table says what was asked, of which snapshot, when, by which versions, and how many rows it has."""

import csv
import io
from datetime import UTC, datetime

from iamdesk.export.findings.csv_table import ABOUT_COLUMNS, TableAbout, csv_bytes
from iamdesk.export.findings.report import action_data_version, tool_version

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_each_row_says_where_the_table_comes_from() -> None:
    about = TableAbout("iamdesk who-can a.json --resource '*'", "ab" * 32, NOW)
    rows = table(csv_bytes(("number", "name"), [(1, "a"), (2, "b")], "who can", about))
    assert [(row["number"], row["name"]) for row in rows] == [("1", "a"), ("2", "b")]
    for row in rows:
        assert [row[name] for name in ABOUT_COLUMNS] == [
            about.query,
            "ab" * 32,
            "2026-11-28T10:00:00Z",
            tool_version(),
            action_data_version(),
            "2",
        ]


def test_what_the_caller_does_not_know_is_empty_or_in_words() -> None:
    (row,) = table(csv_bytes(("number",), [(1,)], "who can read"))
    assert (row["query"], row["snapshot_sha256"], row["rows_total"]) == ("who can read", "", "1")
    assert row["generated_utc"] > "2026"


def test_a_column_is_not_added_twice_and_cells_stay_inert() -> None:
    (row,) = table(csv_bytes(("snapshot_sha256", "name"), [("cd", "\0rows\0=1")], "=cmd", TableAbout(generated_at=NOW)))
    assert row["snapshot_sha256"] == "cd"
    assert row["query"] == "'=cmd"
    assert row["name"] == "\\u0000rows\\u0000=1"
    assert list(row).count("snapshot_sha256") == 1


def test_without_rows_there_are_only_headings() -> None:
    assert csv_bytes(("number",), [], "").decode("utf-8-sig").splitlines() == [
        ",".join(f'"{name}"' for name in ("number", *ABOUT_COLUMNS))
    ]
