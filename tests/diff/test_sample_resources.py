"""Resources to ask about: every way in which entries can meet is there, or the search says that it is not."""

import pytest

from iamdesk.diff.matching import applies_to, fill, may_meet
from iamdesk.diff.normal_form import ANYWHERE, ResourceScope
from iamdesk.diff.sample_resources import places
from iamdesk.policy.resource_patterns import is_covered

A = "111111111111"


def where(*entries: str) -> ResourceScope:
    return ResourceScope(False, frozenset(entries))


def matched(arns: tuple[str, ...], *entries: str) -> set[tuple[bool, ...]]:
    return {tuple(applies_to(where(entry), arn) for entry in entries) for arn in arns}


@pytest.mark.parametrize(
    "entries",
    [
        ("arn:aws:s3:::b/*",),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/deep/*"),
        ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/*z"),
        ("arn:aws:s3:::b/x", "arn:aws:s3:::*"),
    ],
)
def test_every_way_in_which_entries_meet_is_shown(entries: tuple[str, ...]) -> None:
    found = places("s3", "object", map(where, entries), "aws", A)

    assert found.is_complete
    ways = matched(found.arns, *entries)
    assert all(any(way[at] for way in ways) for at in range(len(entries)))
    if len(entries) == 2 and "*" in entries[0]:
        possible = {(True, False), (True, True), (False, False)}
        possible |= {(False, True)} if entries[1].endswith("z") else set()
        assert possible <= ways


def test_a_name_that_iam_refuses_is_no_first_example() -> None:
    """A changed access was shown by ``user//kavya.nair``: no path is empty between two slashes."""
    entry = f"arn:aws:iam::{A}:user/*/kavya.nair"
    found = places("iam", "user", [where(entry)], "aws", A)
    matching = [arn for arn in found.arns if applies_to(where(entry), arn)]
    assert matching[0] == f"arn:aws:iam::{A}:user/x/kavya.nair"
    assert ["//" in arn for arn in found.arns] == sorted("//" in arn for arn in found.arns)


def test_a_region_that_entries_name_is_asked_about_beside_one_that_nobody_knows() -> None:
    entry = f"arn:aws:sqs:eu-west-1:{A}:orders"
    found = places("sqs", "queue", [where(entry)], "aws", A)

    assert entry in found.arns
    assert any(arn.startswith(f"arn:aws:sqs:*:{A}:") for arn in found.arns)


def test_what_cannot_be_shown_is_told() -> None:
    many = [where(f"arn:aws:s3:::b/*{letter}*") for letter in "abcdefghij"]
    variable = [where("arn:aws:s3:::b/${aws:PrincipalTag/team}/*")]

    assert not places("s3", "object", many, "aws", A).is_complete
    assert not places("s3", "object", variable, "aws", A).is_complete


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("arn:aws:s3:::a/*", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a/b*", True),
        ("arn:aws:s3:::a/*x", "arn:aws:s3:::a/*y", False),
        ("arn:aws:s3:::*", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/b", True),
    ],
)
def test_entries_meet_or_do_not(one: str, other: str, expected: bool) -> None:
    assert may_meet(where(one), where(other)) is expected
    assert may_meet(where(one), ANYWHERE)
    assert may_meet(ResourceScope(True, frozenset({one})), where(other))


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("arn:aws:s3:::b/deep/*", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/deep/*", False),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/?", False),
        ("arn:aws:s3:::b/${aws:username}/x", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/x", "arn:aws:s3:::b/${aws:username}", False),
        ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:*:1:q", False),
        ("arn:aws:s3:::b/\ue000", "arn:aws:s3:::b/*", False),
    ],
)
def test_covered_is_only_what_is_covered_for_certain(narrow: str, wide: str, expected: bool) -> None:
    assert is_covered(narrow, by=wide) is expected


def test_known_values_stand_in_for_variables_and_wildcards_in_them_do_not() -> None:
    values = {"aws:username": "ana", "aws:principaltag/team": "*"}.get

    assert fill("arn:aws:s3:::b/${aws:username}/*", values) == "arn:aws:s3:::b/ana/*"
    assert fill("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", values) == "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"


NOT_A = ResourceScope(True, frozenset({f"arn:aws:logs:*:{A}:log-group:a", "arn:aws:s3:::a/*", f"arn:aws:s3:*:{A}:*"}))


@pytest.mark.parametrize(
    ("where", "resource", "applies"),
    [
        (NOT_A, "arn:aws:s3:::a/x", False),
        (NOT_A, "arn:aws:s3:::a", True),
        (NOT_A, "*", True),
        (ResourceScope(True, frozenset({"*"})), "*", False),
        (ResourceScope(True, frozenset({"arn:aws:s3:::${aws:username}"})), "arn:aws:s3:::a", True),
        (ResourceScope(True, frozenset({"arn:aws:s3:*a"})), "arn:aws:s3:::a", True),  # pages disagree
        (NOT_A, f"arn:aws:logs:eu-west-1:{A}:log-group:a", True),  # evaluated as `log-group:a:*`
        (NOT_A, f"arn:aws:s3:eu-west-1:{A}:accesspoint/p", True),  # evaluated on its bucket, too
    ],
)
def test_not_resource_leaves_out_what_it_certainly_names(where: ResourceScope, resource: str, applies: bool) -> None:
    assert applies_to(where, resource) is applies
