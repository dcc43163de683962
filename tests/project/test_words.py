"""Code and guide use the words of the glossary (``resources/help/glossary.md``): one word for one idea."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from iamdesk.resource_files import resources

CODE = Path(__file__).parents[2] / "iamdesk"
FILES = sorted(CODE.rglob("*.py"))

NAMES = {
    "answer": "result, or decision",
    "answers": "results, or decisions",
    "anybody": "all principals",
    "becoming": "predecessors",
    "becomings": "escalations",
    "breath": "check for cancellation",
    "everybody": "all principals; access matrix",
    "heard": "evaluated",
    "layers": "policy types",
    "likeness": "equivalence key",
    "nobody": "no principals",
    "outsider": "external principal",
    "pack": "evidence package",
    "packs": "evidence packages",
    "question": "request",
    "questions": "requests",
    "remedy": "remediation",
    "ruling": "decision",
    "said": "text, sentence, clauses",
    "says": "text, sentence, description",
    "snippet": "remediation command",
    "somebody": "a principal",
    "spoken": "covered, or translated",
    "stranger": "external principal",
    "tell": "report",
    "told": "reported, or described",
    "verdict": "decision",
    "verdicts": "decisions",
    "way": "attack path, alternative",
    "ways": "attack paths, alternatives",
}
"""Words that no name in the code has, and what to write."""

KEPT_NAMES = {
    "ListLayers": "layers of AWS Lambda",
    "QUESTION": "the question mark of a wildcard, or of a note",
    "answer": "placeholder of a message",
    "layers": "`EvaluationResult.layers` of the Python API, as the key ``Layers``; layers of AWS Lambda",
    "pack": "`struct.pack`",
    "question": "what a check or an open rule asks, a key of reports",
    "_give_way": "the status line gives way to a message",
    "_reads_one_way": "read in one way only",
    "is_one_way": "of access that is gained only, or lost only",
    "remedy": "placeholder of a message",
    "said": "placeholder of a message",
    "says": "key of the file of pairs of duties; placeholder of a message",
    "tell": "`tell` of a file",
    "told": "placeholder of a message",
    "verdict": "placeholder of a message",
    "way": "placeholder of a message",
    "ways": "placeholder of a message",
    "verdicts": "``verdicts.jsonl`` of an evidence package, and its count in the manifest",
}
"""Names that have one all the same, and why."""

PLACEHOLDERS = {"answer", "remedy", "said", "told", "verdict", "way", "ways"}
"""Of these, those that are allowed as the name of an argument only."""

PROSE = re.compile(
    r"\b(anybody|clerk|courtroom|everybody|nobody|somebody|outsiders?|strangers?|told|verdicts?)\b", re.I
)
"""Words that no docstring, comment or help page has."""

KEPT_PROSE = ("verdicts.jsonl", "oidc-strangers.json", "cannot be told", "acme-stranger", "images/everybody")
"""Names of files, a value of a report, and an example."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


@pytest.fixture(scope="module")
def tokens() -> list[tuple[Path, tokenize.TokenInfo, str]]:
    """Each token of the files that may have such a word, with the one that follows it."""
    any_word = re.compile("|".join((*NAMES, PROSE.pattern)), re.IGNORECASE)
    found = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if any_word.search(text):
            of_file = list(tokenize.generate_tokens(io.StringIO(text).readline))
            found += [(path, one, after.string) for one, after in pairwise(of_file)]
    return found


def test_names_use_the_words_of_the_glossary(tokens: list[tuple[Path, tokenize.TokenInfo, str]]) -> None:
    names = [(path, one, after) for path, one, after in tokens if one.type == tokenize.NAME]
    wrong = [
        f"{path.relative_to(CODE)}:{one.start[0]}: {one.string}: write {NAMES[word]}"
        for path, one, after in names
        for word in {part.lower() for part in _WORD.findall(one.string)} & NAMES.keys()
        if one.string not in KEPT_NAMES or (one.string in PLACEHOLDERS and after != "=")
    ]
    assert wrong == []
    assert {one.string for _, one, _ in names} >= KEPT_NAMES.keys(), "an exception that is no longer needed"


def test_docstrings_and_comments_use_the_words_of_the_glossary(
    tokens: list[tuple[Path, tokenize.TokenInfo, str]],
) -> None:
    comments = [(path, one.start[0], one.string) for path, one, _ in tokens if one.type == tokenize.COMMENT]
    wrong = [
        f"{path.relative_to(CODE)}:{line}: {text}"
        for path, line, text in (*comments, *_docstrings())
        if _is_wrong(text)
    ]
    assert wrong == []


def test_help_pages_use_the_words_of_the_glossary() -> None:
    pages = sorted((resources() / "help").glob("*.md"))
    assert pages
    lines = [
        f"{page.name}:{number}: {line}"
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if _is_wrong(line)
    ]
    assert lines == []


def _docstrings() -> Iterator[tuple[Path, int, str]]:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if PROSE.search(text) else ():
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                yield path, node.lineno, node.value.value


def _is_wrong(text: str) -> bool:
    for kept in KEPT_PROSE:
        text = text.replace(kept, "")
    return PROSE.search(text) is not None
