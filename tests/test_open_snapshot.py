"""An open snapshot gives its memory back when nobody has it open any more, without the collector."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from iamdesk.evaluate.request import Request
from iamdesk.export.evaluation_result import to_evaluation_result
from iamdesk.opened import open_snapshot
from iamdesk.paths import resources
from iamdesk.query.access import Access
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


ORGANIZATION = resources() / "samples" / "acme-organization"
ASKED = {"action": "s3:GetObject", "resource": "arn:aws:s3:::acme-org-data/orders/1", "context": {}}
DEV = "arn:aws:iam::444455556666:user/dev"


def test_many_accounts_are_asked_one_by_one_and_answer_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Workbench().open_snapshot(ORGANIZATION)
    whole = [
        list(opened.who_can(**ASKED)),
        opened.access_to_resource("arn:aws:s3:::acme-org-data", {}),
        opened.ask(Request(DEV, "s3:GetObject", "arn:aws:s3:::acme-org-data/orders/1")),
        opened.what_can(principal=DEV),
    ]
    monkeypatch.setattr(open_snapshot, "MIN_ACCOUNTS_APART", 2)
    monkeypatch.setattr(OpenSnapshot, "evaluator", property(lambda _: pytest.fail("all accounts were asked at once")))
    apart = OpenSnapshot(opened.snapshot, opened.outline)
    rows = list(apart.who_can(**ASKED))
    assert rows
    assert list(map(told, rows)) == list(map(told, whole[0]))
    assert list(map(told, apart.who_can(**ASKED))) == list(map(told, rows)), "again, remembered"
    on_bucket = apart.access_to_resource("arn:aws:s3:::acme-org-data", {})
    assert [(one.who, one.allowed, one.conditional) for one in on_bucket] == [
        (one.who, one.allowed, one.conditional) for one in whole[1]
    ]
    assert to_evaluation_result(apart.ask(whole[2].request)) == to_evaluation_result(whole[2])
    access = apart.what_can(principal=DEV)
    assert [one.service for one in access.services] == [one.service for one in whole[3].services]
    part = apart.evaluator_for(DEV)
    assert apart.evaluator_for(DEV) is part
    assert [account.account_id for account in part.snapshot.accounts] == ["444455556666"]


def told(row: Access) -> tuple[object, ...]:
    return row.who, row.decision, row.request, to_evaluation_result(row.explanation)


def test_accounts_that_were_asked_one_by_one_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_snapshot, "MIN_ACCOUNTS_APART", 2)
    opened = Workbench().open_snapshot(ORGANIZATION)
    assert list(opened.who_can(**ASKED))
    opened.ask(Request(DEV, "s3:GetObject", "arn:aws:s3:::acme-org-data/orders/1"))
    account = weakref.ref(opened.snapshot.accounts[0])
    del opened
    assert account() is None
