"""Labelled principals of escalation labs that others built, from a folder that is not part of the project.

``IAMDESK_LABS`` names the folder: ``cases.jsonl`` (labels) and ``snapshots.jsonl.xz`` (files of a bundle by lab).
"""

import json
import lzma
import os
from collections import defaultdict
from pathlib import Path

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply

LABS = Path(os.environ.get("IAMDESK_LABS", ""))
pytestmark = pytest.mark.skipif(not os.environ.get("IAMDESK_LABS"), reason="IAMDESK_LABS names no folder")
MOST = 500


def labs():
    """Yield (snapshot, its labelled principals)."""
    cases = defaultdict(list)
    for line in (LABS / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        cases[case["snapshot"]].append(case)
    with lzma.open(LABS / "snapshots.jsonl.xz", "rt") as lines:
        for line in lines:
            lab = json.loads(line)
            yield lab["snapshot"], lab["files"], cases[lab["snapshot"]]


def read(files, folder):
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content))
    return load_snapshot(folder)


def steps_of(attack_path):
    return [(step.path_id, step.source, step.target, step.goal.key) for step in attack_path.steps]


def is_as_labelled(reach, case):
    found = [path for path in reach.attack_paths(case["from"], case["to"], MOST) if path.steps]
    is_administrator = reach.is_administrator(case["from"])
    match case["expect"]:
        case "yes" | "possible":
            return bool(found)
        case "no":
            return not found
        case "not-proven":
            return all(path.state is not State.PROVEN for path in found)
        case "is-admin":
            return is_administrator
        case "not-admin":
            return not is_administrator
        case "yes-or-admin":
            return bool(found) or is_administrator
    raise ValueError(case["expect"])


def wrong_remediations(snapshot, reach, case):
    """Return the remediations that do not do what they say, made to the letter on the whole snapshot."""
    for one in reach.remediations(case["from"], case["to"]):
        after = AttackPathGraph(Evaluator(apply(snapshot, one.edits)))
        left = [steps_of(path) for path in after.attack_paths(case["from"], case["to"])]
        is_ended = not any(all(map(after.is_there, path.steps)) for path in one.ended)
        if not one.ended or not is_ended or sorted(left) != sorted(map(steps_of, one.remaining)):
            yield case["lab"], case["from"], one.what


def test_every_principal_is_as_labelled_and_every_remediation_does_what_it_says(tmp_path):
    differing, wrong, count = [], [], 0
    for number, (name, files, cases) in enumerate(labs()):
        folder = tmp_path / str(number)
        folder.mkdir()
        snapshot = read(files, folder)
        reach = AttackPathGraph(Evaluator(snapshot))
        for case in cases:
            count += 1
            if not is_as_labelled(reach, case):
                differing.append((name, case["from"], case["to"], case["expect"]))
            wrong += wrong_remediations(snapshot, reach, case)
    assert count
    assert (differing, wrong) == ([], [])
