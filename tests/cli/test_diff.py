"""``iamdesk diff``: what it prints, for people and for scripts."""

import json
from pathlib import Path

import pytest

from .conftest import Run

ANA = "arn:aws:iam::111122223333:user/engineering/ana.moreno"


@pytest.fixture
def later(tmp_path: Path, sample: Path) -> Path:
    """The sample with a policy more, and another one in other words."""
    content = json.loads(sample.read_text())
    (ana,) = [user for user in content["UserDetailList"] if user["UserName"] == "ana.moreno"]
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    ana["AttachedManagedPolicies"].append({"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn})
    for user in content["UserDetailList"]:
        for inline in user.get("UserPolicyList", []):
            listed = inline["PolicyDocument"]["Statement"]
            statements = listed if isinstance(listed, list) else [listed]
            inline["PolicyDocument"]["Statement"] = [{**statement, "Sid": "Other"} for statement in statements]
    path = tmp_path / "later.json"
    path.write_text(json.dumps(content))
    return path


def test_text_tells_who_what_and_by_which_change(iamdesk: Run, sample: Path, later: Path) -> None:
    done = iamdesk("diff", sample, later)

    assert done.returncode == 0
    assert done.stdout.startswith("Access of 1 principal changed")
    assert f"\n{ANA} (changed)\n  gained s3:" in done.stdout
    assert "    cause: AmazonS3ReadOnlyAccess was attached to user/engineering/ana.moreno.\n" in done.stdout
    assert "no change in effect" in done.stdout
    assert "principals and groups" in done.stderr


def test_json_holds_the_same_and_a_request_that_shows_it(iamdesk: Run, sample: Path, later: Path) -> None:
    told = json.loads(iamdesk("diff", sample, later, "--format", "json").stdout)

    (changed,) = [one for one in told["Principals"] if one["Status"] == "changed"]
    (effect,) = changed["Effects"]
    assert (changed["Principal"], effect["Kind"], effect["Resource"]) == (ANA, "gained", "*")
    assert "s3:GetObject" in effect["Actions"]
    assert [cause["Kind"] for cause in effect["Causes"]] == ["policy attachment"]
    assert told["Counts"]["Principals"]["changed"] == 1
    assert {one["Effect"] for one in told["Texts"]} == {"changes access", "no change in effect"}
    witness = effect["Witness"]
    context = [f"--context={key}={value}" for key, value in witness["Context"].items()]
    asked = ("--principal", ANA, "--action", witness["Action"], "--resource", witness["Resource"], *context)
    for snapshot, expected in ((sample, witness["Old"]), (later, witness["New"])):
        assert iamdesk("can", snapshot, *asked, "--expect", expected).returncode == 0


def test_a_snapshot_and_itself_are_the_same(iamdesk: Run, sample: Path) -> None:
    told = json.loads(iamdesk("diff", sample, sample, "--format", "json").stdout)

    assert (told["Counts"]["Gained"], told["Counts"]["Lost"], told["Texts"]) == (0, 0, [])
    assert told["Figures"]["Questions"] == 0


def test_what_is_no_snapshot_ends_with_status_2(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")

    done = iamdesk("diff", sample, nothing)

    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing.json" in done.stderr
