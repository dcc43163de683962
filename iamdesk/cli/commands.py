"""The commands that answer in the terminal, put together. None of them imports Qt, or what only another one needs."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from iamdesk.cli import COMMANDS
from iamdesk.cli.choices import MAX_WORKERS, MIN_MEMORY, choice
from iamdesk.cli.errors import report_errors
from iamdesk.cli.output import echo, version


def app_of(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the command line with the commands that are named; each brings its own imports along."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        subcommand_metavar="[PATH] | COMMAND [ARGS]...",
        no_args_is_help=True,
    )
    app.callback()(about)
    for name in names:
        if name == "review":
            from iamdesk.cli.review import app as review_app

            app.add_typer(review_app, name=name)
        else:
            app.command(name)(report_errors(_command(name)))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        echo(version())
        raise typer.Exit


def about(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_WORKERS,
            metavar="N",
            help="Processes that do long work, of any command; as many as the cores less one where nothing is said.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Have the workers of a Dask scheduler do it instead; what they need of the snapshot is sent to them.",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            min=MIN_MEMORY,
            metavar="MEGABYTES",
            help="Memory that each process may take for an organization too large to be held as a whole; 1024 where "
            "nothing is said.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Access reviews of AWS accounts: who can do what, offline, with proof.

    iamdesk [PATH] opens the window, on a snapshot where one is named; the commands below answer in the terminal.
    A file that bears the name of a command is opened as ./NAME. iamdesk PATH --help tells the window's options.
    """
    choice.workers, choice.scheduler, choice.memory = workers, scheduler, memory


def _command(name: str) -> Callable[..., Any]:
    # Each import is written out: so whoever packs the application sees it, and the rules of imports hold for it.
    match name:
        case "can":
            from iamdesk.cli.can import can

            return can
        case "who-can":
            from iamdesk.cli.who_can import who_can

            return who_can
        case "what-can":
            from iamdesk.cli.what_can import what_can

            return what_can
        case "paths":
            from iamdesk.cli.paths import paths

            return paths
        case "why":
            from iamdesk.cli.why import why

            return why
        case "simulate":
            from iamdesk.cli.simulate import simulate

            return simulate
        case "findings":
            from iamdesk.cli.findings import findings

            return findings
        case "suppress":
            from iamdesk.cli.suppress import suppress

            return suppress
        case "diff":
            from iamdesk.cli.diff import diff

            return diff
        case "what-if":
            from iamdesk.cli.what_if import what_if

            return what_if
        case "export":
            from iamdesk.cli.evidence import export

            return export
        case "verify":
            from iamdesk.cli.evidence import verify

            return verify
        case "validate":
            from iamdesk.cli.validate import validate

            return validate
        case "collect":
            from iamdesk.cli.collect import collect

            return collect
    raise ValueError(name)
