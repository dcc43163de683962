"""Errors of commands: one sentence on standard error and exit status 2."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer

from iamdesk.checks.finding import SuppressionError
from iamdesk.cli import READER_GONE, discard_output
from iamdesk.cli.output import echo_err
from iamdesk.errors import DamagedReviewError, ReviewError, SnapshotError
from iamdesk.evaluate.request import RequestError, UnknownActionError
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.review.decisions import DecisionError
from iamdesk.work.errors import WorkError

HOW_TO_RECOVER = "iamdesk review recover saves the intact parts to a new file"

_ERRORS = (SnapshotError, RequestError, ExportError, SuppressionError, ReviewError, DecisionError, WorkError)


def report_errors[**P](command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: an expected error is reported in one sentence and ends with status 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DamagedReviewError as error:
            fail(f"{error}; {HOW_TO_RECOVER}")
        except UnknownActionError as error:
            fail(f"{error} To evaluate it anyway, use --unknown-action.")
        except _ERRORS as error:
            fail(str(error))
        except BrokenPipeError:
            discard_output()
            raise typer.Exit(READER_GONE) from None
        except OSError as error:
            fail(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))

    return run


def refuse_overwrite(output: Path | None, *inputs: Path | None) -> None:
    """End with status 2 if the output file is one of the input files."""
    for one in inputs:
        if output is not None and one is not None and output.exists() and one.exists() and output.samefile(one):
            fail(f"{output} is an input file: choose another name for the output")


def fail(sentence: str) -> NoReturn:
    """Print an error to standard error and end with exit status 2."""
    echo_err(sentence)
    raise typer.Exit(2)
