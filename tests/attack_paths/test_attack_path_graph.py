"""The map of steps: several steps, other accounts, data, circles, what stops a way and what has stopped it."""

import json

import pytest

from iamdesk import Evaluator, Request, RequestError
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import TargetConstraint, catalog
from iamdesk.attack_paths.edge_sources import SourceFinder
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.types import State
from iamdesk.evaluate.request import EvalDecision
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.resources import Resource

from ..builders.captures import allow, document, trusting
from .cases import ACCOUNT, FULL, OTHER_ACCOUNT, WEAK, World, arn


def reach_of(world, folder, **more):
    return AttackPathGraph(Evaluator(world.snapshot(folder).model_copy(update=more)))


def chain(world, *names):
    """Add roles each of which trusts the one before; the first trusts the user alice, the last is an administrator."""
    before = arn("user/alice")
    for name in names:
        world.role(name, {"all": FULL} if name == names[-1] else {}, trusting({"AWS": before}))
        before = arn(f"role/{name}")


def test_several_steps(tmp_path):
    world = World()
    world.user("alice", {})
    chain(world, "one", "two", "three")
    reach = reach_of(world, tmp_path)
    reached = reach.reached(arn("user/alice"))
    # The three roles, and the anchor, whom an administrator becomes.
    assert (reached.to_administration, reached.principals) == (3, 4)
    attack_path = reach.attack_path(arn("user/alice"))
    assert [step.target for step in attack_path.steps] == [arn("role/one"), arn("role/two"), arn("role/three")]
    assert attack_path.state is State.PROVEN
    assert all(proof.decision.decision is EvalDecision.ALLOWED for step in attack_path.steps for proof in step.proof)
    assert reach.distances()[arn("role/two")].steps == 1


def test_another_account_and_its_administration(tmp_path):
    world = World()
    world.user("alice", {"some": document(allow("sts:AssumeRole"))})
    role = world.entity("role", "visitor", {"all": FULL}, AssumeRolePolicyDocument=trusting({"AWS": arn("root")}))
    role["Arn"] = arn("role/visitor", OTHER_ACCOUNT)
    role["InstanceProfileList"] = []
    world.foreign.append(role)
    reach = reach_of(world, tmp_path)
    assert reach.reached(arn("user/alice")).accounts == (OTHER_ACCOUNT,)
    assert [step.path_id for step in reach.attack_path(arn("user/alice"), OTHER_ACCOUNT).steps] == ["sts-002"]
    assert reach.attack_path(arn("user/alice"), ACCOUNT) is None


def test_sensitive_data_of_somebody_else(tmp_path):
    world = World()
    world.user("alice", {})
    world.role(
        "keeper", {"some": document(allow("secretsmanager:GetSecretValue"))}, trusting({"AWS": arn("user/alice")})
    )
    reach = reach_of(world, tmp_path)
    assert reach.reached(arn("user/alice")).data == ("all secrets",)
    assert reach.reached(arn("role/keeper")).reads == ("all secrets",)
    assert len(reach.attack_path(arn("user/alice"), "all secrets").steps) == 1


def test_circles(tmp_path):
    world = World()
    for name, before in (("a", "c"), ("b", "a"), ("c", "b"), ("d", "a")):
        world.role(name, {}, trusting({"AWS": arn(f"role/{before}")}))
    assert list(reach_of(world, tmp_path).cycles()) == [tuple(arn(f"role/{name}") for name in "abc")]


def test_a_cut_stops_the_way_when_it_is_made(tmp_path):
    def world(with_statement):
        made = World()
        made.user(
            "alice",
            {"pass": document(allow("iam:PassRole")), "use": document(allow(["lambda:Create*", "lambda:Invoke*"]))},
        )
        if not with_statement:
            made.users[0]["UserPolicyList"] = made.users[0]["UserPolicyList"][1:]
        made.role("power", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
        return made

    reach = reach_of(world(with_statement=True), tmp_path)
    first = reach.remediations(arn("user/alice"))[0]
    assert "pass" in first.what
    assert first.carriers == ()
    proven = [attack_path for attack_path in reach.attack_paths(arn("user/alice")) if attack_path.state is State.PROVEN]
    assert proven
    left = reach_of(world(with_statement=False), tmp_path)
    assert not [
        attack_path for attack_path in left.attack_paths(arn("user/alice")) if attack_path.state is State.PROVEN
    ]


def test_what_is_stopped_says_by_what(tmp_path):
    world = World()
    boundary = world.policy("edge", WEAK)
    world.user("alice", {"some": document(allow(["iam:PutUserPolicy", "sts:AssumeRole"]))}, boundary=boundary)
    refusals = {one.path_id: one for one in reach_of(world, tmp_path).refusals(arn("user/alice"))}
    assert "boundary" in refusals["iam-007"].by
    assert refusals["iam-007"].decision.blocked_by == ("permissions-boundary",)
    assert "no role of the account" not in refusals["iam-007"].by


def test_a_path_without_a_target_says_what_is_lacking(tmp_path):
    world = World()
    world.user("alice", {"some": document(allow(["iam:PassRole", "lambda:*"]))})
    refusals = {one.path_id: one for one in reach_of(world, tmp_path).refusals(arn("user/alice"))}
    assert refusals["lambda-001"].target is None
    assert "no role of the account trusts lambda.amazonaws.com" in refusals["lambda-001"].by


def test_joining_a_group_that_leads_on_is_not_said_to_gain_nothing(tmp_path):
    world = World()
    world.user("alice", {"some": document(allow("iam:AddUserToGroup"))})
    world.user("bob", {"some": document(allow("iam:AddUserToGroup", arn("group/idle")))})
    world.group("changers", {"some": document(allow("iam:PutUserPolicy"))})
    world.group("idle", {"some": WEAK})
    reach = reach_of(world, tmp_path)
    assert [step.path_id for step in reach.attack_path(arn("user/alice")).steps] == ["iam-013+iam-007"]
    by = {name: [one.by for one in reach.refusals(arn(f"user/{name}"))] for name in ("alice", "bob")}
    assert by["alice"] == []
    (of_bob,) = by["bob"]
    assert of_bob == "As a member it would not be an administrator, and could not become one in further steps."


@pytest.mark.parametrize(
    ("path_id", "service", "lacks"),
    [
        ("X03", "ec2.amazonaws.com", "ec2:RunInstances"),
        ("sagemaker-001", "sagemaker.amazonaws.com", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    ],
)
def test_every_call_of_a_path_is_needed(tmp_path, path_id, service, lacks):
    actions = [required.action for required in catalog().path(path_id).actions]
    assert lacks in actions
    world = World()
    world.user("alice", {"some": document(allow([action for action in actions if action != lacks]))})
    world.role("power", {"all": FULL}, trusting({"Service": service}), profile=True)
    assert list(reach_of(world, tmp_path).escalations(arn("user/alice"))) == []


def test_a_role_that_is_passed_for_certain_resources_alone_is_not_proven(tmp_path):
    world = World()
    only = {"ArnLike": {"iam:AssociatedResourceArn": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"}}
    actions = ["lambda:CreateFunction", "lambda:InvokeFunction"]
    world.user("alice", {"some": document(allow("iam:PassRole", Condition=only), allow(actions))})
    world.role("power", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    steps = list(reach_of(world, tmp_path).escalations(arn("user/alice")))
    assert {step.state for step in steps} == {State.POSSIBLE}
    needed = "that the service tells IAM for which resource the role is passed (iam:AssociatedResourceArn)"
    assert all(needed in step.needs for step in steps)


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"access_key_1_active": True}, State.PROVEN),
        ({"access_key_1_active": True, "access_key_2_active": True}, None),
    ],
)
def test_the_credential_report_settles_whether_a_key_can_be_made(tmp_path, entry, state):
    world = World()
    world.user("alice", {"some": document(allow("iam:CreateAccessKey"))})
    world.user("boss", {"all": FULL})
    report = {"entries": [{"user": "boss", "arn": arn("user/boss"), **entry}]}
    facts = AccountFacts.model_validate({"account_id": ACCOUNT, "credential_report": report})
    attack_path = reach_of(world, tmp_path, account_facts=(facts,)).attack_path(arn("user/alice"))
    assert (attack_path.state if attack_path else None) is state


@pytest.mark.parametrize(
    ("listed", "state"), [(None, State.POSSIBLE), ([], State.PROVEN), (["other"], State.PROVEN), (["idp"], None)]
)
def test_a_saml_provider_that_does_not_exist_can_be_created(tmp_path, listed, state):
    world = World()
    world.user("alice", {"some": document(allow("iam:CreateSAMLProvider"))})
    world.role("boss", {"all": FULL}, trusting({"Federated": arn("saml-provider/idp")}, "sts:AssumeRoleWithSAML"))
    facts = {"account_id": ACCOUNT}
    if listed is not None:
        facts["saml_providers"] = [{"arn": arn(f"saml-provider/{name}")} for name in listed]
    reach = reach_of(world, tmp_path, account_facts=(AccountFacts.model_validate(facts),))
    attack_path = reach.attack_path(arn("user/alice"))
    assert (attack_path.state if attack_path else None) is state


def test_values_that_the_caller_chooses_prove_and_mfa_does_not(tmp_path):
    world = World()
    for name, key, value in (("region", "aws:UserAgent", "tool"), ("mfa", "aws:MultiFactorAuthPresent", "true")):
        operator = "Bool" if value == "true" else "StringEquals"
        grant = allow("iam:PutUserPolicy", arn(f"user/{name}"), Condition={operator: {key: value}})
        world.user(name, {"some": document(grant)})
    reach = reach_of(world, tmp_path)
    assert reach.attack_path(arn("user/region")).state is State.PROVEN
    mfa = reach.attack_path(arn("user/mfa"))
    assert mfa.state is State.POSSIBLE
    assert mfa.needs == ("multi-factor authentication (aws:MultiFactorAuthPresent)",)


def test_sources_are_what_single_questions_say(tmp_path):
    """Names, exceptions, variables, tags and short ARNs: everything that tells entities apart."""
    world = World()
    everywhere = allow("iam:CreateAccessKey")
    grants = [
        [everywhere],
        [everywhere, {"Effect": "Deny", "Action": "iam:*", "Resource": arn("user/target*")}],
        [allow("iam:*", arn("user/target-1"))],
        [allow("iam:Create*", arn("user/${aws:username}"))],
        [{"Effect": "Allow", "Action": "iam:*", "NotResource": [arn("user/target-2"), "arn:aws:s3:::b/*"]}],
        [allow("iam:CreateAccessKey", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})],
        [
            allow(
                "iam:CreateAccessKey", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
            )
        ],
        [allow("iam:CreateAccessKey", "arn:aws:iam::*:user/t*")],
        [allow("iam:CreateAccessKey", "arn:aws:iam")],
        [allow("iam:CreateAccessKey", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
    ]
    for number, statements in enumerate(grants):
        tags = [{"Key": "team", "Value": "red" if number % 2 else "blue"}]
        world.user(f"user-{number}", {"some": document(*statements)}, Tags=tags)
    for number, team in enumerate(("red", "blue", "red")):
        world.user(f"target-{number}", {}, Tags=[{"Key": "team", "Value": team}])
    world.denied_by_scp.append({"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": arn("user/target-0")})
    evaluator = Evaluator(world.snapshot(tmp_path))
    population = evaluator.population()
    targets = EdgeTargets(evaluator.snapshot.accounts, population.index)
    sources = SourceFinder(EvaluationSession(evaluator), targets, evaluator.bulk()).find(
        "iam:CreateAccessKey", targets.users
    )
    for place in indexes_of(targets.users):
        for position in indexes_of(population.regular):
            principal, target = population.index.subjects[position], targets.arns[place]
            if principal in population.index.roots:
                continue
            verdict = evaluator.can(Request(principal, "iam:CreateAccessKey", target)).decision
            found = sources.of(place)
            told = "proven" if found.proven >> position & 1 else "possible" if found.possible >> position & 1 else ""
            expected = {EvalDecision.ALLOWED: "proven", EvalDecision.CONDITIONAL: "possible"}.get(verdict, "")
            assert told == expected, (principal, target)


def test_who_may_act_on_entities_of_several_accounts_is_what_the_engine_says(tmp_path):
    """Only principals whom a policy can let in are asked about: the others are refused by the engine, too."""
    world = World()
    may = document(allow(["sts:AssumeRole", "iam:CreateAccessKey", "iam:PutRolePolicy"]))
    world.user("alice", {"some": may})
    trusts = {
        "all": {"AWS": "*"},
        "own": {"AWS": arn("root")},
        "theirs": {"AWS": arn("root", OTHER_ACCOUNT)},
        "both": {"AWS": [OTHER_ACCOUNT, arn("user/alice")]},
        "nobody": {"Service": "ec2.amazonaws.com"},
    }
    for account in (ACCOUNT, OTHER_ACCOUNT):
        for name, principal in trusts.items():
            role = world.entity("role", name, {"some": may}, AssumeRolePolicyDocument=trusting(principal))
            role["Arn"], role["InstanceProfileList"] = arn(f"role/{name}", account), []
            (world.roles if account == ACCOUNT else world.foreign).append(role)
    evaluator = Evaluator(world.snapshot(tmp_path))
    reach = AttackPathGraph(evaluator)
    steps, population = reach.steps, evaluator.population()
    asked = 0
    for place in indexes_of(steps.targets.users | steps.targets.roles):
        target = steps.targets.arns[place]
        by_action = {"sts:AssumeRole": steps.assumable.of(place)} if ":role/" in target else {}
        for action, kind in (("iam:CreateAccessKey", steps.targets.users), ("iam:PutRolePolicy", steps.targets.roles)):
            if kind >> place & 1:
                by_action[action] = steps.finder.find(action, kind).of(place)
        for action, found in by_action.items():
            for position in indexes_of(population.regular):
                principal = population.index.subjects[position]
                if principal in population.index.roots:
                    continue
                verdict = evaluator.can(Request(principal, action, target)).decision
                is_proven, is_possible = found.proven >> position & 1, found.possible >> position & 1
                told = EvalDecision.ALLOWED if is_proven else EvalDecision.CONDITIONAL if is_possible else None
                expected = verdict if verdict in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL) else None
                assert told == expected, (principal, action, target)
                asked += bool(told)
    assert asked > 40


def test_steps_by_a_new_thing_come_before_those_by_a_thing_in_use(tmp_path):
    """Whatever the hashes of this process are."""
    world = World()
    world.user("alice", {"some": document(allow(["iam:PassRole", "lambda:*"]))})
    world.role("job", {}, trusting({"Service": "lambda.amazonaws.com"}))
    reach = reach_of(world, tmp_path)
    edges = reach.graph.edges_into(reach.position(arn("role/job")))
    by_lambda = [edge.path_id for edge in edges if edge.path_id.startswith("lambda")]
    aims = [catalog().path(one).target for one in by_lambda]
    assert set(aims) == {TargetConstraint.PASSED_ROLE, TargetConstraint.ROLE_IN_USE}
    assert aims == sorted(aims, key=[TargetConstraint.PASSED_ROLE, TargetConstraint.ROLE_IN_USE].index)


def test_whom_the_snapshot_lacks_cannot_be_asked_about(tmp_path):
    reach = reach_of(World(), tmp_path)
    with pytest.raises(RequestError, match="no user or role"):
        reach.reached(arn("user/nobody"))


def test_cancelling_ends_it(tmp_path):
    evaluator = Evaluator(World().snapshot(tmp_path))
    with pytest.raises(WorkCancelled):
        AttackPathGraph(evaluator, cancelled=lambda: True)


def test_the_catalogue_is_whole():
    paths = catalog().paths
    published = [path for path in paths if not path.id.startswith("X")]
    assert len({path.id for path in paths}) == len(paths)
    assert len(published) == 97
    assert len(paths) - len(published) >= 10
    for path in paths:
        assert path.source in catalog().sources
        assert set(path.needs) <= set(catalog().facts)
        assert json.loads(path.model_dump_json())["actions"]


def test_a_created_policy_is_only_considered_where_its_arn_can_be_attached(tmp_path):
    world = World()
    policies = {"iam:PolicyARN": arn("policy/app-*")}
    attach = allow("iam:AttachUserPolicy", arn("user/a"), Condition={"ArnLike": policies})
    world.user("a", {"own": document(attach, allow("iam:CreatePolicy", arn("policy/app-*")))})
    elsewhere = allow("iam:CreatePolicy", arn("policy/other-*"))
    world.user("b", {"own": document({**attach, "Resource": arn("user/b")}, elsewhere)})
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (step,) = reach.attack_path(arn("user/a")).steps
    assert step.path_id == "X77"
    assert [proof.decision.decision.value for proof in step.proof] == ["allowed", "allowed"]
    assert reach.attack_path(arn("user/b")) is None


def test_a_policy_under_the_prefix_that_can_be_attached_is_found(tmp_path):
    world = World()
    attach = allow("iam:AttachUserPolicy", "*", Condition={"ArnLike": {"iam:PolicyARN": arn("policy/app-*")}})
    world.user("a", {"own": document(attach)})
    weak = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    assert weak.attack_path(arn("user/a")) is None
    world.policy("app-admin", FULL)
    (step,) = AttackPathGraph(Evaluator(world.snapshot(tmp_path))).attack_path(arn("user/a")).steps
    assert step.path_id == "iam-008"
    assert step.proof[0].decision.decision.value == "allowed"


def test_a_created_role_is_one_and_the_same_for_every_action(tmp_path):
    world = World()
    world.user("a", {"own": document(allow(["iam:CreateRole", "iam:PutRolePolicy"], arn("role/app-*")))})
    apart = allow("iam:CreateRole", arn("role/app-*")), allow("iam:PutRolePolicy", arn("role/other-*"))
    world.user("b", {"own": document(*apart)})
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    assert [step.path_id for step in reach.attack_path(arn("user/a")).steps] == ["X83"]
    assert reach.attack_path(arn("user/b")) is None


def test_a_function_whose_policy_lets_another_account_change_it(tmp_path):
    function = f"arn:aws:lambda:eu-central-1:{OTHER_ACCOUNT}:function:job"
    world = World()
    change = allow("lambda:UpdateFunctionCode", function)
    world.user("a", {"own": document(change)})
    world.user("b", {"own": document(change, {"Effect": "Deny", "Action": "lambda:Update*", "Resource": "*"})})
    role = world.entity(
        "role", "runs", {"all": FULL}, AssumeRolePolicyDocument=trusting({"Service": "lambda.amazonaws.com"})
    )
    world.foreign.append({**role, "Arn": arn("role/runs", OTHER_ACCOUNT), "InstanceProfileList": []})
    snapshot = world.snapshot(tmp_path)

    def paths(action):
        policy = {"Effect": "Allow", "Principal": {"AWS": arn("root")}, "Action": action, "Resource": function}
        resource = Resource(arn=function, policy=document(policy))
        reach = AttackPathGraph(Evaluator(snapshot.model_copy(update={"resources": (resource,)})))
        found = (reach.attack_path(arn(f"user/{name}"), OTHER_ACCOUNT) for name in "ab")
        return [[step.path_id for step in one.steps] if one else None for one in found]

    assert paths("lambda:UpdateFunctionCode") == [["lambda-003"], None]
    assert paths("lambda:InvokeFunction") == [None, None]
