"""The population and lines of a review: everybody and everything, each once, bound to what it allows."""

from collections import Counter
from dataclasses import replace

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.inventory.references import Principal
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.entitlements import Scope, review_scope
from iamdesk.review.items import ONLY_DENIES, EntitlementType
from iamdesk.snapshot.model import PolicyDetail, Snapshot
from iamdesk.snapshot.reader import load_snapshot


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return load_snapshot(sample_snapshot())


@pytest.fixture(scope="module")
def scope(snapshot: Snapshot) -> Scope:
    return review_scope(Evaluator(snapshot))


def test_everybody_is_in_the_population_once(snapshot: Snapshot, scope: Scope) -> None:
    (account,) = snapshot.accounts
    arns = [member.arn for member in scope.population]
    principals: tuple[Principal, ...] = (*account.users, *account.groups, *account.roles)
    held = [each.arn for each in principals]

    assert sorted(arns) == sorted([*held, f"arn:aws:iam::{account.account_id}:root"])


def test_what_only_denies_is_told_of_policies_and_memberships_alone(snapshot: Snapshot) -> None:
    """Removing it widens access. A line that allows anything, or may, says nothing of it."""
    (account,) = snapshot.accounts
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    mixed = {**deny, "Statement": [*deny["Statement"], {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    user = next(one for one in account.users if one.group_list)
    group = next(one for one in account.groups if one.group_name == user.group_list[0])

    def told(*documents: dict[str, object]) -> set[tuple[str, str]]:
        policies = tuple(PolicyDetail(policy_name=f"p{at}", policy_document=one) for at, one in enumerate(documents))
        changed = group.model_copy(update={"attached_managed_policies": (), "group_policy_list": policies})
        groups = tuple(changed if one is group else one for one in account.groups)
        one = snapshot.model_copy(update={"accounts": (account.model_copy(update={"groups": groups}),)})
        lines = review_scope(Evaluator(one)).lines
        assert all(line.evidence[ONLY_DENIES] is True for line in lines if ONLY_DENIES in line.evidence)
        denying = [line for line in lines if ONLY_DENIES in line.evidence]
        assert not {line.type for line in denying} & {EntitlementType.TRUST, EntitlementType.RESOURCE_GRANT}
        return {(line.type.value, line.name) for line in denying if group.arn in (line.holder_arn, line.entitlement_id)}

    name = group.group_name
    assert told(deny, deny) == {("inline_policy", "p0"), ("inline_policy", "p1"), ("group", name)}
    assert told(deny, mixed) == {("inline_policy", "p0")}
    assert told() == set()


def test_whoever_is_out_of_scope_has_a_reason_and_no_line(scope: Scope) -> None:
    out = {member.arn for member in scope.population if not member.in_scope}

    assert out
    assert all(bool(member.out_reason) != member.in_scope for member in scope.population)
    assert not out & {line.holder_arn for line in scope.lines}


def test_lines_are_as_many_as_the_snapshot_holds_entitlements(snapshot: Snapshot, scope: Scope) -> None:
    (account,) = snapshot.accounts
    out = {member.arn for member in scope.population if not member.in_scope}
    roles = [role for role in account.roles if role.arn not in out]
    counts = Counter(line.type for line in scope.lines)

    assert counts[EntitlementType.GROUP] == sum(len(user.group_list) for user in account.users)
    assert counts[EntitlementType.TRUST] == len(roles)
    carriers: tuple[Principal, ...] = (*account.users, *account.groups, *roles)
    assert counts[EntitlementType.MANAGED_POLICY] == sum(len(each.attached_managed_policies) for each in carriers)
    assert counts[EntitlementType.INLINE_POLICY] == (
        sum(len(user.user_policy_list) for user in account.users)
        + sum(len(group.group_policy_list) for group in account.groups)
        + sum(len(role.role_policy_list) for role in roles)
    )


def test_ids_are_distinct_and_the_same_each_time(snapshot: Snapshot, scope: Scope) -> None:
    again = review_scope(Evaluator(snapshot))

    assert len({line.line_id for line in scope.lines}) == len(scope.lines)
    assert [(line.line_id, line.sha256) for line in again.lines] == [
        (line.line_id, line.sha256) for line in scope.lines
    ]


def test_line_tells_what_its_holder_can_effectively_do(scope: Scope) -> None:
    """elena.petrov has AdministratorAccess, and a boundary that leaves little of it."""
    administrator = next(line for line in scope.lines if line.holder_arn.endswith("user/acme-bootstrap"))
    bounded = next(line for line in scope.lines if line.holder_arn.endswith("/elena.petrov"))

    assert administrator.evidence["holder"]["actions"] > 10 * bounded.evidence["holder"]["actions"] > 0
    assert bounded.evidence["limited_by"][0].endswith("/EngineeringLeadBoundary")


def test_another_version_of_a_policy_is_another_line_digest(snapshot: Snapshot, scope: Scope) -> None:
    (account,) = snapshot.accounts
    group = account.groups[0]
    line = next(
        each for each in scope.lines if each.holder_arn == group.arn and each.type is EntitlementType.MANAGED_POLICY
    )
    evidence = {**line.evidence, "document_sha256": "0" * 64}

    assert replace(line, evidence=evidence).sha256 != line.sha256
    assert replace(line, evidence=evidence).line_id == line.line_id


def test_it_can_be_cancelled_and_tells_how_far_it_is(snapshot: Snapshot) -> None:
    told: list[tuple[int, int]] = []
    review_scope(Evaluator(snapshot), lambda done, total: told.append((done, total)))

    assert told[-1] == (len(told), len(told))
    with pytest.raises(WorkCancelled):
        review_scope(Evaluator(snapshot), cancelled=lambda: True)
