"""Condition keys whose values follow from the snapshot: the table of rule J2, and the filter of J1."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES, ROLES_ANYWHERE, is_certificate_tag, is_provider_key
from iamdesk.aws.service_reference import ServiceReference
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import DERIVED_ABSENT, UNKNOWN, VALUE_UNKNOWN, KeyValue, derived
from iamdesk.evaluate.principal import SIGNED, Caller, CallerKind
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES, sets_boundary
from iamdesk.inventory.organization_index import OrganizationIndex

MAX_SESSION_DURATION = timedelta(hours=36)
"""Of GetSessionToken and GetFederationToken; a role's lasts 12 hours at most.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""
PRINCIPAL_TAG = "aws:principaltag/"
_OF_SERVICES = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
_OF_FORWARDED_CALLS = frozenset(
    {
        *("aws:calledvia", "aws:calledviafirst", "aws:calledvialast"),
        *("aws:viaawsmcpservice", "aws:calledviaawsmcp", "aws:ismcpserviceaction"),
    }
)
_OF_ROLE_CREDENTIALS = frozenset(
    {
        *("aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:roledelivery", "ec2:sourceinstancearn"),
        *("lambda:sourcefunctionarn", "ssm:sourceinstancearn", "glue:roleassumedby", "glue:credentialissuingservice"),
        *("codebuild:buildarn", "codebuild:projectarn", "aws:chatbotsourcearn", "identitystore:userid"),
    }
)
"""Keys of credentials that a service issued for a role: only in requests of role sessions (rules, Table 1)."""
_OF_SIGNED_IN_SESSIONS = frozenset({"aws:signinsessionarn", "aws:viacustomerdomain"})
_OF_SAML_SESSIONS = frozenset({"saml:namequalifier", "saml:sub", "saml:sub_type"})
_OF_CREDENTIALS = _OF_ROLE_CREDENTIALS | _OF_SIGNED_IN_SESSIONS | _OF_SAML_SESSIONS
_OF_THE_CALLER = frozenset({"aws:principalarn", "aws:userid", "aws:username"})
_OF_ITS_ACCOUNT = frozenset(
    {
        *_OF_SERVICES,
        "aws:sourceowner",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:tokenissuetime",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:assumedroot",
        "aws:federatedprovider",
        *_OF_ROLE_CREDENTIALS,
        *_OF_SIGNED_IN_SESSIONS,
        *_OF_SAML_SESSIONS,
        "aws:resourceaccount",
        "s3:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "kms:calleraccount",
        "aws:requestedregion",
    }
)
ACCESS_POINT_KEYS = frozenset({"s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin"})
"""Keys of requests through an S3 access point, also on the bucket, where the action data lists none."""
_ACCESS_POINT_TAG = "s3:accesspointtag/"
_OF_ENDPOINTS = frozenset(
    {
        *("aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpcsourceip"),
        *("aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"),
    }
)
_OF_THE_RESOURCE = frozenset(
    {"aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"}
)
_OF_RESOURCES = _OF_THE_RESOURCE | {"s3:resourceaccount"}
BOUNDARY = "iam:permissionsboundary"
_TYPES = {
    CallerKind.ROOT: "Account",
    CallerKind.USER: "User",
    CallerKind.ROLE: "AssumedRole",
    CallerKind.SESSION: "AssumedRole",
    CallerKind.FEDERATED_USER: "FederatedUser",
    CallerKind.ANONYMOUS: "Anonymous",
}


def is_of_credentials(key: str) -> bool:
    """Return whether a service or an identity provider puts a key (lower case) into the credentials that it issues."""
    return key in _OF_CREDENTIALS or is_provider_key(key)


class PrincipalDependence(IntEnum):
    """How far a derived key depends on the principal."""

    NONE = 0
    """The same for all principals."""
    ACCOUNT = 1
    """The same for all callers of one kind in one account."""
    CALLER = 2
    """Different from one caller to the next."""


def follows_from_resource(key: str) -> bool:
    """Return whether a key (lower case) follows from the resource of a request, whatever the action."""
    return key in _OF_RESOURCES


def dependence(key: str) -> PrincipalDependence:
    """Return how far what `DerivedKeys` returns for a key (lower case) depends on the caller."""
    if key in _OF_THE_CALLER or key == "aws:sourceidentity" or key.startswith(PRINCIPAL_TAG):
        return PrincipalDependence.CALLER
    return PrincipalDependence.ACCOUNT if key in _OF_ITS_ACCOUNT or is_provider_key(key) else PrincipalDependence.NONE


def follows_from_caller(key: str) -> bool:
    """Return whether a key (lower case) follows from who the caller is, or from the kind of its credentials."""
    return key not in _OF_RESOURCES and dependence(key) is not PrincipalDependence.NONE


class ResourceDependence(IntEnum):
    """How far a derived key varies over the requests of one caller."""

    NONE = 0
    """The same in every request at one time."""
    RESOURCE = 1
    """By resource."""
    ACTION = 2
    """By action, too: not every action supports it (rule J1)."""


def variation(key: str, reference: ServiceReference) -> ResourceDependence:
    """Return how far what `DerivedKeys` returns for a key (lower case) varies by action and resource."""
    if key in _OF_THE_RESOURCE:
        return ResourceDependence.RESOURCE
    return ResourceDependence.NONE if reference.is_global_key(key) else ResourceDependence.ACTION


class AccessPointPath(NamedTuple):
    """The S3 access point that a request goes through."""

    arn: str
    account: str
    network_origin: str | None
    """None: not known."""
    tags: Mapping[str, str | None] | None
    """As ``resource_tags`` of `DerivedKeys`."""


class NetworkPath(NamedTuple):
    """How a request reaches AWS: through a VPC endpoint or not."""

    is_through_endpoint: bool
    vpc_id: str | None = None
    """The VPC of the endpoint, where it is known."""
    owner: str | None = None
    """The account of the endpoint, where it is known."""


@dataclass(slots=True)
class DerivedKeys:
    """Derives condition keys of one request from the snapshot; call it with a key in lower case."""

    caller: Caller
    target: Target
    reference: ServiceReference
    moment: datetime
    """The value of ``aws:CurrentTime``."""
    resource_account: str | None
    resource_tags: Mapping[str, str | None] | None = None
    """Tags of the resource by key in lower case; None for two tags that differ only in case (rule G6). None where the
    snapshot does not contain the resource."""
    may_carry_session_tags: bool = True
    """Whether sessions of the caller's role can have session tags (its trust policy allows sts:TagSession), or nothing
    is known of the caller's tags at all."""
    organization: OrganizationIndex | None = None
    through: AccessPointPath | None = None
    network_path: NetworkPath | None = None
    """None: not known."""
    ids_of_others: frozenset[str] = frozenset()
    """Unique IDs and account IDs that are not the caller's; those of the resource's account, where the snapshot does
    not contain the caller's account."""
    function_url_type: str = ""
    """Authorization type of the function URL that the resource has; empty if it is not known, or has several."""
    resource_boundary: KeyValue | None = None
    """The ARN of the permissions boundary of the user or role that is the resource; absent for one without. None where
    the snapshot does not contain it."""
    _known: dict[str, KeyValue | None] = field(default_factory=dict)

    @property
    def _first_session(self) -> Decimal:
        """The day, in seconds since 1970, before which no session began that is still valid.

        Rounded down to a day, so that what is known of a session stays the same all day.
        """
        first = (self.moment - MAX_SESSION_DURATION).replace(hour=0, minute=0, second=0, microsecond=0)
        return Decimal(int(first.timestamp()))

    def of_another(self, caller: Caller, may_carry_session_tags: bool, moment: datetime) -> "DerivedKeys":
        """Return the same for another caller of the same kind and account, at another time."""
        return DerivedKeys(
            caller,
            self.target,
            self.reference,
            moment,
            self.resource_account,
            self.resource_tags,
            may_carry_session_tags,
            self.organization,
            self.through,
            self.network_path,
            self.ids_of_others,
            self.function_url_type,
            self.resource_boundary,
        )

    def on(self, target: Target) -> "DerivedKeys":
        """Return the same for another action on the same resource."""
        return DerivedKeys(
            self.caller,
            target,
            self.reference,
            self.moment,
            self.resource_account,
            self.resource_tags,
            self.may_carry_session_tags,
            self.organization,
            self.through,
            self.network_path,
            self.ids_of_others,
            self.function_url_type,
            self.resource_boundary,
        )

    def __call__(self, key: str) -> KeyValue | None:
        """Return what is known of a key, or None."""
        if key not in self._known:
            self._known[key] = self._derive(key)
        return self._known[key]

    def _derive(self, key: str) -> KeyValue | None:
        if key.startswith(PRINCIPAL_TAG):
            return self._principal_tag(key[len(PRINCIPAL_TAG) :])
        about_principal = self._about_principal(key)
        if about_principal is not None:
            return None if about_principal is UNKNOWN else about_principal
        if self.through is not None and (key in ACCESS_POINT_KEYS or key.startswith(_ACCESS_POINT_TAG)):
            return self._of_access_point(self.through, key)
        if self.network_path is not None and (key in _OF_ENDPOINTS or key == "aws:sourceip"):
            return self._of_network_path(self.network_path, key)
        action = self.target.action
        if action is not None and not self.reference.takes_key(action, self.target.resource_types or None, key):
            # rule J1; a key that AWS's lists do not contain may be newer than they are
            return DERIVED_ABSENT if self.reference.knows_takers(key, self.target.service) else None
        if self.resource_tags is not None and key.startswith(RESOURCE_TAG_PREFIXES):
            return self._resource_tag(self.resource_tags, key.partition("/")[2])
        return self._about_request(key)

    def _of_access_point(self, through: AccessPointPath, key: str) -> KeyValue | None:
        """Return the value of a key of requests through an access point, in both sub-requests."""
        if key.startswith(_ACCESS_POINT_TAG):
            return None if through.tags is None else self._resource_tag(through.tags, key[len(_ACCESS_POINT_TAG) :])
        if key == "s3:accesspointnetworkorigin":
            return VALUE_UNKNOWN if through.network_origin is None else derived(through.network_origin)
        value = through.arn if key == "s3:dataaccesspointarn" else through.account
        return VALUE_UNKNOWN if "*" in value or "?" in value or not value else derived(value)

    def _of_network_path(self, network_path: NetworkPath, key: str) -> KeyValue | None:
        """The VPC keys are present only through an endpoint, the public address only without one (rules, Table 1)."""
        if network_path.is_through_endpoint == (key == "aws:sourceip"):
            return DERIVED_ABSENT
        if key == "aws:sourcevpc":
            return derived(network_path.vpc_id) if network_path.vpc_id else VALUE_UNKNOWN
        if key == "aws:vpceaccount" and network_path.owner is not None:
            return derived(network_path.owner)
        if key in ("aws:vpceorgid", "aws:vpceorgpaths"):
            return self._of_organization(key, network_path.owner)
        return VALUE_UNKNOWN if key == "aws:vpcsourceip" else None

    @staticmethod
    def _resource_tag(tags: Mapping[str, str | None], tag: str) -> KeyValue:
        if tag not in tags:
            return DERIVED_ABSENT
        value = tags[tag]
        return VALUE_UNKNOWN if value is None else derived(value)

    def _principal_tag(self, tag: str) -> KeyValue | None:
        caller = self.caller
        if caller.is_any_member:
            return None
        match caller.kind:
            case CallerKind.USER:
                if tag in caller.ambiguous_tags or self.may_carry_session_tags:
                    return None  # two tags that differ only in case (rule G6); or its account is not captured
                value = caller.tags.get(tag)
                return DERIVED_ABSENT if value is None else derived(value)
            case CallerKind.ROLE | CallerKind.SESSION:
                value = caller.tags.get(tag)
                if tag in caller.ambiguous_tags or (value is None and self.may_carry_session_tags):
                    return None
                if value is None:
                    return DERIVED_ABSENT
                # A session tag replaces the role's own, and none removes it (rule J2).
                return VALUE_UNKNOWN._replace(otherwise=value) if self.may_carry_session_tags else derived(value)
            case CallerKind.FEDERATED_USER:
                return None
            case CallerKind.SERVICE if caller.text == ROLES_ANYWHERE and is_certificate_tag(tag):
                return None  # of a certificate that the snapshot does not contain
            case _:
                return DERIVED_ABSENT

    def _about_principal(self, key: str) -> KeyValue | None:
        """Return the key's value, `UNKNOWN` for an unknown one about the principal, None for a key that is not about
        it."""
        caller = self.caller
        kind = caller.kind
        is_role = kind in (CallerKind.ROLE, CallerKind.SESSION)
        if caller.is_any_member and key in _OF_THE_CALLER:
            return VALUE_UNKNOWN
        match key:
            case "aws:principalarn":
                if caller.has_missing_path:  # the role's ARN, with an unknown path (rules E3, J2)
                    return VALUE_UNKNOWN._replace(
                        shape=f"arn:{caller.partition}:iam::{caller.account}:role/*{caller.name}"
                    )
                return derived(caller.arn) if caller.arn else DERIVED_ABSENT
            case "aws:principalaccount":
                if kind is CallerKind.ANONYMOUS:
                    return derived("anonymous")
                return derived(caller.account) if kind in SIGNED and caller.account else DERIVED_ABSENT
            case "aws:principaltype":
                return derived(_TYPES[kind]) if kind in _TYPES else DERIVED_ABSENT
            case "aws:userid":
                return self._user_id()
            case "aws:username":
                return derived(caller.name) if kind is CallerKind.USER else DERIVED_ABSENT
            case "aws:principalorgid" | "aws:principalorgpaths":
                if kind not in SIGNED:
                    return DERIVED_ABSENT
                return self._of_organization(key, caller.account) or UNKNOWN
            case "aws:principalisawsservice":
                if kind is CallerKind.SERVICE:
                    return derived("true")
                return derived("false") if kind in SIGNED else DERIVED_ABSENT
            case "aws:principalservicename" | "aws:principalservicenameslist":
                return derived(caller.text) if kind is CallerKind.SERVICE else DERIVED_ABSENT
            case "aws:tokenissuetime":
                if is_role or kind is CallerKind.FEDERATED_USER:
                    return VALUE_UNKNOWN._replace(since=self._first_session)
                return UNKNOWN._replace(since=self._first_session) if kind in SIGNED else DERIVED_ABSENT
            case "aws:multifactorauthpresent" | "aws:multifactorauthage":
                if caller.permission_set is not None:
                    return DERIVED_ABSENT  # people sign in by SAML, and federated identities have none (rule J5)
                return UNKNOWN if kind in SIGNED else DERIVED_ABSENT  # rule J5
            case "aws:assumedroot":
                return UNKNOWN if kind is CallerKind.ROOT else DERIVED_ABSENT
            case "aws:sourceidentity":
                # Setting or passing on one takes sts:SetSourceIdentity in the trust policy of every role of a chain,
                # also by SAML, OIDC and Roles Anywhere (IAM User Guide, "Monitor and control actions taken with assumed
                # roles"; Roles Anywhere User Guide, "Trust model").
                if is_role and caller.has_no_source_identity:
                    return DERIVED_ABSENT
                # IAM Roles Anywhere sets the identity from the certificate: then sts:SourceIdentity is present (its
                # User Guide, "Trust model"). Whether this key is present, too, is not documented.
                # A federated user has none: the STS API Reference, GetFederationToken, takes none.
                may_have_one = is_role or caller.text == ROLES_ANYWHERE
                return UNKNOWN if may_have_one else DERIVED_ABSENT
            case "aws:federatedprovider":
                if kind is CallerKind.OIDC:
                    return derived(caller.text)
                # Never for SAML, by which people assume the roles of Identity Center (rules E9, E15).
                return UNKNOWN if is_role and caller.permission_set is None else DERIVED_ABSENT
            case "identitystore:userid":
                return VALUE_UNKNOWN if is_role and caller.permission_set is not None else DERIVED_ABSENT
        if key in _OF_ROLE_CREDENTIALS:
            return UNKNOWN if is_role and caller.permission_set is None else DERIVED_ABSENT
        if key in _OF_SIGNED_IN_SESSIONS:
            return UNKNOWN if kind in SIGNED else DERIVED_ABSENT
        if key in _OF_SAML_SESSIONS:
            return UNKNOWN if is_role or kind is CallerKind.SAML else DERIVED_ABSENT
        if is_provider_key(key):  # claims stay in sessions of roles assumed with them (rule I9)
            provider = key.rpartition(":")[0]
            own = kind is CallerKind.OIDC and provider == (caller.name or caller.text).lower()
            return None if own or (is_role and caller.permission_set is None) else DERIVED_ABSENT
        return None

    def _of_organization(self, key: str, account: str | None) -> KeyValue | None:
        """Return an account's organization or its path in it; None where the snapshot does not contain it.

        An account outside the organization may be in another one, never in this one.
        """
        if self.organization is None or account is None:
            return None
        if self.organization.is_outside(account):
            return UNKNOWN._replace(excludes=self.organization.organization.id)
        if not self.organization.has_account(account):
            return None
        if key.endswith("orgid"):
            return derived(self.organization.organization.id)
        path = self.organization.org_path(account)
        return derived(path) if path else None

    def _user_id(self) -> KeyValue:
        caller = self.caller
        match caller.kind:
            case CallerKind.USER:
                return derived(caller.unique_id) if caller.unique_id else self._another_accounts("AIDA*")
            case CallerKind.SESSION:
                session = f"{caller.unique_id}:{caller.session_name}"
                return derived(session) if caller.unique_id else self._another_accounts(f"AROA*:{caller.session_name}")
            case CallerKind.ROLE:  # of some session: RoleId:session
                is_known = bool(caller.unique_id)
                known = VALUE_UNKNOWN._replace(shape=f"{caller.unique_id}:*")
                return known if is_known else self._another_accounts("AROA*:*")
            case CallerKind.FEDERATED_USER:
                return derived(f"{caller.account}:{caller.name}")
            case CallerKind.ROOT:
                return derived(str(caller.account))
            case CallerKind.ANONYMOUS:
                return derived("anonymous")
            case _:
                return DERIVED_ABSENT

    def _another_accounts(self, shape: str) -> KeyValue:
        """Return an unknown unique ID of a certain kind: IAM gives each to one entity alone (rule E12)."""
        return VALUE_UNKNOWN._replace(shape=shape, excluded_ids=self.ids_of_others)

    @property
    def _invokes_url(self) -> bool:
        """Whether it is a request to the URL itself: requests that create or change one choose its type."""
        return (self.target.service, self.target.name) == ("lambda", "invokefunctionurl")

    @property
    def _is_by_external_principal(self) -> bool:
        """Whether the caller is of another account than the resource, and no service that calls for this one.

        Its ``aws:SourceOwner`` is not the resource's account (Amazon SNS Developer Guide, "aws:SourceAccount versus
        aws:SourceOwner").
        """
        return self.caller.kind is not CallerKind.SERVICE and self.resource_account not in (None, self.caller.account)

    @property
    def _is_of_bucket(self) -> bool:
        """Whether it is a request straight to a bucket or object: one through an access point is made to that one."""
        return self.through is None and self.target.resource is not None and not self.target.resource.account

    def _about_request(self, key: str) -> KeyValue | None:
        if key in _OF_SERVICES and self.caller.kind is not CallerKind.SERVICE:
            return DERIVED_ABSENT
        if key == "aws:sourceowner" and self._is_by_external_principal:
            return UNKNOWN._replace(derived=True, excludes=self.resource_account or "")
        if key in ACCESS_POINT_KEYS and self.target.service == "s3" and self._is_of_bucket:
            return DERIVED_ABSENT
        if key in _OF_FORWARDED_CALLS:
            return DERIVED_ABSENT
        match key:
            case "lambda:functionurlauthtype" if self.function_url_type and self._invokes_url:
                return derived(self.function_url_type)
            case "iam:permissionsboundary" if not sets_boundary(self.target.service, self.target.name):
                return self.resource_boundary
            case "aws:securetransport":
                return derived("true")
            case "aws:viaawsservice":
                return derived("false")
            case "aws:currenttime":
                return derived(self.moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
            case "aws:epochtime":
                return derived(str(int(self.moment.timestamp())))
            case "aws:requestedregion":
                return self._region()
            case "aws:resourceaccount" | "s3:resourceaccount" | "aws:resourceorgid" | "aws:resourceorgpaths":
                return self._of_resource(key)
            case "kms:calleraccount":
                return derived(self.caller.account) if self.caller.account else DERIVED_ABSENT
        return None

    def _of_resource(self, key: str) -> KeyValue | None:
        """Return keys about the resource's owner: only in requests that have a resource (rules, Table 1)."""
        target = self.target
        if target.resource is None:
            return DERIVED_ABSENT if target.action is not None and not target.action.resource_types else None
        if key.endswith("resourceaccount"):
            return derived(self.resource_account) if self.resource_account else None
        return self._of_organization(key, self.resource_account)

    def _region(self) -> KeyValue:
        """The Region is in every request; without one in the ARN it is unknown (rules, Table 1)."""
        if (only := GLOBAL_SERVICES.get(self.target.service)) is not None:
            # Other partitions have their single endpoint elsewhere.
            return derived(only) if self.caller.partition in (None, "aws") else VALUE_UNKNOWN
        region = self.target.resource.region if self.target.resource is not None else ""
        return derived(region) if region and "*" not in region else VALUE_UNKNOWN
