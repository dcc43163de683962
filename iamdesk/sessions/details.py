"""Details of entities for the inspector."""

from typing import TYPE_CHECKING

from iamdesk.viewmodel.subjects import PolicyView, Subject, SubjectIndex

if TYPE_CHECKING:
    from iamdesk.policy.document import Document


class Details:
    """Returns details of principals, policies and everything else in the tree by key (``inventory.keys``)."""

    def __init__(self, subjects: SubjectIndex) -> None:
        self._subjects = subjects

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a tree key; None for a key that the snapshot does not hold."""
        return self._subjects.subject(key)

    def policy(self, key: str, version: str | None = None) -> PolicyView | None:
        """Return a policy's text and diagnostics by its key; without ``version``, the default version."""
        return self._subjects.policy(key, version)

    def readings(self, document: "Document", key: str = "") -> tuple[str, ...]:
        """Return each statement of a document as one plain sentence; ``key`` is the policy's."""
        from iamdesk.explain.statement_summary import document_readings

        parts = key.split(":", 5)
        account = parts[4] if len(parts) == 6 else ""
        return document_readings(document, account, self._subjects.entity_ids)
