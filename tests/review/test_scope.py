"""A review of a part: nothing is left out without a reason, nothing is dropped without being counted."""

from dataclasses import replace
from typing import Any

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem, Scope
from iamdesk.review.scope import (
    LEFT_OUT,
    Exclusion,
    Part,
    check_exclusions,
    exclusion,
    exclusions_from,
    left_out_as_text,
    left_out_from,
    limited,
)

A, B = "111122223333", "444455556666"
ANA, BEN = f"arn:aws:iam::{A}:user/ana", f"arn:aws:iam::{B}:user/ben"
ROLE = f"arn:aws:iam::{A}:role/build"
LINKED = f"arn:aws:iam::{B}:role/aws-service-role/x"
BUCKET = "arn:aws:s3:::b"


def line(account: str, holder: str, kind: str, of: EntitlementType = EntitlementType.MANAGED_POLICY) -> ReviewItem:
    return ReviewItem(account, holder, kind, of, f"{of} of {holder}", "p", {})


WHOLE = Scope(
    (
        PopulationEntry(ANA, A, "user", in_scope=True),
        PopulationEntry(ROLE, A, "role", in_scope=True),
        PopulationEntry(BEN, B, "user", in_scope=True),
        PopulationEntry(LINKED, B, "service-linked role", in_scope=False, out_reason="AWS made it"),
        PopulationEntry("arn:aws:identitystore:::user/1", B, "Identity Center user", in_scope=True),
        PopulationEntry("*", "", "everyone", in_scope=True),
    ),
    (
        line(A, ANA, "user"),
        line(A, ANA, "user", EntitlementType.ACCESS_KEY),
        line(A, ROLE, "role", EntitlementType.TRUST),
        line(B, BEN, "user"),
        line(A, BEN, "user", EntitlementType.RESOURCE_GRANT),
        line(B, "arn:aws:identitystore:::user/1", "Identity Center user", EntitlementType.PERMISSION_SET),
        line(A, "*", "everyone", EntitlementType.RESOURCE_GRANT),
    ),
)
FINDINGS: tuple[dict[str, Any], ...] = tuple(
    {"finding_id": str(at), "account_id": account, "subject_arn": subject}
    for at, (account, subject) in enumerate(((A, ANA), (A, ROLE), (B, BEN), (B, B), (A, BUCKET)))
)


def out_of(*exclusions: Exclusion) -> tuple[dict[str, str], set[str], set[str]]:
    """What is out of scope with its reason, and the holders of the lines and the findings that are left."""
    found = limited(WHOLE, FINDINGS, exclusions)
    assert len(found.scope.population) == len(WHOLE.population)
    assert sum(one.entitlements for one in found.left_out) == len(WHOLE.lines) - len(found.scope.lines)
    assert sum(one.findings for one in found.left_out) == len(FINDINGS) - len(found.findings)
    out = {one.arn: one.out_reason for one in found.scope.population if not one.in_scope}
    assert sum(one.principals for one in found.left_out) == len(out) - 1  # the service-linked role was out before
    return out, {one.holder_arn for one in found.scope.lines}, {str(one["finding_id"]) for one in found.findings}


def test_everything_is_in_without_exclusions() -> None:
    out, holders, findings = out_of()
    assert out == {LINKED: "AWS made it"}
    assert holders == {one.holder_arn for one in WHOLE.lines}
    assert len(findings) == len(FINDINGS)


def test_account_is_left_out_and_who_is_named_elsewhere_stays_for_that() -> None:
    out, holders, findings = out_of(Exclusion(Part.ACCOUNT, B, "a sandbox"))
    assert out == {LINKED: "AWS made it", "arn:aws:identitystore:::user/1": "a sandbox"}
    assert BEN in holders  # a bucket of the other account lets him in
    assert findings == {"0", "1", "4"}


@pytest.mark.parametrize(
    ("name", "gone", "left"),
    [
        ("user", {ANA, BEN}, {"1", "3", "4"}),
        ("role", {ROLE}, {"0", "2", "3", "4"}),
        ("identity-center", {"arn:aws:identitystore:::user/1"}, {"0", "1", "2", "3", "4"}),
        ("outside", {"*"}, {"0", "1", "2", "3", "4"}),
    ],
)
def test_class_is_left_out_with_all_its_lines_and_findings(name: str, gone: set[str], left: set[str]) -> None:
    out, holders, findings = out_of(Exclusion(Part.CLASS, name, "elsewhere"))
    assert {arn for arn, why in out.items() if why == "elsewhere"} == gone
    assert not gone & holders
    assert findings == left


def test_kind_of_entitlement_is_left_out_and_everybody_stays() -> None:
    out, _, findings = out_of(Exclusion(Part.ENTITLEMENT, "resource_grant", "reviewed by their owners"))
    assert out == {LINKED: "AWS made it"}
    assert len(findings) == len(FINDINGS)


def test_what_falls_under_several_is_counted_once() -> None:
    out_of(
        Exclusion(Part.ACCOUNT, B, "a sandbox"),
        Exclusion(Part.CLASS, "user", "elsewhere"),
        Exclusion(Part.ENTITLEMENT, "trust", "y"),
    )


def test_it_is_kept_as_text_and_limits_again_the_same() -> None:
    exclusions = (Exclusion(Part.ACCOUNT, B, "a sandbox"), Exclusion(Part.CLASS, "role", "ünïcode"))
    found = limited(WHOLE, FINDINGS, exclusions)
    details = {LEFT_OUT: left_out_as_text(found.left_out)}
    assert left_out_from(details) == found.left_out
    assert exclusions_from(details) == exclusions
    assert limited(WHOLE, FINDINGS, exclusions_from(details)) == found
    assert exclusions_from({}) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("account:444455556666", "without a reason"),
        ("account:444455556666= ", "without a reason"),
        ("region:eu-west-1=x", "cannot be excluded: expected account:NAME=REASON"),
        ("class:people=x", "no class `people` to exclude: expected aws-service, group"),
        ("entitlement:keys=x", "no entitlement `keys`"),
    ],
)
def test_what_cannot_be_left_out_is_told(text: str, why: str) -> None:
    with pytest.raises(ReviewError, match=why):
        exclusion(text)


def test_account_that_is_not_there_is_told() -> None:
    one = exclusion(f"account:{B}=a = b")
    assert one == Exclusion(Part.ACCOUNT, B, "a = b")
    with pytest.raises(ReviewError, match=f"no account `{B}` to exclude: expected {A}"):
        check_exclusions((one,), (A,))
    check_exclusions((one, replace(one, name=A)), (A, B))
