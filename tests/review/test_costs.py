"""What the effects of a review's items do not evaluate twice, and do not evaluate at all."""

from collections.abc import Iterator
from unittest.mock import patch

from iamdesk.access.access_change import AccessChanges
from iamdesk.access.bulk_evaluator import BulkEvaluator, DecisionBits
from iamdesk.access.evaluator import Evaluator
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.inventory.policy_index import Carried, PolicyIndex
from iamdesk.inventory.statement_index import StatementIndex
from iamdesk.policy.document import Document
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.review import effects_parallel
from iamdesk.review.effects import EffectFinder
from iamdesk.review.effects_of_entry import EntryEffects
from iamdesk.review.effects_parallel import with_effects
from iamdesk.review.effects_proof import Prover
from iamdesk.review.entitlements import review_scope, scope_without_access
from iamdesk.review.items import EntitlementType
from iamdesk.review.revoking_edits import edit_of
from iamdesk.snapshot.reader import load_snapshot

from ..access.worlds import NOON
from ..builders.captures import ROOT, allow, document, role, trusting, user, user_arn
from ..builders.captures import evaluator as evaluator_of


def test_proofs_read_the_documents_of_the_snapshot_once() -> None:
    """However many rounds there are; of each copy only the policies of those affected are read."""
    evaluator = Evaluator(load_snapshot(sample_snapshot()), lambda: NOON)
    scope = review_scope(evaluator)
    rounds: list[int] = []
    listings: list[SnapshotView] = []
    gathered: list[tuple[PolicyIndex, str]] = []
    prove_round, documents, gather = Prover.prove_round, SnapshotView.documents, PolicyIndex._gather
    affected: set[str] = set()

    def prove(self: Prover, items: dict[int, tuple[object, tuple[str, ...]]], *rest: object) -> object:
        rounds.append(len(items))
        for _, some in items.values():
            affected.update(some)
        return prove_round(self, items, *rest)  # type: ignore[arg-type]

    def listing(self: SnapshotView) -> Iterator[Document]:
        listings.append(self)
        return documents(self)

    def counted(self: PolicyIndex, arn: str) -> Carried:
        gathered.append((self, arn))
        return gather(self, arn)

    with (
        patch.object(Prover, "prove_round", prove),
        patch.object(SnapshotView, "documents", listing),
        patch.object(PolicyIndex, "_gather", counted),
    ):
        with_effects(evaluator, scope)
    assert len(rounds) > 1
    assert len(listings) == 1
    of_copies = [arn for index, arn in gathered if index is not evaluator.index]
    assert 0 < len(of_copies) <= sum(rounds) * 2
    assert set(of_copies) <= affected


def test_the_effect_of_an_item_is_worked_out_once() -> None:
    """The proof adds to it."""
    evaluator = Evaluator(load_snapshot(sample_snapshot()), lambda: NOON)
    scope = review_scope(evaluator)
    effect, worked_out = EffectFinder.effect, 0

    def counted(self: EffectFinder, *of: object) -> object:
        nonlocal worked_out
        worked_out += 1
        return effect(self, *of)  # type: ignore[arg-type]

    proved: list[int] = []
    prove = effects_parallel._prove

    def proving(found: object, numbers: tuple[int, ...], *rest: object) -> object:
        proved.extend(numbers)
        return prove(found, numbers, *rest)  # type: ignore[arg-type]

    with patch.object(EffectFinder, "effect", counted), patch.object(effects_parallel, "_prove", proving):
        with_effects(evaluator, scope)
    assert proved
    assert worked_out == sum(edit_of(item) is not None for item in scope.lines)


def test_counts_are_forgotten_before_proofs_and_come_out_the_same() -> None:
    evaluator = Evaluator(load_snapshot(sample_snapshot()), lambda: NOON)
    items = [one for one in review_scope(evaluator).lines if edit_of(one) is not None]
    finder = EffectFinder(evaluator)
    effects = [finder.effect(one) for one in items]
    changes, unlimited = finder.changes, finder._unlimited
    assert changes._by_policies
    finder.forget()
    evaluator.forget_access()
    assert not changes._by_policies
    assert not finder._alone
    assert [finder.effect(one) for one in items] == effects
    assert finder._unlimited is not unlimited or unlimited is changes


def test_only_requests_that_a_removed_statement_applies_to_are_evaluated_again() -> None:
    names = [f"bucket-{number}" for number in range(9)]
    evaluator = evaluator_of(
        user("ana", *(document(allow("s3:GetObject", f"arn:aws:s3:::{name}/*")) for name in names))
    )
    changes = AccessChanges(evaluator)
    position = evaluator.population().position(user_arn("ana"))
    assert position is not None
    again: list[int] = []
    decision_bits = BulkEvaluator.decision_bits

    def counted(self: BulkEvaluator, *of: object) -> DecisionBits:
        if len(of) == 5:
            again.append(int(str(of[4])).bit_count())
        return decision_bits(self, *of)  # type: ignore[arg-type]

    with patch.object(BulkEvaluator, "decision_bits", counted):
        for number, name in enumerate(names):
            kept = [place != number for place in range(len(names))]
            altered = changes.principals.alter(position, kept)
            change = changes.between(position, position, altered)
            assert [one[0] for one in change["s3"].resources] == [f"arn:aws:s3:::{name}/*"]
    assert again == [1] * len(names)


def test_entitlements_are_counted_without_evaluating_anything() -> None:
    for path in (sample_snapshot(), resources() / "samples" / "acme-organization"):
        evaluator = Evaluator(load_snapshot(path), lambda: NOON)
        with patch.object(Evaluator, "reaches_of", side_effect=AssertionError("permissions were evaluated")):
            counted = scope_without_access(evaluator)
        whole = review_scope(evaluator)
        assert counted.population == whole.population
        assert [item.line_id for item in counted.lines] == [item.line_id for item in whole.lines]


def test_who_can_assume_a_role_is_asked_of_the_statements_that_can_name_it() -> None:
    """Not of those about other roles, of which each principal may have its own."""
    roles = [role(f"role-{number}", trust=trusting({"AWS": ROOT})) for number in range(30)]
    users = [user(f"user-{one.role_name}", document(allow("sts:AssumeRole", one.arn))) for one in roles]
    evaluator = evaluator_of(*roles, *users)
    effects = EntryEffects(EffectFinder(evaluator), review_scope(evaluator).lines)
    trust = next(
        item
        for item in review_scope(evaluator).lines
        if item.type is EntitlementType.TRUST and item.holder_arn == roles[7].arn
    )
    compared: list[int] = []
    can_name = StatementIndex.can_name

    def looked_at(self: StatementIndex, place: int, *of: object) -> bool:
        compared.append(place)
        return can_name(self, place, *of)  # type: ignore[arg-type]

    with patch.object(StatementIndex, "can_name", looked_at):
        effect = effects.effect(trust)
    assert effect.losing == (user_arn("user-role-7"),)
    assert len(compared) <= 2
