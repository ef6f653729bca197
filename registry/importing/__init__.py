"""Spreadsheets onto the register: read in the background, held against what stands there, confirmed, written at once.

What a kind of import is (its columns, its rules, how it compares and writes) stands in the app that owns the rows, as
a ``Kind`` made known by ``offer``. Everything else is here, once: no row of a register is written before a person has
seen what would become of it, and what is written is exactly what was seen, in one transaction.
"""

from registry.importing.columns import column_of, columns_of, meanings_of
from registry.importing.kind import KINDS, ByActs, Entry, Kind, Moved, Outcome, kinds_for, offer

__all__ = [
    "KINDS", "ByActs", "Entry", "Kind", "Moved", "Outcome", "column_of", "columns_of", "kinds_for", "meanings_of",
    "offer",
]  # fmt: skip
