"""What an auditor asks of the statement: short, controls, capture, reconciliation, time, reviewers, exceptions."""

import csv
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence.columns import DecidedLine
from iamdesk.export.evidence.controls import ControlResults, controls
from iamdesk.export.evidence.report_people import data_and_period
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.resource_files import resources
from iamdesk.review.assignment import assignment_details, read_rules
from iamdesk.review.coordination import plan_assignment
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.description import describe_with
from iamdesk.review.events import EventKind
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.people import Joined, People, Person, PersonState
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head

from .conftest import ANA, BEN, NOW


@pytest.fixture(scope="module")
def signed_off(decided: Path, sample: SnapshotSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a review whose every item is decided, with exceptions that are approved, and people stated."""
    folder = tmp_path_factory.mktemp("complete")
    path = folder / "q3.iamreview"
    path.write_bytes(decided.read_bytes())
    people = folder / "reviewers.csv"
    people.write_text("name,role,competence\nAna Moreno,Head of platform,runs the accounts\n", encoding="utf-8")
    stated = describe_with("Tom Reed", "aws iam get-account-authorization-details", date(2026, 11, 30), people)
    with ReviewFile.open(path) as review:
        review.append([], [(EventKind.DESCRIBE, stated.as_json())], BEN, lambda: NOW + timedelta(minutes=1))
        at = NOW + timedelta(minutes=5)
        rest = [one for one in review.ids if review.decision(one).choice is ReviewDecision.UNDECIDED]
        review.record(dict.fromkeys(rest, ItemDecision(ReviewDecision.KEEP, "needed by the team")), ANA, lambda: at)
        for number, line_id in enumerate(review.ids):
            current = review.decision(line_id)
            if current.choice is ReviewDecision.EXCEPT:
                wanted = ItemDecision(
                    ReviewDecision.EXCEPT, current.comment, "Chloé", date(2099, 3, 31), compensating="weekly log review"
                )
                review.record({line_id: wanted}, ANA, lambda: at + timedelta(minutes=1))
                if number % 2:
                    approved = ItemDecision(
                        wanted.choice, wanted.comment, wanted.owner, wanted.expiry, BEN.name, "", wanted.compensating
                    )
                    review.record({line_id: approved}, BEN, lambda: at + timedelta(minutes=2))
    with ReviewFile.open(path, writable=False) as review:
        return write_package(review, folder / "pack", evaluator=sample.evaluator, generated_at=NOW + timedelta(days=1))


def text_of(pack: Path, name: str) -> str:
    page = html.unescape((pack / name).read_text(encoding="utf-8"))
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def section(pack: Path, title: str, name: str = "01_statement.html") -> str:
    page = (pack / name).read_text(encoding="utf-8")
    start = page.index(f"<h2>{title}")
    end = page.find("<h2>", start + 4)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page[start : end if end > 0 else None])).split())


@pytest.mark.parametrize("name", ["made", "signed_off"])
def test_the_statement_has_at_most_ten_pages(name: str, request: pytest.FixtureRequest) -> None:
    pack: Path = request.getfixturevalue(name)
    counts = json.loads((pack / "00_manifest.json").read_bytes())["counts"]
    assert counts["entitlements"] > 150
    assert len(PdfReader(pack / "01_statement.pdf").pages) <= 10
    assert len(PdfReader(pack / "01_annex.pdf").pages) > 20


def test_the_statement_stays_short_for_a_large_review(tmp_path: Path) -> None:
    """Thousands of items, with long reasons, many reviewers and hundreds of exceptions."""
    lines = [
        ReviewItem(
            f"{100000000000 + at % 300}",
            f"arn:aws:iam::{100000000000 + at % 300}:user/path/of/a/team/{at}",
            "user",
            EntitlementType.MANAGED_POLICY,
            f"arn:aws:iam::aws:policy/{at}",
            f"Policy{at}",
            {"administration": {"reaches": "is", "steps": 0}, "holder_class": "human"},
        )
        for at in range(1500)
    ]
    gaps = [
        {
            "finding_id": f"f{at}",
            "severity": "info",
            "check_id": "CMP-01",
            "finding": f"{at} " + "is missing in this account. " * 6,
            "subject_arn": "",
            "account_id": f"{100000000000 + at}",
        }
        for at in range(300)
    ]
    path = tmp_path / "large.iamreview"
    head = Head("r-1", "L" * 300, "ab" * 32, "large", NOW, details={"standards": "PCI DSS 7.2.4, " * 20})
    why = "the migration takes until spring, and the vendor does not support anything else by then; " * 3
    with ReviewFile.create(path, head, [], lines, gaps) as review:
        for at in range(90):
            who = Reviewer(f"Reviewer {at} of the department of reviews", "account")
            choice = ItemDecision(ReviewDecision.EXCEPT, f"{why} {at % 7}", "Chloé", date(2099, 3, 31))
            review.record({line.line_id: choice for line in lines[at::90]}, who, lambda: NOW)
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=NOW)
    assert len(PdfReader(pack / "01_statement.pdf").pages) <= 10


def test_each_control_has_a_page_of_its_own(signed_off: Path) -> None:
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(signed_off / "01_annex.pdf").pages]
    for control in controls():
        (page,) = [one for one in pages if f"Control {control.id}:" in one]
        assert control.asks[0][:40] in page
        assert control.url in page.replace(" ", "")
        assert control.not_shown[0][:30] in page
        assert "Population" in page
    assert sum("Control " in one and "Asks, in our words" in one for one in pages) == len(controls()) == 8


def test_populations_of_controls_are_counted_from_the_items(signed_off: Path) -> None:
    document = json.loads((signed_off / "review.json").read_bytes())
    lines = document["entitlements"]
    table = section(signed_off, "8. Controls")
    everything = "SOC 2 CC6.3 Access follows roles, least privilege and segregation of duties"
    kept = {(one["line"]["account_id"], one["line"]["holder_arn"]) for one in lines}
    excepted = sum(one["decision"]["choice"] == "except" for one in lines)
    changed = sum(one["decision"]["choice"] in ("revoke", "modify") for one in lines)
    holders = len({arn for _, arn in kept})
    assert f"{everything} {holders} {len(lines)} 0 {excepted} {changed}" in table
    credentials = {"access_key", "console_password", "root_access", "permission_set"}
    mine = [one for one in lines if one["line"]["type"] in credentials]
    assert mine
    assert re.search(
        rf"SOC 2 CC6\.2 .* removed when access ends {len({one['line']['holder_arn'] for one in mine})} "
        rf"{len(mine)} ",
        table,
    )
    machines = [
        one for one in lines if one["line"]["evidence"].get("holder_class", "unknown") in ("machine", "unknown")
    ]
    assert f" {len(machines)} " in table[table.index("PCI DSS 7.2.5.1") :][:90]


def test_users_of_persons_are_no_application_accounts() -> None:
    """Not by a tag, which may name who is responsible, and not against the credential report."""
    users = {name: f"arn:aws:iam::111122223333:user/{name}" for name in ("ana", "ci", "batch", "nobody")}
    joined = {
        users["ana"]: Joined("1", "name=user", "ana"),
        users["ci"]: Joined("1", "tag:Owner=email", "ana@example.com"),
        users["batch"]: Joined("1", "name=user", "batch"),
        users["nobody"]: Joined("", "", "nobody"),
    }
    people = People("people.csv", "ab" * 32, ("name=user",), 1, {"1": Person("1", 2, "Ana")}, joined, {})
    results = ControlResults(people)
    for name, arn in users.items():
        evidence = {"holder_class": "machine" if name == "batch" else "unknown"}
        item = ReviewItem("111122223333", arn, "user", EntitlementType.MANAGED_POLICY, "p", "p", evidence)
        results.take(DecidedLine("r-1", item.line_id, item, "", ItemDecision(), None, ()), is_open=True)
    by_id = {one.control.id: one for one in results.results}
    applications = by_id["PCI DSS 7.2.5.1"]
    assert applications.holders == set(users.values()) - {users["ana"]}
    assert applications.persons_words == (
        "without IAM users of unknown kind that the list of people joins with a person, by name=user (1)"
    )
    assert users["ana"] in by_id["PCI DSS 7.2.4"].holders
    assert by_id["PCI DSS 7.2.4"].persons_words == ""


def test_the_data_of_controls_names_what_the_program_knows() -> None:
    kinds = {one.value for one in EntitlementType}
    for control in controls():
        assert control.types <= kinds
        assert control.holders <= {"human", "machine", "third_party", "root", "unknown"}
        assert control.url.startswith("https://")
        assert control.asks
        assert control.not_shown


def test_capture_is_asked_for_and_printed_as_stated(made: Path, signed_off: Path) -> None:
    asked = section(made, "2. Source")
    assert "Not known: who captured the snapshot and with which query and filters." in asked
    told = section(signed_off, "2. Source")
    assert (
        "As stated (stated by Ben Okafor): captured by Tom Reed, with: aws iam get-account-authorization-details"
        in told
    )
    assert "Not known" not in told


def test_time_and_care_are_told_as_facts(signed_off: Path) -> None:
    told = section(signed_off, "5. Time, and how decisions were made")
    assert "Due day 2026-11-30" in told
    entries = [json.loads(line) for line in (signed_off / "09_journal.jsonl").read_bytes().splitlines()]
    decided = [
        f"{one['moment'][:10]} {one['moment'][11:16]} UTC"
        for one in entries
        if {**one["before"], "second": ""} != {**one["after"], "second": ""}  # not only a second approval
    ]
    assert f"First decision {min(decided)} Last decision {max(decided)}" in told
    assert "5 or more decisions of one reviewer in one second, " in told
    assert "needed by the team" in told
    assert "It says how decisions were saved, not how they were prepared." in told


def test_reviewers_are_printed_with_role_and_competence(made: Path, signed_off: Path) -> None:
    assert "Roles and competence of reviewers are not stated" in section(made, "4. Reviewers")
    told = section(signed_off, "4. Reviewers")
    assert "Head of platform runs the accounts not stated" in told
    assert "as stated in reviewers.csv, SHA-256" in told


def test_exceptions_have_compensating_control_approver_and_last_day(signed_off: Path) -> None:
    told = section(signed_off, "7. Exceptions")
    assert "weekly log review Chloé Ana Moreno Ben Okafor 2099-03-31" in told
    assert "weekly log review Chloé Ana Moreno none 2099-03-31" in told
    summary = re.search(
        r"(\d+) exceptions and accepted risks; (\d+) without a compensating control, (\d+) without", told
    )
    assert summary
    total, lacking, unapproved = map(int, summary.groups())
    assert total > lacking > 0  # those of findings have none
    assert total > unapproved > 0


def test_the_whole_is_verified_again(signed_off: Path) -> None:
    assert [one.sentence for one in verify(signed_off) if one.outcome is Outcome.FAILED] == []


def test_aws_own_counts_are_totals(tmp_path: Path) -> None:
    opened = Workbench().open_snapshot(resources() / "samples" / "acme-organization")
    opened.create_review(tmp_path / "o.iamreview", "O")
    with ReviewFile.open(tmp_path / "o.iamreview", writable=False) as review:
        pack = write_package(review, tmp_path / "pack", evaluator=opened.evaluator, generated_at=datetime.now(UTC))
    first = section(pack, "Completeness")
    assert re.search(r"Users account summary \d+ \d+ none 3 of 3", first)
    assert re.search(r"Policy attachments entries of managed policies \d+ \d+ none 3 of 3", first)
    source = section(pack, "2. Source")
    assert "by arn:aws:iam::123456789012:user/maria" in source
    assert "Not known" not in source
    assert len(PdfReader(pack / "01_statement.pdf").pages) <= 10


def test_a_snapshot_without_summary_says_what_is_not_compared(made: Path) -> None:
    first = section(made, "Completeness")
    assert "The account summary of the account is not captured" in first
    assert re.search(r"Policy attachments entries of managed policies \d+ \d+ none 1 of 1", first)


_EFFECT = {
    "kind": "grant",
    "status": "proved",
    "tier": 0,
    "alone": {"actions": 0, "by_class": {}},
    "revoke": {"lost": {"actions": 0}, "gained": {"actions": 0}},
    "covered_by": [],
    "also_given": 0,
    "affects": {"principals": 1, "losing": 0, "gaining": 0, "names": []},
    "used": {"basis": "not captured"},
    "suggestion": {"decision": "needs_judgement", "reason": "changed"},
}


def small_review(path: Path, *, effect: bool = True, **details: str) -> tuple[ReviewFile, list[str]]:
    """Return a new review, opened, of twelve items of two users; everything is undecided."""
    users = ["ana", "ben"]
    lines = [
        ReviewItem(
            "111122223333",
            f"arn:aws:iam::111122223333:user/{users[at % 2]}",
            "user",
            EntitlementType.MANAGED_POLICY,
            f"arn:aws:iam::aws:policy/{at}",
            f"Policy{at}",
            {**({"effect": _EFFECT} if effect else {}), "holder_class": "human"},
        )
        for at in range(12)
    ]
    head = Head("r-1", "Small", "ab" * 32, "small", NOW, details={"second_approval": "0", **details})
    review = ReviewFile.create(path, head, [], lines, [])
    return review, [one.line_id for one in lines]


def later(days: int) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(days=days)


def test_on_time_counts_second_approvals_and_every_due_day_is_told(tmp_path: Path) -> None:
    """Decided in time, approved after the due day, which was moved when it had passed."""
    review, ids = small_review(tmp_path / "s.iamreview")
    with review:
        review.append([], [(EventKind.DESCRIBE, {"due": "2026-11-30"})], ANA, later(0))
        kept = ItemDecision(ReviewDecision.KEEP, "needed")
        review.record(dict.fromkeys(ids, kept), ANA, later(1))
        draft = write_package(review, tmp_path / "draft", evaluator=None, generated_at=later(2)())
        review.record(dict.fromkeys(ids, replace(kept, second=BEN.name)), BEN, later(10))
        late = write_package(review, tmp_path / "late", evaluator=None, generated_at=later(11)())
        review.append([], [(EventKind.DESCRIBE, {"due": "2026-12-31"})], BEN, later(12))
        moved = write_package(review, tmp_path / "moved", evaluator=None, generated_at=later(13)())
    title = "5. Time, and how decisions were made"
    assert "On time not complete on 2026-11-26, up to the due day" in section(draft, title)
    assert "Complete since not complete: DRAFT" in section(draft, title)
    told = section(late, title)
    no = "no: last change (decision, second approval or resolved conflict) on 2026-12-04"
    assert f"On time {no}" in told
    assert "Last second approval 2026-12-04 12:00 UTC Complete since 2026-12-04 12:00 UTC" in told
    told = section(moved, title)
    both = "2026-11-30, stated on 2026-11-24 by Ana Moreno; moved to 2026-12-31, stated on 2026-12-06 by Ben Okafor"
    assert f"Due day {both}" in told
    assert f"by the first due day 2026-11-30: {no}; by 2026-12-31, stated on 2026-12-06 by Ben Okafor: yes" in told
    assert f"Due day {both}" in section(moved, "Control PCI DSS 7.2.4", "01_annex.html")


def test_a_review_that_is_complete_before_its_period_ends_says_so(tmp_path: Path) -> None:
    title = "5. Time, and how decisions were made"
    for end, words in (
        (
            "2026-12-31",
            ", 36 days before the end of the period. What is granted or changed in these days is not reviewed",
        ),
        ("2026-11-25", " Due day"),
    ):
        review, ids = small_review(tmp_path / f"{end}.iamreview", effect=False, period_end=end)
        with review:
            review.record(dict.fromkeys(ids, ItemDecision(ReviewDecision.KEEP, "needed")), ANA, later(1))
            pack = write_package(review, tmp_path / end, evaluator=None, generated_at=later(2)())
        assert f"Complete since 2026-11-25 12:00 UTC{words}" in section(pack, title)


def test_second_approvals_in_one_second_and_reasons_left_out_are_told(tmp_path: Path) -> None:
    review, ids = small_review(tmp_path / "s.iamreview")
    with review:
        kept = ItemDecision(ReviewDecision.KEEP)
        for number in range(6):
            decided = replace(kept, comment=f"reason {number}")
            for minute in range(5):  # clearing it and deciding again give one reason many times
                at = NOW + timedelta(hours=number, minutes=minute)
                review.record({ids[0]: decided}, ANA, lambda at=at: at)  # type: ignore[misc]
                review.record({ids[0]: ItemDecision()}, ANA, lambda at=at: at)  # type: ignore[misc]
        review.record(dict.fromkeys(ids, replace(kept, comment="needed")), ANA, later(1))
        review.record(dict.fromkeys(ids, ItemDecision(ReviewDecision.KEEP, "needed", second=BEN.name)), BEN, later(2))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(3)())
    told = section(pack, "5. Time, and how decisions were made")
    assert "2 more reasons were given for 5 or more decisions each" in told
    assert "Ben Okafor 12 1 2026-11-26 12:00 UTC 2026-11-26 12:00 UTC – – 12" in told


def test_own_access_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    ben = "arn:aws:iam::111122223333:user/ben"
    people = People(
        "hr.csv",
        "cd" * 32,
        ("name=user",),
        1,
        {"2": Person("2", 2, "ben  OKAFOR")},
        {ben: Joined("2", "name", "ben")},
        {},
    )
    review, ids = small_review(tmp_path / "s.iamreview", people=people.as_text())
    with review:
        kept = ItemDecision(ReviewDecision.KEEP, "needed")
        ana = replace(ANA, holder_arns=frozenset({"arn:aws:iam::111122223333:user/ana.moreno"}))
        review.record(dict.fromkeys(ids[:6], kept), ana, later(1))
        review.record(dict.fromkeys(ids[6:], kept), BEN, later(2))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(3)())
    told = section(pack, "4. Reviewers")
    assert "not recorded" not in told
    assert "records them with each decision (“identities” in 09_journal.jsonl)" in told
    assert "Stated by Ana Moreno; not stated by Ben Okafor." in told
    assert "decided on or approved 3 entitlements and findings of a person of the same or a similar name" in told
    assert "in the list of people: user/ben." in told
    found = {one.name: one for one in verify(pack)}
    assert "Own access" not in found["rules"].sentence
    assert "known only as far as reviewers stated it: 1 of 2 did." in found["own access"].sentence
    assert f"Ben Okafor decided on or approved items of a person of the same or a similar name: 3 ({ben})." in (
        found["own access"].sentence
    )


def test_credentials_that_were_not_captured_are_named(made: Path) -> None:
    """The sample has no credential report."""
    lacking = "Access keys and console passwords of IAM users were not captured"
    assert lacking in section(made, "Completeness")
    assert "The population of SOC 2 CC6.2 and NIST AC-2(3) is incomplete." in section(made, "8. Controls")
    for name in ("SOC 2 CC6.2", "NIST AC-2(3)"):
        assert f"Not in the population {lacking}" in section(made, f"Control {name}", "01_annex.html")
    assert lacking not in section(made, "Control PCI DSS 7.2.4", "01_annex.html")


def test_who_was_assigned_what_and_who_decided_outside_of_it(tmp_path: Path) -> None:
    path = tmp_path / "s.iamreview"
    review, ids = small_review(path)
    kept = ItemDecision(ReviewDecision.KEEP, "needed")
    with review:
        plain = write_package(review, tmp_path / "plain", evaluator=None, generated_at=later(1)())
        rules = tmp_path / "rules.csv"
        rules.write_text("account,reviewer,backup,due\n111122223333,Ana Moreno,Tom Reed,2026-12-01\n", encoding="utf-8")
        read = read_rules(rules)
        details = assignment_details(read, plan_assignment(review, read))
        review.append([], [(EventKind.ASSIGN, details)], BEN, later(1))
        review.record(dict.fromkeys(ids[:6], kept), ANA, later(1))
        review.record(dict.fromkeys(ids[6:8], kept), Reviewer("Tom Reed", "tom"), later(2))
        review.record(dict.fromkeys(ids[8:11], kept), BEN, later(3))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(4)())
    assert "Items were not assigned to reviewers" in section(plain, "4. Reviewers")
    assert "Ana Moreno Tom Reed 2026-12-01 12 11 Ben Okafor (3)" in section(pack, "4. Reviewers")


def test_an_approver_whose_name_may_be_the_deciders_is_named(tmp_path: Path) -> None:
    review, ids = small_review(tmp_path / "s.iamreview")
    kept = ItemDecision(ReviewDecision.KEEP, "needed")
    with review:
        review.record(dict.fromkeys(ids, kept), ANA, later(1))
        review.record(dict.fromkeys(ids[:5], replace(kept, second="A. Moreno")), Reviewer("A. Moreno", "x"), later(2))
        review.record(dict.fromkeys(ids[5:], replace(kept, second=BEN.name)), BEN, later(2))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(3)())
    told = section(pack, "4. Reviewers")
    assert "A. Moreno approved 5 decisions of Ana Moreno: these names may be of one person." in told
    assert "Ben Okafor approved" not in told


def test_what_is_removed_is_told_in_the_result(tmp_path: Path) -> None:
    review, ids = small_review(tmp_path / "s.iamreview", effect=False)
    with review:
        review.record(dict.fromkeys(ids[:4], ItemDecision(ReviewDecision.REVOKE, "left")), ANA, later(1))
        review.record(dict.fromkeys(ids[4:], ItemDecision(ReviewDecision.KEEP, "needed")), ANA, later(1))
        done = {"item": ids[0], "at": later(2)().isoformat(), "outcome": "done", "command": "aws", "message": ""}
        failed = {**done, "item": ids[1], "outcome": "failed"}
        ticket = {"item": ids[2], "ticket": "OPS-1", "state": "Done", "closed": "2026-11-28"}
        acts = [(EventKind.REMOVAL, done), (EventKind.REMOVAL, failed), (EventKind.TICKET, ticket)]
        review.append([], acts, ANA, later(3))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(5)())
    told = section(pack, "6. Result")
    assert "Revoked entitlements that are removed, by a log of remediation.sh 1" in told
    assert "not removed: not mentioned in any log 2" in told
    assert "not removed: failed 1" in told
    assert "Tickets in state “closed” 1" in told


def test_how_the_data_are_to_the_period(sample: SnapshotSession, made: Path) -> None:
    """The sample's latest time is 2026-09-30."""
    assert "Data and period not known" in section(made, "5. Time, and how decisions were made")
    latest = sample.snapshot.latest
    assert latest is not None
    for start, end, words in (
        ("2026-10-01", "2026-12-31", "the data are older than the period: 1 day before its first day"),
        (
            "2026-09-01",
            "2026-11-30",
            "the data end 61 days before the end of the period: later changes are not reviewed",
        ),
        ("2026-07-01", "2026-09-29", "the data are of 1 day after the period"),
        ("2026-07-01", "2026-09-30", "the data are of the last day of the period"),
        ("2026-07-01", "", "the data are of the period"),
    ):
        assert data_and_period(latest, start, end) == words


def test_what_was_decided_about_the_access_of_who_left(tmp_path: Path) -> None:
    ben = "arn:aws:iam::111122223333:user/ben"
    left = Person("2", 2, "Ben Okafor", last_day="2026-10-31", state=PersonState.LEFT)
    people = People("hr.csv", "cd" * 32, ("name=user",), 1, {"2": left}, {ben: Joined("2", "name", "ben")}, {})
    review, ids = small_review(tmp_path / "s.iamreview", effect=False, people=people.as_text())
    with review:
        mine = [one for one in ids if review.line(one).holder_arn == ben]
        review.record(dict.fromkeys(mine[:4], ItemDecision(ReviewDecision.REVOKE, "left")), ANA, later(1))
        review.record(dict.fromkeys(mine[4:5], ItemDecision(ReviewDecision.KEEP, "needed")), ANA, later(1))
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=later(3)())
    assert "6 0 1 undecided, 1 keep, 4 revoke" in section(pack, "People")


def test_a_clock_that_was_set_back_is_seen_by_the_action_data(tmp_path: Path) -> None:
    review, _ = small_review(tmp_path / "s.iamreview")
    with review:
        pack = write_package(review, tmp_path / "pack", evaluator=None, generated_at=NOW)
        early = write_package(review, tmp_path / "early", evaluator=None, generated_at=datetime(2020, 1, 2, tzinfo=UTC))
    assert [one.name for one in verify(pack) if one.name == "clock"] == []
    (told,) = [one for one in verify(early) if one.name == "clock"]
    assert told.outcome is Outcome.FAILED
    assert "written on 2020-01-02, but uses AWS action data of 20" in told.sentence


def test_what_cannot_be_told_and_what_is_not_signed_is_said(made: Path) -> None:
    page = (made / "01_statement.html").read_text(encoding="utf-8")
    assert "generated before any signature" in page
    assert "Management acknowledges" not in page
    with (made / "03_entitlements.csv").open(encoding="utf-8-sig", newline="") as file:
        unknown = [row["holder_display"] for row in csv.DictReader(file) if row["reaches_admin"] == "cannot_tell"]
    assert unknown
    words = f"For {len(unknown):,} more entitlements of {len(set(unknown)):,} principals, it cannot be determined"
    assert words in page
    assert all(name in page for name in list(dict.fromkeys(unknown))[:10])
