from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.search import OutlineSearch, RowSet
from iamdesk.viewmodel.tree import Badge
from iamdesk.viewmodel.tree_builder import Node, NodeKind, Outline, build_outline

from ..some_of import some_of


def hits(outline: Outline, text: str) -> list[str]:
    return [outline.nodes[row].text for row in OutlineSearch(outline).matches(text).hits]


def test_no_text_shows_everything_in_the_order_of_the_tree(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    for text in ("", "  \t "):
        found = OutlineSearch(outline).matches(text)
        assert found.rows == set(range(len(outline.nodes)))
        walk: list[int] = []

        def visit(row: int, walk: list[int] = walk) -> None:
            walk.append(row)
            for child in outline.children(row):
                visit(child)

        visit(0)
        assert list(found.hits) == walk[1:]


def test_case_does_not_count_and_a_part_of_the_name_is_enough(snapshot: Snapshot) -> None:
    assert hits(build_outline(snapshot), "ALIC") == ["alice"]


def test_the_arn_and_the_detail_are_searched_too(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    assert hits(outline, ":user/eng/alice") == ["alice"]
    assert hits(outline, "/boundaries/") == ["dev-boundary", "dev-boundary"]
    assert hits(outline, "ec2.amazonaws.com") == ["Trust policy"]


def test_several_words_must_all_be_there(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    assert hits(outline, "payroll attached") == ["payroll-rw"]
    assert hits(outline, "payroll nowhere") == []


def test_inline_policies_are_found_by_their_own_name_only(snapshot: Snapshot) -> None:
    """Their keys hold their owner's ARN: a search for the owner is no search for them."""
    outline = build_outline(snapshot)
    assert hits(outline, "deploy") == ["deploy"]
    assert "deploy" not in hits(outline, "group/engineers")


def test_a_hit_brings_its_ancestors_and_what_stands_under_it(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    found = OutlineSearch(outline).matches("alice")
    (alice,) = found.hits
    users = outline.nodes[alice].parent
    account = outline.nodes[users].parent
    assert found.rows == {0, account, users, alice, *outline.children(alice)}


def test_a_hit_below_a_principal_does_not_bring_its_siblings(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    found = OutlineSearch(outline).matches("own inline")
    (own,) = found.hits
    alice = outline.nodes[own].parent
    assert alice in found.rows
    assert found.rows & set(outline.children(alice)) == {own}


def test_a_section_is_found_by_its_title_with_all_of_its_entries(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    found = OutlineSearch(outline).matches("malformed entries")
    assert "entry 3" in {outline.nodes[row].text for row in found.rows}


def test_nothing_found_leaves_the_bare_root(snapshot: Snapshot) -> None:
    found = OutlineSearch(build_outline(snapshot)).matches("no such thing")
    assert found.rows == {0}
    assert found.hits == ()


def test_hits_come_from_top_to_bottom(build: Any) -> None:
    users = [{"Arn": f"arn:aws:iam::111122223333:user/{n}", "UserName": n} for n in ("x-b", "x-a")]
    roles = [{"Arn": "arn:aws:iam::111122223333:role/x-0", "RoleName": "x-0"}]
    outline = build_outline(build.snapshot(build.account(users=users, roles=roles)))
    assert hits(outline, "x-") == ["x-a", "x-b", "x-0"]


def test_text_beyond_the_limit_does_not_count(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    assert hits(outline, "alice" + " " * 5_000 + "zzz") == ["alice"]
    assert hits(outline, "a" * 1_000_000) == []


def test_hostile_names_are_ordinary_text(build: Any) -> None:
    name = "a\nb\u202ec"
    users = [{"Arn": "arn:aws:iam::111122223333:user/weird", "UserName": name}]
    outline = build_outline(build.snapshot(build.account(users=users)))
    assert hits(outline, "b\u202ec") == [name]


@pytest.mark.parametrize("text", ["a", "alice", "policy", "e r", "ROLE", "users", "111122223333", "reads", "engineers"])
def test_the_result_is_that_of_the_plain_rule(snapshot: Snapshot, text: str) -> None:
    outline = build_outline(snapshot)
    without_key = (NodeKind.INLINE_POLICY, NodeKind.TRUST_POLICY, NodeKind.BROKEN)

    def holds(node: Node) -> bool:
        fields = [node.text]
        if node.kind is not NodeKind.SECTION:
            fields += [node.detail] if node.kind in without_key else [node.detail, node.key]
        return all(any(word in field.casefold() for field in fields) for word in text.casefold().split())

    hits: list[int] = []
    rows = {0}

    def walk(row: int, above: tuple[int, ...], under_hit: bool) -> None:
        is_hit = row != 0 and holds(outline.nodes[row])
        if is_hit:
            hits.append(row)
            rows.update(above)
        if is_hit or under_hit:
            rows.add(row)
        for child in outline.children(row):
            walk(child, (*above, row), is_hit or under_hit)

    walk(0, (), False)
    found = OutlineSearch(outline).matches(text)
    assert list(found.hits) == hits
    assert found.rows == rows


@given(typed=st.lists(st.text("alicepy /-", max_size=6), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=some_of(60))
def test_what_was_typed_before_makes_no_difference(snapshot: Snapshot, typed: list[str]) -> None:
    outline = build_outline(snapshot)
    asked_often = OutlineSearch(outline)
    for text in typed:
        assert asked_often.matches(text) == OutlineSearch(outline).matches(text)


def test_the_next_letter_looks_only_at_what_the_letters_before_have_found(snapshot: Snapshot) -> None:
    looked_at: list[str] = []

    class Noted(str):
        __slots__ = ()

        def __contains__(self, word: object) -> bool:
            looked_at.append(self)
            return super().__contains__(word)

    search = OutlineSearch(build_outline(snapshot))
    search._texts = [Noted(text) for text in search._texts]
    found = search.matches("ali")
    looked_at.clear()
    search.matches("alic")
    assert len(looked_at) == len(found.hits) < len(search._texts)
    looked_at.clear()
    assert search.matches("ali") == found
    assert not looked_at


def test_rows_found_are_a_set() -> None:
    rows = RowSet(bytearray(b"\1\0\1\1"))
    assert rows == {0, 2, 3}
    assert (list(rows), len(rows)) == ([0, 2, 3], 3)
    assert [row in rows for row in (-1, 0, 1, 3, 4)] == [False, True, False, True, False]
    assert rows.isdisjoint(range(1, 2))
    assert not rows.isdisjoint(range(1, 3))
    assert rows.isdisjoint(range(4, 9))
    assert not rows.isdisjoint([9, 3])
    assert rows & {3, 4} == {3}


def test_fields_narrow_the_tree(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    kinds = {node.text: node.kind for node in outline.nodes}
    groups = hits(outline, "kind:group")
    assert groups
    assert all(kinds[name] is NodeKind.GROUP for name in groups)
    assert hits(outline, "kind=user name:alic") == ["alice"]
    assert hits(outline, "arn:user/eng/alice") == ["alice"]  # not her inline policies
    assert hits(outline, "arn:aws:iam::111122223333:user/eng/alice -kind:user") == []
    assert set(hits(outline, "kind:user OR kind:group")) == {*groups, *hits(outline, "kind:user")}


def test_badges_that_are_evaluated_later_are_found(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    finder = OutlineSearch(outline)
    alice = next(row for row, node in enumerate(outline.nodes) if node.text == "alice")
    assert alice not in finder.matches("badge:administrator").hits
    found = finder.matches("badge:administrator", {alice: (Badge.ADMINISTRATOR,)})
    assert found.hits == (alice,)
    assert outline.nodes[alice].parent in found.rows
