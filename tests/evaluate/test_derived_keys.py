"""What is known of a request serves the next one like it: everything but what changed stays as it was."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.derived_keys import AccessPointPath, DerivedKeys, NetworkPath
from iamdesk.evaluate.principal import Caller, CallerKind

MOMENT = datetime(2026, 9, 30, 12, tzinfo=UTC)
ANA = Caller(CallerKind.USER, "ana", "aws", "111122223333", "ana", arn="arn:aws:iam::111122223333:user/ana")
BEN = Caller(CallerKind.USER, "ben", "aws", "111122223333", "ben", arn="arn:aws:iam::111122223333:user/ben")
KNOWN = DerivedKeys(
    ANA,
    parse_target("s3:GetObject", "arn:aws:s3:::payroll/a", reference()),
    reference(),
    MOMENT,
    "444455556666",
    {"team": "red"},
    False,
    None,
    AccessPointPath("arn:aws:s3:eu-west-1:444455556666:accesspoint/finance", "444455556666", "VPC", {"team": "blue"}),
    NetworkPath(True, "vpc-1"),
)


def changed(before: DerivedKeys, after: DerivedKeys) -> set[str]:
    """The names of what is not the same."""
    names = (one.name for one in fields(before) if not one.name.startswith("_"))
    return {name for name in names if getattr(before, name) != getattr(after, name)}


def test_another_action_on_the_same_resource_changes_nothing_else() -> None:
    target = parse_target("s3:PutObject", "arn:aws:s3:::payroll/a", reference())
    asked = KNOWN.on(target)
    assert asked.target is target
    assert changed(KNOWN, asked) == {"target"}


def test_another_caller_at_another_moment_changes_nothing_else() -> None:
    later = MOMENT + timedelta(days=1)
    asked = KNOWN.of_another(BEN, True, later)
    assert (asked.caller, asked.may_carry_session_tags, asked.moment) == (BEN, True, later)
    assert changed(KNOWN, asked) == {"caller", "may_carry_session_tags", "moment"}


def test_what_was_known_of_one_caller_is_not_told_of_the_next() -> None:
    assert KNOWN("aws:username") != KNOWN.of_another(BEN, False, MOMENT)("aws:username")
