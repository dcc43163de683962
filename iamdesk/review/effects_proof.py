"""Proving that nothing changes if an entitlement goes: exact comparison with a copy of the snapshot without it.

Entitlements are tried in rounds. In one round no two affect the same principal, so that one copy serves all of them and
each change has one cause.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from iamdesk.access.access_change import ActionBits
from iamdesk.access.evaluator import Evaluator
from iamdesk.diff.parallel import Pair
from iamdesk.diff.result import Kind, Status
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.review.effects import EffectFinder, count_actions
from iamdesk.review.item_effect import ExactEffect
from iamdesk.review.items import ReviewItem
from iamdesk.review.revoking_edits import edit_of
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, WhatIfError


@dataclass(frozen=True, slots=True)
class EffectProof:
    """What the exact comparison says of one entitlement."""

    is_unchanged: bool
    """Whether it is proved that no principal can do more or less."""
    lost: Mapping[str, int]
    gained: Mapping[str, int]
    """By service, the actions that a request shows as bits."""
    losing: tuple[str, ...]
    gaining: tuple[str, ...]
    doubts: tuple[str, ...]
    """Why it is neither proved nor shown."""


def rounds(items: Iterable[tuple[int, Sequence[str]]]) -> list[tuple[int, ...]]:
    """Split items into rounds in which no two affect the same principal.

    Args:
        items: Each item's number, and the ARNs of the principals that have it.
    """
    made: list[list[int]] = []
    taken: dict[str, int] = {}
    """By principal, the rounds in which something of it changes, as bits."""
    for number, affected in items:
        used = 0
        for arn in affected:
            used |= taken.get(arn, 0)
        first = (~used & used + 1).bit_length() - 1
        if first == len(made):
            made.append([])
        made[first].append(number)
        for arn in affected:
            taken[arn] = taken.get(arn, 0) | 1 << first
    return [tuple(one) for one in made]


class Prover:
    """Compares a snapshot with copies of it, without some entitlements each. For one thread."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    @cached_property
    def _pair(self) -> Pair:
        """The snapshot beside itself: read once for all copies."""
        moment = self._evaluator.now()
        return Pair.of_itself(Evaluator(self._evaluator.snapshot, lambda: moment, beside=self._evaluator))

    def prove_round(
        self, items: Mapping[int, tuple[ReviewItem, Sequence[str]]], cancelled: Cancelled
    ) -> dict[int, EffectProof]:
        """Return what becomes of those affected by the entitlements of one round, by the items' numbers.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        edits: list[Edit] = []
        for item, _ in items.values():
            edit = edit_of(item)
            if edit is None:
                raise ValueError(item.type)
            edits.append(edit)
        try:
            changed = apply(self._evaluator.snapshot, edits)
        except WhatIfError as error:
            doubt = f"{error}."
            return {number: EffectProof(False, {}, {}, (), (), (doubt,)) for number in items}
        pair = self._pair.with_fewer_policies(changed)
        found: dict[int, EffectProof] = {}
        for number, (_, affected) in items.items():
            if cancelled():
                raise WorkCancelled
            found[number] = _proof(pair, affected, cancelled)
        return found


def _proof(pair: Pair, affected: Sequence[str], cancelled: Cancelled) -> EffectProof:
    diffs = pair.find(affected, False, cancelled).diffs
    lost: dict[str, int] = {}
    gained: dict[str, int] = {}
    losing: dict[str, None] = {}
    gaining: dict[str, None] = {}
    doubts: dict[str, None] = {}
    for one in diffs:
        doubts.update(dict.fromkeys(one.doubts))
        for effect in one.effects:
            is_lost = effect.kind is Kind.LOST
            (losing if is_lost else gaining).setdefault(one.arn)
            target = lost if is_lost else gained
            for service, bits in pair.new.space.by_service(effect.actions):
                target[service] = target.get(service, 0) | bits
    is_unchanged = all(one.status is Status.UNCHANGED for one in diffs)
    return EffectProof(is_unchanged, lost, gained, tuple(losing), tuple(gaining), tuple(doubts))


def merged(one: ActionBits, other: ActionBits) -> ActionBits:
    """Return the actions of both."""
    return {service: one.get(service, 0) | other.get(service, 0) for service in sorted({*one, *other})}


def exact_effect(evaluator: Evaluator, item: ReviewItem, cancelled: Cancelled) -> ExactEffect | None:
    """Return the exact effect of an entitlement; None for kinds that cannot be taken away on a copy.

    The numbers in an item are shown by requests: on each named resource and on others, without values of condition
    keys. This covers every resource and every value, or says what it leaves open.
    Takes up to seconds: the snapshot is compared with a copy.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    if edit_of(item) is None:
        return None
    affected = EffectFinder(evaluator).affected(item)
    proof = Prover(evaluator).prove_round({0: (item, affected)}, cancelled)[0]
    return ExactEffect(count_actions(proof.lost), count_actions(proof.gained), proof.doubts)
