"""Snapshots that hold what AWS would not print: each of them opens, and no check, review or question ends over it."""

import random
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding, State
from iamdesk.cli import validate
from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.review.review_file import ReviewFile

from ..some_of import some_of
from .mutated import ACCOUNT, DETAILS, PRINCIPALS, Files, mutated, whole, with_principal, written

ASKED = (("s3:GetObject", "arn:aws:s3:::acme-data/x"), ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/app"))
UNITS = "organization/list-organizational-units-for-parent"


def walked(files: Files) -> tuple[SnapshotSession, list[Finding]] | None:
    """Open a bundle and do with it what people do; None where it is refused with a sentence."""
    with TemporaryDirectory() as folder:
        try:
            opened = Workbench().open_snapshot(written(files, Path(folder) / "bundle"))
        except SnapshotError:
            return None
        assert list(validate._lines(opened))
        findings = list(opened.findings())
        review = Path(folder) / "one.iamdesk-review"
        opened.create_review(review, "Mutated")
        with ReviewFile.open(review, writable=False):
            pass
        opened.evaluated_badges()
        for account in opened.snapshot.accounts:
            for principal in (*account.users, *account.roles):
                for action, resource in ASKED:
                    with suppress(RequestError):
                        opened.ask(Request(principal.arn, action, resource))
        list(opened.who_can(action="s3:GetObject", resource="arn:aws:s3:::acme-data/x", context={}))
    return opened, findings


def faults(findings: list[Finding]) -> list[str]:
    """Return where iamdesk itself failed in a check: what the engine refuses to answer is no fault."""
    told = [one.evidence[0].text for one in findings if one.title == registry.INCOMPLETE]
    return [text for text in told if re.search(r"\.py, line \d+", text)]


def problems_of(opened: SnapshotSession) -> list[tuple[str, str]]:
    return [(problem.file, problem.json_path) for problem in opened.snapshot.problems]


def test_what_is_mutated_is_whole_before() -> None:
    walk = walked(whole())
    assert walk is not None
    opened, findings = walk
    assert opened.snapshot.problems == ()
    assert list(opened.document_problems()) == []
    assert opened.snapshot.organization is not None
    assert len(opened.snapshot.resources) == 2
    assert {"SVC-05", "SVC-03", "FED-01"} <= {one.check_id for one in findings}
    assert registry.INCOMPLETE not in {one.title for one in findings}


@settings(max_examples=some_of(60))
@given(st.integers(min_value=0), st.integers(1, 3))
def test_nothing_ends_over_a_mutated_snapshot(seed: int, times: int) -> None:
    walk = walked(mutated(random.Random(seed), times))
    assert walk is None or faults(walk[1]) == []


@settings(max_examples=some_of(60))
@given(st.sampled_from(PRINCIPALS), st.sampled_from(["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:*"]))
def test_nothing_ends_over_a_principal(principal: Any, action: str) -> None:
    walk = walked(with_principal(principal, action))
    assert walk is not None
    assert faults(walk[1]) == []
    assert "SVC-05" in {one.check_id for one in walk[1] if one.title != registry.INCOMPLETE}


def test_a_service_of_alexa_is_a_service() -> None:
    walk = walked(with_principal({"Service": "alexa-appkit.amazon.com"}, "sts:AssumeRole"))
    assert walk is not None
    opened, findings = walk
    assert registry.INCOMPLETE not in {one.title for one in findings}
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    assert opened.ask(Request("alexa-appkit.amazon.com", "lambda:InvokeFunction", function)).decision == "allowed"


def test_a_host_that_is_no_provider_cannot_be_told() -> None:
    walk = walked(with_principal({"Federated": "login.example.org"}, "sts:AssumeRoleWithWebIdentity"))
    assert walk is not None
    told = [one for one in walk[1] if "login.example.org" in one.sentence]
    assert [(one.check_id, one.state, one.subject_name) for one in told] == [("FED-07", State.INCONCLUSIVE, "app")]
    assert registry.INCOMPLETE not in {one.title for one in walk[1]}


@pytest.mark.parametrize("kind", ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"])
@pytest.mark.parametrize("end", ["/", "\n", " "])
def test_an_arn_that_ends_without_a_name_is_a_problem(kind: str, end: str) -> None:
    files = whole()
    files[DETAILS][kind][0]["Arn"] += end
    walk = walked(files)
    assert walk is not None
    opened, findings = walk
    assert problems_of(opened) == [(DETAILS, f"$.{kind}[0].Arn")]
    assert registry.INCOMPLETE not in {one.title for one in findings}
    assert "CMP-11" in {one.check_id for one in findings}


def test_an_arn_with_a_line_break_inside_is_told() -> None:
    files = whole()
    files[DETAILS]["RoleDetailList"][0]["Arn"] = f"arn:aws:iam::{ACCOUNT}:role/a\nb/app"
    walk = walked(files)
    assert walk is not None
    assert problems_of(walk[0]) == [(DETAILS, "$.RoleDetailList[0].Arn")]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("UserDetailList", "GroupList"),
        ("UserDetailList", "UserPolicyList"),
        ("UserDetailList", "AttachedManagedPolicies"),
        ("GroupDetailList", "GroupPolicyList"),
        ("GroupDetailList", "AttachedManagedPolicies"),
        ("RoleDetailList", "RolePolicyList"),
        ("RoleDetailList", "AttachedManagedPolicies"),
        ("Policies", "PolicyVersionList"),
    ],
)
@pytest.mark.parametrize("differs", [False, True])
def test_what_is_named_twice_is_a_problem_and_the_review_is_made(kind: str, key: str, differs: bool) -> None:
    files = whole()
    listed = files[DETAILS][kind][0][key]
    again = listed[0]
    if differs and isinstance(again, dict):
        again = {**again, **{name: {} for name in again if name.endswith("Document")}, "More": 1}
    listed.append(again)
    walk = walked(files)
    assert walk is not None
    opened, _ = walk
    assert problems_of(opened) == [(DETAILS, f"$.{kind}[0].{key}[1]")]
    (problem,) = opened.snapshot.problems
    assert ("other content" in problem.message) is (differs and key != "GroupList")


@pytest.mark.parametrize("circle", [("ou-root-a", "ou-root-b"), ("ou-root-a",)])
def test_units_in_a_circle_are_a_problem_and_the_review_is_made(circle: tuple[str, ...]) -> None:
    files = whole()
    files[f"{UNITS}/r-root.json"]["OrganizationalUnits"] = []
    for above, below in zip(circle, (*circle[1:], circle[0]), strict=True):
        files[f"{UNITS}/{above}.json"] = {"OrganizationalUnits": [{"Id": below, "Name": below}]}
    walk = walked(files)
    assert walk is not None
    (problem,) = [one for one in walk[0].snapshot.problems if "form a loop" in one.message]
    assert problem.file.startswith(UNITS)
    assert all(unit in problem.message for unit in circle)


def test_two_roots_and_an_unknown_parent_are_problems() -> None:
    files = whole()
    roots = files["organization/list-roots.json"]["Roots"]
    roots.append({**roots[0], "Id": "r-more", "Arn": roots[0]["Arn"].replace("r-root", "r-more")})
    files[f"{UNITS}/ou-root-z.json"] = {"OrganizationalUnits": [{"Id": "ou-root-y", "Name": "y"}]}
    walk = walked(files)
    assert walk is not None
    told = {problem.file: problem.message for problem in walk[0].snapshot.problems}
    assert "one root, but 2 are listed" in told["organization/list-roots.json"]
    assert "the parent `ou-root-z` is not a captured" in told[f"{UNITS}/ou-root-z.json"]
