"""Principals with identical permissions, or identical but for one difference."""

import pytest

from iamdesk.access.similar_principals import SimilarPrincipal, identical_principals, similar_principals
from iamdesk.progress import WorkCancelled

from ..builders.arns import policy_arn, role_arn, user_arn
from ..builders.captures import evaluator, group, managed, role, user
from ..builders.statements import allow, document

READ, WRITE, TABLES, LOGS = (
    document(allow(one)) for one in ("s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "logs:*")
)


def test_equal_policies_in_another_order_and_through_a_group_are_identical() -> None:
    held = evaluator(
        user("ana", READ, WRITE),
        user("ben", WRITE, READ),
        user("cleo", READ, groups=["writers"]),
        user("dan", READ),
        role("eve", READ, WRITE),
        group("writers", WRITE),
    )
    same = identical_principals(held, user_arn("ana"))
    assert same == (user_arn("ben"), user_arn("cleo")), "a role is another kind of principal"
    assert identical_principals(held, user_arn("dan")) == ()
    assert identical_principals(held, user_arn("nobody")) == ()


def test_one_policy_more_fewer_or_other_is_nearly_identical() -> None:
    held = evaluator(
        user("ana", READ, WRITE),
        user("ben", READ),
        user("cleo", READ, WRITE, TABLES),
        user("dan", READ, TABLES),
        user("eve", document(allow("sqs:*"))),
    )
    near = {one.principal: one for one in similar_principals(held, user_arn("ana"))}
    assert near.keys() == {user_arn("ben"), user_arn("cleo")}
    assert near[user_arn("ben")].fewer
    assert not near[user_arn("ben")].more
    assert near[user_arn("cleo")].more
    assert not near[user_arn("cleo")].fewer


def test_one_policy_in_place_of_another_needs_two_equal_ones() -> None:
    held = evaluator(user("ana", READ, WRITE, TABLES), user("ben", READ, WRITE, LOGS))
    (one,) = similar_principals(held, user_arn("ana"))
    assert one.more
    assert one.fewer
    assert one.principal == user_arn("ben")


def test_another_boundary_is_the_only_difference() -> None:
    limits = policy_arn("limits")
    held = evaluator(role("ana", READ), role("ben", READ, boundary=limits), managed(limits, READ))
    assert identical_principals(held, role_arn("ana")) == ()
    assert similar_principals(held, role_arn("ana")) == (SimilarPrincipal(role_arn("ben"), has_other_boundary=True),)


def test_a_policy_that_is_not_captured_makes_a_difference() -> None:
    held = evaluator(role("ana", READ), role("ben", READ, attached=[policy_arn("x")]))
    assert identical_principals(held, role_arn("ana")) == ()
    assert similar_principals(held, role_arn("ana")) == ()


def test_it_is_cancelled() -> None:
    held = evaluator(user("ana", READ), user("ben", READ))
    held.population()
    with pytest.raises(WorkCancelled):
        identical_principals(held, user_arn("ana"), lambda: True)
    with pytest.raises(WorkCancelled):
        similar_principals(held, user_arn("ana"), lambda: True)
