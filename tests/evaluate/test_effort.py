"""What would take too long to try is known before it is tried: bounds on work, not on time."""

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.simulate.test_cases import evaluate_case, trace_case

from ..conformance.authoring import allow, case, doc
from ..rules import rule


def is_tried(*statements: object, resource: str = "arn:aws:s3:::b/k") -> bool:
    """Whether the keys of some statements are tried with values: only then an answer knows its conditions."""
    given = case("effort", "allowed", "K7", "order", "", resource=resource, identity=doc(*statements))
    trace = trace_case(given, MissingContextMode.UNKNOWN)
    assert trace.decision == "conditional"
    return bool(evaluate_case(given, MissingContextMode.UNKNOWN).conditions)


def listing(count: int, operator: str = "StringLike", key: str = "aws:UserAgent") -> object:
    return allow("s3:*", "*", {operator: {key: [f"agent-{number}-*" for number in range(count)]}})


@rule("K7")
def test_a_few_values_are_tried_and_thousands_are_not() -> None:
    assert is_tried(listing(20))
    assert not is_tried(listing(3000))


@rule("K7")
def test_work_of_several_keys_adds_up() -> None:
    """Each alone is little enough; the first is not forgotten over the second."""
    keys = ("aws:UserAgent", "aws:Referer", "aws:SourceVpc", "aws:SourceVpce")
    big = 700
    for key in keys:
        assert is_tried(listing(big, key=key)), key
    assert not is_tried(*(listing(big, key=key) for key in keys))


@rule("K7")
def test_variables_of_a_resource_are_tried_until_there_are_too_many() -> None:
    def own(count: int) -> object:
        variables = "/".join(f"${{aws:PrincipalTag/t{number}}}" for number in range(count))
        return allow("s3:*", f"arn:aws:s3:::b/{variables}")

    assert is_tried(own(2), resource="arn:aws:s3:::b/x/y")
    long = "/".join("x" * 9 for _ in range(60))
    assert not is_tried(own(60), resource=f"arn:aws:s3:::b/{long}")


@rule("K7")
def test_ranges_of_addresses_are_more_work_than_texts() -> None:
    """Ten addresses are tried for each range."""
    ranges = [f"10.{number // 200}.{number % 200}.0/24" for number in range(150)]
    assert is_tried(allow("s3:*", "*", {"StringLike": {"aws:UserAgent": ranges}}))
    assert not is_tried(allow("s3:*", "*", {"IpAddress": {"aws:VpcSourceIp": ranges}}))
