"""Measures a keystroke in the filter of a table of 100,000 rows, and sorting it. Not part of the test run:

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.bench_tables [ROWS]

Prints processor time in milliseconds: of the whole work, and of the longest turn of the event loop. The goal is 100 ms
for a keystroke, and 50 ms for a turn.
"""

import gc
import sys
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

from PySide6.QtWidgets import QApplication

from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.gui.core.slices import Slices
from iamdesk.gui.core.theme import palette_for
from iamdesk.gui.findings.fields import FIELDS
from iamdesk.gui.findings.findings_model import FindingsModel, FindingsTable
from iamdesk.gui.findings.rows import Column, FindingFilter, FindingRow
from iamdesk.i18n import phrase

SEVERITIES = tuple(Severity)
FILTERS = (
    "role",
    "role-99",
    "role-99 payroll",
    "nothing at all",
    "severity>=high",
    "severity>=high subject:role-9 -state:open",
    "check:CHN-0 OR check:ADM-1",
    "-description:payroll",
    "arn:role/eng",
    'kind=role account="000000000042"',
    "",
)


def finding(number: int) -> Finding:
    """Return one of many different findings."""
    name = f"role-{number}"
    return Finding(
        check_id=f"{('CHN', 'ADM', 'TRU')[number % 3]}-{number % 30:02}",
        title="Can become administrator in one step",
        severity=SEVERITIES[number % len(SEVERITIES)],
        state=State.FOUND if number % 7 else State.INCONCLUSIVE,
        account=f"{number % 60:012}",
        subject_key=f"arn:aws:iam::{number % 60:012}:role/eng/{name}",
        subject_name=name,
        subject_kind="role" if number % 2 else "user",
        sentence=phrase("{name} can change the policy payroll-rw and so become administrator.", name=name),
        evidence=(),
        remediation=phrase("Remove iam:CreatePolicyVersion from payroll-rw."),
        fingerprint=f"{number:08x}",
    )


class Turns:
    """Notes the processor time of each turn in which work is done."""

    def __init__(self) -> None:
        self.longest = 0.0
        turn = Slices._go_on

        def timed(slices: Slices) -> None:
            begun = process_time()
            turn(slices)
            self.longest = max(self.longest, process_time() - begun)

        setattr(Slices, "_go_on", timed)  # noqa: B010 - mypy allows no assignment


def measured(app: QApplication, turns: Turns, model: FindingsModel, work: Callable[[], Any]) -> str:
    """Return the milliseconds of processor time until the rows are shown, and of the longest turn."""
    turns.longest = 0.0
    begun = process_time()
    work()
    while not model.is_settled:
        app.processEvents()
    app.processEvents()  # painted
    return f"{(process_time() - begun) * 1000:7.0f} {turns.longest * 1000:7.0f}   {len(model.shown):7,}"


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    turns = Turns()
    model = FindingsModel(palette_for(dark=False))
    table = FindingsTable(model)
    table.resize(1300, 700)
    table.show()
    rows = [FindingRow(finding(number)) for number in range(count)]
    gc.freeze()  # as the application does
    print(f"{count:,} rows; processor time in ms:   all    turn      shown")
    print(f"{'arriving at once':<44}", measured(app, turns, model, lambda: model.extend(rows)))
    print(f"{'the first filter, which sorts':<44}", measured(app, turns, model, lambda: _show(model, "first")))
    for text in FILTERS:
        print(f"{text or 'no filter':<44}", measured(app, turns, model, partial(_show, model, text)))
    for name, order in (
        ("sort by subject", [(int(Column.SUBJECT), False)]),
        ("sort by severity, then description", [(int(Column.SEVERITY), True), (int(Column.SENTENCE), False)]),
    ):
        print(f"{name:<44}", measured(app, turns, model, partial(table.sort_by, order)))


def _show(model: FindingsModel, text: str) -> None:
    model.show_only(FindingFilter(typed=FIELDS.read(text)))


if __name__ == "__main__":
    main()
