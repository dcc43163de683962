"""``iamdesk why``: explain a denied request from its error message or CloudTrail record."""

import sys
from typing import Annotated

import typer

from iamdesk.api import RequestSession
from iamdesk.cli import executor, options
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo_json, echo_text
from iamdesk.denials.denial import MAX_TEXT_LENGTH, Agreement, DenialError, Why
from iamdesk.explain.suggestions import Changes
from iamdesk.export.decision.denial import to_why_result, why_text


def why(
    snapshot: options.SnapshotPath,
    message: Annotated[
        str,
        typer.Argument(
            metavar="MESSAGE",
            help="Access-denied error message; or as JSON a CloudTrail event, a decoded authorization message or "
            "authorization details. - reads standard input.",
            show_default=False,
        ),
    ],
    principal: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="Principal, if the message does not contain it.", show_default=False),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(metavar="ACTION", help="Action, if the message does not contain it.", show_default=False),
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="Resource, if the message does not contain it.", show_default=False),
    ] = None,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Explain a denied request.

    Also lists the changes that would allow it.
    """
    with executor.open_to_evaluate(snapshot) as opened:
        try:
            denials = opened.read_denials(_read() if message == "-" else message)
        except DenialError as error:
            fail(str(error))
        explained = [opened.why(denial, principal=principal, action=action, resource=resource) for denial in denials]
        changes = [_changes(opened, why) for why in explained]
        is_evaluated = any(why.agreement is not Agreement.NOT_ASKED for why in explained)
        if output_format is options.Format.JSON:
            results = [to_why_result(why, found) for why, found in zip(explained, changes, strict=True)]
            echo_json(results[0] if len(results) == 1 else results)
        elif is_evaluated:
            for number, (why, found) in enumerate(zip(explained, changes, strict=True), 1):
                if len(explained) > 1:
                    echo_text(f"{'' if number == 1 else chr(10)}Request {number} of {len(explained)}\n")
                echo_text(why_text(why, str(snapshot), found))
        if not is_evaluated:
            fail(" ".join(dict.fromkeys(one for why in explained for one in (*why.denial.remarks, why.sentence))))


def _read() -> str:
    return sys.stdin.buffer.read(4 * MAX_TEXT_LENGTH).decode("utf-8-sig", errors="replace")


def _changes(opened: RequestSession, why: Why) -> Changes | None:
    """Return the changes that would allow the request; None where it is allowed: further denials help no one."""
    if why.decision is None or why.agreement is Agreement.ALLOWED:
        return None
    return opened.changes(why.decision.request)
