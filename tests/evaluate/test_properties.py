"""What holds of every evaluation, whatever the policies: tried on cases drawn at random, in all layers."""

import copy
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from iamdesk.simulate.test_cases import trace_case

from ..rules import rule
from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(150), deadline=None, suppress_health_check=list(HealthCheck))
A, B = "111122223333", "444455556666"
USER, SESSION, ROLE = (
    f"arn:aws:iam::{A}:user/ana",
    f"arn:aws:sts::{A}:assumed-role/deploy/ci",
    f"arn:aws:iam::{A}:role/deploy",
)
FEDERATED, ROOT = f"arn:aws:sts::{A}:federated-user/ana", f"arn:aws:iam::{A}:root"

type Case = dict[str, Any]

PRINCIPALS = st.sampled_from([USER, USER, SESSION, SESSION, ROLE, FEDERATED, ROOT, "events.amazonaws.com", "anonymous"])
ACTIONS = st.sampled_from(
    ["s3:GetObject", "s3:*", "s3:Get*", "*", "S3:getobject", "s3:?etObject", "s3:PutObject", "ec2:*"]
)
ENTRIES = st.sampled_from(
    [
        *["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/k", "arn:aws:s3:::?/k"],
        *["arn:aws:s3:::c/*", "arn:aws:s3", "arn:aws:s3:::b/${aws:username}"],
    ]
)
NAMED = st.sampled_from(
    [USER, ROLE, SESSION, FEDERATED, ROOT, A, A, "*", "*", f"arn:aws:iam::{B}:root", f"arn:aws:iam::{A}:user/bob"]
)
CONDITIONS = st.lists(
    st.sampled_from(
        [
            ("StringEquals", "aws:PrincipalTag/t", ["red", "blue"]),
            ("StringNotEquals", "aws:PrincipalTag/t", ["red", "blue"]),
            ("StringLikeIfExists", "aws:PrincipalTag/t", ["r*"]),
            ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]),
            ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["a", "b"]),
            ("NumericLessThan", "s3:max-keys", ["10", "5"]),
            ("Bool", "aws:SecureTransport", ["true"]),
            ("Null", "aws:TagKeys", ["true"]),
        ]
    ),
    max_size=1,
)
SOMETIMES = st.sampled_from([False, False, True])
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:PrincipalTag/t": st.sampled_from(["red", "blue", "green"]),
        "aws:TagKeys": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True),
        "s3:max-keys": st.sampled_from(["3", "7", "20"]),
        "aws:SecureTransport": st.sampled_from(["true", "false"]),
        "aws:username": st.just("ana"),
    },
)


def listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, min_size=1, max_size=3, unique=True)


@st.composite
def statement(draw: Any, with_principal: bool = False, effects: tuple[str, ...] = ("Allow",) * 5 + ("Deny",)) -> Any:
    one: dict[str, Any] = {"Effect": draw(st.sampled_from(effects))}
    one[draw(st.sampled_from(["Action"] * 6 + ["NotAction"]))] = draw(listed(ACTIONS))
    one[draw(st.sampled_from(["Resource"] * 6 + ["NotResource"]))] = draw(listed(ENTRIES))
    if with_principal:
        deny_only = ["Principal", "NotPrincipal"] if one["Effect"] == "Deny" else ["Principal"]
        one[draw(st.sampled_from(deny_only))] = {"AWS": draw(st.lists(NAMED, min_size=2, max_size=4, unique=True))}
    condition: dict[str, Any] = {}
    for operator, key, values in draw(CONDITIONS) if draw(SOMETIMES) else ():
        condition.setdefault(operator, {})[key] = list(values)
    if condition:
        one["Condition"] = condition
    return one


def documents(with_principal: bool = False) -> st.SearchStrategy[Any]:
    statements = st.lists(statement(with_principal), min_size=1, max_size=3)
    return statements.map(lambda members: {"Version": "2012-10-17", "Statement": members})


def named(document: Any) -> dict[str, Any]:
    return {"name": "p", "document": document}


FULL: Case = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ONE = (documents() | documents() | st.builds(copy.deepcopy, st.just(FULL))).map(named)
POLICIES = st.lists(ONE, max_size=3)
IDENTITY = POLICIES | st.lists(ONE, min_size=1, max_size=3)
LIMITS = st.none() | st.none() | POLICIES
LEVELS = st.none() | st.lists(st.lists(ONE, min_size=1, max_size=3), min_size=1, max_size=2)
CASES = st.fixed_dictionaries(
    {
        "principal": PRINCIPALS,
        "action": st.just("s3:GetObject"),
        "resource": st.just("arn:aws:s3:::b/k"),
        "resource_account": st.sampled_from([A, A, B]),
        "context": CONTEXTS,
        "identity_policies": IDENTITY,
        "permissions_boundary": LIMITS,
        "session_policies": LIMITS,
        "scps": LEVELS,
        "resource_policy": st.none() | documents(with_principal=True) | documents(with_principal=True),
    }
)


def word(case: Case) -> str:
    return trace_case(case).decision.value


def is_allowed(case: Case) -> bool:
    return word(case) == "allowed"


def every_document(case: Case) -> list[dict[str, Any]]:
    """Every policy document of a case, each to be changed in place."""
    named_ones = [
        *(case["identity_policies"] or ()),
        *(case["permissions_boundary"] or ()),
        *(case["session_policies"] or ()),
    ]
    named_ones += [one for level in case["scps"] or () for one in level]
    found = [one["document"] for one in named_ones]
    return [*found, case["resource_policy"]] if case["resource_policy"] is not None else found


def changed(case: Case, change: Callable[[Case], object]) -> Case:
    other = copy.deepcopy(case)
    change(other)
    return other


def test_the_cases_that_are_drawn_come_out_in_every_way() -> None:
    """What holds of all cases says little where nearly all are denied: they are not."""
    seen: Counter[str] = Counter()

    @settings(BOUNDED, max_examples=400, database=None, derandomize=True, phases=[Phase.generate])
    @given(CASES)
    def draw(case: Case) -> None:
        answer = word(case)
        seen[answer] += 1
        if answer == "allowed":
            seen["allowed within limits"] += bool(case["permissions_boundary"] or case["session_policies"])
            seen["allowed within an organization"] += case["scps"] is not None
            seen["allowed beside a resource policy"] += case["resource_policy"] is not None
        seen["allowed across accounts"] += is_allowed({**opened(case), "resource_account": B})

    draw()
    assert min(seen["allowed"], seen["implicitDeny"], seen["explicitDeny"]) > 60, seen
    assert len(seen) == 7
    assert min(seen.values()) > 4, seen


@rule("A2")
@BOUNDED
@given(CASES, statement(with_principal=True, effects=("Deny",)), st.integers(0, 9))
def test_another_deny_never_allows(case: Case, one: Any, place: int) -> None:
    def add(other: Case) -> None:
        found = every_document(other)
        assume(found)
        found[place % len(found)]["Statement"].append(one)

    if not is_allowed(case):
        assert not is_allowed(changed(case, add))


@rule("A1", "K6")
@BOUNDED
@given(CASES, statement(with_principal=True, effects=("Allow",)), st.integers(0, 9))
def test_another_allow_never_denies(case: Case, one: Any, place: int) -> None:
    def add(other: Case) -> None:
        found = every_document(other)
        assume(found)
        found[place % len(found)]["Statement"].append(one)

    if is_allowed(case):
        assert is_allowed(changed(case, add))


@rule("A2", "A3", "G1", "L1")
@BOUNDED
@given(CASES, st.randoms(use_true_random=False))
def test_no_order_matters(case: Case, shuffle: random.Random) -> None:
    """Of statements, policies, values, keys of objects."""

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            members = [(key, shuffled(member)) for key, member in value.items()]
            shuffle.shuffle(members)
            return dict(members)
        if isinstance(value, list):
            members = [shuffled(member) for member in value]
            shuffle.shuffle(members)
            return members
        return value

    other = shuffled(case)
    if case["scps"] is not None:
        other["scps"] = [shuffled(level) for level in case["scps"]]
    assert word(other) == word(case)


def split(statements: list[Any], element: str) -> list[Any]:
    """A statement with a list of alternatives as one statement for each of them."""
    return [{**one, element: [value]} for one in statements for value in one.get(element, [None]) if element in one] + [
        one for one in statements if element not in one
    ]


@rule("F1", "F3", "L1")
@BOUNDED
@given(CASES, st.sampled_from(["Action", "Resource"]))
def test_a_list_of_alternatives_is_as_many_statements(case: Case, element: str) -> None:
    def split_all(other: Case) -> None:
        for document in every_document(other):
            document["Statement"] = split(document["Statement"], element)

    assert word(changed(case, split_all)) == word(case)


@rule("G1")
@BOUNDED
@given(CASES, listed(st.sampled_from(["red", "blue", "green"])))
def test_values_of_a_positive_operator_are_alternatives(case: Case, values: list[str]) -> None:
    """One statement for each value is the same as one statement with all values."""
    base = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    test = {"StringEquals": {"aws:PrincipalTag/t": values}}
    each = [{**base, "Condition": {"StringEquals": {"aws:PrincipalTag/t": value}}} for value in values]
    together = changed(
        case, lambda other: other.update(identity_policies=[named({"Statement": [{**base, "Condition": test}]})])
    )
    apart = changed(case, lambda other: other.update(identity_policies=[named({"Statement": each})]))
    assert word(together) == word(apart)


@rule("G2")
@BOUNDED
@given(CASES, listed(st.sampled_from(["red", "blue", "green"])))
def test_values_of_a_negated_operator_are_all_excluded(case: Case, values: list[str]) -> None:
    """In a Deny, a negated list strikes what none of the values matches: not one Deny for each value."""
    value = case["context"].get("aws:PrincipalTag/t")
    base = {"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}
    condition = {"StringNotEquals": {"aws:PrincipalTag/t": values}}
    policy = {"Version": "2012-10-17", "Statement": [{**base, "Condition": condition}]}
    answer = word(changed(case, lambda other: other.update(resource_policy=policy)))
    if value not in values:
        assert answer == "explicitDeny"
    else:
        without = changed(case, lambda other: other.update(resource_policy={"Version": "2012-10-17", "Statement": []}))
        assert answer == word(without)


@rule("G1", "G6")
@BOUNDED
@given(CASES)
def test_tests_under_one_operator_are_as_good_as_under_two_spellings(case: Case) -> None:
    def respell(other: Case) -> None:
        for document in every_document(other):
            for one in document["Statement"]:
                spelled: dict[str, Any] = {}
                for operator, keys in one.get("Condition", {}).items():
                    for number, (key, values) in enumerate(keys.items()):
                        name = operator.lower() if number % 2 else operator.upper()
                        spelled.setdefault(name, {})[key.swapcase()] = values
                if spelled:
                    one["Condition"] = spelled

    assert word(changed(case, respell)) == word(case)


@rule("C6", "B2", "L6")
@BOUNDED
@given(CASES)
def test_the_policies_of_a_layer_are_one_policy(case: Case) -> None:
    def merge(policies: list[Any] | None) -> list[Any] | None:
        if not policies:
            return policies
        statements = [one for policy in policies for one in policy["document"]["Statement"]]
        return [named({"Version": "2012-10-17", "Statement": statements})]

    def merge_all(other: Case) -> None:
        for name in ("identity_policies", "permissions_boundary", "session_policies"):
            other[name] = merge(other[name])
        if other["scps"] is not None:
            other["scps"] = [merge(level) for level in other["scps"]]

    assert word(changed(case, merge_all)) == word(case)


@rule("F2", "F5")
@BOUNDED
@given(listed(ACTIONS), listed(ENTRIES.filter(lambda text: "$" not in text)))
def test_notaction_and_notresource_are_the_complement(actions: list[str], entries: list[str]) -> None:
    def covers(action: dict[str, Any], resource: dict[str, Any]) -> bool:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **action, **resource}]}
        return is_allowed(
            {
                "principal": USER,
                "action": "s3:GetObject",
                "resource": "arn:aws:s3:::b/k",
                "identity_policies": [named(policy)],
            }
        )

    everything, everywhere = {"Action": "*"}, {"Resource": "*"}
    assert covers({"NotAction": actions}, everywhere) is not covers({"Action": actions}, everywhere)
    assert covers(everything, {"NotResource": entries}) is not covers(everything, {"Resource": entries})


@rule("F1", "G6")
@BOUNDED
@given(CASES)
def test_the_case_of_actions_and_keys_never_matters(case: Case) -> None:
    def respell(other: Case) -> None:
        other["action"] = other["action"].swapcase()
        other["context"] = {key.swapcase(): value for key, value in other["context"].items()}
        for document in every_document(other):
            for one in document["Statement"]:
                for element in ("Action", "NotAction"):
                    if element in one:
                        one[element] = [text.swapcase() for text in one[element]]

    assert word(changed(case, respell)) == word(case)


@rule("B1", "A5")
@BOUNDED
@given(CASES)
def test_a_level_that_allows_everything_changes_nothing(case: Case) -> None:
    full = named({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

    def add(other: Case) -> None:
        other["scps"] = [[full], *(other["scps"] or ())]
        other["rcps"] = [[], [full]]

    assert word(changed(case, add)) == word(case)


@rule("A5", "C3", "C4")
@BOUNDED
@given(CASES)
def test_limits_only_limit(case: Case) -> None:
    """What is allowed under a boundary or session policy is allowed without; federated users need the latter."""

    def lift(other: Case) -> None:
        other["permissions_boundary"] = None
        if other["principal"] != FEDERATED:
            other["session_policies"] = None

    if is_allowed(case):
        assert is_allowed(changed(case, lift))


def opened(case: Case) -> Case:
    """The case with a grant on both sides: what is left is what denies and what limits."""

    def grant(other: Case) -> None:
        other["identity_policies"].append(named(copy.deepcopy(FULL)))
        policy = other["resource_policy"] or {"Version": "2012-10-17", "Statement": []}
        policy["Statement"].append({**FULL["Statement"][0], "Principal": "*"})
        other["resource_policy"] = policy

    return changed(case, grant)


@rule("D1", "D2")
@BOUNDED
@given(CASES | CASES.map(opened))
def test_what_is_allowed_across_accounts_is_allowed_inside_one(case: Case) -> None:
    across = changed(case, lambda other: other.update(resource_account=B))
    inside = changed(case, lambda other: other.update(resource_account=A))
    if is_allowed(across):
        assert is_allowed(inside)
