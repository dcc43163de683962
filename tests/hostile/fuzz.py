"""Every kind of input, made wrong at random: each ends in an exit status and a sentence, never in a traceback.

    python -m tests.hostile.fuzz [--minutes 30] [--seed N] [--only KIND]         `make fuzz`

Inputs begin whole: a bundle, a file of authorization details, a review, an evidence package, a filled sheet, rules of
assignment, suppressions, changes to try, test cases, denial messages, settings. Bytes are cut, doubled and swapped;
JSON values, cells and rows of the database are changed where they stand. What ends otherwise is written to
``build/fuzz``: move it to ``tests/hostile/found``, its name still beginning with its kind; `test_fuzz` reads it there.
"""

import argparse
import contextlib
import csv
import io
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from iamdesk.cli import main as run_command

from .mutated import _ODD_VALUES, DETAILS, ODD_TEXTS, _places, mutated, whole, written

ROOT = Path(__file__).resolve().parents[2]
FINDS = ROOT / "build" / "fuzz"
_STATUSES = (0, 1, 2)
_TOKENS = (b"{", b"}", b"[", b'"', b",", b":", b"\\", b"\x00", b"\xff", b"\n", b"'", b"9" * 30, b"-", b"\xef\xbb\xbf")
_DENIALS = (
    "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: "
    '"arn:aws:s3:::acme-data/x" because no identity-based policy allows the s3:GetObject action',
    "User: arn:aws:sts::111122223333:assumed-role/app/s is not authorized to perform: iam:PassRole on resource: "
    "arn:aws:iam::111122223333:role/app with an explicit deny in a service control policy",
    json.dumps(
        {
            "eventSource": "s3.amazonaws.com",
            "eventName": "GetObject",
            "errorCode": "AccessDenied",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
            "requestParameters": {"bucketName": "acme-data", "key": "x"},
        }
    ),
)
_RULES = "account,ou,tag,class,tier,manager,reviewer,backup,due\n111122223333,,,,,,Ana,Ben,2026-12-24\n,,,,0,,Ben,,\n"
_CHANGES: list[dict[str, Any]] = [
    {"do": "detach-policy", "subject": "arn:aws:iam::111122223333:user/alice", "detail": "arn:aws:iam::aws:policy/A"},
    {
        "do": "put-inline-policy",
        "subject": "arn:aws:iam::111122223333:user/alice",
        "detail": "new",
        "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
    },
]
_SETTINGS = "[window]\nscheme=dark\nlanguage=de\ntextSize=12\nrecent=/a, /b\n[work]\nworkers=2\nmemory=1073741824\n"


class Inputs:
    """The whole inputs, made once in a folder."""

    def __init__(self, folder: Path) -> None:
        self.bundle = written(whole(), folder / "bundle")
        self.details = folder / "account.json"
        self.details.write_text(json.dumps(whole()[DETAILS], indent=1))
        self.review = folder / "whole.iamreview"
        self.package = folder / "evidence.zip"
        assert ended(["review", "new", str(self.details), "-o", str(self.review)])[0] == 0
        assert ended(["export", str(self.review), "-o", str(self.package), "--snapshot", str(self.details)])[0] == 0
        with zipfile.ZipFile(self.package) as packed:
            sheet = next(name for name in packed.namelist() if name.endswith("03_entitlements.csv"))
            self.sheet = packed.read(sheet)
        self.suppressions = json.dumps(
            {
                "format": "iamdesk-suppressions/1",
                "suppressions": [
                    {
                        "finding": "0123456789abcdef0123",
                        "owner": "Ana",
                        "reason": "OPS-7",
                        "expires": "2027-01-31",
                        "added": "2026-10-27",
                    }
                ],
            }
        ).encode()
        self.cases = (ROOT / "tests" / "conformance" / "cases" / "identity.jsonl").read_bytes()[:20_000]


def ended(words: list[str], given: bytes = b"") -> tuple[int, str]:
    """Run a command in this process; return its status and what it printed to standard error."""
    before = sys.stdin
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    status = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            run_command(words)
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stdin = before
    assert isinstance(err.buffer, io.BytesIO)
    return status, err.buffer.getvalue().decode()


def bad_bytes(chance: random.Random, content: bytes) -> bytes:
    """Return content with one to four changes anywhere."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        length = chance.choice((1, 1, 2, 8, 64, 1024))
        match chance.randrange(6):
            case 0:
                made[at : at + length] = b""
            case 1:
                made[at:at] = made[at : at + length]
            case 2:
                made[at:at] = chance.choice(_TOKENS)
            case 3:
                made[at:at] = chance.choice(ODD_TEXTS).encode("utf-8", "surrogatepass")
            case 4 if at < len(made):
                made[at] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(made) + 1)
                made[at : at + length] = made[other : other + length]
    return bytes(made[: chance.randrange(len(made) + 1)] if chance.random() < 0.05 else made)


def bad_json(chance: random.Random, content: bytes) -> bytes:
    """Return JSON with one to three values changed, or bytes of it changed."""
    if chance.random() < 0.3:
        return bad_bytes(chance, content)
    value = json.loads(content)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(value))
        if not places:
            break
        container, key = chance.choice(places)
        if chance.random() < 0.2:
            del container[key]
        else:
            container[key] = chance.choice((*_ODD_VALUES, *ODD_TEXTS))
    return json.dumps(value).encode()


def bad_lines(chance: random.Random, content: bytes) -> bytes:
    """Return JSON lines, some of them changed."""
    lines = content.splitlines()[: chance.randint(1, 12)]
    lines = [line for line in lines if line.endswith(b"}")]
    return b"\n".join(bad_json(chance, line) if chance.random() < 0.4 else line for line in lines)


def bad_table(chance: random.Random, content: bytes) -> bytes:
    """Return a CSV file with cells changed, or bytes of it changed."""
    if chance.random() < 0.3:
        return bad_bytes(chance, content)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    for _ in range(chance.randint(1, 6)):
        row = chance.choice(rows)
        match chance.randrange(5):
            case 0:
                row.append(chance.choice(ODD_TEXTS))
            case 1 if row:
                del row[chance.randrange(len(row))]
            case 2:
                rows.append(list(row))
            case _ if row:
                words = ("keep", "revoke", "modify", "except", "reset", "KEEP", "=1+1", "9999-99-99", "2026-12-24")
                row[chance.randrange(len(row))] = chance.choice((*ODD_TEXTS, *words))
    made = io.StringIO()
    csv.writer(made).writerows([[cell.replace("\x00", "") for cell in row] for row in rows])
    return made.getvalue().encode("utf-8", "surrogatepass")


def bad_database(chance: random.Random, path: Path) -> None:
    """Change a review file in place: bytes of its pages, or values of its rows."""
    if chance.random() < 0.4:
        path.write_bytes(bad_bytes(chance, path.read_bytes()))
        return
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base, contextlib.suppress(sqlite3.Error):
        for kind, name in base.execute("SELECT type, name FROM sqlite_master").fetchall():
            if kind == "trigger":
                base.execute(f'DROP TRIGGER "{name}"')
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(chance.randint(1, 3)):
            table = chance.choice(tables)
            columns = [row[1] for row in base.execute(f'PRAGMA table_info("{table}")')]
            rows = [row for (row,) in base.execute(f'SELECT rowid FROM "{table}"')]  # noqa: S608 - ours
            if not rows:
                continue
            if chance.random() < 0.2:
                base.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (chance.choice(rows),))  # noqa: S608 - ours
                continue
            values = (
                None,
                -1,
                0,
                2**62,
                0.5,
                b"\xff",
                *(text.encode("utf-8", "replace").decode() for text in ODD_TEXTS),
            )
            base.execute(
                f'UPDATE "{table}" SET "{chance.choice(columns)}" = ? WHERE rowid = ?',  # noqa: S608 - ours
                (chance.choice(values), chance.choice(rows)),
            )


def bad_package(chance: random.Random, content: bytes) -> bytes:
    """Return a package with one member changed, or bytes of the archive changed."""
    if chance.random() < 0.2:
        return bad_bytes(chance, content)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(made, "w") as again:
        names = packed.namelist()
        chosen = chance.choice(names)
        for name in names:
            inside = packed.read(name)
            if name == chosen:
                change = bad_json if name.endswith(".json") else bad_bytes
                with contextlib.suppress(ValueError):
                    inside = change(chance, inside)
            again.writestr(name, inside)
    return made.getvalue()


def read_settings(path: Path) -> None:
    """Read every setting of a file."""
    from iamdesk.gui.core.settings import Settings

    settings = Settings(path)
    for name in dir(type(settings)):
        if isinstance(getattr(type(settings), name), property):
            getattr(settings, name)


type Attempt = Callable[[Path], tuple[int, str]]


def made(kind: str, chance: random.Random, inputs: Inputs, path: Path) -> None:
    """Write a wrong input of a kind."""
    match kind:
        case "bundle":
            written(mutated(chance, chance.randint(1, 3)), path)
        case "details":
            path.write_bytes(bad_json(chance, inputs.details.read_bytes()))
        case "review":
            shutil.copyfile(inputs.review, path)
            bad_database(chance, path)
        case "package":
            path.write_bytes(bad_package(chance, inputs.package.read_bytes()))
        case "sheet":
            path.write_bytes(bad_table(chance, inputs.sheet))
        case "rules":
            path.write_bytes(bad_table(chance, _RULES.encode()))
        case "suppressions":
            path.write_bytes(bad_json(chance, inputs.suppressions))
        case "changes":
            path.write_bytes(bad_json(chance, json.dumps(_CHANGES).encode()))
        case "cases":
            path.write_bytes(bad_lines(chance, inputs.cases))
        case "denial":
            path.write_bytes(bad_bytes(chance, chance.choice(_DENIALS).encode()))
        case "settings":
            path.write_bytes(bad_bytes(chance, _SETTINGS.encode()))


SUFFIXES = {
    "bundle": "",
    "details": ".json",
    "review": ".iamreview",
    "package": ".zip",
    "sheet": ".csv",
    "rules": ".csv",
    "suppressions": ".json",
    "changes": ".json",
    "cases": ".jsonl",
    "denial": ".txt",
    "settings": ".ini",
}
"""Kinds of input, with what the names of their files end with."""


def attempts(kind: str, inputs: Inputs, path: Path) -> Iterator[tuple[list[str], bytes]]:
    """Yield the commands that read an input of a kind, each with its standard input."""
    review = path.with_name("mine.iamreview")
    match kind:
        case "bundle" | "details":
            yield ["validate", str(path), "--format", "json"], b""
            yield ["who-can", str(path), "--action", "s3:GetObject", "--resource", "arn:aws:s3:::acme-data/x"], b""
            yield ["findings", str(path)], b""
        case "review":
            yield ["review", "status", str(path), "--format", "json"], b""
            yield ["review", "log", str(path)], b""
            yield ["review", "recover", str(path), "-o", str(path.with_name("recovered.iamreview"))], b""
        case "package":
            yield ["verify", str(path)], b""
        case "sheet":
            shutil.copyfile(inputs.review, review)
            yield ["review", "fill", str(review), str(path), "--reviewer", "Ana"], b""
        case "rules":
            shutil.copyfile(inputs.review, review)
            yield ["review", "assign", str(review), "--rules", str(path)], b""
        case "suppressions":
            yield ["findings", str(inputs.details), "--suppressions", str(path)], b""
        case "changes":
            yield ["what-if", str(inputs.details), str(path)], b""
        case "cases":
            yield ["simulate", str(path)], b""
        case "denial":
            yield ["why", str(inputs.details), "-"], path.read_bytes()


def wrong(kind: str, inputs: Inputs, path: Path) -> str:
    """Return what went wrong with an input; empty for nothing."""
    try:
        if kind == "settings":
            read_settings(path)
        for words, given in attempts(kind, inputs, path):
            status, said = ended(words, given)
            if status not in _STATUSES or "Traceback" in said:
                return f"{' '.join(words[:2])}: status {status}\n{said}"
            if status == 2 and not said.strip():
                return f"{' '.join(words[:2])}: status 2 without a sentence"
    except Exception:  # noqa: BLE001 - whatever it is, it is a find
        return traceback.format_exc()
    return ""


def fuzz(seconds: float, seed: int, only: str | None = None) -> int:
    """Try wrong inputs for a while; return how many ended wrongly."""
    tried: Counter[str] = Counter()
    found: dict[str, str] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        inputs = Inputs(Path(place))
        kinds = [only] if only else list(SUFFIXES)
        for number in range(sys.maxsize):
            if time.monotonic() > end:
                break
            kind = kinds[number % len(kinds)]
            with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
                path = Path(folder) / f"input{SUFFIXES[kind]}"
                made(kind, random.Random(f"{seed} {number}"), inputs, path)
                tried[kind] += 1
                if said := wrong(kind, inputs, path):
                    key = f"{kind}: {said.strip().splitlines()[-1]}"
                    if key not in found:
                        found[key] = said
                        FINDS.mkdir(parents=True, exist_ok=True)
                        kept = FINDS / f"{kind}-{seed}-{number}{SUFFIXES[kind]}"
                        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, kept)
                        print(f"{kept.name}\n{said}", flush=True)
    print(f"seed {seed}: {tried.total():,} inputs, {dict(tried)}: {len(found)} kinds of faults")
    return len(found)


def main() -> NoReturn:
    """Fuzz from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=SUFFIXES)
    options = parser.parse_args()
    sys.exit(1 if fuzz(options.minutes * 60, options.seed, options.only) else 0)


if __name__ == "__main__":
    main()
