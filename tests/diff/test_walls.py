"""Each of sixty changes on the resource's side is reported for exactly whom it changes what, with its cause."""

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import ChangeKind, Kind, Status
from iamdesk.export.text.diff import lines

from ..access.worlds import NOON
from . import walls
from .attack import snapshot
from .walls import WALLS, WHO, Wall


def test_there_are_sixty() -> None:
    assert len(WALLS) >= 60
    assert len({one.name for one in WALLS}) == len(WALLS)


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.name)
def test_exactly_what_changed_is_reported(wall: Wall) -> None:
    old, new = walls.pair(wall)
    found = compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)
    names = {arn: name for name, arn in WHO.items()}
    told: dict[tuple[str, Kind], frozenset[str]] = {}
    for effect in found.effects():
        at = names.get(effect.principal, effect.principal), effect.kind
        told[at] = told.get(at, frozenset()) | frozenset(found.names(effect.actions))

    expected = {(name, kind): actions for one in (wall.expected, wall.also) for name, (kind, actions) in one.items()}
    assert told.keys() == expected.keys()
    assert {at: told[at] for at, actions in expected.items() if actions is not None} == {
        at: actions for at, actions in expected.items() if actions is not None
    }
    assert {cause.kind for effect in found.effects() for cause in effect.causes} == ({wall.cause} - {None})
    assert [one for one in (*found.principals.values(), *found.resources.values()) if one.doubts] == []


def test_services_that_no_statement_names_are_told_in_words() -> None:
    (wall,) = (one for one in WALLS if one.name == "an open bucket for its organization alone")
    old, new = walls.pair(wall)
    told = list(lines(compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)))

    assert told[0].startswith("Access of external principals to 1 resource changed, ")
    assert "  AWS services that no statement names lost s3:GetObject on arn:aws:s3:::open/*" in told


def test_a_service_that_a_variable_names_is_left_open() -> None:
    old, new = walls.before(), walls.before()
    condition = walls.given("StringEquals", "aws:PrincipalServiceName", "${aws:SourceAccount}.amazonaws.com")
    for world in (old, new):
        walls.more(walls.PAPERS, walls.on("*", walls.PUT, walls.X) | condition)(world)
    walls.more(walls.PAPERS, walls.wall(walls.PAPERS, walls.PUT))(new)
    found = compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)

    assert (
        "Not every AWS service that its policies distinguish could be compared." in found.resources[walls.PAPERS].doubts
    )


def test_a_level_that_allows_nothing_takes_everything() -> None:
    change = walls.node(walls.A, policy_ids=["p-rcp", "p-scp"])
    old, new = walls.pair(Wall("no SCP of the account allows anything", change, ChangeKind.SCP_ATTACHMENT))
    found = compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)

    lost = {effect.principal for effect in found.effects() if effect.kind is Kind.LOST}
    assert lost == {WHO[name] for name in ("ana", "ben", "cleo", "dan", "reader", "entered", "root")}
    assert {effect.kind for effect in found.effects()} == {Kind.LOST}
    assert {cause.kind for effect in found.effects() for cause in effect.causes} == {ChangeKind.SCP_ATTACHMENT}


@pytest.mark.parametrize("is_account", [False, True])
def test_the_text_that_opened_a_bucket_is_told_as_its_cause(*, is_account: bool) -> None:
    def shut(of: walls.World) -> None:
        walls.fields(walls.OPEN, public_access_block={"restrict_public_buckets": not is_account})(of)
        of["account_settings"][0].update(public_access_block={"restrict_public_buckets": is_account})

    def opened(of: walls.World) -> None:
        walls.fields(walls.OPEN, public_access_block={"restrict_public_buckets": False})(of)
        of["account_settings"][0].update(public_access_block={"restrict_public_buckets": False})

    worlds = walls.before(), walls.before()
    shut(worlds[0])
    opened(worlds[1])
    found = compare_snapshots(snapshot(worlds[0], "old"), snapshot(worlds[1], "new"), NOON)

    owner = walls.A if is_account else walls.OPEN
    assert {(cause.kind, cause.subject) for effect in found.effects() for cause in effect.causes} == {
        (ChangeKind.PUBLIC_ACCESS, owner)
    }
    assert [(one.cause.subject, one.has_effect) for one in found.texts] == [(owner, True)]


def test_a_place_of_each_user_raises_no_doubt_where_roles_have_no_user_name() -> None:
    worlds = walls.before(), walls.before()
    written = walls.inline(walls.allow(walls.PUT, walls.LOCKED + "/${aws:username}/*"))
    for world in worlds:
        walls.person("ana", UserPolicyList=written)(world)
        walls.fields(walls.LOCKED, acl=[{"permission": "WRITE", "account_id": walls.A}])(world)
    walls.fields(walls.LOCKED, public_access_block={"restrict_public_buckets": True})(worlds[1])
    found = compare_snapshots(snapshot(worlds[0], "old"), snapshot(worlds[1], "new"), NOON)

    assert found.resources[walls.LOCKED].status is Status.UNCHANGED
