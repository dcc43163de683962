"""How far a key depends on the caller is what its derivation shows."""

from dataclasses import replace
from itertools import product

from iamdesk.aws.condition_keys import GLOBAL_KEY_TYPES
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.derived_keys import DerivedKeys, PrincipalDependence, dependence
from iamdesk.evaluate.principal import Caller, parse_caller

from ..each_case import each_case
from .worlds import NOON, A, B

KEYS = sorted(
    {
        *GLOBAL_KEY_TYPES,
        "aws:principaltag/team",
        "aws:resourcetag/team",
        "kms:calleraccount",
        "s3:prefix",
        "s3:resourceaccount",
        "iam:resourcetag/team",
        "aws:requesttag/team",
        "aws:tagkeys",
        "saml:aud",
    }
)
TARGETS = [
    ("s3:GetObject", "arn:aws:s3:::b/k"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/k"),
    ("s3:ListAllMyBuckets", "*"),
]


def callers(account: str) -> list[Caller]:
    found = []
    for kind, number in product(("user", "role"), range(2)):
        caller = parse_caller(f"arn:aws:iam::{account}:{kind}/x{number}")
        found.append(replace(caller, unique_id=f"AIDA{kind}{number}", tags={"team": str(number)}))
        found[-1] = replace(found[-1], has_no_source_identity=bool(number))
    return found


def facts(key: str, who: list[Caller], target: tuple[str, str]) -> set[object]:
    asked = parse_target(*target, reference())
    return {
        DerivedKeys(one, asked, reference(), NOON, one.account, None, may_carry_session_tags=False)(key) for one in who
    }


@each_case("key", KEYS)
def test_keys_differ_as_far_as_they_are_said_to(key: str) -> None:
    depth = dependence(key)
    for target in TARGETS:
        if depth is PrincipalDependence.NONE:
            assert len(facts(key, [*callers(A), *callers(B)], target)) == 1
        if depth is PrincipalDependence.ACCOUNT:
            users, roles = callers(A)[:2], callers(A)[2:]
            assert len(facts(key, users, target)) == len(facts(key, roles, target)) == 1
