"""Self-managed credentials: users who can change them without MFA, so that a stolen key gives lasting access."""

from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ACCOUNTS, principal_subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult, StatementRole
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.snapshot.model import Account, UserDetail

WITHOUT_MFA: Context = {"aws:MultiFactorAuthPresent": None, "aws:MultiFactorAuthAge": None}
"""Context of a request made with a long-term access key."""
_OWN = {
    "iam:CreateAccessKey": mark("create access keys"),
    "iam:DeactivateMFADevice": mark("deactivate MFA devices"),
    "iam:UpdateLoginProfile": mark("set the password"),
    "iam:CreateLoginProfile": mark("set the password"),
}
"""Actions on one's own user, with what they allow."""
_MAX_ASKED = 3


class _Kind(NamedTuple):
    """Users who are allowed the same actions by the same policies."""

    able: tuple[str, ...]
    by: tuple[str, ...]
    """Policies whose statements allow it."""
    decision: EvalDecision


@check(
    "CRD-12",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Whoever steals a session can make the access permanent."),
    title=mark("Can change own credentials without MFA"),
    question="Can users who are not administrators change their own access keys, password or MFA devices without MFA?",
    remediation=mark(
        'Deny requests made without MFA, except registering a first MFA device, as in the policy "Allows '
        'MFA-authenticated IAM users to manage their own credentials" of the IAM User Guide. A stolen key then cannot '
        "create another one."
    ),
    standards=("NIST 800-53 IA-5",),
)
def credentials_without_mfa(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate on each user's own ARN without MFA; yield one finding for all users allowed by the same policies.

    Its subject is the user if there is one, else the account.
    """
    found: dict[_Kind, list[EvaluationResult]] = {}
    members: dict[_Kind, list[UserDetail]] = {}
    for user in account.users:
        survey.check_cancelled()
        kind, decision = _kind_of(survey, account, user)
        if kind is not None and decision is not None:
            members.setdefault(kind, []).append(user)
            if len(found.setdefault(kind, [])) < _MAX_ASKED:
                found[kind].append(decision)
    for kind, users in members.items():
        names = [user.user_name for user in users]
        is_open = kind.decision is not EvalDecision.ALLOWED
        keys = enumerated(found[kind][0].missing_context_values)
        actions = enumerated(dict.fromkeys(phrase(_OWN[action]) for action in kind.able))
        through = phrase(", through {policies}", policies=enumerated(kind.by)) if kind.by else ""
        condition = phrase(", depending on {keys}", keys=keys) if is_open else ""
        yield CheckResult(
            nphrase(
                "{user} can {may} for itself without MFA{through}{hangs}.",
                "{count:,} users can {may} for themselves without MFA{through}{hangs}: {names}.",
                len(names),
                user=names[0],
                names=enumerated(names),
                may=actions,
                through=through,
                hangs=condition,
            ),
            tuple(
                Evidence(
                    phrase("Evaluated as {name}, without MFA.", name=one.request.principal.rpartition("/")[2]), one
                )
                for one in found[kind]
            ),
            object=f"{','.join(kind.able)} {','.join(kind.by)} {kind.decision}",
            subject=principal_subject(users[0]) if len(users) == 1 else None,
            state=State.INCONCLUSIVE if is_open else State.FOUND,
        )


def _kind_of(survey: CheckContext, account: Account, user: UserDetail) -> tuple[_Kind | None, EvaluationResult | None]:
    covered = [action for action in _OWN if survey.applies_to_action(user.arn, action)]
    if not covered or is_administrator(survey, account, user):
        return None, None
    decisions = {action: survey.decide(user.arn, action, user.arn, WITHOUT_MFA) for action in covered}
    for decided in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
        able = tuple(action for action in covered if decisions[action] is decided)
        if able:
            decision = survey.ask(user.arn, able[0], user.arn, WITHOUT_MFA)
            return _Kind(able, _policies(decision), decided), decision
    return None, None


def _policies(decision: EvaluationResult) -> tuple[str, ...]:
    """Return the names of the policies that allow it; inline policies are not distinguished."""
    deciding = (line for line in decision.statements_that(StatementRole.DECIDES) if line.effect == "Allow")
    return tuple(
        dict.fromkeys(
            phrase("an inline policy") if line.source_policy_type == SourceType.USER else line.policy_name
            for line in deciding
        )
    )
