"""The resources of a technique's calls: all that AWS requires for a call, and one that several calls have in common.

AWS authorizes a call on each resource type that the Service Authorization Reference marks as required for it
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html):
``ec2:RunInstances`` on an instance, an image, a subnet and so on. What one call creates, the next ones use: they have
to be allowed on the same resource, in one Region.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, reduce
from itertools import islice
from typing import NamedTuple

from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.access.request_grid import FRESH, placeholder_arns
from iamdesk.attack_paths.any_resource import AnyResourceAccess
from iamdesk.attack_paths.catalog import (
    EscalationPath,
    Slot,
    TargetType,
    alternatives_of,
    catalog,
    resources_of,
)
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.attack_paths.request_tags import tagging_action
from iamdesk.attack_paths.source_arns import IMPOSSIBLE, POSSIBLE, PROVEN, SourceTest
from iamdesk.aws.condition_keys import REGION_KEYS
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES
from iamdesk.policy.overlap import common_arn, common_text
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.policy_validation.facts import facts

_ALSO_REQUIRED: Mapping[str, Sequence[Sequence[str]]] = {
    # The root volume: EC2 User Guide, "Example policies to control access to the Amazon EC2 API", Launch instances.
    "ec2:RunInstances": (("volume",),),
    # Systems Manager User Guide, "Setting up Run Command": the document and the nodes.
    "ssm:SendCommand": (("instance", "managed-instance"),),
    "ssm:CreateAssociation": (("instance", "managed-instance"),),
    "ssm:UpdateAssociation": (("document",), ("instance", "managed-instance")),
    # Batch User Guide, "Resource-level permissions for SubmitJob".
    "batch:SubmitJob": (("job-definition", "job-definition-revision"),),
}
"""Resource types that a call needs besides those marked as required; one of each group is enough."""
_ON: Mapping[str, Sequence[Sequence[str]]] = {
    # API Gateway REST API Reference, "Deployment", "RestApi" (update by import), "Integration" (its credentials).
    "apigateway:POST": (("Deployments",),),
    "apigateway:PUT": (("RestApi", "Integration", "Method"),),
}
"""Resource types of calls that name an HTTP method, as techniques use them; one of each group is enough."""
_OWNED_BY_AWS = frozenset({("bedrock-agentcore", "code-interpreter"), ("bedrock-agentcore", "browser")})
"""Marked as required, but alternatives: AWS's own resource, which has no role, instead of a custom one."""
_NOT_IN_REQUEST = frozenset({("ssm:CreateAssociation", "association")})
"""Marked as required, but a request is compared only with resources that are parameters of it.

Systems Manager User Guide, "Working with associations using IAM": what it creates is none.
"""
_PROFILE = "profile"
_ROLE = "role"
_OF_ROLE: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "ec2:RunInstances": (("instance",), "ec2:InstanceProfile", _PROFILE),
    "ec2:AssociateIamInstanceProfile": (("instance",), "ec2:NewInstanceProfile", _PROFILE),
    "ec2:ReplaceIamInstanceProfileAssociation": (("instance",), "ec2:NewInstanceProfile", _PROFILE),
    "cloudformation:CreateStack": ((), "cloudformation:RoleArn", _ROLE),
    "cloudformation:CreateStackSet": ((), "cloudformation:RoleArn", _ROLE),
    "cloudformation:UpdateStackSet": ((), "cloudformation:RoleArn", _ROLE),
    "codebuild:CreateProject": ((), "codebuild:serviceRole", _ROLE),
    "codebuild:UpdateProject": ((), "codebuild:serviceRole", _ROLE),
    "emr-containers:StartJobRun": ((), "emr-containers:ExecutionRoleArn", _ROLE),
}
"""By call that gets a role: the types whose requests have it in a condition key (empty: all), the key, and as what."""
_CREATES_PROFILE = "iam:CreateInstanceProfile"
_MAX_CANDIDATES = 48
"""Names that are tried for one resource of a principal; with more of them, what is not found stays possible."""
_MAX_REGIONS = 12
_MAX_NAMED_REGIONS = 64
"""More than AWS has: policies may name any text as a Region."""
_MAX_KEPT = 1 << 14
_REQUESTED = "aws:RequestedRegion"
_OF_EC2 = "ec2:Region"


class ResourceRequest(NamedTuple):
    """One request of a technique."""

    action: str
    resource: str
    context: Context


@cache  # of the catalog alone
def slots_of(path_id: str) -> tuple[Slot, ...]:
    """Return the resources on which a technique makes its calls (those on `TargetType.ANYTHING`)."""
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for required in catalog().path(path_id).actions:
        if required.on is not TargetType.ANYTHING:
            continue
        service = required.action.partition(":")[0]
        for types, is_shared in _types_of(required.action):
            key = (service, types, "" if is_shared else required.action)
            found.setdefault(key, []).append(required.action)
    return tuple(Slot(service, types, tuple(calls)) for (service, types, _), calls in found.items())


def _types_of(action: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the resource types of a call, and whether other calls that require the type are made on the same one."""
    if action in _ON:
        yield from ((tuple(group), True) for group in _ON[action])
        return
    service, _, name = action.partition(":")
    known = reference().action(service, name)
    types = known.resource_types if known is not None else ()
    left_out = _OWNED_BY_AWS | {(service, kind) for call, kind in _NOT_IN_REQUEST if call == action}
    required = [one.name for one in types if one.required and (service, one.name) not in left_out]
    if not required:
        yield tuple(one.name for one in types), False
        return
    yield from (((one,), True) for one in required)
    yield from ((tuple(group), True) for group in _ALSO_REQUIRED.get(action, ()))


class TechniqueResources:
    """Finds who is allowed all calls of a technique on the resources that they need."""

    def __init__(
        self,
        population: PrincipalIndex,
        finder: SourceFinder,
        anything: AnyResourceAccess,
        profiles: frozenset[str] = frozenset(),
    ) -> None:
        """Create a finder of resources; ``profiles`` are the ARNs of instance profiles that exist."""
        self._population = population
        self._finder = finder
        self._anything = anything
        self._taken = profiles
        self._asked: dict[tuple[str, str, tuple[tuple[str, str], ...]], tuple[int, ConfirmedAndPossible]] = {}
        """By request: who was evaluated, and who is allowed it."""
        self._named: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {}
        """By principal and calls: `_texts`."""
        self._tests_role: dict[str, bool] = {}
        self._limited: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._testing: dict[tuple[str, str], tuple[int, Sequence[Statement]]] = {}
        """By call of the catalog: `_testing_region`."""

    def narrow(
        self,
        path: EscalationPath,
        who: ConfirmedAndPossible,
        role: str = "",
        profiles: Sequence[str] = (),
        source: SourceTest | None = None,
    ) -> ConfirmedAndPossible:
        """Return which of some principals are allowed all calls of a technique.

        Args:
            path: The technique.
            who: Who is allowed each call on some resource.
            role: ARN of the role that is passed; empty: any, as far as conditions on it are concerned.
            profiles: ARNs of the role's instance profiles.
            source: Whether the service can assume the role for a resource; None: for all.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        slots = slots_of(path.id)
        limited, tested = self._limited_regions(path)
        is_one_call = not role and len(slots) == 1 and _is_simple(slots[0])
        if not who.principals or (is_one_call and not who.principals & limited):
            return who
        found = NO_PRINCIPALS
        for one in self._roles(path, who.principals, role, profiles, source):
            for account, members in self._finder.members_of.items():
                inside = who.principals & members
                if free := inside & ~limited:
                    found = found.either(self._in_account(slots, account, free, one, "*", who.possible))
                for region in self._regions(slots, account, inside & limited, tested, source):
                    if left := inside & limited & ~_settled(found, who.possible):
                        found = found.either(self._in_account(slots, account, left, one, region, who.possible))
        return found.both(who)

    def _roles(
        self, path: EscalationPath, members: int, role: str, profiles: Sequence[str], source: SourceTest | None
    ) -> Sequence["_Role"]:
        """Return a role with each instance profile in which it can be passed: its own, or one that is created."""
        created = next((slot for slot in slots_of(path.id) if _CREATES_PROFILE in slot.calls), None)
        if created is None:
            return [_Role(role, profile, source) for profile in profiles or ("",)]
        if not role or not self.tests_role(path):
            return [_Role(role, "", source)]
        _, partition, _, _, account, _ = role.split(":", 5)
        found: dict[str, None] = dict.fromkeys(placeholders(created, partition, account))
        for at in indexes_of(members):
            found.update(dict.fromkeys(self.candidates(created, account, at)))
        tested = (common_arn(_of_type(one), value) for one in list(found)[:1] for value in self._tested_profiles(path))
        for value in list(filter(None, tested)):
            found.update(dict.fromkeys(one for other in list(found) if (one := common_arn(value, other)) is not None))
            found[value] = None
        new = [one for one in found if one not in self._taken]
        return [_Role(role, profile, source, created) for profile in new[:_MAX_CANDIDATES]]

    def _tested_profiles(self, path: EscalationPath) -> Iterator[str]:
        """Yield what policies compare the instance profile of a technique's calls with."""
        keys = {_OF_ROLE[call][1].lower() for slot in slots_of(path.id) for call in slot.calls if call in _OF_ROLE}
        own = (one for document in self._population.index.documents for one in document.statements)
        limits = (one for _, document in self._finder.organization_documents for one in document.statements)
        for statement in (*own, *limits):
            yield from (value.text for test in statement.conditions if test.key in keys for value in test.values)

    def _regions(
        self,
        slots: Sequence[Slot],
        account: str,
        members: int,
        tested: Sequence[str],
        source: SourceTest | None = None,
    ) -> tuple[str, ...]:
        """Return Regions to try for some principals, given the values of conditions on the Region."""
        if not members:
            return ()
        if source is not None and source.needs_pattern and len(source.regions) == len(source.patterns):
            return tuple(source.regions)
        of_slots = (self.candidates(slot, account, at, source) for at in indexes_of(members) for slot in slots)
        named = dict.fromkeys(region for listed in of_slots for one in listed if (region := _region(one)))
        return _regions_to_try((*tested, *islice(named, _MAX_NAMED_REGIONS)))

    def _limited_regions(self, path: EscalationPath) -> tuple[int, tuple[str, ...]]:
        """Return for whom conditions may hold the calls of a technique to different Regions, and their values.

        What one call creates, the next ones use in the same Region, and tags are set in it.
        """
        known = self._limited.get(path.id)
        if known is None:
            known = self._limited[path.id] = self._find_limited(path)
        return known

    def _find_limited(self, path: EscalationPath) -> tuple[int, tuple[str, ...]]:
        calls = dict.fromkeys(call for slot in slots_of(path.id) for call in slot.calls)
        tagging = dict.fromkeys(sets.action for call in calls if (sets := tagging_action(call)) is not None)
        pairs = [(service, name) for service, _, name in (call.lower().partition(":") for call in (*calls, *tagging))]
        if len(pairs) < 2:
            return 0, ()
        limited = 0
        limits: list[Statement] = []
        for pair in pairs:
            who, tested = self._testing_region(*pair)
            limited |= who
            limits += tested
        for _, document in self._finder.organization_documents:
            for statement in document.statements:
                if statement.broken is None and not REGION_KEYS.isdisjoint(statement.context_keys()):
                    covered = [statement.covers_action(service, name) for service, name in pairs]
                    limits += [statement] if any(covered) else []
                    if any(covered) and not all(covered):  # otherwise it limits all calls to the same ones
                        limited = self._population.regular
        tests = (test for one in limits for test in one.conditions if test.key in REGION_KEYS)
        return limited, tuple(dict.fromkeys(value.text for test in tests for value in test.values))

    def _testing_region(self, service: str, name: str) -> tuple[int, Sequence[Statement]]:
        """Return the principals' statements that cover an action and test its Region, and who has them."""
        known = self._testing.get((service, name))
        if known is None:
            index = self._population.index
            limited, limits = 0, []
            for number, statements in index.covering(service, name).statements.items():
                tested = [one for one in statements if not REGION_KEYS.isdisjoint(one.context_keys())]
                if tested:
                    limits += tested
                    limited |= index.carriers[number] | index.bounded[number]
            known = self._testing[service, name] = limited, limits
        return known

    def on_existing(
        self, slots: Sequence[Slot], arns: Iterable[str], members: int, region: str, source: SourceTest | None = None
    ) -> ConfirmedAndPossible:
        """Return which of some principals are allowed the calls of some slots of a technique in one Region.

        On existing resources; of types without any, on those that policies name.
        """
        named = {slot: [one for one in arns if is_of_slot(slot, one)] for slot in slots}
        found = self._on_others([slot for slot in slots if not named[slot]], members, region)
        for slot, resources in named.items():
            role = _ANY_ROLE._replace(source=source)
            each = (self._on(slot, one, found.principals, role, region) for one in resources)
            found = found.both(reduce(ConfirmedAndPossible.either, each)) if resources else found
        return found

    def _on_others(self, slots: Sequence[Slot], members: int, region: str) -> ConfirmedAndPossible:
        found = NO_PRINCIPALS if slots else ConfirmedAndPossible(members, 0)
        for account, own in self._finder.members_of.items():
            if slots and (inside := members & own):
                found = found.either(self._in_account(slots, account, inside, _ANY_ROLE, region))
        return found

    def tests_role(self, path: EscalationPath) -> bool:
        """Return whether some policy makes a call of a technique depend on the role that is passed."""
        if path.id not in self._tests_role:
            self._tests_role[path.id] = any(
                self._tests(call, _OF_ROLE[call][1].lower())
                for slot in slots_of(path.id)
                for call in slot.calls
                if call in _OF_ROLE
            )
        return self._tests_role[path.id]

    def _tests(self, call: str, key: str) -> bool:
        service, _, name = call.lower().partition(":")
        own = self._population.index.covering(service, name).statements.values()
        if any(key in statement.context_keys() for statements in own for statement in statements):
            return True
        return any(
            statement.broken is None and statement.covers_action(service, name) and key in statement.context_keys()
            for _, document in self._finder.organization_documents
            for statement in document.statements
        )

    def _in_account(
        self,
        slots: Sequence[Slot],
        account: str,
        members: int,
        role: "_Role",
        region: str,
        unsure: int = 0,
    ) -> ConfirmedAndPossible:
        """Return which principals of an account are allowed all calls: on placeholders, or on what policies name.

        Of those ``unsure`` it need not be proven.
        """
        partition = self._population.cohort_at((members & -members).bit_length() - 1).partition
        found = NO_PRINCIPALS
        for there in (region, *(role.source.regions if role.source and region == "*" else ())):
            anywhere = ConfirmedAndPossible(members & ~_settled(found, unsure), 0)
            for slot in slots:
                on_slot = NO_PRINCIPALS
                fresh = list(_with_patterns(slot, placeholders(slot, partition, account), role.source))
                for resource in filter(None, (_moved(one, there) for one in role.on(slot, fresh))):
                    if left := anywhere.principals & ~_settled(on_slot, unsure):
                        on_slot = on_slot.either(self._on(slot, resource, left, role, there))
                anywhere = anywhere.both(on_slot)
            found = found.either(anywhere)
        left = members & ~_settled(found, unsure)
        if role.source is not None and role.source.needs_pattern:
            left = self._naming(slots, left, role.source)
        return found.either(self._on_named(slots, account, left, role, region, unsure))

    def _naming(self, slots: Sequence[Slot], members: int, source: SourceTest) -> int:
        """Return which of some principals may be allowed the calls on a resource for which a service acts."""
        calls = next((slot.calls for slot in slots if source.is_about(slot)), ())
        found = 0
        for at in indexes_of(members):
            texts = [text.replace(FRESH, "*") for text in self._texts(at, calls)]
            if any(text == "*" or common_arn(one, text) is not None for text in texts for one in source.patterns):
                found |= 1 << at
        return found

    def _on(self, slot: Slot, resource: str, members: int, role: "_Role", region: str) -> ConfirmedAndPossible:
        """Return who is allowed all calls of a slot on one resource, for which the service can assume the role."""
        rank = _serves(slot, resource)
        if rank == IMPOSSIBLE:
            return NO_PRINCIPALS
        found = ConfirmedAndPossible(members, 0) if role.source is None else role.source.of(slot, resource, members)
        found = found.unsure() if rank else found
        for call in slot.calls:
            context = {**role.context(call, slot), **_region_context(call, resource, region)}
            found = found.both(self._ask(ResourceRequest(call, resource, context), found.principals))
        return found

    def _ask(self, asked: ResourceRequest, members: int) -> ConfirmedAndPossible:
        key = (asked.action, asked.resource, tuple((name, str(value)) for name, value in asked.context.items()))
        known, found = self._asked.get(key, (0, NO_PRINCIPALS))
        if left := members & ~known & self._anything.applying_to(asked.action):
            found = found.either(self._finder.among(left, *asked))
        if members & ~known:
            if len(self._asked) >= _MAX_KEPT:
                self._asked.clear()
            self._asked[key] = known | members, found
        return found.within(members)

    def _on_named(
        self, slots: Sequence[Slot], account: str, members: int, role: "_Role", region: str, unsure: int
    ) -> ConfirmedAndPossible:
        """Return who is allowed all calls on resources that policies name, one by one."""
        worlds = {at: list(self._worlds(slots, account, at, region, role.source)) for at in indexes_of(members)}
        together: dict[tuple[str, int], int] = {}
        for at, of_one in worlds.items():  # whoever may be evaluated on a resource, at once
            for world in of_one:
                for number, (slot, candidates) in enumerate(zip(slots, world, strict=True)):
                    for resource in role.on(slot, candidates):
                        together[resource, number] = together.get((resource, number), 0) | 1 << at
        found = NO_PRINCIPALS
        for at, of_one in worlds.items():
            best = NO_PRINCIPALS
            for world in of_one:
                of_world = ConfirmedAndPossible(1 << at, 0)
                for number, (slot, candidates) in enumerate(zip(slots, world, strict=True)):
                    on_slot = NO_PRINCIPALS
                    for resource in role.on(slot, candidates):
                        on_resource = self._on(slot, resource, together[resource, number], role, region)
                        on_slot = on_slot.either(on_resource.within(1 << at))
                        if _settled(on_slot, unsure):
                            break
                    if len(candidates) >= _MAX_CANDIDATES:
                        on_slot = on_slot.either(ConfirmedAndPossible(0, 1 << at))
                    of_world = of_world.both(on_slot)
                    if not of_world.principals:
                        break
                best = best.either(of_world)
                if _settled(best, unsure):
                    break
            found = found.either(best)
        return found

    def requests(
        self,
        position: int,
        path: EscalationPath,
        rank: Callable[[ResourceRequest], int],
        captured: Callable[[str], Iterable[str]],
        role: str = "",
        profiles: Sequence[str] = (),
        source: SourceTest | None = None,
    ) -> Sequence[ResourceRequest]:
        """Return the requests of a technique's calls on the most favorable resources, by slot.

        Args:
            position: The principal.
            path: The technique.
            rank: Rates a request: 0 if it is allowed, more if it depends on something, most if it is denied.
            captured: Returns the captured resources that an action of the technique acts on.
            role: ARN of the role that is passed, or that runs the resource.
            profiles: ARNs of its instance profiles.
            source: Whether the service can assume the role for a resource; None: for all.
        """
        slots = slots_of(path.id)
        account = self._population.cohort_at(position).account
        partition = self._population.cohort_at(position).partition
        roles = self._roles(path, 1 << position, role, profiles, source)
        own = [[one for one in captured(slot.calls[0]) if is_of_slot(slot, one)] for slot in slots]
        fresh = [list(_with_patterns(slot, placeholders(slot, partition, account), source)) for slot in slots]
        first = [mine or other for mine, other in zip(own, fresh, strict=True)]
        limited, tested = self._limited_regions(path)
        worlds = [(world, "*") for world in (first, fresh, *self._worlds(slots, account, position, source=source))]
        if limited >> position & 1:
            regions = self._regions(slots, account, 1 << position, tested, source)
            moved = ((world, region) for region in regions for world in (first, fresh))
            worlds = [(there, region) for world, region in moved if all(there := _all_moved(world, region))]
            worlds += [(world, one) for one in regions for world in self._worlds(slots, account, position, one, source)]
        best: tuple[_Rating, list[ResourceRequest]] | None = None
        for world, region in worlds:
            for one in roles:
                rated = [
                    min(
                        (self._rated(slot, resource, one, region, rank) for resource in one.on(slot, candidates)),
                        key=lambda found: found[0],
                    )
                    for slot, candidates in zip(slots, world, strict=True)
                    if candidates
                ]
                whole = _total(rating for rating, _ in rated)
                if best is None or whole < best[0]:
                    best = whole, [asked for _, several in rated for asked in several]
                if not best[0].worst:
                    return best[1]
        return best[1] if best else ()

    @staticmethod
    def _rated(
        slot: Slot, resource: str, role: "_Role", region: str, rank: Callable[[ResourceRequest], int]
    ) -> tuple["_Rating", list[ResourceRequest]]:
        asked = [
            ResourceRequest(call, resource, {**role.context(call, slot), **_region_context(call, resource, region)})
            for call in slot.calls
        ]
        ranks = [*map(rank, asked), _serves(slot, resource)]
        if role.source is not None and role.source.is_about(slot):
            ranks.append(role.source.rank(resource))
        return _total(_Rating(one, one) for one in ranks), asked

    def _worlds(
        self,
        slots: Sequence[Slot],
        account: str,
        position: int,
        only: str = "*",
        source: SourceTest | None = None,
    ) -> Iterator[Sequence[Sequence[str]]]:
        """Yield, by Region (``*``: any), the resources to try for each slot that the policies distinguish."""
        candidates = [self.candidates(slot, account, position, source) for slot in slots]
        regions = dict.fromkeys(region for listed in candidates for one in listed if (region := _region(one)))
        if only != "*":
            regions = {only: None}
        for region in islice(regions or ("",), _MAX_REGIONS):
            world = _all_moved(candidates, region)
            if all(world):
                yield world

    def _texts(self, position: int, calls: tuple[str, ...]) -> tuple[str, ...]:
        """Return the representative resources of a principal for some calls; the same for all roles."""
        key = (position, calls)
        if key not in self._named:
            if len(self._named) >= _MAX_KEPT:
                self._named.clear()
            self._named[key] = tuple(text for call in calls for text in self._anything.resources(position, call))
        return self._named[key]

    def candidates(
        self,
        slot: Slot,
        account: str,
        position: int,
        source: SourceTest | None = None,
        more: tuple[str, ...] = (),
    ) -> list[str]:
        """Return the resources that a principal's policies distinguish, and what patterns of several calls share.

        ``more`` are further patterns to distinguish.
        """
        known = tuple(placeholders(slot, self._population.cohort_at(position).partition, account))
        if "*" in known:
            return ["*"]
        texts = self._texts(position, slot.calls) + more
        texts += tuple(source.patterns) if source is not None and source.is_about(slot) else ()
        return list(_candidates(known, slot.service, texts))


@lru_cache(maxsize=1 << 12)  # 14,500 questions of 6,000 principals with different statements have 3,200 answers
def _candidates(known: tuple[str, ...], service: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return resources like some placeholders, the patterns of policies, and what these have in common."""
    found: dict[str, None] = {}
    for fresh in known:
        of_type = _of_type(fresh)
        # API Gateway's ARNs are paths, and the IDs in them contain no slash.
        slashes = fresh.count("/") if service == "apigateway" else None
        named = dict.fromkeys(
            shared
            for text in texts
            if text != "*"
            and (shared := common_arn(of_type, text)) is not None
            and slashes in (None, shared.count("/"))
        )
        of_one: dict[str, None] = {fresh: None}
        for text in islice(named, _MAX_CANDIDATES):
            # What one without a wildcard shares with another is itself.
            patterns = [one for one in of_one if is_pattern(one)] if is_pattern(text) else []
            both = (common_arn(text, one) for one in patterns)
            of_one.update(dict.fromkeys(one for one in (text, *both) if one is not None))
        found.update(islice(dict.fromkeys(of_one).items(), _MAX_CANDIDATES))
    return tuple(islice(found, _MAX_CANDIDATES))


def _settled(found: ConfirmedAndPossible, unsure: int) -> int:
    """Return the principals for whom nothing else need be tried: it is proven, or possible if they are ``unsure``."""
    return found.proven | found.possible & unsure


class _Rating(NamedTuple):
    """How favorable some requests are: of two sets with an equally bad one, the one with fewer bad ones."""

    worst: int
    total: int


def _total(ratings: Iterable[_Rating]) -> _Rating:
    several = tuple(ratings)
    return _Rating(max(one.worst for one in several), sum(one.total for one in several))


class _Role(NamedTuple):
    """The role that is passed."""

    role: str
    profile: str
    source: SourceTest | None = None
    """Whether the service that it is passed to can assume it for a resource; None: for all."""
    created: Slot | None = None
    """The resource that is the profile, if it is created."""

    def on(self, slot: Slot, resources: Sequence[str]) -> Sequence[str]:
        """Return the resources of a slot to try: the profile alone if it is created there."""
        return (self.profile,) if slot == self.created else resources

    def context(self, call: str, slot: Slot) -> Context:
        """Return the condition keys of a call that hold the role."""
        types, key, kind = _OF_ROLE.get(call, ((), "", ""))
        value = self.profile if kind == _PROFILE else self.role
        return {key: value} if key and value and (not types or set(slot.types) <= set(types)) else {}


_ANY_ROLE = _Role("", "")


def _is_simple(slot: Slot) -> bool:
    """Return whether it is one call on one of all resource types that the call has."""
    service, _, name = slot.calls[0].partition(":")
    known = reference().action(service, name)
    is_plain = not any(alternative.sets for alternative in alternatives_of(slot.calls[0]))
    return is_plain and len(slot.calls) == 1 and len(slot.types) == (len(known.resource_types) if known else 0)


def _serves(slot: Slot, resource: str) -> int:
    return max(serves(call, resource) for call in slot.calls)


def is_of_slot(slot: Slot, arn: str) -> bool:
    """Return whether a resource has one of the types of a slot."""
    return any(reference().is_of_type(slot.service, name, arn) for name in slot.types)


def serves(call: str, resource: str) -> int:
    """Return how sure it is that a resource of a call serves a technique: that a document runs what its caller wants.

    Of patterns, that is so if all that they match do.
    """
    for kind, named in resources_of(call).items():
        if named.ruled_out and reference().is_of_type(call.partition(":")[0], kind, resource):
            partition = resource.split(":", 2)[1]
            for patterns, rank in ((named.serves, PROVEN), (named.unclear, POSSIBLE), (named.ruled_out, IMPOSSIBLE)):
                if any(common_arn(one.format(partition=partition), resource) == resource for one in patterns):
                    return rank
            return POSSIBLE
    return PROVEN


def placeholders(slot: Slot, partition: str, account: str) -> Iterator[str]:
    """Yield resources of the types of a slot that no policy names: of the account, or of AWS."""
    if not slot.types:
        yield "*"
    for name in slot.types:
        for call in slot.calls:
            if (named := resources_of(call).get(name)) is not None:
                yield from (one.format(partition=partition) for one in named.serves)
        yield from placeholder_arns(slot.service, name, partition, account)


def _of_type(placeholder: str) -> str:
    """Return the pattern of the ARNs of a placeholder's type."""
    return placeholder.replace(FRESH, "*") if FRESH in placeholder else f"{placeholder.partition('/')[0]}/*"


def _with_patterns(slot: Slot, fresh: Iterable[str], source: SourceTest | None) -> Iterator[str]:
    """Yield the placeholders of a slot, and with each the resources of its type for which a service acts."""
    for one in fresh:
        yield one
        if source is not None and source.is_about(slot):
            shared = (common_arn(_of_type(one), pattern) for pattern in source.patterns)
            yield from (found for found in shared if found is not None)


@lru_cache(maxsize=1 << 10)
def _regions_to_try(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return Regions, one of those that some patterns do not distinguish."""
    known = dict.fromkeys(region for regions in facts().partitions.values() for region in regions)
    known.update(dict.fromkeys(text for text in texts if not is_pattern(text)))
    found: dict[tuple[bool, ...], str] = {}
    for region in known:
        found.setdefault(tuple([glob(text).matches(region) for text in texts]), region)
    return tuple(found[one] for one in sorted(found, key=sum, reverse=True))


def _region_context(call: str, resource: str, region: str) -> Context:
    """Return the Region of a request as context, where the resource's ARN does not contain it."""
    service = call.partition(":")[0]
    if region == "*" or service in GLOBAL_SERVICES:
        return {}
    context = {} if _region(resource) else {_REQUESTED: region}
    return {**context, _OF_EC2: region} if service == "ec2" else context


def _all_moved(world: Sequence[Sequence[str]], region: str) -> list[list[str]]:
    return [[moved for one in listed if (moved := _moved(one, region))] for listed in world]


def _region(arn: str) -> str:
    return "" if arn == "*" else arn.split(":", 4)[3]


def _moved(arn: str, region: str) -> str:
    """Return a resource in a Region; empty if it is in another one."""
    own = _region(arn)
    if own in ("", region):
        return arn
    if region == "*" or common_text(own, region) != region:
        return ""
    parts = arn.split(":", 5)
    return ":".join((*parts[:3], region, *parts[4:]))
