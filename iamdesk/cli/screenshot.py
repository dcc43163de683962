"""``iamdesk [PATH] --OPTION``: one picture of the window, or the self-test."""

import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamdesk.cli.errors import fail, report_errors
from iamdesk.cli.gui import open_window, qt_needed
from iamdesk.cli.output import echo_err

if TYPE_CHECKING:
    from iamdesk.cli.self_test import Step

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Theme(StrEnum):
    """The colours of a picture."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Language(StrEnum):
    """The language of a picture."""

    ENGLISH = "en"
    GERMAN = "de"


class Page(StrEnum):
    """What a picture brings forward."""

    OVERVIEW = "overview"
    CAPTURED = "captured"
    FINDINGS = "findings"
    ACCESS = "access"
    WHO_CAN = "who-can"
    WAYS = "ways"
    EVERYBODY = "everybody"
    REVIEW = "review"


@app.command()
@report_errors
def window(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="The snapshot to open.", exists=True, show_default=False)
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
    page: Annotated[
        Page | None,
        typer.Option(
            help="In the picture: which page is in front; access shows what --select can do, who-can who can what "
            "--ask asks, ways what --select can become (else who gets to administration), everybody what all can do, "
            "review the review that PATH is.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Theme, typer.Option(help="In the picture: the colours.")] = Theme.LIGHT,
    language: Annotated[Language, typer.Option(help="In the picture: the language.")] = Language.ENGLISH,
    self_test: Annotated[
        bool,
        typer.Option("--self-test", help="Do everything once with the samples, print each step, and end."),
    ] = False,
) -> None:
    """Open the window, on a snapshot where one is named. The commands are listed by iamdesk --help."""
    if self_test:
        _test_itself()
    elif screenshot is None:
        if select is not None or ask is not None or page is not None:
            hint = "--select, --ask, --page"
            raise typer.BadParameter("a picture takes it: give --screenshot FILE.png", param_hint=hint)
        raise typer.Exit(open_window(path))
    elif path is None:
        raise typer.BadParameter("a picture needs the PATH of a snapshot", param_hint="--screenshot")
    else:
        _picture(path, screenshot, select, ask, page, theme, language)


def _test_itself() -> None:
    from iamdesk.cli.self_test import run_steps

    _without_a_display()

    def of_window() -> "Iterable[Step]":
        with qt_needed():
            from iamdesk.gui.app import self_test
        return self_test.steps()

    raise typer.Exit(0 if run_steps(of_window) else 1)


def _without_a_display() -> None:
    if sys.platform == "linux":  # the same picture on every machine, whatever display it has
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        # That platform warns about every window, with nothing that anybody could do about it.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")


def _picture(
    path: Path,
    png: Path,
    select: str | None,
    ask: tuple[str, str, str] | None,
    page: Page | None,
    theme: Theme,
    language: Language,
) -> None:
    _without_a_display()
    with qt_needed():
        from iamdesk.gui.app.screenshot import ScreenshotError, render
    try:
        render(
            path,
            png,
            select=select,
            ask=ask,
            scheme=theme.value,
            page=page.value if page is not None else None,
            language=language.value,
        )
    except ScreenshotError as error:
        fail(str(error))
    echo_err(f"picture saved to {png}")
