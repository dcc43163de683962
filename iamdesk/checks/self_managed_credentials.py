"""Whether a stolen key is enough to make itself at home: credentials that users change without MFA."""

from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult, StatementRole
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.snapshot.model import Account, UserDetail

WITHOUT_MFA: Context = {"aws:MultiFactorAuthPresent": None, "aws:MultiFactorAuthAge": None}
"""What a request carries that is made with an access key."""
_OWN = {
    "iam:CreateAccessKey": mark("make access keys"),
    "iam:DeactivateMFADevice": mark("take off MFA devices"),
    "iam:UpdateLoginProfile": mark("set passwords"),
    "iam:CreateLoginProfile": mark("set passwords"),
}
"""Actions on one's own user, and what whoever has a key of the user can do with them."""
_MOST_ASKED = 3


class _Kind(NamedTuple):
    """Users of whom the same may be done, by the same statements."""

    able: tuple[str, ...]
    by: tuple[str, ...]
    """Policies whose statements allow it."""
    verdict: EvalDecision


@check(
    "CRD-12",
    over=ACCOUNTS,
    title=mark("Can change own credentials without MFA"),
    severity=Severity.MEDIUM,
    question="Can users who are not administrators change their own access keys, password or MFA devices without MFA?",
    remedy=mark(
        'Deny everything but registering a first MFA device to requests made without MFA, as the policy "Allows '
        'MFA-authenticated IAM users to manage their own credentials" of the IAM User Guide does: whoever gets hold of '
        "one key cannot make another one then."
    ),
    standards=("NIST 800-53 IA-5",),
)
def credentials_without_mfa(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Asked on each user's own ARN as with a stolen key; one finding for all to whom the same policies allow it."""
    found: dict[_Kind, list[EvaluationResult]] = {}
    members: dict[_Kind, list[str]] = {}
    for user in account.users:
        survey.check_cancelled()
        kind, decision = _kind_of(survey, account, user)
        if kind is not None and decision is not None:
            members.setdefault(kind, []).append(user.user_name)
            if len(found.setdefault(kind, [])) < _MOST_ASKED:
                found[kind].append(decision)
    for kind, names in members.items():
        is_open = kind.verdict is not EvalDecision.ALLOWED
        keys = enumerated(found[kind][0].missing_context_values)
        may = enumerated(dict.fromkeys(phrase(_OWN[action]) for action in kind.able))
        through = phrase(", by {policies}", policies=enumerated(kind.by)) if kind.by else ""
        hangs = phrase(", if {keys} is as it takes", keys=keys) if is_open else ""
        yield CheckResult(
            nphrase(
                "Without MFA {user} may {may} of its own{through}{hangs}.",
                "Without MFA {count:,} users may {may} of their own{through}{hangs}: {names}.",
                len(names),
                user=names[0],
                names=enumerated(names),
                may=may,
                through=through,
                hangs=hangs,
            ),
            tuple(
                Evidence(phrase("Asked as {name}, without MFA.", name=one.request.principal.rpartition("/")[2]), one)
                for one in found[kind]
            ),
            object=f"{','.join(kind.able)} {','.join(kind.by)} {kind.verdict}",
            state=State.CANNOT_TELL if is_open else State.FOUND,
        )


def _kind_of(survey: CheckContext, account: Account, user: UserDetail) -> tuple[_Kind | None, EvaluationResult | None]:
    spoken = [action for action in _OWN if survey.speaks_of(user.arn, action)]
    if not spoken or is_administrator(survey, account, user):
        return None, None
    verdicts = {action: survey.verdict(user.arn, action, user.arn, WITHOUT_MFA) for action in spoken}
    for verdict in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
        able = tuple(action for action in spoken if verdicts[action] is verdict)
        if able:
            decision = survey.ask(user.arn, able[0], user.arn, WITHOUT_MFA)
            return _Kind(able, _policies(decision), verdict), decision
    return None, None


def _policies(decision: EvaluationResult) -> tuple[str, ...]:
    """Return the policies that allow it by name; what each user has inline is one and the same."""
    deciding = (line for line in decision.statements_that(StatementRole.DECIDES) if line.effect == "Allow")
    return tuple(
        dict.fromkeys(
            phrase("an inline policy") if line.source_policy_type == SourceType.USER else line.policy_name
            for line in deciding
        )
    )
