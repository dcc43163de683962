"""Remedies as commands: quoted, complete, and none where it could do more than is said."""

import json
import shlex

import pytest

from iamdesk.checks import registry
from iamdesk.checks.remediation_commands import command, edited, without_principals

GONE = "AIDACKCEVSQ6C2EXAMPLE"


def words(remediation_command):
    found = shlex.split(remediation_command)
    assert found[0] == "aws"
    return found[1:]


def test_names_are_quoted_for_the_shell():
    hostile = "x'; rm -rf / #$(id)`id`"
    assert words(command("iam", "delete-policy", "--policy-arn", hostile))[-1] == hostile


@pytest.mark.parametrize("name", ["two\nlines", "admin\u202enimda", "null\x00", "x" * 7000])
def test_what_cannot_be_read_is_no_command(name):
    assert command("iam", "delete-policy", "--policy-arn", name) == ""


def test_documents_are_edited_as_copies():
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*"}}
    changed = edited(document, lambda statement: {**statement, "Effect": "Deny"})
    assert changed == {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*"}]}
    assert document["Statement"] == {"Effect": "Allow", "Action": "*"}
    assert edited(document, lambda _statement: None) is None
    assert edited("no policy", lambda statement: statement) is None
    assert edited({"Statement": ["odd"]}, lambda statement: statement) is None


def test_tru_07_a_deleted_principal_is_taken_out(found, make):
    trust = make.trust({"AWS": [GONE, make.arn("root")]})
    (one,) = found("TRU-07", roles=[make.role("etl", trust=trust)])
    told = words(one.remediation_command)
    assert told[:4] == ["iam", "update-assume-role-policy", "--role-name", "etl"]
    assert json.loads(told[-1])["Statement"][0]["Principal"] == {"AWS": [make.arn("root")]}


def test_tru_07_where_nobody_is_left_there_is_no_command(found, make):
    (one,) = found("TRU-07", roles=[make.role("etl", trust=make.trust({"AWS": GONE}))])
    assert one.remediation_command == ""
    assert one.sentence.endswith("and no existing principal: no one can assume it.")
    assert one.remediation.startswith("Delete the role")
    (one,) = found("TRU-07", roles=[make.role("etl", trust=make.trust({"AWS": [GONE, make.arn("root")]}))])
    assert one.remediation.startswith("Remove the principal")
    both = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": GONE}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ]
    }
    left = json.loads(words(without_principals("etl", both, {GONE}))[-1])
    assert [statement["Principal"] for statement in left["Statement"]] == [{"Service": "ec2.amazonaws.com"}]


def test_tru_07_all_who_are_gone_are_taken_out_at_once(found, make):
    trust = make.trust({"AWS": [GONE, GONE.replace("AIDA", "AROA"), make.arn("root")]})
    first, second = found("TRU-07", roles=[make.role("etl", trust=trust)])
    assert first.remediation_command == second.remediation_command
    assert json.loads(words(first.remediation_command)[-1])["Statement"][0]["Principal"] == {"AWS": [make.arn("root")]}


def test_svc_01_a_trust_policy_is_bound_to_the_account(found, make):
    (one,) = found("SVC-01", roles=[make.role("flow", trust=make.trust({"Service": "states.amazonaws.com"}))])
    (statement,) = json.loads(words(one.remediation_command)[-1])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert not found("SVC-01", roles=[make.role("flow", trust=make.document(statement))])


@pytest.mark.parametrize(
    "principal",
    [
        {"Service": ["states.amazonaws.com", "ec2.amazonaws.com"]},
        {"Service": "states.amazonaws.com", "AWS": "arn:aws:iam::111122223333:root"},
    ],
)
def test_svc_01_others_who_would_be_locked_out_get_no_command(found, make, principal):
    (one,) = found("SVC-01", roles=[make.role("flow", trust=make.trust(principal))])
    assert one.remediation_command == ""
    assert one.remediation.startswith("Move states.amazonaws.com into a statement of its own")
    assert "lock them out" in one.remediation


def test_hyg_04_and_hyg_03_delete_what_is_idle(found, make):
    (one,) = found("HYG-04", policies=[make.policy("idle", make.allow("s3:*"))])
    assert words(one.remediation_command) == ["iam", "delete-policy", "--policy-arn", make.arn("policy/idle")]
    old = {"VersionId": "v0", "IsDefaultVersion": False, "Document": make.document()}
    several = make.policy("idle", make.allow("s3:*"))
    several["PolicyVersionList"].append(old)
    (one,) = found("HYG-04", policies=[several])
    assert one.remediation_command == ""
    (one,) = found("HYG-03", groups=[make.group("empty")])
    assert words(one.remediation_command) == ["iam", "delete-group", "--group-name", "empty"]
    (one,) = found("HYG-03", groups=[make.group("empty", make.allow("s3:*"))])
    assert one.remediation_command == ""


def test_fed_09_and_res_01(make):
    facts = {"open_id_connect_providers": [{"Arn": make.github}], "saml_providers": []}
    (one,) = make.findings("FED-09", facts=facts)
    assert words(one.remediation_command)[:2] == ["iam", "delete-open-id-connect-provider"]
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}
    (one,) = make.findings("RES-01", beside={"resources": (make.resource("arn:aws:s3:::payroll", everyone),)})
    assert words(one.remediation_command)[:4] == ["s3api", "put-public-access-block", "--bucket", "payroll"]


def test_chn_01_the_change_that_ends_the_path_is_a_command(found, make):
    user = make.user("alice", make.allow("s3:*"), make.allow("iam:PutUserPolicy", make.arn("user/alice")))
    (one,) = found("CHN-01", users=[user])
    told = words(one.remediation_command)
    assert told[:4] == ["iam", "put-user-policy", "--user-name", "alice"]
    statements = json.loads(told[-1])["Statement"]
    assert not found("CHN-01", users=[make.user("alice", *statements)])
    assert "arn" not in told[3]


def test_hyg_05_an_unused_role_is_denied_everything_for_a_time(found, make):
    old = {"LastUsedDate": "2025-11-01T00:00:00+00:00", "Region": "eu-west-1"}
    full = make.attached(*(f"arn:aws:iam::aws:policy/P{number}" for number in range(10)))
    roles = [
        make.role("old", RoleLastUsed=old),
        make.role("full", RoleLastUsed=old, **full),
        make.role("BreakGlassAdmin", RoleLastUsed=old),
        make.role("known"),
    ]
    told = {one.subject_name: one.remediation_command for one in found("HYG-05", roles=roles)}
    deny_all = "arn:aws:iam::aws:policy/AWSDenyAll"
    assert words(told["old"]) == ["iam", "attach-role-policy", "--role-name", "old", "--policy-arn", deny_all]
    assert told["full"] == told["BreakGlassAdmin"] == ""


@pytest.mark.parametrize(
    ("name", "remediation"),
    [
        ("stacksets-exec-b5520cb2730c2f54b523d6375a319abb", "StackSets deploys into this account"),
        ("AWS-QuickSetup-StackSet-Local-ExecutionRole", "Quick Setup"),
        ("OrganizationAccountAccessRole", "Keep the role"),
        ("AWSControlTowerExecution", "drift"),
        ("IncidentResponder", "Test the role regularly"),
        ("emergency-access", "Test the role regularly"),
    ],
)
def test_hyg_05_what_a_tool_or_an_emergency_needs_is_not_denied(found, make, name, remediation):
    old = {"LastUsedDate": "2025-11-01T00:00:00+00:00", "Region": "eu-west-1"}
    (one,) = found("HYG-05", roles=[make.role(name, RoleLastUsed=old), make.role("known")])
    assert one.remediation_command == ""
    assert remediation in one.remediation


def test_hyg_05_an_automatic_responder_is_no_emergency(found, make):
    old = {"LastUsedDate": "2025-11-01T00:00:00+00:00", "Region": "eu-west-1"}
    (one,) = found("HYG-05", roles=[make.role("mail-auto-responder", RoleLastUsed=old), make.role("known")])
    assert one.remediation_command


def test_svc_01_roles_of_a_tool_are_not_to_be_edited(found, make):
    trust = make.trust({"Service": "ssm.amazonaws.com"})
    (one,) = found("SVC-01", roles=[make.role("AWS-QuickSetup-Patch-1", trust=trust)])
    assert one.remediation_command == ""
    assert one.remediation.startswith("Do not change the role by hand: it is one of the roles of AWS Quick Setup")


@pytest.mark.parametrize("check_id", ["TRU-03", "TRU-08"])
def test_stack_sets_keep_their_role(found, make, check_id):
    everything = make.allow("*", "*")
    trust = make.trust({"AWS": "arn:aws:iam::999988887777:root"})
    (one,) = found(check_id, roles=[make.role("stacksets-exec-0123", everything, trust=trust)])
    assert one.remediation.startswith("Confirm that account 999988887777")
    assert "remove it from the trust policy" not in one.remediation


def test_tru_10_says_whom_the_condition_locks_out():
    known = registry.check("TRU-10")
    assert known is not None
    assert "locks out every caller without MFA" in known.remediation


def test_adm_10_what_was_not_captured_is_to_be_captured(found, make):
    (one,) = found("ADM-10", users=[make.user("root-like", make.allow("*", "*"))])
    assert one.remediation.startswith("Capture the credential report")


def test_lnt_14_all_redundant_statements_of_a_policy_are_taken_out_at_once(found, make):
    wide, narrow, more = make.allow("s3:*"), make.allow("s3:GetObject"), make.allow("s3:PutObject")
    both = found("LNT-14", users=[make.user("alice", wide, narrow, more)])
    assert len(both) == 2
    assert len({one.remediation_command for one in both}) == 1
    told = words(both[0].remediation_command)
    assert told[:6] == ["iam", "put-user-policy", "--user-name", "alice", "--policy-name", "inline"]
    assert json.loads(told[-1])["Statement"] == [wide]


def test_lnt_11_the_version_is_set_and_nothing_else(found, make):
    document = {"Statement": [make.allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")]}
    user = make.user("alice", UserPolicyList=[{"PolicyName": "home", "PolicyDocument": document}])
    (one,) = found("LNT-11", users=[user])
    told = words(one.remediation_command)
    assert told[:6] == ["iam", "put-user-policy", "--user-name", "alice", "--policy-name", "home"]
    assert json.loads(told[-1]) == {"Version": "2012-10-17", **document}


def test_crd_11_length_and_reuse_are_raised_and_other_rules_kept(make):
    policy = {"minimum_password_length": 20, "require_symbols": True, "max_password_age": 60, "expire_passwords": True}
    facts = {"is_password_policy_captured": True, "password_policy": policy}
    (one,) = make.findings("CRD-11", facts=facts)
    assert one.remediation_command == (
        "aws iam update-account-password-policy --minimum-password-length 20 --password-reuse-prevention 24 "
        "--require-symbols --no-require-numbers --no-require-uppercase-characters --no-require-lowercase-characters "
        "--allow-users-to-change-password --no-hard-expiry --max-password-age 60"
    )
    long = {**policy, "password_reuse_prevention": 24}
    (rest,) = make.findings("CRD-11", facts={"is_password_policy_captured": True, "password_policy": long})
    assert rest.remediation_command == ""


def test_crd_03_an_unused_password_is_removed(make):
    last = {"password_enabled": True, "password_last_used": "2025-01-01T00:00:00Z"}
    entry = {"user": "ana", "arn": make.arn("user/ana"), **last}
    facts = {"credential_report": {"generated_time": "2026-03-01T00:00:00Z", "entries": [entry]}}
    (one,) = make.findings("CRD-03", users=[make.user("ana")], facts=facts)
    assert one.remediation_command == "aws iam delete-login-profile --user-name ana"


def test_crd_11_in_place_of_the_default_policy_no_rule_gets_weaker(make):
    """The default asks for three of four types, and a policy of one's own denies changes unless it allows them."""
    (one,) = make.findings("CRD-11", facts={"is_password_policy_captured": True})
    assert one.remediation_command == (
        "aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 "
        "--require-symbols --require-numbers --require-uppercase-characters --require-lowercase-characters "
        "--allow-users-to-change-password --no-hard-expiry"
    )


def test_chn_01_passing_roles_is_taken_away_before_one_service(found, make):
    """Without codebuild:CreateProject, iam:PassRole would still give the role to every other service."""
    actions = ["codebuild:CreateProject", "codebuild:StartBuild", "iam:PassRole"]
    target = make.role("high", make.allow("*"), trust=make.trust({"Service": "codebuild.amazonaws.com"}))
    (one,) = found("CHN-01", users=[make.user("alice", make.allow(actions))], roles=[target])
    assert one.remediation.startswith("Remove iam:PassRole from inline, statement 1.")
    assert one.remediation.endswith("make sure that no deployment or job needs the permission: it would fail.")


def test_chn_01_a_deny_for_one_person_says_what_it_may_stop(found, make):
    user = make.user("alice", make.allow("s3:*"), make.allow("iam:Put*", make.arn("user/alice")))
    (one,) = found("CHN-01", users=[user])
    assert "make sure that alice does not need the permission" in one.remediation
    target = make.role("high", make.allow("*"), trust=make.trust({"Service": "codebuild.amazonaws.com"}))
    users = [make.user(name, make.allow("codebuild:*"), groups=["passing"]) for name in ("bob", "carol")]
    one, _ = found("CHN-01", users=users, roles=[target], groups=[make.group("passing", make.allow("iam:PassRole"))])
    assert "denies codebuild:" in one.remediation
    assert "bob can still pass roles" in one.remediation


def test_chn_01_who_loses_passing_roles_does_not_still_pass_them(found, make):
    passing = make.policy("passing", make.allow("iam:PassRole"))
    target = make.role("high", make.allow("*"), trust=make.trust({"Service": "codebuild.amazonaws.com"}))
    user = make.user("alice", make.allow("codebuild:*"), **make.attached(passing["Arn"]))
    (one,) = found("CHN-01", users=[user], roles=[target], policies=[passing])
    assert one.remediation.startswith("Detach passing from alice.")
    assert "still pass" not in one.remediation


def test_chn_01_roles_of_a_tool_are_not_to_be_changed_by_hand(found, make):
    target = make.role("high", make.allow("*"), trust=make.trust({"AWS": make.arn("root")}))
    tool = make.role("AWS-QuickSetup-Local-1", make.allow("sts:AssumeRole", make.arn("role/high")))
    (one,) = found("CHN-01", roles=[target, tool])
    assert one.remediation.startswith("Do not change AWS-QuickSetup-Local-1 by hand")
    assert one.remediation_command == ""
