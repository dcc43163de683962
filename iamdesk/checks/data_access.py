"""Data access: secrets that other teams can read, and objects that principals can read but not decrypt."""

from collections.abc import Iterator, Mapping

from iamdesk.attack_paths.administrators import OPEN, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.resource_requests import RESOURCES, resource_subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail
from iamdesk.snapshot.resources import Resource

_TEAM_TAGS = ("team", "owner", "owned-by", "service", "application")
"""Tag keys, in lower case, that name the owning team; of a secret's tags, the first of these counts."""
_MAX_NAMED = 20


def principals_allowed(survey: CheckContext, action: str, resource: str) -> dict[str, EvalDecision]:
    """Return the principals for whom an action is allowed or conditional, evaluated once in a run."""
    return survey.once(
        ("who can", action, resource),
        lambda: {
            one.principal: one.decision
            for one in survey.who_can(action, resource)
            if not one.principal.endswith(":root")
        },
    )


@check(
    "RES-04",
    over=RESOURCES,
    severity=(Severity.INFO, "Something does not work, but no principal has too much."),
    title=mark("Can read objects but not decrypt them"),
    question="Can users or roles read objects of a bucket that they cannot decrypt?",
    remediation=mark(
        "Allow kms:Decrypt on the key, in the key policy or in their own policies, if they need to read the "
        "objects. Otherwise remove s3:GetObject as well: a change to the key policy alone would expose the "
        "objects."
    ),
    data=Data.RESOURCE_POLICIES,
)
def read_without_key(survey: CheckContext, _account: Account, bucket: Resource) -> Iterator[CheckResult]:
    """Evaluated for an object that no policy names; the evidence counts those who can decrypt but not read."""
    key = bucket.encryption_key_arn
    if key is None or ":s3:::" not in bucket.arn:
        return
    name = resource_subject(bucket).name
    record = next((one for one in survey.snapshot.resources if one.arn == key), None)
    if record is None or not record.is_policy_captured:
        yield CheckResult(
            phrase(
                "Whether the principals that can read objects of {name} can decrypt them cannot be determined: its "
                "key policy was not captured.",
                name=name,
            ),
            (Evidence(phrase("Objects are encrypted with {key}.", key=key)),),
            state=State.INCONCLUSIVE,
        )
        return
    reads = principals_allowed(survey, "s3:GetObject", f"{bucket.arn}/{PLACEHOLDER}")
    decrypts = principals_allowed(survey, "kms:Decrypt", key)
    without = [arn for arn, decision in reads.items() if decision is EvalDecision.ALLOWED and arn not in decrypts]
    if without:
        reverse = sum(arn not in reads for arn in decrypts)
        yield CheckResult(
            nphrase(
                "{count:,} user or role can read objects of {name}, but not decrypt them: {readers}.",
                "{count:,} users and roles can read objects of {name}, but not decrypt them: {readers}.",
                len(without),
                name=name,
                readers=enumerated(map(last_of_arn, without)),
            ),
            (
                Evidence(
                    phrase("Evaluated kms:Decrypt as {name}.", name=last_of_arn(without[0])),
                    survey.ask(without[0], "kms:Decrypt", key),
                ),
                *(Evidence(phrase("{arn} can read but not decrypt.", arn=arn)) for arn in without[:_MAX_NAMED]),
                Evidence(
                    nphrase(
                        "{count:,} other can decrypt with the key but not read.",
                        "{count:,} others can decrypt with the key but not read.",
                        reverse,
                    )
                ),
            ),
        )


@check(
    "RES-05",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "Reads one secret, inside the account."),
    title=mark("Secret readable by another team"),
    question="Can users or roles of another team read a secret?",
    remediation=mark(
        "Allow only the team's own roles: in the secret's policy, or by comparing aws:ResourceTag with "
        "aws:PrincipalTag."
    ),
    standards=("PCI DSS 4.0 7.2",),
    data=Data.RESOURCE_POLICIES,
)
def secret_of_another_team(survey: CheckContext, account: Account, secret: Resource) -> Iterator[CheckResult]:
    """Compare the owner tag of the secret with that of its readers; administrators are left out."""
    if ":secretsmanager:" not in secret.arn:
        return
    name = resource_subject(secret).name
    tags = None if secret.tags is None else {key.lower(): value for key, value in secret.tags}
    tag = next((tag for tag in _TEAM_TAGS if tag in (tags or {})), None)
    if tag is None or tags is None:
        why = phrase("it has no owner tag")
        if tags is None:
            why = phrase("its tags were not captured")
        yield CheckResult(
            phrase("Whether another team can read {name} cannot be determined: {why}.", name=name, why=why),
            (Evidence(phrase("Accepted tag keys: {tags}.", tags=", ".join(_TEAM_TAGS))),),
            state=State.INCONCLUSIVE,
            severity=Severity.INFO,
        )
        return
    index = survey.evaluator.index
    others: dict[str, str] = {}
    unknown: list[str] = []
    for arn, decided in principals_allowed(survey, "secretsmanager:GetSecretValue", secret.arn).items():
        principal = index.users.get(arn) or index.roles.get(arn)
        home = index.accounts.get(arn.split(":", 5)[4], account)
        if principal is None or decided not in OPEN or is_administrator(survey, home, principal):
            continue
        team = _tags(principal).get(tag)
        if team is None:
            unknown.append(arn)
        elif team.lower() != tags[tag].lower():
            others[arn] = team
    if others:
        who = enumerated(phrase("{name} ({team})", name=last_of_arn(arn), team=team) for arn, team in others.items())
        decision = survey.ask(next(iter(others)), "secretsmanager:GetSecretValue", secret.arn)
        untagged = nphrase(
            "{count:,} reader without a tag {tag}.", "{count:,} readers without a tag {tag}.", len(unknown), tag=tag
        )
        yield CheckResult(
            phrase(
                "{name} belongs to {team}, but principals of other teams can read it: {who}.",
                name=name,
                team=tags[tag],
                who=who,
            ),
            (
                Evidence(phrase("Evaluated as {name}.", name=last_of_arn(decision.request.principal)), decision),
                *(
                    Evidence(phrase("{arn} belongs to {team}.", arn=arn, team=team))
                    for arn, team in list(others.items())[:_MAX_NAMED]
                ),
                *([Evidence(untagged)] if unknown else []),
            ),
        )


def _tags(principal: UserDetail | RoleDetail) -> Mapping[str, str]:
    return {tag.key.lower(): tag.value for tag in principal.tags}
