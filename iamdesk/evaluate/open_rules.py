"""Rules that AWS's pages leave open or disagree on: the reading used here, and the other one (rule K9).

The texts are data (``resources/data/open-rules.json``).

A result that differs by the other reading says so (code ``pages-disagree``) and names the rule.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import resources


class OpenRule(NamedTuple):
    """One rule with both of its readings, as parts of a sentence."""

    id: str
    """Stable."""
    rule: str
    """The evaluation rule that it belongs to, by its id in the user guide: ``F4`` (``policy-evaluation.md``)."""
    question: str
    """What is open: ``whether …``."""
    taken: str
    """The reading used here."""
    other: str
    """The other reading."""
    pages: str
    """AWS's pages on it."""


def _read() -> Mapping[str, OpenRule]:
    text = (resources() / "data" / "open-rules.json").read_text(encoding="utf-8")
    return {one["id"]: OpenRule(**one) for one in json.loads(text)["rules"]}


_BY_ID = _read()
OPEN_RULES = tuple(_BY_ID.values())
"""All open rules."""
WILDCARD_OVER_COLONS = _BY_ID["wildcard-over-colons"]
ACCOUNT_LISTS_BY_ARN = _BY_ID["account-lists-by-arn"]
WILDCARD_IN_SERVICE = _BY_ID["wildcard-in-service"]
WILDCARD_IN_ACTION_SERVICE = _BY_ID["wildcard-in-action-service"]
LOG_GROUP_BY_BARE_ARN = _BY_ID["log-group-by-bare-arn"]
ANY_VALUE_IF_EXISTS = _BY_ID["any-value-if-exists"]
NULL_OF_EMPTY_TEXT = _BY_ID["null-of-empty-text"]
ALL_VALUES_NOT_LIKE = _BY_ID["all-values-not-like"]
SEVERAL_VALUES = _BY_ID["several-values-without-set-operator"]
VARIABLE_UNDER_BOOL = _BY_ID["variable-under-bool"]
SHORT_ARN_PATTERN = _BY_ID["arn-operator-with-fewer-parts"]
WILDCARD_IN_VALUE = _BY_ID["wildcard-in-value-of-variable"]
PARTLY_LISTED = _BY_ID["not-principal-listed-in-part"]
ROLE_LISTED = _BY_ID["not-principal-lists-the-role"]
BOUNDARY_AND_TRUST = _BY_ID["boundary-and-trust-policy"]
SOURCE_IDENTITY_OF_USER = _BY_ID["source-identity-of-user"]
PUBLIC_BY_CALLER_KEY = _BY_ID["public-but-for-the-caller"]
LISTED_IN_ONE = _BY_ID["access-point-or-bucket-left-out"]
UNSIGNED_ON_QUEUES = _BY_ID["unsigned-on-queues"]


class Reading(NamedTuple):
    """The decision by the other reading of open rules."""

    rules: tuple[OpenRule, ...]
    """More than one where only together they change the decision."""
    decision: EvalDecision
