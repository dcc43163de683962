"""What the command line says about who does long work. Apart from `work`, which imports much more."""

from dataclasses import dataclass

MAX_WORKERS = 256


@dataclass(slots=True)
class Choice:
    """``--workers N`` and ``--scheduler ADDRESS``."""

    workers: int | None = None
    scheduler: str | None = None


choice = Choice()
