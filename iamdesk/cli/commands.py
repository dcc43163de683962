"""The commands of the terminal. None of them imports Qt, or modules that only another command needs."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from iamdesk.cli import COMMANDS
from iamdesk.cli.choices import MAX_WORKERS, MIN_MEMORY, choice, current_name
from iamdesk.cli.errors import report_errors
from iamdesk.cli.output import echo, version


def app_of(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the command line with the named commands; only these are imported."""
    app = typer.Typer(
        context_settings={"token_normalize_func": current_name},
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_WORKERS,
            metavar="N",
            help="Number of processes for long work, with any command. Default: one less than there are cores.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Use the workers of a Dask scheduler instead. The parts of the snapshot that they need are sent to "
            "them.",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            min=MIN_MEMORY,
            metavar="MEGABYTES",
            help="Memory that each process may use for an organization that is too large to load as a whole. "
            "Default: 1024.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Access reviews of AWS accounts: who can do what, offline, with proof.

    iamdesk [PATH] opens the window, with a snapshot or review if PATH is given. The commands below work in the
    terminal. To open a file that has the name of a command, write ./NAME. The options of the window are listed by
    iamdesk PATH --help.
    """
    choice.workers, choice.scheduler, choice.memory = workers, scheduler, memory


def _command(name: str) -> Callable[..., Any]:
    # Written out, so that packaging tools and the import rules see each import.
    match name:
        case "can":
            from iamdesk.cli.can import can

            return can
        case "who-can":
            from iamdesk.cli.who_can import who_can

            return who_can
        case "describe":
            from iamdesk.cli.describe import describe

            return describe
        case "external-access":
            from iamdesk.cli.external_access import external_access

            return external_access
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
        case "validate-policy":
            from iamdesk.cli.validate_policy import validate_policy

            return validate_policy
        case "collect":
            from iamdesk.cli.collect import collect

            return collect
    raise ValueError(name)
