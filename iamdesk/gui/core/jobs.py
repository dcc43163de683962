"""Work off the GUI thread: the only module that starts threads.

``jobs.run(label, work, done=…, failed=…)`` hands ``work(progress, cancelled)`` to a worker thread and calls ``done``
with its result, in the GUI thread, for any kind of callable. Rules that this module keeps:

* Workers own no signals. They report through one signal of the runner, which lives in the GUI thread.
* ``topic`` names the purpose of the work (``"answer"``, ``"findings"``). A new job of a topic cancels the previous one
  and makes its result stale: ``done``, ``failed`` and ``progress`` of the older one are never called again.
* ``job.cancel()`` asks the work to stop (``cancelled()`` turns True) and drops its result at once;
  ``stopped`` is called. Work that raises `WorkCancelled` by itself ends the same way.
* Callbacks end with their ``owner``, as Qt's connections do: once that widget is deleted, its jobs are canceled in
  silence. The owner of a bound method need not be named.
* An exception in the work goes to ``failed(error)``; without ``failed`` it goes to ``sys.excepthook``.
* Python's collector stays in the GUI thread (``gc_control.py``).
* ``patient`` work (an evaluation over all principals) starts after the window has painted, and only one such job runs
  at a time: threads that compute in parallel gain nothing in Python, and each makes the GUI thread wait longer.
  ``prompt`` work answers a keystroke, and never waits behind other kinds.
* The runner is the list of all jobs: `running`, with their progress, and whether they still wait. What the user looks
  at goes first: `prefer` names the topics.
* Work yields: while the GUI thread is busy, ``cancelled()`` waits. A repaint releases and takes the interpreter lock at
  each call into Qt, and beside a computing thread each time costs a wait.
* Work sees frozen objects only, and touches no widget.
* ``progress(done, total)`` may be called at any rate: at most 20 a second arrive (total 0: unknown).
"""

import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractEventDispatcher, QObject, QThreadPool, QTimer, Signal, Slot
from shiboken6 import isValid

from iamdesk.gui.core.gc_control import GCControl
from iamdesk.memory import free_incrementally, gc_paused
from iamdesk.progress import Cancelled, Progress, WorkCancelled

type Work[T] = Callable[[Progress, Cancelled], T]

import_lock = threading.Lock()
"""Held while a worker imports modules that others may be importing as well, after the first paint.

Modules that import each other, as in some of our libraries, can be found half initialized if two threads import them at
the same time; an `ImportError` follows.
"""

_STACK = 64 * 1024 * 1024
"""Stack size of a worker thread: deep JSON is parsed there, and some systems default to half a megabyte."""
_PROGRESS_INTERVAL = 0.05
_PATIENCE = 100
"""Milliseconds before patient work begins: beside a computing thread, painting takes three times as long."""
_SWITCH_INTERVAL = 0.0001
"""Interpreter switch interval in seconds. The default of 5 ms is long for a window: Qt's calls release and take the
interpreter lock many times in one repaint, and would wait for a computing thread each time. Measured while a snapshot
of 50 MB is read: the longest pauses of the window are 15 ms with it, 59 ms without."""
_MAX_POLL = 0.05
"""Seconds for which work yields at a time: a window that is always busy does not stop it."""
_OWN_TURN = 0.2
"""Seconds for which work continues after it yielded in vain. A caller that only uses ``processEvents``, as scripts do,
never lets the window rest, and work that checks often would hardly progress."""


class Job:
    """A running piece of work. Lives in the GUI thread."""

    def __init__(self, runner: "JobRunner", token: int, label: str, topic: str | None) -> None:
        self.token = token
        self.label = label
        """A description for the user: ``Reading acme-prod.json``."""
        self.topic = topic
        self.is_waiting = True
        """Whether it has not begun: others of its kind go first."""
        self.step = (0, 0)
        """Its progress: done, total (0: unknown)."""
        self.since = time.monotonic()
        self.owner: QObject | None = None
        """What the callbacks belong to; none is called once it is deleted."""
        self._runner = runner
        self._cancel = threading.Event()
        self.done: Callable[[Any], None] | None = None
        self.failed: Callable[[Exception], None] | None = None
        self.progress: Callable[[int, int], None] | None = None
        self.stopped: Callable[[], None] | None = None

    @property
    def running(self) -> bool:
        """Whether its result is still expected."""
        return self._runner.awaits(self)

    def forget_callbacks(self) -> None:
        """Call nothing any more."""
        self.done = self.failed = self.progress = self.stopped = None

    def cancel(self) -> None:
        """Ask the work to stop; its result is dropped."""
        self._runner.cancel(self)


class _Waiting(NamedTuple):
    """Work that has not begun."""

    token: int
    job: Job | None
    """None: the runner's own work, of which the user sees nothing."""
    task: Callable[[], None]
    is_soon: bool


class _Lane:
    """Threads for one kind of work, and what waits for one of them. Not Qt's queue: its order cannot be changed."""

    def __init__(self, parent: QObject, most: int) -> None:
        self.pool = QThreadPool(parent)
        self.pool.setMaxThreadCount(most)
        self.pool.setStackSize(_STACK)
        self.free = most
        self.waiting: list[_Waiting] = []

    def take(self, preferred: Collection[str]) -> _Waiting:
        """Remove and return what goes next: soon work, then preferred topics, then the order of arrival."""

        def order(one: _Waiting) -> tuple[bool, bool]:
            return not one.is_soon, one.job is None or one.job.topic not in preferred

        first = min(self.waiting, key=order)
        self.waiting.remove(first)
        return first


class JobRunner(QObject):
    """Runs work in threads and delivers the results. Create one per window, in the GUI thread."""

    started = Signal(object)
    """Job: it was given, and may have to wait."""
    begun = Signal(object)
    """Job: it waits no more."""
    progressed = Signal(object, object, object)
    """Job, done, total (0: unknown)."""
    ended = Signal(object)
    """Job: finished, failed or cancelled."""

    _home = Signal(int, str, object)
    """Token, event, value: the only signal from a worker to the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._usual = _Lane(self, 2)
        self._patient = _Lane(self, 1)
        self._prompt = _Lane(self, 1)
        self._lanes: dict[int, _Lane] = {}
        """By token: the lane of what runs, also of cancelled work that has not ended yet."""
        self._preferred: frozenset[str] = frozenset()
        self._jobs: dict[int, Job] = {}
        self._unwanted: dict[int, Callable[[Any], None]] = {}
        """By token, what a result that no one awaits is given to."""
        self._last_token = 0
        self._closed = False
        self._garbage = GCControl(self)
        sys.setswitchinterval(_SWITCH_INTERVAL)
        self._at_rest = threading.Event()
        self._at_rest.set()
        loop = QAbstractEventDispatcher.instance()
        if loop is not None:
            loop.aboutToBlock.connect(self._at_rest.set)
            loop.awake.connect(self._at_rest.clear)
            self.destroyed.connect(self._at_rest.set)
        # A bound method of an object of this thread: the connection is queued for any emitting thread.
        self._home.connect(self._arrived)

    @property
    def is_closed(self) -> bool:
        """Whether the window is closed: no more work is accepted."""
        return self._closed

    def run[T](
        self,
        label: str,
        work: Work[T],
        *,
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], None] | None = None,
        unwanted: Callable[[T], None] | None = None,
        topic: str | None = None,
        owner: QObject | None = None,
        patient: bool = False,
        soon: bool = False,
        prompt: bool = False,
    ) -> Job:
        """Run ``work(progress, cancelled)`` in a thread; the module's docstring says which callbacks are called when.

        ``unwanted`` is called with a result that arrives after the job was cancelled: an open file is closed.
        ``soon`` work is patient too, and runs before other patient work that has not begun. ``prompt`` work takes
        milliseconds, and waits for other such work alone.

        Raises:
            RuntimeError: the window is closed.
        """
        if self._closed:
            raise RuntimeError("the job runner is closed")
        for other in [job for job in self._jobs.values() if topic is not None and job.topic == topic]:
            other.cancel()
        self._last_token += 1
        job = Job(self, self._last_token, label, topic)
        job.done, job.failed, job.progress, job.stopped = done, failed, progress, stopped
        job.owner = owner if owner is not None else _owner_of(done)
        self._jobs[job.token] = job
        if unwanted is not None:
            self._unwanted[job.token] = unwanted
        self.started.emit(job)
        task = _task(work, job.token, _TaskControl(job._cancel, self._at_rest), self._home.emit)
        waiting = _Waiting(job.token, job, task, soon)
        if patient or soon:
            QTimer.singleShot(_PATIENCE, self, lambda: self._put(self._patient, waiting))
        else:
            self._put(self._prompt if prompt else self._usual, waiting)
        return job

    def prefer(self, topics: Collection[str]) -> None:
        """Let waiting work of these topics go before other work of its kind; what runs goes on."""
        self._preferred = frozenset(topics)

    def is_preferred(self, job: Job) -> bool:
        """Return whether the user looks at what a job is for (`prefer`)."""
        return job.topic in self._preferred

    def _put(self, lane: _Lane, waiting: _Waiting) -> None:
        lane.waiting.append(waiting)
        self._begin_next(lane)

    def _begin_next(self, lane: _Lane) -> None:
        while lane.free and lane.waiting and not self._closed:
            token, job, task, _is_soon = lane.take(self._preferred)
            if job is not None and not self.awaits(job):
                self._unwanted.pop(token, None)
                continue  # cancelled while it waited
            lane.free -= 1
            self._lanes[token] = lane
            self._garbage.begin()
            lane.pool.start(task)
            if job is not None:
                job.is_waiting = False
                self.begun.emit(job)

    def free_later(self, thing: object, parts: Callable[[Any], list[list[Any]]] | None = None) -> None:
        """Free a large object in a worker, a moment later, since freeing takes time.

        ``parts`` returns lists of its many small objects, which are freed in steps after it.
        """
        if self._closed:
            return
        held = [thing]

        def drop(_progress: Progress, _cancelled: Cancelled) -> None:
            small = parts(held[0]) if parts is not None else []
            held.clear()
            free_incrementally(*small)

        self._last_token += 1
        control = _TaskControl(threading.Event(), self._at_rest)
        waiting = _Waiting(
            self._last_token, None, _task(drop, self._last_token, control, self._home.emit), is_soon=False
        )
        QTimer.singleShot(_PATIENCE, self, lambda: self._put(self._patient, waiting))

    def awaits(self, job: Job) -> bool:
        """Return whether the job's result is still expected."""
        return job.token in self._jobs

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs whose results are expected, oldest first."""
        return tuple(self._jobs.values())

    def cancel(self, job: Job) -> None:
        """Ask a job to stop, and drop its result."""
        job._cancel.set()
        _forget_the_deleted(job)
        if self._jobs.pop(job.token, None) is not None:
            self.ended.emit(job)
            if job.stopped is not None:
                job.stopped()

    def wait_all(self, milliseconds: int = 2000) -> bool:
        """Cancel all jobs, accept no more, and wait for the threads to end; return whether all did."""
        self._closed = True
        for job in self.running:
            job.cancel()
        lanes = (self._usual, self._patient, self._prompt)
        for lane in lanes:
            lane.waiting.clear()
        ended = all(lane.pool.waitForDone(milliseconds) for lane in lanes)
        if ended:
            self._garbage.end_all()
        return ended

    @Slot(int, str, object)
    def _arrived(self, token: int, what: str, value: object) -> None:
        if what != "progress" and not self._closed:
            self._garbage.end()
            lane = self._lanes.pop(token)
            lane.free += 1
            self._begin_next(lane)
        job = self._jobs.get(token)
        unwanted = None if what == "progress" else self._unwanted.pop(token, None)
        if job is None:  # stale: replaced or cancelled meanwhile
            if unwanted is not None and what == "done":
                unwanted(value)
            return
        if _forget_the_deleted(job):
            job.cancel()
            return
        if what == "progress":
            if isinstance(value, _Step):
                job.step = value.done, value.total
                self.progressed.emit(job, value.done, value.total)
                if job.progress is not None:
                    job.progress(value.done, value.total)
            return
        del self._jobs[token]
        self.ended.emit(job)
        if what == "done":
            if job.done is not None:
                job.done(value)
        elif isinstance(value, WorkCancelled):
            if job.stopped is not None:
                job.stopped()
        elif isinstance(value, Exception):
            if job.failed is not None:
                job.failed(value)
            else:
                sys.excepthook(type(value), value, value.__traceback__)


def _owner_of(callback: Callable[..., None] | None) -> QObject | None:
    owner = getattr(callback, "__self__", None)
    return owner if isinstance(owner, QObject) else None


def _forget_the_deleted(job: Job) -> bool:
    if job.owner is None or isValid(job.owner):
        return False
    job.forget_callbacks()
    return True


class _TaskControl:
    """The ``cancelled`` callable of a worker. Lets the GUI thread go first."""

    def __init__(self, cancel: threading.Event, at_rest: threading.Event) -> None:
        self._cancel = cancel
        self._at_rest = at_rest
        self._own_turn_ends = 0.0

    def is_cancelled(self) -> bool:
        if self._cancel.is_set() or self._at_rest.is_set() or time.monotonic() < self._own_turn_ends:
            return self._cancel.is_set()
        if not self._at_rest.wait(_MAX_POLL):
            self._own_turn_ends = time.monotonic() + _OWN_TURN
        return self._cancel.is_set()


class _Step(NamedTuple):
    done: int
    total: int


def _task(
    work: Work[Any], token: int, control: _TaskControl, send: Callable[[int, str, object], None]
) -> Callable[[], None]:
    """Return the function of the thread. It refers to no callbacks or widgets: these die in the GUI thread."""

    def send_event(what: str, value: object) -> None:
        with suppress(RuntimeError):  # the window is closed, and did not wait for this work
            send(token, what, value)

    def task() -> None:
        last = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _PROGRESS_INTERVAL:
                last = now
                send_event("progress", _Step(done, total))

        try:
            if control.is_cancelled():
                raise WorkCancelled
            # A full collection over the objects of a long job would block the window: measured after
            # a snapshot of 50 MB was read, 92 ms in the GUI thread, and 23 ms without it.
            with gc_paused():
                result = work(progress, control.is_cancelled)
        except WorkCancelled:
            send_event("failed", WorkCancelled())  # without the frames of the work, which refer to all its objects
        except Exception as error:  # noqa: BLE001 - any error goes to the caller
            send_event("failed", error)
        else:
            send_event("done", result)

    return task
