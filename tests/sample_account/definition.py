"""The sample account ``acme-prod`` as data: capture.py builds it, test_sample.py holds the shipped file to it."""

from .people import GROUPS, USERS
from .policies import POLICIES
from .roles import ROLES
from .shapes import ACCOUNT_ID, SampleGroup, SampleRole, SampleUser
from .trusts import CLUSTER, GITHUB

__all__ = [
    "ACCOUNT_ID",
    "GROUPS",
    "HOLDERS",
    "OIDC_PROVIDERS",
    "POLICIES",
    "PRINCIPALS",
    "ROLES",
    "SAML_PROVIDERS",
    "USERS",
    "aws_managed_arns",
]

PRINCIPALS: tuple[SampleUser | SampleRole, ...] = (*USERS, *ROLES)
HOLDERS: tuple[SampleGroup | SampleUser | SampleRole, ...] = (*GROUPS, *PRINCIPALS)

OIDC_PROVIDERS = (GITHUB, CLUSTER)
SAML_PROVIDERS = ("acme-sso", "AWSSSO_0123456789abcdef_DO_NOT_DELETE")


def aws_managed_arns() -> frozenset[str]:
    """Return the AWS managed policies that are attached to somebody; a boundary is no attachment."""
    attached = (policy for holder in HOLDERS for policy in holder.attached)
    return frozenset(policy for policy in attached if policy.startswith("arn:aws:iam::aws:"))
