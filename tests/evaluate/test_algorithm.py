"""The algorithm of `policy-evaluation`, written a second time and held against the engine for every meeting of layers.

Each layer is a word: it allows, is silent, denies, or is not there. The oracle knows nothing of statements.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import pytest

from iamdesk.simulate.test_cases import evaluate_case

from ..rules import rule

OWN, FOREIGN = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{OWN}:user/ana", f"arn:aws:iam::{OWN}:role/r"
SESSION, FEDERATED = f"arn:aws:sts::{OWN}:assumed-role/r/s", f"arn:aws:sts::{OWN}:federated-user/ana"
CALLERS = {"user": USER, "role": ROLE, "session": SESSION, "federated": FEDERATED, "root": f"arn:aws:iam::{OWN}:root"}
NAMES = {"everyone": "*", "account": OWN, "user": USER, "role": ROLE, "session": SESSION, "federated": FEDERATED}
SERVICES = {
    "s3": ("s3:GetObject", "arn:aws:s3:::b/k"),
    "kms": ("kms:Decrypt", "arn:aws:kms:eu-west-1:{}:key/k"),
    "sts": ("sts:AssumeRole", "arn:aws:iam::{}:role/t"),
    "vpc-lattice-svcs": ("vpc-lattice-svcs:Invoke", "arn:aws:vpc-lattice:eu-west-1:{}:service/svc-1/path"),
}
FREE, LIMITED, DELEGATED = "past the limits", "within the limits", "delegates alone"
REACH = {
    "user": {"everyone": FREE, "account": DELEGATED, "user": FREE},
    "role": {"everyone": FREE, "account": DELEGATED, "role": LIMITED},
    "session": {"everyone": FREE, "account": DELEGATED, "role": LIMITED, "session": FREE},
    "federated": {"everyone": FREE, "account": DELEGATED, "user": LIMITED, "federated": FREE},
    "root": {"everyone": FREE, "account": DELEGATED},
}
"""How far a grant of the resource's policy reaches in one account, by caller and by whom it names (C2 to C5)."""
FULL, EC2 = {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
WORDS = {"allows": [FULL], "silent": [EC2], "denies": [FULL, DENY]}


class Asked(NamedTuple):
    """One meeting of layers; None where there is none of a kind."""

    service: str
    caller: str
    is_cross: bool
    identity: str | None
    boundary: str | None
    session: str | None
    scp: str | None
    granted: Sequence[str]
    denied: str | None

    def case(self) -> dict[str, Any]:
        owner = FOREIGN if self.is_cross else OWN
        action, resource = SERVICES[self.service]
        statements = [{"Effect": "Allow", "Principal": _principal(name), "Action": "*"} for name in self.granted]
        if self.denied is not None:
            statements.append({"Effect": "Deny", "Principal": _principal(self.denied), "Action": "*"})
        return {
            "principal": CALLERS[self.caller],
            "action": action,
            "resource": resource.format(owner),
            "resource_account": owner,
            "identity_policies": _policies(self.identity),
            "permissions_boundary": _policies(self.boundary),
            "session_policies": _policies(self.session),
            "scps": None if self.scp is None else [_policies("allows"), _policies(self.scp)],
            "resource_policy": {"Version": "2012-10-17", "Statement": statements} if statements else None,
        }

    def expected(self) -> str:
        is_root = self.caller == "root"
        if self.service == "sts" and self.caller in ("root", "federated"):
            return "implicitDeny"  # I10
        words = [self.session, self.scp] + ([] if is_root else [self.identity, self.boundary])
        reach = REACH[self.caller]
        if "denies" in words or self.denied in reach:
            return "explicitDeny"  # A2
        if self.scp == "silent":
            return "implicitDeny"  # B1
        grants = {reach[name] for name in self.granted if name in reach}
        identity = is_root or self.identity == "allows"  # E5
        boundary = is_root or self.boundary in (None, "allows")
        session = self.session == "allows" or (self.session is None and self.caller != "federated")  # C5
        limits = boundary and session
        if self.is_cross or self.service == "vpc-lattice-svcs":  # D1, D2, D8
            return _word(bool(grants) and identity and limits)
        if FREE in grants and (boundary or self.service != "sts"):  # C3, C4, I2
            return "allowed"
        if grants & {FREE, LIMITED} and limits:
            return "allowed"
        delegated = self.service not in ("kms", "sts") or DELEGATED in grants  # I1, I2
        return _word(identity and delegated and limits)


def _word(allowed: bool) -> str:
    return "allowed" if allowed else "implicitDeny"


def _principal(name: str) -> Any:
    return "*" if name == "everyone" else {"AWS": NAMES[name]}


def _policies(word: str | None) -> list[dict[str, Any]] | None:
    if word is None:
        return None
    return [{"name": word, "document": {"Version": "2012-10-17", "Statement": WORDS[word]}}]


GRANTED = [(), ("everyone",), ("account",), ("user",), ("role",), ("session",), ("federated",), ("account", "role")]
LAYER = (None, "allows", "silent", "denies")


def meetings(service: str, caller: str) -> Iterator[Asked]:
    own = LAYER[:3] if caller != "root" else (None, "silent")
    sessions = LAYER[:3] if caller not in ("user", "root") else (None,)
    for is_cross, identity, boundary, session, granted in product((False, True), own, own, sessions, GRANTED):
        yield Asked(service, caller, is_cross, identity, boundary, session, None, granted, None)
    for is_cross, word, granted in product((False, True), LAYER, GRANTED):  # what denies, and where
        yield Asked(service, caller, is_cross, "allows", None, "allows", word, granted, None)
        yield Asked(service, caller, is_cross, word, "allows", "allows", None, granted, None)
        yield Asked(service, caller, is_cross, "allows", word, "allows", None, granted, None)
        yield Asked(service, caller, is_cross, "allows", None, word, None, granted, None)
        for denied in ("account", "role", "everyone"):
            yield Asked(service, caller, is_cross, word, None, "allows", None, granted, denied)


@rule("A1", "A2", "A3", "B1", "C1", "C2", "C3", "C4", "C5", "D1", "D2", "D8", "E3", "E4", "E5", "I1", "I2", "I10")
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("service", SERVICES)
def test_every_meeting_of_layers_comes_out_as_the_algorithm_says(service: str, caller: str) -> None:
    words = set()
    for asked in meetings(service, caller):
        expected = asked.expected()
        assert evaluate_case(asked.case()).decision == expected, asked
        words.add(expected)
    assert len(words) == 3 or (service == "sts" and caller in ("root", "federated"))
