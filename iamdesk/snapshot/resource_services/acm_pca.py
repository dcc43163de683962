"""AWS Private CA: policies of certificate authorities."""

from typing import override

from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedCertificateAuthority(AwsModel):
    """One of them."""

    arn: str


class ListCertificateAuthorities(HasResourceList):
    """``acm-pca list-certificate-authorities``."""

    certificate_authorities: tuple[ListedCertificateAuthority, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.certificate_authorities)


SERVICE = ResourceService(
    prefix="acm-pca",
    title="AWS Private CA",
    commands=(
        Command(regional("acm-pca", "list-certificate-authorities", lists=True), ListCertificateAuthorities, Collect()),
        Command(
            regional(
                "acm-pca",
                "get-policy",
                ("certificate-authority-id",),
                "--resource-arn ARN",
                ("ResourceNotFoundException",),
            ),
            PolicyOutput,
            Collect(
                after="list-certificate-authorities",
                each='CertificateAuthorities[].{ResourceArn: Arn, "@certificate-authority-id": after_last(Arn)}',
            ),
            arn="acm-pca:{region}:{account}:certificate-authority/{}",
        ),
    ),
)
