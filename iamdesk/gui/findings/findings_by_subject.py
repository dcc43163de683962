"""The findings of the panel by subject, for panels that show one item."""

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import FindingRow


class FindingsBySubject(QObject):
    """Groups the panel's own rows; again when needed after they have changed."""

    changed = Signal()
    """The findings may have changed."""

    def __init__(self, panel: FindingsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._by_subject: dict[str, list[FindingRow]] | None = None
        panel.title_changed.connect(self._forget)

    @property
    def is_complete(self) -> bool:
        """Whether all checks have run."""
        return self._panel.is_complete

    def counted(self, count: int) -> str:
        """Return a count of findings: 0 only if all checks have run."""
        return self._panel.counted(count)

    def about(self, key: str) -> list[FindingRow]:
        """Return the open findings of a key, including those of its inline and trust policies."""
        if self._by_subject is None:
            self._by_subject = {}
            for row in self._panel.model.rows:
                if row.finding.suppression is None:
                    self._by_subject.setdefault(_whose(row.finding.subject_key), []).append(row)
        found = self._by_subject.get(_whose(key), [])
        # A managed policy shows its own findings, not those of the principals that have it.
        return found if _whose(key) == key else [row for row in found if row.finding.subject_key == key]

    def _forget(self) -> None:
        self._by_subject = None
        self.changed.emit()


def _whose(key: str) -> str:
    """Return the owner of an inline or trust policy; any other key unchanged."""
    return key.partition("#")[0] if key.startswith("arn:") else key
