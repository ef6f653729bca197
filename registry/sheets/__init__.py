"""Spreadsheets in and out: templates to download, and uploads read as if everyone meant harm.

Nothing here knows a row of the database. A caller describes a ``Template``, hands out ``write_template`` and takes back
``read_sheet``: rows that are clean, and every faulty cell with its row, column and reason. What is wrong with the whole
file is a ``Refused``.
"""

from registry.sheets.grid import MAX_ROWS, MAX_UPLOAD
from registry.sheets.reading import Reading, Row, Sheet, listed, nothing_in_it, open_sheet, read_sheet, refuse_at_sight
from registry.sheets.template import FIRST_DATA_ROW, MEGABYTE, Column, Fault, Limits, Template
from registry.sheets.writing import write_table, write_template

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # its content type

__all__ = [
    "FIRST_DATA_ROW", "MAX_ROWS", "MAX_UPLOAD", "MEGABYTE", "XLSX", "Column", "Fault", "Limits", "Reading", "Row",
    "Sheet", "Template", "listed", "nothing_in_it", "open_sheet", "read_sheet", "refuse_at_sight", "write_table",
    "write_template",
]  # fmt: skip
