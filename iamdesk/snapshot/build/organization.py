"""An organization out of the outputs of ``aws organizations``: its tree, its policies, and where each is attached."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.bundle import Bundle
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.commands.organizations import (
    DescribeOrganization,
    DescribePolicy,
    ListAccounts,
    ListDelegatedAdministrators,
    ListDelegatedServicesForAccount,
    ListOrganizationalUnitsForParent,
    ListPolicies,
    ListRoots,
    ListTargetsForPolicy,
    PolicySummary,
)
from iamdesk.snapshot.organization import (
    FULL_ACCESS,
    IN_A_CIRCLE,
    NOT_KNOWN,
    Organization,
    OrganizationNode,
    OrganizationPolicy,
    OrganizationPolicyType,
    without_circles,
)

_SERVICE = "organizations"
_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY
_RCP = OrganizationPolicyType.RESOURCE_CONTROL_POLICY


@dataclass(slots=True)
class _Attached:
    """Which policies of one type are attached where."""

    by_node: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    everywhere: bool = False
    """Whether it is known for every node."""
    known: set[str] = field(default_factory=set)
    """The nodes for which it is known, if not for all."""


def organization_of(bundle: Bundle) -> Organization | None:
    """Return the organization as far as it was captured; None if there is none or nothing of it was captured."""
    identity = _identity(bundle)
    if identity is None:
        return None
    policies = _policies(bundle)
    attached = {kind: _attached(bundle, kind, policies) for kind in OrganizationPolicyType}
    enabled = _enabled_types(bundle)
    tree = _tree(bundle)
    return Organization(
        id=identity[0],
        management_account_id=identity[1],
        nodes=tuple(_with_policies(node, attached) for node in tree.values()),
        policies=tuple(policies.values()),
        has_rcps=_is_off(enabled, _RCP) or _has_all(attached[_RCP], tree),
        lists_every_account=_lists_every_account(bundle),
        scps_enabled=not _is_off(enabled, _SCP),
        delegated_services=_delegated_services(bundle),
    )


def _delegated_services(bundle: Bundle) -> dict[str, tuple[str, ...]] | None:
    """Return the services that each delegated administrator administers; None if these were not captured."""
    found: dict[str, dict[str, None]] | None = None
    for _, listed in bundle.of(_SERVICE, "list-delegated-administrators", ListDelegatedAdministrators):
        found = found or {}
        found.update({one.id: {} for one in listed.delegated_administrators if one.id not in found})
    for part, services in bundle.of(_SERVICE, "list-delegated-services-for-account", ListDelegatedServicesForAccount):
        found = found or {}
        found.setdefault(part.name, {}).update({one.service_principal: None for one in services.delegated_services})
    return None if found is None else {account: tuple(services) for account, services in sorted(found.items())}


def _lists_every_account(bundle: Bundle) -> bool:
    """Return whether ``list-accounts`` was captured to its last page."""
    return any(page.next_token is None for _, page in bundle.of(_SERVICE, "list-accounts", ListAccounts))


def _identity(bundle: Bundle) -> tuple[str, str] | None:
    """Return (organization's id, management account): as printed, else out of the ARN of a root, unit or account."""
    for _, page in bundle.of(_SERVICE, "describe-organization", DescribeOrganization):
        if page.organization is not None:
            return page.organization.id, page.organization.master_account_id
    for arn in _arns(bundle):
        match arn.split(":", 5):
            case ["arn", _, "organizations", "", management, rest] if rest.count("/") >= 1:
                return rest.split("/")[1], management
    return None


def _arns(bundle: Bundle) -> Iterator[str]:
    for _, roots in bundle.of(_SERVICE, "list-roots", ListRoots):
        yield from (root.arn for root in roots.roots)
    for command in ("list-accounts", "list-accounts-for-parent"):
        for _, page in bundle.of(_SERVICE, command, ListAccounts):
            yield from (account.arn for account in page.accounts)


def _tree(bundle: Bundle) -> dict[str, OrganizationNode]:
    """Return roots, units and accounts by id; an account whose parent is not known is in it without a place."""
    nodes: dict[str, OrganizationNode] = {}
    files: dict[str, str] = {}

    def add(file: str, node_id: str, name: str, parent: str | None) -> None:
        known = nodes.get(node_id)
        if known is None or known.parent_id == NOT_KNOWN:
            nodes[node_id] = OrganizationNode(id=node_id, name=name, parent_id=parent)
            files[node_id] = file
        elif parent not in (known.parent_id, NOT_KNOWN):
            shown = visible_start(node_id)
            bundle.report(
                file,
                phrase(
                    "`{shown}` is also listed under `{parent_id}`; that parent was kept",
                    shown=shown,
                    parent_id=visible_start(str(known.parent_id)),
                ),
            )

    for part, roots in bundle.of(_SERVICE, "list-roots", ListRoots):
        for root in roots.roots:
            add(part.file, root.id, root.name, None)
    for part, units in bundle.of(_SERVICE, "list-organizational-units-for-parent", ListOrganizationalUnitsForParent):
        for unit in units.organizational_units:
            add(part.file, unit.id, unit.name, part.name)
    for part, accounts in bundle.of(_SERVICE, "list-accounts-for-parent", ListAccounts):
        for account in accounts.accounts:
            add(part.file, account.id, account.name, part.name)
    for part, accounts in bundle.of(_SERVICE, "list-accounts", ListAccounts):
        for account in accounts.accounts:
            add(part.file, account.id, account.name, NOT_KNOWN)
    top = [node for node, known in nodes.items() if known.parent_id is None]
    if len(top) > 1:
        message = phrase("an organization has one root, but {count} are listed", count=len(top))
        bundle.report(files[top[1]], message)
    for node_id, node in nodes.items() if top else ():
        if node.parent_id and node.parent_id not in nodes:
            message = phrase(
                "the parent `{parent}` is not a captured root or organizational unit: the position of "
                "`{shown}` is unknown",
                parent=visible_start(node.parent_id),
                shown=visible_start(node_id),
            )
            bundle.report(files[node_id], message)
    placed, circle = without_circles(nodes)
    if circle:
        bundle.report(files[circle[0]], phrase(IN_A_CIRCLE, nodes=visible_start(", ".join(circle), 200)))
    return {node.id: node for node in placed}


def _summaries(bundle: Bundle) -> Iterator[PolicySummary]:
    for command in ("list-policies", "list-policies-for-target"):
        for _, page in bundle.of(_SERVICE, command, ListPolicies):
            yield from page.policies


def _policies(bundle: Bundle) -> dict[str, OrganizationPolicy]:
    """Return the SCPs and RCPs by id; AWS's own two with the content that AWS documents where it was not captured."""
    policies: dict[str, OrganizationPolicy] = {}
    for _, page in bundle.of(_SERVICE, "describe-policy", DescribePolicy):
        _add_policy(policies, page.policy.policy_summary, page.policy.content)
    for summary in _summaries(bundle):
        if summary.id not in policies:
            _add_policy(policies, summary, None)
    for policy_id, (kind, content) in FULL_ACCESS.items():
        known = policies.get(policy_id)
        if known is not None and known.content is None and known.type is kind:
            policies[policy_id] = known.model_copy(update={"content": content})
    for policy in policies.values():
        if policy.content is None:
            path = CALLS[_SERVICE, "describe-policy"].file(policy.id or "unknown")
            if path not in bundle.captures:
                bundle.report(
                    path, phrase("the content of policy `{name}` was not captured", name=visible_start(policy.name))
                )
    return policies


def _add_policy(policies: dict[str, OrganizationPolicy], summary: PolicySummary, content: object) -> None:
    if summary.type in list(OrganizationPolicyType):
        policies[summary.id] = OrganizationPolicy(
            id=summary.id,
            name=summary.name,
            type=OrganizationPolicyType(summary.type),
            arn=summary.arn,
            aws_managed=summary.aws_managed,
            content=content,
        )


def _attached(bundle: Bundle, kind: OrganizationPolicyType, policies: Mapping[str, OrganizationPolicy]) -> _Attached:
    attached = _Attached()
    for part, page in bundle.of(_SERVICE, "list-policies-for-target", ListPolicies):
        target, asked = part.place.arguments
        if asked == kind:
            if part.is_whole:
                attached.known.add(target)
            attached.by_node[target] += [policy.id for policy in page.policies]
    whole_list = [
        page for part, page in bundle.of(_SERVICE, "list-policies", ListPolicies) if part.name == kind and part.is_whole
    ]
    listed = {policy.id for page in whole_list for policy in page.policies}
    reported: set[str] = set()
    for part, output in bundle.of(_SERVICE, "list-targets-for-policy", ListTargetsForPolicy):
        policy = policies.get(part.name)
        if policy is None or policy.type is not kind:
            continue
        if part.is_whole:
            reported.add(part.name)
        for attached_to in output.targets:
            if part.name not in attached.by_node[attached_to.target_id]:
                attached.by_node[attached_to.target_id].append(part.name)
    attached.everywhere = bool(whole_list) and listed <= reported
    return attached


def _has_all(attached: _Attached, tree: Iterable[str]) -> bool:
    return attached.everywhere or attached.known.issuperset(tree)


def _with_policies(node: OrganizationNode, attached: Mapping[OrganizationPolicyType, _Attached]) -> OrganizationNode:
    """Return the node with its policies; None for them where it is not known which its SCPs are."""
    scps, rcps = attached[_SCP], attached[_RCP]
    ids = (*scps.by_node.get(node.id, ()), *rcps.by_node.get(node.id, ()))
    if not (scps.everywhere or node.id in scps.known):
        return node
    return node.model_copy(update={"policy_ids": ids})


def _enabled_types(bundle: Bundle) -> set[str] | None:
    """Return the types of policies that are enabled in the root; None where that is not known."""
    roots = [root for _, page in bundle.of(_SERVICE, "list-roots", ListRoots) for root in page.roots]
    if not roots:
        return None
    return {kind.type for root in roots for kind in root.policy_types if kind.status != "PENDING_DISABLE"}


def _is_off(enabled: set[str] | None, kind: OrganizationPolicyType) -> bool:
    return enabled is not None and kind not in enabled
