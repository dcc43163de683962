"""Checks of principals, and of trust policies."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache

from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, ROLES_ANYWHERE, is_certificate_tag
from iamdesk.aws.service_reference import reference
from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import Quantifier, demands_presence, requires_key
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.wildcards import is_pattern
from iamdesk.policy_validation.facts import all_regions, facts
from iamdesk.policy_validation.issue import TRUST_ONLY, WITH_PRINCIPALS, FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView, StatementView
from iamdesk.policy_validation.precedents import precedents

_GITHUB = "token.actions.githubusercontent.com"
_SOURCE_KEYS = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
_SUBSTITUTES = frozenset({"aws:referer", "aws:sourceowner"})
"""Keys with which older policies restrict a service principal."""
_ABSENT_FOR_SERVICES = (
    *("aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:principaltype"),
    *("aws:principaltag/", "aws:userid", "aws:username", "aws:tokenissuetime", "aws:multifactorauth"),
)
"""Keys, or their beginnings, that requests of a service principal do not contain (rule J2), but for the tags that IAM
Roles Anywhere takes from a certificate."""
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|amazonaws\.eu)")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?::\d+)?(?:/[^\s]*)?")
_PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?:\d{12}|aws):(saml|oidc)-provider/\S+")
_SERVICE_KEYS = frozenset(
    {
        *("aws:principalservicename", "aws:principalservicenameslist", "aws:calledvia", "aws:calledviafirst"),
        *("aws:calledvialast", "iam:passedtoservice", "iam:awsservicename"),
    }
)
"""Condition keys whose values are service principals."""
_RESOURCE_LIKE = frozenset({PolicyKind.RESOURCE, PolicyKind.ENDPOINT})


@validation_check(
    "POL-030",
    "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Wildcard in a principal"),
    remediation=mark("Name the principal in full, or use `*` for everyone and restrict it with `aws:PrincipalArn`."),
    kinds=WITH_PRINCIPALS,
    can_be_stored=False,
)
def unsupported_wildcard_in_principal(policy: PolicyView) -> Iterator[Problem]:
    """Only ``*`` itself is supported, for AWS principals (rule E1)."""
    for statement in policy.statements:
        for path, entry in statement.every_principal:
            if is_pattern(entry.text) and not entry.is_everyone:
                message = phrase(
                    "The principal `{text}` has a wildcard, which `{key}` does not support.",
                    text=entry.text,
                    key=entry.type.value,
                )
                yield path, message


@validation_check(
    "POL-031",
    "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Everyone as principal of a trust policy"),
    remediation=mark("Name the accounts, roles, users or services that may assume the role."),
    kinds=TRUST_ONLY,
)
def trust_policy_wildcard(policy: PolicyView) -> Iterator[Problem]:
    """The element as a whole is ``*``."""
    for statement in policy.statements:
        if statement.raw.get("Principal") == "*":
            yield (*statement.path, "Principal"), phrase('The trust policy has `"Principal": "*"`.')


@validation_check(
    "POL-032",
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
    FindingType.ERROR,
    title=mark("NotPrincipal in a trust policy"),
    remediation=mark("Use `Principal` with the principals that may assume the role."),
    kinds=TRUST_ONLY,
    can_be_stored=False,
)
def trust_policy_not_principal(policy: PolicyView) -> Iterator[Problem]:
    """Trust policies have no such element."""
    for statement in policy.statements:
        if "NotPrincipal" in statement.raw:
            yield (*statement.path, "NotPrincipal"), phrase("A trust policy does not support `NotPrincipal`.")


@validation_check(
    "POL-033",
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE",
    FindingType.ERROR,
    title=mark("Resource in a trust policy"),
    remediation=mark("Remove the element: a trust policy applies to its role."),
    kinds=TRUST_ONLY,
    can_be_stored=False,
)
def trust_policy_resource(policy: PolicyView) -> Iterator[Problem]:
    """Trust policies have no such element."""
    for statement in policy.statements:
        for name in ("Resource", "NotResource"):
            if name in statement.raw:
                yield (*statement.path, name), phrase("A trust policy does not support `{name}`.", name=name)


@validation_check(
    "POL-034",
    "FEDERATED_PRINCIPAL_NOT_SUPPORTED",
    FindingType.ERROR,
    title=mark("Federated principal outside a trust policy"),
    remediation=mark("Name the role that federated users assume."),
    kinds=_RESOURCE_LIKE,
    can_be_stored=False,
)
def federated_principal_not_supported(policy: PolicyView) -> Iterator[Problem]:
    """Only trust policies name identity providers."""
    for statement in policy.statements:
        for path, entry in statement.every_principal:
            if entry.type is PrincipalType.FEDERATED:
                yield (
                    path,
                    phrase(
                        "The policy type does not support the identity provider `{text}` as principal.", text=entry.text
                    ),
                )


def _provider_kind(text: str) -> str | None:
    """Return ``saml`` or ``oidc``; None for a text that is no identity provider."""
    found = _PROVIDER_ARN.fullmatch(text)
    if found:
        return found[1]
    return "oidc" if _HOST.fullmatch(text) else None


@validation_check(
    "POL-035",
    "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
    FindingType.ERROR,
    title=mark("Malformed identity provider"),
    remediation=mark("Use the ARN of the SAML or OIDC provider in IAM, or the host of a built-in provider."),
    kinds=TRUST_ONLY,
)
def invalid_federated_principal(policy: PolicyView) -> Iterator[Problem]:
    """A domain name, or the ARN of a provider."""
    for statement in policy.statements:
        for path, text in statement.principal_texts(PrincipalType.FEDERATED):
            if not is_pattern(text) and _provider_kind(text) is None:
                yield path, phrase("`{text}` is neither a domain name nor the ARN of an identity provider.", text=text)


@validation_check(
    "POL-036",
    "MISMATCHED_ACTION_FOR_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Action that its principal cannot call"),
    remediation=mark(
        "Use `sts:AssumeRoleWithSAML` with SAML providers, `sts:AssumeRoleWithWebIdentity` with OIDC providers, and "
        "`sts:AssumeRole` with other principals."
    ),
    kinds=TRUST_ONLY,
)
def mismatched_action_for_principal(policy: PolicyView) -> Iterator[Problem]:
    """An action for which the statement has no principal of the right kind."""
    for statement in policy.statements:
        kinds = {_provider_kind(text) for _, text in statement.principal_texts(PrincipalType.FEDERATED)}
        others = any(entry.type is not PrincipalType.FEDERATED for _, entry in statement.principals)
        if not statement.principals or None in kinds:
            continue
        fits = {
            "assumerolewithsaml": "saml" in kinds,
            "assumerolewithwebidentity": "oidc" in kinds,
            "assumerole": others,
        }
        named = ", ".join(dict.fromkeys(entry.text for _, entry in statement.principals))
        for path, pattern in statement.actions:
            if pattern.service == "sts" and not fits.get(pattern.literal or "", True):
                yield (
                    path,
                    phrase("`{action}` cannot be called by {principals}.", action=pattern.text, principals=named),
                )


@validation_check(
    "POL-037",
    "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY",
    FindingType.ERROR,
    title=mark("Missing action for IAM Roles Anywhere"),
    remediation=mark(
        "Allow `sts:AssumeRole`, `sts:SetSourceIdentity` and `sts:TagSession` to `rolesanywhere.amazonaws.com`."
    ),
    kinds=TRUST_ONLY,
)
def missing_action_for_roles_anywhere(policy: PolicyView) -> Iterator[Problem]:
    """The service needs three actions, in one statement or several."""
    named = []
    for statement in policy.statements:
        for path, text in statement.principal_texts(PrincipalType.SERVICE):
            if statement.is_allow and text.startswith("rolesanywhere."):
                named.append((path, statement))
    if named:
        needed = ("AssumeRole", "SetSourceIdentity", "TagSession")
        missing = [
            f"sts:{one}" for one in needed if not any(each.covers_action("sts", one.lower()) for _, each in named)
        ]
        if missing:
            yield (
                named[0][0],
                phrase("The trust policy does not allow {actions} to IAM Roles Anywhere.", actions=", ".join(missing)),
            )


@validation_check(
    "POL-038",
    "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY",
    FindingType.SUGGESTION,
    title=mark("Role session listed with its role"),
    remediation=mark("Remove the principal of the role session."),
    kinds=TRUST_ONLY,
)
def redundant_principal(policy: PolicyView) -> Iterator[Problem]:
    """A role covers its sessions (rule E3)."""
    for statement in policy.statements:
        roles = {}
        for _, text in statement.principal_texts(PrincipalType.AWS):
            head, found, name = text.partition(":role/")
            if found:
                roles[head.rpartition(":")[2], name.rpartition("/")[2]] = text
        for path, entry in statement.principals:
            head, found, rest = entry.text.partition(":assumed-role/")
            role = roles.get((head.rpartition(":")[2], rest.partition("/")[0])) if found else None
            if role is not None:
                message = phrase(
                    "The session `{session}` is covered by its role `{role}`.", session=entry.text, role=role
                )
                yield path, message


@validation_check(
    "POL-039",
    "INVALID_ROLE_REFERENCE",
    FindingType.WARNING,
    title=mark("Role named by its unique ID"),
    remediation=mark("Use the ARN of the role. A role that was deleted and created again has another ID."),
    kinds=WITH_PRINCIPALS,
)
def invalid_role_reference(policy: PolicyView) -> Iterator[Problem]:
    """AWS shows the ID of a principal that was deleted (rule E6)."""
    return _unique_ids(policy, "AROA", mark("The principal `{id}` is the unique ID of a role."))


@validation_check(
    "POL-040",
    "INVALID_USER_REFERENCE",
    FindingType.WARNING,
    title=mark("User named by the unique ID"),
    remediation=mark("Use the ARN of the user. A user that was deleted and created again has another ID."),
    kinds=WITH_PRINCIPALS,
)
def invalid_user_reference(policy: PolicyView) -> Iterator[Problem]:
    """AWS shows the ID of a principal that was deleted (rule E6)."""
    return _unique_ids(policy, "AIDA", mark("The principal `{id}` is the unique ID of a user."))


def _unique_ids(policy: PolicyView, prefix: str, sentence: str) -> Iterator[Problem]:
    for statement in policy.statements:
        for path, entry in statement.every_principal:
            if entry.type is PrincipalType.AWS and entry.text.startswith(prefix) and entry.text.isalnum():
                yield path, phrase(sentence, id=entry.text)


@validation_check(
    "POL-041",
    "ALLOW_WITH_NOT_PRINCIPAL",
    FindingType.SECURITY_WARNING,
    title=mark("Allow with NotPrincipal"),
    remediation=mark("List the principals that need access in `Principal`."),
    kinds=frozenset({PolicyKind.RESOURCE, PolicyKind.ENDPOINT, PolicyKind.TRUST}),
)
def allow_with_not_principal(policy: PolicyView) -> Iterator[Problem]:
    """Everyone else is allowed, anonymous callers included."""
    for statement in policy.statements:
        if statement.is_allow and "NotPrincipal" in statement.raw:
            message = phrase("The statement allows everyone except the principals in `NotPrincipal`.")
            yield (*statement.path, "NotPrincipal"), message


def _is_service_principal(text: str) -> bool:
    return _SERVICE.fullmatch(text) is not None


@validation_check(
    "POL-042",
    "INVALID_SERVICE_PRINCIPAL_FORMAT",
    FindingType.ERROR,
    title=mark("Malformed service principal"),
    remediation=mark("Use the service principal in lower case, such as `lambda.amazonaws.com`."),
)
def invalid_service_principal_format(policy: PolicyView) -> Iterator[Problem]:
    """In ``Principal``, and in condition keys whose values are service principals."""
    for statement in policy.statements:
        for path, entry in statement.every_principal:
            if (
                entry.type is PrincipalType.SERVICE
                and not is_pattern(entry.text)
                and not _is_service_principal(entry.text)
            ):
                yield path, _service_format(entry.text)
        for test in statement.tests:
            for path, text in statement.values_of(test) if test.operator and test.operator.compares_values else ():
                if is_pattern(text) or "${" in text:
                    continue
                if test.key in _SERVICE_KEYS and not _is_service_principal(text):
                    yield path, _service_format(text)
                elif test.key == "kms:viaservice" and not _is_regional_service(text):
                    message = phrase("`{text}` does not have the format `service.Region.amazonaws.com`.", text=text)
                    yield path, message


def _service_format(text: str) -> str:
    return phrase("`{text}` does not have the format `service.amazonaws.com`, in lower case.", text=text)


def _is_regional_service(text: str) -> bool:
    parts = text.split(".")
    return _is_service_principal(text) and any(part in all_regions() for part in parts[1:])


@cache
def _known_services() -> frozenset[str]:
    """Return the first labels of service principals: service prefixes, and what AWS's own policies name."""
    named = (text.partition(".")[0] for text in precedents().service_principals)
    return frozenset(named) | frozenset(reference().services())


@validation_check(
    "POL-052",
    "",
    FindingType.WARNING,
    title=mark("Service principal that may not exist"),
    remediation=mark("Correct the service principal."),
    kinds=WITH_PRINCIPALS,
    can_be_stored=False,
)
def unknown_service_principal(policy: PolicyView) -> Iterator[Problem]:
    """Only with a similar one that exists: AWS publishes no list of all service principals."""
    for statement in policy.statements:
        for path, entry in statement.every_principal:
            label, _, rest = entry.text.partition(".")
            # Longer ones name a part of a service (`delivery.logs.amazonaws.com`), of which there are many.
            if entry.type is not PrincipalType.SERVICE or rest != "amazonaws.com" or label in _known_services():
                continue
            near = get_close_matches(label, sorted(_known_services()), n=1, cutoff=0.8)
            if near:
                text = entry.text.replace(label, near[0], 1)
                yield path, phrase("`{text}` is in no list of AWS. Did you mean `{near}`?", text=entry.text, near=text)


@validation_check(
    "POL-043",
    "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
    FindingType.SECURITY_WARNING,
    title=mark("Service principal for any source"),
    remediation=mark(
        "Add `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths` to the condition."
    ),
    kinds=_RESOURCE_LIKE,
)
def restrict_access_to_service_principal(policy: PolicyView) -> Iterator[Problem]:
    """The confused deputy: the service acts for resources of any account."""
    for statement, path, text in _allowed_services(policy):
        if not statement.tested_keys & (_SOURCE_KEYS | _SUBSTITUTES):
            yield path, phrase("The service `{service}` is allowed to act for any account.", service=text)


@validation_check(
    "POL-044",
    "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
    FindingType.SUGGESTION,
    title=mark("Service principal restricted by another key"),
    remediation=mark("Use `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths` instead."),
    kinds=_RESOURCE_LIKE,
)
def recommended_condition_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys such as ``aws:Referer``."""
    for statement, path, text in _allowed_services(policy):
        used = statement.tested_keys & _SUBSTITUTES
        if used and not statement.tested_keys & _SOURCE_KEYS:
            key = next(test.key_text for test in statement.tests if test.key in used)
            yield path, phrase("The service `{service}` is restricted only by `{key}`.", service=text, key=key)


def _allowed_services(policy: PolicyView) -> Iterator[tuple[StatementView, tuple[str | int, ...], str]]:
    for statement in policy.statements:
        for path, text in statement.principal_texts(PrincipalType.SERVICE) if statement.is_allow else ():
            yield statement, path, text


@validation_check(
    "POL-045",
    "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Condition key that service principals do not have"),
    remediation=mark(
        "Remove the key, or restrict the service with `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID`."
    ),
    kinds=frozenset({PolicyKind.RESOURCE, PolicyKind.ENDPOINT, PolicyKind.TRUST}),
)
def unsupported_key_for_service_principal(policy: PolicyView) -> Iterator[Problem]:
    """Only where the test is false without the key, and every principal is a service."""
    for statement in policy.statements:
        kinds = {entry.type for _, entry in statement.principals}
        if not statement.is_allow or kinds != {PrincipalType.SERVICE}:
            continue
        services = ", ".join(entry.text for _, entry in statement.principals)
        has_certificates = any(entry.text == ROLES_ANYWHERE for _, entry in statement.principals)
        for test in statement.tests:
            if has_certificates and is_certificate_tag(test.key.removeprefix(PRINCIPAL_TAG_PREFIX)):
                continue  # of the certificate
            if test.key.startswith(_ABSENT_FOR_SERVICES) and requires_key(test):
                message = phrase("Requests of {services} do not contain `{key}`.", services=services, key=test.key_text)
                yield test.path, message


def _oidc_hosts(statement: StatementView) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for path, text in statement.principal_texts(PrincipalType.FEDERATED) if statement.is_allow else ():
        if _provider_kind(text) == "oidc":
            yield path, text.partition(":oidc-provider/")[2] or text


@validation_check(
    "POL-046",
    "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL",
    FindingType.SECURITY_WARNING,
    title=mark("OIDC provider without a condition"),
    remediation=mark("Test the audience and the subject of the provider's tokens."),
    kinds=TRUST_ONLY,
)
def missing_key_for_oidc(policy: PolicyView) -> Iterator[Problem]:
    """No condition key begins with the provider's name."""
    for statement in policy.statements:
        for path, host in _oidc_hosts(statement):
            if not any(key.startswith(f"{host.lower()}:") for key in statement.tested_keys):
                yield path, phrase("No condition key tests the tokens of `{host}`.", host=host)


@validation_check(
    "POL-047",
    "MISSING_GITHUB_REPO_CONDITION_KEY",
    FindingType.SECURITY_WARNING,
    title=mark("GitHub provider without a repository"),
    remediation=mark("Test `token.actions.githubusercontent.com:sub` for the repository and branch."),
    kinds=TRUST_ONLY,
)
def missing_github_repository(policy: PolicyView) -> Iterator[Problem]:
    """Without the subject, workflows of every repository on GitHub can assume the role."""
    for statement in policy.statements:
        for path, host in _oidc_hosts(statement):
            if host.lower() == _GITHUB and f"{_GITHUB}:sub" not in statement.tested_keys:
                yield path, phrase("The statement does not test the repository of GitHub's tokens.")


@validation_check(
    "POL-048",
    "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED",
    FindingType.WARNING,
    title=mark("Wildcard in the subject of GitHub"),
    remediation=mark("Name the repository and branch, as in `repo:org/app:ref:refs/heads/main`."),
    kinds=TRUST_ONLY,
)
def specific_github_repository(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard after the repository is accepted where the branch is tested by ``ref``."""
    for statement in policy.statements:
        for test in statement.tests if statement.is_allow else ():
            if test.key != f"{_GITHUB}:sub":
                continue
            for path, text in statement.values_of(test):
                names_repository = not is_pattern(":".join(text.split(":", 2)[:2])) and text.count(":") >= 2
                if is_pattern(text) and not (names_repository and f"{_GITHUB}:ref" in statement.tested_keys):
                    yield path, phrase("The subject `{text}` has a wildcard.", text=text)


def _audience_tests(statement: StatementView) -> Iterable[tuple[tuple[str | int, ...], str, Quantifier, str]]:
    for test in statement.tests:
        host, _, claim = test.key.rpartition(":")
        if claim == "aud" and "." in host and test.quantifier is not Quantifier.NONE:
            yield test.path, test.key_text, test.quantifier, host


@validation_check(
    "POL-049",
    "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE",
    FindingType.SECURITY_WARNING,
    title=mark("ForAnyValue on a single-valued audience"),
    remediation=mark("Remove `ForAnyValue:` from the operator."),
    kinds=TRUST_ONLY,
)
def for_any_value_with_audience(policy: PolicyView) -> Iterator[Problem]:
    """Providers whose audience is one value: the built-in ones and GitHub."""
    for statement in policy.statements:
        for path, key, quantifier, host in _audience_tests(statement):
            if quantifier is Quantifier.ANY and host in (*facts().builtin_providers, _GITHUB):
                yield path, phrase("`{key}` has one value, but is tested with ForAnyValue.", key=key)


@validation_check(
    "POL-050",
    "CONFIRM_AUDIENCE_CLAIM_TYPE",
    FindingType.SUGGESTION,
    title=mark("Set operator on an audience"),
    remediation=mark("Use a set operator only if the provider issues tokens with several audiences."),
    kinds=TRUST_ONLY,
)
def confirm_audience(policy: PolicyView) -> Iterator[Problem]:
    """Other providers: whether the audience has several values depends on the provider."""
    for statement in policy.statements:
        for path, key, quantifier, host in _audience_tests(statement):
            if host not in (*facts().builtin_providers, _GITHUB):
                message = phrase(
                    "`{key}` is tested with {quantifier}: check that its tokens have several audiences.",
                    key=key,
                    quantifier=quantifier.value,
                )
                yield path, message


@validation_check(
    "POL-051",
    "MISSING_ACTION_FOR_CONDITION_KEY",
    FindingType.ERROR,
    title=mark("Condition key without its action"),
    remediation=mark("Add the action to the statement, or remove the key."),
    kinds=frozenset(PolicyKind) - {PolicyKind.SCP, PolicyKind.RCP},
)
def missing_action_for_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys that only requests for one action contain."""
    for statement in policy.statements:
        if "Action" not in statement.raw:
            continue
        is_trust = policy.kind is PolicyKind.TRUST
        for test in statement.tests:
            action = _ACTION_OF_KEY.get(test.key, "")
            if not action and is_trust and test.key.startswith(("aws:requesttag/", "aws:tagkeys")):
                action = "sts:TagSession"
            if action and demands_presence(test) and not statement.covers_action(*action.lower().split(":")):
                yield (
                    test.path,
                    phrase(
                        "`{key}` is only in requests for `{action}`, which the statement does not name.",
                        key=test.key_text,
                        action=action,
                    ),
                )


_ACTION_OF_KEY = {
    "sts:sourceidentity": "sts:SetSourceIdentity",
    "sts:transitivetagkeys": "sts:TagSession",
    "iam:passedtoservice": "iam:PassRole",
    "iam:associatedresourcearn": "iam:PassRole",
    "iam:awsservicename": "iam:CreateServiceLinkedRole",
}
