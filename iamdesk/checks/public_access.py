"""Public and external access to resources: by anyone, by any AWS account, by accounts outside the organization.

Decided by evaluating requests as external principals; the text of policies only selects the requests.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.condition_strength import Attempt, ConditionStrength, named_ids, try_request, words_of_ids
from iamdesk.checks.external_trust import (
    NAME_ACCOUNTS,
    ORGANIZATIONS,
    ExternalCallers,
    anyones,
    denying,
    external_callers,
    from_internet,
    is_anyones,
    matching_accounts,
    names_everyone,
    needs_organization,
    other_organizations,
)
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.resource_requests import (
    RESOURCES,
    RequestToEvaluate,
    action_words,
    allowing,
    documents_of,
    requests,
    resource_subject,
    works_for_other_accounts,
    works_without_signature,
)
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase, with_translation
from iamdesk.policy.public_policy import public_words
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resource_services import deciding_service
from iamdesk.snapshot.resources import Resource

ANONYMOUS = "anonymous"
_URL_TYPE = "lambda:FunctionUrlAuthType"
_LOAD_BALANCER_LOGS = frozenset(
    {
        *("127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648"),
        *("589379963580", "718504428378", "383597477331", "600734575887", "114774131450", "783225319266"),
        *("582318560864", "985666609251", "054676820928", "156460612806", "652711504416", "635631232127"),
        *("009996457667", "897822967062", "076674570225", "507241528517"),
    }
)
"""AWS accounts that write the logs of load balancers.

Elastic Load Balancing user guide, "Enable access logs for your Application Load Balancer".
"""


class Opening(NamedTuple):
    """A request that an external principal is allowed, perhaps under conditions."""

    request: RequestToEvaluate
    attempt: Attempt


def _openings(
    survey: CheckContext,
    resource: Resource,
    callers: tuple[str, ...],
    requests: Iterable[tuple[RequestToEvaluate, ...]],
) -> tuple[Opening, ...]:
    """Return, of each group, the request that callers outside the organization are allowed, maybe conditionally.

    The requests come from the Internet. Those without a signature are of no organization: IAM User Guide, "AWS global
    condition context keys", aws:PrincipalOrgID.
    """
    found = []
    networks = from_internet(one for document in documents_of(survey, resource) for one in document.statements)
    known = _known(resource)
    organizations = ORGANIZATIONS[:1] if callers == (ANONYMOUS,) else ORGANIZATIONS
    contexts = [{**organization, **network, **known} for network in networks for organization in organizations]
    for group in requests:
        best: Opening | None = None
        for request in group:
            for caller in callers:
                attempt = _attempt(survey, caller, request, contexts, {**ORGANIZATIONS[0], **known})
                if best is None or attempt.strength < best.attempt.strength:
                    best = Opening(request, attempt)
                if attempt.strength is ConditionStrength.NOTHING:
                    break
            if best is not None and best.attempt.strength <= ConditionStrength.SECRET:
                break
        if best is not None and best.attempt.strength is not ConditionStrength.DENIED:
            found.append(best)
    return tuple(found)


def _attempt(
    survey: CheckContext, caller: str, request: RequestToEvaluate, contexts: Iterable[Context], anywhere: Context
) -> Attempt:
    """Return the least restricted attempt in some contexts; ``anywhere`` is one without the network."""
    attempt = min(
        (try_request(survey, caller, request.action, request.resource, context) for context in contexts),
        key=lambda attempt: attempt.strength,
    )
    if attempt.strength is ConditionStrength.OTHER:
        # If the network decides, the finding must name its keys.
        attempt = try_request(survey, caller, request.action, request.resource, anywhere)
        if _is_private(survey, attempt):
            return Attempt(ConditionStrength.DENIED, attempt.keys, attempt.explained)
    return attempt


def _known(resource: Resource) -> Context:
    """Return the condition keys of requests to a resource that the snapshot contains: how its function URL authorizes.

    Of several URLs, callers choose one without a signature.
    """
    types = {url.auth_type for url in resource.function_urls or ()}
    return {_URL_TYPE: "NONE" if "NONE" in types else types.pop()} if types else {}


def _is_private(survey: CheckContext, attempt: Attempt) -> bool:
    """Return whether every alternative has a condition by which AWS does not call a policy public.

    Requests for an own account (``aws:SourceOwner``: the default policy of SNS topics), or through a mount target in
    the own network (the policies that the EFS console writes). Sources: Amazon EFS User Guide, "Blocking public access
    to EFS file systems" (The meaning of "public"); Amazon SNS Developer Guide, "aws:SourceAccount versus
    aws:SourceOwner".
    """
    alternatives = attempt.decision.conditions
    return bool(alternatives) and all(
        any(
            (key.lower() == "aws:sourceowner" and value in survey.own_accounts)
            or (key.lower() == "elasticfilesystem:accessedviamounttarget" and value == "true")
            for key, value in values.items()
        )
        for values in alternatives
    )


def open_to_all(survey: CheckContext, resource: Resource) -> tuple[Opening, ...]:
    """Return the requests that anyone on the Internet is allowed on a resource, without signing in."""
    return survey.once(
        ("open to all", resource.arn),
        lambda: _openings(
            survey, resource, (ANONYMOUS,), requests(survey, resource, names_everyone, works_without_signature)
        ),
    )


def _results(
    survey: CheckContext, resource: Resource, openings: tuple[Opening, ...], who: str, severity: Severity
) -> Iterator[CheckResult]:
    """Yield one finding about the certain requests; if there are none, one about the conditional ones."""
    sure = [one for one in openings if one.attempt.strength <= ConditionStrength.SECRET]
    name = resource_subject(resource).name
    chosen = sure or list(openings)
    if not chosen:
        return
    actions = action_words(one.request for one in chosen)
    evidence = tuple(
        Evidence(
            phrase("Evaluated {action} as {who}.", who=who, action=one.request.action),
            one.attempt.decision,
        )
        for one in chosen
    )
    why = "" if resource.policy is None else public_words(survey.evaluator.index.parse(resource.policy))
    if why:
        evidence += (Evidence(phrase("The policy is public: {why}.", why=why)),)
    if not sure:
        keys = enumerated(dict.fromkeys(key for one in chosen for key in one.attempt.keys))
        ids = [named_ids(allowing(survey, resource), one.attempt) for one in chosen]
        if all(ids):
            who = words_of_ids(list(dict.fromkeys(one for several in ids for one in several)))
        yield CheckResult(
            phrase(
                "Whether {who} can perform {actions} on {name} depends on {keys}.",
                who=who,
                actions=actions,
                name=name,
                keys=keys,
            ),
            evidence,
            state=State.INCONCLUSIVE,
            severity=Severity.HIGH,
        )
        return
    keys = enumerated(dict.fromkeys(key for one in sure for key in one.attempt.keys))
    choice = (
        phrase(", with a value of their choice for {keys}", keys=keys) if any(one.attempt.keys for one in sure) else ""
    )
    only_lists = all(one.request.level == "List" for one in sure)
    yield CheckResult(
        phrase(
            "{who} can perform {actions} on {name}{choice}.",
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
    severity=(Severity.CRITICAL, "Anyone on the Internet has access, with no further requirement."),
    title=mark("Publicly accessible resource"),
    question="Can anyone on the Internet use a resource, without signing in?",
    remediation=mark(
        "Name the intended principals under Principal. For buckets, enable Block Public Access, on the account as "
        "well. To publish content, use CloudFront and allow only the distribution."
    ),
    standards=("CIS AWS Foundations 7.0 2.21", "AWS FSBP S3.2", "AWS FSBP S3.3", "NIST 800-53 AC-3"),
    data=Data.RESOURCE_POLICIES,
)
def public_resource(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Evaluate one action per access level, with Block Public Access and the access control list applied."""
    who, severity = phrase("anyone on the Internet"), Severity.CRITICAL
    if deciding_service(resource.arn) == "vpc-lattice-svcs":
        # VPC Lattice User Guide, "What is Amazon VPC Lattice": clients are in VPCs associated with a service network.
        who, severity = phrase("anyone in a VPC of its service networks"), Severity.HIGH
    for result in _results(survey, resource, open_to_all(survey, resource), who, severity):
        yield replace(result, remediation_command=_block_command(resource))


def _block_command(resource: Resource) -> str:
    """Return the command that blocks public access to a bucket; empty for other resources."""
    _, _, service, region, account, name = resource.arn.split(":", 5)
    if (service, region, account) != ("s3", "", ""):
        return ""
    everything = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    words = ("s3api", "put-public-access-block", "--bucket", name)
    return command(*words, "--public-access-block-configuration", everything)


@check(
    "RES-02",
    over=RESOURCES,
    severity=(Severity.CRITICAL, "Anyone with an AWS account has access, with no further requirement."),
    title=mark("Resource accessible to every AWS account"),
    question="Can principals of any AWS account use a resource?",
    remediation=mark("Name the intended accounts or roles under Principal, or test aws:PrincipalOrgID."),
    standards=("CIS AWS Foundations 7.0 2.21", "NIST 800-53 AC-3", "ISO 27001:2022 A.8.3"),
    data=Data.RESOURCE_POLICIES,
)
def open_to_accounts(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Report access that is certain only for signed requests; RES-01 reports access without signing in."""
    known = {one.request: one.attempt.strength for one in open_to_all(survey, resource)}
    groups = [
        group
        for group in requests(
            survey, resource, names_everyone, works_for_other_accounts, account=survey.unrelated_account
        )
        if all(known.get(one, ConditionStrength.DENIED) > ConditionStrength.SECRET for one in group)
    ]
    everyone = [statement for statement in allowing(survey, resource) if names_everyone(statement)]
    found = _openings(survey, resource, anyones(survey, account, everyone), groups) if groups else ()
    openings = tuple(
        [one for one in found if one.attempt.strength <= ConditionStrength.SECRET or one.request not in known]
    )
    yield from _results(survey, resource, openings, phrase("anyone with an AWS account"), Severity.CRITICAL)


@check(
    "RES-03",
    over=RESOURCES,
    severity=(
        Severity.HIGH,
        "An unknown account reads or changes data. Above Access Analyzer, whose users archive intended access; "
        "iamdesk has known accounts in its settings.",
    ),
    title=mark("Resource shared with another account"),
    question="Can a principal outside the snapshot and its organization use a resource whose policy names it?",
    remediation=mark("Confirm who owns the account and what it needs; otherwise remove it from the policy."),
    standards=("PCI DSS 4.0 7.2.4", "SOC 2 CC6.3"),
    data=Data.RESOURCE_POLICIES,
)
def shared_with_external_account(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Medium if conditions restrict the access, or if the account can only list and describe."""
    partition = resource.arn.split(":", 2)[1]
    name = resource_subject(resource).name
    denies = tuple(one for document in documents_of(survey, resource) for one in denying(document))
    statements = allowing(survey, resource)
    # Of each statement once: a policy can name hundreds of accounts.
    named = {one: external_callers(survey, (one,), partition, denies).keys() for one in statements}
    for account_id, callers in external_callers(survey, statements, partition, denies).items():
        if not callers.arns:
            continue
        applies = partial(_names_account, named, account_id)
        groups = requests(survey, resource, applies, works_for_other_accounts, callers.number)
        attempt = partial(_best, survey, callers)
        openings = [best for group in groups if (best := _best_of(group, attempt)) is not None]
        if not openings:
            continue
        sure = [one for one in openings if one.attempt.strength <= ConditionStrength.OWN_CHOICE]
        actions = action_words(one.request for one in sure or openings)
        keys = enumerated(dict.fromkeys(key for one in openings for key in one.attempt.keys))
        values = {
            "account": account_id,
            "actions": actions,
            "name": name,
            "condition": "" if sure else phrase(", under a condition on {keys}", keys=keys),
        }
        is_aws = account_id in _LOAD_BALANCER_LOGS
        sentence = phrase(
            "Account {account}, which is not in the snapshot, can perform {actions} on {name}{condition}.",
            **values,
        )
        who_matches = matching_accounts(account_id, begins=True)
        if who_matches:
            sentence = phrase("{who} can perform {actions} on {name}{condition}.", **{**values, "who": who_matches})
        if is_aws:
            sentence = phrase(
                "The Elastic Load Balancing account {account} can perform {actions} on {name}{condition}.", **values
            )
        weak = not sure or all(one.request.level == "List" for one in sure)
        yield CheckResult(
            sentence,
            (
                *(
                    Evidence(phrase("Evaluated {action}.", action=one.request.action), one.attempt.decision)
                    for one in sure or openings
                ),
                *(Evidence(phrase("The policy names {principal}.", principal=text)) for text in callers.named),
            ),
            object=account_id,
            severity=Severity.INFO if is_aws else Severity.MEDIUM if weak else Severity.HIGH,
            remediation=phrase(NAME_ACCOUNTS) if who_matches else None,
        )


def _names_account(named: Mapping[Statement, Container[str]], account_id: str, statement: Statement) -> bool:
    """Return whether an Allow statement gives principals of an account access, by the accounts of each statement."""
    return account_id in named[statement]


def _best_of(group: tuple[RequestToEvaluate, ...], attempt: Callable[[RequestToEvaluate], Attempt]) -> Opening | None:
    """Return the least restricted request of a group; None if all are denied."""
    found: list[Opening] = []
    for request in group:
        found.append(Opening(request, attempt(request)))
        if found[-1].attempt.strength <= ConditionStrength.OWN_CHOICE:
            break
    best = min(found, key=lambda one: one.attempt.strength)
    return None if best.attempt.strength is ConditionStrength.DENIED else best


def _best(survey: CheckContext, callers: ExternalCallers, request: RequestToEvaluate) -> Attempt:
    """Return the least restricted attempt of an external account's principals, which are outside the organization."""
    attempt = min(
        (try_request(survey, caller, request.action, request.resource, {}) for caller in callers.arns),
        key=lambda attempt: attempt.strength,
    )
    if callers.is_only_described and is_anyones(survey, attempt, callers):
        return Attempt(ConditionStrength.DENIED, attempt.keys, attempt.explained)
    organization = survey.snapshot.organization
    if attempt.strength is ConditionStrength.OTHER and organization is not None and _needs(attempt, organization.id):
        return Attempt(ConditionStrength.DENIED, attempt.keys, attempt.explained)
    return attempt


def _needs(attempt: Attempt, organization: str) -> bool:
    """Return whether every alternative requires the snapshot's own organization, whose accounts are known."""
    alternatives = attempt.decision.conditions
    return bool(alternatives) and all(
        any(key.lower() == "aws:principalorgid" and value == organization for key, value in values.items())
        for values in alternatives
    )


@check(
    "RES-17",
    over=RESOURCES,
    severity=(
        Severity.HIGH,
        "As RES-03, of all accounts of an organization. Low where it may be the own one, medium under conditions.",
    ),
    title=mark("Resource open to an organization not in the snapshot"),
    question="Can any account of an organization that is not the snapshot's use a resource?",
    remediation=mark(
        "Confirm whose organization it is. If it is not your own, name the accounts that need the resource; if it is, "
        "capture it as well."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.RESOURCE_POLICIES,
)
def open_to_other_organization(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """As TRU-15 of roles. Under conditions, and for lists alone, medium; then only if the own organization is known.

    RES-01 and RES-02 report what accounts of no organization can do, RES-03 the accounts that a policy names.
    """
    everyone = [statement for statement in allowing(survey, resource) if names_everyone(statement)]
    if not everyone:
        return
    denies = [one for document in documents_of(survey, resource) for one in denying(document)]
    name = resource_subject(resource).name
    is_known = survey.snapshot.organization is not None
    callers = anyones(survey, account, everyone)
    groups = requests(survey, resource, names_everyone, works_for_other_accounts, survey.unrelated_account)
    for organization, context in other_organizations(survey, everyone, denies):
        attempt = partial(_best_inside, survey, callers, {**context, **_known(resource)})
        found = (_best_of(group, attempt) for group in groups)
        openings = [one for one in found if one is not None and needs_organization(survey, one.attempt)]
        sure = [one for one in openings if one.attempt.strength <= ConditionStrength.SECRET]
        if not (sure or (openings and is_known)):
            continue
        keys = dict.fromkeys(key for one in openings for key in one.attempt.keys)
        values = {
            "organization": organization,
            "actions": action_words(one.request for one in sure or openings),
            "name": name,
            "condition": "" if sure else phrase(", under a condition on {keys}", keys=enumerated(keys)),
        }
        sentence = phrase(
            "Every account of the organization {organization} can perform {actions} on {name}{condition}; whether it "
            "is the account's own is not known.",
            **values,
        )
        if is_known:
            sentence = phrase(
                "Every account of the organization {organization}, which is not the account's own, can perform "
                "{actions} on {name}{condition}.",
                **values,
            )
        is_weak = not sure or all(one.request.level == "List" for one in sure)
        yield CheckResult(
            sentence,
            tuple(
                Evidence(
                    phrase("Evaluated {action} as an account of that organization.", action=one.request.action),
                    one.attempt.decision,
                )
                for one in sure or openings
            ),
            object=organization,
            severity=Severity.LOW if not is_known else Severity.MEDIUM if is_weak else Severity.HIGH,
            state=State.FOUND if is_known else State.INCONCLUSIVE,
        )


def _best_inside(survey: CheckContext, callers: Sequence[str], context: Context, request: RequestToEvaluate) -> Attempt:
    """Return the least restricted attempt of an organization's principals, of which the context says that they are."""
    attempts = (try_request(survey, caller, request.action, request.resource, context) for caller in callers)
    return min(attempts, key=lambda attempt: attempt.strength)
