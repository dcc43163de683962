"""What a reviewer signed in a part, against a coordinator who changes it in the review, and has all hashed anew."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iamdesk.resource_files import sample_snapshot
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.signed_parts import kept_part

from ..review.forger import Forger
from .conftest import Run

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
Value = dict[str, Any]


@pytest.fixture(scope="module")
def signed_and_merged(
    run_once: Run, sample_review: Path, key: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder with a review of which the signed part of Ana is merged: revoked, with one exception; Ben's is unsigned.

    Not to be changed.
    """
    folder = tmp_path_factory.mktemp("signed")
    review = Path(shutil.copy(sample_review, folder / "q4.iamreview"))
    (folder / "rules.csv").write_text("class,reviewer\nrole,Ana\n,Ben\n")

    def run(*words: object) -> None:
        done = run_once(*map(str, words))
        assert done.returncode == 0, (done.stdout, done.stderr)

    run("review", "assign", review, "--rules", folder / "rules.csv")
    run("review", "split", review, "-o", folder / "parts")
    for name in ("Ana", "Ben"):
        part = folder / "parts" / f"{name}.iamreview"
        with ReviewFile.open(part, writable=False) as file:
            items = list(file.ids)
        words = ("review", "decide", part, "--reviewer", name, "--reason", "left")
        run(*words, "--decision", "revoke", *(word for one in items[:-1] for word in ("--entitlement", one)))
        exception = ("--decision", "except", "--owner", "Eve", "--until", "2099-03-31")
        run(*words, *exception, "--entitlement", items[-1])
    for name in ("key", "key.pub"):
        shutil.copy(key.with_name(name), folder / name)
    run("review", "sign", folder / "parts" / "Ana.iamreview", "--name", "Ana", "--key", folder / "key")
    (folder / "known").write_text(f"Ana {(folder / 'key.pub').read_text()}")
    run("review", "merge", review, folder / "parts", "--by", "Cara", "--allowed-signers", folder / "known")
    before = review.read_bytes()
    yield folder
    assert review.read_bytes() == before, "a test changed the review that all share"


@pytest.fixture
def merged(signed_and_merged: Path, tmp_path: Path) -> Path:
    """A copy of the review of `signed_and_merged`, which may be changed."""
    shutil.copytree(signed_and_merged, tmp_path, dirs_exist_ok=True)
    return tmp_path / "q4.iamreview"


def verified(
    iamdesk: Run, review: Path, *, sign: bool = False, role: str = "reviewer"
) -> tuple[dict[str, list[tuple[str, str]]], str]:
    """Return outcomes and sentences by check, and the statement; the last lines are those of the check ``last``."""
    pack = review.with_name("pack")
    assert iamdesk("export", review, "--snapshot", sample_snapshot(), "-o", pack).returncode == 0
    if sign:
        key = review.with_name("key")
        assert iamdesk("review", "sign", pack, "--role", role, "--name", "Ana", "--key", key).returncode == 0
    done = iamdesk("verify", pack, "--allowed-signers", review.with_name("known"), "--format", "json")
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(done.stdout):
        found.setdefault(one["Check"].partition(" r-")[0], []).append((one["Outcome"], one["Sentence"]))
    found["last"] = [("", one) for one in done.stderr.splitlines()]
    return found, (pack / "01_statement.html").read_text(encoding="utf-8")


def test_how_much_of_each_reviewer_is_signed(iamdesk: Run, merged: Path) -> None:
    found, statement = verified(iamdesk, merged)
    with ReviewFile.open(merged, writable=False) as review:
        counts = [sum(one.reviewer == name for one in review.journal()) for name in ("Ana", "Ben")]
    ana, ben = counts
    assert found["signed decisions"] == [
        ("not done", f"Ana: {ana} of {ana} decisions signed. Ben: 0 of {ben} decisions signed.")
    ]
    assert found["last"][2][1].endswith(f"; not signed by the decider: {ben} of Ben")
    assert [outcome for outcome, _ in found["signed part"]] == ["passed"]
    assert f"Ana: {ana:,} of {ana:,}" in statement
    assert not [name for name, results in found.items() if "failed" in dict(results)]


def of(name: str, do: Callable[[Value], object]) -> Callable[[list[Value]], None]:
    def change(entries: list[Value]) -> None:
        do(next(one for one in reversed(entries) if one["reviewer"] == name))

    return change


def to(**values: object) -> Callable[[Value], object]:
    return lambda entry: entry["after"].update(values)


def without_origin(entry: Value) -> None:
    del entry["origin"]


LIES = {
    "another decision": of("Ana", to(choice="keep", owner="", expiry=None)),
    "a longer exception": of("Ana", to(expiry="2100-03-31")),
    "another reason": of("Ana", to(comment="agreed")),
    "another decider": of("Ana", lambda entry: entry.update(reviewer="Ben")),
}


@pytest.mark.parametrize("lie", LIES)
def test_change_of_what_was_signed_is_found(iamdesk: Run, merged: Path, lie: str) -> None:
    forger = Forger(merged)
    forger.rewrite(LIES[lie])
    forger.close()
    found, statement = verified(iamdesk, merged)
    assert "failed" in [outcome for outcome, _ in found["signed decisions"]]
    assert "differ from what was signed" in statement


def test_later_decision_in_the_name_of_who_signed_fails_unless_that_person_signs(iamdesk: Run, merged: Path) -> None:
    with ReviewFile.open(merged, writable=False) as review:
        item = next(one.line_id for one in review.journal() if one.reviewer == "Ana")
    words = ("--decision", "keep", "--reason", "needed after all", "--reviewer", "Ana", "--entitlement", item)
    assert iamdesk("review", "decide", merged, *words).returncode == 0
    found, statement = verified(iamdesk, merged)
    assert [sentence for outcome, sentence in found["signed decisions"] if outcome == "failed"] == [
        f"Decisions that depart from what was signed in a part: 1: {item} (signed: revoke by Ana; here: keep by Ana)."
    ]
    assert item in statement
    shutil.rmtree(merged.with_name("pack"))
    found, _ = verified(iamdesk, merged, sign=True)
    assert [outcome for outcome, _ in found["signed decisions"]] == ["not done"]  # Ben did not sign
    assert [outcome for outcome, _ in found["decisions other than signed"]] == ["note"]


def test_decision_of_another_person_against_a_signed_one_is_said(iamdesk: Run, merged: Path) -> None:
    with ReviewFile.open(merged, writable=False) as review:
        item = next(one.line_id for one in review.journal() if one.reviewer == "Ana")
    words = ("--decision", "keep", "--reason", "no", "--reviewer", "Dora", "--entitlement", item)
    assert iamdesk("review", "decide", merged, *words).returncode == 0
    found, _ = verified(iamdesk, merged)
    assert "(signed: revoke by Ana; here: keep by Dora)" in found["decisions other than signed"][0][1]


def test_another_signature_or_part_is_not_taken_for_the_signed_one(iamdesk: Run, merged: Path) -> None:
    def resign(events: list[Value]) -> None:
        one = next(one for one in events if one["details"].get("signed"))
        one["details"]["signed"]["content"]["journal_sha256"] = "0" * 64

    forger = Forger(merged)
    forger.rewrite(events=resign)
    forger.close()
    found, _ = verified(iamdesk, merged)
    assert found["signed part"] == [("failed", "It is not the part that was signed.")]
    assert found["signed decisions"][0][1].startswith("Ana: 0 of ")


def test_longer_part_that_another_person_signed_hides_nothing(iamdesk: Run, merged: Path) -> None:
    """Cara goes on from Ana's entries with another decision in Ana's name, and signs that with her own known key."""
    key = merged.with_name("cara")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=60)
    with merged.with_name("known").open("a") as known:
        known.write(f"Cara {key.with_suffix('.pub').read_text()}")
    part = merged.with_name("parts") / "Ana.iamreview"
    forger = Forger(part)

    def go_on(entries: list[Value]) -> None:
        revoked = entries[-2]
        revoked["after"] = {**revoked["after"], "choice": "keep"}
        entries.append({**revoked, "before": revoked["after"], "after": {**revoked["after"], "comment": "needed"}})
        entries[-1]["moment"] = entries[-2]["moment"]

    forger.rewrite(go_on)
    made = forger.entries()
    forger.close()
    part.with_name(f"{part.name}.signoff.json").unlink()
    assert iamdesk("review", "sign", part, "--name", "Cara", "--key", key).returncode == 0
    with ReviewFile.open(part, writable=False) as file:
        signoff = json.loads(part.with_name(f"{part.name}.signoff.json").read_text())
        signed = kept_part(file, signoff)
        part_id = file.head.review_id

    def take(entries: list[Value]) -> None:
        at = next(number for number, one in enumerate(entries) if one.get("origin", {}).get("review_id") == part_id)
        moment = entries[at]["moment"]
        entries[:] = [one for one in entries if one.get("origin", {}).get("review_id") != part_id]
        for one in reversed(made):
            names = {"review_id": part_id, "number": one["number"], "moment": one["moment"], "sha256": one["sha256"]}
            entries.insert(at, {**one, "origin": names, "moment": moment})

    def add(events: list[Value]) -> None:
        merge = next(one for one in events if one["details"].get("signed"))
        details = {**merge["details"], "entries": 0, "signed": signed}
        events.insert(events.index(merge) + 1, {**merge, "details": details})
        merge["details"] = {**merge["details"], "entries": len(made)}

    forger = Forger(merged)
    forger.rewrite(take, add)
    forger.close()
    found, _ = verified(iamdesk, merged)
    assert [outcome for outcome, _ in found["signed part"]] == ["passed", "passed"]
    ((_, departs),) = (one for one in found["signed decisions"] if one[0] == "failed")
    assert "(signed: revoke by Ana; here: keep by Ana)" in departs


# What a part was split from


def edit_head(name: str, value: str) -> Callable[[Forger], object]:
    return lambda forger: forger.sql("INSERT OR REPLACE INTO head VALUES (?, ?)", name, value)


HEADS = {
    "title": edit_head("title", "Fourth quarter"),
    "second approval": edit_head("detail.second_approval", "5"),
    "scope": lambda forger: forger.sql("UPDATE population SET out_reason = 'left' WHERE position = 2"),
}


@pytest.mark.parametrize("name", HEADS)
def test_signed_part_is_of_the_review_that_was_split(iamdesk: Run, merged: Path, name: str) -> None:
    """Also if the preparer lets the events name the digest of the changed review."""
    forger = Forger(merged)
    HEADS[name](forger)
    forger.rewrite()

    def name_the_new_one(events: list[Value]) -> None:
        for event in events:
            if event["kind"] == "split":
                event["details"]["journal_start"] = forger.entries()[0]["previous"]

    if name == "title":
        forger.rewrite(events=name_the_new_one)
    forger.close()
    found, _ = verified(iamdesk, merged)
    told = "It was split from another review (title, period, scope, rules or people list changed since)."
    assert found["signed part"] == [("failed", told)]


@pytest.mark.parametrize("name", HEADS)
def test_review_that_claims_to_be_recovered_is_said_not_to_be_what_was_signed(
    iamdesk: Run, merged: Path, name: str
) -> None:
    """The journal of a recovered review begins as it did before, whatever its head says now."""
    forger = Forger(merged)
    start = forger.entries()[0]["previous"]
    edit_head("detail.recovered_from", "q4.iamreview")(forger)
    edit_head("detail.journal_genesis", start)(forger)
    HEADS[name](forger)
    forger.rewrite(start=start)
    forger.close()
    found, _ = verified(iamdesk, merged)
    ((outcome, sentence),) = found["signed parts"]
    assert (outcome, sentence.partition(":")[0]) == ("note", "The review says that it was recovered")
    assert "signed parts" in found["last"][0][1]


def test_rules_for_second_approval_are_named(iamdesk: Run, sample_review: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(sample_review, tmp_path / "q4.iamreview"))
    (tmp_path / "known").write_text("# no key\n")
    found, _ = verified(iamdesk, review)
    assert found["rules"][0][1].endswith(" Second approval required for: exceptions alone.")
    forger = Forger(Path(shutil.copy(sample_review, review)))
    edit_head("detail.second_approval", "0,1")(forger)
    forger.rewrite()
    forger.close()
    shutil.rmtree(review.with_name("pack"))
    found, _ = verified(iamdesk, review)
    assert found["rules"][0][1].endswith(" Second approval required for: exceptions, tier 0, 1.")


# When


def test_decisions_of_parts_after_the_merge_are_found(iamdesk: Run, merged: Path) -> None:
    """The merge is dated back: what was signed is not."""

    def back(entries: list[Value]) -> None:
        for one in entries:
            one["moment"] = (datetime.fromisoformat(one["moment"]) - timedelta(days=20)).isoformat()

    forger = Forger(merged)
    edit_head("created", "2026-01-01T00:00:00+00:00")(forger)
    forger.rewrite(back, back)
    count = sum("origin" in one for one in forger.entries())
    forger.close()
    found, _ = verified(iamdesk, merged)
    told = f"Decisions and signatures of parts dated after they were merged: {count + 1:,}, the last of "
    assert len([one for _, one in found["clock"] if one.startswith(told)]) == 1


# What is not signed


def test_second_approvals_are_counted_and_who_signs_has_given_one(iamdesk: Run, merged: Path) -> None:
    assert iamdesk("review", "approve", merged, "--reviewer", "Eve").returncode == 0
    with ReviewFile.open(merged, writable=False) as review:
        count = sum(one.is_approval for one in review.journal())
    found, _ = verified(iamdesk, merged, sign=True, role="second_reviewer")
    assert found["signed approvals"] == [
        ("not done", f"Eve: 0 of {count} second approvals signed."),
        ("note", "Ana signed as second_reviewer; no second approval bears this name."),
    ]
    assert found["last"][2][1].endswith(f"; not signed by the approver: {count} of Eve")


def test_signature_or_part_that_is_left_out_is_said(iamdesk: Run, merged: Path) -> None:
    """Ana's signature is taken away, and Ben's part is not merged: a name that looks like his decides."""

    def decide(entries: list[Value]) -> None:
        for one in entries:
            if one["reviewer"] == "Ben":
                del one["origin"]
                one["reviewer"] = "B\u0435n"

    def leave_out(events: list[Value]) -> None:
        signed = [one for one in events if one["details"].get("signed")]
        events[:] = [one for one in events if one["kind"] != "merge" or one in signed]
        del signed[0]["details"]["signed"]

    forger = Forger(merged)
    forger.rewrite(decide, leave_out)
    counts = Counter(one["reviewer"] for one in forger.entries())
    forger.close()
    found, _ = verified(iamdesk, merged)
    assert not [name for name, results in found.items() if "failed" in dict(results)]
    ((_, left_out),) = found["signature left out"]
    assert "says that it was signed by Ana, SHA256:" in left_out
    ((_, never),) = found["part never merged"]
    assert never.endswith(f"items of it that are decided: {counts['B\u0435n']}, by B\u0435n.")
    assert found["similar names"] == [("note", "They may be of one person: Ben - B\u0435n.")]
    told = f"not signed by the decider: {counts['Ana']} of Ana, {counts['B\u0435n']} of B\u0435n"
    assert found["last"][2][1].endswith(told)
