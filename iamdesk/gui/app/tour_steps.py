"""The steps of the tour: texts, and the panel of each."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.workspace import Workspace
from iamdesk.gui.core.session import Session
from iamdesk.i18n import tr

_ANOTHER_PRINCIPAL = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
_REQUEST = Request(_ANOTHER_PRINCIPAL, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv")


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    title: str
    text: str
    target: QWidget
    prepare: Callable[[], object]
    """Makes the subject of the step visible."""


def steps_of(session: Session, workspace: Workspace) -> tuple[Step, ...]:
    """Return the five steps, for the sample account."""

    def ask() -> None:
        workspace.raise_dock("answerDock")
        session.ask(_REQUEST)

    return (
        Step(
            tr("Find a principal"),
            tr(
                "The tree lists users, groups, roles, policies and resources. Press Ctrl+F and type part of "
                "a name to filter it. Badges mark administrators and external access; their tooltips explain "
                "them."
            ),
            workspace.docks["navigatorDock"],
            lambda: workspace.raise_dock("navigatorDock"),
        ),
        Step(
            tr("See its policies and access"),
            tr(
                "These tabs show the selected item: its policies, where each comes from, and the text of the "
                "selected policy. The tab Access shows its effective permissions by service."
            ),
            workspace.inspector,
            lambda: session.show_key(_ANOTHER_PRINCIPAL),
        ),
        Step(
            tr("Ask"),
            tr(
                "The request bar reads as a sentence: can a principal do an action on a resource? Every "
                "field suggests completions. Ctrl+L goes here, Ctrl+Return evaluates the request."
            ),
            workspace.bar,
            lambda: session.draft(_ANOTHER_PRINCIPAL, _REQUEST.action, _REQUEST.resource),
        ),
        Step(
            tr("Read the result"),
            tr(
                "The result begins with the decision and one sentence. Below are the policy types in the "
                "order of evaluation, and the deciding statements. This decision depends on the request "
                "context: the result names the keys, and Fill in tries values for them."
            ),
            workspace.docks["answerDock"],
            ask,
        ),
        Step(
            tr("See the findings"),
            tr(
                "The checks have run on the whole account. Each finding has evidence and a remediation; F1 "
                "explains the check. The other tabs show who can, attack paths and the review. Help > User "
                "guide explains everything else."
            ),
            workspace.docks["findingsDock"],
            lambda: workspace.raise_dock("findingsDock"),
        ),
    )
