"""Keys of AWS KMS that the key policy leaves to IAM: who may undo them, and how many may use them."""

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

_UNDOING = ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:CreateGrant")
_MANY = 10
"""More users and roles than this, who decrypt by IAM policies alone, are many."""
_MOST_NAMED = 20


def _is_key(resource: Resource) -> bool:
    return resource.is_policy_captured and ":kms:" in resource.arn and ":key/" in resource.arn


def _able(survey: CheckContext, action: str, key: Resource) -> list[str]:
    """Return who of the snapshot may do something with a key, administrators, root users and those it names left out.

    Whom the key policy names was chosen by whoever wrote it.
    """

    def ask() -> list[str]:
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

    return survey.once(("able", action, key.arn), ask)


@check(
    "ADM-14",
    over=RESOURCES,
    title=mark("Can delete or take over a KMS key"),
    severity=Severity.HIGH,
    question="May users or roles that are no administrators and that the key policy does not name delete the key, "
    "rewrite its policy and grant its use?",
    remedy=mark(
        "Name the key's administrators in the key policy, and let it give the account no more than to read the key: "
        "then no IAM policy alone is enough. Keep one statement by which the account can get the key back."
    ),
    standards=("PCI DSS 4.0 3.7", "NIST 800-53 SC-12"),
    data=Data.RESOURCE_POLICIES,
)
def undoes_key(survey: CheckContext, _account: Account, key: Resource) -> Iterator[CheckResult]:
    """Who may do all three; asked on the key itself."""
    if not _is_key(key):
        return
    able = _able(survey, _UNDOING[0], key)
    for action in _UNDOING[1:]:
        if able:
            also = set(_able(survey, action, key))
            able = [arn for arn in able if arn in also]
    if able:
        asked = phrase("Asked as {name}.", name=last_of_arn(able[0]))
        yield CheckResult(
            nphrase(
                "{count:,} user or role that {key} does not name may delete it, rewrite its policy and grant its use: "
                "{names}.",
                "{count:,} users and roles that {key} does not name may delete it, rewrite its policy and grant its "
                "use: {names}.",
                len(able),
                key=resource_subject(key).name,
                names=enumerated(map(last_of_arn, able)),
            ),
            (
                *(Evidence(asked, survey.ask(able[0], one, key.arn)) for one in _UNDOING),
                *(Evidence(phrase("{arn} may do all three.", arn=arn)) for arn in able[1:_MOST_NAMED]),
            ),
        )


@check(
    "RES-06",
    over=RESOURCES,
    title=mark("KMS key usable by many principals"),
    severity=Severity.MEDIUM,
    question="Do more than ten users and roles that the key policy does not name decrypt with a key?",
    remedy=mark("Name those who need it in the key policy, and take kms:Decrypt for the account out of it."),
    standards=("PCI DSS 4.0 3.6",),
    data=Data.RESOURCE_POLICIES,
)
def many_decrypt(survey: CheckContext, _account: Account, key: Resource) -> Iterator[CheckResult]:
    """Administrators are not counted: they decrypt anyway."""
    able = _able(survey, "kms:Decrypt", key) if _is_key(key) else []
    if len(able) > _MANY:
        yield CheckResult(
            phrase(
                "{count:,} users and roles that {key} does not name decrypt with it: {names}.",
                count=len(able),
                key=resource_subject(key).name,
                names=enumerated(map(last_of_arn, able)),
            ),
            (
                Evidence(
                    phrase("Asked as {name}.", name=last_of_arn(able[0])), survey.ask(able[0], "kms:Decrypt", key.arn)
                ),
                *(Evidence(phrase("{arn} may decrypt.", arn=arn)) for arn in able[1:_MOST_NAMED]),
            ),
        )
