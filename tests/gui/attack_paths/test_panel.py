"""The panel of ways: picture and table of the same, by mouse and by keyboard, and as files."""

from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel

from iamdesk.gui.attack_paths.diagram import BoxKind
from iamdesk.gui.attack_paths.panel import AttackPathsPanel
from iamdesk.gui.attack_paths.table import FIELDS, Column
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.widgets.link_button import LinkButton
from tests.filter_fields import assert_fields_fit

DEEPAK = "arn:aws:iam::111122223333:user/engineering/deepak.rao"
DEPLOY = "arn:aws:iam::111122223333:role/deploy/deploy"


class Answers(FileDialogs):
    """Says where to save."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file_to_save(self, *_asked: object) -> Path | None:
        return self.path


@pytest.fixture
def panel(qtbot, session, jobs, sample, tmp_path):
    made = AttackPathsPanel(session, jobs, Answers(tmp_path / "ways.svg"))
    qtbot.addWidget(made)
    made.resize(1200, 500)
    made.show()
    session.open(sample)
    return made


def shown(qtbot, panel):
    qtbot.waitUntil(lambda: panel.found is not None, timeout=120_000)
    return panel.found


def test_everybody_who_gets_there(qtbot, panel):
    panel.show_button.click()
    found = shown(qtbot, panel)
    assert {attack_path.start for attack_path in found.found_paths} >= {DEEPAK, DEPLOY}
    keys = {box.key for box in panel.view.picture.boxes}
    assert "111122223333" in keys
    assert panel.model.rowCount() >= len(found.found_paths)
    assert panel.view.accessibleDescription()


def test_one_principal_with_what_stops_it(qtbot, panel, session):
    session.select(DEEPAK)
    panel.show_selected()
    found = shown(qtbot, panel)
    assert {attack_path.start for attack_path in found.found_paths} == {DEEPAK}
    assert found.remediations
    (first,) = [box for box in panel.view.picture.boxes if box.column == 0]
    assert first.key == DEEPAK


def test_nobody_selected_is_said(panel):
    panel.show_selected()
    assert panel.message.text == "Select a user or a role in the navigator first."
    assert panel.found is None


def test_keys_go_from_box_to_box_and_open_one(qtbot, panel, session):
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert panel.view.selected == DEPLOY
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert panel.view.selected.endswith("role/deploy/prod-deploy")
    assert panel.view.accessibleDescription().startswith("prod-deploy. Role, ")
    with qtbot.waitSignal(session.key_shown) as caught:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert caught.args[0].endswith("prod-deploy")


def test_zoom_by_keys_and_back(qtbot, panel, session):
    panel.resize(1800, 900)  # the whole diagram has room at the first zoom
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    before = panel.view.transform().m11()
    qtbot.keyClick(panel.view, Qt.Key.Key_Plus)
    assert panel.view.transform().m11() > before
    qtbot.keyClick(panel.view, Qt.Key.Key_0)
    assert panel.view.transform().m11() == pytest.approx(before)


def test_a_row_selects_its_box_and_shows_its_proof(qtbot, panel, session):
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    panel.table.selectRow(0)
    assert panel.view.selected == DEPLOY
    with qtbot.waitSignal(session.evaluated, timeout=10_000) as caught:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert caught.args[0].request.action == "sts:AssumeRole"


def test_columns_of_many_open(qtbot, panel):
    panel.show_button.click()
    shown(qtbot, panel)
    before = len(panel.view.picture.boxes)
    more = [box for box in panel.view.picture.boxes if box.kind is BoxKind.MORE]
    for box in more:
        panel.view.column_opened.emit(int(box.key.partition(":")[2]))
    assert len(panel.view.picture.boxes) >= before
    assert not [box for box in panel.view.picture.boxes if box.kind is BoxKind.MORE]


def test_the_picture_as_svg_and_png(qtbot, panel, session, tmp_path):
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    with qtbot.waitSignal(session.announced, timeout=10_000, check_params_cb=lambda text: "Written" in text):
        panel.export_button.click()
    assert QSvgRenderer(str(tmp_path / "ways.svg")).isValid()
    image = QImage.fromData(panel.view.as_file(".png"))
    assert image.width() > image.height() > 0


def test_closing_the_snapshot_empties_it(qtbot, panel, session):
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    session.close()
    assert panel.found is None
    assert panel.view.picture.boxes == ()
    assert panel.model.rowCount() == 0
    assert not panel.export_button.isEnabled()


def test_cancel_leaves_what_was_shown(qtbot, panel):
    panel.show_button.click()
    panel.bar.cancel_button.click()
    assert not panel.bar.isVisible()
    assert panel.found is None


def test_the_plan_for_all_principals_is_shown_as_plain_text(qtbot, panel, session):
    panel.plan_button.click()
    qtbot.waitUntil(lambda: "\n\n1. " in panel._nothing.text(), timeout=120_000)
    words, *lines = panel._nothing.text().split("\n\n")
    plan = session.snapshot.reach().plan()
    assert len(lines) == len(plan.changes)
    assert f"of {plan.principals} principals to administrator" in words
    assert all(change.what in line for change, line in zip(plan.changes, lines, strict=True))


def hidden_words(panel):
    """Return the words on lines that are under a box, or under other words."""
    labels = panel.view._labels
    boxes = [box.sceneBoundingRect() for box in panel.view._boxes.values()]
    rects = [label.sceneBoundingRect() for label in labels]
    under = [label.line.caption for label, rect in zip(labels, rects, strict=True) if any(map(rect.intersects, boxes))]
    return under + [labels[0].line.caption for one, other in combinations(rects, 2) if one.intersects(other)]


def test_no_words_are_under_a_box(qtbot, panel):
    panel.show_button.click()
    shown(qtbot, panel)
    assert len(panel.view._labels) > 5
    assert hidden_words(panel) == []


def test_the_diagram_grows_in_place(qtbot, panel):
    panel.show_button.click()
    before = shown(qtbot, panel)
    panel.view.select(DEEPAK)
    qtbot.waitUntil(lambda: not panel._jobs.running, timeout=20_000)
    where = panel.view.mapFromScene(panel.view._boxes[DEEPAK].pos())
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.found is not before, timeout=60_000)
    own = [one for one in panel.found.found_paths if one.start == DEEPAK]
    assert len(own) > 1
    assert len(panel.found.found_paths) == len(before.found_paths) + len(own) - 1
    assert panel.view.selected == DEEPAK
    assert hidden_words(panel) == []
    assert panel.view.picture.box(DEEPAK) is not None
    moved = panel.view.mapFromScene(panel.view._boxes[DEEPAK].pos()) - where
    assert abs(moved.x()) + abs(moved.y()) < panel.view.viewport().width()
    with qtbot.waitSignal(panel._session.announced, check_params_cb=lambda text: "are shown" in text, timeout=20_000):
        panel.grow(DEEPAK)


def test_a_step_has_its_evidence_and_what_ends_it(qtbot, panel, session):
    session.select(DEPLOY)
    panel.show_selected()
    shown(qtbot, panel)
    panel.table.selectRow(0)
    qtbot.waitUntil(lambda: bool(panel.detail.findChildren(LinkButton, "askThis")), timeout=20_000)
    texts = [label.text() for label in panel.detail.findChildren(QLabel)]
    assert "role deploy becomes role prod-deploy by assuming the role" in texts
    assert "sts-001 · sts:AssumeRole" in texts
    tries = [link.shown for link in panel.detail.findChildren(LinkButton, "tryThis")]
    assert tries
    assert all(one.startswith("Try without ") for one in tries)
    with qtbot.waitSignal(session.evaluated, timeout=10_000):
        panel.detail.findChildren(LinkButton, "askThis")[0].click()


def test_a_box_selects_its_step(qtbot, panel):
    panel.show_button.click()
    shown(qtbot, panel)
    panel.view.select(DEEPAK)
    assert panel.model.steps[panel.table.currentIndex().row()].source == DEEPAK
    assert panel.detail.step is not None
    assert panel.detail.step.source == DEEPAK


def test_the_legend_says_what_lines_mean(panel):
    assert "proven" in panel.legend.accessibleName()
    assert "possible: data is missing" in panel.legend.accessibleName()


def test_steps_are_filtered_by_fields(qtbot, panel):
    panel.show_button.click()
    shown(qtbot, panel)
    assert_fields_fit(FIELDS, panel.model.rows)
    every = panel.model.rowCount()
    panel.text.show_filter("state:possible")
    assert 0 < panel.model.rowCount() < every
    assert {step.state.value for step in panel.model.steps} == {"possible"}
    panel.view.select(DEEPAK)  # its steps may be hidden
    panel.text.show_filter(f"arn:{DEEPAK}")
    assert {DEEPAK} <= {key for step in panel.model.steps for key in (step.source, step.target, step.goal.key)}


def test_fit_shows_the_whole_diagram_with_its_target(qtbot, panel, session):
    panel.resize(500, 400)
    session.select("arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy")
    panel.show_selected()
    shown(qtbot, panel)
    view = panel.view
    goal = next(item for key, item in view._boxes.items() if view.picture.box(key).kind is BoxKind.GOAL)

    def is_seen() -> bool:
        return view.viewport().rect().contains(view.mapFromScene(goal.sceneBoundingRect()).boundingRect())

    assert not is_seen()
    next(button for button in panel._zooms if button.text() == "Fit").click()
    assert is_seen()
    qtbot.waitUntil(lambda: not view.horizontalScrollBar().isVisible())
    assert is_seen()
    panel.resize(480, 380)
    qtbot.waitUntil(is_seen)


def test_a_wide_diagram_has_the_whole_width(qtbot, panel, session):
    panel.resize(1280, 650)
    session.select("arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy")
    panel.show_selected()
    shown(qtbot, panel)
    assert panel._splitter.orientation() is Qt.Orientation.Vertical
    qtbot.waitUntil(lambda: panel.view.width() > 1200)
    goal = next(box for box in panel.view.picture.boxes if box.kind is BoxKind.GOAL)
    item = panel.view._boxes[goal.key]
    seen = panel.view.mapFromScene(item.sceneBoundingRect()).boundingRect()
    assert panel.view.viewport().rect().contains(seen)
    assert panel.view.transform().m11() >= 0.75, "its text can be read"
    assert panel.table.columnWidth(Column.PRINCIPAL) > panel.fontMetrics().horizontalAdvance("GitHubActionsLegacy")
    cut = panel._cut
    assert cut.isVisible()
    assert cut.height() >= cut.heightForWidth(cut.width()) > 2 * cut.fontMetrics().height() - 2
    session.select(DEPLOY)
    panel.show_selected()
    qtbot.waitUntil(lambda: panel.found.wanted.start == DEPLOY, timeout=60_000)
    assert panel._splitter.orientation() is Qt.Orientation.Horizontal


def test_what_was_put_off_does_not_begin_once_the_window_is_closed(qtbot, panel, jobs):
    panel.run()
    shown(qtbot, panel)
    assert jobs.wait_all(60_000)
    panel._later.setInterval(0)
    panel._later.start()
    qtbot.waitUntil(lambda: not panel._later.isActive())  # it went off: an error in the event loop fails the test
