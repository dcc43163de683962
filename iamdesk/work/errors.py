"""Errors of workers, each with a text of one sentence."""


class WorkError(Exception):
    """Work cannot be done by other processes. Its text is one sentence."""


class WorkerLostError(WorkError):
    """Two workers died on the same task."""


class NotHereError(Exception):
    """A worker cannot read something that a task needs: it must be sent along (`tasks.results`)."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
