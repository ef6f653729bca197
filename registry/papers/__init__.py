"""Typesetting of official papers: line setting, fonts, QR codes, and HTML to PDF with no way out.

Nothing here knows what a paper says; that stands in each app's ``documents.py``.
"""
