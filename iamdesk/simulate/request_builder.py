"""Builds evaluation requests over one snapshot: a request with everything that evaluating it needs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from iamdesk.aws.service_reference import reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.action_resource import Target, parse_target
from iamdesk.evaluate.context import DERIVED_ABSENT, Context, KeyValue, derived
from iamdesk.evaluate.derived_keys import AccessPointPath, DerivedKeys
from iamdesk.evaluate.engine import EvaluationRequest
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, PolicySet, SourceType
from iamdesk.evaluate.principal import Caller, CallerKind, as_in_call
from iamdesk.evaluate.request import PolicyType, Request, RequestError
from iamdesk.evaluate.request_context import facts_given, missing_data_of_given
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.endpoint_index import EndpointIndex
from iamdesk.inventory.keys import resource_policy_key, trust_policy_key
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.inventory.policy_index import PolicyIndex
from iamdesk.inventory.references import boundary_of
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.inventory.resource_index import ResourceIndex, is_of_access_point, tags_without_case
from iamdesk.policy.arn import Arn, parse_arn
from iamdesk.policy.document import DocumentStore, parse_document
from iamdesk.policy.wildcards import glob
from iamdesk.policy_validation.validate import session_refusal
from iamdesk.simulate import password_policy
from iamdesk.simulate.access_points import behind, missing_data_of, network_origin, restricts_public, through
from iamdesk.simulate.api_authorization import OPEN, authorization_type
from iamdesk.simulate.principal_policies import (
    PrincipalPolicies,
    PrincipalResolver,
    attached_levels,
    missing_data_of_levels,
)
from iamdesk.simulate.stated_request import check_context, stated
from iamdesk.simulate.unseen_grants import (
    has_public_access_block,
    missing_data_beside_policies,
    missing_data_of_public_access,
)
from iamdesk.simulate.vpc_endpoints import path
from iamdesk.snapshot.model import RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.resources import FunctionUrl, Resource

_UNCAPTURED = frozenset(
    {
        *("resource-policy-missing", "key-policy-missing", "key-grants-missing", "trust-policy-missing"),
        *("endpoint-not-captured", "acl-missing", "public-access-block-unknown"),
    }
)
"""Missing data by which nothing is known of a policy type, unless a policy of it applies all the same."""


class RequestBuilder:
    """Builds evaluation requests. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        documents: DocumentStore | None = None,
        beside: "RequestBuilder | None" = None,
    ) -> None:
        """Prepare.

        Args:
            snapshot: The snapshot.
            now: Gives the time of a request.
            documents: Parsed documents to share.
            beside: The builder of another part of the same snapshot, of the snapshot itself, or of one that differs
                only in what users, groups and roles have: shared data is read once.
        """
        self.snapshot = snapshot
        is_same = beside is not None and beside.snapshot is snapshot
        self.index: PolicyIndex = beside.index if beside is not None and is_same else PolicyIndex(snapshot, documents)
        if beside is None:
            organization = snapshot.organization
            self.organization = None if organization is None else OrganizationIndex(organization, self.index.documents)
            self.resources = ResourceIndex(snapshot, self.index.documents)
            self.endpoints = EndpointIndex(snapshot, self.index.documents)
        else:
            self.organization = beside.organization
            self.resources = beside.resources
            self.endpoints = beside.endpoints
        self.now = now
        """Returns the time of a request."""
        canonical_ids = {one.account_id: one.canonical_id for one in snapshot.account_settings if one.canonical_id}
        self._principals = PrincipalResolver(self.index, self.organization, canonical_ids)
        self._ids: dict[str, frozenset[str]] = {}
        """Unique IDs of accounts, including the account's own."""
        self._account_facts = {one.account_id: one for one in snapshot.account_facts}
        self._canonical_ids = frozenset(canonical_ids.values())

    def _ids_of_others(self, caller: Caller, owner: str | None) -> frozenset[str]:
        """Return the IDs that a caller of an account that is not captured cannot have.

        Only those of the resource's account: listing all would read every account of an organization.
        """
        if owner is None or owner not in self.index.accounts or caller.account in self.index.accounts:
            return frozenset()
        ids = self._ids.get(owner)
        if ids is None:
            account = self.index.accounts[owner]
            names = (*(one.user_id for one in account.users), *(one.role_id for one in account.roles), owner)
            ids = self._ids[owner] = frozenset(filter(None, names))
        return ids

    def plain(self) -> "RequestBuilder":
        """Return a plain `RequestBuilder` with the same data, which does not reference the subclass instance.

        Call it before a subclass adds its own attributes.
        """
        plain = RequestBuilder.__new__(RequestBuilder)
        plain.__dict__.update(self.__dict__)
        return plain

    def target(self, action: str, resource: str) -> Target:
        """Return the action and resource of a request.

        Raises:
            RequestError: the action or the resource is malformed.
        """
        return parse_target(action, self.resources.without_alias(resource), reference())

    def stated(self, request: Request, *, is_reported: bool = False) -> Request:
        """Return the request that is evaluated where a user states one; the principal may be empty.

        ``is_reported`` is whether AWS reported the request: then its context is as it was.

        Raises:
            RequestError: no such request can be made.
        """
        asked = _in_session(stated(request, self, is_reported=is_reported))
        if asked.principal and asked.context and not is_reported:
            check_context(asked, self.evaluation_request(asked).context.derive)
        return asked

    def arn_of_id(self, unique_id: str) -> str | None:
        """Return the ARN of the user or role with a unique ID; None if the snapshot has none."""
        for account in self.snapshot.accounts:
            entities = (
                *((one.user_id, one.arn) for one in account.users),
                *((r.role_id, r.arn) for r in account.roles),
            )
            for known, arn in entities:
                if known == unique_id:
                    return arn
        return None

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the ARNs of resources, users, groups, roles and policies that match; of IAM's, whatever the path."""
        arn = parse_arn(pattern)
        if arn.service != "iam":
            matches = glob(pattern)
            return tuple(one for one in (*self.resources.by_arn, *self.resources.keys_by_alias) if matches.matches(one))
        if pattern in self.index.users or pattern in self.index.roles:
            return (pattern,)
        own = self.index.accounts.get(arn.account)
        (kind, _, _), (_, _, name) = arn.resource.partition("/"), pattern.rpartition("/")
        accounts = self.snapshot.accounts if arn.account == "*" else () if own is None else (own,)
        lists = [entities for one in accounts for entities in (one.users, one.groups, one.roles, one.policies)]
        arns = (one.arn for entities in lists for one in entities)
        found = tuple(one for one in arns if f":{kind}/" in one and one.endswith(f"/{name}"))
        return (pattern,) if pattern in found else found

    def lacks(self, entity: Arn) -> bool:
        """Return whether the list of the account's users, groups, roles or policies is captured without an entity."""
        own, kind = self.index.accounts.get(entity.account), entity.resource.partition("/")[0]
        if own is None or own.is_truncated or own.broken:
            return False
        lists = {"user": own.users, "group": own.groups, "role": own.roles, "policy": own.policies}
        return bool(lists.get(kind)) and not self.matching(str(entity))

    def evaluation_request(self, request: Request, holder: PrincipalPolicies | None = None) -> EvaluationRequest:
        """Return a request with everything that evaluating it needs.

        ``holder`` is a principal without an ARN, with its policies.

        Raises:
            RequestError: as `can`.
        """
        target = self.target(request.action, request.resource)
        holder = holder or self.principal_policies(request.principal)
        if holder.caller.kind is CallerKind.SERVICE:
            called = as_in_call(holder.caller, target.service, target.name)
            holder = holder if called is holder.caller else holder._replace(caller=called)
        record = None if target.resource is None else self.resources.find(target.resource)
        access_point = through(target, record)
        owner = self._owner(request, holder.caller, target)
        if access_point is None or record is None:
            restricts = record is not None and has_public_access_block(target)
            restricts = restricts and self.resources.restricts_public_buckets(record, owner)
            return self._decision(request, holder, target, owner, record, access_point, restricts=restricts)
        account = holder.caller.account
        restricts = restricts_public(self.resources, record, account, at_the_bucket=False)
        evaluation_request = self._decision(request, holder, target, owner, record, access_point, restricts=restricts)
        restricts = restricts_public(self.resources, record, account, at_the_bucket=True)
        joint = []
        for sub_request, (bucket, on_bucket) in enumerate(behind(target, record), 1):
            of_bucket = self.resources.bucket(record, bucket)
            owner = bucket.account_id or (of_bucket.account_id if of_bucket is not None else None)
            other = self._decision(request, holder, on_bucket, owner, of_bucket, access_point, restricts=restricts)
            # Missing data of the caller is reported by the first sub-request.
            own = replace(other.policies, missing_data=other.policies.missing_data[len(holder.policies.missing_data) :])
            joint.append(replace(other, policies=own.on_sub_request(sub_request)))
        if not joint:
            return replace(evaluation_request, is_alone=record.access_point is not None)
        reported = {missing.message for missing in evaluation_request.policies.missing_data}
        of_others = (
            missing for one in joint for missing in one.policies.missing_data if missing.message not in reported
        )
        missing_data = (*evaluation_request.policies.missing_data, *of_others)
        policies = replace(evaluation_request.policies, missing_data=missing_data)
        return replace(evaluation_request, policies=policies, joint=tuple(joint), is_alone=True)

    def _decision(
        self,
        request: Request,
        holder: PrincipalPolicies,
        target: Target,
        owner: str | None,
        record: Resource | None,
        access_point: AccessPointPath | None,
        *,
        restricts: bool,
    ) -> EvaluationRequest:
        """Return one sub-request; ``access_point`` is the access point that it goes through."""
        policies, caller, may_be_tagged = holder
        resource, missing_data = self._resource_policy(target, owner, record, is_unresolved=bool(request.unresolved))
        is_bound = record is None or not record.is_aws_managed
        # Of an unknown owner, as everywhere: the resource is assumed to be of the caller's account (rule D4).
        rcps, missing_rcp_data = self._rcps(target, owner or caller.account) if is_bound else (None, [])
        region = None if record is None else record.region
        came = path(request.context, request.unknown_context, target, self.endpoints, region)
        session = policies.session
        if request.session_policies is not None:
            session = tuple(
                AttachedPolicy(
                    PolicyType.SESSION,
                    SourceType.SESSION,
                    named.name,
                    f"{caller.text}#session/{named.name}",
                    named.name,
                    caller.text,
                    parse_document(named.document),
                )
                for named in request.session_policies
            )
        entity = self._entity(target)
        derive = DerivedKeys(
            caller,
            target,
            reference(),
            self.now(),
            owner,
            self._tags_of(target, self._tagged(target, record), entity),
            may_be_tagged,
            self.organization,
            access_point,
            came.network_path,
            self._ids_of_others(caller, owner),
            "" if record is None or not record.function_urls else _url_type(record.function_urls, target),
            _boundary_of(entity),
        )
        kind = authorization_type(record, target)
        refusal, missing_data_of_root = self._taking_root(caller, target)
        if _has_no_url(record, target):
            refusal = "no-function-url"
        context = Context(
            facts_given(request.context, target), derive, request.unknown_context, reference().is_multivalued
        )
        missing_beside_holder = (
            *missing_data,
            *missing_data_beside_policies(
                caller, target, owner, record, resource, self._canonical_ids, self.resources.shares, self.organization
            ),
            *missing_data_of_public_access(
                caller, target, owner, resource, is_block_known=restricts or self._knows_block(record, owner)
            ),
            *missing_rcp_data,
            *missing_data_of_root,
            *came.missing_data,
            *missing_data_of(target, record),
            *password_policy.missing_data(caller, target, self._account_facts),
            *missing_data_of_given(request.context, target),
        )
        uncaptured = [one.policy_type for one in missing_beside_holder if one.code in _UNCAPTURED]
        if is_bound and rcps is None and not self._knows_rcps(owner or caller.account):
            uncaptured.append(PolicyType.RCP)
        return EvaluationRequest(
            caller=caller,
            target=target,
            context=context,
            policies=PolicySet(  # not `replace`, which takes three times as long: every evaluation passes here
                identity=policies.identity,
                boundary=policies.boundary,
                session=session,
                scps=policies.scps,
                scp_places=policies.scp_places,
                resource=resource,
                grants=(
                    *self._grants(record, owner),
                    *network_origin(record if access_point else None),
                    *password_policy.granted(caller, target, self._account_facts),
                ),
                rcps=rcps,
                endpoint=came.policy,
                possible_endpoints=came.possible,
                restrict_public_buckets=restricts,
                missing_data=(*policies.missing_data, *missing_beside_holder),
                uncaptured=policies.uncaptured.union(uncaptured),
            ),
            resource_account=owner or caller.account,
            without=request.without,
            is_of_resource=request.is_of_resource,
            unresolved=request.unresolved,
            refusal=refusal,
            authorization=kind if record is None or record.is_policy_captured or kind != OPEN else "",
        )

    def knows(self, resource: Arn) -> bool:
        """Return whether the snapshot holds data of a resource.

        INVARIANT: for two resources of one service and account of which it holds nothing, `evaluation_request` differs
            only in the target.
        """
        arn = str(resource)
        if is_of_access_point(resource):  # it is in the condition keys of requests through it
            return True
        return self.resources.find(resource) is not None or arn in self.index.users or arn in self.index.roles

    def principals(self) -> Iterator[str]:
        """Yield the ARN of every principal of the snapshot: root users, users, roles."""
        for account in self.snapshot.accounts:
            yield f"arn:{account.partition}:iam::{account.account_id}:root"
            yield from (user.arn for user in account.users)
            yield from (role.arn for role in account.roles)

    def principal_policies(self, principal: str) -> PrincipalPolicies:
        """Return a principal with its policies.

        Raises:
            RequestError: it is not a principal, or the snapshot holds its account but not the principal.
        """
        return self._principals.of(principal)

    def member_of(self, group: str) -> PrincipalPolicies:
        """Return a member of a group, by the group's ARN: a user with the group's policies and no others.

        Raises:
            RequestError: the snapshot has no such group.
        """
        return self._principals.member_of(group)

    def _rcps(
        self, target: Target, owner: str | None
    ) -> tuple[tuple[tuple[AttachedPolicy, ...], ...] | None, list[MissingData]]:
        """Return the RCPs of the account that owns the resource (rule B7)."""
        kind = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
        if self.organization is None or owner is None or not target.supports_rcps:
            return None, []
        if not self._knows_rcps(owner):
            message = phrase("Resource control policies are not captured.")
            return None, [MissingData("rcps-unknown", message, PolicyType.RCP)] if self.organization.has_account(
                owner
            ) else []
        missing_data = missing_data_of_levels(self.organization, owner, kind)
        return attached_levels(self.organization.levels(owner, kind), PolicyType.RCP, SourceType.RCP), missing_data

    def _knows_rcps(self, owner: str | None) -> bool:
        """Return whether the snapshot shows which RCPs apply to an account."""
        kind = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
        return self.organization is not None and owner is not None and self.organization.is_captured(owner, kind)

    def _knows_block(self, record: Resource | None, owner: str | None) -> bool:
        """Return whether the Block Public Access settings of a bucket or access point and of its account are known."""
        if record is None or record.public_access_block is None:
            return False
        if record.access_point is not None:  # the bucket owner's account applies in the sub-request on the bucket
            return True
        settings = self.resources.settings_of(owner) if owner else None
        return settings is not None and settings.public_access_block is not None

    def _taking_root(self, caller: Caller, target: Target) -> tuple[str | None, list[MissingData]]:
        """Return why a caller cannot assume root of a member account, and the missing data about it.

        The management account and delegated administrators for IAM can, of any other account (rule E14).
        """
        if (target.service, target.name) != ("sts", "assumeroot") or target.resource is None:
            return None, []
        if self.organization is None:
            message = phrase("Whether the account is the management account or a delegated administrator is not known.")
            return None, [MissingData("delegated-administrator-unknown", message, PolicyType.IDENTITY)]
        member = target.resource.account
        is_head = member == self.organization.organization.management_account_id  # which is no member account
        if is_head or not self.organization.has_account(member):
            return "assume-root", []
        can = self.organization.can_assume_root(str(caller.account))
        if can is not None:
            return None if can else "assume-root", []
        message = phrase("Delegated administrators are not captured: the account may be one.")
        return "assume-root", [MissingData("delegated-administrator-unknown", message, PolicyType.IDENTITY)]

    def _owner(self, request: Request, caller: Caller, target: Target) -> str | None:
        """Return the owner of the resource (rule D4); None where neither the request nor the ARN names it."""
        if (reported := request.checked_owner()) is not None:
            return reported
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
        self, target: Target, owner: str | None, record: Resource | None, *, is_unresolved: bool
    ) -> tuple[AttachedPolicy | None, list[MissingData]]:
        if target.resource is None:
            return None, []
        if target.is_on_trust:
            return self._trust_policy(target)
        missing_data: list[MissingData] = []
        if record is not None and record.key_grants is None and _is_grantable(target):
            message = phrase("The grants on the key are not captured: one may allow it.")
            missing_data.append(MissingData("key-grants-missing", message, PolicyType.RESOURCE))
        if target.is_beside_key_policies or target.is_beside_resource_policy:
            return None, missing_data
        if record is not None and target.service == "lambda" and record.arn != target.resource_text:
            # Lambda Developer Guide, "Using Lambda aliases in event sources and permissions policies".
            message = phrase("The policy of the version or alias itself is not captured.")
            missing_data.append(MissingData("resource-policy-missing", message, PolicyType.RESOURCE))
        if record is not None and record.is_policy_captured and target.service == "vpc-lattice-svcs":
            # VPC Lattice User Guide, "How authorization works": that of the service network has to allow it, too.
            message = phrase("The auth policy of the service network through which it comes is not evaluated.")
            missing_data.append(MissingData("resource-policy-missing", message, PolicyType.RESOURCE))
        if record is not None and record.is_policy_captured:
            document = self.resources.document_of(record)
            if document is None:
                return None, missing_data
            name = phrase("policy of {name}", name=record.arn.rpartition(":")[2])
            key = resource_policy_key(record.arn)
            attached = AttachedPolicy(
                PolicyType.RESOURCE, SourceType.RESOURCE, record.arn, key, name, record.arn, document
            )
            return attached, missing_data
        if facts_of(target.service).types & set(target.resource_types):
            code, lacks = "resource-policy-missing", mark("The resource policy is not captured.")
            if target.service == "kms":
                code, lacks = "key-policy-missing", mark("The key policy is not captured; every key has one.")
            missing_data.append(MissingData(code, phrase(lacks), PolicyType.RESOURCE))
        if owner is None and not is_unresolved:
            message = phrase(
                "The owner of {resource_text} is not captured. It is assumed to be the caller's account.",
                resource_text=with_visible_end(target.resource_text),
            )
            missing_data.append(MissingData("owner-unknown", message, PolicyType.RESOURCE))
        return None, missing_data

    def _grants(self, record: Resource | None, owner: str | None) -> tuple[AttachedPolicy, ...]:
        """Return grants on a resource other than its policy: its ACL, grants on a key, resource shares."""
        if record is None:
            return ()
        settings = self.resources.settings_of(owner) if owner else None
        name = record.arn.rpartition(":")[2]
        block = settings.public_access_block if settings else None
        acl, resource = (PolicyType.ACL, SourceType.ACL), (PolicyType.RESOURCE, SourceType.RESOURCE)
        found = (
            (*acl, "acl", phrase("access control list of {name}", name=name), acl_document(record, block)),
            (*resource, "grants", phrase("grants on {name}", name=name), key_grants_document(record)),
            (
                *resource,
                "shares",
                phrase("resource shares of {name}", name=name),
                self.resources.shares.document_of(record.arn),
            ),
        )
        return tuple(
            AttachedPolicy(policy_type, source_type, record.arn, f"{record.arn}#{end}", title, record.arn, document)
            for policy_type, source_type, end, title, document in found
            if document is not None
        )

    def _trust_policy(self, target: Target) -> tuple[AttachedPolicy | None, list[MissingData]]:
        arn = target.resource_text
        role = self.index.roles.get(arn)
        if role is None:
            account = target.resource.account if target.resource is not None else ""
            is_captured = account in self.index.accounts
            message = phrase("The snapshot has no such role: the trust policy is unknown.")
            if not is_captured:
                message = phrase("Account {account} is not captured: the trust policy is unknown.", account=account)
            missing = MissingData("trust-policy-missing", message, PolicyType.TRUST, is_nonexistent=is_captured)
            return None, [missing]
        name, document = phrase("trust policy of {name}", name=role.role_name), self.index.trust(role)
        key = trust_policy_key(arn)
        return AttachedPolicy(PolicyType.TRUST, SourceType.TRUST, arn, key, name, arn, document), []

    def _tagged(self, target: Target, record: Resource | None) -> Resource | None:
        """Return the resource whose tags apply to a request: through an access point, the bucket (rule I12)."""
        if record is None or record.access_point is None or not target.is_through_access_point:
            return record
        buckets = record.access_point.buckets
        return self.resources.bucket(record, buckets[0]) if len(buckets) == 1 else None

    @staticmethod
    def _tags_of(
        target: Target, record: Resource | None, entity: UserDetail | RoleDetail | None
    ) -> Mapping[str, str | None] | None:
        """Return the tags of the requested resource, where the snapshot knows them and they apply."""
        if record is not None and record.tags is not None:
            is_bucket = target.service == "s3" and record.access_point is None
            counts = not is_bucket or record.abac_enabled  # rule I12
            return tags_without_case(record.tags) if counts else {}
        return None if entity is None else tags_without_case((tag.key, tag.value) for tag in entity.tags)

    def _entity(self, target: Target) -> UserDetail | RoleDetail | None:
        """Return the requested user or role; None where the snapshot has no such one."""
        if target.resource is None or target.resource.service != "iam":
            return None
        return self.index.users.get(target.resource_text) or self.index.roles.get(target.resource_text)


def _in_session(request: Request) -> Request:
    """Return a request with session policies that AWS takes; that of a user is one under delegation (rule E16).

    Raises:
        RequestError: there is no session with such a policy.
    """
    for passed in request.session_policies or ():
        if (why := session_refusal(passed.document)) is not None:
            refused = phrase("AWS makes no session with the session policy {name}: {why}", name=passed.name, why=why)
            raise RequestError(refused)
    if not request.session_policies or ":user/" not in request.principal:
        return request
    remark = phrase(
        "A user's own requests have no session policy: this is evaluated as a request under temporary delegation by "
        "{user}.",
        user=request.principal,
    )
    return replace(request, remarks=tuple(dict.fromkeys((*request.remarks, remark))))


def _boundary_of(entity: UserDetail | RoleDetail | None) -> KeyValue | None:
    """Return the permissions boundary of a user or role; None for None."""
    if entity is None:
        return None
    boundary = boundary_of(entity)
    return DERIVED_ABSENT if boundary is None else derived(boundary)


def _url_type(urls: Iterable[FunctionUrl], target: Target) -> str:
    """Return the authorization type of the URL of a function or alias; empty if it has none, or none is captured.

    AWS Lambda Developer Guide, "Control access to Lambda function URLs": each alias has a URL of its own, or none.
    """
    types = {url.auth_type for url in urls if url.function_arn == target.resource_text}
    return types.pop() if len(types) == 1 else ""


def _has_no_url(record: Resource | None, target: Target) -> bool:
    """Return whether a function or alias whose URLs are captured is called by a URL that it does not have (rule D8)."""
    if record is None or record.function_urls is None:
        return False
    if (target.service, target.name) != ("lambda", "invokefunctionurl"):
        return False
    return all(url.function_arn != target.resource_text for url in record.function_urls)


def _is_grantable(target: Target) -> bool:
    """Return whether a KMS grant could allow it (rule I1)."""
    is_key = target.resource is not None and target.resource.resource.startswith("key/")
    return is_key and target.name in facts_of(target.service).by_grants
