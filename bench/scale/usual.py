"""The baseline of spreadsheets, run by the Python of ``sheets.environment``: prints seconds, rows and peak memory."""

import json
import os
import resource
import sys
import time
from itertools import islice
from pathlib import Path


def import_sheet(path: str) -> int:
    """django-import-export as its documentation has it: a resource of the model, a preview, then for good."""
    from import_export import fields, resources, widgets
    from tablib import Dataset

    from registry.models import County, Enterprise, User
    from registry.states import Role

    by = User.unscoped.create_user("importer", None, role=Role.MUNICIPAL, display_name="市局")

    class CountyWidget(widgets.ForeignKeyWidget):
        """A county by its code: our models have no ``objects``."""

        def get_queryset(self, value, row, *args, **kwargs):
            """All counties."""
            return County.unscoped.all()

    class Resource(resources.ModelResource):
        """The enterprises of a sheet."""

        county = fields.Field("county", "county", CountyWidget(County, "code"))

        def get_queryset(self):
            """All rows, for the same reason."""
            return Enterprise.unscoped.all()

        def before_save_instance(self, instance, row, **kwargs):
            """What no sheet says."""
            from django.utils import timezone

            instance.created_at, instance.created_by = timezone.now(), by

        class Meta:
            """Which rows are the same."""

            model = Enterprise
            import_id_fields = ("credit_code",)
            exclude = ("id", "created_at", "created_by", "version")

    data = Dataset().load(Path(path).read_bytes(), "xlsx")
    for preview in (True, False):
        result = Resource().import_data(data, dry_run=preview, use_transactions=True)
        if result.has_errors() or result.has_validation_errors():
            raise SystemExit(f"the baseline took {len(data)} rows with errors: {result.row_errors()[:1]}")
    return Enterprise.unscoped.count()


def export_sheet(count: str) -> int:
    """openpyxl's write-only workbook, from the query of our list."""
    from openpyxl import Workbook

    from appointments.models import Appointment

    book = Workbook(write_only=True)
    page = book.create_sheet()
    rows = Appointment.unscoped.with_parties().order_by("-created_at", "-pk")
    for row in islice(rows.iterator(2000), int(count)):
        values = (
            row.reference,
            row.enterprise.name,
            row.enterprise.county.name,
            row.candidate.name,
            row.get_state_display(),
        )
        page.append((*values, row.first_day, row.last_day, row.submitted_at and row.submitted_at.replace(tzinfo=None)))
    book.save(Path(os.environ["CQO_FILES"]).parent / "usual.xlsx")
    return int(count)


def main() -> None:
    """Carry one out and print what it needed."""
    import django

    django.setup()
    what, *given = sys.argv[1:]
    begun = time.perf_counter()
    rows = {"import": import_sheet, "export": export_sheet}[what](*given)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": round(seconds, 2), "rows": rows, "peak": peak}))


main()
