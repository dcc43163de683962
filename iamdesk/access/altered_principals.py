"""Principals without some of their policies, as additional indexes after the principals of the snapshot.

An altered principal is evaluated like any other: by `BulkEvaluator`, and by the engine where an unknown leaves the
decision open. Everything but its policies is that of the principal: its ARN, tags, account, resource policies that
name it. Nothing of the snapshot is copied: tens of thousands of them take little more than the lists of their policies.
"""

import copy
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import compress

from iamdesk.access.principal_index import PrincipalCohort, PrincipalIndex
from iamdesk.evaluate.request import PolicyType
from iamdesk.simulate.principal_policies import PrincipalPolicies


class AlteredPrincipals(PrincipalIndex):
    """The principals of a snapshot, followed by altered ones. Not thread-safe."""

    def __init__(self, principals: PrincipalIndex) -> None:
        """Start with the principals of a snapshot."""
        self.__dict__.update(principals.__dict__)
        self.index = copy.copy(principals.index)
        self._first = len(principals.index.subjects)
        self._carried = list(principals.index.carried)
        self._boundaries = list(principals.index.boundaries)
        self._subjects = list(principals.index.subjects)
        self._cohorts = list(principals._peers_of)
        self._facts = {}  # by index, and indexes of altered principals are in no other index: not shared
        self._altered: list[PrincipalPolicies] = []
        self._known: dict[Hashable, int] = {}
        self._unbounded: dict[int, PrincipalCohort] = {}
        self._next_cohort = max((one.number for one in self._cohorts if one is not None), default=-1) + 1
        # The lists grow; readers find new indexes at their ends.
        self.index.carried = self._carried  # type: ignore[assignment]
        self.index.boundaries = self._boundaries  # type: ignore[assignment]
        self.index.subjects = self._subjects  # type: ignore[assignment]
        self._peers_of = self._cohorts  # type: ignore[assignment]

    def alter(self, position: int, kept: Sequence[bool], *, keeps_boundary: bool = True) -> int:
        """Return the index of a principal or group with only some of its identity policies.

        Args:
            position: Index of the principal or group in the snapshot, not an irregular one.
            kept: By identity policy, in the order of the snapshot, whether it is kept.
            keeps_boundary: Whether it keeps its permissions boundary.
        """
        bounded = self._boundaries[position] is not None
        if all(kept) and (keeps_boundary or not bounded):
            return position
        key = (position, tuple(kept), keeps_boundary or not bounded)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._add(position, kept, keeps_boundary=keeps_boundary or not bounded)
        return found

    def _add(self, position: int, kept: Sequence[bool], *, keeps_boundary: bool) -> int:
        made = len(self._subjects)
        holder = super().principal_policies(position)
        policies = replace(holder.policies, identity=tuple(compress(holder.policies.identity, kept)))
        cohort = self.cohort_at(position)
        boundary = self._boundaries[position]
        if not keeps_boundary:
            boundary = None
            missing_data = tuple(
                missing
                for missing in policies.missing_data
                if missing.policy_type is not PolicyType.PERMISSIONS_BOUNDARY
            )
            policies = replace(policies, boundary=None, missing_data=missing_data)
            unbounded = self._unbounded.get(cohort.number)
            if unbounded is None:
                unbounded = replace(cohort, number=self._next_cohort, has_boundary=False, members=1 << made)
                self._unbounded[cohort.number] = unbounded
                self._next_cohort += 1
            cohort = unbounded
        self._altered.append(holder._replace(policies=policies))
        self._subjects.append(self._subjects[position])
        self._carried.append(tuple(compress(self._carried[position], kept)))
        self._boundaries.append(boundary)
        self._cohorts.append(cohort)
        return made

    def principal_policies(self, position: int) -> PrincipalPolicies:
        """Return a principal's policies by its index; of a group, those of a member without other policies."""
        if position < self._first:
            return super().principal_policies(position)
        return self._altered[position - self._first]
