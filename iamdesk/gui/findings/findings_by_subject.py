"""The findings of the panel, by what they are about: for whoever shows one thing and what was found of it."""

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.findings.rows import FindingRow


class FindingsBySubject(QObject):
    """Looks into the panel's own rows; sorted anew when somebody asks after they have changed."""

    changed = Signal()
    """There may be other findings now."""

    def __init__(self, panel: FindingsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._by_subject: dict[str, list[FindingRow]] | None = None
        panel.title_changed.connect(self._forget)

    @property
    def is_complete(self) -> bool:
        """Whether every check has run."""
        return self._panel.is_complete

    def about(self, key: str) -> list[FindingRow]:
        """Return the findings about a key, those about its own policies included, suppressed ones left out."""
        if self._by_subject is None:
            self._by_subject = {}
            for row in self._panel.model.rows:
                if row.finding.suppression is None:
                    self._by_subject.setdefault(_whose(row.finding.subject_key), []).append(row)
        found = self._by_subject.get(_whose(key), [])
        # A policy of its own shows its own findings, not those of who carries it.
        return found if _whose(key) == key else [row for row in found if row.finding.subject_key == key]

    def _forget(self) -> None:
        self._by_subject = None
        self.changed.emit()


def _whose(key: str) -> str:
    """Return who carries an inline or trust policy; any other key as it is."""
    return key.partition("#")[0] if key.startswith("arn:") else key
