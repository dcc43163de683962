"""An open snapshot gives its memory back when nobody has it open any more, without the collector."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from iamdesk.evaluate.request import Request
from iamdesk.paths import resources
from iamdesk.workbench import OpenSnapshot, Workbench

QUESTION = Request("arn:aws:iam::111122223333:user/finance/petra.novak", "s3:GetObject", "arn:aws:s3:::acme-payroll/x")


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize(
    "use",
    [
        OpenSnapshot.make_ready,
        lambda opened: opened.ask(QUESTION),
        lambda opened: opened.evaluator.verdict(QUESTION),
        lambda opened: list(opened.who_can(action=QUESTION.action, resource=QUESTION.resource, context={})),
        OpenSnapshot.what_can_overview,
        OpenSnapshot.decided_badges,
        OpenSnapshot.reach,
    ],
    ids=["ready", "ask", "verdict", "who-can", "what-can", "badges", "reach"],
)
def test_nothing_holds_it_once_nobody_has_it_open(use: Callable[[OpenSnapshot], object]) -> None:
    opened = Workbench().open_snapshot(resources() / "samples" / "acme-prod.json")
    use(opened)
    account = weakref.ref(opened.snapshot.accounts[0].users[0])
    assert account() is not None
    del opened
    assert account() is None


def test_an_evaluator_that_has_forgotten_answers_as_before() -> None:
    evaluator = Workbench().open_snapshot(resources() / "samples" / "acme-prod.json").evaluator
    before = evaluator.verdict(QUESTION)
    evaluator.forget()
    assert evaluator.verdict(QUESTION) is before
