"""How a finding's links name policies, by the keys that the index gives them."""

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.checks.finding import Evidence
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.finding_detail import FindingDetail
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.inventory.keys import (
    endpoint_policy_key,
    inline_policy_key,
    organization_policy_key,
    resource_policy_key,
    trust_policy_key,
)

from .conftest import finding

ROLE = "arn:aws:iam::111122223333:role/team/etl"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("arn:aws:iam::111122223333:policy/team/RegionLock", "Policy RegionLock"),
        (inline_policy_key(ROLE, "extra"), "Policy extra of etl"),
        (trust_policy_key(ROLE), "Trust policy of etl"),
        (resource_policy_key("arn:aws:s3:::payroll"), "Policy of arn:aws:s3:::payroll"),
        (organization_policy_key("p-a1b2c3d4"), "Policy p-a1b2c3d4"),
        (endpoint_policy_key("vpce-0a1b2c3d"), "Policy of vpce-0a1b2c3d"),
    ],
)
def test_policies_are_named(qtbot: QtBot, session: Session, key: str, words: str) -> None:
    detail = FindingDetail(session)
    qtbot.addWidget(detail)
    detail.show_finding(finding(evidence=(Evidence("It says so.", policy_key=key),)))
    link = detail.findChild(LinkButton, "showPolicy")
    assert isinstance(link, LinkButton)
    assert link.shown == words
