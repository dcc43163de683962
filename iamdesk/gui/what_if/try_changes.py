"""Tries changes in the what-if window, from any panel that proposes them."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from iamdesk.gui.core.run_command import main_window_of, run_command
from iamdesk.whatif.edits import Edit


def try_changes(widget: QWidget, edits: Sequence[Edit]) -> None:
    """Show what-if with some changes, and compute their effect. ``widget`` is where they were proposed."""
    from iamdesk.gui.what_if.what_if_window import WhatIfWindow  # imported when it is first needed

    window = main_window_of(widget)
    found = window.findChild(WhatIfWindow)
    if found is None or not found.isWindow():
        run_command(widget, "actionWhatIf")
        found = window.findChild(WhatIfWindow)
    if isinstance(found, WhatIfWindow):
        found.try_edits(edits)
        if found.isWindow():
            found.activateWindow()
