"""Whoever compares again is told the same, in the same order: reviewers put it on record."""

import os
import subprocess
import sys
from pathlib import Path

from iamdesk import Evaluator
from iamdesk.diff.snapshot_view import SnapshotView, share_space

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


def test_documents_are_joined_in_the_order_in_which_they_are_carried() -> None:
    buckets = [f"arn:aws:s3:::{name}" for name in "hcagfbed"]
    user = seeds.user("u", allow("sqs:*"))
    user["UserPolicyList"] = [
        {"PolicyName": f"p{number}", "PolicyDocument": document(allow("s3:ListBucket", bucket))}
        for number, bucket in enumerate(buckets)
    ]
    sides = [SnapshotView(Evaluator(snapshot(name, [user]))) for name in ("old", "new")]
    share_space(*sides)
    own = sides[0].own(user["Arn"])
    assert own is not None
    assert [clause.where.text for clause in own.identity if clause.where is not None] == buckets
