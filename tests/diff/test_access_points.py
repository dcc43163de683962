"""What binds a bucket binds requests that reach it through an access point (rules I11, I12): diff asks there."""

import copy
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iamdesk import Evaluator, Request
from iamdesk.diff.access_points import seen_at
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.matching import applies_to
from iamdesk.diff.normal_form import ResourceScope
from iamdesk.diff.result import Comparison, Kind, Status
from iamdesk.evaluate.request import EvalDecision

from ..access.worlds import NOON
from ..builders.captures import allow, deny, document
from . import seeds, walls
from .attack import snapshot
from .seeds import World, on
from .walls import GET, OPEN, PAPERS, WHO, A, B

POINT = f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap"
THROUGH = f"{POINT}/object/shared/x"
BUCKET = f"{PAPERS}/shared/*"


def _world() -> World:
    """Return an organization in which anyone of the account may read through the access point, and never directly."""
    of = walls.before()
    walls.policy(
        PAPERS,
        on("*", GET, f"{PAPERS}/*") | walls.given("StringEquals", "s3:DataAccessPointAccount", A),
    )(of)
    of["resources"].append(
        {
            "arn": POINT,
            "account_id": A,
            "policy": document(on({"AWS": WHO["dan"]}, GET, f"{POINT}/object/*")),
            "tags": [],
            "access_point": {"buckets": [{"name": "papers", "account_id": A}], "alias": "ap-s3alias"},
        }
    )
    return of


def _owned_by_b(of: World) -> None:
    walls.fields(PAPERS, account_id=B)(of)
    _of_dan(allow(GET))(of)
    of["resources"][-1]["access_point"]["buckets"][0]["account_id"] = B


def _nothing(_: World) -> None:
    """Change nothing."""


def _of_dan(*statements: seeds.Json) -> Callable[[World], None]:
    return walls.person("dan", UserPolicyList=walls.inline(*statements))


def _with_boundary(where: str) -> Callable[[World], None]:
    def change(of: World) -> None:
        of["policies"].append(seeds.policy("edge", allow("*"), deny(GET, where)))
        walls.person("dan", **seeds.bounded("edge"))(of)

    return change


def _denied_elsewhere(principal: seeds.Json | str, *wheres: str) -> seeds.Json:
    return {"Effect": "Deny", "Principal": principal, "Action": GET, "NotResource": list(wheres)}


def _tagged(value: str) -> Callable[[World], None]:
    return walls.fields(PAPERS, tags=[("team", value)], abac_enabled=True)


BY_TAG = _of_dan(deny(GET, Condition=walls.resource_tag("red")))
CHANGES: dict[str, tuple[Callable[[World], None], Callable[[World], None]]] = {
    "an SCP": (_nothing, walls.control("p-scp", deny(GET, BUCKET))),
    "an SCP, by an entry whose star runs into the key": (
        _nothing,
        walls.control("p-scp", deny(GET, "arn:aws:s3:::pa*red/x")),
    ),
    "an SCP, by all that the bucket's name begins": (
        _nothing,
        walls.control("p-scp", deny("s3:*", "arn:aws:s3:::pap*")),
    ),
    "an SCP against all but another bucket": (
        _nothing,
        walls.control("p-scp", {"Effect": "Deny", "Action": GET, "NotResource": [f"{OPEN}/*", f"{POINT}/object/*"]}),
    ),
    "an RCP": (_nothing, walls.control("p-rcp", on("*", GET, BUCKET, "Deny"))),
    "an RCP of the bucket's owner": (
        _owned_by_b,
        walls.both(_owned_by_b, walls.node(B, policy_ids=["p-FullAWSAccess", "p-new"])),
    ),
    "a policy of the principal": (_nothing, _of_dan(deny(GET, BUCKET))),
    "a policy of the principal, by its name": (
        walls.control("p-new", deny("sqs:*")),
        _of_dan(deny(GET, f"{PAPERS}/${{aws:username}}/*")),
    ),
    "a boundary": (_with_boundary(f"{OPEN}/*"), _with_boundary(BUCKET)),
    "the bucket's policy": (_nothing, walls.more(PAPERS, on({"AWS": WHO["dan"]}, GET, BUCKET, "Deny"))),
    "the bucket's policy, for all but another bucket": (
        _nothing,
        walls.more(PAPERS, _denied_elsewhere({"AWS": WHO["dan"]}, f"{OPEN}/*")),
    ),
    "the bucket's policy, for all but the ARNs of the access point": (
        _nothing,
        walls.more(PAPERS, _denied_elsewhere("*", f"{POINT}/object/*", POINT)),
    ),
    "tags of the bucket": (walls.both(BY_TAG, _tagged("blue")), walls.both(BY_TAG, _tagged("red"))),
    "whether tags of the bucket count": (
        walls.both(BY_TAG, _tagged("red"), walls.fields(PAPERS, abac_enabled=False)),
        walls.both(BY_TAG, _tagged("red")),
    ),
    "the bucket's owner": (
        walls.control("p-scp", deny(GET, Condition={"StringEquals": {"aws:ResourceAccount": B}})),
        walls.both(
            walls.control("p-scp", deny(GET, Condition={"StringEquals": {"aws:ResourceAccount": B}})), _owned_by_b
        ),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_binds_the_bucket_binds_what_goes_through_its_access_point(name: str) -> None:
    worlds = _world(), _world()
    for world, change in zip(worlds, CHANGES[name], strict=True):
        change(world)
    snapshots = snapshot(worlds[0], "old"), snapshot(worlds[1], "new")
    where = THROUGH.replace("shared", "dan") if "by its name" in name else THROUGH
    verdicts = [Evaluator(one, now=lambda: NOON).trace(Request(WHO["dan"], GET, where)).decision for one in snapshots]
    assert verdicts[0] is EvalDecision.ALLOWED
    assert verdicts[1] is not EvalDecision.ALLOWED

    found = compare_snapshots(*snapshots, NOON)
    assert found.principals[WHO["dan"]].status is Status.CHANGED
    assert _is_told(found)


@pytest.mark.parametrize("where", [f"{OPEN}/*", f"{POINT}/object/*"])
def test_a_deny_on_all_but_other_resources_takes_the_way_of_another_account(where: str) -> None:
    """Of a caller outside, only the access point's policy tells."""
    outside = "arn:aws:iam::999988887777:role/x"
    old = _world()
    old["resources"][-1]["policy"] = document(on({"AWS": outside}, GET, f"{POINT}/object/*"))
    new = copy.deepcopy(old)
    walls.more(PAPERS, _denied_elsewhere("*", where))(new)
    snapshots = snapshot(old, "old"), snapshot(new, "new")
    request = Request(outside, GET, THROUGH, is_of_resource=True)
    verdicts = [Evaluator(one, now=lambda: NOON).trace(request).decision for one in snapshots]
    assert verdicts == [EvalDecision.ALLOWED, EvalDecision.EXPLICIT_DENY]

    found = compare_snapshots(*snapshots, NOON)
    told = [one for one in found.resources[POINT].effects if one.principal == outside]
    assert [(one.kind, GET in found.names(one.actions)) for one in told] == [(Kind.LOST, True)]


def _is_told(found: Comparison) -> bool:
    return any(
        effect.principal == WHO["dan"]
        and effect.kind is Kind.LOST
        and GET in found.names(effect.actions)
        and effect.witness.resource.startswith(POINT)
        for effect in found.effects()
    )


_KEYS = st.text("ab/.", min_size=1, max_size=5)


@given(st.text("ab/.*?", max_size=7), _KEYS)
@example("*/b", "a/b")
@example("a*b/*", "ab/a")
def test_an_entry_names_through_the_access_point_exactly_the_objects_that_it_names_in_the_bucket(
    pattern: str, key: str
) -> None:
    entry = ResourceScope(False, frozenset({f"arn:aws:s3:::{pattern}"}))
    seen = seen_at(POINT, "arn:aws:s3:::a.b", entry)

    assert any(applies_to(one, f"{POINT}/object/{key}") for one in seen) is applies_to(entry, f"arn:aws:s3:::a.b/{key}")
    assert any(applies_to(one, POINT) for one in seen) is applies_to(entry, "arn:aws:s3:::a.b")


@given(st.text("ab/.*?", max_size=7), _KEYS)
@example("other/*", "a")
def test_all_but_an_entry_names_through_the_access_point_no_less_than_in_the_bucket(pattern: str, key: str) -> None:
    every_other = ResourceScope(True, frozenset({f"arn:aws:s3:::{pattern}"}))
    seen = seen_at(POINT, "arn:aws:s3:::a.b", every_other)

    for through, inside in ((f"{POINT}/object/{key}", f"arn:aws:s3:::a.b/{key}"), (POINT, "arn:aws:s3:::a.b")):
        assert any(applies_to(one, through) for one in seen) or not applies_to(every_other, inside)
