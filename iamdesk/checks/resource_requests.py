"""The resources of an account that grant access themselves, and representative requests to evaluate on them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from iamdesk.access.external.resource_parts import entries_of, parts_of
from iamdesk.access.principal_index import indexes_of
from iamdesk.aws.action_sets import ACCESS_LEVELS, ServiceActions, service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.prerequisites import owner_of
from iamdesk.checks.targets import CheckTarget, Subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ARN
from iamdesk.evaluate.resource_policy_services import OtherAccounts, Unsigned, facts_of
from iamdesk.i18n import join_messages, nphrase
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.policy.arn import Arn, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import Match, ShortArns, unresolved
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resource_services import deciding_service
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.tree_builder import NodeKind

_PREFERRED = frozenset(
    {
        *("s3:getobject", "s3:putobject", "s3:listbucket", "s3:putbucketpolicy"),
        *("secretsmanager:getsecretvalue", "secretsmanager:putsecretvalue", "secretsmanager:putresourcepolicy"),
        *("kms:decrypt", "kms:putkeypolicy", "kms:creategrant"),
        *("sqs:receivemessage", "sqs:sendmessage", "sns:publish", "sns:subscribe", "lambda:invokefunction"),
        *("lambda:updatefunctioncode", "dynamodb:getitem", "dynamodb:putitem", "ecr:batchgetimage", "ecr:putimage"),
        *("events:putevents", "execute-api:invoke", "es:eshttpget", "es:eshttpput", "kinesis:getrecords"),
        *("kinesis:putrecord", "elasticfilesystem:clientmount", "elasticfilesystem:clientwrite"),
        *("glue:gettable", "backup:copyintobackupvault", "codeartifact:readfrompackageversion"),
    }
)
"""Well-known actions, which represent their access level if they are covered."""
_MAX_ACTIONS = 5


@dataclass(frozen=True, slots=True)
class RequestToEvaluate:
    """An action on a resource, or on something in it."""

    action: str
    resource: str
    level: str
    """The action's access level."""
    alike: tuple[str, ...] = field(default=(), compare=False)
    """Other actions that have the same decision on the resource."""


def action_words(requests: Iterable[RequestToEvaluate]) -> str:
    """Return the actions of requests and those that they represent: all of a few, else how many others there are."""
    several = list(dict.fromkeys(requests))
    names = list(dict.fromkeys(one.action for one in several))
    every = list(dict.fromkeys((*names, *(action for one in several for action in one.alike))))
    if len(every) <= _MAX_ACTIONS or len(every) == len(names):
        return enumerated(every)
    shown = names[:_MAX_ACTIONS]
    return nphrase(
        "{actions} and {count:,} other action",
        "{actions} and {count:,} other actions",
        len(every) - len(shown),
        actions=join_messages(", ", shown),
    )


def resources_of(survey: CheckContext, account: Account) -> tuple[Resource, ...]:
    """Return an account's resources with a captured policy, access control list, key grants or authorization types."""

    def by_account() -> dict[str | None, list[Resource]]:
        found: dict[str | None, list[Resource]] = {}
        for resource in survey.snapshot.resources:
            if (
                resource.is_policy_captured
                or resource.acl
                or resource.key_grants
                or resource.authorization_types is not None
            ):
                found.setdefault(owner_of(resource), []).append(resource)
        return found

    return tuple(survey.once("resources by account", by_account).get(account.account_id, ()))


def resource_subject(resource: Resource) -> Subject:
    """Return a resource as subject, named by the last part of its ARN: ``payroll``, ``key/1b2a…``."""
    return Subject(resource.arn, resource.arn.split(":", 5)[5], NodeKind.RESOURCE)


RESOURCES: CheckTarget[Resource] = CheckTarget(NodeKind.RESOURCE.value, resources_of, resource_subject)


def documents_of(survey: CheckContext, resource: Resource) -> Iterator[Document]:
    """Yield the documents by which a resource grants access: policy, access control list, grants on a key.

    Without the default policy of EFS, which applies only to clients in the file system's network.
    """
    if resource.policy is not None:
        yield survey.evaluator.index.parse(resource.policy, resource.arn)
    owner = owner_of(resource)
    settings = survey.evaluator.resources.settings_of(owner) if owner else None
    for document in (
        acl_document(resource, settings.public_access_block if settings else None),
        key_grants_document(resource),
    ):
        if document is not None:
            yield document


def allowing(survey: CheckContext, resource: Resource) -> tuple[Statement, ...]:
    """Return the well-formed Allow statements of a resource's documents."""
    return survey.once(
        ("allowing", resource.arn),
        lambda: tuple(
            statement
            for document in documents_of(survey, resource)
            for statement in document.statements
            if statement.is_allow and statement.broken is None
        ),
    )


def works_for_other_accounts(service: str, name: str) -> bool:
    """Return whether an action (in lower case) can be allowed to another account at all."""
    return facts_of(service).across_accounts(name) is not OtherAccounts.OWNER_ALONE


def works_without_signature(service: str, name: str) -> bool:
    """Return whether a policy alone can allow an action (in lower case) for unsigned requests.

    Not lambda:InvokeFunction: a function URL also needs lambda:InvokeFunctionUrl.
    """
    facts = facts_of(service)
    opening = facts.unsigned_keys.get(name)
    is_open = opening is None or opening.without_key == opening.value
    return is_open and facts.without_signature(name) is not Unsigned.NEVER


def requests(
    survey: CheckContext,
    resource: Resource,
    applies: Callable[[Statement], bool] = lambda _statement: True,
    works: Callable[[str, str], bool] = lambda _service, _name: True,
    account: str = PLACEHOLDER,
) -> tuple[tuple[RequestToEvaluate, ...], ...]:
    """Return the requests to evaluate, a group for each access level that the statements selected by ``applies`` allow.

    A group has one action of each set of actions that the policies can distinguish, well-known ones first: if one of
    the group is allowed, the others need not be evaluated. ``works`` selects the actions, by service and name, that can
    be allowed to the principals at all: an action that never is must not represent those that are. ``account`` is the
    callers', for resources that are named by it (``${aws:PrincipalAccount}``).
    """
    statements = [statement for statement in allowing(survey, resource) if applies(statement)]
    if not statements:
        return ()
    service = service_actions(deciding_service(resource.arn))
    found: dict[tuple[RequestToEvaluate, ...], None] = {}
    working = sum(1 << bit for bit, one in enumerate(service.actions) if works(service.service, one.name.lower()))
    for resource_arn in arns_to_evaluate(survey, resource, account):
        arn = parse_arn(resource_arn)
        covered = 0
        for statement in statements:
            if may_name(statement, arn):
                covered |= service.covered_by(statement)
        covered &= acting_on(service, resource_arn) & working
        for level in ACCESS_LEVELS:
            actions = [covered & service.by_level[level]] if covered & service.by_level[level] else []
            for splitter in _splitters(survey, resource, service) if actions else ():
                actions = [part for bits in actions for part in (bits & splitter, bits & ~splitter) if part]
            by_name = {_representative(service, bits): bits for bits in actions}
            if by_name:
                group = [
                    RequestToEvaluate(name, resource_arn, level, _others(service, by_name[name], name))
                    for name in sorted(by_name, key=_rank)
                ]
                found[tuple(group)] = None
    return tuple(found)


def _splitters(survey: CheckContext, resource: Resource, service: ServiceActions) -> tuple[int, ...]:
    """Return sets of actions, as bits: two that are in the same sets have the same decision on one ARN."""

    def look() -> tuple[int, ...]:
        owner = owner_of(resource)
        documents = (*documents_of(survey, resource), *(survey.guardrails(owner) if owner else ()))
        statements = [one for document in documents for one in document.statements if one.broken is None]
        found = {service.covered_by(one) for one in statements}
        keys = {key for one in statements for key in one.context_keys() if not reference().is_global_key(key)}
        for key in keys:
            taking = (reference().takes_key(one, None, key) for one in service.actions)
            found.add(sum(1 << bit for bit, takes in enumerate(taking) if takes))
        facts = facts_of(service.service)
        classes: dict[object, int] = {}
        for bit, one in enumerate(service.actions):
            known = facts.decision_class(one.name.lower())
            classes[known] = classes.get(known, 0) | 1 << bit
        return tuple(found - {0, service.every} | {*classes.values()} - {service.every})

    return survey.once(("splitters", resource.arn), look)


def may_name(statement: Statement, arn: Arn | None) -> bool:
    """Return whether a statement may apply to an ARN, or to no resource, whatever the values of its variables."""
    if statement.not_resource or statement.resources is None:
        return True
    if arn is None:  # of an action without resources (rule F6)
        return any(one.is_everything or one.text == ACCOUNT_LISTS_ARN for one in statement.resources)
    found = (one.matches(arn, unresolved, ShortArns.FILLED_IF_WILDCARD) for one in statement.resources)
    return any(match not in (Match.NO, Match.NO_OR_UNRESOLVED) for match in found)


def arns_to_evaluate(survey: CheckContext, resource: Resource, account: str) -> tuple[str, ...]:
    """Return the ARN of a resource and ARNs of its parts: one of each set that the policies can distinguish."""
    return survey.once(("arns to evaluate", (resource.arn, account)), lambda: _distinct_arns(survey, resource, account))


def _distinct_arns(survey: CheckContext, resource: Resource, account: str) -> tuple[str, ...]:
    documents = documents_of(survey, resource)
    parts = parts_of(survey.evaluator.resources, resource.arn, entries_of(documents), PLACEHOLDER, account)
    return tuple([part.arn for part in parts])


def acting_on(service: ServiceActions, arn: str) -> int:
    """Return the actions of a service that act on an ARN, as bits."""
    found = 0
    for name in reference().resource_types_of_arn(service.service, arn):
        found |= service.by_type.get(name.lower(), 0)
    return found


def _representative(service: ServiceActions, bits: int) -> str:
    return min((action.full_name for bit, action in enumerate(service.actions) if bits >> bit & 1), key=_rank)


def _others(service: ServiceActions, bits: int, name: str) -> tuple[str, ...]:
    listed = (service.actions[bit].full_name for bit in indexes_of(bits))
    return tuple(one for one in listed if one != name)


def _rank(name: str) -> tuple[bool, int, str]:
    return name.lower() not in _PREFERRED, len(name), name
