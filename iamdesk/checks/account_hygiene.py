"""What an orderly account has: owners told by tags, policies that can be reviewed once, support, an analyzer."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from iamdesk.access.bulk_evaluator import RequestMoment
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN, Principal, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.targets import ACCOUNTS, is_reserved, own_roles
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, RequestError
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.keys import inline_policy_key
from iamdesk.inventory.references import last_of_arn, name_of
from iamdesk.snapshot.model import Account, RoleDetail

OWNER_TAGS = (
    "owner",
    "owned-by",
    "ownedby",
    "team",
    "contact",
    "email",
    "vendor",
    "business-owner",
    "technical-owner",
    "application",
    "app",
    "service",
    "project",
    "product",
    "purpose",
    "cost-center",
    "costcenter",
)
"""Tags, in lower case, that say whose something is or what it is for."""
_MOST_NAMED = 20
_CASE = "support:CreateCase"
_EC2 = ("ec2.amazonaws.com", "ec2.amazonaws.com.cn")
_FILES = ("cloudshell:GetFileUploadUrls", "cloudshell:GetFileDownloadUrls")
_SHELL = "arn:{account.partition}:cloudshell:us-east-1:{account.account_id}:environment/iamdesk-any"
_FROM_OUTSIDE = ("ACCOUNT", "ORGANIZATION")


@check(
    "HYG-08",
    over=ACCOUNTS,
    title=mark("Users and roles without an owner tag"),
    severity=Severity.LOW,
    question="Are there users or roles without a tag for their owner or purpose?",
    remedy=mark(
        "Tag each with its owner, so that a review knows whom to ask; ask for the tag when something is made "
        "(aws:RequestTag in the policies of those who make roles)."
    ),
    standards=("ISO 27001:2022 A.5.9",),
)
def without_owner(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for all users, one for all roles; roles of IAM Identity Center belong to their permission set."""
    own = [role for role in own_roles(account) if not is_reserved(role)]
    for word, everybody in (("user", account.users), ("role", own)):
        lacking = [one for one in everybody if not _says_whose(one)]
        if lacking:
            total = (counts.users if word == "user" else counts.roles)(len(everybody))
            names = enumerated(map(name_of, lacking))
            yield CheckResult(
                nphrase(
                    "{count:,} of {total} has no tag that says whose it is: {names}.",
                    "{count:,} of {total} have no tag that says whose they are: {names}.",
                    len(lacking),
                    total=total,
                    names=names,
                ),
                (
                    Evidence(phrase("Looked for the tags {tags}.", tags=", ".join(OWNER_TAGS))),
                    *(
                        Evidence(phrase("{arn} {has}.", arn=one.arn, has=_tags_told(one)))
                        for one in lacking[:_MOST_NAMED]
                    ),
                ),
                object=word,
            )


def _says_whose(principal: Principal) -> bool:
    return any(tag.key.lower().replace("_", "-") in OWNER_TAGS and tag.value.strip() for tag in principal.tags)


def _tags_told(principal: Principal) -> str:
    names = [tag.key for tag in principal.tags]
    return phrase("has the tags {tags}", tags=enumerated(names)) if names else phrase("has no tags")


@check(
    "HYG-09",
    over=ACCOUNTS,
    title=mark("Inline policies of roles"),
    severity=Severity.INFO,
    question="Do roles have inline policies?",
    remedy=mark(
        "Put what several roles need into a managed policy: it is reviewed once, has versions to go back to, and "
        "shows who has it."
    ),
)
def inline_policies(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for the account; roles of IAM Identity Center carry theirs by design."""
    carrying = [role for role in own_roles(account) if role.role_policy_list and not is_reserved(role)]
    if carrying:
        count = sum(len(role.role_policy_list) for role in carrying)
        yield CheckResult(
            nphrase(
                "{count:,} role carries {policies}: {names}.",
                "{count:,} roles carry {policies}: {names}.",
                len(carrying),
                policies=nphrase("{count:,} inline policy", "{count:,} inline policies", count),
                names=enumerated(role.role_name for role in carrying),
            ),
            tuple(
                Evidence(
                    phrase(
                        "{role} carries {policies}.",
                        role=role.role_name,
                        policies=enumerated(one.policy_name for one in role.role_policy_list),
                    ),
                    policy_key=inline_policy_key(role.arn, role.role_policy_list[0].policy_name),
                )
                for role in carrying[:_MOST_NAMED]
            ),
        )


@check(
    "HYG-11",
    over=ACCOUNTS,
    title=mark("No role for AWS Support cases"),
    severity=Severity.LOW,
    question="Can only administrators open a case with AWS Support?",
    remedy=mark("Make a role for incidents with AWS's policy AWSSupportAccess, which those on call may assume."),
    standards=("CIS AWS Foundations 7.0 2.15",),
)
def nobody_for_support(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Decided for every user and role of the account with support:CreateCase."""
    able = _who_of(survey, account, _CASE, "*")
    index = survey.evaluator.index
    others = {
        arn: verdict
        for arn, verdict in able.items()
        if (one := index.users.get(arn) or index.roles.get(arn)) is not None
        and not is_administrator(survey, account, one)
    }
    if EvalDecision.ALLOWED in others.values():
        return
    if others:
        arn = next(iter(others))
        yield CheckResult(
            phrase(
                "Whether somebody who is no administrator may open a support case hangs on conditions: {names}.",
                names=enumerated(map(last_of_arn, others)),
            ),
            (_asked_as(survey, arn, _CASE, "*"),),
            state=State.CANNOT_TELL,
        )
        return
    administrators = [arn for arn in able if not arn.endswith(":root")]
    sentence = phrase("Nobody, not even the root user, may open a case with AWS Support.")
    if administrators:
        sentence = phrase("Administrators alone may open a case with AWS Support.")
    elif able:
        sentence = phrase("Nobody but the root user may open a case with AWS Support.")
    yield CheckResult(
        sentence,
        (Evidence(phrase("Asked everybody in the account about {action}.", action=_CASE)), *_named(administrators)),
    )


def _asked_as(survey: CheckContext, arn: str, action: str, resource: str) -> Evidence:
    return Evidence(
        phrase("Asked as {name} about {action}.", name=last_of_arn(arn), action=action),
        survey.ask(arn, action, resource),
    )


def _who_of(survey: CheckContext, account: Account, action: str, resource: str) -> dict[str, EvalDecision]:
    """Return the principals of an account for whom an action is allowed or conditional, in the snapshot's order.

    As who-can tells it, without asking the principals of all other accounts.
    """
    evaluator = survey.evaluator
    population, bulk = evaluator.population(), evaluator.bulk()
    subjects = population.index.subjects
    members = 0
    for cohort in population.cohort:
        if cohort.account == account.account_id:
            members |= cohort.members
    found: dict[int, EvalDecision] = {}
    if members:
        swept = bulk.sweep(
            bulk.request(action, resource),
            members,
            RequestMoment(evaluator.now()),
            distinguish_denials=False,
            cancelled=survey.cancelled,
        )
        found = {position: verdict for verdict in OPEN for position in indexes_of(swept.bits[verdict])}
    for position in indexes_of(population.irregular):
        if subjects[position].split(":", 5)[4:5] == [account.account_id]:
            with suppress(RequestError):
                found[position] = survey.verdict(subjects[position], action, resource)
    return {subjects[position]: found[position] for position in sorted(found) if found[position] in OPEN}


def _named(arns: Iterable[str]) -> Iterator[Evidence]:
    return (Evidence(phrase("{arn} may, as an administrator.", arn=arn)) for arn in list(arns)[:_MOST_NAMED])


@check(
    "HYG-12",
    over=ACCOUNTS,
    title=mark("No external access analyzer"),
    severity=Severity.INFO,
    question="Is there a captured Region without an active external access analyzer of IAM Access Analyzer?",
    remedy=mark(
        "Make an analyzer of the organization in the Region, in its management account or a delegated one: it costs "
        "nothing and tells when a resource is opened to the outside."
    ),
    standards=("CIS AWS Foundations 7.0 2.18", "AWS FSBP IAM.28"),
    data=Data.ANALYZERS,
)
def no_analyzer(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """An analyzer of the organization counts for all its accounts, where the account that has it was captured."""
    facts = facts_of(survey.snapshot, account.account_id)
    held = {
        one.region: [each for each in one.analyzers if each.status == "ACTIVE" and each.type in _FROM_OUTSIDE]
        for one in (facts.access_analyzers if facts is not None else None) or ()
    }
    of_organization = {
        one.region
        for other in survey.snapshot.account_facts
        for one in other.access_analyzers or ()
        for each in one.analyzers
        if each.status == "ACTIVE" and each.type == "ORGANIZATION"
    }
    lacking = sorted(region for region, found in held.items() if not found and region not in of_organization)
    if not lacking:
        return
    asked = {other.account_id for other in survey.snapshot.account_facts if other.access_analyzers is not None}
    elsewhere = sorted(survey.own_accounts - asked)
    is_open = survey.snapshot.organization is not None and bool(elsewhere)
    told = {"account": account.account_id, "regions": enumerated(lacking)}
    sentence = phrase("No analyzer watches account {account} for access from outside in {regions}.", **told)
    types = join_messages(phrase(" or "), _FROM_OUTSIDE)
    proof = phrase("list-analyzers shows no active one of type {types}.", types=types)
    if is_open:
        sentence = phrase(
            "Whether an analyzer watches account {account} in {regions} cannot be told: it has none of its own.", **told
        )
        more = phrase(
            "Analyzers of {accounts} were not captured, one of which may be the organization's.",
            accounts=enumerated(elsewhere),
        )
        proof = join_messages(" ", (proof, more))
    yield CheckResult(
        sentence,
        (Evidence(proof),),
        state=State.CANNOT_TELL if is_open else State.FOUND,
    )


@check(
    "SVC-07",
    over=ACCOUNTS,
    title=mark("EC2 role without an instance profile"),
    severity=Severity.LOW,
    question="Is a role for EC2 alone in no instance profile, so that no instance can run with it?",
    remedy=mark("Delete the role, or put it into an instance profile if an instance is meant to have it."),
)
def role_without_profile(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for the account. Where no role at all has a profile, the capture may have left them out."""
    roles = [role for role in own_roles(account) if not role.instance_profile_list and _is_for_instances(survey, role)]
    if not roles:
        return
    are_told = any(role.instance_profile_list for role in account.roles)
    perhaps = phrase("; no role of the account is in one, so that the capture may lack them")
    yield CheckResult(
        nphrase(
            "{count:,} role that EC2 alone takes is in no instance profile: {names}{perhaps}.",
            "{count:,} roles that EC2 alone takes are in no instance profile: {names}{perhaps}.",
            len(roles),
            names=enumerated(role.role_name for role in roles),
            perhaps="" if are_told else perhaps,
        ),
        tuple(Evidence(phrase("InstanceProfileList of {arn} is empty.", arn=role.arn)) for role in roles[:_MOST_NAMED]),
        state=State.FOUND if are_told else State.CANNOT_TELL,
        severity=None if are_told else Severity.INFO,
    )


def _is_for_instances(survey: CheckContext, role: RoleDetail) -> bool:
    """Return whether the trust policy names EC2 and nobody else."""
    principals = [
        entry
        for statement in survey.evaluator.index.trust(role).statements
        if statement.is_allow
        for entry in statement.principals or ()
    ]
    return bool(principals) and all(entry.text in _EC2 for entry in principals)


@check(
    "ADM-17",
    over=ACCOUNTS,
    title=mark("CloudShell file transfer allowed"),
    severity=Severity.LOW,
    question="Can users or roles that are not administrators transfer files both ways through AWS CloudShell?",
    remedy=mark(
        "Deny cloudshell:GetFileUploadUrls and cloudshell:GetFileDownloadUrls to those who need a shell alone."
    ),
    standards=("CIS AWS Foundations 7.0 2.20", "PCI DSS 4.0 7.2.1"),
)
def cloudshell_files(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Asked everybody of the account; one finding for all."""
    able: list[str] | None = None
    for action in _FILES:
        who = _who_of(survey, account, action, _SHELL.format(account=account))
        found = {arn: None for arn, verdict in who.items() if verdict is EvalDecision.ALLOWED}
        able = list(found) if able is None else [arn for arn in able if arn in found]
    index = survey.evaluator.index
    others = [
        arn
        for arn in able or ()
        if (one := index.users.get(arn) or index.roles.get(arn)) is not None
        and not is_administrator(survey, account, one)
    ]
    if others:
        yield CheckResult(
            nphrase(
                "{count:,} user or role may move files both ways through CloudShell: {names}.",
                "{count:,} users and roles may move files both ways through CloudShell: {names}.",
                len(others),
                names=enumerated(map(last_of_arn, others)),
            ),
            (
                *(_asked_as(survey, others[0], action, _SHELL.format(account=account)) for action in _FILES),
                *(Evidence(phrase("{arn} may, too.", arn=arn)) for arn in others[1:_MOST_NAMED]),
            ),
        )
