"""What the actions of DAT-01 to DAT-04 reach, in words: a policy for any resource is one for any bucket, any secret.

They are data: ``resources/data/broad-access.json``.
"""

import json
import re
from collections.abc import Iterable

from iamdesk.checks.words import enumerated
from iamdesk.i18n import phrase, phrased
from iamdesk.policy.statement import Statement
from iamdesk.resource_files import resources

BROAD = json.loads((resources() / "data" / "broad-access.json").read_text(encoding="utf-8"))
"""The actions, each with what it reaches in words."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def reached(actions: Iterable[str]) -> str:
    """Return what actions reach, or allow with credentials, as a list in words: ``any bucket and any secret``."""
    words = {action: text for kind in BROAD["broad"].values() for action, text in kind.items()}
    return enumerated(dict.fromkeys(phrased(words[action]) for action in actions))


def until(granting: Iterable[Statement]) -> str:
    """Return until when the statements that grant actions do so, as a clause; empty if one of them does not end."""
    ends = [_end(one) for one in granting]
    return phrase(", until {day}", day=max(ends)) if ends and all(ends) else ""


def _end(statement: Statement) -> str:
    """Return the last day on which a statement applies, by its condition on the time; empty if it has none."""
    days = [
        value.text[:10]
        for test in statement.conditions
        if test.key == "aws:currenttime" and test.operator_text.lower() in ("datelessthan", "datelessthanequals")
        for value in test.values
        if _DAY.match(value.text)
    ]
    return max(days, default="")
