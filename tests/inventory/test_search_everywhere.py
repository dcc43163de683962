"""Search everywhere without a window: what fits best, true counts, slices that can be cancelled."""

from dataclasses import dataclass

import pytest

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.viewmodel.search_everywhere import fit
from iamdesk.viewmodel.types import SearchGroup, SearchResult


@dataclass(frozen=True)
class Thing:
    """Something a window offers."""

    name: str

    def holds(self, word: str) -> bool:
        return word in self.name


@pytest.fixture(scope="module")
def opened() -> SnapshotSession:
    return Workbench().open_snapshot(sample_snapshot())


def search(opened: SnapshotSession | None, text: str, limit: int = 500) -> dict[SearchGroup, SearchResult]:
    return {one.group: one for one in Workbench.search_everywhere(opened, text, tuple(SearchGroup), {}, limit)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("deploy", 0), ("deployment", 1), ("prod-deploy", 2), ("redeployed", 3), ("nightly", 4)],
)
def test_how_well_a_name_fits(name: str, expected: int) -> None:
    assert fit(("deploy",), name) == expected


def test_several_words_fit_in_any_order() -> None:
    assert fit(("nora", "lind"), "nora.lindqvist") == 2
    assert fit(("lind", "nora"), "nora.lindqvist") == 2
    assert fit(("ora", "lind"), "nora.lindqvist") == 3
    assert fit(("nora", "missing"), "nora.lindqvist") == 4
    assert fit((), "anything") == 1


def test_rows_of_the_tree_count_once_and_best_first(opened: SnapshotSession) -> None:
    nodes = opened.outline.nodes
    found = search(opened, "admin")
    groups = found[SearchGroup.PRINCIPALS]
    kinds = {"user", "group", "role", "service-linked role"}
    keys = {node.key for node in nodes if node.kind.value in kinds and "admin" in f"{node.text}\n{node.key}".casefold()}
    assert groups.total == len(keys) == len(groups.found)
    assert {nodes[row].key for row in groups.found} == keys
    fits = [fit(("admin",), nodes[row].text.casefold()) for row in groups.found]
    assert fits == sorted(fits)
    assert search(opened, "admin", limit=1)[SearchGroup.PRINCIPALS] == groups._replace(found=groups.found[:1])


def test_the_group_with_the_name_itself_is_first(opened: SnapshotSession) -> None:
    offered = {SearchGroup.HELP: [Thing("powerusers of the world")], SearchGroup.COMMANDS: [Thing("poweruseraccess")]}
    results = Workbench.search_everywhere(opened, "PowerUserAccess", tuple(SearchGroup), offered, 5)
    assert [one.group for one in results][:2] == [SearchGroup.POLICIES, SearchGroup.COMMANDS]
    assert results[0].fit == results[1].fit == 0


def test_actions_need_no_snapshot() -> None:
    found = search(None, "s3:getobject", limit=3)[SearchGroup.ACTIONS]
    assert found.fit == 0
    assert found.found[0].value == "s3:GetObject"
    assert found.total > 3
    assert set(search(None, "getobject")) == {SearchGroup.ACTIONS}


def test_nothing_typed_fits_everything(opened: SnapshotSession) -> None:
    found = search(opened, "")
    assert found[SearchGroup.PRINCIPALS].total == opened.principal_count + 12
    assert found[SearchGroup.ACTIONS].total > 0


def test_a_search_is_cancelled_between_slices(opened: SnapshotSession) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    offered = {SearchGroup.FINDINGS: [Thing(f"finding {number}") for number in range(10_000)]}
    with pytest.raises(WorkCancelled):
        Workbench.search_everywhere(opened, "finding", (SearchGroup.FINDINGS,), offered, 5, cancelled)
    assert len(asked) == 3
