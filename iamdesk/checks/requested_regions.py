"""Requests in the Regions that conditions allow: a lock of Regions leaves its principals what they may do there.

The caller chooses the Region of a request, so that a condition on ``aws:RequestedRegion`` limits where, not what
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html). All principals are
evaluated in us-east-1 first. Those that have a condition on the Region and are not allowed there are evaluated in the
Regions that their policies name, in those where the account is in use, and in one that no policy names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from iamdesk.attack_paths.administrators import Principal
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.finding import Evidence
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES
from iamdesk.i18n import phrase
from iamdesk.policy.document import Document
from iamdesk.policy.wildcards import glob
from iamdesk.policy_validation.facts import facts
from iamdesk.snapshot.model import Account

FIRST = "us-east-1"
"""The Region in which all principals are evaluated."""
_REQUESTED = "aws:RequestedRegion"
_OF_EC2 = "ec2:Region"
_KEYS = frozenset({_REQUESTED.lower(), _OF_EC2.lower()})
_IN_USE = 2
"""Number of the account's own Regions that are tried beside those that the policies name."""
_USUAL = ("us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2")
"""Regions to prefer, since every account can use them without enabling them first."""
_ONLY_IN_FIRST = frozenset({"aws-marketplace", "savingsplans"})
"""Services in which people can buy in us-east-1 only.

https://docs.aws.amazon.com/general/latest/gr/aws-marketplace.html,
https://docs.aws.amazon.com/marketplace/latest/developerguide/agreement-regions.html and
https://docs.aws.amazon.com/general/latest/gr/savingsplans.html
"""

type Resources = Callable[[str], Iterable[str]]
"""The resources of an action to evaluate in a Region."""


class RegionRequest(NamedTuple):
    """A request in one Region."""

    action: str
    resource: str
    context: Context
    region: str = ""
    """Empty for the first request, which no condition on the Region has to allow."""


def requests_by_region(
    survey: CheckContext, account: Account, action: str, resources: Resources
) -> Iterator[tuple[RegionRequest, int]]:
    """Yield the requests for an action, each with the principals to evaluate, as bits of the population.

    They are the account's principals for the first ones, then those with a condition that may allow the Region.
    """
    tried = set()
    for resource in resources(FIRST):
        tried.add((resource, ""))
        yield RegionRequest(action, resource, {}), survey.members(account)
    service = action.partition(":")[0]
    if service in GLOBAL_SERVICES:
        return
    for region, members in _regions(survey, account):
        if service in _ONLY_IN_FIRST and region != FIRST:
            continue
        for resource in resources(region):
            context = _context(action, resource, region)
            key = (resource, region if context else "")
            if key not in tried:
                tried.add(key)
                yield RegionRequest(action, resource, context, region), members


def _context(action: str, resource: str, region: str) -> dict[str, str]:
    """Return the Region as context, where the resource's ARN does not contain it."""
    has_region = resource.count(":") >= 5 and bool(resource.split(":", 4)[3])
    context = {} if has_region else {_REQUESTED: region}
    return {**context, _OF_EC2: region} if action.startswith("ec2:") else context


def allowed_request(
    survey: CheckContext, account: Account, principal: Principal, action: str, resource: str
) -> RegionRequest | None:
    """Return the first request for an action that an Allow of its own lets a principal make; None: it is not allowed.

    ``resource`` is ``*`` or an ARN with ``{partition}``, ``{region}``, ``{account}`` and ``{name}``. For requests that
    many principals of the account are asked about: evaluated for all of them at once.

    Raises:
        WorkCancelled: The run was cancelled.
    """

    def resources(region: str) -> tuple[str]:
        return (
            resource.format(partition=account.partition, region=region, account=account.account_id, name=PLACEHOLDER),
        )

    def look() -> tuple[tuple[RegionRequest, int], ...]:
        found, left = [], -1
        for request, members in requests_by_region(survey, account, action, resources):
            allowed = survey.allowed(request.action, request.resource, members & left, request.context)
            left &= ~allowed
            found.append((request, allowed))
        return tuple(found)

    position = survey.evaluator.population().position(principal.arn)
    if position is None:  # irregular
        return allowed_alone(survey, account, principal, action, resources)
    known = survey.once(("allowed by Region", (account.account_id, action, resource)), look)
    return next((request for request, members in known if members >> position & 1), None)


def allowed_alone(
    survey: CheckContext,
    account: Account,
    principal: Principal,
    action: str,
    resources: Resources,
    context: Context | None = None,
) -> RegionRequest | None:
    """Return the first request that a principal is allowed, evaluated for it alone."""
    if not survey.applies_to_action(principal.arn, action):
        return None
    for request, _ in requests_by_region(survey, account, action, resources):
        given = {**request.context, **(context or {})}
        if survey.decide(principal.arn, action, request.resource, given) is EvalDecision.ALLOWED:
            return request._replace(context=given)
    return None


def evaluated(survey: CheckContext, principal: Principal, request: RegionRequest) -> Evidence:
    """Return the evaluation of a request as evidence."""
    sentence = phrase("Evaluated {action}.", action=request.action)
    if request.region:
        sentence = phrase("Evaluated {action} in {region}.", action=request.action, region=request.region)
    return Evidence(sentence, survey.ask(principal.arn, request.action, request.resource, request.context))


def with_regions(sentence: str, requests: Iterable[RegionRequest]) -> str:
    """Return a finding's sentence with the Regions, if each of its requests is allowed only in some."""
    regions = dict.fromkeys(request.region for request in requests)
    if "" in regions or not regions:
        return sentence
    return phrase(
        "{sentence} This holds in {regions}: a condition limits the Regions.",
        sentence=sentence,
        regions=enumerated(regions),
    )


def _regions(survey: CheckContext, account: Account) -> tuple[tuple[str, int], ...]:
    """Return the Regions to try beside the first, each with the principals that may be allowed something only there."""
    return survey.once(("regions to try", account.account_id), lambda: tuple(_find_regions(survey, account).items()))


def _find_regions(survey: CheckContext, account: Account) -> dict[str, int]:
    index, members = survey.evaluator.population().index, survey.members(account)
    known = facts().partitions.get(account.partition, ())
    limits: list[tuple[Document, int]] = [(one, members) for one in survey.guardrails(account.account_id)]
    for document, carriers, bounded in zip(index.documents, index.carriers, index.bounded, strict=True):
        if (carriers | bounded) & members:
            limits.append((document, (carriers | bounded) & members))
    own = [region for region in _in_use(account) if region in known]
    usual = list(dict.fromkeys((*own, *(one for one in _USUAL if one in known), *known)))
    found: dict[str, int] = {}
    limited = 0
    for document, bits in limits:
        values = _named(document)
        if values is None:
            continue
        limited |= bits
        for text in values:
            region = next(filter(glob(text).matches, usual), None)  # a pattern represents many: one is enough
            if region is not None:
                found[region] = found.get(region, 0) | bits
    if limited:
        unnamed = next((region for region in usual if region not in found and region != FIRST), None)
        for region in dict.fromkeys((*own[:_IN_USE], *([unnamed] if unnamed else ()))):
            found[region] = found.get(region, 0) | limited
    return found


def _named(document: Document) -> tuple[str, ...] | None:
    """Return the Regions that the conditions of a document name; None if no condition is on the Region."""
    tests = [test for statement in document.statements for test in statement.conditions if test.key in _KEYS]
    return tuple(dict.fromkeys(value.text for test in tests for value in test.values)) if tests else None


def _in_use(account: Account) -> list[str]:
    """Return the Regions in which the account's roles were last used, the most frequent first."""
    used = Counter(
        role.role_last_used.region
        for role in account.roles
        if role.role_last_used is not None and role.role_last_used.region
    )
    return [region for region, _ in used.most_common()]
