"""``iamdesk what-if``: tried, told, and written as commands that do nothing by themselves."""

import json
import re
import subprocess
from pathlib import Path

from ..attack_paths.cases import WEAK, World, arn
from ..builders.captures import allow, document
from .conftest import Run

ANA = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def changes(folder: Path, *listed: object) -> Path:
    path = folder / "changes.json"
    path.write_text(json.dumps(listed))
    return path


def test_what_a_change_does_is_told_and_its_command_written(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    before = sample.read_bytes()
    script = tmp_path / "do it.sh"
    file = changes(tmp_path, {"do": "attach-policy", "subject": ANA, "detail": READ})

    done = iamdesk("what-if", sample, file, "--commands", script)

    assert done.returncode == 0, done.stderr
    assert "Access of 1 principal changed" in done.stdout
    assert "AmazonS3ReadOnlyAccess was attached to user/engineering/ana.moreno." in done.stdout
    assert re.search(
        r"proof: s3:\S+ on \S+: denied .* today, (allowed|conditional) after these changes$", done.stdout, re.M
    )
    assert sample.read_bytes() == before
    dry = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert dry.stdout == (
        "would run, in 111122223333: aws iam attach-user-policy --user-name ana.moreno --policy-arn "
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\n"
    )


def test_a_group_is_counted_apart_from_principals(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    """It was "Access of 3 principals changed", and two of them were listed: the third was the group."""
    group = "arn:aws:iam::111122223333:group/engineering/sre/SiteReliability"
    detached = {"do": "detach-policy", "subject": group, "detail": "arn:aws:iam::aws:policy/PowerUserAccess"}

    told = iamdesk("what-if", sample, changes(tmp_path, detached), "--access-only").stdout

    assert told.startswith("Access of 2 principals changed, 1 group changed, inconclusive for 1, ")
    listed = told.splitlines()
    at = listed.index(f"{group} (changed)")
    assert listed[at + 1] == "  what it grants changed; what its members gained or lost is listed with them"
    assert sum(":user/" in line and line.endswith("(changed)") for line in listed) == 2


def test_json_is_that_of_a_comparison(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    file = changes(tmp_path, {"do": "attach-policy", "subject": ANA, "detail": READ})

    told = json.loads(iamdesk("what-if", sample, file, "--format", "json").stdout)

    assert (told["DiffVersion"], told["Counts"]["Gained"]) == ("iamdesk-diff/1", 1)
    assert told["New"]["Name"] == "acme-prod.json with 1 change"


def test_what_cannot_be_done_ends_with_status_2(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    file = changes(tmp_path, {"do": "detach-policy", "subject": ANA, "detail": READ})

    done = iamdesk("what-if", sample, file)

    assert (done.returncode, done.stdout) == (2, "")
    assert "changes.json: change 1:" in done.stderr


DEPLOY = "arn:aws:iam::111122223333:role/deploy/deploy"


def test_paths_and_findings_that_appear_and_vanish(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}]}
    away = {"do": "put-inline-policy", "subject": DEPLOY, "detail": "stop", "document": deny}
    admin = {"do": "attach-policy", "subject": ANA, "detail": "arn:aws:iam::aws:policy/AdministratorAccess"}
    file = changes(tmp_path, away, admin)

    risks = json.loads(iamdesk("what-if", sample, file, "--format", "json").stdout)["Risks"]

    assert risks["AdministratorsGained"] == [ANA]
    assert [(one["Start"], one["Steps"][0]["Path"]) for one in risks["PathsLost"] if one["Start"] == DEPLOY] == [
        (DEPLOY, "sts-001")
    ]
    assert not [one for one in risks["PathsGained"] if one["Start"] == DEPLOY]
    assert ("ADM-01", ANA) in {(one["Check"], one["Subject"]) for one in risks["FindingsGained"]}
    assert DEPLOY in {one["Subject"] for one in risks["FindingsLost"]}
    text = iamdesk("what-if", sample, file).stdout
    assert f"New administrators: 1\n  {ANA}" in text
    assert f"{DEPLOY} to administrator of account 111122223333, sts-001 on" in text
    assert "Findings that" not in iamdesk("what-if", sample, file, "--access-only").stdout


SRE = "arn:aws:iam::111122223333:group/engineering/sre/SiteReliability"
DEPLOYMENT = "arn:aws:iam::111122223333:policy/engineering/DeploymentPassRole"


def test_a_detached_policy_makes_no_finding_of_its_own(iamdesk: Run, sample: Path, tmp_path: Path) -> None:
    """AWS's count of attachments follows; the longer path that was there before is no new risk."""
    file = changes(tmp_path, {"do": "detach-policy", "subject": SRE, "detail": DEPLOYMENT})

    risks = json.loads(iamdesk("what-if", sample, file, "--format", "json").stdout)["Risks"]

    assert risks["PathsGained"] == []
    assert risks["FindingsGained"] == []
    longer = {(one["Check"], one["Subject"].rpartition("/")[2]) for one in risks["FindingsRemaining"]}
    assert longer == {("CHN-02", "deepak.rao"), ("CHN-02", "grace.lin")}
    assert ("CHN-01", "deepak.rao") in {
        (one["Check"], one["Subject"].rpartition("/")[2]) for one in risks["FindingsLost"]
    }


def test_a_possible_path_beside_the_one_that_ended_is_no_new_risk(iamdesk: Run, tmp_path: Path) -> None:
    """It is shorter, and depends on MFA: only the proven one was reported before."""
    world = World()
    jump = world.policy("jump", document(allow("sts:AssumeRole", arn("role/app"))))
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    own = document(allow("iam:PutUserPolicy", arn("user/bob"), **mfa))
    world.user("bob", {"own": own}, attached=[jump, world.policy("weak", WEAK)])
    trusts = document({"Effect": "Allow", "Principal": {"AWS": arn("root")}, "Action": "sts:AssumeRole"})
    world.role("app", {"some": document(allow("iam:PutRolePolicy", arn("role/app")))}, trusts)
    world.snapshot(tmp_path)
    file = changes(tmp_path, {"do": "detach-policy", "subject": arn("user/bob"), "detail": jump})

    risks = json.loads(iamdesk("what-if", tmp_path / "own.json", file, "--format", "json").stdout)["Risks"]

    def chains(name: str) -> list[tuple[str, str]]:
        return [(one["Check"], one["State"]) for one in risks[name] if one["Check"].startswith("CHN-")]

    assert chains("FindingsGained") == []
    assert chains("FindingsRemaining") == [("CHN-01", "cannot tell")]
    assert chains("FindingsLost") == [("CHN-02", "found")]
