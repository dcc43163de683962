"""The effects of entitlements in the sheet and the annex of a package."""

import csv
from pathlib import Path

EFFECT_COLUMNS = {"tier", "effect_kind", "effect_status", "gives", "revoking", "lost_action_count", "suggestion"}


def rows(pack: Path) -> list[dict[str, str]]:
    with (pack / "03_entitlements.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_new_review_has_the_effects_in_its_sheet(pack: Path) -> None:
    told = {(one["holder_display"], one["entitlement_name"]): one for one in rows(pack)}
    assert rows(pack)[0].keys() >= EFFECT_COLUMNS
    own = told["user ana.moreno", "AllStaff"]
    assert (
        own["gives"] == "Grants 13 actions (permissions 8, list and metadata 5); 5 also granted by other entitlements."
    )
    assert own["revoking"] == "Revoking it: 8 lost, 0 gained."
    assert (own["lost_action_count"], own["gained_action_count"], own["tier"]) == ("8", "0", "1")
    assert told["group Engineers", "RegionLock"]["effect_kind"] == "guardrail"
    text = (pack / "01_annex.html").read_text(encoding="utf-8")
    assert "Revoking it gives 6 principals more access" in text
