"""The same principal as it was: an earlier snapshot, or the one that a review is of, beside what it can do now."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.access.comparison import Difference
from iamdesk.gui.access.tab import AccessTab
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.resource_files import sample_snapshot

from .conftest import FINANCE, INES, NORA, Answers, show, show_access_of

PETRA = NORA.replace("nora.lindqvist", "petra.novak")


@dataclass
class Chooses(Answers):
    """Answers the dialog for a file to open as well."""

    opens: Path | None = None

    def file_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:  # noqa: ARG002
        return self.opens


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The account as it was: Nora could write no objects of the payroll, Ines was not there yet."""
    told: dict[str, Any] = json.loads(sample_snapshot().read_text(encoding="utf-8"))
    told["UserDetailList"] = [one for one in told["UserDetailList"] if one["Arn"] != INES]
    for group in told["GroupDetailList"]:
        if group["Arn"] == FINANCE:
            group["AttachedManagedPolicies"] = []
            group["GroupPolicyList"] = []
    path = tmp_path / "before.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


@pytest.fixture
def tab(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession, earlier: Path
) -> Iterator[tuple[AccessTab, Chooses]]:
    prompts = Chooses(opens=earlier)
    made = AccessTab(session, jobs, prompts)
    show(qtbot, made)
    session.open(sample)
    show_access_of(qtbot, made, sample, NORA)
    yield made, prompts
    made.hide()
    session.close()


def compare(qtbot: QtBot, tab: AccessTab) -> None:
    tab.begin_comparing()
    QTest.mouseClick(tab.compare_bar.earlier_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.map.is_comparing or bool(tab.message.text), timeout=20_000)


def test_what_it_could_do_stands_beside_what_it_can(
    qtbot: QtBot, tab: tuple[AccessTab, Chooses], sample: SnapshotSession, earlier: Path
) -> None:
    access, _ = tab
    compare(qtbot, access)
    before = Workbench().open_snapshot(earlier).what_can(principal=NORA)
    now = sample.what_can(principal=NORA)
    kinds = set()
    for place, row in enumerate(access.map.shown):
        index = access.map.index(place, 0)
        found, other = access.map.difference(index), access.map.other_row(row)
        assert found is not None
        assert other is not None
        reaches = (now.service(row.service), before.service(row.service))
        actions = [dict(one.actions) if one is not None else None for one in reaches]
        assert (found.kind in (Difference.SAME, Difference.PERHAPS)) is (actions[0] == actions[1])
        kinds.add(found.kind)
    assert Difference.MORE in kinds
    words = access._summary.text()
    assert words.startswith("nora.lindqvist can perform")
    assert "nora.lindqvist in before.json" in words
    assert access.compare_bar.field.placeholderText() == "as in before.json"


def test_the_snapshot_stays_as_subjects_change(
    qtbot: QtBot, tab: tuple[AccessTab, Chooses], sample: SnapshotSession
) -> None:
    access, _ = tab
    compare(qtbot, access)
    show_access_of(qtbot, access, sample, PETRA)
    qtbot.waitUntil(lambda: access.map.is_comparing, timeout=20_000)
    assert "petra.novak in before.json" in access._summary.text()
    show_access_of(qtbot, access, sample, INES)
    qtbot.waitUntil(lambda: "ines.costa is not in before.json" in access.message.text, timeout=20_000)
    assert not access.map.is_comparing
    assert "before.json" not in access._summary.text()
    show_access_of(qtbot, access, sample, NORA)
    qtbot.waitUntil(lambda: access.map.is_comparing, timeout=20_000)
    assert "nora.lindqvist in before.json" in access._summary.text()


def test_another_principal_or_escape_takes_it_away(qtbot: QtBot, tab: tuple[AccessTab, Chooses]) -> None:
    access, _ = tab
    compare(qtbot, access)
    access.compare_bar.compare_with(INES)
    qtbot.waitUntil(lambda: "ines.costa" in access._summary.text(), timeout=20_000)
    assert access.compare_bar.earlier.snapshot is None
    assert "before.json" not in access._summary.text()
    compare(qtbot, access)
    qtbot.waitUntil(lambda: "before.json" in access._summary.text(), timeout=20_000)
    access.compare_bar.field.setFocus()
    QTest.keyClick(access.compare_bar.field, Qt.Key.Key_Escape)
    assert not access.map.is_comparing
    assert access.compare_bar.earlier.snapshot is None
    assert "a user or role" in access.compare_bar.field.placeholderText()


def test_the_file_says_which_snapshot_the_other_is_of(
    qtbot: QtBot, tab: tuple[AccessTab, Chooses], tmp_path: Path
) -> None:
    access, prompts = tab
    compare(qtbot, access)
    prompts.save_to = tmp_path / "differences.csv"
    access.export_map()
    qtbot.waitUntil(prompts.save_to.exists, timeout=10_000)
    rows = list(csv.DictReader(io.StringIO(prompts.save_to.read_text(encoding="utf-8-sig"))))
    assert {(row["principal"], row["compared_with"]) for row in rows} == {(NORA, f"{NORA} in before.json")}


def test_a_review_stands_for_the_snapshot_that_it_is_of(
    qtbot: QtBot, tab: tuple[AccessTab, Chooses], earlier: Path, tmp_path: Path
) -> None:
    access, prompts = tab
    review = tmp_path / "q2.iamreview"
    Workbench().open_snapshot(earlier).create_review(review, "Second quarter")
    prompts.opens = review
    compare(qtbot, access)
    assert access.map.is_comparing
    assert "nora.lindqvist in q2.iamreview" in access._summary.text()
    earlier.write_text(earlier.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    access.compare_bar.leave()
    compare(qtbot, access)
    assert "before.json has changed since the review q2.iamreview was created." in access.message.text
    assert not access.map.is_comparing
    earlier.unlink()
    access.message.clear()
    compare(qtbot, access)
    assert "which is not in the same folder." in access.message.text


def test_what_is_no_snapshot_is_said(qtbot: QtBot, tab: tuple[AccessTab, Chooses], tmp_path: Path) -> None:
    access, prompts = tab
    prompts.opens = tmp_path / "nothing.json"
    prompts.opens.write_text("[]", encoding="utf-8")
    compare(qtbot, access)
    assert "nothing.json" in access.message.text
    assert not access.map.is_comparing
    prompts.opens = None
    access.message.clear()
    access.compare_with_earlier()
    assert not access.message.text


def test_closing_the_snapshot_lets_the_earlier_one_go(
    qtbot: QtBot, tab: tuple[AccessTab, Chooses], session: Session
) -> None:
    access, _ = tab
    compare(qtbot, access)
    session.close()
    assert access.compare_bar.earlier.snapshot is None
    assert not access.map.is_comparing
