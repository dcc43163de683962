"""Reviews whose items were made before their effect was worked out: their evidence is written and verified as ever."""

import csv
from pathlib import Path

from iamdesk.api import SnapshotSession
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import FORMAT_1, ITEM_FORMAT
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head

from .conftest import NOW

EFFECT_COLUMNS = {"tier", "effect_kind", "effect_status", "gives", "revoking", "lost_action_count", "suggestion"}


def rows(pack: Path) -> list[dict[str, str]]:
    with (pack / "03_entitlements.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_old_review_is_written_and_verified_without_effects(sample: SnapshotSession, tmp_path: Path) -> None:
    scope = review_scope(sample.evaluator, item_format=FORMAT_1)
    path = tmp_path / "old.iamreview"
    head = Head("r-1", "Old", sample.snapshot.sha256, sample.snapshot.path.name, NOW)
    ReviewFile.create(path, head, scope.population, scope.lines).close()
    with ReviewFile.open(path) as review:
        assert ITEM_FORMAT not in review.head.details
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=NOW)
    assert not EFFECT_COLUMNS & rows(pack)[0].keys()
    wrong = [one for one in verify(pack) if one.outcome is Outcome.FAILED]
    # The findings were left out of this review: nothing but them is missed.
    assert [one.name for one in wrong] == ["findings re-performed"]


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
