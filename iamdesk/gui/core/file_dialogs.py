"""The file dialogs, the only modal ones. Tests replace the object."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from iamdesk.i18n import mark, tr

_SNAPSHOTS = mark("Snapshots (*.json *.json.gz *.gz *.zip);;All files (*)")


class FileDialogs:
    """The real dialogs."""

    def snapshot_to_open(self, parent: QWidget, folder: Path, title: str = "") -> Path | None:
        """Ask for a snapshot; ``title`` says which, if it is not to be opened. None if the user cancels."""
        title = title or tr("Open a snapshot")
        name, _ = QFileDialog.getOpenFileName(parent, title, str(folder), tr(_SNAPSHOTS))
        return Path(name) if name else None

    def folder_to_open(self, parent: QWidget, folder: Path) -> Path | None:
        """Ask for a folder with a snapshot; None if the user cancels."""
        name = QFileDialog.getExistingDirectory(parent, tr("Open a folder"), str(folder))
        return Path(name) if name else None

    def folder_to_choose(self, parent: QWidget, title: str, folder: Path) -> Path | None:
        """Ask for a folder for another purpose; None if the user cancels."""
        name = QFileDialog.getExistingDirectory(parent, title, str(folder))
        return Path(name) if name else None

    def files_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> tuple[Path, ...]:
        """Ask for files; none if the user cancels."""
        names, _ = QFileDialog.getOpenFileNames(parent, title, str(folder), kinds)
        return tuple(map(Path, names))

    def file_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:
        """Ask for a file; ``kinds`` is a Qt filter. None if the user cancels."""
        name, _ = QFileDialog.getOpenFileName(parent, title, str(folder), kinds)
        return Path(name) if name else None

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:
        """Ask where to save; ``kinds`` is a Qt filter. None if the user cancels."""
        name, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), kinds)
        return Path(name) if name else None
