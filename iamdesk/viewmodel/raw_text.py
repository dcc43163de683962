"""An entry as captured, for the JSON tab."""

from pydantic import BaseModel

from iamdesk.policy.source_map import render


def raw_text(entry: BaseModel) -> str:
    """Print an entry: AWS's names, only captured fields, invisible characters escaped."""
    return render(entry.model_dump(mode="json", by_alias=True, exclude_unset=True)).text
