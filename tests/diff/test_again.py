"""Whoever compares again is told the same, in the same order: reviewers put it on record."""

import os
import subprocess
import sys
from pathlib import Path

from iamdesk import Evaluator
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.snapshot_view import SnapshotView, share_space

from ..access.worlds import NOON
from ..builders.captures import allow, document
from . import seeds
from .test_equivalence import snapshot

ROOT = Path(__file__).resolve().parents[2]
TELL = """
import json, random
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.export.diff import to_diff
from tests.diff.seeds import document
from tests.diff.test_equivalence import LOCK, PERIMETER, people, snapshot
from tests.access.worlds import NOON

FEW = LOCK | {"Action": ["ec2:St*", "sqs:*", "dynamodb:G*"]}
del FEW["NotAction"]
users = people(random.Random(3), 6)
for user in users:
    statements = user["UserPolicyList"][0]["PolicyDocument"]["Statement"] + [FEW | {"Effect": "Allow"}]
    user["UserPolicyList"] = [
        {"PolicyName": f"own-{number}", "PolicyDocument": document(one)} for number, one in enumerate(statements)
    ]
old, new = (snapshot(name, users, *limits, on_resources=PERIMETER) for name, limits in (("old", []), ("new", [FEW])))
print(json.dumps(to_diff(compare_snapshots(old, new, NOON)), indent=1))
"""


def told(seed: int) -> str:
    """What a comparison tells in a process that orders sets in its own way."""
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.stdout


def test_another_process_tells_the_same() -> None:
    assert told(3).splitlines() == told(4).splitlines()


def _with_policies(*statements: seeds.Json) -> seeds.Json:
    """Return a user with a policy for each statement."""
    policies = [{"PolicyName": f"p{number}", "PolicyDocument": document(one)} for number, one in enumerate(statements)]
    return seeds.user("u") | {"UserPolicyList": policies}


def test_resources_of_no_listed_type_come_in_the_order_of_the_policies() -> None:
    arns = [f"arn:aws:ec2:eu-west-1:111111111111:{name}" for name in "hcagfbed"]
    user = _with_policies(*(allow("ec2:CreateTags", arn) for arn in arns))
    found = compare_snapshots(snapshot("old", []), snapshot("new", [user]), NOON)
    assert [effect.where for effect in found.effects()] == arns


def test_documents_are_joined_in_the_order_in_which_they_are_carried() -> None:
    buckets = [f"arn:aws:s3:::{name}" for name in "hcagfbed"]
    user = _with_policies(*(allow("s3:ListBucket", bucket) for bucket in buckets))
    sides = [SnapshotView(Evaluator(snapshot(name, [user]))) for name in ("old", "new")]
    share_space(*sides)
    own = sides[0].own(user["Arn"])
    assert own is not None
    assert [clause.where.text for clause in own.identity if clause.where is not None] == buckets
