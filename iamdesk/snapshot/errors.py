"""What cannot be read at all."""


class SnapshotError(Exception):
    """What is no snapshot, or cannot be read. Its text is one sentence that names the file and the place."""

    def __init__(self, text: str, what: str = "") -> None:
        super().__init__(text)
        self.what = what
        """The same without the name of the file, where that was put before it."""

    def beside(self, name: str) -> str:
        """Return what it says where the file's name is told already."""
        return self.what or str(self).removeprefix(f"{name}: ")
