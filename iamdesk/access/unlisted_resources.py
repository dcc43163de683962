"""Resources that statements name and that are of no resource type in AWS's list.

The list is not complete: AWS Backup's actions also act on the backups of other services, whose ARNs fit no type of its
own. Such resources are evaluated as they are written, wherever the answer covers all that a statement does.
"""

import re
from collections.abc import Iterable

from iamdesk.access.request_grid import arn_services
from iamdesk.aws.service_reference import reference
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement

_VARIABLE = re.compile(r"\$\{[^}]*\}")


def services_on_unlisted(statement: Statement, entry: ResourcePattern) -> frozenset[str]:
    """Return the services of a statement's actions that a resource of no listed type may be of.

    Empty if the resource fits a type of one of them: then the statement is explained, and AWS never evaluates its other
    actions on that resource. If no service has ARNs like it, it may be of any service that the statement names.
    """
    if entry.is_everything or entry.problem is not None or entry.text.count(":") < 5:
        return frozenset()
    named = entry.text.split(":", 3)[2].lower()
    services = statement.services
    may_be_of = frozenset(reference().services_on(named)) if services is None else frozenset(services)
    arn = _VARIABLE.sub("*", entry.text)
    if any(reference().resource_types_of_arn(one, arn) for one in may_be_of):
        return frozenset()
    own = frozenset(_with_arns_of(named, may_be_of))
    return own if own or services is None else may_be_of


def _with_arns_of(named: str, services: Iterable[str]) -> Iterable[str]:
    for service in services:
        listed = arn_services(service)
        if listed is None or service == named or named in listed:
            yield service
