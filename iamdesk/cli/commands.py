"""The commands that answer in the terminal, put together. None of them imports Qt."""

from typing import Annotated

import typer

from iamdesk.cli.can import can
from iamdesk.cli.collect import collect
from iamdesk.cli.diff import diff
from iamdesk.cli.findings import findings
from iamdesk.cli.output import say, version
from iamdesk.cli.pack import export, verify
from iamdesk.cli.paths import paths
from iamdesk.cli.review import app as review_app
from iamdesk.cli.simulate import simulate
from iamdesk.cli.suppress import suppress
from iamdesk.cli.troubles import troubles_told
from iamdesk.cli.validate import validate
from iamdesk.cli.what_can import what_can
from iamdesk.cli.what_if import what_if
from iamdesk.cli.who_can import who_can
from iamdesk.cli.why import why

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    subcommand_metavar="[PATH] | COMMAND [ARGS]...",
    no_args_is_help=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(version())
        raise typer.Exit


@app.callback()
def about(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Access reviews of AWS accounts: who can do what, offline, with proof.

    iamdesk [PATH] opens the window, on a snapshot where one is named; the commands below answer in the terminal.
    A file that bears the name of a command is opened as ./NAME. iamdesk PATH --help tells the window's options.
    """


for name, command in (
    ("can", can),
    ("who-can", who_can),
    ("what-can", what_can),
    ("paths", paths),
    ("why", why),
    ("simulate", simulate),
    ("findings", findings),
    ("suppress", suppress),
    ("diff", diff),
    ("what-if", what_if),
    ("export", export),
    ("verify", verify),
    ("validate", validate),
    ("collect", collect),
):
    app.command(name)(troubles_told(command))
app.add_typer(review_app, name="review")
