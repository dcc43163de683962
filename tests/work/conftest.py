"""Workers that are started once: what they have read before changes no result. A test that kills some has its own."""

from collections.abc import Iterator

import pytest

from iamdesk.work.processes import Processes


@pytest.fixture(scope="session")
def one() -> Iterator[Processes]:
    with Processes(1) as executor:
        yield executor


@pytest.fixture(scope="session")
def two() -> Iterator[Processes]:
    with Processes(2) as executor:
        yield executor


@pytest.fixture(scope="session")
def beside() -> Iterator[Processes]:
    """One worker, and this process does some of the work."""
    with Processes(1, helped=True) as executor:
        yield executor
