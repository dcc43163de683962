"""What cannot be read at all."""


class SnapshotError(Exception):
    """What is no snapshot, or cannot be read. Its text is one sentence that names the file and the place."""
