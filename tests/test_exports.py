"""What leaves the portal as a file: any list as its page shows it, to the same people, and nothing that reckons."""

import io

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from registry.models import Export, SecurityEntry
from registry.pages import PortalForm
from registry.states import SecurityEvent

pytestmark = pytest.mark.django_db


def taken(client, key: str, form: str = "xlsx", query: str = ""):
    """The answer that a click on the button leads to."""
    data = {"token": PortalForm().fields["token"].initial, "form": form}
    return client.post(f"{reverse('export_new', args=[key])}?{query}", data, follow=True)


def sheets(response) -> tuple[list[list], dict[str, str]]:
    """The rows of a workbook, its headings first, and what it says of itself."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    return book.get_sheet_by_index(0).to_python(), dict(book.get_sheet_by_index(1).to_python())


def test_an_officer_takes_the_register_out_as_it_is_filtered(client, county_one, company_a, company_b):
    client.force_login(county_one)
    response = taken(client, "enterprise_list", query=f"q={company_a.name}&rows=200")
    assert response.headers["Content-Type"].startswith("application/vnd.openxml")
    rows, said = sheets(response)
    assert rows[0][:2] == ["企业", "统一社会信用代码"] and rows[1][0] == company_a.name and len(rows) == 2
    assert said["导出人"].startswith(county_one.display_name) and company_a.name in said["筛选条件"]
    assert said["行数"] == "1"
    export = Export.unscoped.get()
    assert (export.rows, export.created_by) == (1, county_one)
    entry = SecurityEntry.unscoped.filter(event=SecurityEvent.EXPORT, about=export.reference).last()
    assert entry.details["rows"] == 1 and company_a.name not in str(entry.details)
