"""The global options, and earlier names of commands and options. Apart from `executor`, which imports much more."""

from dataclasses import dataclass, field

_CURRENT_NAMES = {
    "everybody": "access-matrix",
    "is": "my-arn",
    "leave-out": "exclude",
    "lift": "remove",
    "line": "entitlement",
    "lines": "entitlements",
    "need": "use-case",
    "pack": "package",
    "previous-pack": "previous-package",
    "second": "approve",
    "ways": "attack-paths",
}
"""Current names by earlier ones, which keep working and are not shown: of commands, options and values of options."""

MAX_WORKERS = 256
MIN_MEMORY = 200
"""Megabytes: the program alone uses half of it."""


@dataclass(slots=True)
class Choice:
    """``--workers N``, ``--scheduler ADDRESS`` and ``--memory MEGABYTES``."""

    workers: int | None = None
    scheduler: str | None = None
    memory: int | None = None
    """Megabytes that each process may use for a large organization; None: the default."""
    is_last: bool = False
    """Whether the process ends with the command."""
    kept: list[object] = field(default_factory=list)
    """Its memory is freed with the process (`executor.keep_to_the_end`)."""


choice = Choice()


def current_name(name: str) -> str:
    """Return the current name of a command, an option (without dashes) or a value."""
    return _CURRENT_NAMES.get(name, name)
