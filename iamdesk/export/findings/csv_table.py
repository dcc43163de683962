"""Any table as CSV, by the rules of ``csv_file``."""

import csv
import io
from collections.abc import Iterable, Sequence

from iamdesk.export.findings.csv_file import inert


def csv_bytes(headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """Return headings and rows as the bytes of a CSV file; numbers stay numbers, texts are neutralized (`inert`)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([str(value) if isinstance(value, int) else inert(value) for value in row])
    return out.getvalue().encode("utf-8-sig")
