"""Who can and what can as files: true rows, neutral cells, the same JSON as in the terminal."""

import csv
import io
import json
from functools import partial
from typing import Any

import pytest

from iamdesk import Evaluator, Request
from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, EffectiveAccess
from iamdesk.api import Workbench
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.access import what_can, who_can
from iamdesk.export.access.detail_rows import detail_of, resource_words
from iamdesk.export.access.heatmap import ACTION_FIELDS, LEVELS, access_map, cell_of
from iamdesk.export.access.what_can import to_effective_access
from iamdesk.export.findings.csv_table import csv_bytes
from iamdesk.export.text.access import either, how_words, when_words
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot

ACCOUNT = "arn:aws:iam::111122223333"
NORA = f"{ACCOUNT}:user/finance/nora.lindqvist"
PAYROLL = "arn:aws:s3:::acme-payroll/2026/09.csv"
FORMULAS = "=+-@\t\r＝＋－＠"


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_snapshot(sample_snapshot()))


@pytest.fixture(scope="module")
def nora(evaluator: Evaluator) -> EffectiveAccess:
    return evaluator.what_can(NORA)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def action(access: EffectiveAccess, name: str) -> ActionAccess:
    return next(one for one in access.actions(name.partition(":")[0]) if one.name == name)


def decision(evaluator: Evaluator, principal: str, **more: Any) -> EvaluationResult:
    return evaluator.can(Request(principal, "s3:GetObject", PAYROLL, **more))


# who can


def test_the_report_has_a_row_for_everybody_who_can(evaluator: Evaluator) -> None:
    accesses = list(evaluator.who_can(action="s3:GetObject", resource=PAYROLL))
    rows = rows_of(who_can.csv_of(map(who_can.csv_cells, accesses), "acme.json"))
    assert [(row["principal"], row["decision"]) for row in rows] == [
        (one.principal, one.decision.value) for one in accesses
    ]
    assert [row["number"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    of_nora = next(row for row in rows if row["principal"] == NORA)
    assert of_nora["account_id"] == "111122223333"
    assert of_nora["how"] == "PayrollReadWrite through group Finance"
    assert "aws:SourceIp" in of_nora["missing_context"]
    assert (of_nora["action"], of_nora["resource"], of_nora["snapshot"]) == ("s3:GetObject", PAYROLL, "acme.json")
    written = b"".join(who_can.json_pieces(map(who_can.json_row, accesses)))
    objects = json.loads(written)
    assert written.decode() == f"{json.dumps(objects, indent=2)}\n"
    assert [one["Principal"] for one in objects] == [one.principal for one in accesses]
    assert {one["EvalDecision"] for one in objects} == {"allowed", "conditional"}


def test_the_context_that_was_given_stands_in_every_row(evaluator: Evaluator) -> None:
    given = {"aws:MultiFactorAuthPresent": None, "aws:TagKeys": ["a", "b"]}
    accesses = list(evaluator.who_can(action="s3:GetObject", resource=PAYROLL, context=given))
    rows = rows_of(who_can.csv_of(map(who_can.csv_cells, accesses), "x"))
    assert {row["given_context"] for row in rows} == {"aws:MultiFactorAuthPresent=(absent) | aws:TagKeys=a,b"}


def test_no_row_is_an_empty_list() -> None:
    assert json.loads(b"".join(who_can.json_pieces([]))) == []


@pytest.mark.parametrize("action", ["s3:GetObject", None])
def test_each_row_can_be_cancelled(action: str | None) -> None:
    opened = Workbench().open_snapshot(sample_snapshot())
    shown = opened.each_row(who_can.json_row, action=action, resource=PAYROLL)
    assert sum(1 for _ in shown) > 15
    looks = iter([False, False, True])
    stopped = opened.each_row(who_can.json_row, action=action, resource=PAYROLL, cancelled=partial(next, looks, True))
    with pytest.raises(WorkCancelled):
        list(stopped)


def test_how_is_each_policy_once_and_the_root_users_own_sentence(evaluator: Evaluator) -> None:
    jonas = decision(evaluator, f"{ACCOUNT}:user/engineering/sre/jonas.berg")
    assert how_words(jonas) == (
        "AdministratorAccess through group Administrators and PowerUserAccess through group SiteReliability"
    )
    root = decision(evaluator, f"{ACCOUNT}:root")
    assert how_words(root) == root.sentence


def test_a_trust_policy_is_named_by_its_role(evaluator: Evaluator) -> None:
    role = f"{ACCOUNT}:role/ci/GitHubActionsPreview"
    rows = list(evaluator.who_can(action="sts:AssumeRole", resource=f"{ACCOUNT}:role/break-glass/BreakGlassAdmin"))
    assert rows
    assert any("trust policy of role BreakGlassAdmin" in how_words(row.explanation) for row in rows)
    assert role not in {row.principal for row in rows}


def test_conditions_are_the_answers_own_and_only_of_conditional_ones(evaluator: Evaluator) -> None:
    answer = decision(evaluator, NORA)
    assert answer.decision is EvalDecision.CONDITIONAL
    assert when_words(answer) == (
        "aws:SourceIp is within 203.0.113.0/24 or 2001:db8:1234::/48 and aws:MultiFactorAuthPresent is true"
    )
    assert when_words(decision(evaluator, f"{ACCOUNT}:user/acme-bootstrap")) == ""


def test_more_ways_than_fit_are_counted() -> None:
    assert either(["a", "b", "c"], 3, "way") == "a, b or c"
    assert either(["a", "b", "c", "d", "e"], 3, "way") == "a, b or 3 more alternatives"


# what can


def test_the_map_is_the_counts_of_the_effective_permissions(nora: EffectiveAccess) -> None:
    shown = access_map(nora)
    assert [row.service for row in shown.listed] == [one.service for one in nora.services]
    assert all(row.is_empty for row in shown.rows[len(shown.listed) :])
    assert len(shown.rows) > 400
    for row in shown.listed:
        assert row.total.total == sum(cell.total for cell in row.cells.values())
        assert row.total.permitted == sum(cell.permitted for cell in row.cells.values())
    written = rows_of(what_can.map_to_csv(shown, "acme.json"))
    for line in written:
        found = nora.service(line["service"])
        assert found is not None
        counts = found.counts()[line["access_level"]]
        assert int(line["actions_total"]) == sum(counts.values())
        assert int(line["allowed"]) == counts[AccessExtent.ALLOWED]
        assert int(line["some_resources_conditional"]) == counts[AccessExtent.SOME_CONDITIONAL]
        assert float(line["share_permitted"]) == pytest.approx(found.share(line["access_level"]), abs=0.001)
    assert {line["access_level"] for line in written} <= set(LEVELS)


def test_a_cell_tells_apart_what_its_counts_tell_apart() -> None:
    cell = cell_of(
        {
            AccessExtent.ALLOWED: 1,
            AccessExtent.CONDITIONAL: 2,
            AccessExtent.AWAITING: 4,
            AccessExtent.SOME: 8,
            AccessExtent.SOME_CONDITIONAL: 16,
            AccessExtent.DENIED: 32,
            AccessExtent.NONE: 64,
        }
    )
    assert (cell.total, cell.permitted, cell.conditional, cell.awaiting) == (127, 31, 18, 4)
    assert (cell.somewhere, cell.denied) == (24, 32)
    assert cell.share == pytest.approx(31 / 127)


def test_a_row_gives_the_actions_that_match_words_level_and_reach(nora: EffectiveAccess) -> None:
    shown = access_map(nora)
    s3 = next(row for row in shown.rows if row.service == "s3")

    def found(words: str, level: str | None = None, *reaches: AccessExtent) -> list[str]:
        chosen = s3.matching(
            ACTION_FIELDS.read(words).accepts, level, frozenset(reaches or AccessExtent) - {AccessExtent.NONE}
        )
        return [one.name for one in shown.actions(s3, chosen)]

    assert found("") == [one.name for one in nora.actions("s3") if one.reach is not AccessExtent.NONE]
    assert found("getobject") == ["s3:GetObject"]
    assert found("amazon s3 get") == ["s3:GetObject"]
    assert found("service:amazon action:s3:get") == ["s3:GetObject"]
    assert found("-level:write level:w OR action=s3:getobject") == ["s3:GetObject"]
    assert found("level:write") == found("", "Write")
    assert found("", "Write") == ["s3:DeleteObject", "s3:PutObject"] or found("", "Write") == ["s3:PutObject"]
    assert found("", None, AccessExtent.ALLOWED) == []
    ec2 = next(row for row in shown.rows if row.service == "ec2")
    refused = list(
        shown.actions(ec2, ec2.matching(ACTION_FIELDS.read("runinstances").accepts, None, frozenset(AccessExtent)))
    )
    assert [(one.name, one.reach, one.decisions) for one in refused] == [("ec2:RunInstances", AccessExtent.NONE, ())]


def test_a_map_can_be_cancelled(nora: EffectiveAccess) -> None:
    with pytest.raises(WorkCancelled):
        access_map(nora, lambda: True)
    with pytest.raises(WorkCancelled):
        what_can.actions_to_csv(nora, "x", cancelled=lambda: True)


def test_every_action_is_written_with_where_and_when(nora: EffectiveAccess) -> None:
    rows = rows_of(what_can.actions_to_csv(nora, "acme.json"))
    expected = {
        one.name: one.reach.value
        for service in nora.services
        for one in nora.actions(service.service)
        if one.reach is not AccessExtent.NONE
    }
    assert {row["action"]: row["reach"] for row in rows} == expected
    got = next(row for row in rows if row["action"] == "s3:GetObject")
    assert got["resources"] == "on arn:aws:s3:::acme-payroll/*"
    assert "aws:MultiFactorAuthPresent is true" in got["conditions"]


def test_json_is_what_the_terminal_prints(nora: EffectiveAccess) -> None:
    assert json.loads(what_can.to_json(nora)) == to_effective_access(nora)
    counts = json.loads(what_can.map_to_json(nora))
    assert all("Actions" not in one for one in counts["Services"])
    assert [one["AccessLevels"] for one in counts["Services"]] == [
        one["AccessLevels"] for one in to_effective_access(nora)["Services"]
    ]


def test_words_behind_a_reach(evaluator: Evaluator) -> None:
    admin = evaluator.what_can(f"{ACCOUNT}:user/engineering/sre/grace.lin")
    assert detail_of(action(admin, "ec2:DescribeInstances")).words == "takes no resource"
    agent = evaluator.what_can(f"{ACCOUNT}:user/machines/backup-agent")
    put = detail_of(action(agent, "s3:PutObject"))
    assert put.words == "on arn:aws:s3:::acme-backups/*"
    assert next(answer.decision for answer in put.decisions) is EvalDecision.ALLOWED
    assert any("…" in resource_words(answer) for answer in put.decisions)


def test_cells_that_would_run_in_a_spreadsheet_are_neutral() -> None:
    content = csv_bytes(["number", "text"], [(1, f"{sign}cmd|' /C calc'!A0") for sign in FORMULAS])
    for row in rows_of(content):
        assert row["text"].startswith("'")
        assert row["number"] == "1"
