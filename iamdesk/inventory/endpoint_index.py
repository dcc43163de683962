"""The VPC endpoints of a snapshot, the services that they serve, and their policies (rule B9)."""

from collections.abc import Mapping, Sequence

from iamdesk.aws.service_reference import reference
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import VpcEndpoint

_FIPS = "-fips"
_OTHERWISE_NAMED: Mapping[str, str] = {
    "aps-workspaces": "aps",
    "autoscaling-plans": "autoscaling-plans",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-data-automation-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "dynamodb-streams": "dynamodb",
    "ecs-agent": "ecs",
    "ecs-telemetry": "ecs",
    "email": "ses",
    "email-smtp": "ses",
    "git-codecommit": "codecommit",
    "kinesis-firehose": "firehose",
    "kinesis-streams": "kinesis",
    "models-v2-lex": "lex",
    "monitoring": "cloudwatch",
    "runtime-v2-lex": "lex",
    "s3-global": "s3",
    "sync-states": "states",
}
"""Names in endpoint services that differ from the prefix of the service's actions.

Source: AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink"."""


def service_of(endpoint: VpcEndpoint) -> str | None:
    """Return the action prefix of an endpoint's service (``s3``); None where the service name does not show it."""
    parts = endpoint.service_name.split(".")
    # com.amazonaws.REGION.NAME…; of a global service com.amazonaws.NAME…; AWS China puts cn before it.
    names = parts[parts.index("amazonaws") + 1 :] if "amazonaws" in parts else []
    for name in names:
        plain = name.removesuffix(_FIPS)
        prefix = _OTHERWISE_NAMED.get(plain, plain)
        if reference().service_exists(prefix):
            return prefix
    return None


class EndpointIndex:
    """Finds VPC endpoints by id and by the service that they serve."""

    def __init__(self, snapshot: Snapshot, documents: DocumentStore) -> None:
        self._documents = documents
        self._by_id = {endpoint.vpc_endpoint_id: endpoint for endpoint in snapshot.vpc_endpoints}
        self._limiting: dict[str, list[VpcEndpoint]] = {}
        for endpoint in snapshot.vpc_endpoints:
            service = service_of(endpoint)
            if service is not None and endpoint.policy_document is not None:
                self._limiting.setdefault(service, []).append(endpoint)

    def find(self, endpoint_id: str) -> VpcEndpoint | None:
        """Return an endpoint by its id (``vpce-…``)."""
        return self._by_id.get(endpoint_id)

    def with_policies(self, service: str) -> Sequence[VpcEndpoint]:
        """Return the endpoints with a policy through which requests to a service can come."""
        return self._limiting.get(service, ())

    def document_of(self, endpoint: VpcEndpoint) -> Document | None:
        """Return an endpoint's policy, parsed; None where it has none, and so no limit."""
        return None if endpoint.policy_document is None else self._documents.parse(endpoint.policy_document)
