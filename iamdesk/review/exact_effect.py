"""The exact numbers of one entitlement's effect, by comparing the snapshot with a copy without it.

The numbers in an item are shown by requests: on each named resource and on others, without values of condition keys.
The comparison covers every resource and every value, or says what it leaves open.
"""

from iamdesk.access.evaluator import Evaluator
from iamdesk.progress import Cancelled
from iamdesk.review.effects import EffectFinder, count_actions
from iamdesk.review.effects_proof import Prover, edit_of
from iamdesk.review.item_effect import ExactEffect
from iamdesk.review.items import ReviewItem


def exact_effect(evaluator: Evaluator, item: ReviewItem, cancelled: Cancelled) -> ExactEffect | None:
    """Return the exact effect of an entitlement; None for kinds that cannot be taken away on a copy.

    Takes up to seconds: the snapshot is compared with a copy.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    if edit_of(item) is None:
        return None
    affected = EffectFinder(evaluator).affected(item)
    proof = Prover(evaluator).prove_round({0: (item, affected)}, cancelled)[0]
    return ExactEffect(count_actions(proof.lost), count_actions(proof.gained), proof.doubts)
