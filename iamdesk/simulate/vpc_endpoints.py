"""The VPC endpoint of a request: the one it comes through, and those it may come through (rule B9)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY, MFA_KEY
from iamdesk.evaluate.derived_keys import NetworkPath
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, PossibleEndpoint, SourceType
from iamdesk.evaluate.request import ContextValues, MissingContextMode, PolicyType
from iamdesk.i18n import phrase
from iamdesk.inventory.endpoint_index import EndpointIndex, service_of
from iamdesk.inventory.keys import endpoint_policy_key
from iamdesk.snapshot.resources import VpcEndpoint

ENDPOINT_KEY = "aws:sourcevpce"
_VPC_KEY = "aws:sourcevpc"
_PUBLIC_ADDRESS_KEY = "aws:sourceip"
_GATEWAY = "Gateway"

_DECIDING = frozenset({ENDPOINT_KEY, ISSUE_TIME_KEY, MFA_KEY})
"""Keys that decide more than conditions: which policies apply to a request, and whether credentials can make it."""


class NetworkOrigin(NamedTuple):
    """What is known of the network path of a request to AWS."""

    network_path: NetworkPath | None
    """None: it may come through an endpoint or not."""
    policy: AttachedPolicy | None = None
    """The policy of its endpoint."""
    missing_data: tuple[MissingData, ...] = ()
    possible: tuple[PossibleEndpoint, ...] = ()
    """Endpoints with policies through which it may come, where that is not known."""


_UNKNOWN_ORIGIN = NetworkOrigin(None)


def network_path_given(given: ContextValues, unknown: MissingContextMode) -> Mapping[str, str | None]:
    """Return the part of an entered context that policy types depend on: the endpoint of a request, its credentials."""
    network_path = {key: _single(value) for key, value in given.items() if key.lower() in _DECIDING}
    if network_path and unknown is MissingContextMode.ABSENT and MFA_KEY not in map(str.lower, network_path):
        network_path[MFA_KEY] = None
    return network_path


def path(
    given: ContextValues,
    unknown: MissingContextMode,
    target: Target,
    endpoints: EndpointIndex,
    region: str | None = None,
) -> NetworkOrigin:
    """Return what the entered context shows of the request's endpoint.

    ``region`` is the resource's Region, for ARNs without one (S3 buckets); None: not known.
    """
    if not given and not endpoints.with_policies(target.service):
        return _UNKNOWN_ORIGIN
    known = {key.lower(): _single(value) for key, value in given.items() if key.lower() in _KEYS}
    if ENDPOINT_KEY in known:
        endpoint_id = known[ENDPOINT_KEY]
        if endpoint_id is None:
            return NetworkOrigin(NetworkPath(is_through_endpoint=False))
        return _through(endpoint_id, target, endpoints)
    if unknown is MissingContextMode.ABSENT or known.get(_PUBLIC_ADDRESS_KEY) is not None:
        return NetworkOrigin(None)
    if _VPC_KEY in known and known[_VPC_KEY] is None:
        return NetworkOrigin(None)
    vpc = known.get(_VPC_KEY)
    possible = [
        PossibleEndpoint(policy, endpoint.vpc_id)
        for endpoint in endpoints.with_policies(target.service)
        if vpc is None or endpoint.vpc_id in (None, vpc)
        if _serves_region(endpoint, target, region)
        if (policy := _attached(endpoint, endpoints)) is not None
    ]
    return NetworkOrigin(None, possible=tuple(possible))


_KEYS = frozenset({ENDPOINT_KEY, _VPC_KEY, _PUBLIC_ADDRESS_KEY})


def _single(value: str | Sequence[str] | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else None


def _through(endpoint_id: str, target: Target, endpoints: EndpointIndex) -> NetworkOrigin:
    endpoint = endpoints.find(endpoint_id)
    if endpoint is None:
        message = phrase(
            "The VPC endpoint {endpoint_id} is not captured. Its policy is assumed to allow the request.",
            endpoint_id=endpoint_id,
        )
        return NetworkOrigin(
            NetworkPath(is_through_endpoint=True),
            missing_data=(MissingData("endpoint-not-captured", message, PolicyType.ENDPOINT),),
        )
    network_path = NetworkPath(is_through_endpoint=True, vpc_id=endpoint.vpc_id, owner=endpoint.owner_id)
    service = service_of(endpoint)
    if service not in (None, target.service):
        message = phrase(
            "The VPC endpoint {endpoint_id} is for {service_name}: this request cannot come through it.",
            endpoint_id=endpoint_id,
            service_name=endpoint.service_name,
        )
        return NetworkOrigin(
            network_path, missing_data=(MissingData("endpoint-of-other-service", message, PolicyType.ENDPOINT),)
        )
    return NetworkOrigin(network_path, _attached(endpoint, endpoints))


def _attached(endpoint: VpcEndpoint, endpoints: EndpointIndex) -> AttachedPolicy | None:
    document = endpoints.document_of(endpoint)
    if document is None:
        return None
    return AttachedPolicy(
        PolicyType.ENDPOINT,
        SourceType.ENDPOINT,
        endpoint.vpc_endpoint_id,
        endpoint_policy_key(endpoint.vpc_endpoint_id),
        phrase("policy of {name}", name=endpoint.vpc_endpoint_id),
        endpoint.vpc_endpoint_id,
        document,
        is_of_gateway=endpoint.vpc_endpoint_type == _GATEWAY,
    )


def _serves_region(endpoint: VpcEndpoint, target: Target, known: str | None) -> bool:
    """Return whether an endpoint can take a request: it must be in the resource's Region, where that is known."""
    region = (target.resource.region if target.resource is not None else "") or known or ""
    return not region or "*" in region or f".{region}." in endpoint.service_name or service_is_global(endpoint)


def service_is_global(endpoint: VpcEndpoint) -> bool:
    """Return whether an endpoint's service names no Region (``com.amazonaws.s3-global.accesspoint``)."""
    return not any(part.count("-") >= 2 and part[-1:].isdigit() for part in endpoint.service_name.split("."))
