"""All attack-path steps of a snapshot: the techniques of the catalog, with sources and targets."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import NamedTuple
from weakref import proxy

from iamdesk.access.bulk_evaluator import BulkEvaluator
from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.attack_paths.administrators import FULL_ACCESS, POWERS, administration, is_administrator, power_request
from iamdesk.attack_paths.any_resource import AnyResourceAccess
from iamdesk.attack_paths.assume_role import WHOLE_ACCOUNT, Assumable, TrustPolicies
from iamdesk.attack_paths.attachable_policies import AttachablePolicies
from iamdesk.attack_paths.attacker_control import SOURCE_IDENTITY, allowed_by
from iamdesk.attack_paths.catalog import (
    ASSUMES,
    PASSES,
    EscalationPath,
    Gain,
    Required,
    TargetConstraint,
    TargetType,
    catalog,
)
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, EdgeSources, SourceFinder
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.identity_center_access import IdentityCenterAccess
from iamdesk.attack_paths.request_tags import SET_SOURCE_IDENTITY
from iamdesk.attack_paths.session_needs import SessionNeeds, demands_identity, may_force, passing
from iamdesk.attack_paths.source_arns import IMPOSSIBLE, SourceTest
from iamdesk.attack_paths.technique_resources import TechniqueResources, slots_of
from iamdesk.attack_paths.trusted_names import trusted_names
from iamdesk.attack_paths.what_if_admin import AdminHypotheses, OpenTrust
from iamdesk.attack_paths.workload_access import WorkloadAccess
from iamdesk.evaluate.engine import EvaluationTrace, evaluate
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import Request
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.progress import Progress, no_progress
from iamdesk.snapshot.model import Account, RoleDetail

ASSUMING = frozenset({"sts-001", "sts-002", "sts-003"})
"""The techniques that are a call of sts:AssumeRole alone."""
PHASES = 7
"""Number of parts of the work for progress; the last ones are the graph's."""
CREATIONS = frozenset({"iam:CreateUser", "iam:CreateRole"})
TRUST_CHANGE = "iam:UpdateAssumeRolePolicy"
_OTHERWISE = {
    "fewer than two access keys": "iam:DeleteAccessKey",
    "no console password": "iam:UpdateLoginProfile",
    "console password": "iam:CreateLoginProfile",
}
"""By required fact, an action that makes it unnecessary."""
_ASSUMED = frozenset({TargetConstraint.ROLE, TargetConstraint.FOREIGN_ROLE, TargetConstraint.OPEN_ROLE})
_OF_SERVICE = (TargetConstraint.PASSED_ROLE, TargetConstraint.ROLE_IN_USE)


_LAMBDA = "lambda.amazonaws.com"


class Edge(NamedTuple):
    """Principals who can use one technique on one entity."""

    path_id: str
    """Several joined with ``+`` where one needs another."""
    target: int
    """Position of the entity among the targets."""
    members: ConfirmedAndPossible


def source_name(path: EscalationPath, action: str) -> str:
    """Return what distinguishes the sources of an action from those that other techniques need of it."""
    if path.creates_policy and action.startswith("iam:Attach"):
        return TargetType.NEW_POLICY
    return path.service or ""


type ServicePaths = Mapping[str, Sequence[tuple[EscalationPath, ConfirmedAndPossible]]]


class Edges:
    """The steps of all principals of a snapshot, as bits; evaluated by `find_all`, or at first use."""

    def __init__(self, inquiry: EvaluationSession) -> None:
        self.inquiry = inquiry
        evaluator = inquiry.evaluator
        self.population: PrincipalIndex = evaluator.population()
        self.targets = inquiry.targets
        self.finder = SourceFinder(inquiry, self.targets, evaluator.bulk())
        self.trusts = TrustPolicies(inquiry, self.targets)
        self.anything = AnyResourceAccess(inquiry, self.population, self.finder)
        roles = (role for account in inquiry.snapshot.accounts for role in account.roles)
        profiles = frozenset(arn for role in roles for arn in profiles_of(role))
        self.resources = TechniqueResources(self.population, self.finder, self.anything, profiles)
        self.workloads = WorkloadAccess(inquiry.snapshot, self.finder, self.resources)
        self.identity_center = IdentityCenterAccess(
            inquiry.snapshot, evaluator.organization, self.resources, partial(Edges._administrator_roles, proxy(self))
        )
        self._accounts = {account.account_id: account for account in inquiry.snapshot.accounts}
        self.asked_sources: dict[tuple[str, str], tuple[int, EdgeSources]] = {}
        """By action and service: the evaluated entities, and who is allowed the action on them."""
        self.known_sources: Mapping[tuple[str, str], tuple[int, EdgeSources]] = {}
        """The same, found by another process (`parallel`)."""
        self._passing: dict[str, int] = {}
        self._own_at_all: dict[str, int] = {}
        self._by_function_policies: dict[tuple[str, str], ConfirmedAndPossible] = {}
        self._source_tests: dict[tuple[str, Hashable], SourceTest] = {}
        self._narrowed: dict[tuple[str, Hashable], ConfirmedAndPossible] = {}
        """By technique and roles that services can assume alike: who can use it on resources that they accept."""
        self._credentials = {
            entry.arn: entry
            for facts in inquiry.snapshot.account_facts
            if facts.credential_report is not None
            for entry in facts.credential_report.entries
        }
        self._saml_providers = {
            facts.account_id: frozenset(one.arn for one in facts.saml_providers)
            for facts in inquiry.snapshot.account_facts
            if facts.saml_providers is not None
        }
        partition = inquiry.snapshot.accounts[0].partition if inquiry.snapshot.accounts else "aws"
        self._full_access = f"arn:{partition}:iam::aws:policy/{FULL_ACCESS}"
        self.by_aim = {aim: [one for one in catalog().paths if one.target is aim] for aim in TargetConstraint}
        self.attachable = AttachablePolicies(inquiry, self.population, self.finder)
        self.lent_sessions: Mapping[str, SessionNeeds] = {}
        """By ARN: as `sessions`, of roles of accounts that the snapshot lacks."""
        self.callers = self.population.regular
        """The principals whose steps are evaluated, as bits."""
        self.members_of = self.finder.members_of
        """By account: its principals, as bits."""
        self.users = self._find_users()
        """All users, as bits of the population."""
        self.places = {
            position: place
            for place in indexes_of(self.targets.users | self.targets.roles)
            if (position := self.population.position(self.targets.arns[place])) is not None
        }
        """By position of a user or role: its position among the targets."""

    def find_all(self, progress: Progress = no_progress) -> None:
        """Evaluate everything that the techniques need.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        progress(0, PHASES)
        _ = self.administrators
        progress(1, PHASES)
        _ = self.assumable
        progress(2, PHASES)
        _ = self.under_open_trust
        progress(3, PHASES)
        _ = self.service_paths
        progress(4, PHASES)

    def limit_callers(self, callers: int, before: "Edges | None" = None) -> None:
        """Evaluate the steps of some principals only; ``before`` are those of the unchanged snapshot.

        Its administrators count as this one's.
        """
        if before is not None:
            self.administrators, self.sessions = before.administrators, before.sessions
        self.callers = callers & self.population.regular
        self.finder.members_of = {account: members & callers for account, members in self.members_of.items()}

    # ── principals ───────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def assumable(self) -> Assumable:
        """Who can assume each role."""
        return Assumable(self.trusts.assuming(self.finder))

    def assuming(self, place: int) -> ConfirmedAndPossible:
        """Return who can assume a role, also in sessions that have a source identity (`carrying`)."""
        return self.carrying(self.targets.arns[place], self.assumable.of(place), self._settled_finder)

    def carrying(self, role: str, who: ConfirmedAndPossible, finder: SourceFinder) -> ConfirmedAndPossible:
        """Return which of those who can assume a role can do so from sessions that have a source identity.

        It persists where a role assumes another one, and that takes sts:SetSourceIdentity (IAM User Guide, "Monitor
        and control actions taken with assumed roles").
        """
        held = who.principals & self.named
        if not held:
            return who
        carried = finder.among(held, ASSUMES, role).both(finder.among(held, SET_SOURCE_IDENTITY.action, role))
        carried = carried.either(ConfirmedAndPossible(0, held & ~self._named[1]))  # from a session without one
        return who.within(~held).either(who.within(held).both(carried))

    @cached_property
    def _settled_finder(self) -> SourceFinder:
        """Finds who is allowed requests whatever the values that callers choose."""
        return SourceFinder(self.inquiry, self.targets, self.finder.bulk, can_arrange=False)

    @property
    def named(self) -> int:
        """The roles, as bits, in whose sessions a caller has to set a source identity."""
        return self._named[0]

    @cached_property
    def _named(self) -> tuple[int, int]:
        """`named`, and those of them in whose sessions every caller has to."""
        found = always = 0
        covering = self.population.index.covering("sts", "assumerole").statements.values()
        limits = (document.statements for _, document in self.finder.organization_documents)
        is_everywhere = any(may_force(statements, SOURCE_IDENTITY) for statements in (*covering, *limits))
        for position, place in self.places.items():
            role = self.inquiry.evaluator.index.roles.get(self.targets.arns[place])
            document = None if role is None else self.inquiry.evaluator.index.trust(role)
            if role is None or document is None:
                continue
            if is_everywhere or may_force(document.statements, SOURCE_IDENTITY):
                own = self.members_of.get(self.targets.account_of(place), 0)
                who = self.assumable.of(place).principals & own & ~(1 << position)
                without = self.finder.among(who, ASSUMES, role.arn, {"sts:SourceIdentity": None}).principals
                is_demanded = demands_identity(document)
                found |= 1 << position if who & ~without or is_demanded else 0
                always |= 1 << position if is_demanded else 0
        return found, always

    @cached_property
    def under_open_trust(self) -> EdgeSources:
        """Who could assume each role if its trust policy allowed everyone."""
        return self._open_finder.find(ASSUMES, self.targets.roles, only_own=False)

    def could_assume(self, who: int, role: str) -> ConfirmedAndPossible:
        """Return which of some principals could assume a role, also a new one, if its trust policy allowed everyone."""
        found = self._open_finder.among(who, ASSUMES, role)
        chosen = 0
        for position in indexes_of(found.possible):  # with values that they choose, such as the Region
            trace = self.under_open_trust_of(self.population.index.subjects[position], role)
            chosen |= 1 << position if any(one.is_chosen and not one.tags for one in allowed_by(trace)) else 0
        return ConfirmedAndPossible(found.proven | chosen, found.possible & ~chosen)

    def under_open_trust_of(self, principal: str, role: str) -> EvaluationTrace:
        """Return the evaluation of a principal's request to assume a role if its trust policy allowed everyone."""
        return evaluate(self._open_trust.evaluation_request(Request(principal, ASSUMES, role)))

    @cached_property
    def _open_trust(self) -> OpenTrust:
        return OpenTrust(self.inquiry.evaluator)

    @cached_property
    def _open_finder(self) -> SourceFinder:
        in_open_world = BulkEvaluator(PrincipalIndex(self._open_trust, self.population.index))
        return SourceFinder(self.inquiry, self.targets, in_open_world, can_arrange=False)

    def _find_users(self) -> int:
        found = 0
        for cohort in self.population.cohort:
            if cohort.kind is CallerKind.USER:
                found |= cohort.members
        return found

    @cached_property
    def administrators(self) -> int:
        """The administrators of their own account, including root users, as bits."""
        found = 0
        index = self.population.index
        for account in self._accounts.values():
            open_to = self.members_of.get(account.account_id, 0)
            for power in POWERS:
                action, resource, context = power_request(power, account)
                self.inquiry.check_cancelled()
                open_to = self.finder.among(open_to, action, resource, context).principals
            for position in indexes_of(open_to):
                arn = index.subjects[position]
                principal = self.inquiry.evaluator.index.users.get(arn) or self.inquiry.evaluator.index.roles.get(arn)
                if arn in index.roots or (principal and is_administrator(self.inquiry, account, principal)):
                    found |= 1 << position
        return found

    @cached_property
    def sessions(self) -> Mapping[int, SessionNeeds]:
        """By position of one that is an administrator only in some sessions or requests: what these need."""
        found: dict[int, SessionNeeds] = {}
        index = self.inquiry.evaluator.index
        for position in indexes_of(self.administrators):
            arn = self.population.index.subjects[position]
            principal = index.users.get(arn) or index.roles.get(arn)
            account = self._accounts.get(arn.split(":", 5)[4])
            if principal is not None and account is not None:
                needs = administration(self.inquiry, account, principal).sessions
                if isinstance(principal, RoleDetail):
                    needs = self.asked_of_callers(principal, needs)
                if needs is not None:
                    found[position] = needs
        return found

    def asked_of_callers(self, role: RoleDetail, needs: SessionNeeds | None) -> SessionNeeds | None:
        """Return what a role's sessions need; None if whoever assumes it can pass nothing, and that is enough."""
        is_free = needs is None or (needs.has_plain and not self._may_force(role))
        return None if is_free else needs

    def _may_force(self, role: RoleDetail) -> bool:
        """Return whether a caller may have to pass values in order to assume a role."""
        document = self.inquiry.evaluator.index.trust(role)
        return self._forces_callers or may_force(document.statements) or self._trusts_others(document)

    @cached_property
    def _forces_callers(self) -> bool:
        """Whether policies of the principals, or of the organization, may demand values of who assumes a role."""
        covering = self.population.index.covering("sts", "assumerole").statements.values()
        limits = (document.statements for _, document in self.finder.organization_documents)
        return any(map(may_force, (*covering, *limits)))

    def _trusts_others(self, document: Document) -> bool:
        """Return whether a trust policy may name principals of accounts that the snapshot lacks."""
        entries = (one for statement in document.statements for one in statement.principals or ())
        accounts = (WHOLE_ACCOUNT.match(one.text) for one in entries if one.type is PrincipalType.AWS)
        return any(one is None or one[1] not in self.members_of for one in accounts)

    def session_needs(self, role: str) -> SessionNeeds | None:
        """Return what the sessions of a role need in which it is an administrator; None: nothing, or it is not one."""
        position = self.population.position(role)
        return self.lent_sessions.get(role) if position is None else self.sessions.get(position)

    def _administrator_roles(self, account: str) -> Iterator[str]:
        found = self.unconditional_administrators & self.members_of.get(account, 0) & ~self.users
        yield from (self.population.index.subjects[position] for position in indexes_of(found))

    @cached_property
    def unconditional_administrators(self) -> int:
        """The administrators, as bits, without `sessions`: those whose sessions need no values of their caller."""
        return self.administrators & ~sum(1 << position for position in self.sessions)

    @cached_property
    def settled_administrators(self) -> int:
        """The administrators, as bits, whose own further steps need no search: their other sessions have no power."""
        return self.administrators & ~sum(1 << one for one, needs in self.sessions.items() if needs.has_power_without)

    def position_of(self, place: int) -> int | None:
        """Return the position of a user or role among the principals."""
        return self.population.position(self.targets.arns[place])

    def account_of(self, place: int) -> Account | None:
        """Return the account of an entity."""
        return self._accounts.get(self.targets.arns[place].split(":", 5)[4])

    # ── permissions of a technique ───────────────────────────────────────────────────────────────────────────────────

    def context_of(self, path: EscalationPath, action: str) -> Context:
        """Return the request context of an action of a technique."""
        if action == PASSES:
            return {"iam:PassedToService": path.service}
        if action.endswith("PermissionsBoundary") and ":Put" in action:
            return {"iam:PermissionsBoundary": self._full_access}
        if action.startswith("iam:Attach"):
            return {"iam:PolicyARN": self._full_access}
        return {"iam:PermissionsBoundary": None} if action in CREATIONS else {}

    def contexts_of(self, path: EscalationPath, action: str, place: int) -> Iterator[Context]:
        """Yield the request contexts of an action of a technique on an entity; one that is allowed is enough."""
        context = self.context_of(path, action)
        if "iam:PolicyARN" not in context:
            yield context
            return
        if path.creates_policy:
            policies: Iterable[str] = self.attachable.new
        else:
            yield context
            policies = self.attachable.existing
        account = self.targets.account_of(place)
        yield from ({**context, "iam:PolicyARN": arn} for arn in policies if arn.split(":", 5)[4] in ("aws", account))

    def sources(self, path: EscalationPath, action: str, among: int) -> EdgeSources:
        """Return who is allowed an action of a technique on each entity of a kind."""
        key = (action, source_name(path, action))
        found = self.asked_sources.get(key)
        if found is None:
            known = self.known_sources.get(key)
            if known is not None and known[0] == among:
                found = known
            elif "iam:PolicyARN" in self.context_of(path, action):
                found = among, self._attaching(path, action, among)
            else:
                found = among, self.finder.find(action, among, self.context_of(path, action))
            self.asked_sources[key] = found
        return found[1]

    def _attaching(self, path: EscalationPath, action: str, among: int) -> EdgeSources:
        """Return who can attach a policy that allows everything to each entity of a kind.

        That is AdministratorAccess; where policies limit which policies can be attached (``iam:PolicyARN``), also one
        that exists or, for techniques that create one, that the principal creates.
        """
        if path.creates_policy:
            found = EdgeSources(self.targets)
            for arn, creators in self.attachable.new.items():
                within = among & self.targets.of_account.get(arn.split(":", 5)[4], 0)
                if within and creators.proven:
                    found.join(self.finder.find(action, within, {"iam:PolicyARN": arn}, callers=creators.proven))
            return found
        found = self.finder.find(action, among, self.context_of(path, action))
        callers = self.attachable.callers(action)
        for arn in self.attachable.existing if callers else ():
            owner = arn.split(":", 5)[4]
            for account in self.targets.of_account if owner == "aws" else (owner,):
                within = among & self.targets.of_account.get(account, 0)
                who = callers & self.finder.members_of.get(account, 0)
                if within and who:
                    found.join(self.finder.find(action, within, {"iam:PolicyARN": arn}, callers=who))
        return found

    def on_target(self, path: EscalationPath, required: Required, place: int) -> ConfirmedAndPossible:
        """Return who is allowed an action of a technique on a target."""
        targets = self.targets
        if required.on is TargetType.TARGET_POLICY:
            return self._any_of(path, required.action, targets.policies, self.policies_of(place))
        if required.on is TargetType.TARGET_PROVIDER:
            return self._any_of(path, required.action, targets.providers, self.trusts.saml_providers(place))
        if required.on is TargetType.TARGET_GROUP:
            return self._any_of(path, required.action, targets.groups, self.groups_of(place))
        if required.on is TargetType.PROMOTING_GROUP:
            return self._promoting(path, required.action, place)
        if required.on is TargetType.NEW_POLICY:  # considered where the policy is attached
            return ConfirmedAndPossible(self.population.regular, 0)
        if required.action == ASSUMES:
            return self.assuming(place)
        found = self.sources(path, required.action, self.kind_of(place)).of(place)
        if required.action == TRUST_CHANGE:
            found = found.both(self.under_open_trust.of(place))
        return found

    def aim_of(self, place: int) -> TargetConstraint:
        """Return which techniques act on a user or role."""
        return TargetConstraint.USER if self.targets.users >> place & 1 else TargetConstraint.ROLE

    def kind_of(self, place: int) -> int:
        """Return all entities of the same kind as one, as bits."""
        targets = self.targets
        kinds = (targets.users, targets.roles, targets.groups, targets.policies, targets.providers)
        return next(kind for kind in kinds if kind >> place & 1)

    def _any_of(self, path: EscalationPath, action: str, among: int, places: Sequence[int]) -> ConfirmedAndPossible:
        found = NO_PRINCIPALS
        for place in places:
            found = found.either(self.sources(path, action, among).of(place))
        return found

    def policies_of(self, place: int) -> tuple[int, ...]:
        """Return the customer managed policies of a principal, attached directly or through a group."""
        carried = self.inquiry.evaluator.index.carried(self.targets.arns[place])
        found = (self.targets.places.get(policy.source_id) for policy in carried.identity if not policy.is_inline)
        return tuple(dict.fromkeys(one for one in found if one is not None and self.targets.policies >> one & 1))

    def boundary_of(self, place: int) -> tuple[int, ...]:
        """Return the customer managed policy that is the permissions boundary of a principal, if there is one."""
        boundary = self.inquiry.evaluator.index.carried(self.targets.arns[place]).boundary
        found = None if boundary is None else self.targets.places.get(boundary.source_id)
        return () if found is None or not self.targets.policies >> found & 1 else (found,)

    def groups_of(self, place: int) -> tuple[int, ...]:
        """Return the groups that a user is a member of."""
        arn = self.targets.arns[place]
        user = self.inquiry.evaluator.index.users.get(arn)
        if user is None:
            return ()
        groups = self.inquiry.evaluator.index.groups
        found = (groups.get((arn.split(":", 5)[4], name)) for name in user.group_list)
        return tuple(self.targets.places[group.arn] for group in found if group and group.arn in self.targets.places)

    @cached_property
    def hypotheses(self) -> AdminHypotheses:
        """Whether principals would be administrators with other policies or without a boundary."""
        return AdminHypotheses(self.inquiry, self.population)

    @cached_property
    def _administrator_groups(self) -> Mapping[int, int]:
        """By place of a group whose policies make members administrators: its position among the principals."""
        return {
            place: position
            for place in indexes_of(self.targets.groups)
            if (position := self.population.group_position(self.targets.arns[place])) is not None
            and self.hypotheses.administers(position)
        }

    def promoting_groups(self, place: int) -> Iterator[int]:
        """Yield the groups that make a user an administrator if it joins them."""
        return (group for group in self._administrator_groups if self._promotes(group, place))

    def _promotes(self, group: int, place: int) -> bool:
        user = self.position_of(place)
        if user is None or self.targets.account_of(group) != self.targets.account_of(place):
            return False
        policies = self.population.principal_policies(self._administrator_groups[group]).policies.identity
        return self.hypotheses.denies_little(user) or self.hypotheses.administers(user, policies)

    def _promoting(self, path: EscalationPath, action: str, place: int) -> ConfirmedAndPossible:
        """Return who can add a user to a group that makes it an administrator."""
        found = NO_PRINCIPALS
        for group in self._administrator_groups:
            with_group = found.either(self.sources(path, action, self.targets.groups).of(group))
            if with_group != found and self._promotes(group, place):  # most groups have the same sources
                found = with_group
        return found

    def members(self, path: EscalationPath, place: int) -> ConfirmedAndPossible:
        """Return who can use a technique on an entity, whether or not it gains them access."""
        if path.creates_principal:
            return self._with_needs(path, place, self._creating(path, place))
        found = ConfirmedAndPossible(self.population.regular, 0)
        for required in path.actions:
            found = found.both(self.on_target(path, required, place))
            if not found.principals:
                return NO_PRINCIPALS
        return self._with_needs(path, place, found)

    def trusted_names(self, path: EscalationPath, place: int) -> Sequence[str]:
        """Return what a technique creates: users or roles that do not exist and that a role trusts by their names."""
        kind = path.actions[0].action.removeprefix("iam:Create").lower()
        found = self.inquiry.once(("trusted names", kind), lambda: trusted_names(self.inquiry, self.targets, kind))
        return found.get(place, ())

    def _creating(self, path: EscalationPath, place: int) -> ConfirmedAndPossible:
        """Return who can take all actions of a technique on one of its `trusted_names`."""
        found = NO_PRINCIPALS
        for new in self.trusted_names(path, place):
            who = ConfirmedAndPossible(self.callers, 0)
            for call in (required.action for required in path.actions):
                who = who.both(self.finder.among(who.principals, call, new, self.context_of(path, call)))
            found = found.either(who if ":user/" in new else who.both(self.could_assume(who.principals, new)))
        return found

    def _with_needs(self, path: EscalationPath, place: int, members: ConfirmedAndPossible) -> ConfirmedAndPossible:
        """Return the same with the required facts applied: only possible if one is not known."""
        found = members
        for need in path.needs:
            is_so = self._is_so(need, place)
            if is_so:
                continue
            instead = _OTHERWISE.get(need)
            surely = NO_PRINCIPALS
            if instead is not None:
                surely = members.both(self.sources(path, instead, self.kind_of(place)).of(place))
            found = surely if is_so is False else surely.either(found.unsure())
        return found

    def _is_so(self, need: str, place: int) -> bool | None:
        """Return whether a required fact is true, by account data; None if it is not known."""
        if need == "missing provider":
            listed = self._saml_providers.get(self.targets.account_of(place))
            trusted = (self.targets.arns[one] for one in self.trusts.saml_providers(place))
            return None if listed is None else not listed.issuperset(trusted)
        entry = self._credentials.get(self.targets.arns[place])
        if entry is None:
            return None
        keys = (
            entry.access_key_1_active or entry.access_key_1_last_rotated is not None,
            entry.access_key_2_active or entry.access_key_2_last_rotated is not None,
        )
        match need:
            case "fewer than two access keys":
                return not all(keys)
            case "no console password":
                return None if entry.password_enabled is None else not entry.password_enabled
            case "console password":
                return entry.password_enabled
        return None

    def may_change_own(self, path: EscalationPath) -> int:
        """Return who is allowed the actions of a technique on some entity, as bits."""
        found = self._own_at_all.get(path.id)
        if found is None:
            targets = self.targets
            found = self.population.regular
            for required in path.actions:
                if required.on in (TargetType.OWN_POLICY, TargetType.OWN_BOUNDARY):
                    kind = targets.policies
                elif required.on is TargetType.NEW_POLICY:
                    continue
                elif required.on is TargetType.OWN_GROUP:
                    kind = targets.groups
                else:
                    kind = targets.users if "User" in required.action else targets.roles
                found &= self.sources(path, required.action, kind).principals
            self._own_at_all[path.id] = found
        return found

    def may_change(self, path: EscalationPath, members: int) -> int:
        """Return which of some principals are allowed the actions of a technique on some target, as bits."""
        targets = self.targets
        for required in path.actions:
            match required.on:
                case TargetType.NEW_POLICY:
                    continue
                case TargetType.TARGET_POLICY:
                    kind = targets.policies
                case TargetType.TARGET_GROUP | TargetType.PROMOTING_GROUP:
                    kind = targets.groups
                case _:
                    kind = targets.users if path.target is TargetConstraint.USER else targets.roles
            members = members and members & self.sources(path, required.action, kind).principals
        return members

    def own(self, path: EscalationPath, place: int) -> ConfirmedAndPossible:
        """Return who is allowed the actions of a technique on a principal's own entities; only its own bit matters."""
        targets = self.targets
        found = ConfirmedAndPossible(self.population.regular, 0)
        for required in path.actions:
            match required.on:
                case TargetType.OWN_GROUP:
                    one = self._any_of(path, required.action, targets.groups, self.groups_of(place))
                case TargetType.OWN_POLICY:
                    one = self._any_of(path, required.action, targets.policies, self.policies_of(place))
                case TargetType.OWN_BOUNDARY:
                    one = self._any_of(path, required.action, targets.policies, self.boundary_of(place))
                case TargetType.NEW_POLICY:
                    continue
                case _:
                    kind = targets.users if "User" in required.action else targets.roles
                    one = self.sources(path, required.action, kind).of(place) if kind >> place & 1 else NO_PRINCIPALS
            found = found.both(one)
        return found

    # ── becoming a principal ─────────────────────────────────────────────────────────────────────────────────────────

    def into(self, place: int) -> Iterator[Edge]:
        """Yield the techniques by which principals become a user or role."""
        for path in self.by_aim[self.aim_of(place)]:
            if path.gain is Gain.BECOMES and path.id != "sts-001":
                yield Edge(path.id, place, self.members(path, place))
        if self.targets.roles >> place & 1:
            yield from self._into_role(place)

    def _into_role(self, place: int) -> Iterator[Edge]:
        assuming = self.assuming(place)
        account = self.account_of(place)
        own = self.members_of.get(account.account_id, 0) if account else 0
        yield Edge("sts-003" if self.trusts.trusts_everyone(place) else "sts-001", place, assuming.within(own))
        yield Edge("sts-002", place, assuming.within(~own))
        role = self.inquiry.evaluator.index.roles[self.targets.arns[place]]
        for service, paths in self.service_paths.items():
            if not self.trusts.trusting(service) >> place & 1:
                continue
            for path, who_calls in paths:
                if path.instance_profile and not role.instance_profile_list:
                    continue
                source = self.source_test(path, place)
                if source is not None and source.overall == IMPOSSIBLE:
                    continue
                who = self._calling(path, place, role, who_calls, source)
                if path.target is TargetConstraint.PASSED_ROLE:
                    passing = self.sources(path, PASSES, self.trusts.trusting(service)).of(place)
                    members = passing.both(who)
                else:
                    passing = None
                    members = who.within(own)
                    if path.service == _LAMBDA and account is not None:
                        members = members.either(self.by_function_policies(path, account.account_id))
                if path.needs and account:
                    members = self.workloads.narrow(path, account.account_id, role.arn, members, passing, source)
                yield Edge(path.id, place, members)

    def entering(self, position: int) -> Iterator[Edge]:
        """Yield the techniques by which principals become one of `sessions` in a session that is an administrator."""
        role = self.population.index.subjects[position]
        for edge in self.into(self.places[position]):
            members = edge.members.within(~(1 << position))
            members = self.in_sessions(role, self.sessions[position], members, is_assumed=edge.path_id in ASSUMING)
            if members.principals:
                yield edge._replace(members=members)

    def in_sessions(
        self, role: str, needs: SessionNeeds, members: ConfirmedAndPossible, *, is_assumed: bool
    ) -> ConfirmedAndPossible:
        """Return which of those who become a role do so in a session that has what it needs.

        Whoever assumes it (``is_assumed``) passes values; those of services are unknown.
        """
        if not is_assumed or not members.principals:
            return members if needs.has_plain else members.unsure()
        return members.both(passing(self.finder, role, needs, members.principals).unsure(self.named))

    def _calling(
        self, path: EscalationPath, place: int, role: RoleDetail, who: ConfirmedAndPossible, source: SourceTest | None
    ) -> ConfirmedAndPossible:
        """Return which of some principals are allowed a technique's calls so that the service can assume a role."""
        tests_role = self.resources.tests_role(path)
        if source is not None and source.overall is not None:
            who, source = source.among(source.overall, who), None
        if source is None:
            return self.resources.narrow(path, who, role.arn, profiles_of(role)) if tests_role else who
        if tests_role:
            return self.resources.narrow(path, who, role.arn, profiles_of(role), source)
        key = (path.id, self.trusts.by_source(str(path.service), place))
        if key not in self._narrowed:
            self._narrowed[key] = self.resources.narrow(path, who, role.arn, (), source)
        return self._narrowed[key]

    def source_test(self, path: EscalationPath, place: int) -> SourceTest | None:
        """Return the test whether the service of a technique can assume a role for a resource; None: for any."""
        service = str(path.service)
        alike = self.trusts.by_source(service, place)
        if alike is None:
            return None
        key = (path.id, alike)
        if key not in self._source_tests:
            arn, values = self.targets.arns[place], self.trusts.source_values(place)
            base = self.inquiry.source_context(arn.split(":", 5)[4])
            decide = partial(self.trusts.for_source, service, place)
            self._source_tests[key] = SourceTest(service, slots_of(path.id), arn, values, base, decide)
        return self._source_tests[key]

    def by_function_policies(self, path: EscalationPath, account: str) -> ConfirmedAndPossible:
        """Return the principals of other accounts that can use a technique on a Lambda function of an account.

        The function's policy allows them its actions (rule I2); whether it runs with the role is not considered.
        """
        key = (path.id, account)
        if key not in self._by_function_policies:
            others = self.population.regular & ~self.members_of.get(account, 0)
            found = NO_PRINCIPALS
            for arn in self.shared_functions.get(account, ()) if others else ():
                members = ConfirmedAndPossible(others, 0)
                for required in path.actions:
                    members = members.both(self.finder.among(members.principals, required.action, arn))
                found = found.either(members)
            self._by_function_policies[key] = found.unsure()
        return self._by_function_policies[key]

    @cached_property
    def shared_functions(self) -> Mapping[str, Sequence[str]]:
        """By account: the functions whose policies allow AWS principals to change them."""
        resources = self.inquiry.evaluator.resources
        found: dict[str, list[str]] = {}
        for arn, resource in resources.by_arn.items():
            parts = arn.split(":", 5)
            if parts[2:3] != ["lambda"] or not parts[5].startswith("function:"):
                continue
            document = resources.document_of(resource)
            if document is not None and any(map(_lets_change_code, document.statements)):
                found.setdefault(parts[4], []).append(arn)
        return found

    @cached_property
    def service_paths(self) -> ServicePaths:
        """By service: the techniques for roles that trust it, and who is allowed all actions but passing the role."""
        return self.service_paths_of(self.callers)

    def service_paths_of(self, callers: int, of_services: Sequence[str] | None = None) -> ServicePaths:
        """Return `service_paths` for some principals, and only of some services."""
        found: dict[str, list[tuple[EscalationPath, ConfirmedAndPossible]]] = {}
        for path in _paths_of_services():
            service = str(path.service)
            if of_services is not None and service not in of_services:
                continue
            members = callers
            if path.target is TargetConstraint.PASSED_ROLE:
                for required in path.actions:
                    members &= self.anything.applying_to(required.action)
                if not members:
                    continue
            trusting = self.trusts.trusting(service)
            if not trusting:
                continue
            if path.target is TargetConstraint.PASSED_ROLE:
                members &= self._who_passes(path, trusting)
            others = [required.action for required in path.actions if required.action != PASSES]
            who = self.resources.narrow(path, self.anything.who(others, members, surely=not path.needs))
            found.setdefault(service, []).append((path, who))
        return found

    def _who_passes(self, path: EscalationPath, trusting: int) -> int:
        key = str(path.service)
        if key not in self._passing:
            sources = self.sources(path, PASSES, trusting)
            self._passing[key] = sources.principals
        return self._passing[key]


def profiles_of(role: RoleDetail) -> Sequence[str]:
    """Return the ARNs of the instance profiles of a role."""
    return [profile.arn for profile in role.instance_profile_list]


@cache  # of the catalog alone
def services() -> tuple[str, ...]:
    """Return the services that run something with a role, by techniques that use it."""
    return tuple(dict.fromkeys(str(path.service) for path in _paths_of_services()))


def _paths_of_services() -> Iterator[EscalationPath]:
    yield from (path for aim in _OF_SERVICE for path in catalog().paths if path.target is aim)


def _lets_change_code(statement: Statement) -> bool:
    """Return whether a statement of a function's policy allows principals to change the function."""
    return (
        statement.is_allow
        and statement.broken is None
        and any(
            statement.covers_action("lambda", name) for name in ("updatefunctioncode", "updatefunctionconfiguration")
        )
        and any(entry.type is PrincipalType.AWS for entry in statement.principals or ())
    )
