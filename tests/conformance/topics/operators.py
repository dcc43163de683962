"""Every condition operator in every shape, from two tables: values that match and do not, and what each shape means.

The expectations are the sentences of the documentation as truth values, written by hand; nothing is taken from the
evaluator.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..authoring import BUCKET, Json, allow, case, doc


@dataclass(frozen=True)
class Subject:
    """One operator with example values."""

    operator: str
    negated: bool
    rules: str
    key: str
    """A key of the operator's type."""
    listed: str
    """A value of the policy."""
    other: str
    """Another value of the policy."""
    matching: str
    """A request value that ``listed`` matches and ``other`` does not."""
    differing: str
    """A request value that neither matches."""
    broken_policy: str | None = None
    """A policy value that the operator cannot read."""
    broken_request: str | None = None
    """A request value that the operator cannot read."""


_STRING = ("aws:PrincipalTag/team", "red", "blue", "red", "green")
_DATE = "aws:TokenIssueTime"
_ARN = "aws:SourceArn"
_TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"
_OTHER_TOPIC = "arn:aws:sns:eu-west-1:111122223333:news"

FAMILIES: dict[str, list[Subject]] = {
    "string": [
        Subject("StringEquals", False, "G7", *_STRING),
        Subject("StringNotEquals", True, "G7", *_STRING),
        Subject("StringEqualsIgnoreCase", False, "G7", "aws:PrincipalTag/team", "Red", "BLUE", "rED", "green"),
        Subject("StringNotEqualsIgnoreCase", True, "G7", "aws:PrincipalTag/team", "Red", "BLUE", "rED", "green"),
        Subject("StringLike", False, "G7", "aws:PrincipalTag/team", "r*d", "bl?e", "red", "green"),
        Subject("StringNotLike", True, "G7", "aws:PrincipalTag/team", "r*d", "bl?e", "red", "green"),
    ],
    "numeric_date": [
        Subject("NumericEquals", False, "G8", "s3:max-keys", "10", "20", "10.0", "11", "ten", "many"),
        Subject("NumericNotEquals", True, "G8", "s3:max-keys", "10", "20", "10.0", "11", "ten", "many"),
        Subject("NumericLessThan", False, "G8", "s3:max-keys", "100", "9", "99", "100", "ten", "many"),
        Subject("NumericLessThanEquals", False, "G8", "s3:max-keys", "100", "9", "100", "100.5", "ten", "many"),
        Subject("NumericGreaterThan", False, "G8", "s3:max-keys", "9", "100", "10", "9", "ten", "many"),
        Subject("NumericGreaterThanEquals", False, "G8", "s3:max-keys", "9", "100", "9", "8.99", "ten", "many"),
        *(
            Subject(f"Date{name}", negated, "G9", _DATE, listed, other, matching, differing, "yesterday", "soon")
            for name, negated, listed, other, matching, differing in (
                ("Equals", False, "2026-03-01T12:00:00Z", "2025-01-01", "2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z"),
                ("NotEquals", True, "2026-03-01T12:00:00Z", "2025-01-01", "2026-03-01T12:00:00Z", "2026-03-02"),
                ("LessThan", False, "2026-03-01T00:00:00Z", "2020-01-01", "2026-02-28T23:59:59Z", "2026-03-01"),
                ("LessThanEquals", False, "2026-03-01", "2020-01-01", "2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"),
                ("GreaterThan", False, "2026-03-01", "2030-01-01", "2026-03-01T00:00:01Z", "2026-03-01T00:00:00Z"),
                ("GreaterThanEquals", False, "2026-03-01", "2030-01-01", "2026-03-01T00:00:00Z", "2026-02-28"),
            )
        ),
    ],
    "bool_binary": [
        Subject("Bool", False, "G10", "aws:MultiFactorAuthPresent", "true", "perhaps", "true", "false", "yes"),
        Subject("BinaryEquals", False, "G11", "aws:PrincipalTag/digest", "aGVsbG8=", "d29ybGQ=", "aGVsbG8=", "eHl6"),
    ],
    "ip": [
        Subject(
            operator, negated, "G12", "aws:SourceIp", "203.0.113.0/24", "2001:db8::/32", "203.0.113.9", "198.51.100.1",
            "203.0.113", "nowhere",
        )
        for operator, negated in (("IpAddress", False), ("NotIpAddress", True))
    ],
    "arn": [
        Subject(operator, negated, "G13", _ARN, listed, _OTHER_TOPIC, _TOPIC, f"{_TOPIC}-2", "arn:aws:sns", "alarms")
        for operator, negated, listed in (
            ("ArnEquals", False, "arn:aws:sns:*:111122223333:alarms"),
            ("ArnNotEquals", True, "arn:aws:sns:*:111122223333:alarms"),
            ("ArnLike", False, "arn:aws:sns:eu-west-?:*:al*ms"),
            ("ArnNotLike", True, "arn:aws:sns:eu-west-?:*:al*ms"),
        )
    ],
}  # fmt: skip


def family(name: str) -> list[Json]:
    """Return the cases of one family of operators."""
    return [found for subject in FAMILIES[name] for found in _cases(subject)]


def _cases(one: Subject) -> Iterator[Json]:
    plain, negated = one.operator, one.negated
    values = [one.listed, one.other]
    rows: list[tuple[str, str, Json, Json, bool, str, str]] = [
        # name, operator, policy values, request values (None: absent), whether it holds, rules, why
        ("match", plain, one.listed, one.matching, not negated, "", "The value is the one that the policy lists."),
        ("differ", plain, one.listed, one.differing, negated, "", "The value is not the one that the policy lists."),
        ("any-of-list", plain, values, one.matching, not negated, "G1 G2",
         "Values of one key are alternatives; a negated operator wants none of them."),
        ("none-of-list", plain, values, one.differing, negated, "G1 G2", "No listed value matches."),
        ("absent", plain, one.listed, None, negated, "G3",
         "A key that is not in the request does not match; negated operators then hold."),
        ("if-exists-absent", f"{plain}IfExists", one.listed, None, True, "G4", "IfExists holds without the key."),
        ("if-exists-match", f"{plain}IfExists", one.listed, one.matching, not negated, "G4",
         "With the key, IfExists is the plain operator."),
        ("if-exists-differ", f"{plain}IfExists", one.listed, one.differing, negated, "G4",
         "With the key, IfExists is the plain operator."),
        ("all-absent", f"ForAllValues:{plain}", values, None, True, "G14", "No value in the request fails the test."),
        ("all-match", f"ForAllValues:{plain}", values, [one.matching, one.matching], not negated, "G14",
         "Every value of the request is in the list."),
        ("all-mixed", f"ForAllValues:{plain}", one.listed, [one.matching, one.differing], False, "G14",
         "One value of the request fails the test."),
        ("all-differ", f"ForAllValues:{plain}", values, [one.differing, one.differing], negated, "G14",
         "No value of the request is in the list."),
        ("any-absent", f"ForAnyValue:{plain}", values, None, False, "G15", "No value can satisfy the test."),
        ("any-mixed", f"ForAnyValue:{plain}", one.listed, [one.differing, one.matching], True, "G15",
         "One value of the request satisfies the test."),
        ("any-match", f"ForAnyValue:{plain}", one.listed, [one.matching, one.matching], not negated, "G15",
         "A negated test wants one value outside the list."),
        ("any-differ", f"ForAnyValue:{plain}", values, [one.differing], negated, "G15",
         "No value of the request is in the list."),
        ("any-if-exists-absent", f"ForAnyValue:{plain}IfExists", one.listed, None, False, "G4 G15",
         "The two sentences collide; ForAnyValue without values is false."),
        ("all-if-exists-absent", f"ForAllValues:{plain}IfExists", one.listed, None, True, "G4 G14",
         "Both sentences say that it holds."),
    ]  # fmt: skip
    if one.broken_policy is not None:
        rows += [
            ("malformed-policy-value", plain, one.broken_policy, one.matching, negated, "G18",
             "A policy value that cannot be read matches nothing."),
            ("malformed-beside-good", plain, [one.broken_policy, one.listed], one.matching, not negated, "G18 G1",
             "A value that cannot be read does not spoil its neighbours."),
        ]  # fmt: skip
    if one.broken_request is not None:
        rows += [
            ("malformed-request-value", plain, one.listed, one.broken_request, False, "G19",
             "A request value that cannot be read fails the test, also a negated one."),
        ]  # fmt: skip
    for name, operator, policy_values, request, holds, rules, why in rows:
        yield case(
            f"{one.operator}.{name}",
            "allowed" if holds else "implicit",
            f"{one.rules} {rules}",
            "set-operators" if ":" in operator else "operators",
            why,
            action="s3:ListBucket",
            resource=BUCKET,
            context={} if request is None else {one.key: request},
            identity=doc(allow("s3:ListBucket", BUCKET, {operator: {one.key: policy_values}})),
        )
