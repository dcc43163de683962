"""Why a review file cannot be used."""


class ReviewError(Exception):
    """A review that cannot be opened, written or changed. Its text is one sentence that names the file."""
