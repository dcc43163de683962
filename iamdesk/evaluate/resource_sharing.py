"""Resources that can be shared other than by an identity policy or a resource policy (rules D7, I13).

Sources: AWS Resource Access Manager User Guide, "Shareable AWS resources"; EC2, RDS, Redshift, CloudHSM, WorkSpaces and
AppStream guides for images, snapshots and backups that are shared by an attribute.
"""

from collections.abc import Collection, Mapping

from iamdesk.i18n import phrase

BY_RAM = "AWS Resource Access Manager"
_BY_RAM: Mapping[str, frozenset[str]] = {
    "acm-pca": frozenset({"certificate-authority"}),
    "appmesh": frozenset({"mesh"}),
    "backup": frozenset({"backupvault"}),
    "bedrock": frozenset({"custom-model"}),
    "codebuild": frozenset({"project", "report-group"}),
    "codeconnections": frozenset({"connection"}),
    "codestar-connections": frozenset({"connection"}),
    "datazone": frozenset({"domain"}),
    "ec2": frozenset(
        {
            *("capacity-reservation", "coip-pool", "dedicated-host", "ipam-pool", "ipam-resource-discovery"),
            *("local-gateway-route-table", "placement-group", "prefix-list", "security-group", "subnet"),
            *("traffic-mirror-target", "transit-gateway", "transit-gateway-multicast-domain", "verified-access-group"),
        }
    ),
    "glue": frozenset({"catalog", "database", "table"}),
    "imagebuilder": frozenset({"component", "image", "imagerecipe", "containerrecipe"}),
    "license-manager": frozenset({"license-configuration"}),
    "network-firewall": frozenset({"firewallpolicy", "statefulrulegroup", "statelessrulegroup"}),
    "networkmanager": frozenset({"core-network"}),
    "outposts": frozenset({"outpost", "site"}),
    "rds": frozenset({"cluster"}),
    "refactor-spaces": frozenset({"environment"}),
    "resource-groups": frozenset({"group"}),
    "route53profiles": frozenset({"profile"}),
    "route53resolver": frozenset({"resolver-rule", "firewall-rule-group", "resolver-query-log-config"}),
    "sagemaker": frozenset({"feature-group", "model-package-group", "lineage-group", "pipeline", "hub"}),
    "servicecatalog": frozenset({"application", "attributegroup"}),
    "ssm": frozenset({"parameter"}),
    "ssm-contacts": frozenset({"contact"}),
    "ssm-incidents": frozenset({"response-plan"}),
    "vpc-lattice": frozenset({"service", "servicenetwork"}),
}
_BY_ATTRIBUTE: Mapping[str, frozenset[str]] = {
    "appstream": frozenset({"image"}),
    "cloudhsm": frozenset({"backup"}),
    "ec2": frozenset({"image", "snapshot", "fpga-image"}),
    "rds": frozenset({"snapshot", "cluster-snapshot"}),
    "redshift": frozenset({"snapshot", "datashare"}),
    "workspaces": frozenset({"workspaceimage"}),
}


def shared_by(service: str, resource_types: Collection[str]) -> str | None:
    """Return how another account may get access to resources of one of some types; None where it cannot."""
    names = {name.lower() for name in resource_types}
    if names & _BY_ATTRIBUTE.get(service, frozenset()):
        return phrase("a sharing setting of its service")
    return BY_RAM if names & _BY_RAM.get(service, frozenset()) else None
