"""``iamdesk can``: one question, one answer."""

from typing import Annotated

import typer

from iamdesk.cli import options
from iamdesk.cli.output import note, say_json, say_text
from iamdesk.evaluate.request import Layer, Request, UnknownContext
from iamdesk.explain.decision import Verdict
from iamdesk.export.answer_text import answer_text
from iamdesk.export.evaluation_result import to_evaluation_result
from iamdesk.workbench import Workbench


def can(
    snapshot: options.SnapshotPath,
    principal: options.Principal,
    action: options.Action,
    resource: options.Resource,
    context: options.Context = [],  # noqa: B006 - read by typer, never changed
    absent: options.Absent = [],  # noqa: B006
    session_policy: options.SessionPolicies = [],  # noqa: B006
    unknown_context: options.UnknownKeys = UnknownContext.UNKNOWN,
    resource_account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The account that owns the resource, where the ARN does not tell."),
    ] = None,
    without: Annotated[
        list[Layer], typer.Option(metavar="LAYER", help="Leave a layer out of the evaluation; may be repeated.")
    ] = [],  # noqa: B006
    changes: Annotated[
        bool,
        typer.Option("--changes", help="Also tell which statements, removed or added, would turn the answer around."),
    ] = False,
    expect: Annotated[
        Verdict | None, typer.Option(case_sensitive=False, help="End with status 1 unless this is the answer.")
    ] = None,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Answer one question: may X do Y on Z?"""
    request = Request(
        principal=principal,
        action=action,
        resource=resource,
        context=options.read_context(context, absent),
        resource_account=resource_account,
        session_policies=options.read_session_policies(session_policy),
        unknown_context=unknown_context,
        without=frozenset(without),
    )
    opened = Workbench().open_snapshot(snapshot)
    decision = opened.ask(request)
    found = opened.changes(request) if changes else None
    if output_format is options.Format.JSON:
        say_json(to_evaluation_result(decision, found))
    else:
        say_text(answer_text(decision, str(snapshot), found))
    if expect is not None and decision.decision is not expect:
        note(f"expected {expect.value}, but the answer is {decision.decision.value}")
        raise typer.Exit(1)
