"""``remediation.sh``, run by a shell against an account that changes: what it does, leaves, keeps and goes on over."""

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iamdesk.export.evidence.remediation_commands import remediation_script
from iamdesk.export.evidence.result import Outcome as ResultOutcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.review.coordination import close_out_review
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
        "caller": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/ana",
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


def effect(kind: str, *, principals: int, losing: int = 0, gaining: int = 0, names: Sequence[str] = ()) -> Json:
    """Return the evidence of an effect."""
    counts = {"actions": 0, "by_level": {}, "by_class": {}}
    return {
        "kind": kind,
        "status": "changed",
        "alone": counts,
        "revoke": {"lost": {**counts, "in_part": 0, "sha256": ""}, "gained": {**counts, "in_part": 0, "sha256": ""}},
        "covered_by": [],
        "shadowed_by": [],
        "also_given": 0,
        "latent": 0,
        "affects": {
            "principals": principals,
            "losing": losing,
            "gaining": gaining,
            "names": list(names),
            "also_held_by": 0,
            "identical": {"principals": 0, "hold": 0},
        },
        "used": {"basis": "not captured"},
        "tier": 1,
        "suggestion": {"decision": "needs_judgement", "reason": "changed"},
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


def make(folder: Path, revoked: list[ReviewItem]) -> None:
    """Make a review in which everything is revoked, and its package."""
    head = Head("r-1", "Third quarter", "ab" * 32, "account.json", NOW)
    with ReviewFile.create(folder / "r.iamreview", head, [], revoked, []) as review:
        for line in revoked:
            review.record({line.line_id: decision(ReviewDecision.REVOKE)}, ANA, lambda: NOW)
        write_package(review, folder / "pack", evaluator=None, generated_at=NOW)


class Runner:
    """Runs the script of a review in which everything is revoked."""

    def __init__(self, folder: Path, revoked: list[ReviewItem] | None = None, *, made: Path | None = None) -> None:
        """``made`` has a review and its package, made for all; otherwise one of ``revoked`` is made."""
        self.folder = folder
        self.state_file = folder / "state.json"
        tools = folder / "bin"
        tools.mkdir()
        fake = tools / "aws"
        fake.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {shlex.quote(str(FAKE))} "$@"\n')
        fake.chmod(0o755)
        self.path = f"{tools}:/usr/bin:/bin"
        if made is not None:
            shutil.copytree(made, folder, dirs_exist_ok=True)
        elif revoked is not None:
            make(folder, revoked)
        self.script = folder / "pack" / "remediation.sh"
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

    def logs(self) -> list[list[str]]:
        """Return the lines of all logs, the oldest first, as columns."""
        logs = sorted((self.folder / "remediation-kept").glob("remediation-*.log"))
        return [line.split("\t") for log in logs for line in log.read_text().splitlines()]

    def shell(self, text: str) -> None:
        environment = {"PATH": self.path, "FAKE_AWS_STATE": str(self.state_file)}
        subprocess.run([SHELL, "-c", text], env=environment, cwd=self.folder, check=True)


FAKE = Path(__file__).with_name("fake_aws.py")
SHELL = os.environ.get("TEST_SHELL", "sh")


@pytest.fixture(scope="module")
def made_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make(folder, lines())
    return folder


@pytest.fixture
def runner(made_of_all: Path, tmp_path: Path) -> Runner:
    return Runner(tmp_path, made=made_of_all)


def test_dry_it_calls_nothing(runner: Runner) -> None:
    done = runner.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("would run, in 111122223333: aws iam ") == len(lines())
    assert runner.state == account()


def test_for_another_account_it_changes_nothing(runner: Runner) -> None:
    runner.state = {**account(), "account": "444455556666"}
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert [call[:2] for call in runner.state["calls"]] == [["sts", "get-caller-identity"]] * 2


def test_what_denies_is_left_until_it_is_told_and_goes_last(runner: Runner) -> None:
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.splitlines()[-2]
        == "5 done, 0 gone already, 0 by hand, 4 kept because of Deny statements, 0 skipped, 0 failed"
    )
    alice, app = runner.state["user"]["alice"], runner.state["role"]["app"]
    assert alice == {"inline": {"hold": document("Deny")}, "attached": [policy("guard")], "groups": ["fenced", "quiet"]}
    assert app == {"inline": {}, "attached": []}
    again = runner.run(APPLY="yes", WIDEN="yes")
    assert again.returncode == 0, again.stderr
    assert (
        again.stdout.splitlines()[-2]
        == "4 done, 5 gone already, 0 by hand, 0 kept because of Deny statements, 0 skipped, 0 failed"
    )
    assert runner.state["user"]["alice"] == {"inline": {}, "attached": [], "groups": []}


def test_run_twice_it_does_no_more(runner: Runner) -> None:
    runner.run(APPLY="yes")
    before = runner.state
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert {**runner.state, "calls": []} == {**before, "calls": []}
    assert (
        done.stdout.splitlines()[-2]
        == "0 done, 5 gone already, 0 by hand, 4 kept because of Deny statements, 0 skipped, 0 failed"
    )


def test_what_is_gone_or_fails_does_not_stop_the_rest(runner: Runner) -> None:
    state = account()
    del state["user"]["alice"]["inline"]["own"]
    state["user"]["alice"]["groups"].remove("staff")
    state["denied"] = ["detach-user-policy"]
    runner.state = state
    done = runner.run(APPLY="yes")
    assert done.returncode == 1
    assert "AccessDenied" in done.stderr
    assert (
        done.stdout.splitlines()[-2]
        == "2 done, 2 gone already, 0 by hand, 4 kept because of Deny statements, 0 skipped, 1 failed"
    )
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
    folder = runner.folder / "remediation-kept"
    kept = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert kept == {
        f"{ACCOUNT}-user-alice-own.1.json": document("Allow"),
        f"{ACCOUNT}-role-app-own.1.json": document("Allow"),
    }
    undo = folder / "undo.sh"
    assert sum(line.startswith("back 1") for line in undo.read_text().splitlines()) == 5
    before = runner.state
    runner.shell(f"sh {shlex.quote(str(undo))}")
    assert runner.state == before, "it is a dry run by default"
    runner.shell(f"APPLY=yes sh {shlex.quote(str(undo))}")
    restored, wanted = runner.state["user"]["alice"], account()["user"]["alice"]
    assert restored["inline"] == wanted["inline"]
    assert sorted(restored["attached"]) == sorted(wanted["attached"])
    assert sorted(restored["groups"]) == sorted(wanted["groups"])
    assert runner.state["role"] == account()["role"]
    done = runner.run(APPLY="yes")
    assert done.stdout.splitlines()[-2].startswith("5 done"), done.stderr
    assert len(list(folder.glob("*.json"))) == 4, "what was kept is never overwritten"


def test_a_guardrail_is_by_hand_even_if_widening_is_wanted(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    kinds: tuple[Json, Json] = ({"only_denies": True}, {"effect": effect("guardrail", principals=1, gaining=1)})
    revoked = [
        ReviewItem(ACCOUNT, arn, "user", EntitlementType.INLINE_POLICY, f"{arn}#inline/hold", "hold", kinds[0]),
        ReviewItem(
            ACCOUNT, arn, "user", EntitlementType.GROUP, f"arn:aws:iam::{ACCOUNT}:group/staff", "staff", kinds[1]
        ),
        ReviewItem(ACCOUNT, arn, "user", EntitlementType.INLINE_POLICY, f"{arn}#inline/own", "own", {}),
    ]
    runner = Runner(tmp_path, revoked)
    done = runner.run(APPLY="yes", WIDEN="yes")
    assert done.returncode == 0, done.stderr
    assert runner.state["user"]["alice"] == {
        **account()["user"]["alice"],
        "inline": {"hold": document("Deny")},
    }
    assert done.stdout.splitlines()[-2].startswith("1 done, 0 gone already, 2 by hand")
    assert done.stdout.count("by hand, in 111122223333: a guardrail, revoking it widens access") == 2


def test_roles_that_only_aws_can_change_are_by_hand_and_tickets_say_what_to_change(tmp_path: Path) -> None:
    sso = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_Plus_0123abcd"
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport"
    revoked = [
        ReviewItem(ACCOUNT, sso, "role", EntitlementType.MANAGED_POLICY, policy("read"), "read", {}),
        ReviewItem(ACCOUNT, sso, "role", EntitlementType.INLINE_POLICY, f"{sso}#inline/own", "own", {}),
        ReviewItem(ACCOUNT, sso, "role", EntitlementType.BOUNDARY, policy("guard"), "guard", {}),
        ReviewItem(ACCOUNT, sso, "role", EntitlementType.TRUST, "sso.amazonaws.com", "sso.amazonaws.com", {}),
        ReviewItem(ACCOUNT, linked, "role", EntitlementType.MANAGED_POLICY, policy("read"), "read", {}),
    ]
    runner = Runner(tmp_path, revoked)
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2].startswith("0 done, 0 gone already, 5 by hand")
    by_sso = (
        "only IAM Identity Center can change this role: change the permission set Admin_Plus, which changes it in all "
        f"accounts, or remove its assignments in account {ACCOUNT}"
    )
    by_service = "only the AWS service can change its service-linked role: change it in that service"
    assert done.stdout.count(f"by hand, in {ACCOUNT}: {by_sso} (") == 4
    assert done.stdout.count(f"by hand, in {ACCOUNT}: {by_service} (") == 1
    with (runner.script.parent / "tickets.csv").open(encoding="utf-8", newline="") as file:
        tickets = [one["Description"] for one in csv.DictReader(file)]
    assert sum(f"By hand: {by_sso}." in one for one in tickets) == 4
    assert sum(f"By hand: {by_service}." in one for one in tickets) == 1
    assert not any("Command:" in one for one in tickets)
    assert "aws iam de" not in (runner.script.parent / "07_remediation.csv").read_text()


@pytest.mark.parametrize(
    ("caller", "left"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/team/alice", {"user"}),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session", {"role"}),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/appx/app", set()),
        (f"arn:aws:iam::{ACCOUNT}:root", set()),
    ],
)
def test_the_caller_is_not_locked_out(runner: Runner, caller: str, left: set[str]) -> None:
    runner.state = {**account(), "caller": caller}
    done = runner.run(APPLY="yes", WIDEN="yes")
    assert done.returncode == 0, done.stderr
    for kind in ("user", "role"):
        assert (runner.state[kind] == account()[kind]) is (kind in left)
    assert (f"skipped, the caller {caller} uses it: aws iam" in done.stdout) is bool(left)


def test_what_the_groups_of_the_caller_give_is_skipped(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:group/staff"
    revoked = [ReviewItem(ACCOUNT, arn, "group", EntitlementType.MANAGED_POLICY, policy("read"), "read", {})]
    runner = Runner(tmp_path, revoked)
    runner.state = {**account(), "caller": f"arn:aws:iam::{ACCOUNT}:user/alice"}
    assert "1 skipped, 0 failed" in runner.run(APPLY="yes").stdout
    runner.state = {**runner.state, "denied": ["list-groups-for-user"]}
    assert "its groups cannot be read" in runner.run(APPLY="yes").stdout
    assert runner.state["group"] == account()["group"]
    runner.state = {**account(), "caller": f"arn:aws:iam::{ACCOUNT}:root"}
    assert runner.run(APPLY="yes").stdout.startswith("done: aws iam detach-group-policy")


def test_the_last_that_is_revoked_is_restored_first(runner: Runner) -> None:
    runner.run(APPLY="yes", WIDEN="yes")
    undone = [
        one for one in (runner.folder / "remediation-kept" / "undo.sh").read_text().splitlines() if "back 1" in one
    ]
    done = [columns[4].split() for columns in runner.logs() if columns[3] == "done"]
    assert len(undone) == len(done) == 9
    assert [one.split()[5:9] for one in undone[:3]] == [one[3:7] for one in reversed(done[-3:])]


def test_what_fails_leaves_no_way_back(runner: Runner) -> None:
    runner.state = {**account(), "denied": ["detach-user-policy", "delete-role-policy"]}
    assert runner.run(APPLY="yes").returncode == 1
    undo = (runner.folder / "remediation-kept" / "undo.sh").read_text()
    assert undo.count("\nback 1") == 3
    assert "attach-user-policy" not in undo
    assert "put-role-policy" not in undo


def test_what_cannot_be_looked_up_is_left(runner: Runner) -> None:
    runner.state = {**account(), "denied": ["list-attached-user-policies", "list-groups-for-user"]}
    done = runner.run(APPLY="yes")
    assert done.returncode == 1
    assert done.stderr.count("failed, it cannot be looked up: aws iam") == 5
    assert runner.state["user"]["alice"]["attached"] == account()["user"]["alice"]["attached"]


def test_the_log_closes_what_was_removed(runner: Runner) -> None:
    runner.state = {**account(), "denied": ["detach-role-policy"]}
    runner.run(APPLY="yes")
    first, *_ = logs = sorted((runner.folder / "remediation-kept").glob("*.log"))
    assert len(logs) == 1
    review = runner.folder / "r.iamreview"
    found, state = close_out_review(review, first, ANA)
    assert (len(found.recorded), found.repeated, found.refused) == (9, 0, ())
    assert (state.closed, state.open, dict(state.by_outcome)) == (4, 5, {"kept": 4, "failed": 1})
    again, state = close_out_review(review, first, ANA)
    assert (again.recorded, again.repeated, state.closed) == ((), 9, 4)
    runner.state = {**runner.state, "denied": []}
    assert runner.run(APPLY="yes", WIDEN="yes").returncode == 0
    second = next(one for one in (runner.folder / "remediation-kept").glob("*.log") if one != first)
    found, state = close_out_review(review, second, ANA)
    assert (found.refused, state.closed, state.open) == ((), 9, 0)
    with ReviewFile.open(review, writable=False) as file:
        assert {event.actor for event in file.events()} == {ANA.name}
        pack = write_package(file, runner.folder / "after", evaluator=None, generated_at=datetime.now(UTC))
    with (pack / "07_remediation.csv").open(encoding="utf-8-sig", newline="") as table:
        assert all(row["closed_utc"] for row in csv.DictReader(table))
    results = list(verify(pack))
    assert [str(one.sentence) for one in results if one.outcome is ResultOutcome.FAILED] == []


def test_no_name_is_run(tmp_path: Path) -> None:
    """Neither the script nor what it writes for a restore runs a part of a name."""
    name = "x'`touch${IFS}pwned`$(touch${IFS}pwned);touch<pwned"
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(ACCOUNT, arn, "user", EntitlementType.GROUP, f"arn:aws:iam::{ACCOUNT}:group/{name}", name, {})
    runner = Runner(tmp_path, [line])
    state = account()
    state["user"]["alice"]["groups"] = [name]
    state["group"][name] = {"inline": {}, "attached": []}
    runner.state = state
    done = runner.run(APPLY="yes")
    assert (done.returncode, runner.state["user"]["alice"]["groups"]) == (0, []), done.stderr
    runner.shell("APPLY=yes sh remediation-kept/undo.sh")
    assert runner.state["user"]["alice"]["groups"] == [name]
    assert [*tmp_path.rglob("pwned")] == []


@pytest.mark.parametrize(("account_id", "name"), [("../../x", "staff"), (ACCOUNT, "a b")])
def test_what_no_account_can_have_is_by_hand(tmp_path: Path, account_id: str, name: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(account_id, arn, "user", EntitlementType.GROUP, f"arn:aws:iam::{ACCOUNT}:group/x", name, {})
    assert f"take_membership {line.line_id}" not in Runner(tmp_path, [line]).script.read_text()


def test_who_is_affected_is_told(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:group/staff"
    evidence = {"effect": effect("grant", principals=3, losing=3, names=["arn:a\nrm -r", "arn:b"])}
    line = ReviewItem(ACCOUNT, arn, "group", EntitlementType.MANAGED_POLICY, policy("read"), "read", evidence)
    script = Runner(tmp_path, [line]).script.read_text()
    assert "#   affected: 3, 3 lose and 0 gain: arn:a\\u000arm -r, arn:b and 1 more" in script


def test_without_a_place_for_its_text_nothing_is_deleted(runner: Runner) -> None:
    (runner.folder / "remediation-kept").write_text("in the way")
    done = runner.run(APPLY="yes")
    assert done.returncode == 1
    assert runner.state["user"] == account()["user"]


@pytest.mark.parametrize("name", ["file://x", "FILE:x", "fileb://x", "http://x", "https://x", "../../x", "-x", "a b"])
def test_an_odd_name_is_by_hand(tmp_path: Path, name: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(ACCOUNT, arn, "user", EntitlementType.INLINE_POLICY, f"{arn}#inline/{name}", name, {})
    runner = Runner(tmp_path, [line])
    done = runner.run(APPLY="yes")
    assert done.returncode == 0, done.stderr
    assert "by hand" in runner.script.read_text()
    assert [call[:2] for call in runner.state["calls"]] == [["sts", "get-caller-identity"]] * 2


def test_a_group_that_is_named_as_a_file_is_by_hand(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    line = ReviewItem(ACCOUNT, arn, "user", EntitlementType.GROUP, f"arn:aws:iam::{ACCOUNT}:group/x", "file:x", {})
    assert f"take_membership {line.line_id}" not in Runner(tmp_path, [line]).script.read_text()


@pytest.mark.skipif(shutil.which("dash") is None or shutil.which("bash") is None, reason="needs two shells")
def test_both_common_shells_read_it(runner: Runner) -> None:
    for shell in ("dash", "bash"):
        assert subprocess.run([shell, "-n", runner.script], check=False).returncode == 0


def test_nothing_revoked_is_a_script_that_ends_well(tmp_path: Path) -> None:
    script = "\n".join(remediation_script("r-1", [], []))
    path = tmp_path / "remediation.sh"
    path.write_text(script)
    assert subprocess.run([SHELL, path], check=False, capture_output=True).returncode == 0
