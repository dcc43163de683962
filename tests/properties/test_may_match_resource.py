"""Catches an entry that matches a resource when it is evaluated, and of which an approximation says that it cannot."""

from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.diff.matching import applies_to
from iamdesk.diff.normal_form import ResourceScope
from iamdesk.policy.arn import parse_arn
from iamdesk.policy.resource_patterns import Match, ShortArns, resource_pattern
from tests.properties.statements import arns, entries_near
from tests.some_of import some_of


@given(arns.flatmap(lambda arn: st.tuples(entries_near(arn), st.just(arn))), st.booleans())
@settings(max_examples=some_of(2000))
def test_a_clause_applies_to_what_its_entry_matches(entry_and_arn, has_variables):
    entry, arn = entry_and_arn
    pattern = resource_pattern(entry, has_variables)
    if pattern.matches(parse_arn(arn), {"aws:username": "ana"}.get, ShortArns.FILLED) is Match.YES:
        assert applies_to(ResourceScope(False, frozenset({pattern.canonical})), arn)
