"""The fields of the collect dialog: what to collect, with which credentials, and where to save it."""

import re
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from iamdesk.collect.options import Kind, Options
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.i18n import tr

_WORDS = re.compile(r"[\s,;]+")


class CollectForm(QWidget):
    """The fields. Its `options` are validated by the collector."""

    def __init__(self, profiles: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.output = QLineEdit(str(_suggestion()))
        self.browse = QPushButton(tr("&Browse…"))
        self.profile = QComboBox()
        self.profile.setEditable(True)
        self.profile.addItems(["", *profiles])
        typed = self.profile.lineEdit()
        if typed is not None:  # never None for an editable combo box
            typed.setPlaceholderText(tr("current profile"))
            typed.setAccessibleName(tr("Profile"))
        self.regions = QLineEdit()
        self.regions.setPlaceholderText(tr("all enabled Regions"))
        self.role = QLineEdit()
        self.role.setPlaceholderText(tr("none: this account only"))
        self.accounts = QLineEdit()
        self.accounts.setPlaceholderText(tr("all active accounts of the organization"))
        self.last_accessed = QCheckBox(tr("Last-accessed data of each principal (takes the lon&gest)"))
        self.last_accessed.setChecked(True)
        self.role.textChanged.connect(self._allow_accounts)
        self._allow_accounts()
        self._lay_out()

    def options(self) -> Options:
        """Return the values of the fields."""
        skipped = frozenset() if self.last_accessed.isChecked() else frozenset({Kind.SERVICE_LAST_ACCESSED})
        role = self.role.text().strip()
        return Options(
            output=Path(self.output.text().strip()).expanduser(),
            profile=self.profile.currentText().strip() or None,
            regions=_words(self.regions.text()),
            role_name=role or None,
            accounts=_words(self.accounts.text()) if role else (),
            skip=skipped,
        )

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.output, 1)
        place.addWidget(self.browse)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            (tr("&Save as"), self.output, tr("A new folder, or a .zip file. An unfinished capture is resumed.")),
            (tr("&Profile"), self.profile, tr("A profile of the AWS configuration files.")),
            (tr("&Regions"), self.regions, tr("Region names such as eu-west-1, separated by spaces.")),
            (tr("R&ole in the other accounts"), self.role, tr("Name of a role that exists in each account.")),
            (tr("&Accounts"), self.accounts, tr("Account IDs of twelve digits, separated by spaces.")),
        )
        for words, field, tip in rows:
            field.setAccessibleName(words.replace("&", ""))
            field.setAccessibleDescription(tip)
            set_tooltip(field, tip)
            if field is self.output:
                layout.addRow(plain_label(words, buddy=field), place)
            else:
                layout.addRow(plain_label(words, buddy=field), field)
        self.browse.setAccessibleName(tr("Choose where to save"))
        layout.addRow("", self.last_accessed)

    def _allow_accounts(self) -> None:
        self.accounts.setEnabled(bool(self.role.text().strip()))


def _suggestion() -> Path:
    today = datetime.now(UTC).astimezone().date()
    return Path.home() / f"aws-{today.isoformat()}.zip"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORDS.split(text) if word)
