"""``iamdesk [PATH] --OPTION``: a screenshot of the window, or the self-test."""

import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamdesk.cli.choices import current_name
from iamdesk.cli.errors import fail, report_errors
from iamdesk.cli.gui import open_window, qt_needed
from iamdesk.cli.output import echo_err

if TYPE_CHECKING:
    from iamdesk.cli.self_test import Step

app = typer.Typer(
    context_settings={"token_normalize_func": current_name},
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Theme(StrEnum):
    """Theme of the screenshot."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Language(StrEnum):
    """Language of the screenshot."""

    ENGLISH = "en"
    GERMAN = "de"


class Page(StrEnum):
    """Page in front."""

    OVERVIEW = "overview"
    CAPTURED = "captured"
    FINDINGS = "findings"
    ACCESS = "access"
    WHO_CAN = "who-can"
    ATTACK_PATHS = "attack-paths"
    ACCESS_MATRIX = "access-matrix"
    REVIEW = "review"


@app.command()
@report_errors
def window(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Snapshot or review to open.", exists=True, show_default=False),
    ] = None,
    screenshot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Save a screenshot of the window and exit. Works without a display."),
    ] = None,
    select: Annotated[str | None, typer.Option(metavar="ARN", help="Screenshot: select this in the navigator.")] = None,
    ask: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="PRINCIPAL ACTION RESOURCE", help="Screenshot: evaluate this request."),
    ] = None,
    page: Annotated[
        Page | None,
        typer.Option(
            help="Screenshot: page in front. access: effective permissions of --select. who-can: who can perform the "
            "action of --ask. attack-paths: attack paths of --select, or of all principals. access-matrix: all "
            "principals. review: PATH is a review.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Theme, typer.Option(help="Screenshot: theme.")] = Theme.LIGHT,
    language: Annotated[Language, typer.Option(help="Screenshot: language.")] = Language.ENGLISH,
    self_test: Annotated[
        bool,
        typer.Option("--self-test", help="Test this installation with the samples, print each step, and exit."),
    ] = False,
) -> None:
    """Open the window, with a snapshot or review if PATH is given. iamdesk --help lists the commands."""
    if self_test:
        _test_itself()
    elif screenshot is None:
        if select is not None or ask is not None or page is not None:
            hint = "--select, --ask, --page"
            raise typer.BadParameter("it requires --screenshot FILE.png", param_hint=hint)
        raise typer.Exit(open_window(path))
    elif path is None:
        raise typer.BadParameter("it requires the PATH of a snapshot or review", param_hint="--screenshot")
    else:
        _save_screenshot(path, screenshot, select, ask, page, theme, language)


def _test_itself() -> None:
    from iamdesk.cli.self_test import run_steps

    _without_a_display()

    def of_window() -> "Iterable[Step]":
        with qt_needed():
            from iamdesk.gui.app import self_test
        return self_test.steps()

    raise typer.Exit(0 if run_steps(of_window) else 1)


def _without_a_display() -> None:
    if sys.platform == "linux":  # the same screenshot on every machine, with any display
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        # That platform warns about every window; the warnings cannot be acted on.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")


def _save_screenshot(
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
    echo_err(f"screenshot saved to {png}")
