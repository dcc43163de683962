"""What outputs about resources have in common: a list of resources, or the policy of one.

The outputs themselves are in the modules of `iamdesk.snapshot.resource_services`.
"""

from collections.abc import Mapping
from typing import Any, override

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument, Tag


class HasResourceList(AwsModel):
    """The output of a command that lists resources."""

    @property
    def listed(self) -> tuple[str, ...]:
        """ARNs if AWS prints them, else names or ids."""
        raise NotImplementedError

    @property
    def tags_by_arn(self) -> dict[str, tuple[Tag, ...]]:
        """The tags of the resources whose tags AWS prints in the list."""
        return {}

    @property
    def policies_by_arn(self) -> Mapping[str, Any]:
        """The policies of the resources whose policies AWS prints in the list; None for a resource without one."""
        return {}


class HasResourcePolicy(AwsModel):
    """The output of a command that prints a resource's policy."""

    @property
    def document(self) -> Any:
        """The policy; None if the resource has none."""
        raise NotImplementedError

    @property
    def is_in_force(self) -> bool:
        """Whether the policy decides. If not, something else does that was not captured: access is unknown."""
        return True

    @property
    def resource_arn(self) -> str | None:
        """The ARN of the resource, if the output has it; else the path of the file says which resource it is."""
        return None


class PolicyOutput(HasResourcePolicy):
    """``{"Policy": …}``: what S3, KMS, Lambda, DynamoDB and others print; ``{}`` where there is none."""

    policy: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy or None
