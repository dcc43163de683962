"""Messages: the placeholders of each template are the values that its call fills in."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import iamdesk


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, set[str], set[str]]]:
    """Yield the calls of `phrase` and `nphrase` on literal templates: call, placeholders, values."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        name, values = call.func.id, {keyword.arg for keyword in call.keywords if keyword.arg is not None}
        templates = [
            one.value
            for one in call.args[: 2 if name == "nphrase" else 1]
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        if name not in ("phrase", "nphrase") or not templates or len(values) != len(call.keywords):
            continue
        if name == "nphrase":
            values |= {"count"}
        names = {field for template in templates for _, field, _, _ in Formatter().parse(template) if field}
        yield call, names, values


def test_each_placeholder_is_filled_and_each_value_is_shown() -> None:
    found, wrong = 0, []
    for path in Path(iamdesk.__file__).parent.rglob("*.py"):
        for call, names, values in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            found += 1
            if names - values or values - names - {"count"}:
                wrong.append(f"{path.name}:{call.lineno}: {sorted(names ^ values)}")
    assert wrong == []
    assert found > 500, "the calls are found"
