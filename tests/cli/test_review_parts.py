"""A review among many reviewers in the terminal: assigned, split, decided and signed alone, merged."""

import csv
import email
import json
import os
import shutil
import signal
import subprocess
import sys
from email import policy
from pathlib import Path

import pytest

from iamdesk.resource_files import sample_snapshot
from iamdesk.review.review_file import ReviewFile

from .conftest import Run

SIGNS = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")


@pytest.fixture
def run(iamdesk: Run, sample_review: Path, tmp_path: Path) -> Run:
    shutil.copy(sample_review, tmp_path / "q4.iamreview")

    def check(*words: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = iamdesk(*map(str, words))
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return check


def rules(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rules.csv").write_text(text)
    return tmp_path / "rules.csv"


def items(path: Path) -> list[str]:
    with ReviewFile.open(path, writable=False) as review:
        return list(review.ids)


def split(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    run(
        "review",
        "assign",
        "q4.iamreview",
        "--rules",
        rules(tmp_path, "class,reviewer,due\nrole,Ana,2026-01-31\n,Ben,\n"),
    )
    done = run("review", "split", "q4.iamreview", "-o", "parts", "--by", "Cara")
    assert "2 parts in parts" in done.stderr
    return tmp_path / "parts" / "Ana.iamreview", tmp_path / "parts" / "Ben.iamreview"


def test_what_fits_no_rule_is_told(run: Run, tmp_path: Path) -> None:
    done = run("review", "assign", "q4.iamreview", "--rules", rules(tmp_path, "class,reviewer\nrole,Ana\n"), status=1)
    assert ": the review cannot be completed until they are assigned" in done.stderr
    run("review", "split", "q4.iamreview", "-o", "parts")
    told = run("review", "progress", "parts", "--review", "q4.iamreview")
    assert "items: they have no reviewer" in told.stderr


def test_rules_that_need_more_say_what(run: Run, tmp_path: Path) -> None:
    by_tag = rules(tmp_path, "tag,reviewer\nteam=data,Ana\n")
    assert "--snapshot" in run("review", "assign", "q4.iamreview", "--rules", by_tag, status=2).stderr
    by_manager = rules(tmp_path, "reviewer\n@manager\n")
    assert "--managers" in run("review", "assign", "q4.iamreview", "--rules", by_manager, status=2).stderr


def test_managers_review_their_people(run: Run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("principal,manager\nana,Mia\nbackup-role,Max\n")
    with ReviewFile.open(tmp_path / "q4.iamreview", writable=False) as review:
        name = next(one.holder_arn.rpartition("/")[2] for one in review.each_line() if ":user/" in one.holder_arn)
    (tmp_path / "people.csv").write_text(f"principal,manager\n{name},Mia\n")
    path = rules(tmp_path, "reviewer\n@manager\nRest\n")
    done = run("review", "assign", "q4.iamreview", "--rules", path, "--managers", "people.csv")
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"Mia", "Rest"}


def test_snapshot_must_be_that_of_the_review(run: Run, tmp_path: Path) -> None:
    other = json.loads(sample_snapshot().read_text())
    (tmp_path / "other.json").write_text(json.dumps(other))
    words = ("--rules", rules(tmp_path, "tag,reviewer\nteam,Ana\n,Ben\n"), "--snapshot")
    done = run("review", "assign", "q4.iamreview", *words, "other.json", status=2)
    assert "the review is not of the snapshot other.json" in done.stderr
    run("review", "assign", "q4.iamreview", *words, sample_snapshot())


@SIGNS
def test_whole_way_from_assigning_to_the_merged_review(run: Run, key: Path, tmp_path: Path) -> None:
    ana, ben = split(run, tmp_path)
    of_ana, of_ben = items(ana), items(ben)
    assert sorted(of_ana + of_ben) == sorted(items(tmp_path / "q4.iamreview"))
    # in the terminal
    run("review", "decide", ana, "--decision", "keep", "--reason", "runs it", "--reviewer", "Ana", *lines(of_ana))
    # in a sheet
    run("export", ben, "--snapshot", sample_snapshot(), "-o", "ben-pack")
    sheet = tmp_path / "ben-pack" / "03_entitlements.csv"
    with sheet.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["decision"], row["decision_reason"] = "revoke", "left"
    sheet.chmod(0o644)
    with sheet.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    run("review", "fill", ben, sheet, "--reviewer", "Ben")
    # unsigned parts are refused where signatures are asked for
    run("review", "sign", ana, "--name", "Ana", "--key", key)
    done = run("review", "merge", "q4.iamreview", "parts", "--require-signature", status=2)
    assert "--allowed-signers" in done.stderr
    known = tmp_path / "signers"
    known.write_text(f"Ana {key.with_suffix('.pub').read_text()}")
    words = ("--require-signature", "--allowed-signers", known)
    shutil.copy(tmp_path / "q4.iamreview", tmp_path / "copy.iamreview")
    done = run("review", "merge", "copy.iamreview", "parts", *words, status=2)
    assert "Ben.iamreview: not signed with a key" in done.stderr
    assert f"Ana.iamreview  Ana: {len(of_ana)} decisions merged" in done.stdout
    run(
        "review",
        "decide",
        "q4.iamreview",
        "--decision",
        "modify",
        "--reason",
        "x",
        "--reviewer",
        "C",
        *lines(of_ana[:3]),
    )
    done = run("review", "merge", "q4.iamreview", "parts", "--by", "Cara", status=1)
    assert f"{len(of_ana) - 3} decisions merged" in done.stdout
    assert "signed by Ana, SHA256:" in done.stdout
    assert done.stdout.count("conflict  ") == 3
    found = json.loads(run("review", "conflicts", "q4.iamreview", "--format", "json", status=1).stdout)
    assert {one["Item"] for one in found} == set(of_ana[:3])
    for at, item in enumerate(of_ana[:3]):
        words = ("--take", "part" if at else "review", "--reason", "talked", "--by", "Cara")
        run("review", "resolve", "q4.iamreview", "--item", item, *words)
    run("review", "conflicts", "q4.iamreview")
    again = run("review", "merge", "q4.iamreview", "parts")
    assert "0 decisions merged" in again.stdout
    with ReviewFile.open(tmp_path / "q4.iamreview", writable=False) as review:
        choices = {one: review.decision(one).choice.value for one in review.ids}
        who = {decided.reviewer for one in of_ben if (decided := review.decided(one))}
    assert choices == {**dict.fromkeys(of_ana, "keep"), of_ana[0]: "modify", **dict.fromkeys(of_ben, "revoke")}
    assert who == {"Ben"}
    run("export", "q4.iamreview", "--snapshot", sample_snapshot(), "-o", "pack")
    checks = json.loads(run("verify", "pack", "--format", "json").stdout)
    assert {one["Outcome"] for one in checks if one["Check"] == "journal"} == {"passed"}


def lines(ids: list[str]) -> list[str]:
    return [word for one in ids for word in ("--line", one)]


@SIGNS
def test_signature_of_another_state_is_refused(run: Run, key: Path, tmp_path: Path) -> None:
    ana, _ = split(run, tmp_path)
    run("review", "sign", ana, "--name", "Ana", "--key", key)
    run("review", "decide", ana, "--decision", "keep", "--reviewer", "Ana", *lines(items(ana)[:1]))
    done = run("review", "merge", "q4.iamreview", ana, status=2)
    assert "Ana.iamreview" in done.stderr
    assert "signed another manifest" in done.stderr or "another state" in done.stderr


def test_package_of_a_part_verifies(run: Run, tmp_path: Path) -> None:
    ana, _ = split(run, tmp_path)
    run("review", "decide", ana, "--decision", "keep", "--reviewer", "Ana", *lines(items(ana)[:1]))
    run("export", ana, "--snapshot", sample_snapshot(), "-o", "pack")
    assert "This is a part of review r-" in (tmp_path / "pack" / "01_statement.html").read_text(encoding="utf-8")
    checks = json.loads(run("verify", "pack", "--format", "json").stdout)
    assert [one for one in checks if one["Outcome"] == "failed"] == []


def test_progress_and_reminders(run: Run, tmp_path: Path) -> None:
    ana, ben = split(run, tmp_path)
    run("review", "decide", ben, "--decision", "keep", "--reviewer", "Ben", *lines(items(ben)[:1]))
    done = run("review", "progress", "parts", status=1)
    assert "overdue since 2026-01-31" in done.stdout
    assert "no due date" in done.stdout
    values = json.loads(run("review", "progress", "parts", "--format", "json", status=1).stdout)
    assert {one["Reviewer"]: one["Decided"] for one in values} == {"Ana": 0, "Ben": 1}
    run("review", "remind", "parts", "-o", "mail", "--review", "q4.iamreview", "--title", "Q4; prod, all")
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == ["Ana.eml", "Ana.ics", "Ben.eml"]
    mail = email.message_from_bytes((tmp_path / "mail" / "Ana.eml").read_bytes(), policy=policy.default)
    assert "Overdue" in mail["Subject"]
    assert "Ana.iamreview" in mail.get_content()
    entry = (tmp_path / "mail" / "Ana.ics").read_text(newline="")
    assert "DTSTART;VALUE=DATE:20260131\r\n" in entry
    assert "Q4\\; prod\\, all" in entry.replace("\r\n ", "")
    assert ana.exists()


def test_delegate_decides_and_hands_back(run: Run, tmp_path: Path) -> None:
    ana, _ = split(run, tmp_path)
    run("review", "delegate", ana, "--to", "Zoe", "--reviewer", "Ana", "--reason", "on leave")
    assert "delegated to Zoe" in run("review", "progress", "parts", status=1).stdout
    run("review", "decide", ana, "--decision", "keep", "--reviewer", "Zoe", *lines(items(ana)[:1]))
    run("review", "hand-back", ana, "--reviewer", "Zoe")
    assert "1 decision merged" in run("review", "merge", "q4.iamreview", ana).stdout


def test_item_is_handed_back_and_given_to_another_reviewer(run: Run, tmp_path: Path) -> None:
    ana, _ = split(run, tmp_path)
    item, other = items(ana)[:2]
    again = run("review", "return", ana, "--item", item, "--reviewer", "Ana", "--reason", "not my team", "--to", "Zoe")
    assert "1 item handed back" in again.stderr
    assert "1 handed back or given to others" in run("review", "progress", "parts", status=1).stdout
    assert "1 handed back" in run("review", "merge", "q4.iamreview", ana).stdout
    assert "1 undecided item has no reviewer" in run("review", "status", "q4.iamreview").stdout
    run("review", "reassign", "q4.iamreview", "--item", item, "--item", other, "--to", "Zoe", "--due", "2027-01-31")
    run("review", "split", "q4.iamreview", "-o", "more")
    assert set(items(tmp_path / "more" / "Zoe.iamreview")) == {item, other}
    run("review", "decide", ana, "--decision", "keep", "--reviewer", "Ana", *lines([other]))
    assert "rejected" in run("review", "merge", "q4.iamreview", ana, status=1).stdout


def test_many_rejections_for_one_reason_are_one_line(run: Run, tmp_path: Path) -> None:
    ana, _ = split(run, tmp_path)
    some = items(ana)[:5]
    given = [word for one in some for word in ("--item", one)]
    run("review", "reassign", "q4.iamreview", *given, "--to", "Zoe", "--due", "2027-01-31")
    run("review", "decide", ana, "--decision", "keep", "--reviewer", "Ana", "--reason", "needed", *lines(some))
    merged = run("review", "merge", "q4.iamreview", ana, status=1).stdout
    rejected = [line for line in merged.splitlines() if line.startswith("  rejected")]
    assert len(rejected) == 1
    assert "rejected  5 items: " in rejected[0]


KILLED = """
import os, sys, threading, time
from pathlib import Path
from iamdesk.review.coordination import merge_parts
from iamdesk.review.decisions import Reviewer
threading.Thread(target=lambda: (time.sleep(float(sys.argv[1])), os.kill(os.getpid(), 9)), daemon=True).start()
merge_parts(Path("q4.iamreview"), [(Path("parts/Ana.iamreview"), None), (Path("parts/Ben.iamreview"), None)],
            Reviewer("Cara", "cara"))
"""


def test_killed_merge_leaves_each_part_whole_or_not_taken(run: Run, tmp_path: Path) -> None:
    ana, ben = split(run, tmp_path)
    for part, name in ((ana, "Ana"), (ben, "Ben")):
        run("review", "decide", part, "--decision", "keep", "--reason", "x", "--reviewer", name, *lines(items(part)))
    counts = {len(items(ana)), len(items(ben)), 0}
    fresh = (tmp_path / "q4.iamreview").read_bytes()
    for at in range(8):
        (tmp_path / "q4.iamreview").write_bytes(fresh)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(0.02 * at)], cwd=tmp_path, check=False, env=environment
        )
        assert done.returncode in (0, -signal.SIGKILL)
        with ReviewFile.open(tmp_path / "q4.iamreview") as review:
            assert review.damages() == ()
            taken: dict[str, int] = {}
            for entry in review.journal():
                assert entry.origin is not None
                taken[entry.origin.review_id] = taken.get(entry.origin.review_id, 0) + 1
            assert set(taken.values()) <= counts
        run("review", "merge", "q4.iamreview", "parts")
        with ReviewFile.open(tmp_path / "q4.iamreview", writable=False) as review:
            assert all(review.decision(one).choice.value == "keep" for one in review.ids)
