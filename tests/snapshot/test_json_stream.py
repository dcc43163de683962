import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.errors import SnapshotError
from iamdesk.progress import never_cancelled, no_progress
from iamdesk.snapshot import json_stream, text_source
from iamdesk.snapshot.file_walk import found_file
from iamdesk.snapshot.json_stream import MAX_VALUE, JsonWalk, ValueTooLargeError
from iamdesk.snapshot.text_source import ReadSoFar, SourceText

from ..some_of import some_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
LAYOUTS: list[dict[str, Any]] = [
    {"indent": 4},
    {"separators": (",", ":")},
    {"indent": "\t", "ensure_ascii": False},
    {"separators": (" , ", " :\r\n")},
]


def walk_of(path: Path) -> JsonWalk:
    return JsonWalk(SourceText(found_file(path, path.name), ReadSoFar(no_progress, never_cancelled, 0)))


def written(path: Path, text: str) -> JsonWalk:
    path.write_bytes(text.encode())
    return walk_of(path)


def taken_apart(walk: JsonWalk) -> Any:
    """Take a value by its members and elements as far as they go."""
    start = walk.peek()
    if start == "{":
        return {key: taken_apart(walk) for key in walk.members()}
    if start == "[":
        return [taken_apart(walk) for _ in walk.elements()]
    return walk.value()


@pytest.fixture(params=[1, 7, 1 << 17], ids=lambda size: f"pieces of {size}")
def any_piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_source, "PIECE", request.param)


@pytest.mark.usefixtures("any_piece")
@given(value=VALUES, layout=st.sampled_from(LAYOUTS), ending=st.sampled_from(["", "\n", " \t\r\n"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=some_of(60))
def test_a_walk_takes_what_json_takes_wherever_the_window_ends(
    tmp_path: Path, value: Any, layout: dict[str, Any], ending: str
) -> None:
    text = json.dumps(value, **layout) + ending
    path = tmp_path / "value.json"
    assert written(path, text).value() == json.loads(text)
    assert taken_apart(walk_of(path)) == json.loads(text)
    if not isinstance(value, bool | None):
        passed_over = walk_of(path)
        passed_over._pass_over()
        assert passed_over.peek() == ""


@pytest.mark.usefixtures("any_piece")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n  "a": 1,\n  "b" 2\n}', "line 3, column 7"),
        ('{\n  "a": [1, 2,, 3]\n}', "line 2, column 14"),
        ('{\n  "a": tru\n}', "line 2, column 8"),
        ('{\n  "a": "ü", "b": x}', "line 2, column 18"),
        ('{\n  "a": [1, NaN]\n}', "line 2, column 12"),
        ('{\n  "a": ["NaN", -Infinity]\n}', "line 2, column 16"),
        ('{\n  "a": 1', "line 2, column 9"),
        ('{\n  "a": "never closed', "line 2, column 21"),
        ('{\n  "a": {"b": [1', "line 2, column 16"),
        ('{\n  "a": 1}\n}', "line 3, column 1"),
        ("{\n  a: 1}", "line 2, column 3"),
        ('{\n  "a": "x\ny"}', "line 2, column 10"),
        ('{\n  "a": 1,\n}', "line 3, column 1"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_column(tmp_path: Path, text: str, place: str) -> None:
    def take_all() -> None:
        walk = written(tmp_path / "broken.json", text)
        while walk.peek():
            taken_apart(walk)

    with pytest.raises(SnapshotError) as raised:
        take_all()
    assert str(raised.value).startswith(f"broken.json: {place}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        '"' + "x" * MAX_VALUE * 2 + '"',
        '"' + '\\"[{' * MAX_VALUE + '"',
        "[" + "1," * MAX_VALUE + "1]",
        '{"a": {"b": ["' + "]}" * MAX_VALUE + '"]}}',
        "[" * 200_000 + "]" * 200_000,
        '{"a":' * 200_000 + "1" + "}" * 200_000,
        "9" * 10_000,
        '{"a": 1e999}',
    ],
    ids=["string", "escapes", "list", "brackets in a string", "deep list", "deep object", "digits", "infinite"],
)
def test_a_value_that_is_not_held_is_passed_over_and_the_walk_goes_on(tmp_path: Path, value: str) -> None:
    walk = written(tmp_path / "large.json", f'[{value}, "next"]')
    elements = walk.elements()
    next(elements)
    with pytest.raises(ValueTooLargeError):
        walk.value()
    next(elements)
    assert walk.value() == "next"
    assert next(elements, None) is None


def test_an_unknown_list_is_skipped_without_holding_it_or_the_interpreter(tmp_path: Path) -> None:
    item = json.dumps({"Name": "x" * 40, "Values": list(range(30))})
    walk = written(tmp_path / "unknown.json", f'{{"Unknown": [{",".join([item] * 100_000)}], "Known": 1}}')
    longest = 0
    known = None
    for key in walk.members():
        if key == "Known":
            known = walk.value()
        else:
            walk.skip()
        longest = max(longest, len(walk._text))
    assert known == 1
    assert longest <= MAX_VALUE + 2 * text_source.PIECE


def test_more_open_brackets_than_anyone_writes_is_an_error_not_a_memory_hog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_MAX_OPEN", 10_000)
    walk = written(tmp_path / "deep.json", "[" * 20_000)
    with pytest.raises(SnapshotError, match="objects and lists are nested more than 10,000 levels deep"):
        walk.skip()


def test_walks_in_several_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{"number": number, "deep": [[[]]]} for number in range(2000)]))
    results: list[list[int]] = []

    def take() -> None:
        walk = walk_of(path)
        results.append([walk.value()["number"] for _ in walk.elements() if not walk.is_ambiguous])

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [list(range(2000))] * 4
