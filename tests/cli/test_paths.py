"""`iamdesk paths`: what principals can become, in the terminal and as JSON."""

import json

import pytest

from iamdesk.resource_files import sample_snapshot

from ..attack_paths.cases import FULL, World, arn
from ..builders.captures import allow, document, trusting

DEPLOY = "arn:aws:iam::111122223333:role/deploy/deploy"
PROD = "arn:aws:iam::111122223333:role/deploy/prod-deploy"


@pytest.fixture
def sample():
    return sample_snapshot()


def test_everybody_who_gets_to_administration(iamdesk, sample):
    done = iamdesk("paths", sample)
    assert done.returncode == 0
    assert f"proven    2 steps  {DEPLOY} to administrator of account 111122223333" in done.stdout
    assert "principals at the target already" in done.stderr


def test_one_principal_with_proof_and_what_stops_it(iamdesk, sample):
    done = iamdesk("paths", sample, "--from", DEPLOY)
    assert "reaches administrator in 2 steps" in done.stdout
    assert f"allowed: sts:AssumeRole on {PROD}, by trust policy of prod-deploy, statement 1" in done.stdout
    assert f"Add an inline policy to deploy that denies sts:AssumeRole on {PROD}. Ends 1 of " in done.stdout
    assert "\\u000a" not in done.stdout


def test_json_tells_the_same(iamdesk, sample):
    told = json.loads(iamdesk("paths", sample, "--from", DEPLOY, "--format", "json").stdout)
    (way,) = told["Ways"]
    assert [step["Path"] for step in way["Steps"]] == ["sts-001", "lambda-001"]
    assert way["State"] == "proven"
    assert way["Steps"][0]["Proof"][0]["EvalDecision"] == "allowed"
    assert told["Cuts"][0]["Stops"] == 1
    everybody = json.loads(iamdesk("paths", sample, "--format", "json").stdout)
    assert DEPLOY in {one["Principal"] for one in everybody["Principals"]}


def test_to_somebody_else(iamdesk, sample):
    done = iamdesk("paths", sample, "--from", DEPLOY, "--to", PROD)
    assert "proven    1 step" in done.stdout


@pytest.mark.parametrize(
    "options", [("--from", "arn:aws:iam::111122223333:user/nobody"), ("--to", "arn:aws:iam::111122223333:role/none")]
)
def test_who_is_not_in_the_snapshot(iamdesk, sample, options):
    done = iamdesk("paths", sample, *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "the snapshot has no user or role" in done.stderr


def test_the_plan_for_all_principals(iamdesk, sample):
    done = iamdesk("paths", sample, "--plan")
    assert done.returncode == 0
    assert done.stdout.startswith("1. ")
    assert "with an attack path after all changes: 0." in done.stderr
    plan = json.loads(iamdesk("paths", sample, "--plan", "--format", "json").stdout)
    assert plan["Remaining"] == []
    assert f"changes: {len(plan['Changes'])};" in done.stderr
    assert all(change["Edits"] and change["Ends"] for change in plan["Changes"])


def test_the_whole_graph_for_other_programs(iamdesk, sample):
    payload = json.loads(iamdesk("paths", sample, "--format", "opengraph").stdout)
    assert DEPLOY in {node["id"] for node in payload["graph"]["nodes"]}
    assert json.loads(iamdesk("paths", sample, "--format", "opengraph-extension").stdout)["relationship_kinds"]


@pytest.mark.parametrize("options", [("--plan", "--from", DEPLOY), ("--format", "opengraph", "--from", DEPLOY)])
def test_what_is_for_all_principals_is_not_for_one(iamdesk, sample, options):
    assert iamdesk("paths", sample, *options).returncode == 2


@pytest.fixture
def joining(tmp_path):
    """A snapshot in which a user joins a group that assumes an administrator."""
    world = World()
    world.user("a", {"own": document(allow("iam:AddUserToGroup", arn("group/g")))})
    world.group("g", {"own": document(allow("sts:AssumeRole", arn("role/strong")))})
    world.role("strong", {"all": FULL}, trusting({"AWS": arn("root")}))
    world.snapshot(tmp_path)
    return tmp_path / "own.json"


def test_paths_that_were_not_searched_are_no_answer(iamdesk, joining):
    done = iamdesk("paths", joining, "--limit", "0")
    assert done.returncode == 3
    assert "not searched: Attack paths that begin with changing one's own permissions" in done.stderr
    told = json.loads(iamdesk("paths", joining, "--limit", "0", "--format", "json").stdout)
    assert told["NotSearched"].startswith("Attack paths that begin with changing")
    assert arn("user/a") not in {one["Principal"] for one in told["Principals"]}


@pytest.mark.parametrize("options", [(), ("--limit", "1000"), ("--from", arn("user/a"))])
def test_paths_that_begin_with_a_change(iamdesk, joining, options):
    done = iamdesk("paths", joining, *options)
    assert done.returncode == 0
    assert f"proven    1 step   {arn('user/a')}" in done.stdout
    told = json.loads(iamdesk("paths", joining, *options, "--format", "json").stdout)
    assert told["NotSearched"] is None
