"""The guide's page of evaluation rules: it holds every rule that is cited, and each of its rules is tested."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from iamdesk.evaluate.open_rules import OPEN_RULES
from iamdesk.gui.help.help_pages import RULES_PAGE, page_file, rules_by_code

from .corpus import FILES

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
PAGE = page_file(RULES_PAGE).read_text(encoding="utf-8")
_MARK = re.compile(r"@rule\(([^)]*)\)")
_ID = re.compile(r"[A-L]\d+")
_ENTRY = re.compile(r"^### ([A-L]\d+)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
ENTRIES = {name: " ".join(text.split()) for name, text in _ENTRY.findall(PAGE)}
SECTIONS = dict(re.findall(r"^## ([A-L])\. (.*)$", PAGE, re.MULTILINE))
TABLES = re.findall(r"^### (Table \d)$", PAGE, re.MULTILINE)

# How code, tests and data cite a rule: its id after the word, more of them after commas, `and` or `to`.
_WORD = r"\b(?:[Rr]ules?[,:]?|SEMANTICS,?)"
_ONE = r"(?:[A-L]\d{0,2}(?:,? [a-e])?\b|[Tt]able \d)"
_CITED = re.compile(rf"{_WORD}\s+((?:the algorithm\b|{_ONE}(?:(?:, and |, | and | to ){_ONE})*))")
_PIECE = re.compile(r"[Tt]able \d|[A-L]\d*")


def rules_of_cases() -> Iterator[str]:
    for path in FILES.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from json.loads(line)["rules"]


def rules_of_tests() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        for marked in _MARK.findall(path.read_text(encoding="utf-8")):
            yield from _ID.findall(marked)


def citing_files() -> Iterator[Path]:
    for folder, suffixes in (
        ("iamdesk", {".py"}),
        ("tests", {".py"}),
        ("packaging", {".py"}),
        ("resources", {".json"}),
    ):
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)


def citations() -> Iterator[tuple[Path, str]]:
    for path in citing_files():
        if path != Path(__file__):
            text = re.sub(r"\n\s*#?\s*", " ", path.read_text(encoding="utf-8"))
            yield from ((path, words) for words in _CITED.findall(text))


def test_every_rule_has_a_case_or_a_test() -> None:
    held = {*rules_of_cases(), *rules_of_tests()}
    assert len(ENTRIES) > 120
    assert held - set(ENTRIES) == set(), "tests name rules that the page does not have"
    assert set(ENTRIES) - held == set(), "rules without case or test"


def test_every_rule_that_is_cited_is_on_the_page() -> None:
    known = {*ENTRIES, *SECTIONS, *TABLES}
    cited = [(path, words) for path, words in citations() if words != "the algorithm"]
    unknown = {
        f"{path.relative_to(ROOT)}: {words}"
        for path, words in cited
        for piece in _PIECE.findall(words)
        if piece.capitalize() not in known
    }
    assert unknown == set()
    assert len(cited) > 300
    assert "\n## The algorithm\n" in PAGE


def test_rules_stand_in_order_under_their_letter() -> None:
    names = list(ENTRIES)
    assert names == sorted(names, key=lambda name: (name[0], int(name[1:])))
    assert {name[0] for name in names} == set(SECTIONS)


def test_every_rule_says_what_it_is_and_where_it_is_from() -> None:
    for name, text in ENTRIES.items():
        assert text.startswith("**"), f"{name} begins with the rule"
        assert name[0] == "K" or "*Source:*" in text or "*Not documented" in text, f"{name} has no source"


def test_every_page_that_is_cited_has_its_address() -> None:
    listed = dict(re.findall(r"^\| (.*?) \| (https://\S+) \|$", PAGE, re.MULTILINE))
    sources = " ".join(
        found for text in ENTRIES.values() for found in re.findall(r"\*Source:\*(.*?)(?=\*[A-Z]|$)", text)
    )
    cited = re.sub(r"\([^)]*\)", "", sources)
    found = 0
    for part in re.split(r"[;.]", cited):
        words = " ".join(part.split())
        if re.match(r"(IAM|STS|KMS|S3|Organizations|VPC|EFS|Lambda|Sign-In)\b.*, ", words):
            assert words in listed, words
            found += 1
    assert found > 120
    assert len(set(listed.values())) == len(listed)


def test_what_is_open_is_told_at_its_rule_by_its_id() -> None:
    told = {
        (name, found) for name, text in ENTRIES.items() for found in re.findall(r"`pages-disagree: ([a-z-]+)`", text)
    }
    assert told == {(one.rule, one.id) for one in OPEN_RULES}
    for name, _ in told:
        assert "*Open:*" in ENTRIES[name]


def test_codes_on_the_page_are_those_of_the_program_and_each_is_explained_once() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "iamdesk").rglob("*.py"))
    codes = [code for text in ENTRIES.values() for code in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)]
    assert [code for code in codes if f'"{code}"' not in source] == []
    twice = {code for code in codes if codes.count(code) > 1} - {"block-public-access", "pages-disagree"}
    assert twice == set()
    assert rules_by_code()["owner-unknown"] == "D4"
    assert rules_by_code()["pages-disagree"] == "K9"
