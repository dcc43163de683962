"""Techniques that act on a resource that runs with a role: confirmed, limited or refuted by the captured resources."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce

from iamdesk.access.own_statements import AS_IDENTITY
from iamdesk.access.request_grid import FRESH
from iamdesk.attack_paths.catalog import PASSES, EscalationPath, TargetConstraint, catalog
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
from iamdesk.inventory.workload_index import CREDENTIAL_USAGES, AccountWorkloadIndex, WorkloadIndex
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.workloads import RoleUsage, Workload, WorkloadKind

_NO_PRINCIPALS = Caller(CallerKind.ANONYMOUS, "anonymous")
_NO_CONTEXT = Context({}, lambda _: UNKNOWN, MissingContextMode.UNKNOWN, lambda _: False)
_MAX_KEPT = 1 << 14
_MAX_RESOURCES = 500
"""Resources of one role that are evaluated for one technique; with more of them, it stays possible."""
_HANDED_OUT = frozenset({RoleUsage.HANDS_OUT})


def _any(_workload: Workload) -> bool:
    return True


def _is_enabled(one: Workload) -> bool:
    return one.state != "disabled"


def _itself(arn: str) -> str:
    return arn


def _account(_arn: str) -> str:
    return ""


def _cluster(arn: str) -> str:
    return arn.split("/", 2)[1]


def _new_access(association: Workload) -> tuple[str, ...]:
    """Return the cluster of a pod identity association, and a new access entry of it."""
    cluster = _cluster(association.arn)
    head = ":".join(association.arn.split(":", 5)[:5])
    own = association.arn.split(":", 5)[4]
    return f"{head}:cluster/{cluster}", f"{head}:access-entry/{cluster}/role/{own}/{FRESH}/{FRESH}"


def _takes_commands(task: Workload) -> bool:
    return task.takes_commands is True and task.state in ("RUNNING", "")


def _is_online(node: Workload) -> bool:
    return node.state == "Online"


@dataclass(frozen=True, slots=True)
class _Fact:
    """The resources that a required fact of a technique is about."""

    kinds: tuple[WorkloadKind, ...]
    of_role: bool = True
    """Whether the resource has to use the target."""
    usages: frozenset[RoleUsage] = CREDENTIAL_USAGES
    """In which ways."""
    is_meant: Callable[[Workload], bool] = _any
    also: tuple[tuple[WorkloadKind, Callable[[str], str], Callable[[Workload], bool]], ...] = ()
    """Resources that have to exist besides: kind, what both ARNs have in common, and which are meant."""
    beside: Callable[[Workload], Sequence[str]] = lambda _: ()
    """Further resources that calls are made on, by ARN; of ``also`` those of the account are."""
    is_enough: bool = True
    """Whether the fact is true if there is such a resource; False: it can only be refuted."""


_FACTS: Mapping[str, _Fact] = {
    "ec2 instance": _Fact((WorkloadKind.EC2_INSTANCE,)),
    "managed instance": _Fact((WorkloadKind.EC2_INSTANCE,), also=((WorkloadKind.MANAGED_NODE, _itself, _is_online),)),
    "ec2 instance of its own": _Fact((WorkloadKind.EC2_INSTANCE,), of_role=False, is_enough=False),
    "launch template": _Fact((WorkloadKind.LAUNCH_TEMPLATE,), is_enough=False),
    "lambda function": _Fact((WorkloadKind.LAMBDA_FUNCTION,)),
    "stack": _Fact((WorkloadKind.STACK,)),
    "build project": _Fact((WorkloadKind.BUILD_PROJECT,)),
    "development endpoint": _Fact((WorkloadKind.GLUE_DEV_ENDPOINT,)),
    "glue job": _Fact((WorkloadKind.GLUE_JOB,), of_role=False),
    "cluster": _Fact((WorkloadKind.ECS_CLUSTER,), of_role=False),
    "container instance": _Fact((WorkloadKind.ECS_CLUSTER,), of_role=False, is_enough=False),
    "task definition": _Fact((WorkloadKind.TASK_DEFINITION,), of_role=False),
    "running task": _Fact((WorkloadKind.ECS_TASK,), is_meant=_takes_commands),
    "notebook instance": _Fact((WorkloadKind.NOTEBOOK_INSTANCE,)),
    "app runner service": _Fact((WorkloadKind.APP_RUNNER_SERVICE,)),
    "code interpreter": _Fact((WorkloadKind.CODE_INTERPRETER,)),
    "agent runtime": _Fact((WorkloadKind.AGENT_RUNTIME,)),
    "agent browser": _Fact((WorkloadKind.AGENT_BROWSER,)),
    "job queue": _Fact((WorkloadKind.JOB_QUEUE,), of_role=False),
    "job definition": _Fact((WorkloadKind.JOB_DEFINITION,), also=((WorkloadKind.JOB_QUEUE, _account, _any),)),
    "identity pool": _Fact((WorkloadKind.IDENTITY_POOL,), of_role=False),
    "state machine": _Fact((WorkloadKind.STATE_MACHINE,)),
    "eks cluster": _Fact((WorkloadKind.EKS_CLUSTER,), of_role=False),
    "own ecs service": _Fact((WorkloadKind.ECS_SERVICE,), of_role=False),
    "any lambda function": _Fact((WorkloadKind.LAMBDA_FUNCTION,), of_role=False, is_enough=False),
    "any agent runtime": _Fact((WorkloadKind.AGENT_RUNTIME,), of_role=False),
    "sagemaker domain": _Fact((WorkloadKind.SAGEMAKER_DOMAIN,), of_role=False),
    "studio profile": _Fact((WorkloadKind.SAGEMAKER_USER_PROFILE, WorkloadKind.SAGEMAKER_DOMAIN)),
    "schedule": _Fact((WorkloadKind.SCHEDULE,), of_role=False),
    # EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries": only a cluster with the
    # authentication mode for them has any.
    "cluster with pods": _Fact(
        (WorkloadKind.POD_IDENTITY,), also=((WorkloadKind.ACCESS_ENTRY, _cluster, _any),), beside=_new_access
    ),
    "pod identity association": _Fact((WorkloadKind.POD_IDENTITY,), of_role=False, is_enough=False),
    "unauthenticated role": _Fact((WorkloadKind.IDENTITY_POOL,), usages=_HANDED_OUT, is_enough=False),
    # IAM Roles Anywhere User Guide, "Getting started": a session takes an enabled profile and an enabled trust anchor.
    "roles anywhere profile": _Fact(
        (WorkloadKind.ANYWHERE_PROFILE,),
        usages=_HANDED_OUT,
        is_meant=_is_enabled,
        also=((WorkloadKind.TRUST_ANCHOR, _account, _is_enabled),),
    ),
    "anchored certificate": _Fact(
        (WorkloadKind.ANYWHERE_PROFILE,),
        of_role=False,
        is_meant=_is_enabled,
        also=((WorkloadKind.TRUST_ANCHOR, _account, _is_enabled),),
        is_enough=False,
    ),
}
"""By required fact (`Catalog.facts`). The others are about things that are not captured."""


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
        facts = [_FACTS.get(need) for need in path.needs]
        if not who.principals or not any(facts):
            return who
        known = self._index.of_account(account_id)
        found: list[Sequence[Workload]] = []
        is_complete = True
        first: _Fact | None = None
        for fact in facts:
            if fact is None:
                is_complete = False
                continue
            kinds = (*fact.kinds, *(kind for kind, _, _ in fact.also))
            first = first or fact
            resources = self._resources(fact, path, known, role_arn)
            if all(map(known.is_complete, kinds)):
                if not resources:
                    return NO_PRINCIPALS
            else:
                is_complete = False
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
            fact = _FACTS.get(need)
            if fact is None or not all(map(known.is_complete, (*fact.kinds, *(kind for kind, _, _ in fact.also)))):
                continue
            resources = self._resources(fact, path, known, role_arn)
            what = phrased(catalog().facts[need])
            if not resources:
                return phrase("It requires {what}, and there is none: the snapshot lists all that exist.", what=what)
            if fact.is_enough:
                return phrase(
                    "It requires {what}: its actions are not allowed on {resources}.",
                    what=what,
                    resources=join_names(self._named(path, fact, known, resources), 3),
                )
        return ""

    def resources(self, path: EscalationPath, role_arn: str, action: str) -> Iterator[str]:
        """Yield the captured resources on which an action of a technique acts, by ARN."""
        known = self._index.of_account(_account_of(role_arn))
        for need in path.needs[:1]:
            fact = _FACTS.get(need)
            if fact is None or not fact.is_enough:
                continue
            for workload in self._resources(fact, path, known, role_arn):
                for arn in (workload.arn, *self._beside(fact, known, workload)):
                    if _acts_on(action, arn):
                        yield arn

    def _named(
        self, path: EscalationPath, fact: _Fact, known: AccountWorkloadIndex, resources: Sequence[Workload]
    ) -> Sequence[str]:
        """Return the resources on which the calls of a technique are made."""
        arns = dict.fromkeys(arn for one in resources for arn in (one.arn, *self._beside(fact, known, one)))
        acted = [arn for arn in arns if any(_acts_on(required.action, arn) for required in path.actions)]
        return [arn.replace(FRESH, "*") for arn in acted] or list(arns)

    @staticmethod
    def _resources(fact: _Fact, path: EscalationPath, known: AccountWorkloadIndex, role_arn: str) -> Sequence[Workload]:
        if fact.of_role and path.target is TargetConstraint.ROLE_IN_USE:
            uses = known.runs_with(role_arn)
            meant = [one.workload for one in uses if one.workload.kind in fact.kinds and one.usage in fact.usages]
        else:
            meant = [one for kind in fact.kinds for one in known.of_kind(kind)]
        meant = [one for one in meant if fact.is_meant(one)]
        for kind, common, is_meant in fact.also:
            others = {common(one.arn) for one in known.of_kind(kind) if is_meant(one)}
            meant = [one for one in meant if common(one.arn) in others]
        return list({one.arn: one for one in meant}.values())

    @staticmethod
    def _beside(fact: _Fact, known: AccountWorkloadIndex, workload: Workload) -> Sequence[str]:
        """Return the resources of its Region on which the other calls of a technique are made, as far as captured."""
        others = [
            one.arn
            for kind, common, is_meant in fact.also
            if common is _account
            for one in known.of_kind(kind)
            if is_meant(one) and one.region == workload.region
        ]
        return *others[:_MAX_RESOURCES], *fact.beside(workload)

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
        others = []
        for slot in slots:
            named = [] if slot in here else [one for one in beside if is_of_slot(slot, one)]
            on_slot = NO_PRINCIPALS
            for arn in named:
                on_calls = (self._finder.among(found.principals, call, arn) for call in slot.calls)
                on_one = reduce(ConfirmedAndPossible.both, on_calls)
                about = source if source is not None and source.is_about(slot) else None
                on_slot = on_slot.either(on_one if about is None else about.among(about.rank(arn), on_one))
            if named:
                found = found.both(on_slot)
                source = None if source is not None and source.is_about(slot) else source
            elif slot not in here:
                others.append(slot)
        if source is not None:
            found = source.among(source.rank_of_captured(workload.arn), found)
        return found.both(self._technique_resources.on_others(others, found.principals, workload.region or "*"))

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
