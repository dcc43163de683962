"""What cannot be read at all."""


class SnapshotError(Exception):
    """A file that is no snapshot, or that cannot be read. Its text is one sentence that names the file and the place."""
