"""An entry as it was captured, for the JSON tab."""

from pydantic import BaseModel

from iamdesk.policy.source_map import render


def raw_text(entry: BaseModel) -> str:
    """Print an entry: AWS's names, only what was there, unseen characters as escapes."""
    return render(entry.model_dump(mode="json", by_alias=True, exclude_unset=True)).text
