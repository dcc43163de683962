"""Runs ``iamdesk collect`` as a process, watched by a worker of the window.

Not in a thread: reading large responses in this process would block the window, and Python's collector is off while
workers run. A process that is stopped loses nothing: the same capture can be resumed.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from iamdesk.collect.options import Captured, CollectError, FailedCall, Options, Status
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress, WorkCancelled

_LOOK = 0.1
"""Seconds between two polls of the process."""
_GRACE = 6.0
"""Seconds in which it may end by itself: on a busy machine, writing its data takes a while.

Closing the window waits for the end of the process.
"""


def collect_in_a_process(
    options: Options, report: Callable[[Status], None], progress: Progress, cancelled: Cancelled
) -> Captured:
    """Capture with the given options. ``report`` gets the latest status, in this thread.

    Raises:
        CollectError: it could not begin or go on; its text is one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    with TemporaryDirectory(prefix="iamdesk-") as folder:
        result, messages = Path(folder) / "answer.json", Path(folder) / "said.txt"
        with result.open("ab") as out, messages.open("ab") as err:
            process = subprocess.Popen(  # noqa: S603 - our own command, word by word, through no shell
                command_of(options), stdin=subprocess.DEVNULL, stdout=out, stderr=err, **_of_its_own()
            )
        try:
            with messages.open("rb") as lines:
                _watch(process, _Messages(lines), report, progress, cancelled)
        finally:
            _end(process)
        if process.returncode:
            raise CollectError(_reason(messages.read_text(encoding="utf-8", errors="replace")))
        return _captured(json.loads(result.read_bytes()))


def command_of(options: Options) -> list[str]:
    """Return the command line for these options."""
    is_frozen = getattr(sys, "frozen", False)
    words = [sys.executable] if is_frozen else [sys.executable, "-m", "iamdesk"]
    words += ["collect", "--format", "json", "--progress", "json", "--parallel", str(options.parallel)]
    single = {
        "--output": str(options.output),
        "--profile": options.profile,
        "--endpoint-url": options.endpoint_url,
        "--role-name": options.role_name,
        "--external-id": options.external_id,
    }
    many = {"--region": options.regions, "--account": options.accounts, "--skip": sorted(options.skip)}
    for option, value in single.items():
        words += [f"{option}={value}"] if value else []
    for option, values in many.items():
        words += [f"{option}={value}" for value in values]
    return words


class _Messages:
    """The standard error of the process, line by line as it arrives."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._rest = b""

    def statuses(self) -> Iterator[Status]:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            with suppress(ValueError, TypeError):  # a sentence for the user
                yield Status(**json.loads(line))


def _watch(
    process: subprocess.Popen[bytes],
    messages: _Messages,
    report: Callable[[Status], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK)
            return
        for status in messages.statuses():
            report(status)
            progress(status.done, status.total)
        if cancelled():
            raise WorkCancelled


def _end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that the process ends; a running one is asked to save its data and end."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _of_its_own() -> dict[str, Any]:
    """Return how to start it, so that Ctrl-C in the window's terminal does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _reason(messages: str) -> str:
    sentences = [line for line in messages.splitlines() if line and not line.startswith("{")]
    return sentences[-1].removeprefix("iamdesk: ") if sentences else tr("iamdesk collect ended without a message")


def _captured(result: dict[str, Any]) -> Captured:
    captured = Captured(
        path=Path(result["path"]),
        accounts=tuple(result["accounts"]),
        regions=tuple(result["regions"]),
        files=result["files"],
        kept=result["files_of_earlier_runs"],
        failed_calls=(),
        notes=tuple(result["notes"]),
    )
    return replace(captured, failed_calls=tuple(FailedCall(**failed_call) for failed_call in result["gaps"]))
