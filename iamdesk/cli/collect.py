"""``iamdesk collect``: capture a bundle from AWS accounts with read-only calls."""

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from iamdesk.cli import options
from iamdesk.cli.errors import fail
from iamdesk.cli.output import counted, echo, echo_err, echo_json, echo_text
from iamdesk.collect.options import (
    NOT_FROM_AWS,
    PARALLEL,
    Captured,
    CollectError,
    Kind,
    Options,
    Status,
    failed_call_lines,
)
from iamdesk.collect.policy import policy_text
from iamdesk.collect.start import collect as capture
from iamdesk.escaping import visible
from iamdesk.progress import never_cancelled


def collect(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="Bundle to write: a folder, or a file whose name ends in .zip."
        ),
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Profile of the AWS configuration files.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="REGION", help="Region to capture. Repeatable. Default: all enabled Regions."),
    ] = None,
    role_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Role to assume in all other accounts of the organization."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Account in which to assume the role, instead of all. Repeatable."),
    ] = None,
    external_id: Annotated[str | None, typer.Option(metavar="ID", help="External ID for assuming the role.")] = None,
    skip: Annotated[
        list[Kind] | None,
        typer.Option(metavar="KIND", help=f"Kind of data to skip. Repeatable. One of: {', '.join(Kind)}."),
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Send all calls to this endpoint instead of AWS.")
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Maximum number of concurrent calls.")
    ] = PARALLEL,
    print_policy: Annotated[
        bool, typer.Option("--print-policy", help="Print the IAM policy that allows these calls, and exit.")
    ] = False,
    output_format: options.OutputFormat = options.Format.TEXT,
    progress: Annotated[
        options.Format, typer.Option(hidden=True, help="Format of the progress; the window reads JSON.")
    ] = options.Format.TEXT,
) -> None:
    """Capture a bundle from AWS accounts, with read-only calls.

    Run the same command again to resume an interrupted capture and to retry calls that were denied. A completed .zip
    is never changed.
    """
    if print_policy:
        echo_text(policy_text())
        return
    if output is None:
        raise typer.BadParameter("give a folder, or a file whose name ends in .zip", param_hint="--output")
    line = _ProgressLine(progress)
    if progress is options.Format.JSON and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started by a window that a shell put in the background; the window cancels the capture with this signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        captured = capture(
            Options(
                output=output,
                profile=profile,
                regions=tuple(region or ()),
                endpoint_url=endpoint_url,
                role_name=role_name,
                accounts=tuple(account or ()),
                external_id=external_id,
                skip=frozenset(skip or ()),
                parallel=parallel,
            ),
            line.show,
            never_cancelled,
        )
    except KeyboardInterrupt:
        line.end()
        echo_err("interrupted: run the same command again to resume the capture")
        raise typer.Exit(130) from None
    except CollectError as error:
        line.end()
        fail(str(error))
    line.end()
    for sentence in captured.notes:
        echo_err(sentence)
    if output_format is options.Format.JSON:
        echo_json(_as_object(captured))
    else:
        for text in _lines(captured):
            echo(text)
    if not captured.files:
        fail("nothing could be captured")
    if foreign := sum(one.code == NOT_FROM_AWS for one in captured.failed_calls):
        echo_err(f"{counted(foreign, 'response')} did not come from AWS: check the endpoint, and any proxy in between")
        raise typer.Exit(1)


class _ProgressLine:
    """Progress: one line that is overwritten on a terminal, else a line for each account, or JSON for a program."""

    def __init__(self, progress: options.Format) -> None:
        self._progress = progress
        self._is_terminal = sys.stderr.isatty()
        self._last: Status | None = None
        self._doing = ""
        self._is_shown = False

    def show(self, status: Status) -> None:
        if status == self._last:
            return
        self._last = status
        if self._progress is options.Format.JSON:
            print(json.dumps(asdict(status)), file=sys.stderr, flush=True)
        elif self._is_terminal:
            failed_calls = f", {status.failed_calls:,} not captured" if status.failed_calls else ""
            text = f"{visible(status.doing)}: {status.done:,} of {status.total:,} calls{failed_calls}"
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._is_shown = True
        elif status.doing != self._doing:
            echo_err(f"capturing: {status.doing}")
        self._doing = status.doing

    def end(self) -> None:
        if self._is_shown:
            print(file=sys.stderr)
            self._is_shown = False


def _as_object(captured: Captured) -> dict[str, Any]:
    return {
        "path": str(captured.path),
        "accounts": captured.accounts,
        "regions": captured.regions,
        "files": captured.files,
        "files_of_earlier_runs": captured.kept,
        "gaps": [asdict(failed_call) for failed_call in captured.failed_calls],
        "notes": captured.notes,
    }


def _lines(captured: Captured) -> Iterator[str]:
    accounts = "1 account" if len(captured.accounts) == 1 else f"{len(captured.accounts):,} accounts"
    earlier = f", {captured.kept:,} of them captured by an earlier run" if captured.kept else ""
    yield f"{captured.path}: {accounts}, {captured.files:,} files{earlier}"
    if captured.failed_calls:
        yield ""
        yield f"Not captured: {len(captured.failed_calls):,}"
        for line in failed_call_lines(captured.failed_calls):
            yield f"  {line}"
