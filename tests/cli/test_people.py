"""A review with a list of people, from the terminal to verified evidence and the follow-up review."""

import csv
import json
from pathlib import Path

from iamdesk.api import Workbench
from iamdesk.export.evidence.manifest import PEOPLE as PEOPLE_CSV
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.people import PEOPLE

from ..builders import entries
from ..builders.captures import allow, document, trusting, user_arn
from .conftest import Run

LIST = (
    "id,user,name,status,manager,department\n7,ana,Ana Moreno,{status},Quentin,{department}\n8,zoe,Zoë,active,,Sales\n"
)


def snapshot(path: Path) -> Path:
    """Users ana and robot, each with an inline policy, and a role that ana can assume."""
    own = ("own", document(allow("sts:AssumeRole")))
    users = [entries.user(name, own) for name in ("ana", "robot")]
    role = entries.role("deploy", trust=trusting({"AWS": user_arn("ana")}))
    return entries.write(path, users=users, roles=[role])


def listed(path: Path, status: str = "active", department: str = "Payments") -> Path:
    path.write_text(LIST.format(status=status, department=department), encoding="utf-8")
    return path


def test_persons_from_new_review_to_evidence(iamdesk: Run, tmp_path: Path) -> None:
    account, people, review = (
        snapshot(tmp_path / "a.json"),
        listed(tmp_path / "hr.csv", "left"),
        tmp_path / "q.iamreview",
    )
    done = iamdesk("review", "new", account, "-o", review, "--people", people, "--join", "name")
    assert done.returncode == 0, done.stderr
    assert "1 person has access: 1 left, 0 moved; 1 user is not in the list." in done.stderr

    shown = iamdesk("review", "entitlements", review, "--by", "person")
    lines = shown.stdout.splitlines()
    assert lines[0] == "Ana Moreno  manager Quentin  Left  user/ana"
    own, role = (
        next(line for line in lines if text in line) for text in ("user ana: inline policy own", "role deploy:")
    )
    assert "[" not in own
    assert "[assume arn:aws:iam::111122223333:role/deploy]" in role
    assert any(line.startswith("arn:aws:iam::111122223333:user/robot  Unknown") for line in lines)
    found = json.loads(iamdesk("review", "entitlements", review, "--by", "person", "--format", "json").stdout)
    assert [(one["Person"], one["Status"]) for one in found] == [("7", "left"), (None, "unknown")]

    pack = tmp_path / "pack"
    assert iamdesk("export", review, "--snapshot", account, "-o", pack).returncode == 0
    with (pack / PEOPLE_CSV).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["person_name"], row["employment_status"], row["own_entitlements"]) for row in rows] == [
        ("Ana Moreno", "left", "1"),
        ("", "unknown", "1"),
    ]
    assert rows[0]["through_roles_and_groups"] == "1"
    annex = (pack / "01_annex.html").read_text(encoding="utf-8")
    assert (
        "Ana Moreno left according to the list of people, and still had entitlements at the time of the snapshot: 1 of "
        "any kind, undecided 1" in annex
    )
    with (pack / "03_entitlements.csv").open(encoding="utf-8-sig", newline="") as file:
        items = {row["holder_display"]: row for row in csv.DictReader(file)}
    assert (items["user ana"]["person_id"], items["user ana"]["person_manager"]) == ("7", "Quentin")
    assert items["user robot"]["employment_status"] == "unknown"
    page = (pack / "01_statement.html").read_text(encoding="utf-8")
    digest = json.loads(json.loads((pack / "review.json").read_bytes())["review"]["details"][PEOPLE])["sha256"]
    assert digest in page
    assert "Zoë" not in page + (pack / "review.json").read_text(encoding="utf-8")  # no access: only counted
    verified = iamdesk("verify", pack)
    assert verified.returncode == 0, verified.stdout
    assert "people joined again: 2 principals have the same values and roles" in verified.stdout


def test_a_follow_up_asks_again_for_what_leavers_and_movers_have(iamdesk: Run, tmp_path: Path) -> None:
    account, q3 = snapshot(tmp_path / "a.json"), tmp_path / "q3.iamreview"
    new = ("review", "new", account, "--join", "name")
    assert iamdesk(*new, "-o", q3, "--people", listed(tmp_path / "hr.csv")).returncode == 0
    desk = Workbench.open_review(q3)
    desk.record({one: ItemDecision(ReviewDecision.KEEP, "needed") for one in desk.file.ids}, Reviewer("Tom", "tom"))
    total = len(desk.lines)
    desk.close()
    for name, status, department, sentence in (
        ("same", "active", "Payments", ""),
        ("left", "left", "Payments", "Ana Moreno, the person it belongs to, left."),
        ("moved", "active", "Fraud", "Ana Moreno, the person it belongs to, moved: before Payments, Quentin."),
    ):
        q4, people = tmp_path / f"{name}.iamreview", listed(tmp_path / f"{name}.csv", status, department)
        done = iamdesk(*new, "-o", q4, "--people", people, "--previous", q3, "--previous-snapshot", account)
        assert done.returncode == 0, done.stderr
        desk = Workbench.open_review(q4, writable=False)
        asked = [one for one in desk.lines if one.evidence["since_last"]["asked"]]
        assert desk.waiting == len(asked)
        desk.close()
        assert [one.evidence["since_last"]["reasons"] for one in asked] == ([[sentence]] if sentence else [])
        assert [one.evidence["since_last"]["kinds"] for one in asked] == ([["person"]] if sentence else [])
        assert f"{total - bool(sentence)} decisions on entitlements" in done.stdout


def test_list_and_key_require_each_other_and_a_bad_list_makes_no_review(iamdesk: Run, tmp_path: Path) -> None:
    account, review = snapshot(tmp_path / "a.json"), tmp_path / "q.iamreview"
    new = ("review", "new", account, "-o", review)
    assert "require each other" in iamdesk(*new, "--join", "name").stderr
    people = listed(tmp_path / "hr.csv", "gone?")
    done = iamdesk(*new, "--people", people, "--join", "name")
    assert done.returncode == 2
    assert done.stderr.strip() == "iamdesk: hr.csv, row 2: unknown status `gone?`: expected active or left"
    assert not review.exists()
    assert iamdesk(*new).returncode == 0
    assert "no list of people" in iamdesk("review", "entitlements", review, "--by", "person").stderr


def test_a_decision_on_own_access_by_the_list_of_people_is_saved_with_a_warning(iamdesk: Run, tmp_path: Path) -> None:
    review = tmp_path / "q.iamreview"
    new = ("review", "new", snapshot(tmp_path / "a.json"), "-o", review, "--join", "name")
    assert iamdesk(*new, "--people", listed(tmp_path / "hr.csv")).returncode == 0
    lines = json.loads(iamdesk("review", "entitlements", review, "--format", "json").stdout)
    items = {one["line"]["holder_arn"].rpartition("/")[2]: one["line_id"] for one in lines}
    decide = ("review", "decide", review, "--decision", "keep", "--reviewer", "Ana Moreno", "--entitlement")
    warned = iamdesk(*decide, items["ana"])
    assert warned.returncode == 0
    assert "warning: Ana Moreno decided or approved 1 item of arn:aws:iam::111122223333:user/ana" in warned.stderr
    assert "warning" not in iamdesk(*decide, items["robot"]).stderr
    by_ben = ("review", "decide", review, "--decision", "revoke", "--reviewer", "Ben", "--entitlement", items["ana"])
    assert "warning" not in iamdesk(*by_ben).stderr
    approved = iamdesk("review", "approve", review, "--reviewer", "Ana Moreno", "--entitlement", items["ana"])
    assert "warning: Ana Moreno decided or approved 1 item" in approved.stderr


def test_revokes_that_rely_on_each_other_are_told(iamdesk: Run, tmp_path: Path) -> None:
    policy = document(allow("s3:Get*"))
    entries.write(tmp_path / "a.json", users=[entries.user("ana", ("one", policy), ("two", policy))])
    review = tmp_path / "q.iamreview"
    assert iamdesk("review", "new", tmp_path / "a.json", "-o", review).returncode == 0
    lines = json.loads(iamdesk("review", "entitlements", review, "--format", "json").stdout)
    one, two = (line["line_id"] for line in lines if line["line"]["type"] == "inline_policy")
    decide = ("review", "decide", review, "--decision", "revoke", "--reviewer", "Cara", "--entitlement")
    assert "warning" not in iamdesk(*decide, one).stderr
    assert "warning: 1 pair of revoked entitlements grants the same" in iamdesk(*decide, two).stderr
    assert json.loads(iamdesk("review", "status", review, "--format", "json").stdout)["RelyingRevokes"] == 2
    assert "2 revoked entitlements grant what other" in iamdesk("review", "status", review).stdout
    page = tmp_path / "page.html"
    assert iamdesk("export", review, "--format", "html", "--snapshot", tmp_path / "a.json", "-o", page).returncode == 0
    assert (
        "Principals that lose more by all of their revoked entitlements together than by each alone: 1."
        in page.read_text("utf-8")
    )
    script = tmp_path / "fix.sh"
    assert iamdesk("export", review, "--format", "sh", "-o", script).returncode == 0
    assert "Also revoked is what grants the same, or some of it: " in script.read_text("utf-8")


def test_an_exclusion_that_leaves_nothing_out_is_told(iamdesk: Run, tmp_path: Path) -> None:
    new = ("review", "new", snapshot(tmp_path / "a.json"), "-o", tmp_path / "q.iamreview")
    done = iamdesk(*new, "--exclude", "class:aws-service=by AWS", "--exclude", "entitlement:inline_policy=monthly")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "leaves nothing out" in line] == [
        "iamdesk: warning: excluding class:aws-service leaves nothing out: no item is of it"
    ]


def test_assigning_own_access_warns(iamdesk: Run, tmp_path: Path) -> None:
    account, people = snapshot(tmp_path / "a.json"), listed(tmp_path / "hr.csv")
    review, rules = tmp_path / "q.iamreview", tmp_path / "rules.csv"
    assert not iamdesk("review", "new", account, "-o", review, "--people", people, "--join", "name").returncode
    rules.write_text("class,reviewer\n,ana moreno\n", encoding="utf-8")
    done = iamdesk("review", "assign", review, "--rules", rules)
    assert done.returncode == 0, done.stderr
    assert "warning: ana moreno gets " in done.stderr
    assert (
        "of arn:aws:iam::111122223333:user/ana: according to the list of people, a person with the same or a "
        "similar name" in done.stderr
    )
    rules.write_text("class,reviewer\n,Quentin\n", encoding="utf-8")
    assert "warning" not in iamdesk("review", "assign", review, "--rules", rules).stderr
