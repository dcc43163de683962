"""Forgeries of evidence packages: each edit is followed by hashing manifest and checksums anew."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.export.evidence.manifest import files_of, hash_of, manifest_bytes, sums_text
from iamdesk.review.journal import canonical, digest

MANIFEST, SUMS, REVIEW, JOURNAL, EVENTS = (
    "00_manifest.json", "SHA256SUMS", "review.json", "09_journal.jsonl", "10_events.jsonl"
)  # fmt: skip
Value = dict[str, Any]
Edit = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Forgery:
    """One forgery of a package."""

    name: str
    do: Edit
    is_sealed: bool = True
    """Whether the forger hashes everything anew."""
    file: str = ""
    """The only file that is changed, one that follows from others; empty: others do."""


def seal_anew(pack: Path, change: Callable[[Value], object] = lambda _: None) -> None:
    """Hash every file, and write manifest and checksums; members of the manifest may be changed."""
    manifest = json.loads((pack / MANIFEST).read_bytes())
    change(manifest)
    about = {name: value for name, value in manifest.items() if name not in ("format", "evidence_sha256", "files")}
    hashes = [hash_of(pack, file) for file in files_of(pack)]
    content = manifest_bytes(about, hashes)
    (pack / MANIFEST).write_bytes(content)
    (pack / SUMS).write_text(sums_text(hashes, content), encoding="utf-8")


def text(name: str, old: str, new: str) -> Edit:
    def do(pack: Path) -> None:
        content = (pack / name).read_text(encoding="utf-8", newline="")
        assert old in content, f"{name} has no {old}"
        (pack / name).write_text(content.replace(old, new, 1), encoding="utf-8", newline="")

    return do


def row(name: str, at: int, times: int) -> Edit:
    """Write a row of a table (from 1; 0 is the heading) a number of times."""

    def do(pack: Path) -> None:
        rows = (pack / name).read_bytes().split(b"\r\n")
        (pack / name).write_bytes(b"\r\n".join([*rows[:at], *rows[at : at + 1] * times, *rows[at + 1 :]]))

    return do


def line(name: str, do_: Callable[[list[str]], object]) -> Edit:
    def do(pack: Path) -> None:
        lines = (pack / name).read_text(encoding="utf-8").splitlines(keepends=True)
        do_(lines)
        (pack / name).write_text("".join(lines), encoding="utf-8", newline="\n")

    return do


def document(change: Callable[[Value], object], name: str = REVIEW) -> Edit:
    def do(pack: Path) -> None:
        value = json.loads((pack / name).read_bytes())
        change(value)
        (pack / name).write_bytes(canonical(value))

    return do


def manifest(change: Callable[[Value], object]) -> Edit:
    return lambda pack: seal_anew(pack, change)


def remove(*names: str) -> Edit:
    return lambda pack: [(pack / name).unlink() for name in names]


def write(name: str, content: bytes) -> Edit:
    def do(pack: Path) -> None:
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_bytes(content)

    return do


def book(change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> Edit:
    """Change the parts of the workbook."""

    def do(pack: Path) -> None:
        out = io.BytesIO()
        there = zipfile.ZipFile(pack / "review.xlsx")
        with there, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for one in there.infolist():
                made.writestr(one, change(one.filename, there.read(one)))
            for name, content in (more or {}).items():
                made.writestr(name, content)
        (pack / "review.xlsx").write_bytes(out.getvalue())

    return do


def rewritten(change: Callable[[list[Value]], object], *, adapt: bool = True) -> Edit:
    """Change the journal, chain it anew, and let review.json and the manifest name its end."""

    def do(pack: Path) -> None:
        entries = [json.loads(one) for one in (pack / JOURNAL).read_text(encoding="utf-8").splitlines()]
        previous = entries[0]["previous"]
        change(entries)
        for number, one in enumerate(entries, 1):
            del one["sha256"]
            one |= {"number": number, "previous": previous}
            previous = one["sha256"] = digest(one)
        (pack / JOURNAL).write_bytes(b"".join(canonical(one) + b"\n" for one in entries))
        if adapt:
            ends = {"journal_sha256": previous, "journal_entries": len(entries)}
            document(lambda value: value["integrity"].update(ends))(pack)
            seal_anew(pack, lambda value: value.update({name: ends[name] for name in ends if name in value}))

    return do


def _of(value: Value, member: str, at: int) -> Value:
    found: Value = value[member][at]
    return found


def _evidence(value: Value) -> None:
    one = next(each for each in value["entitlements"] if each["decided"] is None)
    one["line"]["evidence"]["note"] = "harmless"
    one["line_sha256"] = digest(one["line"])


def _effect(value: Value) -> None:
    one = next(
        each for each in value["entitlements"] if each["decided"] is None and "effect" in each["line"]["evidence"]
    )
    one["line"]["evidence"]["effect"]["status"] = "proved"
    one["line"]["evidence"]["effect"]["tier"] = 9
    one["line_sha256"] = digest(one["line"])


def _severity(value: Value) -> None:
    one = next(each for each in value["findings"] if each["decided"] is None and each["finding"]["severity"] == "high")
    one["finding"]["severity"] = "low"
    one["finding_sha256"] = digest(one["finding"])


def _without_finding(value: Value) -> None:
    one = next(each for each in value["findings"] if each["decided"] is None)
    value["findings"].remove(one)


def _without_line(value: Value) -> None:
    one = next(each for each in value["entitlements"] if each["decided"] is None)
    value["entitlements"].remove(one)


def _rename(pack: Path, old: str, new: str) -> None:
    (pack / old).rename(pack / new)


def _link(pack: Path) -> None:
    file = pack / "05_exceptions.csv"
    shutil.copy(file, pack.parent / "elsewhere.csv")
    file.unlink()
    file.symlink_to(pack.parent / "elsewhere.csv")


def _linked_folder(pack: Path) -> None:
    (pack.parent / "elsewhere").mkdir()
    (pack / "notes").symlink_to(pack.parent / "elsewhere", target_is_directory=True)


def _source(change: Callable[[bytes], bytes]) -> Edit:
    def do(pack: Path) -> None:
        (file,) = (pack / "source").iterdir()
        file.write_bytes(change(file.read_bytes()))

    return do


def _twice_in_json(pack: Path) -> None:
    content = (pack / MANIFEST).read_bytes()
    (pack / MANIFEST).write_bytes(b'{"review_id":"r-0",' + content[1:])


TABLES = ("02_population.csv", "03_entitlements.csv", "04_findings.csv", "05_exceptions.csv", "07_remediation.csv",
          "tickets.csv")  # fmt: skip

FORGERIES = [
    # Statement
    Forgery("statement: a count", text("01_statement.html", "undecided", "decided"), file="01_statement.html"),
    Forgery(
        "statement: a script",
        text("01_statement.html", "</body>", "<script>alert(1)</script></body>"),
        file="01_statement.html",
    ),
    Forgery(
        "statement: a warning taken out",
        text("01_statement.html", "DRAFT", "Final"),
        file="01_statement.html",
    ),
    Forgery(
        "statement as PDF: an object more",
        lambda pack: (pack / "01_statement.pdf").write_bytes(
            (pack / "01_statement.pdf").read_bytes().replace(b"%%EOF", b"99 0 obj (ok) endobj\n%%EOF")
        ),
        file="01_statement.pdf",
    ),
    Forgery(
        "statement as PDF: another document", write("01_statement.pdf", b"%PDF-1.4\n%%EOF\n"), file="01_statement.pdf"
    ),
    Forgery("statement as PDF: missing", remove("01_statement.pdf"), file="01_statement.pdf"),
    Forgery("annex: a script", text("01_annex.html", "</body>", "<script>1</script></body>"), file="01_annex.html"),
    Forgery("annex as PDF: missing", remove("01_annex.pdf"), file="01_annex.pdf"),
    # Tables
    *(Forgery(f"{name}: a row less", row(name, 1, 0), file=name) for name in TABLES),
    *(Forgery(f"{name}: a row twice", row(name, 1, 2), file=name) for name in TABLES),
    Forgery("entitlements: a decision", text("03_entitlements.csv", '"revoke"', '"keep"'), file="03_entitlements.csv"),
    Forgery("entitlements: a reviewer", text("03_entitlements.csv", "Ana Moreno", "Eve"), file="03_entitlements.csv"),
    Forgery("findings: a severity", text("04_findings.csv", '"high"', '"low"'), file="04_findings.csv"),
    Forgery("exceptions: a last day", text("05_exceptions.csv", "2099-03-31", "2101-03-31"), file="05_exceptions.csv"),
    Forgery("exceptions: an owner", text("05_exceptions.csv", "Chloé", "Eve"), file="05_exceptions.csv"),
    Forgery(
        "changes: a row",
        lambda pack: (pack / "06_changes.csv").write_bytes(
            (pack / "06_changes.csv").read_bytes() + b'"x","added","","","",""\r\n'
        ),
        file="06_changes.csv",
    ),
    # Workbook
    Forgery("workbook: a decision", book(lambda _name, part: part.replace(b">keep<", b">revoke<")), file="review.xlsx"),
    Forgery(
        "workbook: a reviewer", book(lambda _name, part: part.replace(b"Ana Moreno", b"Eve Moreno")), file="review.xlsx"
    ),
    Forgery(
        "workbook: a property", book(lambda name, part: part + b" " if "docProps" in name else part), file="review.xlsx"
    ),
    Forgery(
        "workbook: a part more", book(lambda _name, part: part, {"xl/vbaProject.bin": b"macro"}), file="review.xlsx"
    ),
    Forgery(
        "workbook: a hidden sheet",
        book(
            lambda name, part: (
                part.replace(b"<sheet ", b'<sheet state="hidden" ', 1) if name == "xl/workbook.xml" else part
            )
        ),
        file="review.xlsx",
    ),
    # Reports and scripts
    Forgery("SARIF: a level", text("findings.sarif", '"error"', '"note"'), file="findings.sarif"),
    Forgery("SARIF: missing", remove("findings.sarif"), file="findings.sarif"),
    Forgery("OCSF: a line less", line("findings.ocsf.jsonl", lambda lines: lines.pop()), file="findings.ocsf.jsonl"),
    Forgery("OCSF: a severity", text("findings.ocsf.jsonl", '"High"', '"Low"'), file="findings.ocsf.jsonl"),
    Forgery("ASFF: a severity", text("findings.asff.json", "HIGH", "LOW"), file="findings.asff.json"),
    Forgery("ASFF: missing", remove("findings.asff.json"), file="findings.asff.json"),
    Forgery("all reports: missing", remove("findings.asff.json", "findings.sarif", "findings.ocsf.jsonl")),
    Forgery(
        "script: a command more",
        line("remediation.sh", lambda lines: lines.append("aws iam delete-user\n")),
        file="remediation.sh",
    ),
    Forgery("script: a command less", line("remediation.sh", lambda lines: lines.pop(-3)), file="remediation.sh"),
    Forgery("script: missing", remove("remediation.sh"), file="remediation.sh"),
    # Quoted decisions
    Forgery("verdicts: a decision", text("verdicts.jsonl", '"decision":"allowed"', '"decision":"implicitDeny"')),
    Forgery("verdicts: a line less", line("verdicts.jsonl", lambda lines: lines.pop()), file="verdicts.jsonl"),
    Forgery("verdicts: none", write("verdicts.jsonl", b""), file="verdicts.jsonl"),
    Forgery("verdicts: another resource", text("verdicts.jsonl", '"resource":"', '"resource":"arn:aws:s3:::x')),
    Forgery("verdicts: a sentence", text("verdicts.jsonl", '"sentence":"', '"sentence":"Not '), file="verdicts.jsonl"),
    # review.json
    Forgery("review: title", document(lambda one: one["review"].update(title="Audited review"))),
    Forgery(
        "review: created earlier", document(lambda one: one["review"].update(opened_utc="2026-11-01T00:00:00+00:00"))
    ),
    Forgery("review: a detail", document(lambda one: one["review"]["details"].update(standards="PCI"))),
    Forgery("review: no exclusions are told", document(lambda one: one["scope"].update(exclusions={}))),
    Forgery("review: state", document(lambda one: one["review"].update(state="decided"))),
    Forgery("review: complete", document(lambda one: one["review"].update(completion={}))),
    Forgery("review: tool", document(lambda one: one["tool"].update(version="9.9"))),
    Forgery("review: a principal less", document(lambda one: one["population"].pop())),
    Forgery("review: a principal out of scope", document(lambda one: _of(one, "population", 0).update(in_scope=False))),
    Forgery(
        "review: a reason why out of scope", document(lambda one: _of(one, "population", 0).update(out_reason="left"))
    ),
    Forgery("review: an undecided entitlement less", document(_without_line)),
    Forgery("review: evidence of an entitlement", document(_evidence)),
    Forgery("review: effect of an entitlement", document(_effect)),
    Forgery(
        "review: entitlements swapped", document(lambda one: one["entitlements"].insert(0, one["entitlements"].pop()))
    ),
    Forgery("review: a severity", document(_severity)),
    Forgery("review: an undecided finding less", document(_without_finding)),
    Forgery("review: findings swapped", document(lambda one: one["findings"].insert(0, one["findings"].pop()))),
    Forgery("review: a decision", document(lambda one: _of(one, "entitlements", 3)["decision"].update(choice="keep"))),
    Forgery("review: who decided", document(lambda one: _of(one, "entitlements", 0)["decided"].update(reviewer="Eve"))),
    Forgery("review: a control total", document(lambda one: one["completeness"]["totals"][0].update(a="1", b="1"))),
    Forgery("review: a control total less", document(lambda one: one["completeness"]["totals"].pop())),
    Forgery(
        "review: no missing data",
        document(
            lambda one: one["completeness"].update(
                gaps=[{"code": "CMP-99", "affects": "nothing", "sentence": "Nothing is missing."}]
            )
        ),
    ),
    Forgery(
        "review: a change more",
        document(
            lambda one: one["changes"].append(
                {"line_key": "x", "change": "added", "before": "", "after": "", "cause": ""}
            )
        ),
    ),
    Forgery("review: number of entries", document(lambda one: one["integrity"].update(journal_entries=1))),
    Forgery("review: member more", document(lambda one: one.update(approved_by="the auditor"))),
    # Journal and events
    Forgery("journal: last entry less", rewritten(lambda entries: entries.pop())),
    Forgery("journal: last entry less, its end left", rewritten(lambda entries: entries.pop(), adapt=False)),
    Forgery("journal: a middle entry less", rewritten(lambda entries: entries.pop(4))),
    Forgery("journal: empty", write(JOURNAL, b"")),
    Forgery(
        "journal: a time before the one before",
        rewritten(lambda entries: entries[5].update(moment="2026-01-01T00:00:00.000+00:00")),
    ),
    Forgery(
        "journal: second approval by the first",
        rewritten(
            lambda entries: entries[-1].update(
                reviewer="Ana Moreno", after={**entries[-1]["after"], "second": "Ana Moreno"}
            )
        ),
    ),
    Forgery("journal: own access", rewritten(lambda entries: entries[0].update(identities=["*"]))),
    Forgery("journal: a reviewer", rewritten(lambda entries: entries[3].update(reviewer="Eve"))),
    Forgery("events: empty", write(EVENTS, b"")),
    Forgery("events: one less", line(EVENTS, lambda lines: lines.pop())),
    Forgery("events: one changed", text(EVENTS, "Cara", "Eve")),
    Forgery("events: missing", remove(EVENTS)),
    # Source
    Forgery("source: a byte more", _source(lambda content: content + b"\n")),
    Forgery("source: a policy", _source(lambda content: content.replace(b"Allow", b"Deny", 1))),
    Forgery("source: a file more", write("source/more.json", b"{}")),
    # Manifest
    *(
        Forgery(f"manifest: {name}", manifest(lambda one, name=name, value=value: one.update({name: value})))  # type: ignore[misc]
        for name, value in (
            ("note", "approved"),
            ("review_id", "r-0"),
            ("generated_utc", "2026-11-23T12:00:00+00:00"),
            ("snapshot_sha256", "ab" * 32),
            ("journal_sha256", "ab" * 32),
            ("events_sha256", "ab" * 32),
            ("previous_manifest_sha256", "ab" * 32),
            ("tool", {"name": "iamdesk", "version": "9"}),
            ("genesis_sha256", "ab" * 32),
            ("journal_entries", 3),
            ("events", 0),
        )
    ),
    Forgery("manifest: a count", manifest(lambda one: one["counts"].update(privileged=0))),
    Forgery("manifest: without the end of the journal", manifest(lambda one: one.pop("journal_entries", 0))),
    Forgery(
        "manifest: without the end of the events",
        manifest(lambda one: (one.pop("events_sha256", 0), one.pop("events", 0))),
    ),
    Forgery("manifest: a member twice", _twice_in_json, is_sealed=False),
    Forgery(
        "manifest: another format",
        lambda pack: (pack / MANIFEST).write_bytes(
            (pack / MANIFEST).read_bytes().replace(b"iamdesk-evidence/1", b"iamdesk-evidence/0")
        ),
        is_sealed=False,
    ),
    # Files
    Forgery("files: one more", write("11_notes.txt", b"all is well")),
    Forgery("files: one more, not in the manifest", write("11_notes.txt", b"all is well"), is_sealed=False),
    Forgery("files: a hidden one", write(".DS_Store", b"x")),
    Forgery("files: one in a new folder", write("notes/x.txt", b"x")),
    Forgery("files: an empty folder", lambda pack: (pack / "notes").mkdir()),
    Forgery("files: one in the folder of sign-offs", write("signoffs/09.txt", b"approved")),
    Forgery("files: one renamed", lambda pack: _rename(pack, "05_exceptions.csv", "05_Exceptions.csv")),
    Forgery("files: a link", _link),
    Forgery("files: a linked folder", _linked_folder, is_sealed=False),
    Forgery("files: checksums", text(SUMS, "  ", " *"), is_sealed=False),
    Forgery(
        "files: a line of checksums more",
        lambda pack: (pack / SUMS).write_text(
            (pack / SUMS).read_text(encoding="utf-8") + f"{'0' * 64}  x\n", encoding="utf-8"
        ),
        is_sealed=False,
    ),
    Forgery("files: list of sign-offs missing", remove("08_signoffs.json"), is_sealed=False),
]
"""Each is found, by everybody, with nothing but the package."""
