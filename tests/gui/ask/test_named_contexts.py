"""Named contexts: kept under a name, chosen again, and read back from the settings."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.gui import create_main_window
from iamdesk.gui.ask.named_contexts import MAX_CONTEXTS, NamedContext, contexts_as_text, contexts_from
from iamdesk.gui.core.settings import Settings

from .conftest import NORA, PAYROLL, AskWindow

OFFICE = NamedContext(
    {"aws:SourceIp": "203.0.113.9", "aws:MultiFactorAuthPresent": "true", "aws:SourceVpc": None},
    MissingContextMode.ABSENT,
)


def test_what_is_kept_is_read_back() -> None:
    runner = NamedContext({"aws:TagKeys": ("a", "b")}, MissingContextMode.UNKNOWN)
    kept = {"office with MFA": OFFICE, "CI runner": runner}
    assert contexts_from(contexts_as_text(kept)) == kept


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"x": 1}', '{"x": {"context": {"a": 5}, "unknown": "unknown"}}', '{"x": {"context": {}}}']
)
def test_what_cannot_be_read_is_left_out(text: str) -> None:
    assert contexts_from(text) == {}


def test_there_is_a_bound() -> None:
    many = {f"context {number}": OFFICE for number in range(MAX_CONTEXTS + 5)}
    assert len(contexts_from(contexts_as_text(many))) == MAX_CONTEXTS


def test_a_context_is_kept_under_a_name_and_chosen_again(qtbot: QtBot, ask_window: AskWindow) -> None:
    panel = ask_window.bar.context
    ask_window.bar.context_button.setChecked(True)
    with qtbot.waitSignal(ask_window.session.evaluated, timeout=30_000):
        ask_window.session.ask(
            Request(NORA, "s3:GetObject", PAYROLL, OFFICE.context, unknown_context=MissingContextMode.ABSENT)
        )
    QTest.keyClicks(panel.named.names.lineEdit(), "office with MFA")
    QTest.keyClick(panel.named.names.lineEdit(), Qt.Key.Key_Return)
    assert panel.named.contexts == {"office with MFA": OFFICE}
    with qtbot.waitSignal(ask_window.session.evaluated, timeout=30_000):
        ask_window.session.ask(Request(NORA, "s3:GetObject", PAYROLL))
    assert panel.context == {}
    with qtbot.waitSignal(ask_window.session.evaluated, timeout=30_000):  # choosing it evaluates again
        panel.named.names.activated.emit(0)
    assert ask_window.session.request is not None
    assert dict(ask_window.session.request.context) == OFFICE.context
    assert ask_window.session.request.unknown_context is MissingContextMode.ABSENT
    assert {row.key: row.type for row in panel.model.rows}["aws:SourceIp"] == "IPAddress"
    assert panel.named.remove_button.isEnabled()
    panel.named.remove_button.click()
    assert panel.named.contexts == {}


def test_an_empty_context_is_not_kept(ask_window: AskWindow) -> None:
    named = ask_window.bar.context.named
    named.names.setEditText("nothing")
    named.keep_button.click()
    assert named.contexts == {}


def test_a_name_is_plain_text(qtbot: QtBot, ask_window: AskWindow) -> None:
    named = ask_window.bar.context.named
    named.fill({"<b>x</b>\u202e": OFFICE})
    assert named.names.itemText(0) == "<b>x</b>\\u202e"


def test_the_window_keeps_them_in_its_settings(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    window = create_main_window(settings_path=path)
    qtbot.addWidget(window)
    named = window.workspace.request_bar.context.named
    named.names.setEditText("CI runner")
    named.keep(OFFICE)
    assert contexts_from(Settings(path).contexts) == {"CI runner": OFFICE}
    other = create_main_window(settings_path=path)
    qtbot.addWidget(other)
    assert other.workspace.request_bar.context.named.contexts == {"CI runner": OFFICE}
    for one in (window, other):
        assert one.jobs.wait_all(60_000)
