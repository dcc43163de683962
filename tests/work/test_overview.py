"""What everybody may do, found out by workers beside this process."""

import os
from collections.abc import Mapping
from pathlib import Path

from iamdesk.access.effective_permissions import ServiceAccess
from iamdesk.api import Workbench
from iamdesk.work.processes import Processes

SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "acme-prod.json"


def plain(rows: Mapping[str, Mapping[str, ServiceAccess]]) -> dict[str, dict[str, object]]:
    return {key: {service: dict(one.actions) for service, one in row.items()} for key, row in rows.items()}


def test_rows_are_those_of_this_process_whoever_finds_them_out(one: Processes) -> None:
    opened = Workbench().open_snapshot(SAMPLE)
    overview = opened.access_matrix()
    principals = overview.same_together() * 5  # so many that a worker gets some
    told: list[int] = []
    found: list[tuple[str, Mapping[str, ServiceAccess]]] = []
    opened.what_can_rows(overview, principals, found.extend, lambda done, _total: told.append(done), executor=one)
    assert one.process_ids
    assert os.getpid() not in one.process_ids
    assert sorted(principal for principal, _ in found) == sorted(principals)
    assert plain(dict(found)) == plain(overview)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == len(principals)


def test_a_worker_finds_out_what_this_process_does(one: Processes) -> None:
    from iamdesk.access.matrix_parallel import Span, find
    from iamdesk.work.tasks import results
    from iamdesk.work.worker_cache import reference_to

    opened = Workbench().open_snapshot(SAMPLE)
    rows = opened.access_matrix()
    (found,) = results(find, [Span(reference_to(opened.snapshot), tuple(rows))], one)
    assert found is not None
    assert plain(dict(found)) == plain(rows)
