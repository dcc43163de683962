"""Files made to hurt whoever opens them, written by name: as one file, within a bundle's folder, and within an archive.

Run as a script it writes them all below a folder, to open them by hand: ``python tests/hostile/corpus.py FOLDER``.
"""

import gzip
import json
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
DETAILS = f"accounts/{ACCOUNT}/iam/get-account-authorization-details.json"
BUCKETS = f"accounts/{ACCOUNT}/s3api/list-buckets.json"
POLICY = f"accounts/{ACCOUNT}/s3api/get-bucket-policy/data.json"
ALICE = {"UserName": "alice", "Arn": f"arn:aws:iam::{ACCOUNT}:user/alice"}
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)")
NAMES = ("<img src=x onerror=alert(1)>", "admin\u202enimda", "zero\u200bwidth", "nul\0byte", "two\nlines", *FORMULAS)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to open."""

    name: str
    write: Callable[[Path], Path]
    """Writes it below a folder and returns the path to open."""
    is_refused: bool = False
    """Whether nothing can be shown; else ``alice`` is."""
    told: str = ""
    """What a problem, a broken entry or the refusal says; empty: nothing has to be said."""
    file: str = ""
    """The file that the message names."""


def page(*users: Any, **more: Any) -> str:
    return json.dumps({"UserDetailList": [ALICE, *users], **more}, indent=1)


type Content = str | bytes | Callable[[], str | bytes]
"""What a file holds; what takes long to make is made when it is written, not whenever somebody asks for the cases."""


def bytes_of(content: Content) -> bytes:
    made = content() if callable(content) else content
    return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")


def as_file(content: Content, name: str = "account.json") -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        path = root / name
        path.write_bytes(bytes_of(content))
        return path

    return write


def as_bundle(files: Mapping[str, Content]) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        for path, content in {DETAILS: page(), **files}.items():
            file = root / "bundle" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes_of(content))
        return root / "bundle"

    return write


def as_archive(fill: Callable[[zipfile.ZipFile], None]) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        path = root / "bundle.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(DETAILS, page())
            fill(archive)
        return path

    return write


# --- texts


def nested(depth: int, inside: str = "1") -> str:
    return '{"a": [' * (depth // 2) + inside + "]}" * (depth // 2)


def texts() -> Iterator[Case]:
    """What one file may hold."""
    whole = page({"UserName": "bob", "Arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "Tags": [{"Key": "k", "Value": "v"}]})
    for place, at in {
        "in a key": whole.index('"UserName"') + 4,
        "in a value": whole.index("alice") + 2,
        "after a colon": whole.index('"Arn":') + 6,
        "in a list": whole.index("{", 2) + 1,
        "at its last bracket": len(whole) - 1,
    }.items():
        yield Case(f"truncated {place}", as_file(whole[:at]), True, "the file ends in the middle", "account.json")
    for encoding in ("latin-1", "cp1252", "utf-16-le", "utf-32"):
        odd = page({"UserName": "Zoë", "Arn": f"arn:aws:iam::{ACCOUNT}:user/zoe"}).replace("\\u00eb", "ë")
        yield Case(f"encoded as {encoding}", as_file(odd.encode(encoding)), True, "", "account.json")
    yield Case("UTF-8 with BOM", as_file(b"\xef\xbb\xbf" + page().encode()))
    yield Case("UTF-16 with BOM", as_file(page().encode("utf-16")))
    yield Case("NaN", as_file(page(New="x").replace('"x"', "NaN")), True, "`NaN` is not a JSON value", "account.json")
    for what, value in {
        "a key twice": '{"a": 1, "a": 2}',
        "ten thousand levels": nested(10_000),
        "a million digits": "9" * 1_000_000,
        "a lone surrogate": '"\\ud800"',
        "an infinite number": "1e999",
    }.items():
        broken = page({"UserName": "bent", "New": "HERE"}).replace('"HERE"', value)
        told = "the entry is ambiguous" if what in ("a key twice", "a lone surrogate") else "the entry cannot be read"
        yield Case(f"{what} in an entry", as_file(broken), told=told, file="account.json")
        unknown = page(Unknown="HERE").replace('"HERE"', value)
        yield Case(f"{what} in an unknown key", as_file(unknown))
    yield Case(
        "a list that is none", as_file(page(RoleDetailList={"a": 1})), told="expected a list", file="account.json"
    )
    yield Case("nothing", as_file(""), True, "the file is empty", "account.json")
    yield Case("binary", as_file(bytes(range(256)) * 64), True, "", "account.json")


def statement(number: int) -> dict[str, Any]:
    return {
        "Sid": f"S{number}",
        "Effect": "Allow",
        "Action": f"s3:Get*{number}",
        "Resource": f"arn:aws:s3:::b{number}/*",
    }


def policies() -> Iterator[Case]:
    """Documents that are larger or stranger than AWS lets anybody write."""
    many = {"Version": "2012-10-17", "Statement": [statement(number) for number in range(10_000)]}
    wild = {"Version": "2012-10-17", "Statement": [{**statement(0), "Action": "*" * 100_000 + "a"}]}
    large = {"Version": "2012-10-17", "Statement": [{**statement(0), "Resource": ["x" * 999] * 1050}]}
    for what, document in {"ten thousand statements": many, "wildcards": wild, "a policy of 1 MB": large}.items():
        inline = [{"PolicyName": "own", "PolicyDocument": document}]
        carrier = {"UserName": "bob", "Arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "UserPolicyList": inline}
        yield Case(what, as_file(partial(page, carrier)))
        yield Case(f"{what} of a bucket", as_bundle({POLICY: partial(bucket_policy, document)}))


def bucket_policy(document: Any) -> str:
    return json.dumps({"Policy": json.dumps(document)})


def names() -> Iterator[Case]:
    """Names that are meant for somebody's screen, spreadsheet or page."""
    users = [{"UserName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}"} for name in NAMES]
    yield Case("names", as_file(page(*users)))
    buckets = {"Buckets": [{"Name": name} for name in NAMES]}
    yield Case("names of buckets", as_bundle({BUCKETS: json.dumps(buckets)}))
    yield Case("a name twice", as_file(page(ALICE, {**ALICE, "Path": "/x/"})), told="is also at", file="account.json")
    roots = {"Roots": [{"Id": "r-1", "Name": name} for name in NAMES] + [{"Id": "r-1"}]}
    yield Case("names of roots", as_bundle({"organization/list-roots.json": json.dumps(roots)}))
    circle = {"OrganizationalUnits": [{"Id": "ou-1", "Name": "<b>"}]}
    yield Case(
        "units within each other",
        as_bundle(
            {
                "organization/describe-organization.json": '{"Organization": {"Id": "o-1", "MasterAccountId": "1"}}',
                "organization/list-organizational-units-for-parent/ou-1.json": json.dumps(circle),
                "organization/list-accounts-for-parent/ou-1.json": json.dumps({"Accounts": [{"Id": ACCOUNT}]}),
            }
        ),
    )


# --- bundles


@cache
def bomb() -> bytes:
    """Two hundred megabytes of spaces."""
    return gzip.compress(b'{"Buckets": [' + b" " * (200 << 20) + b"]}", 9)


@cache
def flood() -> bytes:
    return gzip.compress(b'{"Buckets": [' + b"1," * 600_000 + b"1]}", 9)


def bundles() -> Iterator[Case]:
    """Faults of one file of a bundle: the others are shown."""
    for what, content, told in (
        ("truncated", '{"Buckets": [{"Na', "the file ends in the middle"),
        ("empty", "", "the file is empty"),
        ("no JSON", "An error occurred (AccessDenied) when calling the ListBuckets operation", "expected an object"),
        ("latin-1", '{"Buckets": [{"Name": "é"}]}'.encode("latin-1"), "is not valid UTF-8 text"),
        ("a key twice", '{"Buckets": [], "Buckets": [{"Name": "x"}]}', "the key occurs twice"),
        ("ten thousand levels", f'{{"Buckets": [{{"Name": {nested(10_000)}}}]}}', "nested too deeply"),
        ("a million digits", f'{{"Buckets": [{{"Name": {"9" * 1_000_000}}}]}}', "a number with thousands of digits"),
        ("a lone surrogate", '{"Buckets": [{"Name": "\\ud800"}]}', "half of a surrogate pair"),
        ("of another shape", '{"Buckets": {"Name": 1}}', "expected a list"),
        ("a list of nothing", "[1, 2, 3]", "expected an object"),
        ("opening brackets", "[" * 100_000, "the file ends in the middle"),
        ("gzip that is none", b"\x1f\x8b\x08rubbish", "the gzip data cannot be decompressed"),
    ):
        yield Case(f"buckets {what}", as_bundle({BUCKETS: content}), told=told, file=BUCKETS)
    yield Case(
        "a gzip bomb", as_bundle({f"{BUCKETS}.gz": bomb}), told="decompresses to more than", file=f"{BUCKETS}.gz"
    )
    yield Case(
        "a flood of entries", as_bundle({f"{BUCKETS}.gz": flood}), told="more than 500,000", file=f"{BUCKETS}.gz"
    )
    report = f"accounts/{ACCOUNT}/iam/get-credential-report.csv"
    yield Case(
        "one endless line", as_bundle({report: lambda: b"user,arn\n" + b"x" * (20 << 20)}), told="longer", file=report
    )
    yield Case(
        "a manifest that lies",
        as_bundle({"manifest.json": json.dumps({"format": "iamdesk-bundle", "version": 1, "files": [
            {"path": "../../etc/passwd", "size": 1, "sha256": "0" * 64},
            {"path": DETAILS, "size": -1},
            {"path": DETAILS, "size": 1, "sha256": "f" * 64},
        ]})}),
        told="it does not exist", file="../../etc/passwd",
    )  # fmt: skip


def linked(root: Path) -> Path:
    """A folder with links out of it, in circles, and to devices."""
    folder = as_bundle({})(root)
    secret = root / "secret.json"
    secret.write_text('{"Buckets": [{"Name": "secret"}]}')
    where = (folder / BUCKETS).parent
    where.mkdir(parents=True)
    (folder / BUCKETS).symlink_to(secret)
    (where / "get-bucket-policy").symlink_to(root)
    (where / "circle.json").symlink_to("circle.json")
    (folder / "organization").symlink_to("/etc")
    return folder


def with_a_pipe(root: Path) -> Path:
    folder = as_bundle({})(root)
    pipe = folder / BUCKETS
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    return folder


def many_deep(root: Path) -> Path:
    folder = as_bundle({})(root)
    deep = folder / "accounts" / "/".join("d" * 30)
    deep.mkdir(parents=True)
    (deep / "x.json").write_text("{}")
    return folder


def folders() -> Iterator[Case]:
    out = "the link leads outside the folder; it was not followed"
    yield Case("links out of the folder", linked, told=out, file=BUCKETS)
    yield Case("a pipe", with_a_pipe, told="it is neither a file nor a folder", file=BUCKETS)
    yield Case("folders without end", many_deep, told="levels deep")


# --- archives


def member(name: str, kind: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = kind << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def patched(change: Callable[[bytearray], None], fill: Callable[[zipfile.ZipFile], None]) -> Callable[[Path], Path]:
    """An archive whose bytes are changed after it was written."""

    def write(root: Path) -> Path:
        path = as_archive(fill)(root)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        return path

    return write


def overlapping(root: Path) -> Path:
    """Two names for the same bytes: how a small archive unpacks to more than the disk holds."""
    path = as_archive(lambda archive: archive.writestr(BUCKETS, "{}"))(root)
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)  # the second file is said to start where the first does
    path.write_bytes(data)
    return path


def claims_to_be_encrypted(data: bytearray) -> None:
    second = data.rindex(b"PK\x01\x02")
    data[second + 8] |= 1


def is_damaged(data: bytearray) -> None:
    start = data.index(BUCKETS.encode()) + len(BUCKETS)
    data[start : start + 4] = b"\xff\xff\xff\xff"


def bomb_in(archive: zipfile.ZipFile) -> None:
    with archive.open(BUCKETS, "w") as file:
        for _ in range(200):
            file.write(b" " * (1 << 20))


def twice_in(archive: zipfile.ZipFile) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own: that is what is wanted here
        archive.writestr(BUCKETS, '{"Buckets": []}')
        archive.writestr(BUCKETS, '{"Buckets": [{"Name": "other"}]}')


def nested_in(archive: zipfile.ZipFile) -> None:
    inner = Path("inner.zip")
    archive.writestr(str(inner), b"PK\x05\x06" + b"\0" * 18)


def archives() -> Iterator[Case]:
    leads_out = "its path in the archive is invalid"
    for what, name in {
        "..": "../../evil.json",
        "an absolute path": "/etc/evil.json",
        "a drive": "C:/evil.json",
    }.items():
        fill = lambda archive, name=name: archive.writestr(member(name), "{}")  # noqa: E731 - one name each
        yield Case(f"zip path with {what}", as_archive(fill), told=leads_out, file=name)
    back = lambda archive: archive.writestr(member("..\\..\\evil.json"), "{}")  # noqa: E731 - one line each
    yield Case("zip path with backslashes", as_archive(back), told=leads_out, file="../../evil.json")
    link = lambda archive: archive.writestr(member(BUCKETS, 0o120777), "/etc/passwd")  # noqa: E731 - as above
    yield Case("zip with a link", as_archive(link), told="it is a link or a device", file=BUCKETS)
    yield Case("zip with a name twice", as_archive(twice_in), told="the name occurs twice", file=BUCKETS)
    yield Case("zip in a zip", as_archive(nested_in), told="it is an archive within the archive", file="inner.zip")
    yield Case("zip bomb", as_archive(bomb_in), True, "would unpack to more than 400 times its size", "bundle.zip")
    yield Case("zip whose files overlap", overlapping, True, "its files overlap", "bundle.zip")
    empty = lambda archive: archive.writestr(BUCKETS, "{}")  # noqa: E731 - as above
    yield Case("zip that is encrypted", patched(claims_to_be_encrypted, empty), told="it is encrypted", file=BUCKETS)
    full = lambda archive: archive.writestr(BUCKETS, '{"Buckets": []}')  # noqa: E731 - as above
    yield Case("zip that is damaged", patched(is_damaged, full), told="damaged in the archive", file=BUCKETS)
    cut = lambda data: data.__delitem__(slice(len(data) // 2, None))  # noqa: E731 - as above
    yield Case("zip that is cut off", patched(cut, full), True, "damaged or cut off", "bundle.zip")
    yield Case(
        "zip of nothing", as_file(b"PK\x05\x06" + b"\0" * 18, "bundle.zip"), True, "contains no file", "bundle.zip"
    )
    claim = b"PK\x05\x06" + b"\0" * 6 + b"\xff\xff" + b"\xff\xff\xff\x7f" * 2 + b"\0\0"
    yield Case("zip with an endless list", as_file(b"PK\x03\x04" + claim, "bundle.zip"), True, "", "bundle.zip")


@cache
def packed_spaces() -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    spaces = b" " * (1 << 20)
    return packer.compress(page().encode()) + b"".join(packer.compress(spaces) for _ in range(200)) + packer.flush()


def bombs() -> Iterator[Case]:
    yield Case(
        "gzip bomb", as_file(packed_spaces, "account.json.gz"), True, "decompresses to more than", "account.json.gz"
    )


def cases() -> tuple[Case, ...]:
    """Every case, each under a name of its own."""
    return (*texts(), *policies(), *names(), *bundles(), *folders(), *archives(), *bombs())


if __name__ == "__main__":
    for case in cases():
        place = Path(sys.argv[1]) / case.name.replace(" ", "-").replace("/", "-")
        place.mkdir(parents=True)
        case.write(place)
