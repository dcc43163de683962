"""Techniques that act on a resource that runs with a role: confirmed, limited or refuted by the captured resources."""

from collections.abc import Hashable, Iterator, Sequence
from functools import cache

from iamdesk.access.own_statements import AS_IDENTITY
from iamdesk.access.request_grid import FRESH
from iamdesk.attack_paths.catalog import PASSES, CapturedFact, EscalationPath, TargetConstraint, catalog
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.source_arns import SourceTest
from iamdesk.attack_paths.technique_resources import TechniqueResources, is_of_slot, slots_of
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.context import UNKNOWN, Context
from iamdesk.evaluate.matching import RequestFacts, match_resource
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import FALSE
from iamdesk.i18n import join_names, phrase, phrased
from iamdesk.inventory.workload_index import AccountWorkloadIndex, WorkloadIndex
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.workloads import Workload

_NO_PRINCIPALS = Caller(CallerKind.ANONYMOUS, "anonymous")
_NO_CONTEXT = Context({}, lambda _: UNKNOWN, MissingContextMode.UNKNOWN, lambda _: False)
_MAX_KEPT = 1 << 14
_MAX_RESOURCES = 500
"""Resources of one role that are evaluated for one technique; with more of them, it stays possible."""


class WorkloadAccess:
    """Finds who can use a technique on the resources that were captured."""

    def __init__(self, snapshot: Snapshot, finder: SourceFinder, resources: TechniqueResources) -> None:
        self._index = WorkloadIndex(snapshot)
        self._finder = finder
        self._technique_resources = resources
        self._index_of_statements = finder.statements
        self._with_data = frozenset(one.arn for one in snapshot.resources if one.policy is not None or one.tags)
        self._with_captured_policy = frozenset(one.arn for one in snapshot.resources if one.is_policy_captured)
        self._decided: dict[Hashable, ConfirmedAndPossible] = {}
        self._limited: dict[tuple[str, str], bool] = {}

    def narrow(
        self,
        path: EscalationPath,
        account_id: str,
        role_arn: str,
        who: ConfirmedAndPossible,
        passing: ConfirmedAndPossible | None = None,
        source: SourceTest | None = None,
    ) -> ConfirmedAndPossible:
        """Return who can use a technique to act as a role, as far as the captured resources show.

        Args:
            path: The technique.
            account_id: The account of the role.
            role_arn: The role.
            who: Who is allowed its actions on some resource, and to pass the role if it is passed.
            passing: Who is allowed to pass the role; None: it is not passed.
            source: Whether the service can assume the role for a resource; None: for all.

        Returns:
            The same where its required facts are unknown. Where all resources of a kind were captured, those who are
            allowed the actions on one of them, and no principal if there is none.
        """
        facts = [catalog().captured.get(need) for need in path.needs]
        if not who.principals or not any(facts):
            return who
        known = self._index.of_account(account_id)
        found: list[Sequence[Workload]] = []
        is_complete = True
        first: CapturedFact | None = None
        for fact in facts:
            if fact is None:
                is_complete = False
                continue
            first = first or fact
            resources = self._resources(fact, path, known, role_arn)
            if self._is_refuted(fact, path, known, role_arn):
                return NO_PRINCIPALS
            is_complete = is_complete and bool(resources) and all(map(known.is_complete, fact.all_kinds))
            found.append(resources if fact.is_enough else ())
        if first is None or len(found) < len(facts) or not all(found):
            return who.unsure()
        confirmed = NO_PRINCIPALS
        is_complete = is_complete and len(found[0]) <= _MAX_RESOURCES
        for resource in found[0][:_MAX_RESOURCES]:
            beside = self._beside(first, known, resource)
            confirmed = confirmed.either(self._on(path, resource, beside, who.principals, source))
        if passing is not None:
            confirmed = confirmed.both(passing)
        return confirmed if is_complete else confirmed.either(who.unsure())

    def refutation(self, path: EscalationPath, role_arn: str) -> str:
        """Return why a technique cannot be used for a role, or only by principals that may act on certain resources.

        One sentence; empty if the captured resources do not limit it.
        """
        known = self._index.of_account(_account_of(role_arn))
        for need in path.needs:
            fact = catalog().captured.get(need)
            if fact is None:
                continue
            resources = self._resources(fact, path, known, role_arn)
            what = phrased(catalog().facts[need])
            if self._is_refuted(fact, path, known, role_arn):
                return phrase("It requires {what}, and there is none: the snapshot lists all that exist.", what=what)
            if fact.is_enough and resources and all(map(known.is_complete, fact.all_kinds)):
                return phrase(
                    "It requires {what}: its actions are not allowed on {resources}.",
                    what=what,
                    resources=join_names(self._named(path, fact, known, resources), 3),
                )
        return ""

    def _is_refuted(self, fact: CapturedFact, path: EscalationPath, known: AccountWorkloadIndex, role_arn: str) -> bool:
        """Return whether the lists that were captured show that a fact is not so."""
        needed = fact.model_copy(update={"also": tuple(one for one in fact.also if one.refutes)})
        return all(map(known.is_complete, needed.all_kinds)) and not self._resources(needed, path, known, role_arn)

    def resources(
        self, path: EscalationPath, role_arn: str, action: str, needs: Sequence[str] | None = None
    ) -> Iterator[str]:
        """Yield the captured resources on which an action of a technique acts, by ARN: of ``needs``, or its first."""
        known = self._index.of_account(_account_of(role_arn))
        for need in path.needs[:1] if needs is None else needs:
            fact = catalog().captured.get(need)
            if fact is None or not fact.is_enough:
                continue
            for workload in self._resources(fact, path, known, role_arn):
                for arn in (workload.arn, *self._beside(fact, known, workload)):
                    if _acts_on(action, arn):
                        yield arn

    def _named(
        self, path: EscalationPath, fact: CapturedFact, known: AccountWorkloadIndex, resources: Sequence[Workload]
    ) -> Sequence[str]:
        """Return the resources on which the calls of a technique are made."""
        arns = dict.fromkeys(arn for one in resources for arn in (one.arn, *self._beside(fact, known, one)))
        acted = [arn for arn in arns if any(_acts_on(required.action, arn) for required in path.actions)]
        return [arn.replace(FRESH, "*") for arn in acted] or list(arns)

    @staticmethod
    def _resources(
        fact: CapturedFact, path: EscalationPath, known: AccountWorkloadIndex, role_arn: str
    ) -> Sequence[Workload]:
        if fact.of_role and path.target is TargetConstraint.ROLE_IN_USE:
            uses = known.runs_with(role_arn)
            meant = [one.workload for one in uses if one.workload.kind in fact.kinds and one.usage in fact.usages]
        else:
            meant = [one for kind in fact.kinds for one in known.of_kind(kind)]
        meant = [one for one in meant if fact.is_meant(one)]
        for also in fact.also:
            others = {also.shared(one.arn) for one in known.of_kind(also.kind) if also.is_meant(one)}
            meant = [one for one in meant if also.shared(one.arn) in others]
        return list({one.arn: one for one in meant}.values())

    @staticmethod
    def _beside(fact: CapturedFact, known: AccountWorkloadIndex, workload: Workload) -> Sequence[str]:
        """Return the resources on which the other calls of a technique are made, as far as captured."""
        others = [
            one.arn
            for also in fact.also
            if also.same == "region"
            for one in known.of_kind(also.kind)
            if also.is_meant(one) and also.shared(one.arn) == also.shared(workload.arn)
        ]
        return *others[:_MAX_RESOURCES], *fact.named(workload.arn)

    def _on(
        self, path: EscalationPath, workload: Workload, beside: Sequence[str], among: int, source: SourceTest | None
    ) -> ConfirmedAndPossible:
        """Return who is allowed the actions of a technique on one resource, for which the service can assume the role.

        ``beside`` are the resources of its other calls.
        """
        found = ConfirmedAndPossible(among, 0)
        slots = slots_of(path.id)
        here = [slot for slot in slots if is_of_slot(slot, workload.arn)]
        calls = dict.fromkeys(call for slot in here for call in slot.calls)
        for required in path.actions:
            if required.action != PASSES and (required.action in calls or _acts_on(required.action, workload.arn)):
                found = found.both(self._among(found.principals, required.action, workload))
        others = [slot for slot in slots if slot not in here]
        is_beside = any(is_of_slot(slot, arn) for slot in others if source and source.is_about(slot) for arn in beside)
        if source is not None and not is_beside:
            found = source.among(source.rank_of_captured(workload.arn), found)
        region = workload.region or "*"
        return found.both(self._technique_resources.on_existing(others, beside, found.principals, region, source))

    def _among(self, members: int, action: str, workload: Workload) -> ConfirmedAndPossible:
        """Return who is allowed an action on a resource; of identical resources, one is evaluated."""
        identical = self._identical(action, workload)
        if identical is None:
            return self._finder.among(members, action, workload.arn)
        key = members, action, identical
        known = self._decided.get(key)
        if known is None:
            if len(self._decided) >= _MAX_KEPT:
                self._decided.clear()
            known = self._decided[key] = self._finder.among(members, action, workload.arn)
        return known

    def _identical(self, action: str, workload: Workload) -> Hashable | None:
        """Return what distinguishes a resource from others in requests for an action; None: its ARN.

        Those are its account and Region, the statements of principals that apply to it, and for organization policies,
        tags, a resource policy or variables the resource itself.
        """
        service, _, name = action.lower().partition(":")
        target = parse_target(action, workload.arn, reference())
        if workload.arn in self._with_data or target.resource is None or self._is_limited(service, name):
            return None
        index = self._index_of_statements
        covering = index.covering(service, name)
        places = [
            *index.naming(covering, service, target.resource),
            *(one for one in covering.places if index.is_loose(one)),
        ]
        facts = RequestFacts(_NO_PRINCIPALS, target, _NO_CONTEXT, has_boundary=False)
        found = set()
        for place in places:
            statement = index.statement(place)[1]
            if match_resource(AS_IDENTITY, statement, facts)[0] is not FALSE:
                if statement.resource_keys():
                    return None
                found.add(place)
        return tuple(workload.arn.split(":", 5)[:5]), workload.arn in self._with_captured_policy, frozenset(found)

    def _is_limited(self, service: str, name: str) -> bool:
        """Return whether an organization policy applies to some resources of an action only."""
        key = service, name
        if key not in self._limited:
            self._limited[key] = any(
                statement.broken is None
                and statement.covers_action(service, name)
                and not any(entry.is_everything for entry in statement.resources or ())
                for _, document in self._finder.organization_documents
                for statement in document.statements
            )
        return self._limited[key]


def _account_of(arn: str) -> str:
    return (arn.split(":", 5)[4:5] or [""])[0]


@cache  # of the techniques' actions alone
def _types_of(action: str) -> frozenset[str]:
    """Return the names of the resource types that an action takes."""
    service, _, name = action.partition(":")
    known = reference().action(service, name)
    return frozenset(one.name for one in known.resource_types) if known else frozenset()


def _acts_on(action: str, arn: str) -> bool:
    """Return whether the resource of an action can be one with an ARN."""
    service = action.partition(":")[0]
    return any(reference().is_of_type(service, name, arn) for name in _types_of(action))
