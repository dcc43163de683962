"""Who is allowed an action on each of many entities, from sets of entities: held against adding them one by one."""

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, EdgeSources
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.inventory.statement_index import StatementIndex

from ..builders.captures import ID, account, evaluator, role

_ROLES = [role(f"r{number}") for number in range(6)]
_PART = (1 << len(_ROLES)) - 1
_TARGETS = EdgeTargets([account(*_ROLES)], StatementIndex(evaluator(*_ROLES).index))
_SETS = st.lists(st.integers(0, _PART), min_size=4, max_size=4)


@given(_SETS, _SETS, st.integers(0, 15))
def test_sets_that_cover_most_entities_say_the_same_as_their_entities(
    proven: list[int], possible: list[int], usual: int
) -> None:
    """Each principal is proven on one set of entities, and possible on the rest of another."""
    special: dict[int, ConfirmedAndPossible] = {}
    for position, (surely, perhaps) in enumerate(zip(proven, possible, strict=True), start=4):
        for covered, members in (
            (surely, ConfirmedAndPossible(1 << position, 0)),
            (perhaps & ~surely, ConfirmedAndPossible(0, 1 << position)),
        ):
            if covered:
                special[covered] = special.get(covered, NO_PRINCIPALS).either(members)
    sources = EdgeSources(_TARGETS)
    sources.add(ID, _PART, ConfirmedAndPossible(usual, 0), special)
    anybody = 0
    for place in range(len(_ROLES)):
        expected = ConfirmedAndPossible(usual, 0)
        for covered, members in special.items():
            if covered >> place & 1:
                expected = expected.either(members)
        assert sources.of(place) == expected
        anybody |= expected.principals
    assert sources.principals == anybody
