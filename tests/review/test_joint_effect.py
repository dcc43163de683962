"""Several revoked entitlements that grant the same take more together than each alone."""

from iamdesk.access.evaluator import Evaluator
from iamdesk.export.text.review_effect import effect_words, relying_words, suggestion_words
from iamdesk.review.effects import EffectFinder
from iamdesk.review.effects_parallel import with_effects
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.joint_effect import joint_effects, relying

from ..builders.captures import account, allow, document, group, managed, policy_arn, snapshot, user, user_arn
from .test_effects_evidence import MOMENT

S3 = policy_arn("s3")


def scope() -> tuple[Evaluator, dict[str, ReviewItem]]:
    """One user has the same twice, another by two groups, a third once."""
    captured = snapshot(
        account(
            user("twice", document(allow("s3:Get*")), attached=[S3]),
            user("grouped", groups=["g", "h"]),
            user("once", attached=[S3]),
            group("g", attached=[S3]),
            group("h", attached=[S3]),
            managed(S3, document(allow("s3:Get*"))),
        )
    )
    evaluator = Evaluator(captured, lambda: MOMENT)
    found = with_effects(evaluator, review_scope(evaluator))
    wanted = (EntitlementType.GROUP, EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY)
    lines = [one for one in found.lines if one.type in wanted]
    return evaluator, {f"{one.holder_arn.rpartition('/')[2]} {one.name}": one for one in lines}


def test_what_each_keeps_goes_with_all_of_them() -> None:
    evaluator, items = scope()
    revoked = [items[key] for key in ("twice s3", "twice inline-1", "g s3", "h s3", "once s3")]
    found = {one.arn: one for one in joint_effects(EffectFinder(evaluator), revoked)}
    assert found.keys() == {user_arn("twice"), user_arn("grouped")}  # "once" has one: its item says it all
    for one in found.values():
        assert one.beyond == one.lost > 10
        assert not one.gained
        assert len(one.items) == 2
    kept = [items["twice s3"], items["g s3"], items["once s3"]]
    assert not list(joint_effects(EffectFinder(evaluator), kept))


def test_relying_entitlements_are_known_without_the_snapshot() -> None:
    _, items = scope()

    def pairs(*keys: str) -> set[tuple[str, ...]]:
        found = relying([items[key] for key in keys], items.values())
        return {tuple(sorted((one.line_id, other.line_id))) for one, other in found}

    def pair(one: str, other: str) -> tuple[str, ...]:
        return tuple(sorted((items[one].line_id, items[other].line_id)))

    assert pairs("twice s3", "twice inline-1", "once s3") == {pair("twice s3", "twice inline-1")}
    assert pairs("g s3", "h s3", "twice s3") == {pair("g s3", "h s3")}
    assert pairs("grouped g", "h s3") == {pair("grouped g", "h s3")}
    assert pairs("grouped g", "grouped h") == {pair("grouped g", "grouped h")}
    assert not pairs("twice s3", "g s3", "once s3")
    assert "s3 of" in relying_words(relying([items["g s3"], items["h s3"]], items.values()))
    assert not relying_words(())


def test_of_several_that_grant_the_same_not_all_have_to_be_kept() -> None:
    same = document(allow("s3:Get*"))
    captured = snapshot(account(user("thrice", same, same, same)))
    evaluator = Evaluator(captured, lambda: MOMENT)
    found = with_effects(evaluator, review_scope(evaluator))
    item = next(one for one in found.lines if one.name == "inline-1")
    assert effect_words(item)[1] == (
        "Revoking it is proved to change nothing, provided that this is kept: inline-2 and inline-3, or those of them "
        "that grant the same."
    )


def test_what_has_to_be_kept_is_said_wherever_the_effect_is() -> None:
    _, items = scope()
    assert effect_words(items["twice s3"])[1].endswith("provided that this is kept: inline-1.")
    for key in ("g s3", "h s3"):
        assert "provided that this is kept: what else grants the same" in effect_words(items[key])[1]
        assert "provided that this is kept: what else grants the same" in suggestion_words(items[key])


def test_group_policies_that_grant_different_things_do_not_rely_on_each_other() -> None:
    captured = snapshot(
        account(
            user("ana", document(allow("s3:Get*")), groups=["g", "h"]),
            user("ben", document(allow("ec2:Describe*")), groups=["g", "k"]),
            group("g", document(allow("s3:Get*")), document(allow("s3:Get*"))),
            group("h", document(allow("ec2:Describe*"))),
            group("k", document(allow("s3:Get*"))),
        )
    )
    evaluator = Evaluator(captured, lambda: MOMENT)
    found = with_effects(evaluator, review_scope(evaluator))
    wanted = (EntitlementType.GROUP, EntitlementType.INLINE_POLICY)
    items = {f"{one.holder_arn.rpartition('/')[2]} {one.name}": one for one in found.lines if one.type in wanted}
    names = {one.line_id: name for name, one in items.items()}
    finder = EffectFinder(evaluator)

    def pairs(*keys: str) -> set[frozenset[str]]:
        revoked = [items[key] for key in keys]
        found = {
            frozenset((names[one.line_id], names[other.line_id])) for one, other in relying(revoked, items.values())
        }
        assert found or not any(one.beyond for one in joint_effects(finder, revoked))  # never silent
        return found

    assert pairs("ana inline-1", "h inline-1") == set()
    assert pairs("ana inline-1", "g inline-1", "h inline-1") == {frozenset(("ana inline-1", "g inline-1"))}
    assert pairs("g inline-1", "h inline-1", "g inline-2") == {frozenset(("g inline-1", "g inline-2"))}
    assert pairs("g inline-1", "k inline-1") == {frozenset(("g inline-1", "k inline-1"))}
    assert pairs("ben inline-1", "k inline-1", "g inline-1") == {frozenset(("g inline-1", "k inline-1"))}
    assert pairs("ana g", "g inline-1", "ana inline-1") == {
        frozenset(("ana g", "ana inline-1")),
        frozenset(("ana inline-1", "g inline-1")),
    }


def test_with_more_than_are_listed_a_pair_is_named_rather_than_left_out() -> None:
    same = document(allow("s3:Get*"))
    captured = snapshot(account(user("many", *[same] * 8)))
    evaluator = Evaluator(captured, lambda: MOMENT)
    found = with_effects(evaluator, review_scope(evaluator))
    lines = [one for one in found.lines if one.type is EntitlementType.INLINE_POLICY]
    assert len(list(relying(lines, lines))) == 8 * 7 // 2
