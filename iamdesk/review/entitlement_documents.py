"""Digest and condition keys of the policy documents of review items."""

from typing import Any

from iamdesk.policy.document import parse_document
from iamdesk.review.journal import digest


class Documents:
    """Describes policy documents, each once: thousands of principals may have the same document."""

    def __init__(self) -> None:
        self._cache: dict[int, tuple[Any, dict[str, Any], bool]] = {}

    def about(self, document: Any) -> dict[str, Any]:
        """Return the digest of a document and the condition keys of its Allow statements; ``missing`` for None."""
        return {"missing": True} if document is None else self._known(document)[1]

    def only_denies(self, document: Any) -> bool:
        """Return whether a document has only Deny statements (at least one); False for None, which may allow."""
        return document is not None and self._known(document)[2]

    def _known(self, document: Any) -> tuple[Any, dict[str, Any], bool]:
        known = self._cache.get(id(document))
        if known is None:  # the entry holds the document, so that its id stays unique
            known = self._cache[id(document)] = (document, *_about(document))
        return known


def _about(document: Any) -> tuple[dict[str, Any], bool]:
    statements = parse_document(document).statements
    allowing = [statement for statement in statements if statement.is_allow]
    keys = {test.key for statement in allowing for test in statement.conditions}
    about = {"document_sha256": digest(document), **({"conditions": sorted(keys)} if keys else {})}
    return about, bool(statements) and not allowing
