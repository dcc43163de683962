"""Who signed: everything that a forger writes who can hash anew and has a key of their own, is found."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.manifest import SIGNATURES, SIGNOFFS, read_manifest
from iamdesk.export.evidence.result import Outcome, Result
from iamdesk.export.evidence.signing import Role, SignOff, has_ssh_keygen, is_signed_by, read_signoffs, side_files, sign
from iamdesk.export.evidence.ssh_signature import principals_of, public_key
from iamdesk.export.evidence.verify import verify
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.review.journal import canonical

from .conftest import NOW

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")

LATER = NOW + timedelta(minutes=5)


def new_key(folder: Path, name: str, kind: str = "ed25519") -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path, "-C", f"{name}@example.com"], check=True)
    return path


def line_of(key: Path) -> str:
    return " ".join(key.with_name(f"{key.name}.pub").read_text(encoding="utf-8").split()[:2])


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: new_key(folder, name) for name in ("ana", "ben", "mallory")}


@pytest.fixture(scope="module")
def signed(made: Path, keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pack = Path(shutil.copytree(made, tmp_path_factory.mktemp("signed") / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    sign(pack, Role.MANAGEMENT, "Dana Lee", title="CISO", now=LATER)
    sign(pack, Role.SECOND_REVIEWER, "Ben Okafor", key=keys["ben"], now=LATER)
    return pack


def of_signatures(pack: Path, allowed: Path | None = None, required: Iterable[Role] = ()) -> list[Result]:
    """The checks of who signed; the rest of a verification takes seconds and is looked at elsewhere."""
    from iamdesk.export.evidence.signoff_checks import verify_signoffs

    return list(verify_signoffs(pack, read_manifest(pack), allowed, tuple(required)))


def failures(pack: Path, allowed: Path | None = None, required: Iterable[Role] = ()) -> list[Result]:
    return [one for one in of_signatures(pack, allowed, required) if one.outcome is Outcome.FAILED]


def put(pack: Path, signoffs: Iterable[SignOff]) -> None:
    """Write sign-offs as iamdesk does: list and files beside it agree."""
    listed = tuple(signoffs)
    shutil.rmtree(pack / SIGNATURES)
    (pack / SIGNATURES).mkdir()
    for path, text in side_files(listed).items():
        (pack / path).write_text(text, encoding="utf-8", newline="\n")
    (pack / SIGNOFFS).write_bytes(canonical([one.as_json() for one in listed]))


def signature(text: str, key: Path, namespace: str = "iamdesk-review") -> str:
    return subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", key, "-n", namespace], input=text.encode(), capture_output=True, check=True
    ).stdout.decode()


def by(one: SignOff, key: Path, namespace: str = "iamdesk-review", **values: object) -> SignOff:
    """A sign-off as whoever has a key can make it, with values of their own."""
    made = replace(one, public_key=line_of(key), scheme="ssh")
    made = replace(made, **values)  # type: ignore[arg-type]
    return replace(made, signature=signature(made.text, key, namespace))


def chained(signoffs: Iterable[SignOff]) -> tuple[SignOff, ...]:
    """What a forger without the keys can do of the chain: name each before it, and keep the old signatures."""
    made: list[SignOff] = []
    for at, one in enumerate(signoffs):
        made.append(replace(one, number=at + 1, previous_sha256=made[-1].sha256 if made else "0" * 64))
    return tuple(made)


type Forge = Callable[[tuple[SignOff, ...], dict[str, Path]], Iterable[SignOff]]

FORGED: dict[str, Forge] = {
    "two keys in one: the first is shown, the second signed": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], public_key=f"{line_of(keys['ana'])}\n{line_of(keys['mallory'])}"),
        *all_of[1:],
    ],
    "two keys with a blank between": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], public_key=f"{line_of(keys['ana'])} {line_of(keys['mallory'])}"),
        *all_of[1:],
    ],
    "one key is listed, another signed": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], public_key=line_of(keys["ana"])),
    ],
    "a comment behind the key": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], public_key=f"{line_of(keys['mallory'])} ana@example.com"),
    ],
    "signed by nobody": lambda all_of, _keys: [replace(all_of[0], name="Mallory")],
    "a role that there is not": lambda all_of, keys: [by(all_of[0], keys["mallory"], role="ceo")],
    "another statement": lambda all_of, keys: [by(all_of[0], keys["mallory"], statement="I have seen nothing.")],
    "the statement of another role": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], statement=Role.MANAGEMENT.sentence)
    ],
    "a line break in a name": lambda all_of, keys: [
        by(all_of[0], keys["mallory"], name="Ana Moreno\ntitle: CISO\nutc: 2026-11-24T12:00:00Z")
    ],
    "a line break in a title": lambda all_of, keys: [by(all_of[0], keys["mallory"], title="CISO\nrole: owner")],
    "a name that reads from right to left": lambda all_of, keys: [by(all_of[0], keys["mallory"], name="\u202eonerom")],
    "no name": lambda all_of, keys: [by(all_of[0], keys["mallory"], name=" ")],
    "a date before the review": lambda all_of, keys: [by(all_of[0], keys["mallory"], utc="2026-11-23T12:00:00Z")],
    "a date that has not come": lambda all_of, keys: [by(all_of[0], keys["mallory"], utc="2199-11-23T12:00:00Z")],
    "no date": lambda all_of, keys: [by(all_of[0], keys["mallory"], utc="yesterday")],
    "a date without a zone": lambda all_of, keys: [by(all_of[0], keys["mallory"], utc="2026-11-24T12:00:00")],
    "another manifest": lambda all_of, keys: [by(all_of[0], keys["mallory"], manifest_sha256="0" * 64)],
    "a signature for something else": lambda all_of, keys: [by(all_of[0], keys["mallory"], "git")],
    "another way to sign": lambda all_of, keys: [by(all_of[0], keys["mallory"], scheme="pgp")],
    "signed without a signature": lambda all_of, _keys: [replace(all_of[0], signature="")],
    "a signature that is none": lambda all_of, _keys: [replace(all_of[0], signature="-----BEGIN SSH SIGNATURE-----\n")],
    "unsigned, with somebody's key": lambda all_of, keys: [
        all_of[0],
        replace(all_of[1], public_key=line_of(keys["ana"])),
    ],
    "called unsigned, with a signature": lambda all_of, _keys: [replace(all_of[0], scheme="unsigned attestation")],
    "the first taken out": lambda all_of, _keys: all_of[1:],
    "the first taken out, the rest renumbered": lambda all_of, _keys: chained(all_of[1:]),
    "one in the middle taken out": lambda all_of, _keys: (all_of[0], all_of[2]),
    "one in the middle taken out, the rest renumbered": lambda all_of, _keys: chained((all_of[0], all_of[2])),
    "one in the middle says another name": lambda all_of, _keys: (
        all_of[0],
        replace(all_of[1], name="Dana Leigh"),
        all_of[2],
    ),
    "doubled": lambda all_of, _keys: (*all_of, all_of[2]),
    "doubled and renumbered": lambda all_of, _keys: chained((*all_of, all_of[2])),
    "moved": lambda all_of, _keys: chained((all_of[2], all_of[0], all_of[1])),
    "numbered otherwise": lambda all_of, _keys: (replace(all_of[0], number=7), *all_of[1:]),
    "without the one before it": lambda all_of, keys: (
        *all_of,
        by(all_of[0], keys["mallory"], number=4, previous_sha256=""),
    ),
    "one key, two persons": lambda all_of, keys: [
        first := by(all_of[0], keys["mallory"], name="Ana Moreno"),
        by(all_of[0], keys["mallory"], name="Ben Okafor", number=2, previous_sha256=first.sha256),
    ],
}


def test_honest_sign_offs_pass(signed: Path) -> None:
    assert failures(signed) == []


@pytest.mark.parametrize("name", FORGED)
def test_forged_sign_off_is_found(name: str, signed: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(signed, tmp_path / "pack"))
    put(pack, FORGED[name](read_signoffs(signed), keys))
    assert failures(pack) != []


def test_the_shown_key_is_the_one_that_signed(signed: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    (first, *_rest) = of_signatures(signed)
    assert first.signer is not None
    assert first.signer.key == public_key(line_of(keys["ana"])).fingerprint
    told = subprocess.run(["ssh-keygen", "-l", "-f", f"{keys['ana']}.pub"], capture_output=True, text=True, check=True)
    assert first.signer.key == told.stdout.split()[1]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_keys_of_other_kinds(kind: str, made: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    key = new_key(tmp_path, kind, kind)
    sign(pack, Role.OWNER, "Olga Pérez", key=key, now=NOW)
    (only,) = of_signatures(pack)
    assert (only.outcome, only.signer and only.signer.key) == (Outcome.PASSED, public_key(line_of(key)).fingerprint)


def test_a_stale_public_key_beside_the_private_one_is_not_believed(
    made: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    key = Path(shutil.copy(keys["mallory"], tmp_path / "key"))
    shutil.copy(f"{keys['ana']}.pub", tmp_path / "key.pub")
    try:
        one = sign(pack, Role.OWNER, "Mallory", key=key, now=NOW, asks=False)
    except ExportError:
        return  # ssh-keygen itself saw it
    assert one.public_key != line_of(keys["ana"])


@pytest.mark.parametrize(
    "change",
    [
        {"previous_sha256": ""},
        {"statement": "I decided on the lines that bear my name, to the best of my knowledge."},
        {"role": "second_reviewer"},
    ],
    ids=["without the previous one", "another statement", "the statement of another role"],
)
def test_a_sign_off_says_what_iamdesk_writes(
    made: Path, keys: dict[str, Path], tmp_path: Path, change: dict[str, str]
) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    assert failures(pack) == []
    put(pack, [by(read_signoffs(pack)[0], keys["ana"], **change)])
    assert failures(pack)


def test_a_sign_off_without_a_member_is_not_read(made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    (one,) = json.loads((pack / SIGNOFFS).read_bytes())
    del one["previous_sha256"]
    (pack / SIGNOFFS).write_bytes(canonical([one]))
    assert failures(pack)[0].sentence == f"{SIGNOFFS} cannot be read."


MALFORMED = [
    b"",
    b"{}",
    b"[{}]",
    b"[null]",
    b"null",
    b"[[]]",
    b'{"a":1}',
    b"[" * 100_000,
    b"\xff\xfe",
    b'"text"',
    b"[1]",
]


@pytest.mark.parametrize("content", MALFORMED, ids=lambda content: repr(content[:12]))
def test_malformed_lists_are_one_sentence(content: bytes, signed: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(signed, tmp_path / "pack"))
    (pack / SIGNOFFS).write_bytes(content)
    assert [one.name for one in failures(pack) if one.name == SIGNOFFS] or content in (b"{}",)
    assert failures(pack) != []


@pytest.mark.parametrize("value", [None, 7, True, 1.5, ["x"], {"a": 1}, "\ud800", "x\x00y"], ids=repr)
def test_any_value_of_another_kind_is_found(value: object, signed: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(signed, tmp_path / "pack"))
    listed = json.loads((pack / SIGNOFFS).read_bytes())
    for name in listed[0]:
        forged = [{**listed[0], name: value}, *listed[1:]]
        (pack / SIGNOFFS).write_bytes(canonical(forged))
        assert failures(pack) != [], name


def test_files_beside_the_list_say_the_same(signed: Path, tmp_path: Path) -> None:
    for name, content in (("01.txt", b"x"), ("allowed_signers", b""), ("04.txt", b"new"), ("03.txt.sig", None)):
        pack = Path(shutil.copytree(signed, tmp_path / f"pack-{name}"))
        place = pack / SIGNATURES / name
        if content is None:
            place.unlink()
        else:
            place.write_bytes(content)
        assert [one.name for one in failures(pack)] == [f"{SIGNATURES}/{name}"]


# Known keys


def known_file(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "known"
    path.write_text("# whom we know\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


GOOD = {
    "the name as ssh-keygen takes it": "Ana-Moreno {ana} somebody@example.com",
    "an address and the name": "ana@example.com,Ana-Moreno {ana}",
    "the name between quotes": '"ana@example.com,Ana Moreno" namespaces="iamdesk-review,git" {ana}',
    "from a day on": 'Ana-Moreno valid-after="20200101",namespaces="iamdesk-review" {ana}',
}


@pytest.mark.parametrize("case", GOOD)
def test_a_known_key_of_the_person_who_signs(case: str, made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    known = known_file(tmp_path, GOOD[case].format(ana=line_of(keys["ana"])), f"Ben-Okafor {line_of(keys['ben'])}")
    (only,) = of_signatures(pack, known)
    assert only.outcome is Outcome.PASSED, only.sentence
    assert only.signer is not None
    assert only.signer.principal == principals_of(public_key(line_of(keys["ana"])), known.read_text())[0]
    assert only.signer.principal in only.sentence
    assert only.signer.principal in closing_lines([only])[1]


BAD = {
    "nobody's key": ["Ben-Okafor {ben}"],
    "another one's key": ["mallory@example.com,Mallory {ana}"],
    "of two persons": ["Ana-Moreno {ana}", "Ben-Okafor {ana}"],
    "of anybody": ["* {ana}"],
    "of anybody of that kind": ["Ana* {ana}"],
    "the name in the comment alone": ["mallory@example.com {ana} Ana-Moreno"],
    "for something else": ['Ana-Moreno namespaces="git" {ana}'],
    "no longer valid": ['Ana-Moreno valid-before="20200101" {ana}'],
    "commented out": ["# Ana-Moreno {ana}"],
    "not that name": ["!Ana-Moreno,Ana* {ana}"],
    "nothing": [],
    "rubbish": ["\x00\x01 \udcff", '"', "ssh-ed25519", "a b c d"],
}


@pytest.mark.parametrize("case", BAD)
def test_a_key_that_is_not_known_as_that_person(case: str, made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    text = "".join(f"{line.format(ana=line_of(keys['ana']), ben=line_of(keys['ben']))}\n" for line in BAD[case])
    known = tmp_path / "known"
    known.write_text(text, encoding="utf-8", errors="surrogateescape")
    (only,) = of_signatures(pack, known)
    assert (only.outcome, only.signer) == (Outcome.FAILED, None)
    assert closing_lines([only])[1] == "unsigned: does not prove who made it"


def test_a_key_that_has_expired_since_is_told(made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    """The time of the sign-off is the signer's word: only a stamp shows that the key was valid."""
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    one = sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["ana"], now=NOW)
    known = known_file(tmp_path, f'Ana-Moreno valid-before="20261125" {line_of(keys["ana"])}')
    (only,) = failures(pack, known)
    assert "it was valid at 2026-11-24T12:00:00Z, as the sign-off says, but is not today" in only.sentence
    assert is_signed_by(one, "Ana-Moreno", known.read_text(), NOW)
    assert not is_signed_by(one, "Ana-Moreno", known.read_text(), NOW + timedelta(days=2))
    other = known_file(tmp_path, f'Ana-Moreno namespaces="git" {line_of(keys["ana"])}')
    (only,) = failures(pack, other)
    assert "its purpose (namespaces)" in only.sentence


def test_what_is_wrong_with_a_signature_is_told(signed: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    """Another purpose; a certificate in place of a key."""
    pack = Path(shutil.copytree(signed, tmp_path / "pack"))
    first = read_signoffs(pack)[0]
    put(pack, [by(first, keys["ana"], "git")])
    assert [one.sentence for one in failures(pack)] == [
        "Its signature is for `git` (the namespace of ssh-keygen -n), not for `iamdesk-review`."
    ]
    authority, key = new_key(tmp_path, "authority"), new_key(tmp_path, "certified")
    words = ("-q", "-s", authority, "-I", "Ana Moreno", "-n", "Ana-Moreno", f"{key}.pub")
    subprocess.run(["ssh-keygen", *words], check=True, capture_output=True, timeout=60)
    certificate = " ".join((tmp_path / "certified-cert.pub").read_text(encoding="utf-8").split()[:2])
    made = replace(first, public_key=certificate)
    put(pack, [replace(made, signature=signature(made.text, tmp_path / "certified-cert.pub"))])
    (only,) = failures(pack)
    assert "signed with a certificate, not with a key itself" in only.sentence


def test_whoever_claims_anothers_name_is_found_by_the_known_keys(
    made: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    """Mallory is known, and signs as Ana."""
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["mallory"], now=NOW)
    known = known_file(tmp_path, f"Ana-Moreno {line_of(keys['ana'])}", f"Mallory {line_of(keys['mallory'])}")
    (only,) = failures(pack, known)
    assert "listed for Mallory" in only.sentence


def test_the_packages_own_list_is_no_list_of_known_keys(made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    """Mallory signs as Ana; the list in the package names the key of the signature, whoever's it is."""
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    sign(pack, Role.REVIEWER, "Ana Moreno", key=keys["mallory"], now=NOW)
    own = pack / SIGNATURES / "allowed_signers"
    link, copy, known = tmp_path / "link", tmp_path / "copy", tmp_path / "known"
    link.symlink_to(own)
    shutil.copy(own, copy)
    for path, reason in ((own, "of the package itself"), (link, "of the package itself"), (copy, "is a copy of")):
        with pytest.raises(ExportError, match=reason):
            next(iter(verify(pack, allowed_signers=path)))
    next(iter(verify(pack, allowed_signers=tmp_path / "missing")))  # told where the signatures are verified
    known.write_text("# asked by telephone\n" + own.read_text(encoding="utf-8"), encoding="utf-8")
    next(iter(verify(pack, allowed_signers=known)))


@pytest.mark.parametrize("name", ["SHA256SUMS", "signoffs/01.txt", "08_signoffs.json"])
def test_a_file_of_the_package_is_no_note(signed: Path, name: str) -> None:
    """Each names the digest, whoever made the package."""
    with pytest.raises(ExportError, match="of the package itself"):
        next(iter(verify(signed, notes=(signed / name,))))


# What it comes to


def test_an_unsigned_package_says_that_it_proves_nothing_about_who(pack: Path) -> None:
    results = list(verify(pack))
    state, who, left_out = closing_lines(results)
    assert state == (
        "DRAFT: the review is not complete; consistent: all files follow from the journal and the snapshot in the "
        "package; 1 check not done; the package may have been rewritten as a whole (see the next line)"
    )
    assert "that the people named made the decisions" in left_out
    assert who == "unsigned: does not prove who made it"
    sign(pack, Role.MANAGEMENT, "Dana Lee", now=NOW)
    assert closing_lines(of_signatures(pack))[1] == "unsigned: does not prove who made it", "a typed name is none"


def test_a_required_signature_is_one_with_a_key_in_that_role(signed: Path) -> None:
    assert failures(signed, required=(Role.REVIEWER, Role.SECOND_REVIEWER)) == []
    (only,) = failures(signed, required=(Role.REVIEWER, Role.MANAGEMENT))
    assert "management" in only.sentence, "Dana typed her name"


def test_signers_are_told_with_key_and_role(signed: Path, keys: dict[str, Path]) -> None:
    told = closing_lines(of_signatures(signed))[1]
    for name, role, key in (("Ana Moreno", "reviewer", "ana"), ("Ben Okafor", "second_reviewer", "ben")):
        mark = public_key(line_of(keys[key])).fingerprint
        assert re.search(f"{name} as {role}, 2026-11-24T[0-9:]+Z, key {re.escape(mark)}", told)
    assert "Dana" not in told
    assert told.count("NOT COMPARED with a key that you know") == 2


def test_a_failed_signature_stands_first(signed: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    """Whoever reads the first of the last lines alone is not told that all is well."""
    state = closing_lines(of_signatures(signed, required=(Role.MANAGEMENT,)))[0]
    assert state == "FAILED: 1 check (required signature)"
    known = known_file(tmp_path, f"Ana-Moreno {line_of(keys['ana'])}")
    assert closing_lines(of_signatures(signed, known))[0] == "FAILED: 1 check (sign-off 03)"


def test_a_known_key_vouches_for_the_whole(signed: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    lines = (f"Ana-Moreno {line_of(keys['ana'])}", f"Ben-Okafor {line_of(keys['ben'])}")
    state, who, _ = closing_lines(of_signatures(signed, known_file(tmp_path, *lines)))
    assert state.startswith("consistent")
    assert "rewritten" not in state
    assert "NOT COMPARED" not in who


# Signing


def test_signing_before_the_pack_was_written_is_refused(pack: Path) -> None:
    with pytest.raises(ExportError, match="clock"):
        sign(pack, Role.OWNER, "Ana", now=NOW - timedelta(seconds=1))


def test_signing_writes_through_no_link(pack: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine", encoding="utf-8")
    (pack / SIGNATURES).mkdir()
    (pack / SIGNATURES / "01.txt").symlink_to(outside)
    with pytest.raises(ExportError, match="is a link"):
        sign(pack, Role.OWNER, "Ana", now=NOW)
    assert outside.read_text(encoding="utf-8") == "mine"


def test_a_name_with_line_breaks_is_signed_visibly(pack: Path) -> None:
    one = sign(pack, Role.OWNER, "Ana\ntitle: CISO", now=NOW)
    assert one.name == "Ana\\u000atitle: CISO"
    assert failures(pack) == []


@pytest.mark.parametrize("path", ["", ".", os.pathsep, f"here{os.pathsep}."])
def test_no_program_of_the_current_folder_is_run(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package may bring an ``ssh-keygen`` of its own; on Windows the current folder comes first."""
    for folder in (tmp_path, tmp_path / "here"):
        folder.mkdir(exist_ok=True)
        (folder / "ssh-keygen").write_text("#!/bin/sh\n")
        (folder / "ssh-keygen").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    assert not has_ssh_keygen()
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{tmp_path / 'here'}")
    assert has_ssh_keygen()


def test_one_person_does_not_sign_in_several_required_roles(made: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    for role in Role:
        sign(pack, role, "Ana Moreno", key=keys["ana"], now=NOW)
    (only,) = failures(pack, required=tuple(Role))
    assert only.name == "required signature"
    assert "One person signed in several of the required roles" in only.sentence
    assert failures(pack, required=(Role.MANAGEMENT,)) == []
