"""An open snapshot gives its memory back when nobody has it open any more, without the collector."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from iamdesk.access.who_can import Access
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import Request
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.resource_files import resources
from iamdesk.sessions import snapshot_session
from iamdesk.whatif.edits import Edit, EditAction

QUESTION = Request("arn:aws:iam::111122223333:user/finance/petra.novak", "s3:GetObject", "arn:aws:s3:::acme-payroll/x")


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # whatever is not of the test is not looked at
    gc.disable()
    yield
    gc.enable()


DENIAL = f"User: {QUESTION.principal} is not authorized to perform: iam:CreateUser on resource: *"
USES: dict[str, Callable[[SnapshotSession], object]] = {
    "ready": SnapshotSession.make_ready,
    "ask": lambda opened: opened.ask(QUESTION),
    "changes": lambda opened: opened.changes(QUESTION),
    "why": lambda opened: opened.why(opened.read_denials(DENIAL)[0]),
    "verdict": lambda opened: opened.evaluator.decide(QUESTION),
    "who-can": lambda opened: list(opened.who_can(action=QUESTION.action, resource=QUESTION.resource, context={})),
    "on-resource": lambda opened: opened.access_to_resource("arn:aws:s3:::acme-payroll", {}),
    "what-can": lambda opened: opened.what_can(principal=QUESTION.principal).services,
    "everybody": lambda opened: list(opened.access_matrix()),
    "badges": SnapshotSession.evaluated_badges,
    "reach": SnapshotSession.reach,
    "findings": SnapshotSession.findings,
    "telling": lambda opened: opened.key_permissions(QUESTION.principal),
    "diff": lambda opened: Workbench.compare(opened, opened),
    "what-if": lambda opened: Workbench.what_if(opened, [Edit(EditAction.DELETE, QUESTION.principal)]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_nothing_holds_it_once_nobody_has_it_open(use: Callable[[SnapshotSession], object]) -> None:
    """Nor is anything of ours left in a cycle: the collector is told to spare what large work makes."""
    opened = Workbench().open_snapshot(resources() / "samples" / "acme-prod.json")
    account = weakref.ref(opened.snapshot.accounts[0].users[0])
    spared = gc.get_freeze_count()
    use(opened)
    assert account() is not None
    del opened
    assert account() is None
    if gc.get_freeze_count() > spared:
        gc.unfreeze()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        left = {type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith("iamdesk")}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert left == set()


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
    monkeypatch.setattr(snapshot_session, "MIN_ACCOUNTS_APART", 2)
    monkeypatch.setattr(
        SnapshotSession, "evaluator", property(lambda _: pytest.fail("all accounts were asked at once"))
    )
    apart = SnapshotSession(opened.snapshot, opened.outline)
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
    monkeypatch.setattr(snapshot_session, "MIN_ACCOUNTS_APART", 2)
    opened = Workbench().open_snapshot(ORGANIZATION)
    assert list(opened.who_can(**ASKED))
    opened.ask(Request(DEV, "s3:GetObject", "arn:aws:s3:::acme-org-data/orders/1"))
    account = weakref.ref(opened.snapshot.accounts[0])
    del opened
    assert account() is None
