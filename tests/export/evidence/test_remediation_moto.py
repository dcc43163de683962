"""``remediation.sh`` by the AWS CLI against a server: interrupted, run again, recorded in the review, undone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.remediation_commands import remediation_script
from iamdesk.review.coordination import close_out_review
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

from .conftest import ANA, NOW, decision

pytestmark = pytest.mark.skipif(
    shutil.which("aws") is None or sys.platform == "win32", reason="needs the AWS CLI and a POSIX shell"
)
SERVER = Path(__file__).parents[2] / "collect" / "fake_aws.py"
ACCOUNT = "123456789012"


def document(effect: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        assert server.stdin is not None
        server.stdin.close()


class Cloud:
    """An account on the server: its users `operator`, who runs the script, and `alice`."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.iam: Any = boto3.client(
            "iam",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 (the server takes any)
        )
        for name in ("operator", "alice"):
            self.iam.create_user(UserName=name)
        self.iam.create_group(GroupName="staff")
        self.iam.create_policy(PolicyName="read", PolicyDocument=document("Allow"))
        for name in ("operator", "alice"):
            self.iam.attach_user_policy(UserName=name, PolicyArn=policy("read"))
            self.iam.add_user_to_group(UserName=name, GroupName="staff")
        for name, effect in (("own", "Allow"), ("hold", "Deny"), ("guard", "Deny")):
            self.iam.put_user_policy(UserName="alice", PolicyName=name, PolicyDocument=document(effect))
        self.iam.create_login_profile(UserName="alice", Password="a-Long-1-password")  # noqa: S106
        key = self.iam.create_access_key(UserName="operator")["AccessKey"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "APPLY": "yes",
        }

    def alice(self) -> dict[str, Any]:
        attached = self.iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]
        return {
            "inline": sorted(self.iam.list_user_policies(UserName="alice")["PolicyNames"]),
            "attached": [one["PolicyArn"] for one in attached],
            "groups": [one["GroupName"] for one in self.iam.list_groups_for_user(UserName="alice")["Groups"]],
        }


def policy(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def revoked() -> list[ReviewItem]:
    alice, operator = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "operator"))
    inline, group = EntitlementType.INLINE_POLICY, f"arn:aws:iam::{ACCOUNT}:group/staff"

    def item(holder: str, kind: EntitlementType, key: str, name: str, **evidence: Any) -> ReviewItem:
        return ReviewItem(ACCOUNT, holder, "user", kind, key, name, evidence)

    return [
        item(alice, inline, f"{alice}#inline/hold", "hold"),
        item(alice, inline, f"{alice}#inline/guard", "guard", only_denies=True),
        item(alice, inline, f"{alice}#inline/own", "own"),
        item(alice, EntitlementType.GROUP, group, "staff"),
        item(alice, EntitlementType.MANAGED_POLICY, policy("read"), "read"),
        item(alice, EntitlementType.CONSOLE_PASSWORD, f"{alice}#password", "console password"),
        item(operator, EntitlementType.MANAGED_POLICY, policy("read"), "read"),
    ]


def test_interrupted_and_run_again_it_comes_to_the_same_end(endpoint: str, tmp_path: Path) -> None:
    cloud, items, review = Cloud(endpoint, tmp_path), revoked(), tmp_path / "q3.iamreview"
    with ReviewFile.create(review, Head("r-1", "Q3", "ab" * 32, "a.json", NOW), [], items, []) as file:
        file.record({one.line_id: decision(ReviewDecision.REVOKE) for one in items}, ANA, lambda: NOW)
        rows = list(EvidenceContext(file, None, NOW).rows())
    script = tmp_path / "remediation.sh"
    script.write_text("\n".join(remediation_script("r-1", rows, [])) + "\n")

    before = cloud.alice()
    with subprocess.Popen(
        ["sh", script], env=cloud.environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if line.startswith("done:"):
                break
        os.killpg(first.pid, signal.SIGKILL)
    assert cloud.alice() != before

    again = subprocess.run(
        ["sh", script],
        env={**cloud.environment, "WIDEN": "yes"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, (again.stdout, again.stderr)
    assert cloud.alice() == {"inline": ["guard"], "attached": [], "groups": []}
    assert len(cloud.iam.list_attached_user_policies(UserName="operator")["AttachedPolicies"]) == 1
    done, gone, hand, kept, skipped, failed = (int(one.split()[0]) for one in again.stdout.splitlines()[-2].split(", "))
    assert (done + gone, hand, kept, skipped, failed) == (5, 1, 0, 1, 0)
    assert gone >= 1
    acts = [line for line in again.stdout.splitlines() if line.startswith("done:")]
    assert acts[-1].endswith("--policy-name hold"), "what denies goes last"

    for log in sorted((tmp_path / "remediation-kept").glob("*.log")):
        found, state = close_out_review(review, log, ANA)
        assert found.refused == ()
    assert (state.closed, state.open, dict(state.by_outcome)) == (5, 2, {"by_hand": 1, "skipped": 1})

    undone = subprocess.run(
        ["sh", tmp_path / "remediation-kept" / "undo.sh"],
        env=cloud.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert undone.returncode == 0, undone.stderr
    assert "aws iam create-login-profile --user-name alice" in undone.stdout
    assert cloud.alice() == before
