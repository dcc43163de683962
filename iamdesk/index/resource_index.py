"""What the snapshot knows of a resource by ARN: objects are found by their bucket, access points by themselves."""

from collections.abc import Mapping

from iamdesk.policy.arn import Arn
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccountSettings, Resource


class ResourceIndex:
    """Finds resources, their owners and their policies."""

    def __init__(self, snapshot: Snapshot, documents: DocumentStore) -> None:
        self._documents = documents
        self._by_arn: Mapping[str, Resource] = {resource.arn: resource for resource in snapshot.resources}
        self._settings: Mapping[str, AccountSettings] = {one.account_id: one for one in snapshot.account_settings}

    def find(self, arn: Arn) -> Resource | None:
        """Return the resource that carries the policy for an ARN: of an object its bucket, else the thing itself."""
        found = self._by_arn.get(str(arn))
        if found is not None:
            return found
        if arn.service == "s3" and not arn.account:
            bucket = arn.resource.partition("/")[0]
            return self._by_arn.get(f"arn:{arn.partition}:s3:::{bucket}")
        for separator in ("/", ":"):
            # A function's version or alias, a table's index or stream, an API's stage: the policy may be the parent's.
            head, found_separator, _ = arn.resource.rpartition(separator)
            if found_separator and head:
                parent = self._by_arn.get(str(arn._replace(resource=head)))
                if parent is not None:
                    return parent
        return None

    def document_of(self, resource: Resource) -> Document | None:
        """Return the resource's policy, parsed; None where it has none."""
        return None if resource.policy is None else self._documents.parse(resource.policy)

    def settings_of(self, account: str) -> AccountSettings | None:
        """Return an account's own settings."""
        return self._settings.get(account)

    def restricts_public_buckets(self, resource: Resource, account: str | None) -> bool:
        """Return whether Block Public Access restricts public policies, of the bucket or its account (SEMANTICS I7)."""
        settings = self.settings_of(account) if account else None
        blocks = (resource.public_access_block, settings.public_access_block if settings else None)
        return any(block is not None and block.restrict_public_buckets for block in blocks)
