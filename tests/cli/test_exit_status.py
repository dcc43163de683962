"""The contract's exit statuses: bad input ends with 2, one sentence, and nothing on standard output."""

import json
import shutil
from pathlib import Path

import pytest

from iamdesk.api import Workbench
from iamdesk.cli.evidence import PackageFormat
from iamdesk.export.evidence.write import write_package
from iamdesk.resource_files import sample_snapshot

from .conftest import Run

SAMPLE = str(sample_snapshot())
INPUTS = ("missing", "folder", "noise.bin", "other.csv", "empty.json", "database")
"""What may stand where a command expects a file of its own; made in the folder that a test runs in."""
SINGLE = [one.value for one in PackageFormat if one is not PackageFormat.PACKAGE]
ACCEPTED = ("--owner", "O", "--reason", "R", "--until", "2099-01-01")
DECIDE = ("--decision", "keep", "--entitlement", "x", "--reviewer", "Ana")


@pytest.fixture(scope="module")
def evidence(sample_review: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a review, a pack of it that is signed, and every bad input."""
    place = tmp_path_factory.mktemp("evidence")
    shutil.copy(sample_review, place / "q3.iamreview")
    (place / "folder").mkdir()
    (place / "noise.bin").write_bytes(b"\xff\xfe\x00" * 50)
    (place / "other.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (place / "empty.json").write_text("{}", encoding="utf-8")
    (place / "list.json").write_text("[]", encoding="utf-8")
    shutil.copy(place / "q3.iamreview", place / "database")
    return place


@pytest.fixture
def here(evidence: Path, tmp_path: Path, iamdesk: Run) -> Path:
    """The folder that the command runs in, with all of it."""
    shutil.copytree(evidence, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def pack(evidence: Path) -> Path:
    desk = Workbench.open_review(evidence / "q3.iamreview", writable=False)
    try:
        evaluator = Workbench().open_snapshot(sample_snapshot()).evaluator
        return write_package(desk.file, evidence.with_name("evidence-pack"), evaluator=evaluator, with_source=True)
    finally:
        desk.close()


def refused(iamdesk: Run, *words: str | Path) -> str:
    done = iamdesk(*words)
    assert (done.returncode, done.stdout) == (2, ""), (done.stdout, done.stderr)
    (sentence,) = done.stderr.strip().splitlines()
    assert "Traceback" not in sentence
    assert "Errno" not in sentence
    return sentence


@pytest.mark.parametrize("bad", INPUTS)
@pytest.mark.parametrize(
    "words",
    [
        ("diff", "BAD", SAMPLE, "--format", "json"),
        ("diff", SAMPLE, "BAD"),
        ("why", "BAD", "x", "--format", "json"),
        ("paths", "BAD", "--format", "json"),
        ("what-if", "BAD", "list.json", "--format", "json"),
        ("what-if", SAMPLE, "BAD", "--format", "json"),
        ("review", "new", "BAD", "-o", "new.iamreview"),
        ("review", "new", SAMPLE, "-o", "new.iamreview", "--previous", "q3.iamreview", "--previous-snapshot", "BAD"),
        ("review", "fill", "q3.iamreview", "BAD", "--reviewer", "Ana"),
        ("review", "sign", "BAD", "--name", "Ana"),
        ("export", "q3.iamreview", "--snapshot", "BAD", "-o", "pack"),
        ("verify", "BAD", "--format", "json"),
    ],
    ids=" ".join,
)
def test_input_of_another_kind_is_one_sentence(iamdesk: Run, here: Path, words: tuple[str, ...], bad: str) -> None:
    assert bad in refused(iamdesk, *(bad if word == "BAD" else word for word in words))
    assert not (here / "new.iamreview").exists()
    assert not (here / "pack").exists()


@pytest.mark.parametrize("bad", INPUTS[:-1])
@pytest.mark.parametrize(
    "words",
    [
        ("export", "BAD", "-o", "pack"),
        ("review", "status", "BAD", "--format", "json"),
        ("review", "entitlements", "BAD", "--format", "json"),
        ("review", "findings", "BAD", "--format", "json"),
        ("review", "log", "BAD", "--format", "json"),
        ("review", "decide", "BAD", *DECIDE),
        ("review", "approve", "BAD", "--reviewer", "Ana"),
        ("review", "recover", "BAD", "-o", "new.iamreview"),
        ("review", "new", SAMPLE, "-o", "new.iamreview", "--previous", "BAD", "--previous-snapshot", SAMPLE),
    ],
    ids=" ".join,
)
def test_what_is_no_review_is_one_sentence(iamdesk: Run, here: Path, words: tuple[str, ...], bad: str) -> None:
    assert bad in refused(iamdesk, *(bad if word == "BAD" else word for word in words))
    assert not (here / "new.iamreview").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("suppress", "missing", "a" * 20, "--remove"), "no such file"),
        (("suppress", "folder", "a" * 20, "--remove"), "folder"),
        (("suppress", "noise.bin", "a" * 20, "--remove"), "not a suppression file"),
        (("suppress", "new.json", "a" * 20), "requires a last day"),
        (
            ("suppress", "new.json", "short", "--owner", "O", "--reason", "R", "--until", "2099-01-01"),
            "id of a finding",
        ),
        (("suppress", "no/new.json", "a" * 20, *ACCEPTED), "no folder"),
        (("export", "q3.iamreview", "--format", "json", "-o", "folder"), "is a folder"),
        (("export", "q3.iamreview", "--format", "json", "-o", "no/such.json"), "no folder"),
        (("what-if", SAMPLE, "list.json", "--commands", "no/such.sh"), "no folder"),
        (("why", SAMPLE, "hello"), "No denied request"),
        (("why", SAMPLE, "-"), "No denied request"),
        (("why", SAMPLE, "Access Denied"), "does not name the principal and the action"),
        (("paths", SAMPLE, "--from", "nobody", "--format", "json"), "no user or role nobody"),
        (("paths", SAMPLE, "--to", "nobody"), "no user or role nobody"),
        (("review", "decide", "q3.iamreview", *DECIDE), "no entitlement or finding x"),
        (("review", "new", SAMPLE, "-o", "no/such.iamreview"), "cannot be written"),
        (("review", "new", SAMPLE, "-o", "q3.iamreview"), "already"),
        (("collect", "-o", "new.zip", "--region", "nowhere"), "is not a Region"),
        (("collect", "-o", "new.zip", "--profile", "nobody"), "no profile"),
    ],
    ids=lambda value: " ".join(value).replace(SAMPLE, "S") if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_sentence(iamdesk: Run, here: Path, words: tuple[str, ...], says: str) -> None:
    assert says in refused(iamdesk, *words)
    assert not (here / "new.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        *(
            ("export", "q3.iamreview", "--format", one.value, "-o", "q3.iamreview")
            for one in PackageFormat
            if one != "package"
        ),
        ("export", "q3.iamreview", "--snapshot", "s.json", "--format", "json", "-o", "./s.json"),
        ("findings", "s.json", "--format", "json", "-o", "s.json"),
        ("what-if", "s.json", "list.json", "--commands", "s.json"),
        ("what-if", "s.json", "list.json", "--commands", "list.json"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_what_is_read(iamdesk: Run, here: Path, words: tuple[str, ...]) -> None:
    shutil.copy(SAMPLE, here / "s.json")
    before = {name: (here / name).read_bytes() for name in ("q3.iamreview", "s.json", "list.json")}
    assert "is an input file" in refused(iamdesk, *words)
    assert {name: (here / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("option", "bad"),
    [
        ("--previous", "missing"),
        ("--previous", "folder"),
        ("--previous", "other.csv"),
        ("--snapshot", "missing"),
        ("--snapshot", "other.csv"),
        ("--allowed-signers", "missing"),
        ("--allowed-signers", "folder"),
    ],
)
def test_what_verify_is_told_to_take_has_to_be_there(
    iamdesk: Run, here: Path, pack: Path, option: str, bad: str
) -> None:
    assert bad in refused(iamdesk, "verify", pack, option, bad, "--format", "json")


def test_json_stands_alone_on_standard_output(iamdesk: Run, here: Path, pack: Path) -> None:
    for words in (
        ("diff", SAMPLE, SAMPLE),
        ("paths", SAMPLE),
        ("what-if", SAMPLE, "list.json", "--commands", "commands.sh"),
        ("review", "status", "q3.iamreview"),
        ("review", "entitlements", "q3.iamreview"),
        ("review", "findings", "q3.iamreview"),
        ("review", "log", "q3.iamreview"),
        ("verify", pack),
    ):
        done = iamdesk(*words, "--format", "json")
        assert done.returncode == 0, (words, done.stderr)
        json.loads(done.stdout)
        assert all(line.startswith("iamdesk: ") for line in done.stderr.splitlines())


def test_expected_decision_is_named_in_any_case_and_told_as_the_contract_spells_it(iamdesk: Run) -> None:
    asked = ("can", SAMPLE, "--principal", "ec2.amazonaws.com", "--action", "s3:GetObject", "--resource", "*")
    wrong = iamdesk(*asked, "--expect", "maybe")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "'maybe' is not one of allowed, explicitDeny, implicitDeny, conditional" in " ".join(wrong.stderr.split())
    told = json.loads(iamdesk(*asked, "--format", "json").stdout)["EvalDecision"]
    for word in ("allowed", "explicitDeny", "implicitDeny", "conditional"):
        for spelled in (word, word.lower(), word.upper()):
            assert iamdesk(*asked, "--expect", spelled).returncode == (0 if word == told else 1)
