"""Who can create a user or role that becomes an administrator: every action on one and the same new ARN."""

from collections.abc import Iterable, Iterator

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import EscalationPath
from iamdesk.attack_paths.edge_sources import NOBODY, ConfirmedAndPossible
from iamdesk.attack_paths.edges import Edges
from iamdesk.attack_paths.evaluation_session import Context


def creators(steps: Edges, path: EscalationPath, callers: int) -> ConfirmedAndPossible:
    """Return which of some principals can take all actions of a technique on a user or role that does not exist.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    for required in path.actions:
        callers &= steps.anything.speaking_of(required.action)
    by_name: dict[str, int] = {}
    for position in indexes_of(callers):
        for arn in new_names(steps, position, path):
            by_name[arn] = by_name.get(arn, 0) | 1 << position
    found = NOBODY
    for arn, who in by_name.items():
        members = ConfirmedAndPossible(who, 0)
        for required in path.actions:
            allowed = NOBODY
            for context in contexts(steps, path, required.action, arn):
                allowed = allowed.either(steps.finder.among(members.anybody, required.action, arn, context))
            members = members.both(allowed)
        found = found.either(members)
    return found


def new_names(steps: Edges, position: int, path: EscalationPath) -> Iterator[str]:
    """Yield ARNs in a principal's account that no user or role has, such that its policies distinguish no others."""
    account = steps.population.cohort_at(position).account
    action = path.actions[0].action
    kind = "user/" if action == "iam:CreateUser" else "role/"
    for arn in steps.anything.resources(position, action):
        parts = arn.split(":", 5)
        if parts[4:5] == [account] and parts[5].startswith(kind) and arn not in steps.targets.places:
            yield arn


def contexts(steps: Edges, path: EscalationPath, action: str, arn: str) -> Iterable[Context]:
    """Return the request contexts of an action on a new user or role; one that is allowed is enough."""
    if action in ("iam:CreateRole", "iam:CreateUser"):
        return ({"iam:PermissionsBoundary": None},)
    context = steps.context_of(path, action)
    if "iam:PolicyARN" not in context:
        return (context,)
    account = arn.split(":", 5)[4]
    others = (one for one in steps.attachable.existing if one.split(":", 5)[4] in ("aws", account))
    return (context, *({"iam:PolicyARN": one} for one in others))
