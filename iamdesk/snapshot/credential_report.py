"""The credential report of ``aws iam get-credential-report``: a table as CSV, in base64 or decoded.

Source of the columns: IAM user guide, "Generate credential reports for your AWS account".
"""

import base64
import binascii
import csv
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ValidationError

from iamdesk.i18n import phrase
from iamdesk.snapshot.account_details import CredentialReport, CredentialReportEntry
from iamdesk.snapshot.authorization_details import problems_of
from iamdesk.snapshot.command_output import Output
from iamdesk.snapshot.commands.iam import GetCredentialReport
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import SourceText

CREDENTIAL_REPORT = ("iam", "get-credential-report")
_NEEDED = ("user", "arn")
_MAX_REPORTED = 20
_LONGEST = 1 << 16  # characters of one line


def report_of(output: GetCredentialReport, file: str, problems: list[Problem]) -> CredentialReport | None:
    """Return the report that the CLI printed in base64; None if it cannot be read (a problem is added)."""
    try:
        text = base64.b64decode("".join(output.content.split()), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        what = "base64" if isinstance(error, binascii.Error) else phrase("UTF-8 text")
        problems.append(
            Problem(
                file=file,
                json_path="$.Content",
                message=phrase("expected {what}: it cannot be decoded", what=what),
            )
        )
        return None
    entries = _entries(text.splitlines(), file, "$.Content", problems)
    return None if entries is None else CredentialReport(generated_time=output.generated_time, entries=entries)


def read_report_table(source: SourceText) -> Output[BaseModel]:
    """Read a decoded report: a ``.csv``.

    Raises:
        SnapshotError: it cannot be read.
        WorkCancelled: the work was cancelled.
    """
    output = Output[BaseModel](source.name)
    entries = _entries(_lines(source), source.name, "$", output.problems)
    if entries is not None:
        output.pages.append(CredentialReport(entries=entries))
    return output


def _lines(source: SourceText) -> Iterator[str]:
    rest = ""
    for piece in source.pieces():
        *whole, rest = (rest + piece).split("\n")
        yield from whole
        if len(rest) > _LONGEST:
            raise source.error(phrase("is not a table: a line is longer than any line of a credential report"))
    if rest:
        yield rest


def _entries(
    lines: Iterable[str], file: str, where: str, problems: list[Problem]
) -> tuple[CredentialReportEntry, ...] | None:
    """Return the lines of the table; None if it is not a table."""
    table = csv.DictReader(lines, strict=True)
    entries: list[CredentialReportEntry] = []
    reported = 0
    try:
        if not set(_NEEDED) <= set(table.fieldnames or ()):
            message = phrase("expected a table with the columns `user` and `arn`, as in a credential report")
            problems.append(Problem(file=file, json_path=where, message=message))
            return None
        for row in table:
            try:
                cells = {column: cell for column, cell in row.items() if column and cell is not None}
                entries.append(CredentialReportEntry.model_validate(cells))
            except ValidationError as error:
                (inner, message), *_ = problems_of(error)
                reported += 1
                if reported <= _MAX_REPORTED:
                    place = phrase(
                        "line {line}, column {column}: {message}",
                        line=table.line_num,
                        column=inner[0] if inner else "?",
                        message=message,
                    )
                    problems.append(Problem(file=file, json_path=where, message=place))
    except csv.Error as error:
        message = phrase(
            "line {line} of the table cannot be read ({error}); the lines before it were",
            line=table.line_num,
            error=error,
        )
        problems.append(Problem(file=file, json_path=where, message=message))
    if reported > _MAX_REPORTED:
        message = phrase(
            "{count} more lines of the table are broken; they were ignored", count=reported - _MAX_REPORTED
        )
        problems.append(Problem(file=file, json_path=where, message=message))
    return tuple(entries)
