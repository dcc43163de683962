"""What workers of the tests do: functions of a module, as tasks need them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import chosen, phrase
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot


@dataclass(frozen=True, slots=True)
class Errand:
    """A number to be doubled; ``folder`` is where the worker leaves signs."""

    number: int
    folder: str = ""
    dies: int = 0
    """How many workers die over it."""


def double(errand: Errand, cancelled: Cancelled) -> int:
    if errand.dies:
        sign = Path(errand.folder, f"{errand.number}.tries")
        tries = len(sign.read_text()) if sign.exists() else 0
        sign.write_text("x" * (tries + 1))
        if tries < errand.dies:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    return 2 * errand.number


def leave_sign(errand: Errand, cancelled: Cancelled) -> int:
    """Say that it is at work, then go on until it is told to stop; say that, too."""
    Path(errand.folder, f"{errand.number}.begun").write_text(str(os.getpid()))
    while not cancelled():
        time.sleep(0.005)
    Path(errand.folder, f"{errand.number}.stopped").touch()
    raise WorkCancelled


def wait_for_sign(errand: Errand, cancelled: Cancelled) -> int:
    """Say who is at work, and end once there is a file ``go``."""
    Path(errand.folder, f"{errand.number}.begun").write_text(str(os.getpid()))
    while not Path(errand.folder, "go").exists():
        time.sleep(0.005)
    return os.getpid()


def refuse(errand: Errand, cancelled: Cancelled) -> int:
    raise RequestError(phrase("number {number} is refused", number=errand.number))


class OddError(Exception):
    """One that no other process can make anew."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


def refuse_oddly(errand: Errand, cancelled: Cancelled) -> int:
    raise OddError("it is odd", "very")


def language(errand: Errand, cancelled: Cancelled) -> tuple[str, str]:
    return chosen(), phrase("The check failed on {kind} {name}, which may have this finding.", kind="a", name="b")


def count_roles(reference: SnapshotReference, cancelled: Cancelled) -> tuple[int, int]:
    """Return how many roles there are, and how often this worker has read them."""
    held = kept_snapshot(reference, cancelled)
    read = held.once("reads", list)
    read.append(1)
    return sum(len(account.roles) for account in held.snapshot.accounts), len(read)
