"""Old versions of policies that allow more than the one in force: setting them back is one call."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import OPEN, Principal, is_administrator
from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.administrators import is_everything_on_everything
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.shadow_administrators import changes_permissions
from iamdesk.checks.targets import CUSTOMER_POLICIES, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.policy.document import Document, parse_document
from iamdesk.snapshot.model import Account, ManagedPolicyDetail

_SET_BACK = "iam:SetDefaultPolicyVersion"
_EVERYTHING = mark("everything")
_MOST_ASKED = 50
_ENOUGH = 3
"""So many who may set a version back are named; there may be others."""


@check(
    "LNT-17",
    over=CUSTOMER_POLICIES,
    title=mark("Older version of a policy allows more"),
    severity=Severity.MEDIUM,
    question="Does a version that is not in force allow changes of permissions that the one in force does not, and may "
    "somebody who is no administrator set it back?",
    remedy=mark("Delete the version: `aws iam delete-policy-version`. Its text stays in this snapshot."),
    standards=("NIST 800-53 AC-6",),
)
def stronger_version(survey: CheckContext, account: Account, policy: ManagedPolicyDetail) -> Iterator[CheckResult]:
    """By what the versions allow on any resource; who may set them back is asked of those who are no administrators.

    Of policies that are attached, or somebody's boundary.
    """
    others = [version for version in policy.policy_version_list if version is not policy.default_version]
    used = survey.references(account)
    if (
        not others
        or policy.default_version is None
        or not (used.carriers.get(policy.arn) or used.bounded.get(policy.arn))
    ):
        return
    held = _power(survey.evaluator.index.parse(policy.default_version.document))
    # What is not in force is read for this once, and not kept: a third of a large account's documents is of this kind.
    stronger = {
        version.version_id: gained
        for version in others
        if version.document is not None and (gained := _gained(held, _power(parse_document(version.document))))
    }
    if not stronger:
        return
    able: list[EvaluationResult] = []
    unsure: list[EvaluationResult] = []
    candidates = _may_set_back(survey, account)
    for asked, principal in enumerate(candidates[:_MOST_ASKED], 1):
        if survey.verdict(principal.arn, _SET_BACK, policy.arn) in OPEN:
            decision = survey.ask(principal.arn, _SET_BACK, policy.arn)
            (able if decision.decision is EvalDecision.ALLOWED else unsure).append(decision)
        if len(able) == _ENOUGH and asked < len(candidates):
            break
    for who, state in ((able, State.FOUND), (unsure, State.CANNOT_TELL)):
        if not who:
            continue
        version, gained = next(iter(stronger.items()))
        also = nphrase(" and {count:,} other version", " and {count:,} other versions", len(stronger) - 1)
        names = enumerated(last_of_arn(one.request.principal) for one in who)
        may = phrase("{names} may set it back", names=names)
        if state is State.CANNOT_TELL:
            may = phrase("{names} may set it back under conditions", names=names)
        elif len(able) == _ENOUGH:
            may = phrase("{names} among others may set it back", names=names)
        yield CheckResult(
            phrase(
                "Version {version}{also} of {policy} allows {gained}, which the version in force does not; {may}.",
                version=version,
                also=also if len(stronger) > 1 else "",
                policy=policy.policy_name,
                gained=_told(gained),
                may=may,
            ),
            (
                *(
                    Evidence(
                        phrase(
                            "Asked as {name} about {action}.",
                            name=last_of_arn(one.request.principal),
                            action=_SET_BACK,
                        ),
                        one,
                    )
                    for one in who
                ),
                *(
                    Evidence(
                        phrase("Version {version} allows {gained}.", version=one, gained=_told(more, most=20)),
                        policy_key=policy.arn,
                    )
                    for one, more in stronger.items()
                ),
            ),
            state=state,
            snippet=command("iam", "delete-policy-version", "--policy-arn", policy.arn, "--version-id", version),
        )
        return


def _may_set_back(survey: CheckContext, account: Account) -> list[Principal]:
    return survey.once(
        ("may set back", account.account_id),
        lambda: [
            one
            for one in principals_of(account)
            if survey.speaks_of(one.arn, _SET_BACK) and not is_administrator(survey, account, one)
        ],
    )


def _power(document: Document) -> frozenset[str]:
    """Return what changes permissions and some Allow of a document covers; ``everything`` for all of AWS."""
    found: set[str] = set()
    for statement in document.statements:
        if not statement.is_allow or statement.broken is not None:
            continue
        if is_everything_on_everything(statement):
            return frozenset({_EVERYTHING})
        for service in statement.services or ():
            if changes_permissions(service):
                known = service_actions(service)
                bits = known.covered_by(statement) & known.by_level["Permissions management"]
                found |= {action.full_name for bit, action in enumerate(known.actions) if bits >> bit & 1}
    return frozenset(found)


def _told(gained: list[str], most: int = 5) -> str:
    return phrase(_EVERYTHING) if gained == [_EVERYTHING] else enumerated(gained, most=most)


def _gained(held: frozenset[str], other: frozenset[str]) -> list[str]:
    """Return what one version allows and the one in force does not, sorted."""
    return [] if _EVERYTHING in held else sorted(other - held)
