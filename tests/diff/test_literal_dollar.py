"""In the older version of the policy language ``${…}`` is plain text (rule H6): so are the resources it names."""

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind

from ..access.worlds import NOON
from . import seeds, walls
from .attack import snapshot
from .seeds import World

ANA = walls.WHO["ana"]


def _with(entry: str | None, version: str, **more: str) -> World:
    found = walls.before()
    statements = [] if entry is None else [seeds.allow("s3:GetObject", entry), *map(_deny, more.values())]
    document = {"Version": version, "Statement": statements}
    policies = [{"PolicyName": "own", "PolicyDocument": document}] if statements else []
    walls.person("ana", UserPolicyList=policies)(found)
    return found


def _deny(entry: str) -> dict[str, str]:
    return {"Effect": "Deny", "Action": "s3:GetObject", "Resource": entry}


@pytest.mark.parametrize(
    ("entry", "version", "of"),
    [
        ("arn:aws:s3:::papers/${aws:username}/*", "2008-10-17", "arn:aws:s3:::papers/${aws:username}/"),
        ("arn:aws:s3:::papers/${aws:username}/*", "2012-10-17", "arn:aws:s3:::papers/ana/"),
        ("arn:aws:s3:::papers/${*}x", "2012-10-17", "arn:aws:s3:::papers/*x"),
        ("arn:aws:s3:::papers/${*}x", "2008-10-17", "arn:aws:s3:::papers/${"),
        ("arn:aws:s3:::papers/${$}{aws:username}/*", "2012-10-17", "arn:aws:s3:::papers/${aws:username}/"),
    ],
)
def test_access_to_what_is_named_literally_is_lost_with_the_policy(entry: str, version: str, of: str) -> None:
    found = compare_snapshots(
        snapshot(_with(entry, version), "old"), snapshot(_with(None, version), "new"), NOON
    ).principals[ANA]
    assert [one.kind for one in found.effects] == [Kind.LOST], found
    assert found.effects[0].witness.resource.startswith(of)


def test_the_same_text_in_both_versions_names_different_resources() -> None:
    entry = "arn:aws:s3:::papers/${aws:username}/*"
    found = compare_snapshots(
        snapshot(_with(entry, "2008-10-17"), "old"), snapshot(_with(entry, "2012-10-17"), "new"), NOON
    ).principals[ANA]
    assert {one.kind for one in found.effects} == {Kind.LOST, Kind.GAINED}
