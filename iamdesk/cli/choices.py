"""What the command line says about who does long work. Apart from `executor`, which imports much more."""

from dataclasses import dataclass

MAX_WORKERS = 256
MIN_MEMORY = 200
"""Megabytes: the program alone takes half of it."""


@dataclass(slots=True)
class Choice:
    """``--workers N``, ``--scheduler ADDRESS`` and ``--memory MEGABYTES``."""

    workers: int | None = None
    scheduler: str | None = None
    memory: int | None = None
    """Megabytes that each process may take for a large organization; None: as usual."""


choice = Choice()
