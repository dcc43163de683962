"""The room on what the reader hands over: a file as the AWS CLI prints it, one entry broken."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.search import OutlineSearch
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree_builder import Badge, NodeKind, build_outline


@pytest.fixture
def loaded(tmp_path: Path, build: Any) -> Snapshot:
    trust = build.trust({"AWS": "arn:aws:iam::999988887777:root"}, Condition={"StringEquals": {"sts:ExternalId": "7"}})
    details = {
        "UserDetailList": [
            {
                "Path": "/",
                "UserName": "alice",
                "UserId": "AIDAALICE",
                "Arn": f"arn:aws:iam::{build.id}:user/alice",
                "CreateDate": "2021-03-12T00:00:00+00:00",
                "GroupList": [],
                "AttachedManagedPolicies": [],
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": quote(json.dumps(build.allow_s3))}],
            },
            {"UserName": 7, "Arn": f"arn:aws:iam::{build.id}:user/odd"},
        ],
        "GroupDetailList": [],
        "RoleDetailList": [
            {
                "Path": "/",
                "RoleName": "vendor",
                "RoleId": "AROAVENDOR",
                "Arn": f"arn:aws:iam::{build.id}:role/vendor",
                "CreateDate": "2022-03-12T00:00:00+00:00",
                "AssumeRolePolicyDocument": trust,
                "InstanceProfileList": [],
                "RolePolicyList": [],
                "AttachedManagedPolicies": [],
                "RoleLastUsed": {"LastUsedDate": "2022-03-13T00:00:00+00:00", "Region": "eu-west-1"},
            }
        ],
        "Policies": [],
        "IsTruncated": False,
    }
    path = tmp_path / "details.json"
    path.write_text(json.dumps(details), encoding="utf-8")
    return load_snapshot(path)


def test_every_row_can_be_looked_at(loaded: Snapshot) -> None:
    outline, subjects = build_outline(loaded), SubjectIndex(loaded)
    for node in outline.nodes:
        if node.key:
            found = subjects.subject(node.key)
            assert found is not None
            assert found.kind == node.kind


def test_documents_are_shown_as_objects_however_they_were_captured(loaded: Snapshot, build: Any) -> None:
    shown = SubjectIndex(loaded).policy(f"arn:aws:iam::{build.id}:user/alice#inline/own")
    assert shown is not None
    assert json.loads(shown.document.text.text) == build.allow_s3
    assert shown.problems == ()


def test_a_broken_entry_can_be_found_by_name_and_by_its_arn(loaded: Snapshot, build: Any) -> None:
    outline = build_outline(loaded)
    (row,) = [row for row, node in enumerate(outline.nodes) if node.kind is NodeKind.BROKEN]
    assert outline.badges[row] == (Badge.BROKEN,)
    assert outline.rows_by_key[f"arn:aws:iam::{build.id}:user/odd"] == row
    assert row in OutlineSearch(outline).matches(outline.nodes[row].text).hits
    found = SubjectIndex(loaded).subject(f"arn:aws:iam::{build.id}:user/odd")
    assert found is not None
    assert found.problems
    assert "UserName" in found.problems[0]


def test_trust_in_words(loaded: Snapshot, build: Any) -> None:
    vendor = SubjectIndex(loaded).subject(f"arn:aws:iam::{build.id}:role/vendor")
    assert vendor is not None
    assert vendor.trusted == ("account 999988887777, with an external ID",)


def test_resources_come_from_policies_that_were_url_encoded(loaded: Snapshot) -> None:
    found = Completions(loaded).resources("s3:GetObject", "payroll")
    assert found[0].value == "arn:aws:s3:::payroll/*"
