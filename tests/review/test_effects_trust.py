"""Who loses a role with its trust policy: those whom evaluating all principals finds, though few are evaluated."""

import pytest
from hypothesis import HealthCheck, given, settings

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import RequestError
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.review.effects import EffectFinder
from iamdesk.review.effects_of_entry import EntryEffects
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..access.worlds import NOON, snapshots
from ..some_of import some_of


def check(snapshot: Snapshot) -> int:
    evaluator = Evaluator(snapshot, lambda: NOON)
    items = review_scope(evaluator).lines
    effects = EntryEffects(EffectFinder(evaluator), items)
    compared = 0
    for item in items:
        if item.type is not EntitlementType.TRUST:
            continue
        losing: set[str] = set()
        actions = 0
        try:
            for _, principals, bits in evaluator.access_on("sts", item.holder_arn):
                losing.update(principals)
                actions |= bits
        except RequestError:
            continue
        effect = effects.effect(item)
        held = set(evaluator.population().index.positions)
        assert set(effect.losing) & held == losing, item.holder_arn
        assert actions & ~effect.lost.get("sts", 0) == 0, item.holder_arn
        compared += 1
    return compared


@pytest.mark.parametrize("path", [sample_snapshot(), resources() / "samples" / "acme-organization"])
def test_of_samples(path: object) -> None:
    assert check(load_snapshot(path)) > 5  # type: ignore[arg-type]


@settings(max_examples=some_of(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots())
def test_of_any_account(snapshot: Snapshot) -> None:
    check(snapshot)
