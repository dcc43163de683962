"""The text of policies for display: managed policies in any version, inline and trust policies."""

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from iamdesk.i18n import phrase
from iamdesk.inventory.references import name_of
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import ManagedPolicyDetail
from iamdesk.viewmodel.entities import EntityLookup, OwnDocument, links_to, policy_kind
from iamdesk.viewmodel.policy_list import problems_of
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import PolicyView


class PolicyViews:
    """Creates views of IAM policies by key; ``is_named`` returns which AWS managed policies are referenced."""

    def __init__(self, holdings: EntityLookup, documents: DocumentStore, is_named: Callable[[str], bool]) -> None:
        self._holdings = holdings
        self._documents = documents
        self._is_named = is_named

    def view(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's document by its key; ``version`` selects a version other than the default one.

        None for a key without a captured policy, and for a version that was not captured.
        """
        own = self._holdings.own_document(key)
        if own is not None:
            return None if version is not None else self.own(key, own)
        held = self._holdings.policies.get(key)
        if held is None or held[0].entry.default_version is None:
            # A referenced AWS managed policy, as AWS had published it. Results that use it say so.
            is_named = self._holdings.referring_account(key) is not None or self._is_named(key)
            published = aws_managed_policies().find(key) if is_named else None
            if published is not None:
                return self._managed(published, version)
        return None if held is None else self._managed(held[0].entry, version)

    def own(self, key: str, own: OwnDocument) -> PolicyView:
        """Return the view of an inline or trust policy."""
        return single_view(
            self._documents,
            key,
            phrase("Trust policy of {name}", name=name_of(own.owner)) if own.inline is None else own.inline.policy_name,
            NodeKind.TRUST_POLICY if own.inline is None else NodeKind.INLINE_POLICY,
            own.document,
            ((own.owner.arn, name_of(own.owner)),),
        )

    def _managed(self, policy: ManagedPolicyDetail, version: str | None) -> PolicyView | None:
        shown = policy.default_version
        if version is not None:
            shown = next((each for each in policy.policy_version_list if each.version_id == version), None)
            if shown is None:
                return None
        document = self._documents.parse(shown.document if shown else None)
        carriers = chain(self._holdings.carriers(policy.arn), self._holdings.bounded(policy.arn))
        in_force = policy.default_version.version_id if policy.default_version else policy.default_version_id
        return PolicyView(
            key=policy.arn,
            title=policy.policy_name,
            kind=policy_kind(policy),
            document=document,
            version=shown.version_id if shown else None,
            in_force=in_force,
            versions=tuple(sorted((each.version_id for each in policy.policy_version_list), key=_age_of_version)),
            problems=problems_of(document),
            carriers=links_to(carriers),
        )


def single_view(
    documents: DocumentStore,
    key: str,
    title: str,
    kind: NodeKind,
    raw: Any,
    carriers: Iterable[tuple[str, str]] = (),
    resource: str = "",
) -> PolicyView:
    """Return the view of a policy without versions; ``raw`` is its JSON value as captured.

    ``resource`` is the ARN of the resource that a resource policy belongs to.
    """
    document = documents.parse(raw, resource)
    return PolicyView(
        key=key,
        title=title,
        kind=kind,
        document=document,
        version=None,
        in_force=None,
        versions=(),
        problems=problems_of(document),
        carriers=tuple(carriers),
    )


def _age_of_version(version: str) -> tuple[int, str]:
    """Sort versions newest first: ``v12`` before ``v2``."""
    number = re.fullmatch("v([0-9]{1,9})", version)
    return (-int(number[1]) if number else 1), version
