"""Workers load code one at a time: side by side they could find modules half made."""

import threading
from collections.abc import Callable

import pytest

from iamdesk.gui import interior, opening
from iamdesk.gui.loading import one_at_a_time


@pytest.mark.parametrize("load", [interior._load, opening._workbench])
def test_a_worker_waits_until_another_has_loaded(load: Callable[[], object]) -> None:
    worker = threading.Thread(target=load)
    with one_at_a_time:
        worker.start()
        worker.join(0.1)
        assert worker.is_alive()
    worker.join(30)
    assert not worker.is_alive()
