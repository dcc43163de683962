"""Where the files that ship with iamdesk stand, in every kind of install."""

from importlib.resources import files
from pathlib import Path


def resources() -> Path:
    """Return the folder of shipped resources (icons, samples, help, templates, data).

    In a wheel and in a frozen application it stands inside the package, in a checkout (editable install) beside it.
    """
    inside = Path(str(files("iamdesk"))) / "resources"
    return inside if inside.is_dir() else inside.parent.parent / "resources"


def sample_snapshot() -> Path:
    """Return the sample snapshot: one account that shows every feature."""
    return resources() / "samples" / "acme-prod.json"
