"""What iamdesk says while condition keys are unknown, against the decisions for all values that these keys can have.

Each value is decided by the second evaluator. A firm decision has to be that of every value; a set of values told as
enough has to be enough whatever the other keys are.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.simulate.test_cases import evaluate_case, trace_case

from .evaluator import ALLOWED, can_have_source_identity, decide
from .generator import VALUES, case

_ANYONE = ("aws:UserAgent", "aws:referer", "aws:SourceIp")
_SIGNED = (*_ANYONE, "aws:PrincipalTag/team", "aws:PrincipalTag/cost", "aws:PrincipalOrgID")
_OF_CERTIFICATES = (*_ANYONE, "aws:PrincipalTag/x509Subject/CN")
MAX_UNKNOWN = 3
"""Keys left unknown in one test case: every combination of their values is decided."""


def unknown_case(draw: random.Random) -> tuple[dict[str, Any], list[str]]:
    """Draw a test case, and the keys of its policies that are left unknown; every other key is given or absent."""
    while True:
        made = case(draw)
        signed = made["principal"].startswith("arn:") and "-provider/" not in made["principal"]
        named = {key.lower() for key, _ in _condition_values(made)}
        is_by_certificate = made["principal"].startswith("rolesanywhere.")
        possible = _OF_CERTIFICATES if is_by_certificate else _SIGNED if signed else _ANYONE
        if can_have_source_identity((), made["principal"]):
            possible = (*possible, "aws:SourceIdentity")
        unknown = [key for key in possible if key.lower() in named or _is_variable(key, made)]
        draw.shuffle(unknown)
        if unknown:
            unknown = unknown[: draw.randint(1, MAX_UNKNOWN)]
            break
    for key in VALUES:
        if key in unknown:
            made["context"].pop(key, None)
        elif key.lower() in named or _is_variable(key, made):
            made["context"].setdefault(key, None)
    for key in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:username"):
        made["context"].pop(key, None)
    made["context"].pop("aws:PrincipalIsAWSService", None)
    made["context"].setdefault("aws:PrincipalTag/none", None)
    return made, unknown


def _is_variable(key: str, made: Mapping[str, Any]) -> bool:
    return "${" + key in repr(made)


def values_of(key: str, made: Mapping[str, Any]) -> Sequence[str | None]:
    """Return what to try for a key: absent, each value that policies speak of, and others."""
    named = [text for name, value in _condition_values(made) if name.lower() == key.lower() for text in _plain(value)]
    others = ("192.0.2.1", "2001:db8:ffff::1") if key == "aws:SourceIp" else ("zz", "0", "9.7", "99", "ana", "")
    pool = [*VALUES[key], *others]
    if key == "aws:SourceIp":
        named = [one for one in named if one in pool]
    return [None, *dict.fromkeys([*pool, *named, *([one.upper() for one in pool] if key != "aws:SourceIp" else [])])]


def _plain(value: str) -> Iterator[str]:
    """Yield texts that a value of a policy stands for."""
    yield value  # as it is, where the version of the policy knows no variables
    for name in ("ana", "ben"):
        filled = _VARIABLE.sub(lambda found, name=name: {"${aws:username}": name}.get(found[0].lower(), "red"), value)
        for run in ("*", "", "x"):
            yield filled.replace("*", run)


_VARIABLE = re.compile(r"\$\{[^}]*\}")


def _condition_values(node: Any) -> Iterator[tuple[str, str]]:
    """Yield the tests of all conditions in a test case, as key and value."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "Condition":
                for keys in value.values():
                    for key, values in keys.items():
                        yield from ((key, str(one)) for one in (values if isinstance(values, list) else [values]))
            else:
                yield from _condition_values(value)
    elif isinstance(node, list):
        for one in node:
            yield from _condition_values(one)


def with_values(made: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a test case in which some keys have values; None: absent."""
    context = {key: value for key, value in {**made["context"], **values}.items() if value is not None}
    return {**made, "context": context}


def faults(made: Mapping[str, Any], unknown: Sequence[str]) -> list[str]:
    """Return what is wrong about the answer to a test case while these keys are unknown."""
    answer = evaluate_case({"expected": "allowed"} | made, MissingContextMode.UNKNOWN)
    said, is_exact = answer.decision.value, trace_case(made, MissingContextMode.UNKNOWN).is_exact
    decisions = {
        values: decide(with_values(made, dict(zip(unknown, values, strict=True))))
        for values in product(*(values_of(key, made) for key in unknown))
    }
    possible = set(decisions.values())
    if said == "explicitDeny" and possible != {said}:
        return [f"said {said}, possible {possible}"]
    if said == "implicitDeny" and ALLOWED in possible:
        return [f"said {said}, possible {possible}"]
    if said == "allowed" and possible != {said}:
        return [f"said {said}, possible {possible}"]
    if said != "conditional":
        return []
    wrong = []
    if (possible == {ALLOWED} or ALLOWED not in possible) and is_exact:
        wrong.append(f"said {said}, possible {possible}")
    spelled = {key.lower(): key for key in unknown}
    for told_of in answer.conditions:
        enough = {spelled.get(key.lower(), key): value for key, value in told_of.items()}
        rest = [key for key in unknown if key not in enough]
        for values in product(*(values_of(key, made) for key in rest)):
            told = {**dict(zip(rest, values, strict=True)), **enough}
            if decide(with_values(made, told)) != ALLOWED:
                wrong.append(f"{enough} is not enough: with {told} not allowed")
                break
    return wrong
