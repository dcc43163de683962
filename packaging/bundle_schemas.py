"""Write the JSON Schemas of a bundle's files, and of a review, into ``resources/schemas`` anew: ``make schemas``."""

import json
import shutil
from pathlib import Path

from iamdesk.export.evidence.schema import review_schema
from iamdesk.snapshot.schemas import bundle_schemas

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "schemas"


def main() -> None:
    """Write every schema; what is no longer one is removed."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for path, schema in {**bundle_schemas(), "review.json": review_schema()}.items():
        file = FOLDER / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
