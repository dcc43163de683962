"""The engine over one snapshot: finds who asks and what they carry, and puts the question to the courtroom."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from iamdesk.evaluate.caller import SIGNED, Caller, CallerKind, parse_caller
from iamdesk.evaluate.context import Context, given_facts
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import Question, Trace, evaluate
from iamdesk.evaluate.policies import AttachedPolicy, Gap, PolicySet, SourceType
from iamdesk.evaluate.request import Layer, Request, RequestError, UnknownContext
from iamdesk.evaluate.services import RESOURCE_POLICIES, TRUST_ACTIONS
from iamdesk.evaluate.target import Target, parse_target
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.explain.explanation import explain
from iamdesk.index.actions import reference
from iamdesk.index.keys import organization_policy_key, resource_policy_key, trust_policy_key
from iamdesk.index.organization_index import Levels, OrganizationIndex
from iamdesk.index.policy_index import Carried, CarriedPolicy, MissingPolicy, PolicyIndex, tags_by_key
from iamdesk.index.resource_grants import acl_document, key_grants_document
from iamdesk.index.resource_index import ResourceIndex
from iamdesk.index.statement_index import StatementIndex
from iamdesk.policy.document import parse_document
from iamdesk.query.hearing import Hearing
from iamdesk.query.population import Population, Standing, positions
from iamdesk.query.said import Said
from iamdesk.query.who_can import Access, answer_everybody
from iamdesk.snapshot.model import RoleDetail, Snapshot
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.resources import Resource

_FULL_ACCESS = parse_document(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
_MOST_HEARINGS = 256
"""Questions whose evaluation is kept for the next principal."""


class Evaluator:
    """Answers questions about one snapshot. Safe to call from several threads at once."""

    def __init__(self, snapshot: Snapshot, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.snapshot = snapshot
        self.index = PolicyIndex(snapshot)
        organization = snapshot.organization
        self.organization = None if organization is None else OrganizationIndex(organization, self.index.documents)
        self.resources = ResourceIndex(snapshot, self.index.documents)
        self.now = now
        """The moment at which a question is asked."""
        self._standings: dict[str, Standing] = {}
        self._everybody: Population | None = None
        self._hearings: dict[tuple[str, str], Hearing] = {}
        self._everywhere: dict[tuple[str, str], Said] = {}
        self._lock = threading.RLock()

    def can(self, request: Request) -> Decision:
        """Answer one question with everything that explains it.

        Raises:
            RequestError: the question cannot be asked; its text says why in one sentence.
        """
        return explain(self.trace(request), request)

    def verdict(self, request: Request) -> Verdict:
        """Return the bare word of an answer: for sweeps over many questions.

        The first call reads every policy of the snapshot (`prepare`).

        Raises:
            RequestError: as `can`.
        """
        if request.session_policies is None and not request.without and request.resource_account is None:
            population = self._population()
            position = population.position(request.principal)
            if position is not None:
                hearing = self._hearing(request.action, request.resource)
                return hearing.verdict(position, given_facts(request.context), request.unknown_context)
        return self.trace(request).verdict

    def prepare(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> None:
        """Read every policy of the snapshot, once: what `verdict`, `who_can` and `what_can` start from.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self._population(progress, cancelled)

    def _population(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> Population:
        if self._everybody is None:
            with self._lock:
                if self._everybody is None:
                    self._everybody = Population(self, StatementIndex(self.index, progress, cancelled))
        return self._everybody

    def _hearing(self, action: str, resource: str) -> Hearing:
        """Return the hearing of an action on a resource; those asked last are kept."""
        hearing = self._hearings.get((action, resource))
        if hearing is None:
            hearing = Hearing(self, self._population(), self._everywhere, action, resource)
            with self._lock:
                if len(self._hearings) >= _MOST_HEARINGS:
                    del self._hearings[next(iter(self._hearings))]
                self._hearings[action, resource] = hearing
        return hearing

    def trace(self, request: Request) -> Trace:
        """Return the engine's own record of an answer, before it is put into words.

        Raises:
            RequestError: as `can`.
        """
        return evaluate(self.question(request))

    def question(self, request: Request) -> Question:
        """Return a request with everything that belongs to it, ready to be decided.

        Raises:
            RequestError: as `can`.
        """
        target = parse_target(request.action, request.resource, reference())
        policies, caller, may_be_tagged = self.standing(request.principal)
        owner = self._owner(request, caller, target)
        record = None if target.resource is None else self.resources.find(target.resource)
        resource, gaps = self._resource_policy(target, owner, record)
        rcps, rcp_gaps = self._rcps(target, owner)
        session = policies.session
        if request.session_policies is not None:
            session = tuple(
                AttachedPolicy(
                    Layer.SESSION,
                    SourceType.SESSION,
                    named.name,
                    f"{caller.text}#session/{named.name}",
                    named.name,
                    caller.text,
                    parse_document(named.document),
                )
                for named in request.session_policies
            )
        derive = DerivedKeys(
            caller,
            target,
            reference(),
            self.now(),
            owner,
            self._tags_of(target, record),
            may_be_tagged,
            self.organization,
        )
        return Question(
            caller=caller,
            target=target,
            context=Context(given_facts(request.context), derive, request.unknown_context, reference().is_multivalued),
            policies=replace(
                policies,
                resource=resource,
                session=session,
                grants=self._grants(record, owner),
                rcps=rcps,
                restrict_public_buckets=record is not None
                and target.service == "s3"
                and self.resources.restricts_public_buckets(record, owner),
                gaps=(*policies.gaps, *gaps, *rcp_gaps),
            ),
            resource_account=owner or caller.account,
            without=request.without,
        )

    def who_can(
        self,
        *,
        action: str,
        resource: str = "*",
        context: Mapping[str, str | Sequence[str] | None] | None = None,
        unknown_context: UnknownContext = UnknownContext.UNKNOWN,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Access]:
        """Yield every user, role and root user for whom the answer is allowed or conditional.

        Raises:
            RequestError: the action or resource is malformed.
            WorkCancelled: ``cancelled`` returned True.
        """
        population = self._population(progress, cancelled)
        asked = partial(
            Request, action=action, resource=resource, context=context or {}, unknown_context=unknown_context
        )
        found: list[tuple[int, str, Verdict]] = []
        if population.peers:
            subjects = population.index.subjects
            hearing = self._hearing(action, resource)
            given = given_facts(context or {})
            open_to = answer_everybody(population, hearing, given, unknown_context, self.now(), cancelled)
            for verdict, members in open_to.items():
                found += [(position, subjects[position], verdict) for position in positions(members)]
        for position in positions(population.strange):
            principal = population.index.subjects[position]
            answer = self._verdict_of_strange(asked(principal))
            if answer is not None:
                found.append((position, principal, answer))
        explain_to = partial(self._answer, asked)
        for _, principal, verdict in sorted(found):
            if verdict in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                yield Access(principal, verdict, explain_to)
        progress(len(population.index.subjects), len(population.index.subjects))

    def _answer(self, asked: Callable[[str], Request], principal: str) -> Decision:
        return self.can(asked(principal))

    def _verdict_of_strange(self, request: Request) -> Verdict | None:
        """Answer for an entry whose ARN is odd; None where nobody of that ARN can ask anything."""
        try:
            return self.trace(request).verdict
        except RequestError:
            return None

    def principals(self) -> Iterator[str]:
        """Yield the ARN of every principal of the snapshot: root users, users, roles."""
        for account in self.snapshot.accounts:
            yield f"arn:{account.partition}:iam::{account.account_id}:root"
            yield from (user.arn for user in account.users)
            yield from (role.arn for role in account.roles)

    def standing(self, principal: str) -> Standing:
        """Return a principal as the evaluator knows it.

        Raises:
            RequestError: it is no principal, or the snapshot holds its account but not the principal.
        """
        found = self._standings.get(principal)
        if found is None:
            found = self._standings[principal] = Standing(*self._find_principal(principal))
        return found

    def _find_principal(self, text: str) -> tuple[PolicySet, Caller, bool]:
        caller = parse_caller(text)
        if caller.kind not in SIGNED:
            return PolicySet(), caller, False
        account = str(caller.account)
        if account not in self.index.accounts:
            return self._outsider(caller), caller, True
        scps, gaps = self._scps(account)
        match caller.kind:
            case CallerKind.ROOT:
                policies, may_be_tagged = PolicySet(gaps=tuple(gaps)), False
            case CallerKind.USER | CallerKind.FEDERATED_USER:
                policies, caller, may_be_tagged = self._user(caller, gaps)
            case _:
                policies, caller, may_be_tagged = self._role(caller, gaps)
        return replace(policies, scps=scps), caller, may_be_tagged

    def _scps(self, account: str) -> tuple[tuple[tuple[AttachedPolicy, ...], ...] | None, list[Gap]]:
        kind = OrganizationPolicyType.SERVICE_CONTROL_POLICY
        if self.organization is None or not self.organization.is_captured(account, kind):
            return None, [Gap("organization-unknown", "Service control policies are not in the snapshot.", Layer.SCP)]
        return _levels(self.organization.levels(account, kind), Layer.SCP, SourceType.SCP), []

    def _rcps(
        self, target: Target, owner: str | None
    ) -> tuple[tuple[tuple[AttachedPolicy, ...], ...] | None, list[Gap]]:
        """Return the resource control policies of the account that owns the resource (SEMANTICS B7)."""
        kind = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
        if self.organization is None or owner is None or not target.supports_rcps:
            return None, []
        if not self.organization.is_captured(owner, kind):
            message = "Resource control policies are not in the snapshot."
            return None, [Gap("rcps-unknown", message, Layer.RCP)] if self.organization.has_account(owner) else []
        return _levels(self.organization.levels(owner, kind), Layer.RCP, SourceType.RCP), []

    def _user(self, caller: Caller, gaps: list[Gap]) -> tuple[PolicySet, Caller, bool]:
        arn = str(caller.arn)
        if caller.kind is CallerKind.FEDERATED_USER:
            names = (user for user in self.index.accounts[str(caller.account)].users if user.user_name == caller.name)
            user = next(names, None)
        else:
            user = self.index.users.get(arn)
        if user is None:
            raise RequestError(f"the snapshot has no user {arn}")
        tags, ambiguous = tags_by_key(user.tags)
        caller = replace(caller, unique_id=user.user_id or None, tags=tags, ambiguous_tags=ambiguous)
        return _policy_set(self.index.carried(user.arn), gaps), caller, False

    def _role(self, caller: Caller, gaps: list[Gap]) -> tuple[PolicySet, Caller, bool]:
        role = self.index.roles.get(str(caller.arn))
        if role is None and caller.has_missing_path:
            role = self.index.role_named(str(caller.account), caller.name)
        if role is None:
            raise RequestError(f"the snapshot has no role {caller.arn}")
        tags, ambiguous = tags_by_key(role.tags)
        text = caller.text
        if caller.kind is CallerKind.SESSION:  # as AWS writes it: role names are unique without case (SEMANTICS E3)
            text = f"arn:{caller.partition}:sts::{caller.account}:assumed-role/{role.role_name}/{caller.session_name}"
        caller = replace(
            caller,
            text=text,
            name=role.role_name,
            path=role.path,
            arn=role.arn,
            unique_id=role.role_id or None,
            tags=tags,
            ambiguous_tags=ambiguous,
        )
        return _policy_set(self.index.carried(role.arn), gaps), caller, self._may_be_tagged(role)

    def _may_be_tagged(self, role: RoleDetail) -> bool:
        return any(
            statement.is_allow and statement.covers_action("sts", "tagsession")
            for statement in self.index.trust(role).statements
        )

    @staticmethod
    def _outsider(caller: Caller) -> PolicySet:
        """A principal of an account that the snapshot does not hold is judged from the resource's side."""
        if caller.kind is CallerKind.ROOT:
            return PolicySet()
        assumed = AttachedPolicy(
            Layer.IDENTITY,
            SourceType.USER if caller.kind is CallerKind.USER else SourceType.ROLE,
            "assumed",
            "",
            "its own account's policies (assumed to allow)",
            caller.text,
            _FULL_ACCESS,
        )
        message = f"Account {caller.account} is not in the snapshot: its own policies are taken to allow the request."
        return PolicySet(identity=(assumed,), gaps=(Gap("principal-outside", message, Layer.IDENTITY),))

    def _owner(self, request: Request, caller: Caller, target: Target) -> str | None:
        """Who owns the resource (SEMANTICS D4); None where neither the question nor the ARN tells."""
        if request.resource_account is not None:
            return request.resource_account
        if target.resource is None:
            return caller.account
        account = target.resource.account
        if account.isdigit():
            return account
        record = self.resources.find(target.resource)
        if record is not None and record.account_id is not None:
            return record.account_id
        return caller.account if account == "aws" else None

    def _resource_policy(
        self, target: Target, owner: str | None, record: Resource | None
    ) -> tuple[AttachedPolicy | None, list[Gap]]:
        if target.resource is None:
            return None, []
        if target.service == "sts" and target.name in TRUST_ACTIONS:
            return self._trust_policy(target)
        gaps: list[Gap] = []
        if record is not None and record.is_policy_captured:
            document = self.resources.document_of(record)
            if document is None:
                return None, gaps
            name = f"policy of {record.arn.rpartition(':')[2]}"
            key = resource_policy_key(record.arn)
            attached = AttachedPolicy(Layer.RESOURCE, SourceType.RESOURCE, record.arn, key, name, record.arn, document)
            return attached, gaps
        types = RESOURCE_POLICIES.get(target.service, frozenset())
        if types & set(target.resource_types):
            if target.service == "kms":
                gaps.append(
                    Gap(
                        "key-policy-missing",
                        "The key policy is not in the snapshot; every key has one.",
                        Layer.RESOURCE,
                    )
                )
            else:
                gaps.append(
                    Gap("resource-policy-missing", "The resource's policy is not in the snapshot.", Layer.RESOURCE)
                )
        if owner is None:
            message = f"Who owns {target.resource_text} is not in the snapshot: taken to be the caller's account."
            gaps.append(Gap("owner-unknown", message, Layer.RESOURCE))
        return None, gaps

    def _grants(self, record: Resource | None, owner: str | None) -> tuple[AttachedPolicy, ...]:
        """Return the grants on a resource that are no policy: its ACL, and grants on a key."""
        if record is None:
            return ()
        settings = self.resources.settings_of(owner) if owner else None
        found = (
            (Layer.ACL, SourceType.ACL, acl_document(record, settings.public_access_block if settings else None)),
            (Layer.RESOURCE, SourceType.RESOURCE, key_grants_document(record)),
        )
        name = record.arn.rpartition(":")[2]
        return tuple(
            AttachedPolicy(
                layer,
                source_type,
                record.arn,
                f"{record.arn}#{'acl' if layer is Layer.ACL else 'grants'}",
                f"access control list of {name}" if layer is Layer.ACL else f"grants on {name}",
                record.arn,
                document,
            )
            for layer, source_type, document in found
            if document is not None
        )

    def _trust_policy(self, target: Target) -> tuple[AttachedPolicy | None, list[Gap]]:
        arn = target.resource_text
        role = self.index.roles.get(arn)
        if role is None:
            account = target.resource.account if target.resource is not None else ""
            where = "has no such role" if account in self.index.accounts else f"does not hold account {account}"
            return None, [
                Gap("trust-policy-missing", f"The snapshot {where}: the trust policy is unknown.", Layer.TRUST)
            ]
        return (
            AttachedPolicy(
                Layer.TRUST,
                SourceType.TRUST,
                arn,
                trust_policy_key(arn),
                f"trust policy of {role.role_name}",
                arn,
                self.index.trust(role),
            ),
            [],
        )

    def _tags_of(self, target: Target, record: Resource | None) -> Mapping[str, str | None] | None:
        """Return the tags of the resource that is asked about, where the snapshot knows them and they count."""
        if record is not None and record.tags is not None:
            counts = target.service != "s3" or record.abac_enabled  # SEMANTICS I12
            return _without_case(record.tags) if counts else {}
        if target.resource is None or target.resource.service != "iam":
            return None
        arn = target.resource_text
        entity = self.index.users.get(arn) or self.index.roles.get(arn)
        return None if entity is None else _without_case((tag.key, tag.value) for tag in entity.tags)


def _without_case(tags: Iterable[tuple[str, str]]) -> Mapping[str, str | None]:
    """Return tags by key in lower case; None where two differ only in case: which counts is open (SEMANTICS G6)."""
    found: dict[str, str | None] = {}
    for key, value in tags:
        lowered = key.lower()
        found[lowered] = None if lowered in found else value
    return found


def _policy_set(carried: Carried, gaps: list[Gap]) -> PolicySet:
    boundary: tuple[AttachedPolicy, ...] | None = None
    if carried.has_boundary:
        boundary = () if carried.boundary is None else (_attached(carried.boundary, Layer.PERMISSIONS_BOUNDARY),)
    return PolicySet(
        identity=tuple(_attached(policy, Layer.IDENTITY) for policy in carried.identity),
        boundary=boundary,
        gaps=(*gaps, *(_gap(missing) for missing in carried.missing)),
    )


def _levels(
    levels: Levels | None, layer: Layer, source_type: SourceType
) -> tuple[tuple[AttachedPolicy, ...], ...] | None:
    if levels is None:
        return None
    return tuple(
        tuple(
            AttachedPolicy(
                layer,
                source_type,
                one.policy.arn or one.policy.id,
                organization_policy_key(one.policy.id),
                one.policy.name,
                one.node_id,
                one.document,
                one.level,
            )
            for one in level
        )
        for level in levels
    )


def _attached(policy: CarriedPolicy, layer: Layer) -> AttachedPolicy:
    if layer is Layer.PERMISSIONS_BOUNDARY:
        source_type = SourceType.PERMISSIONS_BOUNDARY
    elif policy.is_inline:
        source_type = SourceType(policy.owner_kind)
    else:
        source_type = SourceType.AWS_MANAGED if policy.is_aws_managed else SourceType.USER_MANAGED
    return AttachedPolicy(layer, source_type, policy.source_id, policy.key, policy.name, policy.owner, policy.document)


def _gap(missing: MissingPolicy) -> Gap:
    name = missing.name.rpartition("/")[2]
    match missing.what:
        case "group":
            return Gap(
                "group-missing",
                f"The group {name} is not in the snapshot, nor what it allows or denies.",
                Layer.IDENTITY,
            )
        case "permissions boundary":
            return Gap(
                "boundary-missing",
                f"The boundary policy {name} is not in the snapshot: taken to allow nothing.",
                Layer.PERMISSIONS_BOUNDARY,
            )
        case _:
            return Gap(
                "policy-missing",
                f"The policy {name} is attached but not in the snapshot, nor what it allows or denies.",
                Layer.IDENTITY,
            )
