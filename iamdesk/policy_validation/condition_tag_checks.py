"""Checks of conditions on tags that some services or actions do not have in their requests."""

from collections.abc import Iterator
from functools import lru_cache

from iamdesk.aws.service_reference import reference
from iamdesk.i18n import mark, phrase
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.conditions import demands_presence
from iamdesk.policy_validation.issue import FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyView, StatementView

TAGS_OF_REQUESTS = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")


def _services_without(statement: StatementView, key: str) -> list[str]:
    """Return the services of ``Action`` none of whose named actions can have a tag key in their requests."""
    return sorted(
        {
            pattern.service
            for _, pattern in statement.actions
            if pattern.service and not _some_action_takes(pattern, key)
        }
    )


@lru_cache(maxsize=1 << 12)
def _some_action_takes(pattern: ActionPattern, key: str) -> bool:
    """Return whether some action of an entry can have a key; True where nothing is known about the entry."""
    known = reference()
    service = pattern.service or ""
    actions = [action for action in known.actions_of(service) if pattern.matches(service, action.name.lower())]
    return not actions or any(known.takes_key(action, None, key) for action in actions)


def _unsupported_tags(policy: PolicyView, effect: str) -> Iterator[Problem]:
    for statement, test in policy.all_tests():
        if statement.effect != effect or "Action" not in statement.raw:
            continue
        if test.key.startswith(TAGS_OF_REQUESTS) and demands_presence(test):
            services = _services_without(statement, test.key)
            if services and effect == "Deny":
                yield (
                    test.path,
                    phrase(
                        "Actions of {services} do not support `{key}` and are not denied.",
                        services=", ".join(services),
                        key=test.key_text,
                    ),
                )
            elif services:
                yield (
                    test.path,
                    phrase(
                        "Actions of {services} do not support `{key}` and are not allowed.",
                        services=", ".join(services),
                        key=test.key_text,
                    ),
                )


def _tags_with_not_action(policy: PolicyView, effect: str) -> Iterator[Problem]:
    for statement, test in policy.all_tests():
        if (
            statement.effect == effect
            and "NotAction" in statement.raw
            and test.key.startswith(TAGS_OF_REQUESTS)
            and demands_presence(test)
        ):
            yield test.path, phrase("Some actions of the statement do not support `{key}`.", key=test.key_text)


_SPLIT_TAGS = mark("Move the actions of these services to a statement without the condition key.")
_LIST_ACTIONS = mark("List the actions in `Action` instead of `NotAction`.")


@validation_check(
    "POL-132",
    "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
    FindingType.SECURITY_WARNING,
    title=mark("Deny by a tag that the service does not support"),
    remediation=_SPLIT_TAGS,
)
def deny_with_unsupported_tag(policy: PolicyView) -> Iterator[Problem]:
    """The Deny never matches the action."""
    return _unsupported_tags(policy, "Deny")


@validation_check(
    "POL-133",
    "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
    FindingType.SECURITY_WARNING,
    title=mark("Deny by a tag with NotAction"),
    remediation=_LIST_ACTIONS,
)
def deny_not_action_with_tag(policy: PolicyView) -> Iterator[Problem]:
    """Some of the actions support no tags."""
    return _tags_with_not_action(policy, "Deny")


@validation_check(
    "POL-134",
    "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
    FindingType.SUGGESTION,
    title=mark("Allow by a tag that the service does not support"),
    remediation=_SPLIT_TAGS,
)
def allow_with_unsupported_tag(policy: PolicyView) -> Iterator[Problem]:
    """The Allow never matches the action."""
    return _unsupported_tags(policy, "Allow")


@validation_check(
    "POL-135",
    "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
    FindingType.SUGGESTION,
    title=mark("Allow by a tag with NotAction"),
    remediation=_LIST_ACTIONS,
)
def allow_not_action_with_tag(policy: PolicyView) -> Iterator[Problem]:
    """Some of the actions support no tags."""
    return _tags_with_not_action(policy, "Allow")
