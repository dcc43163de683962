"""A follow-up review asks again for every item of which the effective access changed, by `can`, and for no other.

Small organizations are edited at random. Every request that can be made is put to both snapshots; where the decisions
differ, no item may be carried over of which a statement allows that very request.
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iamdesk import Evaluator, Request, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.evaluate.engine import evaluate
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import EvalDecision, MissingContextMode, PolicyType, RequestError
from iamdesk.evaluate.ternary import Truth
from iamdesk.review.carry_over import CarryOver, carry_forward
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import ReviewItem

from ..builders.captures import allow, deny, document
from ..diff.seeds import FULL, A, B, World, on, policy_arn, role_arn, root_arn, snapshot, user_arn
from ..diff.seeds import policy as managed
from ..diff.seeds import user as seeded_user
from .test_carry_over import MOMENT, TODAY, Review

ROOM, HALL = "arn:aws:s3:::room", "arn:aws:s3:::hall"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/11111111-2222-3333-4444-555555555555"
ROLE = role_arn("r1")
PEOPLE = tuple(user_arn(name) for name in ("u1", "u2", "u3"))
GUEST = user_arn("v1", B)
ACTIONS = (
    *("s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "kms:Decrypt", "kms:*", "sts:AssumeRole", "sns:Publish", "*"),
)
PLACES = ("*", f"{ROOM}/*", f"{ROOM}/a*", f"{HALL}/*", KEY, ROLE)
ASKED = (
    *(("s3:GetObject", one) for one in (f"{ROOM}/a1", f"{ROOM}/b1", f"{HALL}/a1")),
    *(("s3:PutObject", one) for one in (f"{ROOM}/a1", f"{HALL}/a1")),
    *(("kms:Decrypt", KEY), ("kms:DescribeKey", KEY), ("sts:AssumeRole", ROLE)),
    ("sns:Publish", f"arn:aws:sns:eu-west-1:{A}:news"),
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    *({}, {}, {}, {}),
    {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
)
NAMED: tuple[dict[str, Any], ...] = (
    *({"AWS": one} for one in (*PEOPLE, GUEST, root_arn(A), root_arn(B), A, B)),
    {"AWS": [PEOPLE[0], PEOPLE[1]]},
    {"AWS": "*"},
)
CONTEXTS: tuple[dict[str, str], ...] = ({}, {"aws:MultiFactorAuthPresent": "true"})


def said(chance: random.Random, most: int = 2) -> list[Any]:
    return [
        chance.choice((allow, allow, allow, deny))(
            chance.sample(ACTIONS, chance.choice((1, 1, 2))), chance.choice(PLACES), **chance.choice(CONDITIONS)
        )
        for _ in range(chance.randint(1, most))
    ]


def granted(chance: random.Random, arn: str) -> dict[str, Any] | None:
    statements = []
    for _ in range(chance.randint(0, 3)):
        effect = chance.choice(("Allow", "Allow", "Deny"))
        place = "*" if arn == KEY else chance.choice((f"{arn}/*", f"{arn}/a*"))
        actions = ["kms:*", "kms:Decrypt"] if arn == KEY else ["s3:*", "s3:GetObject", "s3:PutObject"]
        statements.append(
            {**on(chance.choice(NAMED), chance.choice(actions), place, effect), **chance.choice(CONDITIONS)}
        )
    if arn == KEY:
        statements.append(on({"AWS": root_arn(A)}, "kms:*", "*"))
    return document(*statements) if statements else None


def trusting(chance: random.Random) -> dict[str, Any]:
    return document(
        *(
            {
                "Effect": "Allow",
                "Principal": chance.choice(NAMED[:-1]),
                "Action": "sts:AssumeRole",
                **chance.choice(CONDITIONS),
            }
            for _ in range(chance.randint(1, 2))
        )
    )


def world(chance: random.Random) -> World:
    users = [
        seeded_user(
            name,
            *said(chance),
            GroupList=chance.choice(([], ["g1"])),
            AttachedManagedPolicies=chance.choice(([], [attached("p1")], [attached("p2")])),
            Tags=chance.choice(([], [{"Key": "team", "Value": "ops"}])),
        )
        for name in ("u1", "u2", "u3")
    ]
    role = {
        "Arn": ROLE, "RoleName": "r1", "RoleId": "AROAR1", "Path": "/", "AssumeRolePolicyDocument": trusting(chance),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*said(chance))}],
        "AttachedManagedPolicies": [],
    }  # fmt: skip
    group = {
        "Arn": f"arn:aws:iam::{A}:group/g1", "GroupName": "g1", "GroupId": "AGPAG1", "Path": "/",
        "GroupPolicyList": [{"PolicyName": "own", "PolicyDocument": document(*said(chance))}],
        "AttachedManagedPolicies": [],
    }  # fmt: skip
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    return {
        "users": {A: users, B: [seeded_user("v1", *said(chance), account=B)]},
        "groups": [group],
        "roles": [role],
        "policies": [
            managed("p1", *said(chance)),
            managed("p2", *said(chance)),
            managed("edge", allow(["s3:*", "sts:*"])),
        ],
        "organization": {
            "id": "o-1",
            "management_account_id": "999999999999",
            "nodes": [
                {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess"]},
                {"id": "ou-1", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess", "p-scp", "p-rcp"]},
                {"id": A, "parent_id": "ou-1", "policy_ids": ["p-FullAWSAccess"]},
                {"id": B, "parent_id": "ou-1", "policy_ids": ["p-FullAWSAccess"]},
            ],
            "policies": [
                {"id": "p-FullAWSAccess", "name": "FullAWSAccess", "type": scp, "content": FULL},
                {"id": "p-scp", "name": "scp", "type": scp, "content": document(deny("sqs:*"))},
                {"id": "p-rcp", "name": "rcp", "type": rcp, "content": document(on("*", "sqs:*", "*", "Deny"))},
            ],
        },
        "resources": [
            {"arn": ROOM, "account_id": A, "policy": granted(chance, ROOM)},
            {"arn": HALL, "account_id": A, "policy": granted(chance, HALL)},
            {"arn": KEY, "account_id": A, "policy": granted(chance, KEY), "key_grants": []},
        ],
    }


def attached(name: str) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyArn": policy_arn(name)}


# The edits


def of_user(chance: random.Random, made: World) -> dict[str, Any]:
    listed: list[dict[str, Any]] = [*made["users"][A], *made["users"][B]]
    return chance.choice(listed)


def edit_inline(chance: random.Random, made: World) -> None:
    entry = chance.choice((of_user(chance, made), made["roles"][0]))
    key = "UserPolicyList" if "UserName" in entry else "RolePolicyList"
    entry[key] = [{"PolicyName": "own", "PolicyDocument": document(*said(chance))}]


def edit_carried(chance: random.Random, made: World) -> None:
    one = chance.choice(made["users"][A])
    one["AttachedManagedPolicies"] = [attached(name) for name in ("p1", "p2") if chance.random() < 0.5]
    one["GroupList"] = chance.choice(([], ["g1"]))


def edit_managed(chance: random.Random, made: World) -> None:
    at = chance.choice((0, 1))
    made["policies"][at] = managed(f"p{at + 1}", *said(chance))


def edit_group(chance: random.Random, made: World) -> None:
    made["groups"][0]["GroupPolicyList"][0]["PolicyDocument"] = document(*said(chance))
    made["groups"][0]["AttachedManagedPolicies"] = chance.choice(([], [attached("p1")]))


def edit_holder(chance: random.Random, made: World) -> None:
    one = chance.choice(made["users"][A])
    one["Tags"] = chance.choice(([], [{"Key": "team", "Value": "ops"}], [{"Key": "team", "Value": "desk"}]))
    one["PermissionsBoundary"] = chance.choice((None, {"PermissionsBoundaryArn": policy_arn("edge")}))


def edit_resource(chance: random.Random, made: World) -> None:
    one = chance.choice(made["resources"])
    before = one["policy"]
    one["policy"] = granted(chance, one["arn"])
    if before and chance.random() < 0.6:  # a statement more, or one less
        kept = copy.deepcopy(before)
        if len(kept["Statement"]) > 1 and chance.random() < 0.5:
            kept["Statement"].pop(chance.randrange(len(kept["Statement"])))
        elif one["policy"]:
            kept["Statement"].append(one["policy"]["Statement"][0])
        one["policy"] = kept


def edit_grants(chance: random.Random, made: World) -> None:
    who = chance.choice((*PEOPLE, GUEST))
    grant = {"grant_id": "g", "grantee_principal": who, "operations": ["Decrypt"]}
    made["resources"][2]["key_grants"] = chance.choice(([], [grant]))
    made["resources"][2]["tags"] = chance.choice((None, [("team", "ops")]))


def edit_trust(chance: random.Random, made: World) -> None:
    made["roles"][0]["AssumeRolePolicyDocument"] = trusting(chance)


def edit_organization(chance: random.Random, made: World) -> None:
    policies = made["organization"]["policies"]
    action = chance.choice(ACTIONS[:-1])
    if chance.random() < 0.5:
        policies[1]["content"] = document(deny("sqs:*"), deny(action, **chance.choice(CONDITIONS)))
    elif action.startswith(("s3", "kms", "sts")):
        policies[2]["content"] = document(on("*", action, "*", "Deny"))
    else:
        made["organization"]["nodes"][3]["parent_id"] = "r-1"


EDITS: tuple[Callable[[random.Random, World], None], ...] = (
    *(edit_inline, edit_carried, edit_managed, edit_group, edit_holder, edit_resource, edit_resource),
    *(edit_grants, edit_trust, edit_organization),
)


# What the test holds against


def followed(old: Snapshot, new: Snapshot) -> tuple[CarryOver, dict[str, ReviewItem]]:
    before = Review(old, {})
    lines = review_scope(Evaluator(new, now=lambda: MOMENT)).lines
    found = carry_forward(before, lines, compare_snapshots(old, new, MOMENT), new, TODAY)
    return found, {line.line_id: line for line in lines}


def speaking(side: SnapshotView, request: Request, carried: dict[str, ReviewItem]) -> Iterator[frozenset[str]]:
    """Yield the ids of carried items of which a statement allows a request; of those in a set one has to be asked."""
    try:
        trace = evaluate(
            side.evaluation_request(request.principal, request.action, request.resource, dict(request.context))
        )
    except RequestError:
        return
    for one in trace.results:
        if not one.statement.is_allow or one.truth is not Truth.TRUE:
            continue
        owner, key = one.policy.owner, one.policy.key
        if one.policy.policy_type is PolicyType.IDENTITY:
            wanted = (owner, key) if owner == request.principal else (request.principal, owner)
            yield frozenset(at for at, line in carried.items() if (line.holder_arn, line.entitlement_id) == wanted)
        elif one.policy.policy_type is PolicyType.TRUST and one.grant is not Grant.ACCOUNT:
            yield frozenset(at for at, line in carried.items() if line.entitlement_id == key)
        elif one.grant in (Grant.EXACT, Grant.EVERYONE):
            names = {request.principal} if one.grant is Grant.EXACT else {"*"}
            yield frozenset(
                at for at, line in carried.items() if line.entitlement_id == owner and line.holder_arn in names
            )


def check(old: Snapshot, new: Snapshot) -> int:
    """Hold a follow-up review against every request; return how many decisions differ."""
    found, lines = followed(old, new)
    carried = {line_id: lines[line_id] for line_id in found.decisions}
    sides = [Evaluator(one, now=lambda: MOMENT) for one in (old, new)]
    differing = 0
    for principal in (*PEOPLE, GUEST, ROLE):
        for action, resource in ASKED:
            for context in CONTEXTS:
                request = Request(principal, action, resource, context, unknown_context=MissingContextMode.ABSENT)
                was, now = (side.can(request).decision for side in sides)
                if was is EvalDecision.ALLOWED or now is not EvalDecision.ALLOWED:
                    continue  # less access alone needs no new decision
                differing += 1
                full = Request(principal, action, resource, {"aws:MultiFactorAuthPresent": None, **context})
                for evaluator in sides:
                    for items in speaking(SnapshotView(evaluator), full, carried):
                        told = [(lines[one].holder_arn, lines[one].type, lines[one].entitlement_id) for one in items]
                        assert not told, (principal, action, resource, context, was, now)
    return differing


@pytest.mark.parametrize("seed", range(60))
def test_no_item_is_carried_over_of_which_the_effective_access_changed(seed: int) -> None:
    chance = random.Random(seed)
    made = world(chance)
    old = snapshot(made, f"old{seed}")
    edited = copy.deepcopy(made)
    for edit in chance.sample(EDITS, chance.choice((1, 1, 2, 3))):
        edit(chance, edited)
    check(old, snapshot(edited, f"new{seed}"))


# Written otherwise, the same in effect


def _statements(chance: random.Random, text: dict[str, Any] | None) -> None:
    for at, one in enumerate(text["Statement"] if text else ()):
        one["Sid"] = f"Renamed{at}"
        named = one.get("Principal")
        if isinstance(named, dict) and isinstance(named.get("AWS"), str):
            other = {A: root_arn(A), root_arn(A): A, B: root_arn(B), root_arn(B): B}.get(named["AWS"])
            if other:
                one["Principal"] = {"AWS": [other]}
        if isinstance(one["Action"], list):
            one["Action"].reverse()
        else:
            one["Action"] = [one["Action"], one["Action"]]
    if text:
        chance.shuffle(text["Statement"])


def respell(chance: random.Random, made: World) -> None:
    for users in made["users"].values():
        for one in users:
            for policy in one["UserPolicyList"]:
                _statements(chance, policy["PolicyDocument"])
    for role in made["roles"]:
        _statements(chance, role["AssumeRolePolicyDocument"])
        _statements(chance, role["RolePolicyList"][0]["PolicyDocument"])
    for resource in made["resources"]:
        _statements(chance, resource["policy"])
    for policy in made["policies"]:
        _statements(chance, policy["PolicyVersionList"][0]["Document"])


@pytest.mark.parametrize("seed", range(20))
def test_what_is_only_written_otherwise_is_not_asked(seed: int) -> None:
    chance = random.Random(seed)
    made = world(chance)
    edited = copy.deepcopy(made)
    respell(chance, edited)
    found, lines = followed(snapshot(made, f"old{seed}"), snapshot(edited, f"new{seed}"))
    asked = {(lines[one].holder_arn, lines[one].entitlement_id): why for one, why in found.asked.items()}
    # What cannot be proved is asked, with that reason; nothing else is.
    assert {key: why for key, why in asked.items() if not all(one.startswith("Cannot tell:") for one in why)} == {}
    assert len(asked) <= len(lines) // 4
    assert not found.gone


# What misled before, one by one


def small(**changes: Any) -> World:
    made = world(random.Random(0))
    made["users"][A] = [seeded_user("u1", allow("s3:GetObject", f"{ROOM}/*")), seeded_user("u2"), seeded_user("u3")]
    made["users"][B] = [seeded_user("v1", allow("s3:GetObject", f"{ROOM}/*"), account=B)]
    made["roles"][0]["RolePolicyList"] = []
    made["roles"][0]["AssumeRolePolicyDocument"] = document(
        {"Effect": "Allow", "Principal": {"AWS": root_arn(A)}, "Action": "sts:AssumeRole"}
    )
    made["groups"][0]["GroupPolicyList"] = []
    made["resources"] = [
        {"arn": ROOM, "account_id": A, "policy": None},
        {"arn": KEY, "account_id": A, "policy": document(on({"AWS": root_arn(A)}, "kms:*", "*")), "key_grants": []},
    ]
    for arn, fields in changes.items():
        made["resources"][{"room": 0, "key": 1}[arn]].update(fields)
    return made


def asked_of(before: World, after: World) -> dict[tuple[str, str], tuple[str, ...]]:
    found, lines = followed(snapshot(before, "old"), snapshot(after, "new"))
    return {(lines[one].holder_arn, lines[one].entitlement_id): why for one, why in found.asked.items()}


def test_a_deny_that_a_bucket_lost_is_asked_of_what_it_denied() -> None:
    denying = document(on({"AWS": PEOPLE[0]}, "s3:GetObject", f"{ROOM}/*", "Deny"))
    before, after = small(room={"policy": denying}), small()
    own = (PEOPLE[0], f"{PEOPLE[0]}#inline/own")
    asked = asked_of(before, after)
    assert asked.keys() == {own}
    assert "bucket policy" in asked[own][0].lower() or "policy of" in asked[own][0]
    assert asked_of(after, before) == {}


def test_an_account_that_joins_is_asked_of_what_lets_it_in() -> None:
    letting = document(on({"AWS": root_arn(B)}, "s3:GetObject", f"{ROOM}/*"))
    of_organization = {
        **on("*", "s3:PutObject", f"{ROOM}/*"),
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    }
    letting["Statement"].append(of_organization)
    before, after = small(room={"policy": letting}), small(room={"policy": letting})
    del before["users"][B]
    before["organization"]["nodes"].pop()
    asked = asked_of(before, after)
    assert {(root_arn(B), ROOM), ("*", ROOM)} <= asked.keys()
    assert f"Account {B} joined" in asked[root_arn(B), ROOM][0]


@pytest.mark.parametrize(
    "change",
    [
        {"key_grants": [{"grant_id": "g", "grantee_principal": PEOPLE[1], "operations": ["Decrypt"]}]},
        {"tags": [("team", "ops")]},
    ],
)
def test_a_keys_root_item_is_not_asked_for_grants_and_tags(change: dict[str, Any]) -> None:
    for asked in (asked_of(small(), small(key=change)), asked_of(small(key=change), small())):
        assert (root_arn(A), KEY) not in asked


def test_an_account_in_another_spelling_is_the_same_principal() -> None:
    spell: Callable[[str], World] = lambda name: small(  # noqa: E731
        room={"policy": document(on({"AWS": name}, "s3:GetObject", f"{ROOM}/*"))}
    )
    assert asked_of(spell(B), spell(root_arn(B))) == {}
    assert asked_of(spell(root_arn(B)), spell(B)) == {}
