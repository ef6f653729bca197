"""docs/regulation.md holds: every symbol and test it names exists, and every rule of the measure is in it."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import appointments.rules
import training.rules

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in (ROOT / "docs" / "regulation.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| article")
]


def resolve(symbol: str):
    """The object a dotted name stands for. Raises AttributeError where there is none."""
    module, name = symbol.rsplit(".", 1)
    return getattr(import_module(module), name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[2]}")
def test_every_symbol_and_test_of_the_table_exists(row):
    symbol = re.match(r"`([\w.]+)`", row[2]).group(1)
    assert callable(resolve(symbol))
    file, _, name = row[3].strip("`").partition("::")
    text = (ROOT / file).read_text()
    assert not name or f"def {name}(" in text


def test_every_rule_of_the_measure_is_in_the_table():
    named = {re.match(r"`([\w.]+)`", row[2]).group(1) for row in ROWS}
    rules = {
        f"{module.__name__}.{name}"
        for module in (appointments.rules, training.rules)
        for name, rule in inspect.getmembers(module, inspect.isfunction)
        if rule.__module__.startswith(module.__name__)
        and not name.startswith("_")
        and (rule.__doc__ or "").startswith("Art.")
    }
    assert rules and not rules - named
