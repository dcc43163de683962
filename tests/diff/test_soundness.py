"""Nothing is called unchanged that is not: pairs of small snapshots drawn at random, asked question by question."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Comparison, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.model import Account

from ..access import worlds

QUICK = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # whole snapshots are too large to be made smaller
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """A snapshot, and the same with some of its parts as another one has them."""
    old, other = draw(worlds.snapshots()), draw(worlds.snapshots())

    def mixed(first: Any, second: Any) -> Any:
        return second if draw(st.integers(0, 4)) == 0 else first

    def account(one: Account, two: Account) -> Account:
        lists = {
            name: tuple(
                mixed(entry, getattr(two, name)[place]) if place < len(getattr(two, name)) else entry
                for place, entry in enumerate(getattr(one, name))
            )
            for name in ("users", "groups", "roles", "policies")
        }
        return one.model_copy(update=lists)

    accounts = tuple(account(one, two) for one, two in zip(old.accounts, other.accounts, strict=False))
    accounts += old.accounts[len(accounts) :]
    fields = {
        name: mixed(getattr(old, name), getattr(other, name))
        for name in ("organization", "resources", "resource_shares")
    }
    return old, old.model_copy(update={"accounts": accounts, **fields})


def _is_allowed(evaluator: Evaluator, request: Request) -> bool | None:
    """Whether it is allowed for certain, or (None) under conditions; nobody is allowed nothing."""
    try:
        verdict = evaluator.trace(request).decision
    except RequestError:
        return False
    return None if verdict is EvalDecision.CONDITIONAL else verdict is EvalDecision.ALLOWED


@QUICK
@given(pairs(), st.lists(st.tuples(worlds.QUESTIONS, worlds.CONTEXTS), min_size=6, max_size=12))
def test_unchanged_is_the_same_answer_to_every_question(
    pair: tuple[Snapshot, Snapshot], asked: list[tuple[tuple[str, str], dict[str, Any]]]
) -> None:
    old, new = pair
    found = compare_snapshots(old, new, worlds.NOON)
    sides = [Evaluator(snapshot, now=lambda: worlds.NOON) for snapshot in pair]
    for arn, standing in found.principals.items():
        if standing.status is not Status.UNCHANGED:
            continue
        for (action, resource), context in asked:
            request = Request(arn, action, resource, context)
            before, after = (_is_allowed(side, request) for side in sides)
            assert before is after or _is_of_a_resource(found, resource), (arn, action, resource, context)


def _is_of_a_resource(found: Comparison, resource: str) -> bool:
    """Whether only one snapshot holds the resource, or it is told that access to it cannot be compared."""
    named = resource.replace("arn:aws:s3:::ap-s3alias", worlds.POINT)
    apart = (Status.INCONCLUSIVE, Status.CREATED, Status.DELETED)
    return any(named.startswith(arn) and standing.status in apart for arn, standing in found.resources.items())


@QUICK
@given(pairs())
def test_every_change_is_shown_by_a_request(pair: tuple[Snapshot, Snapshot]) -> None:
    found = compare_snapshots(*pair, worlds.NOON)
    sides = [Evaluator(snapshot, now=lambda: worlds.NOON) for snapshot in pair]
    for effect in found.effects():
        witness = effect.witness
        context = dict(witness.context)
        request = Request(
            witness.principal,
            witness.action,
            witness.resource,
            context,
            witness.resource_account,
            is_of_resource=True,
        )
        before, after = (_is_allowed(side, request) for side in sides)
        gained = effect.kind.value == "gained"
        assert (after if gained else before) is True, effect
        assert (before if gained else after) is not True, effect
        assert effect.causes, effect


def test_a_snapshot_is_as_itself() -> None:
    """Equal inputs need no question at all."""
    snapshot = Snapshot(path=worlds.Path("/captures/x.json"), files=(), sha256="0", accounts=())
    found = compare_snapshots(snapshot, snapshot, worlds.NOON)
    assert (found.figures.requests, found.effects(), found.texts) == (0, (), ())
