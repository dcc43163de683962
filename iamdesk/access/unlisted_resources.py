"""Resources that statements name and that are of no resource type in AWS's list.

The list is not complete: AWS Backup's actions also act on the backups of other services, whose ARNs fit no type of its
own. Such resources are evaluated as they are written, wherever the answer covers all that a statement does.
"""

import re

from iamdesk.aws.service_reference import reference
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement

_VARIABLE = re.compile(r"\$\{[^}]*\}")


def services_on_unlisted(statement: Statement, entry: ResourcePattern) -> frozenset[str]:
    """Return the services of a statement's actions that are evaluated on a resource of no listed type.

    Of a statement on actions of all services these are the services with resources whose ARNs name the same service.
    Empty if the resource fits a type of one of them: then that explains why it is named, and AWS never evaluates the
    other actions on it.
    """
    if entry.is_everything or entry.problem is not None or entry.text.count(":") < 5:
        return frozenset()
    named = entry.text.split(":", 3)[2]
    services = frozenset(reference().services_on(named) if statement.services is None else statement.services)
    arn = _VARIABLE.sub("*", entry.text)
    is_listed = any(reference().resource_types_of_arn(one, arn) for one in services)
    return frozenset() if is_listed else services
