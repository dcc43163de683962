"""A pack is verified: one changed byte is found, wherever it is; signatures and verdicts are looked at anew."""

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence import context, verify_content
from iamdesk.export.evidence.manifest import (
    MANIFEST,
    SIGNOFFS,
    STATEMENTS,
    files_of,
    hash_of,
    manifest_bytes,
    sums_text,
)
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.read_json import read_review
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import Role, sign
from iamdesk.export.evidence.ssh_signature import public_key
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.findings.report import build_id
from iamdesk.resource_files import resources
from iamdesk.review.journal import canonical, digest
from iamdesk.review.review_file import ReviewFile

from .conftest import NOW


def failures(pack: Path, snapshot: Path | None = None, allowed: Path | None = None) -> list[Result]:
    return [one for one in verify(pack, snapshot, allowed) if one.outcome is Outcome.FAILED]


def seal_anew(pack: Path) -> None:
    """What a forger does: hash everything again."""
    manifest = json.loads((pack / "00_manifest.json").read_bytes())
    about = {name: value for name, value in manifest.items() if name not in ("format", "evidence_sha256", "files")}
    hashes = [hash_of(pack, file) for file in files_of(pack)]
    content = manifest_bytes(about, hashes)
    (pack / "00_manifest.json").write_bytes(content)
    (pack / "SHA256SUMS").write_text(sums_text(hashes, content), encoding="utf-8")


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, "-C", "ana@example.com"], check=True)
    return path


@pytest.fixture(scope="session")
def signed(made: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pack = Path(shutil.copytree(made, tmp_path_factory.mktemp("signed") / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=key, now=NOW)
    sign(pack, Role.MANAGEMENT, "Dana Lee", title="CISO", now=NOW)
    return pack


def test_whole_pack_passes_and_every_verdict_comes_out_the_same(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_content, "Evaluator", Evaluator)  # one that nothing has asked before
    results = list(verify(signed))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    told = {one.name: one for one in results}
    assert told["quoted decisions re-performed"].outcome is Outcome.PASSED
    assert told["entitlements re-performed"].outcome is Outcome.PASSED
    assert told["sign-off 01"].outcome is Outcome.PASSED
    assert "an unsigned attestation" in told["sign-off 02"].sentence


def test_one_changed_byte_is_found_in_every_file(signed: Path) -> None:
    names = sorted(file.relative_to(signed).as_posix() for file in signed.rglob("*") if file.is_file())
    assert len(names) > 20
    for name in names:
        file = signed / name
        whole = file.read_bytes()
        for place in {0, len(whole) // 2, max(len(whole) - 1, 0)}:
            changed = bytearray(whole or b"0")  # one of no events is empty
            changed[place] ^= 1
            file.write_bytes(bytes(changed))
            try:
                found = next((one for one in verify(signed) if one.outcome is Outcome.FAILED), None)
                assert found is not None, f"{name} at {place}"
                assert found.name in (name, "manifest") or name in ("00_manifest.json", SIGNOFFS)
            finally:
                file.write_bytes(whole)
    assert failures(signed) == []


def test_missing_and_added_files_are_found(pack: Path) -> None:
    (pack / "extra.txt").write_text("x", encoding="utf-8")
    (pack / "05_exceptions.csv").unlink()
    assert {one.name for one in failures(pack)} == {"extra.txt", "05_exceptions.csv"}


def test_forger_who_hashes_again_breaks_the_signature(signed: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(signed, tmp_path / "pack"))
    file = pack / "05_exceptions.csv"
    file.write_bytes(file.read_bytes().replace("Chloé".encode(), b"Mallory"))
    seal_anew(pack)
    assert {one.name for one in failures(pack)} == {"sign-off 01", "sign-off 02", "05_exceptions.csv", *STATEMENTS}


def test_forged_decision_does_not_follow_from_the_journal(pack: Path) -> None:
    file = pack / "review.json"
    content = file.read_bytes()
    assert b'"choice":"revoke"' in content
    file.write_bytes(content.replace(b'"choice":"revoke"', b'"choice":"except"', 1))
    seal_anew(pack)
    names = {one.name for one in failures(pack)}
    assert {"journal", "counts", "review.json"} <= names


def test_forged_sheet_does_not_say_what_the_review_says(pack: Path) -> None:
    file = pack / "03_entitlements.csv"
    file.write_bytes(file.read_bytes().replace(b'"revoke"', b'"except"', 1))
    seal_anew(pack)
    assert {one.name for one in failures(pack)} == {"03_entitlements.csv", *STATEMENTS}


@pytest.mark.parametrize("old", [b'"in_scope":true', b'"holder_kind":"user"', b'"choice":"keep"', b'{"changes":['])
def test_review_that_is_not_as_its_schema_says_is_told(pack: Path, old: bytes) -> None:
    file = pack / "review.json"
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, b'"x":1', 1))
    seal_anew(pack)
    assert "review.json" in {one.name for one in failures(pack)}


def test_forged_line_and_forged_verdict_are_found_by_asking_again(pack: Path) -> None:
    file = pack / "verdicts.jsonl"
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"decision":"allowed"', b'"decision":"implicitDeny"', 1))
    seal_anew(pack)
    found, *derived = failures(pack)
    assert found.name == "quoted decisions re-performed"
    assert {one.name for one in derived} == {"verdicts.jsonl", *STATEMENTS}
    assert found.sentence.startswith("1 of ")


def test_signature_by_another_key_is_not_that_of_a_known_person(signed: Path, key: Path, tmp_path: Path) -> None:
    known = tmp_path / "known"
    public = key.with_name("id_ed25519.pub").read_text(encoding="utf-8")
    known.write_text(f"ana@example.com,Ana-Moreno {public}", encoding="utf-8")
    assert failures(signed, allowed=known) == []
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    known.write_text("Ana-Moreno " + other.with_name("other.pub").read_text(encoding="utf-8"), encoding="utf-8")
    (found,) = failures(signed, allowed=known)
    assert public_key(" ".join(public.split()[:2])).fingerprint in found.sentence


def test_auditor_needs_only_sha256sum_and_ssh_keygen(signed: Path) -> None:
    """The last page of the statement, followed."""
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=signed, check=True)
    text = (signed / "signoffs" / "01.txt").read_bytes()
    words = ["ssh-keygen", "-Y", "verify", "-f", "signoffs/allowed_signers", "-I", "Ana-Moreno", "-n", "iamdesk-review"]
    done = subprocess.run(
        [*words, "-s", "signoffs/01.txt.sig"], cwd=signed, input=text, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    manifest = subprocess.run(
        ["sha256sum", "00_manifest.json"], cwd=signed, capture_output=True, text=True, check=True
    ).stdout.split()[0]
    assert f"manifest-sha256: {manifest}" in text.decode()
    altered = subprocess.run(
        [*words, "-s", "signoffs/01.txt.sig"], cwd=signed, input=text + b"x", capture_output=True, check=False
    )
    assert altered.returncode != 0


def test_key_that_is_none_is_one_sentence_and_the_pack_stays(pack: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no key", encoding="utf-8")
    before = (pack / SIGNOFFS).read_bytes()
    with pytest.raises(ExportError, match=r"cannot be used as a key|could not sign"):
        sign(pack, Role.REVIEWER, "Ana", key=bad, asks=False)
    assert (pack / SIGNOFFS).read_bytes() == before
    assert failures(pack) == []


def test_another_snapshot_is_told(pack: Path) -> None:
    (found,) = failures(pack, resources() / "samples" / "acme-organization")
    assert found.name == "snapshot"


def test_organization_is_performed_again_from_its_own_pack_as_an_archive(tmp_path: Path) -> None:
    opened: SnapshotSession = Workbench().open_snapshot(resources() / "samples" / "acme-organization")
    path = tmp_path / "o.iamreview"
    opened.create_review(path, "Organization")
    with ReviewFile.open(path, writable=False) as review:
        archive = write_package(review, tmp_path / "o.zip", evaluator=opened.evaluator, generated_at=NOW)
    with opened_package(archive) as folder:
        results = list(verify(folder))
    assert [one for one in results if one.outcome is Outcome.FAILED and one.name != "control totals"] == []
    told = {one.name: one.outcome for one in results}
    assert told["entitlements re-performed"] is told["quoted decisions re-performed"] is Outcome.PASSED


def test_review_that_goes_on_from_another_one_is_performed_again(
    decided: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    """What the review before says of a line comes from no snapshot, and is not asked of one."""
    sample.create_next_review(tmp_path / "q4.iamreview", "Q4", decided, sample)
    with ReviewFile.open(tmp_path / "q4.iamreview", writable=False) as review:
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=datetime.now(UTC))
    assert failures(pack) == []
    assert "revoke tested" in (pack / "06_changes.csv").read_text(encoding="utf-8-sig")


def test_what_is_no_pack_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is not an evidence package"):
        list(verify(tmp_path))
    (tmp_path / "x.zip").write_bytes(b"hello")
    with pytest.raises(ExportError, match="is not an evidence package"), opened_package(tmp_path / "x.zip"):
        pass


# A forger who hashes everything again: what follows from journal, items, findings and source is made anew


def derived_names(pack: Path) -> list[str]:
    names = [file.relative_to(pack).as_posix() for file in files_of(pack)]
    return [name for name in names if not name.startswith("source/")]


def repacked(content: bytes, change: Callable[[bytes], bytes] = lambda part: part) -> bytes:
    """A workbook with its members changed, and packed as another library would."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for one in archive.infolist():
            made.writestr(one, change(archive.read(one)), compresslevel=1)
    return out.getvalue()


def changed(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield ways in which a file can be forged."""
    if name.endswith(".xlsx"):
        yield "a decision", repacked(content, lambda part: part.replace(b">keep<", b">revoke<"))
        yield "a name", repacked(content, lambda part: part.replace(b"Ana Moreno", b"Eve Moreno"))
        yield "a property", repacked(content, lambda part: part.replace(b"Access review", b"Excess review"))
    if name.endswith(".sh"):
        yield "a command more", content + b"aws iam delete-user --user-name eve\n"
    if name.endswith(".pdf"):
        yield "an object more", content.replace(b"%%EOF", b"9999 0 obj (forged) endobj\n%%EOF")
    if name.endswith(".csv"):
        rows = content.split(b"\r\n")
        yield "a row less", b"\r\n".join((*rows[:1], *rows[2:]))
        yield "a row twice", b"\r\n".join((*rows[:2], *rows[1:]))
    for old, new in ((b"keep", b"kept"), (b"revoke", b"modify"), (b"Ana Moreno", b"Eve Moreno"), (b"user/", b"role/")):
        if old in content:
            yield f"{new.decode()} for {old.decode()}", content.replace(old, new, 1)
    yield "a byte more", content + b"\n"
    if not content:  # a review without events
        return
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    yield "another byte", bytes(flipped)
    yield "half of it", content[: len(content) // 2]
    yield "nothing", b""


ROOTS = ("review.json", "09_journal.jsonl", "10_events.jsonl")
"""What the others are made from: forged, they are found before."""


@pytest.mark.parametrize("at", range(4))
def test_every_derived_file_that_is_changed_and_sealed_anew_is_found(made: Path, pack: Path, at: int) -> None:
    """All are changed at once, each in its own way: each has to be told."""
    names = derived_names(made)
    assert len(names) == 21
    forged = {}
    for name in sorted({*names} - {*ROOTS}):
        content = (made / name).read_bytes()
        ways = [(way, after) for way, after in changed(name, content) if after != content]
        assert len(ways) >= 4
        forged[name], after = ways[at] if at < 3 else ways[-1]
        (pack / name).write_bytes(after)
    seal_anew(pack)
    found = {one.name for one in failures(pack)}
    assert {name: way for name, way in forged.items() if name not in found} == {}


@pytest.mark.parametrize("name", ROOTS)
def test_what_the_others_are_made_from_is_found_changed(made: Path, pack: Path, name: str) -> None:
    content = (made / name).read_bytes()
    for way, after in changed(name, content):
        (pack / name).write_bytes(after)
        seal_anew(pack)
        assert any(one.outcome is Outcome.FAILED for one in verify(pack)), way


@pytest.mark.parametrize("said", ["another count", "more"])
def test_a_manifest_that_says_something_else_is_found(pack: Path, said: str) -> None:
    manifest = json.loads((pack / "00_manifest.json").read_bytes())
    if said == "more":
        manifest["note"] = "approved by the auditor"
    else:
        manifest["counts"]["privileged"] += 1
    (pack / "00_manifest.json").write_bytes(canonical(manifest))
    seal_anew(pack)
    assert {"00_manifest.json", "manifest"} & {one.name for one in failures(pack)}


def test_files_that_no_pack_has_or_that_every_pack_has_are_told(made: Path, pack: Path) -> None:
    (pack / "10_notes.txt").write_text("all is well", encoding="utf-8")
    (pack / "source" / "more.json").write_text("{}", encoding="utf-8")
    for name in ("05_exceptions.csv", "tickets.csv", "findings.sarif", "01_statement.pdf"):
        (pack / name).unlink()
    seal_anew(pack)
    assert {
        "10_notes.txt", "source/more.json", "05_exceptions.csv", "tickets.csv", "findings.sarif", "01_statement.pdf"
    } <= {one.name for one in failures(pack)}  # fmt: skip


def test_a_book_that_is_packed_otherwise_has_the_same_content(pack: Path) -> None:
    book = pack / "review.xlsx"
    book.write_bytes(repacked(book.read_bytes()))
    seal_anew(pack)
    results = list(verify(pack))
    told = [one.sentence for one in results if one.name == "rendered anew"]
    assert any("review.xlsx: the same content" in one for one in told)
    # The hash over the evidence is another one, which the statements tell.
    assert {one.name for one in results if one.outcome is Outcome.FAILED} == {*STATEMENTS}


@pytest.mark.parametrize("member", ["population", "findings"])
def test_what_was_frozen_follows_from_the_snapshot(pack: Path, member: str) -> None:
    """A finding or a principal is forged on which nobody decided, with every hash that hangs on it."""
    document = json.loads((pack / "review.json").read_bytes())
    if member == "findings":
        one = next(
            each for each in document["findings"] if each["decided"] is None and each["finding"]["severity"] == "high"
        )
        one["finding"]["severity"] = "low"
        one["finding_sha256"] = digest(one["finding"])
    else:
        document["population"][0]["in_scope"] = not document["population"][0]["in_scope"]
    (pack / "review.json").write_bytes(canonical(document))
    seal_anew(pack)
    assert f"{member} re-performed" in {one.name for one in failures(pack)}


def test_without_its_snapshot_the_rest_is_rendered_and_told(
    bare: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    pack = Path(shutil.copytree(bare, tmp_path / "pack"))
    results = {(one.name, one.outcome): one.sentence for one in verify(pack)}
    assert "01_statement.html" in results["rendered anew", Outcome.NOT_DONE]
    assert "tickets.csv" not in results["rendered anew", Outcome.NOT_DONE]
    elsewhere = Path(shutil.copy(sample.snapshot.path, tmp_path / "renamed.json"))
    left = [one for one in verify(pack, elsewhere) if one.outcome is not Outcome.PASSED and not one.is_of_signatures]
    assert left == []
    file = pack / "tickets.csv"
    file.write_bytes(file.read_bytes() + b"x")
    seal_anew(pack)
    assert {one.name for one in failures(pack)} == {"tickets.csv"}


def test_another_build_that_gives_another_result_is_named(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiers and effects change between builds of one version: the sentence says so, and which items differ."""
    document = read_review(pack / "review.json").head
    assert document.tool.build == build_id() == json.loads((pack / MANIFEST).read_bytes())["tool"]["build"]
    again, frozen = {"a": "1", "b": "2"}, {"a": "1", "b": "3"}
    assert verify_content._comparison("x", again, frozen, verify_content._versions(document)).sentence == (
        "1 has another result: b."
    )
    monkeypatch.setattr(verify_content, "build_id", lambda: "000000000000")
    found = verify_content._comparison("x", again, frozen, verify_content._versions(document))
    assert found.outcome is Outcome.FAILED
    assert f"build {build_id()}, with action data" in found.sentence
    assert "build 000000000000" in found.sentence
    assert found.sentence.endswith("builds may differ in effects, tiers and findings): b.")
    assert f"build {build_id()}, with" in verify_content._versions(document, of_review=True)


def test_a_package_is_rendered_anew_by_another_build_and_names_its_own(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "build_id", lambda: "000000000000")
    monkeypatch.setattr(verify_content, "build_id", lambda: "000000000000")
    assert failures(pack) == []
    for name, check in (("review.json", "review.json"), (MANIFEST, "manifest")):
        file = pack / name
        content = file.read_bytes()
        named = f'"build":"{build_id()}","name":"iamdesk"'.encode()
        assert named in content
        file.write_bytes(content.replace(named, b'"name":"iamdesk"'))
        seal_anew(pack)
        assert check in {one.name for one in failures(pack)}
