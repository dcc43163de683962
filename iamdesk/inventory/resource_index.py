"""The resources of a snapshot by ARN: objects are found by their bucket or access point."""

from collections.abc import Iterable, Mapping

from iamdesk.inventory.resource_grants import default_policy
from iamdesk.inventory.resource_share_index import ResourceShareIndex
from iamdesk.policy.arn import Arn, parse_arn
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_services import all_commands, all_services
from iamdesk.snapshot.resources import AccessPointBucket, AccountSettings, Resource

_ACCESS_POINT = "accesspoint/"
_OBJECT = "/object/"


def is_of_access_point(arn: Arn) -> bool:
    """Return whether an ARN is that of an S3 access point, or of an object through one."""
    return arn.service == "s3" and bool(arn.account) and arn.resource.startswith(_ACCESS_POINT)


def access_point_arn(arn: Arn) -> Arn:
    """Return the ARN of the access point itself."""
    return arn._replace(resource=arn.resource.partition(_OBJECT)[0])


def key_behind(arn: Arn) -> str | None:
    """Return the object's key in an ARN through an access point; None for the access point itself."""
    _, found, key = arn.resource.partition(_OBJECT)
    return key if found else None


def tags_without_case(tags: Iterable[tuple[str, str]]) -> Mapping[str, str | None]:
    """Return tags by key in lower case; None where two differ only in case: which counts is open (rule G6)."""
    found: dict[str, str | None] = {}
    for key, value in tags:
        lowered = key.lower()
        found[lowered] = None if lowered in found else value
    return found


_PARENT_PARTS = {
    service.prefix: command.arn.count("/") + 1
    for service in all_services()
    if service.has_parts
    for command in service.commands
    if command.arn
}
"""Number of parts of the resource, separated by slashes, that name the policy's owner: ``table/NAME`` of
``…/index/NAME``."""


_GLUE_PARTS = ("database", "table", "userDefinedFunction", "connection")
_PARTS_BESIDE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # Amazon MSK Developer Guide, "Attach a cluster policy to the MSK cluster".
    "kafka": ("cluster", ("topic", "group", "transactional-id")),
    # CodeArtifact User Guide, "Repository policies": evaluated for operations against the repository.
    "codeartifact": ("repository", ("package",)),
}
"""By service: a type with a policy, and types of its parts, whose ARNs have both names of the whole:
``topic/NAME/ID/…`` of ``cluster/NAME/ID``."""


def parent_of(arn: Arn) -> Arn | None:
    """Return the resource whose policy applies to a part of it; None where resources of the service have no parts.

    A table's index or stream, an API's stage and method, a domain's path, a function's version or alias, a log group's
    streams, a database of the catalog, an event bus's rules, a Kafka cluster's topics and groups, a repository's
    packages. A table's stream has its own policy; a version or alias has one in addition to the function's. The name of
    an ECR repository may contain slashes, which separate no parts.
    """
    match arn.service:
        case "lambda" | "logs":
            kind, _, name = arn.resource.partition(":")
            is_whole_first = kind == ("function" if arn.service == "lambda" else "log-group")
            parent = f"{kind}:{name.partition(':')[0]}" if is_whole_first else arn.resource
        case "glue":
            parent = "catalog" if arn.resource.partition("/")[0] in _GLUE_PARTS else arn.resource
        case "events":
            # Amazon EventBridge User Guide, "Permissions for event buses": the bus's policy covers its rules.
            kind, *bus, _ = arn.resource.split("/") if "/" in arn.resource else (arn.resource, "")
            parent = f"event-bus/{'/'.join(bus) or 'default'}" if kind == "rule" else arn.resource
        case service if service in _PARTS_BESIDE:
            whole, parts = _PARTS_BESIDE[service]
            kind, *names = arn.resource.split("/")
            parent = "/".join((whole, *names[:2])) if kind in parts and names[2:] else arn.resource
        case service:
            parent = "/".join(arn.resource.split("/")[: _PARENT_PARTS.get(service)])
    return None if parent == arn.resource else arn._replace(resource=parent)


def part_prefixes(arn: Arn) -> tuple[str, ...]:
    """Return beginnings of the ARNs of a resource's parts, to which its policy applies: `ResourceIndex.find` reversed.

    Not every ARN that begins so is one: the default event bus's rules have no slash in their names.
    """
    kind, _, name = arn.resource.partition("/")
    match arn.service:
        case "s3" if is_of_access_point(arn):
            return () if _OBJECT in arn.resource else (f"{arn}{_OBJECT}",)
        case "s3" if not arn.account:
            return () if name else (f"{arn}/",)
        case "lambda":
            return (f"{arn}:",) if arn.resource.startswith("function:") and arn.resource.count(":") == 1 else ()
        case "dynamodb":
            return (f"{arn}/index/",) if kind == "table" and "/" not in name else ()
        case "glue":
            return tuple(str(arn._replace(resource=f"{part}/")) for part in _GLUE_PARTS) if kind == "catalog" else ()
        case service if service in _PARTS_BESIDE:
            whole, parts = _PARTS_BESIDE[service]
            return tuple(str(arn._replace(resource=f"{part}/{name}/")) for part in parts if kind == whole)
        case "events" if kind == "event-bus":
            return (str(arn._replace(resource="rule/" if name == "default" else f"rule/{name}/")),)
        case service if arn.resource.count("/") == _PARENT_PARTS.get(service, 0) - 1:
            return (f"{arn}/",)
    return ()


def only_shared(arn: str) -> Resource:
    """Return a resource of which only its share is known."""
    account = arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
    return Resource(arn=arn, account_id=account or None, is_policy_captured=False)


_LISTED = tuple(
    command
    for command in all_commands()
    if command.arn.count("{}") == 1 and command.collect is not None and not command.arn.startswith("execute-api:")
)
"""Commands that print policies of resources which another command lists; HTTP APIs have a list of their own."""


class ResourceIndex:
    """Finds resources, their owners and their policies."""

    def __init__(self, snapshot: Snapshot, documents: DocumentStore) -> None:
        self._documents = documents
        self.shares = ResourceShareIndex(snapshot, documents)
        shared = {arn: only_shared(arn) for arn in self.shares.arns}
        self._by_arn: Mapping[str, Resource] = {**shared, **{resource.arn: resource for resource in snapshot.resources}}
        self._by_alias = {
            resource.access_point.alias: resource
            for resource in snapshot.resources
            if resource.access_point is not None and resource.access_point.alias
        }
        self._delegation_policies = {
            resource.arn.split(":")[4]: resource
            for resource in snapshot.resources
            if ":organizations:" in resource.arn and ":resourcepolicy/" in resource.arn
        }
        """By management account: the delegation policy of its organization, which applies to all in it."""
        self.keys_by_alias = {alias: resource.arn for resource in snapshot.resources for alias in resource.key_aliases}
        """ARNs of KMS keys by those of their aliases."""
        self._lists: dict[tuple[str, str, str], list[str]] = {}
        """Accounts by service, command and Region: where a command was read that was run for everything there is."""
        for one in snapshot.captures:
            if one.state is CaptureState.READ and not one.arguments:
                self._lists.setdefault((one.service, one.command, one.region), []).append(one.account_id)
        self._settings: Mapping[str, AccountSettings] = {one.account_id: one for one in snapshot.account_settings}

    @property
    def by_arn(self) -> Mapping[str, Resource]:
        """Every resource on which the snapshot holds data; of some, only that they are shared."""
        return self._by_arn

    def find(self, arn: Arn) -> Resource | None:
        """Return the resource whose policy applies to an ARN: of an object its bucket, else the resource itself.

        If only tags of the resource itself are known, they replace the other's.
        """
        found = self._by_arn.get(str(arn))
        if found is not None and found.is_only_tagged:
            whole = self._whole(arn)
            return found if whole is None else whole.model_copy(update={"tags": found.tags})
        return self._whole(arn) if found is None else found

    def list_without(self, arn: Arn, account: str) -> tuple[str, str] | None:
        """Return the account and command of a captured list in which a resource would be, and is not.

        ``account`` is that of ARNs without one; empty: not known.
        """
        arn = parse_arn(self.without_alias(str(arn)))
        whole = parent_of(arn) or arn
        if arn.service == "s3" and not arn.account:
            whole = arn._replace(resource=arn.resource.partition("/")[0])
        for command in _LISTED if self.find(arn) is None else ():
            if command.collect is None or command.name_in(str(whole)) is None:
                continue
            service, listing = command.call.service, command.collect.after
            for one in self._lists.get((service, listing, arn.region), ()):
                if (arn.account or account) in ("", one):
                    return one, f"{service} {listing}"
        return None

    def _whole(self, arn: Arn) -> Resource | None:
        """Return the resource whose policy applies to a part, by the ARN of the part."""
        if arn.service == "s3" and not arn.account:
            bucket = arn.resource.partition("/")[0]
            return self._by_arn.get(f"arn:{arn.partition}:s3:::{bucket}")
        if is_of_access_point(arn):
            return self._by_arn.get(str(access_point_arn(arn)))
        if arn.service == "organizations":
            # AWS Organizations User Guide, "Delegated administrator for AWS Organizations".
            return self._delegation_policies.get(arn.account)
        parent = parent_of(arn)
        whole = None if parent is None else self._by_arn.get(str(parent))
        if whole is not None and arn.service == "dynamodb" and "/stream/" in arn.resource:
            # A stream has a policy of its own (DynamoDB Developer Guide, "Using resource-based policies").
            return whole.model_copy(update={"policy": None, "is_policy_captured": False})
        return whole

    def bucket(self, access_point: Resource, bucket: AccessPointBucket) -> Resource | None:
        """Return a bucket behind an access point."""
        return self._by_arn.get(f"arn:{access_point.arn.split(':', 2)[1]}:s3:::{bucket.name}")

    def without_alias(self, resource: str) -> str:
        """Return a resource with an access point alias, used as a bucket name, replaced by the access point's ARN.

        S3 accepts aliases in requests and decides by the ARN; policies do not use aliases.
        """
        if not self._by_alias:
            return resource
        head, _, rest = resource.lstrip().partition(":::")
        alias, slash, key = rest.partition("/")
        found = self._by_alias.get(alias) if head.endswith(":s3") else None
        if found is None:
            return resource
        return f"{found.arn}{_OBJECT}{key}" if slash and key else found.arn

    def document_of(self, resource: Resource) -> Document | None:
        """Return the resource's policy, parsed; without one, the default policy of its service, or None."""
        policy = default_policy(resource.arn) if resource.policy is None else resource.policy
        return None if policy is None else self._documents.parse(policy, resource.arn)

    def settings_of(self, account: str) -> AccountSettings | None:
        """Return an account's own settings."""
        return self._settings.get(account)

    def restricts_public_buckets(self, resource: Resource | None, account: str | None) -> bool:
        """Return whether Block Public Access restricts public policies, of the bucket or its account (rule I7)."""
        settings = self.settings_of(account) if account else None
        own = resource.public_access_block if resource is not None else None
        blocks = (own, settings.public_access_block if settings else None)
        return any(block is not None and block.restrict_public_buckets for block in blocks)
