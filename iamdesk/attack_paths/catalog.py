"""The catalog of privilege-escalation techniques (``resources/data/escalation-paths.json``).

Ids and required permissions of published techniques follow pathfinding.cloud (Apache-2.0, see NOTICE).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from iamdesk.access.request_grid import FRESH
from iamdesk.i18n import join_messages, phrase, phrased
from iamdesk.inventory.workload_index import CREDENTIAL_USAGES
from iamdesk.resource_files import resources
from iamdesk.snapshot.workloads import RoleUsage, Workload, WorkloadKind

PASSES = "iam:PassRole"
ASSUMES = "sts:AssumeRole"
NEW_VERSION = "iam-001"
"""The technique that writes a managed policy of its own anew."""


class TargetType(StrEnum):
    """The resource of an action."""

    ITSELF = "itself"
    OWN_GROUP = "own group"
    OWN_POLICY = "own policy"
    """A customer managed policy attached to the principal or to a group of it."""
    OWN_BOUNDARY = "own boundary"
    """The customer managed policy that is the principal's permissions boundary."""
    TARGET = "target"
    TARGET_GROUP = "group of target"
    TARGET_POLICY = "policy of target"
    PROMOTING_GROUP = "administrator group"
    """A group whose policies make the target an administrator."""
    TARGET_PROVIDER = "provider of target"
    """A SAML provider that the target's trust policy names."""
    PASSED_ROLE = "passed role"
    NEW_POLICY = "new policy"
    """A customer managed policy that it creates; the same one for every action of the technique."""
    NEW_PRINCIPAL = "new principal"
    """A user or role that it creates; the same one for every action of the technique."""
    ANYTHING = "anything"
    """Any resource, new or existing."""


class TargetConstraint(StrEnum):
    """Which targets a technique has."""

    ITSELF = "itself"
    USER = "user"
    ROLE = "role"
    FOREIGN_ROLE = "role of another account"
    OPEN_ROLE = "role that trusts everyone"
    GROUP = "group"
    PASSED_ROLE = "passed role"
    ROLE_IN_USE = "role in use"
    """A resource that runs with the role, as far as the snapshot contains what runs with it."""
    PERMISSION_SET = "permission set"
    NEW_PRINCIPAL = "new principal"


class Gain(StrEnum):
    """What a technique gains."""

    BECOMES = "becomes"
    """Acting as the target."""
    ANY_PERMISSION = "any permission"
    """All permissions that boundary and organization policies allow to the target, or to itself."""
    MEMBERSHIP = "membership"
    WITHOUT_BOUNDARY = "without boundary"
    ANOTHER_BOUNDARY = "another boundary"
    OLDER_VERSION = "older version"
    WITHOUT_DENIAL = "without denial"
    PERMISSION_SET = "permission set"
    OTHER_TAGS = "other tags"
    """Tags with which policies allow more; completed by any technique."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Data):
    """Where a technique is published."""

    name: str
    url: str
    licence: str


class Required(_Data):
    """One action that a technique needs."""

    action: str
    on: TargetType


class EscalationPath(_Data):
    """One privilege-escalation technique."""

    id: str
    how: str
    """What it does, to complete "by …": ``changing the role's trust policy``."""
    actions: tuple[Required, ...]
    target: TargetConstraint
    gain: Gain
    service: str | None = None
    """The service that the target must trust, and to which the role is passed."""
    instance_profile: bool = False
    """Whether the target must be in an instance profile."""
    joined: bool = False
    """Whether it must be completed by a technique by which the principal becomes the target."""
    needs: tuple[str, ...] = ()
    """Required facts that are not in policies (keys of `Catalog.facts`)."""
    source: str
    page: str = ""
    """AWS's page that shows it; empty: the service authorization reference alone."""

    @property
    def creates_policy(self) -> bool:
        """Whether it attaches a policy that the principal creates."""
        return any(required.on is TargetType.NEW_POLICY for required in self.actions)

    @property
    def creates_principal(self) -> bool:
        """Whether it creates a user or role."""
        return self.actions[0].on is TargetType.NEW_PRINCIPAL

    @property
    def is_unbounding(self) -> bool:
        """Whether it removes or replaces a permissions boundary."""
        return self.gain in (Gain.WITHOUT_BOUNDARY, Gain.ANOTHER_BOUNDARY)


class CallAlternative(_Data):
    """One way to make a call so that it serves a technique."""

    sets: Mapping[str, str | tuple[str, ...]] = {}
    """Condition keys and the values that the call has; several: as AWS documents it, and how others spell it."""
    also: tuple[str, ...] = ()
    """Further resources, as ARNs with ``{partition}`` and ``{account}``, one of which the call must be allowed on."""

    def contexts(
        self, context: Mapping[str, str | Sequence[str] | None]
    ) -> Iterator[Mapping[str, str | Sequence[str] | None]]:
        """Yield the context of a request with what the call sets: as AWS documents it, then in other spellings."""
        number = max((len(one) for one in self.sets.values() if not isinstance(one, str)), default=1)
        for at in range(number):
            sets = {key: one if isinstance(one, str) else one[min(at, len(one) - 1)] for key, one in self.sets.items()}
            yield {**sets, **context}

    def resources(self, resource: str) -> Iterator[str]:
        """Yield `also` for a call on a resource."""
        partition, account = resource.split(":", 5)[1:5:3] if resource.startswith("arn:") else ("aws", "*")
        yield from (one.format(partition=partition, account=account) for one in self.also)


class Documents(_Data):
    """Which resources of a type serve a technique: the first list that matches decides."""

    serves: tuple[str, ...]
    """ARNs with ``{partition}``; they are tried, too."""
    unclear: tuple[str, ...] = ()
    """Patterns of those for which a step is at most possible."""
    ruled_out: tuple[str, ...] = ()


class CallParameters(_Data):
    """The parameters of some calls, as condition keys see them.

    A key of a call that is neither set nor free makes a step possible at most, unless the call can leave it out.
    """

    actions: tuple[str, ...]
    free: tuple[str, ...] = ()
    """Keys whose value does not matter for the technique, so that the caller chooses it; ``*`` at the end: all."""
    alternatives: tuple[CallAlternative, ...] = (CallAlternative(),)
    """One of these is enough."""
    on: Mapping[str, Documents] = {}
    """By resource type."""


class Slot(NamedTuple):
    """A resource that some calls of a technique are made on."""

    service: str
    types: tuple[str, ...]
    """Resource types, one of which it has; none: ``*``."""
    calls: tuple[str, ...]
    """The actions."""


class Sensitive(_Data):
    """Sensitive data, read by any of some actions on an arbitrary resource."""

    name: str
    actions: tuple[str, ...]


class Sent(_Data):
    """What a service sends when it assumes a role."""

    service: str
    """The service of the ARN, as its prefix."""
    types: frozenset[str] = frozenset()
    """The resource types whose own ARN it sends; of others, only account and Region are known."""
    is_documented: bool = True
    """Whether AWS's documentation shows it; otherwise it is unknown whether the service sends anything."""
    page: str


class _Meant(_Data):
    states: tuple[str, ...] = ()
    """As AWS prints them, empty text for none; no states: any."""
    takes_commands: bool = False
    """Whether commands have to be accepted."""

    def is_meant(self, one: Workload) -> bool:
        """Return whether a captured resource serves."""
        return (not self.states or one.state in self.states) and (not self.takes_commands or one.takes_commands is True)


def _cluster(arn: str) -> str:
    return arn.split("/", 2)[1]


class CapturedBesides(_Meant):
    """Resources that have to exist besides."""

    kind: WorkloadKind
    same: Literal["resource", "cluster", "region"]
    """What both have in common; calls are made on others of the Region, too."""
    refutes: bool = True
    """Whether a resource without them rules a fact out: a cluster without access entries may take some."""

    def shared(self, arn: str) -> str:
        """Return what a resource has in common with others."""
        return arn if self.same == "resource" else _cluster(arn) if self.same == "cluster" else arn.split(":", 4)[3]


class CapturedFact(_Meant):
    """The captured resources that a required fact of a technique is about."""

    kinds: tuple[WorkloadKind, ...]
    of_role: bool = True
    """Whether the resource has to use the target."""
    usages: frozenset[RoleUsage] = CREDENTIAL_USAGES
    """In which ways."""
    also: tuple[CapturedBesides, ...] = ()
    calls_on: tuple[str, ...] = ()
    """Further resources that calls are made on, with ``{scope}`` (the ARN up to the account) and ``{cluster}``."""
    is_enough: bool = True
    """Whether the fact is true if there is such a resource; False: it can only be refuted."""

    @property
    def all_kinds(self) -> tuple[WorkloadKind, ...]:
        """The kinds that have to be listed for it to be refuted."""
        return (*self.kinds, *(one.kind for one in self.also))

    def named(self, arn: str) -> Iterator[str]:
        """Yield `calls_on` of a resource."""
        scope = arn.rpartition(":")[0]
        known = {"scope": scope, "account": scope.rpartition(":")[2], "new": FRESH}
        yield from (one.format(**known, cluster=_cluster(arn)) for one in self.calls_on)


class Catalog(_Data):
    """The whole file."""

    format: str
    version: str
    about: str
    sources: Mapping[str, Source]
    facts: Mapping[str, str]
    """Facts that techniques need besides permissions, as text to complete "requires …"."""
    captured: Mapping[str, CapturedFact]
    """By fact, the resources that confirm or refute it; the others are about things that are not captured."""
    sends: Mapping[str, Sent]
    """By service, what AWS's documentation shows in trust policies; others may send any ARN, or none."""
    sensitive: tuple[Sensitive, ...]
    calls: tuple[CallParameters, ...]
    paths: tuple[EscalationPath, ...]

    def path(self, path_id: str) -> EscalationPath:
        """Return a technique by its id.

        Raises:
            KeyError: There is none.
        """
        return _by_id()[path_id]


@cache
def catalog() -> Catalog:
    """Return the catalog, read once."""
    return Catalog.model_validate_json((resources() / "data" / "escalation-paths.json").read_bytes())


@cache
def _by_id() -> dict[str, EscalationPath]:
    return {path.id: path for path in catalog().paths}


@cache
def _parameters() -> Mapping[str, Sequence[CallParameters]]:
    found: dict[str, list[CallParameters]] = {}
    for one in catalog().calls:
        for action in one.actions:
            found.setdefault(action.lower(), []).append(one)
    return found


def is_free(action: str, key: str) -> bool:
    """Return whether the caller of an action chooses the value of a key of it, in lower case, without loss."""
    return any(
        key.startswith(free[:-1].lower()) if free.endswith("*") else key == free.lower()
        for one in _parameters().get(action.lower(), ())
        for free in one.free
    )


_PLAIN = (CallAlternative(),)


@cache  # of the catalog's calls alone, and the few besides that are asked about
def alternatives_of(action: str) -> Sequence[CallAlternative]:
    """Return the alternatives of a call that serve a technique; one that is allowed is enough."""
    found = [one.alternatives for one in _parameters().get(action.lower(), ()) if one.alternatives != _PLAIN]
    return found[0] if found else _PLAIN


def resources_of(action: str) -> Mapping[str, Documents]:
    """Return which resources serve as resources of an action, by type; of other types, any do."""
    return next((one.on for one in _parameters().get(action.lower(), ()) if one.on), {})


_PLAINEST = {"iam-008": 0, "iam-009": 0, "iam-007": 1, "iam-005": 1}
"""Attaching a policy to itself, then writing one: the techniques that take least."""


@cache
def preference(path_id: str) -> int:
    """Return a rank for the last steps of a principal: changes of itself first, the plainest one before the others.

    Steps through IAM Identity Center are last: they need an account that manages it, of which there is one at most in
    an organization, besides a delegated administrator
    (https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html).
    """
    first, plus, rest = path_id.partition("+")
    if plus and _by_id()[first].gain in (Gain.MEMBERSHIP, Gain.OTHER_TAGS):  # a preparation
        return preference(rest)
    if _by_id()[path_id.rpartition("+")[2]].target is TargetConstraint.PERMISSION_SET:
        return LAST
    if not plus and first in _PLAINEST:
        return _PLAINEST[first]
    return 2 if _by_id()[first].target is TargetConstraint.ITSELF else 3


LAST = 4
"""The `preference` of steps through IAM Identity Center."""


def changes_another(path_id: str) -> bool:
    """Return whether a technique, or several joined with ``+``, change a principal without becoming it."""
    techniques = [_by_id()[one] for one in path_id.split("+")]
    return techniques[0].joined and all(one.gain is not Gain.BECOMES for one in techniques)


def actions_of(path_id: str) -> tuple[str, ...]:
    """Return the actions of a technique, or of several joined with ``+``, in order; empty for an unknown one."""
    found = [_by_id().get(one.strip()) for one in path_id.split("+")]
    return all_calls(one.action for path in found if path is not None for one in path.actions)


def how_words(path_id: str) -> str:
    """Return what a technique does, or several joined with ``+``, to complete "by …".

    Raises:
        KeyError: There is no such technique.
    """
    return join_messages(phrase(" and "), [phrased(_by_id()[one].how) for one in path_id.split("+")])


def all_calls(actions: Iterable[str]) -> tuple[str, ...]:
    """Return the API calls of actions in order, each once, with the call that takes advantage of a trust policy.

    Who changes a trust policy names itself in it, and then needs no permission to assume the role (rule I2).
    """
    calls = dict.fromkeys(actions)
    if "iam:UpdateAssumeRolePolicy" in calls:
        calls[ASSUMES] = None
    return tuple(calls)
