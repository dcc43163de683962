"""KMS keys whose key policy delegates to IAM: who can delete or take over a key, and how many can use it."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.resource_requests import RESOURCES, allowing, resource_subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resources import Resource

_TAKEOVER = ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:CreateGrant")
_MAX_NAMED = 20


def _is_key(resource: Resource) -> bool:
    return resource.is_policy_captured and ":kms:" in resource.arn and ":key/" in resource.arn


def _able(survey: CheckContext, action: str, key: Resource) -> list[str]:
    """Return the users and roles that can perform an action on a key through IAM policies.

    Without administrators, root users and principals that the key policy names.
    """

    def find() -> list[str]:
        named = {entry.text for statement in allowing(survey, key) for entry in statement.principals or ()}
        index = survey.evaluator.index
        found = []
        for one in survey.who_can(action, key.arn):
            principal = index.users.get(one.principal) or index.roles.get(one.principal)
            account = index.accounts.get(one.principal.split(":", 5)[4])
            if one.decision is not EvalDecision.ALLOWED or principal is None or account is None:
                continue
            if one.principal not in named and not is_administrator(survey, account, principal):
                found.append(one.principal)
        return found

    return survey.once(("able", action, key.arn), find)


@check(
    "ADM-14",
    over=RESOURCES,
    severity=(
        Severity.HIGH,
        "Deleting a key makes all data under it unreadable. Above Prowler: who can delete which key is "
        "evaluated, instead of looking for a policy that names all of KMS.",
    ),
    title=mark("Can delete or take over a KMS key"),
    question="Can users or roles that are not administrators, and that the key policy does not name, delete a KMS "
    "key, replace its policy and create grants?",
    remediation=mark(
        "Name the key administrators in the key policy, and reduce what it allows the account to read actions: then "
        "an IAM policy alone is not enough. Keep a statement by which the account can recover the key."
    ),
    standards=("PCI DSS 4.0 3.7", "NIST 800-53 SC-12"),
    data=Data.RESOURCE_POLICIES,
)
def takes_over_key(survey: CheckContext, _account: Account, key: Resource) -> Iterator[CheckResult]:
    """Report principals that are allowed all three actions on the key."""
    if not _is_key(key):
        return
    able = _able(survey, _TAKEOVER[0], key)
    for action in _TAKEOVER[1:]:
        if able:
            also = set(_able(survey, action, key))
            able = [arn for arn in able if arn in also]
    if able:
        text = phrase("Evaluated as {name}.", name=last_of_arn(able[0]))
        yield CheckResult(
            nphrase(
                "{count:,} user or role that the policy of {key} does not name can delete the key, replace its "
                "policy and create grants: {names}.",
                "{count:,} users and roles that the policy of {key} does not name can delete the key, replace its "
                "policy and create grants: {names}.",
                len(able),
                key=resource_subject(key).name,
                names=enumerated(map(last_of_arn, able)),
            ),
            (
                *(Evidence(text, survey.ask(able[0], one, key.arn)) for one in _TAKEOVER),
                *(Evidence(phrase("{arn} is allowed all three actions.", arn=arn)) for arn in able[1:_MAX_NAMED]),
            ),
        )


@check(
    "RES-06",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "Also needs access to the encrypted data."),
    title=mark("KMS key usable by many principals"),
    question="Can many users and roles (by default over ten) that the key policy does not name decrypt with a key?",
    remediation=mark(
        "Name the principals that need the key in the key policy, and remove kms:Decrypt for the account."
    ),
    standards=("PCI DSS 4.0 3.6",),
    data=Data.RESOURCE_POLICIES,
)
def many_decrypt(survey: CheckContext, _account: Account, key: Resource) -> Iterator[CheckResult]:
    """Administrators are not counted: they can decrypt in any case."""
    able = _able(survey, "kms:Decrypt", key) if _is_key(key) else []
    if len(able) > survey.thresholds.key_users:
        yield CheckResult(
            phrase(
                "{count:,} users and roles that the policy of {key} does not name can decrypt with the key: {names}.",
                count=len(able),
                key=resource_subject(key).name,
                names=enumerated(map(last_of_arn, able)),
            ),
            (
                Evidence(
                    phrase("Evaluated as {name}.", name=last_of_arn(able[0])),
                    survey.ask(able[0], "kms:Decrypt", key.arn),
                ),
                *(Evidence(phrase("{arn} can decrypt.", arn=arn)) for arn in able[1:_MAX_NAMED]),
            ),
        )
