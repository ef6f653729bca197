"""Statistics: what the offices count, as of any day, declared once for page, workbook and report alike."""
