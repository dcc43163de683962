"""Questions about a made account for the benchmarks: actions on resources that its policies name, and on others."""

import argparse
import json
import random
import tempfile
from pathlib import Path

from account import Size, make_account

from iamdesk import Evaluator, load_snapshot
from iamdesk.aws.service_reference import reference
from iamdesk.snapshot.model import Snapshot


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of an account, or of a file in its place."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    for name, number in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--snapshot", type=Path, help="a file to ask about, instead of a made account")
    parser.add_argument("--pairs", type=int, default=50, help="different pairs of action and resource")
    return parser


def open_account(options: argparse.Namespace) -> Snapshot:
    """Return the account that the options describe, as the application opens it."""
    if options.snapshot is not None:
        return load_snapshot(options.snapshot)
    account = make_account(Size(options.users, options.roles, options.groups, options.policies))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "account.json"
        path.write_text(json.dumps(account), encoding="utf-8")
        return load_snapshot(path)


def ask_about(evaluator: Evaluator, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Return pairs of an action and a resource of its type: half of them named by a policy, half like one."""
    pick = random.Random(seed)
    named: dict[str, list[str]] = {}
    for document in evaluator.population().index.documents:
        for statement in document.statements:
            for entry in statement.resources or ():
                if entry.text.count(":") >= 5 and not entry.keys:
                    text = entry.text.replace("*", "x1").replace("?", "y")
                    named.setdefault(text.split(":", 3)[2], []).append(text)
    actions = [action for service in sorted(named) for action in reference().actions_of(service)]
    pairs: list[tuple[str, str]] = []
    while len(pairs) < count:
        action = pick.choice(actions)
        types = {resource.name for resource in action.resource_types}
        fitting = [
            text
            for text in pick.sample(named[action.service], min(40, len(named[action.service])))
            if types.intersection(reference().resource_types_of_arn(action.service, text))
        ]
        if fitting:
            text = fitting[0] if pick.random() < 0.5 else f"{fitting[0][:-3]}zz9"
            pairs.append((action.full_name, text))
        elif not types and pick.random() < 0.1:
            pairs.append((action.full_name, "*"))
    return pairs
