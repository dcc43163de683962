"""``iamdesk who-can``: everybody for whom one question is answered with allowed or conditional."""

from collections.abc import Iterator

from iamdesk.cli import options
from iamdesk.cli.output import note, say, say_bytes, say_json
from iamdesk.evaluate.request import UnknownContext
from iamdesk.explain.decision import Decision, Part
from iamdesk.export.answer_words import ways_words
from iamdesk.export.who_can import report_of, to_csv, to_who_can_row
from iamdesk.workbench import Workbench


def who_can(
    snapshot: options.SnapshotPath,
    action: options.Action,
    resource: options.Resource,
    context: options.Context = [],  # noqa: B006 - read by typer, never changed
    absent: options.Absent = [],  # noqa: B006
    unknown_context: options.UnknownKeys = UnknownContext.UNKNOWN,
    output_format: options.OutputTable = options.TableFormat.TEXT,
) -> None:
    """List everybody who can do it, and how.

    A row for every principal for whom the answer is allowed or conditional.
    """
    rows = (
        Workbench()
        .open_snapshot(snapshot)
        .who_can(
            action=action,
            resource=resource,
            context=options.read_context(context, absent),
            unknown_context=unknown_context,
        )
    )
    if output_format is options.TableFormat.JSON:
        say_json([to_who_can_row(row.principal, row.explanation) for row in rows])
        return
    if output_format is options.TableFormat.CSV:
        say_bytes(to_csv(report_of(tuple(rows), snapshot.name)))
        return
    found = 0
    for row in rows:
        found += 1
        for line in _lines(row.principal, row.explanation):
            say(line)
    note("1 principal" if found == 1 else f"{found:,} principals")


def _lines(principal: str, decision: Decision) -> Iterator[str]:
    yield f"{decision.decision.value:<11}  {principal}"
    statements = decision.statements_that(Part.DECIDES, Part.DEPENDS)
    for statement in statements:
        yield f"{'':<13}by {statement.name} [{statement.layer.value}]"
    if not statements:
        yield f"{'':<13}{decision.sentence}"
    for words in dict.fromkeys(ways_words(decision)):
        yield f"{'':<13}when {words}"
