"""Long work on all cores: tasks run in worker processes or on a cluster, with results in order.

A task is plain data that can be pickled; a module-level function (no lambda, no method) processes it::

    @dataclass(frozen=True, slots=True)
    class Chunk:
        snapshot: SnapshotReference     # a worker reads it once and keeps it for later tasks
        start: int
        stop: int

    def count_roles(chunk: Chunk, cancelled: Cancelled) -> int:
        held = kept_snapshot(chunk.snapshot, cancelled)
        evaluator = held.once("evaluator", lambda: Evaluator(held.snapshot))
        ...

    with open_executor(workers=2) as executor:
        for count in results(count_roles, chunks, executor, progress=progress, cancelled=cancelled):
            ...

``executor`` is any `concurrent.futures.Executor`; None runs the tasks in this process. Results come in the order of the
tasks. All executors of this package guarantee:

* the task of a worker that dies is run again; `WorkerLostError` if two workers die on it. No other task is lost;
* ``cancelled`` ends the wait for results within a tenth of a second, and the workers of this machine stop when the
  function next calls ``cancelled()``;
* an exception of the function is raised unchanged.

Modules: ``tasks`` (`results`), ``worker_cache`` (snapshots kept by a worker), ``processes`` (this machine), ``cluster``
(Dask), ``settings`` (`open_executor`).
"""
