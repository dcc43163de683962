#!/usr/bin/env python3
"""An ``aws`` on the PATH of a script: IAM of one account in a JSON file, with AWS's errors in the words of its CLI.

It reads a value that begins with ``file://`` from that file, as the real one does.
"""

import json
import os
import sys
from pathlib import Path

LISTS = {"attached": "policy-arn", "groups": "group-name"}


def fail(code: str, operation: str) -> None:
    print(f"\nAn error occurred ({code}) when calling the {operation} operation: no such thing", file=sys.stderr)
    sys.exit(254)


def main() -> None:
    path = Path(os.environ["FAKE_AWS_STATE"])
    state = json.loads(path.read_text())
    service, operation, *rest = sys.argv[1:]
    given = dict(zip((word.removeprefix("--") for word in rest[::2]), rest[1::2], strict=True))
    for key, value in given.items():
        if value.startswith("file://"):
            given[key] = Path(value.removeprefix("file://")).read_text()
    state["calls"].append(sys.argv[1:])
    path.write_text(json.dumps(state))
    if operation in state["denied"]:
        fail("AccessDenied", operation)
    if (service, operation) == ("sts", "get-caller-identity"):
        print(state["caller"] if given["query"] == "Arn" else state["account"])
        return
    if operation == "get-policy":
        if given["policy-arn"] not in state["policies"]:
            fail("NoSuchEntity", operation)
        print("v1")
        return
    if operation == "get-policy-version":
        print(json.dumps(state["policies"][given["policy-arn"]], indent=4))
        return
    if operation in ("remove-user-from-group", "add-user-to-group"):
        entity, verb, what = state["user"].get(given["user-name"]), operation.split("-")[0], "groups"
    else:
        verb, *kind, _ = operation.split("-")
        if operation.startswith("list-"):
            kind = [next(one for one in ("user", "group", "role") if f"{one}-name" in given)]
        entity = state[kind[-1]].get(given[f"{kind[-1]}-name"])
        what = "attached" if verb in ("attach", "detach") else "inline"
    if entity is None:
        fail("NoSuchEntity", operation)
    if operation == "list-group-policies":
        print("\t".join(entity["inline"]))
        return
    if operation == "list-groups-for-user":
        print("\t".join(entity["groups"]))
        return
    if operation.startswith("list-attached-"):
        print("\t".join(entity["attached"]))
        return
    if what == "inline":
        name = given["policy-name"]
        if verb == "put":
            entity["inline"][name] = json.loads(given["policy-document"])
        elif name not in entity["inline"]:
            fail("NoSuchEntity", operation)
        elif verb == "get":
            print(json.dumps(entity["inline"][name], indent=4))
            return
        else:
            del entity["inline"][name]
    else:
        member = given[LISTS[what]]
        if verb in ("add", "attach"):
            entity[what].append(member)
            path.write_text(json.dumps(state))
            return
        if member not in entity[what]:
            fail("NoSuchEntity", operation)
        entity[what].remove(member)
    path.write_text(json.dumps(state))


main()
