"""Long work on all cores: plain data to a function, in other processes or on a cluster, results in order.

A task is plain data that can be pickled; a function of a module (no lambda, no method) works on it::

    @dataclass(frozen=True, slots=True)
    class Chunk:
        snapshot: SnapshotReference     # what the worker reads by itself, and keeps for the next task
        start: int
        stop: int

    def count_roles(chunk: Chunk, cancelled: Cancelled) -> int:
        held = kept_snapshot(chunk.snapshot, cancelled)
        evaluator = held.once("evaluator", lambda: Evaluator(held.snapshot))
        ...

    with open_executor(workers=2) as executor:
        for count in results(count_roles, chunks, executor, progress=progress, cancelled=cancelled):
            ...

``executor`` is any `concurrent.futures.Executor`; None computes in this process. Results come in the order of the
tasks. What every executor of ours keeps:

* the task of a worker that dies is done once more; `WorkerLostError` where two die over it. No other task is lost;
* ``cancelled`` ends the wait for results within a tenth of a second, and the workers of this machine stop at the next
  place where the function asks ``cancelled()``;
* an exception of the function arrives as it was raised.

Modules: ``tasks`` (`results`), ``worker_cache`` (what a worker has read), ``processes`` (this machine), ``cluster``
(Dask), ``settings`` (`open_executor`).
"""
