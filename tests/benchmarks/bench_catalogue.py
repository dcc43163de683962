"""What an organization costs that is read as a catalogue and answered from account by account, beside the whole.

    PYTHONPATH=. python tests/benchmarks/bench_catalogue.py FOLDER                 # one worker beside this process
    PYTHONPATH=. python tests/benchmarks/bench_catalogue.py FOLDER --workers 0     # this process alone
    PYTHONPATH=. python tests/benchmarks/bench_catalogue.py FOLDER --whole         # the whole in memory, too

FOLDER holds a file of authorization details for each account. Each way runs in an interpreter of its own. Processor
time stands beside the wall's: other work on the machine makes the wall slower.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from iamdesk import api
from iamdesk.api import OrganizationSession, RequestSession, SnapshotSession, Workbench
from iamdesk.evaluate.request import Request
from iamdesk.memory import collector_seldom
from iamdesk.snapshot.catalog import catalogue_of
from iamdesk.work.processes import Processes


def resident(process: int | str = "self") -> tuple[int, int]:
    """Memory of a process now and at most, in MiB (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    found = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if name in SIZES}
    return int(found["VmRSS"]) >> 10, int(found["VmHWM"]) >> 10


SIZES = ("VmRSS", "VmHWM")


def measure(label: str, work: Callable[[], object], executor: Processes | None) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    workers = [f"{now}/{most}" for now, most in map(resident, executor.process_ids if executor else ())]
    now, most = resident()
    print(
        f"  {label:<34} {wall:7.2f} s wall, {processor:7.2f} s processor here, memory {now}/{most} MiB"
        f"{', workers ' + ', '.join(workers) if workers else ''}{f': {found}' if isinstance(found, int) else ''}",
        flush=True,
    )


def ask(opened: RequestSession, executor: Processes | None) -> None:
    catalogue = opened.catalogue if isinstance(opened, OrganizationSession) else None
    if catalogue is None and isinstance(opened, SnapshotSession):
        catalogue = catalogue_of(opened.snapshot)
    if catalogue is None:
        return
    first, last = catalogue.entries[0], catalogue.entries[-1]
    print(f"  {len(catalogue.entries):,} accounts, {catalogue.principals:,} principals")
    request = Request(first.users[0].arn, "sts:AssumeRole", last.roles[0].arn)
    measure("can, two accounts, first", lambda: opened.ask(request), executor)
    measure("can, again", lambda: opened.ask(request), executor)
    objects, queue = "arn:aws:s3:::acme-data/x", f"arn:aws:sqs:eu-west-1:{first.account_id}:orders"
    for label, action, resource in (
        ("who-can over all, first", "s3:GetObject", objects),
        ("who-can, again", "s3:GetObject", objects),
        ("who-can, new resource", "s3:GetObject", f"{objects}y"),
        ("who-can, new action", "sqs:SendMessage", queue),
    ):
        measure(label, lambda a=action, r=resource: rows(opened, a, r), executor)  # type: ignore[misc]
    ask_all_actions(opened, last.roles[0].arn, executor)


def rows(opened: RequestSession, action: str, resource: str) -> int:
    return sum(1 for _ in opened.who_can(action=action, resource=resource, context={}))


def ask_all_actions(opened: RequestSession, role: str, executor: Processes | None) -> None:
    """Everything that every principal can do on one resource: of an account that is known, and of one that is not."""
    queue, objects = f"arn:aws:sqs:eu-west-1:{role.split(':')[4]}:orders", "arn:aws:s3:::acme-data/x"
    for label, resource in (("role", role), ("queue", queue), ("object", objects)):
        for again in ("first", "again"):
            work = partial(lambda one: len(opened.access_to_resource(one)), resource)
            measure(f"every action on one {label}, {again}", work, executor)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--only", choices=("catalogue", "whole"))
    options = parser.parse_args()
    if options.only is None:
        for way in ("catalogue", *(("whole",) if options.whole else ())):
            command = [sys.executable, __file__, str(options.folder), "--workers", str(options.workers), "--only", way]
            subprocess.run(command, check=True)
        return
    print(f"{options.only}, {options.workers} workers beside, load of the machine {os.getloadavg()[0]:.1f}")
    with collector_seldom(), ExitStack() as ended:  # as the command line; in the window, jobs pause the collector
        if options.only == "whole":
            opened: list[RequestSession] = []
            measure("shown", lambda: opened.append(Workbench().open_snapshot(options.folder)), None)
            ask(opened[0], None)
            return
        api.WHOLE_BELOW = 0
        executor = ended.enter_context(Processes(options.workers)) if options.workers else None
        found: list[RequestSession] = []
        measure(
            "read",
            lambda: found.append(Workbench().open_to_evaluate(options.folder, executor=lambda: executor)),
            executor,
        )
        ask(found[0], executor)


if __name__ == "__main__":
    main()
