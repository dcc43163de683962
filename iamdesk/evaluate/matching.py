"""Matches one statement against one request: which element fails, or that all match. Rules: E to H."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ARN, Target, log_group
from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import Context, KeyValue
from iamdesk.evaluate.open_rules import (
    ACCOUNT_LISTS_BY_ARN,
    LOG_GROUP_BY_BARE_ARN,
    PARTLY_LISTED,
    ROLE_LISTED,
    WILDCARD_IN_ACTION_SERVICE,
    WILDCARD_IN_SERVICE,
    WILDCARD_IN_VALUE,
    WILDCARD_OVER_COLONS,
    OpenRule,
)
from iamdesk.evaluate.policy_set import SHORT_ARNS, AttachedPolicy
from iamdesk.evaluate.principal import Caller
from iamdesk.evaluate.principal_match import (
    Grant,
    is_exempt_as_role,
    is_federated_assume,
    is_partly_exempt,
    match_gateway_endpoint_principal,
    match_principal,
    names_session_of,
)
from iamdesk.evaluate.request import PolicyType
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth
from iamdesk.policy.arn import Arn
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.resource_patterns import Match, ResourcePattern, ShortArns
from iamdesk.policy.statement import Statement
from iamdesk.records import record

_NAMES_PRINCIPALS = frozenset(
    {PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL, PolicyType.RCP, PolicyType.ENDPOINT}
)
"""Policy types whose statements name principals."""
_HAS_RESOURCE_OF_ITS_OWN = frozenset({PolicyType.RESOURCE, PolicyType.TRUST})
"""Policy types whose statements may omit the resource: they apply to the resource they are attached to (rule F8)."""


class Mismatch(NamedTuple):
    """The element that did not match; for a condition, the test and what is known of its key."""

    element: str
    test: ConditionTest | None = None
    fact: KeyValue | None = None


class UndeterminedTest(NamedTuple):
    """A condition test with an unknown result."""

    test: ConditionTest
    fact: KeyValue


@record(frozen=True, slots=True)
class StatementResult:
    """The effect of one statement that covers the action."""

    policy: AttachedPolicy
    statement: Statement
    truth: Truth
    grant: Grant | None
    """How it names the caller, in policy types with principals."""
    failures: tuple[Mismatch, ...]
    """Elements that do not match, in the order principal, resource, condition."""
    open_tests: tuple[UndeterminedTest, ...]
    """Tests on unknown keys; the statement depends on all of them."""
    open_resource: bool
    """Whether the resource depends on a policy variable with an unknown value."""
    other: Truth | None
    """Its truth by the other reading, where AWS's pages disagree (rule K9)."""
    open_rules: tuple[OpenRule, ...] = ()
    """The rules that they disagree on; set where ``other`` is."""


class SubRequest(NamedTuple):
    """What differs in another sub-request: its resource, and its derived condition keys."""

    target: Target
    derive: Callable[[str], KeyValue | None]


@record(frozen=True, slots=True)
class RequestFacts:
    """The facts of a request that statements are matched against."""

    caller: Caller
    target: Target
    context: Context
    has_boundary: bool
    joint: tuple[SubRequest, ...] = ()
    """The request's other sub-requests (`decision_logic`)."""

    def on_sub_request(self, sub_request: int) -> "RequestFacts":
        """Return the facts of one sub-request; given context values apply to all of them."""
        if not sub_request:
            return self
        one = self.joint[sub_request - 1]
        return replace(self, target=one.target, context=replace(self.context, derive=one.derive), joint=())

    @property
    def resources(self) -> tuple[Arn, ...]:
        """The resources of all sub-requests that have one."""
        targets = (self.target, *(one.target for one in self.joint))
        return tuple([target.resource for target in targets if target.resource is not None])

    def where_least_is_known(self) -> "RequestFacts":
        """Return the request with each condition key as in the sub-request in which least is known of it."""
        if not self.joint:
            return self
        derives = (self.context.derive, *(one.derive for one in self.joint))

        def derive(key: str) -> KeyValue | None:
            facts = [one(key) for one in derives]
            return None if None in facts else max(filter(None, facts), key=lambda fact: fact.knowledge)

        return replace(self, context=replace(self.context, derive=derive))


def match_statement(policy: AttachedPolicy, statement: Statement, subject: RequestFacts) -> StatementResult | None:
    """Match one statement against a request; None when it does not cover the action or cannot be evaluated."""
    if policy.sub_request:
        subject = subject.on_sub_request(policy.sub_request)
    target = subject.target
    if statement.broken is not None:
        return None
    covers = may_cover = statement.covers_action(target.service, target.name)
    if statement.has_odd_actions:
        may_cover = statement.may_cover_action(target.service, target.name)
    if not covers and not may_cover:
        return None
    failures: list[Mismatch] = []
    open_tests: list[UndeterminedTest] = []
    grant: Grant | None = None
    principal = TRUE
    if policy.policy_type in _NAMES_PRINCIPALS:
        if policy.is_of_gateway:
            grant = match_gateway_endpoint_principal(statement, subject.caller)
        else:
            grant = match_principal(statement, subject.caller, subject.has_boundary)
            if (
                policy.policy_type is PolicyType.TRUST
                and statement.is_allow
                and is_federated_assume(subject.caller, target.name)
            ):
                grant = grant if grant is Grant.EXACT else None
            if grant is None and (session := names_session_of(statement, subject.caller)) is not None:
                result = evaluate_test(session, subject.context)
                principal, grant = result.truth, None if result.truth is FALSE else Grant.EXACT
                if result.truth is MAYBE:
                    open_tests.append(UndeterminedTest(session, result.fact))
        if grant is None:
            failures.append(Mismatch("NotPrincipal" if statement.not_principal else "Principal"))
    resource, other_resource, rule = match_resource(policy, statement, subject)
    rules = [] if rule is None else [rule]
    truth = FALSE if failures else min(resource, principal)
    other = truth if other_resource is None or failures else min(other_resource, principal)
    if grant is Grant.NOT_LISTED and is_partly_exempt(statement, subject.caller, subject.has_boundary):
        other = FALSE
        rules.append(PARTLY_LISTED)
    elif grant is None and failures and is_exempt_as_role(statement, subject.caller, subject.has_boundary):
        other = resource if other_resource is None else other_resource
        rules.append(ROLE_LISTED)
    if resource is FALSE:
        failures.append(Mismatch("NotResource" if statement.not_resource else "Resource"))
    for test in statement.conditions:
        result = evaluate_test(test, subject.context)
        if result.truth is FALSE:
            failures.append(Mismatch("Condition", test, result.fact))
        elif result.truth is MAYBE:
            open_tests.append(UndeterminedTest(test, result.fact))
        truth = min(truth, result.truth)
        other = min(other, result.truth if result.other is None else result.other)
        if result.open_rule is not None:
            rules.append(result.open_rule)
    if not covers:
        failures.insert(0, Mismatch("Action"))
        truth = FALSE
    elif not may_cover:
        other = FALSE
    if covers is not may_cover:
        rules.append(WILDCARD_IN_ACTION_SERVICE)
    return StatementResult(
        policy,
        statement,
        truth,
        grant,
        tuple(failures),
        tuple(open_tests),
        resource is MAYBE,
        other if other is not truth else None,
        tuple(rules) if rules and other is not truth else (),
    )


def match_resource(
    policy: AttachedPolicy, statement: Statement, subject: RequestFacts
) -> tuple[Truth, Truth | None, OpenRule | None]:
    """Return whether the resource is covered; where AWS's pages disagree, also by the other reading, and the rule."""
    entries = statement.resources
    if entries is None:
        return (TRUE if policy.policy_type in _HAS_RESOURCE_OF_ITS_OWN else FALSE), None, None
    target = subject.target
    short = SHORT_ARNS[policy.policy_type]
    best = FALSE
    disputed = odd = None
    for entry in entries:
        match = entry.matches(target.resource, subject.context.variable, short)
        if match is Match.ODD and entry.keys:
            odd = WILDCARD_IN_VALUE
            continue
        if match is Match.NO and target.service == "logs":
            match = _of_log_group(entry, target, subject, short)
        if match is Match.YES:
            return (FALSE if statement.not_resource else TRUE), None, None
        if match is Match.CROSSING:
            disputed = WILDCARD_OVER_COLONS
        elif target.is_s3_account_list and entry.text == ACCOUNT_LISTS_ARN:
            disputed = ACCOUNT_LISTS_BY_ARN
        elif match is Match.ODD:
            odd = (
                WILDCARD_IN_SERVICE
                if "*" in entry.text.split(":", 3)[2] or "?" in entry.text.split(":", 3)[2]
                else LOG_GROUP_BY_BARE_ARN
            )
        elif match is Match.UNKNOWN or (match is Match.NO_OR_UNRESOLVED and statement.not_resource):
            best = MAYBE
        elif match is Match.UNRESOLVED and statement.not_resource:
            return FALSE, None, None
    plain = best.negated() if statement.not_resource else best
    covered = FALSE if statement.not_resource else TRUE
    if disputed is not None:
        return covered, plain, disputed
    return plain, (None if odd is None else covered), odd


def _of_log_group(entry: ResourcePattern, target: Target, subject: RequestFacts, short: ShortArns) -> Match:
    """Return whether an entry names a log group in another form than AWS's guide documents.

    AWS's messages have ``log-group:NAME:log-stream:``, and so do AWS managed policies (AmazonDMSCloudWatchLogsRole).
    The service authorization reference has the bare ARN for all actions, the guide only for those on tags.
    """
    named = None if target.resource is None else log_group(target.resource)
    if named is None or target.resource != named.for_all_else:
        return Match.NO
    streams = named.for_tags._replace(resource=f"{named.for_tags.resource}:log-stream:")
    if entry.matches(streams, subject.context.variable, short) is Match.YES:
        return Match.YES
    is_bare = entry.matches(named.for_tags, subject.context.variable, short) is Match.YES
    return Match.ODD if is_bare and "log-group" in target.resource_types else Match.NO


def near_misses_by_action(policies: Iterable[AttachedPolicy], subject: RequestFacts) -> Iterator[StatementResult]:
    """Yield the Allow statements that cover the service and the resource, but not the action."""
    target = subject.target
    for policy in policies:
        for statement in policy.document.statements:
            if not statement.is_allow or statement.broken is not None:
                continue
            if statement.services is not None and target.service not in statement.services:
                continue
            if statement.may_cover_action(target.service, target.name):
                continue
            if match_resource(policy, statement, subject)[0] is TRUE:
                element = "NotAction" if statement.not_action else "Action"
                failure = (Mismatch(element),)
                yield StatementResult(policy, statement, FALSE, None, failure, (), open_resource=False, other=None)
