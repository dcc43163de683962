"""Blocked attack paths: techniques that a principal's policies allow, and what blocks them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import EscalationPath, Gain, Required, TargetConstraint, TargetType, catalog
from iamdesk.attack_paths.edges import Edges
from iamdesk.attack_paths.evidence import Prover
from iamdesk.attack_paths.types import BlockedPath, PrincipalExposure
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase, phrased
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.apply import apply_one
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

_MAX_TARGETS = 40
"""Targets that are evaluated for one technique, administrators first."""
_MAX_PRINCIPALS = 500
"""In larger snapshots, building the graph of a copy takes too long."""
_NONE_OF = {
    TargetConstraint.USER: mark("the snapshot has no user"),
    TargetConstraint.ROLE: mark("the snapshot has no role"),
    TargetConstraint.GROUP: mark("the snapshot has no group"),
}
"""Targets without a service that the snapshot may not contain."""
_WITHOUT_TARGET = frozenset({TargetConstraint.PERMISSION_SET, TargetConstraint.NEW_PRINCIPAL})
"""Of these, the step names the principal itself as its target."""
_OWN = frozenset({TargetType.ITSELF, TargetType.OWN_GROUP, TargetType.OWN_POLICY})


class HasReached(Protocol):
    """The graph of a copy."""

    def reached(self, principal: str) -> PrincipalExposure:
        """Return the exposure of one principal."""


class BlockedPaths:
    """Finds what blocks techniques for principals of a snapshot."""

    def __init__(self, steps: Edges, look: Callable[[Snapshot], "HasReached"]) -> None:
        """Prepare the search; ``look`` builds the graph of a copy."""
        self._steps = steps
        self._look = look
        self._prover = Prover(steps)

    def of(self, principal: str, taken: frozenset[str]) -> Iterator[BlockedPath]:
        """Yield each technique all of whose actions a principal's policies allow, but that is blocked, with the reason.

        ``taken`` are the ids of techniques that it can use, perhaps.
        """
        for path in catalog().paths:
            if path.id in taken or path.gain in (Gain.WITHOUT_DENIAL, Gain.OTHER_TAGS):
                continue
            if all(self._steps.inquiry.applies_to_action(principal, required.action) for required in path.actions):
                refusal = self._refused(principal, path)
                if refusal is not None:
                    yield refusal

    def _refused(self, principal: str, path: EscalationPath) -> BlockedPath | None:
        steps = self._steps
        place = steps.targets.places.get(principal)
        if place is None:
            return None
        targets = self._targets(place, path)
        if targets is None:
            return None
        if not targets and path.target in (TargetConstraint.FOREIGN_ROLE, TargetConstraint.OPEN_ROLE):
            return None
        if not targets:
            return BlockedPath(
                path.id, phrased(path.how), None, phrase("No target: {lacking}.", lacking=self._lacking(path))
            )
        best: BlockedPath | None = None
        joinable: list[str] = []
        for target in targets[:_MAX_TARGETS]:
            arn = steps.targets.arns[target]
            stopped = None
            asked = False
            for proof in self._prover.of_action(principal, arn, path):
                asked = True
                if proof.decision.decision not in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                    stopped = BlockedPath(
                        path.id,
                        phrased(path.how),
                        arn,
                        proof.decision.sentence,
                        proof.decision,
                    )
                    break
            if stopped is None and path.target is TargetConstraint.GROUP:
                joinable.append(arn)
            elif stopped is None and path.needs and (reason := self._refutation(path, arn)):
                stopped = BlockedPath(path.id, phrased(path.how), arn, reason)
            elif stopped is None and path.joined and not asked:
                continue  # there is no group of administrators
            elif stopped is None and path.joined:
                reason = phrase("It can change the principal, but cannot become it.")
                stopped = BlockedPath(path.id, phrased(path.how), arn, reason)
            elif stopped is None:
                return BlockedPath(path.id, phrased(path.how), arn, self._without_effect(principal, arn))
            best = best or stopped
        return self._as_member(principal, path, joinable) if joinable else best

    def _refutation(self, path: EscalationPath, arn: str) -> str:
        steps = self._steps
        return steps.workloads.refutation(path, arn) or steps.identity_center.refutation(path, arn)

    def _without_effect(self, *principals: str) -> str:
        """Return why a technique that is allowed does not lead to administrator access."""
        index = self._steps.inquiry.evaluator.index
        named = [one for one in principals if one in index.roles or one in index.users]
        has_boundary = any(index.carried(one).has_boundary for one in named)
        has_guardrails = any(self._steps.inquiry.guardrails(one.split(":", 5)[4]) for one in principals)
        if has_boundary and has_guardrails:
            return phrase(
                "It adds no permissions, or the permissions boundary or an organization policy prevents administrator "
                "access."
            )
        if has_boundary:
            return phrase("It adds no permissions, or the permissions boundary prevents administrator access.")
        if has_guardrails:
            return phrase("It adds no permissions, or an organization policy prevents administrator access.")
        return phrase("It adds no permissions with which it could become an administrator.")

    def _as_member(self, principal: str, path: EscalationPath, groups: list[str]) -> BlockedPath:
        """Return the effect of membership, by the graph of a copy in which the user is a member."""
        reason = phrase(
            "As a member it would not be an administrator; whether it could become one in further steps was not "
            "checked."
        )
        if len(self._steps.places) <= _MAX_PRINCIPALS:
            copy = self._steps.inquiry.snapshot
            for group in groups:
                with suppress(WhatIfError):  # it is a member already
                    copy = apply_one(copy, Edit(EditAction.JOIN_GROUP, principal, group))
            reached = self._look(copy).reached(principal)
            steps = reached.to_administration
            if steps is None:
                steps = reached.maybe_to_administration
            reason = phrase("As a member it would not be an administrator, and could not become one in further steps.")
            if steps is not None:
                reason = nphrase(
                    "Not searched further: as a member it could become an administrator in {count:,} further step.",
                    "Not searched further: as a member it could become an administrator in {count:,} further steps.",
                    steps,
                )
        return BlockedPath(path.id, phrased(path.how), groups[0], reason)

    def _targets(self, place: int, path: EscalationPath) -> list[int] | None:
        """Return the possible targets of a technique, administrators first; None if it does not fit the principal."""
        steps = self._steps
        targets = steps.targets
        own = [required for required in path.actions if required.on in _OWN]
        if path.target is TargetConstraint.ITSELF:
            return [place] if all(self._fits(place, required) for required in own) else None
        bits = {
            TargetConstraint.USER: targets.users,
            TargetConstraint.ROLE: targets.roles,
            TargetConstraint.OPEN_ROLE: targets.roles,
            TargetConstraint.FOREIGN_ROLE: targets.roles,
            TargetConstraint.GROUP: targets.groups,
            TargetConstraint.PERMISSION_SET: 1 << place,
            TargetConstraint.NEW_PRINCIPAL: 1 << place,
        }.get(path.target)
        if bits is None:
            bits = steps.trusts.trusting(str(path.service))
        account = targets.arns[place].split(":", 5)[4]
        inside = targets.of_account.get(account, 0)
        bits &= ~inside if path.target is TargetConstraint.FOREIGN_ROLE else inside
        if path.target not in _WITHOUT_TARGET:
            bits &= ~(1 << place)
        found = [one for one in indexes_of(bits) if self._is_reachable(path, one)]
        return sorted(found, key=lambda one: not self._is_administrator(one))

    def _is_reachable(self, path: EscalationPath, place: int) -> bool:
        steps = self._steps
        if path.instance_profile:
            return bool(steps.inquiry.evaluator.index.roles[steps.targets.arns[place]].instance_profile_list)
        return path.target is not TargetConstraint.OPEN_ROLE or steps.trusts.trusts_everyone(place)

    def _fits(self, place: int, required: Required) -> bool:
        is_user = bool(self._steps.targets.users >> place & 1)
        if required.on is TargetType.OWN_GROUP:
            return bool(self._steps.groups_of(place))
        if required.on is TargetType.OWN_POLICY:
            return bool(self._steps.policies_of(place))
        return is_user == ("User" in required.action)

    def _is_administrator(self, place: int) -> bool:
        position = self._steps.position_of(place)
        return position is not None and bool(self._steps.administrators >> position & 1)

    @staticmethod
    def _lacking(path: EscalationPath) -> str:
        if path.service is None:
            return phrase(_NONE_OF[path.target])
        if path.instance_profile:
            return phrase(
                "no role of the account that trusts {service} is in an instance profile", service=path.service
            )
        return phrase("no role of the account trusts {service}", service=path.service)
