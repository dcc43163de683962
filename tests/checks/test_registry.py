"""How checks are found, run, watched and stopped."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from iamdesk import checks
from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.untrusted_tokens import issuers
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.tree_builder import Badge, build_outline


@pytest.fixture(scope="module")
def sample():
    return Evaluator(load_snapshot(sample_snapshot()))


@pytest.fixture(scope="module")
def every_finding(sample):
    return list(registry.run(sample))


def test_every_check_has_an_id_words_and_a_test_that_names_it():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    named = {name.replace("_", "-").upper() for name in re.findall(r"def test_([a-z]{3}_\d\d)", tests)}
    ids = [check.id for check in registry.checks()]
    assert len(ids) == len(set(ids))
    assert set(ids) - named == set()
    for check in registry.checks():
        assert re.fullmatch(r"[A-Z]{3}-\d\d", check.id)
        assert check.title
        assert check.question.endswith("?")
        assert check.remediation.endswith(".")
        assert registry.check(check.id) is check


def test_a_new_module_is_found_by_itself(tmp_path, monkeypatch):
    existing = registry._modules()
    (tmp_path / "a_new_topic.py").write_text("FOUND = True\n")
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    (found,) = set(registry._modules()) - set(existing)
    assert found.FOUND
    assert not registry._RUNNERS & {module.__name__.rpartition(".")[2] for module in existing}


def test_an_unknown_id_is_no_check():
    assert registry.check("XYZ-99") is None


def test_checks_of_the_data_exist():
    assert all(registry.check(token.check) for issuer in issuers() for token in issuer.tokens)


def test_findings_are_whole_and_named_once(every_finding):
    assert len({one.fingerprint for one in every_finding}) == len(every_finding)
    for one in every_finding:
        assert re.fullmatch(r"[0-9a-f]{20}", one.fingerprint)
        assert one.sentence.endswith((".", ")."))
        assert one.evidence
        assert one.remediation
        assert all(piece.text for piece in one.evidence)
    assert {one.state for one in every_finding} == set(State)
    assert {Severity.CRITICAL, Severity.HIGH} <= {one.severity for one in every_finding}


def test_the_same_snapshot_gives_the_same_findings(every_finding):
    def told(findings):
        return [(one.fingerprint, one.sentence, one.severity, one.state) for one in findings]

    assert told(every_finding) == told(registry.run(Evaluator(load_snapshot(sample_snapshot()))))


def test_some_checks_alone_find_what_they_find_among_all(sample, every_finding):
    asked = {"TRU-03", "ADM-01", "CMP-03"}
    found = list(registry.run(sample, only=asked))
    assert found == [one for one in every_finding if one.check_id in asked]
    assert {one.check_id for one in found} == asked


def test_the_sample_shows_what_it_was_made_to_show(every_finding):
    told = {(one.check_id, one.subject_name) for one in every_finding}
    assert {
        ("FED-01", "GitHubActionsLegacy"),
        ("FED-02", "GitHubActionsPreview"),
        ("TRU-01", "public-status-page"),
        ("TRU-03", "tallyport-cost-reports"),
        ("TRU-04", "harborline-monitoring"),
        ("TRU-07", "legacy-etl"),
        ("ADM-01", "acme-bootstrap"),
        ("ADM-01", "ines.costa"),
        ("ADM-02", "elena.petrov"),
        ("ADM-02", "sandbox-admin"),
        ("SVC-03", "reporting"),
        ("SVC-05", "ci-legacy-deployer"),
        ("LNT-01", "EngineerBaseline"),
        ("LNT-02", "AnalystSandbox"),
        ("CMP-03", "SystemAdministrator"),
    } <= told
    assert ("TRU-01", "organization-inventory") not in told
    assert not [name for check, name in told if name == "GitHubActionsDeploy" and check.startswith(("FED", "TRU"))]


def test_progress_counts_up_to_the_end(sample):
    seen = []
    list(registry.run(sample, progress=lambda done, total: seen.append((done, total))))
    totals = {total for _, total in seen}
    assert len(totals) == 1
    assert [done for done, _ in seen] == list(range(totals.pop() + 1))


@pytest.mark.parametrize("asked", [1, 40, 400])
def test_cancelling_ends_the_run(sample, asked):
    calls = 0

    def cancelled():
        nonlocal calls
        calls += 1
        return calls >= asked

    with pytest.raises(WorkCancelled):
        list(registry.run(sample, cancelled=cancelled))
    assert calls == asked


def test_cancelling_ends_the_badges(sample):
    with pytest.raises(WorkCancelled):
        registry.badges(sample, build_outline(sample.snapshot), cancelled=lambda: True)


def test_a_check_that_fails_cannot_tell_and_the_others_go_on(sample, monkeypatch, every_finding):
    def look(survey, account, user):
        yield from failing.look(survey, account, user)
        if user.user_name == "ines.costa":
            raise KeyError(user.arn)

    failing = registry.check("HYG-01")
    changed = tuple(replace(one, look=look) if one is failing else one for one in registry.checks())
    monkeypatch.setattr(registry, "checks", lambda: changed)
    after = list(registry.run(sample))
    (told,) = [one for one in after if one not in every_finding]
    assert [one for one in every_finding if one not in after] == []
    assert (told.check_id, told.state, told.title) == ("HYG-01", State.INCONCLUSIVE, registry.INCOMPLETE)
    assert told.subject_name == "ines.costa"
    assert re.fullmatch(r"KeyError in test_registry\.py, line \d+\.", told.evidence[0].text)


def test_a_principal_that_a_check_cannot_ask_for_is_told(make):
    nameless = make.role("app", trust=make.trust({"Service": ["", "lambda.amazonaws.com"]}))
    findings = list(registry.run(Evaluator(make.snapshot(roles=[nameless]))))
    told = [one for one in findings if one.title == registry.INCOMPLETE]
    assert [(one.check_id, one.subject_name, one.state) for one in told] == [
        (check_id, "app", State.INCONCLUSIVE) for check_id in ("SVC-06", "SVC-04")
    ]
    assert "is not a principal" in told[0].evidence[0].text


def test_badges_mark_administrators_and_ways_in(sample):
    outline = build_outline(sample.snapshot)
    badges = registry.badges(sample, outline)
    by_name = {outline.nodes[row].text: marks for row, marks in badges.items()}
    assert Badge.ADMINISTRATOR in by_name["acme-bootstrap"]
    assert Badge.ADMINISTRATOR in by_name["terraform"]
    assert Badge.EXTERNAL_ACCESS in by_name["public-status-page"]
    assert Badge.EXTERNAL_ACCESS in by_name["GitHubActionsLegacy"]
    assert Badge.EXTERNAL_ACCESS in by_name["harborline-monitoring"]
    assert Badge.EXTERNAL_ACCESS not in by_name.get("organization-inventory", ())
    assert Badge.ADMINISTRATOR not in by_name.get("sandbox-admin", ())
    for row, own in outline.badges.items():
        assert set(own) <= set(badges.get(row, ()))
    order = list(Badge)
    assert all(list(marks) == sorted(marks, key=order.index) for marks in badges.values())
