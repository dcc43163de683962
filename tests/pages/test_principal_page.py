"""The page of a principal says what the evaluators and attack paths say."""

from datetime import timedelta

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.aws.data_classes import DataClass, data_classes
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.pages.principal_page import PrincipalPages
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.account_details import (
    AccountFacts,
    CredentialReport,
    CredentialReportEntry,
    LastAccessed,
    ServiceLastAccessed,
)
from iamdesk.snapshot.workloads import AccountWorkloads, RoleUsage, Workload, WorkloadKind
from iamdesk.viewmodel.pages import MAX_LISTED, OpenTable, PageSection, Part, Table, parts_of

from ..builders.captures import ID, NOW, account, allow, document, role, snapshot, trusting, user
from ..opened import keep_shared

ACCOUNT = "arn:aws:iam::111122223333"
ELENA = f"{ACCOUNT}:user/engineering/elena.petrov"
REPORTING = f"{ACCOUNT}:role/service/reporting"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
BREAK_GLASS = f"{ACCOUNT}:role/break-glass/BreakGlassAdmin"
STATUS = f"{ACCOUNT}:role/public-status-page"
ADMINISTRATORS = f"{ACCOUNT}:group/Administrators"
FROM_PANELS = {Part.FINDINGS, Part.REVIEW}


@pytest.fixture(scope="module")
def opened() -> SnapshotSession:
    return keep_shared(Workbench().open_snapshot(sample_snapshot()))


def page(opened: SnapshotSession, arn: str) -> dict[Part, PageSection]:
    found = [*opened.principal_page(arn), *opened.principal_escalation(arn)]
    assert len({one.part for one in found}) == len(found)
    return {one.part: one for one in found}


def test_every_principal_has_all_sections_of_its_kind(opened: SnapshotSession) -> None:
    for held in opened.accounts:
        for principal in (*held.users, *held.roles, *held.groups):
            subject = opened.subject(principal.arn)
            assert subject is not None
            found = page(opened, principal.arn)
            assert found.keys() == set(parts_of(subject.kind)) - FROM_PANELS
            for section in found.values():
                assert section.lines or section.note, "an empty section says why it is empty"
                assert len(section.lines) <= MAX_LISTED
                assert section.count in (0, len(section.lines)) or section.count > MAX_LISTED


def test_the_sentence_is_that_of_the_attack_paths(opened: SnapshotSession) -> None:
    reach = opened.reach()
    assert page(opened, REPORTING)[Part.SENTENCE].note == "Administrator of account 111122223333."
    under_conditions = "Administrator of account 111122223333 under conditions."  # with MFA
    assert page(opened, INES)[Part.SENTENCE].note == under_conditions
    exposure = reach.reached(ELENA)
    assert exposure.to_administration is None
    assert exposure.maybe_to_administration == 1
    sentence = page(opened, ELENA)[Part.SENTENCE].note
    assert sentence.startswith("Not an administrator; may become one in a single step through role reporting, by ")
    assert sentence.endswith("Can read all S3 objects.")
    paths = [one for one in reach.attack_paths(ELENA) if one.steps]
    assert f". This requires {paths[0].needs[0]}" in sentence
    section = page(opened, ELENA)[Part.ESCALATION]
    assert [line.key for line in section.lines] == [one.steps[0].target for one in paths]
    assert section.count == len(paths)
    assert section.table == OpenTable(Table.ATTACK_PATHS)


def test_data_classes_count_the_actions_of_effective_permissions(opened: SnapshotSession) -> None:
    access = opened.what_can(principal=ELENA)
    allowed = sum(
        (one.actions[AccessExtent.ALLOWED] & data_classes(one.service)[DataClass.PERMISSIONS]).bit_count()
        for one in access.services
    )
    line = page(opened, ELENA)[Part.DATA].lines[0]
    assert line.text == "permissions"
    assert line.detail.startswith(f"{allowed:,} allowed")


def test_who_can_assume_a_role_is_asked_of_the_evaluator(opened: SnapshotSession) -> None:
    rows = list(opened.who_can(action="sts:AssumeRole", resource=BREAK_GLASS))
    section = page(opened, BREAK_GLASS)[Part.ASSUMED_BY]
    assert [line.key for line in section.lines] == [row.principal for row in rows]
    assert all(line.detail == "user · under conditions" for line in section.lines)
    assert page(opened, REPORTING)[Part.ASSUMED_BY].note == "Only AWS services can assume it."
    runs = page(opened, REPORTING)[Part.RUNS]
    assert [line.text for line in runs.lines] == ["lambda.amazonaws.com"]
    assert runs.note == "Resources that run with it: not captured."
    outside = page(opened, STATUS)[Part.ASSUMED_BY]
    assert outside.lines[0].text == "anyone"
    assert "external" in outside.note


def test_identical_and_nearly_identical_principals_are_listed(opened: SnapshotSession) -> None:
    found = page(opened, REPORTING)
    assert {line.text for line in found[Part.IDENTICAL].lines} == {"role terraform", "role BreakGlassAdmin"}
    (near,) = found[Part.NEARLY_IDENTICAL].lines
    assert (near.text, near.detail) == ("role sandbox-admin", "other permissions boundary")


def test_a_group_says_what_it_makes_of_its_members(opened: SnapshotSession) -> None:
    assert page(opened, ADMINISTRATORS)[Part.SENTENCE].note == "Its policies make its members administrators."
    assert page(opened, f"{ACCOUNT}:group/AllStaff")[Part.SENTENCE].note.startswith(("Its policies do not", "A member"))


def test_other_keys_have_no_page(opened: SnapshotSession) -> None:
    assert page(opened, f"{ACCOUNT}:policy/engineering/EngineerBaseline") == {}
    assert page(opened, "") == {}


def test_it_is_cancelled(opened: SnapshotSession) -> None:
    with pytest.raises(WorkCancelled):
        list(opened.principal_page(REPORTING, lambda: True))


def test_last_use_comes_from_report_and_services() -> None:
    ana, ben = user("ana", document(allow("s3:*"))), user("ben")
    report = CredentialReportEntry(
        user="ana",
        arn=ana.arn,
        password_enabled=True,
        password_last_used=NOW - timedelta(days=3),
        access_key_1_active=True,
    )
    services = (
        ServiceLastAccessed(service_namespace="s3", last_authenticated=NOW - timedelta(days=1)),
        ServiceLastAccessed(service_namespace="sqs"),
    )
    facts = AccountFacts(
        account_id=ID,
        credential_report=CredentialReport(entries=(report,)),
        last_accessed=(LastAccessed(arn=ana.arn, services=services),),
    )
    held = Evaluator(snapshot(account(ana, ben)).model_copy(update={"account_facts": (facts,)}), now=lambda: NOW)
    pages = PrincipalPages(held, lambda _action, _resource, _cancelled: iter(()), WorkloadIndex(held.snapshot))
    section = next(pages.sections(ana.arn))
    assert section.part is Part.LAST_USE
    assert [line.text for line in section.lines] == ["Password", "Access key 1", "Services"]
    assert "3 days before the snapshot" in section.lines[0].detail
    assert section.lines[1].detail == "never"
    assert section.lines[2].detail.startswith("1 of 2 services · ")
    assert next(pages.sections(ben.arn)).note == "Its use was not captured."


def test_what_runs_with_a_role_is_listed_by_kind() -> None:
    app = role("app", trust=trusting({"Service": "lambda.amazonaws.com"}))
    functions = tuple(
        Workload(
            arn=f"arn:aws:lambda:eu-west-1:{ID}:function:{name}",
            kind=WorkloadKind.LAMBDA_FUNCTION,
            region="eu-west-1",
            roles=((app.arn, RoleUsage.RUNS),),
        )
        for name in ("orders", "bills")
    )
    known = AccountWorkloads(account_id=ID, workloads=functions)
    held = Evaluator(snapshot(account(app)).model_copy(update={"workloads": {ID: known}}), now=lambda: NOW)
    pages = PrincipalPages(held, lambda *_asked: iter(()), WorkloadIndex(held.snapshot))
    section = next(one for one in pages.sections(app.arn) if one.part is Part.RUNS)
    assert section.lines[0].text == "Lambda functions: 2"
    assert "orders (eu-west-1)" in section.lines[0].detail
    assert section.note == "No AWS service can assume it."
