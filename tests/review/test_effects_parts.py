"""Each action that an entitlement gives is lost, still possible, or not possible at all; the last needs a reason."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.action_sets import service_actions
from iamdesk.review.effects import OF_POLICIES, EffectFinder, EntitlementEffect, count_actions
from iamdesk.review.effects_proof import edit_of
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.apply import apply

from ..builders.captures import account, allow, deny, document, group, managed, policy_arn, role, user
from ..builders.captures import snapshot as snapshot_of
from ..some_of import some_of
from .test_effects_evidence import MOMENT

STATEMENTS: list[dict[str, Any]] = [
    allow(),
    allow(),
    allow(Sid="again"),
    allow("s3:*"),
    allow("s3:Get*", "arn:aws:s3:::b/*"),
    allow(["kms:*", "sqs:*"]),
    allow("*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
]
DENIALS: list[dict[str, Any]] = [
    deny("s3:Delete*"),
    deny("*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
    deny("sqs:*"),
]
ASKED = (
    "s3:GetObject",
    "s3:DeleteObject",
    "sqs:SendMessage",
    "ec2:RunInstances",
    "iam:CreateUser",
    "lambda:CreateAlias",
)


@st.composite
def accounts(draw: st.DrawFn, *, denies: bool) -> Snapshot:
    """A user, a role and two groups that hold few different statements, often the same."""
    pool = STATEMENTS + (DENIALS if denies else [])
    documents = st.lists(st.sampled_from(pool), min_size=1, max_size=2).map(lambda some: document(*some))
    names = ("p", "q")

    def held() -> dict[str, Any]:
        return {"attached": [policy_arn(one) for one in draw(st.lists(st.sampled_from(names), unique=True))]}

    groups = [group(name, *draw(st.lists(documents, max_size=1)), **held()) for name in ("g", "h")]
    of_user = draw(st.lists(st.sampled_from(["g", "h"]), unique=True))
    return snapshot_of(
        account(
            user("u", *draw(st.lists(documents, max_size=2)), groups=of_user, **held()),
            role("r", *draw(st.lists(documents, max_size=2)), **held()),
            *groups,
            *(managed(policy_arn(name), draw(documents)) for name in names),
        )
    )


def effects(snapshot: Snapshot) -> tuple[Evaluator, list[tuple[ReviewItem, EntitlementEffect]]]:
    evaluator = Evaluator(snapshot, lambda: MOMENT)
    finder = EffectFinder(evaluator)
    items = [one for one in review_scope(evaluator).lines if one.type in OF_POLICIES]
    return evaluator, [(one, finder.effect(one)) for one in items if one.type is not EntitlementType.BOUNDARY]


def possible(evaluator: Evaluator, arn: str, name: str) -> bool:
    service, _, action = name.partition(":")
    bit = service_actions(service).positions[action.lower()]
    position = evaluator.population().position(arn)
    if position is None:
        position = evaluator.population().group_position(arn)
    assert position is not None
    return evaluator.reach_of(position, service).reach_of(bit) not in (AccessExtent.NONE, AccessExtent.DENIED)


def has(actions: Any, name: str) -> bool:
    service, _, action = name.partition(":")
    return bool(actions.get(service, 0) >> service_actions(service).positions[action.lower()] & 1)


def check(snapshot: Snapshot, *, is_limited: bool) -> None:
    evaluator, found = effects(snapshot)
    for item, effect in found:
        told = (effect.kept, effect.latent, effect.lost)
        for service, bits in effect.alone.items():
            of_parts = [one.get(service, 0) for one in told]
            assert bits & ~(of_parts[0] | of_parts[1] | of_parts[2]) == 0, (item.holder_arn, item.name, service)
        assert is_limited or not effect.latent, (item.holder_arn, item.name, count_actions(effect.latent))
        assert all(one.actions for one in effect.shadowed_by), (item.holder_arn, item.name, effect.shadowed_by)
        edit = edit_of(item)
        assert edit is not None
        without = Evaluator(apply(snapshot, [edit]), lambda: MOMENT)
        for name in ASKED:
            if not has(effect.alone, name):
                continue
            affected = effect.affected
            assert has(effect.latent, name) is not any(possible(evaluator, arn, name) for arn in affected), name
            assert has(effect.kept, name) is any(possible(without, arn, name) for arn in affected), name


@settings(max_examples=some_of(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(accounts(denies=False))
def test_what_nothing_denies_is_possible(snapshot: Snapshot) -> None:
    check(snapshot, is_limited=False)


@settings(max_examples=some_of(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(accounts(denies=True))
def test_what_is_denied_is_not_possible(snapshot: Snapshot) -> None:
    check(snapshot, is_limited=True)


def test_the_same_policy_held_twice_denies_nothing() -> None:
    full = policy_arn("full")
    snapshot = snapshot_of(
        account(
            user("u", groups=["g"], attached=[full]),
            group("g", attached=[full]),
            managed(full, document(allow())),
        )
    )
    _, found = effects(snapshot)
    for _, effect in found[:2]:
        assert count_actions(effect.kept) == count_actions(effect.alone) > 10_000
        assert not effect.latent


def test_only_what_blocks_is_named() -> None:
    """Two that deny the same are both named, with what each denies; one that denies other actions is not."""
    denials = [document(deny("s3:Get*")), document(deny(["s3:Get*", "s3:Put*"])), document(deny("kms:Decrypt"))]
    _, found = effects(snapshot_of(account(user("u", document(allow("s3:Get*")), *denials))))
    effect = found[0][1]
    count = count_actions(effect.alone)
    assert [(one.name, one.actions) for one in effect.shadowed_by] == [("inline-2", count), ("inline-3", count)]
