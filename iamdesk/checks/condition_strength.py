"""How strongly a condition restricts a caller: by keys that the caller chooses, by a shared value, or by other keys."""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from iamdesk.attack_paths.administrators import OPEN
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.explain.explanation import explain
from iamdesk.i18n import nphrase
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.statement import Statement


class ConditionStrength(IntEnum):
    """How strongly the conditions restrict a caller, weakest first."""

    NOTHING = 0
    """Allowed without further conditions."""
    OWN_CHOICE = 1
    """Depends on keys whose values the caller chooses."""
    SECRET = 2
    """Depends on a value that the caller must know: ``sts:ExternalId``."""
    OTHER = 3
    """Depends on keys that neither the caller nor the snapshot determines."""
    DENIED = 4


_CALLERS_CHOICE = frozenset(
    {
        "aws:useragent",
        "aws:referer",
        "aws:tagkeys",
        "aws:securetransport",
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:tokenissuetime",
        "aws:requestedregion",
        "aws:sourceidentity",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
        "sts:durationseconds",
        "sns:protocol",
        "sns:endpoint",
        "kms:viaservice",
    }
)
"""Keys whose values an external caller chooses, including MFA of their own account.

With ``sns:Protocol`` and ``sns:Endpoint``, where a subscription delivers to (Amazon SNS Developer Guide, "Using
identity-based policies"); with ``kms:ViaService``, the service through which they use a key (AWS KMS Developer Guide,
"kms:ViaService": it does not identify the caller, ``kms:CallerAccount`` does).
"""
_CALLERS_CHOICE_PREFIXES = ("aws:requesttag/", "aws:principaltag/")
_SECRETS = frozenset({"sts:externalid"})
_USER_ID = "aws:userid"
_ANY_SESSION = re.compile(r"(?:AROA)?:.+", re.DOTALL)
"""A value of ``aws:userid`` with the name of a role session, which its caller chooses, and no certain role ID.

IAM User Guide, "IAM policy elements: Variables and tags", table of principal key values.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of an external caller: how strongly it is restricted, with the decision that proves it."""

    strength: ConditionStrength
    keys: tuple[str, ...]
    """The condition keys that it depends on."""
    explained: Callable[[], EvaluationResult]
    """Returns `decision`."""

    @property
    def decision(self) -> EvaluationResult:
        """With values for the keys that the caller chooses, if that makes it allowed.

        That of a denied request is evaluated again: most attempts are denied, and their decisions are not read.
        """
        return self.explained()


def try_request(
    survey: CheckContext, caller: str, action: str, role_arn: str, context: Context, own: Container[str] = frozenset()
) -> Attempt:
    """Evaluate a request of an external caller with the values of its own keys that restrict it least.

    Args:
        survey: The context of the run.
        caller: The principal that makes the request.
        action: The action.
        role_arn: The resource.
        context: Condition keys and values that are known.
        own: Further condition keys, in lower case, whose values this caller chooses.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    trace = survey.trace(caller, action, role_arn, context)
    request = Request(caller, action, role_arn, context=dict(context), is_of_resource=True)
    if trace.decision not in OPEN:
        # Not the survey's method: the survey keeps attempts, and would keep itself.
        return Attempt(ConditionStrength.DENIED, (), partial(survey.evaluator.explained, request))
    decision = explain(trace, request)
    if decision.decision is EvalDecision.ALLOWED:
        return Attempt(ConditionStrength.NOTHING, (), lambda: decision)
    alternatives = decision.conditions or (dict.fromkeys(decision.missing_context_values, ""),)
    rated = [
        (max((_strength(key, value, own) for key, value in values.items()), default=ConditionStrength.OTHER), values)
        for values in alternatives
    ]
    strength, values = min(rated, key=lambda pair: (pair[0], len(pair[1])))
    if strength <= ConditionStrength.SECRET and decision.conditions:
        filled = survey.ask(caller, action, role_arn, {**context, **values})
        if filled.decision is EvalDecision.ALLOWED:
            decision = filled
    return Attempt(strength, tuple(values), lambda: decision)


def named_ids(statements: Iterable[Statement], attempt: Attempt) -> tuple[str, ...]:
    """Return the full unique IDs of users and roles that statements name, if an attempt needs one of them in any case.

    Each belongs to one principal (rule E12): then not anyone has what was attempted.
    """
    listed = {
        value.text.partition(":")[0]
        for statement in statements
        for test in statement.conditions
        if test.key == _USER_ID
        for value in test.values
    }
    needed: dict[str, None] = {}
    for values in attempt.decision.conditions:
        own = [value for key, value in values.items() if key.lower() == _USER_ID and isinstance(value, str)]
        ids = {one.partition(":")[0] for one in own}
        if not ids or not ids <= listed or not all(map(is_unique_id, ids)):
            return ()
        needed |= dict.fromkeys(sorted(ids))
    return tuple(needed)


def words_of_ids(ids: Sequence[str]) -> str:
    """Return "the principal with the unique ID …, which is not in the snapshot"."""
    return nphrase(
        "the principal with the unique ID {ids}, which is not in the snapshot,",
        "the principals with the unique IDs {ids}, which are not in the snapshot,",
        len(ids),
        ids=enumerated(ids),
    )


def _strength(key: str, value: str | Sequence[str] | None, own: Container[str]) -> ConditionStrength:
    lowered = key.lower()
    if lowered == _USER_ID and isinstance(value, str) and _ANY_SESSION.fullmatch(value):
        return ConditionStrength.OWN_CHOICE
    if value is None or lowered in own or lowered in _CALLERS_CHOICE or lowered.startswith(_CALLERS_CHOICE_PREFIXES):
        return ConditionStrength.OWN_CHOICE  # the caller can leave the key out
    return ConditionStrength.SECRET if lowered in _SECRETS else ConditionStrength.OTHER
