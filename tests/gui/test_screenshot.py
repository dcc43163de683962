from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import Workbench
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.screenshot import ScreenshotError, render
from iamdesk.resource_files import sample_snapshot

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
QUESTION = (PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x")


def colours(path: Path) -> set[str]:
    image = QImage(str(path))
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}


def test_the_window_is_rendered_with_subject_and_answer(qtbot: QtBot, tmp_path: Path) -> None:
    plain, asked = tmp_path / "plain.png", tmp_path / "asked.png"
    render(sample_snapshot(), plain, size=(1000, 720))
    render(sample_snapshot(), asked, PETRA, QUESTION, size=(1000, 720))
    image = QImage(str(asked))
    assert (image.width(), image.height()) == (1000, 720)
    assert len(colours(asked)) > 10
    assert QImage(str(plain)) != image
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]


def test_the_scheme_is_the_one_that_was_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    render(sample_snapshot(), tmp_path / "dark.png", scheme="dark", size=(800, 500))
    image = QImage(str(tmp_path / "dark.png"))
    assert image.pixelColor(790, 490).lightness() < 80


@pytest.mark.parametrize(
    ("path", "select", "ask", "says"),
    [
        (Path("nothing.json"), None, None, "nothing.json"),
        (sample_snapshot(), "arn:aws:iam::111122223333:user/nobody", None, "does not contain"),
        (sample_snapshot(), None, (PETRA, "no action", "*"), "no action"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(
    qtbot: QtBot, tmp_path: Path, path: Path, select: str | None, ask: tuple[str, str, str] | None, says: str
) -> None:
    with pytest.raises(ScreenshotError, match=says):
        render(path, tmp_path / "x.png", select, ask)
    assert not (tmp_path / "x.png").exists()


def test_a_picture_that_cannot_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with pytest.raises(ScreenshotError, match="cannot be written"):
        render(sample_snapshot(), tmp_path / "no" / "folder" / "x.png")


@pytest.mark.parametrize("page", ["overview", "access", "who-can", "attack-paths", "access-matrix"])
def test_a_page_can_be_brought_forward(qtbot: QtBot, tmp_path: Path, page: str) -> None:
    usual, turned = tmp_path / "usual.png", tmp_path / "turned.png"
    render(sample_snapshot(), usual, PETRA, QUESTION, size=(1000, 720))
    render(sample_snapshot(), turned, PETRA, QUESTION, size=(1000, 720), page=page)
    assert QImage(str(turned)) != QImage(str(usual))


def test_the_findings_are_a_page(qtbot: QtBot, tmp_path: Path) -> None:
    render(sample_snapshot(), tmp_path / "x.png", size=(1000, 720), page="findings")
    assert len(colours(tmp_path / "x.png")) > 10


@pytest.mark.parametrize(
    ("page", "says"),
    [("access", "principal or group"), ("who-can", "a request"), ("review", "needs a review"), ("x", "page x")],
)
def test_a_page_that_has_nothing_to_show_is_said(qtbot: QtBot, tmp_path: Path, page: str, says: str) -> None:
    with pytest.raises(ScreenshotError, match=says):
        render(sample_snapshot(), tmp_path / "x.png", page=page)


def begin_review(snapshot: Path) -> None:
    Workbench().open_snapshot(snapshot).create_review(snapshot.with_name("q3.iamreview"), "Q3")


def test_a_review_is_a_page_of_its_own_file(qtbot: QtBot, tmp_path: Path) -> None:
    snapshot = tmp_path / "acme-prod.json"
    snapshot.write_bytes(sample_snapshot().read_bytes())
    begin_review(snapshot)
    render(tmp_path / "q3.iamreview", tmp_path / "x.png", size=(1000, 720), page="review")
    assert len(colours(tmp_path / "x.png")) > 10


def test_a_review_without_its_snapshot_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    snapshot = tmp_path / "acme-prod.json"
    snapshot.write_bytes(sample_snapshot().read_bytes())
    begin_review(snapshot)
    snapshot.unlink()
    with pytest.raises(ScreenshotError, match="not in the same folder"):
        render(tmp_path / "q3.iamreview", tmp_path / "x.png", page="review")
