"""What a snapshot holds: for every kind of data captured, partly captured or not, and what that means for answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from iamdesk.index.capture_commands import RETIRED, capture_commands, is_bucket, is_key
from iamdesk.index.shown import CapturedData, Extent
from iamdesk.snapshot.calls import CALLS
from iamdesk.snapshot.capture import Capture, CaptureState
from iamdesk.snapshot.layout import Call, Kind
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource

__all__ = ["CapturedData", "Extent", "captured_data"]

_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class _About:
    title: str
    means: str
    command: tuple[str, str]


_ABOUT: Mapping[Kind, _About] = {
    Kind.AUTHORIZATION_DETAILS: _About(
        "Users, groups, roles and policies",
        "Principals of the accounts that are not held are judged from the resource's side alone.",
        ("iam", "get-account-authorization-details"),
    ),
    Kind.ORGANIZATION: _About(
        "Organization",
        "Where the accounts stand is not known: condition keys of the organization stay open, and no organization "
        "policy is taken into account.",
        ("organizations", "describe-organization"),
    ),
    Kind.ORGANIZATION_POLICIES: _About(
        "Service control policies and resource control policies",
        "An allowed request may be denied by a policy of the organization.",
        ("organizations", "list-policies"),
    ),
    Kind.RESOURCE_POLICIES: _About(
        "Resource policies",
        "What buckets, keys, queues and other resources allow or deny by themselves is not known: access from other "
        "accounts cannot be told, and a Deny may be missed.",
        ("s3api", "get-bucket-policy"),
    ),
    Kind.BUCKET_ACCESS: _About(
        "Access control lists, ownership and Block Public Access of buckets",
        "Grants of access control lists and the reach of Block Public Access are not known.",
        ("s3api", "get-public-access-block"),
    ),
    Kind.TAGS: _About(
        "Tags of resources",
        "Conditions on aws:ResourceTag depend on values that have to be given.",
        ("resourcegroupstaggingapi", "get-resources"),
    ),
    Kind.KEY_GRANTS: _About(
        "Grants of KMS keys", "A principal may use a key by a grant that is not seen here.", ("kms", "list-grants")
    ),
    Kind.VPC_ENDPOINTS: _About(
        "VPC endpoints", "A request through an endpoint may be denied by its policy.", ("ec2", "describe-vpc-endpoints")
    ),
    Kind.IDENTITY_PROVIDERS: _About(
        "OIDC and SAML providers",
        "Whether a provider that a role trusts still exists, and for whom, cannot be told.",
        ("iam", "list-open-id-connect-providers"),
    ),
    Kind.IDENTITY_CENTER: _About(
        "IAM Identity Center",
        "Which people stand behind the roles AWSReservedSSO_… cannot be told.",
        ("sso-admin", "list-account-assignments"),
    ),
    Kind.RESOURCE_SHARES: _About(
        "Resource shares (RAM)",
        "Resources shared through AWS RAM are not seen.",
        ("ram", "get-resource-share-associations"),
    ),
    Kind.CREDENTIAL_REPORT: _About(
        "Credential report",
        "Passwords, access keys and MFA of users, and when they were used, are not known.",
        ("iam", "get-credential-report"),
    ),
    Kind.SERVICE_LAST_ACCESSED: _About(
        "Service last accessed",
        "Which of their permissions principals use is not known.",
        ("iam", "get-service-last-accessed-details"),
    ),
    Kind.ACCOUNT_SETTINGS: _About(
        "Account summary and password policy",
        "Whether the snapshot is whole cannot be checked against AWS's own counts.",
        ("iam", "get-account-summary"),
    ),
}
"""In the order in which they are shown: what decides requests before what explains them."""


def captured_data(snapshot: Snapshot) -> tuple[CapturedData, ...]:
    """Return what a snapshot holds of every kind of data, in the order in which it is shown."""
    failed = [c for c in snapshot.captures if c.state in (CaptureState.DENIED, CaptureState.UNREADABLE)]
    rows = []
    for kind, about in _ABOUT.items():
        held, whole, what = _MEASURES[kind](snapshot)
        gaps = [capture for capture in failed if capture.kind is kind]
        if whole and held >= whole and not gaps:
            extent = Extent.CAPTURED
        else:
            extent = Extent.PARTLY if held else Extent.NOT_CAPTURED
        rows.append(
            CapturedData(
                kind=kind,
                title=about.title,
                extent=extent,
                detail=f"{held:,} of {whole:,} {what}" if whole else what,
                means="" if extent is Extent.CAPTURED else about.means,
                command="" if extent is Extent.CAPTURED else CALLS[about.command].command_line,
                commands=() if extent is Extent.CAPTURED else capture_commands(snapshot, kind, _accounts(snapshot)),
                gaps=_told(gaps),
            )
        )
    return tuple(rows)


def _told(gaps: list[Capture]) -> tuple[str, ...]:
    lines = [f"{_asked(CALLS[gap.service, gap.command], gap)}: {gap.error}" for gap in gaps[:_MOST_TOLD]]
    if len(gaps) > _MOST_TOLD:
        lines.append(f"{len(gaps) - _MOST_TOLD:,} more like these")
    return tuple(lines)


def _asked(call: Call, gap: Capture) -> str:
    about = [*gap.arguments, *filter(None, (gap.account_id, gap.region))]
    return f"aws {call.service} {call.command} ({', '.join(about)})" if about else f"aws {call.service} {call.command}"


type _Measure = tuple[int, int, str]
"""(how many are held, of how many, of what)"""


def _accounts(snapshot: Snapshot) -> set[str]:
    """Return the accounts that the snapshot speaks of: held, asked for, or member of the organization."""
    found = {account.account_id for account in snapshot.accounts}
    found |= {capture.account_id for capture in snapshot.captures if capture.account_id}
    if snapshot.organization is not None:
        found |= {node.id for node in snapshot.organization.nodes if node.id.isdigit()}
    return found


def _by_account(found: Callable[[Snapshot], Iterable[str]]) -> Callable[[Snapshot], _Measure]:
    def measured(snapshot: Snapshot) -> _Measure:
        held = {account.account_id for account in snapshot.accounts}
        return len(held & set(found(snapshot))), len(held), "accounts"

    return measured


def _details(snapshot: Snapshot) -> _Measure:
    whole = [account for account in snapshot.accounts if not account.is_truncated and not account.broken]
    return len(whole), len(_accounts(snapshot)), "accounts"


def _organization(snapshot: Snapshot) -> _Measure:
    organization = snapshot.organization
    if organization is None:
        is_asked = any(capture.command == "describe-organization" for capture in _nothing_there(snapshot))
        return (1, 1, "answer: the accounts are in no organization") if is_asked else (0, 0, "")
    placed = {node.id for node in organization.nodes if node.parent_id}
    accounts = {account.account_id for account in snapshot.accounts}
    return len(placed & accounts), len(accounts), "accounts have their place in it"


def _nothing_there(snapshot: Snapshot) -> Iterable[Capture]:
    return (capture for capture in snapshot.captures if capture.state is CaptureState.NOTHING_THERE)


def _organization_policies(snapshot: Snapshot) -> _Measure:
    organization = snapshot.organization
    if organization is None:
        held, whole, _ = _organization(snapshot)
        return held, whole, "answer: there is no organization that could have any" if whole else ""
    known = sum(node.policy_ids is not None for node in organization.nodes)
    if not organization.has_rcps:
        return known, len(organization.nodes) + 1, "levels, and no resource control policies"
    return known, len(organization.nodes), "levels have their policies"


def _of_resources(
    wanted: Callable[[Resource], bool], known: Callable[[Resource], bool], what: str, call: tuple[str, str]
) -> Callable[[Snapshot], _Measure]:
    def measured(snapshot: Snapshot) -> _Measure:
        resources = [resource for resource in snapshot.resources if wanted(resource)]
        if not resources:
            # None is there, where a list was read and is empty.
            is_listed = any((c.service, c.command) == call and c.state is CaptureState.READ for c in snapshot.captures)
            return (1, 1, f"list: there are no {what}") if is_listed else (0, 0, "")
        return sum(map(known, resources)), len(resources), what

    return measured


def _resource_policies(snapshot: Snapshot) -> _Measure:
    held = sum(resource.is_policy_captured for resource in snapshot.resources)
    unlisted = _unlisted(snapshot)
    whole = len(snapshot.resources) + len(unlisted)
    if not unlisted:
        return (held, whole, "resources") if whole else (1, 1, "answer: there are no resources of these services")
    if not held:
        return 0, 0, ""
    return held, whole, f"resources and services ({', '.join(unlisted)}: nothing was listed)"


def _unlisted(snapshot: Snapshot) -> list[str]:
    """Return the services whose resources were listed in no account and Region: there may be some."""
    services = {call.service for call in CALLS.values() if call.lists and call.kind is Kind.RESOURCE_POLICIES}
    states = (CaptureState.READ, CaptureState.NOTHING_THERE)
    listed = {
        capture.service
        for capture in snapshot.captures
        if CALLS[capture.service, capture.command].lists and capture.state in states
    }
    return sorted(services - listed - RETIRED)


def _last_accessed(snapshot: Snapshot) -> _Measure:
    known = {one.arn for facts in snapshot.account_facts for one in facts.last_accessed or ()}
    users = [user.arn for account in snapshot.accounts for user in account.users]
    principals = users + [role.arn for account in snapshot.accounts for role in account.roles]
    return sum(arn in known for arn in principals), len(principals), "users and roles"


def _captured_by(kind: Kind) -> Callable[[Snapshot], Iterable[str]]:
    states = (CaptureState.READ, CaptureState.NOTHING_THERE)
    return lambda snapshot: (c.account_id for c in snapshot.captures if c.kind is kind and c.state in states)


def _with_facts(name: str) -> Callable[[Snapshot], Iterable[str]]:
    return lambda snapshot: (one.account_id for one in snapshot.account_facts if getattr(one, name) is not None)


def _center(snapshot: Snapshot) -> _Measure:
    instances = snapshot.identity_centers
    if not instances:
        is_asked = any(c.command == "list-instances" and c.state is CaptureState.READ for c in snapshot.captures)
        return (1, 1, "answer: there is no instance") if is_asked else (0, 0, "")
    whole = [one for one in instances if one.permission_sets is not None and one.account_assignments is not None]
    return len(whole), len(instances), "instances"


_MEASURES: Mapping[Kind, Callable[[Snapshot], _Measure]] = {
    Kind.AUTHORIZATION_DETAILS: _details,
    Kind.ORGANIZATION: _organization,
    Kind.ORGANIZATION_POLICIES: _organization_policies,
    Kind.RESOURCE_POLICIES: _resource_policies,
    Kind.BUCKET_ACCESS: _of_resources(
        is_bucket,
        lambda bucket: bucket.acl is not None and bucket.public_access_block is not None,
        "buckets",
        ("s3api", "list-buckets"),
    ),
    Kind.TAGS: _of_resources(
        lambda resource: bool(resource.arn), lambda one: one.tags is not None, "resources", ("s3api", "list-buckets")
    ),
    Kind.KEY_GRANTS: _of_resources(is_key, lambda key: key.key_grants is not None, "keys", ("kms", "list-keys")),
    Kind.VPC_ENDPOINTS: _by_account(_captured_by(Kind.VPC_ENDPOINTS)),
    Kind.IDENTITY_PROVIDERS: _by_account(_with_facts("open_id_connect_providers")),
    Kind.IDENTITY_CENTER: _center,
    Kind.RESOURCE_SHARES: _by_account(_captured_by(Kind.RESOURCE_SHARES)),
    Kind.CREDENTIAL_REPORT: _by_account(_with_facts("credential_report")),
    Kind.SERVICE_LAST_ACCESSED: _last_accessed,
    Kind.ACCOUNT_SETTINGS: _by_account(_with_facts("summary")),
}
