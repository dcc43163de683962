"""For which resources a service can assume a role whose trust policy tests ``aws:SourceArn``.

The key is "the ARN of the resource making a service-to-service request" (IAM User Guide, "AWS global condition context
keys"), so it is in the account for which the service acts. Not every service sends it.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from iamdesk.access.request_grid import FRESH, placeholder_arns
from iamdesk.attack_paths.administrators import OPEN
from iamdesk.attack_paths.catalog import Slot, catalog
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import EvalDecision
from iamdesk.policy.overlap import common_arn

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_COLONS = 5
"""Before the part of an ARN that names the resource."""
PROVEN, POSSIBLE, IMPOSSIBLE = 0, 1, 2
"""Ranks of requests: allowed, also with values that the caller chooses; dependent on a fact; denied."""


class SourceTest:
    """Whether a service can assume one role for the resources of one technique."""

    def __init__(
        self,
        service: str,
        slots: Sequence[Slot],
        role: str,
        values: Sequence[str],
        base: Context,
        decide: Callable[[str | None], EvalDecision],
    ) -> None:
        """Create a test.

        Args:
            service: The service.
            slots: The resources of the technique.
            role: ARN of the role.
            values: What policies compare ``aws:SourceArn`` with.
            base: The request's other keys about its source.
            decide: Decides the service's request to assume the role with a value of the key; None: without it.
        """
        _, partition, _, _, self._account, _ = role.split(":", 5)
        self._decide, self._base = decide, base
        self._sent = catalog().sends.get(service)
        prefix = self._sent.service if self._sent else "*"
        self._values = [_VARIABLE.sub("*", value) for value in values]
        types = self._sent.types if self._sent else frozenset()
        own = [slot for slot in slots if slot.service == prefix and slot.types]
        exact = [slot for slot in own if types.issuperset(slot.types)]
        self._is_exact = bool(exact)
        self._slot = (*exact, *own, None)[0]
        formats = {
            one.replace(FRESH, "*")
            for slot in exact[:1]
            for name in slot.types
            for one in placeholder_arns(prefix, name, partition, self._account)
        }
        # What the service may send for some resource.
        self._any = formats.pop() if len(formats) == 1 else f"arn:{partition}:{prefix}:*:{self._account}:*"
        self._ranks: dict[str, int] = {}

    @cached_property
    def anywhere(self) -> int:
        """Whether the service can assume the role for a resource of the account: proven only if for all."""
        rank = self._for_some(self._any)
        if self._sent is None:
            without_account = self._any.replace(f":{self._account}:", "::")
            rank = min(rank, self._for_some(without_account))
        return self._as_sure(rank)

    def _as_sure(self, rank: int) -> int:
        """Return a rank, not proven where a service may not send the key."""
        if self._sent is not None and self._sent.is_documented:
            return rank
        return max(min(rank, self._rated(None)), POSSIBLE)

    @cached_property
    def overall(self) -> int | None:
        """Whether the service can assume the role for every resource of the technique alike; None: not alike."""
        if self._slot is None or self.anywhere == IMPOSSIBLE:
            return self.anywhere
        shared = (one for value in self._values if (one := common_arn(self._any, value)) is not None)
        is_alike = all(self._rated(one) == PROVEN for one in (self._any[:-1] + FRESH, *shared))
        return self._as_sure(PROVEN) if is_alike else None

    def rank(self, resource: str) -> int:
        """Return whether the service can assume the role for a resource of the technique."""
        if self._slot is None:
            return self.anywhere
        if resource not in self._ranks:
            self._ranks[resource] = self._find_rank(resource)
        return self._ranks[resource]

    def _find_rank(self, resource: str) -> int:
        if self._is_exact:
            return self._as_sure(self._rated(resource))
        *head, _ = resource.split(":", 5)
        return self._as_sure(self._for_some(":".join((*head[:4], self._account, "*")), head[3]))

    def _for_some(self, pattern: str, region: str | None = None) -> int:
        """Rate ARNs that match a pattern, of which nothing else is known; only those with a Region, if it is given."""
        if self._rated(pattern[:-1] + FRESH) == PROVEN:
            return PROVEN
        shared = [one for value in self._values if (one := common_arn(pattern, value)) is not None]
        shared = [one for one in shared if region in (None, one.split(":", 4)[3])]
        is_open = any(self._rated(one) < IMPOSSIBLE for one in (pattern[:-1] + FRESH, *shared))
        return POSSIBLE if is_open else IMPOSSIBLE

    def _rated(self, source: str | None) -> int:
        decision = self._decide(source)
        return PROVEN if decision is EvalDecision.ALLOWED else POSSIBLE if decision in OPEN else IMPOSSIBLE

    def rank_of_captured(self, arn: str) -> int:
        """Return whether the service can assume the role for a captured resource of any type."""
        is_meant = self._slot is not None and any(
            reference().is_of_type(self._slot.service, name, arn) for name in self._slot.types
        )
        return self.rank(arn) if is_meant else self.anywhere

    def of(self, slot: Slot, resource: str, members: int) -> ConfirmedAndPossible:
        """Return the same principals: proven, possible or none of them for a resource of a slot."""
        return self.among(PROVEN if slot != self._slot else self.rank(resource), ConfirmedAndPossible(members, 0))

    @staticmethod
    def among(rank: int, who: ConfirmedAndPossible) -> ConfirmedAndPossible:
        """Return principals with a rank: the same, at most possible, or none."""
        return who if rank == PROVEN else who.unsure() if rank == POSSIBLE else NO_PRINCIPALS

    def is_about(self, slot: Slot) -> bool:
        """Return whether the service acts for the resources of a slot."""
        return slot == self._slot

    @cached_property
    def needs_pattern(self) -> bool:
        """Whether only resources that match `patterns` are accepted: one that no policy names is not."""
        return self._rated(self._any[:-1] + FRESH) == IMPOSSIBLE

    @cached_property
    def patterns(self) -> Sequence[str]:
        """ARNs, with wildcards, of resources for which the service may assume the role."""
        if self._is_exact:
            return self._values
        shared = (common_arn(self._any, value) for value in self._values)
        return [":".join((*one.split(":", 5)[:5], "*")) for one in shared if one is not None]

    @cached_property
    def regions(self) -> Sequence[str]:
        """The Regions that `patterns` name."""
        named = dict.fromkeys(one.split(":", 5)[3] for one in self.patterns if one.count(":") >= _COLONS)
        return [one for one in named if one and "*" not in one and "?" not in one]

    def context(self, resource: str | None) -> tuple[int, Context]:
        """Return whether the service can assume the role for a resource, and the context of its request.

        None: for none that is known.
        """
        rank = self.anywhere if resource is None or self._slot is None else self.rank(resource)
        base = self._base
        if rank == POSSIBLE:
            return rank, base
        source = self._any if resource is None or self._slot is None else resource
        if not self._is_exact:
            source = ":".join((*source.split(":", 5)[:4], self._account, "*"))
        # A star represents any name, as in the technique's other requests.
        shown = source.replace(FRESH, "*")
        return rank, {**base, "aws:SourceArn": shown if self._rated(shown) == self._rated(source) else source}
