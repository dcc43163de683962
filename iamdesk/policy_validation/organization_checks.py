"""Checks of service control policies and resource control policies."""

from collections.abc import Iterator

from iamdesk.aws.service_reference import reference
from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import is_null_test
from iamdesk.policy.operators import BOOL
from iamdesk.policy_validation.issue import RCP_ONLY, SCP_ONLY, FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyView, StatementView

_IS_SERVICE = "aws:principalisawsservice"
_PRINCIPAL_KEYS = (
    *("aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:principaltag/"),
    *("aws:principaltype", "aws:userid", "aws:username"),
)
_SOURCE_KEYS = frozenset({"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount", "aws:sourcearn"})


@validation_check(
    "POL-190",
    "SCP_SYNTAX_ERROR_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Principal in an SCP"),
    remediation=mark("Remove the element; restrict principals with `aws:PrincipalArn` in `Condition`."),
    kinds=SCP_ONLY,
    can_be_stored=False,
)
def scp_principal(policy: PolicyView) -> Iterator[Problem]:
    """SCPs have no principals."""
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            if name in statement.raw:
                yield (*statement.path, name), phrase("An SCP does not support `{name}`.", name=name)


@validation_check(
    "POL-191",
    "SCP_SYNTAX_ERROR_ACTION_WILDCARD",
    FindingType.WARNING,
    title=mark("Wildcard within an action of an SCP"),
    remediation=mark("Put the wildcard at the end of the action, or list the actions."),
    kinds=SCP_ONLY,
)
def scp_action_wildcard(policy: PolicyView) -> Iterator[Problem]:
    """A warning, not an error as on the page of the checks: the page "SCP syntax" accepts a wildcard anywhere."""
    for statement in policy.statements:
        for path, pattern in statement.every_action:
            name = pattern.text.partition(":")[2]
            if "*" in name[:-1]:
                message = phrase(
                    "`{text}` has a wildcard before its end: AWS's pages disagree whether an SCP supports it.",
                    text=pattern.text,
                )
                yield path, message


@validation_check(
    "POL-192",
    "RCP_SYNTAX_ERROR_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Principal of an RCP"),
    remediation=mark('Set `"Principal": "*"`; restrict principals in `Condition`.'),
    kinds=RCP_ONLY,
    can_be_stored=False,
)
def rcp_principal(policy: PolicyView) -> Iterator[Problem]:
    """All principals, and nothing else."""
    for statement in policy.statements:
        if "NotPrincipal" in statement.raw:
            yield (*statement.path, "NotPrincipal"), phrase("An RCP does not support `NotPrincipal`.")
        if statement.raw.get("Principal", "*") != "*":
            yield (*statement.path, "Principal"), phrase('An RCP supports only `"Principal": "*"`.')


@validation_check(
    "POL-193",
    "RCP_SYNTAX_ERROR_ALLOW",
    FindingType.ERROR,
    title=mark("Allow in an RCP"),
    remediation=mark("Use `Deny`: the policy RCPFullAWSAccess, which AWS attaches, allows everything else."),
    kinds=RCP_ONLY,
)
def rcp_allow(policy: PolicyView) -> Iterator[Problem]:
    """Only RCPFullAWSAccess allows: everything, without a condition.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    """
    for statement in policy.statements:
        if not statement.is_allow:
            continue
        everything = all(statement.raw.get(one) in ("*", ["*"]) for one in ("Action", "Resource"))
        everything = everything and statement.raw.get("Principal", "*") == "*"
        if not everything or "Condition" in statement.raw:
            yield (
                (*statement.path, "Effect"),
                phrase("An RCP supports `Allow` only for everything, as the policy RCPFullAWSAccess has it."),
            )


@validation_check(
    "POL-194",
    "RCP_SYNTAX_ERROR_NOTACTION",
    FindingType.ERROR,
    title=mark("NotAction in an RCP"),
    remediation=mark("List the actions in `Action`."),
    kinds=RCP_ONLY,
    can_be_stored=False,
)
def rcp_not_action(policy: PolicyView) -> Iterator[Problem]:
    """RCPs have no such element."""
    for statement in policy.statements:
        if "NotAction" in statement.raw:
            yield (*statement.path, "NotAction"), phrase("An RCP does not support `NotAction`.")


@validation_check(
    "POL-195",
    "RCP_SYNTAX_ERROR_ACTION",
    FindingType.ERROR,
    title=mark("Action of a service without RCPs"),
    remediation=mark("Use only actions of services that support RCPs, with the service prefix."),
    kinds=RCP_ONLY,
    can_be_stored=False,
)
def rcp_action(policy: PolicyView) -> Iterator[Problem]:
    """RCPFullAWSAccess alone has ``*`` (rule B7)."""
    supported = reference().rcp_services
    for statement in policy.statements:
        for path, pattern in statement.actions:
            if statement.is_deny and pattern.covers_every_service:
                yield path, phrase("An RCP that denies has to name the services of its actions.")
            elif pattern.service is not None and pattern.service not in supported:
                yield path, phrase("The service of `{action}` does not support RCPs.", action=pattern.text)


def _tests_service(statement: StatementView, value: str) -> bool:
    return any(
        test.key == _IS_SERVICE
        and test.operator is not None
        and test.operator.family is BOOL
        and {one.text.lower() for one in test.values} == {value}
        for test in statement.tests
    )


@validation_check(
    "POL-196",
    "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY",
    FindingType.WARNING,
    title=mark("RCP that also denies AWS services"),
    remediation=mark('Add `"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}` to the condition.'),
    kinds=RCP_ONLY,
)
def rcp_principal_key(policy: PolicyView) -> Iterator[Problem]:
    """A Deny by a key about the principal."""
    for statement in policy.statements:
        if statement.is_deny and not _tests_service(statement, "false"):
            for test in statement.tests:
                if test.key.startswith(_PRINCIPAL_KEYS):
                    yield (
                        test.path,
                        phrase("The Deny by `{key}` also applies to AWS services that act for you.", key=test.key_text),
                    )


@validation_check(
    "POL-197",
    "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY",
    FindingType.WARNING,
    title=mark("RCP for AWS services that also denies other principals"),
    remediation=mark('Add `"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}` to the condition.'),
    kinds=RCP_ONLY,
)
def rcp_source_key(policy: PolicyView) -> Iterator[Problem]:
    """A Deny by a key that only requests of services contain."""
    for statement in policy.statements:
        if statement.is_deny and not _tests_service(statement, "true"):
            for test in statement.tests:
                if test.key in _SOURCE_KEYS and test.operator is not None and test.operator.compares_values:
                    yield (
                        test.path,
                        phrase(
                            "The Deny by `{key}` also applies to principals that are not AWS services.",
                            key=test.key_text,
                        ),
                    )


@validation_check(
    "POL-198",
    "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK",
    FindingType.WARNING,
    title=mark("RCP without a test for the source"),
    remediation=mark(
        'Add `"Null": {"aws:SourceAccount": "false"}` or `"Null": {"aws:SourceArn": "false"}` to the condition.'
    ),
    kinds=RCP_ONLY,
)
def rcp_null_check(policy: PolicyView) -> Iterator[Problem]:
    """Some integrations of services send no source."""
    for statement in policy.statements:
        has_null = any(
            test.key in ("aws:sourceaccount", "aws:sourcearn") and is_null_test(test, is_absent=False)
            for test in statement.tests
        )
        if not statement.is_deny or has_null:
            continue
        for test in statement.tests:
            if test.key in _SOURCE_KEYS and test.operator is not None and test.operator.compares_values:
                yield (
                    test.path,
                    phrase("The Deny by `{key}` also applies to integrations that send no source.", key=test.key_text),
                )
