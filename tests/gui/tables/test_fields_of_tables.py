"""The fields of every table, tried on the rows of the sample account; the page of the guide lists them all."""

import importlib
import importlib.util
import pkgutil
from pathlib import Path

import iamdesk.gui
import iamdesk.viewmodel
from iamdesk.api import SnapshotSession
from iamdesk.filter_language import FilterFields
from iamdesk.gui.external_access.rows import FIELDS as EXTERNAL_FIELDS
from iamdesk.gui.external_access.rows import ExternalRow
from iamdesk.gui.findings.fields import FIELDS as FINDINGS_FIELDS
from iamdesk.gui.findings.rows import FindingRow
from iamdesk.viewmodel.tree_fields import TREE_FIELDS
from tests.filter_fields import assert_fields_fit

ROOT = Path(__file__).resolve().parents[3]


def test_the_guide_lists_every_table_that_is_filtered() -> None:
    spec = importlib.util.spec_from_file_location("filters_page", ROOT / "packaging" / "filters_page.py")
    assert spec is not None
    assert spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    named = set(map(id, page.TABLES.values()))
    for package in (iamdesk.gui, iamdesk.viewmodel):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(one.name)
            for name, value in vars(module).items():
                if isinstance(value, FilterFields):
                    assert id(value) in named, f"{one.name}.{name} is missing in packaging/filters_page.py"


def test_fields_of_the_navigator(sample: SnapshotSession) -> None:
    assert_fields_fit(TREE_FIELDS, sample.outline_search.rows(), 400)


def test_fields_of_findings(sample: SnapshotSession) -> None:
    rows = [FindingRow(finding) for finding in sample.findings()]
    assert_fields_fit(FINDINGS_FIELDS, rows)
    severe = [row for row in rows if FINDINGS_FIELDS.read("severity>=high kind:role").accepts(row)]
    assert {row.finding.severity.value for row in severe} == {"critical", "high"}
    assert {row.finding.subject_kind for row in severe} == {"role"}


def test_fields_of_external_access(sample: SnapshotSession) -> None:
    rows = [ExternalRow(entry) for entry in sample.external_access()]
    for row in rows:
        row.set_administrator("1 step", 1)
    assert_fields_fit(EXTERNAL_FIELDS, rows)
    never = [row.texts for row in rows if EXTERNAL_FIELDS.read("used:never").accepts(row)]
    used = [row.entry.used for row in rows if EXTERNAL_FIELDS.read("used>=2020").accepts(row)]
    assert never or used
