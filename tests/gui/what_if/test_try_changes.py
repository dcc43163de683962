"""*Try this* on a suggested change shows its effect in what-if."""

from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.what_if.what_if_window import WhatIfWindow
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.whatif.edits import EditAction

ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"


def test_a_suggested_change_is_tried(qtbot: QtBot, open_window: MainWindow) -> None:
    window, panel = open_window, open_window.workspace.result
    with qtbot.waitSignal(window.session.evaluated, timeout=20_000):
        window.session.ask(Request(ELENA, "iam:CreateUser", "arn:aws:iam::111122223333:user/new.hire"))

    def links() -> list[LinkButton]:
        return [one for one in panel.changes.findChildren(LinkButton) if one.shown == "Try this"]

    qtbot.waitUntil(lambda: bool(links()), timeout=20_000)
    links()[0].click()
    shown = window.findChild(WhatIfWindow)
    assert isinstance(shown, WhatIfWindow)
    assert shown.edits[0].act is EditAction.ADD_STATEMENT
    assert shown.list.count() == len(shown.edits)
    qtbot.waitUntil(lambda: not shown.is_running, timeout=60_000)
    assert shown.view.model.rows, "elena gains the action"
    links()[0].click()
    assert window.findChildren(WhatIfWindow) == [shown], "the same window again"
    qtbot.waitUntil(lambda: not shown.is_running, timeout=60_000)
    assert shown.list.count() == len(shown.edits) == 1
    shown.close()


def test_the_first_remediation_of_attack_paths_is_tried(qtbot: QtBot, open_window: MainWindow) -> None:
    window, panel = open_window, open_window.workspace.attack_paths
    window.session.select("arn:aws:iam::111122223333:role/ci/GitHubActionsDeploy")
    panel.show_selected()
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)
    assert panel.found is not None
    assert not panel.try_button.isHidden()
    panel.try_button.click()
    shown = window.findChild(WhatIfWindow)
    assert isinstance(shown, WhatIfWindow)
    assert tuple(shown.edits) == panel.found.remediations[0].edits
    qtbot.waitUntil(lambda: not shown.is_running, timeout=60_000)
    assert shown.view.model.rows
    shown.close()
