"""``remediation.sh``, run by a shell against an account that changes: what it does, leaves, keeps and goes on over."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iamdesk.export.evidence.remediation_commands import remediation_script
from iamdesk.export.evidence.write import write_pack
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

from .conftest import ANA, NOW, decision

ACCOUNT = "111122223333"
type Json = dict[str, Any]


def document(*effects: str) -> Json:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": "s3:*", "Resource": "*"} for effect in effects],
    }


def policy(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def account() -> Json:
    """Return what the fake AWS holds."""
    return {
        "account": ACCOUNT,
        "calls": [],
        "denied": [],
        "policies": {policy("read"): document("Allow"), policy("guard"): document("Allow", "Deny")},
        "user": {
            "alice": {
                "inline": {"hold": document("Deny"), "own": document("Allow")},
                "attached": [policy("read"), policy("guard")],
                "groups": ["staff", "fenced", "quiet"],
            }
        },
        "group": {
            "staff": {"inline": {"a": document("Allow")}, "attached": [policy("read")]},
            "fenced": {"inline": {}, "attached": [policy("guard")]},
            "quiet": {"inline": {"a": document("Allow"), "b": document("Deny")}, "attached": []},
        },
        "role": {"app": {"inline": {"own": document("Allow")}, "attached": [policy("read")]}},
    }


def lines() -> list[ReviewItem]:
    """Return a line for everything in the account, what denies first."""
    state = account()
    found = []
    for kind in ("user", "role"):
        for name, entity in state[kind].items():
            arn = f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"
            found += [
                ReviewItem(ACCOUNT, arn, kind, EntitlementType.INLINE_POLICY, f"{arn}#inline/{inline}", inline, {})
                for inline in entity["inline"]
            ]
            for one in sorted(entity["attached"]):
                kept = one.rpartition("/")[2]
                found.append(ReviewItem(ACCOUNT, arn, kind, EntitlementType.MANAGED_POLICY, one, kept, {}))
            for group in entity.get("groups", ()):
                key = f"arn:aws:iam::{ACCOUNT}:group/{group}"
                found.append(ReviewItem(ACCOUNT, arn, kind, EntitlementType.GROUP, key, group, {}))
    return found


class Runner:
    """Runs the script of a review in which everything is revoked."""

    def __init__(self, folder: Path, revoked: list[ReviewItem]) -> None:
        self.folder = folder
        self.state_file = folder / "state.json"
        tools = folder / "bin"
        tools.mkdir()
        fake = tools / "aws"
        fake.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(FAKE))} "$@"\n')
        fake.chmod(0o755)
        self.path = f"{tools}:/usr/bin:/bin"
        head = Head("r-1", "Third quarter", "ab" * 32, "account.json", NOW)
        with ReviewFile.create(folder / "r.iamreview", head, [], revoked, []) as review:
            for line in revoked:
                review.record({line.line_id: decision(ReviewDecision.REVOKE)}, ANA, lambda: NOW)
            pack = write_pack(review, folder / "pack", evaluator=None, generated_at=NOW)
        self.script = pack / "remediation.sh"
        self.state = account()

    @property
    def state(self) -> Json:
        state: Json = json.loads(self.state_file.read_text())
        return state

    @state.setter
    def state(self, state: Json) -> None:
        self.state_file.write_text(json.dumps(state))

    def run(self, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": self.path, "FAKE_AWS_STATE": str(self.state_file), **more}
        return subprocess.run(
            [SHELL, self.script], env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def shell(self, text: str) -> None:
        environment = {"PATH": self.path, "FAKE_AWS_STATE": str(self.state_file)}
        subprocess.run([SHELL, "-c", text], env=environment, cwd=self.folder, check=True)


FAKE = Path(__file__).with_name("fake_aws.py")
SHELL = os.environ.get("TEST_SHELL", "sh")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path, lines())


def test_dry_it_calls_nothing(runner: Runner) -> None:
    done = runner.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("would run, in 111122223333: aws iam ") == len(lines())
    assert runner.state == account()


def test_for_another_account_it_changes_nothing(runner: Runner) -> None:
    runner.state = {**account(), "account": "444455556666"}
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert [call[:2] for call in runner.state["calls"]] == [["sts", "get-caller-identity"]]


def test_what_denies_is_left_until_it_is_told_and_goes_last(runner: Runner) -> None:
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "5 done, 0 already gone, 4 kept because of Deny statements, 0 failed"
    alice, app = runner.state["user"]["alice"], runner.state["role"]["app"]
    assert alice == {"inline": {"hold": document("Deny")}, "attached": [policy("guard")], "groups": ["fenced", "quiet"]}
    assert app == {"inline": {}, "attached": []}
    again = runner.run(APPLY="yes", WIDEN="yes")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == "4 done, 5 already gone, 0 kept because of Deny statements, 0 failed"
    assert runner.state["user"]["alice"] == {"inline": {}, "attached": [], "groups": []}


def test_run_twice_it_does_no_more(runner: Runner) -> None:
    runner.run(APPLY="yes")
    before = runner.state
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert {**runner.state, "calls": []} == {**before, "calls": []}
    assert done.stdout.splitlines()[-1] == "0 done, 5 already gone, 4 kept because of Deny statements, 0 failed"


def test_what_is_gone_or_fails_does_not_stop_the_rest(runner: Runner) -> None:
    state = account()
    del state["user"]["alice"]["inline"]["own"]
    state["user"]["alice"]["groups"].remove("staff")
    state["denied"] = ["detach-user-policy"]
    runner.state = state
    done = runner.run(APPLY="yes")
    assert done.returncode == 1
    assert "AccessDenied" in done.stderr
    assert done.stdout.splitlines()[-1] == "2 done, 2 already gone, 4 kept because of Deny statements, 1 failed"
    assert runner.state["role"]["app"] == {"inline": {}, "attached": []}


def test_what_fails_keeps_what_denies_in_place(runner: Runner) -> None:
    runner.state = {**account(), "denied": ["delete-user-policy"]}
    done = runner.run(APPLY="yes", WIDEN="yes")
    assert done.returncode == 1
    assert "fenced" in runner.state["user"]["alice"]["groups"]


def test_what_it_denies_that_nobody_may_look_up_is_left(runner: Runner) -> None:
    runner.state = {**account(), "denied": ["get-policy-version", "get-user-policy", "list-group-policies"]}
    done = runner.run(APPLY="yes", WIDEN="yes")
    assert done.returncode == 1
    assert runner.state["user"]["alice"] == account()["user"]["alice"]


def test_deleted_text_is_kept_and_can_be_put_back(runner: Runner) -> None:
    done = runner.run(APPLY="yes")
    kept = {path.name: json.loads(path.read_text()) for path in (runner.folder / "remediation-kept").iterdir()}
    assert kept == {
        f"{ACCOUNT}-user-alice-own.1.json": document("Allow"),
        f"{ACCOUNT}-role-app-own.1.json": document("Allow"),
    }
    told = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("its document is saved")]
    assert len(told) == 2
    for line in told:
        runner.shell(line)
    assert runner.state["user"]["alice"]["inline"]["own"] == document("Allow")
    runner.run(APPLY="yes")
    assert len(list((runner.folder / "remediation-kept").iterdir())) == 4, "what was kept is never overwritten"


def test_without_a_place_for_its_text_nothing_is_deleted(runner: Runner) -> None:
    (runner.folder / "remediation-kept").write_text("in the way")
    done = runner.run(APPLY="yes")
    assert done.returncode == 1
    assert "own" in runner.state["user"]["alice"]["inline"]


@pytest.mark.parametrize("name", ["file://x", "FILE:x", "fileb://x", "http://x", "https://x", "../../x", "-x", "a b"])
def test_an_odd_name_is_by_hand(tmp_path: Path, name: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(ACCOUNT, arn, "user", EntitlementType.INLINE_POLICY, f"{arn}#inline/{name}", name, {})
    runner = Runner(tmp_path, [line])
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert "by hand" in runner.script.read_text()
    assert [call[:2] for call in runner.state["calls"]] == [["sts", "get-caller-identity"]]


def test_a_group_that_is_named_as_a_file_is_by_hand(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(ACCOUNT, arn, "user", EntitlementType.GROUP, f"arn:aws:iam::{ACCOUNT}:group/x", "file:x", {})
    assert "take_membership 1" not in Runner(tmp_path, [line]).script.read_text()


@pytest.mark.skipif(shutil.which("dash") is None or shutil.which("bash") is None, reason="needs two shells")
def test_both_common_shells_read_it(runner: Runner) -> None:
    for shell in ("dash", "bash"):
        assert subprocess.run([shell, "-n", runner.script], check=False).returncode == 0


def test_nothing_revoked_is_a_script_that_ends_well(tmp_path: Path) -> None:
    script = "\n".join(remediation_script("r-1", [], []))
    path = tmp_path / "remediation.sh"
    path.write_text(script)
    assert subprocess.run([SHELL, path], check=False, capture_output=True).returncode == 0
