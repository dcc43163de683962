"""What the form of a change offers: subjects of its kind, what they have, and statements."""

import pytest

from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import document_of, find
from iamdesk.whatif.completion import complete_detail, complete_subject, statements_of
from iamdesk.whatif.edits import EditAction

ACCOUNT = "arn:aws:iam::111122223333"
ANA = f"{ACCOUNT}:user/engineering/ana.moreno"


@pytest.fixture(scope="module")
def sample() -> Snapshot:
    return load_snapshot(sample_snapshot())


def test_subjects_are_of_the_kind_that_the_change_takes(sample: Snapshot) -> None:
    kinds = {
        act: {one.detail for one in complete_subject(sample, act, "", 10_000)}
        for act in (EditAction.JOIN_GROUP, EditAction.SET_BOUNDARY, EditAction.ATTACH_POLICY, EditAction.SET_POLICY)
    }
    assert kinds[EditAction.JOIN_GROUP] == {"user"}
    assert kinds[EditAction.SET_BOUNDARY] == {"user", "role"}
    assert kinds[EditAction.ATTACH_POLICY] == {"user", "role", "group"}
    assert kinds[EditAction.SET_POLICY] == {"managed policy", "inline policy", "trust policy"}


def test_names_that_begin_with_the_text_come_first(sample: Snapshot) -> None:
    found = complete_subject(sample, EditAction.DELETE, "ana")
    assert found[0].value == ANA
    assert all("ana" in f"{one.label} {one.value}".lower() for one in found)


def test_every_offered_policy_can_be_changed(sample: Snapshot) -> None:
    for one in complete_subject(sample, EditAction.SET_STATEMENT, "", 10_000):
        assert "::aws:policy/" not in one.value
        document_of(sample, one.value)


def test_details_are_what_the_subject_has_or_lacks(sample: Snapshot) -> None:
    _, ana = find(sample, ANA)
    groups = {one.label for one in complete_detail(sample, EditAction.LEAVE_GROUP, ANA, "")}
    others = {one.label for one in complete_detail(sample, EditAction.JOIN_GROUP, ANA, "", 1000)}
    assert groups == set(ana.group_list)
    assert groups
    assert others
    assert not groups & others
    role = next(one for one in sample.accounts[0].roles if one.attached_managed_policies)
    attached = {one.policy_arn for one in role.attached_managed_policies}
    detach = {one.value for one in complete_detail(sample, EditAction.DETACH_POLICY, role.arn, "")}
    attach = {one.value for one in complete_detail(sample, EditAction.ATTACH_POLICY, role.arn, "", 1000)}
    assert detach == attached
    assert attach
    assert not attach & attached
    assert complete_detail(sample, EditAction.DETACH_POLICY, "arn:aws:iam::111122223333:user/nobody", "") == ()


def test_statements_are_named_by_effect_actions_and_sid(sample: Snapshot) -> None:
    key = next(one.value for one in complete_subject(sample, EditAction.SET_POLICY, "RegionLock"))
    (line,) = statements_of(sample, key)
    assert line.startswith("Deny NotAction ")
    assert line.endswith("(OnlyOurRegions)")
    assert statements_of(sample, "arn:aws:iam::111122223333:policy/none") == ()
