"""Which executor is used: as many processes as were asked for, a cluster, or none."""

import os
from concurrent.futures import Executor

from iamdesk.work.processes import Processes, Tell, tell_nobody


def usual_workers() -> int:
    """Return how many workers there are where nobody says: one less than the cores, at least one."""
    allowed = getattr(os, "sched_getaffinity", None)  # of Linux; a container often has fewer than the machine
    cores = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return max(1, cores - 1)


def open_executor(workers: int | None = None, scheduler: str | None = None, tell: Tell = tell_nobody) -> Executor:
    """Return the executor for long work; close it (``with``) when no more is to be done.

    Args:
        workers: How many processes of this machine; None: `usual_workers`.
        scheduler: Address of a Dask scheduler, whose workers do it then.
        tell: Told of workers that died.

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    if scheduler is not None:
        from iamdesk.work.cluster import Cluster

        return Cluster(scheduler, tell)
    return Processes(usual_workers() if workers is None else workers, tell)
