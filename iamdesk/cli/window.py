"""``iamdesk [PATH]``: the window, or one picture of it. The only part of the command line that leads to Qt."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.cli.output import note
from iamdesk.cli.troubles import give_up, troubles_told

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Theme(StrEnum):
    """The colours of a picture."""

    LIGHT = "light"
    DARK = "dark"


@app.command()
@troubles_told
def window(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="The snapshot to open.", exists=True, show_default=False)
    ] = None,
    screenshot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Save a picture of the window and end, with or without a display."),
    ] = None,
    select: Annotated[str | None, typer.Option(metavar="ARN", help="In the picture: what is selected.")] = None,
    ask: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="PRINCIPAL ACTION RESOURCE", help="In the picture: the question that is answered."),
    ] = None,
    theme: Annotated[Theme, typer.Option(help="In the picture: the colours.")] = Theme.LIGHT,
) -> None:
    """Open the window, on a snapshot where one is named. The commands are listed by iamdesk --help."""
    if screenshot is None:
        if select is not None or ask is not None:
            raise typer.BadParameter("a picture takes it: give --screenshot FILE.png", param_hint="--select, --ask")
        _open(path)
    elif path is None:
        raise typer.BadParameter("a picture needs the PATH of a snapshot", param_hint="--screenshot")
    else:
        _picture(path, screenshot, select, ask, theme)


def _has_display() -> bool:
    """Whether Qt can find a screen: only X11 and Wayland tell by the environment."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
