"""Two principals side by side: each difference against what the actions themselves say, one by one."""

import csv
import io
from collections.abc import Iterator

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.access.comparison import (
    COLUMNS,
    CellDifference,
    Difference,
    comparison_summary,
    comparison_to_csv,
    difference,
    difference_words,
)
from iamdesk.export.access.heatmap import LEVELS, REFUSED, AccessHeatmap, MapRow, access_map
from iamdesk.export.findings.csv_table import ABOUT_COLUMNS
from iamdesk.resource_files import sample_snapshot

ACCOUNT = "arn:aws:iam::111122223333:user"
PEOPLE = {
    name: f"{ACCOUNT}/{path}"
    for name, path in {
        "nora": "finance/nora.lindqvist",
        "elena": "engineering/elena.petrov",
        "grace": "engineering/sre/grace.lin",
        "vera": "contractors/vera.ivanova",
    }.items()
}


@pytest.fixture(scope="module")
def opened() -> SnapshotSession:
    return Workbench().open_snapshot(sample_snapshot())


@pytest.fixture(scope="module")
def maps(opened: SnapshotSession) -> dict[str, AccessHeatmap]:
    return {name: access_map(opened.what_can(principal=arn)) for name, arn in PEOPLE.items()}


def reaches(shown: AccessHeatmap, row: MapRow) -> dict[str, AccessExtent]:
    return {action.name: action.reach for action in shown.actions(row, (1 << 4096) - 1)}


def rows_of_both(one: AccessHeatmap, other: AccessHeatmap) -> Iterator[tuple[MapRow, MapRow]]:
    theirs = {row.service: row for row in other.rows}
    return ((row, theirs[row.service]) for row in one.rows)


@pytest.mark.parametrize("pair", [("nora", "elena"), ("elena", "grace"), ("vera", "nora"), ("grace", "grace")])
def test_each_action_is_in_its_place(maps: dict[str, AccessHeatmap], pair: tuple[str, str]) -> None:
    one, other = maps[pair[0]], maps[pair[1]]
    for row, theirs in rows_of_both(one, other):
        ours, others = reaches(one, row), reaches(other, theirs)
        found = difference(row, theirs)
        can = {name for name, reach in ours.items() if reach not in REFUSED}
        other_can = {name for name, reach in others.items() if reach not in REFUSED}
        assert set(found.names(found.more)) == can - other_can
        assert set(found.names(found.less)) == other_can - can
        same_side = {name for name in ours if (name in can) is (name in other_can)}
        assert set(found.names(found.how)) == {name for name in same_side if ours[name] is not others[name]}
        hang = {
            name for name in can & other_can if ours[name] is others[name] and ours[name] is not AccessExtent.ALLOWED
        }
        assert set(found.names(found.perhaps)) == hang


def test_levels_add_up_to_the_service(maps: dict[str, AccessHeatmap]) -> None:
    for row, theirs in rows_of_both(maps["nora"], maps["elena"]):
        whole, parts = difference(row, theirs), [difference(row, theirs, level) for level in LEVELS]
        for field in ("more", "less", "how", "perhaps"):
            joined = 0
            for part in parts:
                assert not joined & getattr(part, field)
                joined |= getattr(part, field)
            assert joined == getattr(whole, field)


def test_the_other_way_round_it_is_mirrored(maps: dict[str, AccessHeatmap]) -> None:
    mirrored = {Difference.MORE: Difference.LESS, Difference.LESS: Difference.MORE}
    for row, theirs in rows_of_both(maps["nora"], maps["elena"]):
        one, other = difference(row, theirs), difference(theirs, row)
        assert other.kind is mirrored.get(one.kind, one.kind)
        assert (one.more, one.less, one.how) == (other.less, other.more, other.how)


@pytest.mark.parametrize(
    ("bits", "kind"),
    [
        ((0, 0, 0, 0), Difference.SAME),
        ((1, 0, 2, 4), Difference.MORE),
        ((0, 1, 2, 0), Difference.LESS),
        ((1, 2, 0, 0), Difference.BOTH),
        ((0, 0, 1, 2), Difference.HOW),
        ((0, 0, 0, 1), Difference.PERHAPS),
    ],
)
def test_kinds(bits: tuple[int, int, int, int], kind: Difference) -> None:
    assert CellDifference("s3", *bits).kind is kind


def test_words_name_the_actions() -> None:
    words = difference_words(CellDifference("sts", 0b11, 0, 0, 0b100), "ana", "ben")
    assert words.startswith(
        "ana can perform 2 actions that ben cannot (sts:AssumeRole, sts:AssumeRoleWithSAML); 1 is allowed to both on"
    )
    assert difference_words(CellDifference("sts", 0, 0, 0, 0), "ana", "ben") == "no difference"
    assert " and " in difference_words(CellDifference("s3", 0, 0b11111, 0, 0), "ana", "ben")


def test_summary_claims_no_more_than_is_known(maps: dict[str, AccessHeatmap]) -> None:
    same = comparison_summary(maps["nora"], maps["nora"], "nora", "nora")
    assert "which may differ" in same, "nora's access hangs on resources and conditions"
    said = comparison_summary(maps["elena"], maps["nora"], "elena", "nora")
    more = sum(difference(*pair).more.bit_count() for pair in rows_of_both(maps["elena"], maps["nora"]))
    assert said.startswith(f"elena can perform {more:,} actions that nora cannot, nora can perform ")


def test_csv_has_a_row_for_each_cell_that_differs(maps: dict[str, AccessHeatmap]) -> None:
    content = comparison_to_csv(maps["nora"], maps["elena"], "acme-prod.json")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == (*COLUMNS, *ABOUT_COLUMNS)
    expected = [
        (row.service, level)
        for row, theirs in rows_of_both(maps["nora"], maps["elena"])
        for level in LEVELS
        if difference(row, theirs, level).kind is not Difference.SAME
    ]
    assert [(row["service"], row["access_level"]) for row in rows] == expected
    assert {(row["principal"], row["compared_with"]) for row in rows} == {(PEOPLE["nora"], PEOPLE["elena"])}
    assert all(row["only_principal"] for row in rows if row["difference"] == "more")
