"""The snapshot coverage: for every kind of data, whether it was captured, in part or not, and what that means."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.snapshot.call_status import Capture, CaptureState
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Call, Kind
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource
from iamdesk.snapshot.workloads import WorkloadKind
from iamdesk.viewmodel.capture_commands import RETIRED, capture_commands, is_bucket, is_key
from iamdesk.viewmodel.types import CapturedData, CoverageState

__all__ = ["CapturedData", "CoverageState", "captured_data"]

_MAX_NAMED = 20
_COUNTS = "{held:,} of {whole:,} "


@dataclass(frozen=True, slots=True)
class _About:
    title: str
    means: str
    command: tuple[str, str]


_ABOUT: Mapping[Kind, _About] = {
    Kind.AUTHORIZATION_DETAILS: _About(
        mark("Users, groups, roles and policies"),
        mark("For principals of accounts that were not captured, only the resource side of a request is evaluated."),
        ("iam", "get-account-authorization-details"),
    ),
    Kind.ORGANIZATION: _About(
        mark("Organization"),
        mark(
            "Where the accounts are in the organization is not known: condition keys of the organization have "
            "no values, and SCPs and RCPs are not evaluated."
        ),
        ("organizations", "describe-organization"),
    ),
    Kind.ORGANIZATION_POLICIES: _About(
        mark("Service control policies and resource control policies"),
        mark("An SCP or RCP could deny a request that is shown as allowed."),
        ("organizations", "list-policies"),
    ),
    Kind.RESOURCE_POLICIES: _About(
        mark("Resource policies"),
        mark(
            "What the policies of buckets, keys, queues and other resources allow or deny is not known: "
            "external access is not known, and a Deny may be missed."
        ),
        ("s3api", "get-bucket-policy"),
    ),
    Kind.BUCKET_ACCESS: _About(
        mark("Access control lists, ownership and Block Public Access of buckets"),
        mark("Grants of access control lists and the effect of Block Public Access are not known."),
        ("s3api", "get-public-access-block"),
    ),
    Kind.TAGS: _About(
        mark("Tags of resources"),
        mark("Conditions on aws:ResourceTag depend on values that you have to provide."),
        ("resourcegroupstaggingapi", "get-resources"),
    ),
    Kind.KEY_GRANTS: _About(
        mark("Grants of KMS keys"),
        mark("A grant that was not captured could allow a principal to use a key."),
        ("kms", "list-grants"),
    ),
    Kind.VPC_ENDPOINTS: _About(
        mark("VPC endpoints"),
        mark("An endpoint policy could deny a request that is shown as allowed."),
        ("ec2", "describe-vpc-endpoints"),
    ),
    Kind.WORKLOADS: _About(
        mark("What runs with which role"),
        mark(
            "Which functions, instances, tasks and projects run with a role is not known: attack paths that "
            "change one of them can only be reported as possible."
        ),
        ("ec2", "describe-instances"),
    ),
    Kind.IDENTITY_PROVIDERS: _About(
        mark("OIDC and SAML providers"),
        mark("Whether a provider that a role trusts still exists, and for which audiences, is not known."),
        ("iam", "list-open-id-connect-providers"),
    ),
    Kind.IDENTITY_CENTER: _About(
        mark("IAM Identity Center"),
        mark("The people who can use the roles AWSReservedSSO_… are not known."),
        ("sso-admin", "list-account-assignments"),
    ),
    Kind.RESOURCE_SHARES: _About(
        mark("Resource shares (RAM)"),
        mark("Resources shared through AWS RAM are not known."),
        ("ram", "get-resource-share-associations"),
    ),
    Kind.CREDENTIAL_REPORT: _About(
        mark("Credential report"),
        mark("Passwords, access keys and MFA devices of users, and their last use, are not known."),
        ("iam", "get-credential-report"),
    ),
    Kind.SERVICE_LAST_ACCESSED: _About(
        mark("Service last accessed"),
        mark("Which permissions the principals use is not known."),
        ("iam", "get-service-last-accessed-details"),
    ),
    Kind.ACCOUNT_SETTINGS: _About(
        mark("Account summary and password policy"),
        mark("The completeness of the snapshot cannot be checked against AWS's own counts."),
        ("iam", "get-account-summary"),
    ),
}
"""In the order of display: data that decides requests before data that explains them."""


def captured_data(snapshot: Snapshot) -> tuple[CapturedData, ...]:
    """Return the coverage of every kind of data, in the order of display."""
    failed = [c for c in snapshot.captures if c.state in (CaptureState.DENIED, CaptureState.UNREADABLE)]
    rows = []
    for kind, about in _ABOUT.items():
        held, whole, template_text = _MEASURES[kind](snapshot)
        missing_data = [capture for capture in failed if capture.kind is kind]
        if whole and held >= whole and not missing_data:
            extent = CoverageState.CAPTURED
        else:
            extent = CoverageState.PARTLY if held else CoverageState.NOT_CAPTURED
        rows.append(
            CapturedData(
                kind=kind,
                title=phrase(about.title),
                extent=extent,
                detail=template_text,
                means="" if extent is CoverageState.CAPTURED else phrase(about.means),
                command="" if extent is CoverageState.CAPTURED else CALLS[about.command].command_line,
                commands=()
                if extent is CoverageState.CAPTURED
                else capture_commands(snapshot, kind, _accounts(snapshot)),
                missing_data=_named(missing_data),
            )
        )
    return tuple(rows)


def _named(missing_data: list[Capture]) -> tuple[str, ...]:
    lines = [
        join_messages(": ", (_asked(CALLS[missing.service, missing.command], missing), missing.error))
        for missing in missing_data[:_MAX_NAMED]
    ]
    if len(missing_data) > _MAX_NAMED:
        lines.append(phrase("{count:,} more of these", count=len(missing_data) - _MAX_NAMED))
    return tuple(lines)


def _asked(call: Call, missing: Capture) -> str:
    about = [*missing.arguments, *filter(None, (missing.account_id, missing.region))]
    command = " ".join(call.words)
    return f"{command} ({', '.join(about)})" if about else command


type _Measure = tuple[int, int, str]
"""(number captured, total, both as text)"""


def _measure(held: int, whole: int, template: str, **values: object) -> _Measure:
    """Return a measure; its text takes ``held`` and ``whole``, and is omitted if there is nothing."""
    template_text = template if whole else template.removeprefix(_COUNTS)
    return held, whole, phrase(template_text, held=held, whole=whole, **values)


def _accounts(snapshot: Snapshot) -> set[str]:
    """Return the accounts of the snapshot: captured, requested, or members of the organization."""
    found = {account.account_id for account in snapshot.accounts}
    found |= {capture.account_id for capture in snapshot.captures if capture.account_id}
    if snapshot.organization is not None:
        found |= {node.id for node in snapshot.organization.nodes if node.id.isdigit()}
    return found


def _by_account(found: Callable[[Snapshot], Iterable[str]]) -> Callable[[Snapshot], _Measure]:
    def measured(snapshot: Snapshot) -> _Measure:
        held = {account.account_id for account in snapshot.accounts}
        return _measure(len(held & set(found(snapshot))), len(held), mark("{held:,} of {whole:,} accounts"))

    return measured


def _details(snapshot: Snapshot) -> _Measure:
    whole = [account for account in snapshot.accounts if not account.is_truncated and not account.broken]
    return _measure(len(whole), len(_accounts(snapshot)), mark("{held:,} of {whole:,} accounts"))


def _organization(snapshot: Snapshot) -> _Measure:
    organization = snapshot.organization
    if organization is None:
        is_asked = any(capture.command == "describe-organization" for capture in _nothing_there(snapshot))
        if not is_asked:
            return 0, 0, ""
        return _measure(1, 1, mark("{held:,} of {whole:,} responses: the accounts are in no organization"))
    placed = {node.id for node in organization.nodes if node.parent_id}
    accounts = {account.account_id for account in snapshot.accounts}
    return _measure(
        len(placed & accounts), len(accounts), mark("{held:,} of {whole:,} accounts with their place in it")
    )


def _nothing_there(snapshot: Snapshot) -> Iterable[Capture]:
    return (capture for capture in snapshot.captures if capture.state is CaptureState.NOTHING_THERE)


def _organization_policies(snapshot: Snapshot) -> _Measure:
    organization = snapshot.organization
    if organization is None:
        held, whole, _ = _organization(snapshot)
        if not whole:
            return held, whole, ""
        template_text = mark("{held:,} of {whole:,} responses: there is no organization that could have any")
        return _measure(held, whole, template_text)
    known = sum(node.policy_ids is not None for node in organization.nodes)
    if not organization.has_rcps:
        return _measure(
            known, len(organization.nodes) + 1, mark("{held:,} of {whole:,} levels, without resource control policies")
        )
    return _measure(known, len(organization.nodes), mark("{held:,} of {whole:,} levels with their policies"))


def _of_resources(
    wanted: Callable[[Resource], bool], known: Callable[[Resource], bool], what: str, none: str, call: tuple[str, str]
) -> Callable[[Snapshot], _Measure]:
    def measured(snapshot: Snapshot) -> _Measure:
        resources = [resource for resource in snapshot.resources if wanted(resource)]
        if not resources:
            # A list was captured, and is empty.
            is_listed = any((c.service, c.command) == call and c.state is CaptureState.READ for c in snapshot.captures)
            return _measure(1, 1, none) if is_listed else (0, 0, "")
        return _measure(sum(map(known, resources)), len(resources), what)

    return measured


def _resource_policies(snapshot: Snapshot) -> _Measure:
    resources = [resource for resource in snapshot.resources if not resource.is_only_tagged]
    held = sum(resource.is_policy_captured for resource in resources)
    unlisted = _unlisted(snapshot)
    whole = len(resources) + len(unlisted)
    if not unlisted:
        if not whole:
            return _measure(1, 1, mark("{held:,} of {whole:,} responses: there are no resources of these services"))
        return _measure(held, whole, mark("{held:,} of {whole:,} resources"))
    if not held:
        return 0, 0, ""
    template_text = mark("{held:,} of {whole:,} resources and services; nothing was listed for {services}")
    return _measure(held, whole, template_text, services=", ".join(unlisted))


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
    return _measure(
        sum(arn in known for arn in principals), len(principals), mark("{held:,} of {whole:,} users and roles")
    )


def _captured_by(kind: Kind) -> Callable[[Snapshot], Iterable[str]]:
    states = (CaptureState.READ, CaptureState.NOTHING_THERE)
    return lambda snapshot: (c.account_id for c in snapshot.captures if c.kind is kind and c.state in states)


def _with_facts(name: str) -> Callable[[Snapshot], Iterable[str]]:
    return lambda snapshot: (one.account_id for one in snapshot.account_facts if getattr(one, name) is not None)


def _workloads(snapshot: Snapshot) -> _Measure:
    index = WorkloadIndex(snapshot)
    accounts = [account.account_id for account in snapshot.accounts]
    held = sum(sum(map(index.of_account(account).is_listed, WorkloadKind)) for account in accounts)
    whole = len(accounts) * len(WorkloadKind)
    return _measure(held, whole, mark("{held:,} of {whole:,} lists of resources that run with a role"))


def _center(snapshot: Snapshot) -> _Measure:
    instances = snapshot.identity_centers
    if not instances:
        is_asked = any(c.command == "list-instances" and c.state is CaptureState.READ for c in snapshot.captures)
        if not is_asked:
            return 0, 0, ""
        return _measure(1, 1, mark("{held:,} of {whole:,} responses: there is no instance"))
    whole = [one for one in instances if one.permission_sets is not None and one.account_assignments is not None]
    return _measure(len(whole), len(instances), mark("{held:,} of {whole:,} instances"))


_MEASURES: Mapping[Kind, Callable[[Snapshot], _Measure]] = {
    Kind.AUTHORIZATION_DETAILS: _details,
    Kind.ORGANIZATION: _organization,
    Kind.ORGANIZATION_POLICIES: _organization_policies,
    Kind.RESOURCE_POLICIES: _resource_policies,
    Kind.BUCKET_ACCESS: _of_resources(
        is_bucket,
        lambda bucket: bucket.acl is not None and bucket.public_access_block is not None,
        mark("{held:,} of {whole:,} buckets"),
        mark("{held:,} of {whole:,} lists: there are no buckets"),
        ("s3api", "list-buckets"),
    ),
    Kind.TAGS: _of_resources(
        lambda resource: bool(resource.arn),
        lambda one: one.tags is not None,
        mark("{held:,} of {whole:,} resources"),
        mark("{held:,} of {whole:,} lists: there are no resources"),
        ("s3api", "list-buckets"),
    ),
    Kind.KEY_GRANTS: _of_resources(
        is_key,
        lambda key: key.key_grants is not None,
        mark("{held:,} of {whole:,} keys"),
        mark("{held:,} of {whole:,} lists: there are no keys"),
        ("kms", "list-keys"),
    ),
    Kind.VPC_ENDPOINTS: _by_account(_captured_by(Kind.VPC_ENDPOINTS)),
    Kind.WORKLOADS: _workloads,
    Kind.IDENTITY_PROVIDERS: _by_account(_with_facts("open_id_connect_providers")),
    Kind.IDENTITY_CENTER: _center,
    Kind.RESOURCE_SHARES: _by_account(_captured_by(Kind.RESOURCE_SHARES)),
    Kind.CREDENTIAL_REPORT: _by_account(_with_facts("credential_report")),
    Kind.SERVICE_LAST_ACCESSED: _last_accessed,
    Kind.ACCOUNT_SETTINGS: _by_account(_with_facts("summary")),
}
