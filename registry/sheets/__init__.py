"""Spreadsheets in and out: templates to download, and uploads read as if everyone meant harm.

Nothing here knows a row of the database. A caller describes a ``Template``, hands out ``write_template`` and takes back
``read_sheet``: rows that are clean, and every faulty cell with its row, column and reason. What is wrong with the whole
file is a ``Refused``.
"""

from registry.sheets.grid import MAX_ROWS, MAX_UPLOAD
from registry.sheets.reading import Reading, Row, listed, read_sheet
from registry.sheets.template import FIRST_DATA_ROW, Column, Fault, Template
from registry.sheets.writing import write_template

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # its content type

__all__ = [
    "FIRST_DATA_ROW", "MAX_ROWS", "MAX_UPLOAD", "XLSX", "Column", "Fault", "Reading", "Row", "Template", "listed",
    "read_sheet", "write_template",
]  # fmt: skip
