"""An organization that is not in memory: its tree, what is shown of a row, and what is suggested, as of the whole."""

import json
from pathlib import Path

import pytest

from iamdesk.api import OrganizationSession, SnapshotSession, Workbench
from iamdesk.errors import SnapshotError
from iamdesk.resource_files import resources
from iamdesk.snapshot.reader import load_catalogue, load_snapshot
from iamdesk.viewmodel.tree import NodeKind

from .access.test_organization_evaluator import organization as drawn
from .snapshot.bundles import as_folder, details

SAMPLE = resources() / "samples" / "acme-organization"
ENTRIES = {
    NodeKind.USER,
    NodeKind.GROUP,
    NodeKind.ROLE,
    NodeKind.SERVICE_LINKED_ROLE,
    NodeKind.CUSTOMER_POLICY,
    NodeKind.AWS_POLICY,
}


def read(path: Path, memory: int = 1 << 30) -> tuple[SnapshotSession, OrganizationSession]:
    catalogue = load_catalogue(path)
    assert catalogue is not None
    found = OrganizationSession(catalogue, memory=memory)
    found.lay_out()
    return Workbench().open_snapshot(path), found


def odd_folder(tmp_path: Path) -> Path:
    """Two accounts: what one lacks, what only the other holds of AWS, a group that is not there, an odd entry."""
    first, second = details("111122223333"), details("444455556666")
    for page in (first, second):
        for user in page["UserDetailList"]:
            user["Path"] = "/staff/"
    aws = "arn:aws:iam::aws:policy/AcmeOnly"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document}
    first["Policies"].append({"PolicyName": "AcmeOnly", "Arn": aws, "PolicyVersionList": [version]})
    second["UserDetailList"].append(
        {
            "Arn": "arn:aws:iam::444455556666:user/staff/zoe",
            "UserName": "zoe",
            "UserId": "AIDAZOE",
            "Path": "/staff/",
            "GroupList": ["Gone"],
            "AttachedManagedPolicies": [
                {"PolicyName": "AcmeOnly", "PolicyArn": aws},
                {"PolicyName": "Lost", "PolicyArn": "arn:aws:iam::444455556666:policy/Lost"},
            ],
        }
    )
    second["RoleDetailList"].append({"Arn": "arn:aws:iam::444455556666:role/odd", "RoleName": 7})
    files = {
        f"accounts/{name}/iam/get-account-authorization-details.json": page
        for name, page in (("111122223333", first), ("444455556666", second))
    }
    return as_folder(tmp_path, files)


@pytest.fixture(params=["sample", "drawn", "odd"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[SnapshotSession, OrganizationSession]:
    if request.param == "sample":
        return read(SAMPLE)
    if request.param == "drawn":
        drawn(tmp_path)
        return read(tmp_path)
    return read(odd_folder(tmp_path))


def test_the_tree_holds_the_same_rows_without_what_is_below_entries(
    both: tuple[SnapshotSession, OrganizationSession],
) -> None:
    whole, parts = both

    def rows(opened: SnapshotSession | OrganizationSession) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        pending = [(0, 0)]
        while pending:
            row, depth = pending.pop()
            node = opened.outline.nodes[row]
            detail = "" if node.kind in ENTRIES | {NodeKind.MISSING} else node.detail
            found.append((depth, node.kind, node.text, node.key, detail))
            if node.kind not in ENTRIES:
                pending += [(child, depth + 1) for child in reversed(opened.outline.children(row))]
        return found

    assert rows(parts) == rows(whole)
    assert len(rows(parts)) > 10


def test_what_is_shown_of_each_row_is_what_the_whole_shows(both: tuple[SnapshotSession, OrganizationSession]) -> None:
    whole, parts = both
    keys = [*parts.outline.rows_by_key, *whole.outline.rows_by_key, "arn:aws:iam::999999999999:role/nobody"]
    several = len(whole.snapshot.accounts) > 1
    for key in dict.fromkeys(keys):
        told, shown = parts.read_details(key), whole.subject(key)
        found = told.subject(key)
        if shown is not None and shown.kind is NodeKind.AWS_POLICY and several:
            assert found is not None
            assert found.account == shown.account or found.missing_data
            continue  # of whom in all accounts carries it, one account tells
        if key == "arn:aws:iam::222222222222:policy/theirs":
            continue  # of an account whose policy another one names: AWS attaches none across accounts
        assert found == shown, key
        policy, wanted = told.policy(key), whole.policy(key)
        assert (policy and policy.document.text.text) == (wanted and wanted.document.text.text), key


def test_who_carries_a_policy_of_aws_is_told_for_one_account_and_said_to_be_so(tmp_path: Path) -> None:
    whole, parts = read(odd_folder(tmp_path))
    arn = "arn:aws:iam::aws:policy/AcmeOnly"
    found = parts.read_details(arn).subject(arn)
    assert found is not None
    assert any("only" in gap for gap in found.missing_data)
    zoe = "arn:aws:iam::444455556666:user/staff/zoe"
    assert parts.read_details(zoe).subject(zoe) == whole.subject(zoe), "what only another account holds is there"


@pytest.mark.parametrize(
    "text", ["", "d", "dev", "alice", "role", "4444", "arn:aws:iam", "root", "session", "zoe staff"]
)
def test_the_same_is_suggested(both: tuple[SnapshotSession, OrganizationSession], text: str) -> None:
    whole, parts = both
    named = {one.value: one for one in whole.complete_principal(text, 10_000)}
    found = parts.complete_principal(text, 10_000)
    assert [one for one in found if named.get(one.value) != one] == []
    held = set(whole.evaluator.principals())
    if text:
        assert [one.value for one in found if one.value in held] == [value for value in named if value in held]
    for action in ("iam:GetRole", "sts:AssumeRole", "iam:GetPolicy"):
        wanted = {one.value: one for one in whole.complete_resource(action, text, 10_000)}
        offered = parts.complete_resource(action, text, 10_000)
        assert [one for one in offered if wanted.get(one.value) != one] == []
        if text:
            entities = {value for value in wanted if value in whole.outline.rows_by_key and "instance" not in value}
            assert entities <= {one.value for one in offered}


def test_a_search_finds_entries_by_name(both: tuple[SnapshotSession, OrganizationSession]) -> None:
    _, parts = both
    first = parts.accounts[0]
    name = (*first.roles, *first.users)[0].name  # type: ignore[union-attr]
    found = parts.search(name)
    assert name in [parts.outline.nodes[row].text for row in found.hits]


def test_accounts_that_were_not_looked_at_for_longest_are_dropped() -> None:
    _, parts = read(SAMPLE, memory=0)
    for account in parts.accounts:
        key = account.account_id
        parts.read_details(key)
        assert parts.details_at_hand(key) is not None
        others = [one.account_id for one in parts.accounts if one.account_id != key]
        assert [parts.details_at_hand(other) for other in others] == [None] * len(others)


def test_a_file_that_was_changed_is_told(tmp_path: Path) -> None:
    folder = odd_folder(tmp_path)
    _, parts = read(folder)
    file = next(folder.rglob("444455556666/**/get-account-authorization-details.json"))
    page = json.loads(file.read_text(encoding="utf-8"))
    page["UserDetailList"].pop()
    file.write_text(json.dumps(page), encoding="utf-8")
    with pytest.raises(SnapshotError, match="open it again"):
        parts.read_details("444455556666")


def test_an_account_alone_is_what_it_holds_and_the_organization_above_it() -> None:
    whole, parts = read(SAMPLE)
    account = whole.snapshot.accounts[1]
    alone = parts.account_alone(account.account_id)
    assert (alone.alone, alone.path) == (account.account_id, whole.path)
    assert alone.snapshot.accounts == (account,)
    assert alone.snapshot.organization == whole.snapshot.organization
    assert alone.sha256 not in (whole.sha256, parts.sha256), "no review of all is taken for one of it"
    assert {finding.account for finding in alone.findings()} <= {account.account_id, ""}


def test_the_window_reads_account_by_account_from_an_eighth_of_its_memory(tmp_path: Path) -> None:
    folder = odd_folder(tmp_path)
    size = sum(file.stat().st_size for file in folder.rglob("*.json"))
    bench = Workbench()
    assert isinstance(bench.open_to_browse(folder, memory=8 * size + 8), SnapshotSession)
    assert isinstance(bench.open_to_browse(folder, memory=8 * size), OrganizationSession)
    assert load_snapshot(folder) == replace_path(bench.open_to_browse(folder, memory=8 * size + 8))


def replace_path(opened: object) -> object:
    assert isinstance(opened, SnapshotSession)
    return opened.snapshot
