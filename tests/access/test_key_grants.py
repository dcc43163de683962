"""KMS grants: another way in, for one key, listed operations and one principal (rule I1).

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html and
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import KeyGrant, Resource

from ..builders.arns import ID, OTHER_ID, ROOT, user_arn
from ..builders.captures import NOW, account, role, snapshot, user
from ..builders.statements import allow, deny, document
from ..rules import rule

KEY = f"arn:aws:kms:us-west-2:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANA, BO, ZOE, CARL = user_arn("ana"), user_arn("bo"), user_arn("zoe", OTHER_ID), user_arn("carl", OTHER_ID)
ROLE = f"arn:aws:iam::{ID}:role/keyUserRole"
SESSION = f"arn:aws:sts::{ID}:assumed-role/keyUserRole/s"
TO_THE_ACCOUNT = document({**allow("kms:*"), "Principal": {"AWS": ROOT}})


def grant(grantee: str = ANA, *operations: str, **more: Any) -> KeyGrant:
    constrained = {"has_constraints": True} if any(name.startswith("encryption") for name in more) else {}
    names = operations or ("Decrypt", "GenerateDataKey", "DescribeKey", "RetireGrant")
    return KeyGrant(grant_id="0c237476b39f8bc4", grantee_principal=grantee, operations=names, **constrained, **more)


def ask(
    grants: Any, principal: str, action: str = "kms:Decrypt", policy: Any = TO_THE_ACCOUNT, **more: Any
) -> EvaluationResult:
    base = snapshot(
        account(
            user("ana"), user("bo"), user("eve", document(deny("kms:*"))), role("keyUserRole"),
            user("cal", boundary=f"arn:aws:iam::{ID}:policy/none"),
        ),
        account(
            user("zoe", document(allow("kms:*")), account=OTHER_ID), user("carl", account=OTHER_ID), number=OTHER_ID
        ),
    )  # fmt: skip
    key = Resource(arn=KEY, account_id=ID, policy=policy, key_grants=grants)
    evaluator = Evaluator(Snapshot.model_validate({**dict(base), "resources": (key,)}), now=lambda: NOW)
    return evaluator.can(Request(principal, action, more.pop("resource", KEY), **more))


@rule("I1")
def test_a_grant_allows_its_grantee_without_any_policy() -> None:
    answer = ask((grant(),), ANA)
    assert answer.decision == "allowed"
    assert "grants on key/1234abcd-12ab-34cd-56ef-1234567890ab" in {
        one.policy_name for one in answer.matched_statements
    }
    assert ask((), ANA).decision == "implicitDeny"


@rule("I1")
@pytest.mark.parametrize(
    ("principal", "action"), [(BO, "kms:Decrypt"), (ANA, "kms:Encrypt"), (ANA, "kms:PutKeyPolicy")]
)
def test_a_grant_is_for_one_principal_and_listed_operations(principal: str, action: str) -> None:
    assert ask((grant(),), principal, action).decision == "implicitDeny"


@rule("I1")
def test_a_grant_is_for_one_key() -> None:
    other = f"arn:aws:kms:us-west-2:{ID}:key/other"
    assert ask((grant(),), ANA, resource=other).decision == "implicitDeny"


@rule("I1", "E3")
def test_a_grant_to_a_role_is_for_its_sessions() -> None:
    assert ask((grant(ROLE),), SESSION).decision == "allowed"


@rule("I1", "E8")
def test_a_grant_to_a_service_is_for_the_service() -> None:
    assert ask((grant("ebs.us-west-2.amazonaws.com"),), "ebs.us-west-2.amazonaws.com").decision == "allowed"


@rule("I1", "A2")
def test_a_deny_takes_away_what_a_grant_allows() -> None:
    eve = user_arn("eve")
    assert ask((grant(eve),), eve).decision == "explicitDeny"
    refusing = document({**deny("kms:Decrypt"), "Principal": "*"})
    assert ask((grant(),), ANA, policy=refusing).decision == "explicitDeny"


@rule("I1", "C3")
def test_a_grant_to_a_user_is_like_a_key_policy_that_names_the_user() -> None:
    assert ask((grant(user_arn("cal")),), user_arn("cal")).decision == "allowed"


@rule("I1", "D1")
def test_across_accounts_the_grantee_s_own_policies_have_to_allow_too() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/control-access.html: an IAM policy must allow the call."""
    assert ask((grant(ZOE),), ZOE).decision == "allowed"
    answer = ask((grant(CARL),), CARL)
    assert answer.decision == "implicitDeny"
    assert ask((grant(ZOE),), CARL).assumptions == ()


@rule("I1", "D1", "K9")
def test_a_grant_that_the_other_account_made_itself_may_be_enough() -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html, example 2.

    The policies of the service-linked role there say nothing of keys.
    """
    answer = ask((grant(CARL),), CARL)
    [told] = answer.assumptions
    assert (told.code, told.other_decision) == ("key-grant-of-own-account", "allowed")
    assert ask((grant(CARL),), CARL, "kms:Encrypt").assumptions == (), "the grant is for other operations"
    assert "key-grant-of-own-account" not in {one.code for one in ask((grant(ZOE),), ZOE).assumptions}


@rule("I1")
def test_a_grant_without_the_key_policy_still_grants() -> None:
    base = snapshot(account(user("ana")))
    key = Resource(arn=KEY, account_id=ID, is_policy_captured=False, key_grants=(grant(),))
    evaluator = Evaluator(Snapshot.model_validate({**dict(base), "resources": (key,)}), now=lambda: NOW)
    assert evaluator.can(Request(ANA, "kms:Decrypt", KEY)).decision == "allowed"


SUBSET = {"encryption_context_subset": (("Department", "IT"),)}
EQUALS = {"encryption_context_equals": (("Department", "IT"), ("Purpose", "Test"))}


@rule("I1")
def test_a_constraint_makes_the_answer_hang_on_the_encryption_context() -> None:
    answer = ask((grant(**SUBSET),), ANA)
    assert answer.decision == "conditional"
    assert answer.conditions == ({"kms:EncryptionContext:Department": "IT"},)


@rule("I1")
@pytest.mark.parametrize(
    ("constraint", "context", "expected"),
    [
        (SUBSET, {"Department": "IT"}, "allowed"),
        (SUBSET, {"department": "IT"}, "allowed"),
        (SUBSET, {"Department": "it"}, "implicitDeny"),
        (SUBSET, {"Department": "IT", "Purpose": "Test"}, "allowed"),
        (SUBSET, {"Purpose": "Test"}, "implicitDeny"),
        (EQUALS, {"Department": "IT", "Purpose": "Test"}, "allowed"),
        (EQUALS, {"Department": "IT"}, "implicitDeny"),
        (EQUALS, {"Department": "IT", "Purpose": "Test", "Extra": "x"}, "implicitDeny"),
    ],
)
def test_constraints_compare_values_with_case_and_equals_leaves_nothing_over(
    constraint: Any, context: dict[str, str], expected: str
) -> None:
    given: dict[str, Any] = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    given |= {
        f"kms:EncryptionContext:{key}": None
        for key in ("Department", "Purpose")
        if key not in context and key.lower() not in context
    }
    given["kms:EncryptionContextKeys"] = tuple(context)
    assert ask((grant(**constraint),), ANA, context=given).decision == expected


@rule("I1")
@pytest.mark.parametrize("action", ["kms:DescribeKey", "kms:RetireGrant"])
def test_constraints_do_not_bind_what_takes_no_encryption_context(action: str) -> None:
    assert ask((grant(**SUBSET),), ANA, action).decision == "allowed"


@rule("I1")
def test_a_constraint_of_which_no_more_is_known_wants_some_encryption_context() -> None:
    unknown = KeyGrant(grant_id="g", grantee_principal=ANA, operations=("Decrypt",), has_constraints=True)
    assert ask((unknown,), ANA).decision == "conditional"
    assert ask((unknown,), ANA, context={"kms:EncryptionContextKeys": None}).decision == "implicitDeny"


@rule("I1", "H6")
def test_what_looks_like_a_variable_in_a_constraint_is_plain_text() -> None:
    odd = grant(encryption_context_subset=(("name", "${aws:username}"),))
    assert ask((odd,), ANA, context={"kms:EncryptionContext:name": "ana"}).decision == "implicitDeny"
    assert ask((odd,), ANA, context={"kms:EncryptionContext:name": "${aws:username}"}).decision == "allowed"


@rule("I1")
def test_the_retiring_principal_may_retire_and_no_more() -> None:
    held = (grant(ANA, "Decrypt", retiring_principal=BO),)
    assert ask(held, BO, "kms:RetireGrant").decision == "allowed"
    assert ask(held, BO).decision == "implicitDeny"
    assert ask(held, ANA, "kms:RetireGrant").decision == "implicitDeny"


@rule("I1", "E8")
def test_a_grant_to_a_service_may_be_for_one_resource() -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html"""
    orders = f"arn:aws:rds:us-west-2:{ID}:db:orders"
    held = (grant("rds.amazonaws.com", "Decrypt", "Sign", source_arn=orders),)
    for action in ("kms:Decrypt", "kms:Sign"):
        answers = [
            ask(held, "rds.amazonaws.com", action, context={"aws:SourceArn": source}).decision
            for source in (orders, f"{orders}-2", None)
        ]
        assert answers == ["allowed", "implicitDeny", "implicitDeny"]


@rule("I1", "D1")
def test_a_grant_tells_who_retires_it_and_the_key_policy_does_not() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html"""
    retire = "kms:RetireGrant"
    to_bo = document({**allow("kms:*"), "Principal": {"AWS": BO}})
    assert ask((), BO, retire, to_bo).decision == "implicitDeny"
    assert ask((), BO, "kms:RevokeGrant", to_bo).decision == "allowed"
    never = document({**deny("kms:*"), "Principal": "*"})
    assert ask((grant(ANA, retiring_principal=BO),), BO, retire, never).decision == "allowed"
    assert ask((grant(ANA, retiring_principal=user_arn("eve")),), user_arn("eve"), retire).decision == "explicitDeny"
    # Named in the grant, another account's user needs no permission; its account named, one of its own.
    assert ask((grant(ANA, retiring_principal=CARL),), CARL, retire).decision == "allowed"
    by_account = (grant(ANA, retiring_principal=f"arn:aws:iam::{OTHER_ID}:root"),)
    assert [ask(by_account, who, retire).decision for who in (ZOE, CARL)] == ["allowed", "implicitDeny"]
    assert ask((), ZOE, retire).decision == "implicitDeny"


@rule("I1", "D7")
def test_grants_that_are_not_captured_are_an_assumption_where_one_could_allow() -> None:
    answer = ask(None, ANA)
    [told] = [one for one in answer.assumptions if one.code == "key-grants-missing"]
    assert told.other_decision == "allowed"
    assert "key-grants-missing" not in [one.code for one in ask((), ANA).assumptions]
    assert "key-grants-missing" not in [one.code for one in ask(None, ANA, "kms:PutKeyPolicy").assumptions]
    assert "key-grants-missing" not in [one.code for one in ask(None, user_arn("eve")).assumptions]
