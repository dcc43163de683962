"""Selects the executor: worker processes, a cluster, or none."""

import os
from concurrent.futures import Executor

from iamdesk.work.processes import Processes, Report, ignore_report


def cores() -> int:
    """Return the number of cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only; a container often has fewer cores than the machine
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def usual_workers() -> int:
    """Return the default number of workers: one less than the cores, at least one."""
    return max(1, cores() - 1)


def open_executor(
    workers: int | None = None, scheduler: str | None = None, report: Report = ignore_report, *, helped: bool = False
) -> Executor:
    """Return the executor for long work; close it (``with``) when done.

    Args:
        workers: Number of processes of this machine; None: `usual_workers`.
        scheduler: Address of a Dask scheduler to use instead.
        report: Called for workers that died.
        helped: Whether this process runs some of the shared tasks, too, beside processes of this machine.

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    if scheduler is not None:
        from iamdesk.work.cluster import Cluster

        return Cluster(scheduler, report)
    return Processes(usual_workers() if workers is None else workers, report, helped=helped)
