"""What a reviewer signed in a part, against a coordinator who changes it in the review, and has all hashed anew."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.resource_files import sample_snapshot
from iamdesk.review.review_file import ReviewFile

from ..review.forger import Forger
from .conftest import Run

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
Value = dict[str, Any]


@pytest.fixture
def merged(iamdesk: Run, sample_review: Path, tmp_path: Path) -> Path:
    """A review with the signed part of Ana merged: revoked, with one exception; Ben's is unsigned."""
    review = Path(shutil.copy(sample_review, tmp_path / "q4.iamreview"))
    (tmp_path / "rules.csv").write_text("class,reviewer\nrole,Ana\n,Ben\n")

    def run(*words: object) -> None:
        done = iamdesk(*map(str, words))
        assert done.returncode == 0, (done.stdout, done.stderr)

    run("review", "assign", review, "--rules", tmp_path / "rules.csv")
    run("review", "split", review, "-o", "parts")
    for name in ("Ana", "Ben"):
        part = tmp_path / "parts" / f"{name}.iamreview"
        with ReviewFile.open(part, writable=False) as file:
            items = list(file.ids)
        words = ("review", "decide", part, "--reviewer", name, "--reason", "left")
        run(*words, "--decision", "revoke", *(word for one in items[:-1] for word in ("--entitlement", one)))
        exception = ("--decision", "except", "--owner", "Eve", "--until", "2099-03-31")
        run(*words, *exception, "--entitlement", items[-1])
    run("review", "sign", tmp_path / "parts" / "Ana.iamreview", "--name", "Ana", "--key", new_key(tmp_path / "key"))
    (tmp_path / "known").write_text(f"Ana {(tmp_path / 'key.pub').read_text()}")
    run("review", "merge", review, "parts", "--by", "Cara", "--allowed-signers", tmp_path / "known")
    return review


def new_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def verified(iamdesk: Run, review: Path, *, sign: bool = False) -> tuple[dict[str, list[tuple[str, str]]], str]:
    """Return outcomes and sentences by check, and the statement."""
    pack = review.with_name("pack")
    assert iamdesk("export", review, "--snapshot", sample_snapshot(), "-o", pack).returncode == 0
    if sign:
        key = review.with_name("key")
        assert iamdesk("review", "sign", pack, "--role", "reviewer", "--name", "Ana", "--key", key).returncode == 0
    done = iamdesk("verify", pack, "--allowed-signers", review.with_name("known"), "--format", "json")
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(done.stdout):
        found.setdefault(one["Check"].partition(" r-")[0], []).append((one["Outcome"], one["Sentence"]))
    return found, (pack / "01_statement.html").read_text(encoding="utf-8")


def test_how_much_of_each_reviewer_is_signed(iamdesk: Run, merged: Path) -> None:
    found, statement = verified(iamdesk, merged)
    with ReviewFile.open(merged, writable=False) as review:
        counts = [sum(one.reviewer == name for one in review.journal()) for name in ("Ana", "Ben")]
    ana, ben = counts
    assert found["signed decisions"] == [
        ("passed", f"Ana: {ana} of {ana} decisions signed. Ben: 0 of {ben} decisions signed.")
    ]
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
    assert [outcome for outcome, _ in found["signed decisions"]] == ["passed"]
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
