"""Which boxes and lines a picture of ways has, and where they stand."""

from itertools import pairwise

from iamdesk.attack_paths.types import AttackPath, Goal, GoalKind, State, Step
from iamdesk.gui.attack_paths.diagram import (
    OUTSIDE,
    USUALLY_SHOWN,
    BoxKind,
    Sizes,
    actions_of,
    arranged,
    diagram_of,
    edge_words,
)
from iamdesk.gui.attack_paths.labels import lines_of

ADMINISTRATION = Goal(GoalKind.ADMINISTRATION, "111122223333", "administrator of account 111122223333")


def arn(name, kind="role"):
    return f"arn:aws:iam::111122223333:{kind}/{name}"


def step(source, target, state=State.PROVEN, path_id="sts-001", goal=None):
    becomes = goal or Goal(GoalKind.PRINCIPAL, target, target.rpartition("/")[2])
    return Step(path_id, "assuming the role", source, target, becomes, state, (), lambda _step: ())


def attack_path(*names, state=State.PROVEN):
    arns = [arn(name) for name in names]
    steps = tuple(step(one, other, state) for one, other in pairwise(arns))
    return AttackPath(arns[0], ADMINISTRATION, steps)


def test_columns_run_from_the_start_to_the_goal():
    picture = diagram_of([attack_path("a", "b", "power")])
    assert [(box.title, box.column) for box in picture.boxes] == [
        ("a", 0),
        ("b", 1),
        ("power", 2),
        ("Administrator", 3),
    ]
    assert [(line.source.rpartition("/")[2], line.caption) for line in picture.lines] == [
        ("a", "AssumeRole"),
        ("b", "AssumeRole"),
        ("power", ""),
    ]


def test_a_box_says_the_nearest_way_and_stands_where_the_longest_begins():
    boxes = {
        box.title: box for box in diagram_of([attack_path("a", "b", "c", "power"), attack_path("a", "power")]).boxes
    }
    assert boxes["a"].column == 0
    assert boxes["a"].caption == "Role, 1 step away"
    assert boxes["power"].caption == "Role, target reached"


def test_a_change_of_oneself_leads_straight_to_the_goal():
    own = step(arn("a"), arn("a"), path_id="iam-005", goal=ADMINISTRATION)
    picture = diagram_of([AttackPath(arn("a"), ADMINISTRATION, (own,))])
    assert [box.kind for box in picture.boxes] == [BoxKind.ROLE, BoxKind.GOAL]
    assert [(line.source, line.target) for line in picture.lines] == [(arn("a"), "111122223333")]


def test_who_is_there_already_is_no_box():
    assert diagram_of([AttackPath(arn("a"), ADMINISTRATION, ())]).boxes == ()


def test_a_column_of_many_is_put_together_until_it_is_opened():
    found_paths = [attack_path(f"r{number:02}", "power") for number in range(20)]
    picture = diagram_of(found_paths)
    (more,) = [box for box in picture.boxes if box.kind is BoxKind.MORE]
    assert more.title == f"{20 - USUALLY_SHOWN} more"
    assert sum(line.source == more.key for line in picture.lines) == 1
    assert not [box for box in diagram_of(found_paths, opened={2}).boxes if box.kind is BoxKind.MORE]


def test_one_more_than_usual_gets_its_own_box():
    picture = diagram_of([attack_path(f"r{number}", "power") for number in range(USUALLY_SHOWN + 1)])
    assert not [box for box in picture.boxes if box.kind is BoxKind.MORE]


def test_a_step_that_needs_a_fact_is_told_from_a_proven_one():
    lines = diagram_of([attack_path("a", "power", state=State.POSSIBLE), attack_path("b", "power")]).lines
    assert [line.is_proven for line in lines if line.steps] == [False, True]


def test_outsiders_stand_at_the_left():
    picture = diagram_of([attack_path("a", "power")], external_roles={arn("a")})
    assert picture.boxes[0].key == OUTSIDE
    assert (OUTSIDE, arn("a")) in [(line.source, line.target) for line in picture.lines]
    assert picture.columns == 4


def test_no_two_boxes_stand_in_one_place():
    found_paths = [attack_path(f"r{number:02}", f"m{number % 3}", "power") for number in range(30)]
    sizes = Sizes(100, 20, 50, 10)
    places = arranged(diagram_of(found_paths), sizes)
    assert len(set(places.values())) == len(places)
    assert {x for x, _ in places.values()} == {0, 150, 300, 450}


def test_lines_say_the_actions_of_the_step():
    assert edge_words([step(arn("a"), arn("b"), path_id="lambda-001")]) == "PassRole + CreateFunction …"
    several = [step(arn("a"), arn("b"), path_id=one) for one in ("sts-001", "lambda-001", "iam-001", "sts-001")]
    assert edge_words(several) == "AssumeRole, +2"
    assert edge_words([step(arn("a"), arn("b"), path_id="new-999")]) == "new-999"
    assert actions_of("iam-001 + sts-001") == ("iam:CreatePolicyVersion", "sts:AssumeRole")
    assert lines_of("PassRole + CreateFunction …") == ("PassRole +", "CreateFunction …")
