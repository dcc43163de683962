"""What the tour shows, step by step: words, and which real panel each is about."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from iamdesk.evaluate.request import Request
from iamdesk.gui.app.workspace import Workspace
from iamdesk.gui.core.session import Session
from iamdesk.i18n import tr

_SOMEBODY = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
_QUESTION = Request(_SOMEBODY, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv")


@dataclass(frozen=True, slots=True)
class Step:
    """One stop."""

    title: str
    text: str
    target: QWidget
    prepare: Callable[[], object]
    """Brings what is told about onto the screen."""


def steps_of(session: Session, workspace: Workspace) -> tuple[Step, ...]:
    """Return the five steps, on the sample."""

    def ask() -> None:
        workspace.bring_forward("answerDock")
        session.ask(_QUESTION)

    return (
        Step(
            tr("Find somebody"),
            tr(
                "The tree holds users, groups, roles, policies and resources. Ctrl+F and a part of a name narrow "
                "it. Marks tell who is an administrator and where outsiders can enter; the sentence is in the "
                "tooltip."
            ),
            workspace.docks["navigatorDock"],
            lambda: workspace.bring_forward("navigatorDock"),
        ),
        Step(
            tr("See what they carry"),
            tr(
                "What is selected stands here: its policies, each with where it comes from, and below it the text "
                "as AWS has it. The tab Access shows what it can do, by service."
            ),
            workspace.inspector,
            lambda: session.show_key(_SOMEBODY),
        ),
        Step(
            tr("Ask"),
            tr(
                "The question reads as a sentence: can somebody do an action on a resource? Every field completes "
                "what is typed. Ctrl+L goes here, Ctrl+Return asks."
            ),
            workspace.bar,
            lambda: session.draft(_SOMEBODY, _QUESTION.action, _QUESTION.resource),
        ),
        Step(
            tr("Read the answer"),
            tr(
                "One sentence answers; below it stand the layers in the order of reasoning and the statements that "
                "decide. This one depends on context: it says on which keys, and Fill in tries their values."
            ),
            workspace.docks["answerDock"],
            ask,
        ),
        Step(
            tr("See what stands out"),
            tr(
                "Checks have run over everybody. Each finding has its proof and what to do; F1 explains the check. "
                "Beside it stand who can, ways to administration, and the review. The guide has the rest: Help, "
                "User guide."
            ),
            workspace.docks["findingsDock"],
            lambda: workspace.bring_forward("findingsDock"),
        ),
    )
