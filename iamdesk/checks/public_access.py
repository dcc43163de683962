"""Resources that outsiders reach: everybody, every AWS account, accounts that the snapshot does not hold.

Decided by asking the engine as the outsider; text only decides what is worth asking.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength, Entry, enter
from iamdesk.checks.external_trust import ANYWHERE, ORGANIZATIONS, ExternalCallers, outside_callers
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.resource_requests import (
    RESOURCES,
    Question,
    allowing,
    questions,
    resource_subject,
    works_for_other_accounts,
    works_without_signature,
)
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase, with_translation
from iamdesk.policy.public_policy import public_words
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resources import Resource

ANONYMOUS = "anonymous"
_LOAD_BALANCER_LOGS = frozenset(
    {
        *("127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648"),
        *("589379963580", "718504428378", "383597477331", "600734575887", "114774131450", "783225319266"),
        *("582318560864", "985666609251", "054676820928", "156460612806", "652711504416", "635631232127"),
        *("009996457667", "897822967062", "076674570225", "507241528517"),
    }
)
"""AWS's own accounts that write the logs of load balancers.

Elastic Load Balancing user guide, "Enable access logs for your Application Load Balancer".
"""


class Opening(NamedTuple):
    """Something that an outsider may do."""

    question: Question
    entry: Entry


def names_everyone(statement: Statement) -> bool:
    """Return whether a statement speaks of everybody, or of everybody but some."""
    return statement.not_principal or any(entry.is_everyone for entry in statement.principals or ())


def _openings(survey: CheckContext, caller: str, asked: tuple[Question, ...]) -> tuple[Opening, ...]:
    """Return what a caller of no organization, or of one of their own, gets to do from anywhere."""
    found = []
    for question in asked:
        entry = min(
            (
                enter(survey, caller, question.action, question.resource, {**organization, **ANYWHERE})
                for organization in ORGANIZATIONS
            ),
            key=lambda entry: entry.hold,
        )
        if entry.hold is ConditionStrength.OTHER:
            # Perhaps from elsewhere: where the network is what decides, that is what the answer has to name.
            entry = enter(survey, caller, question.action, question.resource, ORGANIZATIONS[0])
        if entry.hold is not ConditionStrength.DENIED:
            found.append(Opening(question, entry))
    return tuple(found)


def open_to_all(survey: CheckContext, resource: Resource) -> tuple[Opening, ...]:
    """Return what anybody on the Internet may do with a resource, without signing in."""
    return survey.once(
        ("open to all", resource.arn),
        lambda: _openings(survey, ANONYMOUS, questions(survey, resource, names_everyone, works_without_signature)),
    )


def _told(
    survey: CheckContext, resource: Resource, openings: tuple[Opening, ...], who: str, severity: Severity
) -> Iterator[CheckResult]:
    """Yield what is open without a doubt, else what hangs on something that nobody here knows."""
    sure = [one for one in openings if one.entry.hold <= ConditionStrength.SECRET]
    name = resource_subject(resource).name
    chosen = sure or list(openings)
    if not chosen:
        return
    actions = enumerated(dict.fromkeys(one.question.action for one in chosen))
    evidence = tuple(
        Evidence(
            phrase("Asked as {who} whether {action} is allowed.", who=who, action=one.question.action),
            one.entry.decision,
        )
        for one in chosen
    )
    why = "" if resource.policy is None else public_words(survey.evaluator.index.parse(resource.policy))
    if why:
        evidence += (Evidence(phrase("The policy is public: {why}.", why=why)),)
    if not sure:
        keys = enumerated(dict.fromkeys(key for one in chosen for key in one.entry.keys))
        yield CheckResult(
            phrase(
                "Whether {who} may do {actions} on {name} hangs on {keys}.",
                who=who,
                actions=actions,
                name=name,
                keys=keys,
            ),
            evidence,
            state=State.CANNOT_TELL,
            severity=Severity.HIGH,
        )
        return
    keys = enumerated(dict.fromkeys(key for one in sure for key in one.entry.keys))
    choice = phrase(", once they choose {keys}", keys=keys) if any(one.entry.keys for one in sure) else ""
    only_lists = all(one.question.level == "List" for one in sure)
    yield CheckResult(
        phrase(
            "{who} may do {actions} on {name}{choice}.",
            who=with_translation(f"{who[0].upper()}{who[1:]}", who),
            actions=actions,
            name=name,
            choice=choice,
        ),
        evidence,
        severity=Severity.HIGH if only_lists and severity is Severity.CRITICAL else severity,
    )


@check(
    "RES-01",
    over=RESOURCES,
    title=mark("Publicly accessible resource"),
    severity=Severity.CRITICAL,
    question="Can anyone on the Internet use a resource, without signing in?",
    remedy=mark(
        "Name those who are meant under Principal. For buckets, turn Block Public Access on, in the account, too. "
        "Where the world is meant to read, publish through CloudFront and let it alone in."
    ),
    standards=("AWS FSBP S3.2", "AWS FSBP S3.3", "NIST 800-53 AC-3"),
    data=Data.RESOURCE_POLICIES,
)
def public_resource(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """After Block Public Access, with the access control list; one action asked for each level of access."""
    for hit in _told(survey, resource, open_to_all(survey, resource), phrase("anybody"), Severity.CRITICAL):
        yield replace(hit, snippet=_block(resource))


def _block(resource: Resource) -> str:
    """Return the command that blocks public access to a bucket; nothing for other resources."""
    _, _, service, region, account, name = resource.arn.split(":", 5)
    if (service, region, account) != ("s3", "", ""):
        return ""
    everything = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    words = ("s3api", "put-public-access-block", "--bucket", name)
    return command(*words, "--public-access-block-configuration", everything)


@check(
    "RES-02",
    over=RESOURCES,
    title=mark("Resource accessible to every AWS account"),
    severity=Severity.CRITICAL,
    question="Can principals of any AWS account use a resource?",
    remedy=mark("Name the accounts or roles that are meant under Principal, or test aws:PrincipalOrgID."),
    standards=("NIST 800-53 AC-3", "ISO 27001:2022 A.8.3"),
    data=Data.RESOURCE_POLICIES,
)
def open_to_accounts(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Access without signing in is reported by RES-01; here, access that is certain only when signed in."""
    known = {one.question: one.entry.hold for one in open_to_all(survey, resource)}
    every = questions(survey, resource, names_everyone, works_for_other_accounts)
    asked = tuple([one for one in every if known.get(one, ConditionStrength.DENIED) > ConditionStrength.SECRET])
    found = _openings(survey, survey.external_principal(account), asked)
    openings = tuple([one for one in found if one.entry.hold <= ConditionStrength.SECRET or one.question not in known])
    yield from _told(survey, resource, openings, phrase("anybody with an AWS account"), Severity.CRITICAL)


@check(
    "RES-03",
    over=RESOURCES,
    title=mark("Resource shared with another account"),
    severity=Severity.HIGH,
    question="Can a principal outside the snapshot and its organization use a resource whose policy names it?",
    remedy=mark("Confirm who the account is and what it still needs; else remove it from the policy."),
    standards=("PCI DSS 4.0 7.2.4", "SOC 2 CC6.3"),
    data=Data.RESOURCE_POLICIES,
)
def shared_with_outsiders(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Medium where conditions hold it back, or where the account may list and describe alone."""
    partition = resource.arn.split(":", 2)[1]
    name = resource_subject(resource).name
    for account_id, callers in outside_callers(survey, allowing(survey, resource), partition).items():
        asked = questions(
            survey,
            resource,
            lambda statement, one=account_id: _names(survey, statement, partition, one),  # type: ignore[misc]
            works_for_other_accounts,
        )
        openings = [
            Opening(question, entry)
            for question in asked
            if callers.arns and (entry := _best(survey, callers, question)).hold is not ConditionStrength.DENIED
        ]
        if not openings:
            continue
        sure = [one for one in openings if one.entry.hold <= ConditionStrength.OWN_CHOICE]
        actions = enumerated(dict.fromkeys(one.question.action for one in sure or openings))
        keys = enumerated(dict.fromkeys(key for one in openings for key in one.entry.keys))
        told = {
            "account": account_id,
            "actions": actions,
            "name": name,
            "condition": "" if sure else phrase(", under a condition on {keys}", keys=keys),
        }
        is_aws = account_id in _LOAD_BALANCER_LOGS
        sentence = phrase(
            "Account {account}, which is not in the snapshot, may do {actions} on {name}{condition}.", **told
        )
        if is_aws:
            sentence = phrase(
                "Elastic Load Balancing's account {account} may do {actions} on {name}{condition}.", **told
            )
        weak = not sure or all(one.question.level == "List" for one in sure)
        yield CheckResult(
            sentence,
            (
                *(
                    Evidence(phrase("Asked about {action}.", action=one.question.action), one.entry.decision)
                    for one in sure or openings
                ),
                *(Evidence(phrase("The policy names {principal}.", principal=text)) for text in callers.named),
            ),
            object=account_id,
            severity=Severity.INFO if is_aws else Severity.MEDIUM if weak else Severity.HIGH,
        )


def _names(survey: CheckContext, statement: Statement, partition: str, account_id: str) -> bool:
    return account_id in outside_callers(survey, (statement,), partition)


def _best(survey: CheckContext, callers: ExternalCallers, question: Question) -> Entry:
    """Return how somebody of an outside account gets in, who is not in the snapshot's organization."""
    entry = min(
        (enter(survey, caller, question.action, question.resource, {}) for caller in callers.arns),
        key=lambda entry: entry.hold,
    )
    organization = survey.snapshot.organization
    if entry.hold is ConditionStrength.OTHER and organization is not None and _needs(entry, organization.id):
        return Entry(ConditionStrength.DENIED, entry.keys, entry.decision)
    return entry


def _needs(entry: Entry, organization: str) -> bool:
    """Return whether every way in asks for the snapshot's own organization, which is told whom it holds."""
    ways = entry.decision.conditions
    return bool(ways) and all(
        any(key.lower() == "aws:principalorgid" and value == organization for key, value in way.items()) for way in ways
    )
