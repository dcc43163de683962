"""Policy versions that allow more than the default version and can be restored with one call."""

from collections.abc import Iterator

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN, Principal, is_administrator
from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.shadow_administrators import changes_permissions
from iamdesk.checks.targets import CUSTOMER_POLICIES, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.policy.document import Document, parse_document
from iamdesk.snapshot.model import Account, ManagedPolicyDetail

_SET_DEFAULT = "iam:SetDefaultPolicyVersion"
_EVERYTHING = mark("everything")
_MAX_ASKED = 50
_ENOUGH = 3
"""Principals to name; the search stops after so many."""


@check(
    "LNT-17",
    over=CUSTOMER_POLICIES,
    severity=(Severity.MEDIUM, "Needs one more permission and one more call."),
    title=mark("Older version of a policy allows more"),
    question="Does a non-default version of a policy allow permission changes that the default version does not, and "
    "can a principal that is not an administrator restore it?",
    remediation=mark("Delete the version: `aws iam delete-policy-version`. Its text remains in this snapshot."),
    standards=("NIST 800-53 AC-6",),
)
def stronger_version(survey: CheckContext, account: Account, policy: ManagedPolicyDetail) -> Iterator[CheckResult]:
    """Compare the permission-management actions of all versions, and evaluate who can restore a stronger one.

    Only policies that are attached or used as a boundary; administrators are left out.
    """
    others = [version for version in policy.policy_version_list if version is not policy.default_version]
    used = survey.references(account)
    if (
        not others
        or policy.default_version is None
        or not (used.carriers.get(policy.arn) or used.bounded.get(policy.arn))
    ):
        return
    current = _permission_actions(survey.evaluator.index.parse(policy.default_version.document))
    # Other versions, a third of a large account's documents, are parsed here only, and not cached.
    stronger = {
        version.version_id: gained
        for version in others
        if version.document is not None
        and (gained := _gained(current, _permission_actions(parse_document(version.document))))
    }
    if not stronger:
        return
    able: list[Principal] = []
    unsure: list[Principal] = []
    candidates = _candidates(survey, account)
    for evaluated, principal in enumerate(candidates[:_MAX_ASKED], 1):
        decision = survey.decide(principal.arn, _SET_DEFAULT, policy.arn)
        if decision in OPEN:
            (able if decision is EvalDecision.ALLOWED else unsure).append(principal)
        if len(able) == _ENOUGH and evaluated < len(candidates):
            break
    for those, state in ((able, State.FOUND), (unsure, State.INCONCLUSIVE)):
        if not those:
            continue
        who = [survey.ask(one.arn, _SET_DEFAULT, policy.arn) for one in those]
        version, gained = next(iter(stronger.items()))
        also = nphrase(" and {count:,} other version", " and {count:,} other versions", len(stronger) - 1)
        names = enumerated(last_of_arn(one.request.principal) for one in who)
        may = phrase("{names} can restore it", names=names)
        if state is State.INCONCLUSIVE:
            may = phrase("{names} can restore it under conditions", names=names)
        elif len(able) == _ENOUGH:
            may = phrase("{names}, among others, can restore it", names=names)
        yield CheckResult(
            phrase(
                "Version {version}{also} of {policy} allows {gained}, which the default version does not; {may}.",
                version=version,
                also=also if len(stronger) > 1 else "",
                policy=policy.policy_name,
                gained=_listed(gained),
                may=may,
            ),
            (
                *(
                    Evidence(
                        phrase(
                            "Evaluated {action} as {name}.",
                            name=last_of_arn(one.request.principal),
                            action=_SET_DEFAULT,
                        ),
                        one,
                    )
                    for one in who
                ),
                *(
                    Evidence(
                        phrase("Version {version} allows {gained}.", version=one, gained=_listed(more, most=20)),
                        policy_key=policy.arn,
                    )
                    for one, more in stronger.items()
                ),
            ),
            state=state,
            remediation_command=command(
                "iam", "delete-policy-version", "--policy-arn", policy.arn, "--version-id", version
            ),
        )
        return


def _candidates(survey: CheckContext, account: Account) -> list[Principal]:
    return survey.once(
        ("may set default version", account.account_id),
        lambda: [
            one
            for one in principals_of(account)
            if survey.applies_to_action(one.arn, _SET_DEFAULT) and not is_administrator(survey, account, one)
        ],
    )


def _permission_actions(document: Document) -> frozenset[str]:
    """Return the permission-management actions that a document allows; ``everything`` if it allows all actions."""
    found: set[str] = set()
    for statement in document.statements:
        if not statement.is_allow or statement.broken is not None:
            continue
        if allows_everything(statement):
            return frozenset({_EVERYTHING})
        for service in statement.services or ():
            if changes_permissions(service):
                known = service_actions(service)
                bits = known.covered_by(statement) & known.by_level["Permissions management"]
                found |= {known.actions[bit].full_name for bit in indexes_of(bits)}
    return frozenset(found)


def _listed(gained: list[str], most: int = 5) -> str:
    return phrase(_EVERYTHING) if gained == [_EVERYTHING] else enumerated(gained, most=most)


def _gained(current: frozenset[str], other: frozenset[str]) -> list[str]:
    """Return what another version allows and the default version does not, sorted."""
    return [] if _EVERYTHING in current else sorted(other - current)
