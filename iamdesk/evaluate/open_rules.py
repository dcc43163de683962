"""Rules that AWS's pages leave open or disagree on: the reading used here, and the other one (rule K9).

A result that differs by the other reading says so (code ``pages-disagree``) and names the rule.
"""

from typing import NamedTuple

from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark


class OpenRule(NamedTuple):
    """One rule with both of its readings, as parts of a sentence."""

    id: str
    """Stable."""
    rule: str
    """The evaluation rule that it belongs to, by its id in the user guide: ``F4`` (``policy-evaluation.md``)."""
    question: str
    """What is open: ``whether …``."""
    taken: str
    """The reading used here."""
    other: str
    """The other reading."""
    pages: str
    """AWS's pages on it."""


WILDCARD_OVER_COLONS = OpenRule(
    "wildcard-over-colons",
    "F4",
    mark("whether a `*` that ends one of the first five parts of an ARN also matches colons"),
    mark("it does"),
    mark("it stays within its part"),
    "IAM User Guide, IAM JSON policy elements: Resource; Amazon S3 User Guide, How Amazon S3 works with IAM",
)
ACCOUNT_LISTS_BY_ARN = OpenRule(
    "account-lists-by-arn",
    "F6",
    mark("whether the resource arn:aws:s3:::* covers S3 actions that list what an account has"),
    mark("it does"),
    mark("only `*` does"),
    "IAM User Guide, Policy evaluation logic; IAM JSON policy elements: NotAction",
)
WILDCARD_IN_SERVICE = OpenRule(
    "wildcard-in-service",
    "F4",
    mark("what a wildcard in the service of a policy's resource ARN means"),
    mark("the ARN matches nothing"),
    mark("it is a wildcard like any other"),
    "IAM User Guide, IAM JSON policy elements: Resource",
)
WILDCARD_IN_ACTION_SERVICE = OpenRule(
    "wildcard-in-action-service",
    "F1",
    mark("what a wildcard in the service of a policy's action means"),
    mark("the action matches nothing"),
    mark("it is a wildcard like any other"),
    "IAM User Guide, IAM JSON policy elements: Action",
)
LOG_GROUP_BY_BARE_ARN = OpenRule(
    "log-group-by-bare-arn",
    "F3",
    mark("whether a log group's ARN without `:*` matches the log group for actions other than tagging"),
    mark("it does not"),
    mark("it does"),
    "Amazon CloudWatch Logs User Guide, CloudWatch Logs resources and operations; Service Authorization Reference",
)
ANY_VALUE_IF_EXISTS = OpenRule(
    "any-value-if-exists",
    "G4",
    mark("whether a ForAnyValue condition with IfExists holds where the key is absent"),
    mark("it does not"),
    mark("it does"),
    "IAM User Guide, IAM JSON policy elements: Condition operators; Single-valued vs. multivalued context keys",
)
NULL_OF_EMPTY_TEXT = OpenRule(
    "null-of-empty-text",
    "G5",
    mark("whether Null treats a key with a single value as absent if that value is empty, as of a tag without a value"),
    mark("it is present"),
    mark("it is absent"),
    "IAM User Guide, Condition operators; Multivalued context key examples",
)
ALL_VALUES_NOT_LIKE = OpenRule(
    "all-values-not-like",
    "G14",
    mark("whether ForAllValues:StringNotLike holds where the key is absent"),
    mark("it does"),
    mark("it does not"),
    "IAM User Guide, Single-valued vs. multivalued context keys",
)
SEVERAL_VALUES = OpenRule(
    "several-values-without-set-operator",
    "G16",
    mark("how a condition without a set operator compares a key with several values"),
    mark("it does not hold"),
    mark("it compares value by value"),
    "IAM User Guide, Single-valued vs. multivalued context keys",
)
VARIABLE_UNDER_BOOL = OpenRule(
    "variable-under-bool",
    "H2",
    mark("whether Bool supports policy variables"),
    mark("it does not"),
    mark("it does"),
    "IAM User Guide, IAM policy elements: Variables and tags; Condition operators",
)
HOST_BITS = OpenRule(
    "ip-range-with-host-bits",
    "G12",
    mark("what an IP range means whose address is not its first one"),
    mark("it is the whole range"),
    mark("it matches nothing"),
    "IAM User Guide, IAM JSON policy elements: Condition operators",
)
SHORT_ARN_PATTERN = OpenRule(
    "arn-operator-with-fewer-parts",
    "G13",
    mark("whether an ARN operator accepts a value that ends in `*` in place of some of the six parts"),
    mark("it matches nothing"),
    mark("the `*` matches the parts that are left out, too"),
    "IAM User Guide, IAM JSON policy elements: Condition operators",
)
WILDCARD_IN_VALUE = OpenRule(
    "wildcard-in-value-of-variable",
    "H8",
    mark("whether a `*` or `?` in the value of a policy variable, such as a tag, is a wildcard"),
    mark("it is plain text"),
    mark("it is a wildcard"),
    "IAM User Guide, IAM policy elements: Variables and tags",
)
PARTLY_LISTED = OpenRule(
    "not-principal-listed-in-part",
    "E6",
    mark("whether a Deny with NotPrincipal exempts a caller whose session, role and account are not all listed"),
    mark("it does not"),
    mark("it does"),
    "IAM User Guide, AWS JSON policy elements: NotPrincipal",
)
ROLE_LISTED = OpenRule(
    "not-principal-lists-the-role",
    "E6",
    mark("whether a Deny with NotPrincipal that lists a role and its account exempts every session of the role"),
    mark("it does"),
    mark("each session has to be listed"),
    "IAM User Guide, AWS JSON policy elements: NotPrincipal",
)
BOUNDARY_AND_TRUST = OpenRule(
    "boundary-and-trust-policy",
    "I2",
    mark("whether a trust policy that names the caller or everyone overrides the caller's permissions boundary"),
    mark("the boundary also has to allow the action"),
    mark("the trust policy is enough"),
    "IAM User Guide, Update a role trust policy; Permissions boundaries for IAM entities",
)
SOURCE_IDENTITY_OF_USER = OpenRule(
    "source-identity-of-user",
    "I2",
    mark("whether a user named in the trust policy also needs sts:SetSourceIdentity in an identity policy"),
    mark("the user needs both"),
    mark("the trust policy is enough"),
    "IAM User Guide, Monitor and control actions taken with assumed roles; Pass session tags in AWS STS",
)
PUBLIC_BY_CALLER_KEY = OpenRule(
    "public-but-for-the-caller",
    "I7",
    mark(
        "whether Block Public Access treats a policy for everyone as public if aws:PrincipalAccount, "
        "aws:PrincipalArn or aws:PrincipalOrgPaths limits it to fixed values"
    ),
    mark("the policy is public"),
    mark("it is not"),
    "Amazon S3 User Guide, Blocking public access to your Amazon S3 storage",
)
LISTED_IN_ONE = OpenRule(
    "access-point-or-bucket-left-out",
    "I11",
    mark("whether a Deny whose NotResource lists an access point or its bucket, but not both, applies"),
    mark("it does: both decisions are made with it"),
    mark("one of the two is enough"),
    "Amazon S3 User Guide, Configuring IAM policies for using access points",
)
UNSIGNED_ON_QUEUES = OpenRule(
    "unsigned-on-queues",
    "E10",
    mark("whether a queue policy can allow unsigned callers the SQS actions that it cannot allow other accounts"),
    mark("it cannot"),
    mark("a queue policy for everyone allows them"),
    "Amazon SQS Developer Guide, Limitations of Amazon SQS custom policies",
)

OPEN_RULES = tuple(rule for rule in tuple(globals().values()) if isinstance(rule, OpenRule))
"""All open rules."""


class Reading(NamedTuple):
    """The decision by the other reading of open rules."""

    rules: tuple[OpenRule, ...]
    """More than one where only together they change the decision."""
    decision: EvalDecision
