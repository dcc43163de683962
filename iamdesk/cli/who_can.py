"""``iamdesk who-can``: everybody for whom one question is answered with allowed or conditional."""

from collections.abc import Iterator
from typing import Any

from iamdesk.cli import options
from iamdesk.cli.output import note, say, say_json
from iamdesk.evaluate.request import UnknownContext
from iamdesk.explain.decision import Decision, Part
from iamdesk.export.answer_words import condition_words
from iamdesk.export.evaluation_result import to_evaluation_result
from iamdesk.workbench import Workbench


def who_can(
    snapshot: options.SnapshotPath,
    action: options.Action,
    resource: options.Resource,
    context: options.Context = [],  # noqa: B006 - read by typer, never changed
    absent: options.Absent = [],  # noqa: B006
    unknown_context: options.UnknownKeys = UnknownContext.UNKNOWN,
    output_format: options.OutputFormat = options.Format.TEXT,
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
    if output_format is options.Format.JSON:
        say_json([_as_object(row.principal, row.explanation) for row in rows])
        return
    found = 0
    for row in rows:
        found += 1
        for line in _lines(row.principal, row.explanation):
            say(line)
    note("1 principal" if found == 1 else f"{found:,} principals")


def _as_object(principal: str, decision: Decision) -> dict[str, Any]:
    # The layers are left out: they are the same for everybody but one or two, and `iamdesk can` tells them.
    result = {key: value for key, value in to_evaluation_result(decision).items() if key != "Layers"}
    return {"Principal": principal, **result}


def _lines(principal: str, decision: Decision) -> Iterator[str]:
    yield f"{decision.decision.value:<11}  {principal}"
    statements = decision.statements_that(Part.DECIDES, Part.DEPENDS)
    for statement in statements:
        yield f"{'':<13}by {statement.name} [{statement.layer.value}]"
    if not statements:
        yield f"{'':<13}{decision.sentence}"
    for values in decision.conditions:
        yield f"{'':<13}when {condition_words(values)}"
