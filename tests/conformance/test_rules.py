"""The table of rules: each evaluation rule is held by a case of the corpus, a test, or stands here with the reason."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .corpus import FILES

TESTS = Path(__file__).parent.parent
_MARK = re.compile(r"@rule\(([^)]*)\)")
_ID = re.compile(r"[A-L]\d+")


def ids(letter: str, last: int) -> list[str]:
    return [f"{letter}{number}" for number in range(1, last + 1)]


LAST = {"A": 6, "B": 11, "C": 6, "D": 10, "E": 16, "F": 12, "G": 20, "H": 9, "I": 15, "J": 6, "K": 9, "L": 6}
RULES = [one for letter, last in LAST.items() for one in ids(letter, last)]

WITHOUT_TEST = {
    "A6": "AWS's own record of a denied request is not read yet",
    "B10": "other organization policies are no authorization layer: nothing to evaluate",
    "B11": "console sign-in never affects signed calls: nothing to evaluate",
    "F12": "companion actions of one call are not named yet",
    "I8": "says which other services there are: no rule of its own",
    "I14": "the order in which S3 checks is that of C1 and D1 while the bucket owner owns the objects",
    "I15": "the session of `aws login` is the caller's own identity: no rule of its own",
    "J6": "sensitive keys are a matter for checks: no effect on the decision",
    "K8": "says how other tools compare: no rule of ours",
}
"""Rules that no test can name yet, and why. A rule that gets its first test leaves this list."""


def rules_of_cases() -> Iterator[str]:
    for path in FILES.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from json.loads(line)["rules"]


def rules_of_tests() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        for marked in _MARK.findall(path.read_text(encoding="utf-8")):
            yield from _ID.findall(marked)


def test_every_rule_has_a_case_or_a_test_or_a_reason() -> None:
    held = {*rules_of_cases(), *rules_of_tests()}
    assert held <= set(RULES), f"no such rules: {sorted(held - set(RULES))}"
    assert set(WITHOUT_TEST) <= set(RULES)
    assert sorted(set(RULES) - held - set(WITHOUT_TEST)) == [], "rules without case, test or reason"
    assert sorted(held & set(WITHOUT_TEST)) == [], "rules that have a test by now: take them off the list"
