"""Causes of findings: each finding in exactly one, few rows, the most severe first."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.causes.grouping import (
    FINDINGS_PER_ROW,
    MAX_ROWS,
    MIN_ROWS,
    causes_of,
    group,
    is_of_external_access,
)
from iamdesk.causes.types import Attribution, Candidate, Cause, CauseKind, Causes
from iamdesk.checks import registry
from iamdesk.checks.aws_tools import origin_of
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction

from ..builders import entries
from ..builders.captures import allow, document, trusting
from ..snapshot.bundles import IAM, S3, as_folder, details

ACCOUNT = "111122223333"
CREATED = "2026-01-10T08:00:00+00:00"
EVERYTHING = allow("*", "*")
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def _role(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    inline = [(f"{name}-inline", document(*statements))] if statements else []
    used = {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"}
    known = {"CreateDate": CREATED, "InstanceProfileList": [], "AttachedManagedPolicies": [], "RoleLastUsed": used}
    return entries.role(name, *inline, **{**known, **more})


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., tuple[list[Finding], Causes]]:
    """Run all checks over an account of roles, groups and users; returns findings and causes."""

    def run(**lists: list[dict[str, Any]]) -> tuple[list[Finding], Causes]:
        account = entries.write(tmp_path / "account.json", **lists)
        findings = list(registry.run(Evaluator(load_snapshot(account))))
        return findings, causes_of(findings)

    return run


def _with(causes: Causes, findings: list[Finding], check_id: str, name: str) -> Cause:
    (one,) = (one for one in findings if one.check_id == check_id and one.subject_name == name)
    return causes.by_finding[one.fingerprint]


def _holds_all_once(findings: list[Finding], causes: Causes) -> None:
    listed = Counter(one.fingerprint for row in causes.rows for one in row.findings)
    assert listed == Counter(one.fingerprint for one in findings)
    assert all(causes.by_finding[one.fingerprint] is row for row in causes.rows for one in row.findings)
    ids = [row.id for row in causes.rows]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("sample", ["acme-prod.json", "acme-organization"])
def test_every_finding_is_in_exactly_one_cause(sample: str) -> None:
    findings = list(registry.run(Evaluator(load_snapshot(sample_snapshot().parent / sample))))
    causes = causes_of(findings)
    _holds_all_once(findings, causes)
    assert len(causes.rows) < len(findings)
    assert causes_of(reversed(findings)) == causes


def test_the_same_statement_in_two_roles_is_one_cause_whatever_its_sid(found: Callable[..., Any]) -> None:
    findings, causes = found(
        roles=[_role("first", {**EVERYTHING, "Sid": "One"}), _role("second", {**EVERYTHING, "Sid": "Two"})]
    )
    cause = _with(causes, findings, "ADM-01", "first")
    assert cause is _with(causes, findings, "ADM-01", "second")
    assert (cause.kind, cause.administrators) == (CauseKind.STATEMENT, 2)
    assert cause.label == "first-inline, statement 1 (One), and the same statement in 1 other policy"
    assert cause.effect.startswith("administrator, or a path to it: first and second")
    assert causes.rows[0] is cause


def test_a_group_and_its_members_are_one_cause(found: Callable[..., Any]) -> None:
    user = entries.user("ana", CreateDate=CREATED, groups=["admins"], attached=())
    admins = entries.group("admins", ("all", document(EVERYTHING)), CreateDate=CREATED, Path="/", attached=())
    findings, causes = found(users=[user], groups=[admins])
    assert _with(causes, findings, "ADM-08", "admins") is _with(causes, findings, "ADM-01", "ana")


def test_what_repeats_a_graver_finding_is_folded_into_it(found: Callable[..., Any]) -> None:
    findings, causes = found(roles=[_role("worker", EVERYTHING)])
    cause = _with(causes, findings, "SVC-03", "worker")
    assert cause is _with(causes, findings, "ADM-01", "worker")
    by_check = {one.check_id: one for one in cause.findings}
    assert by_check["SVC-03"].folded_into == by_check["ADM-01"].fingerprint
    assert not by_check["ADM-01"].folded_into
    assert cause.folded == 1


def test_external_access_is_the_trust_policys(found: Callable[..., Any]) -> None:
    open_ = trusting({"AWS": "arn:aws:iam::999988887777:root"})
    findings, causes = found(roles=[_role("door", EVERYTHING, trust=open_), _role("inside", EVERYTHING)])
    cause = _with(causes, findings, "CHN-04", "door")
    assert (cause.kind, cause.exposed) == (CauseKind.TRUST, 1)
    assert cause is _with(causes, findings, "TRU-03", "door")
    assert causes.rows[0] is cause  # one role with external administrators before two administrators
    assert _with(causes, findings, "ADM-01", "door") is _with(causes, findings, "ADM-01", "inside") is not cause


def test_an_aws_managed_policy_is_named_with_its_holders(found: Callable[..., Any]) -> None:
    roles = [_role(name, attached=[ADMINISTRATOR]) for name in ("a", "b", "c", "d")]
    findings, causes = found(roles=roles)
    cause = _with(causes, findings, "ADM-01", "a")
    assert cause.label == "AdministratorAccess, attached to a, b, c and 1 more"
    assert cause.remediation.startswith("Detach AdministratorAccess from a, b, c and 1 more")
    assert "administrator, or a path to it: a, b, c and 1 more" in cause.effect


def test_a_passable_administrator_role_is_one_cause_of_all_paths_to_it(found: Callable[..., Any]) -> None:
    """Each user passes it by a policy of its own: what they have in common is the role."""
    runs = trusting({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com", "codebuild.amazonaws.com"]})
    target = f"arn:aws:iam::{ACCOUNT}:role/high"
    pass_it = allow("iam:PassRole", target)
    roles = [
        _role("high", EVERYTHING, trust=runs),
        _role("functions", pass_it, allow(["lambda:CreateFunction", "lambda:InvokeFunction"])),
        _role("builds", {**pass_it, "Resource": [target]}, allow(["codebuild:CreateProject", "codebuild:StartBuild"])),
    ]
    findings, causes = found(roles=roles)
    assert {one.through for one in findings if one.check_id == "CHN-01"} == {target}
    cause = _with(causes, findings, "CHN-01", "functions")
    assert cause is _with(causes, findings, "CHN-01", "builds") is _with(causes, findings, "ADM-01", "high")
    assert (cause.name, cause.administrators) == ("Administrator: role high", 3)
    assert cause.remediation.startswith("Remove administrator access from high")


def test_a_cause_is_named_after_the_place_that_gives_most(found: Callable[..., Any]) -> None:
    """The alphabet would name it after a policy that a Deny cancels."""
    denied = _role("a-denied", EVERYTHING, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    findings, causes = found(roles=[denied, _role("z-real", EVERYTHING)])
    cause = _with(causes, findings, "ADM-01", "z-real")
    assert cause is _with(causes, findings, "ADM-02", "a-denied")
    assert cause.label == "z-real-inline, statement 1, and the same statement in 1 other policy"


def test_the_label_of_a_trust_entry_is_no_sentence(found: Callable[..., Any]) -> None:
    findings, causes = found(roles=[_role("flow", trust=trusting({"Service": "states.amazonaws.com"}))])
    assert _with(causes, findings, "SVC-01", "flow").label == "trust policy of flow"


def test_smaller_causes_in_one_row_name_their_subjects() -> None:
    all_ = [_attribution(number, "LNT-09", Severity.LOW, (number,), State.FOUND) for number in range(400)] + [
        _attribution(9_000 + number, "ADM-01", Severity.HIGH, (9_000 + number,), State.FOUND) for number in range(40)
    ]
    rows = [row for row in group(all_).rows if row.kind is CauseKind.OTHERS and "ADM-01" in row.check_ids]
    assert all(row.effect.count("role-") == 3 and " more" in row.effect for row in rows if row.subjects > 3)


def test_rows_are_titled_by_what_makes_administrators() -> None:
    """Of equal severity, ADM-13 would come first by its id."""
    all_ = [
        _attribution(number, check, Severity.HIGH, (number // 2,), State.FOUND)
        for number, check in enumerate(["ADM-13", "CHN-01"] * 200)
    ]
    rows = group(all_).rows
    assert {row.title for row in rows} == {"CHN-01"}


def test_subjects_of_one_name_are_told_by_account() -> None:
    one = _attribution(1, "HYG-05", Severity.LOW, (), State.FOUND)
    other = one._replace(
        fingerprint="2" * 20, account="444455556666", subject_key="arn:aws:iam::444455556666:role/role-1"
    )
    (row,) = group([one, other]).rows
    assert row.effect == "findings on role-1 (111122223333) and role-1 (444455556666)"


def test_an_aws_managed_policy_is_a_cause_of_each_account() -> None:
    organization = load_snapshot(sample_snapshot().parent / "acme-organization")
    rows = causes_of(registry.run(Evaluator(organization))).rows
    labels = [str(row.label) for row in rows if row.label.startswith("AdministratorAccess, ")]
    assert len(labels) == 2
    assert not any(" and " in label for label in labels)


def test_the_remedy_of_a_statement_is_that_of_each_check() -> None:
    one, other = (
        _attribution(number, check, severity, (7,), State.FOUND)._replace(remediation=remediation)
        for number, check, severity, remediation in (
            (1, "ADM-13", Severity.HIGH, "End this."),
            (2, "DAT-01", Severity.MEDIUM, "List those."),
        )
    )
    (row,) = group([one, other]).rows
    assert row.remediation == "ADM-13: End this. DAT-01: List those."
    (row,) = group([one, other._replace(remediation="End this.")]).rows
    assert row.remediation == "End this."


def test_what_lets_nobody_in_is_no_external_access() -> None:
    assert all(map(is_of_external_access, ("TRU-01", "RES-01", "RES-03", "FED-02", "CHN-04")))
    inside = ("TRU-14", "RES-04", "RES-05", "RES-08", "RES-12", "FED-13", "CHN-01")
    assert not any(map(is_of_external_access, inside))


def test_a_cause_is_what_ends_the_finding_alone(tmp_path: Path) -> None:
    arns = ["arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess", ADMINISTRATOR]
    attached = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
    roles = [_role("a", AttachedManagedPolicies=attached[:1]), _role("b", AttachedManagedPolicies=attached)]
    texts = (document(allow(["states:*", "iam:PassRole"])), document(EVERYTHING))
    policies = [entries.managed(arn, text) for arn, text in zip(arns, texts, strict=True)]
    snapshot = load_snapshot(entries.write(tmp_path / "account.json", roles=roles, policies=policies))
    findings = list(registry.run(Evaluator(snapshot)))
    causes = causes_of(findings)
    assert _with(causes, findings, "ADM-01", "b").label == "AdministratorAccess, attached to b"
    assert _with(causes, findings, "SVC-05", "a").label == "AWSStepFunctionsFullAccess, attached to a"
    changed = apply(snapshot, [Edit(EditAction.DETACH_POLICY, "arn:aws:iam::111122223333:role/b", ADMINISTRATOR)])
    assert not list(registry.run(Evaluator(changed), only=("ADM-01",)))


def test_a_missing_denial_is_no_statement_that_allows(tmp_path: Path) -> None:
    """Without the statement that opens the bucket to everyone, it still accepts plain HTTP."""
    opens = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}

    def run(name: str, *statements: Any) -> tuple[list[Finding], Causes]:
        policy = {"Policy": json.dumps(document(*statements))}
        bucket = {
            f"{S3}/list-buckets.json": {"Buckets": [{"Name": "open"}]},
            f"{S3}/get-bucket-policy/open.json": policy,
        }
        snapshot = load_snapshot(
            as_folder(tmp_path / name, {f"{IAM}/get-account-authorization-details.json": details(), **bucket})
        )
        findings = list(registry.run(Evaluator(snapshot), only=("RES-01", "RES-09")))
        return findings, causes_of(findings)

    findings, causes = run("open", opens)
    by_check = {one.check_id: causes.by_finding[one.fingerprint] for one in findings}
    assert by_check["RES-01"].kind is CauseKind.TRUST
    assert by_check["RES-09"].kind is CauseKind.SETTING
    closed = {**opens, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    assert [one.check_id for one in run("closed", closed)[0]] == ["RES-09"]


def test_it_is_said_where_no_removal_alone_ends_a_finding(found: Callable[..., Any]) -> None:
    findings, causes = found(roles=[_role("twice", EVERYTHING, allow(["*"])), _role("once", EVERYTHING)])
    said = "This alone does not end every finding: other statements of twice allow the same."
    assert said in _with(causes, findings, "ADM-01", "twice").remediation


def test_no_cause_is_above_a_more_severe_one() -> None:
    rank = list(Severity)
    findings = registry.run(Evaluator(load_snapshot(Path(sample_snapshot()))))
    ranks = [rank.index(row.severity) for row in causes_of(findings).rows]
    assert ranks == sorted(ranks)


def test_roles_that_aws_created_come_last_each_tool_in_one_row(found: Callable[..., Any]) -> None:
    roles = [
        _role("OrganizationAccountAccessRole", EVERYTHING, trust=trusting({"AWS": "arn:aws:iam::999988887777:root"})),
        _role("AWS-QuickSetup-Patch-1", EVERYTHING),
        _role("AWS-QuickSetup-Patch-2", EVERYTHING),
        _role("AWSReservedSSO_Ops_0123456789abcdef", EVERYTHING, path="/aws-reserved/sso.amazonaws.com/"),
        _role("ours", EVERYTHING),
    ]
    findings, causes = found(roles=roles)
    quick = _with(causes, findings, "ADM-01", "AWS-QuickSetup-Patch-1")
    assert quick is _with(causes, findings, "ADM-01", "AWS-QuickSetup-Patch-2")
    assert (quick.kind, quick.label) == (CauseKind.AWS, "roles of AWS Quick Setup")
    ranks = [(list(Severity).index(row.severity), row.kind is CauseKind.AWS) for row in causes.rows]
    assert ranks == sorted(ranks), "by severity, and of each severity last"
    assert [row.kind for row in causes.rows].count(CauseKind.AWS) == 3
    assert _with(causes, findings, "ADM-01", "ours").kind is CauseKind.STATEMENT


@pytest.mark.parametrize(
    ("key", "origin"),
    [
        ("arn:aws:iam::111122223333:role/AWS-QuickSetup-Patch", "roles of AWS Quick Setup"),
        ("arn:aws:iam::111122223333:role/AWS-QuickSetup-Patch#inline/x", "roles of AWS Quick Setup"),
        ("arn:aws:iam::111122223333:role/ops/stacksets-exec-1", "roles of AWS CloudFormation StackSets"),
        ("arn:aws:iam::111122223333:role/my-AWS-QuickSetup-copy", ""),
        ("arn:aws:iam::111122223333:role/team/aws-reserved", ""),
        ("arn:aws:iam::111122223333:user/AWS-QuickSetup-Patch", ""),
        ("111122223333", ""),
    ],
)
def test_the_tool_is_known_by_the_beginning_of_path_or_name(key: str, origin: str) -> None:
    assert origin_of(key) == origin


def _attribution(number: int, check: str, severity: Severity, keys: tuple[int, ...], state: State) -> Attribution:
    candidates = tuple(Candidate(CauseKind.STATEMENT, f"statement {key}", f"policy {key}") for key in keys)
    name = f"role-{number % 40}"
    return Attribution(
        f"{number:020x}", check, check, severity, state, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/{name}", name, "role",
        "", candidates, "",
    )  # fmt: skip


_CHECKS = ["ADM-01", "ADM-03", "CHN-01", "SVC-05", "CHN-04", "TRU-05", "TRU-08", "LNT-09", "HYG-05", "CMP-13"]


def test_remedies_that_differ_are_listed_with_their_subjects() -> None:
    several = [
        _attribution(number, "HYG-11", Severity.LOW, (), State.FOUND)._replace(remediation=remedy)
        for number, remedy in ((1, "Create it."), (2, "First allow it."), (3, "Create it."))
    ]
    (row,) = group(several).rows
    assert row.remediation == "role-1 and role-3: Create it. role-2: First allow it."
    many = [one._replace(remediation=f"Do {number}.") for number, one in enumerate([*several, *several])]
    (row,) = group([one._replace(fingerprint=f"{number:020}") for number, one in enumerate(many)]).rows
    assert row.remediation == registry.check("HYG-11").remediation


def test_the_remedy_of_a_statement_of_paths_names_its_actions() -> None:
    statement = Candidate(CauseKind.STATEMENT, "statement 7", "p, statement 1", actions=("iam:PutUserPolicy",))
    some = [
        _attribution(number, "CHN-01", Severity.HIGH, (), State.FOUND)._replace(
            remediation=f"Detach it from {number}.", candidates=(statement._replace(actions=(action,)),)
        )
        for number, action in ((1, "iam:PutUserPolicy"), (2, "iam:PutRolePolicy"))
    ]
    (row,) = group(some).rows
    assert row.remediation.startswith("Remove iam:PutUserPolicy and iam:PutRolePolicy from p, statement 1, or restrict")


def test_the_only_administrator_is_named(found: Any) -> None:
    people = [entries.user(name, attached=[ADMINISTRATOR], CreateDate=CREATED) for name in ("maria", "ana")]
    for users, ending in (
        (people[:1], f"maria is the only administrator of account {ACCOUNT}: appoint another one first."),
        (people, "Leave at least one administrator in the account."),
    ):
        findings, causes = found(users=users)
        assert _with(causes, findings, "ADM-01", "maria").remediation.endswith(ending)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(_CHECKS),
            st.sampled_from(list(Severity)),
            st.lists(st.integers(0, 30), max_size=4, unique=True).map(tuple),
            st.sampled_from(list(State)),
        ),
        max_size=120,
    )
)
def test_grouping_loses_nothing_and_stays_short(drawn: list[tuple[str, Severity, tuple[int, ...], State]]) -> None:
    all_ = [_attribution(number, check, *rest) for number, (check, *rest) in enumerate(drawn)]
    causes = group(all_)
    assert sorted(one.fingerprint for row in causes.rows for one in row.findings) == [one.fingerprint for one in all_]
    assert set(causes.by_finding) == {one.fingerprint for one in all_}
    # Each check has at most one row of settings and one of further statements.
    assert len(causes.rows) <= max(MIN_ROWS, len(all_) // FINDINGS_PER_ROW + 1, 2 * len(_CHECKS))
    assert group(reversed(all_)) == causes
    for row in causes.rows:
        listed = {one.fingerprint for one in row.findings}
        assert all(one.folded_into in listed for one in row.findings if one.folded_into)


def test_a_thousand_small_causes_share_the_rows_of_their_checks() -> None:
    all_ = [
        _attribution(number, ("LNT-08", "LNT-09")[number % 2], Severity.MEDIUM, (number,), State.FOUND)
        for number in range(2_000)
    ] + [_attribution(9_000 + number, "ADM-01", Severity.HIGH, (9_000,), State.FOUND) for number in range(40)]
    causes = group(all_)
    assert len(causes.rows) == MAX_ROWS
    assert causes.rows[0].administrators == 40
    assert sum(len(row.findings) for row in causes.rows) == len(all_)
    assert Counter(row.kind for row in causes.rows)[CauseKind.OTHERS] == 2
