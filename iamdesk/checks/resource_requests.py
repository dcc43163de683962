"""The resources of an account that grant access themselves, and representative requests to evaluate on them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from iamdesk.aws.action_sets import ACCESS_LEVELS, ServiceActions, service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.prerequisites import owner_of
from iamdesk.checks.targets import CheckTarget, Subject
from iamdesk.evaluate.resource_policy_services import OtherAccounts, Unsigned, facts_of
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
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


class RequestToEvaluate(NamedTuple):
    """An action on a resource, or on something in it."""

    action: str
    resource: str
    level: str
    """The action's access level."""


def resources_of(survey: CheckContext, account: Account) -> tuple[Resource, ...]:
    """Return an account's resources with a captured policy, access control list or key grants."""

    def by_account() -> dict[str | None, list[Resource]]:
        found: dict[str | None, list[Resource]] = {}
        for resource in survey.snapshot.resources:
            if resource.is_policy_captured or resource.acl or resource.key_grants:
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


def questions(
    survey: CheckContext,
    resource: Resource,
    applies: Callable[[Statement], bool] = lambda _statement: True,
    works: Callable[[str, str], bool] = lambda _service, _name: True,
) -> tuple[RequestToEvaluate, ...]:
    """Return the requests to evaluate: one action per access level that the statements selected by ``applies`` allow.

    ``works`` selects the actions, by service and name, that can be allowed to the principals at all: an action that
    never is must not represent those that are.
    """
    statements = [statement for statement in allowing(survey, resource) if applies(statement)]
    if not statements:
        return ()
    service = service_actions(resource.arn.split(":", 3)[2])
    found: dict[RequestToEvaluate, None] = {}
    working = sum(1 << bit for bit, one in enumerate(service.actions) if works(service.service, one.name.lower()))
    for resource_arn in _arns_to_evaluate(resource):
        acting = _acting_on(service, resource_arn) & working
        covered = 0
        for statement in statements:
            covered |= service.covered_by(statement)
        for level in ACCESS_LEVELS:
            action = _representative(service, covered & acting & service.by_level[level])
            if action is not None:
                found[RequestToEvaluate(action, resource_arn, level)] = None
    return tuple(found)


def _arns_to_evaluate(resource: Resource) -> Iterable[str]:
    """Return the ARN of a resource and, for buckets and access points, ARNs of objects in it."""
    arn = resource.arn
    if ":accesspoint/" in arn:
        return arn, f"{arn}/object/{PLACEHOLDER}"
    if arn.split(":", 5)[2:5] == ["s3", "", ""] and "/" not in arn:
        return arn, *(f"{arn}/{key}" for key in _object_keys(resource))
    return (arn,)


def _object_keys(resource: Resource) -> Iterable[str]:
    """Return object keys to evaluate: an arbitrary one, and one under each prefix that the bucket's policy names."""
    prefix = f"{resource.arn}/"
    texts = [PLACEHOLDER]
    policy = resource.policy if isinstance(resource.policy, dict) else {}
    listed = policy.get("Statement", ())
    for statement in listed if isinstance(listed, list) else (listed,):
        named = statement.get("Resource", ()) if isinstance(statement, dict) else ()
        texts += [
            text.removeprefix(prefix).replace("*", PLACEHOLDER).replace("?", "x")
            for text in ((named,) if isinstance(named, str) else named if isinstance(named, list) else ())
            if isinstance(text, str) and text.startswith(prefix)
        ]
    return dict.fromkeys(text for text in texts[:20] if text)


def _acting_on(service: ServiceActions, arn: str) -> int:
    found = 0
    for name in reference().resource_types_of_arn(service.service, arn):
        found |= service.by_type.get(name.lower(), 0)
    return found


def _representative(service: ServiceActions, bits: int) -> str | None:
    names = [action.full_name for bit, action in enumerate(service.actions) if bits >> bit & 1]
    return min(names, key=lambda name: (name.lower() not in _PREFERRED, len(name), name), default=None)
