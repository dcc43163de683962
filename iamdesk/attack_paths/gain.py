"""Whether becoming another principal gains access."""

from collections.abc import Mapping

from iamdesk.access.effective_permissions import AccessExtent, ServiceAccess
from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import PrincipalIndex

_EVERYWHERE = (AccessExtent.ALLOWED, AccessExtent.CONDITIONAL)
_SOMEWHERE = (AccessExtent.SOME, AccessExtent.SOME_CONDITIONAL)


class AccessGain:
    """Compares the effective permissions of principals of one snapshot."""

    def __init__(self, evaluator: Evaluator, population: PrincipalIndex) -> None:
        self._evaluator = evaluator
        self._population = population

    def gains(self, position: int, other: int) -> bool:
        """Return whether the other principal is allowed something that this one is not.

        Actions that both are allowed on named resources count as a gain if the other one has a policy that this one
        does not, since the resources may differ.
        """
        index = self._population.index
        own, theirs = self._evaluator.reaches_of(position), self._evaluator.reaches_of(other)
        if self._account(position) != self._account(other):
            # Actions without required permission (rule I3) are no gain; all others are on another account's resources.
            own = {service: reach for service, reach in own.items() if service == "sts"}
        other_documents = bool(set(index.carried[other]) - set(index.carried[position]))
        return any(_exceeds(reach, own.get(service), other_documents) for service, reach in theirs.items())

    def _account(self, position: int) -> str:
        return self._population.cohort_at(position).account


def _exceeds(reach: ServiceAccess, own: ServiceAccess | None, other_documents: bool) -> bool:
    everywhere, somewhere = _bits(reach.actions, _EVERYWHERE), _bits(reach.actions, _SOMEWHERE)
    if own is None:
        return bool(everywhere | somewhere)
    own_everywhere, own_somewhere = _bits(own.actions, _EVERYWHERE), _bits(own.actions, _SOMEWHERE)
    if everywhere & ~own_everywhere:
        return True
    return bool(somewhere & ~own_everywhere & (-1 if other_documents else ~own_somewhere))


def _bits(actions: Mapping[AccessExtent, int], reaches: tuple[AccessExtent, ...]) -> int:
    found = 0
    for reach in reaches:
        found |= actions[reach]
    return found
