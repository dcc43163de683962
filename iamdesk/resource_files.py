"""The files that ship with iamdesk, in every kind of install."""

from importlib.resources import files
from pathlib import Path


def resources() -> Path:
    """Return the folder of shipped resources (icons, samples, help, templates, data).

    It is inside the package in a wheel and in a frozen application, beside it in a checkout (editable install).
    """
    inside = Path(str(files("iamdesk"))) / "resources"
    return inside if inside.is_dir() else inside.parent.parent / "resources"


def sample_snapshot() -> Path:
    """Return the sample snapshot: one account that shows every feature."""
    return resources() / "samples" / "acme-prod.json"


def sample_organization() -> Path:
    """Return the sample snapshot of an organization: a folder."""
    return resources() / "samples" / "acme-organization"
