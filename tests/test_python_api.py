"""What a script may rely on (CONTRACT 5): names, types, places in policies, and answers from several threads."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import BaseModel

import iamdesk
from iamdesk import Decision, Evaluator, Request, Snapshot, SnapshotError, load_snapshot
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.resource_files import sample_snapshot

BUCKET = "arn:aws:s3:::acme-prod-payroll"
ASKED = [
    ("s3:GetObject", f"{BUCKET}/2026/september.csv"),
    ("s3:ListBucket", BUCKET),
    ("iam:PassRole", "arn:aws:iam::111122223333:role/service/web-server"),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy/deploy"),
    ("ec2:DescribeInstances", "*"),
]


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_snapshot(sample_snapshot()))


def requests(evaluator: Evaluator) -> Iterator[Request]:
    for principal in evaluator.principals():
        for action, resource in ASKED:
            yield Request(principal=principal, action=action, resource=resource)


def test_the_package_names_what_scripts_import() -> None:
    assert {"load_snapshot", "Evaluator", "Request", "SnapshotError", "Snapshot", "Decision"} <= set(iamdesk.__all__)
    for name in set(iamdesk.__all__) - {"Decision"}:
        assert getattr(iamdesk, name).__name__ == name
    assert Decision is iamdesk.EvaluationResult
    assert issubclass(Snapshot, BaseModel)
    with pytest.raises(AttributeError):
        iamdesk.nothing  # noqa: B018 - the access is what is tried


def test_none_of_it_imports_qt() -> None:
    code = (
        "import sys, iamdesk\n"
        "evaluator = iamdesk.Evaluator(iamdesk.load_snapshot(sys.argv[1]))\n"
        "who = next(evaluator.principals())\n"
        "evaluator.can(iamdesk.Request(who, 's3:GetObject', 'arn:aws:s3:::b/k'))\n"
        "list(evaluator.who_can(action='s3:GetObject', resource='arn:aws:s3:::b/k'))\n"
        "evaluator.what_can(principal=who)\n"
        "assert not [name for name in sys.modules if name.startswith(('PySide6', 'iamdesk.gui'))]\n"
    )
    subprocess.run([sys.executable, "-c", code, str(sample_snapshot())], check=True)


@pytest.mark.parametrize("content", [None, b"", b"hello", b"[1]", b'{"a": 1}'])
def test_what_is_no_snapshot_raises_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SnapshotError) as raised:
        load_snapshot(path)
    assert "file.json" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_fields_bear_the_names_of_the_json(evaluator: Evaluator) -> None:
    """Each member of `can --format json` is a field by its name in snake_case, and says the same."""
    for request in requests(evaluator):
        answer = evaluator.can(request)
        told = to_evaluation_result(answer)
        assert (answer.decision, answer.eval_decision) == (told["EvalDecision"], told["EvalDecision"])
        assert isinstance(answer.decision, str)
        assert (answer.eval_action_name, answer.eval_resource_name) == (
            told["EvalActionName"],
            told["EvalResourceName"],
        )
        assert list(answer.missing_context_values) == told["MissingContextValues"]
        assert list(answer.blocked_by) == told["BlockedBy"]
        assert len(answer.conditions) == len(told["Conditions"])
        assert [(one.code, one.message) for one in answer.assumptions] == [
            (one["Code"], one["Message"]) for one in told["Assumptions"]
        ]
        assert len(answer.matched_statements) == len(told["MatchedStatements"])
        for line, one in zip(answer.matched_statements, told["MatchedStatements"], strict=True):
            assert line.source_policy_id == one["SourcePolicyId"]
            assert line.source_policy_type == one["SourcePolicyType"]
            assert (line.statement_index, line.sid, line.effect) == (one["StatementIndex"], one["Sid"], one["Effect"])
            assert line.start_position is not None
            assert line.end_position is not None
            assert line.start_position._asdict() == {key.lower(): at for key, at in one["StartPosition"].items()}
            assert line.end_position._asdict() == {key.lower(): at for key, at in one["EndPosition"].items()}
        for layer, one in zip(answer.layers, told["Layers"], strict=True):
            assert layer.layer == one["Layer"]
            assert ("unknown" if layer.is_unknown else layer.decision) == one["Decision"]
            assert len(layer.statements) == len(one["Statements"])
        assert sorted(map(id, answer.statements)) == sorted(
            id(line) for one in answer.layers for line in one.statements
        )


def test_positions_point_at_the_statement_in_the_policy_as_shown(evaluator: Evaluator) -> None:
    seen = 0
    for request in requests(evaluator):
        for line in evaluator.can(request).statements:
            start, end = line.start_position, line.end_position
            assert start is not None
            assert end is not None
            shown = line.document.text.text.splitlines()[start.line - 1 : end.line]
            shown[-1] = shown[-1][: end.column - 1]
            shown[0] = shown[0][start.column - 1 :]
            listed = line.document.raw["Statement"]
            statement = listed[line.statement_index] if isinstance(listed, list) else listed
            assert json.loads("\n".join(shown)) == statement
            seen += 1
    assert seen > 100


def test_a_row_of_who_can_gives_its_whole_answer(evaluator: Evaluator) -> None:
    action, resource = ASKED[0]
    rows = list(evaluator.who_can(action=action, resource=resource))
    assert rows
    for row in rows:
        assert isinstance(row.explanation, Decision)
        assert row.explanation.decision is row.decision
        assert row.explanation.request.principal == row.principal


def test_several_threads_get_the_answers_of_one() -> None:
    snapshot = load_snapshot(sample_snapshot())
    alone = Evaluator(snapshot)
    asked = list(requests(alone))
    expected = [to_evaluation_result(alone.can(request)) for request in asked]
    shared = Evaluator(snapshot)
    everybody = [(row.principal, row.decision) for row in alone.who_can(action=ASKED[0][0], resource=ASKED[0][1])]
    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(lambda request: to_evaluation_result(shared.can(request)), asked)
        sweeps = [pool.submit(lambda: list(shared.who_can(action=ASKED[0][0], resource=ASKED[0][1]))) for _ in range(3)]
        bare = pool.map(shared.decide, asked)
        assert list(answers) == expected
        assert [verdict.value for verdict in bare] == [one["EvalDecision"] for one in expected]
        for sweep in sweeps:
            assert [(row.principal, row.decision) for row in sweep.result()] == everybody
