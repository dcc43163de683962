"""The page of a resource says what *who can* says, for a bucket and its objects together."""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.who_can import Share
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.pages.resource_page import ResourcePages, objects_of, part_words
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.pages import OpenTable, PageSection, Part, Table, parts_of
from iamdesk.viewmodel.tree import NodeKind

from ..builders.captures import ID, NOW, account, allow, deny, document, role, role_arn, snapshot, user, user_arn
from ..opened import keep_shared

BUCKET = "arn:aws:s3:::pay"
KEY = f"arn:aws:kms:eu-west-1:{ID}:key/k"
OPEN = document(
    allow("s3:GetObject", f"{BUCKET}/*", Principal="*"),
    allow("s3:ListBucket", BUCKET, Principal={"AWS": "arn:aws:iam::999900001111:root"}),
    allow("s3:PutObject", f"{BUCKET}/*", Principal={"Service": "logging.s3.amazonaws.com"}),
)
OF_KEY = document(allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ID}:root"}))


def page(*resources: Resource, arn: str = BUCKET) -> dict[Part, PageSection]:
    entries = (
        user("ana", document(allow("s3:*", [BUCKET, f"{BUCKET}/*"]), allow("kms:Decrypt", KEY))),
        user("ben", document(allow("s3:GetObject", f"{BUCKET}/*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))),
        role("nobody"),
    )
    held = Evaluator(snapshot(account(*entries)).model_copy(update={"resources": resources}), now=lambda: NOW)
    return {one.part: one for one in ResourcePages(held.snapshot, held, held).sections(arn)}


def bucket(policy: Any = None, **more: Any) -> Resource:
    return Resource(arn=BUCKET, account_id=ID, policy=policy, **more)


def test_principals_are_listed_with_their_access_levels_on_bucket_and_objects() -> None:
    found = page(bucket())
    assert found.keys() == set(parts_of(NodeKind.RESOURCE)) - {Part.FINDINGS}
    lines = {line.key: line.detail for line in found[Part.PRINCIPALS].lines}
    assert lines.keys() == {f"arn:aws:iam::{ID}:root", user_arn("ana"), user_arn("ben")}
    assert "Permissions management" in lines[user_arn("ana")]
    assert lines[user_arn("ben")] == "under conditions: Read 1 · user"
    assert role_arn("nobody") not in lines
    assert found[Part.PRINCIPALS].table == OpenTable(Table.WHO_CAN, "", BUCKET)
    sentence = found[Part.SENTENCE].note
    assert sentence == (
        "No external access. 3 principals of the snapshot have access: 2 can change its permissions, 2 can write to it "
        "and 3 can read it."
    )
    assert found[Part.EXTERNAL].note == "No external principal has access."


def test_external_callers_and_services_are_rows() -> None:
    found = page(bucket(OPEN, object_ownership="BucketOwnerEnforced"))
    assert found[Part.SENTENCE].note.startswith("Public: anyone can read it. 1 external principal has access. ")
    assert [line.text for line in found[Part.EXTERNAL].lines] == ["anyone", "account 999900001111"]
    assert [line.text for line in found[Part.SERVICES].lines] == ["logging.s3.amazonaws.com"]
    assert found[Part.SERVICES].lines[0].detail.startswith("Write 1")


def test_a_policy_that_is_not_captured_is_no_silence() -> None:
    found = page(bucket(is_policy_captured=False))
    assert "Its policy was not captured: external access is not known." in found[Part.SENTENCE].note
    assert "No external access." not in found[Part.SENTENCE].note
    assert "not known" in found[Part.EXTERNAL].note


def test_the_key_and_who_may_use_it() -> None:
    key = Resource(arn=KEY, account_id=ID, policy=OF_KEY)
    found = page(bucket(encryption_key_arn=KEY), key)[Part.ENCRYPTION]
    assert found.lines[0].key == KEY
    by_name = {line.key: line.detail for line in found.lines[1:]}
    assert by_name[user_arn("ana")] == "decrypt"
    assert found.note == "2 callers may use it."
    (line,) = page(bucket(encryption_key_arn=KEY), key, arn=KEY)[Part.ENCRYPTION].lines
    assert line.key == BUCKET
    found = page(bucket(encryption_key_arn=KEY))[Part.ENCRYPTION]
    assert found.note == "The policy of the key was not captured: who may use it is not known."
    assert found.lines[0].key == ""


def test_counts_are_those_of_who_can() -> None:
    opened: SnapshotSession = keep_shared(Workbench().open_snapshot(sample_snapshot().parent / "acme-organization"))
    for resource in opened.snapshot.resources:
        rows = list(opened.access_to_resource(resource.arn))
        if objects_of(resource.arn):
            rows += opened.access_to_resource(objects_of(resource.arn))
        found = {one.part: one for one in opened.resource_page(resource.arn)}
        inside = {row.who.principal for row in rows if not row.who.is_external}
        on_parts = {row.principal for row in opened.evaluator_for_all.access_to_parts(resource, {}).rows}
        assert found[Part.PRINCIPALS].count == len(inside | on_parts)
        outside = len({row.who for row in rows if row.who.is_external})
        assert found[Part.EXTERNAL].count + found[Part.SERVICES].count == outside


@pytest.mark.parametrize(
    ("arn", "objects"),
    [
        (BUCKET, f"{BUCKET}/*"),
        (f"{BUCKET}/x", ""),
        (f"arn:aws:s3:eu-west-1:{ID}:accesspoint/a", f"arn:aws:s3:eu-west-1:{ID}:accesspoint/a/object/*"),
        (KEY, ""),
        ("pay", ""),
    ],
)
def test_objects_are_those_of_buckets_and_access_points(arn: str, objects: str) -> None:
    assert objects_of(arn) == objects


def test_other_keys_have_no_page_and_it_is_cancelled() -> None:
    assert page(bucket(), arn=KEY) == {}
    held = Evaluator(snapshot(account(user("ana"))).model_copy(update={"resources": (bucket(),)}), now=lambda: NOW)
    with pytest.raises(WorkCancelled):
        list(ResourcePages(held.snapshot, held, held).sections(BUCKET, lambda: True))


def test_who_can_act_on_a_part_alone_is_counted_and_the_part_is_named() -> None:
    entries = (
        user("ana", document(allow("s3:GetObject", f"{BUCKET}/pub/*"))),
        user("ben", document(allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:PutObject", f"{BUCKET}/in/*"))),
    )
    held = Evaluator(snapshot(account(*entries)).model_copy(update={"resources": (bucket(),)}), now=lambda: NOW)
    found = {one.part: one for one in ResourcePages(held.snapshot, held, held).sections(BUCKET)}
    assert found[Part.SENTENCE].note == (
        "No external access. 3 principals of the snapshot have access: 1 can change its permissions, 2 can write to it "
        "and 3 can read it."
    )
    assert found[Part.PRINCIPALS].count == 3
    assert [(line.text, line.detail) for line in found[Part.PRINCIPALS].lines[1:]] == [
        ("user ben", "Write 1 · user · only pay/in/*"),
        ("user ana", "Read 1 · user · only pay/pub/*"),
        ("user ben", "Read 1 · user"),
    ]


def test_a_part_that_is_public_is_no_silence() -> None:
    public = document(
        allow("s3:GetObject", f"{BUCKET}/pub/*", Principal="*"),
        allow("s3:ListBucket", BUCKET, Principal={"AWS": "arn:aws:iam::999900001111:root"}),
        allow("s3:GetObject", f"{BUCKET}/in/*", Principal={"AWS": "arn:aws:iam::999900001111:root"}),
    )
    found = page(bucket(public, object_ownership="BucketOwnerEnforced"))
    assert found[Part.SENTENCE].note.startswith(
        "Public in part: anyone can read it, only pay/pub/*. 1 external principal has access. "
    )
    external = [(line.text, line.detail.rpartition(" · ")[2]) for line in found[Part.EXTERNAL].lines]
    assert ("anyone", "only pay/pub/*") in external
    assert ("account 999900001111", "only pay/in/* and pay/pub/*") in external
    assert ("account 999900001111", "external account") in external
    assert found[Part.EXTERNAL].count == 2


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (None, "Anyone can call methods and routes of the authorization type NONE: the types were not captured."),
        ((("GET /x", "AWS_IAM"),), "No external access."),
    ],
)
def test_methods_whose_authorization_is_not_captured_are_no_silence(types: Any, told: str) -> None:
    api = f"arn:aws:execute-api:eu-west-1:{ID}:a1"
    found = page(Resource(arn=api, account_id=ID, authorization_types=types), arn=api)
    assert found[Part.SENTENCE].note.startswith(told)
    assert found[Part.EXTERNAL].note == told.replace("No external access.", "No external principal has access.")


def test_methods_without_authorization_are_open_to_anyone() -> None:
    api = f"arn:aws:execute-api:eu-west-1:{ID}:a1"
    types = (("GET /x", "NONE"), ("GET /y", "AWS_IAM"))
    found = page(Resource(arn=api, account_id=ID, authorization_types=types), arn=api)
    assert found[Part.SENTENCE].note.startswith("Public in part: anyone can write to it, only a1/*/GET/x.")
    assert [(line.text, line.detail.rpartition(" · ")[2]) for line in found[Part.EXTERNAL].lines] == [
        ("anyone", "only a1/*/GET/x")
    ]


def test_parts_that_two_entries_name_together_are_written_as_patterns() -> None:
    """And exceptions within others are not named."""
    share = Share((f"{BUCKET}/*", "arn:aws:s3:::p*/q/*"), ())
    assert part_words([share], BUCKET) == "pay/*/q/* and pay/q/*"
    denied = [deny("s3:*", f"{BUCKET}/in/{part}*", Principal="*") for part in ("", "x/")]
    public = document(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": "999900001111"}), *denied)
    found = page(bucket(public, object_ownership="BucketOwnerEnforced"))
    assert [line.detail.rpartition(" · ")[2] for line in found[Part.EXTERNAL].lines] == ["only pay/* except pay/in/*"]
