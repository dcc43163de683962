"""Whatever stands in a package whose hashes are right, verifying ends in results or one sentence."""

import json
import random
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence.manifest import files_of, hash_of, manifest_bytes, sums_text
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.review_chain import package_at
from iamdesk.export.evidence.signing import Role, sign
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.resource_files import resources
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.journal import canonical
from iamdesk.review.review_file import ReviewFile

from .conftest import ANA, NOW, unchanged

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    1e400,
    "",
    "x",
    "\x00",
    "\ud800",
    [],
    {},
    [None],
    {"a": {}},
    10**30,
    "../x",
)


@pytest.fixture(scope="module")
def attested(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A pack without the snapshot that its owner signed off."""
    into = Path(shutil.copytree(bare, tmp_path_factory.mktemp("attested") / "pack"))
    sign(into, Role.OWNER, "Olga", now=NOW)
    with unchanged(into):
        yield into


def seal_anew(pack: Path) -> None:
    manifest = json.loads((pack / "00_manifest.json").read_bytes())
    about = {name: value for name, value in manifest.items() if name not in ("format", "evidence_sha256", "files")}
    hashes = [hash_of(pack, file) for file in files_of(pack)]
    content = manifest_bytes(about, hashes)
    (pack / "00_manifest.json").write_bytes(content)
    (pack / "SHA256SUMS").write_text(sums_text(hashes, content), encoding="utf-8")


def paths_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value; of a long list the first two members."""
    found = [at] if at else []
    if isinstance(value, dict):
        for name, one in value.items():
            found += paths_in(one, (*at, name))
    elif isinstance(value, list):
        for number, one in enumerate(value[:2]):
            found += paths_in(one, (*at, number))
    return found


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(at) == 1 and new is ...:
        del copy[at[0]]
    else:
        copy[at[0]] = changed(value[at[0]], at[1:], new)
    return copy


@pytest.mark.parametrize("name", ["00_manifest.json", "review.json", "verdicts.jsonl", "09_journal.jsonl"])
def test_any_value_of_another_kind_is_a_result(name: str, attested: Path, tmp_path: Path) -> None:
    """One place at a time, and everything is hashed anew."""
    pack = Path(shutil.copytree(attested, tmp_path / "pack"))
    file, kept = pack / name, {one: (pack / one).read_bytes() for one in ("00_manifest.json", "SHA256SUMS", name)}
    first, _, rest = kept[name].partition(b"\n") if name.endswith("l") else (kept[name], b"", b"")
    value = json.loads(first)
    chance = random.Random(14)
    places = paths_in(value)
    for at in chance.sample(places, min(len(places), 40 if name == "00_manifest.json" else 8)):
        new = chance.choice((*ODD, ...))
        other = changed(value, at, new)
        if other == value:
            continue
        text = json.dumps(other, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass") + (b"\n" + rest if name.endswith("l") else b""))
        if name == "00_manifest.json":
            results = list(verify(pack))
        else:
            seal_anew(pack)
            results = list(verify(pack))
        assert results, (at, new)
        if name in ("00_manifest.json", "09_journal.jsonl"):  # of others some is bound by the manifest alone
            assert any(one.outcome is Outcome.FAILED for one in results), (at, new)
        for one, content in kept.items():
            (pack / one).write_bytes(content)


def test_random_bytes_in_any_file_are_results(attested: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(attested, tmp_path / "pack"))
    manifest, sums = (pack / "00_manifest.json").read_bytes(), (pack / "SHA256SUMS").read_bytes()
    chance = random.Random(15)
    for file in files_of(pack):
        whole = file.read_bytes()
        odd = (b"", b"\xff\xfe\x00", b"[" * 50_000, b'"' * 99, chance.randbytes(300), whole[: len(whole) // 2])
        for content in odd if file.name == "review.json" else chance.sample(odd, 1):
            file.write_bytes(content)
            seal_anew(pack)
            results = list(verify(pack))
            assert any(one.outcome is Outcome.FAILED for one in results) or file.name not in (
                "review.json",
                "09_journal.jsonl",
                "03_entitlements.csv",
            ), (file.name, content[:20])
        file.write_bytes(whole)
        (pack / "00_manifest.json").write_bytes(manifest)
        (pack / "SHA256SUMS").write_bytes(sums)


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{}", b'{"files":5}', b"[" * 100_000, b"\xff", b'{"files":[{}]}']
)
def test_malformed_manifests(content: bytes, attested: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(attested, tmp_path / "pack"))
    (pack / "00_manifest.json").write_bytes(content)
    (only,) = verify(pack)
    assert (only.name, only.outcome) == ("manifest", Outcome.FAILED)
    if not content.startswith(b"{"):
        with pytest.raises(ExportError):
            package_at(pack)
    about = {"review_id": 5, "counts": None}
    (pack / "00_manifest.json").write_bytes(manifest_bytes(about, []))
    assert next(iter(verify(pack))).outcome is Outcome.FAILED, "in its one spelling, and of no pack"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"format": "iamdesk-evidence/2"},
            "has format `iamdesk-evidence/2`; this iamdesk reads only `iamdesk-evidence/1`",
        ),
        ({"format": None}, "has format `None`; this iamdesk reads only `iamdesk-evidence/1`"),
        ({"journal_entries": None}, "is not as iamdesk writes it: journal_entries"),
        ({"tool": {"name": "iamdesk", "version": "0.1.0"}}, "is not as iamdesk writes it: tool.build"),
        ({"note": "approved"}, "is not as iamdesk writes it: note"),
        *(
            ({name: ...}, f"is not as iamdesk writes it: {name}")
            for name in ("genesis_sha256", "journal_entries", "events_sha256", "events", "tool", "status", "counts")
        ),
    ],
)
def test_a_manifest_of_another_format_is_refused(
    attested: Path, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    """What it leaves out or adds is a failure, not a package that is checked less."""
    pack = Path(shutil.copytree(attested, tmp_path / "pack"))
    value = json.loads((pack / "00_manifest.json").read_bytes()) | change
    value = {name: one for name, one in value.items() if one is not ...}
    (pack / "00_manifest.json").write_bytes(canonical(value))
    (only,) = verify(pack)
    assert (only.name, only.outcome) == ("manifest", Outcome.FAILED)
    assert only.sentence == f"00_manifest.json {sentence}."
    with pytest.raises(ExportError) as refused:
        package_at(pack)
    assert str(refused.value).endswith(f"is not an evidence package: 00_manifest.json {sentence}")


def test_pipes_and_devices_in_a_pack_keep_nobody_waiting(attested: Path, tmp_path: Path) -> None:
    import os

    for name in ("08_signoffs.json", "SHA256SUMS", "review.json", "03_entitlements.csv"):
        pack = Path(shutil.copytree(attested, tmp_path / f"pack-{name}"))
        (pack / name).unlink()
        os.mkfifo(pack / name)
        assert any(one.outcome is Outcome.FAILED for one in verify(pack)), name
        assert stat.S_ISFIFO((pack / name).stat().st_mode)


def test_archives_that_are_none(attested: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(attested.rglob("*")):
            if file.is_file():
                archive.write(file, f"pack/{file.relative_to(attested).as_posix()}")
    with opened_package(whole) as folder:
        assert (folder / "00_manifest.json").is_file()
    content = whole.read_bytes()
    chance = random.Random(16)
    for number in range(120):
        broken = bytearray(content)
        for _ in range(chance.randrange(1, 30)):
            broken[
                chance.randrange(len(broken) - 3000, len(broken)) if number % 2 else chance.randrange(len(broken))
            ] ^= 255
        path = tmp_path / "broken.zip"
        path.write_bytes(broken)
        try:
            with opened_package(path) as folder:
                (folder / "00_manifest.json").read_bytes()
        except ExportError as error:
            assert "\n" not in str(error)  # noqa: PT017 - an archive may still be readable


def test_an_archive_that_names_a_file_twice_is_refused(attested: Path, tmp_path: Path) -> None:
    """Each reader would see another one of the two."""
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(attested / "00_manifest.json", "pack/00_manifest.json")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.write(attested / "SHA256SUMS", "pack/00_manifest.json")
    with pytest.raises(ExportError, match="twice"), opened_package(path):
        pass


# Honest packages


def test_a_cell_that_is_longer_than_python_reads_by_itself(
    decided: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    path = Path(shutil.copy(decided, tmp_path / "q3.iamreview"))
    with ReviewFile.open(path) as review:
        review.record(
            {review.lines[0].line_id: ItemDecision(ReviewDecision.REVOKE, "long " * 40_000)}, ANA, lambda: NOW
        )
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=NOW, with_source=False)
    assert [one for one in verify(pack) if one.outcome is Outcome.FAILED] == []


def test_a_source_that_could_not_be_read_to_its_end_has_its_hash_too(tmp_path: Path) -> None:
    place = Path(shutil.copytree(resources() / "samples" / "acme-organization", tmp_path / "organization"))
    victim = next(one for one in sorted(place.rglob("*.json")) if one.parent.name == "describe-policy")
    victim.write_bytes(b"[1] x" + b" " * 1_000_000)
    opened = Workbench().open_snapshot(place)
    assert all(len(one.sha256) == 64 and one.size == one.path.stat().st_size for one in opened.snapshot.files)
    before = opened.snapshot.sha256
    victim.write_bytes(b"[2] x" + b" " * 1_000_000)
    assert Workbench().open_snapshot(place).snapshot.sha256 != before, "what is not understood is told apart, too"


def test_signoffs_list_is_canonical(attested: Path) -> None:
    content = (attested / "08_signoffs.json").read_bytes()
    assert canonical(json.loads(content)) == content
