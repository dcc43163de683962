"""``iamdesk describe`` and ``iamdesk external-access`` print what the pages of the window show."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iamdesk.api import Workbench

ELENA = "arn:aws:iam::111122223333:user/engineering/elena.petrov"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


def test_a_principal_is_described(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("describe", sample, ELENA)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0] == ELENA
    assert lines[1].startswith("  Not an administrator; may become one in a single step through role reporting, by ")
    assert "Privilege escalation (4)" in lines
    assert any(line.startswith("  permissions: 66 allowed") for line in lines)
    told = json.loads(iamdesk("describe", sample, ELENA, "--format", "json").stdout)
    assert (told["Key"], told["Kind"]) == (ELENA, "user")
    opened = Workbench().open_snapshot(sample)
    made = {one.part.value: one for one in (*opened.principal_page(ELENA), *opened.principal_escalation(ELENA))}
    assert {one["Section"] for one in told["Sections"]} == made.keys()
    for one in told["Sections"]:
        assert [line["Text"] for line in one["Lines"]] == [line.text for line in made[one["Section"]].lines]


def test_a_resource_is_described(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("describe", sample.parent / "acme-organization", QUEUE)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("  No external access. 7 principals of the snapshot have access")
    assert "Principals with access (7)" in done.stdout.splitlines()


def test_what_has_no_page_is_refused(iamdesk: Callable[..., Any], sample: Path) -> None:
    for key in ("nobody", "111122223333", "arn:aws:iam::111122223333:policy/engineering/EngineerBaseline"):
        done = iamdesk("describe", sample, key)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"iamdesk: the snapshot has no user, role, group or resource {key}\n"


def test_external_access_is_listed(iamdesk: Callable[..., Any], sample: Path) -> None:
    told = json.loads(iamdesk("external-access", sample, "--format", "json").stdout)
    entries = list(Workbench().open_snapshot(sample).external_access())
    assert [(one["Who"], one["Target"]) for one in told] == [(one.who, one.target) for one in entries]
    deploy = next(one for one in told if one["Target"].endswith("/GitHubActionsDeploy"))
    assert (deploy["StepsToAdministration"], deploy["Decision"]) == (1, "conditional")
    done = iamdesk("external-access", sample)
    assert "  condition: sts:ExternalId is acme-7f3d1c9b" in done.stdout.splitlines()
    assert done.stderr == f"iamdesk: {len(entries)} external callers\n"


def test_external_access_to_a_part_names_the_part(iamdesk: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    """Without the organization's own policies, its bucket lets in another account below ``export/``."""
    alone = shutil.copytree(sample.parent / "acme-organization", tmp_path / "alone")
    shutil.rmtree(alone / "organization")
    bucket, outside = "arn:aws:s3:::acme-org-data", "arn:aws:iam::999999999999:root"
    told = json.loads(iamdesk("external-access", alone, "--format", "json").stdout)
    (entry,) = [one for one in told if one["Target"] == bucket and one["Who"] == outside]
    assert (entry["Part"], entry["CanDo"]) == ("acme-org-data/export/*", "s3:GetObject")
    assert "  only acme-org-data/export/*" in iamdesk("external-access", alone).stdout.splitlines()
    described = iamdesk("describe", alone, bucket).stdout
    assert "No external access" not in described
    assert "  account 999999999999: " in described
    assert " · only acme-org-data/export/*" in described
