"""Workers load code one at a time: side by side they could find modules half made."""

import threading
from collections.abc import Callable

import pytest

from iamdesk.gui.app import central_area, snapshot_loader
from iamdesk.gui.core.jobs import import_lock


@pytest.mark.parametrize("load", [central_area._load, snapshot_loader._workbench])
def test_a_worker_waits_until_another_has_loaded(load: Callable[[], object]) -> None:
    worker = threading.Thread(target=load)
    with import_lock:
        worker.start()
        worker.join(0.1)
        assert worker.is_alive()
    worker.join(30)
    assert not worker.is_alive()
